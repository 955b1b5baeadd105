"""A small trial on a small model, run by the reference or fast engine."""

from __future__ import annotations

import functools
from pathlib import Path

from normoxia import mechanism, pharmacology, trial
from normoxia.mechanism.model import Model

HERE = Path(__file__).parent


@functools.cache
def protocol() -> trial.Trial:
    return trial.read(HERE / "toy_trial.yaml")


@functools.cache
def model() -> Model:
    drugs = pharmacology.modules(pharmacology.read(name) for name in protocol().drugs)
    return mechanism.compose([mechanism.read(HERE / "toy.yaml"), *drugs])


@functools.cache
def impower150_model() -> Model:
    """The toy biology with the drugs of IMpower150."""
    drugs = pharmacology.modules(pharmacology.read(name) for name in trial.read("impower150").drugs)
    return mechanism.compose([mechanism.read(HERE / "toy.yaml"), *drugs])


@functools.cache
def result(
    patients: int = 24, replicates: int = 1, workers: int = 1, seed: int = 5
) -> trial.TrialResult:
    return trial.run(
        protocol(),
        seed=seed,
        patients=patients,
        replicates=replicates,
        workers=workers,
        model=model(),
    )
