"""Operating characteristics by simulation against closed forms and rpact."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

import normoxia as nx
from normoxia.cli.app import execute
from normoxia.design import power, trial_designs
from normoxia.design.power import SimulatedArm
from normoxia.errors import InvalidDocument

MONTH = 30.4375
N = 4000


def exponential(median: float, factor: float = 1.0, draws: int = 4) -> SimulatedArm:
    """An arm without loss whose events are the quantiles of an exponential distribution."""
    u = (np.arange(N) + 0.5) / N
    event = -np.log(1.0 - u) * median * MONTH / math.log(2.0) / factor
    return SimulatedArm(event=np.tile(event, (draws, 1)), lost=np.full((draws, N), np.inf))


def design(**changes: object) -> trial_designs.TrialDesign:
    asked = trial_designs.read("bispecific-first-line")
    fixed = {"accrual": 18.0, "longest": 200.0, "maturity": 0.625, "looks": (1.0,)}
    return replace(asked, **{**fixed, **changes})


def share_error(p: float, n: int) -> float:
    """Four standard errors of a share of n trials."""
    return 4.0 * math.sqrt(p * (1.0 - p) / n)


@pytest.mark.parametrize("test", ["log-rank", "restricted mean"])
def test_without_an_effect_trials_reject_at_the_level(test: str) -> None:
    arm = exponential(12.0, draws=8)
    sizes = power.characteristics(design(test=test), arm, arm, 300, seed=5, trials=500)
    assert sizes.assurance == pytest.approx(0.025, abs=share_error(0.025, 4000))


def test_power_of_the_log_rank_test_is_schoenfelds() -> None:
    # Schoenfeld 1981, Biometrika 68:316: Phi(sqrt(D/4) |log HR| - z) with D events
    sizes = power.characteristics(
        design(), exponential(12.0, 0.7), exponential(12.0), 400, seed=2, trials=500
    )
    expected = float(ndtr(math.sqrt(250 / 4) * abs(math.log(0.7)) - ndtri(0.975)))
    assert sizes.events == 250
    assert sizes.assurance == pytest.approx(expected, abs=share_error(expected, 2000) + 0.01)


def test_three_looks_need_the_events_that_rpact_says() -> None:
    # getSampleSizeSurvival: 249.94 events for 80 % power at a hazard ratio of 0.7 (see tests/oracles/design)
    asked = design(looks=(1 / 3, 2 / 3, 1.0))
    sizes = power.characteristics(
        asked, exponential(12.0, 0.7), exponential(12.0), 400, seed=3, trials=500
    )
    assert sizes.assurance == pytest.approx(0.80, abs=share_error(0.8, 2000) + 0.01)
    drift = math.sqrt(250 / 4) * -math.log(0.7)
    expected = asked.boundaries.crossing(drift)
    for share, wanted in zip(sizes.stops, expected, strict=True):
        assert share == pytest.approx(float(wanted), abs=share_error(float(wanted), 2000) + 0.015)


def test_max_combo_keeps_its_level_and_beats_log_rank_when_curves_part_late() -> None:
    arm = exponential(12.0, draws=2)
    asked = design(test="max-combo")
    null = power.characteristics(asked, arm, arm, 100, seed=1, trials=150)
    assert null.assurance <= 0.025 + share_error(0.025, 300)
    late = arm.event.copy()
    after = late > 12.0 * MONTH
    late[after] = (
        12.0 * MONTH + (late[after] - 12.0 * MONTH) * 2.5
    )  # a hazard ratio of .4 after a year
    delayed = SimulatedArm(event=late, lost=arm.lost)
    by = {
        test: power.characteristics(design(test=test), delayed, arm, 250, seed=1, trials=150)
        for test in ("log-rank", "max-combo")
    }
    assert by["max-combo"].assurance > by["log-rank"].assurance


def test_a_multiplied_hazard_moves_the_median_of_an_exponential() -> None:
    moved = exponential(12.0).with_hazard(np.array([0.5, 1.0, 2.0, 1.5]))
    medians = np.median(moved.event, axis=1) / MONTH
    assert medians == pytest.approx([24.0, 12.0, 6.0, 8.0], rel=2e-3)


def test_events_that_move_beyond_the_curve_are_lost_at_its_end() -> None:
    event = np.array([[10.0, 20.0, 30.0, np.inf]])
    lost = np.array([[np.inf, np.inf, np.inf, 40.0]])
    moved = SimulatedArm(event=event, lost=lost).with_hazard(np.array([0.2]))
    assert np.isinf(moved.event).any()
    assert (np.isfinite(moved.event) ^ np.isfinite(moved.lost)).all()
    assert moved.lost[np.isfinite(moved.lost)].max() == 40.0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("looks: [0.7, 1]", "looks: [0.7, 0.9]", "increase to 1"),
        ("endpoint: PFS", "endpoint: PFSS", "PFS"),
        ("spending: obrien-fleming", "test: max-combo", "one look"),
        ("accrual: 18 months", "accrual: 18", "18 months"),
        ("patients: [200, 300, 400, 600]", "patients: [300, 200]", "increase"),
        ("alpha: 0.025", "alpha: 0.7", "at most"),
    ],
)
def test_faults_of_a_design_are_found_before_anything_runs(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = trial_designs.read("bispecific-first-line").text
    assert old in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidDocument, match=said):
        trial_designs.read(path)


def test_a_plan_in_a_folder_verifies_and_repeats(tmp_path: Path) -> None:
    kinds = {"patients": 20, "draws": 8, "trials": 20}
    planned = nx.design_trial("bispecific-first-line", out=tmp_path / "a", report=False, **kinds)
    assert execute(["verify", str(tmp_path / "a"), "--quiet"]) == 0
    again = nx.design_trial("Bispecific First Line", **kinds)
    assert planned.table().equals(again.table())
    assert "assurance" in planned.answer()
    assert "把握度" in planned.answer("zh")
