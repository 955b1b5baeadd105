"""What the mechanism makes of whole trials, uncalibrated: the order by PD-L1, and how first progressions come about."""

from __future__ import annotations

import numpy as np
import pytest

from normoxia import survival, trial
from normoxia.trial import endpoints
from normoxia.trial.conduct.recist import Response

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def keynote_042() -> tuple[trial.TrialResult, endpoints.PatientEndpoints]:
    protocol = trial.read("study:KEYNOTE-042")
    result = trial.run(protocol, seed=1, patients=800)
    return result, endpoints.evaluate(result, protocol.criteria)


def test_hazard_ratios_of_pembrolizumab_are_ordered_by_pd_l1(keynote_042) -> None:
    """PFS in print: 0.81 at TPS of 50 % or more, 1.07 in all (KEYNOTE-042); two standard errors apart at this size."""
    result, ends = keynote_042
    arm = np.asarray(result.columns["arm"])
    tps = np.asarray(result.covariates["pdl1_tps"])

    def log_ratio(level: str) -> tuple[float, float]:
        groups = (
            survival.TimeToEvent(ends.pfs[rows], ends.pfs_observed[rows])
            for rows in ((tps == level) & (arm == i) for i in (0, 1))
        )
        ratio = survival.hazard_ratio(*groups)
        return float(np.log(ratio.value)), float(np.log(ratio.high / ratio.low) / 3.92)

    (high, error), (low, other) = log_ratio(">=50%"), log_ratio("1-49%")
    assert result.arms == ("pembro", "chemo")
    assert high < low - 2 * np.hypot(error, other)


@pytest.mark.xfail(
    strict=True,
    reason="39 % with the documents' own numbers since study trials give drugs by histology, 41 % under the ensemble of 2026-11-30; "
    "the rate of new lesions was set before",
)
def test_about_half_of_first_progressions_have_a_new_lesion(keynote_042) -> None:
    """57 % of 2363 progressions of four first-line trials; the model's parameter was set to this, so that it is no evidence."""
    result, ends = keynote_042
    progressed = (result.overall == Response.PD).any(axis=1) & ends.pfs_observed
    new = np.asarray(result.columns["new_lesion"]) <= ends.pfs
    assert 0.4 < np.mean(new[progressed]) < 0.65
