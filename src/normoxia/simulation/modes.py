"""A system with its conditions held: between two switches every rate is smooth, and a solver may take it as such.

Whatever jumps while a species or time moves (a comparison, a floor) becomes a mode: a number that a solver holds while
it steps, and a test that says what the number is at a moment. A switch is where a test leaves its mode. Modes that
read time alone switch at moments that can be computed before a run (breaks.py); the others are located by the solver.

`min`, `max`, `abs` and `clip` bend and do not jump. Those of time alone become modes too, so that their bends are
break points. Those of species stay as they are, since the error control of a solver sees a bend; their arguments'
difference is listed, so that a bend and its return within one step are not missed. Within a condition they become
modes too, as do even powers on both sides of 0: `abs(x - a) < b` may be true for an instant only, and is looked at there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from normoxia.errors import InvalidModel
from normoxia.mechanism.expression import (
    TIME,
    ZERO,
    Call,
    Expression,
    Number,
    Symbol,
    show,
    symbols,
    walk,
)
from normoxia.mechanism.model import AlgebraicRule
from normoxia.simulation.system import EventCondition, Named, System

_COMPARISONS = ("less", "less_equal", "greater", "greater_equal")
_JUMPING = (*_COMPARISONS, "floor")
_LOGIC = ("and", "or", "not")
_SWITCHING = {*_COMPARISONS, *_LOGIC, "equal", "floor", "where", "abs", "min", "max", "clip"}
#: what the value of an expression moves with, besides time modes, which are constant between break points
_SPECIES, _MODE = "a species", "a mode of species"


@dataclass(frozen=True, slots=True)
class Mode:
    """One number that is held.

    name     stands for it in expressions; no name of a model can be like it
    test     what it is at a state, in terms of the modes before it
    gap      of a comparison: a difference that is below 0 where it is true; of a floor: its argument
    of_time  it reads no species, directly or not
    text     the condition as written
    """

    name: str
    test: Expression
    gap: Expression
    of_time: bool
    text: str

    @property
    def counts(self) -> bool:
        """Whether it is a floor, which switches at every whole number."""
        return isinstance(self.test, Call) and self.test.function == "floor"


@dataclass(frozen=True, slots=True)
class Held:
    """A system whose rates, assignments, rules and conditions of events read modes, the modes, and what bends.

    modes  each after those it reads
    bends  expressions that are 0 where a `min`, `max` or `abs` of species bends
    """

    system: System
    modes: tuple[Mode, ...]
    bends: tuple[Expression, ...]


def held(system: System, bends_are_modes: bool = False) -> Held:
    """The system with its conditions held; the system itself when nothing in it switches.

    bends_are_modes  whether `min`, `max`, `abs` of species become modes as well
    raises           InvalidModel for a condition whose switches cannot be located
    """
    read = [
        *system.rates,
        *(r.expression for r in system.rules),
        *(c.condition for c in system.conditions),
    ]
    needed = system.needed(read)
    all_parts = (part for e in (*read, *(e for _, e in needed)) for part in walk(e))
    if not any(isinstance(part, Call) and part.function in _SWITCHING for part in all_parts):
        return Held(system, (), ())
    holder = _Holder(system, {name for name, _ in needed}, bends_are_modes)
    rates = tuple(holder.of(rate) for rate in system.rates)
    rules = tuple(
        AlgebraicRule(r.solves_for, holder.of(r.expression), r.unit, r.place) for r in system.rules
    )
    conditions = tuple(
        EventCondition(e.name, holder.truth(e.condition), e.changes) for e in system.conditions
    )
    if not holder.modes and not holder.bends:
        return Held(system, (), ())
    frozen = replace(
        system,
        assignments=tuple(holder.assignments),
        rates=rates,
        rules=rules,
        conditions=conditions,
    )
    return Held(frozen, tuple(holder.modes), tuple(holder.bends))


def _is_truth(expression: Expression) -> bool:
    return isinstance(expression, Call) and expression.function in {*_COMPARISONS, *_LOGIC, "equal"}


def _even(function: str, parts: Sequence[Expression]) -> Expression | None:
    """The base of an even power or of a product with itself."""
    first, second = parts
    if function == "multiply":
        return first if first == second else None
    even = isinstance(second, Number) and second.value > 0.0 and second.value % 2.0 == 0.0
    return first if even else None


class _Holder:
    def __init__(self, system: System, needed: set[str], bends_are_modes: bool) -> None:
        self.system, self.bends_are_modes = system, bends_are_modes
        self.modes: list[Mode] = []
        self.bends: dict[Expression, None] = {}
        self.assignments: list[Named] = []
        self._known: dict[Expression, Symbol] = {}
        self._in_condition = False
        in_conditions = self._read_by_conditions()
        #: what each name moves with, once conditions are held
        self._moves: dict[str, frozenset[str]] = dict.fromkeys(
            system.species, frozenset((_SPECIES,))
        )
        self._moves[TIME] = frozenset((TIME,))
        for name, expression in system.assignments:
            if name in needed:
                self._in_condition = name in in_conditions
                with_modes = self.of(expression)
                self._in_condition = False
                self._moves[name] = self.moves(with_modes)
                self.assignments.append((name, with_modes))
            else:
                self.assignments.append((name, expression))

    def _read_by_conditions(self) -> set[str]:
        """Assignments that a comparison or floor reads, directly or not."""
        system = self.system
        read = [
            *system.rates,
            *(r.expression for r in system.rules),
            *(c.condition for c in system.conditions),
        ]
        read += [e for _, e in system.assignments]
        parts = [p for e in read for p in walk(e) if isinstance(p, Call) and p.function in _JUMPING]
        names = frozenset[str]().union(*(symbols(part) for part in parts))
        return {name for name, _ in system.needed([Symbol(name) for name in sorted(names)])}

    def moves(self, *expressions: Expression) -> frozenset[str]:
        """What the values of expressions move with: species, time, modes of species."""
        names = frozenset[str]().union(*(symbols(expression) for expression in expressions))
        return frozenset().union(*(self._moves.get(name, frozenset()) for name in names))

    def smooth(self, *expressions: Expression) -> bool:
        """Whether values change between switches."""
        return bool(self.moves(*expressions) - {_MODE})

    def of(self, expression: Expression) -> Expression:
        """The expression with its conditions held."""
        if not isinstance(expression, Call):
            return expression
        function = expression.function
        if function in _LOGIC:
            return Call(function, tuple(self.truth(argument) for argument in expression.arguments))
        if function == "where":
            condition, a, b = expression.arguments
            return Call("where", (self.truth(condition), self.of(a), self.of(b)))
        outside, self._in_condition = self._in_condition, self._in_condition or function in _JUMPING
        parts = tuple(self.of(argument) for argument in expression.arguments)
        self._in_condition = outside
        if not self.smooth(*parts):
            return Call(function, parts)
        match function:
            case "power" | "multiply" if (
                self._in_condition and (base := _even(function, parts)) is not None
            ):
                same = Call(
                    function, parts
                )  # between both sides of 0 it may be small for an instant
                return (
                    self.bend("abs", (base, ZERO), (same, same), expression)
                    if self.smooth(base)
                    else same
                )
            case "equal":
                raise self.refused(
                    expression, "two values pass through equality without being seen"
                )
            case _ if function in _COMPARISONS:
                # complements share a mode: they switch together
                left, right = parts if function in ("less", "greater_equal") else parts[::-1]
                below = self.mode(
                    Call("less", (left, right)), Call("subtract", (left, right)), expression
                )
                return Call("not", (below,)) if function.endswith("_equal") else below
            case "floor":
                return self.mode(Call("floor", parts), parts[0], expression)
            case "abs":
                return self.bend(
                    "abs", (parts[0], ZERO), (Call("negate", parts), parts[0]), expression
                )
            case "min" | "max":
                return self.extreme(function, parts, expression)
            case "clip":
                inner = self.extreme("max", parts[:2], expression)
                return self.extreme("min", (inner, parts[2]), expression)
        return Call(function, parts)

    def truth(self, expression: Expression) -> Expression:
        """The same of an expression that is read as a condition."""
        inner = self.of(expression)
        if self.smooth(inner):
            raise self.refused(
                expression, "as a condition it is true unless it is 0, which is not seen in passing"
            )
        return inner

    def extreme(self, name: str, parts: Sequence[Expression], written: Expression) -> Expression:
        total = parts[0]
        for part in parts[1:]:
            sides = (total, part) if name == "min" else (part, total)
            total = (
                self.bend(name, (total, part), sides, written)
                if self.smooth(total, part)
                else Call(name, (total, part))
            )
        return total

    def bend(
        self,
        name: str,
        compared: tuple[Expression, Expression],
        sides: tuple[Expression, Expression],
        written: Expression,
    ) -> Expression:
        """One of two sides, the first where the first compared is the smaller."""
        left, right = compared
        gap = left if right == ZERO else Call("subtract", compared)
        if (
            self.smooth(gap)
            and self.moves(gap) != {TIME}
            and not (self.bends_are_modes or self._in_condition)
        ):
            self.bends[gap] = None
            return Call("abs", (left,)) if name == "abs" else Call(name, compared)
        return Call("where", (self.mode(Call("less", compared), gap, written), *sides))

    def mode(self, test: Expression, gap: Expression, written: Expression) -> Expression:
        if test not in self._known:
            name, of_time = f"mode {len(self.modes)}", self.moves(test) == {TIME}
            self._moves[name] = frozenset() if of_time else frozenset((_MODE,))
            self._known[test] = Symbol(name)
            self.modes.append(Mode(name, test, gap, of_time, show(written)))
        return self._known[test]

    def refused(self, expression: Expression, why: str) -> InvalidModel:
        return InvalidModel(
            f'model "{self.system.name}": the condition "{show(expression)}" reads a species or time, and {why}; '
            "write it with < or >"
        )
