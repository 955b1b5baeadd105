"""Names in any spelling stand for one trial, and never for another."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normoxia import library
from normoxia.api import names
from normoxia.api.names import find_trial, one_of, spelling
from normoxia.errors import InvalidArgument, UnknownName
from normoxia.evidence.studies.registry import registry
from normoxia.trial import files
from normoxia.trial.making import designs, from_study


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("impower150", "impower150"),
        ("IMpower150", "impower150"),
        ("IMpower 150", "impower150"),
        (" im-power_150 ", "impower150"),
        ("ＩＭｐｏｗｅｒ１５０", "impower150"),
        ("study:IMpower150", "impower150"),
        ("Study: impower 150", "impower150"),
        ("keynote189", "study-keynote-189"),
        ("STUDY:keynote 189", "study-keynote-189"),
        ("HARMONi A", "harmoni-a"),
        ("forecast:HARMONi-7", "harmoni-7"),
        ("harmoni 7", "harmoni-7"),
    ],
)
def test_a_trial_is_found_by_any_spelling(name: str, expected: str) -> None:
    assert find_trial(name).id == expected


@pytest.mark.parametrize(
    "name", ["impower 1 50", "impower15", "impower152", "", "-", "study:", "keynote-18", "189"]
)
def test_a_name_never_stands_for_another_trial(name: str) -> None:
    with pytest.raises(UnknownName):
        find_trial(name)


def test_a_design_with_several_protocols_is_refused_with_the_choices() -> None:
    with pytest.raises(
        InvalidArgument, match=r"forecast:harmoni-3-squamous or forecast:harmoni-3-non-squamous"
    ):
        find_trial("HARMONi 3")


def test_a_name_of_two_trials_is_refused_with_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "_forecast_names", lambda wanted: ("im-power-150",))
    with pytest.raises(InvalidArgument, match=r"impower150, forecast:im-power-150"):
        find_trial("IMpower150")


def test_a_path_is_read_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = library.path("trials", "impower150").read_text(encoding="utf-8")
    (tmp_path / "Mine.yaml").write_text(
        text.replace("trial: impower150", "trial: mine", 1), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    assert find_trial("Mine.yaml").id == find_trial(tmp_path / "Mine.yaml").id == "mine"


def test_no_two_names_of_the_library_have_one_spelling() -> None:
    by_hand = from_study.written_by_hand()
    shipped = [*files.library(), *(study.id for study in registry() if study.id not in by_hand)]
    planned = [*library.names(designs.KIND)]
    planned += [one.id for one in designs.forecasts() if one.protocols and one.id not in planned]
    for group in (
        shipped,
        sorted({spelling(name) for name in planned} | set(map(spelling, shipped))),
    ):
        assert len({spelling(name) for name in group}) == len(group)
    assert not {spelling(name) for name in planned} & {spelling(name) for name in shipped}


_SEPARATORS = st.sampled_from(["", " ", "-", "_", "–", "  ", " - "])


@given(st.data())
def test_case_and_separators_do_not_change_a_name_but_digits_do(data: st.DataObject) -> None:
    known = [study.id for study in registry()]
    name = data.draw(st.sampled_from(known))
    pieces = re.findall(r"\d+|[^\W\d_]+|[^\w\s-]+", name)
    spelt = pieces[0]
    for before, piece in itertools.pairwise(pieces):
        separator = data.draw(_SEPARATORS)
        if before[-1].isdigit() and piece[0].isdigit():
            separator = separator or "-"
        spelt += separator + piece
    spelt = data.draw(st.sampled_from([str.lower, str.upper, str]))(spelt)
    assert one_of("study", spelt, known) == name
    other = re.sub(r"\d(?=\D*$)", lambda digit: str((int(digit[0]) + 1) % 10), spelt)
    if other != spelt and spelling(other) not in map(spelling, known):
        with pytest.raises(UnknownName):
            one_of("study", other, known)
