"""Which times are one: the only place where that is decided.

Times that differ by rounding only (0.1 + 0.2 and 0.3 months; a date subtracted in two ways) are tied, by the rule of R's
survival package (`aeqSurv`, its `timefix`): neighbours among the distinct times are one when they differ by no more than the
tolerance, in days, or by no more than that share of the mean of the distinct times. Each then takes the smallest value of its run.
`TimeToEvent` applies the rule to all times of a data set when it is made, and `replicates` to each replicate, so that
everything after may compare times exactly. Whole days are never changed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument

Floats = NDArray[np.float64]

#: the square root of the distance between 1 and the next double, as in R
TIE_TOLERANCE = math.sqrt(float(np.finfo(np.float64).eps))


def checked(tolerance: float) -> float:
    """A tolerance that can be meant: 0 (exact equality) or a small positive number."""
    if not 0.0 <= tolerance < 1.0:
        raise InvalidArgument(
            f"tie_tolerance is {tolerance:g}; expected a small number such as {TIE_TOLERANCE:.3g}, "
            "or 0 for times that are tied only when equal"
        )
    return float(tolerance)


def reach(distinct: Floats, tolerance: float) -> float:
    """The largest gap, in days, across which two of the distinct sorted times are one."""
    last = float(distinct[-1])
    # divided first, so that no finite times overflow
    mean = last * float(np.mean(distinct / last)) if last > 0 else 0.0
    return tolerance * max(1.0, mean)


def representatives(times: Floats, tolerance: float) -> tuple[Floats | None, float]:
    """The distinct times once those that are one are joined (None when none are), and `reach`."""
    distinct = np.unique(times)
    gap = reach(distinct, tolerance)
    apart = np.diff(distinct) > gap
    if apart.all():
        return None, gap
    return distinct[np.concatenate([[True], apart])], gap


def joined(times: Floats, kept: Floats) -> Floats:
    """Each time as the representative of its run."""
    return np.asarray(kept[np.searchsorted(kept, times, side="right") - 1], dtype=np.float64)


def joined_rows(times: Floats, belongs: NDArray[np.bool_], tolerance: float) -> Floats:
    """The rule for each row on its own; times of patients who do not belong are left as they are."""
    found = np.array(times, dtype=np.float64, copy=True)
    for row, members in zip(found, belongs, strict=True):
        if members.any():
            kept, _ = representatives(row[members], tolerance)
            if kept is not None:
                row[members] = joined(row[members], kept)
    return found
