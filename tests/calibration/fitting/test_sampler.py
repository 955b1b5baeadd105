"""The sampler against densities whose moments and odds are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from normoxia.calibration.fitting.posterior import StateIndex
from normoxia.calibration.fitting.sampler import PosteriorDraws, Tuning, sample
from normoxia.errors import InvalidArgument
from normoxia.progress import Step

Floats = NDArray[np.float64]


def flat(n_continuous: int, n_structures: int = 0) -> StateIndex:
    return StateIndex(n_continuous=n_continuous, n_structures=n_structures, spreads=(), scales=())


def gaussian() -> tuple[Floats, Floats]:
    """Mean and covariance with scales from 0.05 to 3 and correlations up to 0.9."""
    scale = np.array([0.05, 0.5, 1.0, 3.0])
    correlation = np.array(
        [[1, 0.9, 0.3, 0], [0.9, 1, 0.2, 0.1], [0.3, 0.2, 1, -0.6], [0, 0.1, -0.6, 1]]
    )
    return np.array([1.0, -2.0, 0.0, 5.0]), correlation * np.outer(scale, scale)


def normal(states: Floats) -> tuple[Floats, Floats]:
    mean, covariance = gaussian()
    pulled = np.linalg.solve(covariance, (states - mean).T).T
    return -0.5 * ((states - mean) * pulled).sum(axis=1), -pulled


def test_a_normal_law_is_drawn_with_its_mean_and_covariance() -> None:
    """256 chains of 40 rounds from afar, effective draws by the spread of chains' means; 4.5 standard errors of each."""
    start = np.random.default_rng(1).standard_normal((256, 4)) * 3.0
    draws = sample(normal, flat(4), start, 2, warm_up=80, rounds=40)
    mean, covariance = gaussian()
    n = draws.effective()
    assert (np.abs(draws.states.mean(axis=0) - mean) < 4.5 * np.sqrt(np.diag(covariance) / n)).all()
    least = np.minimum.outer(n, n)
    error = np.sqrt(
        (np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2) / (least / 2)
    )
    assert (np.abs(np.cov(draws.states.T) - covariance) < 4.5 * error).all()
    assert 0.5 < draws.acceptance < 0.9
    assert draws.shrinkage().max() < 1.05


def test_a_slope_that_is_not_the_gradient_leaves_the_law_as_it_is() -> None:
    """Acceptance makes the law, whatever function of position steers."""

    def steered(states: Floats) -> tuple[Floats, Floats]:
        value, slope = normal(states)
        return value, 0.7 * slope + 0.2 * np.sin(states)

    start = gaussian()[0] + 0.1 * np.random.default_rng(3).standard_normal((256, 4))
    draws = sample(steered, flat(4), start, 4, warm_up=100, rounds=60)
    mean, covariance = gaussian()
    error = np.sqrt(np.diag(covariance) / draws.effective())
    assert (np.abs(draws.states.mean(axis=0) - mean) < 4.5 * error).all()
    assert draws.states.var(axis=0) == pytest.approx(np.diag(covariance), rel=0.15)


def test_structures_are_drawn_with_their_odds() -> None:
    """Two structures with four known weights, and a coordinate whose mean depends on them.

    Shares over chains' last states, which are independent: within 4.5 standard errors of 800 chains.
    """
    weights = {(1, 1): 0.4, (1, -1): 0.1, (-1, 1): 0.2, (-1, -1): 0.3}

    def density(states: Floats) -> tuple[Floats, Floats]:
        x, s = states[:, 0], states[:, 1:]
        odds = np.log([weights[int(a), int(b)] for a, b in s])
        away = x - 0.8 * s[:, 0] - 0.3 * s[:, 1]
        slope = np.zeros_like(states)
        slope[:, 0] = -away
        return odds - 0.5 * away**2, slope

    n = 800
    start = np.ones((n, 3))
    draws = sample(density, flat(1, 2), start, 5, warm_up=40, rounds=20)
    last = draws.chains[-1]
    for (a, b), expected in weights.items():
        mine = (last[:, 1] == a) & (last[:, 2] == b)
        assert abs(mine.mean() - expected) < 4.5 * np.sqrt(expected * (1 - expected) / n)
        assert abs(last[mine, 0].mean() - 0.8 * a - 0.3 * b) < 4.5 / np.sqrt(mine.sum())


