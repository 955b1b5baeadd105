"""A model made ready to simulate: start gives a state, run carries it on and keeps the outputs asked for.

How the patients are worked through is in running.py; by what, in backends.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import InvalidArgument, InvalidModel, UnknownName
from normoxia.mechanism.expression import Expression, Symbol, symbols
from normoxia.mechanism.inputs import Inputs, none
from normoxia.mechanism.model import Model
from normoxia.progress import Progress, Step, silent
from normoxia.simulation.backends import NO_VALUE, REASONS, WELL, Backend, Solver
from normoxia.simulation.breaks import Breaks
from normoxia.simulation.dosing import check_inputs, joined, still_flowing
from normoxia.simulation.initial import initial_values, parameter_table
from normoxia.simulation.judged import Judged
from normoxia.simulation.modes import held
from normoxia.simulation.running import Run
from normoxia.simulation.state import Array, State
from normoxia.simulation.system import System, lowered, settling_system, system_of
from normoxia.simulation.trajectories import Trajectories

log = logging.getLogger(__name__)


def compile(
    model: Model, backend: str | Backend = "auto", outputs: Sequence[str] | None = None
) -> Simulator:
    """A simulator of a model.

    backend  "fast", "reference", "auto" (fast where the model allows it, and the log says which), or a Backend
    outputs  names of species, assignments, slots or observables that runs keep; default: the observables, or the
             species of a model that has none
    raises   InvalidArgument when the backend cannot take the model; UnknownName for an output that does not exist
    """
    system = system_of(model)
    if outputs is None:
        outputs = [observable.name for observable in model.observables] or [
            s.name for s in model.species
        ]
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
        log.warning('model "%s" runs on the reference backend: %s', system.name, obstacle)
        return ReferenceBackend()
    from normoxia.simulation.backends.fast import FastBackend

    return FastBackend()


class Simulator:
    """A model with a backend and outputs chosen. Made by `compile`; holds no state between calls."""

    def __init__(
        self, model: Model, system: System, backend: Backend, outputs: tuple[str, ...]
    ) -> None:
        self.model, self.system, self.backend, self.outputs = model, system, backend, outputs
        typical = self._typical()
        self._breaks = Breaks(held(system))
        self._solver: Solver = backend.prepare(system, typical)
        self._settling: System | None = None
        self._settler: Solver | None = None
        if model.equilibration is not None:
            self._settling = settling_system(model)
            self._refuse_circular(self._settling)
            self._settling_breaks = Breaks(held(self._settling))
            self._settler = backend.prepare(self._settling, typical)
        self._outputs_of = self._judged(
            tuple(Symbol(name) for name in outputs),
            tuple(f'the output "{name}"' for name in outputs),
        )

    @property
    def species(self) -> tuple[str, ...]:
        """Names of the species, in the order of states."""
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
        names = self.system.parameters
        table = parameter_table(names, self._typical(), parameters or {}, n_patients)
        n = table.shape[0]
        settle = self.model.equilibration
        values, lost = initial_values(self.model, self._settling or self.system, names, table, time)
        status, reason = np.zeros(n, np.int64), dict[int, str]()
        _fail(status, reason, NO_VALUE, lost)
        if settle is not None and self._settler is not None and self._settling is not None:
            columns = [
                names.index(name) if name in names else -1 for name in self._settling.parameters
            ]
            begun = State(
                time,
                self._settling.species,
                values,
                self._settling.parameters,
                table[:, columns],
                status=status,
                reason=reason,
            )
            settled = Run(
                self._settling,
                self._settler,
                begun,
                none(),
                np.array([time + settle.duration]),
                tolerance,
                breaks=self._settling_breaks,
            ).all(workers, progress, "settling")
            values, status, reason = settled.values, settled.status, settled.reason
            for derived in settle.derived:
                label = f'the derived parameter "{derived.name}"'
                new, lost = self._judged((derived.expression,), (label,)).judged(
                    values, table, time, tolerance, status == WELL
                )
                _fail(status, reason, NO_VALUE, lost, "after settling")
                table[:, names.index(derived.name)] = new[:, 0]
            labels = tuple(f'"{name}" after settling' for name in settle.initial)
            changed, lost = self._judged(tuple(settle.initial.values()), labels).judged(
                values, table, time, tolerance, status == WELL
            )
            _fail(status, reason, NO_VALUE, lost)
            for k, name in enumerate(settle.initial):
                values[:, self.system.species.index(name)] = changed[:, k]
        values[status != WELL] = np.nan
        values, rootless = self._solver.consistent(values, table, time)
        for row, (code, why) in rootless.items():
            status[row], reason[row] = code, why
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
        if (
            when.ndim != 1
            or len(when) == 0
            or not np.all(np.isfinite(when))
            or np.any(np.diff(when) <= 0)
        ):
            raise InvalidArgument(
                "times are not ascending numbers; give each time once, earliest first"
            )
        if when[0] < state.time:
            raise InvalidArgument(
                f"time {when[0]:g} lies before the state's time {state.time:g}; ask for times from there on"
            )
        if state.species != self.system.species or state.parameters != self.system.parameters:
            raise InvalidArgument(
                "the state belongs to another model; make one with this simulator's start"
            )
        if not 1e-13 <= tolerance <= 0.1:
            raise InvalidArgument(f"tolerance {tolerance:g} is not between 1e-13 and 0.1")
        doses = joined(state, check_inputs(inputs or none(), state, self.system.species))
        work = Run(
            self.system,
            self._solver,
            state,
            doses,
            when,
            tolerance,
            self._outputs_of,
            len(self.outputs),
            self._breaks,
        )
        done = work.all(workers, progress, "simulating")
        end = float(when[-1])
        after = State(
            end,
            state.species,
            done.values,
            state.parameters,
            state.parameter_values,
            still_flowing(doses, end),
            done.steps,
            done.status,
            done.reason,
        )
        return Trajectories(
            when, self.outputs, done.kept, done.status, done.reason, after, done.work
        )

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
                own = Inputs(
                    doses.time, doses.target, doses.amount[first : first + count], doses.duration
                )
            state = self.start(
                parameters(first, count), count, tolerance=tolerance, workers=workers
            )
            yield self.run(state, own, times, tolerance=tolerance, workers=workers)
            progress(Step("simulating", first + count, n_patients))

    def evaluate(self, state: State, names: Sequence[str]) -> Array:
        """Species, parameters, assignments or observables at a state, shape (n_patients, n_names).

        NaN in the row of a patient for whom one of them has no value.
        """
        known = {
            *self.system.species,
            *self.system.parameters,
            *(name for name, _ in self.system.assignments),
        }
        for name in names:
            if name not in known:
                raise UnknownName("name", name, known)
        wanted = self._judged(tuple(Symbol(name) for name in names), tuple(names))
        table, lost = wanted.judged(state.values, state.parameter_values, state.time)
        table[list(lost)] = np.nan
        return table

    def _refuse_circular(self, settling: System) -> None:
        """Settling may not read what is derived from the settled state."""
        derived = (
            {a.name for a in self.model.equilibration.derived}
            if self.model.equilibration
            else set()
        )
        used = [*settling.rates, *(expression for _, expression in settling.needed(settling.rates))]
        for name in sorted(derived & {name for expression in used for name in symbols(expression)}):
            raise InvalidModel(
                f'parameter "{name}" is derived from the settled state, but the settling itself reads it; '
                "hold the species that need it, or replace what reads it under `during`"
            )

    def _typical(self) -> dict[str, float]:
        derived = self.model.equilibration.derived if self.model.equilibration else ()
        return {**{name.name: float("nan") for name in derived}, **self.model.defaults}

    def _judged(self, expressions: tuple[Expression, ...], labels: tuple[str, ...]) -> Judged:
        inlined = tuple(lowered(self.model, expression) for expression in expressions)
        return Judged(self.system, tuple(zip(labels, inlined, strict=True)))


def _fail(
    status: NDArray[np.int64],
    reason: dict[int, str],
    code: int,
    lost: Mapping[int, str],
    when: str = "",
) -> None:
    """Patients who were well until now get a status and a reason."""
    for row, what in lost.items():
        if status[row] == WELL:
            status[row], reason[row] = (
                code,
                f"{REASONS[code]}: {what}" + (f" ({when})" if when else ""),
            )
