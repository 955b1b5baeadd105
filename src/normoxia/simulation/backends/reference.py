"""The slow clear backend: SciPy's LSODA, one patient after another, a Python right-hand side.

It takes every model: events on conditions, algebraic rules. It judges the fast backend and shares with it only the
plan of break points; no derivative, no reordering, no vector lanes.

Conditions are held while LSODA steps (modes.py). After each step the tests are compared with the modes on the step's
own polynomial; where one differs, the switch is located by bisection and LSODA starts anew behind it. Where a species
smaller than its absolute error would decide by its sign, LSODA goes back to where it was larger and solves it with a
relative error only. Conditions on time alone switch at the breaks of the plan. Where both sides of one condition push back to it,
the solution stays on it (Filippov 1988, Differential Equations with Discontinuous Righthand Sides, section 4).
Source of LSODA: Petzold 1983, SIAM J Sci Stat Comput 4:136.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import numpy as np

from normoxia.mechanism.expression import Call
from normoxia.simulation.backends import (
    NO_ROOT,
    NO_VALUE,
    NOT_FINITE,
    REASONS,
    STEP_TOO_SMALL,
    TOO_MANY_STEPS,
    UNKNOWN_SIGN,
    Carried,
    PatientBlock,
)
from normoxia.simulation.evaluation import function
from normoxia.simulation.judged import Judged
from normoxia.simulation.modes import Mode, held
from normoxia.simulation.plan import Interval
from normoxia.simulation.state import Array
from normoxia.simulation.system import System

Evaluate = Callable[..., list[Any]]

#: local tolerances are set this much tighter than the error aimed at, since local errors add up
STRICTNESS = 0.1
#: beyond it a state is taken for lost; the solver would only halve its steps for ever
_TOO_LARGE = 1e200
#: steps and evaluations of the rates that a patient may take within one interval; some seconds for a small model
MOST_STEPS, MOST_EVALUATIONS = 50_000, 500_000
#: switches of conditions and events that may follow one another within one interval
MOST_SWITCHES = 5_000
#: points within a step, as shares of it, at which tests are compared with their modes
_LOOKS = (0.25, 0.5, 0.75, 1.0)
#: a switch is located to this share of the time reached (or of 1, when that is larger)
LOCATED = 1e-13
#: switches in a row without time passing, after which a patient is given up
_BACK_AND_FORTH = 50
#: times that a step may be cut because a trial came to where a rate is not a number
_MOST_TRIALS = 60
#: absolute errors, in the species' scales, of species whose sign decides, and of such as start at 0, so that
#: LSODA can start
_FINE, _FINE_FROM_NOTHING = 1e-200, 1e-20
#: a species that takes this many times longer to become 0 than at its speed where it came below its error fades
_FADES = 50.0
#: events that may fire one another at one moment
_MOST_TURNS = 100
#: LSODA keeps its numbers in one place for all, in SciPy before 1.17
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class ReferenceBackend:
    """SciPy's LSODA on each interval of each patient."""

    name: str = "reference"

    def prepare(self, system: System, typical: dict[str, float]) -> ReferenceSolver:  # noqa: ARG002, the protocol's
        """Make Python functions of a system; every system can be taken."""
        return ReferenceSolver(system)


class _Failed(Exception):
    def __init__(self, status: int, time: float, detail: str) -> None:
        super().__init__(f"{REASONS[status]}: {detail} (time {time:g})")
        self.status = status


class _Trial(Exception):
    """A trial step came to where a rate is not a number; a smaller one may not."""

    def __init__(self, step: float) -> None:
        super().__init__()
        self.step = step


class _UndecidedSign(Exception):
    """A condition switched by the sign of species that are smaller than their absolute errors."""

    def __init__(self, species: Sequence[int]) -> None:
        super().__init__()
        self.species = species


class _Checkpoint(NamedTuple):
    time: float
    values: Array
    modes: list[float]
    truths: list[bool]
    sliding: tuple[int, ...]


