"""Report of an explanation: contributions, statements removed one at a time, window, sensitivity, loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from normoxia.calibration.credibility.standings import UseCredibility
from normoxia.design.attribution import REST
from normoxia.design.explanation_words import ExplanationFindings, answer
from normoxia.design.explanations import ExplanationDesign
from normoxia.design.probing import Window
from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.forest import ForestRow, forest_figure
from normoxia.report.figures.surface import SurfaceAxis, surface_figure
from normoxia.report.pages.answer import answer_page
from normoxia.report.pages.document import Page, Section
from normoxia.report.views.tables import Table


def contributions(
    design: ExplanationDesign, found: ExplanationFindings, lang: str = "en"
) -> Figure:
    """Forest plot of the contributions, the whole difference below."""
    text = language(lang)
    rows = [
        ForestRow(label=_name(design, c.group, text), estimate=c.estimate)
        for c in found.attribution.contributions
    ]
    whole = text.say("explain.whole_name")
    rows.append(ForestRow(label=whole, estimate=found.attribution.difference, kind="pooled"))
    return forest_figure(
        rows,
        measure=text.say("explain.months"),
        left=text.say("explain.axis_left"),
        right=text.say("explain.axis_right"),
        note=_note(design, found, text),
        ratio=False,
        lang=lang,
        name=f"contributions-{lang}",
        title=text.say("explain.section_contributions"),
    )


def windows(
    design: ExplanationDesign, found: ExplanationFindings, lang: str = "en"
) -> tuple[Figure, ...]:
    """Heat maps of perfusion by dose and day, one for each side of the structural variant."""
    return tuple(_window(design, found, window, lang) for window in found.windows)


def _window(
    design: ExplanationDesign, found: ExplanationFindings, window: Window, lang: str
) -> Figure:
    text = language(lang)
    assert design.window is not None
    return surface_figure(
        window.perfusion,
        SurfaceAxis(title=text.say("explain.dose"), labels=tuple(f"{a:g}" for a in window.amounts)),
        SurfaceAxis(title=text.say("explain.day"), labels=tuple(f"{d:g}" for d in window.days)),
        middle=1.0,
        title=text.say("explain.window_title", variant=found.variant(design, window, text)),
        note=text.say(
            "explain.window_note",
            draws=window.n_draws,
            course=design.window.course.format(amount="…"),
        ),
        lang=lang,
        name=f"window-{window.variant or 'all'}-{lang}",
    )


def first_window(design: ExplanationDesign, found: ExplanationFindings, lang: str = "en") -> Figure:
    """Heat map of the first window. Raises InvalidArgument when none was asked for."""
    if not found.windows:
        raise InvalidArgument("the explanation asks for no window; add one to its document")
    return windows(design, found, lang)[0]


FIGURES: Mapping[str, Callable[[ExplanationDesign, ExplanationFindings, str], Figure]] = {
    "contributions": contributions,
    "window": first_window,
}


def contributions_table(
    design: ExplanationDesign, found: ExplanationFindings, text: Language
) -> Table:
    """Table of the contributions of the groups."""
    rows = []
    for c in found.attribution.contributions:
        tags = "" if c.group == REST else ", ".join(design.group(c.group).statements)
        rows.append(
            (
                _name(design, c.group, text),
                text.interval(c.estimate, 2),
                f"{100 * float((c.draws > 0).mean()):.0f}%",
                text.number(c.chance, 2),
                tags,
            )
        )
    whole = text.interval(found.attribution.difference, 2)
    rows.append((text.say("explain.whole_name"), whole, "", "", ""))
    heads = ("group", "contribution", "positive", "chance_name", "statements")
    return Table(
        name=f"contributions-table-{text.code}",
        title=text.say("explain.section_contributions"),
        columns=tuple(text.say(f"explain.{head}") for head in heads),
        rows=tuple(rows),
        note=_note(design, found, text),
        emphasis=frozenset(
            (i, 1) for i, c in enumerate(found.attribution.contributions) if c.is_clear
        ),
    )


def statements_table(found: ExplanationFindings, text: Language, says: Mapping[str, str]) -> Table:
    """Table of what removing each statement alone changes; `says` gives their words by tag."""
    effects = found.attribution.effects
    heads = ("statement", "in_difference", "in_experimental", "in_control")
    clear = [e.difference.has_interval and not e.difference.contains(0.0) for e in effects]
    return Table(
        name=f"statements-{text.code}",
        title=text.say("explain.section_statements"),
        columns=tuple(text.say(f"explain.{head}") for head in heads),
        rows=tuple(
            (
                f"{e.tag} {says.get(e.tag, '')}".strip(),
                *(text.interval(v, 2) for v in (e.difference, e.experimental, e.control)),
            )
            for e in effects
        ),
        note=text.say("explain.statements_note"),
        emphasis=frozenset((i, 1) for i, is_clear in enumerate(clear) if is_clear),
    )


def sensitivity_table(
    design: ExplanationDesign, found: ExplanationFindings, text: Language
) -> Table:
    """Table of Sobol' indices."""
    assert design.sensitivity is not None
    return Table(
        name=f"sensitivity-{text.code}",
        title=text.say(
            "explain.section_sensitivity",
            output=text.known(f"state.{design.sensitivity.output}", design.sensitivity.output),
            day=f"{design.sensitivity.day:g}",
        ),
        columns=tuple(text.say(f"explain.{head}") for head in ("parameter", "first", "total")),
        rows=tuple(
            (s.parameter, text.interval(s.first, 2), text.interval(s.total, 2))
            for s in found.sensitivity
        ),
        note=text.say("explain.sensitivity_note", points=design.sensitivity.points),
    )


