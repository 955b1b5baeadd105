"""Mantel-Haenszel log odds ratios of every pair of arms in one design, made consistent, with their covariance.

For arms x and y of studies that share a design, C_xy sums events_x * non-events_y / patients over the studies, and
L_xy = log(C_xy / C_yx) is the Mantel-Haenszel log odds ratio. Three of them need not close a triangle once studies are pooled;
their mean over all arms, (sum over t of L_xt - L_yt) / k, does, and treats every arm alike: no arm is the first one. Covariances
are those of Greenland, right with many small studies and with few large ones. Sources: Greenland 1989, Biometrics 45:183 (eqs. 3
and 4, generalised Mantel-Haenszel estimators); Mickey & Elashoff 1985, Biometrics 41:623; in networks Efthimiou 2019, Stat Med
38:2992 (sections 3.2 and 3.3), which netmeta's netmetabin follows.
"""

from __future__ import annotations

import numpy as np

from normoxia.evidence.synthesis.model.heterogeneity import Array

#: an eigenvalue of the covariance below this share of the largest is taken for an impossible one
_POSSIBLE = 1e-9


def design_odds(events: Array, n: Array) -> tuple[Array, Array] | None:
    """Log odds of the arms, centred at 0, and their covariance; None where a pair has an odds ratio of 0 or infinity
    (or, every arm being empty or full, none with an error).

    Parameters
    ----------
    events, n
        Shape (n_studies, n_arms); at least two arms.

    Returns
    -------
    tuple[Array, Array] | None
        Effects (n_arms,) and covariance (n_arms, n_arms), rows of which sum to 0.
        Differences of the effects are the generalised Mantel-Haenszel estimates.
    """
    rest, total = n - events, n.sum(axis=1)
    k = events.shape[1]
    apart = ~np.eye(k, dtype=bool)
    share = np.einsum("sx,sy->xys", events, rest) / total  # c_xy of each study
    pooled = share.sum(axis=2)
    if np.any(pooled[apart] <= 0.0):
        return None
    np.fill_diagonal(
        pooled, 1.0
    )  # an arm against itself: not used, but 0 where no study has both events and non-events
    log_odds = np.log(pooled / pooled.T)
    variance = _variances(events, rest, total, share, pooled, apart)
    covariance = _summed(variance, _covariances(events, rest, total, pooled), apart) / k**2
    if not _is_possible(covariance):
        covariance = _by_events(events, rest, total, pooled, apart)
    if not _is_possible(covariance):
        return None
    return log_odds.sum(axis=1) / k, covariance


def _is_possible(covariance: Array) -> bool:
    return bool(np.linalg.eigvalsh(covariance)[1] > _POSSIBLE * np.trace(covariance))


def _variances(
    events: Array, rest: Array, total: Array, share: Array, pooled: Array, apart: Array
) -> Array:
    """Variance of each L_xy (Robins, Breslow & Greenland 1986), 0 on the diagonal."""
    counted = (events.T[:, None, :] + rest.T[None, :, :]) / total
    back, counted_back = share.transpose(1, 0, 2), counted.transpose(1, 0, 2)
    variance = (
        (share * counted).sum(axis=2) / (2.0 * pooled**2)
        + (share * counted_back + back * counted).sum(axis=2) / (2.0 * pooled * pooled.T)
        + (back * counted_back).sum(axis=2) / (2.0 * pooled.T**2)
    )
    return np.where(apart, variance, 0.0)


def _covariances(events: Array, rest: Array, total: Array, pooled: Array) -> Array:
    """Covariance of L_xy and L_xz for three different arms; shape (k, k, k), 0 where two are the same."""
    k = events.shape[1]
    one, other, third = np.indices((k, k, k))
    different = (one != other) & (one != third) & (other != third)
    n, weight, back = events + rest, 1.0 / total**2, pooled.T

    def summed(x: Array, y: Array, z: Array) -> Array:
        return np.asarray(np.einsum("s,sx,sy,sz->xyz", weight, x, y, z), dtype=np.float64)

    found = (
        summed(events, rest, rest) / (pooled[:, :, None] * pooled[:, None, :])
        + summed(n, rest, events) / (pooled[:, :, None] * back[:, None, :])
        + summed(n, events, rest) / (back[:, :, None] * pooled[:, None, :])
        + summed(rest, events, events) / (back[:, :, None] * back[:, None, :])
    ) / 3.0
    return np.where(different, found, 0.0)


def _summed(variance: Array, covariance: Array, apart: Array) -> Array:
    """Covariance of the sums over t of L_xt, from variances of L_xy and covariances of L_xy with L_xz."""
    both = covariance.copy()
    arms = np.arange(len(variance))
    both[:, arms, arms] = variance  # [x, y, y]: L_xy with itself
    per_pair = both.sum(axis=2)  # L_xy with the sum over t of L_xt
    summed = covariance.sum(axis=0) - per_pair - per_pair.T + variance
    return np.where(apart, summed, np.diag(per_pair.sum(axis=1)))


def _by_events(events: Array, rest: Array, total: Array, pooled: Array, apart: Array) -> Array:
    """The same covariance from the binomial variance of every arm's events, by the delta method: never impossible."""
    k = events.shape[1]
    safe = np.where(apart, pooled, np.inf)
    slope = np.zeros((len(total), k, k))  # of the mean over t of L_xt by the events of arm a
    for x in range(k):
        for a in range(k):
            if a == x:
                slope[:, x, x] = (
                    rest / total[:, None] / safe[x] + events / total[:, None] / safe[:, x]
                ).sum(axis=1)
            else:
                slope[:, x, a] = -(events[:, x] / safe[x, a] + rest[:, x] / safe[a, x]) / total
    slope /= k
    spread = events * rest / (events + rest)
    return np.asarray(np.einsum("sxa,sa,sya->xy", slope, spread, slope), dtype=np.float64)
