from __future__ import annotations

import numpy as np
import pytest

from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.model.indirect import bucher, match


def test_bucher_adds_variances() -> None:
    effect = bucher(-0.5, 0.3, -0.2, 0.4)
    assert (effect.estimate, effect.se) == pytest.approx((-0.3, 0.5))


def test_one_binary_covariate_has_weights_in_closed_form() -> None:
    """40 of 100 have the trait, the target has 60 %: odds of the weights are (.6/.4)/(.4/.6) = 2.25."""
    x = np.repeat([1.0, 0.0], [40, 60])
    found = match({"x": x}, {"x": 0.6})
    assert found.after["x"] == pytest.approx(0.6, abs=1e-9)
    assert found.weights[0] / found.weights[-1] == pytest.approx(2.25, rel=1e-9)
    assert found.effective_size == pytest.approx(
        (40 * 2.25 + 60) ** 2 / (40 * 2.25**2 + 60), rel=1e-9
    )


def test_means_and_standard_deviations_are_met_together() -> None:
    rng = np.random.default_rng(0)
    columns = {"age": rng.normal(62, 9, 400), "male": rng.integers(0, 2, 400)}
    found = match(columns, {"age": 65.0, "male": 0.7}, {"age": 8.0})
    w = found.weights / found.weights.sum()
    assert float(w @ columns["age"]) == pytest.approx(65, rel=1e-8)
    assert float(np.sqrt(w @ (columns["age"] - 65) ** 2)) == pytest.approx(8, rel=1e-6)
    assert float(w @ columns["male"]) == pytest.approx(0.7, rel=1e-8)


def test_patients_already_like_the_target_keep_their_number() -> None:
    x = np.array([1.0, 2.0, 3.0])
    assert match({"x": x}, {"x": 2.0}).effective_size == pytest.approx(3)


def test_a_target_outside_the_patients_has_no_weights() -> None:
    with pytest.raises(InvalidArgument, match="outside what these patients span"):
        match({"x": np.linspace(0, 1, 50)}, {"x": 1.5})
