"""When conditions on time switch: the moments, for one patient, by intervals that enclose every value between two times.

A condition on time and parameters alone may be true for an instant while the system rests, where no step size control
would look. Its moments are therefore found before the run. Over a stretch of time the gap of the condition and its time
derivative are enclosed by interval arithmetic: a stretch whose gap cannot be 0 holds no moment, one whose gap is
monotone holds at most one, which is then solved for; others are halved. Stretches as short as rounding allows become
a moment, whether the condition switches there or not: a break point too many changes nothing. So none is missed.
Source: Moore, Kearfott & Cloud 2009, Introduction to Interval Analysis, chapters 5 and 8.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from normoxia.mechanism.expression import (
    TIME,
    Call,
    Expression,
    Number,
    Symbol,
    substitute,
    symbols,
)
from normoxia.simulation.evaluation import EXP_HIGH, EXP_LOW, TINY
from normoxia.simulation.modes import Held, Mode

#: moments nearer to one another than this share of the time are taken as one
TIME_RESOLUTION = 1e-13
#: moments that the conditions of one patient may have in one run, and stretches that may be examined for them
MOST_MOMENTS, MOST_STRETCHES = 20_000, 200_000


class TooManyMoments(Exception):
    """Conditions on time that switch more often than can be carried out; says which."""


class Enclosure(NamedTuple):
    """Bounds of a value and of its time derivative over a stretch of time."""

    low: float
    high: float
    slope_low: float
    slope_high: float

    @property
    def fixed(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high


class Breaks:
    """The modes of time of a system, as functions of time and parameters alone."""

    def __init__(self, held: Held) -> None:
        self.parameters = held.system.parameters
        self.modes = tuple(mode for mode in held.modes if mode.of_time)
        assigned = dict(held.system.assignments)
        self.gaps = {mode.name: _resolved(mode.gap, assigned) for mode in self.modes}
        self.tests = {mode.name: _resolved(mode.test, assigned) for mode in self.modes}
        #: the modes that each one reads, directly or not
        self.reads: dict[str, tuple[Mode, ...]] = {}
        for mode in self.modes:
            names = symbols(self.gaps[mode.name])
            found = {o.name for o in self.modes if o.name in names}
            found |= {o.name for name in found for o in self.reads[name]}
            self.reads[mode.name] = tuple(o for o in self.modes if o.name in found)
        used = {name for gap in self.gaps.values() for name in symbols(gap)}
        #: positions of the parameters that moments depend on
        self.columns = [k for k, name in enumerate(self.parameters) if name in used]

    def moments(self, parameters: Sequence[float], start: float, end: float) -> tuple[float, ...]:
        """The moments in (start, end) at which a condition on time may switch; raises TooManyMoments."""
        if not self.modes or end <= start:
            return ()
        values = {self.parameters[k]: _constant(float(parameters[k])) for k in self.columns}
        if not all(math.isfinite(value.low) for value in values.values()):
            return ()
        points = [start, end]
        for mode in self.modes:
            found = set(points)
            for a, b in pairwise(points):
                known = dict(values)
                for other in self.reads[mode.name]:
                    middle = _constant(0.5 * (a + b))
                    known[other.name] = enclosed(self.tests[other.name], {**known, TIME: middle})
                found |= _switches(
                    mode, self.gaps[mode.name], known, a, b, MOST_MOMENTS - len(found)
                )
            points = sorted(found)
        return tuple(points[1:-1])


def _resolved(expression: Expression, assigned: Mapping[str, Expression]) -> Expression:
    while names := symbols(expression) & assigned.keys():
        expression = substitute(expression, {name: assigned[name] for name in names})
    return expression


def _switches(
    mode: Mode, gap: Expression, known: Mapping[str, Enclosure], start: float, end: float, most: int
) -> set[float]:
    """Moments in (start, end) at which the gap may be 0, or its floor may change."""

    def over(a: float, b: float) -> Enclosure:
        return enclosed(gap, {**known, TIME: Enclosure(a, b, 1.0, 1.0)})

    def at(t: float) -> float:
        return enclosed(gap, {**known, TIME: _constant(t)}).low

    found: set[float] = set()
    stretches, examined = [(start, end)], 0
    while stretches:
        a, b = stretches.pop()
        examined += 1
        if examined > MOST_STRETCHES or len(found) > most:
            raise TooManyMoments(
                f'"{mode.text}" switches more often than {MOST_MOMENTS} times in a run'
            )
        bounds = over(a, b)
        if bounds.fixed or not (mode.counts or bounds.low <= 0.0 <= bounds.high):
            continue
        if mode.counts and math.floor(bounds.low) == math.floor(bounds.high):
            continue
        if bounds.slope_low >= 0.0 or bounds.slope_high <= 0.0:
            first, last = at(a), at(b)
            levels: Sequence[float] = (0.0,)
            if mode.counts:
                low, high = min(first, last), max(first, last)
                if not high - low <= most:
                    raise TooManyMoments(
                        f'"{mode.text}" switches more often than {MOST_MOMENTS} times in a run'
                    )
                levels = [float(n) for n in range(math.floor(low), math.ceil(high) + 1)]
            found |= {
                _solved(at, level, a, b)
                for level in levels
                if (first - level) * (last - level) <= 0.0
            }
        elif b - a <= TIME_RESOLUTION * max(abs(a), abs(b), end - start):
            found.add(0.5 * (a + b))
        else:
            middle = 0.5 * (a + b)
            stretches += [(a, middle), (middle, b)]
    return {t for t in found if start < t < end}


def _solved(at: Callable[[float], float], level: float, a: float, b: float) -> float:
    """Where a monotone function reaches a level: the first number on the far side, whichever stretch it was sought in."""
    from scipy.optimize import brentq

    first, last = at(a) - level, at(b) - level
    if first == 0.0:
        return a
    if last == 0.0 and first == last:
        return b
    root = (
        float(brentq(lambda t: at(t) - level, a, b, xtol=1e-300, rtol=8.9e-16))
        if last != 0.0
        else b
    )
    beyond = math.copysign(1.0, -first)

    def reached(t: float) -> bool:
        return (at(t) - level) * beyond >= 0.0

    for _ in range(64):
        if not reached(root):
            root = math.nextafter(root, math.inf)
        elif root > a and reached(previous := math.nextafter(root, -math.inf)):
            root = previous
        else:
            break
    return root


# enclosures ------------------------------------------------------------------------------------------------------


def _constant(value: float) -> Enclosure:
    return Enclosure(value, value, 0.0, 0.0)


_ANYTHING = Enclosure(-math.inf, math.inf, -math.inf, math.inf)


def enclosed(expression: Expression, values: Mapping[str, Enclosure]) -> Enclosure:
    """Bounds of an expression whose conditions are held, and of its time derivative, where names lie within bounds."""
    match expression:
        case Number(value=value):
            return _constant(value)
        case Symbol(name=name):
            return values[name]
        case Call(function="where", arguments=(condition, a, b)):
            return enclosed(a if enclosed(condition, values).low != 0.0 else b, values)
        case Call(function=function, arguments=arguments):
            parts = [enclosed(argument, values) for argument in arguments]
            if any(math.isnan(bound) for part in parts for bound in part):
                return _ANYTHING
            return _applied(function, parts)
    raise TypeError(expression)


def _applied(function: str, parts: list[Enclosure]) -> Enclosure:
    x = parts[0]
    match function:
        case "add":
            return Enclosure(*(a + b for a, b in zip(x, parts[1], strict=True)))
        case "negate":
            return Enclosure(-x.high, -x.low, -x.slope_high, -x.slope_low)
        case "subtract":
            return _applied("add", [x, _applied("negate", [parts[1]])])
        case "multiply":
            y = parts[1]
            low, high = _times(x[:2], y[:2])
            one, two = _times(x[2:], y[:2]), _times(x[:2], y[2:])
            return Enclosure(low, high, one[0] + two[0], one[1] + two[1])
        case "divide":
            return _applied("multiply", [x, _inverse(parts[1])])
        case "power":
            return _power(x, parts[1])
        case "exp" | "log" | "log10" | "sqrt" | "tanh":
            return _monotone(function, x)
    if not all(part.fixed for part in parts):  # cannot be: whatever switches with time is held
        return _ANYTHING
    return _constant(_SETTLED[function](*(part.low for part in parts)))


def _times(x: tuple[float, ...], y: tuple[float, ...]) -> tuple[float, float]:
    products = [0.0 if a == 0.0 or b == 0.0 else a * b for a in x for b in y]
    return min(products), max(products)


def _inverse(x: Enclosure) -> Enclosure:
    if x.low == x.high == 0.0:
        return _constant(math.inf)
    if x.low <= 0.0 <= x.high:
        return _ANYTHING
    low, high = 1.0 / x.high, 1.0 / x.low
    slopes = _times(_times((low, high), (low, high)), (-x.slope_high, -x.slope_low))
    return Enclosure(low, high, *slopes)


def _power(x: Enclosure, y: Enclosure) -> Enclosure:
    if y.fixed and y.low == int(y.low) and abs(y.low) <= 64:
        n = int(y.low)
        if n < 0:
            return _inverse(_power(x, _constant(-y.low)))
        if n == 0:
            return _constant(1.0)
        ends = [_raised(x.low, n), _raised(x.high, n)]
        low = 0.0 if n % 2 == 0 and x.low <= 0.0 <= x.high else min(ends)
        below = [n * _raised(x.low, n - 1), n * _raised(x.high, n - 1)]
        least = 0.0 if n % 2 == 1 and n > 1 and x.low <= 0.0 <= x.high else min(below)
        return Enclosure(low, max(ends), *_times((least, max(below)), x[2:]))
    return _monotone("exp", _applied("multiply", [y, _monotone("log", x)]))


def _raised(x: float, n: int) -> float:
    try:
        return x**n
    except OverflowError:
        return math.inf if x > 0 or n % 2 == 0 else -math.inf


def _monotone(function: str, x: Enclosure) -> Enclosure:
    value, slope = _RISING[function]
    low, high = value(x.low), value(x.high)
    slopes = [slope(x.low), slope(x.high)]
    if function == "tanh" and x.low <= 0.0 <= x.high:
        slopes.append(1.0)
    return Enclosure(low, high, *_times((min(slopes), max(slopes)), x[2:]))


def _exp(x: float) -> float:
    return 0.0 if x <= EXP_LOW else math.exp(min(x, EXP_HIGH))


_RISING: Mapping[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "exp": (_exp, _exp),
    "log": (lambda x: math.log(max(x, TINY)) if x < math.inf else x, lambda x: 1.0 / max(x, TINY)),
    "log10": (
        lambda x: math.log10(max(x, TINY)) if x < math.inf else x,
        lambda x: 1.0 / (math.log(10.0) * max(x, TINY)),
    ),
    "sqrt": (
        lambda x: math.sqrt(max(x, 0.0)),
        lambda x: 0.5 / math.sqrt(x) if x > 0.0 else math.inf,
    ),
    "tanh": (math.tanh, lambda x: 1.0 - math.tanh(x) ** 2),
}
_SETTLED: Mapping[str, Callable[..., float]] = {
    "less": lambda a, b: float(a < b),
    "less_equal": lambda a, b: float(a <= b),
    "greater": lambda a, b: float(a > b),
    "greater_equal": lambda a, b: float(a >= b),
    "equal": lambda a, b: float(a == b),
    "and": lambda *a: float(all(a)),
    "or": lambda *a: float(any(a)),
    "not": lambda a: float(not a),
    "abs": abs,
    "floor": lambda a: float(math.floor(a)) if math.isfinite(a) else a,
    "min": min,
    "max": max,
    "clip": lambda x, low, high: min(max(x, low), high),
}
