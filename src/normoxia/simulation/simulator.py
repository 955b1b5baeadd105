"""A model made ready to simulate: start gives a state, run carries it on and keeps the outputs asked for.

Patients are worked through in blocks of a fixed size by patient number. No patient's digits depend on the others in
the block, so results do not depend on workers, on how many patients there are, nor on how a caller splits them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import InvalidArgument, InvalidModel, UnknownName
from normoxia.mechanism.expression import Expression, Number, Symbol, symbols
from normoxia.mechanism.inputs import Inputs, none
from normoxia.mechanism.model import Model
from normoxia.progress import Progress, Step, silent
from normoxia.simulation.backends import REASONS, WELL, Backend, Block, Solver
from normoxia.simulation.dosing import check_inputs, joined, still_flowing
from normoxia.simulation.evaluation import BLOCK, over_patients
from normoxia.simulation.plan import Doses, Interval, given_doses, intervals
from normoxia.simulation.state import Array, State
from normoxia.simulation.system import System, in_order, lowered, settling_system, system_of
from normoxia.simulation.trajectories import Trajectories

log = logging.getLogger(__name__)


def compile(model: Model, backend: str | Backend = "auto", outputs: Sequence[str] | None = None) -> Simulator:
    """A simulator of a model.

    backend  "fast", "reference", "auto" (fast where the model allows it, and the log says which), or a Backend
    outputs  names of species, assignments, slots or observables that runs keep; default: the observables, or the
             species of a model that has none
    raises   InvalidArgument when the backend cannot take the model; UnknownName for an output that does not exist
    """
    system = system_of(model)
    if outputs is None:
        outputs = [observable.name for observable in model.observables] or [s.name for s in model.species]
    known = {*system.species, *(name for name, _ in system.assignments)}
    for name in outputs:
        if name not in known:
            raise UnknownName("output", name, known)
    return Simulator(model, system, _backend(backend, system), tuple(outputs))


def _backend(backend: str | Backend, system: System) -> Backend:
    if not isinstance(backend, str):
        return backend
    from normoxia.simulation.backends.reference import ReferenceBackend

    if backend == "reference":
        return ReferenceBackend()
    if backend not in ("fast", "auto"):
        raise UnknownName("backend", backend, ("fast", "reference", "auto"))
    obstacle = system.needs_reference
    if obstacle and backend == "fast":
        raise InvalidArgument(
            f'model "{system.name}": {obstacle}, which the fast backend does not take; '
            'use backend="reference", or "auto" to let the model decide'
        )
    if obstacle:
        log.info('model "%s" runs on the reference backend: %s', system.name, obstacle)
        return ReferenceBackend()
    if backend == "fast":
        raise InvalidArgument('the fast backend is not built yet; use "reference"')
    return ReferenceBackend()


class Simulator:
    """A model with a backend and outputs chosen. Made by `compile`; holds no state between calls."""

    def __init__(self, model: Model, system: System, backend: Backend, outputs: tuple[str, ...]) -> None:
        self.model, self.system, self.backend, self.outputs = model, system, backend, outputs
        typical = self._typical()
        self._solver: Solver = backend.prepare(system, typical)
        self._settling: System | None = None
        self._settler: Solver | None = None
        if model.equilibration is not None:
            self._settling = settling_system(model)
            self._refuse_circular(self._settling)
            self._settler = backend.prepare(self._settling, typical)
        self._outputs_of = self._evaluator(tuple(Symbol(name) for name in outputs))

    @property
    def species(self) -> tuple[str, ...]:
        return self.system.species

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of all parameters, derived ones last."""
        return self.system.parameters

    def start(
        self,
        parameters: Mapping[str, ArrayLike] | None = None,
        n_patients: int | None = None,
        *,
        time: float = 0.0,
        tolerance: float = 1e-4,
        workers: int = 1,
        progress: Progress = silent,
    ) -> State:
        """The ensemble before the experiment: initial values, settled and derived as the model's equilibration says.

        parameters  by name, a number or an array of shape (n_patients,); those not given take the model's value
        n_patients  default: the length of the arrays given, or 1
        raises      UnknownName, InvalidArgument; a patient whose equilibration failed is a row with a status
        """
        table = self._table(parameters or {}, n_patients)
        n = table.shape[0]
        names = self.system.parameters
        settle = self.model.equilibration
        initial = {species.name: species.initial for species in self.model.species}
        typical = self._typical()
        expressions: list[Expression] = [
            initial[name] if name in initial else Symbol(name) for name in self.system.species
        ]
        system = self._settling or self.system
        values = self._initial_values(system, expressions, table, typical, time)
        status, reason = np.zeros(n, np.int64), dict[int, str]()
        if settle is not None and self._settler is not None and self._settling is not None:
            columns = [names.index(name) if name in names else -1 for name in self._settling.parameters]
            begun = State(
                time, self._settling.species, values, self._settling.parameters, table[:, columns],
                status=np.zeros(n, np.int64),
            )  # fmt: skip
            settled = _Run(
                self._settling, self._settler, begun, none(), np.array([time + settle.duration]), tolerance
            ).all(workers, progress, "settling")
            values, status, reason = settled.values, settled.status, settled.reason
            for derived in settle.derived:
                new = self._evaluator((derived.expression,))(values, table, time)
                table[:, names.index(derived.name)] = new[:, 0]
            changed = self._evaluator(tuple(settle.initial.values()))(values, table, time)
            for k, name in enumerate(settle.initial):
                values[:, self.system.species.index(name)] = changed[:, k]
        values = self._solver.consistent(values, table, time)
        return State(time, self.system.species, values, names, table, status=status, reason=reason)

    def run(
        self,
        state: State,
        inputs: Inputs | None = None,
        times: ArrayLike = (),
        *,
        tolerance: float = 1e-4,
        workers: int = 1,
        progress: Progress = silent,
    ) -> Trajectories:
        """Carry the ensemble through doses to the last of the times, keeping outputs at each.

        inputs     doses at or after the state's time; a dose at the last time belongs to the run that follows
        times      ascending, none before the state's; a value at a dose is the one just before it
        tolerance  relative error aimed at, against the larger of a species and its scale
        workers    threads; results are the same for any number
        raises     InvalidArgument for doses or times that cannot be meant. A patient the solver cannot carry is a
                   row with a status, a reason, and NaN from then on
        """
        when = np.atleast_1d(np.asarray(times, float))
        if when.ndim != 1 or len(when) == 0 or not np.all(np.isfinite(when)) or np.any(np.diff(when) <= 0):
            raise InvalidArgument("times are not ascending numbers; give each time once, earliest first")
        if when[0] < state.time:
            raise InvalidArgument(
                f"time {when[0]:g} lies before the state's time {state.time:g}; ask for times from there on"
            )
        if state.species != self.system.species or state.parameters != self.system.parameters:
            raise InvalidArgument("the state belongs to another model; make one with this simulator's start")
        if not 1e-13 <= tolerance <= 0.1:
            raise InvalidArgument(f"tolerance {tolerance:g} is not between 1e-13 and 0.1")
        doses = joined(state, check_inputs(inputs or none(), state, self.system.species))
        work = _Run(
            self.system, self._solver, state, doses, when, tolerance, self._outputs_of, len(self.outputs)
        )
        done = work.all(workers, progress, "simulating")
        end = float(when[-1])
        after = State(
            end, state.species, done.values, state.parameters, state.parameter_values,
            still_flowing(doses, end), done.steps, done.status, done.reason,
        )  # fmt: skip
        return Trajectories(when, self.outputs, done.kept, done.status, done.reason, after, done.work)

    def stream(
        self,
        parameters: Callable[[int, int], Mapping[str, ArrayLike]],
        n_patients: int,
        inputs: Inputs | None = None,
        times: ArrayLike = (),
        *,
        chunk: int = 4096,
        tolerance: float = 1e-4,
        workers: int = 1,
        progress: Progress = silent,
    ) -> Iterator[Trajectories]:
        """Start and run a huge ensemble chunk by chunk, for callers who keep less than every trajectory.

        parameters  called with (first, count), gives the parameters of those patients
        inputs      with amounts for all patients alike, or of shape (n_patients, n_doses)
        returns     Trajectories of each chunk in turn; together they equal one run, to the byte
        """
        doses = inputs or none()
        for first in range(0, n_patients, chunk):
            count = min(chunk, n_patients - first)
            own = doses
            if doses.n_doses and np.ndim(doses.amount) == 2:
                own = Inputs(doses.time, doses.target, doses.amount[first : first + count], doses.duration)
            state = self.start(parameters(first, count), count, tolerance=tolerance, workers=workers)
            yield self.run(state, own, times, tolerance=tolerance, workers=workers)
            progress(Step("simulating", first + count, n_patients))

    def evaluate(self, state: State, names: Sequence[str]) -> Array:
        """Species, parameters, assignments or observables at a state, shape (n_patients, n_names)."""
        known = {
            *self.system.species,
            *self.system.parameters,
            *(name for name, _ in self.system.assignments),
        }
        for name in names:
            if name not in known:
                raise UnknownName("name", name, known)
        return self._evaluator(tuple(Symbol(name) for name in names))(
            state.values, state.parameter_values, state.time
        )

    def _refuse_circular(self, settling: System) -> None:
        """Settling may not read what is derived from the settled state."""
        derived = {a.name for a in self.model.equilibration.derived} if self.model.equilibration else set()
        used = [*settling.rates, *(expression for _, expression in settling.needed(settling.rates))]
        for name in sorted(derived & {name for expression in used for name in symbols(expression)}):
            raise InvalidModel(
                f'parameter "{name}" is derived from the settled state, but the settling itself reads it; '
                "hold the species that need it, or replace what reads it under `during`"
            )

    def _typical(self) -> dict[str, float]:
        derived = self.model.equilibration.derived if self.model.equilibration else ()
        return {**{name.name: float("nan") for name in derived}, **self.model.defaults}

    def _evaluator(
        self, expressions: tuple[Expression, ...]
    ) -> Callable[[Array, Array, Array | float], Array]:
        names = (self.system.species, self.system.parameters)
        inlined = tuple(lowered(self.model, expression) for expression in expressions)
        return over_patients(names, self.system.needed(inlined), inlined)

    def _initial_values(
        self,
        system: System,
        expressions: list[Expression],
        table: Array,
        typical: Mapping[str, float],
        time: float,
    ) -> Array:
        """Initial values, which may read parameters, assignments and one another."""
        named = {
            name: lowered(self.model, _or_guess(expression, name, typical))
            for name, expression in zip(self.system.species, expressions, strict=True)
        }
        reached = in_order({**dict(system.assignments), **named})
        results = tuple(Symbol(name) for name in self.system.species)
        wanted = set(self.system.species)
        kept = []
        for name, expression in reversed(reached):
            if name in wanted:
                kept.append((name, expression))
                wanted |= symbols(expression)
        evaluate = over_patients(((), self.system.parameters), tuple(reversed(kept)), results)
        return evaluate(np.zeros((table.shape[0], 0)), table, time)

    def _table(self, parameters: Mapping[str, ArrayLike], n_patients: int | None) -> Array:
        arrays = {name: np.asarray(value, float) for name, value in parameters.items()}
        for name, array in arrays.items():
            if name not in self.system.parameters:
                raise UnknownName("parameter", name, self.system.parameters)
            if array.ndim > 1:
                raise InvalidArgument(
                    f'parameter "{name}" has {array.ndim} axes; give a number or one per patient'
                )
            if not np.all(np.isfinite(array)):
                raise InvalidArgument(f'parameter "{name}" holds a value that is not a finite number')
        lengths = {len(array) for array in arrays.values() if array.ndim == 1}
        n = n_patients if n_patients is not None else (max(lengths) if lengths else 1)
        if n < 1:
            raise InvalidArgument(f"{n} patients were asked for; give at least one")
        for name, array in arrays.items():
            if array.ndim == 1 and len(array) != n:
                raise InvalidArgument(f'parameter "{name}" has {len(array)} values for {n} patients')
        typical = self._typical()
        table = np.empty((n, len(self.system.parameters)))
        for k, name in enumerate(self.system.parameters):
            table[:, k] = arrays[name] if name in arrays else typical[name]
        return table


