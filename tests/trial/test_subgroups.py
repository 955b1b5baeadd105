"""Subgroups of a run: Cox's ratio in each level, and an interaction test of the stated level."""

from __future__ import annotations

import math

import numpy as np
import pytest

import normoxia as nx
from normoxia.api.run import Run
from normoxia.language import language
from normoxia.outcome import Endpoint
from normoxia.report.views.subgroups import subgroup_figure, subgroup_table
from normoxia.survival.cox import cox
from normoxia.survival.data import TimeToEvent
from normoxia.survival.replicates import HazardRatios, hazard_ratio_many
from normoxia.trial.endpoints import evaluate
from normoxia.trial.subgroups import interaction_p, share_significant, subgroups, with_whole_chance


@pytest.fixture(scope="module")
def run() -> Run:
    """One trial without the ensemble."""
    return nx.run("impower150", patients=80, replicates=1, calibrated=False, seed=4)


def test_the_ratio_of_a_level_is_coxs_of_its_patients(run: Run) -> None:
    found = {
        one.covariate: one
        for one in subgroups(run.result, run.trial)
        if (one.experimental, one.control) == ("ABCP", "BCP")
    }
    assert [level.level for level in found["pdl1_tps"].levels] == ["<1%", "1-49%", ">=50%"]
    assert [level.level for level in found["age"].levels] == ["<65", ">=65"]
    result = run.result
    e = evaluate(result, run.trial.criteria, run.trial.plan.censoring)
    for level in found["ecog"].levels:
        member = result.covariates["ecog"] == float(level.level)
        rows = np.concatenate(
            [result.rows(arm)[member[result.rows(arm)]] for arm in ("ABCP", "BCP")]
        )
        in_first = np.isin(rows, result.rows("ABCP")).astype(float)
        fit = cox(TimeToEvent(e.pfs[rows], e.pfs_observed[rows]), in_first[:, None])
        assert level.n == len(rows)
        assert level.ratio.value == pytest.approx(math.exp(fit.coefficients[0]), rel=1e-6)
    assert sum(level.n for level in found["ecog"].levels) == 160


def test_cochrans_q_of_two_levels_is_the_square_of_their_z() -> None:
    logs, errors = np.array([[0.1, -0.4], [0.5, -0.3]]), np.array([[0.2, 0.2], [0.3, 0.1]])
    z = (logs[0] - logs[1]) / np.sqrt((errors**2).sum(axis=0))
    expected = [math.erfc(abs(v) / math.sqrt(2.0)) for v in z]
    np.testing.assert_allclose(interaction_p(logs, errors), expected, rtol=1e-9)


def test_the_test_of_interaction_keeps_its_level_in_arms_of_the_same_people() -> None:
    """Twin arms of exponential times with one hazard ratio: without the missing chance the test would find far too little."""
    rng = np.random.default_rng(5)
    trials, n = 400, 80
    shared = rng.exponential(200.0, (trials, n))
    time = np.concatenate([shared * 1.5 * np.exp(rng.normal(0, 0.2, (trials, n))), shared], axis=1)
    seen = np.ones_like(time, dtype=bool)
    flat, flat_seen = time.ravel(), seen.ravel()
    index = np.arange(time.size).reshape(time.shape)
    level = np.tile(np.arange(n) < 40, (trials, 2)).ravel()

    def ratios_of(member: np.ndarray):
        def ratios(one: np.ndarray, other: np.ndarray) -> HazardRatios:
            rows = np.concatenate([one, other], axis=1)
            in_first = np.arange(rows.shape[1]) < one.shape[1]
            return hazard_ratio_many(flat[rows], flat_seen[rows], in_first, included=member[rows])

        return ratios

    one, other = index[:, :n], index[:, n:]
    members = (level, ~level)
    errors = np.array([ratios_of(m)(one, other).standard_error for m in members])
    raw = np.array([ratios_of(m)(one, other).log_hazard_ratio for m in members])
    whole = np.array(
        [with_whole_chance(ratios_of(m), one, other, 1, f"{i}") for i, m in enumerate(members)]
    )
    assert share_significant(raw, errors) < 0.01
    # three binomial standard errors of 400 trials
    assert share_significant(whole, errors) == pytest.approx(0.05, abs=0.033)


def test_figure_table_and_frame_show_the_levels_in_both_languages(run: Run) -> None:
    found = [s for s in subgroups(run.result, run.trial, Endpoint.OS) if s.control == "BCP"][:4]
    assert "women" in subgroup_figure(found, "en").svg() or found
    zh = subgroup_table(found, language("zh"))
    assert any("PD-L1" in row[0] for row in zh.rows)
    assert set(run.subgroups()["covariate"]) >= {"pdl1_tps", "ecog", "age"}
    assert "PD-L1" in run.plot("subgroups").svg()
