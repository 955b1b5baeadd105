from __future__ import annotations

import numpy as np
import pytest

from normoxia.evidence.synthesis import network as net
from normoxia.evidence.synthesis.contrasts import Contrast
from normoxia.evidence.synthesis.contribution import Streams, contributions, study_contributions

LOOP = [
    Contrast("1", "a", "b", 0.5, 0.2),
    Contrast("2", "b", "c", 0.4, 0.2),
    Contrast("3", "a", "c", 0.2, 0.2),
]


@pytest.mark.parametrize("method", list(Streams))
def test_a_loop_of_equal_studies_sends_two_thirds_directly(method: Streams) -> None:
    matrix = contributions(net.fit(net.build(LOOP), model="common"), method=method)
    assert matrix.of("a", "b") == pytest.approx({("a", "b"): 2 / 3, ("a", "c"): 1 / 6, ("b", "c"): 1 / 6})


@pytest.mark.parametrize("method", list(Streams))
def test_contributions_are_shares(method: Streams) -> None:
    rng = np.random.default_rng(1)
    names = "abcdefg"
    rows = [
        Contrast(str(k), names[i], names[j], 0.0, rng.uniform(0.1, 1))
        for k, (i, j) in enumerate((i, j) for i in range(7) for j in range(i) if (i + j) % 3)
    ]
    shares = contributions(net.fit(net.build(rows), model="common"), method=method).shares
    assert np.all(shares >= 0)
    assert shares.sum(axis=1) == pytest.approx(np.ones(len(shares)), abs=1e-8)


def test_studies_share_their_comparison_by_weight() -> None:
    rows = [*LOOP, Contrast("4", "a", "b", 0.4, 0.1)]
    shares = study_contributions(net.fit(net.build(rows), model="common"))["a", "b"]
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["4"] / shares["1"] == pytest.approx(4)


def test_nothing_contributes_between_parts() -> None:
    split = net.build([LOOP[0], Contrast("2", "x", "y", 0.1, 0.1)])
    matrix = contributions(net.fit(split))
    assert np.isnan(matrix.shares[matrix.comparisons.index(("a", "x"))]).all()
