"""The reference pages are those the documents give."""

from pathlib import Path

from normoxia.pharmacology.reference import chinese_page, page

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"
COMMAND = "python -m normoxia.pharmacology.reference"


def test_the_english_page_is_up_to_date() -> None:
    assert (DOCS / "drugs.md").read_text(encoding="utf-8") == page(), (
        f"run {COMMAND} > docs/reference/drugs.md"
    )


def test_the_chinese_page_is_up_to_date() -> None:
    written = (DOCS / "drugs.zh.md").read_text(encoding="utf-8")
    assert written == chinese_page(), f"run {COMMAND} zh > docs/reference/drugs.zh.md"