@dataclass(frozen=True, slots=True, eq=False)
class _Done:
    values: Array
    kept: Array
    steps: dict[str, Array]
    status: NDArray[np.int64]
    reason: dict[int, str]
    work: NDArray[np.int64]


class _Run:
    """One run of a system: its segments between timed events, its plans, its blocks of patients."""

    def __init__(
        self,
        system: System,
        solver: Solver,
        state: State,
        doses: Inputs,
        times: Array,
        tolerance: float,
        outputs_of: Callable[[Array, Array, Array | float], Array] | None = None,
        n_outputs: int = 0,
    ) -> None:
        self.system, self.solver, self.state, self.times, self.tolerance = (
            system,
            solver,
            state,
            times,
            tolerance,
        )
        self.outputs_of, self.n_outputs = outputs_of, n_outputs
        self.doses = Doses(
            np.asarray(doses.time, float),
            tuple(system.species.index(name) for name in doses.target),
            np.atleast_2d(np.asarray(doses.amount, float)) if doses.n_doses else np.zeros((1, 0)),
            np.asarray(doses.duration, float),
        )
        self.segments = _segments(system, state.time, float(times[-1]))
        self.plans: dict[tuple[tuple[int, ...], int], tuple[Interval, ...]] = {}
        kinds = dict.fromkeys(["", *state.steps])
        given = given_doses(np.any(self.doses.amount != 0.0, axis=0))
        patterns = {given_doses(row) for row in np.unique(self.doses.amount != 0.0, axis=0)} | {given}
        for pattern in patterns:
            for k in range(len(self.segments)):
                kinds |= dict.fromkeys(interval.kind for interval in self.plan(pattern, k))
        self.kinds = tuple(sorted(kinds))

    def plan(self, given: tuple[int, ...], segment: int) -> tuple[Interval, ...]:
        key = (given, segment)
        if key not in self.plans:
            start, end, opening, _ = self.segments[segment]
            self.plans[key] = intervals(
                start, end, self.times, self.doses, given, self.system.species, opening
            )
        return self.plans[key]

    def all(self, workers: int, progress: Progress, label: str) -> _Done:
        n = self.state.n_patients
        n_species = len(self.system.species)
        done = _Done(
            np.empty((n, n_species)), np.empty((n, len(self.times), self.n_outputs)),
            {kind: np.empty(n) for kind in self.kinds}, np.zeros(n, np.int64), {}, np.zeros((n, 2), np.int64),
        )  # fmt: skip
        blocks = [slice(first, min(first + BLOCK, n)) for first in range(0, n, BLOCK)]
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

    def block(self, rows: slice, done: _Done) -> None:
        """Carry the patients of one block through all segments and write what is kept into `done`."""
        state, n = self.state, rows.stop - rows.start
        values, parameters = state.values[rows], state.parameter_values[rows]
        amounts = self.doses.amount if len(self.doses.amount) == 1 else self.doses.amount[rows]
        amounts = np.broadcast_to(amounts, (n, amounts.shape[1]))
        patterns = [given_doses(row) for row in amounts]
        steps = np.stack(
            [state.steps[kind][rows] if kind in state.steps else np.zeros(n) for kind in self.kinds], axis=1
        )
        status = state.status[rows].copy()
        reason = {i: state.reason[rows.start + i] for i in range(n) if rows.start + i in state.reason}
        saved = np.full((n, len(self.times), values.shape[1]), np.nan)
        if self.times[0] == state.time:
            saved[:, 0] = values
        for k, (start, end, _, event) in enumerate(self.segments):
            if event is not None:
                values = event(values, parameters, start)
            plans = [self.plan(pattern, k) for pattern in patterns]
            if not any(plans):
                continue
            carried = self.solver.carry(
                Block(
                    values,
                    parameters,
                    plans,
                    amounts,
                    self.kinds,
                    steps,
                    len(self.times),
                    self.tolerance,
                    status == WELL,
                )  # fmt: skip
            )
            values, steps = carried.values, carried.steps
            inside = (self.times > start) & (self.times <= end)
            saved[:, inside] = carried.saved[:, inside]
            for i in np.flatnonzero((carried.status != WELL) & (status == WELL)).tolist():
                reason[i] = carried.reason.get(i, REASONS.get(int(carried.status[i]), "the solver gave up"))
                status[i] = carried.status[i]
            done.work[rows] += carried.work
        if self.outputs_of is not None and self.n_outputs:
            n_times = len(self.times)
            flat = self.outputs_of(
                saved.reshape(n * n_times, -1), np.repeat(parameters, n_times, axis=0), np.tile(self.times, n)
            )
            kept = flat.reshape(n, n_times, self.n_outputs)
            done.kept[rows] = np.where(np.isnan(saved).all(axis=2)[:, :, None], np.nan, kept)
        done.values[rows] = np.where((status == WELL)[:, None], values, np.nan)
        for k, kind in enumerate(self.kinds):
            done.steps[kind][rows] = steps[:, k]
        done.status[rows] = status
        for i, why in reason.items():
            done.reason[rows.start + i] = why