class _Reached(NamedTuple):
    time: float
    values: Array
    step: float


class ReferenceSolver:
    """A system as Python functions of (species values, parameter values, modes, time)."""

    def __init__(self, system: System) -> None:
        self.system = system
        frozen = held(system, bends_are_modes=True)
        self.modes: tuple[Mode, ...] = frozen.modes
        groups = (system.species, system.parameters, tuple(mode.name for mode in frozen.modes))
        smooth = frozen.system

        def made(expressions: Sequence[Any]) -> Evaluate:
            return function(groups, smooth.needed(expressions), expressions)

        self.rates = function(groups, smooth.needed(smooth.rates), smooth.rates, together=True)
        self.residuals = made([rule.expression for rule in smooth.rules])
        self.tests = made([mode.test for mode in frozen.modes])
        self.gaps = made([mode.gap for mode in frozen.modes])
        self.conditions = made([event.condition for event in smooth.conditions])
        self.of_state = [k for k, mode in enumerate(frozen.modes) if not mode.of_time]
        self.of_time = [k for k, mode in enumerate(frozen.modes) if mode.of_time]
        #: of each mode, those that switch with it: (mode, whether it is then 1 where the other is)
        self.together = [_together(k, frozen.modes) for k in range(len(frozen.modes))]
        self.changes = [
            function(groups[:2], system.needed(news), news)
            for news in ([new for _, new in event.changes] for event in system.conditions)
        ]
        self.changed = [
            [system.species.index(name) for name, _ in e.changes] for e in system.conditions
        ]
        self.moving = np.array(
            [i for i in range(len(system.species)) if i not in system.ruled], int
        )
        self.absolute = np.array(system.scales)
        rates = [
            (f'the rate of "{name}"', r)
            for name, r in zip(system.species, system.rates, strict=True)
        ]
        rules = [(f'the rule of "{rule.solves_for}"', rule.expression) for rule in system.rules]
        tests = [(f'the condition of the event "{e.name}"', e.condition) for e in system.conditions]
        self.judged = Judged(system, [*rates, *rules, *tests])
        self.judged_changes = [
            Judged(
                system,
                [(f'"{name}" in the event "{event.name}"', new) for name, new in event.changes],
            )
            for event in system.conditions
        ]

    def carry(self, block: PatientBlock) -> Carried:
        """Carry the patients of a block through their intervals, one after another."""
        n, n_species = block.values.shape
        saved = np.full((n, block.n_saves, n_species), np.nan)
        values = np.full((n, n_species), np.nan)
        status = np.zeros(n, np.int64)
        reason: dict[int, str] = {}
        work = np.zeros((n, 2), np.int64)
        for i in np.flatnonzero(block.alive).tolist():
            patient = _Patient(self, block.parameters[i], block.tolerance)
            before = block.values[i] if block.before is None else block.before[i]
            try:
                with _ONE_AT_A_TIME, np.errstate(all="ignore"), warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # LSODA also warns of what becomes a reason
                    values[i] = patient.carry(
                        block.values[i], before, block.plans[i], block.amounts[i], saved[i]
                    )
            except _Failed as failure:
                status[i], reason[i] = failure.status, str(failure)
            work[i, 0] = patient.all_steps
        return Carried(
            values=values,
            saved=saved,
            steps=block.steps.copy(),
            status=status,
            reason=reason,
            work=work,
        )

    def consistent(
        self, values: Array, parameters: Array, time: float
    ) -> tuple[Array, dict[int, tuple[int, str]]]:
        """Values with those that algebraic rules determine, and who has none."""
        solved, lost = values.copy(), dict[int, tuple[int, str]]()
        for i in (
            np.flatnonzero(np.isfinite(values).all(axis=1)).tolist() if self.system.rules else ()
        ):
            patient = _Patient(self, parameters[i], 1e-8)
            patient.start = time
            try:
                with np.errstate(all="ignore"), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    solved[i] = patient.begin(values[i].copy(), 0.0)
                    patient.check(solved[i], 0.0)
            except _Failed as failure:
                solved[i], lost[i] = np.nan, (failure.status, str(failure))
        return solved, lost


