"""Laws of the dosing algebra, over generated regimens."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from normoxia.errors import InvalidArgument
from normoxia.mechanism.inputs import Inputs
from normoxia.pharmacology import NOTHING, Course, Dose, Regimen, give, regimen, schedule

DRUGS = ("bevacizumab", "atezolizumab", "carboplatin", "lenvatinib")
HORIZON = 300.0


@st.composite
def courses(draw: st.DrawFn, endless: bool = True) -> Course:
    """A course on whole days, so that sums of days are exact."""
    drug = draw(st.sampled_from(DRUGS))
    cycle = draw(st.integers(1, 30))
    days = draw(st.lists(st.integers(0, cycle - 1), min_size=1, max_size=4, unique=True))
    basis = draw(st.sampled_from(["mg", "mg/kg", "mg/m2", "AUC"]))
    dose = Dose(
        drug=drug,
        amount=draw(st.integers(1, 400)) / 8.0,
        basis=basis,
        duration=draw(st.sampled_from([0.0, 0.0625, 1.0])),
    )
    times = draw(st.integers(1, 5)) if not endless or draw(st.booleans()) else math.inf
    return Course(
        dose=dose,
        days=tuple(float(day) for day in sorted(days)),
        cycle_days=float(cycle),
        cycles=times,
        start=float(draw(st.integers(0, 40))),
    )


regimens = st.lists(courses(), max_size=3).map(lambda found: Regimen(tuple(found)))
finite = st.lists(courses(endless=False), max_size=3).map(lambda found: Regimen(tuple(found)))
days = st.integers(0, 200).map(float)


def doses(value: Regimen, start: float = 0.0, end: float = HORIZON) -> Inputs:
    return schedule(value, start, end, weight=70.0, body_surface=1.8, gfr=80.0)


def given_amounts(inputs: Inputs) -> list[tuple[float, str, float, float]]:
    """Doses in an order that does not depend on how they were put together."""
    return sorted(zip(inputs.time, inputs.target, inputs.amount, inputs.duration, strict=True))


@given(regimens, regimens)
def test_beside_is_commutative(a: Regimen, b: Regimen) -> None:
    assert a + b == b + a
    assert given_amounts(doses(a + b)) == given_amounts(doses(b + a))


@given(regimens, regimens, regimens)
def test_beside_is_associative(a: Regimen, b: Regimen, c: Regimen) -> None:
    assert (a + b) + c == a + (b + c)


@given(finite, finite, regimens)
def test_then_is_associative(a: Regimen, b: Regimen, c: Regimen) -> None:
    assert (a >> b) >> c == a >> (b >> c)


@given(finite)
def test_nothing_is_neutral(a: Regimen) -> None:
    assert a + NOTHING == a == NOTHING + a
    assert a >> NOTHING == a == NOTHING >> a


@given(finite)
def test_zero_repeats_give_nothing_and_one_gives_the_same(a: Regimen) -> None:
    assert a.repeat(0) == NOTHING
    assert a.repeat(1) == a


@given(finite, st.integers(2, 4))
def test_repeating_is_sequencing_with_itself(a: Regimen, times: int) -> None:
    in_sequence = a
    for _ in range(times - 1):
        in_sequence = in_sequence >> a
    end = a.duration * times + 1.0
    assert given_amounts(doses(a.repeat(times), 0.0, end)) == given_amounts(
        doses(in_sequence, 0.0, end)
    )
    assert a.repeat(times).duration == in_sequence.duration


@given(finite, st.integers(2, 4))
def test_repeating_for_ever_begins_as_repeating_often(a: Regimen, times: int) -> None:
    end = a.duration * times
    assert given_amounts(doses(a.repeat(), 0.0, end)) == given_amounts(
        doses(a.repeat(times), 0.0, end)
    )


@given(finite, regimens)
def test_a_sequence_begins_its_second_part_when_the_first_ends(a: Regimen, b: Regimen) -> None:
    both = given_amounts(doses(a >> b))
    apart = given_amounts(doses(a)) + given_amounts(doses(b.delay(a.duration)))
    assert both == sorted(apart)


@given(regimens, days, days)
def test_a_hold_drops_the_doses_of_its_days_and_no_others(
    a: Regimen, first: float, length: float
) -> None:
    last = first + length + 1.0
    held = given_amounts(doses(a.hold(first, last)))
    kept = [dose for dose in given_amounts(doses(a)) if not first <= dose[0] < last]
    assert held == kept


@given(regimens, days)
def test_until_keeps_what_starts_before(a: Regimen, day: float) -> None:
    assert given_amounts(doses(a.until(day))) == [
        dose for dose in given_amounts(doses(a)) if dose[0] < day
    ]


@given(regimens, days, st.sampled_from([0.0, 0.5, 0.75]))
def test_a_reduction_scales_the_doses_from_its_day_on(
    a: Regimen, day: float, factor: float
) -> None:
    reduced = {}
    for time, target, amount, _ in given_amounts(doses(a.reduce(factor, day))):
        reduced[time, target] = reduced.get((time, target), 0.0) + amount
    expected = {}
    for time, target, amount, _ in given_amounts(doses(a)):
        scaled = amount * factor if time >= day else amount
        expected[time, target] = expected.get((time, target), 0.0) + scaled
    assert reduced.keys() == expected.keys()
    assert all(reduced[key] == pytest.approx(expected[key], rel=1e-12) for key in expected)


@given(regimens, days)
def test_a_delay_shifts_every_dose(a: Regimen, day: float) -> None:
    shifted = given_amounts(doses(a.delay(day), 0.0, HORIZON + day))
    assert shifted == [(time + day, *rest) for time, *rest in given_amounts(doses(a))]


@given(finite)
def test_a_finite_regimen_gives_nothing_after_its_end(a: Regimen) -> None:
    assert doses(a, a.duration + 1.0, a.duration + 500.0).n_doses == 0


def test_a_cycle_leaves_the_rest_of_its_days_free() -> None:
    one = give(Dose(drug="bevacizumab", amount=15, basis="mg/kg", duration=0.0625)).cycle(21)
    assert one.duration == 21.0
    assert one.repeat() == regimen("bevacizumab 15 mg/kg q3w")
    assert one.repeat(4) == regimen("bevacizumab 15 mg/kg q3w x4")


def test_a_cycle_that_is_too_short_is_refused() -> None:
    fortnight = regimen("anlotinib 12 mg daily").until(14)
    with pytest.raises(
        InvalidArgument, match=r"anlotinib: found doses up to day 14 in a cycle of 10 days"
    ):
        fortnight.cycle(10)
    assert fortnight.cycle(21).repeat() == regimen("anlotinib 12 mg daily d1-14 q3w")


def test_what_has_no_end_cannot_be_followed() -> None:
    with pytest.raises(
        InvalidArgument, match=r"bevacizumab: found a course without an end before `then`.*x4"
    ):
        regimen("bevacizumab 15 mg/kg q3w") >> regimen("docetaxel 75 mg/m2 q3w")


def test_an_operation_on_a_drug_that_is_not_given_names_those_that_are() -> None:
    with pytest.raises(InvalidArgument, match=r'does not give "docetaxel"; it gives bevacizumab'):
        regimen("bevacizumab 15 mg/kg q3w").hold(0, 21, "docetaxel")


@pytest.mark.parametrize(
    ("course", "message"),
    [
        (
            {"days": (0.0, 21.0), "cycle_days": 21.0},
            "day 22 of a cycle of 21 days, so cycles overlap",
        ),
        ({"days": (7.0, 0.0), "cycle_days": 21.0}, "expected ascending days"),
        ({"cycle_days": 0.0}, "found a cycle of 0 days"),
        ({"cycles": 2.5}, "found 2.5 cycles; expected a whole number"),
        ({"start": -1.0}, "found a start on day -1"),
    ],
)
def test_a_course_that_cannot_be_is_refused(course: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        Course(dose=Dose(drug="bevacizumab", amount=15, basis="mg/kg"), **course)


def test_a_dose_below_zero_or_without_a_number_is_refused() -> None:
    for amount in (-1.0, math.nan, math.inf):
        with pytest.raises(InvalidArgument, match="expected a dose of 0 or more"):
            Dose(drug="bevacizumab", amount=amount)


def test_an_infusion_longer_than_its_interval_is_refused() -> None:
    with pytest.raises(
        InvalidArgument, match="infusion over 2 days that starts every 1 days, so doses overlap"
    ):
        Course(
            dose=Dose(drug="rh_endostatin", amount=10, basis="mg", duration=2.0),
            days=(0.0, 1.0),
            cycle_days=21.0,
        )


def test_times_of_a_course_count_its_pauses_and_its_end() -> None:
    course = Course(
        dose=Dose(drug="bevacizumab", amount=15, basis="mg/kg"),
        days=(0.0, 7.0),
        cycle_days=21.0,
        cycles=3,
        start=5.0,
        paused=((26.0, 30.0),),
    )
    np.testing.assert_array_equal(course.times(0.0, 100.0), [5.0, 12.0, 33.0, 47.0, 54.0])
