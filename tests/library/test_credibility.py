"""The measured numbers of the credibility file are those that the repository keeps, word for word and byte for byte."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from normoxia.calibration.credibility import wording as credibility_document

ROOT = Path(__file__).parents[2]
TEXT = credibility_document.read()


@pytest.mark.parametrize("name", TEXT.measured)
def test_a_measured_number_stands_in_its_file(name: str) -> None:
    """A file that was made again has another digest: put it, the number and the date into evidence.yaml."""
    one = TEXT.measured[name]
    content = (ROOT / one.file).read_bytes()
    assert one.words in content.decode()
    assert hashlib.sha256(content).hexdigest() == one.sha256
    if one.value:
        printed = [float(number) for number in re.findall(r"\d+\.\d+(?:e[-+]\d+)?", one.words)]
        assert one.value in printed


def test_the_synthesis_page_says_how_many_numbers_were_compared() -> None:
    one = TEXT.measured["statistics"]
    table = (ROOT / one.file).read_text(encoding="utf-8").split("\n## ")[0]
    rows = re.findall(r"^\| \w+ \| (\d+) \| \S+ \| (\d+) \| (\d+) \|$", table, re.M)
    compared, outside, explained = (sum(map(int, column)) for column in zip(*rows, strict=True))
    assert (compared, outside, explained) == (
        one.numbers["compared"],
        one.value,
        one.numbers["explained"],
    )


def test_the_digest_of_the_lock_is_the_one_its_page_prints() -> None:
    page = (ROOT / "docs" / "method" / "validation.md").read_text(encoding="utf-8")
    assert f"sha256 {TEXT.locked}" in page


@pytest.mark.parametrize("question", TEXT.questions, ids=lambda q: q.id)
def test_a_question_says_what_it_is_not_for_and_rests_on_claims(
    question: credibility_document.CredibilityQuestion,
) -> None:
    assert question.inappropriate
    assert len(set(question.rests_on)) == len(question.rests_on) > 5
    assert {"ensemble", "coverage95"} <= set(question.rests_on)


def test_every_text_is_in_both_languages_and_expects_the_same_numbers() -> None:
    from normoxia.language import placeholders

    for wording in TEXT.wordings:
        for words in (wording.title, wording.says, wording.criterion, wording.found):
            assert set(words) == {"en", "zh"}
            assert placeholders(words["en"]) == placeholders(words["zh"]), wording.id
            assert re.search(r"[\u4e00-\u9fff]", words["zh"]) or words["zh"] in (
                "libRoadRunner",
                words["en"],
            )