def test_a_structure_is_switched_with_what_goes_along() -> None:
    """A coordinate at 4 with the structure and at -4 without, sd 0.3, odds 3 to 1: switched alone, no chain would ever cross."""

    def density(states: Floats) -> tuple[Floats, Floats]:
        away = (states[:, 0] - 4.0 * states[:, 1]) / 0.3
        slope = np.zeros_like(states)
        slope[:, 0] = -away / 0.3
        return 0.5 * np.log(3.0) * states[:, 1] - 0.5 * away**2, slope

    n = 400
    start = np.repeat([[4.0, 1.0], [-4.0, -1.0]], n // 2, axis=0)
    draws = sample(density, flat(1, 1), start, 15, warm_up=40, rounds=20)
    assert draws.tuning.along == pytest.approx(np.array([[4.0]]), abs=0.2)
    last = draws.chains[-1]
    assert abs((last[:, 1] > 0).mean() - 0.75) < 4.5 * np.sqrt(0.75 * 0.25 / n)
    assert abs((last[:, 0] - 4.0 * last[:, 1]).std() - 0.3) < 4.5 * 0.3 / np.sqrt(2 * n)


def test_one_of_every_so_many_rounds_is_kept() -> None:
    start = np.zeros((8, 4)) + gaussian()[0]
    tuning = Tuning(0.3, np.eye(4))
    whole = sample(normal, flat(4), start, 16, warm_up=3, rounds=6, tuning=tuning)
    some = sample(normal, flat(4), start, 16, warm_up=3, rounds=2, every=3, tuning=tuning)
    np.testing.assert_array_equal(some.chains, whole.chains[2::3])


def test_a_bounded_law_keeps_its_shape_at_the_bound() -> None:
    """An exponential law: mean and variance 1 within 4.5 standard errors (of the variance, sqrt(8/n))."""

    def density(states: Floats) -> tuple[Floats, Floats]:
        inside = states[:, 0] > 0
        return np.where(inside, -states[:, 0], -np.inf), -np.ones_like(states)

    draws = sample(density, flat(1), np.full((600, 1), 0.5), 6, warm_up=60, rounds=40)
    last = draws.chains[-1, :, 0]
    assert last.min() > 0
    assert abs(last.mean() - 1.0) < 4.5 / np.sqrt(600)
    assert abs(last.var() - 1.0) < 4.5 * np.sqrt(8 / 600)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    start = np.zeros((16, 4)) + gaussian()[0]
    one, again, other = (
        sample(normal, flat(4), start, seed, warm_up=12, rounds=5) for seed in (7, 7, 8)
    )
    assert one.chains.tobytes() == again.chains.tobytes()
    assert one.tuning.factor.tobytes() == again.tuning.factor.tobytes()
    assert one.chains.tobytes() != other.chains.tobytes()


def test_starts_are_left_as_they_are_and_progress_is_told() -> None:
    start = np.zeros((8, 4)) + gaussian()[0]
    before, told = start.copy(), list[Step]()
    sample(normal, flat(4), start, 9, warm_up=3, rounds=2, progress=told.append)
    np.testing.assert_array_equal(start, before)
    assert [step.done for step in told] == [1, 2, 3, 4, 5]
    assert {step.total for step in told} == {5}


def test_tuning_stands_still_once_warm() -> None:
    tuning = Tuning(0.3, np.linalg.cholesky(gaussian()[1]))
    draws = sample(
        normal, flat(4), np.zeros((32, 4)) + gaussian()[0], 10, warm_up=0, rounds=6, tuning=tuning
    )
    assert draws.tuning.step == 0.3
    np.testing.assert_array_equal(draws.tuning.factor, tuning.factor)


def test_a_chain_that_begins_where_nothing_is_possible_is_refused() -> None:
    def density(states: Floats) -> tuple[Floats, Floats]:
        return np.where(states[:, 0] > 0, 0.0, -np.inf), np.zeros_like(states)

    with pytest.raises(InvalidArgument, match="2 of 3 chains"):
        sample(density, flat(1), np.array([[1.0], [-1.0], [-2.0]]), 1)


def test_a_trajectory_that_runs_away_is_turned_down_without_a_warning() -> None:
    """A density like a log spread's: exp(2x) overflows far out."""

    def density(states: Floats) -> tuple[Floats, Floats]:
        return (states - np.exp(2 * states)).sum(axis=1), 1.0 - 2.0 * np.exp(2 * states)

    start = np.random.default_rng(11).normal(0.0, 0.5, (64, 3))
    draws = sample(
        density, flat(3), start, 12, warm_up=10, rounds=10, tuning=Tuning(1.0, 40.0 * np.eye(3))
    )
    assert np.isfinite(draws.chains).all()


@pytest.fixture
def independent() -> PosteriorDraws:
    rng = np.random.default_rng(13)
    return PosteriorDraws(rng.standard_normal((50, 400, 2)), 0.7, Tuning(0.1, np.eye(2)))


def test_independent_draws_are_all_effective(independent: PosteriorDraws) -> None:
    """The variance of 400 chains' means is known to sqrt(2/400) = 7 %; at most the number of draws."""
    assert independent.effective() == pytest.approx(np.full(2, 20_000.0), rel=4 * 0.07)
    assert independent.shrinkage() == pytest.approx(np.ones(2), abs=0.01)


def test_chains_that_stand_still_count_once_each(independent: PosteriorDraws) -> None:
    still = np.repeat(independent.chains[:1], 50, axis=0)
    assert PosteriorDraws(still, 0.0, independent.tuning).effective() == pytest.approx(
        np.full(2, 400.0), rel=0.01
    )


def test_autocorrelated_chains_count_by_their_correlation() -> None:
    """First-order autoregression with 0.8: n (1 - 0.8)/(1 + 0.8), plus what ends of 200 rounds add, about 4 %."""
    rng = np.random.default_rng(14)
    x = np.zeros((200, 500, 1))
    x[0] = rng.standard_normal((500, 1))
    for i in range(1, 200):
        x[i] = 0.8 * x[i - 1] + 0.6 * rng.standard_normal((500, 1))
    found = PosteriorDraws(x, 0.7, Tuning(0.1, np.eye(1))).effective()
    assert found[0] == pytest.approx(100_000 / 9, rel=0.04 + 4 * np.sqrt(2 / 500))


def test_chains_in_different_places_are_told() -> None:
    rng = np.random.default_rng(15)
    apart = rng.standard_normal((40, 20, 1)) + np.linspace(-3, 3, 20)[None, :, None]
    assert PosteriorDraws(apart, 0.7, Tuning(0.1, np.eye(1))).shrinkage()[0] > 1.5


def test_no_chain_stays_behind_where_the_density_is_steep() -> None:
    """A spread's logarithm beside what it spreads; chains begin with spreads of 0.01 to 1.

    With one step for all, those that begin with a small spread far from what is seen never move. Over 20 seeds the
    split R-hat of 20 rounds is 1.11 to 1.27, of 100 rounds at most 1.07.
    """
    seen = np.array([1.0, -1.4, 0.3, 2.1])

    def density(states: Floats) -> tuple[Floats, Floats]:
        place, log_sd = states[:, :1], states[:, 1:]
        away = (seen - place) * np.exp(-log_sd)
        value = -0.5 * (away**2).sum(axis=1) - 5.0 * log_sd[:, 0] - 0.5 * (states**2).sum(axis=1)
        along_sd = (away**2).sum(axis=1) - 5.0 - log_sd[:, 0]
        return value, np.stack(
            [(away * np.exp(-log_sd)).sum(axis=1) - place[:, 0], along_sd], axis=1
        )

    start = np.stack([np.full(60, 3.0), np.linspace(np.log(0.01), 0.0, 60)], axis=1)
    draws = sample(density, flat(2), start, 16, warm_up=100, rounds=100)
    assert draws.shrinkage().max() < 1.1
    assert density(draws.chains[-1])[0].min() > density(draws.states)[0].max() - 12.0
