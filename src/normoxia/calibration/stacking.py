"""Structures weighed against each other by how well they predict contrasts that they have not seen.

Stacking of predictive distributions (Yao 2018, Bayesian Anal 13:917): of two variants, the weight that maximises the summed
log of their mixed predictive densities over left-out contrasts. A weight near one half with little gained says that the
evidence cannot distinguish the variants.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.fitting.leave_out import LeftOutStudies
from normoxia.calibration.fitting.posterior import Posterior
from normoxia.calibration.fitting.prediction import StudyPrediction
from normoxia.calibration.scoring.lock import Lock, Target

Floats = NDArray[np.float64]

#: share of the draws' weight that a variant needs in a study to be asked about it
LEAST = 0.02
_GRID = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True)
class StackedStructures:
    """A structure's weight of on, what on gains over off, and the contrast that says most.

    gain      summed log predictive density of on less that of off
    n         contrasts both variants could be asked about
    moved_by  the contrast with the largest difference, and that difference
    """

    weight: float
    gain: float
    n: int
    moved_by: tuple[str, float]


def stack(
    lock: Lock,
    posterior: Posterior,
    left_out: Mapping[str, LeftOutStudies],
    predicted: Mapping[Target, StudyPrediction],
) -> dict[str, StackedStructures]:
    """Every structure's weight, from predictions of all randomised patients (strata are not counted)."""
    first = posterior.layout.n_continuous
    found = {}
    for i, structure in enumerate(posterior.space.structures):
        rows: list[tuple[str, float, float]] = []
        for o in lock.contrasts:
            if o.target not in predicted:
                continue
            on = left_out[o.target.study].states[:, first + i] > 0
            with_it, without_it = (
                _density(predicted[o.target], side, o.y, o.se) for side in (on, ~on)
            )
            if np.isfinite(with_it) and np.isfinite(without_it):
                rows.append((str(o.target), with_it, without_it))
        found[structure.name] = _stacked(rows)
    return found


def _density(p: StudyPrediction, side: NDArray[np.bool_], y: float, se: float) -> float:
    """Predictive density of a published log hazard ratio under some of the draws; nan where they weigh too little."""
    weights = p.weights * side
    if weights.sum() < LEAST:
        return float("nan")
    kernel = np.exp(-0.5 * ((y - p.without) / se) ** 2) / (se * np.sqrt(2.0 * np.pi))
    return float(max((weights * kernel).sum() / weights.sum(), 1e-300))


def _stacked(rows: list[tuple[str, float, float]]) -> StackedStructures:
    if not rows:
        return StackedStructures(float("nan"), float("nan"), 0, ("", float("nan")))
    on, off = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    score = np.log(_GRID[:, None] * on + (1.0 - _GRID[:, None]) * off).sum(axis=1)
    difference = np.log(on / off)
    most = int(np.argmax(np.abs(difference)))
    return StackedStructures(
        float(_GRID[int(np.argmax(score))]),
        float(difference.sum()),
        len(rows),
        (rows[most][0], float(difference[most])),
    )
