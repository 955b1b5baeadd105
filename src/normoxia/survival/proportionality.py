"""Whether hazards stay proportional: the score test on scaled time, and whether two curves cross."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from normoxia.errors import InvalidArgument
from normoxia.survival.cox import CoxFit, Design, event_moments
from normoxia.survival.data import Floats
from normoxia.survival.inference import chi2_tail
from normoxia.survival.nonparametric import SurvivalCurve, kaplan_meier


@dataclass(frozen=True, slots=True)
class ProportionalHazardsTest:
    """The test for each covariate and for all together: names, chi-squared (one degree each), p; then the global ones."""

    names: tuple[str, ...]
    statistics: tuple[float, ...]
    p: tuple[float, ...]
    global_statistic: float
    global_p: float
    transform: str


def proportional_hazards_test(
    fit: CoxFit, transform: Literal["km", "identity", "rank", "log"] = "km"
) -> ProportionalHazardsTest:
    """Score test that each log hazard ratio is constant against one linear in transformed time.

    fit         a Cox fit with Efron or Breslow ties
    transform   time as 1 - Kaplan-Meier just before ("km", least moved by late outliers), itself, rank, or
                log
    source      Grambsch & Therneau 1994, Biometrika 81:515, in the exact form of R's survival 3 (cox.zph)

    A large p with few events proves nothing: look at the curves as well.
    """
    if fit.ties == "exact":
        raise InvalidArgument("the test takes fits with efron or breslow ties; this one has exact ties")
    design = Design.of(fit.data, fit.covariates - fit.covariates.mean(axis=0), fit.strata)
    weight, _, mean, covariance = event_moments(design, fit.coefficients, fit.ties)
    time = _transformed(fit, design.times[design.group], transform)
    time = time - time.mean()
    own = design.weight[design.event][:, None] * design.x[design.event]
    extra = time @ (own - weight[:, None] * mean)
    blocks = [np.einsum("e,eij->ij", weight * time**power, covariance) for power in (0, 1, 2)]
    left = blocks[2] - blocks[1] @ np.linalg.solve(blocks[0], blocks[1])
    inverse = np.linalg.inv(blocks[0])
    statistics = [
        float(extra[j] ** 2 / (blocks[2][j, j] - blocks[1][j] @ inverse @ blocks[1][j]))
        for j in range(len(extra))
    ]
    together = float(extra @ np.linalg.solve(left, extra))
    return ProportionalHazardsTest(
        fit.names, tuple(statistics), tuple(chi2_tail(s, 1) for s in statistics), together,
        chi2_tail(together, len(extra)), transform,
    )  # fmt: skip


#: what counts as curves that lie apart; choices of ours (assumed): a visible difference, beyond the usual bar of
#: chance at some time, and kept up for a twentieth of common follow-up, so that a first few patients decide nothing
_APART, _BEYOND_CHANCE, _LASTING = 0.02, 1.96, 0.05


def curves_cross(one: SurvivalCurve, other: SurvivalCurve) -> bool:
    """Whether each of two curves lies above the other for a while within common follow-up, beyond chance.

    Apart means by 0.02 of survival or more for a twentieth of the common follow-up, and by 1.96 standard errors
    at some time of it. Curves that cross have hazards that are not proportional; the reverse need not hold.
    """
    until = min(one.last, other.last)
    times = np.union1d(one.times, other.times)
    times = times[times <= until]
    if not len(times):
        return False
    gap = one.at(times, extend=True) - other.at(times, extend=True)
    error = np.hypot(one.standard_error_at(times, extend=True), other.standard_error_at(times, extend=True))
    spans = np.diff(times, append=until)
    return all(
        spans[side * gap > _APART].sum() >= _LASTING * until and (side * gap > _BEYOND_CHANCE * error).any()
        for side in (1.0, -1.0)
    )


def _transformed(fit: CoxFit, times: Floats, transform: str) -> Floats:
    if transform == "identity":
        return times
    if transform == "log":
        return np.log(times)
    if transform == "rank":
        return np.searchsorted(np.sort(times), times, side="left").astype(np.float64) + 1.0
    if transform != "km":
        raise InvalidArgument(f'transform "{transform}" is not known; expected km, identity, rank or log')
    curve = kaplan_meier(fit.data)
    before = np.concatenate([[1.0], curve.survival])[np.searchsorted(curve.times, times, side="left")]
    return 1.0 - np.asarray(before)
