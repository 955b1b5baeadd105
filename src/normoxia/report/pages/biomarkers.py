"""Report of who gains: the interaction of every marker, cut-offs, enrichment, what registry and review say."""

from __future__ import annotations

import math
from collections.abc import Mapping

from normoxia.calibration.credibility.standings import UseCredibility
from normoxia.design.markers.marker_summary import MarkerFindings, added_title, answer, cut_text
from normoxia.language import Language, language
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.forest import ForestRow, forest_figure
from normoxia.report.pages.answer import answer_page
from normoxia.report.pages.document import Page, Section
from normoxia.report.views.tables import Table


def interactions_figure(found: MarkerFindings, lang: str = "en") -> Figure:
    """Draw the ratio of time ratios of every marker, one group of rows for each addition."""
    text, rows = language(lang), []
    for adds in dict.fromkeys(found.design.adds):
        title = text.say("markers.adding", adds=added_title(adds, lang))
        rows.append(ForestRow(label=title, kind="heading"))
        rows += [
            ForestRow(label=found.design.marker(e.marker).title(lang), estimate=e.ratio)
            for e in found.effects
            if e.adds == adds and e.ratio.has_interval
        ]
    return forest_figure(
        rows,
        measure=text.say("markers.ratio_short"),
        left=text.say("markers.low_gains"),
        right=text.say("markers.high_gains"),
        note=text.say("markers.figure_note"),
        lang=lang,
        name=f"markers-{lang}",
        title=text.say("markers.section_effects"),
    )


def effects_table(found: MarkerFindings, text: Language, *, brief: bool = False) -> Table:
    """Table of every marker and addition; `brief` for a terminal."""
    rows: list[tuple[str, ...]] = []
    groups, bold = set(), set()
    for adds in dict.fromkeys(found.design.adds):
        groups.add(len(rows))
        title = text.say("markers.adding", adds=added_title(adds, text.code))
        rows.append((title, *[""] * 7))
        for e in found.effects:
            if e.adds != adds:
                continue
            if e.predicts:
                bold.add((len(rows), 3))
            rows.append(
                (
                    found.design.marker(e.marker).title(text.code),
                    cut_text(found.design, e),
                    f"{100 * e.share:.0f}",
                    text.interval(e.ratio, 2),
                    "–" if not e.hazards.has_interval else text.interval(e.hazards, 2),
                    text.interval(e.prognosis, 2),
                    "–" if math.isnan(e.discrimination) else f"{e.discrimination:.2f}",
                    f"{e.adjusted:.3f}",
                )
            )
    heads: tuple[str, ...] = ("marker", "cut", "share", "ratio", "hazards", "prognosis")
    heads += ("discrimination", "p")
    if brief:
        kept = [0, 1, 3, 5, 7]
        heads = tuple(heads[i] for i in kept)
        rows = [tuple(row[i] for i in kept) for row in rows]
        bold = {(row, 2) for row, _ in bold}
    return Table(
        name=f"markers-table-{text.code}",
        title=text.say("markers.section_effects"),
        columns=tuple(text.say(f"markers.{h}") for h in heads),
        rows=tuple(rows),
        note=text.say("markers.effects_note"),
        emphasis=frozenset(bold),
        groups=frozenset(groups),
    )


def enrichment_table(found: MarkerFindings, text: Language) -> Table:
    """Table of assurance with and without enrolment by a marker."""
    rows = tuple(
        (
            added_title(p.adds, text.code),
            found.design.marker(p.marker).title(text.code),
            str(p.patients),
            str(p.screened),
            f"{100 * p.everybody:.0f}",
            f"{100 * p.enriched:.0f}",
        )
        for p in found.power
    )
    heads = ("addition", "marker", "patients", "screened", "everybody", "enriched")
    return Table(
        name=f"enrichment-{text.code}",
        title=text.say("markers.section_enrichment"),
        columns=tuple(text.say(f"markers.{h}") for h in heads),
        rows=rows,
        note=text.say("markers.enrichment_note"),
    )


def published_table(found: MarkerFindings, text: Language) -> Table:
    """Table of ratios of hazard ratios beside those of the registry's meta-regression."""
    rows = tuple(
        (
            text.say(
                "pool.pair",
                one=f"{found.design.marker(p.marker).title(text.code)} {p.levels[0]}",
                other=p.levels[1],
            ),
            text.interval(p.simulated, 2),
            text.interval(p.published, 2),
        )
        for p in found.published
    )
    heads = ("levels", "simulated", "regression")
    return Table(
        name=f"markers-published-{text.code}",
        title=text.say("markers.section_published"),
        columns=tuple(text.say(f"markers.{h}") for h in heads),
        rows=rows,
        note=text.say("markers.published_note"),
    )


def review_table(found: MarkerFindings, text: Language) -> Table:
    """Table of what the review says, with place and agreement."""
    words = {True: "agrees", False: "contradicts", None: "undecided"}
    rows = tuple(
        (
            f.study,
            f.says.get(text.code) or f.says.get("en", ""),
            f.place,
            text.interval(found.effect(f.marker, f.adds).ratio, 2),
            text.say(f"markers.{words[found.agrees(f)]}"),
        )
        for f in found.design.findings
    )
    heads = ("study", "says", "place", "ratio", "relation")
    return Table(
        name=f"markers-review-{text.code}",
        title=text.say("markers.section_review"),
        columns=tuple(text.say(f"markers.{h}") for h in heads),
        rows=rows,
        note=text.say("markers.review_note"),
        wrapped=frozenset({1}),
    )


def page(
    found: MarkerFindings,
    credibility: UseCredibility,
    provenance: Mapping[str, object],
    *,
    lang: str = "en",
) -> tuple[Page, tuple[Figure, ...]]:
    """Return the report in one language, and its figures."""
    text, figure = language(lang), interactions_figure(found, lang)
    comparison = found.design.comparison
    sections = [
        Section(text.say("markers.section_effects"), (figure, effects_table(found, text))),
        Section(text.say("markers.section_enrichment"), (enrichment_table(found, text),)),
    ]
    if found.published:
        sections.append(
            Section(text.say("markers.section_published"), (published_table(found, text),))
        )
    if found.design.findings:
        sections.append(Section(text.say("markers.section_review"), (review_table(found, text),)))
    made = answer_page(
        lang=lang,
        title=comparison.title(lang),
        lead=comparison.asks.get(lang) or comparison.asks.get("en", ""),
        answer=answer(found)[lang],
        is_certain=bool(found.predictive),
        credibility=credibility,
        sections=sections,
        limits=[limit.get(lang) or limit.get("en", "") for limit in comparison.limits],
        provenance=provenance,
    )
    return made, (figure,)