class _Patient:
    """One patient on the way. Times are counted from the start of the interval, so that none is lost to rounding."""

    def __init__(self, solver: ReferenceSolver, parameters: Array, tolerance: float) -> None:
        self.solver, self.row = solver, parameters
        self.parameters = parameters.tolist()
        self.aimed = tolerance
        self.tolerance = max(tolerance * STRICTNESS, 1e-13)
        self.flow = np.zeros(len(solver.system.species))
        self.modes: list[float] = [0.0] * len(solver.modes)
        self.start = self.length = 0.0
        self.steps = self.evaluations = self.all_steps = 0
        self.doubtful = False
        self.reached = _Reached(0.0, parameters, 0.0)
        self.sliding: tuple[int, ...] = ()  # modes on whose conditions the solution stays
        self.lower: dict[
            int, float
        ] = {}  # of modes that have switched, the lower value on both sides
        self.truths_now: list[bool] = []
        self.absolute = self.tolerance * solver.absolute
        self.fine: set[int] = set()  # species with hardly an absolute error
        self.larger: dict[
            int, _Checkpoint
        ] = {}  # where each species was last larger than its error

    # along a plan --------------------------------------------------------------------------------------------

    def carry(
        self, start: Array, before: Array, plan: tuple[Interval, ...], amounts: Array, saved: Array
    ) -> Array:
        if not np.all(np.isfinite(start)):
            raise _Failed(NOT_FINITE, plan[0].start if plan else 0.0, "at the start")
        # a condition on time that turns true at the very start was false just before it, unless all begins there
        self.start = plan[0].start if plan else 0.0
        earlier = LOCATED * 100 * abs(self.start)
        y = self.begin(before.copy(), -earlier)
        truths = self.truths(y, -earlier)
        y = start.copy()
        for interval in plan:
            self.start, self.length = interval.start, interval.length
            self.steps = self.evaluations = 0
            for entry in interval.entries:
                amount = 0.0 if entry.dose < 0 else float(amounts[entry.dose]) * entry.scale
                if not entry.rate:
                    y[entry.species] += amount
                else:
                    self.flow[entry.species] = amount + (
                        0.0 if entry.fresh else self.flow[entry.species]
                    )
            y, truths = self.turned(y, 0.0, truths)
            y, truths = self.cross(y, truths)
            if interval.save >= 0:
                saved[interval.save] = y
        return y

    def begin(self, y: Array, t: float) -> Array:
        """Modes and ruled species at a moment, each found in terms of the other."""
        self.find_modes(y, t)
        if self.solver.system.ruled:
            y = self.settle_rules(y, self.start + t)
            self.find_modes(y, t)
            y = self.settle_rules(y, self.start + t)
        return y

    def turned(self, y: Array, t: float, truths: list[bool]) -> tuple[Array, list[bool]]:
        """The state and the truths of all conditions of events after those that have turned true have fired."""
        solver = self.solver
        for _ in range(_MOST_TURNS):
            y = self.begin(y, t)
            now = self.truths(y, t)
            due = [
                k
                for k, (was, is_now) in enumerate(zip(truths, now, strict=True))
                if is_now and not was
            ]
            truths = now
            if not due:
                return y, truths
            y = y.copy()
            for k in due:
                judged = solver.judged_changes[k]
                time = self.start + t
                new, lost = judged.judged(y[None], self.row[None], time, self.aimed)
                if lost:
                    raise _Failed(NO_VALUE, time, lost[0])
                y[solver.changed[k]] = new[0]
        names = ", ".join(f'"{e.name}"' for e in solver.system.conditions)
        raise _Failed(
            TOO_MANY_STEPS, self.start + t, f"the events {names} fire one another for ever"
        )

    def truths(self, y: Array, t: float) -> list[bool]:
        if not self.solver.system.conditions:
            return []
        found = self.solver.conditions(y.tolist(), self.parameters, self.modes, self.start + t)
        return [bool(x) for x in found]

    # modes ---------------------------------------------------------------------------------------------------

    def find_modes(self, y: Array, t: float) -> None:
        """The modes at a moment; those of time are the same all through an interval of the plan."""
        solver = self.solver
        if not solver.modes:
            return
        time, values = self.start + t, y.tolist()
        middle = self.start + 0.5 * self.length if self.length else time
        for _ in range(len(solver.modes) + 1):  # a test may read the modes before it
            here = solver.tests(values, self.parameters, self.modes, time)
            within = (
                solver.tests(values, self.parameters, self.modes, middle)
                if solver.of_time
                else here
            )
            found = [
                float((within if mode.of_time else here)[k]) for k, mode in enumerate(solver.modes)
            ]
            if found == self.modes:
                return
            self.modes = found

    def differs(self, y: Array, t: float) -> bool:
        """Whether a test of species has left its mode."""
        found = self.solver.tests(y.tolist(), self.parameters, self.modes, self.start + t)
        return any(found[k] != self.modes[k] for k in self.solver.of_state if k not in self.stayed)

    def gap(self, k: int, y: Array, t: float) -> float:
        return float(self.solver.gaps(y.tolist(), self.parameters, self.modes, self.start + t)[k])

    # solving -------------------------------------------------------------------------------------------------

    def settle_rules(self, y: Array, time: float) -> Array:
        """The values with the ruled species solved for, starting from where they are."""
        ruled = list(self.solver.system.ruled)
        if not ruled:
            return y
        from scipy.optimize import root

        trial = y.copy()

        def residual(x: Array) -> list[float]:
            trial[ruled] = x
            return self.solver.residuals(trial.tolist(), self.parameters, self.modes, time)

        found = root(residual, y[ruled], tol=1e-12)
        trial[ruled] = found.x
        last = self.solver.residuals(trial.tolist(), self.parameters, self.modes, time, self.note)
        worst = float(np.max(np.abs(last)))
        if not worst <= 1e-8 * (1.0 + float(np.max(np.abs(found.x)))):
            self.explain(trial, time - self.start)
            raise _Failed(NO_ROOT, time, f"residual {worst:g}")
        return trial

    def cross(self, y: Array, truths: list[bool]) -> tuple[Array, list[bool]]:
        """From the start of an interval to its end, piece by piece between switches."""
        t, stuck, switches = 0.0, 0, 0
        self.sliding = tuple[int, ...]()
        self.check(y, t)
        self.absolute = self.tolerance * self.solver.absolute
        self.fine, self.larger = set(), {}
        began = _Checkpoint(t, y, self.modes, truths, self.sliding)
        while t < self.length:
            here, modes = t, self.modes
            switches += 1
            if switches > MOST_SWITCHES:
                self.too_many(t, f"{MOST_SWITCHES} switches of conditions")
            self.truths_now = truths
            try:
                t, y = self.smooth(y, t, self.length)
            except _UndecidedSign as undecided:
                t, y, self.modes, truths, self.sliding = self.refined(undecided.species, began)
                continue
            y, truths = self.turned(y, t, truths)
            self.check(y, t)
            stuck = stuck + 1 if t - here <= 100 * LOCATED * max(1.0, abs(self.start + t)) else 0
            if stuck > _BACK_AND_FORTH:
                self.too_many(t, "conditions switch back and forth without time passing")
            if t < self.length:
                if self.sliding and self.shares(y, t) is None:
                    self.sliding = tuple[int, ...]()
                    self.find_modes(y, t)
                for k in self.solver.of_state:
                    if self.modes[k] != modes[k]:
                        self.lower[k] = (
                            min(self.modes[k], modes[k]) if self.solver.modes[k].counts else 0.0
                        )
                        if self.attracts(k, y, t):
                            self.slide(k, y, t)
        return y, truths

    def refined(self, species: Sequence[int], began: _Checkpoint) -> _Checkpoint:
        """Where to go on from with relative errors only of some species: where they were larger than their errors."""
        places = [self.larger[s] for s in species if s in self.larger]
        for s in species:
            share = _FINE if s in self.larger or began.values[s] else _FINE_FROM_NOTHING
            self.absolute[s] = share * self.solver.absolute[s]
        self.fine |= set(species)
        self.doubtful = False
        return min(places, key=lambda place: place.time) if len(places) == len(species) else began

    def smooth(self, y: Array, t: float, end: float) -> tuple[float, Array]:
        """LSODA with the modes held, until one differs or the end."""
        if end - t <= 4.0 * float(np.spacing(max(abs(self.start), self.length))):
            return end, y
        first: float | None = None
        self.reached = _Reached(t, y, end - t)
        for _ in range(_MOST_TRIALS):
            try:
                return self._smooth(end, first)
            except _Trial as trial:
                first = 0.1 * min(trial.step, end - self.reached.time)
                if first <= 1e-14 * max(1.0, abs(self.start + self.reached.time)):
                    break
        self.explain(self.reached.values, self.reached.time)
        raise _Failed(NOT_FINITE, self.start + self.reached.time, "however small the step")

    def _smooth(self, end: float, first: float | None) -> tuple[float, Array]:
        from scipy.integrate import LSODA

        solver, moving = self.solver, self.solver.moving
        t, y = self.reached.time, self.reached.values
        current = y.copy()

        def whole(at: float, x: Array) -> Array:
            current[moving] = x
            if len(moving) < len(current):
                current[:] = self.settle_rules(current, self.start + at)
            return current

        def rate(at: float, x: Array) -> Array:
            self.evaluations += 1
            if self.evaluations > MOST_EVALUATIONS:
                self.too_many(at, f"{MOST_EVALUATIONS} evaluations of the rates")
            if not np.all(np.abs(x) < _TOO_LARGE):
                raise _Failed(NOT_FINITE, self.start + at, f"a state passed {_TOO_LARGE:g}")
            derivative: Array = self.rate(whole(at, x), at)[moving]
            if not np.all(np.isfinite(derivative)):
                raise _Trial(max(at - self.reached.time, 0.0))
            return derivative

        stepper = LSODA(
            rate,
            t,
            y[moving],
            end,
            rtol=self.tolerance,
            atol=self.absolute[moving],
            first_step=first,
        )
        while True:
            self.steps += 1
            self.all_steps += 1
            if self.steps > MOST_STEPS:
                self.too_many(stepper.t, f"{MOST_STEPS} steps")
            message = stepper.step()
            if message is not None:
                self.explain(self.reached.values, self.reached.time)
                raise _Failed(STEP_TOO_SMALL, self.start + stepper.t, str(message))
            before, now = self.reached.time, float(stepper.t)
            if solver.of_state:
                dense = stepper.dense_output()

                def at(moment: float, dense: Any = dense) -> Array:
                    return whole(moment, dense(moment)).copy()

                low = before
                for share in _LOOKS:
                    high = now if share == 1.0 else before + share * (now - before)
                    if self.left(at(high), high):
                        if species := self.undecided(self.reached.values, before, at(high), high):
                            raise _UndecidedSign(species)

                        def left(x: float, at: Callable[[float], Array] = at) -> bool:
                            return self.left(at(x), x)

                        moment = _bisected(low, high, left, self.start)
                        return moment, at(moment)
                    low = high
                self.note_larger()
            self.reached = _Reached(now, whole(now, stepper.y).copy(), now - before)
            if self.doubtful:
                self.check(self.reached.values, now)
            if now >= end:
                return end, self.reached.values

    def left(self, y: Array, t: float) -> bool:
        """Whether a condition has switched, or the solution has left the one on which it stays."""
        return (bool(self.sliding) and self.shares(y, t) is None) or self.differs(y, t)

    def note_larger(self) -> None:
        """Remember the last step's start for the species that were larger than their errors there."""
        time, y, _ = self.reached
        place = _Checkpoint(time, y, self.modes, self.truths_now, self.sliding)
        for s in np.flatnonzero(np.abs(y) > self.aimed * self.solver.absolute).tolist():
            self.larger[s] = place

    def undecided(self, y: Array, t: float, after: Array, later: float) -> list[int]:
        """Species below their absolute errors from the start of a step on that may have made it leave a condition.

        None when their errors are relative already; fails when even so they are smaller than their errors.
        """
        small = np.flatnonzero(np.abs(y) <= self.aimed * self.solver.absolute).tolist()
        if not small:
            return []
        tests = self.solver.tests(after.tolist(), self.parameters, self.modes, self.start + later)
        for k in self.solver.of_state:
            if k in self.stayed or tests[k] == self.modes[k]:
                continue
            gap, changes = self.gap(k, y, t), dict[int, float]()
            for s in small:
                moved = y.copy()
                moved[s] += self.aimed * self.solver.absolute[s]
                changes[s] = abs(self.gap(k, moved, t) - gap)
            if self.solver.modes[k].counts:
                gap -= round(gap)
            if abs(gap) > sum(changes.values()):
                continue
            reads = [s for s in small if changes[s]]
            for chosen in (reads, small):  # what feeds a species that decides may be as small
                if not self.fine.issuperset(chosen):
                    return chosen
            if lost := [s for s in reads if self.fades(s, y, t)]:
                names = ", ".join(f'"{self.solver.system.species[s]}"' for s in lost)
                what = f'"{self.solver.modes[k].text}", of {names}'
                raise _Failed(UNKNOWN_SIGN, self.start + t, what)
        return []

    def fades(self, s: int, y: Array, t: float) -> bool:
        """Whether a species is smaller than its error though relative, and did not reach 0 in a finite time."""
        if not 0.0 < abs(y[s]) <= 1e3 * self.absolute[s]:
            return False
        if s not in self.larger:
            return True
        place = self.larger[s]
        speed = abs(self.rate_with(place.modes, place.values, place.time)[s])
        return bool((t - place.time) * speed > _FADES * abs(place.values[s]))

    def rate(self, y: Array, t: float) -> Array:
        if self.sliding:
            shares = self.shares(y, t, bounded=False)
            if shares is not None:
                low, sides = self.sides(self.sliding, y, t)
                return low + shares @ (sides - low)
        return self.rate_with(self.modes, y, t)

    def rate_with(self, modes: list[float], y: Array, t: float) -> Array:
        found = self.solver.rates(y.tolist(), self.parameters, modes, self.start + t, self.note)
        return np.array(found, float) + self.flow

    def note(self, _where: Any) -> None:
        """Remember that a formula left its domain somewhere."""
        self.doubtful = True

    # on a condition ------------------------------------------------------------------------------------------

    @property
    def stayed(self) -> set[int]:
        """All modes that belong to the conditions on which the solution stays."""
        return {k for one in self.sliding for k, _ in self.solver.together[one]}

    def attracts(self, k: int, y: Array, t: float) -> bool:
        """Whether the state lies on a condition that both sides push back to."""
        if k in self.stayed:
            return False
        counts = self.solver.modes[k].counts
        low, sides = self.sides((k,), y, t)
        without, within = self.along(k, low, y, t), self.along(k, sides[0], y, t)
        speed = max(abs(without), abs(within))
        level = self.lower[k] + 1.0 if counts else 0.0
        if abs(self.gap(k, y, t) - level) > 1e4 * LOCATED * max(1.0, abs(self.start + t)) * speed:
            return False
        if counts:  # the argument is above the level where the mode is higher
            return within < 0.0 < without
        return without < 0.0 < within  # the gap is below 0 where the mode is 1

    def slide(self, k: int, y: Array, t: float) -> None:
        """Stay on a condition, besides those on which the solution stays already, where that can be."""
        for chosen in ((*self.sliding, k), (k,)):
            before, self.sliding = self.sliding, chosen
            if self.shares(y, t) is not None:
                return
            self.sliding = before

    def sides(self, conditions: tuple[int, ...], y: Array, t: float) -> tuple[Array, Array]:
        """The rates with the modes of some conditions 0, and with each of them 1; shapes (n,) and (n_conditions, n).

        Of a floor, they are the numbers below and above.
        """
        base = list(self.modes)
        for one in conditions:
            for k, alike in self.solver.together[one]:
                base[k] = self.lower[one] if alike else 1.0
        found = []
        for one in conditions:
            modes = list(base)
            for k, alike in self.solver.together[one]:
                modes[k] = self.lower[one] + 1.0 if alike else 0.0
            found.append(self.rate_with(modes, y, t))
        return self.rate_with(base, y, t), np.array(found)

    def along(self, k: int, rates: Array, y: Array, t: float) -> float:
        """How fast the gap of a condition changes when the species change at some rates."""
        size = float(np.max(np.abs(rates) / (np.abs(y) + self.solver.absolute), initial=0.0))
        step = 1e-7 / size if size > 0.0 else 1e-7
        back, forth = (
            self.gap(k, y + sign * step * rates, t + sign * step) for sign in (-1.0, 1.0)
        )
        return (forth - back) / (2.0 * step)

    def shares(self, y: Array, t: float, bounded: bool = True) -> Array | None:
        """How much of its side 1 each condition gets so that all their gaps stay as they are.

        None when that is not between 0 and 1: a side no longer pushes back. Several conditions are taken to act on
        different terms of the rates.
        """
        low, sides = self.sides(self.sliding, y, t)
        speed = np.array([self.along(k, low, y, t) for k in self.sliding])
        matrix = np.array([[self.along(k, side, y, t) for side in sides] for k in self.sliding])
        try:
            shares = np.linalg.solve(matrix - speed[:, None], -speed)
        except np.linalg.LinAlgError:
            return None
        if bounded and not np.all((shares >= 0.0) & (shares <= 1.0)):
            return None
        return np.asarray(np.clip(shares, -1.0, 2.0), float)

    # failing -------------------------------------------------------------------------------------------------

    def check(self, y: Array, t: float) -> None:
        """Fail when a formula has no value at a state that was reached."""
        if not self.doubtful:
            self.solver.rates(y.tolist(), self.parameters, self.modes, self.start + t, self.note)
        if self.doubtful:
            self.doubtful = False
            self.explain(y, t)

    def explain(self, y: Array, t: float) -> None:
        """Fail with what has no value, if anything has none."""
        time, one = self.start + t, np.zeros(1, int)
        found = self.solver.judged.faults(one, y[None], self.row[None], time, self.aimed)
        if found:
            raise _Failed(NO_VALUE, time, found[0])

    def too_many(self, t: float, what: str) -> NoReturn:
        raise _Failed(TOO_MANY_STEPS, self.start + t, what)


def _together(one: int, modes: Sequence[Mode]) -> tuple[tuple[int, bool], ...]:
    """The modes whose gap is that of one of them, or its opposite."""
    gap = modes[one].gap
    opposite = (
        Call("subtract", gap.arguments[::-1])
        if isinstance(gap, Call) and gap.function == "subtract"
        else None
    )
    found = [(one, True)]
    for k, mode in enumerate(modes):
        if k != one and not mode.counts and not modes[one].counts and mode.gap in (gap, opposite):
            found.append((k, mode.gap == gap))
    return tuple(found)


def _bisected(low: float, high: float, beyond: Callable[[float], bool], start: float) -> float:
    """The first moment found beyond, within LOCATED; `low` is not beyond and `high` is."""
    while high - low > LOCATED * max(1.0, abs(start + high)):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if beyond(middle):
            high = middle
        else:
            low = middle
    return high
