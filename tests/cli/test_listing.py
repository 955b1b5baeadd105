"""`normoxia list`: every name that a command takes, in both languages, and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from normoxia import library
from normoxia.api import catalogue
from normoxia.cli.listing import KINDS


def test_every_kind_of_the_catalogue_can_be_asked_for() -> None:
    assert tuple(catalogue.COMMANDS) == KINDS


def test_without_a_kind_every_name_is_printed_with_the_command_for_it(normoxia: Callable) -> None:
    answer = normoxia("list")
    assert answer.code == 0
    for kind in ("trials", "forecasts", "questions", "drugs", "populations"):
        for name in library.names(kind):
            assert re.search(rf"(^|, ){re.escape(name)}(,|$)", answer.out, re.MULTILINE), name
    assert "IMpower150, ENPOWER" in answer.out
    assert "normoxia run study:NAME" in answer.out


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_titles_in_both_languages(normoxia: Callable, kind: str) -> None:
    for lang, sign in (("en", "[A-Za-z]{3}"), ("zh", "[\u4e00-\u9fff]")):
        answer = normoxia("list", kind.upper(), "--lang", lang)
        assert answer.code == 0
        heading, _, _, *rows = answer.out.strip().splitlines()
        count = int(re.search(r"[(（](\d+)[)）]", heading)[1])
        assert len(rows) == count > 0
        if kind not in ("studies", "ensembles", "models", "populations"):  # titles in English
            assert all(re.search(sign, row) for row in rows), answer.out


def test_the_json_names_all_that_can_be_run_and_a_study_by_its_id(normoxia: Callable) -> None:
    kinds = {one["kind"]: one for one in json.loads(normoxia("list", "--json").out)["kinds"]}
    assert list(kinds) == list(KINDS)
    names = {kind: [entry["name"] for entry in one["entries"]] for kind, one in kinds.items()}
    assert names["trials"] == list(library.names("trials"))
    assert "KEYNOTE-189" in names["studies"]
    assert kinds["questions"]["command"] == "normoxia pool NAME"


def test_an_unknown_kind_is_refused_with_the_nearest(normoxia: Callable) -> None:
    answer = normoxia("list", "studys")
    assert answer.code == 2
    assert 'did you mean "studies"?' in answer.err
