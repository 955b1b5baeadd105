"""The mechanism and the component network meta-analysis joined: a weighted mean of what both predict of a hazard ratio.

The weight of the mechanism is chosen, for each study, by the CRPS of the other studies' contrasts, each predicted by both without
itself; so no score of a study enters its own prediction. The two move together (the same quantile of each), so that
joining does not make a prediction narrower than its parts agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia import seeding
from normoxia.calibration.lock import Lock, Observed, Target
from normoxia.calibration.prediction import Predicted
from normoxia.calibration.scoring import Ensemble, Normal, Predictive

Floats = NDArray[np.float64]

#: weights of the mechanism that are tried
WEIGHTS = tuple(np.round(np.arange(0.0, 1.01, 0.1), 1).tolist())


@dataclass(frozen=True, slots=True)
class Hybrid:
    """Joined predictions, and the weight of the mechanism that each study's were made with."""

    predictions: Mapping[Target, Predictive]
    weights: Mapping[str, float]


def join(
    lock: Lock, mechanism: Mapping[Target, Predicted], components: Mapping[Target, Predictive], seed: int
) -> Hybrid:
    """Joined predictions of every contrast and stratum that both predict.

    mechanism   predictions of the mechanism without the study
    components  those of the component network meta-analysis, normal, with the contrast's own sampling variance
    """
    shared = [
        o for o in lock.observed if o.target.is_ratio and o.target in mechanism and o.target in components
    ]
    trials = [o for o in shared if not o.stratum]
    pooled = {
        o.target: [_joined(o, mechanism[o.target], components[o.target], w, seed) for w in WEIGHTS]
        for o in shared
    }
    crps = {o.target: np.array([p.crps(o.y) for p in pooled[o.target]]) for o in trials}
    chosen: dict[str, float] = {}
    predictions: dict[Target, Predictive] = {}
    for o in shared:
        study = o.target.study
        if study not in chosen:
            others = [crps[other.target] for other in trials if other.target.study != study]
            chosen[study] = WEIGHTS[int(np.argmin(np.sum(others, axis=0)))] if others else 0.5
        predictions[o.target] = pooled[o.target][WEIGHTS.index(chosen[study])]
    return Hybrid(predictions, chosen)


def _joined(o: Observed, own: Predicted, other: Predictive, weight: float, seed: int) -> Ensemble:
    assert isinstance(other, Normal)
    variance = max(other.variance - o.se**2, 0.0)
    order = np.argsort(own.without)
    values, shares = own.without[order], own.weights[order]
    rank = np.clip(np.cumsum(shares) - 0.5 * shares, 1e-6, 1.0 - 1e-6)
    from scipy.special import ndtri

    latent = weight * values + (1.0 - weight) * (other.mean + np.sqrt(variance) * ndtri(rank))
    chance = seeding.normals(seed, f"calibration/hybrid/{o.target}", len(latent), 1)[:, 0]
    return Ensemble(latent + o.se * chance, shares, standard_errors=np.full(len(latent), o.se))
