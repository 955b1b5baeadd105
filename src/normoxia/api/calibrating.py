"""Fit the ensemble of parameter draws to the registry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normoxia import memory
from normoxia.api.limits import worker_count
from normoxia.calibration import calibrate as calibration
from normoxia.calibration.fitting import ensemble as ensembles
from normoxia.calibration.fitting.posterior import layout, names
from normoxia.errors import Interrupted, InvalidArgument
from normoxia.notebook import escaped, frame_html
from normoxia.progress import Progress, silent

if TYPE_CHECKING:
    import polars

    from normoxia.calibration.fitting.ensemble import Ensemble

#: the plan behind the shipped ensemble
SEED, POINTS, PATIENTS = 20261130, (640, 512), 40
#: bytes that a patient at a point takes at most, while a round's chunks are read together
_BYTES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CalibrationResult:
    """A fitted ensemble; `normoxia.calibrate` gives it.

    Attributes
    ----------
    folder
        Where the calibration is kept.
    ensemble
        Draws of the posterior, which give each replicate of a trial its parameters.
    """

    folder: Path
    ensemble: Ensemble

    @property
    def file(self) -> Path:
        """The ensemble document."""
        return self.folder / calibration.ENSEMBLE

    def draws(self) -> polars.DataFrame:
        """One row for each draw, one column for each standardised parameter and spread."""
        import polars as pl

        space = self.ensemble.space
        columns = names(space, layout(space))
        return pl.DataFrame(dict(zip(columns, self.ensemble.states.T, strict=True)))

    def to_json(self) -> dict[str, Any]:
        """Digest and manifest as a plain dictionary: what `normoxia calibrate --json` prints."""
        return {
            "schema": "normoxia.calibrate/1",
            "folder": str(self.folder),
            "digest": self.ensemble.digest,
            **self.ensemble.manifest,
        }

    def __str__(self) -> str:
        sampling = self.ensemble.manifest["sampling"]
        return (
            f"{self.file}: {self.ensemble.n_draws} of {sampling['draws']} draws, "
            f"effective sample size {sampling['effective_sample_size']}, largest R-hat {sampling['largest_r_hat']}"
        )

    def __repr__(self) -> str:
        return f"<CalibrationResult {self}>"

    def _repr_html_(self) -> str:
        return f"<p>{escaped(self)}</p>{frame_html(self.draws().describe())}"


def calibrate(
    folder: str | Path,
    *,
    seed: int = SEED,
    points: Iterable[int] = POINTS,
    patients: int = PATIENTS,
    studies: Iterable[str] = (),
    small: bool = False,
    workers: int = 0,
    resume: bool = False,
    progress: Progress = silent,
) -> CalibrationResult:
    """Fit the ensemble to the published studies; hours on two cores, kept chunk by chunk in the folder.

    Parameters
    ----------
    folder
        Of the calibration.
    seed
        The same seed gives the same ensemble, for any number of workers.
    points
        How many parameter sets are simulated in each round: the first from the prior, the others from the posterior so far.
    patients
        In every arm at every point.
    studies
        Of the registry; every one that can be run when omitted.
    small
        Four studies and few points instead, in a minute or two: shows that everything works, and is good for nothing else.
    workers
        Processes; 0 uses every core.
    resume
        Continue the interrupted calibration in the folder.
    progress
        Called after each piece of work with a `normoxia.progress.Step`; it may raise to cancel.

    Returns
    -------
    CalibrationResult
        The ensemble, which is also in the folder.

    Raises
    ------
    InvalidArgument
        A plan that cannot be meant or does not fit into memory, or a folder that holds another one.
    OutputExists
        Another process writes the folder.
    Interrupted
        The calibration was stopped; finished chunks are kept.
    """
    path, rounds = Path(folder), tuple(points)
    if not rounds or patients < 1 or min(rounds) < 1:
        listed = ",".join(map(str, rounds))
        raise InvalidArgument(f"points {listed}, patients {patients}: expected 1 or more of each")
    memory.refuse_beyond(
        float(_BYTES) * max(rounds) * patients,
        f"{max(rounds):,} points of {patients:,} patients",
        "ask for fewer points or patients",
    )
    plan = (
        calibration.SMALL
        if small
        else calibration.Plan(seed=seed, points=rounds, patients=patients, studies=tuple(studies))
    )
    try:
        ensemble = calibration.calibrate(
            plan, path, workers=worker_count(workers), resume=resume, progress=progress
        )
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted; finished chunks are in {path}; go on with the same arguments and resume=True (--resume)"
        ) from None
    return CalibrationResult(folder=path, ensemble=ensemble)


def open_calibration(folder: str | Path) -> CalibrationResult:
    """Read a finished calibration back from its folder.

    Parameters
    ----------
    folder
        As `calibrate` wrote it.

    Returns
    -------
    CalibrationResult
        The ensemble.

    Raises
    ------
    InvalidDocument
        The folder holds no ensemble, or one of other hyperparameters.
    """
    path = Path(folder)
    return CalibrationResult(folder=path, ensemble=ensembles.read(path / calibration.ENSEMBLE))
