"""A patient whose solve fails is a row with a status and a reason, counted, and does not stop the others."""

from __future__ import annotations

import numpy as np
from tests.trial import toy

from normoxia import trial
from normoxia.outcome import Endpoint
from normoxia.trial.endpoints import evaluate
from normoxia.trial.flow import flow


def _broken() -> trial.TrialResult:
    # a VEGF binder that multiplies the tumour by e**20 a day overflows any solver; chemotherapy alone is unharmed
    model = toy.model().with_values({"kA": -20.0})
    return trial.run(toy.protocol(), seed=5, patients=8, model=model)


def test_failures_are_counted_by_arm_and_explained() -> None:
    result = _broken()
    assert result.failed == {"combination": 8, "chemotherapy": 0, "again": 0}
    assert set(result.reasons) == set(result.rows("combination").tolist())
    assert all(result.reasons.values())
    assert [arm.failed for arm in flow(result, toy.protocol())] == [8, 0, 0]


def test_other_arms_are_as_if_nothing_had_happened() -> None:
    broken, whole = _broken(), toy.result(patients=8)
    for arm in ("chemotherapy", "again"):
        assert np.array_equal(
            broken.columns["death"][broken.rows(arm)], whole.columns["death"][whole.rows(arm)]
        )


def test_the_failed_are_censored_and_the_analysis_goes_on() -> None:
    result = _broken()
    found = evaluate(result, toy.protocol().criteria)
    own = result.rows("combination")
    assert not found.os_observed[own].any()
    assert (found.os[own] <= 42.0 + 7.0).all()
    outcomes = trial.analyse(result)
    assert {o.endpoint for o in outcomes} >= {Endpoint.PFS, Endpoint.OS, Endpoint.ORR}
