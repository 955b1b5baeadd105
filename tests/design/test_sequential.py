"""Group-sequential boundaries and crossing probabilities against rpact and closed forms."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri

from normoxia.design.sequential import boundaries
from normoxia.errors import InvalidArgument

ORACLES = Path(__file__).parents[1] / "oracles" / "design"
with (ORACLES / "boundaries.csv").open(encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))


def numbers(cell: str) -> list[float]:
    return [float(x) for x in cell.split(";")]


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['spending']}-{r['fractions'][:9]}")
def test_boundaries_are_those_of_rpact(row: dict[str, str]) -> None:
    ours = boundaries(
        numbers(row["fractions"]), alpha=float(row["alpha"]), spending=row["spending"]
    )
    # rpact prints seven digits and solves its level to 1e-8; an early boundary moves most with it
    assert ours.z == pytest.approx(numbers(row["z"]), abs=2e-6)
    assert ours.spent == pytest.approx(numbers(row["spent"]), abs=2e-8)


def test_crossing_under_a_drift_is_rpact_s_power() -> None:
    ours = boundaries([1 / 3, 2 / 3, 1]).crossing(0.2 * math.sqrt(300))
    assert ours == pytest.approx([0.04360494, 0.5810827, 0.3064683], abs=1e-6)
    assert ours.sum() == pytest.approx(0.9311559, abs=1e-6)


@pytest.mark.parametrize("spending", ["obrien-fleming", "pocock"])
@pytest.mark.parametrize("looks", [1, 2, 4, 7])
def test_without_an_effect_the_level_is_spent_exactly(spending: str, looks: int) -> None:
    fractions = np.linspace(0.2, 1.0, looks) if looks > 1 else [1.0]
    ours = boundaries(list(fractions), alpha=0.025, spending=spending)
    assert ours.crossing().cumsum() == pytest.approx(ours.spent, abs=1e-10)
    assert ours.spent[-1] == pytest.approx(0.025)
    if looks == 1:
        assert ours.z[0] == pytest.approx(ndtri(0.975))


@pytest.mark.parametrize("fractions", [[0.5, 0.4, 1.0], [0.5, 0.9], [0.0, 1.0], []])
def test_fractions_that_do_not_increase_to_one_are_refused(fractions: list[float]) -> None:
    with pytest.raises(InvalidArgument, match="increase to 1"):
        boundaries(fractions)
