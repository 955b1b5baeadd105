"""Pareto smoothing against ArviZ, and the generalised Pareto distribution against SciPy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtri

from normoxia.calibration.fitting.pareto import RELIABLE, generalised_pareto, quantile, smoothed

#: `pareto_smoothing.py` beside it holds the command, the program's version and how the ratios are made
ORACLE = json.loads(
    (Path(__file__).parents[2] / "oracles" / "calibration" / "pareto_smoothing.json").read_text(
        encoding="utf-8"
    )
)


def even(n: int) -> NDArray[np.float64]:
    return (np.arange(n) * 0.6180339887498949 + 0.5 / n) % 1.0


RATIOS = {
    "normal": 0.8 * ndtri(even(1000)),
    "exponential, rate 2": -np.log1p(-even(1000)) / 2.0,
    "exponential, rate 1": -np.log1p(-even(400)),
    "bounded": even(2000),
    "normal, few": 1.5 * ndtri(even(60)),
    "each drawn thrice": -np.log1p(-(np.floor(even(900) * 300) + 0.5) / 300.0) / 2.5,
    "each drawn seven times": -np.log1p(-(np.floor(even(900) * 127) + 0.5) / 127.0) / 2.5,
}


@pytest.mark.parametrize("case", ORACLE["cases"], ids=lambda case: case["name"])
def test_weights_are_those_of_arviz(case: dict[str, object]) -> None:
    found = smoothed(RATIOS[str(case["name"])])
    log_weights = np.log(found.values)
    assert found.k == pytest.approx(case["k"], rel=1e-9)
    assert found.effective == pytest.approx(case["effective"], rel=1e-9)
    assert log_weights[:5] == pytest.approx(case["first"], rel=1e-9)
    assert np.sort(log_weights)[-5:] == pytest.approx(case["largest"], rel=1e-9)


@pytest.mark.parametrize("tail", ORACLE["tails"], ids=lambda tail: f"shape {tail['shape']}")
def test_a_tail_is_fitted_as_arviz_does(tail: dict[str, float]) -> None:
    n = int(tail["n"])
    excess = quantile((np.arange(n) + 0.5) / n, tail["shape"], tail["scale"])
    assert generalised_pareto(excess) == pytest.approx((tail["k"], tail["sigma"]), rel=1e-9)


@pytest.mark.parametrize("shape", [-0.4, 0.0, 1e-9, 0.3, 1.2])
def test_quantiles_are_those_of_scipy(shape: float) -> None:
    probability = np.linspace(0.01, 0.99, 25)
    expected = stats.genpareto.ppf(probability, shape, scale=2.5)
    assert quantile(probability, shape, 2.5) == pytest.approx(expected, rel=1e-7)


def test_the_shape_of_drawn_tails_is_found() -> None:
    """Of 2000 draws the standard error of the shape is near (1 + k)/sqrt(n) = 0.034 (Smith 1987); the prior moves it by 0.001."""
    drawn = np.sort(
        stats.genpareto.rvs(0.5, scale=3.0, size=2000, random_state=np.random.default_rng(4))
    )
    shape, scale = generalised_pareto(drawn)
    assert shape == pytest.approx(0.5, abs=3 * 0.034)
    assert scale == pytest.approx(3.0, rel=0.15)


def test_smoothing_brings_a_heavy_weighted_mean_nearer() -> None:
    """Importance sampling of a normal by a narrower one, over 200 repeats: smoothed weights miss less (Vehtari 2024, section 4)."""
    rng = np.random.default_rng(8)
    plain, smooth = [], []
    for _ in range(200):
        x = 0.75 * rng.standard_normal(500)
        ratios = -0.5 * x**2 + 0.5 * (x / 0.75) ** 2
        raw = np.exp(ratios - ratios.max())
        plain.append(float((raw / raw.sum()) @ x**2))
        smooth.append(float(smoothed(ratios).values @ x**2))
    assert np.sqrt(np.mean((np.array(smooth) - 1.0) ** 2)) <= np.sqrt(
        np.mean((np.array(plain) - 1.0) ** 2)
    )


def test_equal_ratios_weigh_alike_and_are_believed() -> None:
    found = smoothed(np.full(300, -12.0))
    assert found.values == pytest.approx(np.full(300, 1 / 300))
    assert found.effective == pytest.approx(300.0)
    assert found.reliable


def test_a_single_ratio_that_outweighs_all_is_not_believed() -> None:
    ratios = np.linspace(-1.0, 0.0, 400)
    ratios[7] = 60.0
    found = smoothed(ratios)
    assert found.k > RELIABLE
    assert not found.reliable


def test_ratios_too_wide_for_a_double_raise_nothing_and_are_not_believed() -> None:
    found = smoothed(400.0 * ndtri(even(500)))
    assert np.isfinite(found.values).all()
    assert found.values.sum() == pytest.approx(1.0)
    assert not found.reliable


@pytest.mark.parametrize("n", [1, 5, 20])
def test_a_handful_of_draws_is_not_believed(n: int) -> None:
    found = smoothed(np.linspace(0.0, 1.0, n))
    assert found.values.sum() == pytest.approx(1.0)
    assert not found.reliable
