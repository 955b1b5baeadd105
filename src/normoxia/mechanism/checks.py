"""What must hold of a whole model, each check small enough to read alone; all findings are given together.

`check` runs them in the order of CHECKS. Checks of names are in naming.py, of circles in circles.py; the algebra of
units is in balance.py, the names and formulas they all walk over in scope.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from normoxia.documents import Finding, Findings, Place
from normoxia.errors import InvalidModel, did_you_mean
from normoxia.mechanism.balance import Balance, Measure, literal, remedy, spoken
from normoxia.mechanism.cycles import (
    cycles,
    no_cyclic_definitions,
    settling_reads_nothing_derived,
    sizes_are_fixed,
)
from normoxia.mechanism.expression import Call, Expression, calls, symbols, walk
from normoxia.mechanism.growth import formulas_stay_small
from normoxia.mechanism.model import Model
from normoxia.mechanism.naming import (
    NAME,
    arguments_do_not_shadow,
    names_are_unique,
    names_can_be_written,
    names_exist,
)
from normoxia.mechanism.scope import (
    READABLE,
    Formula,
    coefficients,
    formulas,
    functions_of,
    names_of,
    readable,
    within,
)
from normoxia.units import Unit, unit


def check(model: Model) -> tuple[Finding, ...]:
    """Every finding about a whole model, in the order of the text; empty when it is sound.

    Names (legal, unique, defined, used, unshadowed), circles, species and events, statements, the equilibration,
    and the units of every term of every formula.
    """
    findings = Findings()
    check_into(findings, model)
    return tuple(sorted(findings.items, key=lambda f: (f.place.file, f.place.line)))


def check_into(findings: Findings, model: Model) -> None:
    """Run every check; when reading already found fault, what looks unused may only have become unreadable."""
    unread = bool(findings.items)
    for one in CHECKS:
        if not (unread and one is nothing_is_unused):
            one(model, findings)


def checked(model: Model) -> Model:
    """The model itself, once every check has passed. Raises InvalidModel with all findings."""
    findings = Findings(list(check(model)))
    findings.raise_any(InvalidModel)
    return model


def targets_exist(model: Model, findings: Findings) -> None:
    """What processes, events, rules and the equilibration change are species; compartments of species exist."""
    species = {s.name for s in model.species}
    compartments = {c.name for c in model.compartments}

    def must_be_species(name: str, place: Place) -> None:
        if name not in species:
            findings.note(
                place, f'"{name}" is no species', did_you_mean(name, species).removeprefix("; ")
            )

    for s in model.species:
        if s.compartment and s.compartment not in compartments:
            near = did_you_mean(s.compartment, compartments).removeprefix("; ")
            findings.note(
                within(s.place, "compartment"), f'"{s.compartment}" is no compartment', near
            )
    for p in model.processes:
        for name in p.changes:
            must_be_species(name, within(p.place, f"changes.{name}"))
    for e in model.events:
        for name in e.changes:
            must_be_species(name, within(e.place, f"changes.{name}"))
    for rule in model.rules:
        must_be_species(rule.solves_for, rule.place)
    if model.equilibration:
        place = model.equilibration.place
        for name in model.equilibration.hold:
            must_be_species(name, within(place, "hold"))
        for name in model.equilibration.initial:
            must_be_species(name, within(place, f"initial.{name}"))


def rules_stand_alone(model: Model, findings: Findings) -> None:
    """A species is determined by one rule or changed by processes, not both."""
    moved = {name for p in model.processes for name in p.changes}
    for rule in model.rules:
        if rule.solves_for in moved:
            findings.note(
                rule.place,
                f'"{rule.solves_for}" is also changed by processes',
                "keep the rule or the processes",
            )


def conditions_can_be_watched(model: Model, findings: Findings) -> None:
    """An event's condition turns true by crossing, not by touching: nobody sees a value pass through equality."""
    for event in model.events:
        parts = walk(event.condition) if event.condition is not None else ()
        if any(isinstance(part, Call) and part.function == "equal" for part in parts):
            place = within(event.place, "condition")
            findings.note(
                place, "waits for an equality, through which a value passes unseen", "write < or >"
            )


