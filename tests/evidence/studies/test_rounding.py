"""What a printed percentage can have been a share of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from normoxia.evidence.studies.rounding import counts, half_unit, is_possible, split


@given(
    st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.integers(0, 2),
)
def test_a_share_that_was_rounded_is_always_possible(pair: tuple[int, int], shown: int) -> None:
    count, n = pair
    assert count in counts(round(100.0 * count / n, shown), n, shown)


def test_shares_that_are_no_whole_number_of_patients() -> None:
    # by hand: 16/22 = 72.73, 12/22 = 54.55, 217/228 = 95.18, 218/228 = 95.61
    assert counts(72.7, 22) == (16,)
    assert not is_possible(72.5, 22)
    assert not is_possible(54.9, 22)
    assert not is_possible(95.5, 228)


def test_a_total_is_split_where_it_can_be() -> None:
    assert split(50, (57.7, 88.5), (34.2,)) == ()
    assert (26, 38) in split(64, (57.7, 88.5), (34.2,))  # 15 and 23 of 26, 13 of 38


def test_half_a_unit_follows_the_longest_number() -> None:
    assert half_unit(0.8, 0.67, 0.95) == 0.005
    assert half_unit(16.0) == 0.5
