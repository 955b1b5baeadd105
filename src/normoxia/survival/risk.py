"""Who is at risk when: the table of distinct event times on which curves and tests stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import InvalidArgument
from normoxia.survival.data import Floats, TimeToEvent


@dataclass(frozen=True, slots=True, eq=False)
class RiskTable:
    """Weighted counts at the distinct event times, ascending; every array has shape (n_times,)."""

    times: Floats
    at_risk: Floats
    events: Floats


def risk_table(data: TimeToEvent) -> RiskTable:
    """Counts at the distinct event times; a patient censored at a time is still at risk then."""
    times = np.unique(data.time[data.observed])
    events = weight_at(times, data.time[data.observed], data.weights[data.observed])
    return RiskTable(times, at_risk(data, times), events)


def at_risk(data: TimeToEvent, times: ArrayLike) -> Floats:
    """Weight of patients with entry < t <= time, at each t (entry 0 counts as there from the start)."""
    moments = asked(times) - data.slack
    staying = _from(moments, data.time, data.weights)
    if data.entry is None:
        return staying
    waiting = data.entry > 0
    return staying - _from(moments, data.entry[waiting], data.weights[waiting])


def asked(times: ArrayLike) -> Floats:
    """Times that a caller asks for, as numbers; a missing one has no answer."""
    try:
        moments = np.asarray(times, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidArgument(
            "the times asked for hold something that is not a number; expected days"
        ) from None
    if np.isnan(moments).any():
        raise InvalidArgument(
            "the times asked for hold a missing value (nan); expected days, leave it out"
        )
    return moments


def weight_at(times: Floats, moments: Floats, weights: Floats) -> Floats:
    """Weights summed over the moments that fall on each of the distinct sorted times."""
    if not len(times):
        return np.zeros(0)
    return np.bincount(np.searchsorted(times, moments), weights, len(times)).astype(np.float64)


def _from(times: Floats, moments: Floats, weights: Floats) -> Floats:
    """Sum of the weights whose moment is at or after each time."""
    order: NDArray[np.intp] = np.argsort(moments, kind="stable")
    tail = np.concatenate([np.cumsum(weights[order][::-1])[::-1], [0.0]])
    return np.asarray(tail[np.searchsorted(moments[order], times, side="left")], dtype=np.float64)
