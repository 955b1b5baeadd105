"""What the solver's tolerance and the speed of the mediators change (T10 of the design)."""

from __future__ import annotations

import numpy as np
import pytest
from tests.library.laboratory import (
    ANTI_PD1,
    BEVACIZUMAB,
    Levels,
    draw,
    follow,
    multi_target_tki,
    nsclc,
)

from normoxia import mechanism

DAYS = [42.0, 84.0, 168.0, 365.0]
EVERYTHING: Levels = {**ANTI_PD1, **BEVACIZUMAB, "chemo_level": 0.3}


@pytest.mark.parametrize(
    "levels", [EVERYTHING, {**ANTI_PD1, **multi_target_tki(8.0)}], ids=["ABCP", "TKI + ICI"]
)
def test_halving_the_tolerance_changes_no_diameter_by_a_percent(levels: Levels):
    patients = draw(24, seed=2)
    coarse, fine = (
        follow([levels], DAYS, ["tumour_diameter"], patients=patients, tolerance=t).of(
            "tumour_diameter"
        )
        for t in (1e-4, 5e-5)
    )
    np.testing.assert_allclose(coarse, fine, rtol=0.01)


def test_slowed_mediators_change_days_and_not_weeks():
    """Off, the switch slows VEGF, interferon, lactate, cytokines and PD-L1 to a day or more. Lactate half a day after
    the first dose is then off by a tenth or more, while no diameter of a year differs by a percent."""
    patients = draw(24, seed=2)
    slow = mechanism.switch(nsclc(), {"fast_mediators": False})
    names = ["tumour_diameter", "Lac"]
    measured, slowed = (
        follow([EVERYTHING], [0.5, *DAYS], names, model=model, patients=patients)
        for model in (nsclc(), slow)
    )
    off = {name: np.abs(slowed.of(name) / measured.of(name) - 1) for name in names}
    assert off["tumour_diameter"].max() < 0.01
    assert np.median(off["Lac"][:, 0]) > 0.1


def test_no_state_turns_negative_or_fails_in_extreme_patients():
    patients = {
        name: np.exp(2 * np.log(values))
        for name, values in draw(24, seed=4).items()
        if name in ("kI", "kC")
    }
    course = follow(
        [EVERYTHING], DAYS, [s.name for s in nsclc().species], patients=patients, tolerance=1e-4
    )
    assert np.isfinite(course.values).all()
    assert course.values.min() > -1e-3
