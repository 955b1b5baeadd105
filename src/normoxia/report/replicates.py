"""The curve of replicated trials for figures, with the numbers of one trial."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from normoxia.survival import SurvivalCurve, TimeToEvent, kaplan_meier

Floats = NDArray[np.float64]


def mean_curve(time: Floats, observed: NDArray[np.bool_], replicate: NDArray[np.int64]) -> SurvivalCurve:
    """The curve of all patients, each counted for one over the number of replicates.

    time, observed, replicate   days, event seen, and the replicate's number; shape (n_patients,)

    Survival is that of everybody together; numbers at risk and intervals are those of one trial of the mean size.
    """
    n_replicates = len(np.unique(replicate))
    weight = None if n_replicates == 1 else np.full(len(time), 1.0 / n_replicates)
    return kaplan_meier(TimeToEvent(time, observed, weight=weight))
