"""From one tumour burden to the target lesions a reader measures: shares, spread, error, and what is too small to see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp

import numpy as np
from numpy.typing import NDArray

from normoxia.trial.conduct.recist import TARGET_MM, TARGET_NODE_MM
from normoxia.trial.protocol import INVESTIGATOR, Arm, Clinic, Trial

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: sums of diameters are compared with sums of least sizes up to this, mm
_SLACK = 1e-9

#: RECIST 1.1 follows at most five target lesions, two of one organ (lymph nodes are one)
MAX_LESIONS, MAX_NODES = 5, 2


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
    """Draw target lesions that add up to the given sums of diameters.

    Every lesion has the least size of a target lesion (10 mm; 15 mm for the short axis of a lymph node, RECIST 1.1,
    section 4) and a share of what the sum has beyond that. Lesions are as many, and nodes among them, as the sum allows.
    The deviations are centred so that a patient's sum follows the burden to first order.

    Parameters
    ----------
    clinic
        Spread of shares, and the share of nodes.
    counts
        How many each patient has; shape (n_patients,).
    total
        Sums of diameters at the start, at least 10 mm; shape (n_patients,).
    share, deviation
        Standard normals; shape (n_patients, 5).
    node
        Uniforms; shape (n_patients, 5).
    """
    counts = np.minimum(counts, np.floor(total / TARGET_MM + _SLACK))
    used = np.arange(MAX_LESIONS)[None, :] < np.clip(counts, 1, MAX_LESIONS)[:, None]
    nodal = _nodes(used & (node < clinic.node_share), used, total)
    floor = np.where(used, np.where(nodal, TARGET_NODE_MM, TARGET_MM), 0.0)
    beyond = np.maximum(total - floor.sum(axis=1), 0.0)
    weight = np.where(used, np.exp(clinic.lesion_share * share), 0.0)
    weight /= weight.sum(axis=1, keepdims=True)
    centred = deviation - (weight * deviation).sum(axis=1, keepdims=True)
    baseline = np.where(used, floor + weight * beyond[:, None], np.nan)
    return Lesions(baseline, nodal, np.where(used, centred, 0.0))


def _nodes(candidates: Bools, used: Bools, total: Floats) -> Bools:
    """Keep as many lymph nodes as one organ may have and as the sum of diameters allows."""
    spare = total - TARGET_MM * used.sum(axis=1)
    most = np.minimum(MAX_NODES, np.floor(spare / (TARGET_NODE_MM - TARGET_MM) + _SLACK))
    return np.asarray(candidates & (np.cumsum(candidates, axis=1) <= most[:, None]))


def reader(trial: Trial, arm: Arm) -> tuple[Clinic, float]:
    """Give the clinic with the error of whoever reads an arm's scans, and the factor on diameters after baseline.

    Parameters
    ----------
    trial
        Its assessment, contrasts and clinic.
    arm
        Experimental when a contrast says so.
    """
    clinic, assessment = trial.clinic, trial.assessment
    if assessment.assessor != INVESTIGATOR:
        return clinic, 1.0
    error = clinic.measurement_error * clinic.investigator_error
    is_experimental = any(contrast.experimental == arm.id for contrast in trial.contrasts)
    biased = is_experimental and not assessment.masked
    return replace(clinic, measurement_error=error), exp(-clinic.open_bias) if biased else 1.0


def read_baseline(true: Floats, nodal: Bools, clinic: Clinic, error: Floats) -> Floats:
    """Read target lesions at baseline, mm: a lesion read below the least size is recorded at it.

    Lesions that a reader would find too small are not chosen as targets; see `read_diameters` for the arguments.
    """
    read = true * np.exp(clinic.measurement_error * error)
    return np.asarray(np.maximum(read, np.where(nodal, TARGET_NODE_MM, TARGET_MM)))


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