def nothing_is_unused(model: Model, findings: Findings) -> None:
    """Every parameter, assignment, slot, function and compartment is read by a formula; every species moves or is read."""
    read: set[str] = {s.compartment for s in model.species}
    called: set[str] = set()
    for expression in _everything(model):
        read |= symbols(expression)
        called |= calls(expression)
    settle = model.equilibration
    changed = {name for p in model.processes for name in p.changes} | {
        r.solves_for for r in model.rules
    }
    changed |= {name for e in model.events for name in e.changes}
    advice = {
        "assignment": "remove it, or make it an observable",
        "derived parameter": "remove it, or make an observable of it",
    }
    used = read | called | (set(settle.during) if settle else set())
    for name in names_of(model):
        if name.kind in READABLE or name.kind == "function":
            exempt = name.kind == "observable" or (name.kind == "species" and name.name in changed)
            if name.name not in used and not exempt:
                findings.note(
                    name.place,
                    f'{name.kind} "{name.name}" is used nowhere',
                    advice.get(name.kind, "remove it"),
                )
    for process in model.processes:
        if not process.changes:
            findings.note(
                process.place,
                f'process "{process.name}" changes nothing',
                "say what it changes, or remove it",
            )


def _everything(model: Model) -> Iterator[Expression]:
    for formula in (*formulas(model), *coefficients(model)):
        yield formula.expression
    for contribution in model.contributions:
        yield contribution.expression
    for function in model.functions:
        yield function.body


def contributions_have_slots(model: Model, findings: Findings) -> None:
    """Every contributed term found its slot."""
    slots = {slot.name for slot in model.slots}
    for term in model.contributions:
        found = f'adds a term to "{term.slot}", a slot that no module declares'
        findings.note(term.place, found, did_you_mean(term.slot, slots).removeprefix("; "))


def during_replaces_what_exists(model: Model, findings: Findings) -> None:
    """Names under `during` are assignments or parameters."""
    if model.equilibration is None:
        return
    known = {
        name.name
        for name in names_of(model)
        if name.kind in ("assignment", "parameter", "slot", "observable")
    }
    for name in model.equilibration.during:
        if name not in known:
            place = within(model.equilibration.place, f"during.{name}")
            expected = did_you_mean(name, known).removeprefix("; ")
            findings.note(place, f'"{name}" is no assignment or parameter', expected)


def switches_turn_parameters(model: Model, findings: Findings) -> None:
    """A switch that is off gives values to parameters that exist."""
    parameters = {p.name for p in model.parameters}
    for switch in model.switches:
        if not switch.off_values:
            findings.note(
                switch.place,
                f'switch "{switch.name}" turns nothing off',
                "name parameters and values under off",
            )
        for name in switch.off_values:
            if name not in parameters:
                near = did_you_mean(name, parameters).removeprefix("; ")
                findings.note(
                    within(switch.place, f"off.{name}"), f'"{name}" is no parameter', near
                )


def parameters_have_sources(model: Model, findings: Findings) -> None:
    """Every parameter says where its value is from, if only that it is assumed."""
    for p in model.parameters:
        if p.source is None or not p.source.reference.strip():
            findings.note(
                p.place, f'parameter "{p.name}" has no source', "name it, or write assumed"
            )


