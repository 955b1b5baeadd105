"""One class name, one meaning; one term, one meaning; and the words that were replaced do not come back."""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "normoxia"
GLOSSARY = ROOT / "docs" / "reference" / "glossary.md"
GLOSSARY_ZH = ROOT / "docs" / "reference" / "glossary.zh.md"

#: class names with more than one definition, and why that is allowed
FIELD_TERMS = {
    "Arm": "of a published study, of a network and of a protocol: the same thing in three kinds of documents",
    "Contrast": "of a network and of a protocol",
    "Population": "of a study's report, and the one patients are drawn from",
}
#: class names still to be told apart; the list may only shrink
TO_RENAME = {"Held", "Part", "Plan", "Run", "TrialDesign", "Verdict"}

#: words that have a plain one, and that one
REPLACED = {
    "told": "printed, rendered, stated",
    "retold": "translated, redrawn",
    "reckon": "compute, estimate",
    "reckoned": "computed, estimated",
    "reckons": "computes, estimates",
    "minded": "considered",
    "lent": "filled from the ensemble",
    "lending": "borrowed parameters",
    "borrowers": "borrowed parameters",
    "badness": "worst_first",
    "abreast": "run_in_processes",
    "foreseen": "predicted",
    "speech": "text, language",
    "hearsay": "secondary source",
    "half_and_half": "combined",
    "lonely": "single-arm",
    "held against": "compared with",
    "hold against": "compare with",
    "cannot be meant": "expected ...",
    "speaks against": "is evidence against",
}
_PATTERNS = {
    word: re.compile(rf"(?<![A-Za-z]){word}(?![A-Za-z])", re.IGNORECASE) for word in REPLACED
}
#: one search a line spares twenty
_ANY = re.compile("|".join(REPLACED), re.IGNORECASE)
#: how often they still stand, by room or folder of documentation; the numbers may only shrink
REMAINING: dict[str, int] = {
    "ARCHITECTURE.md": 1,
    "CHANGELOG.md": 1,
    "api": 13,
    "calibration": 78,
    "cli": 6,
    "design": 16,
    "digests": 1,
    "docs": 11,
    "evidence": 157,
    "library": 19,
    "pharmacology": 2,
    "report": 11,
    "simulation": 4,
    "survival": 2,
    "trial": 22,
}
#: quotations, and the scripts of translated phrases, keep the words of their sources
QUOTED = (
    "library/studies",
    "library/drugs",
    "library/review",
    "library/context",
    "library/phrases",
    "docs/answers",  # written from the catalogue, whose words count there
)


@functools.cache
def public_classes() -> dict[str, list[str]]:
    """Every public class and the files that define one of the name."""
    places: dict[str, list[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(str(path.relative_to(SOURCE)))
    return places


def test_a_class_name_has_one_meaning() -> None:
    several = {name: places for name, places in public_classes().items() if len(places) > 1}
    several = {n: p for n, p in several.items() if n not in FIELD_TERMS and n not in TO_RENAME}
    assert several == {}


@pytest.mark.parametrize("name", sorted(FIELD_TERMS))
def test_a_field_term_is_listed_only_while_it_is_used_more_than_once(name: str) -> None:
    assert len(public_classes().get(name, [])) > 1, "take it out of the list"


def terms(page: Path) -> list[tuple[str, str]]:
    """The first two columns of every table of a page."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", page.read_text("utf-8"), re.MULTILINE)
    return [row for row in rows if row[0] not in ("term", "术语")]


def test_the_glossary_has_each_term_once_and_in_both_languages() -> None:
    english = terms(GLOSSARY)
    assert len(english) > 50
    for column in zip(*english, strict=True):
        assert [term for term, count in Counter(column).items() if count > 1] == []
    assert {(zh, en) for en, zh in english} == {*terms(GLOSSARY_ZH)}


def test_the_chinese_texts_use_the_terms_of_the_glossary() -> None:
    """Other translations of a term that has one do not stand in the catalogue."""
    text = (SOURCE / "library" / "languages" / "zh.yaml").read_text("utf-8")
    assert re.findall("荟萃|网络Meta|危险比|无疾病进展|总生存率期|检查点阻断剂", text) == []
    for term in (
        "无进展生存期",
        "总生存期",
        "风险比",
        "网状Meta分析",
        "预测区间",
        "登记库",
        "集合",
    ):
        assert term in text
        assert any(term in zh for _, zh in terms(GLOSSARY))


def replaced_words() -> dict[str, list[str]]:
    """Where replaced words stand, by room of the package or folder of documentation.

    `can_be_told` is a key of the JSON of every verb and counts nowhere.
    """
    places: dict[str, list[str]] = {}
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    files = [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.yaml"), *pages]
    for path in files:
        short = path.relative_to(SOURCE if path.is_relative_to(SOURCE) else ROOT).as_posix()
        if short.startswith(QUOTED) or path == GLOSSARY:
            continue
        room = short.split("/")[0].removesuffix(".py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if not _ANY.search(line):
                continue
            for word, pattern in _PATTERNS.items():
                places.setdefault(room, []).extend(
                    f"{short}:{number}: {word} (say: {REPLACED[word]})"
                    for _ in pattern.findall(line.replace("can_be_told", ""))
                )
    return {room: found for room, found in places.items() if found}


def test_replaced_words_do_not_come_back() -> None:
    places = replaced_words()
    more = {room: found for room, found in places.items() if len(found) > REMAINING.get(room, 0)}
    assert more == {}