def loop_table(design: ExplanationDesign, found: ExplanationFindings, text: Language) -> Table:
    """Table of the gain of the loop and the responses behind it."""
    assert design.loop is not None
    assert found.loop is not None
    heads = ("gain", "closed", "opened")
    values = (found.loop.gain, found.loop.closed, found.loop.opened)
    return Table(
        name=f"loop-{text.code}",
        title=text.say("explain.section_loop"),
        columns=tuple(text.say(f"explain.{head}") for head in heads),
        rows=(tuple(text.interval(value, 2) for value in values),),
        note=text.say(
            "explain.loop_note",
            output=text.known(f"state.{design.loop.output}", design.loop.output),
            course=design.loop.course,
            day=f"{design.loop.day:g}",
            statements=", ".join(design.loop.statements),
        ),
    )


def page(
    design: ExplanationDesign,
    found: ExplanationFindings,
    credibility: UseCredibility,
    provenance: Mapping[str, object],
    *,
    n_patients: int,
    says: Mapping[str, Mapping[str, str]],
    lang: str = "en",
) -> tuple[Page, tuple[Figure, ...]]:
    """Return the report of an explanation in one language, and its figures.

    Parameters
    ----------
    design, found
        What was asked, and what was found.
    credibility, provenance
        Of the use and of the runs.
    n_patients
        Of each draw.
    says
        Words of the statements by tag and language.
    lang
        "en" or "zh".
    """
    text = language(lang)
    figures = (contributions(design, found, lang), *windows(design, found, lang))
    words = {tag: own.get(lang) or own.get("en", "") for tag, own in says.items()}
    sections = [
        Section(
            text.say("explain.section_contributions"),
            (figures[0], contributions_table(design, found, text)),
        )
    ]
    if found.attribution.effects:
        table = statements_table(found, text, words)
        sections.append(Section(text.say("explain.section_statements"), (table,)))
    if found.windows:
        sections.append(Section(text.say("explain.section_window"), figures[1:]))
    if found.sensitivity:
        table = sensitivity_table(design, found, text)
        sections.append(Section(table.title, (table,)))
    if found.loop is not None:
        table = loop_table(design, found, text)
        sections.append(Section(table.title, (table,)))
    one, other = (r.title(lang) for r in design.comparison.regimens)
    asks = design.comparison.asks
    made = answer_page(
        lang=lang,
        title=design.comparison.title(lang),
        lead=text.say(
            "explain.lead",
            asks=asks.get(lang) or asks.get("en", ""),
            one=one,
            other=other,
            stage=design.comparison.stage,
            n=n_patients,
            draws=len(found.attribution.contributions[0].draws),
        ),
        answer=answer(design, found)[lang],
        is_certain=found.leading is not None,
        credibility=credibility,
        sections=sections,
        limits=[limit.get(lang) or limit.get("en", "") for limit in design.comparison.limits],
        provenance=provenance,
    )
    return made, figures


def _name(design: ExplanationDesign, group: str, text: Language) -> str:
    if group == REST:
        return text.say("explain.rest_name")
    return design.group(group).title(text.code)


def _note(design: ExplanationDesign, found: ExplanationFindings, text: Language) -> str:
    is_exact = all(c.order_error == 0.0 for c in found.attribution.contributions)
    return text.say(
        "explain.contributions_note",
        horizon=f"{design.horizon:g}",
        error=text.say("explain.exact" if is_exact else "explain.sampled"),
    )
