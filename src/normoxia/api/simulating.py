"""Solve any model for any patients and doses, with the solution as a data frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia import mechanism, memory, simulation
from normoxia.api.limits import LEAST_TOLERANCE, worker_count
from normoxia.api.names import one_of
from normoxia.api.simulation_input import Table, dose_table, patient_table
from normoxia.api.sources import read_model
from normoxia.errors import InvalidArgument, OutputExists
from normoxia.mechanism.inputs import none
from normoxia.mechanism.model import Model
from normoxia.notebook import escaped, frame_html
from normoxia.progress import Progress, Step, silent
from normoxia.simulation import tables

if TYPE_CHECKING:
    import polars

    from normoxia.documents import Finding
    from normoxia.simulation.simulator import Simulator
    from normoxia.simulation.tables import DoseTable

#: patients whose doses differ, solved together
_TOGETHER = 256
#: bytes of a number, and numbers kept for each output: as solved, as joined, and as written
_BYTES, _COPIES = 8.0, 3
#: columns of patient and time, as solved and as written
_KEYS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SimulationResult:
    """Outputs of a model over time; `normoxia.simulate` gives it.

    Attributes
    ----------
    model
        Name of the model.
    patients
        Their names.
    times
        Ascending, in the model's time unit; shape (n_times,).
    outputs
        Names of the outputs.
    values
        Shape (n_patients, n_times, n_outputs); nan from the moment a patient failed.
    failed
        Why, by name of a patient whom the solver could not carry to the end.
    notes
        What was assumed about the tables.
    """

    model: str
    patients: tuple[str, ...]
    times: NDArray[np.float64]
    outputs: tuple[str, ...]
    values: NDArray[np.float64]
    failed: Mapping[str, str]
    notes: tuple[Finding, ...] = ()

    def frame(self) -> polars.DataFrame:
        """One row for each patient and time.

        Returns
        -------
        polars.DataFrame
            Columns `patient`, `time` (in the model's time unit) and one for each output; null after a failure.
        """
        import polars as pl

        columns = {
            "patient": np.repeat(np.asarray(self.patients, dtype=np.str_), len(self.times)),
            "time": np.tile(self.times, len(self.patients)),
        }
        columns |= {name: self.values[:, :, k].reshape(-1) for k, name in enumerate(self.outputs)}
        return pl.DataFrame(columns).with_columns(
            pl.col(name).fill_nan(None) for name in self.outputs
        )

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the frame into a file; return its path.

        Parameters
        ----------
        path
            Ends in .csv or .parquet.
        overwrite
            Whether to replace the file.

        Raises
        ------
        InvalidArgument
            Another ending.
        OutputExists
            The file exists, and `overwrite` is False.
        """
        target = Path(path)
        refuse_output(target, overwrite=overwrite)
        tables.write_rows(target, self.patients, self.times, self.outputs, self.values)
        return target

    def __repr__(self) -> str:
        return (
            f"<SimulationResult of {self.model}: {len(self.patients)} patients ({len(self.failed)} failed), "
            f"{len(self.times)} times, {len(self.outputs)} outputs>"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escaped(repr(self))}</p>{frame_html(self.frame())}"


def simulate(
    model: Model | str | Path,
    times: str | ArrayLike,
    *,
    patients: str | Path | Table | None = None,
    doses: str | Path | Table | None = None,
    outputs: str | Sequence[str] = (),
    tolerance: float = 1e-4,
    backend: str = "auto",
    decimal: str | None = None,
    ablate: str | Iterable[str] = (),
    workers: int = 0,
    progress: Progress = silent,
) -> SimulationResult:
    """Solve a model for patients and doses.

    Parameters
    ----------
    model
        A model, or what `read_model` takes.
    times
        When outputs are wanted, in the model's time unit: numbers, or a text such as "0,42,84" or "0:728:7".
    patients
        Parameters that differ between patients: the path of a table with a column `patient` and one for each parameter, a
        data frame, or a mapping of parameters to numbers. One typical patient when omitted.
    doses
        The path of a table with columns `time`, `target` (a species), `amount` and optionally `duration` and `patient`, a
        data frame, or a mapping of these columns.
    outputs
        Species, assignments or observables; every observable when omitted, or every species of a model without.
    tolerance
        Relative tolerance of the solver.
    backend
        "auto", "fast" or "reference".
    decimal
        "point" or "comma", where the numbers of a table have two readings.
    ablate
        Causal statements to remove, such as "C26".
    workers
        Threads; 0 uses every core.
    progress
        Called after each piece of work with a `normoxia.progress.Step`; it may raise to cancel.

    Returns
    -------
    SimulationResult
        Patients who failed have nan from then on, and a reason.

    Raises
    ------
    InvalidDocument
        The model or a table has faults; all are listed.
    InvalidArgument
        Times, a tolerance or a backend that cannot be meant, or a solution that does not fit into memory.
    UnknownName
        There is no output, parameter or species of a name.
    """
    if not LEAST_TOLERANCE <= tolerance < 1:
        raise InvalidArgument(
            f"tolerance {tolerance:g} (--tolerance): expected {LEAST_TOLERANCE:g} to below 1, such as 1e-4"
        )
    grid = tables.read_times(times) if isinstance(times, str) else _ascending(times)
    system = model if isinstance(model, Model) else read_model(model)
    tags = [ablate] if isinstance(ablate, str) else list(ablate)
    if tags:
        known = tuple(statement.tag for statement in system.statements)
        system = mechanism.ablate(system, [one_of("statement", tag, known) for tag in tags])
    notes: list[Finding] = []
    names, parameters = patient_table(patients, system, decimal, notes)
    dosing = dose_table(doses, names, system, decimal, notes)
    wanted = _outputs(outputs, system)
    memory.refuse_beyond(
        _BYTES * len(names) * len(grid) * (_COPIES * len(wanted) + _KEYS),
        f"{len(names):,} patients with {len(grid):,} times of {len(wanted)} outputs",
        "ask for fewer times, outputs or patients",
    )
    simulator = simulation.compile(system, backend=backend, outputs=wanted)
    values, failed = _solve(
        simulator, names, parameters, dosing, grid, tolerance, worker_count(workers), progress
    )
    return SimulationResult(
        model=system.name,
        patients=tuple(names),
        times=grid,
        outputs=simulator.outputs,
        values=values,
        failed=failed,
        notes=tuple(notes),
    )


def refuse_output(path: Path, *, overwrite: bool) -> None:
    """Refuse a file that cannot be written as .csv or .parquet, or that is there already."""
    if path.suffix not in (".csv", ".parquet"):
        raise InvalidArgument(
            f'"{path}" ends in neither .csv nor .parquet; the ending chooses the format'
        )
    if path.exists() and not overwrite:
        raise OutputExists(
            f"{path} exists; name another file, or replace it with overwrite=True (--force)"
        )


def _solve(
    simulator: Simulator,
    names: Sequence[str],
    parameters: Mapping[str, NDArray[np.float64]],
    dosing: DoseTable | None,
    times: NDArray[np.float64],
    tolerance: float,
    workers: int,
    progress: Progress,
) -> tuple[NDArray[np.float64], dict[str, str]]:
    """Values of every patient, shape (n_patients, n_times, n_outputs), and why some failed.

    Patients whose doses differ are solved a few at a time, so that no table of everybody's doses is made.
    """
    size = _TOGETHER if dosing and dosing.patient is not None else max(len(names), 1)
    values = []
    failed: dict[str, str] = {}
    for first in range(0, len(names), size):
        count = min(size, len(names) - first)
        part = {name: column[first : first + count] for name, column in parameters.items()}

        def report(step: Step, /, done: int = first) -> None:
            progress(Step(step.label, done + step.done, len(names)))

        result = simulator.run(
            simulator.start(part, count),
            dosing.inputs(first, count) if dosing else none(),
            times,
            tolerance=tolerance,
            workers=workers,
            progress=report,
        )
        values.append(result.values)
        failed |= {names[first + row]: reason for row, reason in result.reason.items()}
    return np.concatenate(values), failed


def _outputs(outputs: str | Sequence[str], model: Model) -> tuple[str, ...]:
    names = outputs.split(",") if isinstance(outputs, str) else outputs
    wanted = tuple(name.strip() for name in names if name.strip())
    return (
        wanted or tuple(o.name for o in model.observables) or tuple(s.name for s in model.species)
    )


def _ascending(times: ArrayLike) -> NDArray[np.float64]:
    grid = np.unique(np.asarray(times, dtype=np.float64))
    if not grid.size or not np.isfinite(grid).all():
        raise InvalidArgument(
            "times: expected one or more finite numbers, in the model's time unit"
        )
    return grid
