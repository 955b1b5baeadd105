"""Whether hazards stay proportional: the score test on scaled time, and whether two curves cross."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from normoxia.errors import ComputationFailed, InvalidArgument
from normoxia.survival.cox import CoxFit
from normoxia.survival.data import Floats
from normoxia.survival.design import RiskDesign, event_moments
from normoxia.survival.inference import chi2_tail
from normoxia.survival.nonparametric import SurvivalCurve, kaplan_meier


@dataclass(frozen=True, slots=True, kw_only=True)
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

    fit         a Cox fit with Efron or Breslow ties, without Firth's penalty
    transform   time as 1 - Kaplan-Meier just before ("km", least moved by late outliers; every patient counts once
                whatever its weight), itself, rank among all times (the mean rank of those tied), or log
    raises      ComputationFailed when there are too few distinct event times for a trend
    source      Grambsch & Therneau 1994, Biometrika 81:515, in the exact form of R's survival 3 (cox.zph)

    A large p with few events proves nothing: look at the curves as well.
    """
    if fit.ties == "exact":
        raise InvalidArgument(
            "the test takes fits with efron or breslow ties; this one has exact ties"
        )
    if fit.firth:
        raise InvalidArgument(
            "the test is a score test at the maximum of the partial likelihood; this fit carries Firth's penalty: fit without"
        )
    design = RiskDesign.of(fit.data, fit.covariates - fit.covariates.mean(axis=0), fit.strata)
    weight, _, mean, covariance = event_moments(design, fit.coefficients, fit.ties)
    times = _transformed(fit, transform)[design.order][design.event]
    time = times - times.mean()
    span = float(np.ptp(time))
    if not span > 0:
        raise ComputationFailed(
            "all events share one time on the scale of the test, so no trend of hazards can be seen; follow patients for longer"
        )
    time = (
        time / span
    )  # the statistics do not depend on the unit, and squares of large times would be lost
    own = design.weight[design.event][:, None] * design.x[design.event]
    extra = time @ (own - weight[:, None] * mean)
    blocks = [np.einsum("e,eij->ij", weight * time**power, covariance) for power in (0, 1, 2)]
    left = blocks[2] - blocks[1] @ np.linalg.solve(blocks[0], blocks[1])
    inverse = np.linalg.inv(blocks[0])
    alone = np.array(
        [blocks[2][j, j] - blocks[1][j] @ inverse @ blocks[1][j] for j in range(len(extra))]
    )
    rank = np.linalg.matrix_rank(
        left / np.sqrt(np.outer(np.diag(blocks[2]), np.diag(blocks[2]))), tol=1e-10
    )
    if (alone <= 1e-10 * np.diag(blocks[2])).any() or rank < len(extra):
        raise ComputationFailed(
            f"{fit.data.n_events} events are too few to see a trend of the hazards of {', '.join(fit.names)}: "
            "leave covariates out, or follow patients for longer"
        )
    statistics = [float(value) for value in extra**2 / alone]
    together = float(extra @ np.linalg.solve(left, extra))
    return ProportionalHazardsTest(
        names=fit.names,
        statistics=tuple(statistics),
        p=tuple(chi2_tail(s, 1) for s in statistics),
        global_statistic=together,
        global_p=chi2_tail(together, len(extra)),
        transform=transform,
    )


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
    error = np.hypot(
        one.standard_error_at(times, extend=True), other.standard_error_at(times, extend=True)
    )
    spans = np.diff(times, append=until)
    return all(
        spans[side * gap > _APART].sum() >= _LASTING * until
        and (side * gap > _BEYOND_CHANCE * error).any()
        for side in (1.0, -1.0)
    )


def _transformed(fit: CoxFit, transform: str) -> Floats:
    """Every patient's time on the scale of the test."""
    times = fit.data.time
    if transform == "identity":
        return times
    if transform == "log":
        if (times[fit.data.observed] <= 0).any():
            raise InvalidArgument(
                "an event at time 0 has no logarithm; use another transform, such as km"
            )
        return np.log(np.where(times > 0, times, 1.0))
    if transform == "rank":
        from scipy.stats import rankdata

        return np.asarray(rankdata(times), dtype=np.float64)
    if transform != "km":
        raise InvalidArgument(
            f'transform "{transform}" is not known; expected km, identity, rank or log'
        )
    # as cox.zph: the curve of all strata together, without weights
    curve = kaplan_meier(replace(fit.data, weight=None))
    before = np.concatenate([[1.0], curve.survival])[
        np.searchsorted(curve.times, times, side="left")
    ]
    return 1.0 - np.asarray(before)
