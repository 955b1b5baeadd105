"""How far the model may be used for a question, from the shipped record of the claims.

Checking every claim takes a minute and more (`normoxia credibility`), so that its outcome is kept, with the ensemble it was
checked for, in `library/credibility/standings.yaml`. After a change, write the record again:

    normoxia credibility --out FOLDER
    python -m normoxia.calibration.credibility.standings FOLDER/credibility.json
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from normoxia import documents, library
from normoxia.calibration.credibility import wording
from normoxia.calibration.credibility.wording import CredibilityQuestion
from normoxia.documents import Findings
from normoxia.errors import InvalidDocument, UnknownName
from normoxia.language import language

STATUSES = ("met", "not met", "not done")
#: what an answer rests on
Basis = Literal["mechanism", "evidence", "both"]
RECORD = "standings"


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCredibility:
    """How far the model may be used for one kind of question.

    Attributes
    ----------
    question
        The question of interest of the credibility file.
    standing
        "met" when every claim that it rests on is met, "not met" when one is not, else "not done".
    missing
        Ids of the claims that are not met or not done.
    rests_on
        Whether the answer rests on the mechanism, on published evidence, or on both.
    date
        When the claims were checked.
    is_current
        Whether they were checked for the ensemble that was used.
    """

    question: CredibilityQuestion
    standing: str
    missing: tuple[str, ...]
    rests_on: Basis
    date: str
    is_current: bool

    def sentence(self, lang: str = "en") -> str:
        """Return the state in words.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        text = language(lang)
        titles = {claim.id: claim.title for claim in wording.read().wordings}
        listed = text.say("credibility.join").join(titles[name][lang] for name in self.missing)
        said = text.say(
            f"use.{self.standing.replace(' ', '_')}",
            question=self.question.title[lang],
            missing=listed,
            date=self.date,
        )
        basis = text.say(f"use.rests_on_{self.rests_on}")
        return said + basis + ("" if self.is_current else text.say("use.outdated"))

    def to_json(self) -> dict[str, object]:
        """Return the state as plain values."""
        return {
            "question": self.question.id,
            "standing": self.standing,
            "missing": list(self.missing),
            "risk": self.question.risk,
            "rests_on": self.rests_on,
            "date": self.date,
            "is_current": self.is_current,
            "says": {code: self.sentence(code) for code in library.names("languages")},
        }


def use(question: str, rests_on: Basis, ensemble: str) -> UseCredibility:
    """Return how far the model may be used for a question.

    Parameters
    ----------
    question
        Id in `library/credibility/questions.yaml`.
    rests_on
        What the answer rests on.
    ensemble
        Digest of the ensemble that was used.

    Raises
    ------
    UnknownName
        There is no such question.
    """
    known = {q.id: q for q in wording.read().questions}
    if question not in known:
        raise UnknownName("question of the credibility file", question, known)
    record, asked = _record(), known[question]
    claims: Mapping[str, str] = record["claims"]
    found = {name: claims.get(name, "not done") for name in asked.rests_on}
    return UseCredibility(
        question=asked,
        standing=next((s for s in STATUSES[1:] if s in found.values()), STATUSES[0]),
        missing=tuple(name for name, status in found.items() if status != STATUSES[0]),
        rests_on=rests_on,
        date=str(record["date"]),
        is_current=str(record["ensemble"]) == ensemble,
    )


@functools.cache
def _record() -> dict[str, Any]:
    findings = Findings()
    root = documents.load(library.path("credibility", RECORD))
    f = root.fields(findings, ("document", "date", "version", "ensemble", "claims"))
    findings.raise_any(InvalidDocument)
    claims = {
        name: node.text(findings, STATUSES) for name, node in f["claims"].entries(findings).items()
    }
    record = {key: f[key].text(findings) for key in ("date", "version", "ensemble")}
    findings.raise_any(InvalidDocument)
    return {**record, "claims": claims}


def record_of(content: Mapping[str, Any]) -> str:
    """Return the record of a credibility file, as `normoxia credibility --json` prints it, as YAML."""
    claims = {c["id"]: c["status"] for part in content["sections"] for c in part["claims"]}
    head = (
        "# Outcome of every claim of claims.yaml, as `normoxia credibility` found it; written by\n"
        "# `python -m normoxia.calibration.credibility.standings FOLDER/credibility.json`.\n"
    )
    return head + documents.write(
        {
            "document": "normoxia.standings/1",
            "date": content["date"],
            "version": content["version"],
            "ensemble": content["digests"]["ensemble"],
            "claims": claims,
        }
    )


if __name__ == "__main__":
    written = record_of(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    library.folder("credibility").joinpath(f"{RECORD}.yaml").write_text(written, encoding="utf-8")
