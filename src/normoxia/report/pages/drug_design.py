"""Report of a designed molecule: its place among known regimens, and what each property changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from normoxia.calibration.credibility.standings import UseCredibility
from normoxia.design.drug_designs import DESIGNED, DrugDesign
from normoxia.design.placement import Placement, answer
from normoxia.design.regimens import over_draws
from normoxia.language import Language, language
from normoxia.outcome import Endpoint, Measure
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.forest import ForestRow, forest_figure
from normoxia.report.pages.answer import answer_page
from normoxia.report.pages.document import Page, Section
from normoxia.report.views.tables import Table


def place(design: DrugDesign, found: Placement, lang: str = "en") -> Figure:
    """Forest plot of the hazard ratio of progression against each known regimen."""
    text = language(lang)
    return forest_figure(
        [
            ForestRow(label=design.comparison.regimen(c.control).title(lang), estimate=c.estimate)
            for c in found.contrasts
        ],
        measure="HR",
        left=text.say("compare.favours_experimental"),
        right=text.say("compare.favours_control"),
        note=text.say("compare.contrasts_note"),
        lang=lang,
        name=f"place-{lang}",
        title=text.say("drug_design.section_place"),
    )


def properties(design: DrugDesign, found: Placement, lang: str = "en") -> Figure:
    """Forest plot of what each property changes from its low to its high value."""
    del design
    text = language(lang)
    return forest_figure(
        [
            ForestRow(
                label=text.say(
                    "drug_design.from_to",
                    name=e.varied.title(lang),
                    low=f"{e.varied.low:g}",
                    high=f"{e.varied.high:g}",
                    unit=e.varied.shown_unit,
                ),
                estimate=e.change,
            )
            for e in found.effects
        ],
        measure=text.say("explain.months"),
        left=text.say("drug_design.axis_left"),
        right=text.say("drug_design.axis_right"),
        note=text.say("drug_design.properties_note"),
        ratio=False,
        lang=lang,
        name=f"properties-{lang}",
        title=text.say("drug_design.section_properties"),
    )


FIGURES: Mapping[str, Callable[[DrugDesign, Placement, str], Figure]] = {
    "place": place,
    "properties": properties,
}


def place_table(design: DrugDesign, found: Placement, text: Language) -> Table:
    """Table of the design and the known regimens, the longest progression-free time first."""
    shares = {
        (o.regimen, o.endpoint): o.estimate for o in found.outcomes if o.measure is Measure.PERCENT
    }
    ratios = {c.control: c for c in found.contrasts}
    ordered = sorted(found.months, key=lambda name: -float(found.months[name].mean()))
    rows = []
    for name in ordered:
        is_design = name == DESIGNED
        title = design.comparison if is_design else design.comparison.regimen(name)
        rows.append(
            (
                title.title(text.code),
                text.interval(over_draws(found.months[name]), 1),
                text.interval(shares[name, Endpoint.ORR], 0),
                text.interval(shares[name, Endpoint.TRAE3], 0),
                "–" if is_design else text.interval(ratios[name].estimate, 2),
                "–" if is_design else f"{100 * ratios[name].better:.0f}%",
            )
        )
    heads = ("regimen", "pfs", "response", "toxicity", "ratio", "better")
    return Table(
        name=f"place-table-{text.code}",
        title=text.say("drug_design.section_place"),
        columns=tuple(text.say(f"drug_design.{head}") for head in heads),
        rows=tuple(rows),
        note=text.say("drug_design.place_note", horizon=f"{design.horizon:g}"),
        emphasis=frozenset((i, 0) for i, name in enumerate(ordered) if name == DESIGNED),
    )


def properties_table(found: Placement, text: Language) -> Table:
    """Table of what each property changes."""
    heads = ("property", "at_low", "at_high", "change")
    return Table(
        name=f"properties-table-{text.code}",
        title=text.say("drug_design.section_properties"),
        columns=tuple(text.say(f"drug_design.{head}") for head in heads),
        rows=tuple(
            (
                e.varied.title(text.code),
                f"{e.varied.low:g} {e.varied.shown_unit}: {text.interval(e.at_low, 2)}",
                f"{e.varied.high:g} {e.varied.shown_unit}: {text.interval(e.at_high, 2)}",
                text.interval(e.change, 2),
            )
            for e in found.effects
        ),
        note=text.say("drug_design.properties_note"),
        emphasis=frozenset((i, 3) for i, e in enumerate(found.effects) if e.is_clear),
    )


def page(
    design: DrugDesign,
    found: Placement,
    credibility: UseCredibility,
    provenance: Mapping[str, object],
    *,
    n_patients: int,
    lang: str = "en",
) -> tuple[Page, tuple[Figure, ...]]:
    """Return the report of a designed molecule in one language, and its figures."""
    text = language(lang)
    figures = (place(design, found, lang), properties(design, found, lang))
    asks = design.comparison.asks
    made = answer_page(
        lang=lang,
        title=design.comparison.title(lang),
        lead=text.say(
            "drug_design.lead",
            asks=asks.get(lang) or asks.get("en", ""),
            base=design.base,
            stage=design.comparison.stage,
            n=n_patients,
            draws=len(found.rank),
        ),
        answer=answer(design, found)[lang],
        is_certain=found.is_certain,
        credibility=credibility,
        sections=(
            Section(
                text.say("drug_design.section_place"),
                (figures[0], place_table(design, found, text)),
            ),
            Section(
                text.say("drug_design.section_properties"),
                (figures[1], properties_table(found, text)),
            ),
        ),
        limits=(
            text.say("drug_design.limit_toxicity"),
            *(own.get(lang) or own.get("en", "") for own in design.comparison.limits),
        ),
        provenance=provenance,
    )
    return made, figures
