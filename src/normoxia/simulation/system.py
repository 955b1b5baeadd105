"""A model as the equations a solver needs: rates, assignments in the order they can be computed, what is held.

Functions are inlined; slots become sums; compartments become assignments. A model with an equilibration gives
two systems: the one that settles and the one that follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from normoxia.errors import InvalidModel, UnknownName
from normoxia.mechanism.expression import (
    TIME,
    ZERO,
    Call,
    Expression,
    Number,
    Symbol,
    calls,
    inline,
    symbols,
)
from normoxia.mechanism.model import AlgebraicRule, Model

Named = tuple[str, Expression]


@dataclass(frozen=True, slots=True)
class EventCondition:
    """An event on a condition: when `condition` turns true, each species of `changes` takes the new value."""

    name: str
    condition: Expression
    changes: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class TimedEvent:
    """An event at given times: each species of `changes` takes the new value, all read before any is written."""

    name: str
    times: tuple[float, ...]
    changes: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class System:
    """d(species)/dt = rates, over parameters and assignments.

    species      names, in the order of the model
    scales       size of each species at which its absolute error is judged
    parameters   names, derived parameters last
    assignments  (name, expression), each after those it reads
    rates        one expression per species
    held         indices of species whose rate is 0 because they are held
    ruled        indices of species that algebraic rules determine, one per rule and in that order; a name that
                 is no species of the model becomes one here
    """

    name: str
    species: tuple[str, ...]
    scales: tuple[float, ...]
    parameters: tuple[str, ...]
    assignments: tuple[Named, ...]
    rates: tuple[Expression, ...]
    held: tuple[int, ...] = ()
    ruled: tuple[int, ...] = ()
    rules: tuple[AlgebraicRule, ...] = ()
    conditions: tuple[EventCondition, ...] = ()
    timed: tuple[TimedEvent, ...] = ()

    @property
    def needs_reference(self) -> str:
        """Why only the reference backend can solve this system; empty when every backend can."""
        if self.conditions:
            return f'event "{self.conditions[0].name}" fires on a condition'
        if self.rules:
            return f'an algebraic rule determines "{self.rules[0].solves_for}"'
        return ""

    def needed(self, expressions: Iterable[Expression]) -> tuple[Named, ...]:
        """The assignments that expressions depend on, directly or not, in an order that can be computed."""
        wanted = {name for expression in expressions for name in symbols(expression)}
        kept: list[Named] = []
        for name, expression in reversed(self.assignments):
            if name in wanted:
                kept.append((name, expression))
                wanted |= symbols(expression)
        return tuple(reversed(kept))


def system_of(model: Model) -> System:
    """The equations of the experiment itself."""
    return _build(model, held=(), during={})


def settling_system(model: Model) -> System:
    """The equations while the model equilibrates: held species frozen, `during` names replaced, no events."""
    settle = model.equilibration
    if settle is None:
        raise ValueError("the model has no equilibration")
    known = {species.name for species in model.species}
    for name in (*settle.hold, *settle.initial):
        if name not in known:
            raise UnknownName("species", name, known)
    return _build(model, held=settle.hold, during=settle.during, events=False)


def lowered(model: Model, expression: Expression) -> Expression:
    """The expression with the model's declared functions inlined."""
    functions = {function.name: (function.arguments, function.body) for function in model.functions}
    unknown = calls(expression) - set(functions)
    if unknown:
        raise UnknownName("function", min(unknown), functions)
    return inline(expression, functions)


def _build(
    model: Model, held: Sequence[str], during: Mapping[str, Expression], events: bool = True
) -> System:
    def lower(expression: Expression) -> Expression:
        return lowered(model, expression)

    assigned: dict[str, Expression] = {c.name: lower(c.size) for c in model.compartments}
    assigned |= {slot.name: lower(_sum(slot.terms)) for slot in model.slots}
    assigned |= {a.name: lower(a.expression) for a in (*model.assignments, *model.observables)}
    assigned |= {name: lower(expression) for name, expression in during.items()}
    derived = tuple(a.name for a in model.equilibration.derived) if model.equilibration else ()
    ruled = tuple(rule.solves_for for rule in model.rules)
    parameters = tuple(
        p.name for p in model.parameters if p.name not in {*during, *derived, *ruled}
    )
    parameters += tuple(name for name in derived if name not in during)
    species = tuple(s.name for s in model.species)
    added = tuple(name for name in ruled if name not in species)
    species += added
    names = {*species, *parameters, *assigned, TIME}

    rates: list[Expression] = []
    for state in model.species:
        rate = ZERO if state.name in held else lower(model.rate_of(state.name))
        if state.compartment and not state.amounts and rate != ZERO:
            rate = Call("divide", (rate, Symbol(state.compartment)))
        rates.append(rate)
    rates += [ZERO] * len(added)

    for expression in (*assigned.values(), *rates):
        for name in sorted(symbols(expression) - names):
            raise UnknownName("name", name, names)

    def changes(mapping: Mapping[str, Expression]) -> tuple[Named, ...]:
        for name in mapping:
            if name not in species:
                raise UnknownName("species", name, species)
        return tuple((name, lower(expression)) for name, expression in mapping.items())

    conditions: list[EventCondition] = []
    timed: list[TimedEvent] = []
    for event in model.events if events else ():
        if event.condition is not None:
            conditions.append(
                EventCondition(event.name, lower(event.condition), changes(event.changes))
            )
        if event.times:
            timed.append(TimedEvent(event.name, tuple(sorted(event.times)), changes(event.changes)))
    return System(
        name=model.name,
        species=species,
        scales=tuple(s.scale for s in model.species) + (1.0,) * len(added),
        parameters=parameters,
        assignments=in_order(assigned),
        rates=tuple(rates),
        held=tuple(i for i, name in enumerate(species) if name in held),
        ruled=tuple(species.index(name) for name in ruled),
        rules=tuple(
            AlgebraicRule(r.solves_for, lower(r.expression), r.unit, r.place) for r in model.rules
        ),
        conditions=tuple(conditions),
        timed=tuple(timed),
    )


def in_order(assigned: Mapping[str, Expression]) -> tuple[Named, ...]:
    """Assignments so that each comes after those it reads; raises InvalidModel naming a cycle."""
    # sorted: the order of a set of texts changes from process to process, and sums with it in their last digits
    reads = {
        name: sorted(symbols(expression) & assigned.keys()) for name, expression in assigned.items()
    }
    try:
        order = tuple(TopologicalSorter(reads).static_order())
    except CycleError as error:
        raise InvalidModel(
            f"assignments read one another in a circle: {' -> '.join(error.args[1])}; break it or make one a rule"
        ) from None
    return tuple((name, assigned[name]) for name in order)


def _sum(terms: Sequence[Expression]) -> Expression:
    total: Expression = Number(0.0)
    for term in terms:
        total = term if total == ZERO else Call("add", (total, term))
    return total
