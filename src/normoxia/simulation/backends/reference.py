"""The slow clear backend: SciPy's LSODA, one patient after another, a Python right-hand side.

It takes every model: events on conditions, algebraic rules. It judges the fast backend and shares with it only the
plan of break points; no derivative, no reordering, no vector lanes.
Source of LSODA: Petzold 1983, SIAM J Sci Stat Comput 4:136.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from normoxia.errors import ComputationFailed
from normoxia.mechanism.expression import Call, Expression, Number
from normoxia.simulation.backends import NO_ROOT, NOT_FINITE, REASONS, STEP_TOO_SMALL, Block, Carried
from normoxia.simulation.evaluation import function
from normoxia.simulation.plan import Interval
from normoxia.simulation.state import Array
from normoxia.simulation.system import System

Evaluate = Callable[..., list[Any]]

#: local tolerances are set this much tighter than the error aimed at, since local errors add up
STRICTNESS = 0.1
#: beyond it a state is taken for lost; the solver would only halve its steps for ever
_TOO_LARGE = 1e200
#: a condition that fired fires again only after it was false by this much
REARM = 1e-9


@dataclass(frozen=True, slots=True)
class ReferenceBackend:
    """SciPy's LSODA on each interval of each patient."""

    name: str = "reference"

    def prepare(self, system: System, typical: dict[str, float]) -> ReferenceSolver:
        return ReferenceSolver(system)


