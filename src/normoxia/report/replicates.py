"""Curves of replicated trials for figures: one curve of one trial's size, and the band its replicates make."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from normoxia.report.kaplan_meier import Band
from normoxia.survival import DAYS_PER_MONTH, SurvivalCurve, TimeToEvent, kaplan_meier, kaplan_meier_many

#: replicates from which a band is read; its ends at 2.5 % then rest on the outermost ones, so fewer say nothing
ENOUGH = 40

Floats = NDArray[np.float64]


def mean_curve(time: Floats, observed: NDArray[np.bool_], replicate: NDArray[np.int64]) -> SurvivalCurve:
    """The curve of all patients, each counted for one over the number of replicates.

    time, observed, replicate   days, event seen, and the replicate's number; shape (n_patients,)

    Survival is that of everybody together; numbers at risk and intervals are those of one trial of the mean size.
    """
    n_replicates = len(np.unique(replicate))
    weight = None if n_replicates == 1 else np.full(len(time), 1.0 / n_replicates)
    return kaplan_meier(TimeToEvent(time, observed, weight=weight))


def replicate_band(
    time: Floats, observed: NDArray[np.bool_], replicate: NDArray[np.int64], level: float = 0.95
) -> Band | None:
    """Where the middle share of the replicates' curves lie, every half month; None for fewer than `ENOUGH` replicates.

    A replicate whose follow-up ended keeps its last value.
    """
    labels, place = np.unique(replicate, return_inverse=True)
    if len(labels) < ENOUGH:
        return None
    order = np.argsort(place, kind="stable")
    counts = np.bincount(place)
    within = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
    shape = (len(labels), int(counts.max()))
    days, seen, there = np.zeros(shape), np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    days[place[order], within] = time[order]
    seen[place[order], within] = observed[order]
    there[place[order], within] = True
    months = np.arange(0.0, float(time.max()) / DAYS_PER_MONTH + 0.5, 0.5)
    survival = 100.0 * kaplan_meier_many(days, seen, there).at(months * DAYS_PER_MONTH, extend=True)
    low, high = np.quantile(survival, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], axis=0)
    return Band(months, low, high, level, len(labels))
