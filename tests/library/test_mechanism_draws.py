"""Statements and checks of the design on draws of the shipped ensemble, not on the starting values alone.

The ensemble was fitted to an earlier version of the mechanism; a draw is applied by the names of its parameters. Each draw is a typical
patient of a possible trial. What holds in some structural variants only is asserted for those, and its absence for the others.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from tests.library.laboratory import (
    ANTI_PD1,
    ANTI_PDL1,
    BEVACIZUMAB,
    NOTHING,
    AtReference,
    Course,
    Levels,
    ensemble_draws,
    follow,
    multi_target_tki,
    nsclc,
    selective_tki,
)

from normoxia.mechanism.model import Statement

N = 32
DAYS = [14.0, 42.0, 84.0]
STATES = ["Q", "h", "B", "coverage", "perm", "VEGF", "Treg", "MDSC", "T8"]
REGIMENS: dict[str, Levels] = {
    "untreated": NOTHING,
    "bevacizumab": BEVACIZUMAB,
    "low": selective_tki(1.0),
    "high": selective_tki(8.0),
    "high multi-target": multi_target_tki(8.0),
    "anti-PD-1": ANTI_PD1,
}
ARROWS = [s for s in nsclc().statements if not s.emergent]


@pytest.fixture(scope="module")
def courses() -> dict[str, Course]:
    """The typical patient of each draw under each regimen."""
    draws = ensemble_draws(N)
    return {
        name: follow([levels], DAYS, STATES, patients=draws, tolerance=1e-4)
        for name, levels in REGIMENS.items()
    }


def effect(courses: dict[str, Course], regimen: str, state: str, day: float) -> np.ndarray:
    """Treated over untreated, by draw; shape (N,)."""
    treated, untreated = (courses[name].of(state) for name in (regimen, "untreated"))
    return treated[:, DAYS.index(day)] / untreated[:, DAYS.index(day)]


def with_variant(parameter: str) -> np.ndarray:
    """Draws whose structural variants keep an arrow; shape (N,)."""
    values = ensemble_draws(N)[parameter]
    return values > (1.0 if parameter == "kap" else 0.0)


def slope(reference: AtReference, statement: Statement) -> float:
    """Change of a statement's target per change of its driver."""
    driver = statement.driver
    at = reference.fixed[driver] if driver in reference.fixed else reference.value(driver)
    low, high = at * (1 - 1e-4), at * (1 + 1e-4) if at else 1e-4
    values = [reference.value(statement.target, {driver: level}) for level in (low, high)]
    return (values[1] - values[0]) / (high - low)


@pytest.mark.parametrize("draw", range(8))
def test_every_arrow_has_its_sign_or_is_off_in_the_draws_variant(draw: int) -> None:
    values = {name: float(column[draw]) for name, column in ensemble_draws(N).items()}
    reference = AtReference(nsclc().with_values(values))
    for statement in ARROWS:
        off = bool(statement.ablation) and all(
            values.get(name) == level for name, level in statement.ablation.items()
        )
        signed = slope(reference, statement) * statement.sign
        assert signed == 0.0 if off else signed > 1e-6, statement.tag


@pytest.mark.parametrize("regimen", ["bevacizumab", "low"])
def test_structure_normalises_in_every_draw(courses, regimen) -> None:
    """Coverage and T cells rise, leak, vessels and regulatory cells fall by day 14, whatever the variant (T4)."""
    for state in ("coverage", "T8"):
        assert np.all(effect(courses, regimen, state, 14.0) > 1), state
    for state in ("perm", "B", "Treg"):
        assert np.all(effect(courses, regimen, state, 14.0) < 1), state


@pytest.mark.parametrize("regimen", ["bevacizumab", "low"])
def test_perfusion_gains_by_day_14_in_draws_with_that_variant_and_in_no_other(
    courses, regimen
) -> None:
    gain = with_variant("kap")
    assert gain.any()
    assert not gain.all()
    assert np.all((effect(courses, regimen, "Q", 14.0) > 1) == gain)
    assert np.all((effect(courses, regimen, "h", 14.0) < 1) == gain)


@pytest.mark.parametrize("regimen", ["high", "high multi-target"])
def test_a_high_dose_ends_in_hypoxia_in_most_draws_with_pruning(courses, regimen) -> None:
    """T5 and T6: 0.92 of 26 draws for the selective inhibitor, all for the other; a draw more or less is 0.04."""
    pruning = with_variant("k_rm")
    assert np.mean(effect(courses, regimen, "h", 84.0)[pruning] > 1) > 0.8