Change = Callable[[Array, Array, float], Array]


def _segments(system: System, start: float, end: float) -> list[tuple[float, float, str, Change | None]]:
    """The run cut at timed events: (from, to, names of the events at its start, what they change)."""
    moments = sorted({time for event in system.timed for time in event.times if start <= time < end})
    cuts = sorted({start, *moments})
    found: list[tuple[float, float, str, Change | None]] = []
    for here, after in zip(cuts, [*cuts[1:], end], strict=True):
        due = [event for event in system.timed if here in event.times and here in moments]
        name = " ".join(f"event {event.name}" for event in due)
        found.append(
            (here, after, name, _change(system, [c for e in due for c in e.changes]) if due else None)
        )
    return found


def _change(system: System, changes: list[tuple[str, Expression]]) -> Change:
    results = [expression for _, expression in changes]
    evaluate = over_patients((system.species, system.parameters), system.needed(results), results)
    columns = [system.species.index(name) for name, _ in changes]

    def change(values: Array, parameters: Array, time: float) -> Array:
        changed = values.copy()
        changed[:, columns] = evaluate(values, parameters, time)
        return changed

    return change


def _or_guess(expression: Expression, name: str, typical: Mapping[str, float]) -> Expression:
    """The initial expression; for a name that only a rule determines, the parameter's value or 1 as a first guess."""
    return Number(typical.get(name, 1.0)) if expression == Symbol(name) else expression
