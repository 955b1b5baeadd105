"""Expressions as Python functions, over floats or over whole arrays, straight from the trees.

Deliberately simple: no algebra is done, so that what the fast backend derives can be judged by it. Powers and
logarithms are taken of values no smaller than the smallest positive numbers, so that a species that rounding or
a trial step pushed below 0 counts as 0 rather than as not-a-number; the fast backend does the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from normoxia.mechanism.expression import TIME, Call, Expression, Number, Symbol
from normoxia.simulation.state import Array
from normoxia.simulation.system import Named

#: arguments of logarithms and bases of real powers are raised to this
TINY = 1e-300
#: arguments of exponentials are kept within these
EXP_LOW, EXP_HIGH = -690.0, 700.0
#: arrays are evaluated in whole multiples of this many patients, so that a patient's digits do not depend on
#: how many others there are (vector instructions and their remainders may round differently)
BLOCK = 64

_INFIX = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/",
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==",
}  # fmt: skip


_SCALAR: Mapping[str, Callable[..., Any]] = {
    "power": lambda x, y: math.exp(min(max(y * math.log(max(x, TINY)), EXP_LOW), EXP_HIGH)),
    "exp": lambda x: 0.0 if x <= EXP_LOW else math.exp(min(x, EXP_HIGH)),
    "log": lambda x: math.log(max(x, TINY)),
    "log10": lambda x: math.log10(max(x, TINY)),
    "sqrt": lambda x: math.sqrt(max(x, 0.0)),
    "abs": abs,
    "tanh": math.tanh,
    "floor": math.floor,
    "min": min,
    "max": max,
    "clip": lambda x, low, high: min(max(x, low), high),
    "where": lambda condition, a, b: a if condition else b,
    "all_of": lambda *a: all(a),
    "any_of": lambda *a: any(a),
    "none_of": lambda a: not a,
}

_VECTOR: Mapping[str, Callable[..., Any]] = {
    "power": lambda x, y: np.exp(np.clip(y * np.log(np.maximum(x, TINY)), EXP_LOW, EXP_HIGH)),
    "exp": lambda x: np.where(np.less_equal(x, EXP_LOW), 0.0, np.exp(np.clip(x, EXP_LOW, EXP_HIGH))),
    "log": lambda x: np.log(np.maximum(x, TINY)),
    "log10": lambda x: np.log10(np.maximum(x, TINY)),
    "sqrt": lambda x: np.sqrt(np.maximum(x, 0.0)),
    "abs": np.abs,
    "tanh": np.tanh,
    "floor": np.floor,
    "min": lambda *a: _fold(np.minimum, a),
    "max": lambda *a: _fold(np.maximum, a),
    "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "where": lambda condition, a, b: np.where(np.asarray(condition, bool), a, b),
    "all_of": lambda *a: _fold(np.logical_and, a),
    "any_of": lambda *a: _fold(np.logical_or, a),
    "none_of": np.logical_not,
}


def _fold(function: Callable[[Any, Any], Any], arguments: Sequence[Any]) -> Any:
    total = arguments[0]
    for argument in arguments[1:]:
        total = function(total, argument)
    return total


class Code:
    """Writes expressions as Python text, each symbol as the text given for it."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self.symbols = symbols

    def text(self, expression: Expression) -> str:
        match expression:
            case Number(value=value):
                return f"({value!r})"
            case Symbol(name=name):
                return self.symbols[name]
            case Call(function="negate", arguments=(inner,)):
                return f"(-{self.text(inner)})"
            case Call(function="power", arguments=(base, Number(value=value))) if value == int(value):
                return f"({self.text(base)}**{int(value)})"
            case Call(function=function, arguments=(left, right)) if function in _INFIX:
                return f"({self.text(left)} {_INFIX[function]} {self.text(right)})"
            case Call(function=function, arguments=arguments):
                name = {"and": "all_of", "or": "any_of", "not": "none_of"}.get(function, function)
                return f"{name}({', '.join(self.text(argument) for argument in arguments)})"
        raise TypeError(expression)


def function(
    inputs: Sequence[Sequence[str]],
    assignments: Sequence[Named],
    results: Sequence[Expression],
    *,
    arrays: bool = False,
) -> Callable[..., list[Any]]:
    """A Python function of sequences of values, one sequence per group of input names, giving a list of results.

    inputs       groups of names; the function takes one indexable argument per group, then `time`
    assignments  computed first, in the order given
    arrays       True: values are arrays of one shape, and so are the results
    """
    symbols = {name: f"i{g}[{k}]" for g, group in enumerate(inputs) for k, name in enumerate(group)}
    symbols[TIME] = "time"
    lines = []
    code = Code(symbols)
    for k, (name, expression) in enumerate(assignments):
        lines.append(f"    a{k} = {code.text(expression)}")
        symbols[name] = f"a{k}"
    body = ", ".join(code.text(result) for result in results)
    arguments = ", ".join([*(f"i{g}" for g in range(len(inputs))), "time"])
    text = f"def evaluate({arguments}):\n" + "\n".join(lines) + f"\n    return [{body}]\n"
    namespace: dict[str, Any] = dict(_VECTOR if arrays else _SCALAR)
    exec(compile(text, "<model>", "exec"), namespace)
    made: Callable[..., list[Any]] = namespace["evaluate"]
    return made


def over_patients(
    names: tuple[Sequence[str], Sequence[str]], assignments: Sequence[Named], results: Sequence[Expression]
) -> Callable[[Array, Array, Array | float], Array]:
    """A function of (species values (n, S), parameter values (n, P), time) giving results of shape (n, n_results).

    Bytes of a row depend on that row alone: rows are padded to whole blocks before they are evaluated.
    """
    made = function(names, assignments, results, arrays=True)

    def evaluate(values: Array, parameters: Array, time: Array | float) -> Array:
        n = values.shape[0]
        if n == 0:
            return np.zeros((0, len(results)))
        rows = np.minimum(np.arange(-(-n // BLOCK) * BLOCK), n - 1)
        first, second = (np.ascontiguousarray(table[rows].T) for table in (values, parameters))
        when = np.broadcast_to(np.asarray(time, float), (n,))[rows]
        with np.errstate(all="ignore"):
            found = made(first, second, when)
        return np.stack([np.broadcast_to(np.asarray(x, float), (len(rows),))[:n] for x in found], axis=1)

    return evaluate
