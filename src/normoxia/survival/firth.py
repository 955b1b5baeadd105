"""Intervals and tests from the profile of a penalised partial likelihood.

With few events the penalised likelihood is far from a parabola, so that a Wald interval misleads. Source: Heinze & Schemper 2001,
Biometrics 57:114, section 3; profile intervals: Venzon & Moolgavkar 1988, Appl Stat 37:87.
"""

from __future__ import annotations

import math

import numpy as np

from normoxia.errors import NotConverged
from normoxia.survival.data import Floats
from normoxia.survival.inference import chi2_tail, half_width
from normoxia.survival.partial_likelihood import Terms, ascend


def interval(
    terms: Terms, at_maximum: Floats, position: int, maximum: float, level: float
) -> tuple[float, float, float]:
    """Lower and upper end of one coefficient and the p of the likelihood ratio test that it is 0.

    The ends are where the penalised likelihood, maximised over the other coefficients, has fallen by half the quantile
    of chi-squared with one degree of freedom.
    """
    from scipy.optimize import brentq

    spread = np.sqrt(np.diag(terms(np.zeros(len(at_maximum)))[2]))
    free = np.arange(len(at_maximum)) != position
    allowed = 0.5 * half_width(level) ** 2

    def fallen(value: float) -> float:
        start = at_maximum.copy()
        start[position] = value
        if not free.any():
            return maximum - terms(start)[0]
        _, (here, _, _), rested = ascend(terms, start, spread, free, bent=True)
        if not rested:
            raise NotConverged(
                "the profile of the penalised likelihood was not maximised; leave a covariate out, or read the estimate alone"
            )
        return maximum - here

    centre = float(at_maximum[position])
    width = 1.0 / float(spread[position])
    ends = []
    for side in (-1.0, 1.0):
        reach = width
        while fallen(centre + side * reach) < allowed:
            reach *= 2.0
            if reach > 1e4 * width:
                raise NotConverged(
                    "the penalised likelihood has no end on one side; leave the covariate out"
                )
        ends.append(
            float(
                brentq(
                    lambda v: fallen(v) - allowed,
                    centre,
                    centre + side * reach,
                    xtol=1e-10 * width,
                    rtol=1e-14,
                )
            )
        )
    statistic = 2.0 * max(fallen(0.0), 0.0)
    return ends[0], ends[1], chi2_tail(statistic, 1) if math.isfinite(statistic) else 0.0
