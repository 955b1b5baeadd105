"""Report of a comparison of regimens: answer, contrasts beside the network meta-analysis, outcomes, benefit and burden."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from normoxia.calibration.credibility.standings import UseCredibility
from normoxia.design.comparisons import ComparisonDesign
from normoxia.design.regimens import RegimenOutcome
from normoxia.design.verdicts import JudgedContrast, Verdict
from normoxia.language import Language, language
from normoxia.outcome import Endpoint, Measure
from normoxia.report.figures.balance import BalancePoint, balance_figure
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.forest import ForestRow, forest_figure
from normoxia.report.pages.answer import answer_page
from normoxia.report.pages.document import Page, Section
from normoxia.report.views.tables import Table

#: columns of the table of outcomes
_COLUMNS: tuple[tuple[str, Endpoint, Measure, int], ...] = (
    ("pfs_median", Endpoint.PFS, Measure.MEDIAN_MONTHS, 1),
    ("pfs_mean", Endpoint.PFS, Measure.RMST_MONTHS, 1),
    ("os_median", Endpoint.OS, Measure.MEDIAN_MONTHS, 1),
    ("os_mean", Endpoint.OS, Measure.RMST_MONTHS, 1),
    ("orr", Endpoint.ORR, Measure.PERCENT, 0),
    ("toxicity", Endpoint.TRAE3, Measure.PERCENT, 0),
)


def pair_title(design: ComparisonDesign, judged: JudgedContrast, text: Language) -> str:
    """Return the titles of two regimens, one against the other."""
    c = judged.contrast
    one, other = (design.regimen(name).title(text.code) for name in (c.experimental, c.control))
    return text.say("pool.pair", one=one, other=other)


def forest(design: ComparisonDesign, judged: Sequence[JudgedContrast], lang: str = "en") -> Figure:
    """Forest plot of hazard ratios, each with the network estimate below it where there is one."""
    text = language(lang)
    rows: list[ForestRow] = []
    before: tuple[str, str] | None = None
    for j in judged:
        c = j.contrast
        if c.measure is not Measure.HAZARD_RATIO:
            continue
        if (c.experimental, c.control) != before:
            before = (c.experimental, c.control)
            rows.append(ForestRow(label=pair_title(design, j, text), kind="heading"))
        rows.append(ForestRow(label=str(c.endpoint), estimate=c.estimate))
        if j.evidence is not None:
            rows.append(
                ForestRow(
                    label=text.say("compare.forest_evidence", endpoint=c.endpoint),
                    estimate=j.evidence.estimate,
                    kind="pooled",
                )
            )
    return forest_figure(
        rows,
        measure="HR",
        left=text.say("compare.favours_experimental"),
        right=text.say("compare.favours_control"),
        note=text.say("compare.contrasts_note"),
        lang=lang,
        name=f"contrasts-{lang}",
        title=text.say("compare.section_contrasts"),
    )


def balance(design: ComparisonDesign, judged: Sequence[JudgedContrast], lang: str = "en") -> Figure:
    """Plot of survival gained (months of restricted mean OS) against toxicity added (percentage points)."""
    text = language(lang)
    pairs = dict.fromkeys((j.contrast.experimental, j.contrast.control) for j in judged)
    by_key = {
        (j.contrast.experimental, j.contrast.control, j.contrast.endpoint, j.contrast.measure): j
        for j in judged
    }
    points = []
    for number, pair in enumerate(pairs, 1):
        gained = by_key[*pair, Endpoint.OS, Measure.RMST_MONTHS].contrast
        added = by_key[*pair, Endpoint.TRAE3, Measure.PERCENT].contrast
        title = pair_title(design, by_key[*pair, Endpoint.OS, Measure.RMST_MONTHS], text)
        points.append(
            BalancePoint(
                label=str(number), title=title, gained=gained.estimate, added=added.estimate
            )
        )
    return balance_figure(points, lang=lang, name=f"balance-{lang}")


FIGURES: Mapping[str, Callable[[ComparisonDesign, Sequence[JudgedContrast], str], Figure]] = {
    "forest": forest,
    "balance": balance,
}


def outcomes_table(
    design: ComparisonDesign, outcomes: Sequence[RegimenOutcome], text: Language
) -> Table:
    """Table of the outcomes of each regimen."""
    known = {(o.regimen, o.endpoint, o.measure): o.estimate for o in outcomes}
    rows = tuple(
        (
            regimen.title(text.code),
            *(
                text.interval(known[regimen.id, endpoint, measure], digits)
                for _, endpoint, measure, digits in _COLUMNS
            ),
        )
        for regimen in design.regimens
    )
    heads = (text.say("compare.regimen"), *(text.say(f"compare.{c[0]}") for c in _COLUMNS))
    return Table(
        name=f"outcomes-{text.code}",
        title=text.say("compare.section_outcomes"),
        columns=heads,
        rows=rows,
        note=text.say("compare.outcomes_note"),
    )


def contrasts_table(
    design: ComparisonDesign,
    judged: Sequence[JudgedContrast],
    text: Language,
    *,
    with_titles: bool = True,
) -> Table:
    """Table of contrasts beside the network meta-analysis, grouped by pair; pairs by their ids without titles."""
    rows: list[tuple[str, ...]] = []
    groups: set[int] = set()
    bold: set[tuple[int, int]] = set()
    before: tuple[str, str] | None = None
    for j in judged:
        c = j.contrast
        if c.measure is Measure.ODDS_RATIO and j.evidence is None:
            continue
        if (c.experimental, c.control) != before:
            before = (c.experimental, c.control)
            groups.add(len(rows))
            ids = text.say("pool.pair", one=before[0], other=before[1])
            rows.append((pair_title(design, j, text) if with_titles else ids, "", "", "", ""))
        if c.excludes_null:
            bold.add((len(rows), 1))
        short = text.known(f"compare.short_{c.endpoint.name.lower()}", str(c.endpoint))
        measure = text.say(f"compare.short_{c.measure.name.lower()}", months=f"{c.months:.0f}")
        rows.append(
            (
                f"{short} {measure}",
                text.interval(c.estimate, 2 if c.null == 1.0 else 1),
                "–" if math.isnan(c.better) else f"{100 * c.better:.0f}%",
                "–" if j.evidence is None else text.interval(j.evidence.estimate, 2),
                "–" if j.agreement is None else text.say(f"compare.relation_{j.agreement}"),
            )
        )
    heads = ("contrast", "simulated", "better", "evidence", "relation")
    return Table(
        name=f"contrasts-table-{text.code}",
        title=text.say("compare.section_contrasts"),
        columns=tuple(text.say(f"compare.{head}") for head in heads),
        rows=tuple(rows),
        note=text.say("compare.contrasts_note"),
        emphasis=frozenset(bold),
        groups=frozenset(groups),
    )


def page(
    design: ComparisonDesign,
    outcomes: Sequence[RegimenOutcome],
    judged: Sequence[JudgedContrast],
    verdict: Verdict,
    credibility: UseCredibility,
    provenance: Mapping[str, object],
    *,
    lang: str = "en",
) -> tuple[Page, tuple[Figure, ...]]:
    """Return the report of a comparison in one language, and its figures."""
    text = language(lang)
    figures = (forest(design, judged, lang), balance(design, judged, lang))
    patients = provenance.get("patients")
    n = max(patients.values()) if isinstance(patients, dict) and patients else design.patients
    made = answer_page(
        lang=lang,
        title=design.title(lang),
        lead=text.say(
            "compare.lead",
            asks=design.asks.get(lang) or design.asks.get("en", ""),
            stage=design.stage,
            n=n,
            draws=len(judged[0].contrast.draws),
        ),
        answer=verdict.sentences[lang],
        is_certain=verdict.is_certain,
        credibility=credibility,
        sections=(
            Section(
                text.say("compare.section_contrasts"),
                (figures[0], contrasts_table(design, judged, text)),
            ),
            Section(text.say("compare.section_balance"), (figures[1],)),
            Section(
                text.say("compare.section_outcomes"), (outcomes_table(design, outcomes, text),)
            ),
        ),
        limits=(
            text.say("compare.limit_classes"),
            *(limit.get(lang) or limit.get("en", "") for limit in design.limits),
        ),
        provenance=provenance,
    )
    return made, figures
