"""A run before its first patient: the arguments validated, the model composed, the configuration complete."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from normoxia.api.limits import LARGEST_SEED, LEAST_TOLERANCE, MOST_WORKERS
from normoxia.calibration.fitting import ensemble
from normoxia.calibration.fitting.ensemble import Ensemble
from normoxia.errors import InvalidArgument
from normoxia.mechanism.model import Model
from normoxia.trial import ablation, runner
from normoxia.trial.folder import CONFIG_SCHEMA, versions
from normoxia.trial.preflight import preflight, refuse_too_large
from normoxia.trial.protocol import Trial

#: replicates of a calibrated run, and how few still make a prediction interval
REPLICATES, FEWEST = 20, 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """Everything a run needs.

    Attributes
    ----------
    written
        The protocol as it was given.
    trial, model
        What is simulated: the protocol and its composed model, without the ablated statements.
    patients
        In every arm; None for the numbers of the protocol.
    calibrated
        The ensemble of parameter draws; None for the documents' own numbers.
    config
        The configuration that goes into the folder of the run.
    began
        Wall-clock and processor time, s, when planning began.
    """

    written: Trial
    trial: Trial
    model: Model
    seed: int
    patients: int | None
    replicates: int
    calibrated: Ensemble | None
    ablated: tuple[str, ...]
    tolerance: float
    config: Mapping[str, object]
    began: tuple[float, float]


def plan(
    trial: Trial,
    *,
    seed: int = 1,
    patients: int | None = None,
    replicates: int | None = None,
    calibrated: bool = True,
    ablate: Iterable[str] = (),
    tolerance: float = 1e-3,
) -> Plan:
    """Validate what is asked of a run and compose its model; see `normoxia.run` for the parameters.

    Raises
    ------
    InvalidArgument
        A value that cannot be meant, or a run that does not fit into memory.
    UnknownName
        A statement to ablate that the model does not have.
    InvalidDocument
        The protocol has faults; all are listed.
    """
    began = time.monotonic(), time.process_time()
    check_numbers(seed=seed, patients=patients, tolerance=tolerance)
    parameters = ensemble.read() if calibrated else None
    count = replicate_count(replicates, calibrated)
    refuse_too_large(trial if patients is None else trial.with_patients(patients), count)
    tags = (ablate,) if isinstance(ablate, str) else tuple(ablate)
    simulated, model = ablation.ablate(trial, tags) if tags else (trial, runner.compose(trial))
    preflight(simulated, model=model if tags else None, seed=seed)
    config = {
        "schema": CONFIG_SCHEMA,
        "trial": simulated.id,
        "patients_per_arm": patients or {arm.id: arm.n for arm in simulated.arms},
        "replicates": count,
        "seed": seed,
        "ensemble": parameters.digest if parameters else "none",
        "ablated": sorted(tags),
        "relative_tolerance": tolerance,
        "inputs": runner.inputs(simulated, model),
        "versions": versions(),
        "protocol": simulated.text,
    }
    return Plan(
        written=trial,
        trial=simulated,
        model=model,
        seed=seed,
        patients=patients,
        replicates=count,
        calibrated=parameters,
        ablated=tags,
        tolerance=tolerance,
        config=config,
        began=began,
    )


def check_numbers(*, seed: int, patients: int | None, tolerance: float, workers: int = 0) -> None:
    """Raise InvalidArgument for numbers that no run can have."""
    if not 0 <= seed <= LARGEST_SEED:
        raise InvalidArgument(f"seed {seed}: expected 0 to {LARGEST_SEED}")
    if patients is not None and patients < 1:
        raise InvalidArgument(
            f"patients {patients}: a trial needs at least one patient in every arm"
        )
    if not LEAST_TOLERANCE <= tolerance < 1:
        raise InvalidArgument(
            f"tolerance {tolerance:g} (--tolerance): expected {LEAST_TOLERANCE:g} to below 1, such as 1e-4"
        )
    if not 0 <= workers <= MOST_WORKERS:
        raise InvalidArgument(f"workers {workers}: expected 0 (all cores) to {MOST_WORKERS}")


def replicate_count(replicates: int | None, calibrated: bool) -> int:
    """How many trials a run simulates. Raises InvalidArgument for too few.

    Under the ensemble each replicate has its own draw of the parameters, and intervals need at least `FEWEST`.
    """
    if replicates is None:
        return REPLICATES if calibrated else 1
    if replicates < 1:
        raise InvalidArgument(f"replicates {replicates}: expected 1 or more")
    if calibrated and replicates < FEWEST:
        raise InvalidArgument(
            f"replicates {replicates}: prediction intervals need {FEWEST} or more, each with its own draw of the "
            "parameters; or run with the documents' own numbers: calibrated=False (--uncalibrated)"
        )
    return replicates
