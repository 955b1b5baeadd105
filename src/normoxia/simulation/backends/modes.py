"""A system with its conditions held: between two switches every rate is smooth, and a solver may take it as such.

Every comparison, `min`, `max`, `abs`, `clip` and `floor` that reads a species or time becomes a mode: a number that the
solver holds while it steps, and a test that says what the number is at a state. A switch is where a test leaves its mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from normoxia.mechanism.expression import TIME, ZERO, Call, Expression, Symbol, symbols
from normoxia.mechanism.model import AlgebraicRule
from normoxia.simulation.system import Condition, Named, System

_COMPARISONS = ("less", "less_equal", "greater", "greater_equal", "equal")


@dataclass(frozen=True, slots=True)
class Mode:
    """One number that is held.

    test     what it is at a state, in terms of the modes before it
    gap      of a comparison: left minus right; of a floor: its argument
    of_time  it reads no species, so its switches can be known beforehand
    """

    name: str
    test: Expression
    gap: Expression
    of_time: bool

    @property
    def counts(self) -> bool:
        """Whether it is a floor, which switches at every whole number."""
        return isinstance(self.test, Call) and self.test.function == "floor"


@dataclass(frozen=True, slots=True)
class Held:
    """A system whose rates, assignments, rules and conditions of events read modes, and the modes."""

    system: System
    modes: tuple[Mode, ...]


def held(system: System) -> Held:
    """The system with its conditions held."""
    holder = _Holder(system)
    conditions = tuple(Condition(e.name, holder.of(e.condition), e.changes) for e in system.conditions)
    rates = tuple(holder.of(rate) for rate in system.rates)
    rules = tuple(AlgebraicRule(r.solves_for, holder.of(r.expression), r.unit, r.place) for r in system.rules)
    frozen = replace(
        system, assignments=tuple(holder.assignments), rates=rates, rules=rules, conditions=conditions
    )
    return Held(frozen, tuple(holder.modes))


class _Holder:
    def __init__(self, system: System) -> None:
        self.modes: list[Mode] = []
        self.assignments: list[Named] = []
        self._known: dict[Expression, Symbol] = {}
        read = [
            *system.rates,
            *(r.expression for r in system.rules),
            *(c.condition for c in system.conditions),
        ]
        needed = {name for name, _ in system.needed(read)}
        # what each name reads that moves: a species, or time
        self._moves: dict[str, frozenset[str]] = {name: frozenset(("species",)) for name in system.species}
        self._moves[TIME] = frozenset((TIME,))
        for name, expression in system.assignments:
            self._moves[name] = self.moves(expression)
            self.assignments.append((name, self.of(expression) if name in needed else expression))

    def moves(self, expression: Expression) -> frozenset[str]:
        return frozenset().union(*(self._moves.get(name, frozenset()) for name in symbols(expression)))

    def of(self, expression: Expression) -> Expression:
        if not isinstance(expression, Call):
            return expression
        parts = tuple(self.of(argument) for argument in expression.arguments)
        if not self.moves(expression):
            return Call(expression.function, parts)
        match expression.function:
            case name if name in _COMPARISONS:
                return self.mode(Call(name, parts), Call("subtract", parts))
            case "floor":
                return self.mode(Call("floor", parts), parts[0])
            case "abs":
                return self.chosen(parts[0], ZERO, Call("negate", parts), parts[0])
            case "min" | "max" as name:
                return self.extreme(name, parts)
            case "clip":
                return self.extreme("min", (self.extreme("max", parts[:2]), parts[2]))
        return Call(expression.function, parts)

    def extreme(self, name: str, parts: Sequence[Expression]) -> Expression:
        total = parts[0]
        for part in parts[1:]:
            smaller = self.mode(Call("less", (total, part)), Call("subtract", (total, part)))
            first, second = (total, part) if name == "min" else (part, total)
            total = Call("where", (smaller, first, second))
        return total

    def chosen(self, left: Expression, right: Expression, a: Expression, b: Expression) -> Expression:
        return Call("where", (self.mode(Call("less", (left, right)), Call("subtract", (left, right))), a, b))

    def mode(self, test: Expression, gap: Expression) -> Expression:
        moves = self.moves(test)
        if not moves:
            return test
        if test not in self._known:
            name = f"mode {len(self.modes)}"
            self._moves[name] = moves
            self._known[test] = Symbol(name)
            self.modes.append(Mode(name, test, gap, moves == {TIME}))
        return self._known[test]
