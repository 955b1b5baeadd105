"""Pareto-smoothed importance weights and their health.

Source: Vehtari 2024, J Mach Learn Res 25:72 (algorithm, the bound of 0.7); the tail's shape by Zhang & Stephens 2009,
Technometrics 51:316, drawn a little towards 0.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: above this shape of the tail re-weighting is not believed
RELIABLE = 0.7
#: draws in the tail below which a shape cannot be estimated
FEWEST = 5
#: the least log weight beside the largest that a double distinguishes from 0
_SMALLEST = math.log(np.finfo(np.float64).tiny)
#: log ratios no further apart than this are the same
_EQUAL = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Normalised weights, their effective number 1/sum(w^2), and the tail's shape k."""

    values: Floats
    effective: float
    k: float

    @property
    def reliable(self) -> bool:
        """Whether the tail is light enough for re-weighting."""
        return self.k <= RELIABLE


def smoothed(log_ratios: Floats) -> Weights:
    """Weights of importance from log ratios of shape (n,), the largest replaced by quantiles of a generalised Pareto tail."""
    n = len(log_ratios)
    raw = log_ratios - np.max(log_ratios)
    tail_size = math.ceil(min(0.2 * n, 3.0 * math.sqrt(n)))
    order = np.argsort(raw, kind="stable")
    log_weights = raw.copy()
    k = math.inf
    if tail_size >= FEWEST:
        cutoff = max(float(raw[order[-tail_size - 1]]), _SMALLEST)
        # chains that stand still repeat their draws: those that tie with the threshold are not beyond it
        tail = order[raw[order] > cutoff]
        if np.ptp(raw) < _EQUAL:
            k = -math.inf
        elif len(tail) >= FEWEST:
            k, scale = generalised_pareto(np.exp(raw[tail]) - math.exp(cutoff))
            if math.isfinite(k):
                probability = (np.arange(len(tail)) + 0.5) / len(tail)
                log_weights[tail] = np.minimum(
                    np.log(quantile(probability, k, scale) + math.exp(cutoff)), 0.0
                )
    weights = np.exp(log_weights - np.max(log_weights))
    weights /= weights.sum()
    return Weights(weights, float(1.0 / np.sum(weights**2)), float(k))


def generalised_pareto(excess: Floats) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto distribution from sorted excesses over its threshold."""
    n = len(excess)
    m = 30 + int(math.sqrt(n))
    # Zhang & Stephens 2009, section 3: a grid about the quarter quantile, weighted by profile likelihood
    b = 1.0 - np.sqrt(m / (np.arange(1, m + 1) - 0.5))
    b = b / (3.0 * excess[int(n / 4.0 + 0.5) - 1]) + 1.0 / excess[-1]
    shapes = np.log1p(-b[:, None] * excess).mean(axis=1)
    profile = n * (np.log(-b / shapes) - shapes - 1.0)
    weights = np.exp(profile - profile.max())
    centre = float((b * weights).sum() / weights.sum())
    shape = float(np.log1p(-centre * excess).mean())
    scale = -shape / centre
    return (n * shape + 5.0) / (n + 10.0), scale


def quantile(probability: Floats, k: float, scale: float) -> Floats:
    """Quantiles of a generalised Pareto distribution from 0 on."""
    if abs(k) < 1e-12:
        return np.asarray(-scale * np.log1p(-probability))
    return np.asarray(scale * np.expm1(-k * np.log1p(-probability)) / k)
