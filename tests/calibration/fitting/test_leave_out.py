"""Leaving a study out by weights and by drawing anew give the same, and neither sees the study."""

from __future__ import annotations

import numpy as np
import pytest
from tests.calibration import toy
from tests.calibration.toy import LAYOUT, STUDIES

from normoxia.calibration.fitting import leave_out as leaving
from normoxia.calibration.fitting import sampler
from normoxia.calibration.fitting.leave_out import LeftOutStudies, leave_out
from normoxia.calibration.fitting.pareto import Weights
from normoxia.calibration.fitting.posterior import Posterior, prior_states
from normoxia.calibration.fitting.sampler import PosteriorDraws


@pytest.fixture(scope="module")
def given() -> Posterior:
    rng = np.random.default_rng(21)
    return toy.posterior(toy.published(toy.truth(rng), rng))


@pytest.fixture(scope="module")
def draws(given: Posterior) -> PosteriorDraws:
    return sampler.sample(given, LAYOUT, prior_states(LAYOUT, 256, 1), 3, warm_up=60, rounds=20)


def never(log_ratios: np.ndarray) -> Weights:
    n = len(log_ratios)
    return Weights(np.full(n, 1 / n), float(n), 5.0)


def moments(left: LeftOutStudies) -> tuple[np.ndarray, np.ndarray]:
    mean = left.weights @ left.states
    return mean, left.weights @ (left.states - mean) ** 2


def test_weights_and_new_draws_give_the_same(
    given: Posterior, draws: PosteriorDraws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Means within 5 standard errors of both, at their effective numbers (a quarter of the weights', for what draws share)."""
    weighted = leave_out(given, draws, ("one",), 3)["one"]
    assert not weighted.refitted
    assert weighted.k <= 0.7
    monkeypatch.setattr(leaving, "smoothed", never)
    anew = leave_out(given, draws, ("one",), 3)["one"]
    assert anew.refitted
    assert anew.k == 5.0
    (one, variance), (other, _) = moments(weighted), moments(anew)
    error = np.sqrt(variance * (4.0 / weighted.effective + 1.0 / anew.effective))
    assert (np.abs(one - other) < 5.0 * error).all()


def test_new_draws_do_not_know_what_the_study_published(
    draws: PosteriorDraws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another outcome of the study changes no byte: chains begin where they begin, and the density is that of the others."""
    monkeypatch.setattr(leaving, "smoothed", never)
    rng = np.random.default_rng(21)
    said = toy.published(toy.truth(rng), rng)
    moved = [y + 3.0 * (study == "three") for study, y in zip(STUDIES, said, strict=True)]
    one, other = (leave_out(toy.posterior(y), draws, ("three",), 4)["three"] for y in (said, moved))
    assert one.states.tobytes() == other.states.tobytes()


def test_weights_sum_to_one_and_a_study_without_a_block_keeps_every_draw(
    given: Posterior, draws: PosteriorDraws
) -> None:
    found = leave_out(given, draws, ("one", "unheard"), 5)
    assert found["one"].weights.sum() == pytest.approx(1.0)
    assert found["unheard"].weights == pytest.approx(
        np.full(len(draws.states), 1 / len(draws.states))
    )
    np.testing.assert_array_equal(found["unheard"].states, draws.states)
    assert not found["unheard"].refitted


def test_a_study_unlike_all_others_is_drawn_anew(draws: PosteriorDraws) -> None:
    rng = np.random.default_rng(21)
    said = toy.published(toy.truth(rng), rng)
    said[1] = said[1] + np.array([2.5, -3.0, 2.5])
    given = toy.posterior(said)
    own = sampler.sample(
        given, LAYOUT, draws.chains[-1], 6, warm_up=30, rounds=10, tuning=draws.tuning
    )
    left = leave_out(given, own, ("two",), 7)["two"]
    assert left.refitted
    assert len(left.states) == leaving.ROUNDS * own.chains.shape[1]


def test_the_same_bytes_for_any_number_of_workers(
    given: Posterior, draws: PosteriorDraws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "smoothed", never)
    asked = ("four", "unheard", "one", "two")
    alone, beside = (leave_out(given, draws, asked, 8, workers=n) for n in (1, 2))
    assert list(alone) == list(beside) == list(asked)
    for study in asked:
        assert alone[study].refitted == (study != "unheard")
        assert alone[study].states.tobytes() == beside[study].states.tobytes()
        assert alone[study].effective == beside[study].effective
