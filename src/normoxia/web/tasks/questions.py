"""Questions: those of the evidence, pooled; forecasts; and what every verb can be asked."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import normoxia as nx
from normoxia import documents, library
from normoxia.api.names import one_of
from normoxia.api.plain import plain
from normoxia.api.translation import finding_text
from normoxia.documents import Findings
from normoxia.errors import InvalidDocument, UnknownName
from normoxia.evidence.synthesis.intake import columns as roles
from normoxia.evidence.synthesis.intake import tables
from normoxia.language import language
from normoxia.sheets import parse_sheet
from normoxia.web.replies import Refused
from normoxia.web.tasks import figures, pages

if TYPE_CHECKING:
    from normoxia.documents import Finding
    from normoxia.report.figures.figure import Figure
    from normoxia.report.pages.document import Page

#: rows of a table that comes from a browser
MOST_ROWS = 5_000
#: analyses that stay in memory
_KEPT = 6


def question(name: str, lang: str = "en") -> dict[str, Any]:
    """A question of the evidence, pooled: its analysis, its page, and its figures by number."""
    chosen = one_of("question", name, nx.questions())
    pooled = _pooled(chosen)
    page, drawn = _drawn(chosen, lang)
    numbers = {one.name: i for i, one in enumerate(drawn)}
    return {
        "id": chosen,
        "endpoints": list(pooled.syntheses),
        "league": {name: pooled.league(name).to_dicts() for name in pooled.syntheses},
        "ranking": {name: pooled.ranking(name).to_dicts() for name in pooled.syntheses},
        "effects": pooled.effects().to_dicts(),
        "summary": pooled.to_json(lang),
        "page": pages.view(page, numbers),
        "figures": [
            {"number": i, "name": one.name, "title": one.title, "alt": one.description}
            for i, one in enumerate(drawn)
        ],
    }


def question_figure(name: str, number: int, lang: str, theme: str) -> dict[str, Any]:
    """A figure of a question's page by its number."""
    drawn = _drawn(one_of("question", name, nx.questions()), lang)[1]
    if number >= len(drawn):
        raise Refused(404, "UnknownName", f"the question has {len(drawn)} figures")
    return figures.view(drawn[number], theme)


def forecasts(lang: str = "en") -> Mapping[str, Any]:
    """Planned trials predicted before their results, with the digest of the predictions."""
    result = nx.forecast()
    return {"language": lang, "digest": result.digest, **result.to_json()}


def listed(lang: str = "en") -> dict[str, Any]:
    """What each verb can be asked: its documents with their titles and questions."""
    from normoxia.web.jobs.verbs import VERBS

    return {
        "verbs": [
            {
                "verb": name,
                "options": sorted(verb.options),
                "documents": [_document(verb.kind, one, lang) for one in library.names(verb.kind)],
            }
            for name, verb in VERBS.items()
            if name != "run"
        ]
    }


def table(
    text: str,
    columns: dict[str, str] | None = None,
    effect: str | None = None,
    decimal: str | None = None,
    lang: str = "en",
) -> dict[str, Any]:
    """A table of a user as it is understood: columns, roles, and every fault with its line."""
    raw = text.encode()
    if text.count("\n") + text.count("\r") > MOST_ROWS:
        raise Refused(
            422, "TooLarge", f"the table has too many lines; expected at most {MOST_ROWS}"
        )
    header = list(parse_sheet(raw, "table").header)
    known = {"columns": header, "roles": sorted(roles.ROLES)}
    try:
        read = tables.parse_network(
            raw, file="table", columns=columns, effect=effect, decimal=decimal
        )
    except (InvalidDocument, UnknownName, ValueError) as error:
        found = [one for one in getattr(error, "findings", ()) if hasattr(one, "place")]
        findings = [_finding(one, lang) for one in found] or [_plain(str(error))]
        return {**known, "is_usable": False, "mapping": {}, "findings": findings}
    return {
        **known,
        "is_usable": True,
        "layout": read.layout,
        "effect": str(read.effect) if read.effect else None,
        "mapping": dict(read.mapping),
        "findings": [_finding(one, lang) for one in read.findings],
        "left_out": list(read.left_out),
        "rows": read.n_rows,
        "studies": len({one.study for one in read.contrasts} | {one.study for one in read.arms}),
        "treatments": sorted(
            {one.treatment for one in read.arms}
            | {name for one in read.contrasts for name in (one.treatment, one.comparator)}
        ),
        "arms": [
            plain({"study": one.study, "treatment": one.treatment, "n": one.n}) for one in read.arms
        ],
    }


@functools.lru_cache(maxsize=_KEPT)
def _pooled(name: str) -> nx.MetaAnalysis:
    return nx.pool(name)


@functools.lru_cache(maxsize=2 * _KEPT)
def _drawn(name: str, lang: str) -> tuple[Page, tuple[Figure, ...]]:
    return _pooled(name).page(lang)


def _document(kind: str, name: str, lang: str) -> dict[str, str]:
    """A document of the library with its title and what it asks, in a language, else in English."""
    fields = documents.load(library.path(kind, name)).entries(Findings())

    def wording(key: str) -> str:
        value = fields[key].plain() if key in fields else ""
        if isinstance(value, Mapping):
            return str(value.get(lang) or value.get("en", ""))
        return language(lang).term(str(value))

    return {"id": name, "title": wording("title") or name, "asks": wording("asks")}


def _finding(finding: Finding, lang: str) -> dict[str, Any]:
    text = finding_text(finding, language(lang))
    return {
        "line": finding.place.line,
        "key": finding.place.key,
        "message": text.removeprefix(f"{finding.place}: "),
    }


def _plain(message: str) -> dict[str, Any]:
    return {"line": 0, "key": "", "message": message}