def statements_hold(model: Model, findings: Findings) -> None:
    """Statements name parameters, terms and arrows that exist; tags on processes are declared."""
    parameters = {p.name for p in model.parameters}
    names = {name.name for name in names_of(model)}
    seen = {name for name, found in readable(model).items() if found.kind != "time"}
    for s in model.statements:
        for key, listed in (("strengths", s.strengths), ("ablate", tuple(s.ablation))):
            for name in listed:
                if name not in parameters:
                    near = did_you_mean(name, parameters).removeprefix("; ")
                    findings.note(within(s.place, key), f'"{name}" is no parameter', near)
        for key, name in (("driver", s.driver), ("target", s.target)):
            if name and name not in seen:
                near = did_you_mean(name, seen).removeprefix("; ")
                findings.note(within(s.place, f"arrow.{key}"), f'"{name}" is not defined', near)
        if s.emergent:
            if s.ablation or s.strengths:
                found = f"{s.tag} is emergent, so it has no strength of its own to remove"
                findings.note(s.place, found, "remove strengths and ablate, or emergent")
            continue
        if not s.strengths:
            findings.note(
                s.place,
                f"{s.tag} names no strength",
                "name its parameter under strengths, or say emergent: true",
            )
        words = NAME.findall(s.term)
        if not names & set(words):
            near = did_you_mean(words[0], names) if len(words) == 1 else ""
            found = f'the term "{s.term}" names nothing in the model'
            findings.note(
                within(s.place, "term"),
                found,
                near.removeprefix("; ") or "name the process or assignment",
            )
        for word in words:
            if "_" in word and word not in names:
                near = did_you_mean(word, names).removeprefix("; ")
                findings.note(within(s.place, "term"), f'"{word}" is not defined', near)
    tags = {s.tag for s in model.statements}
    for p in model.processes:
        for tag in p.statements:
            if tag not in tags:
                near = did_you_mean(tag, tags).removeprefix("; ") or "declare it under statements"
                findings.note(
                    within(p.place, "statements"), f'"{tag}" is no statement of this model', near
                )


def units_balance(model: Model, findings: Findings) -> None:
    """Every term of every formula balances, in dimension and in scale, with its neighbours and with what is declared."""
    known = readable(model)
    functions = functions_of(model)
    looping = {
        name
        for circle in cycles({f.name: calls(f.body) for f in model.functions})
        for name in circle
    }
    sound = {name: f for name, f in functions.items() if name not in looping}
    balance = Balance(
        {name: unit(found.unit) for name, found in known.items() if found.unit}, sound
    )
    for formula in formulas(model):
        measure = _measure(balance, formula, findings)
        if measure is None or not formula.unit:
            continue
        if formula.literal_in_unit and literal(formula.expression) is not None:
            continue
        wanted = unit(formula.unit)
        if not measure.same_scale(wanted):
            findings.note(formula.place, f"comes out {spoken(measure)}", remedy(measure, wanted))
    for contribution in model.contributions:
        balance.unit_of(contribution.expression, lambda _found, _advice: None)
    _changes_balance(model, balance, findings)


def _measure(balance: Balance, formula: Formula, findings: Findings) -> Measure:
    return balance.unit_of(
        formula.expression, lambda found, advice: findings.note(formula.place, found, advice)
    )


def _changes_balance(model: Model, balance: Balance, findings: Findings) -> None:
    """A process changes an amount per time: that of a species, or of a concentration times its compartment."""
    time = unit(model.time_unit)
    species = {s.name: s for s in model.species if s.unit}
    sizes = {c.name: unit(c.unit) for c in model.compartments if c.unit}
    rates = {p.name: unit(p.unit) for p in model.processes if p.unit}
    for formula in coefficients(model):
        measure = _measure(balance, formula, findings)
        target = species.get(formula.kind)
        if measure is None or target is None or formula.owner not in rates:
            continue
        if target.compartment and not target.amounts and target.compartment not in sizes:
            continue
        change = measure * rates[formula.owner]
        bare = unit(target.unit) / time
        size: Unit | None = None if target.amounts else sizes.get(target.compartment)
        wanted = bare if size is None else unit(target.unit) * size / time
        if change.same_scale(wanted):
            continue
        advice = remedy(change, wanted)
        if size is not None:
            advice += f' ("{target.name}" is a concentration in "{target.compartment}", so its amount changes'
            advice += (
                "; say amount: true if it is an amount)" if change.same_dimension(bare) else ")"
            )
        findings.note(formula.place, f'changes "{target.name}" by a rate {spoken(change)}', advice)


CHECKS = (
    names_can_be_written,
    names_are_unique,
    arguments_do_not_shadow,
    names_exist,
    targets_exist,
    rules_stand_alone,
    conditions_can_be_watched,
    contributions_have_slots,
    nothing_is_unused,
    no_cyclic_definitions,
    formulas_stay_small,
    sizes_are_fixed,
    during_replaces_what_exists,
    settling_reads_nothing_derived,
    switches_turn_parameters,
    parameters_have_sources,
    statements_hold,
    units_balance,
)
