"""Prediction intervals from a confidence distribution of tau2, against draws and limits that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from benchmarks.oracles import networks
from scipy.optimize import brentq
from scipy.special import chdtrc
from scipy.stats import t as student

from normoxia.evidence.synthesis.model import heterogeneity, prediction
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import Contrast


def test_with_equal_variances_and_much_heterogeneity_it_is_students_interval_on_the_estimates() -> (
    None
):
    """Sampling variance small against tau2: y are normal with one variance, and a new one lies within t of their mean."""
    y = np.random.default_rng(1).normal(0.3, 1.0, 9)
    low, high = prediction.predictive_intervals(
        y, np.full(9, 1e-8), np.ones((9, 1)), np.ones((1, 1))
    )
    half = float(student.ppf(0.975, 8)) * y.std(ddof=1) * math.sqrt(1 + 1 / 9)
    # the effect in a new study and the mean are independent given tau2, which is what gives Student's t exactly
    assert [low[0], high[0]] == pytest.approx([y.mean() - half, y.mean() + half], rel=2e-3)


def test_it_is_the_mixture_that_drawing_tau2_from_its_confidence_distribution_gives() -> None:
    network = networks()["senn2013"]
    x, kept = net.full_rank_design(network)
    y, v = network.estimate, network.variance
    rng, df = np.random.default_rng(3), len(y) - x.shape[1]
    column = list(kept).index(network.index("plac"))
    drawn = []
    for q in rng.chisquare(df, 4000):
        tau2 = 0.0
        if heterogeneity.weighted_fit(y, v, x).q > q:
            tau2 = float(
                brentq(lambda t, q=q: heterogeneity.weighted_fit(y, v, x, t).q - q, 0.0, 50.0)
            )
        fit = heterogeneity.weighted_fit(y, v, x, tau2)
        spread = math.sqrt(fit.covariance[column, column] + tau2)
        drawn.append(fit.coefficients[column] + spread * rng.normal(size=20))
    low, high = np.quantile(drawn, [0.025, 0.975])
    found = net.fit(network).effect("plac", network.treatments[0]).prediction
    # Monte-Carlo error of a 2.5 % point of 4,000 x 20 draws, about 0.02 of a width of 2
    assert found == pytest.approx((low, high), abs=0.06)


def test_the_confidence_distribution_is_that_of_the_generalised_q() -> None:
    network = networks()["senn2013"]
    x, _ = net.full_rank_design(network)
    y, v = network.estimate, network.variance
    tau2, share = prediction.confidence_distribution(y, v, x)
    assert share.sum() == pytest.approx(1.0)
    assert np.all(share >= 0)
    df = len(y) - x.shape[1]
    assert share[0] == pytest.approx(float(chdtrc(df, heterogeneity.weighted_fit(y, v, x).q)))
    low, high = heterogeneity.q_profile(y, v, x)  # an independent route to two of its quantiles
    assert share[tau2 < low].sum() == pytest.approx(0.025, abs=0.01)
    assert share[tau2 < high].sum() == pytest.approx(0.975, abs=0.01)


def test_more_nodes_change_nothing_to_speak_of(monkeypatch: pytest.MonkeyPatch) -> None:
    network = networks()["senn2013"]
    coarse = np.array([e.prediction for e in net.fit(network).effects()])
    monkeypatch.setattr(prediction, "_NODES", 640)
    fine = np.array([e.prediction for e in net.fit(network).effects()])
    assert np.abs(coarse - fine).max() < 1e-3 * (fine[:, 1] - fine[:, 0]).min()


def test_both_orders_of_a_pair_mirror_and_parts_do_not_meet() -> None:
    rows = [
        Contrast(f"{a}{b}{k}", a, b, 0.1 * k, 0.2) for a, b in ("ab", "bc", "de") for k in range(4)
    ]
    fit = net.fit(net.build(rows))
    one, other = fit.effect("a", "c").prediction, fit.effect("c", "a").prediction
    assert one == pytest.approx((-other[1], -other[0]))
    assert all(math.isnan(end) for end in fit.effect("a", "d").prediction)


def test_a_fixed_tau_or_a_wish_gives_students_interval() -> None:
    network = networks()["senn2013"]
    fixed, wished = net.fit(network, tau=0.3), net.fit(network, prediction="student")
    for fit in (fixed, wished):
        e = fit.effect("plac", "rosi")
        half = float(student.ppf(0.975, fit.df)) * math.sqrt(e.se**2 + fit.tau2)
        assert e.prediction == pytest.approx((e.estimate - half, e.estimate + half))


def test_beyond_fifty_treatments_the_fit_says_that_it_takes_students() -> None:
    rows = [
        Contrast(f"{k}{i}", f"t{i:02d}", "p", 0.1 * k, 0.2) for i in range(51) for k in range(2)
    ]
    assert net.fit(net.build(rows)).prediction == "student"
    assert net.fit(net.build(rows[:20])).prediction == "confidence"
