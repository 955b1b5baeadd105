"""Names that are proposed: near ones, and never one that is another thing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normoxia.errors import UnknownName, did_you_mean, nearest, nearest_name


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


#: trials whose names differ by one letter, as a misspelling does: each is proposed for the other
ONE_LETTER = ({"campass", "compass"}, {"attlas", "atlas"}, {"jmei", "jmen"})


def _things(kind: str) -> dict[str, str]:
    """Every name of the trials or the drugs of the library, and what it stands for."""
    from normoxia import library
    from normoxia.evidence.studies.registry import registry
    from normoxia.pharmacology import files as drugs
    from normoxia.trial.making import designs

    if kind == "drugs":
        return {written: name for name, written in drugs._names().values()}
    names = [
        *library.names("trials"),
        *library.names("forecasts"),
        *(study.id for study in registry()),
        *(design.id for design in designs.forecasts()),
    ]
    return {name: "".join(filter(str.isalnum, name.casefold())) for name in names}


@pytest.mark.parametrize("kind", ["trials", "drugs"])
def test_no_name_of_the_library_is_proposed_for_another_trial_or_drug(kind: str) -> None:
    """Each name asked of a library that has all others: as a user does whose trial or drug is not in it."""
    things = _things(kind)
    assert len(things) > 100
    for name, thing in things.items():
        others = [
            word
            for word, other in things.items()
            if other != thing and {thing, other} not in ONE_LETTER
        ]
        assert nearest_name(name, others) == "", name


@pytest.mark.parametrize("kind", ["trials", "drugs"])
def test_two_neighbouring_letters_changed_in_a_long_name_are_seen_through(kind: str) -> None:
    things = _things(kind)
    for name, thing in things.items():
        if name.isascii() and name.isalpha() and len(name) >= 8 and name[2] != name[3]:
            slip = name[:2] + name[3] + name[2] + name[4:]
            if slip not in things:
                near = nearest_name(slip, things)
                assert things[near] == thing, slip


@given(st.sampled_from(sorted(_things("trials"))), st.integers(0, 9999))
def test_a_trial_with_another_number_is_never_proposed(name: str, number: int) -> None:
    numbers = re.findall(r"\d+", name)
    if numbers and int(numbers[-1]) != number:
        head, _, tail = name.rpartition(numbers[-1])
        near = nearest_name(f"{head}{number}{tail}", [name])
        assert near == ""


@given(
    st.sampled_from(
        ["q{n}week", "q{n}weeks", "q{n}wekly", "every{n}weeks", "d1-{n}x", "{n}weekly"]
    ),
    st.integers(1, 60),
)
def test_no_frequency_with_a_number_is_answered_by_another(form: str, n: int) -> None:
    from normoxia.pharmacology.frequency import advice

    assert advice(form.format(n=n)) == ""


@pytest.mark.parametrize(
    ("word", "often"),
    [("biweekly", "q2w"), ("bidaily", "daily"), ("monthly", "weekly"), ("qweekly", "weekly")],
)
def test_a_word_for_one_frequency_is_not_answered_by_another(word: str, often: str) -> None:
    from normoxia.pharmacology.frequency import advice

    assert often not in advice(word)


def test_the_error_of_an_unknown_trial_or_drug_proposes_a_slip_only() -> None:
    assert "mean" not in str(UnknownName("trial", "IMpower130", ["IMpower150", *"abcdefghijklm"]))
    assert "mean" not in str(UnknownName("drug", "zimberelimab", _things("drugs")))
    assert 'did you mean "bevacizumab"?' in str(
        UnknownName('regimen "x": drug', "bevacizumb", _things("drugs"))
    )
