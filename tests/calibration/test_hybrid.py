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


def test_opposite_errors_are_averaged() -> None:
    joined = hybrid.join(LOCK, predictions(0.2), components(-0.2), seed=1)
    errors = [joined[o.target].median - o.y for o in LOCK.contrasts]
    # the median of 400 draws with a chance of some 0.1 is known to 0.006 each, 47 of them to 0.001
    assert abs(np.mean(errors)) < 0.01


def test_parts_that_agree_keep_their_width() -> None:
    """Both know the latent ratio to 0.05 and move together; chance comes once."""
    joined = hybrid.join(LOCK, predictions(0.0), components(0.0), seed=1)
    o = max(LOCK.contrasts, key=lambda o: o.se)
    low, high = joined[o.target].interval(0.95)
    assert (high - low) / (2 * 1.96) == pytest.approx(np.hypot(0.05, o.se), rel=0.1)


def test_what_one_of_them_does_not_predict_is_left_out() -> None:
    gone = LOCK.contrasts[0].target
    some = {t: p for t, p in components(0.0).items() if t != gone}
    assert gone not in hybrid.join(LOCK, predictions(0.0), some, seed=1)
