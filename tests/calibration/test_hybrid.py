"""The hybrid of mechanism and component model, where one of them is right."""

from __future__ import annotations

import numpy as np
import pytest

from normoxia.calibration import hybrid
from normoxia.calibration import lock as locked
from normoxia.calibration.prediction import Predicted
from normoxia.calibration.scoring import Normal

LOCK = locked.read()
N = 400


def predictions(error: float) -> dict:
    """A mechanism that errs by as much on every contrast, knowing itself to within 0.05."""
    draws = np.linspace(-1.6, 1.6, N) * 0.05
    found = {}
    for o in LOCK.contrasts:
        latent = o.y + error + draws
        found[o.target] = Predicted(latent, latent, np.full(N, 1 / N))
    return found


def components(error: float) -> dict:
    return {o.target: Normal(o.y + error, 0.05**2 + o.se**2) for o in LOCK.contrasts}


@pytest.mark.parametrize(("own", "other", "weight"), [(0.0, 0.5, 1.0), (0.5, 0.0, 0.0)])
def test_who_is_right_gets_the_weight(own: float, other: float, weight: float) -> None:
    joined = hybrid.join(LOCK, predictions(own), components(other), seed=1)
    assert set(joined.weights.values()) == {weight}


def test_opposite_errors_are_averaged() -> None:
    joined = hybrid.join(LOCK, predictions(0.2), components(-0.2), seed=1)
    assert set(joined.weights.values()) == {0.5}
    errors = [joined.predictions[o.target].median - o.y for o in LOCK.contrasts]
    assert abs(np.mean(errors)) < 0.02


def test_a_study_does_not_choose_its_own_weight() -> None:
    study = "KEYNOTE-189"
    before = hybrid.join(LOCK, predictions(0.2), components(-0.1), seed=1).weights[study]
    changed = components(-0.1)
    for o in LOCK.contrasts:
        if o.target.study == study:
            changed[o.target] = Normal(o.y + 5.0, 0.05**2 + o.se**2)
    assert hybrid.join(LOCK, predictions(0.2), changed, seed=1).weights[study] == before
