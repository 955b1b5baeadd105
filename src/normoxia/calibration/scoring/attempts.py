"""Every attempt, in order, with the scores it got: `library/calibrations/attempts.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from normoxia import library
from normoxia.documents import Findings, Node, load
from normoxia.errors import InvalidDocument

SCHEMA = "normoxia.attempts/1"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt.

    description  what it was, by language
    scores  by the names of the scoreboard's summary; empty where nothing was scored
    kept    whether it is what is shipped
    """

    date: str
    description: Mapping[str, str]
    scores: Mapping[str, float]
    kept: bool = False


def read() -> tuple[Attempt, ...]:
    """The attempts, the first first. Raises InvalidDocument with every finding."""
    findings = Findings()
    root = load(library.path("calibrations", "attempts"))
    got = root.fields(findings, ("attempts", "tried"))
    findings.raise_any(InvalidDocument)
    got["attempts"].text(findings, (SCHEMA,))
    found = tuple(_attempt(node, findings) for node in got["tried"].items(findings))
    findings.raise_any(InvalidDocument)
    return found


def _attempt(node: Node, findings: Findings) -> Attempt:
    got = node.fields(findings, ("date", "says"), ("scores", "kept"))
    findings.raise_any(InvalidDocument)
    says = {key: entry.text(findings) for key, entry in got["says"].entries(findings).items()}
    scores = (
        {k: v.number(findings) for k, v in got["scores"].entries(findings).items()}
        if "scores" in got
        else {}
    )
    return Attempt(
        str(got["date"].plain()),
        says,
        scores,
        got["kept"].boolean(findings) if "kept" in got else False,
    )
