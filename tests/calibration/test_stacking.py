"""Structures weighed by predictions, where the right answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from normoxia.calibration.stacking import _stacked


def test_the_variant_that_predicts_takes_all_the_weight() -> None:
    found = _stacked([("a", 2.0, 1.0), ("b", 3.0, 1.0)])
    assert found.weight == 1.0
    assert found.gain == pytest.approx(np.log(6.0))
    assert found.moved_by == ("b", pytest.approx(np.log(3.0)))


def test_variants_that_share_the_contrasts_share_the_weight() -> None:
    # log(2w + (1-w)) + log(w + 2(1-w)) is largest at w = 1/2
    assert _stacked([("a", 2.0, 1.0), ("b", 1.0, 2.0)]).weight == 0.5


def test_nothing_to_ask_gives_no_weight() -> None:
    assert np.isnan(_stacked([]).weight)
