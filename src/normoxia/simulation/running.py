"""One run of a system: cut at timed events, planned per pattern of doses, carried block by block.

Patients are worked through in blocks of a fixed size by patient number. No patient's digits depend on the others in
a block, so results do not depend on workers, on how many patients there are, nor on how a caller splits them.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.mechanism.inputs import Inputs
from normoxia.progress import Progress, Step
from normoxia.simulation.backends import (
    NO_VALUE,
    NOT_FINITE,
    REASONS,
    TOO_MANY_SWITCHES,
    WELL,
    PatientBlock,
    Solver,
)
from normoxia.simulation.breaks import Breaks, TooManyMoments
from normoxia.simulation.evaluation import BLOCK
from normoxia.simulation.judged import Judged
from normoxia.simulation.plan import SWITCH, Doses, Interval, dose_patterns, given_doses, intervals
from normoxia.simulation.state import Array, State
from normoxia.simulation.system import System, TimedEvent

#: patients that are carried together, at most, and bytes of their states at all output times
MOST_PATIENTS, MOST_BYTES = 512, 2**25
#: plans, and moments of switches, that a run remembers
MOST_PLANS = 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunOutput:
    """What a run gives: values at the end, outputs kept, and for each patient steps, status, reason and work."""

    values: Array
    kept: Array
    steps: dict[str, Array]
    status: NDArray[np.int64]
    reason: dict[int, str]
    work: NDArray[np.int64]


class Run:
    """One run of a system: its segments between timed events, its plans, its blocks of patients."""

    def __init__(
        self,
        system: System,
        solver: Solver,
        state: State,
        doses: Inputs,
        times: Array,
        tolerance: float,
        outputs_of: Judged | None = None,
        n_outputs: int = 0,
        breaks: Breaks | None = None,
    ) -> None:
        self.system, self.solver, self.state, self.times, self.tolerance = (
            system,
            solver,
            state,
            times,
            tolerance,
        )
        self.outputs_of, self.n_outputs = outputs_of, n_outputs
        self.breaks = breaks if breaks is not None and breaks.modes else None
        self._moments: dict[bytes, tuple[float, ...] | TooManyMoments] = {}
        self.doses = Doses(
            np.asarray(doses.time, float),
            tuple(system.species.index(name) for name in doses.target),
            np.atleast_2d(np.asarray(doses.amount, float)) if doses.n_doses else np.zeros((1, 0)),
            np.asarray(doses.duration, float),
        )
        self.segments = _segments(system, state.time, float(times[-1]))
        self.plans: dict[tuple[tuple[int, ...], int, tuple[float, ...]], tuple[Interval, ...]] = {}
        kinds = dict.fromkeys(["", *state.steps, *([SWITCH] if self.breaks else [])])
        #: which doses each patient gets, as an index into all that differ; of one patient when all get the same
        self.patterns, self.pattern_of = dose_patterns(self.doses.amount)
        given = given_doses(np.any(self.doses.amount != 0.0, axis=0))
        for pattern in {*self.patterns, given}:
            for k in range(len(self.segments)):
                kinds |= dict.fromkeys(interval.kind for interval in self.plan(pattern, k))
        self.kinds = tuple(sorted(kinds))

    def plan(
        self, given: tuple[int, ...], segment: int, switches: tuple[float, ...] = ()
    ) -> tuple[Interval, ...]:
        """The intervals of those who get some doses and whose conditions on time switch at some moments."""
        key = (given, segment, switches)
        found = self.plans.get(key)
        if found is None:
            start, end, opening, _ = self.segments[segment]
            found = intervals(
                start, end, self.times, self.doses, given, self.system.species, opening, switches
            )
            if len(self.plans) > MOST_PLANS:  # patients with moments of their own
                self.plans.clear()
            self.plans[key] = found
        return found

    def moments(
        self, parameters: Array, status: NDArray[np.int64], reason: dict[int, str]
    ) -> list[tuple[float, ...]]:
        """When conditions on time switch, by patient; those for whom that is too often fail."""
        if self.breaks is None:
            return [()] * len(parameters)
        moments: list[tuple[float, ...]] = []
        for i, row in enumerate(parameters):
            key = row[self.breaks.columns].tobytes()
            if (found := self._moments.get(key)) is None:
                try:
                    found = self.breaks.moments(
                        row.tolist(), self.state.time, float(self.times[-1])
                    )
                except TooManyMoments as error:
                    found = error
                if len(self._moments) > MOST_PLANS:
                    self._moments.clear()
                self._moments[key] = found
            if isinstance(found, TooManyMoments):
                if status[i] == WELL:
                    status[i], reason[i] = (
                        TOO_MANY_SWITCHES,
                        f"{REASONS[TOO_MANY_SWITCHES]}: {found}",
                    )
                found = ()
            moments.append(found)
        return moments

    def all(self, workers: int, progress: Progress, label: str) -> RunOutput:
        """Carry all patients, block by block, on some threads."""
        n = self.state.n_patients
        n_species = len(self.system.species)
        done = RunOutput(
            values=np.empty((n, n_species)),
            kept=np.empty((n, len(self.times), self.n_outputs)),
            steps={kind: np.empty(n) for kind in self.kinds},
            status=np.zeros(n, np.int64),
            reason={},
            work=np.zeros((n, 2), np.int64),
        )
        size = self.block_size(workers)
        blocks = [slice(first, min(first + size, n)) for first in range(0, n, size)]
        finished = 0
        if workers <= 1 or len(blocks) == 1:
            for rows in blocks:
                self.block(rows, done)
                finished += rows.stop - rows.start
                progress(Step(label, finished, n))
            return done
        with ThreadPoolExecutor(workers) as pool:
            futures = {pool.submit(self.block, rows, done): rows for rows in blocks}
            try:
                for future in as_completed(futures):
                    future.result()
                    finished += futures[future].stop - futures[future].start
                    progress(Step(label, finished, n))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return done

    def block_size(self, workers: int) -> int:
        """How many patients are carried together: whole multiples of what formulas are evaluated in, shared by workers.

        No digit depends on it.
        """
        each = 8 * len(self.times) * len(self.system.species)
        share = -(-self.state.n_patients // max(workers, 1))
        most = min(MOST_PATIENTS, MOST_BYTES // max(each, 1), share)
        return max(1, -(-most // BLOCK)) * BLOCK

    def block(self, rows: slice, done: RunOutput) -> None:
        """Carry the patients of one block through all segments and write what is kept into `done`."""
        state, n = self.state, rows.stop - rows.start
        values, parameters = state.values[rows], state.parameter_values[rows]
        amounts = self.doses.amount if len(self.doses.amount) == 1 else self.doses.amount[rows]
        amounts = np.broadcast_to(amounts, (n, amounts.shape[1]))
        pattern_of = np.broadcast_to(
            self.pattern_of if len(self.pattern_of) == 1 else self.pattern_of[rows], (n,)
        )
        steps = np.stack(
            [
                state.steps[kind][rows] if kind in state.steps else np.zeros(n)
                for kind in self.kinds
            ],
            axis=1,
        )
        status = state.status[rows].copy()
        reason = {
            i: state.reason[rows.start + i] for i in range(n) if rows.start + i in state.reason
        }
        saved = np.full((n, len(self.times), values.shape[1]), np.nan)
        if self.times[0] == state.time:
            saved[:, 0] = values
        moments = self.moments(parameters, status, reason)
        for k, (start, end, _, event) in enumerate(self.segments):
            before = values
            if event is not None:
                values, lost = event(values, parameters, start, self.tolerance, status == WELL)
                for i, what in lost.items():
                    status[i], reason[i] = NO_VALUE, f"{REASONS[NO_VALUE]}: {what} (time {start:g})"
            plans = [
                self.plan(self.patterns[pattern], k, switches)
                for pattern, switches in zip(pattern_of.tolist(), moments, strict=True)
            ]
            if not any(plans):
                continue
            carried = self.solver.carry(
                PatientBlock(
                    values=values,
                    parameters=parameters,
                    plans=plans,
                    amounts=amounts,
                    kinds=self.kinds,
                    steps=steps,
                    n_saves=len(self.times),
                    tolerance=self.tolerance,
                    alive=status == WELL,
                    before=before,
                )
            )
            values, steps = carried.values, carried.steps
            inside = (self.times > start) & (self.times <= end)
            saved[:, inside] = carried.saved[:, inside]
            for i in np.flatnonzero((carried.status != WELL) & (status == WELL)).tolist():
                reason[i] = carried.reason.get(
                    i, REASONS.get(int(carried.status[i]), "the solver gave up")
                )
                status[i] = carried.status[i]
            burst = (status == WELL) & ~np.isfinite(values).all(axis=1)
            for i in np.flatnonzero(
                burst
            ).tolist():  # closed forms overflow without a step that could fail
                status[i], reason[i] = NOT_FINITE, REASONS[NOT_FINITE]
                saved[i, ~np.isfinite(saved[i]).all(axis=1)] = np.nan
            done.work[rows] += carried.work
        if self.outputs_of is not None and self.n_outputs:
            self.keep(rows, saved, parameters, status, reason, done)
        done.values[rows] = np.where((status == WELL)[:, None], values, np.nan)
        for k, kind in enumerate(self.kinds):
            done.steps[kind][rows] = steps[:, k]
        done.status[rows] = status
        for i, why in reason.items():
            done.reason[rows.start + i] = why

    def keep(
        self,
        rows: slice,
        saved: Array,
        parameters: Array,
        status: NDArray[np.int64],
        reason: dict[int, str],
        done: RunOutput,
    ) -> None:
        """The outputs of a block at every time; a patient is lost from the first time at which one has no value."""
        assert self.outputs_of is not None
        n, n_times = saved.shape[:2]
        flat, lost = self.outputs_of.judged(
            saved.reshape(n * n_times, -1),
            parameters,
            np.tile(self.times, n),
            self.tolerance,
            each=n_times,
        )
        kept = flat.reshape(n, n_times, self.n_outputs)
        gone = np.all(np.isnan(saved), axis=2)
        for row, what in lost.items():
            i, k = divmod(row, n_times)
            if not gone[i, k]:
                gone[i, k:] = True
                if status[i] == WELL:
                    status[i] = NO_VALUE
                    reason[i] = f"{REASONS[NO_VALUE]}: {what} (time {self.times[k]:g})"
        done.kept[rows] = np.where(gone[:, :, None], np.nan, kept)


Change = Callable[[Array, Array, float, float, NDArray[np.bool_]], tuple[Array, dict[int, str]]]


def _segments(
    system: System, start: float, end: float
) -> list[tuple[float, float, str, Change | None]]:
    """The run cut at timed events: (from, to, names of the events at its start, what they change)."""
    moments = sorted(
        {time for event in system.timed for time in event.times if start <= time < end}
    )
    cuts = sorted({start, *moments})
    found: list[tuple[float, float, str, Change | None]] = []
    for here, after in zip(cuts, [*cuts[1:], end], strict=True):
        due = [event for event in system.timed if here in event.times and here in moments]
        name = " ".join(f"event {event.name}" for event in due)
        found.append((here, after, name, _change(system, due) if due else None))
    return found


def _change(system: System, due: list[TimedEvent]) -> Change:
    changes = [(event.name, name, new) for event in due for name, new in event.changes]
    judged = Judged(
        system, [(f'"{name}" in the event "{event}"', new) for event, name, new in changes]
    )
    columns = [system.species.index(name) for _, name, _ in changes]

    def change(
        values: Array, parameters: Array, time: float, tolerance: float, asked: NDArray[np.bool_]
    ) -> tuple[Array, dict[int, str]]:
        changed = values.copy()
        changed[:, columns], lost = judged.judged(values, parameters, time, tolerance, asked)
        return changed, lost

    return change
