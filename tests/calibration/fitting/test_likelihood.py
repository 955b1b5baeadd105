"""The likelihood of all studies at once against the same said study by study, and figure by figure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.calibration import toy
from tests.calibration.toy import LAYOUT, SPACE

from normoxia.calibration.fitting import discrepancy, likelihood, posterior
from normoxia.calibration.fitting.observations import ObservationBlock
from normoxia.calibration.fitting.posterior import Posterior, layout, prior_states

Floats = NDArray[np.float64]

#: beside rounding, which the worst conditioned of these covariances (about 1e3) makes some 1e-13
ROUNDING = 1e-11
#: of slopes: single precision, 6e-8, times the condition of the covariances
SINGLE = 1e-4


def cut(block: ObservationBlock, m: int) -> ObservationBlock:
    """The first m figures of a study alone."""
    return replace(
        block,
        observations=block.observations[:m],
        y=block.y[:m],
        covariance=block.covariance[:m, :m],
    )


def uneven(*, discrepant: bool) -> Posterior:
    """Studies of two, three, one and three figures, the last of a single arm."""
    rng = np.random.default_rng(31)
    blocks = toy.posterior(toy.published(toy.truth(rng), rng)).blocks
    sizes = dict(zip(toy.STUDIES, (2, 3, 1, 3), strict=True))
    surfaces = {study: toy.SURFACES[study].take(np.arange(m)) for study, m in sizes.items()}
    kept = tuple(cut(block, sizes[block.study]) for block in blocks)
    return Posterior(SPACE, layout(SPACE, discrepant=discrepant), kept, surfaces)


def departing(figures: tuple[object, ...]) -> Floats:
    """Discrepancies that count in figures as they come: the toy's studies are not of the registry."""
    rng = np.random.default_rng(len(figures))
    return rng.integers(-1, 2, (len(figures), len(discrepancy.names()))).astype(np.float64)


def plainly(given: Posterior, block: ObservationBlock, state: Floats) -> tuple[float, Floats]:
    """Log likelihood of a study at one state, and its slope: the textbook's formulae, one covariance and one spread after another."""
    own = given.layout
    means, covariances, slopes = given.moments(block, state[None, :])
    residual, inverse = block.y - means[0], np.linalg.inv(covariances[0])
    pulled = inverse @ residual
    value = -0.5 * (
        residual @ pulled
        + np.linalg.slogdet(covariances[0])[1]
        + len(block.y) * np.log(2.0 * np.pi)
    )
    slope = np.zeros(own.width)
    slope[: own.n_coordinates] = pulled @ slopes[0]
    if own.shifts:
        slope[own.n_coordinates + len(own.spreads) :] = pulled @ departing(
            tuple(o.figure for o in block.observations)
        )
    for k, name in enumerate(own.spreads):
        variance = np.exp(2.0 * state[own.n_coordinates + k])
        moved = np.zeros_like(inverse)
        for i, effect in enumerate(SPACE.trial_effects):
            along = slopes[0][:, SPACE.coordinate(effect.name)] * SPACE.shift_units[i]
            if name == effect.name or (name == "single arm" and block.single_arm):
                moved += variance * np.outer(along, along)
        for i, o in enumerate(block.observations):
            whose, scale = posterior._STRUCTURAL[o.figure.kind]
            moved[i, i] += variance * scale**2 * (whose == name)
        # half the derivative of the covariance by the log spread stands in `moved`
        slope[own.n_coordinates + k] = pulled @ moved @ pulled - np.trace(inverse @ moved)
    return float(value), slope


@pytest.mark.parametrize("discrepant", [False, True])
def test_all_studies_at_once_give_what_each_gives_plainly(
    discrepant: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discrepancy, "design", departing)
    given = uneven(discrepant=discrepant)
    states = prior_states(given.layout, 7, 32)
    values, slope = given.log_likelihood(states), given.likelihood_slope(states)
    for i, state in enumerate(states):
        expected = [plainly(given, block, state) for block in given.blocks]
        assert values[i] == pytest.approx([value for value, _ in expected], rel=ROUNDING)
        total = np.sum([part for _, part in expected], axis=0)
        assert slope[i] == pytest.approx(total, rel=SINGLE, abs=SINGLE * np.abs(total).max())


def test_the_shipped_studies_give_what_each_gives_plainly() -> None:
    """Densities by another factorisation, at states of the prior drawn towards its centre as chains begin."""
    from scipy import stats

    from normoxia.calibration import validation
    from normoxia.calibration.fitting import hyperparameters
    from normoxia.calibration.fitting.emulated import EmulatedStudies
    from normoxia.calibration.scoring import lock

    emulated = EmulatedStudies.read(validation.shipped_emulators())
    for discrepant in (False, True):
        given, _ = validation.prepare(
            hyperparameters.read(), emulated, lock.read(), discrepant=discrepant
        )
        states = prior_states(given.layout, 3, 33)
        states[:, : given.layout.n_continuous] *= 0.3
        values = given.log_likelihood(states)
        for i, block in enumerate(given.blocks):
            means, covariances, _ = given.moments(block, states)
            expected = [
                stats.multivariate_normal(m, c).logpdf(block.y)
                for m, c in zip(means, covariances, strict=True)
            ]
            assert values[:, i] == pytest.approx(expected, rel=1e-9)


def test_how_many_states_are_taken_together_does_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = toy.posterior([np.full(3, 0.1)] * 4)
    states = prior_states(LAYOUT, 50, 34)
    value, slope = given.log_likelihood(states), given.likelihood_slope(states)
    monkeypatch.setattr(likelihood, "TOGETHER", 7)
    again, also = given.log_likelihood(states), given.likelihood_slope(states)
    assert again == pytest.approx(value, rel=ROUNDING)
    assert also == pytest.approx(slope, rel=SINGLE, abs=SINGLE)


def test_no_study_says_nothing() -> None:
    given = Posterior(SPACE, LAYOUT, (), {})
    states = prior_states(LAYOUT, 3, 35)
    assert given.log_likelihood(states).shape == (3, 0)
    assert given.log_density(states) == pytest.approx(given.log_prior(states)[0])


def test_a_state_moved_along_a_line_has_the_density_it_has_anywhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Along a line through every kind of entry, one step after another from what is carried on."""
    monkeypatch.setattr(discrepancy, "design", departing)
    given = uneven(discrepant=True)
    before = prior_states(given.layout, 9, 36)
    rng = np.random.default_rng(37)
    direction = rng.standard_normal(given.layout.width)
    line = given.line(direction)
    _, carried = given.value(before)
    for _ in range(3):
        step = 0.1 * rng.standard_normal(9)
        states = before + step[:, None] * direction
        value, carried = given.moved(states, before, carried, line, step)
        expected, means = given.value(states)
        assert value == pytest.approx(expected, rel=ROUNDING)
        assert carried == pytest.approx(means, rel=ROUNDING, abs=ROUNDING)
        before = states
