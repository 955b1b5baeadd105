"""OS of a trial from its own published PFS: the relation between the two over other trials.

    OS_i = a_g + b_g PFS_i + u_i + e_i,   u_i ~ N(0, tau^2),   e_i ~ N(0, s_i^2)

log hazard ratios of contrasts that print both; one line where the experimental arm alone gives a checkpoint inhibitor or a bispecific, another for all others.
REML; contrasts taken as independent, PFS as known without error, and the correlation of the two errors neglected, so that the slope is a little too flat.
A trial predicted by it has shown its PFS, which no other baseline and no model here has seen.

Daniels & Hughes 1997, Stat Med 16:1965 (trial-level surrogacy); Burzykowski, Molenberghs & Buyse 2005, The Evaluation of Surrogate Endpoints.
"""

from __future__ import annotations

import numpy as np

from normoxia.calibration.scoring.lock import Target
from normoxia.calibration.scoring.registry_evidence import LatentPrediction, RegistryEvidence
from normoxia.evidence.synthesis.model import heterogeneity
from normoxia.evidence.synthesis.model.heterogeneity import TauMethod
from normoxia.outcome import Endpoint

#: other trials that a line needs
ENOUGH = 4
_IMMUNE = frozenset({"ICI", "bispecific"})


def of(known: RegistryEvidence, target: Target) -> LatentPrediction | None:
    """The log hazard ratio of OS that a trial's own PFS suggests, without its OS.

    Parameters
    ----------
    known
        Published contrasts; those of the target's study are left out.
    target
        A contrast of OS.

    Returns
    -------
    LatentPrediction or None
        None for another endpoint, without a published PFS of the same arms, or with too few other trials.
    """
    if target.endpoint is not Endpoint.OS or target.population not in _whole(known, target):
        return None
    progression = {_key(o.target): o.y for o in known.known if o.target.endpoint is Endpoint.PFS}
    own = progression.get(_key(target))
    if own is None:
        return None
    group = _is_immune(known, target)
    rows = [
        o
        for o in known.known
        if o.target.endpoint is Endpoint.OS
        and o.target.study != target.study
        and _key(o.target) in progression
        and _is_immune(known, o.target) is group
    ]
    if len({o.target.study for o in rows}) < ENOUGH:
        return None
    y, variance = np.array([o.y for o in rows]), np.array([o.se**2 for o in rows])
    x = np.column_stack([np.ones(len(rows)), [progression[_key(o.target)] for o in rows]])
    tau2 = heterogeneity.tau2(y, variance, x, TauMethod.REML)
    fitted = heterogeneity.weighted_fit(y, variance, x, tau2)
    row = np.array([1.0, own])
    return LatentPrediction(
        float(row @ fitted.coefficients), float(row @ fitted.covariance @ row), tau2
    )


def _whole(known: RegistryEvidence, target: Target) -> set[str]:
    """Populations of the study's scored contrasts: a stratum has no PFS of its own here."""
    return {o.target.population for o in known.contrasts if o.target.study == target.study}


def _key(target: Target) -> tuple[str, str, str]:
    return target.study, target.arm, target.comparator


def _is_immune(known: RegistryEvidence, target: Target) -> bool:
    arm, comparator = (
        known.arms[target.study, name].parts for name in (target.arm, target.comparator)
    )
    return bool(arm & _IMMUNE) and not comparator & _IMMUNE
