"""Names that are proposed: near ones, and never one that is another thing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normoxia.errors import did_you_mean, nearest


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("bevacizumb", ("bevacizumab", "sintilimab"), "bevacizumab"),
        ("impower15", ("impower150", "leap-007"), "impower150"),
        ("harmoni-3", ("harmoni-a", "impower150"), ""),
        ("harmoni-3", ("harmoni-2", "harmoni-6", "harmoni-7"), ""),
        ("harmoni-3", ("harmoni-3-squamous", "harmoni-a"), "harmoni-3-squamous"),
        ("q3week", ("weekly", "daily"), ""),
        ("C1", ("C01", "D10"), "C01"),
        ("AK-1122", ("AK112",), "AK112"),
        ("x" * 100_000, ("x" * 90,), ""),
    ],
)
def test_the_nearest_name_is_the_same_thing_misspelt(
    name: str, known: tuple[str, ...], near: str
) -> None:
    assert nearest(name, known) == near


@given(st.integers(1, 99), st.integers(1, 99), st.sampled_from(["harmoni-", "q", "x", "leap "]))
def test_another_number_without_a_digit_in_common_is_never_proposed(
    one: int, other: int, stem: str
) -> None:
    if str(one)[0] != str(other)[0]:
        assert nearest(f"{stem}{one}", [f"{stem}{other}", stem.strip("- ") + "-a"]) == ""


def test_few_known_names_are_listed_when_none_is_near() -> None:
    assert did_you_mean("harmoni-3", ["harmoni-a", "oak"]) == "; known: harmoni-a, oak"
