from __future__ import annotations

import pytest

from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import Contrast
from normoxia.evidence.synthesis.model.ranking import p_scores, rank


@pytest.fixture(scope="module")
def fitted() -> net.NetworkFit:
    return net.fit(
        net.build(
            [
                Contrast("1", "a", "c", -0.5, 0.2),
                Contrast("2", "b", "c", 0.1, 0.3),
                Contrast("3", "a", "b", -0.4, 0.2),
            ]
        )
    )


def test_p_scores_average_one_half_and_turn_round_with_the_direction(
    fitted: net.NetworkFit,
) -> None:
    good, bad = p_scores(fitted, small_values="good"), p_scores(fitted, small_values="bad")
    assert sum(good.values()) / 3 == pytest.approx(0.5)
    assert all(good[t] == pytest.approx(1 - bad[t]) for t in good)
    assert max(good, key=lambda t: good[t]) == "a"


def test_sucra_approaches_the_p_score(fitted: net.NetworkFit) -> None:
    for r in rank(fitted, draws=20_000):
        assert r.sucra == pytest.approx(r.p_score, abs=4 * r.sucra_se)
        assert sum(r.probabilities) == pytest.approx(1)
        assert r.p_score_interval[0] <= r.p_score <= r.p_score_interval[1]


def test_two_treatments_rank_by_one_probability() -> None:
    from math import erf, sqrt

    one = net.fit(net.build([Contrast("1", "a", "b", -0.3, 0.2)]))
    assert p_scores(one)["a"] == pytest.approx(0.5 * (1 + erf(1.5 / sqrt(2))))


def test_ranks_count_within_connected_parts() -> None:
    split = net.fit(
        net.build([Contrast("1", "a", "b", -0.3, 0.2), Contrast("2", "c", "d", -0.3, 0.2)])
    )
    assert all(len(r.probabilities) == 2 for r in rank(split))


def test_the_seed_fixes_the_draws(fitted: net.NetworkFit) -> None:
    assert rank(fitted, seed=3) == rank(fitted, seed=3)
    assert rank(fitted, seed=3) != rank(fitted, seed=4)


def test_a_direction_must_be_one_of_two(fitted: net.NetworkFit) -> None:
    with pytest.raises(InvalidArgument, match="good"):
        p_scores(fitted, small_values="desirable")  # type: ignore[arg-type]
