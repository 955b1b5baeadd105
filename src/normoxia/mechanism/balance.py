"""Units by algebra: the unit of an expression, and every place in it where units do not fit.

Each declared function is followed into its body at every call, because its arguments have units only there.
Anything about which a finding was made counts as fitting everything, so one mistake yields one finding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from normoxia.mechanism.expression import Call, Expression, Number, Symbol, show
from normoxia.mechanism.model import Function
from normoxia.units import DIMENSIONLESS, Unit, unit

#: the unit of 0, and of what was already found fault with: None fits anything
Measure: TypeAlias = Unit | None

#: called with what was found and what to do
Note: TypeAlias = Callable[[str, str], None]

NONE = unit("1")

#: of a base unit in any formula: more is a slip of the pen, and soon beyond any number
_LARGEST_POWER = 1000.0

_COMPARISONS = ("less", "less_equal", "greater", "greater_equal", "equal")
_SAME = {"add": "+", "subtract": "-"}
_PLAIN = ("exp", "log", "log10", "tanh", "floor")


class Balance:
    """The unit algebra of one model: units of its names, and its functions.

    units      unit of each readable name
    functions  declared functions by name, none of them calling itself
    """

    def __init__(self, units: Mapping[str, Unit], functions: Mapping[str, Function]) -> None:
        self.units, self.functions = units, functions
        self._bodies: dict[
            tuple[str, tuple[Measure, ...]], tuple[Measure, list[tuple[str, str]]]
        ] = {}

    def unit_of(self, expression: Expression, note: Note) -> Measure:
        """The unit of an expression; None for 0, for undefined names, and after a finding."""
        return self._unit(expression, {}, note)

    def _unit(self, node: Expression, local: Mapping[str, Measure], note: Note) -> Measure:
        match node:
            case Number(value=value):
                return None if value == 0 else NONE
            case Symbol(name=name):
                return local[name] if name in local else self.units.get(name)
            case Call(function=function, arguments=arguments):
                measures = [self._unit(argument, local, note) for argument in arguments]
                if function in self.functions:
                    return self._call(node, measures, note)
                return self._built_in(node, measures, note)

    def _built_in(self, node: Call, measures: Sequence[Measure], note: Note) -> Measure:
        function, arguments = node.function, node.arguments
        match function:
            case "multiply":
                left, right = measures
                return None if left is None or right is None else left * right
            case "divide":
                left, right = measures
                return None if left is None or right is None else left / right
            case "power":
                return self._power(node, measures[0], measures[1], note)
            case "sqrt":
                return None if measures[0] is None else measures[0] ** 0.5
            case "negate" | "abs":
                return measures[0]
            case "add" | "subtract" | "min" | "max" | "clip":
                return self._alike(node, arguments, measures, note)
            case "where":
                return self._alike(node, arguments[1:], measures[1:], note)
            case _ if function in _COMPARISONS:
                self._alike(node, arguments, measures, note)
                return NONE
            case "and" | "or" | "not":
                return NONE
            case _ if function in _PLAIN:
                for argument, measure in zip(arguments, measures, strict=True):
                    self._plain(f'{function} of "{show(argument)}"', measure, note)
                return NONE
        return None

    def _alike(
        self, node: Call, arguments: Sequence[Expression], measures: Sequence[Measure], note: Note
    ) -> Measure:
        """The one unit that all arguments share."""
        first: tuple[Expression, Unit] | None = None
        for argument, measure in zip(arguments, measures, strict=True):
            if measure is None:
                continue
            if first is None:
                first = argument, measure
            elif not measure.same_scale(first[1]):
                sign = _SAME.get(node.function, node.function)
                found = f'"{show(first[0])}" is {spoken(first[1])} but "{show(argument)}" {spoken(measure)} ({sign})'
                note(found, remedy(measure, first[1]))
                return None
        return first[1] if first else None

    def _power(self, node: Call, base: Measure, exponent: Measure, note: Note) -> Measure:
        if exponent is not None:
            self._plain(f'the exponent "{show(node.arguments[1])}"', exponent, note)
        if base is None:
            return None
        if base.is_dimensionless and base.same_scale(NONE):
            return NONE
        value = literal(node.arguments[1])
        if value is None:
            note(
                f'"{show(node.arguments[0])}" is {spoken(base)} and its exponent "{show(node.arguments[1])}" is no number',
                "divide the base by a reference of the same unit first",
            )
            return None
        if (
            not abs(value) * max((abs(power) for _, power in base.dimension), default=1.0)
            <= _LARGEST_POWER
        ):
            found = f'"{show(node)}" is {spoken(base)} to the power {value:g}'
            note(
                found,
                "expected a smaller one; divide the base by a reference of the same unit first",
            )
            return None
        return NONE if value == 0 else base**value

    def _plain(self, what: str, measure: Measure, note: Note) -> None:
        if measure is not None and not measure.same_scale(NONE):
            note(
                f"{what} is {spoken(measure)}",
                remedy(measure, NONE)
                if measure.is_dimensionless
                else "expected no unit; divide by a reference of the same unit",
            )

    def _call(self, node: Call, measures: Sequence[Measure], note: Note) -> Measure:
        function = self.functions[node.function]
        if len(measures) != len(function.arguments):
            return None
        key = (node.function, tuple(measures))
        if key not in self._bodies:
            notes: list[tuple[str, str]] = []
            local = dict(zip(function.arguments, measures, strict=True))
            result = self._unit(
                function.body, local, lambda found, advice: notes.append((found, advice))
            )
            self._bodies[key] = result, notes
        result, notes = self._bodies[key]
        for found, advice in notes:
            note(
                f'in "{show(node)}", where {node.function} computes "{show(function.body)}": {found}',
                advice,
            )
        return result


def remedy(have: Unit, want: Unit) -> str:
    """What to do about a quantity in one unit where another is wanted."""
    if have.same_dimension(want) and want.factor:
        return f"expected {_named(want)}; the numbers differ by a factor of {have.factor / want.factor:.6g}"
    return f"expected {_named(want)}"


def spoken(measure: Unit) -> str:
    """A unit in a sentence: "in mg/L", or "without unit"."""
    return "without unit" if measure.text == DIMENSIONLESS else f"in {measure}"


def _named(measure: Unit) -> str:
    return "no unit" if measure.text == DIMENSIONLESS else str(measure)


def literal(expression: Expression) -> float | None:
    """The number that an expression of numbers only comes to; None when it reads a name."""
    match expression:
        case Number(value=value):
            return value
        case Call(function="negate", arguments=(inner,)):
            operand = literal(inner)
            return None if operand is None else -operand
        case Call(
            function="add" | "subtract" | "multiply" | "divide" as function, arguments=(left, right)
        ):
            a, b = literal(left), literal(right)
            if a is None or b is None or (function == "divide" and b == 0):
                return None
            return {
                "add": a + b,
                "subtract": a - b,
                "multiply": a * b,
                "divide": a / b if b else 0.0,
            }[function]
    return None
