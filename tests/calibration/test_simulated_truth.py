"""Posterior, sampler and leaving out together, on truths drawn from the prior: ranks must be uniform.

Simulation-based calibration: a truth is drawn from the prior, what trials publish from it, and the truth's rank among independent
draws of the posterior is uniform if everything between is right (Talts 2018, arXiv 1804.06788; Cook 2006, J Comput Graph
Stat 15:675). Draws are the chains' last states, one a chain.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtr
from tests.calibration import toy
from tests.calibration.toy import LAYOUT, SPACE, STUDIES

from normoxia.calibration.fitting import sampler
from normoxia.calibration.fitting.leave_out import LeftOutStudies, leave_out
from normoxia.calibration.fitting.posterior import names, prior_states
from normoxia.calibration.fitting.sampler import Tuning

Floats = NDArray[np.float64]

CHAINS, WARM_UP, ROUNDS = 59, 24, 10
#: one study left out in each replicate, in turn a randomised one and the one of a single arm
LEFT = (STUDIES[1], STUDIES[3])
#: chance that any of the tests below fails on correct code, shared evenly among the entries of each
FALSE_ALARM = 1e-3
STRUCTURE = SPACE.coordinate("s")
MOVING = [i for i in range(LAYOUT.width) if i != STRUCTURE]


@dataclass(frozen=True, slots=True)
class Replicates:
    """What repeated fits gave.

    ranks     shares of draws below the truth, (n, width); left_ranks of those without a study
    odds      posterior probability that the structure is on, and whether it was, (n, 2); left_odds likewise
    printed   place of what the left-out study published in its predictive distribution, (n, 3)
    k         of re-weighting; refitted whether drawn anew
    """

    ranks: Floats
    left_ranks: Floats
    odds: Floats
    left_odds: Floats
    printed: Floats
    k: Floats
    refitted: Floats


@functools.cache
def tuning() -> Tuning:
    """Adapted once, on a truth of its own."""
    rng = np.random.default_rng(999)
    given = toy.posterior(toy.published(toy.truth(rng), rng))
    return sampler.sample(
        given, LAYOUT, prior_states(LAYOUT, 200, 1), 2, warm_up=60, rounds=1
    ).tuning


@functools.cache
def replicates(n: int, seed: int) -> Replicates:
    found: list[tuple[Floats, ...]] = []
    for i in range(n):
        rng = np.random.default_rng([seed, i])
        truth = toy.truth(rng)
        said = toy.published(truth, rng)
        given = toy.posterior(said)
        draws = sampler.sample(
            given,
            LAYOUT,
            prior_states(LAYOUT, CHAINS, seed + i),
            seed + 10_000 + i,
            warm_up=WARM_UP,
            rounds=ROUNDS,
            tuning=tuning(),
        )
        last = draws.chains[-1]
        study = LEFT[i % len(LEFT)]
        left = leave_out(given, draws, (study,), seed + 20_000 + i)[study]
        place = STUDIES.index(study)
        on = float(truth[STRUCTURE] > 0)
        found.append(
            (
                (last < truth).mean(axis=0),
                left.weights @ (left.states < truth),
                np.array([(last[:, STRUCTURE] > 0).mean(), on]),
                np.array([left.weights @ (left.states[:, STRUCTURE] > 0), on]),
                _printed(given, left, place, said[place]),
                np.array(left.k),
                np.array(float(left.refitted)),
            )
        )
    return Replicates(*(np.stack(column) for column in zip(*found, strict=True)))


def _printed(given: toy.Posterior, left: LeftOutStudies, place: int, y: Floats) -> Floats:
    mean, covariance, _ = given.moments(given.blocks[place], left.states)
    sd = np.sqrt(np.einsum("nii->ni", covariance))
    return left.weights @ ndtr((y - mean) / sd)


def uniformity(places: Floats, bins: int) -> Floats:
    """p-values of chi-squared tests that each column of places in (0, 1) is uniform."""
    counts = [np.histogram(column, bins, (0.0, 1.0))[0] for column in places.T]
    return np.array([stats.chisquare(count).pvalue for count in counts])


def assert_uniform(places: Floats, bins: int, labels: list[str]) -> None:
    p = uniformity(places, bins)
    assert p.min() > FALSE_ALARM / len(p), dict(zip(labels, p.round(5).tolist(), strict=True))


def odds_score(odds: Floats) -> float:
    """How many standard deviations the structures that were on differ from what was expected."""
    expected, on = np.clip(odds[:, 0], 0.0, 1.0), odds[:, 1]
    return float((on - expected).sum() / np.sqrt((expected * (1 - expected)).sum()))


ENTRIES = [names(SPACE, LAYOUT)[i] for i in MOVING]
SIZES = [pytest.param(40, 5, id="forty"), pytest.param(240, 10, id="many", marks=pytest.mark.slow)]


@pytest.mark.parametrize(("n", "bins"), SIZES)
def test_truths_rank_evenly_among_draws(n: int, bins: int) -> None:
    assert_uniform(replicates(n, 1).ranks[:, MOVING], bins, ENTRIES)


@pytest.mark.parametrize(("n", "bins"), SIZES)
def test_truths_rank_evenly_among_draws_that_have_not_seen_a_study(n: int, bins: int) -> None:
    assert_uniform(replicates(n, 1).left_ranks[:, MOVING], bins, ENTRIES)


@pytest.mark.parametrize(("n", "bins"), SIZES)
def test_what_a_study_left_out_publishes_lies_evenly_in_its_predictions(n: int, bins: int) -> None:
    assert_uniform(replicates(n, 1).printed, bins, ["ratio", "response", "curve"])


@pytest.mark.parametrize(("n", "bins"), SIZES)
def test_a_structure_is_on_as_often_as_the_posterior_says(n: int, bins: int) -> None:
    """Standard normal for many replicates; beyond 3.9 at one in ten thousand."""
    assert abs(odds_score(replicates(n, 1).odds)) < 3.9
    assert abs(odds_score(replicates(n, 1).left_odds)) < 3.9


@pytest.mark.slow
def test_studies_were_left_out_both_by_re_weighting_and_by_drawing_anew() -> None:
    assert 0.02 < replicates(240, 1).refitted.mean() < 0.98


def test_ranks_of_a_posterior_that_is_too_sure_are_told() -> None:
    """The same ranks pulled towards the ends, as draws of half the spread would give: the test must see it."""
    from scipy.special import ndtri

    even = (np.arange(240) + 0.5) / 240
    assert uniformity(ndtr(2.0 * ndtri(even))[:, None], 10)[0] < 1e-6
