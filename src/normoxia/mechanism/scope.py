"""What the names of a model stand for, and every formula in it with its place, its unit and what it may read.

The checks and the export walk over these two tables instead of knowing the sections of a model one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from normoxia.documents import Place
from normoxia.mechanism.expression import TIME, Expression
from normoxia.mechanism.model import Function, Model, Slot


@dataclass(frozen=True, slots=True)
class Name:
    """A name declared in a model: what kind of thing it is, its unit ("" when it has none), and where it stands."""

    name: str
    kind: str
    unit: str
    place: Place


@dataclass(frozen=True, slots=True)
class Formula:
    """An expression of a model: whose it is, what it is for, and the unit it must have ("" when any).

    literal_in_unit  a bare number stands in that unit (an initial value, a compartment's size)
    early            evaluated before anything derived is known
    """

    owner: str
    kind: str
    expression: Expression
    unit: str
    place: Place
    literal_in_unit: bool = False
    early: bool = False


#: kinds of names that formulas can read
READABLE = (
    "compartment",
    "species",
    "parameter",
    "assignment",
    "slot",
    "observable",
    "derived parameter",
)


def names_of(model: Model) -> tuple[Name, ...]:
    """Every declaration of the model, in the order of its sections; a name declared twice appears twice."""
    derived = model.equilibration.derived if model.equilibration else ()
    return (
        *(Name(c.name, "compartment", c.unit, c.place) for c in model.compartments),
        *(Name(s.name, "species", s.unit, s.place) for s in model.species),
        *(Name(p.name, "parameter", p.unit, p.place) for p in model.parameters),
        *(Name(f.name, "function", "", f.place) for f in model.functions),
        *(Name(a.name, "assignment", a.unit, a.place) for a in model.assignments),
        *(Name(s.name, "slot", s.unit, s.place) for s in model.slots),
        *(Name(p.name, "process", p.unit, p.place) for p in model.processes),
        *(Name(e.name, "event", "", e.place) for e in model.events),
        *(Name(o.name, "observable", o.unit, o.place) for o in model.observables),
        *(Name(s.name, "switch", "", s.place) for s in model.switches),
        *(Name(s.tag, "statement", "", s.place) for s in model.statements),
        *(Name(d.name, "derived parameter", d.unit, d.place) for d in derived),
    )


def readable(model: Model) -> dict[str, Name]:
    """The names formulas can read, `time` among them; of a name declared twice, the first declaration."""
    known: dict[str, Name] = {TIME: Name(TIME, "time", model.time_unit, model.place)}
    for name in names_of(model):
        if name.kind in READABLE:
            known.setdefault(name.name, name)
    return known


def functions_of(model: Model) -> dict[str, Function]:
    """Declared functions by name."""
    return {function.name: function for function in model.functions}


def formulas(model: Model) -> Iterator[Formula]:
    """Every expression of the model but the bodies of functions, which have no unit until they are called."""
    units = {name.name: name.unit for name in reversed(names_of(model)) if name.kind in READABLE}
    for c in model.compartments:
        yield Formula(
            c.name,
            "size",
            c.size,
            c.unit,
            within(c.place, "size"),
            literal_in_unit=True,
            early=True,
        )
    for s in model.species:
        place = within(s.place, "initial")
        yield Formula(s.name, "initial", s.initial, s.unit, place, literal_in_unit=True, early=True)
    for a in model.assignments:
        yield Formula(a.name, "assignment", a.expression, a.unit, within(a.place, "expression"))
    for slot in model.slots:
        for term, place in zip(slot.terms, term_places(slot), strict=True):
            yield Formula(slot.name, "term", term, slot.unit, place)
    for p in model.processes:
        yield Formula(p.name, "rate", p.rate, p.unit, within(p.place, "rate"))
    for rule in model.rules:
        yield Formula(
            rule.solves_for, "rule", rule.expression, rule.unit, within(rule.place, "expression")
        )
    for event in model.events:
        if event.condition is not None:
            yield Formula(
                event.name, "condition", event.condition, "1", within(event.place, "condition")
            )
        yield from _each(event.name, "change", event.changes, units, within(event.place, "changes"))
    for o in model.observables:
        yield Formula(o.name, "observable", o.expression, o.unit, within(o.place, "expression"))
    settle = model.equilibration
    if settle is not None:
        yield from _each("", "during", settle.during, units, within(settle.place, "during"))
        for d in settle.derived:
            yield Formula(d.name, "derived", d.expression, d.unit, within(d.place, "expression"))
        yield from _each("", "settled", settle.initial, units, within(settle.place, "initial"))


def coefficients(model: Model) -> Iterator[Formula]:
    """By how much each process changes each species; the unit follows from the rate, so none is given."""
    for p in model.processes:
        for species, change in p.changes.items():
            yield Formula(p.name, species, change, "", within(p.place, f"changes.{species}"))


def within(place: Place, key: str) -> Place:
    """A place one key further in."""
    return Place(place.file, place.line, f"{place.key}.{key}" if place.key else key)


def term_places(slot: Slot) -> tuple[Place, ...]:
    """Where each term of a slot stands; the slot's own place when it was not read from a text."""
    return (
        slot.term_places
        if len(slot.term_places) == len(slot.terms)
        else (slot.place,) * len(slot.terms)
    )


def _each(
    owner: str,
    kind: str,
    expressions: Mapping[str, Expression],
    units: Mapping[str, str],
    place: Place,
) -> Iterator[Formula]:
    for name, expression in expressions.items():
        yield Formula(owner or name, kind, expression, units.get(name, ""), within(place, name))
