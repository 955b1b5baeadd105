"""The posterior's parts against simulation, integration and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats
from tests.calibration import toy
from tests.calibration.toy import LAYOUT, SPACE, STUDIES

from normoxia.calibration.fitting.posterior import SMALLEST, StateIndex, layout, names, prior_states


def state(**spreads: float) -> np.ndarray:
    logs = [np.log(spreads.get(name.replace(" ", "_"), 0.2)) for name in LAYOUT.spreads]
    return np.array([0.4, -0.7, 0.9, -1.0, *logs])


def test_a_state_is_laid_out_as_its_names_say() -> None:
    assert names(SPACE, LAYOUT) == (
        "a",
        "b",
        "c",
        "s",
        "sd a",
        "sd c",
        "sd single arm",
        "sd ratio",
        "sd response",
        "sd curve",
    )
    assert layout(SPACE).width == len(names(SPACE, LAYOUT)) == 10
    assert LAYOUT.moving.tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert LAYOUT.spread(state(curve=0.31)[None, :], "curve") == pytest.approx([0.31])


@pytest.mark.parametrize("study", [STUDIES[0], STUDIES[-1]], ids=["randomised", "single arm"])
def test_moments_are_those_of_trials_simulated_step_by_step(study: str) -> None:
    """10 000 trials: means within 4.5 standard errors, covariances within 4.5 of sqrt((Cii Cjj + Cij^2)/n)."""
    n, place = 10_000, STUDIES.index(study)
    truth = state(a=0.3, c=0.15, single_arm=0.4, ratio=0.1, response=0.3, curve=0.2)
    rng = np.random.default_rng(1)
    drawn = np.array([toy.published(truth, rng, (study,))[0] for _ in range(n)])
    given = toy.posterior([np.zeros(3)] * 4)
    mean, covariance, _ = given.moments(given.blocks[place], truth[None, :])
    seen = np.cov(drawn.T)
    assert (np.abs(drawn.mean(axis=0) - mean[0]) < 4.5 * np.sqrt(np.diag(seen) / n)).all()
    error = np.sqrt((np.outer(np.diag(seen), np.diag(seen)) + seen**2) / n)
    assert (np.abs(seen - covariance[0]) < 4.5 * error).all()


def test_the_likelihood_is_the_normal_density_of_the_moments() -> None:
    rng = np.random.default_rng(2)
    given = toy.posterior(toy.published(state(), rng))
    states = np.array([toy.truth(rng) for _ in range(5)])
    values = given.log_likelihood(states)
    for i, block in enumerate(given.blocks):
        mean, covariance, _ = given.moments(block, states)
        expected = [
            stats.multivariate_normal(m, c).logpdf(block.y)
            for m, c in zip(mean, covariance, strict=True)
        ]
        assert values[:, i] == pytest.approx(expected, rel=1e-10)


def test_slopes_along_log_spreads_are_exact() -> None:
    """Central differences with steps of 1e-5, good to about 1e-9 of a density of order 10."""
    rng = np.random.default_rng(3)
    given = toy.posterior(toy.published(state(), rng))
    states = np.array([toy.truth(rng) for _ in range(6)])
    slope = given.slope(states)
    for i in range(LAYOUT.n_coordinates, LAYOUT.width):
        step = 1e-5 * (np.arange(LAYOUT.width) == i)
        found = (given.log_density(states + step) - given.log_density(states - step)) / 2e-5
        assert slope[:, i] == pytest.approx(found, abs=1e-5), names(SPACE, LAYOUT)[i]


def test_slopes_along_coordinates_are_exact_where_the_covariance_does_not_move() -> None:
    """The surfaces' slopes along what trials shift are constant here, so that what the slope leaves out is 0."""
    rng = np.random.default_rng(4)
    given = toy.posterior(toy.published(state(), rng))
    states = np.array([toy.truth(rng) for _ in range(6)])
    slope = given.slope(states)
    for i in range(LAYOUT.n_continuous):
        step = 1e-5 * (np.arange(LAYOUT.width) == i)
        found = (given.log_density(states + step) - given.log_density(states - step)) / 2e-5
        assert slope[:, i] == pytest.approx(found, abs=1e-5), names(SPACE, LAYOUT)[i]


