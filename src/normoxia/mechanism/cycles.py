"""Circles: functions, assignments and initial values that read themselves by a detour, and what settling may read.

An equilibration adds an order in time: nothing that settles may read what is derived from the settled state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from normoxia.documents import Findings
from normoxia.mechanism.expression import TIME, Call, Expression, calls, symbols, walk
from normoxia.mechanism.model import Model
from normoxia.mechanism.scope import functions_of, names_of, within


def no_cyclic_definitions(model: Model, findings: Findings) -> None:
    """Functions do not call themselves; assignments do not read themselves, nor do initial values, by any detour."""
    functions = {f.name: calls(f.body) for f in model.functions}
    places = {name.name: name.place for name in reversed(names_of(model))}
    for circle in cycles(functions):
        findings.note(
            places[circle[0]],
            f"functions call one another in a circle: {_round(circle)}",
            "break it",
        )
    if cycles(functions):
        return
    reads = _reads(model)
    assigned = {name: reads(expression) for name, expression in _assigned(model).items()}
    for circle in cycles(assigned):
        found = f"assignments read one another in a circle: {_round(circle)}"
        findings.note(
            places[circle[0]], found, "break it, or make one of them a species with a rule"
        )
    settle = model.equilibration
    if settle and settle.during:
        settling = assigned | {
            name: reads(expression) for name, expression in settle.during.items()
        }
        for circle in cycles(settling):
            if circle not in cycles(assigned):
                found = (
                    f"while settling, assignments read one another in a circle: {_round(circle)}"
                )
                findings.note(within(settle.place, "during"), found, "break it")
    initial = assigned | {s.name: reads(s.initial) for s in model.species}
    for circle in cycles(initial):
        if not set(circle) <= set(assigned):
            found = f"initial values read one another in a circle: {_round(circle)}"
            findings.note(within(places[circle[0]], "initial"), found, "break it")


def _assigned(model: Model) -> dict[str, Expression]:
    """Names that stand for formulas at every time, slots as one formula."""
    named: dict[str, Expression] = {c.name: c.size for c in model.compartments}
    named |= {slot.name: Call("sum", slot.terms) for slot in model.slots}
    return named | {a.name: a.expression for a in (*model.assignments, *model.observables)}


def _reads(model: Model) -> Callable[[Expression], frozenset[str]]:
    """What an expression reads, in the bodies of the functions it calls too. The functions call in no circle."""
    functions = functions_of(model)
    bodies: dict[str, frozenset[str]] = {}

    def reads(expression: Expression) -> frozenset[str]:
        names = symbols(expression)
        for node in walk(expression):
            if isinstance(node, Call) and node.function in functions:
                names |= body(node.function)
        return names

    def body(name: str) -> frozenset[str]:
        if name not in bodies:
            bodies[name] = reads(functions[name].body) - set(functions[name].arguments)
        return bodies[name]

    return reads


def cycles(reads: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Circles among names that read one another, each once, beginning at the name that comes first."""
    order = {name: i for i, name in enumerate(reads)}
    left = {name: {other for other in others if other in order} for name, others in reads.items()}
    found: list[tuple[str, ...]] = []
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            circle = list(error.args[1][:-1])[
                ::-1
            ]  # the library lists each name before the one that reads it
            first = circle.index(min(circle, key=order.__getitem__))
            found.append(tuple(circle[first:] + circle[:first]))
            left = {
                name: others - {circle[0]} for name, others in left.items() if name != circle[0]
            }
        else:
            return sorted(found, key=lambda c: order[c[0]])


def _round(circle: tuple[str, ...]) -> str:
    return " -> ".join((*circle, circle[0]))


def settling_reads_nothing_derived(model: Model, findings: Findings) -> None:
    """While the model settles, no species that moves, and no initial value, needs what is derived only afterwards."""
    settle = model.equilibration
    if settle is None:
        return
    if settle.duration <= 0:
        findings.note(
            settle.place, "the equilibration has no duration", f"add duration, in {model.time_unit}"
        )
    if cycles({f.name: calls(f.body) for f in model.functions}):
        return
    reads = _reads(model)
    later = [d.name for d in settle.derived if d.name not in settle.during]
    species = {s.name for s in model.species}
    named = _assigned(model) | dict(settle.during)
    links = {name: reads(expression) - species for name, expression in named.items()}

    def path_to_derived(start: Iterable[str], allowed: Iterable[str] = ()) -> list[str]:
        trail = [[name] for name in start]
        seen: set[str] = set()
        while trail:
            path = trail.pop(0)
            if path[-1] in later and path[-1] not in allowed:
                return path
            if path[-1] not in seen:
                seen.add(path[-1])
                trail += [[*path, name] for name in sorted(links.get(path[-1], ()))]
        return []

    for p in model.processes:
        for name, change in p.changes.items():
            if name not in settle.hold and (
                path := path_to_derived(sorted((reads(p.rate) | reads(change)) - species))
            ):
                found = f'"{name}" settles by this process, which reads "{path[-1]}" ({" -> ".join(path)}), known only afterwards'
                expected = f'hold "{name}", or replace an assignment on the way under during'
                findings.note(p.place, found, expected)
    for s in model.species:
        if path := path_to_derived(sorted(reads(s.initial) - species)):
            found = f'reads "{path[-1]}", known only after settling'
            findings.note(within(s.place, "initial"), found, "set it under equilibration.initial")
    for i, d in enumerate(settle.derived):
        start = sorted(reads(d.expression) - species)
        before = [earlier.name for earlier in settle.derived[:i]]
        if path := path_to_derived(start, before):
            found = f'reads "{path[-1]}" ({" -> ".join([d.name, *path])}), which is derived later or is itself'
            findings.note(d.place, found, "put it after what it reads")


def sizes_are_fixed(model: Model, findings: Findings) -> None:
    """Compartments keep their size: it reads no species and no time, by any detour."""
    if cycles({f.name: calls(f.body) for f in model.functions}):
        return
    reads = _reads(model)
    moving = {s.name for s in model.species} | {TIME}
    links = {name: reads(expression) for name, expression in _assigned(model).items()}
    for c in model.compartments:
        seen: set[str] = set()
        waiting = [c.name]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += links.get(name, ())
        for name in sorted(seen & moving):
            findings.note(
                within(c.place, "size"),
                f'the size depends on "{name}"',
                "a compartment keeps its size",
            )
