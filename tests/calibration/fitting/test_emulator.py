"""Quadratic surfaces against functions known to be quadratic, and against a Gaussian process computed with whole kernel matrices."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from normoxia.calibration.fitting.emulator import FEWEST, RELATIVE, SIGNAL, Surfaces, fit
from normoxia.errors import InvalidArgument

Floats = NDArray[np.float64]
#: coordinates that are normal, and structures
CONTINUOUS, SIGNS = 3, 2


def points(n: int, seed: int, centre: float = 0.0) -> Floats:
    rng = np.random.default_rng(seed)
    return np.concatenate(
        [centre + rng.standard_normal((n, CONTINUOUS)), rng.choice([-1.0, 1.0], (n, SIGNS))], axis=1
    )


def truth(seed: int) -> tuple[float, Floats, Floats]:
    """Constant, linear and symmetric quadratic terms; the square of a sign is a constant, so signs have none."""
    rng = np.random.default_rng(seed)
    d = CONTINUOUS + SIGNS
    quadratic = 0.2 * rng.standard_normal((d, d))
    quadratic = (quadratic + quadratic.T) / 2.0
    quadratic[range(CONTINUOUS, d), range(CONTINUOUS, d)] = 0.0
    return 1.7, rng.standard_normal(d), quadratic


def value(x: Floats, seed: int) -> Floats:
    constant, linear, quadratic = truth(seed)
    return np.array([constant + row @ linear + row @ quadratic @ row for row in x])


@pytest.mark.parametrize("centre", [0.0, 2.0])
def test_a_quadratic_is_recovered_wherever_the_points_lie(centre: float) -> None:
    """Without noise the coefficients themselves; the strongest signal tried, 10, leaves shrinkage of 1/(10 n) of a feature's square."""
    x = points(400, 1, centre)
    found = fit(x, value(x, 5)[:, None], CONTINUOUS)
    constant, linear, quadratic = truth(5)
    assert found.constant[0] == pytest.approx(constant, abs=0.03)
    assert found.linear[0] == pytest.approx(linear, abs=0.03)
    assert found.quadratic[0] == pytest.approx(quadratic, abs=0.01)
    assert found.noise[0] < 0.05 * np.std(value(x, 5))


def test_noise_and_error_are_those_of_simulated_noise() -> None:
    """The noise's standard deviation within its sampling error, and the error what the surface misses at the points themselves."""
    x, sd = points(600, 2), 0.4
    answers = value(x, 6)[:, None] + sd * np.random.default_rng(3).standard_normal((600, 40))
    found = fit(x, answers, CONTINUOUS)
    assert found.noise.mean() == pytest.approx(sd, rel=4.0 / np.sqrt(2 * 600 * 40) + 0.02)
    fresh = points(2000, 4)
    missed = np.sqrt(np.mean((found.at(fresh) - value(fresh, 6)[:, None]) ** 2))
    assert missed == pytest.approx(float(np.sqrt(np.mean(found.error**2))), rel=0.15)


