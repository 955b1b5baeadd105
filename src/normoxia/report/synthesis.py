"""The report of a network meta-analysis: of a table, or of a question to the registry, in English and Chinese."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from normoxia import __version__
from normoxia.documents import Finding
from normoxia.evidence.synthesis.answers import Analysis, Answer
from normoxia.evidence.synthesis.certainty import Certainty
from normoxia.evidence.synthesis.components import ComponentEffect, ComponentFit
from normoxia.evidence.synthesis.meta import chi2_tail
from normoxia.evidence.synthesis.network import NetworkEffect
from normoxia.evidence.synthesis.pooling import Synthesis
from normoxia.evidence.synthesis.proportionality import Proportionality
from normoxia.language import Language, language
from normoxia.outcome import Estimate, Measure
from normoxia.report.document import Block, Highlight, Page, Prose, Section
from normoxia.report.figure import Figure
from normoxia.report.forest import ForestRow, forest_figure
from normoxia.report.over_time import (
    difference_highlights,
    further_words,
    over_time_table,
    share_words,
    table_words,
    warning_words,
)
from normoxia.report.pooled import Pooled, Shares, percent, treatment_in
from normoxia.report.pooled_checks import contribution_map, net_heat_map
from normoxia.report.pooled_checks import funnel as funnel_of
from normoxia.report.tables import Table

LANGUAGES = ("en", "zh")

Told = tuple[tuple[Page, ...], tuple[Figure, ...], tuple[Table, ...]]


def table_pages(
    synthesis: Synthesis,
    *,
    file: str,
    certainty: Sequence[Certainty] = (),
    contributions: Shares | None = None,
    findings: Sequence[Finding] = (),
    notes: Sequence[str] = (),
    assumed_direction: bool = False,
    over_time: Proportionality | None = None,
    provenance: Mapping[str, str] | None = None,
    first: str = "en",
    without: Mapping[str, Sequence[NetworkEffect] | None] | None = None,
    parts: ComponentFit | None = None,
    time_lost: bool = False,
) -> Told:
    """The report of a network from a file: pages (the language `first` first), figures, and league tables.

    findings, notes    what was assumed of the file
    assumed_direction  whether nobody said if small values are good
    over_time          what the registry's curves say of studies of the same names; time_lost shows ratios of time lost there
    without            effects against the reference with each study left out; None where the network breaks
    parts              the component model of the treatments
    """
    pages: list[Page] = []
    figures: list[Figure] = []
    leagues: list[Table] = []
    for code in _languages(first):
        speech = language(code)
        told = Pooled(
            synthesis, speech, certainty=certainty, contributions=contributions, without=without, parts=parts
        )
        sections = _sections(told, figures)
        words = table_words(over_time, speech)
        if over_time is not None and words:
            table = over_time_table(
                over_time, speech, told.name("over-time"), translated=False, time_lost=time_lost
            )
            blocks: tuple[Block, ...] = (*(Prose(line) for line in words[1:]), *([table] if table else []))
            sections.insert(0, Section(speech.say("pool.section_over_time"), blocks))
        if findings or notes:
            bar = speech.say("pool.semicolon")
            rows = [
                (
                    str(replace(f.place, file=file)),
                    bar.join(speech.phrase(x) for x in (f.found, f.expected) if x),
                )
                for f in findings
            ]
            rows += [("–", speech.phrase(note)) for note in notes]
            heads = (speech.say("pool.place"), speech.say("pool.note"))
            noted = Table(told.name("notes"), speech.say("pool.notes"), heads, tuple(rows))
            sections.append(Section(speech.say("pool.section_evidence"), (noted,)))
        limits = [*told.limit_words(), *([speech.say("pool.limit_assumed")] if assumed_direction else [])]
        limits.append(speech.say("pool.limits_table"))
        sections.append(Section(speech.say("pool.section_limits"), tuple(Prose(line) for line in limits)))
        leagues.append(told.league_whole())
        lead = speech.say("pool.lead_table", file=file)
        pages.append(_page(speech, file, lead, sections, provenance, warnings=tuple(words[:1])))
    return tuple(pages), tuple(figures), tuple(leagues)


def answer_pages(
    answer: Answer,
    *,
    provenance: Mapping[str, str] | None = None,
    first: str = "en",
    time_lost: bool = False,
) -> Told:
    """The report of a question: pages (the language `first` first), figures, and the league table of each endpoint.

    time_lost  the ratio of restricted mean times lost beside each restricted mean difference
    """
    pages: list[Page] = []
    figures: list[Figure] = []
    leagues: list[Table] = []
    q = answer.question
    for code in _languages(first):
        speech = language(code)
        sections: list[Section] = []
        for endpoint, analysis in answer.analyses.items():
            own, told = _endpoint(answer, analysis, speech, figures, time_lost)
            sections += [
                Section(speech.say("pool.section_of", endpoint=endpoint, section=s.title), s.blocks) for s in own
            ]  # fmt: skip
            if told is not None:
                leagues.append(told.league_whole())
        limits = [Prose(text[code]) for text in q.limits] + [Prose(speech.say("pool.limits"))]
        sections.append(Section(speech.say("pool.section_limits"), tuple(limits)))
        over_time = [
            h
            for a in answer.analyses.values()
            if a.over_time is not None
            for h in difference_highlights(a.over_time, speech)
        ]
        ratios = [h for a in answer.analyses.values() for h in _highlights(answer, a, speech)]
        pages.append(
            _page(
                speech, q.title[code], q.asks[code], sections, provenance, (*over_time, *ratios),
                tuple(first_words(answer, speech)),
            )
        )  # fmt: skip
    return tuple(pages), tuple(figures), tuple(leagues)


def first_words(answer: Answer, speech: Language) -> list[str]:
    """What stands before every number: for each endpoint, the studies whose hazards do not stay proportional."""
    lines = []
    for endpoint, analysis in answer.analyses.items():
        words = warning_words(analysis.over_time, speech) if analysis.over_time is not None else ""
        if words:
            lines.append(f"{speech.known(f'endpoint.{endpoint}', endpoint)}{speech.say('pool.colon')}{words}")
    return lines


def over_time_parts(
    answer: Answer, analysis: Analysis, speech: Language, name: str, *, time_lost: bool = False
) -> tuple[list[str], Table | None, list[str]]:
    """The warning and how far each contrast in question rests on its studies; their table; what of the other studies."""
    held = analysis.over_time
    if held is None:
        return [], None, []
    words = warning_words(held, speech)
    shares = share_words(held, analysis.contributions or {}, answer.question.headline, speech)
    table = over_time_table(held, speech, name, time_lost=time_lost)
    return [words, *shares] if words else [], table, further_words(held, speech)


def told_of(answer: Answer, analysis: Analysis, speech: Language) -> Pooled | None:
    """One endpoint of a question, pooled, in a language; None where nothing is pooled."""
    if analysis.synthesis is None:
        return None
    return Pooled(
        analysis.synthesis, speech, certainty=analysis.certainty, contributions=analysis.contributions,
        translated=True, suffix=f"-{_file_name(analysis.asked.endpoint.value)}",
    )  # fmt: skip


def headline_table(answer: Answer, analysis: Analysis, speech: Language) -> Table | None:
    """The contrasts the question is about."""
    told = told_of(answer, analysis, speech)
    if told is None:
        return None
    known = set(told.network.treatments)
    rows = []
    for a, b in answer.question.headline:
        if a in known and b in known:
            e = told.fit.effect(a, b)
            rows.append(
                (
                    told.pair(a, b), speech.interval(told.shown(e), 2), told.predicted(e),
                    speech.p_value(e.p_value), told.level(a, b),
                )
            )  # fmt: skip
    heads = ("comparison", "estimate", "prediction", "p", "certainty")
    columns = tuple(told.say(f"pool.{head}", measure=told.measure) for head in heads)
    return Table(told.name("headline"), speech.say("pool.headline"), columns, tuple(rows)) if rows else None


def without_table(answer: Answer, analysis: Analysis, speech: Language) -> Table | None:
    """The contrasts in question with each study left out."""
    told = told_of(answer, analysis, speech)
    if told is None or not analysis.without:
        return None
    known = set(told.network.treatments)
    pairs = [(a, b) for a, b in answer.question.headline if a in known and b in known]
    if not pairs:
        return None
    broken = speech.say("pool.without_broken")
    rows = tuple(
        (
            study,
            *(
                [broken] * len(pairs)
                if effects is None
                else [speech.interval(told.shown(e), 2) for e in effects]
            ),
        )
        for study, effects in analysis.without.items()
    )
    columns = (speech.say("pool.study"), *(told.pair(a, b) for a, b in pairs))
    return Table(told.name("without"), speech.say("pool.without"), columns, rows)


def used_table(analysis: Analysis, speech: Language, name: str) -> Table:
    """Every number that entered and where it was read."""
    bar = speech.say("pool.semicolon")
    rows = tuple(
        (
            f"{u.study}, {u.population}",
            speech.say("pool.pair", one=treatment_in(speech, u.treatment), other=treatment_in(speech, u.control)),
            speech.phrase(u.shown),
            bar.join(x for x in (u.source.reference, *map(speech.phrase, (u.source.place, *u.notes))) if x),
        )
        for u in analysis.used
    )  # fmt: skip
    heads = tuple(speech.say(f"pool.{head}") for head in ("study", "comparison", "value", "source"))
    return Table(name, speech.say("pool.used"), heads, rows, speech.say("pool.used_note"))


def left_out_table(analysis: Analysis, speech: Language, name: str) -> Table:
    """Every study that stays out and the reason, studies of one reason together."""
    reasons: dict[str, list[str]] = {}
    for x in analysis.left_out:
        reasons.setdefault(x.why[speech.code], []).append(x.study)
    join = speech.say("pool.comma")
    rows = tuple((why, join.join(sorted(studies))) for why, studies in reasons.items())
    heads = (speech.say("pool.why"), speech.say("pool.study"))
    return Table(name, speech.say("pool.left_out"), heads, rows)


def components_table(analysis: Analysis, speech: Language, name: str) -> Table | None:
    """What each component adds, without and with the interaction."""
    if analysis.additive is None:
        return None
    joint = {e.component: e for e in analysis.joint.effects()} if analysis.joint else {}
    additive = {e.component: e for e in analysis.additive.effects()}
    rows = []
    for component in {**additive, **joint}:
        cells = [_component_cell(additive.get(component), speech)]
        if joint:
            cells.append(_component_cell(joint.get(component), speech))
        rows.append((_component_name(component, speech), *cells))
    heads = ("component", "additive", *(["joint"] if joint else []))
    columns = tuple(speech.say(f"pool.{head}") for head in heads)
    return Table(
        name,
        speech.say("pool.components"),
        columns,
        tuple(rows),
        speech.say("pool.components_note"),
    )


def component_words(analysis: Analysis, speech: Language) -> list[str]:
    """How the additive model fits, and what the interaction does to it."""
    lines = []
    fit: ComponentFit | None = analysis.additive
    if fit is not None and fit.difference_df > 0:
        lines.append(
            speech.say(
                "pool.misfit", q=speech.number(fit.difference_q), df=fit.difference_df,
                p=speech.p_value(fit.difference_p_value),
            )
        )  # fmt: skip
    if analysis.test is not None:
        e = analysis.test.interaction
        lines.append(
            speech.say(
                "pool.interaction_test", name=_component_name(e.component, speech), measure="HR",
                effect=speech.interval(_ratio(e), 2), q=speech.number(analysis.test.q), df=analysis.test.df,
                p=speech.p_value(analysis.test.p_value),
            )
        )  # fmt: skip
    return lines


def regression_table(analysis: Analysis, speech: Language, name: str) -> Table | None:
    """Coefficients of a meta-regression, as ratios."""
    r = analysis.regression
    if r is None:
        return None
    rows = tuple(
        (_covariate(c.name, speech), speech.interval(_exp(c.estimate, c.low, c.high), 2), speech.p_value(c.p_value))
        for c in r.coefficients
    )  # fmt: skip
    note = speech.say(
        "pool.regression_note", tau=speech.number(math.sqrt(r.tau2), 3), qe=speech.number(r.qe), df=r.qe_df,
        p=speech.p_value(chi2_tail(r.qe, r.qe_df)),
    )  # fmt: skip
    heads = tuple(
        speech.say(f"pool.{head}", level=percent(r.level)) for head in ("covariate", "ratio_of", "p")
    )
    return Table(name, speech.say("pool.regression"), heads, rows, note)


def _languages(first: str) -> tuple[str, ...]:
    return (first, *(code for code in LANGUAGES if code != first))


def _page(
    speech: Language,
    title: str,
    lead: str,
    sections: Sequence[Section],
    provenance: Mapping[str, str] | None,
    highlights: tuple[Highlight, ...] = (),
    warnings: tuple[str, ...] = (),
) -> Page:
    return Page(
        speech.code, title, lead, tuple(s for s in sections if s.blocks), highlights, (),
        dict(provenance or {}), __version__, date.today().isoformat(), is_simulated=False, warnings=warnings,
    )  # fmt: skip


def _sections(told: Pooled, figures: list[Figure]) -> list[Section]:
    """The sections every synthesis has."""
    say = told.say
    graph, forest, *rankings = told.figures()
    heat, shares, funnel = net_heat_map(told), contribution_map(told), funnel_of(told)
    figures += [graph, forest, *rankings, *(f for f in (heat, shares, funnel) if f is not None)]
    league = told.league() or Prose(say("pool.too_wide", n=len(told.network.treatments)))
    tables: dict[str, Table | None] = {
        "splits": told.splits_table(),
        "certainty": told.certainty_table(),
        "shares": told.contribution_table(),
    }
    blocks: list[tuple[str, Sequence[Block | None]]] = [
        ("pool.section_network", (Prose(told.network_words()), graph)),
        ("pool.section_effects", (forest, told.effects_table(), league, told.without_table())),
        ("pool.section_components", (*(Prose(x) for x in told.parts_words()), told.parts_table())),
        ("pool.section_ranking", (*rankings, told.ranking_table())),
        ("pool.section_inconsistency", (Prose(told.inconsistency_words()), tables["splits"], heat)),
        ("pool.section_certainty", (tables["certainty"], tables["shares"], shares, funnel)),
    ]
    return [Section(say(key), tuple(b for b in held if b is not None)) for key, held in blocks]


def _endpoint(
    answer: Answer, analysis: Analysis, speech: Language, figures: list[Figure], time_lost: bool
) -> tuple[list[Section], Pooled | None]:
    say = speech.say
    suffix = f"-{_file_name(analysis.asked.endpoint.value)}-{speech.code}"
    told = told_of(answer, analysis, speech)
    sections: list[Section] = []
    if told is not None:
        first: list[Block] = [
            t
            for t in (headline_table(answer, analysis, speech), without_table(answer, analysis, speech))
            if t
        ]
        first = [*(Prose(line, warning=True) for line in told.limit_words()), *first]
        sections = [Section(say("pool.section_answer"), tuple(first)), *_sections(told, figures)]
    elif analysis.regression is not None:
        table = regression_table(analysis, speech, f"regression{suffix}")
        assert table is not None
        figure = _regression_figure(analysis, speech, f"regression{suffix}")
        figures.append(figure)
        sections = [Section(say("pool.section_answer"), (figure, table))]
    else:
        words = (
            say("pool.few_strata", n=len(analysis.used)) if analysis.used else say("pool.nothing")
        )  # fmt: skip
        sections = [Section(say("pool.section_answer"), (Prose(words, warning=True),))]
    components = components_table(analysis, speech, f"components{suffix}")
    if components is not None:
        blocks: tuple[Block, ...] = (*(Prose(x) for x in component_words(analysis, speech)), components)
        sections.insert(1, Section(say("pool.section_components"), blocks))
    evidence = [left_out_table(analysis, speech, f"left-out{suffix}")]
    if analysis.used:
        evidence.insert(0, used_table(analysis, speech, f"used{suffix}"))
    sections.append(Section(say("pool.section_evidence"), tuple(evidence)))
    lines, moving, others = over_time_parts(
        answer, analysis, speech, f"over-time{suffix}", time_lost=time_lost
    )
    told_first: list[Block] = [Prose(line, warning=not i) for i, line in enumerate(lines)]
    told_first += [*([moving] if moving else []), *(Prose(line) for line in others)]
    if told_first:
        sections.insert(0, Section(say("pool.section_over_time"), tuple(told_first)))
    return sections, told


def _highlights(answer: Answer, analysis: Analysis, speech: Language) -> list[Highlight]:
    """The first contrasts in question that the endpoint can answer, when it is a time to event."""
    told = told_of(answer, analysis, speech)
    if told is None or analysis.asked.measure is not Measure.HAZARD_RATIO:
        return []
    known, found = set(told.network.treatments), []
    for a, b in answer.question.headline:
        if a not in known or b not in known:
            continue
        e = told.fit.effect(a, b)
        if not math.isnan(e.estimate):
            value = speech.interval(told.shown(e), 2)
            label = f"{analysis.asked.endpoint.value}, {told.measure}"
            found.append(Highlight(label, value, told.pair(a, b)))
    return found[:3]


def _regression_figure(analysis: Analysis, speech: Language, name: str) -> Figure:
    assert analysis.regression is not None
    rows = [
        ForestRow(_covariate(c.name, speech), _exp(c.estimate, c.low, c.high))
        for c in analysis.regression.coefficients
    ]
    return forest_figure(
        rows, measure="HR", lang=speech.code, name=name,
        title=speech.say(
            "pool.section_of", endpoint=analysis.asked.endpoint.value, section=speech.say("pool.regression")
        ),
    )  # fmt: skip


def _covariate(name: str, speech: Language) -> str:
    return speech.known(f"pool.covariate_{name}", name)


def _component_name(component: str, speech: Language) -> str:
    return " × ".join(treatment_in(speech, part) for part in component.split(" x "))


def _component_cell(e: ComponentEffect | None, speech: Language) -> str:
    if e is None:
        return "–"
    return speech.interval(_ratio(e), 2) if e.is_estimable else speech.say("pool.not_estimable")


def _ratio(e: ComponentEffect) -> Estimate:
    return _exp(e.estimate, e.low, e.high)


def _exp(*ends: float) -> Estimate:
    value, low, high = (math.exp(x) if not x >= 700 else math.inf for x in ends)
    return Estimate(value, low, high)


def _file_name(endpoint: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in endpoint).strip("-")
