"""Where a formula has no value: which patients, and what in it.

Solvers and tables evaluate formulas as if they had a value everywhere (evaluation.py), and hear of it when an argument
left the domain. This judges such rows as the formula is written, and only what is needed: the branch of a `where`
that is not chosen, and what follows a settled `and` or `or`, may do what it likes. A patient has no value when

- a divisor is 0, or 0 is raised to a negative power;
- a logarithm, root or real power is taken of a negative number, or a logarithm of 0. A species is known to the solver's
  error only: an argument that the error aimed at, in the species it reads, would carry back across 0 counts as 0;
- an exponential or power exceeds what floating point holds, and the result depends on how much it exceeds it
  (1/(1 + exp(1e4)) does not);
- a result is not a finite number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia.mechanism.expression import TIME, Call, Expression, Number, Symbol, show, symbols
from normoxia.simulation.evaluation import EXP_HIGH, PARTIAL, VECTOR, ignore, whole_exponent
from normoxia.simulation.state import Array
from normoxia.simulation.system import Named

#: a second bound of exponentials: a result that changes with the bound depends on what exceeds it
_OTHER_HIGH = 600.0
#: relative difference between both that is no rounding
_DIFFERS = 1e-9
#: formulas are shown up to this many characters
_SHOWN = 60

Rows = NDArray[np.bool_]


class Domain:
    """Formulas by what they are ("the rate of x"), over species, parameters and assignments.

    scales  of the species; with a tolerance they say how far a species is known
    """

    def __init__(
        self,
        species: Sequence[str],
        scales: Sequence[float],
        parameters: Sequence[str],
        assignments: Sequence[Named],
        results: Sequence[Named],
    ) -> None:
        self.species, self.parameters, self.results = (
            tuple(species),
            tuple(parameters),
            tuple(results),
        )
        self.scales = np.asarray(scales, float)
        self.assignments = dict(assignments)
        self.order = [name for name, _ in assignments]

    def faults(
        self, values: Array, parameters: Array, time: Array | float, tolerance: float = 0.0
    ) -> dict[int, str]:
        """By row, what has no value.

        values, parameters  shapes (n, n_species) and (n, n_parameters)
        tolerance           relative error aimed at by the solver that made the values; 0: they are exact
        """
        look = self._look(values, parameters, time)
        with np.errstate(all="ignore"):
            return _Judgement(self, look, tolerance).faults()

    def _look(self, values: Array, parameters: Array, time: Array | float) -> _Look:
        n = len(parameters)
        columns: dict[str, Array] = {name: values[:, k] for k, name in enumerate(self.species)}
        columns |= {name: parameters[:, k] for k, name in enumerate(self.parameters)}
        columns[TIME] = np.broadcast_to(np.asarray(time, float), (n,))
        return _Look(columns, self.assignments, n)


class _Look:
    """Values of formulas, computed once each. `high` is the bound of exponentials."""

    def __init__(
        self,
        columns: Mapping[str, Array],
        assignments: Mapping[str, Expression],
        n: int,
        high: float = EXP_HIGH,
    ) -> None:
        self.columns, self.assignments, self.n, self.high = columns, assignments, n, high
        self._known: dict[int, Array] = {}

    def of(self, expression: Expression) -> Array:
        key = id(expression)
        if key not in self._known:
            self._known[key] = np.broadcast_to(
                np.asarray(self._compute(expression), float), (self.n,)
            )
        return self._known[key]

    def true(self, expression: Expression) -> Rows:
        return np.asarray(self.of(expression) != 0.0, bool)

    def _compute(self, expression: Expression) -> Any:
        match expression:
            case Number(value=value):
                return value
            case Symbol(name=name):
                return (
                    self.of(self.assignments[name])
                    if name in self.assignments
                    else self.columns[name]
                )
            case Call(function="negate", arguments=(inner,)):
                return -self.of(inner)
            case Call(function="power", arguments=(base, _)) if (
                n := whole_exponent(expression)
            ) is not None:
                return VECTOR["integer_power"](self.of(base), n, ignore)
        assert isinstance(expression, Call)
        parts = [self.of(argument) for argument in expression.arguments]
        match expression.function:
            case "power":
                size = parts[1] * VECTOR["log"](parts[0], ignore)
                nothing = (parts[0] <= 0.0) & (parts[1] > 0.0)
                return np.where(nothing, 0.0, VECTOR["exp"](np.minimum(size, self.high), ignore))
            case "exp":
                return VECTOR["exp"](np.minimum(parts[0], self.high), ignore)
            case name if name in PARTIAL:
                return VECTOR[name](*parts, ignore)
        return _PLAIN[expression.function](*parts)

    def moved(self, rows: NDArray[np.int64], name: str, by: Array) -> _Look:
        columns = {key: column[rows] for key, column in self.columns.items()}
        columns[name] = columns[name] + by
        return _Look(columns, self.assignments, len(rows))

    def bounded(self, high: float) -> _Look:
        return _Look(self.columns, self.assignments, self.n, high)


_PLAIN: Mapping[str, Any] = {
    **VECTOR,
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "equal": np.equal,
    "and": VECTOR["all_of"],
    "or": VECTOR["any_of"],
    "not": VECTOR["none_of"],
}


class _Judgement:
    def __init__(self, domain: Domain, look: _Look, tolerance: float) -> None:
        self.domain, self.look, self.tolerance = domain, look, tolerance
        self.found: dict[int, str] = {}
        self.beyond: dict[
            int, str
        ] = {}  # rows where something exceeds the largest number, and what

    def faults(self) -> dict[int, str]:
        everyone = np.ones(self.look.n, bool)
        needed: dict[str, Rows] = {}
        for label, expression in self.domain.results:
            self.walk(expression, everyone, label, needed)
        for name in reversed(self.domain.order):
            if name in needed:
                self.walk(self.domain.assignments[name], needed[name], f'"{name}"', needed)
        other = self.look.bounded(_OTHER_HIGH) if self.beyond else self.look
        for label, expression in self.domain.results:
            value = self.look.of(expression)
            for row in np.flatnonzero(~np.isfinite(value)).tolist():
                self.found.setdefault(row, self.beyond.get(row, f"{label} is not a finite number"))
            for row, what in self.beyond.items():
                first, second = value[row], other.of(expression)[row]
                if abs(first - second) > _DIFFERS * (abs(first) + abs(second)) + 1e-250:
                    self.found.setdefault(row, what)
        return dict(sorted(self.found.items()))

    def walk(self, expression: Expression, rows: Rows, label: str, needed: dict[str, Rows]) -> None:
        """Judge an expression where it is needed: what it reads first."""
        if not rows.any() or isinstance(expression, Number):
            return
        if isinstance(expression, Symbol):
            name = expression.name
            if name in self.domain.assignments:
                needed[name] = needed[name] | rows if name in needed else rows
            return
        function, arguments = expression.function, expression.arguments
        if function == "where":
            chosen = self.look.true(arguments[0])
            for part, where in zip(arguments, (rows, rows & chosen, rows & ~chosen), strict=True):
                self.walk(part, where, label, needed)
            return
        for argument in arguments:
            self.walk(argument, rows, label, needed)
            if function in ("and", "or"):
                rows = rows & (self.look.true(argument) == (function == "and"))
        if function in PARTIAL:
            self.judge(expression, rows, label)

    def judge(self, call: Call, rows: Rows, label: str) -> None:
        x = self.look.of(call.arguments[0])
        text = _short(call)

        def note(where: Rows, what: str) -> None:
            for row in np.flatnonzero(where & rows).tolist():
                self.found.setdefault(row, f"{label}: {text} {what.format(x=float(x[row]))}")

        match call.function:
            case "divide":
                note(self.look.of(call.arguments[1]) == 0.0, "divides by 0")
            case "log" | "log10":
                note(x == 0.0, "is the logarithm of 0")
                note(self.negative(call.arguments[0], rows), "is the logarithm of {x:g}")
            case "sqrt":
                note(self.negative(call.arguments[0], rows), "is the square root of {x:g}")
            case "exp":
                self.exceeds((x > EXP_HIGH) & rows, f"{label}: {text}")
            case "power":
                n = whole_exponent(call)
                y = self.look.of(call.arguments[1])
                note((x == 0.0) & (y < 0.0), "divides by 0")
                if n is None:
                    note(
                        self.negative(call.arguments[0], rows),
                        "is a power of {x:g} whose exponent is no whole literal",
                    )
                    size = y * VECTOR["log"](x, ignore)
                    self.exceeds((size > EXP_HIGH) & rows, f"{label}: {text}")

    def exceeds(self, where: Rows, what: str) -> None:
        for row in np.flatnonzero(where).tolist():
            self.beyond.setdefault(row, f"{what} exceeds the largest number")

    def negative(self, argument: Expression, rows: Rows) -> Rows:
        """Where an argument lies below 0 by more than the error of the species that it reads."""
        value = self.look.of(argument)
        below = (value < 0.0) & rows
        doubtful = np.flatnonzero(below)
        if not len(doubtful) or self.tolerance <= 0.0:
            return below
        error = np.zeros(len(doubtful))
        reads = self._reach(argument)
        for k, name in enumerate(self.domain.species):
            if name in reads:
                size = np.abs(self.look.columns[name][doubtful]) + self.domain.scales[k]
                changes = [
                    np.abs(
                        self.look.moved(doubtful, name, sign * self.tolerance * size).of(argument)
                        - value[doubtful]
                    )
                    for sign in (1.0, -1.0)
                ]
                error += np.maximum(*changes)
        below[doubtful] = ~(-value[doubtful] <= error)
        return below

    def _reach(self, expression: Expression) -> set[str]:
        found: set[str] = set()
        stack = list(symbols(expression))
        while stack:
            name = stack.pop()
            if name not in found:
                found.add(name)
                if name in self.domain.assignments:
                    stack += symbols(self.domain.assignments[name])
        return found


def _short(expression: Expression) -> str:
    text = show(expression)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
