"""The page `docs/answers.md` (and in Chinese): what was found for each open question, written from a finished review.

normoxia review --part questions --patients 100 --draws 40 --out answers
python -m normoxia.api.answers answers
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from normoxia.design.review_summary import SCHEMA
from normoxia.errors import InvalidDocument
from normoxia.language import language

#: file of each language
FILES: Mapping[str, str] = {"en": "answers.md", "zh": "answers.zh.md"}


def page(content: Mapping[str, Any], lang: str) -> str:
    """Return the page of a language.

    Parameters
    ----------
    content
        As `normoxia review --json` prints it, with part "questions".
    lang
        "en" or "zh".

    Raises
    ------
    InvalidDocument
        For another object, or a review without questions.
    """
    if content.get("schema") != SCHEMA or not content.get("questions"):
        raise InvalidDocument(f'not a review with part "questions" (schema {SCHEMA})')
    text = language(lang)
    lines = [f"# {text.say('review.answers_title')}", "", text.say("review.answers_lead"), ""]
    for question in content["questions"]:
        answer, manifest = question["answer"], question["provenance"]
        lines += [
            f"## {question['asks'][lang]}",
            "",
            text.say("review.place_of", place=question["place"][lang]),
            "",
            answer.get(lang) or text.say("review.no_answer"),
            "",
            "    " + question["command"],
            "",
            text.say("review.run_of", run=_run(manifest)),
            "",
        ]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> None:
    """Write both pages from the folder of a review, into `docs/` or the folder named second."""
    folder = Path(arguments[0])
    target = Path(arguments[1]) if len(arguments) > 1 else Path("docs")
    content = json.loads((folder / "review.json").read_text(encoding="utf-8"))
    for lang, name in FILES.items():
        (target / name).write_text(page(content, lang), encoding="utf-8")


def _run(manifest: Mapping[str, object]) -> str:
    """The run behind an answer: its versions and the beginnings of its digests."""
    return ", ".join(
        f"{name} {str(value)[:12] if name.endswith('sha256') else value}"
        for name, value in manifest.items()
    )


if __name__ == "__main__":
    main(sys.argv[1:])
