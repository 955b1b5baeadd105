"""Kaplan-Meier curve of replicated trials, with the numbers at risk of one trial."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from normoxia.survival import SurvivalCurve, TimeToEvent, kaplan_meier

Floats = NDArray[np.float64]


def mean_curve(
    time: Floats, observed: NDArray[np.bool_], replicate: NDArray[np.int64]
) -> SurvivalCurve:
    """Kaplan-Meier curve over all replicates, each patient weighted by one over the number of replicates.

    Parameters
    ----------
    time
        Days to event or censoring; shape (n_patients,).
    observed
        Whether the event was observed; shape (n_patients,).
    replicate
        Number of the replicate; shape (n_patients,).

    Returns
    -------
    SurvivalCurve
        Survival of all patients together; numbers at risk and intervals are those of one trial of the mean size.
    """
    n_replicates = len(np.unique(replicate))
    weight = None if n_replicates == 1 else np.full(len(time), 1.0 / n_replicates)
    return kaplan_meier(TimeToEvent(time=time, observed=observed, weight=weight))