def test_the_prior_integrates_as_normals_and_half_normals_do() -> None:
    """Along one entry at a time: sqrt(2 pi) for a coordinate; for a log spread scale*sqrt(pi/2) less what lies below the smallest."""
    middle = state()
    given = toy.posterior([np.zeros(3)] * 4)

    def along(i: int, x: float) -> float:
        moved = middle.copy()
        moved[i] = x
        return float(given.log_prior(moved[None, :])[0][0])

    rest = along(1, 0.0)
    total, _ = integrate.quad(lambda x: np.exp(along(1, x) - rest), -9, 9)
    assert total == pytest.approx(np.sqrt(2 * np.pi), rel=1e-8)
    for k, scale in enumerate(LAYOUT.scales):
        i = LAYOUT.n_coordinates + k
        rest = along(i, np.log(scale)) - np.log(scale) + 0.5
        total, _ = integrate.quad(
            lambda x, i=i, rest=rest: np.exp(along(i, x) - rest), SMALLEST + 1e-12, 3.0, limit=200
        )
        below = 2 * stats.norm.cdf(np.exp(SMALLEST) / scale) - 1
        assert total == pytest.approx(scale * np.sqrt(np.pi / 2) * (1 - below), rel=1e-6)


def test_spreads_below_the_smallest_are_impossible() -> None:
    given = toy.posterior([np.zeros(3)] * 4)
    assert given.log_prior(state(curve=np.exp(SMALLEST - 0.01))[None, :])[0][0] == -np.inf


def test_states_far_beyond_the_prior_are_impossible_and_break_nothing() -> None:
    """Where a trajectory of a sampler may run: a spread of e^40, a coordinate of 1e200, no number at all."""
    rng = np.random.default_rng(7)
    given = toy.posterior(toy.published(state(), rng))
    far = np.stack([state()] * 5)
    far[0, LAYOUT.n_coordinates :] = 40.0
    far[1, 1] = 1e200
    far[2] = np.nan
    far[3, LAYOUT.n_coordinates] = 1000.0
    with np.errstate(all="ignore"):
        value = given.log_density(far)
    assert (value[:4] == -np.inf).all()
    assert value[4] == pytest.approx(given.log_density(state()[None, :])[0])


def test_states_of_the_prior_follow_it() -> None:
    """Kolmogorov-Smirnov tests of every entry at 0.1 % each; structures within 4 standard errors of even odds."""
    n = 4000
    drawn = prior_states(LAYOUT, n, seed=5)
    for i in range(LAYOUT.n_continuous):
        assert stats.kstest(drawn[:, i], "norm").pvalue > 1e-3
    assert set(np.unique(drawn[:, 3])) == {-1.0, 1.0}
    assert abs(drawn[:, 3].mean()) < 4 / np.sqrt(n)
    for k, scale in enumerate(LAYOUT.scales):
        law, least = stats.halfnorm(scale=scale), np.exp(SMALLEST)
        spreads = np.exp(drawn[:, LAYOUT.n_coordinates + k])
        assert spreads.min() > least
        share = (law.cdf(spreads) - law.cdf(least)) / law.sf(least)
        assert stats.kstest(share, "uniform").pvalue > 1e-3


def test_a_study_left_out_has_no_say() -> None:
    rng = np.random.default_rng(6)
    said = toy.published(state(), rng)
    states = np.array([toy.truth(rng) for _ in range(3)])
    whole = toy.posterior(said)
    for i, study in enumerate(STUDIES):
        other = [y + 5.0 * (j == i) for j, y in enumerate(said)]
        left, moved = whole.without(study), toy.posterior(other).without(study)
        assert left.log_density(states) == pytest.approx(moved.log_density(states), rel=1e-14)
        expected = whole.log_density(states) - whole.log_likelihood(states)[:, i]
        assert left.log_density(states) == pytest.approx(expected, rel=1e-12)


def test_the_layout_of_the_shipped_space_has_a_spread_for_every_effect() -> None:
    from normoxia.calibration.fitting import hyperparameters

    space = hyperparameters.read()
    own = layout(space)
    assert isinstance(own, StateIndex)
    assert own.spreads[: len(space.trial_effects)] == tuple(e.name for e in space.trial_effects)
    assert len(own.scales) == len(own.spreads)
    assert own.n_coordinates == space.n_coordinates
