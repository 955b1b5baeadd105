"""Endpoints of the patients of a result: times to progression and death, response and its length, toxicity, treatment.

PFS runs to the first scan with progression or to death. What else ends it is the protocol's `Censoring`; without an event a
patient is censored at the last evaluable scan (day 0 when there is none) before the cut or loss. OS runs to death.
Duration of response runs from the first scan of the response that counts. Assumes that censoring says nothing about the
coming event.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from normoxia.trial.conduct import recist
from normoxia.trial.conduct.recist import Criteria, Response, ResponseCourse
from normoxia.trial.protocol import Censoring
from normoxia.trial.result import TrialResult

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int8]

#: treatment-related events are collected up to this long after the last dose
TOXICITY_DAYS = 30.0
#: visits in a row without an evaluable scan after which the FDA's rules censor
MISSED_VISITS = 2


class End(IntEnum):
    """What ended a patient's time: events up to `DEATH`, then reasons of censoring."""

    PROGRESSION = 1
    CLINICAL_PROGRESSION = 2
    DEATH = 3
    CUT = 10
    LOST = 11
    WITHDRAWN = 12
    NEW_THERAPY = 13
    MISSED_VISITS = 14
    FAILED = 15


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PatientEndpoints:
    """Every patient's endpoints; days from entry. All arrays have shape (n_patients,).

    Attributes
    ----------
    pfs, pfs_observed, pfs_end
        Progression-free survival, whether its event was observed, and what ended it (`End`).
    os, os_observed, os_end
        Overall survival likewise.
    response
        Best overall response, `Response` codes.
    response_day
        First scan of the response that counts; nan without one (time to response).
    duration, duration_observed
        Of the response; nan for those who did not respond.
    toxic
        Whether there was a treatment-related event of grade 3 or more.
    immune_pfs, immune_pfs_observed
        PFS by iRECIST: a progression that the next scan does not confirm is none.
    treatment, treatment_ended
        Time to the end of the arm's last drug, and whether it ended before the cut of PFS and loss.
    """

    pfs: Floats
    pfs_observed: Bools
    pfs_end: Codes
    os: Floats
    os_observed: Bools
    os_end: Codes
    response: Codes
    response_day: Floats
    duration: Floats
    duration_observed: Bools
    toxic: Bools
    immune_pfs: Floats
    immune_pfs_observed: Bools
    treatment: Floats
    treatment_ended: Bools

    @property
    def responded(self) -> Bools:
        """Complete or partial response."""
        return np.asarray(self.response >= Response.PR)

    @property
    def controlled(self) -> Bools:
        """Response or stable disease."""
        return np.asarray(self.response >= Response.SD)


def evaluate(
    result: TrialResult, criteria: Criteria, censoring: Censoring = Censoring.EMA
) -> PatientEndpoints:
    """Evaluate the endpoints of every patient of a result.

    A patient whose solve failed is censored at the last scan before it; `TrialResult.failed` counts them.

    Parameters
    ----------
    result
        Every patient of a run.
    criteria
        The protocol's rules of response.
    censoring
        What ends PFS beside progression and death.
    """
    column = result.columns
    cut = np.minimum(column["progression_cut"], column["survival_loss"])
    days = np.where(result.scan_day <= cut[:, None], result.scan_day, np.nan)
    course = recist.best_response(days, result.overall, criteria)
    pfs, observed, pfs_end = _pfs(result, days, course, censoring)

    death = column["death"]
    os_cut = np.minimum(column["survival_cut"], column["survival_loss"])
    os_observed = death <= os_cut
    failed = column["status"] != 0
    alive_until = np.where(failed, np.minimum(os_cut, course.last_day), os_cut)
    os_end = np.where(column["survival_loss"] < column["survival_cut"], End.LOST, End.CUT)
    os_end = np.where(os_observed, End.DEATH, np.where(failed, End.FAILED, os_end))

    duration = np.where(
        np.isnan(course.response_day), np.nan, np.maximum(pfs - course.response_day, 0.0)
    )
    toxicity_end = np.minimum(np.minimum(cut, death), column["treatment_end"] + TOXICITY_DAYS)
    immune, immune_observed = _immune_pfs(result, days, course)
    return PatientEndpoints(
        pfs=pfs,
        pfs_observed=observed,
        pfs_end=pfs_end,
        os=np.where(os_observed, death, alive_until),
        os_observed=os_observed,
        os_end=os_end.astype(np.int8),
        response=course.best,
        response_day=course.response_day,
        duration=duration,
        duration_observed=observed & ~np.isnan(course.response_day),
        toxic=column["first_toxicity"] <= toxicity_end,
        immune_pfs=immune,
        immune_pfs_observed=immune_observed,
        treatment=np.minimum(column["treatment_end"], cut),
        treatment_ended=column["treatment_end"] <= cut,
    )


