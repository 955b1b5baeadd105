"""Expressions as Python functions, over floats or over whole arrays, straight from the trees.

Deliberately simple: no algebra is done, so that what the fast backend derives can be judged by it. A trial step of a
solver may leave the domain of a formula, so powers and logarithms are taken of values no smaller than the smallest
positive numbers and exponentials are bounded; the fast backend does the same. Whoever keeps a result passes `note` to
hear of it, and domain.py says whether the formula had a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia.mechanism.expression import (
    CONDITIONS,
    TIME,
    Call,
    Expression,
    Number,
    Symbol,
    symbols,
)
from normoxia.simulation.state import Array
from normoxia.simulation.system import Named

#: arguments of logarithms and bases of real powers are raised to this
TINY = 1e-300
#: arguments of exponentials are kept within these; a result beyond exp(700), 1e304, is an overflow
EXP_LOW, EXP_HIGH = -690.0, 700.0
#: arrays are evaluated in whole multiples of this many patients, so that a patient's digits do not depend on
#: how many others there are (vector instructions and their remainders may round differently)
BLOCK = 64
#: rows evaluated at once: every assignment of theirs is in memory together
MOST_ROWS = 64 * BLOCK

_INFIX = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "equal": "==",
}
#: operations that have no value for some arguments; as functions they take `note` last
PARTIAL = ("divide", "power", "exp", "log", "log10", "sqrt")

Note = Callable[[Any], None]


def ignore(where: Any) -> None:
    """The `note` of those who do not ask."""


# over floats ---------------------------------------------------------------------------------------------------


def _divide(x: float, y: float, note: Note) -> float:
    if y == 0.0:
        note(True)
        return (
            math.nan
            if x == 0.0 or math.isnan(x)
            else math.copysign(math.inf, x) * math.copysign(1.0, y)
        )
    return x / y


def _integer_power(x: float, n: int, note: Note) -> float:
    if n < 0 and x == 0.0:
        note(True)
        return math.inf
    try:
        return float(x**n)
    except OverflowError:
        note(True)
        return math.inf if x > 0 or n % 2 == 0 else -math.inf


def _power(x: float, y: float, note: Note) -> float:
    if x > 0.0:
        size = y * math.log(x if x > TINY else TINY)
        if size <= EXP_HIGH:
            return math.exp(size if size > EXP_LOW else EXP_LOW)
        note(True)
        return math.exp(EXP_HIGH)
    if x == 0.0 and y >= 0.0:
        return 0.0 if y > 0.0 else 1.0
    note(True)
    if math.isnan(x) or math.isnan(y):
        return math.nan
    return 0.0 if y > 0.0 else math.exp(min(y * math.log(TINY), EXP_HIGH))


def _exp(x: float, note: Note) -> float:
    if x <= EXP_HIGH:
        return 0.0 if x <= EXP_LOW else math.exp(x)
    note(True)
    return math.exp(min(x, EXP_HIGH))


def _logarithm(function: Callable[[float], float]) -> Callable[[float, Note], float]:
    def log(x: float, note: Note) -> float:
        if not x > 0.0:
            note(True)
        return function(max(x, TINY))

    return log


def _sqrt(x: float, note: Note) -> float:
    if x < 0.0:
        note(True)
    return math.sqrt(max(x, 0.0))


def _floor(x: float) -> float:
    return float(math.floor(x)) if math.isfinite(x) else x


_SCALAR: Mapping[str, Callable[..., Any]] = {
    "divide": _divide,
    "integer_power": _integer_power,
    "power": _power,
    "exp": _exp,
    "log": _logarithm(math.log),
    "log10": _logarithm(math.log10),
    "sqrt": _sqrt,
    "abs": abs,
    "tanh": math.tanh,
    "floor": _floor,
    "min": min,
    "max": max,
    "clip": lambda x, low, high: min(max(x, low), high),
}


# over arrays ---------------------------------------------------------------------------------------------------


def _divide_all(x: Any, y: Any, note: Note) -> Any:
    note(np.equal(y, 0.0))
    return np.divide(x, y)


def _integer_power_all(x: Any, n: int, note: Note) -> Any:
    if n < 0:
        note(np.equal(x, 0.0))
    return np.asarray(x, float) ** n


def _power_all(x: Any, y: Any, note: Note) -> Any:
    size = y * np.log(np.maximum(x, TINY))
    note(np.less(x, 0.0) | (np.equal(x, 0.0) & np.less(y, 0.0)) | np.greater(size, EXP_HIGH))
    return np.where(
        np.less_equal(x, 0.0) & np.greater(y, 0.0), 0.0, np.exp(np.clip(size, EXP_LOW, EXP_HIGH))
    )


def _exp_all(x: Any, note: Note) -> Any:
    note(np.greater(x, EXP_HIGH))
    return np.where(np.less_equal(x, EXP_LOW), 0.0, np.exp(np.clip(x, EXP_LOW, EXP_HIGH)))


def _logarithm_all(function: Callable[[Any], Any]) -> Callable[[Any, Note], Any]:
    def log(x: Any, note: Note) -> Any:
        note(np.less_equal(x, 0.0))
        return function(np.maximum(x, TINY))

    return log


def _sqrt_all(x: Any, note: Note) -> Any:
    note(np.less(x, 0.0))
    return np.sqrt(np.maximum(x, 0.0))


def _number(truth: Any) -> Any:
    """1 or 0: NumPy's truths do not add up, and are half-precision to its functions."""
    return np.asarray(truth, float)


