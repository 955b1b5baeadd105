"""The exact partial likelihood of tied events: every way the tied patients could have been chosen from those at risk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument
from normoxia.survival.data import Floats

#: More tied events than this make the sums overflow or take long; Efron's approximation is near exact then
_MOST_TIED = 60


def exact_terms(
    x: Floats,
    first: NDArray[np.intp],
    end: NDArray[np.intp],
    event: NDArray[np.intp],
    group: NDArray[np.intp],
    coefficients: Floats,
) -> tuple[float, Floats, Floats]:
    """Log likelihood, score and information of the discrete partial likelihood.

    The denominator of d tied events is the elementary symmetric sum of order d of the relative hazards at
    risk. It is built patient by patient with its two derivatives, from the last time backwards, so every
    group costs only its own newcomers.
    source  Cox 1972, J R Stat Soc B 34:187, eq. 20; recursion: Gail, Lubin & Rubinstein 1981, Biometrika
    68:703
    """
    counts = np.bincount(group)
    if counts.max() > _MOST_TIED:
        raise InvalidArgument(f"{counts.max()} events share one time, too many for exact ties; use efron")
    p, most = x.shape[1], int(counts.max())
    relative = np.exp(x @ coefficients)
    log_likelihood = float(x[event].sum(axis=0) @ coefficients)
    score = x[event].sum(axis=0)
    information = np.zeros((p, p))
    sums = _start(most, p)
    position, stratum_end = -1, -1
    for g in range(len(counts) - 1, -1, -1):
        if end[g] != stratum_end:
            sums, position, stratum_end = _start(most, p), int(end[g]), int(end[g])
        for i in range(position - 1, int(first[g]) - 1, -1):
            _admit(sums, float(relative[i]), x[i])
        position = int(first[g])
        value, slope, curvature = sums[0][counts[g]], sums[1][counts[g]], sums[2][counts[g]]
        mean = slope / value
        log_likelihood -= float(np.log(value))
        score = score - mean
        information += curvature / value - np.outer(mean, mean)
    return log_likelihood, score, information


def _start(most: int, p: int) -> tuple[Floats, Floats, Floats]:
    """Symmetric sums of orders 0 to `most` of nobody, with gradient and Hessian."""
    value = np.zeros(most + 1)
    value[0] = 1.0
    return value, np.zeros((most + 1, p)), np.zeros((most + 1, p, p))


def _admit(sums: tuple[Floats, Floats, Floats], relative: float, x: Floats) -> None:
    value, slope, curvature = sums
    old, old_slope = value[:-1].copy(), slope[:-1].copy()
    cross = old_slope[:, :, None] * x[None, None, :]
    curvature[1:] += relative * (
        curvature[:-1] + cross + cross.transpose(0, 2, 1) + old[:, None, None] * np.outer(x, x)
    )
    slope[1:] += relative * (old_slope + old[:, None] * x)
    value[1:] += relative * old
