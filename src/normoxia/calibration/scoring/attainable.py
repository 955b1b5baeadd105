"""What could be reached at best by whoever knows of a trial only what is added to what, and in which line.

Trials of one class differ by more than chance. Somebody who knew the true mean of each class exactly, and the heterogeneity about it, would
still err by that heterogeneity and by chance; the noise floor counts chance alone. A threshold below what is reached here
asks a predictor to explain why trials of one class differ.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.scoring import baselines
from normoxia.calibration.scoring import scores as scoring
from normoxia.calibration.scoring.lock import Lock, Observed
from normoxia.calibration.scoring.registry_evidence import (
    ArmDescription,
    RegistryEvidence,
    evidence,
)
from normoxia.evidence.synthesis.model import heterogeneity
from normoxia.evidence.synthesis.model.heterogeneity import TauMethod
from normoxia.outcome import Endpoint

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttainableScores:
    """Measures of a predictor that knows each class exactly, and the heterogeneity within classes that limits it.

    pfs, os          mean absolute error of the log hazard ratio
    orr              share of arms whose response rate would count as right
    tau_pfs, tau_os  standard deviation between trials of one class, of the log hazard ratio; tau_orr of the logit of a rate
    """

    pfs: float
    os: float
    orr: float
    tau_pfs: float
    tau_os: float
    tau_orr: float


def attainable_scores(lock: Lock) -> AttainableScores:
    """What the lock's measures would be for a predictor that knows each class exactly.

    Heterogeneity is by REML about the means of classes (hazard ratios: what is added to what; response rates: components and
    line together), contrasts taken as independent; errors are the mean of |N(0, tau2 + se2)|. nan where nothing is scored.
    """
    known = evidence(lock)
    (pfs, tau_pfs), (survival, tau_os) = (_ratios(known, e) for e in (Endpoint.PFS, Endpoint.OS))
    orr, tau_orr = _responses(lock, known.arms)
    return AttainableScores(
        pfs=pfs, os=survival, orr=orr, tau_pfs=tau_pfs, tau_os=tau_os, tau_orr=tau_orr
    )


def _ratios(known: RegistryEvidence, endpoint: Endpoint) -> tuple[float, float]:
    rows = [o for o in known.contrasts if o.target.endpoint is endpoint]
    if not rows:
        return math.nan, math.nan
    y, se = np.array([o.y for o in rows]), np.array([o.se for o in rows])
    tau2 = _between(y, se**2, [known.kind(o.target) for o in rows])[0]
    return math.sqrt(2.0 / math.pi) * float(np.sqrt(se**2 + tau2).mean()), math.sqrt(tau2)


def _responses(lock: Lock, arms: Mapping[tuple[str, str], ArmDescription]) -> tuple[float, float]:
    rows = [o for o in lock.responses if o.n > 0]
    if not rows:
        return math.nan, math.nan
    known = [arms[o.target.study, o.target.arm] for o in rows]
    y, v = (np.array(values) for values in zip(*(baselines.logit(o) for o in rows), strict=True))
    tau2, means = _between(y, v, [f"{sorted(words.parts)} {words.line}" for words in known])
    return float(
        np.mean([_right(o, m, tau2) for o, m in zip(rows, means, strict=True)])
    ), math.sqrt(tau2)


def _between(y: Floats, v: Floats, kinds: list[str]) -> tuple[float, Floats]:
    """Heterogeneity about the means of kinds, and each row's mean."""
    names = sorted(set(kinds))
    x = np.array([[float(kind == name) for name in names] for kind in kinds])
    tau2 = heterogeneity.tau2(y, v, x, TauMethod.REML)
    return tau2, x @ heterogeneity.weighted_fit(y, v, x, tau2).coefficients


def _right(o: Observed, mean: float, tau2: float) -> float:
    """Chance that an arm's rate counts as right when its kind's mean logit is what was predicted."""
    predicted = baselines.responders(mean, tau2, o.n)
    middle = 100.0 / (1.0 + math.exp(-mean))
    low, high = scoring.response_interval(middle, o.n)
    near = np.abs(predicted.values - middle) <= scoring.RESPONSE_POINTS
    counts = np.rint(predicted.values * o.n / 100.0)
    return float(predicted.weights @ (near | ((counts >= low) & (counts <= high))))
