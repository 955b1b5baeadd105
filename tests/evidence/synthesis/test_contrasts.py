"""From arms to contrasts: metafor's numbers, empty and full cells of every measure, and arms that cannot be."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from scipy.special import gamma

from normoxia.errors import InvalidArgument
from normoxia.evidence import pool
from normoxia.evidence.synthesis.model.contrasts import (
    Arm,
    Contrast,
    EffectMeasure,
    contrasts_from_arms,
    hedges_factor,
)


def contrast(effect: str, one: Arm, other: Arm) -> Contrast:
    ((found,), ()) = contrasts_from_arms([one, other], effect)
    return found


#: metafor 3.8-1, R 4.2.2, November 2026:
#: escalc(m, ai=c(0,5,5,0,10,0), n1i=c(50,5,5,40,20,1), ci=c(3,2,6,0,20,1), n2i=c(50,5,6,40,20,1)); for RD only the variance
#: is the peer's, whose estimate is of the corrected counts too
COUNTS = [
    (0, 50, 3, 50),
    (5, 5, 2, 5),
    (5, 5, 6, 6),
    (0, 40, 0, 40),
    (10, 20, 20, 20),
    (0, 1, 1, 1),
]
ESCALC = {
    "OR": [
        (-2.0071537743, 2.3265688975),
        (2.7343675094, 2.8675324675),
        None,
        None,
        (-3.7135720667, 2.2392566783),
        (-2.1972245773, 5.3333333333),
    ],
    "RR": [
        (-1.9459101491, 2.2464985994),
        (0.7884573604, 0.2484848485),
        (-0.0129034048, 0.0261405261),
        None,
        (-0.6690496290, 0.0487804878),
        (-1.0986122887, 1.6666666667),
    ],
    "RD": [
        (-0.06, 0.0014436378),
        (0.6, 0.0532407407),
        (0.0, 0.0222067001),
        (0.0, 0.0005876293),
        (-0.5, 0.0130115538),
        (-1.0, 0.1875),
    ],
}


@pytest.mark.parametrize("effect", ESCALC)
@pytest.mark.parametrize("case", range(len(COUNTS)))
def test_empty_and_full_cells_are_metafors(effect: str, case: int) -> None:
    a, n1, c, n2 = COUNTS[case]
    arms = [Arm("s", "t", n=n1, events=a), Arm("s", "c", n=n2, events=c)]
    found, notes = contrasts_from_arms(arms, effect)
    expected = ESCALC[effect][case]
    if expected is None:
        assert found == ()
        assert "has no information on a ratio" in notes[0]
        return
    assert (found[0].estimate, found[0].se ** 2) == pytest.approx(expected, rel=1e-8, abs=1e-9)


def test_rates_with_an_empty_arm_are_metafors() -> None:
    """escalc("IRR", x1i=0, t1i=1000, x2i=8, t2i=1000): -2.8332, 2.1176; log(0.5/8.5), 1/0.5 + 1/8.5."""
    found = contrast(
        "IRR", Arm("s", "t", events=0, person_time=1000), Arm("s", "c", events=8, person_time=1000)
    )
    assert found.estimate == pytest.approx(math.log(0.5 / 8.5), rel=1e-12)
    assert found.se**2 == pytest.approx(2 + 1 / 8.5, rel=1e-12)


def test_rates_of_three_arms_are_corrected_together_and_without_events_say_nothing() -> None:
    arms = [
        Arm("1", t, events=e, person_time=p)
        for t, e, p in (("a", 0, 10), ("b", 4, 20), ("c", 9, 30))
    ]
    silent = [Arm("2", "a", events=0, person_time=500), Arm("2", "b", events=0, person_time=100)]
    found, notes = contrasts_from_arms([*arms, *silent], "IRR")
    pairs = {(c.treatment, c.comparator): (c.estimate, c.se**2) for c in found}
    assert pairs["b", "c"] == pytest.approx(
        (math.log(4.5 / 20) - math.log(9.5 / 30), 1 / 4.5 + 1 / 9.5)
    )
    assert {c.study for c in found} == {"1"}
    assert notes == (
        'study "2": no events in any arm, so it has no information on a ratio; left out',
    )
    # a year with as many events as it may have: exposure is no number of patients
    ((full,), _) = contrasts_from_arms(
        [Arm("3", "a", events=5, person_time=5), Arm("3", "b", events=2, person_time=5)], "IRR"
    )
    assert full.estimate == pytest.approx(math.log(5 / 2))


def test_small_standardised_differences_are_metafors() -> None:
    """rma(escalc("SMD", m1i=c(2,2.2), sd1i=c(1.1,1.3), n1i=c(5,4), m2i=c(1,1), sd2i=c(1.5,1), n2i=c(6,3)), method="FE")."""
    arms = [
        Arm("1", "A", mean=1.0, sd=1.5, n=6),
        Arm("1", "B", mean=2.0, sd=1.1, n=5),
        Arm("2", "A", mean=1.0, sd=1.0, n=3),
        Arm("2", "B", mean=2.2, sd=1.3, n=4),
    ]
    fit = pool(arms, effect="SMD", model="common", small_values="good").effect("B", "A")
    assert (fit.estimate, fit.se) == pytest.approx((0.74605601, 0.49067990), abs=5e-9)
    one = contrast("SMD", arms[1], arms[0])
    assert (one.estimate, one.se**2) == pytest.approx((0.6834865586, 0.3879009337), abs=5e-11)


@pytest.mark.parametrize("df", [2, 3, 7.5, 40, 1e4, 1e7])
def test_hedges_factor_is_the_exact_one(df: float) -> None:
    expected = (
        gamma(df / 2) / (math.sqrt(df / 2) * gamma((df - 1) / 2))
        if df < 300
        else 1 - 3 / (4 * df - 1)
    )
    assert hedges_factor(df) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("sizes", [(1, 1), (1, 2), (1, 1, 1)])
def test_a_standardised_difference_without_degrees_of_freedom_names_its_study(
    sizes: tuple[int, ...],
) -> None:
    arms = [Arm("tiny", t, mean=1.0, sd=1.0, n=n) for t, n in zip("abc", sizes, strict=False)]
    with pytest.raises(InvalidArgument, match=r'"tiny".*degrees of freedom.*leave the study out'):
        contrasts_from_arms(arms, "SMD")
    assert len(contrasts_from_arms(arms, "MD")[0]) == len(arms) * (len(arms) - 1) // 2


def spoilt(**changes: float) -> Callable[[Arm], Arm]:
    return lambda arm: replace(arm, **changes)


NAN = math.nan
IMPOSSIBLE = {
    "more events than patients": ("OR RR RD HR", spoilt(events=11.0)),
    "negative events": ("OR RR RD HR IRR", spoilt(events=-1.0)),
    "no patients": ("OR RR RD HR MD SMD", spoilt(n=0.0)),
    "infinite patients": ("OR RR RD HR MD SMD", spoilt(n=math.inf)),
    "no events given": ("OR RR RD HR IRR", spoilt(events=NAN)),
    "no patients given": ("OR RR RD HR MD SMD", spoilt(n=NAN)),
    "no exposure": ("IRR", spoilt(person_time=0.0)),
    "negative exposure": ("IRR", spoilt(person_time=-3.0)),
    "no exposure given": ("IRR", spoilt(person_time=NAN)),
    "no spread": ("MD SMD", spoilt(sd=0.0)),
    "negative spread": ("MD SMD", spoilt(sd=-1.0)),
    "no mean": ("MD SMD", spoilt(mean=NAN)),
    "infinite mean": ("MD SMD", spoilt(mean=math.inf)),
}


@pytest.mark.parametrize("effect", list(EffectMeasure))
@pytest.mark.parametrize("fault", IMPOSSIBLE)
def test_an_arm_that_cannot_be_is_named_where_the_measure_reads_it(
    fault: str, effect: EffectMeasure
) -> None:
    measures, spoil = IMPOSSIBLE[fault]
    good = Arm("s", "a", n=10, events=3, mean=1.0, sd=1.0, person_time=20)
    arms = [good, spoil(replace(good, treatment="b"))]
    if effect in measures.split():
        with pytest.raises(InvalidArgument, match=r'study "s", arm "b".*(correct|add)'):
            contrasts_from_arms(arms, effect)
    else:
        assert len(contrasts_from_arms(arms, effect)[0]) == 1


@pytest.mark.parametrize("effect", ["OR", "RR", "HR", "IRR"])
def test_nothing_but_studies_without_events_is_refused_with_the_reason(effect: str) -> None:
    arms = [Arm(s, t, n=50, events=0, person_time=9) for s in "12" for t in "ab"]
    with pytest.raises(InvalidArgument, match="no events in any arm"):
        pool(arms, effect=effect)


def test_a_risk_difference_learns_from_studies_without_events() -> None:
    arms = [Arm("1", t, n=50, events=0) for t in "ab"]
    found = pool(arms, effect="RD", small_values="good").effect("a", "b")
    assert found.estimate == 0.0
    assert 0 < found.se < 0.05
