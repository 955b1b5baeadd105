"""Endpoints of the patients of a result: times to progression and death, response and its length, toxicity.

PFS runs to the first scan with progression or to death; without either a patient is censored at the last evaluable scan
(day 0 when there is none) before the cut or loss, as RECIST trials do; death counts as an event at the latest at that
cut or loss. OS runs to death. Duration of response runs from the first scan of the response that counts.
Assumes that leaving the trial tells nothing about the coming event.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.trial.conduct import recist
from normoxia.trial.conduct.recist import Criteria, Response
from normoxia.trial.result import TrialResult

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: treatment-related events are collected up to this long after the last dose
TOXICITY_DAYS = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class PatientEndpoints:
    """Every patient's endpoints; days from entry. All arrays have shape (n_patients,).

    response       best overall response, `Response` codes
    response_day   first scan of the response that counts; nan without one (time to response)
    duration, duration_observed   of the response; nan for those who did not respond
    toxic          whether there was a treatment-related event of grade 3 or more
    """

    pfs: Floats
    pfs_observed: Bools
    os: Floats
    os_observed: Bools
    response: NDArray[np.int8]
    response_day: Floats
    duration: Floats
    duration_observed: Bools
    toxic: Bools

    @property
    def responded(self) -> Bools:
        """Complete or partial response."""
        return np.asarray(self.response >= Response.PR)

    @property
    def controlled(self) -> Bools:
        """Response or stable disease."""
        return np.asarray(self.response >= Response.SD)


def evaluate(result: TrialResult, criteria: Criteria) -> PatientEndpoints:
    """The endpoints of every patient of a result.

    A patient whose solve failed is censored at the last scan before it; `TrialResult.failed` counts them.
    """
    column = result.columns
    cut = np.minimum(column["progression_cut"], column["survival_loss"])
    days = np.where(result.scan_day <= cut[:, None], result.scan_day, np.nan)
    course = recist.best_response(days, result.overall, criteria)
    death = column["death"]
    dies = death <= cut
    progressed = np.where(np.isnan(course.progression_day), np.inf, course.progression_day)
    event = np.minimum(progressed, np.where(dies, death, np.inf))
    observed = np.isfinite(event)
    pfs = np.where(observed, event, course.last_day)

    os_end = np.minimum(column["survival_cut"], column["survival_loss"])
    os_observed = death <= os_end
    failed = column["status"] != 0
    alive_until = np.where(failed, np.minimum(os_end, course.last_day), os_end)
    os = np.where(os_observed, death, alive_until)

    duration = np.where(
        np.isnan(course.response_day), np.nan, np.maximum(pfs - course.response_day, 0.0)
    )
    end = np.minimum(np.minimum(cut, death), column["treatment_end"] + TOXICITY_DAYS)
    return PatientEndpoints(
        pfs,
        observed,
        os,
        os_observed,
        course.best,
        course.response_day,
        duration,
        observed & ~np.isnan(course.response_day),
        column["first_toxicity"] <= end,
    )
