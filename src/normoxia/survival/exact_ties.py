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
    third: bool = False,
) -> tuple[float, Floats, Floats, Floats]:
    """Log likelihood, score, information of the discrete partial likelihood, and on request its slope.

    The denominator of d tied events is the elementary symmetric sum of order d of the relative hazards at
    risk. It is built patient by patient with its derivatives, from the last time backwards, so every
    group costs only its own newcomers.
    third    also the derivative of the information by each coefficient, shape (p, p, p); else empty
    source  Cox 1972, J R Stat Soc B 34:187, eq. 20; recursion: Gail, Lubin & Rubinstein 1981, Biometrika
    68:703
    """
    counts = np.bincount(group)
    if counts.max() > _MOST_TIED:
        raise InvalidArgument(
            f"{counts.max()} events share one time, too many for exact ties; use efron"
        )
    p, most = x.shape[1], int(counts.max())
    predictor = x @ coefficients
    relative = np.exp(predictor - predictor.max())
    log_likelihood = float(predictor[event].sum() - len(event) * predictor.max())
    score = x[event].sum(axis=0)
    information, slope_of_information = np.zeros((p, p)), np.zeros((p, p, p) if third else 0)
    sums = _Sums(most, p, third)
    position, stratum_end = -1, -1
    for g in range(len(counts) - 1, -1, -1):
        if end[g] != stratum_end:
            sums, position, stratum_end = _Sums(most, p, third), int(end[g]), int(end[g])
        sums.rescale(relative[int(first[g]) : position])
        for i in range(position - 1, int(first[g]) - 1, -1):
            sums.admit(float(relative[i]), x[i])
        position = int(first[g])
        log_value, mean, second, raw = sums.moments(int(counts[g]))
        log_likelihood -= log_value
        score = score - mean
        information += second - np.outer(mean, mean)
        if third:
            slope_of_information += central(raw, second, mean)
    return log_likelihood, score, information, slope_of_information


def central(third: Floats, second: Floats, mean: Floats) -> Floats:
    """Third central moments (..., p, p, p) from raw ones."""
    across = second[..., :, :, None] * mean[..., None, None, :]
    mixed = across + np.moveaxis(across, -1, -2) + np.moveaxis(across, -1, -3)
    cube = mean[..., :, None, None] * mean[..., None, :, None] * mean[..., None, None, :]
    return np.asarray(third - mixed + 2.0 * cube)


class _Sums:
    """Symmetric sums of orders 0 to `most` of those admitted, with derivatives; order d is divided by scale**d."""

    def __init__(self, most: int, p: int, third: bool) -> None:
        self.value = np.zeros(most + 1)
        self.value[0] = 1.0
        self.slope = np.zeros((most + 1, p))
        self.curvature = np.zeros((most + 1, p, p))
        self.third = np.zeros((most + 1, p, p, p)) if third else None
        self.scale, self.total, self.admitted = 1.0, 0.0, 0

    def rescale(self, newcomers: Floats) -> None:
        """Divide by the mean relative hazard of those who will have been admitted, so that no order overflows."""
        if not len(newcomers):
            return
        self.total, self.admitted = (
            self.total + float(newcomers.sum()),
            self.admitted + len(newcomers),
        )
        scale = self.total / self.admitted
        if not scale > 0:
            return
        factor = (self.scale / scale) ** np.arange(min(len(self.value), self.admitted + 1))
        filled = slice(0, len(factor))
        self.value[filled] *= factor
        self.slope[filled] *= factor[:, None]
        self.curvature[filled] *= factor[:, None, None]
        if self.third is not None:
            self.third[filled] *= factor[:, None, None, None]
        self.scale = scale

    def admit(self, relative: float, x: Floats) -> None:
        relative = relative / self.scale
        old, old_slope, old_curvature = (
            self.value[:-1].copy(),
            self.slope[:-1].copy(),
            self.curvature[:-1].copy(),
        )
        if self.third is not None:
            bent = old_curvature[:, :, :, None] * x
            bent = bent + np.moveaxis(bent, -1, -2) + np.moveaxis(bent, -1, -3)
            steep = old_slope[:, :, None, None] * x[:, None] * x
            steep = steep + np.moveaxis(steep, 1, 2) + np.moveaxis(steep, 1, 3)
            cube = x[:, None, None] * x[:, None] * x
            self.third[1:] += relative * (
                self.third[:-1].copy() + bent + steep + old[:, None, None, None] * cube
            )
        cross = old_slope[:, :, None] * x[None, None, :]
        self.curvature[1:] += relative * (
            old_curvature + cross + cross.transpose(0, 2, 1) + old[:, None, None] * np.outer(x, x)
        )
        self.slope[1:] += relative * (old_slope + old[:, None] * x)
        self.value[1:] += relative * old

    def moments(self, order: int) -> tuple[float, Floats, Floats, Floats]:
        """Log of the sum of an order, and the raw first to third moments of the tied patients' summed covariates."""
        value = self.value[order]
        third = np.zeros(0) if self.third is None else self.third[order] / value
        log_value = float(np.log(value)) + order * float(np.log(self.scale))
        return log_value, self.slope[order] / value, self.curvature[order] / value, third