def test_anti_pd1_alone_normalises_vessels_by_day_42_in_every_draw_with_the_feedback(
    courses,
) -> None:
    """T7; with the variant without C23 and C24 coverage moves by less than 3 %."""
    feedback = with_variant("a_IFr")
    for state, sign in (("coverage", 1), ("Q", 1), ("h", -1), ("VEGF", -1), ("B", -1)):
        moved = sign * np.log(effect(courses, "anti-PD-1", state, 42.0))
        assert np.all(moved[feedback] > 0), state
    assert np.all(np.abs(np.log(effect(courses, "anti-PD-1", "coverage", 42.0)[~feedback])) < 0.03)


def gained(levels: Levels, patients: Mapping[str, np.ndarray]) -> np.ndarray:
    """Kill on a drug at day 42 less kill without it, at PD-L1 of 0.14 to 7.4 (two sd either way); shape (n_patients, 5)."""
    expression = np.exp([-2.0, -1.0, 0.0, 1.0, 2.0])
    n = len(next(iter(patients.values())))
    repeated = {name: np.repeat(values, expression.size) for name, values in patients.items()}
    repeated["L1"] = np.tile(expression, n)
    treated, untreated = (
        follow([given], [42.0], ["kill"], patients=repeated, tolerance=1e-6).of("kill")[:, 0]
        for given in (levels, NOTHING)
    )
    return (treated - untreated).reshape(n, expression.size)


BLOCKERS = pytest.mark.parametrize("levels", [ANTI_PD1, ANTI_PDL1], ids=["PD-1", "PD-L1"])


@BLOCKERS
def test_kill_gained_under_a_blocker_rises_with_pd_l1(levels: Levels) -> None:
    """C29 at fixed immune strength, step by step."""
    start = {"kI": np.array([nsclc().defaults["kI"]])}
    assert np.all(np.diff(gained(levels, start)) > 0)


@pytest.fixture(scope="module", params=[ANTI_PD1, ANTI_PDL1], ids=["PD-1", "PD-L1"])
def gained_by_draw(request: pytest.FixtureRequest) -> np.ndarray:
    """`gained` in every draw."""
    return gained(request.param, ensemble_draws(N))


def test_kill_gained_under_a_blocker_rises_above_the_median_pd_l1_in_every_draw(
    gained_by_draw: np.ndarray,
) -> None:
    """The upper two steps; from end to end in 31 and 29 of 32 draws (PD-1, PD-L1), a draw more or less is 0.03."""
    assert np.all(np.diff(gained_by_draw, axis=1)[:, 2:] > 0)
    assert np.mean(gained_by_draw[:, -1] > gained_by_draw[:, 0]) > 0.85


@pytest.mark.xfail(
    strict=True,
    reason="the fit of 2026-11-30 prefers strong exhaustion (a_PD 2.5, in those draws 3.4): there the kill gained falls up to the "
    "median PD-L1 before it rises, which docs/method/calibration.md says",
)
def test_kill_gained_under_a_blocker_is_larger_at_high_pd_l1_in_every_draw(
    gained_by_draw: np.ndarray,
) -> None:
    """From end to end, and step by step in most."""
    assert np.all(gained_by_draw[:, -1] > gained_by_draw[:, 0])
    assert np.mean(np.diff(gained_by_draw, axis=1) > 0) > 0.95


def test_chemotherapy_alone_does_not_normalise_vessels() -> None:
    """Perfusion CT found no significant change at one, three and six cycles (Tacelli 2013, PMID 23553586).

    The level is the mean of a doublet's effect over a cycle, 1/(0.12*21) days of 1 at the peak; 0.42 to 0.40 mL/cm3/min without bevacizumab
    in another study (doi:10.1038/s41598-021-86405-w), within a tenth. Vessels that stopped being diluted gained a fifth before.
    """
    draws = ensemble_draws(N)
    treated = follow([{"chemo_level": 0.4}], DAYS, ["Q"], patients=draws, tolerance=1e-4).of("Q")
    untreated = follow([NOTHING], DAYS, ["Q"], patients=draws, tolerance=1e-4).of("Q")
    assert abs(np.median(treated[:, 1:] / untreated[:, 1:]) - 1) < 0.1
