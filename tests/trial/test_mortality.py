"""Hazards of death and of new lesions, against closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from normoxia.trial.conduct import mortality


def test_a_constant_hazard_gives_exponential_deaths() -> None:
    times = np.linspace(0.0, 400.0, 5)
    rates = np.full((1, 5), 0.01)
    summed = mortality.accumulate(times, rates, np.array([0.5]), np.array([np.inf]))
    assert np.allclose(summed[0], 0.01 * times)
    # the threshold -log(u) is reached at -log(u)/hazard
    day = mortality.crossing(times, summed, np.array([-np.log(0.2)]))
    assert np.isclose(day[0], -np.log(0.2) / 0.01)


def test_a_new_lesion_raises_the_hazard_from_its_day_on() -> None:
    times = np.array([0.0, 100.0, 200.0])
    summed = mortality.accumulate(times, np.full((1, 3), 0.01), np.array([0.5]), np.array([50.0]))
    assert np.allclose(summed[0], [0.0, 1.0 + 0.5 * 0.5, 2.5 + 0.25])


def test_an_exponential_burden_is_summed_within_the_error_of_the_trapezium() -> None:
    times = np.arange(0.0, 127.0, 21.0)
    rates = np.exp(0.003 * times)[None, :]
    summed = mortality.accumulate(times, rates, np.array([0.0]), np.array([np.inf]))
    exact = (np.exp(0.003 * times) - 1.0) / 0.003
    assert np.allclose(summed[0], exact, rtol=0.003**2 * 21**2 / 12 * 1.1)


def test_what_is_never_reached_is_never() -> None:
    summed = np.array([[0.0, 0.1, 0.2]])
    assert mortality.crossing(np.array([0.0, 1.0, 2.0]), summed, np.array([0.3]))[0] == np.inf


def hazards(
    n: int, hazard: float = 0.001, exponent: float = 1.5, reference: float = 80.0
) -> mortality.Mortality:
    zero = np.zeros(n)
    same = np.full(n, exponent)
    return mortality.Mortality(
        hazard=np.full(n, hazard),
        size_exponent=same,
        change_exponent=same,
        immunity=zero,
        new_lesion=zero,
        on_inhibitor=zero,
        growth=zero,
        untreated=np.ones(n),
        reference=reference,
    )


DAYS = np.array([0.0, 21.0])


def test_growing_tumours_kill_sooner_than_still_ones_of_their_size() -> None:
    own = replace(hazards(3), growth=np.full(3, 200.0))
    totals = np.array([[80.0, 80.0], [80.0 * np.exp(-0.002 * 21), 80.0], [8.0, 80.0]])
    still, growing, runaway = mortality.rate(own, DAYS, totals, totals[:, 0])[:, 1]
    assert np.isclose(growing / still, np.exp(200.0 * 0.002))
    assert np.isclose(runaway / still, np.exp(200.0 * mortality.FASTEST))


def test_larger_tumours_die_sooner() -> None:
    sums = np.array([[40.0, 40.0], [160.0, 160.0]])
    small, large = mortality.rate(hazards(2), DAYS, sums, sums[:, 0])
    assert np.isclose(large[0] / small[0], 4.0**1.5)
    at_reference = mortality.rate(
        hazards(1, hazard=0.002), DAYS, np.array([[80.0, 80.0]]), np.array([80.0])
    )
    assert np.isclose(at_reference[0, 0], 0.002)


def test_shrinkage_may_buy_less_than_a_small_tumour_has() -> None:
    own = replace(hazards(1), size_exponent=np.array([1.5]), change_exponent=np.array([0.5]))
    shrunk = mortality.rate(own, DAYS, np.array([[160.0, 40.0]]), np.array([160.0]))[0]
    assert np.allclose(shrunk, [0.001 * 2.0**1.5, 0.001 * 2.0**1.5 * 0.25**0.5])


def test_gained_immunity_lowers_the_hazard_by_the_share_of_growth_it_takes() -> None:
    own = replace(hazards(3), immunity=np.full(3, 0.8))
    sums = np.full((3, 2), 80.0)
    gain = np.array([[0.0, 1.0], [0.0, 1e9], [0.0, -5.0]])
    half, whole, lost = mortality.rate(own, DAYS, sums, sums[:, 0], gain)[:, 1] / 0.001
    assert np.isclose(half, np.exp(-0.4))
    assert np.isclose(whole, np.exp(-0.8))
    assert lost == 1.0


def test_hazards_of_groups_join_in_order() -> None:
    both = mortality.joined([hazards(2, hazard=0.001), hazards(1, hazard=0.003)])
    assert both.hazard.tolist() == [0.001, 0.001, 0.003]
    assert both.take(np.array([2])).hazard.tolist() == [0.003]
