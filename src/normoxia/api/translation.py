"""Notes, findings and reasons of an analysis in the language of the reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from normoxia.language import language

if TYPE_CHECKING:
    from normoxia.documents import Finding
    from normoxia.language import Language

#: keys whose texts are sentences
_SENTENCES = ("reason", "notes", "found", "expected")


def finding_text(finding: Finding, text: Language) -> str:
    """A finding about a table, in a language; its place stays as it is."""
    parts = (text.render(part) for part in (finding.found, finding.expected) if part)
    return f"{finding.place}: {text.say('pool.semicolon').join(parts)}"


def translated(
    content: dict[str, Any], lang: str, findings: Sequence[Finding] = ()
) -> dict[str, Any]:
    """A dictionary for JSON with its sentences in a language; its keys stay.

    Parameters
    ----------
    content
        Plain dictionaries and lists.
    lang
        "en" or "zh".
    findings
        Findings that stand among the sentences with their places.
    """
    text = language(lang)
    placed = {str(finding): finding_text(finding, text) for finding in findings}

    def translate(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: translate(child, name) for name, child in value.items()}
        if isinstance(value, (list, tuple)):
            return [translate(child, key) for child in value]
        if isinstance(value, str) and key in _SENTENCES:
            return placed.get(value) or text.render(value)
        return value

    return cast("dict[str, Any]", translate(content, ""))
