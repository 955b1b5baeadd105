"""Stratified hazard ratios and restricted means of a run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.trial import toy

from normoxia.outcome import Endpoint
from normoxia.survival import DAYS_PER_MONTH
from normoxia.trial.effects import treatment_effects
from normoxia.trial.endpoints import evaluate
from normoxia.trial.protocol import AnalysisPlan


def test_the_difference_of_restricted_means_is_that_of_mean_times_when_nobody_is_censored_before() -> (
    None
):
    protocol = replace(toy.protocol(), plan=AnalysisPlan(rmst_months=3.0))
    result = toy.result(patients=200)
    e = evaluate(result, protocol.criteria)
    horizon = 3.0 * DAYS_PER_MONTH
    # lost patients are few; of the others everybody is followed for a year
    kept = result.take(result.columns["survival_loss"] > horizon)
    e = evaluate(kept, protocol.criteria)
    effect = next(
        x
        for x in treatment_effects(kept, protocol)
        if (x.population, x.endpoint) == ("all", Endpoint.OS)
    )
    means = [
        np.minimum(e.os[kept.rows(arm)], horizon).mean()
        for arm in (effect.experimental, effect.control)
    ]
    assert effect.rmst_difference is not None
    assert np.isclose(effect.rmst_difference.value, means[0] - means[1], atol=1e-9)


def test_strata_of_one_level_change_nothing_and_others_do() -> None:
    result = toy.result(patients=200)
    for strata, same in ((("histology",), True), (("ecog",), False)):
        plan = replace(toy.protocol(), plan=AnalysisPlan(strata=strata))
        effect = treatment_effects(result, plan)[1]
        assert effect.stratified_hazard_ratio is not None
        assert effect.hazard_ratio is not None
        equal = np.isclose(
            effect.stratified_hazard_ratio.value, effect.hazard_ratio.value, rtol=1e-6
        )
        assert equal == same
        assert 0.0 <= effect.log_rank_p <= 1.0