#: by the names of the tree; "integer_power" is a power with a whole literal as exponent
VECTOR: Mapping[str, Callable[..., Any]] = {
    "divide": _divide_all,
    "integer_power": _integer_power_all,
    "power": _power_all,
    "exp": _exp_all,
    "log": _logarithm_all(np.log),
    "log10": _logarithm_all(np.log10),
    "sqrt": _sqrt_all,
    "abs": np.abs,
    "tanh": np.tanh,
    "floor": np.floor,
    "min": lambda *a: _fold(np.minimum, a),
    "max": lambda *a: _fold(np.maximum, a),
    "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "where": lambda condition, a, b: np.where(np.asarray(condition, bool), a, b),
    "all_of": lambda *a: _number(_fold(np.logical_and, a)),
    "any_of": lambda *a: _number(_fold(np.logical_or, a)),
    "none_of": lambda a: _number(np.logical_not(a)),
    "number": _number,
}


def _fold(function: Callable[[Any, Any], Any], arguments: Sequence[Any]) -> Any:
    total = arguments[0]
    for argument in arguments[1:]:
        total = function(total, argument)
    return total


def whole_exponent(expression: Expression) -> int | None:
    """The exponent of a power that is written with a whole literal, else None."""
    match expression:
        case Call(function="power", arguments=(_, Number(value=value))) if value == int(value):
            return int(value)
    return None


class Code:
    """Writes expressions as Python text, each symbol as the text given for it.

    lazy   over floats: what a condition does not choose is not computed, so that it cannot fail
    noted  partial operations are calls that take `note` last
    plain  division and whole powers are Python's own all the same, faster, and raise
    """

    def __init__(
        self,
        symbols: Mapping[str, str],
        lazy: bool = False,
        noted: bool = False,
        plain: bool = True,
    ) -> None:
        self.symbols, self.lazy, self.noted, self.plain = symbols, lazy, noted, plain

    def text(self, expression: Expression) -> str:
        """An expression as Python text."""
        match expression:
            case Number(value=value):
                return f"({value!r})"
            case Symbol(name=name):
                return self.symbols[name]
            case Call(function="negate", arguments=(inner,)):
                return f"(-{self.text(inner)})"
            case Call(function="power", arguments=(base, _)) if (
                n := whole_exponent(expression)
            ) is not None:
                base_text = self.text(base)
                return (
                    f"({base_text}**{n})"
                    if self.plain
                    else f"integer_power({base_text}, {n}, note)"
                )
            case Call(function=function, arguments=(left, right)) if function in _INFIX:
                written = f"({self.text(left)} {_INFIX[function]} {self.text(right)})"
                return (
                    f"number{written}"
                    if function in CONDITIONS and self.noted and not self.lazy
                    else written
                )
            case Call(function="divide", arguments=(left, right)) if self.plain:
                return f"({self.text(left)} / {self.text(right)})"
        assert isinstance(expression, Call)
        function, parts = (
            expression.function,
            [self.text(argument) for argument in expression.arguments],
        )
        if function in PARTIAL and self.noted:
            return f"{function}({', '.join(parts)}, note)"
        if self.lazy and function == "where":
            return f"({parts[1]} if {parts[0]} else {parts[2]})"
        if self.lazy and function in ("and", "or"):
            return f"bool({f' {function} '.join(parts)})"
        if self.lazy and function == "not":
            return f"(not {parts[0]})"
        name = {"and": "all_of", "or": "any_of", "not": "none_of"}.get(function, function)
        return f"{name}({', '.join(parts)})"


