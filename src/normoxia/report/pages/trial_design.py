"""Report of a planned trial: answer, assurance by size, looks and boundaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from normoxia.calibration.credibility.standings import UseCredibility
from normoxia.design.plan_summary import answer, smallest
from normoxia.design.power import Characteristics
from normoxia.design.trial_designs import TrialDesign
from normoxia.language import Language, language
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.power import PowerPoint, power_figure
from normoxia.report.pages.answer import answer_page
from normoxia.report.pages.document import Page, Section
from normoxia.report.views.tables import Table


def power(design: TrialDesign, sizes: Sequence[Characteristics], lang: str = "en") -> Figure:
    """Figure of assurance and power by size."""
    points = []
    for size in sizes:
        low, high = (float(q) for q in np.quantile(size.power, [0.1, 0.9]))
        points.append(
            PowerPoint(patients=size.patients, assurance=size.assurance, low=low, high=high)
        )
    return power_figure(points, design.target, lang=lang, name=f"power-{lang}")


def sizes_table(design: TrialDesign, sizes: Sequence[Characteristics], text: Language) -> Table:
    """Table of the operating characteristics of each size."""
    found = smallest(design, sizes)
    rows = []
    for size in sizes:
        low, middle, high = (100 * float(q) for q in np.quantile(size.power, [0.1, 0.5, 0.9]))
        rows.append(
            (
                str(size.patients),
                str(size.events),
                f"{100 * size.assurance:.0f}% ± {100 * size.error:.0f}",
                f"{middle:.0f}% ({low:.0f}–{high:.0f})",
                f"{100 * float(size.stops[:-1].sum()):.0f}%" if len(size.stops) > 1 else "–",
                text.number(size.months, 1),
                text.number(size.n_events, 0),
            )
        )
    heads = ("patients", "events", "assurance", "power", "early", "months", "at_end")
    return Table(
        name=f"sizes-{text.code}",
        title=text.say("plan.sizes"),
        columns=tuple(text.say(f"plan.{head}") for head in heads),
        rows=tuple(rows),
        note=text.say("plan.sizes_note"),
        emphasis=frozenset((i, 2) for i, size in enumerate(sizes) if size is found),
    )


def looks_table(design: TrialDesign, text: Language) -> Table:
    """Table of the looks: information, boundary, level, error spent."""
    from scipy.special import ndtr

    limits = design.boundaries
    rows = tuple(
        (
            str(i + 1),
            f"{100 * t:.0f}%",
            text.number(float(z), 3),
            f"{float(ndtr(-z)):.5f}",
            f"{float(a):.5f}",
        )
        for i, (t, z, a) in enumerate(zip(limits.fractions, limits.z, limits.spent, strict=True))
    )
    heads = ("look", "information", "boundary", "level", "spent")
    return Table(
        name=f"looks-{text.code}",
        title=text.say("plan.looks"),
        columns=tuple(text.say(f"plan.{head}") for head in heads),
        rows=rows,
    )


def page(
    design: TrialDesign,
    sizes: Sequence[Characteristics],
    credibility: UseCredibility,
    provenance: Mapping[str, object],
    *,
    lang: str = "en",
) -> tuple[Page, tuple[Figure, ...]]:
    """Return the report of a planned trial in one language, and its figures."""
    text, figure = language(lang), power(design, sizes, lang)
    titles = [r.title(lang) for r in design.comparison.regimens]
    made = answer_page(
        lang=lang,
        title=design.comparison.title(lang),
        lead=text.say(
            "plan.lead",
            one=titles[0],
            other=titles[1],
            endpoint=text.known(f"endpoint.{design.endpoint}", str(design.endpoint)),
            test=text.say(f"plan.test_{design.test.replace('-', '_').replace(' ', '_')}"),
            alpha=f"{design.alpha:g}",
        ),
        answer=answer(design, sizes)[lang],
        is_certain=smallest(design, sizes) is not None,
        credibility=credibility,
        sections=(
            Section(text.say("plan.sizes"), (figure, sizes_table(design, sizes, text))),
            Section(text.say("plan.looks"), (looks_table(design, text),)),
        ),
        limits=[limit.get(lang) or limit.get("en", "") for limit in design.comparison.limits],
        provenance=provenance,
    )
    return made, (figure,)
