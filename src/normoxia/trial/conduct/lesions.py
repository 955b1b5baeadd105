"""From one tumour burden to the target lesions a reader measures: shares, spread, error, and what is too small to see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.trial.protocol import Clinic

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: RECIST 1.1 follows at most five target lesions
MAX_LESIONS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Lesions:
    """Target lesions of an ensemble; unused slots are nan.

    baseline   true diameters at the start, mm; shape (n_patients, 5)
    nodal      lymph nodes among them; shape (n_patients, 5)
    deviation  how a lesion comes to differ from its patient's burden, in standard deviations; shape (n_patients, 5)
    """

    baseline: Floats
    nodal: Bools
    deviation: Floats

    def take(self, rows: NDArray[np.intp] | Bools) -> Lesions:
        """The lesions of some patients."""
        return Lesions(self.baseline[rows], self.nodal[rows], self.deviation[rows])


def draw(
    clinic: Clinic, counts: Floats, total: Floats, share: Floats, node: Floats, deviation: Floats
) -> Lesions:
    """Target lesions that add up to the given sums of diameters.

    counts     how many each patient has; shape (n_patients,)
    total      sums of diameters at the start, mm; shape (n_patients,)
    share, deviation   standard normals; shape (n_patients, 5)
    node       uniforms; shape (n_patients, 5)

    The deviations are centred so that a patient's sum follows the burden to first order.
    """
    used = np.arange(MAX_LESIONS)[None, :] < np.clip(counts, 1, MAX_LESIONS)[:, None]
    weight = np.where(used, np.exp(clinic.lesion_share * share), 0.0)
    weight /= weight.sum(axis=1, keepdims=True)
    centred = deviation - (weight * deviation).sum(axis=1, keepdims=True)
    baseline = np.where(used, weight * total[:, None], np.nan)
    return Lesions(baseline, used & (node < clinic.node_share), np.where(used, centred, 0.0))


def true_diameters(lesions: Lesions, clinic: Clinic, ratio: Floats, day: Floats) -> Floats:
    """Diameters, mm, when the burden's diameter is `ratio` times that at the start; shape (n_patients, 5)."""
    apart = clinic.lesion_spread * (1.0 - np.exp(-day / clinic.lesion_spread_days))
    return np.asarray(
        lesions.baseline * ratio[:, None] * np.exp(apart[:, None] * lesions.deviation)
    )


def read_diameters(true: Floats, nodal: Bools, clinic: Clinic, error: Floats) -> Floats:
    """What a reader writes down, mm: with error, 0 for what is gone, the smallest legal size for what is barely seen.

    error  standard normals; shape (n_patients, 5)
    """
    read = true * np.exp(clinic.measurement_error * error)
    seen = np.where(true < clinic.vanishing_mm, 0.0, np.maximum(read, clinic.small_mm))
    return np.asarray(np.where(nodal, read, np.where(np.isnan(true), np.nan, seen)))
