"""Questions put to the registry, and a user's own table: pooled, with the pages and figures of their reports."""

from __future__ import annotations

import functools
import re
import tempfile
from pathlib import Path
from typing import Any

import normoxia as nx
from normoxia import sheets
from normoxia.api.translation import finding_text
from normoxia.errors import NormoxiaError
from normoxia.evidence.synthesis import questions as room
from normoxia.evidence.synthesis.intake.columns import ROLES
from normoxia.evidence.synthesis.intake.tables import read_network
from normoxia.language import Language, language
from normoxia.report.figures.figure import Figure
from normoxia.report.pages.document import Page
from normoxia.web.replies import Refused, without_folders
from normoxia.web.tasks import figures, pages

#: characters that no name of an uploaded file keeps, and how many of them are kept
_ODD = re.compile(r"[^\w.-]")
_LONGEST_STEM = 60
#: findings and columns of a table that are listed
_MOST_LISTED = 200


def questions(lang: str = "en") -> dict[str, Any]:
    """The shipped questions: what each asks, of which endpoints."""
    return {"questions": [_asked(room.question(name), lang) for name in nx.questions()]}


def question(name: str, endpoint: str, lang: str = "en") -> dict[str, Any]:
    """A question answered for one endpoint: the report as sections of text, tables and figures.

    Parameters
    ----------
    name
        A shipped question.
    endpoint
        One of its endpoints; the first when empty.
    lang
        "en" or "zh".
    """
    asked = _asked(room.question(name), lang)
    chosen = endpoint or asked["endpoints"][0]
    page, drawn = _report(name, chosen, lang)
    return {
        **asked,
        "endpoint": chosen,
        "page": pages.view(page, {one.name: k for k, one in enumerate(drawn)}),
        "figures": [
            {"number": k, "name": one.name, "title": one.title, "alt": one.description}
            for k, one in enumerate(drawn)
        ],
    }


def question_figure(name: str, endpoint: str, number: int, lang: str, theme: str) -> dict[str, Any]:
    """A figure of an answer by its number in the list of `question`."""
    chosen = endpoint or _asked(room.question(name), lang)["endpoints"][0]
    drawn = _report(name, chosen, lang)[1]
    if number >= len(drawn):
        raise Refused(404, "UnknownName", f"the answer has {len(drawn)} figures")
    return figures.view(drawn[number], theme)


def table(
    name: str,
    text: str,
    columns: dict[str, str],
    effect: str,
    leave_out_faulty: bool,
    lang: str,
    theme: str,
) -> dict[str, Any]:
    """A table as it was understood, every fault in it, and its network meta-analysis when it can be pooled.

    Parameters
    ----------
    name
        Of the user's file, for messages.
    text
        Its content.
    columns
        Roles to columns, where the table was misunderstood.
    effect
        Measure; taken from the table when empty.
    leave_out_faulty
        Whether to pool without the rows that have faults.
    lang, theme
        Of texts and figures.
    """
    reader = language(lang)
    shown = _file_name(name)
    with tempfile.TemporaryDirectory(prefix="normoxia-") as folder:
        path = Path(folder) / shown
        path.write_text(text, encoding="utf-8", newline="")
        seen: dict[str, Any] = {
            "name": shown,
            "header": [],
            "roles": list(ROLES),
            "layout": "",
            "mapping": {},
            "rows": 0,
            "left_out": [],
            "findings": [],
            "refused": "",
            "page": None,
        }
        options: dict[str, Any] = {"columns": columns or None, "effect": effect or None}
        try:
            seen["header"] = list(sheets.read_sheet(path).header)[:_MOST_LISTED]
            read = read_network(path, **options)
            seen |= {
                "layout": read.layout,
                "mapping": dict(read.mapping),
                "rows": read.n_rows,
                "left_out": list(read.left_out),
                "findings": [_finding(one, reader) for one in read.findings[:_MOST_LISTED]],
            }
            pooled = nx.pool(path, **options, leave_out_faulty=leave_out_faulty)
        except NormoxiaError as error:
            message = str(error).partition("\n")[0]
            found = getattr(error, "findings", ()) or ()
            listed = [_finding(one, reader) for one in found[:_MOST_LISTED]]
            return {
                **seen,
                "refused": without_folders(message).rstrip(":"),
                "findings": seen["findings"] or listed,
            }
        page, drawn = pooled.page(lang)
    view = pages.view(page, {one.name: k for k, one in enumerate(drawn)})
    return {
        **seen,
        "page": {**view, "provenance": {}},
        "figures": [figures.view(one, theme) for one in drawn],
    }


def _file_name(name: str) -> str:
    """A name that a file may have in a folder of ours: the user's own as far as its letters are harmless."""
    stem, _, ending = _ODD.sub("_", name).lstrip(".").rpartition(".")
    known = ending.lower() in ("tsv", "tab")
    return f"{stem[-_LONGEST_STEM:] or 'table'}.{'tsv' if known else 'csv'}"


@functools.lru_cache(maxsize=6)
def _pooled(name: str, endpoint: str) -> nx.MetaAnalysis:
    return nx.pool(name, endpoints=[endpoint])


@functools.lru_cache(maxsize=12)
def _report(name: str, endpoint: str, lang: str) -> tuple[Page, tuple[Figure, ...]]:
    return _pooled(name, endpoint).page(lang)


def _asked(question: room.Question, lang: str) -> dict[str, Any]:
    return {
        "id": question.name,
        "title": question.title.get(lang, question.title["en"]),
        "asks": question.asks.get(lang, question.asks["en"]),
        "kind": question.kind,
        "reference": language(lang).term(question.reference),
        "studies": len({entry.study for entry in question.entries}),
        "endpoints": [one.endpoint.value for one in question.asked],
    }


def _finding(finding: Any, text: Language) -> dict[str, Any]:
    return {
        "line": finding.place.line or None,
        "key": finding.place.key or None,
        "message": finding_text(finding, text).partition(": ")[2] or finding_text(finding, text),
    }
