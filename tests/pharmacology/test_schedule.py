"""Schedules: doses in mg at times, for windows, sizes, relative doses and masks."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pharmacology.test_regimen import given_amounts, regimens

from normoxia.errors import InvalidArgument
from normoxia.mechanism.inputs import Inputs
from normoxia.pharmacology import NOTHING, Regimen, kinetics, regimen, schedule

ABCP = [
    "atezolizumab 1200 mg q3w",
    "bevacizumab 15 mg/kg q3w",
    "carboplatin AUC 6 q3w x4",
    "paclitaxel 200 mg/m2 q3w x4",
]


def per_dose(inputs: Inputs, target: str) -> np.ndarray:
    """Amounts of one target, shape (..., its doses)."""
    return inputs.amount[..., [name == target for name in inputs.target]]


def test_every_basis_becomes_milligrams_of_the_patient() -> None:
    """15 mg/kg x 60 kg; 200 mg/m2 x 1.7 m2; AUC 6 x (75 + 25) mL/min."""
    found = schedule(
        regimen(ABCP),
        0.0,
        21.0,
        weight=np.array([60.0, 80.0]),
        body_surface=np.array([1.7, 2.0]),
        gfr=75.0,
    )
    assert found.amount.shape == (2, 4)
    np.testing.assert_array_equal(per_dose(found, "atezolizumab_central"), [[1200.0], [1200.0]])
    np.testing.assert_array_equal(per_dose(found, "bevacizumab_central"), [[900.0], [1200.0]])
    np.testing.assert_array_equal(per_dose(found, "paclitaxel_effect"), [[340.0], [400.0]])
    np.testing.assert_array_equal(per_dose(found, "carboplatin_effect"), [[600.0], [600.0]])


def test_three_weekly_doses_fall_on_days_0_21_42_and_a_window_holds_those_that_start_in_it() -> (
    None
):
    q3w = regimen("atezolizumab 1200 mg q3w")
    np.testing.assert_array_equal(schedule(q3w, 0.0, 43.0).time, [0.0, 21.0, 42.0])
    np.testing.assert_array_equal(schedule(q3w, 0.0, 42.0).time, [0.0, 21.0])
    np.testing.assert_array_equal(schedule(q3w, 42.0, 63.0).time, [42.0])
    assert schedule(q3w, 43.0, 63.0).n_doses == 0


def test_alike_patients_share_one_row() -> None:
    assert schedule(regimen("atezolizumab 1200 mg q3w"), 0.0, 42.0).amount.shape == (2,)


def test_labels_give_the_duration_of_an_infusion() -> None:
    found = schedule(regimen(ABCP), 0.0, 1.0, weight=70, body_surface=1.8, gfr=90)
    assert dict(zip(found.target, found.duration * 24 * 60, strict=True)) == pytest.approx(
        {
            "atezolizumab_central": 60.0,
            "bevacizumab_central": 90.0,
            "carboplatin_effect": 30.0,
            "paclitaxel_effect": 180.0,
        }
    )


def test_short_infusions_may_enter_at_once() -> None:
    found = schedule(regimen("atezolizumab 1200 mg q3w"), 0.0, 42.0, bolus_below=0.25)
    np.testing.assert_array_equal(found.duration, [0.0, 0.0])


def test_one_patients_reduction_and_anothers_stop_of_single_drugs() -> None:
    found = schedule(
        regimen("lenvatinib 20 mg daily + pembrolizumab 200 mg q3w"),
        0.0,
        2.0,
        intensity={"lenvatinib": np.array([1.0, 0.7, 1.0])},
        active={"pembrolizumab": np.array([True, True, False])},
    )
    np.testing.assert_allclose(per_dose(found, "lenvatinib_depot"), [[20, 20], [14, 14], [20, 20]])
    np.testing.assert_array_equal(
        per_dose(found, "pembrolizumab_central"), [[200.0], [200.0], [0.0]]
    )


@given(regimens, st.lists(st.integers(1, 2400), max_size=5, unique=True))
def test_windows_put_together_give_the_whole(value: Regimen, cuts: list[int]) -> None:
    """Windows may cut infusions: what enters by any time is the same."""
    edges = [0.0, *[cut / 16.0 for cut in sorted(cuts)], 300.0]
    sizes = {"weight": 70.0, "body_surface": 1.8, "gfr": 80.0}
    whole = schedule(value, 0.0, 300.0, **sizes)
    parts = [schedule(value, first, last, **sizes) for first, last in itertools.pairwise(edges)]
    for part, first, last in zip(parts, edges[:-1], edges[1:], strict=True):
        assert np.all((part.time >= first) & (part.time < last))
        assert np.all(part.time + part.duration <= last + 1e-9)
    grid = np.arange(0.0, 300.0, 1.0 / 8.0)
    for target in set(whole.target):
        together = sum(entered(part, target, grid) for part in parts)
        np.testing.assert_allclose(together, entered(whole, target, grid), rtol=1e-9, atol=1e-9)


@given(regimens, st.integers(0, 250))
def test_windows_of_whole_days_hold_each_dose_once_when_infusions_are_short(
    value: Regimen, cut: int
) -> None:
    sizes = {"weight": 70.0, "body_surface": 1.8, "gfr": 80.0, "bolus_below": 2.0}
    parts = [schedule(value, 0.0, float(cut), **sizes), schedule(value, float(cut), 300.0, **sizes)]
    assert sorted(given_amounts(parts[0]) + given_amounts(parts[1])) == given_amounts(
        schedule(value, 0.0, 300.0, **sizes)
    )


def entered(inputs: Inputs, target: str, times: np.ndarray) -> np.ndarray:
    """Amount that has entered a target by each time; a bolus counts from its time on."""
    total = np.zeros(times.size)
    for time, name, amount, duration in zip(
        inputs.time, inputs.target, inputs.amount, inputs.duration, strict=True
    ):
        if name == target:
            elapsed = times - time
            share = (
                (elapsed >= 0.0) * 1.0 if duration == 0.0 else np.clip(elapsed / duration, 0.0, 1.0)
            )
            total += amount * share
    return total


@given(st.floats(0.1, 5.0), st.floats(0.1, 5.0))
def test_doses_superpose(one: float, other: float) -> None:
    """The concentration after both doses is the sum of those after each."""
    unit = kinetics.response(0.2, 3.0, 0.5, 2.5)
    times = np.linspace(0.0, 63.0, 40)
    a, b = regimen(f"atezolizumab {one} mg/kg q3w"), regimen(f"bevacizumab {other} mg/kg q2w x3")

    def after(value: Regimen) -> np.ndarray:
        found = schedule(value, 0.0, 63.0, weight=70.0)
        return kinetics.concentration(unit, times, found.time, found.amount, found.duration)

    np.testing.assert_allclose(after(a + b), after(a) + after(b), rtol=1e-12)


def test_a_long_infusion_is_cut_at_the_window_and_goes_on_in_the_next() -> None:
    pump = regimen("rh_endostatin 7.5 mg/m2/day d1-14 q3w continuous")
    first, second = (
        schedule(pump, *window, body_surface=2.0) for window in ((0.0, 10.0), (10.0, 42.0))
    )
    assert (first.time[0], first.duration[0], first.amount[0]) == pytest.approx((0.0, 10.0, 150.0))
    np.testing.assert_allclose(second.time, [10.0, 21.0])
    np.testing.assert_allclose(second.duration, [4.0, 14.0])
    np.testing.assert_allclose(second.amount, [60.0, 210.0])


def test_nothing_is_an_empty_schedule() -> None:
    assert schedule(NOTHING, 0.0, 100.0).n_doses == 0


@pytest.mark.parametrize(
    ("text", "sizes", "message"),
    [
        (
            "bevacizumab 15 mg/kg q3w",
            {},
            r"bevacizumab is dosed in mg/kg, but no weight is given; pass weight= in kg",
        ),
        (
            "paclitaxel 200 mg/m2 q3w",
            {"weight": 70},
            r"no body_surface is given; pass body_surface= in m2",
        ),
        ("carboplatin AUC 5 q3w", {}, r"no gfr is given; pass gfr= in mL/min"),
        (
            "bevacizumab 15 mg/kg q3w",
            {"weight": np.array([70.0, np.nan])},
            r"weight: found a value that is negative or not finite",
        ),
        (
            "bevacizumab 15 mg/kg q3w",
            {"weight": np.ones((2, 2))},
            r"weight: found an array of shape \(2, 2\)",
        ),
        (
            "bevacizumab 15 mg/kg q3w + paclitaxel 200 mg/m2 q3w",
            {"weight": np.ones(3), "body_surface": np.ones(2)},
            r"found arrays of 2 and 3 patients",
        ),
        (
            "bevacizumab 15 mg/kg q3w",
            {"weight": 70, "intensity": {"docetaxel": 0.5}},
            r'intensity: found "docetaxel"',
        ),
    ],
)
def test_what_is_missing_or_does_not_fit_is_named(
    text: str, sizes: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        schedule(regimen(text), 0.0, 21.0, **sizes)


def test_a_window_must_be_finite_and_in_order() -> None:
    with pytest.raises(InvalidArgument, match="two finite days in order"):
        schedule(regimen("atezolizumab 1200 mg q3w"), 0.0, np.inf)
