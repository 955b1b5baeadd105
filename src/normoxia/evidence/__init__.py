"""Published evidence: a registry that quotes, an audit that finds, and the synthesis of both.

Read in this order:

    study        a published study as a value, and how its numbers become outcomes
    files        the study document: read whole, all findings at once
    registry     every study, filtered; the best published value of a study
    checks       the second reader: what in a study cannot be right
    audit        where the review disagrees with itself, with its sources, or with arithmetic; its rules are in rules_*
    export       rows for netmeta, RevMan, CSV and Parquet; listings and reports as plain dictionaries
    synthesis    see the map in docs/reference/evidence.md

Names are loaded when first used: a reader of one study never pays for a network meta-analysis.
"""

from __future__ import annotations

import importlib

_HOMES = {
    "Registry": "registry",
    "Study": "study",
    "published": "registry",
    "read": "files",
    "registry": "registry",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - one list, kept in one place


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(f"normoxia.evidence.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
