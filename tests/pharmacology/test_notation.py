"""Regimens as text: what is read, what is printed, what is refused and how."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pharmacology.test_regimen import DRUGS

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.pharmacology import NOTHING, Course, Dose, Regimen, regimen

HOUR = 1 / 24


@pytest.mark.parametrize(
    ("text", "course"),
    [
        (
            "atezolizumab 1200 mg q3w",
            Course(
                dose=Dose(drug="atezolizumab", amount=1200, basis="mg", duration=HOUR),
                days=(0.0,),
                cycle_days=21.0,
                cycles=math.inf,
            ),
        ),
        (
            "bevacizumab 15 mg/kg q3w",
            Course(
                dose=Dose(drug="bevacizumab", amount=15, basis="mg/kg", duration=1.5 * HOUR),
                days=(0.0,),
                cycle_days=21.0,
                cycles=math.inf,
            ),
        ),
        (
            "carboplatin AUC 6 q3w x4",
            Course(
                dose=Dose(drug="carboplatin", amount=6, basis="AUC", duration=0.5 * HOUR),
                days=(0.0,),
                cycle_days=21.0,
                cycles=4,
            ),
        ),
        (
            "carboplatin AUC5 q3w x4",
            Course(
                dose=Dose(drug="carboplatin", amount=5, basis="AUC", duration=0.5 * HOUR),
                days=(0.0,),
                cycle_days=21.0,
                cycles=4,
            ),
        ),
        (
            "gemcitabine 1250 mg/m2 d1,8 q3w",
            Course(
                dose=Dose(drug="gemcitabine", amount=1250, basis="mg/m2", duration=0.5 * HOUR),
                days=(0.0, 7.0),
                cycle_days=21.0,
                cycles=math.inf,
            ),
        ),
        (
            "anlotinib 12 mg daily d1-14 q3w",
            Course(
                dose=Dose(drug="anlotinib", amount=12, basis="mg", duration=0.0, route="oral"),
                days=tuple(map(float, range(14))),
                cycle_days=21.0,
                cycles=math.inf,
            ),
        ),
        (
            "lenvatinib 20 mg daily",
            Course(
                dose=Dose(drug="lenvatinib", amount=20, basis="mg", duration=0.0, route="oral"),
                days=(0.0,),
                cycle_days=1.0,
                cycles=math.inf,
            ),
        ),
        (
            "lenvatinib 20 mg/day",
            Course(
                dose=Dose(drug="lenvatinib", amount=20, basis="mg", duration=0.0, route="oral"),
                days=(0.0,),
                cycle_days=1.0,
                cycles=math.inf,
            ),
        ),
        (
            "envafolimab 150 mg weekly",
            Course(
                dose=Dose(drug="envafolimab", amount=150, basis="mg", duration=0.0, route="sc"),
                days=(0.0,),
                cycle_days=7.0,
                cycles=math.inf,
            ),
        ),
        (
            "ipilimumab 1 mg/kg once",
            Course(
                dose=Dose(drug="ipilimumab", amount=1, basis="mg/kg", duration=0.5 * HOUR),
                days=(0.0,),
                cycle_days=1.0,
                cycles=1,
            ),
        ),
        (
            "rh_endostatin 7.5 mg/m2/day d1-14 q3w continuous",
            Course(
                dose=Dose(drug="rh_endostatin", amount=105, basis="mg/m2", duration=14.0),
                days=(0.0,),
                cycle_days=21.0,
                cycles=math.inf,
            ),
        ),
        (
            "rh-endostatin 7.5 mg/m2/day d1-14 q3w",
            Course(
                dose=Dose(drug="rh_endostatin", amount=7.5, basis="mg/m2", duration=4 * HOUR),
                days=tuple(map(float, range(14))),
                cycle_days=21.0,
                cycles=math.inf,
            ),
        ),
        (
            "rh_endostatin 105 mg/m2 q3w over 72 h",
            Course(
                dose=Dose(drug="rh_endostatin", amount=105, basis="mg/m2", duration=3.0),
                days=(0.0,),
                cycle_days=21.0,
                cycles=math.inf,
            ),
        ),
        (
            "pembrolizumab 200 mg q3w x35 delayed 2 weeks",
            Course(
                dose=Dose(drug="pembrolizumab", amount=200, basis="mg", duration=0.5 * HOUR),
                days=(0.0,),
                cycle_days=21.0,
                cycles=35,
                start=14.0,
            ),
        ),
        (
            "sintilimab 200 mg q3w until 24 months",
            Course(
                dose=Dose(drug="sintilimab", amount=200, basis="mg", duration=0.75 * HOUR),
                days=(0.0,),
                cycle_days=21.0,
                cycles=math.inf,
                until=730.5,
            ),
        ),
        (
            "ivonescimab 20 mg/kg q3w paused 42-63",
            Course(
                dose=Dose(drug="ivonescimab", amount=20, basis="mg/kg", duration=HOUR),
                days=(0.0,),
                cycle_days=21.0,
                cycles=math.inf,
                paused=((42.0, 63.0),),
            ),
        ),
    ],
)
def test_a_text_means_its_course(text: str, course: Course) -> None:
    found = regimen(text)
    assert found == Regimen((course,))
    assert regimen(str(found)) == found


def test_any_name_of_a_drug_is_read_and_the_librarys_name_is_printed() -> None:
    for name in ("泰圣奇", "阿替利珠单抗", "Tecentriq", "MPDL3280A", "ATEZOLIZUMAB"):
        assert str(regimen(f"{name} 1200mg q3w")) == "atezolizumab 1200 mg q3w"
    assert regimen("bevacizumab biosimilar 15 mg/kg q3w").drugs == ("ibi305",)
    assert regimen("PM8002 20 mg/kg q2w") == regimen("BNT327 20 mg/kg q2w")


def test_capitals_and_spelt_out_cycles_are_read() -> None:
    for text in (
        "Bevacizumab 15 MG/KG Q3W",
        "bevacizumab 15mg/kg every 3 weeks",
        "bevacizumab 15 mg/kg q21d",
    ):
        assert regimen(text) == regimen("bevacizumab 15 mg/kg q3w")


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="found 5; expected a regimen's text"):
        regimen(5)


def test_impower150_with_four_drugs_beside_one_another() -> None:
    lines = [
        "atezolizumab 1200 mg q3w",
        "bevacizumab 15 mg/kg q3w",
        "carboplatin AUC 6 q3w x4",
        "paclitaxel 200 mg/m2 q3w x4",
    ]
    assert (
        regimen(lines) == regimen(" + ".join(lines)) == regimen([regimen(line) for line in lines])
    )
    assert regimen(lines).drugs == ("atezolizumab", "bevacizumab", "carboplatin", "paclitaxel")


def test_then_binds_more_loosely_than_beside() -> None:
    induction = "carboplatin AUC 5 q3w x4 + pemetrexed 500 mg/m2 q3w x4"
    whole = regimen(f"{induction} then pemetrexed 500 mg/m2 q3w")
    assert whole == regimen(induction) >> regimen("pemetrexed 500 mg/m2 q3w")
    assert whole == regimen(f"({induction}) then pemetrexed 500 mg/m2 q3w")
    assert whole == regimen(
        "(carboplatin AUC 5 q3w + pemetrexed 500 mg/m2 q3w) x4 then pemetrexed 500 mg/m2 q3w"
    )
    assert whole.courses[-1].start == 84.0


def test_a_bracket_may_be_repeated_delayed_stopped_and_paused() -> None:
    text = "(anlotinib 12 mg daily d1-14 q3w x1 then anlotinib 8 mg daily d1-14 q3w x1) x3 delayed 7 days until 100 days paused 14-21"
    inner = regimen("anlotinib 12 mg daily d1-14 q3w x1") >> regimen(
        "anlotinib 8 mg daily d1-14 q3w x1"
    )
    assert regimen(text) == inner.repeat(3).delay(7).until(100).hold(14, 21)


@st.composite
def printable(draw: st.DrawFn) -> Regimen:
    """One course a drug, so that nothing overlaps, with any number and pause."""
    chosen = draw(st.lists(st.sampled_from(DRUGS), unique=True, max_size=3))
    found = []
    for drug in chosen:
        cycle = draw(st.integers(1, 30))
        days = draw(st.lists(st.integers(0, cycle - 1), min_size=1, max_size=6, unique=True))
        basis = draw(st.sampled_from(["mg", "mg/kg", "mg/m2"])) if drug != "carboplatin" else "AUC"
        amount = draw(st.floats(0.001, 3.0, allow_nan=False))
        duration = draw(st.sampled_from([0.0, 0.0625, 0.5, 1.0])) if drug != "lenvatinib" else 0.0
        route = "oral" if drug == "lenvatinib" else "iv"
        times = draw(st.one_of(st.integers(1, 40), st.just(math.inf)))
        pauses = draw(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 50)), max_size=2))
        found.append(
            Course(
                dose=Dose(drug=drug, amount=amount, basis=basis, duration=duration, route=route),
                days=tuple(map(float, sorted(days))),
                cycle_days=float(cycle),
                cycles=times,
                start=draw(st.one_of(st.just(0.0), st.floats(0.0, 500.0))),
                until=draw(st.one_of(st.just(math.inf), st.floats(1.0, 900.0))),
                paused=tuple((float(first), float(first + length)) for first, length in pauses),
            )
        )
    return Regimen(tuple(found))


@given(printable())
def test_what_is_printed_reads_back_as_the_same(value: Regimen) -> None:
    assert regimen(str(value)) == value


def test_nothing_is_printed_and_read() -> None:
    assert str(NOTHING) == "nothing"
    assert regimen("nothing") == NOTHING


def test_a_reduced_and_held_regimen_is_printed_and_read() -> None:
    changed = regimen("lenvatinib 20 mg daily").hold(30, 37).reduce(0.5, 37)
    assert str(changed) == "lenvatinib 10 mg daily paused 0-37 + lenvatinib 20 mg daily paused 30-"
    assert regimen(str(changed)) == changed


REFUSED = [
    (
        "bevacizumab 15 q3w",
        r'no unit after 15 but "q3w"; expected mg, mg/kg, mg/m2.*bevacizumab is given as 15 mg/kg q3w',
    ),
    ("bevacizumab 15", r'no unit after 15 but ""'),
    ("bevacizumab 15 mg/lb q3w", r'the unit "mg/lb"'),
    ("bevacizumab 15 g q3w", r'the unit "g"'),
    ("carboplatin 6 AUC q3w", r'the unit "AUC".*AUC before the number'),
    ("carboplatin AUC q3w", r'found "q3w" after AUC'),
    ("docetaxel AUC 5 q3w", r"found an AUC for docetaxel; expected a dose such as 75 mg/m2 q3w"),
    ("bevacizumab -15 mg/kg q3w", r"found the dose -15 mg/kg; expected more than 0"),
    ("bevacizumab 0 mg/kg q3w", r"to give none, leave the drug out"),
    ("bevacizumab 151 mg/kg q3w", r"more than ten times the largest known dose \(15 mg/kg q3w\)"),
    ("atezolizumab 16801 mg q3w", r"more than ten times the largest known dose \(1680 mg q4w\)"),
    ("atezolizumab 1200 mg/kg q3w", r"more than ten times"),
    (
        "anlotinib 12 mg d1-28 q3w",
        r"day 28 of a cycle of 21 days, so cycles overlap; end the list by day 21",
    ),
    ("anlotinib 12 mg d14-1 q3w", r'found the days "14-1"; expected ascending days'),
    ("anlotinib 12 mg d0-14 q3w", r"counted from 1"),
    ("anlotinib 12 mg daily d1-14", r"a day list without the length of its cycle"),
    ("anlotinib 12 mg daily q3w", r"say on which days, such as d1-14"),
    ("bevacizumab 15 mg/kg", r"no word on how often; add one such as q3w, daily or once"),
    ("bevacizumab q3w", r"found no amount"),
    ("bevacizumab 15 mg/kg q3w q2w", r'found "q2w" after another cycle length'),
    ("bevacizumab 15 mg/kg q3w over 90", r"expected a unit of time"),
    ("bevacizumab 15 mg/kg q3w over 90 mins", r'found "mins" after over 90.*did you mean "min"'),
    ("bevacizumab 15 mg/kg q3w over 22 days", r"infusion over 22 days that starts every 21 days"),
    ("bevacizumab 15 mg/kg sc q3w", r'found the route "sc"; expected iv'),
    ("(bevacizumab 15 mg/kg q3w", r"found no closing bracket"),
    ("bevacizumab 15 mg/kg q3w)", r'found "\)" too many'),
    ("bevacizumab 15 mg/kg q3w +", r'found "the end"; expected a drug'),
    ("(bevacizumab 15 mg/kg q3w) daily", r'found "daily" after a bracket'),
    ("bevacizumab 15 mg/kg q3w x0", r"found x0; expected at least x1"),
    ("bevacizumab 15 mg/kg q3w paused 63-42", r"a pause that ends after it begins"),
    ("bevacizumab 15 mg/kg q0w", r"found a cycle of 0 days"),
    (
        "bevacizumab 15 mg/kg every third week",
        r'found "third" after every; expected a number with a unit of time',
    ),
    ("15 mg/kg q3w", r"found no amount; expected a drug"),
    ("", r"found nothing"),
    (
        "atezolizumab 1200 mg q3w + atezolizumab 840 mg q2w",
        r'overlapping cycles of atezolizumab: "atezolizumab 1200 mg q3w" and "atezolizumab 840 mg q2w"',
    ),
    (
        "docetaxel 75 mg/m2 q3w then bevacizumab 15 mg/kg q3w",
        r"docetaxel: found a course without an end before `then`",
    ),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_cannot_be_meant_is_refused_with_a_reason(text: str, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        regimen(text)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("bevacizumb 15 mg/kg q3w", "bevacizumab"),
        ("Tecentric 1200 mg q3w", "Tecentriq"),
        ("信迪利单坑 200 mg q3w", "信迪利单抗"),
        ("nab-paclitaxl 100 mg/m2 q3w", "nab_paclitaxel"),
    ],
)
def test_an_unknown_drug_is_answered_with_the_nearest_name(text: str, near: str) -> None:
    with pytest.raises(UnknownName) as caught:
        regimen(text)
    assert f'did you mean "{near}"?' in str(caught.value)
    assert text in str(caught.value)