class _Failed(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{REASONS[status]} ({detail})")
        self.status = status


class ReferenceSolver:
    """A system as Python functions of (species values, parameter values, time)."""

    def __init__(self, system: System) -> None:
        self.system = system
        groups = (system.species, system.parameters)

        def made(expressions: Sequence[Expression]) -> Evaluate:
            return function(groups, system.needed(expressions), expressions)

        self.rates = made(system.rates)
        self.residuals = made([rule.expression for rule in system.rules])
        self.gaps = [made([gap(event.condition)]) for event in system.conditions]
        self.changes = [made([new for _, new in event.changes]) for event in system.conditions]
        self.changed = [[system.species.index(name) for name, _ in e.changes] for e in system.conditions]
        self.moving = np.array([i for i in range(len(system.species)) if i not in system.ruled], int)
        self.absolute = np.array(system.scales)

    def carry(self, block: Block) -> Carried:
        n, n_species = block.values.shape
        saved = np.full((n, block.n_saves, n_species), np.nan)
        values = np.full((n, n_species), np.nan)
        status = np.zeros(n, np.int64)
        reason: dict[int, str] = {}
        for i in np.flatnonzero(block.alive).tolist():
            patient = _Patient(self, block.parameters[i], block.tolerance)
            try:
                with np.errstate(all="ignore"):
                    values[i] = patient.carry(block.values[i], block.plans[i], block.amounts[i], saved[i])
            except _Failed as failure:
                status[i], reason[i] = failure.status, str(failure)
        return Carried(values, saved, block.steps.copy(), status, reason, np.zeros((n, 2), np.int64))

    def consistent(self, values: Array, parameters: Array, time: float) -> Array:
        solved = values.copy()
        for i in range(len(values)) if self.system.rules else ():
            try:
                solved[i] = _Patient(self, parameters[i], 1e-8).settle_rules(values[i], time)
            except _Failed:
                solved[i] = np.nan
        return solved


class _Patient:
    def __init__(self, solver: ReferenceSolver, parameters: Array, tolerance: float) -> None:
        self.solver = solver
        self.parameters = parameters.tolist()
        self.tolerance = max(tolerance * STRICTNESS, 1e-13)
        self.flow = np.zeros(len(solver.system.species))

    def carry(self, start: Array, plan: tuple[Interval, ...], amounts: Array, saved: Array) -> Array:
        if not np.all(np.isfinite(start)):
            raise _Failed(NOT_FINITE, "at the start")
        y = self.settle_rules(start.copy(), plan[0].start if plan else 0.0)
        for interval in plan:
            for entry in interval.entries:
                amount = 0.0 if entry.dose < 0 else float(amounts[entry.dose]) * entry.scale
                if not entry.rate:
                    y[entry.species] += amount
                else:
                    self.flow[entry.species] = amount + (0.0 if entry.fresh else self.flow[entry.species])
            y = self.cross(y, interval.start, interval.length)
            if interval.save >= 0:
                saved[interval.save] = y
        return y

    def settle_rules(self, y: Array, time: float) -> Array:
        """The values with the ruled species solved for, starting from where they are."""
        ruled = list(self.solver.system.ruled)
        if not ruled:
            return y
        from scipy.optimize import root

        trial = y.copy()

        def residual(x: Array) -> list[float]:
            trial[ruled] = x
            return self.solver.residuals(trial.tolist(), self.parameters, time)

        found = root(residual, y[ruled], tol=1e-12)
        worst = float(np.max(np.abs(residual(found.x))))
        if not worst <= 1e-8 * (1.0 + float(np.max(np.abs(found.x)))):
            raise _Failed(NO_ROOT, f"time {time:g}, residual {worst:g}")
        trial[ruled] = found.x
        return trial

    def cross(self, y: Array, start: float, length: float) -> Array:
        """From the start of an interval to its end, stopping at every condition that turns true."""
        from scipy.integrate import solve_ivp

        solver, moving = self.solver, self.solver.moving
        current = y.copy()

        def whole(t: float, x: Array) -> Array:
            current[moving] = x
            if len(moving) < len(current):
                current[:] = self.settle_rules(current, start + t)
            return current

        def rate(t: float, x: Array) -> Array:
            if not np.all(np.abs(x) < _TOO_LARGE):
                raise OverflowError(f"a state passed {_TOO_LARGE:g}")
            found = solver.rates(whole(t, x).tolist(), self.parameters, start + t)
            derivative: Array = (np.array(found) + self.flow)[moving]
            return derivative

        def gap_of(k: int, t: float, x: Array) -> float:
            return float(solver.gaps[k](whole(t, x).tolist(), self.parameters, start + t)[0])

        done = 0.0
        armed = [gap_of(k, 0.0, y[moving]) < 0.0 for k in range(len(solver.gaps))]
        while done < length:
            watches = [_watch(gap_of, k, is_armed) for k, is_armed in enumerate(armed)]
            try:
                found = solve_ivp(
                    rate, (done, length), y[moving], method="LSODA", rtol=self.tolerance,
                    atol=self.tolerance * solver.absolute[moving], events=watches or None, t_eval=None,
                )  # fmt: skip
            except (OverflowError, ValueError, ZeroDivisionError) as error:
                raise _Failed(NOT_FINITE, f"between {start:g} and {start + length:g}: {error}") from None
            if not found.success:
                raise _Failed(STEP_TOO_SMALL, f"between {start:g} and {start + length:g}: {found.message}")
            y = y.copy()
            y[moving] = found.y[:, -1]
            done = float(found.t[-1])
            y = self.settle_rules(y, start + done)
            if not np.all(np.isfinite(y)):
                raise _Failed(NOT_FINITE, f"between {start:g} and {start + length:g}")
            for k, times in enumerate(found.t_events or ()):
                if not len(times):
                    continue
                if armed[k]:
                    new = solver.changes[k](y.tolist(), self.parameters, start + done)
                    y[solver.changed[k]] = new
                    y = self.settle_rules(y, start + done)
                # the change itself may have made the condition false; then it may fire again at once
                armed[k] = not armed[k] or gap_of(k, done, y[moving]) < -REARM
        return y


def _watch(
    gap_of: Callable[[int, float, Array], float], k: int, armed: bool
) -> Callable[[float, Array], float]:
    def watch(t: float, x: Array) -> float:
        return gap_of(k, t, x) if armed else -(gap_of(k, t, x) + REARM)

    watch.terminal = True  # type: ignore[attr-defined]
    watch.direction = 1.0  # type: ignore[attr-defined]
    return watch


def gap(condition: Expression) -> Expression:
    """A number that is positive where a condition holds and negative where it does not, smooth where it can be."""
    match condition:
        case Call(function="less" | "less_equal", arguments=(left, right)):
            return Call("subtract", (right, left))
        case Call(function="greater" | "greater_equal", arguments=(left, right)):
            return Call("subtract", (left, right))
        case Call(function="and", arguments=arguments):
            return Call("min", tuple(gap(argument) for argument in arguments))
        case Call(function="or", arguments=arguments):
            return Call("max", tuple(gap(argument) for argument in arguments))
        case Call(function="not", arguments=(inner,)):
            return Call("negate", (gap(inner),))
        case Call(function="equal"):
            raise ComputationFailed(
                "an event on an equality was found; a value passes through equality without being seen: "
                "write the condition with < or >"
            )
    return Call("subtract", (condition, Number(0.5)))