def dense(x: Floats, y: Floats, at: Floats) -> tuple[Floats, float, float]:
    """The same Gaussian process by whole matrices: the constant as a kernel of huge variance, each point left out in turn.

    returns  means at other points, the noise's standard deviation, the root mean square of the surface's own error at points left out
    """
    n, huge = len(x), 1e7

    def kernel(a: Floats, b: Floats, squares: float, products: float) -> Floats:
        linear = a @ b.T
        both = (a[:, None, :] * b[None, :, :]) ** 2
        # half of (x'z)^2 less its squares is the sum over pairs
        pairs = (linear**2 - both.sum(axis=2)) / 2.0
        return linear + squares * both[:, :, :CONTINUOUS].sum(axis=2) + products * pairs

    best, chosen = -np.inf, (0.0, 0.0, 0.0)
    ones = np.ones(n)
    for squares, products in RELATIVE:
        k = kernel(x, x, squares, products)
        for signal in SIGNAL:
            c = signal * k + np.eye(n)
            inverse = np.linalg.inv(c)
            weight = ones @ inverse @ ones
            rest = y - (ones @ inverse @ y) / weight
            noise2 = float(rest @ inverse @ rest) / (n - 1)
            # restricted likelihood: Rasmussen & Williams 2006, eq. 2.45 for a flat prior
            evidence = -0.5 * ((n - 1) * np.log(noise2) + np.linalg.slogdet(c)[1] + np.log(weight))
            if evidence > best:
                best, chosen = evidence, (signal, squares, products)
                noise = np.sqrt(noise2)
    signal, squares, products = chosen

    def predict(rows: NDArray[np.bool_], z: Floats) -> tuple[Floats, Floats]:
        c = signal * kernel(x[rows], x[rows], squares, products) + huge + np.eye(int(rows.sum()))
        across = signal * kernel(z, x[rows], squares, products) + huge
        solved = np.linalg.solve(c, np.stack([y[rows] - y.mean()], axis=1))
        own = signal * kernel(z, z, squares, products) + huge
        left = np.diag(own - across @ np.linalg.solve(c, across.T))
        return y.mean() + (across @ solved)[:, 0], left

    everywhere = predict(np.ones(n, dtype=bool), at)[0]
    errors = [noise**2 * predict(np.arange(n) != i, x[i : i + 1])[1][0] for i in range(n)]
    return everywhere, float(noise), float(np.sqrt(np.mean(errors)))


@pytest.mark.parametrize("seed", [11, 12])
def test_agrees_with_a_gaussian_process_of_whole_matrices(seed: int) -> None:
    x = points(70, seed, centre=0.5)
    y = value(x, seed) + 0.5 * np.random.default_rng(seed).standard_normal(70)
    found = fit(x, y[:, None], CONTINUOUS)
    fresh = points(20, seed + 100)
    means, noise, error = dense(x, y, fresh)
    assert found.at(fresh)[:, 0] == pytest.approx(means, abs=1e-4)
    assert found.noise[0] == pytest.approx(noise, rel=1e-5)
    assert found.error[0] == pytest.approx(error, rel=1e-3)


def test_slopes_are_those_of_the_values() -> None:
    x = points(300, 7)
    found = fit(x, np.stack([value(x, 8), value(x, 9)], axis=1), CONTINUOUS)
    at, h = points(5, 10), 1e-5
    _, slope = found.with_slope(at)
    for i in range(at.shape[1]):
        step = h * (np.arange(at.shape[1]) == i)
        assert slope[:, :, i] == pytest.approx(
            (found.at(at + step) - found.at(at - step)) / (2 * h), abs=1e-7
        )


def test_points_without_an_answer_are_left_out_of_their_figure_alone() -> None:
    x = points(200, 13)
    answers = np.stack([value(x, 14), value(x, 15)], axis=1)
    gaps = answers.copy()
    gaps[50:90, 1] = np.nan
    found, whole = fit(x, gaps, CONTINUOUS), fit(x, answers, CONTINUOUS)
    alone = fit(
        np.delete(x, range(50, 90), axis=0),
        np.delete(answers, range(50, 90), axis=0)[:, 1:],
        CONTINUOUS,
    )
    at = points(10, 16)
    assert found.at(at)[:, 0] == pytest.approx(whole.at(at)[:, 0], rel=1e-12)
    assert found.at(at)[:, 1] == pytest.approx(alone.at(at)[:, 0], rel=1e-12)


def test_too_few_answers_are_refused_with_their_number() -> None:
    x = points(80, 17)
    answers = np.full((80, 1), np.nan)
    answers[: FEWEST - 1, 0] = 1.0
    with pytest.raises(InvalidArgument, match=f"{FEWEST - 1} of 80"):
        fit(x, answers, CONTINUOUS)


def test_figures_are_taken_in_the_order_asked() -> None:
    x = points(100, 18)
    found = fit(x, np.stack([value(x, s) for s in (19, 20, 21)], axis=1), CONTINUOUS)
    some = found.take(np.array([2, 0]))
    assert isinstance(some, Surfaces)
    np.testing.assert_array_equal(some.at(x), found.at(x)[:, [2, 0]])
