"""Log-rank tests: stratified, weighted as Fleming and Harrington, for several groups, and the combination of weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import ComputationFailed, InvalidArgument
from normoxia.survival.data import Floats, TimeToEvent, joined_labels, pooled
from normoxia.survival.inference import chi2_tail
from normoxia.survival.risk import at_risk, weight_at


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LogRank:
    """A log-rank test.

    Parameters
    ----------
    statistic
        Chi-squared on `degrees` degrees of freedom.
    p
        Its upper tail, two-sided.
    observed, expected
        (weighted) events per group; shape (n_groups,).
    z
        For two groups, positive when the first has more events than expected; nan
        otherwise.
    method
        Words for a figure.
    """

    statistic: float
    degrees: int
    p: float
    observed: Floats
    expected: Floats
    z: float
    method: str


def log_rank(
    groups: Sequence[TimeToEvent],
    *,
    strata: Sequence[ArrayLike] | None = None,
    rho: float = 0.0,
    gamma: float = 0.0,
) -> LogRank:
    """Whether the groups share one survival curve.

    groups       two or more groups; case weights are refused, late entry is taken
    strata       for each group, each patient's stratum; the sums run within strata
    rho, gamma   weight S(t-)**rho (1 - S(t-))**gamma with S the Kaplan-Meier of all groups of the stratum;
                 (0, 0) is the log-rank test, (1, 0) leans to early, (0, 1) to late differences
    raises       ComputationFailed when no event fell while patients of two groups were at risk
    source       Mantel 1966, Cancer Chemother Rep 50:163; Fleming & Harrington 1981, Commun Stat A10:763
    """
    if len(groups) < 2:
        raise InvalidArgument(f"{len(groups)} group was given; a test needs two or more")
    parts = _by_stratum(groups, strata)
    observed, expected, covariance = (
        sum(terms) for terms in zip(*(_sums(*part, rho, gamma) for part in parts), strict=True)
    )
    _require_information(np.diag(covariance))
    statistic, degrees = _quadratic(observed - expected, covariance)
    z = math.nan
    if len(groups) == 2 and covariance[0, 0] > 0:
        z = float((observed - expected)[0] / math.sqrt(covariance[0, 0]))
    name = "log-rank" if rho == gamma == 0 else f"Fleming-Harrington ({rho:g}, {gamma:g})"
    method = f"stratified {name}" if strata is not None else name
    return LogRank(
        statistic=statistic,
        degrees=degrees,
        p=chi2_tail(statistic, degrees),
        observed=observed,
        expected=expected,
        z=z,
        method=method,
    )


def max_combo(
    experimental: TimeToEvent,
    control: TimeToEvent,
    weights: Sequence[tuple[float, float]] = ((0, 0), (0, 1), (1, 1), (1, 0)),
    *,
    level: float | None = None,
) -> LogRank:
    """The largest of several weighted log-rank statistics, its p from their joint normal distribution.

    For curves that may cross or part late. `statistic` is the largest |z| squared; two-sided.
    A weight that is 0 at all events with patients of both groups at risk is left out.
    level   when only the side of this level matters on which p lies: a bound of p stands for it where the bound already lies there,
            which spares most of the integrals (p is at least that of the largest |z| alone, and at most Sidak's)
    raises  ComputationFailed when that leaves none
    source  Lin et al. 2020, Stat Biopharm Res 12:187; Sidak 1967, J Am Stat Assoc 62:626
    """
    if not len(weights):
        raise InvalidArgument("no weight was given; expected pairs (rho, gamma) such as (0, 1)")
    _, data, arm = _grouped((experimental, control))
    if not data.n_events:
        _require_information(np.zeros(1))
    terms = [_terms(data, arm, 2, rho, gamma) for rho, gamma in weights]
    plain = _terms(data, arm, 2, 0.0, 0.0)
    scores = np.array([float((term[0] * (term[1] - term[2])[0]).sum()) for term in terms])
    raw = plain[3][:, 0, 0]
    weight = np.array([term[0] for term in terms])
    covariance = (weight * raw) @ weight.T
    _require_information(np.diag(covariance))
    kept = np.diag(covariance) > 1e-12 * covariance.max()
    scores, covariance = scores[kept], covariance[np.ix_(kept, kept)]
    spread = np.sqrt(np.diag(covariance))
    z = scores / spread
    largest = float(np.abs(z).max())
    correlation = covariance / np.outer(spread, spread)
    best = int(np.abs(z).argmax())
    alone = chi2_tail(largest**2, 1)
    at_most = -math.expm1(len(z) * math.log1p(-alone)) if alone < 1.0 else 1.0
    if level is not None and alone > level:
        p = alone
    elif level is not None and at_most <= level:
        p = at_most
    else:
        p = _outside_box(correlation, largest)
    observed, expected = plain[1].sum(axis=1), plain[2].sum(axis=1)
    return LogRank(
        statistic=largest**2,
        degrees=len(z),
        p=p,
        observed=observed,
        expected=expected,
        z=float(z[best]),
        method="max-combo",
    )


def _by_stratum(
    groups: Sequence[TimeToEvent], strata: Sequence[ArrayLike] | None
) -> list[tuple[TimeToEvent, NDArray[np.intp], int]]:
    count, data, group = _grouped(groups)
    if strata is None:
        return [(data, group, count)]
    labels = joined_labels(strata)
    if len(labels) != len(data):
        raise InvalidArgument(
            f"strata name {len(labels)} patients and the groups hold {len(data)}; expected one each"
        )
    return [
        (data.subset(labels == label), group[labels == label], count) for label in np.unique(labels)
    ]


def _grouped(groups: Sequence[TimeToEvent]) -> tuple[int, TimeToEvent, NDArray[np.intp]]:
    if any(group.weight is not None for group in groups):
        raise InvalidArgument(
            "a log-rank test was asked for weighted patients; use cox(..., robust=True) instead"
        )
    return len(groups), *pooled(groups)


def _require_information(variances: Floats) -> None:
    if not (variances > 1e-12).any():
        raise ComputationFailed(
            "no event fell while patients of two groups were at risk (none at all, one group gone before, or everybody at "
            "once), so the groups cannot be compared; follow patients for longer"
        )


def _sums(
    data: TimeToEvent, group: NDArray[np.intp], n_groups: int, rho: float, gamma: float
) -> tuple[Floats, Floats, Floats]:
    weight, observed, expected, covariance = _terms(data, group, n_groups, rho, gamma)
    return (
        (weight * observed).sum(axis=1),
        (weight * expected).sum(axis=1),
        np.einsum("t,tij->ij", weight**2, covariance),
    )


def _terms(
    data: TimeToEvent, group: NDArray[np.intp], n_groups: int, rho: float, gamma: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Per event time: weight (t,), observed and expected events per group (g, t), hypergeometric covariance (t, g, g)."""
    times = np.unique(data.time[data.observed])
    members = [data.subset(group == g) if (group == g).any() else None for g in range(n_groups)]
    n = np.array([np.zeros(len(times)) if m is None else at_risk(m, times) for m in members])
    d = np.array(
        [
            np.zeros(len(times))
            if m is None
            else weight_at(times, m.time[m.observed], np.ones(m.n_events))
            for m in members
        ]
    )
    n_all, d_all = n.sum(axis=0), d.sum(axis=0)
    share = n / n_all
    before = np.concatenate([[1.0], np.cumprod(1.0 - d_all / n_all)[:-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = before**rho * (1.0 - before) ** gamma
    if not np.isfinite(weight).all():
        raise InvalidArgument(
            f"the weights of rho {rho:g} and gamma {gamma:g} are not finite; expected numbers of 0 or more, such as (0, 1)"
        )
    factor = np.where(n_all > 1, d_all * (n_all - d_all) / np.maximum(n_all - 1.0, 1.0), 0.0)
    within = (
        share.T[:, :, None] * np.eye(n_groups)[None] - share.T[:, :, None] * share.T[:, None, :]
    )
    return weight, d, share * d_all, factor[:, None, None] * within


def _quadratic(excess: Floats, covariance: Floats) -> tuple[float, int]:
    """Chi-squared with a covariance of rank one less than the groups that were ever at risk together."""
    values, vectors = np.linalg.eigh(covariance)
    kept = values > 1e-10 * max(float(values.max(initial=0.0)), 1e-300)
    if not kept.any():
        return 0.0, 1
    along = vectors[:, kept].T @ excess
    return float(np.sum(along**2 / values[kept])), int(kept.sum())


def _outside_box(correlation: Floats, reach: float) -> float:
    """Probability that the largest absolute coordinate of a standard normal vector exceeds a number."""
    from scipy.stats import multivariate_normal

    size = len(correlation)
    if reach < 1e-9:  # an empty box, which the integrator cannot take
        return 1.0
    inside = multivariate_normal.cdf(
        np.full(size, reach),
        mean=np.zeros(size),
        cov=correlation,
        allow_singular=True,
        lower_limit=np.full(size, -reach),
        rng=np.random.default_rng(0),
        abseps=1e-6,
        maxpts=200_000,
    )
    return float(max(1.0 - inside, 0.0))