def _pfs(
    result: TrialResult, days: Floats, course: ResponseCourse, censoring: Censoring
) -> tuple[Floats, Bools, Codes]:
    """Time, whether its event was observed, and what ended it."""
    column = result.columns
    cut = np.minimum(column["progression_cut"], column["survival_loss"])
    progression = np.where(np.isnan(course.progression_day), np.inf, course.progression_day)
    death = np.where(column["death"] <= cut, column["death"], np.inf)
    clinical = np.where(
        column["clinical_progression"] <= cut, column["clinical_progression"], np.inf
    )
    event = np.minimum(progression, death)
    kind = np.where(progression <= death, End.PROGRESSION, End.DEATH)
    end = np.where(column["survival_loss"] < column["progression_cut"], End.LOST, End.CUT)
    end = np.where(column["scan_withdrawal"] < cut, End.WITHDRAWN, end)
    end = np.where(column["status"] != 0, End.FAILED, end)
    first = event
    if censoring is not Censoring.EMA:
        undocumented = clinical < event
        if censoring is Censoring.FDA_B:
            event = np.minimum(event, clinical)
            kind = np.where(undocumented, End.CLINICAL_PROGRESSION, kind)
        therapy = np.where(column["next_line"] >= 0, column["next_start"], np.inf)
        therapy = np.minimum(therapy, clinical) if censoring is Censoring.FDA_A else therapy
        missed = _visits_missed(result, days, event) >= MISSED_VISITS
        late = np.isfinite(event) & missed & ~undocumented
        for happened, reason in (
            (therapy < event, End.NEW_THERAPY),
            (column["scan_withdrawal"] < event, End.WITHDRAWN),
            (late, End.MISSED_VISITS),
        ):
            applies = happened & np.isfinite(event)
            event = np.where(applies, np.inf, event)
            end = np.where(applies, reason, end)
        end = np.where(
            ~np.isfinite(event) & (therapy <= cut) & (end == End.CUT), End.NEW_THERAPY, end
        )
    observed = np.isfinite(event)
    last = np.where(np.isfinite(first), _last_scan(result, days, first), course.last_day)
    time = np.where(observed, event, last)
    return time, observed, np.where(observed, kind, end).astype(np.int8)


def _last_scan(result: TrialResult, days: Floats, event: Floats) -> Floats:
    """Last evaluable scan before an event (0, the baseline, without one); shape (n_patients,)."""
    before = ~np.isnan(days) & (result.overall != Response.NE) & (days < event[:, None])
    return np.asarray(np.where(before, days, 0.0).max(axis=1, initial=0.0))


def _visits_missed(result: TrialResult, days: Floats, event: Floats) -> NDArray[np.int64]:
    """Visits in a row without an evaluable scan before an event, 0 without an event; shape (n_patients,)."""
    event_day = event[:, None]
    evaluable = ~np.isnan(days) & (result.overall != Response.NE)
    at_event = evaluable & (days == event_day)
    visit = np.arange(days.shape[1])
    # a scan with progression is that of its visit, read early or late; death comes after the visits due by then
    due = (result.visit_days[None, :] < event_day).sum(axis=1)
    due = np.where(at_event.any(axis=1), at_event.argmax(axis=1), due)
    last = np.where(evaluable & (days < event_day), visit + 1, 0).max(axis=1, initial=0)
    return np.where(np.isfinite(event), np.maximum(due - last, 0), 0)


def _immune_pfs(result: TrialResult, days: Floats, course: ResponseCourse) -> tuple[Floats, Bools]:
    """PFS by iRECIST (Seymour 2017, Lancet Oncol 18:e143): progression counts unless the next scan does not show it.

    A progression after which no scan is done counts, on its own day. Scans after it are read against the size then, by
    the thresholds of progression; iRECIST would take any further growth of 5 mm.
    """
    column = result.columns
    cut = np.minimum(column["progression_cut"], column["survival_loss"])
    seen = ~np.isnan(days) & (result.overall != Response.NE)
    progressed = seen & (result.overall == Response.PD)
    later = np.zeros(len(days), dtype=bool)  # whether the next evaluable scan shows none
    confirmed = np.zeros_like(progressed)
    for visit in reversed(range(days.shape[1])):
        confirmed[:, visit] = progressed[:, visit] & ~later
        later = np.where(seen[:, visit], ~progressed[:, visit], later)
    when = np.where(confirmed, days, np.inf).min(axis=1, initial=np.inf)
    death = np.where(column["death"] <= cut, column["death"], np.inf)
    event = np.minimum(when, death)
    last = np.where(seen, days, 0.0).max(axis=1, initial=0.0)
    observed = np.isfinite(event)
    return np.where(observed, event, np.maximum(last, course.last_day)), observed
