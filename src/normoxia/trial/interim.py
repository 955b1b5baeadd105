"""Analyses cut when so many events have happened, as event-driven trials are, and at days before the planned cut.

Calendar time runs from the first possible entry. A cut ends every patient's follow-up on the same calendar day, so those
who entered early are followed longer. Nothing is simulated again: what happened before the cut is what the run holds.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument
from normoxia.outcome import Endpoint
from normoxia.trial.endpoints import evaluate
from normoxia.trial.protocol import Contrast, Trial
from normoxia.trial.result import TrialResult

#: days by which a cut comes after its event, beyond the rounding of calendar times
_ROUNDING = 1e-6

Floats = NDArray[np.float64]


def entry_days(result: TrialResult, trial: Trial) -> Floats:
    """Give the calendar day on which each patient entered; shape (n_rows,)."""
    follow_up = trial.follow_up
    cut = np.asarray(result.columns["survival_cut"], dtype=np.float64)
    return np.asarray(follow_up.accrual + follow_up.survival_cut - cut)


def cut_at(result: TrialResult, trial: Trial, day: Floats | float) -> TrialResult:
    """Cut all follow-up on a calendar day.

    Parameters
    ----------
    result
        A run.
    trial
        Its protocol.
    day
        Days after the first possible entry, one for all or one a row. Patients who would enter later are followed for 0
        days; a day after the planned cut changes nothing.
    """
    followed = np.maximum(np.asarray(day) - entry_days(result, trial), 0.0)
    columns = dict(result.columns)
    for name in ("progression_cut", "survival_cut"):
        columns[name] = np.minimum(np.asarray(columns[name], dtype=np.float64), followed)
    return replace(result, columns=columns)


def event_days(
    result: TrialResult,
    trial: Trial,
    endpoint: Endpoint,
    events: int,
    contrast: Contrast | None = None,
) -> Floats:
    """Find the calendar day of the event at which an analysis is cut, in each replicate.

    Parameters
    ----------
    result
        A run.
    trial
        Its protocol.
    endpoint
        PFS or OS.
    events
        How many events bring the analysis.
    contrast
        The arms whose events count; all when omitted.

    Returns
    -------
    numpy.ndarray
        Infinite where the planned follow-up has fewer events; shape (n_replicates,), in their order.

    Raises
    ------
    InvalidArgument
        Another endpoint, or less than one event.
    """
    if endpoint not in (Endpoint.PFS, Endpoint.OS) or events < 1:
        raise InvalidArgument(
            f"found {events} events of {endpoint}; expected a positive number of events of PFS or OS"
        )
    e = evaluate(result, trial.criteria, trial.plan.censoring)
    time, observed = (e.pfs, e.pfs_observed) if endpoint is Endpoint.PFS else (e.os, e.os_observed)
    counted = observed.copy()
    if contrast is not None:
        arms = [result.arms.index(arm) for arm in (contrast.experimental, contrast.control)]
        counted &= np.isin(result.columns["arm"], arms)
    calendar = np.where(counted, entry_days(result, trial) + time, np.inf)
    days = []
    for replicate in np.unique(result.columns["replicate"]):
        of_replicate = np.sort(calendar[result.columns["replicate"] == replicate])
        days.append(of_replicate[events - 1] if events <= len(of_replicate) else np.inf)
    return np.array(days)


def cut_at_events(
    result: TrialResult,
    trial: Trial,
    endpoint: Endpoint,
    events: int,
    contrast: Contrast | None = None,
) -> TrialResult:
    """Cut each replicate at its own day of an event; see `event_days`.

    A replicate with fewer events keeps the planned cut.
    """
    days = event_days(result, trial, endpoint, events, contrast)
    replicates = np.unique(result.columns["replicate"])
    position = np.searchsorted(replicates, result.columns["replicate"])
    return cut_at(result, trial, days[position] + _ROUNDING)
