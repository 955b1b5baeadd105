"""The mechanism and the component network meta-analysis joined: the mean of what both predict of a hazard ratio.

Equal weights need no score to be chosen by, and do as well as chosen ones where few predictions are there to choose on (Clemen 1989, Int J
Forecast 5:559). The two move together (the same quantile of each), so that joining does not make a prediction narrower than
its parts agree.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from normoxia import seeding
from normoxia.calibration.lock import Lock, Observed, Target
from normoxia.calibration.prediction import Predicted
from normoxia.calibration.scoring import Ensemble, Normal, Predictive

Floats = NDArray[np.float64]

#: share of the mechanism
WEIGHT = 0.5


def join(
    lock: Lock, mechanism: Mapping[Target, Predicted], components: Mapping[Target, Predictive], seed: int
) -> dict[Target, Predictive]:
    """Joined predictions of every contrast and stratum that both predict.

    mechanism   predictions of the mechanism without the study
    components  those of the component network meta-analysis, normal, with the contrast's own sampling variance
    """
    return {
        o.target: _joined(o, mechanism[o.target], components[o.target], seed)
        for o in lock.observed
        if o.target.is_ratio and o.target in mechanism and o.target in components
    }


def _joined(o: Observed, own: Predicted, other: Predictive, seed: int) -> Ensemble:
    from scipy.special import ndtri

    assert isinstance(other, Normal)
    variance = max(other.variance - o.se**2, 0.0)
    order = np.argsort(own.without)
    values, shares = own.without[order], own.weights[order]
    rank = np.clip(np.cumsum(shares) - 0.5 * shares, 1e-6, 1.0 - 1e-6)
    latent = WEIGHT * values + (1.0 - WEIGHT) * (other.mean + np.sqrt(variance) * ndtri(rank))
    chance = seeding.normals(seed, f"calibration/hybrid/{o.target}", len(latent), 1)[:, 0]
    return Ensemble(latent + o.se * chance, shares, standard_errors=np.full(len(latent), o.se))
