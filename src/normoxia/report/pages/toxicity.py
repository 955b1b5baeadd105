"""Report of how toxicities add up: class hazards, regimens and contrasts by published rates and by simulation, the check."""

from __future__ import annotations

from collections.abc import Mapping

from normoxia.calibration.credibility.standings import UseCredibility
from normoxia.design.toxicity.class_hazards import interval
from normoxia.design.toxicity.published_rates import CLASSES
from normoxia.design.toxicity.toxicity_summary import ToxicityFindings, answer, misses
from normoxia.language import Language, language
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.forest import ForestRow, forest_figure
from normoxia.report.pages.answer import answer_page
from normoxia.report.pages.document import Page, Section
from normoxia.report.views.tables import Table


def contrasts_figure(found: ToxicityFindings, lang: str = "en") -> Figure:
    """Draw differences in percentage points: by published rates and simulated, one below the other."""
    text, rows = language(lang), []
    for c in found.contrasts:
        # ids: titles would run into the plot
        pair = text.say("pool.pair", one=c.experimental, other=c.control)
        rows.append(ForestRow(label=pair, kind="heading"))
        published = found.difference(c.experimental, c.control)
        rows.append(ForestRow(label=text.say("toxicity.published"), estimate=published))
        rows.append(
            ForestRow(label=text.say("toxicity.simulated"), estimate=c.estimate, kind="pooled")
        )
    return forest_figure(
        rows,
        measure=text.say("toxicity.points"),
        left=text.say("toxicity.less"),
        right=text.say("toxicity.more"),
        ratio=False,
        lang=lang,
        name=f"toxicity-{lang}",
        title=text.say("toxicity.section_contrasts"),
    )


def classes_table(found: ToxicityFindings, text: Language) -> Table:
    """Table of the hazards of classes with the arms that they rest on."""
    rows = tuple(
        (
            text.known(f"toxicity.class_{_key(name)}", name),
            text.interval(interval(found.hazards.hazards[:, i]), 2),
            text.interval(interval(found.hazards.percent([name])), 0),
            str(found.hazards.n_arms(name)),
            str(found.hazards.n_studies(name)),
        )
        for i, name in enumerate(CLASSES)
        if found.hazards.n_arms(name)
    )
    heads = ("class", "hazard", "alone", "arms", "studies")
    return Table(
        name=f"classes-{text.code}",
        title=text.say("toxicity.section_classes"),
        columns=tuple(text.say(f"toxicity.{h}") for h in heads),
        rows=rows,
        note=text.say("toxicity.classes_note", rho=text.interval(found.rho, 2)),
    )


def regimens_table(found: ToxicityFindings, text: Language) -> Table:
    """Table of the regimens: rates by the fit and simulated, deaths, and what ends each drug."""
    rows = []
    for b in found.burdens:
        stopped = text.say("compare.join").join(
            text.say(
                "toxicity.stopped_drug",
                drug=drug.drug,
                stopped=f"{drug.stopped.value:.0f}",
                months=text.number(drug.months.value, 1),
            )
            for drug in b.drugs
        )
        rows.append(
            (
                found.design.comparison.regimen(b.regimen).title(text.code),
                text.interval(found.published(b.regimen), 0),
                text.interval(b.percent, 0),
                text.number(b.died.value, 1),
                stopped,
            )
        )
    heads = ("regimen", "published_rate", "simulated_rate", "died", "stopped")
    return Table(
        name=f"toxicity-regimens-{text.code}",
        title=text.say("toxicity.section_regimens"),
        columns=tuple(text.say(f"toxicity.{h}") for h in heads),
        rows=tuple(rows),
        note=text.say("toxicity.regimens_note"),
        wrapped=frozenset({4}),
    )


def checked_table(found: ToxicityFindings, text: Language) -> Table:
    """Table of published rates beside what the other studies predict."""
    rows, bold = [], set()
    for position, one in enumerate(found.checked):
        if not one.inside:
            bold.add((position, 2))
        rows.append(
            (
                f"{one.rate.study}, {one.rate.arm}",
                str(one.rate.n),
                f"{100.0 * one.rate.events / one.rate.n:.0f}",
                text.interval(one.predicted, 0),
            )
        )
    heads = ("arm", "n", "published_rate", "predicted")
    return Table(
        name=f"toxicity-checked-{text.code}",
        title=text.say("toxicity.section_checked"),
        columns=tuple(text.say(f"toxicity.{h}") for h in heads),
        rows=tuple(rows),
        note=text.say(
            "toxicity.checked_note",
            inside=sum(one.inside for one in found.checked),
            n=len(rows),
            rms=text.number(misses(found.checked), 0),
        ),
        emphasis=frozenset(bold),
    )


def kinds_table(found: ToxicityFindings, text: Language) -> Table:
    """Table of the rates by kind of event that the registry holds."""
    rows = tuple(
        (f"{k.study}, {k.arm}", text.say(f"toxicity.kind_{k.kind}"), k.what, f"{k.percent:g}")
        for k in found.kinds
    )
    heads = ("arm", "kind", "what", "percent")
    return Table(
        name=f"toxicity-kinds-{text.code}",
        title=text.say("toxicity.section_kinds"),
        columns=tuple(text.say(f"toxicity.{h}") for h in heads),
        rows=rows,
        note=text.say("toxicity.kinds_note"),
    )


def page(
    found: ToxicityFindings,
    credibility: UseCredibility,
    provenance: Mapping[str, object],
    *,
    lang: str = "en",
) -> tuple[Page, tuple[Figure, ...]]:
    """Return the report in one language, and its figures."""
    text, figure = language(lang), contrasts_figure(found, lang)
    comparison = found.design.comparison
    limits = [limit.get(lang) or limit.get("en", "") for limit in comparison.limits]
    made = answer_page(
        lang=lang,
        title=comparison.title(lang),
        lead=comparison.asks.get(lang) or comparison.asks.get("en", ""),
        answer=answer(found)[lang],
        is_certain=found.is_certain,
        credibility=credibility,
        sections=(
            Section(text.say("toxicity.section_contrasts"), (figure, regimens_table(found, text))),
            Section(text.say("toxicity.section_classes"), (classes_table(found, text),)),
            Section(text.say("toxicity.section_kinds"), (kinds_table(found, text),)),
            Section(text.say("toxicity.section_checked"), (checked_table(found, text),)),
        ),
        limits=limits,
        provenance=provenance,
    )
    return made, (figure,)


def _key(name: str) -> str:
    return name.replace(" ", "_").replace("-", "_").lower()
