"""Whether small studies tell another story: Egger's regression and trim-and-fill.

Both see funnel asymmetry, which publication bias, heterogeneity and chance all make; below ten studies neither has power
worth quoting, and the results say so. Sources: Egger 1997, BMJ 315:629; Sterne & Egger 2005 (the regression within a
random-effects model); Duval & Tweedie 2000, JASA 95:89 and Biometrics 56:455 (L0).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from normoxia.errors import InvalidArgument, NotConverged
from normoxia.evidence.synthesis.model import heterogeneity
from normoxia.evidence.synthesis.model.heterogeneity import Array, TauMethod
from normoxia.evidence.synthesis.model.meta import PooledEffect, checked, pairwise, two_sided_p

#: Sterne 2011, BMJ 343:d4002: tests for asymmetry should not be used with fewer studies
ENOUGH_STUDIES = 10
#: standard errors whose range is below this share of the largest are the same but for rounding
_SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Asymmetry:
    """Egger's test: how the effect changes per unit of standard error."""

    slope: float
    se: float
    z: float
    p_value: float
    limit: float
    n_studies: int

    @property
    def is_readable(self) -> bool:
        """Whether there are enough studies for the test to mean something."""
        return self.n_studies >= ENOUGH_STUDIES


@dataclass(frozen=True, slots=True)
class Filled:
    """Trim-and-fill: how many studies the funnel seems to lack, on which side, and the estimate with them added."""

    n_missing: int
    side: str
    pooled: PooledEffect


def egger(
    estimates: Sequence[float] | Array,
    ses: Sequence[float] | Array,
    *,
    tau: TauMethod | str = TauMethod.REML,
) -> Asymmetry:
    """Regression of the effect on its standard error in a random-effects model, normal test.

    limit   the effect the regression expects of an infinitely large study
    raises  InvalidArgument below three studies, or where all have the same standard error
    """
    y, v = checked(estimates, ses)
    if len(y) < 3:
        raise InvalidArgument(
            f"{len(y)} studies; a regression on the standard error needs at least 3"
        )
    if not differ(np.sqrt(v)):
        raise InvalidArgument(
            f"all {len(y)} studies have the standard error {math.sqrt(v[0]):g}; a regression on it needs studies of different sizes"
        )
    x = np.column_stack([np.ones(len(y)), np.sqrt(v)])
    fit = heterogeneity.weighted_fit(y, v, x, heterogeneity.tau2(y, v, x, tau))
    slope, se = float(fit.coefficients[1]), math.sqrt(fit.covariance[1, 1])
    return Asymmetry(
        slope=slope,
        se=se,
        z=slope / se,
        p_value=two_sided_p(slope / se),
        limit=float(fit.coefficients[0]),
        n_studies=len(y),
    )


def differ(ses: Array) -> bool:
    """Whether standard errors differ by more than rounding."""
    return float(np.ptp(ses)) > _SAME * float(np.max(ses))


def trim_and_fill(
    estimates: Sequence[float] | Array,
    ses: Sequence[float] | Array,
    *,
    tau: TauMethod | str = TauMethod.REML,
    side: str | None = None,
) -> Filled:
    """The estimate after mirroring the studies that the funnel seems to lack (estimator L0).

    Parameters
    ----------
    side
        "left" or "right", where studies are missing; by default the side Egger's slope
        points away from.
    """
    y, v = checked(estimates, ses)
    if len(y) < 3:
        raise InvalidArgument(f"{len(y)} studies; trimming and filling needs at least 3")
    if side is None:
        side = "right" if egger(y, np.sqrt(v), tau=tau).slope < 0 else "left"
    elif side not in ("left", "right"):
        raise InvalidArgument(f'side "{side}"; expected left or right')
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * y, kind="stable")
    flipped, variance = sign * y[order], v[order]
    missing, centre = _missing(flipped, variance, tau)
    mirrored = 2.0 * centre - flipped[len(y) - missing :]
    filled = sign * np.concatenate([flipped, mirrored])
    variances = np.concatenate([variance, variance[len(y) - missing :]])
    return Filled(missing, side, pairwise(filled, np.sqrt(variances), tau=tau))


def _missing(y: Array, v: Array, tau: TauMethod | str) -> tuple[int, float]:
    """The number of studies missing on the left of an ascending funnel, and the trimmed centre."""
    n, missing, seen = len(y), 0, set[int]()
    while True:
        kept = slice(0, n - missing)
        centre = pairwise(y[kept], np.sqrt(v[kept]), tau=tau).estimate
        distance = y - centre
        ranks = _ranks(np.abs(distance))
        signed_rank_sum = float(np.sum(ranks[distance > 0]))
        found = max(0, round((4.0 * signed_rank_sum - n * (n + 1)) / (2.0 * n - 1.0)))
        found = min(found, n - 2)
        if found == missing:
            return missing, centre
        if found in seen:
            raise NotConverged(
                "trim-and-fill alternates between two answers; the funnel does not decide"
            )
        seen.add(found)
        missing = found


def _ranks(values: Array) -> Array:
    """Ranks from 1, ties averaged."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray(((last - counts + 1 + last) / 2.0)[inverse], dtype=np.float64)
