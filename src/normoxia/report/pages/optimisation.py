"""Report of an optimisation: heat map, recommendation and regret by structural variant, Pareto front."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from normoxia.calibration.credibility.standings import UseCredibility
from normoxia.design.explanation_words import Titles
from normoxia.design.optimisations import OptimisationDesign
from normoxia.design.optimum import Optimum
from normoxia.design.optimum_words import answer, is_certain, utility_words, variant_name
from normoxia.language import Language, language
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.front import FrontPoint, front_figure
from normoxia.report.figures.surface import SurfaceAxis, SurfaceMarks, surface_figure
from normoxia.report.pages.answer import answer_page
from normoxia.report.pages.document import Page, Section
from normoxia.report.views.tables import Table

#: axes of a heat map
_PLANE = 2


def surface(design: OptimisationDesign, found: Optimum, lang: str = "en") -> Figure:
    """Heat map of mean utility over the first two axes, the others at the recommendation's values."""
    text = language(lang)
    shape = design.shape if len(design.shape) > 1 else (*design.shape, 1)
    best = np.unravel_index(found.best, shape)
    plane = (slice(None), slice(None), *best[_PLANE:])

    def inside(position: int) -> tuple[int, int] | None:
        place = np.unravel_index(position, shape)
        is_here = place[_PLANE:] == best[_PLANE:]
        return (int(place[0]), int(place[1])) if is_here else None

    def several(positions: object) -> tuple[tuple[int, int], ...]:
        places = (inside(int(k)) for k in np.atleast_1d(np.asarray(positions, dtype=int)))
        return tuple(place for place in places if place is not None)

    title = text.say("optimise.section_surface")
    if len(design.axes) > _PLANE:
        values = design.schedules[found.best]
        others = ", ".join(
            f"{axis.title(lang)} {value:g}"
            for axis, value in zip(design.axes[_PLANE:], values[_PLANE:], strict=True)
        )
        title = text.say("optimise.surface_at", title=title, others=others)
    axes = [
        SurfaceAxis(title=axis.title(lang), labels=tuple(f"{v:g}" for v in axis.values))
        for axis in design.axes[:_PLANE]
    ]
    if len(axes) == 1:
        axes.append(SurfaceAxis(title="", labels=("",)))
    return surface_figure(
        found.utility.mean(axis=1).reshape(shape)[plane],
        axes[0],
        axes[1],
        middle=float(found.utility[design.reference].mean()),
        title=title,
        note=text.say("optimise.surface_note"),
        marks=SurfaceMarks(
            best=inside(found.best),
            rivals=several(found.rivals),
            refused=several(np.flatnonzero(~found.feasible)),
        ),
        lang=lang,
        name=f"utility-{lang}",
    )


def front(design: OptimisationDesign, found: Optimum, lang: str = "en") -> Figure:
    """Pareto front of mean benefit and mean toxicity."""
    text = language(lang)
    benefit, toxicity = found.benefit.mean(axis=1), found.outcomes["toxicity"].mean(axis=1)
    return front_figure(
        [
            FrontPoint(
                label=design.label(k, lang),
                benefit=float(benefit[k]),
                burden=float(toxicity[k]),
                is_front=k in found.front,
            )
            for k in range(len(design.schedules))
        ],
        benefit=text.say("optimise.benefit"),
        burden=text.say("optimise.toxicity"),
        lang=lang,
        name=f"front-{lang}",
    )


FIGURES: Mapping[str, Callable[[OptimisationDesign, Optimum, str], Figure]] = {
    "surface": surface,
    "front": front,
}


def best_table(design: OptimisationDesign, found: Optimum, titles: Titles, text: Language) -> Table:
    """Table of the best schedule over all draws and in each structural variant, with the regret of the recommendation."""
    rows = [
        (
            text.say("optimise.all_draws"),
            design.label(found.best, text.code),
            text.number(float(found.utility[found.best].mean()), 2),
            "–",
            f"{100 * float(found.best_share[found.best]):.0f}%",
        )
    ]
    rows += [
        (
            variant_name(v, titles, text),
            design.label(v.best, text.code),
            text.number(v.utility, 2),
            text.interval(v.regret, 2),
            "–",
        )
        for v in found.variants
    ]
    heads = ("variant_name", "best", "utility", "regret", "share")
    return Table(
        name=f"best-{text.code}",
        title=text.say("optimise.section_best"),
        columns=tuple(text.say(f"optimise.{head}") for head in heads),
        rows=tuple(rows),
        note=text.say("optimise.best_note"),
    )


def front_table(design: OptimisationDesign, found: Optimum, text: Language) -> Table:
    """Table of the Pareto front."""
    heads = ("schedule", "benefit", "toxicity", "utility")
    return Table(
        name=f"front-table-{text.code}",
        title=text.say("optimise.section_front"),
        columns=tuple(text.say(f"optimise.{head}") for head in heads),
        rows=tuple(
            (
                design.label(k, text.code),
                text.number(float(found.benefit[k].mean()), 2),
                text.number(float(found.outcomes["toxicity"][k].mean()), 0),
                text.number(float(found.utility[k].mean()), 2),
            )
            for k in found.front
        ),
        note=text.say("optimise.front_note"),
        emphasis=frozenset((i, 0) for i, k in enumerate(found.front) if k == found.best),
    )


def page(
    design: OptimisationDesign,
    found: Optimum,
    titles: Titles,
    credibility: UseCredibility,
    provenance: Mapping[str, object],
    *,
    n_patients: int,
    lang: str = "en",
) -> tuple[Page, tuple[Figure, ...]]:
    """Return the report of an optimisation in one language, and its figures."""
    text = language(lang)
    figures = (surface(design, found, lang), front(design, found, lang))
    asks, most = design.comparison.asks, design.utility.most_toxic
    no_limit = most >= 100.0
    limit = "optimise.limit_none" if no_limit else "optimise.limit_toxicity"
    made = answer_page(
        lang=lang,
        title=design.comparison.title(lang),
        lead=text.say(
            "optimise.lead",
            asks=asks.get(lang) or asks.get("en", ""),
            cells=len(design.schedules),
            stage=design.comparison.stage,
            n=n_patients,
            draws=found.utility.shape[1],
            utility=utility_words(design, text),
            limit=text.say(limit, limit=f"{most:g}"),
        ),
        answer=answer(design, found, titles)[lang],
        is_certain=is_certain(design, found),
        credibility=credibility,
        sections=(
            Section(text.say("optimise.section_surface"), (figures[0],)),
            Section(text.say("optimise.section_best"), (best_table(design, found, titles, text),)),
            Section(
                text.say("optimise.section_front"), (figures[1], front_table(design, found, text))
            ),
        ),
        limits=(
            text.say("optimise.limit_delay"),
            *(own.get(lang) or own.get("en", "") for own in design.comparison.limits),
        ),
        provenance=provenance,
    )
    return made, figures