def function(
    inputs: Sequence[Sequence[str]],
    assignments: Sequence[Named],
    results: Sequence[Expression],
    *,
    arrays: bool = False,
    together: bool = False,
) -> Callable[..., list[Any]]:
    """A Python function of sequences of values, one sequence per group of input names, giving a list of results.

    inputs       groups of names; the function takes one indexable argument per group, then `time`, then `note`,
                 which is called with what left the domain of a formula (a truth, or one per row)
    assignments  computed first, in the order given
    arrays       True: values are arrays of one shape, and so are the results
    together     over floats: when one result divides by 0 or overflows, all are not a number; saves time
    """
    texts = {name: f"i{g}[{k}]" for g, group in enumerate(inputs) for k, name in enumerate(group)}
    texts[TIME] = "time"
    lines = []
    code = Code(texts, lazy=not arrays, noted=True, plain=together)
    for k, (name, expression) in enumerate(assignments):
        lines.append(f"    a{k} = {code.text(expression)}")
        texts[name] = f"a{k}"
    body = ", ".join(code.text(result) for result in results)
    arguments = ", ".join([*(f"i{g}" for g in range(len(inputs))), "time"])
    lines.append(f"    return [{body}]")
    if together:
        lines = [
            "    try:",
            *(f"    {line}" for line in lines),
            "    except (ArithmeticError, ValueError):",
        ]
        lines += ["        note(True)", f"        return [nan] * {len(results)}"]
    text = "\n".join([f"def evaluate({arguments}, note=ignore):", *lines, ""])
    namespace: dict[str, Any] = {**(VECTOR if arrays else _SCALAR), "ignore": ignore}
    namespace |= {"inf": math.inf, "nan": math.nan}
    exec(compile(text, "<model>", "exec"), namespace)
    made: Callable[..., list[Any]] = namespace["evaluate"]
    return made


class OverPatients:
    """A function of (species values (n, S), parameter values (n, P), time) giving results of shape (n, n_results).

    Bytes of a row depend on that row alone: rows are padded to whole blocks before they are evaluated. Only the columns that
    formulas read are gathered.
    """

    def __init__(
        self,
        names: tuple[Sequence[str], Sequence[str]],
        assignments: Sequence[Named],
        results: Sequence[Expression],
    ) -> None:
        self.n_results = len(results)
        read = {name for _, formula in assignments for name in symbols(formula)}
        read |= {name for formula in results for name in symbols(formula)}
        self._columns = [
            np.array([k for k, name in enumerate(group) if name in read], np.intp)
            for group in names
        ]
        used = [[name for name in group if name in read] for group in names]
        self._function = function(used, assignments, results, arrays=True)

    def __call__(self, values: Array, parameters: Array, time: Array | float) -> Array:
        """The results, shape (n, n_results)."""
        return self.noted(values, parameters, time)[0]

    def noted(
        self, values: Array, parameters: Array, time: Array | float, each: int = 1
    ) -> tuple[Array, NDArray[np.bool_]]:
        """The results, and which rows left the domain of a formula somewhere, whether or not it was needed.

        With `each` above 1 a row of parameters is that of so many rows of values, one after the other.
        """
        n = values.shape[0]
        made, doubtful = np.zeros((n, self.n_results)), np.zeros(n, bool)
        if self.n_results == 0:
            return made, doubtful
        when = np.broadcast_to(np.asarray(time, float), (n,))
        read = [
            np.take(table.T, columns, axis=0)
            for table, columns in zip((values, parameters), self._columns, strict=True)
        ]
        for first in range(0, n, MOST_ROWS):
            rows = np.arange(first, min(first + MOST_ROWS, n))
            padded = rows[np.minimum(np.arange(-(-len(rows) // BLOCK) * BLOCK), len(rows) - 1)]
            tables = [
                np.take(table, places, axis=1)
                for table, places in zip(read, (padded, padded // each), strict=True)
            ]
            part = slice(first, first + len(rows))
            self._note(tables, when[padded], made[part], doubtful[part])
        return made, doubtful

    def _note(
        self, tables: list[Array], time: Array, made: Array, doubtful: NDArray[np.bool_]
    ) -> None:
        """Write results of some rows, and which left a domain, into `made` and `doubtful`.

        tables   the columns read, shape (n_columns, n_padded); time as long
        """
        n, n_padded = len(made), len(time)

        def note(where: Any) -> None:
            if np.any(where):
                np.logical_or(doubtful, np.broadcast_to(where, (n_padded,))[:n], out=doubtful)

        with np.errstate(all="ignore"):
            results = self._function(*tables, time, note)
        for k, result in enumerate(results):
            made[:, k] = np.broadcast_to(np.asarray(result, float), (n_padded,))[:n]


def over_patients(
    names: tuple[Sequence[str], Sequence[str]],
    assignments: Sequence[Named],
    results: Sequence[Expression],
) -> OverPatients:
    """An OverPatients of results that read assignments, which are computed in the order given."""
    return OverPatients(names, assignments, results)
