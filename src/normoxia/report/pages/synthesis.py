"""Report of a network meta-analysis, of a table or of a question to the registry, in English and Chinese."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from normoxia import __version__
from normoxia.documents import Finding
from normoxia.evidence.synthesis.answers import Analysis, Answer
from normoxia.evidence.synthesis.judgement.certainty import Certainty
from normoxia.evidence.synthesis.judgement.proportionality import Proportionality
from normoxia.evidence.synthesis.model.components import ComponentEffect, ComponentFit
from normoxia.evidence.synthesis.model.contrasts import Arm
from normoxia.evidence.synthesis.model.meta import chi2_tail
from normoxia.evidence.synthesis.model.network import NetworkEffect
from normoxia.evidence.synthesis.pooling import Synthesis
from normoxia.language import Language, language
from normoxia.outcome import Estimate, Measure
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.forest import ForestRow, forest_figure
from normoxia.report.pages.document import Block, Highlight, Page, Prose, Section
from normoxia.report.views.over_time import (
    difference_highlights,
    further_words,
    over_time_table,
    share_words,
    table_words,
    warning_words,
)
from normoxia.report.views.pooled import NetworkSections, Shares, percent, treatment_in
from normoxia.report.views.pooled_checks import contribution_map, net_heat_map
from normoxia.report.views.pooled_checks import funnel as funnel_of
from normoxia.report.views.study_forest import study_forest, study_table
from normoxia.report.views.tables import Table

LANGUAGES = ("en", "zh")

ReportParts = tuple[tuple[Page, ...], tuple[Figure, ...], tuple[Table, ...]]


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
    arms: Sequence[Arm] = (),
) -> ReportParts:
    """Return the report of a network from a file: pages, figures, and league tables.

    Parameters
    ----------
    synthesis
        Fitted network.
    file
        Name of the file.
    certainty
        Of its contrasts, where it was judged.
    contributions
        Share of each study in each estimate.
    findings, notes
        What was assumed about the file.
    assumed_direction
        Whether it was not specified if small values are good.
    over_time
        Tests of proportional hazards of registry studies with the same names.
    provenance
        Names to values, printed at the end.
    first
        Code of the language of the first page.
    without
        Effects against the reference with each study left out; None where the network is disconnected without it.
    parts
        Component model of the treatments.
    time_lost
        Whether ratios of restricted mean times lost are printed.
    arms
        Counts or means of the file, printed beside each study.
    """
    pages: list[Page] = []
    figures: list[Figure] = []
    leagues: list[Table] = []
    for code in _languages(first):
        text = language(code)
        pooled = NetworkSections(
            synthesis,
            text,
            certainty=certainty,
            contributions=contributions,
            without=without,
            parts=parts,
        )
        answer = Section(text.say("pool.section_answer"), (Prose(pooled.answer_words()),))
        sections = [answer, *_sections(pooled, figures, arms)]
        warnings = table_words(over_time, text)
        if over_time is not None and warnings:
            table = over_time_table(
                over_time, text, pooled.name("over-time"), translated=False, time_lost=time_lost
            )
            blocks: tuple[Block, ...] = (
                *(Prose(line) for line in warnings[1:]),
                *([table] if table else []),
            )
            sections.insert(1, Section(text.say("pool.section_over_time"), blocks))
        if findings or notes:
            semicolon = text.say("pool.semicolon")
            rows = [
                (
                    str(replace(f.place, file=file)),
                    semicolon.join(text.phrase(x) for x in (f.found, f.expected) if x),
                )
                for f in findings
            ]
            rows += [("–", text.phrase(note)) for note in notes]
            heads = (text.say("pool.place"), text.say("pool.note"))
            notes_table = Table(
                name=pooled.name("notes"),
                title=text.say("pool.notes"),
                columns=heads,
                rows=tuple(rows),
            )
            sections.append(Section(text.say("pool.section_evidence"), (notes_table,)))
        limits = [
            *pooled.limit_words(),
            *([text.say("pool.limit_assumed")] if assumed_direction else []),
        ]
        limits.append(text.say("pool.limits_table"))
        sections.append(
            Section(text.say("pool.section_limits"), tuple(Prose(line) for line in limits))
        )
        leagues.append(pooled.full_league())
        lead = text.say("pool.lead_table", file=file)
        pages.append(_page(text, file, lead, sections, provenance, warnings=tuple(warnings[:1])))
    return tuple(pages), tuple(figures), tuple(leagues)


def answer_pages(
    answer: Answer,
    *,
    provenance: Mapping[str, str] | None = None,
    first: str = "en",
    time_lost: bool = False,
) -> ReportParts:
    """Return the report of a question: pages, figures, and the league table of each endpoint.

    Parameters
    ----------
    answer
        Analyses of the question.
    provenance
        Names to values, printed at the end.
    first
        Code of the language of the first page.
    time_lost
        Whether ratios of restricted mean times lost are printed.
    """
    pages: list[Page] = []
    figures: list[Figure] = []
    leagues: list[Table] = []
    question = answer.question
    for code in _languages(first):
        text = language(code)
        sections: list[Section] = []
        for endpoint, analysis in answer.analyses.items():
            endpoint_sections, pooled = _endpoint(answer, analysis, text, figures, time_lost)
            sections += [
                Section(text.say("pool.section_of", endpoint=endpoint, section=s.title), s.blocks)
                for s in endpoint_sections
            ]
            if pooled is not None:
                leagues.append(pooled.full_league())
        limits = [Prose(limit[code]) for limit in question.limits] + [
            Prose(text.say("pool.limits"))
        ]
        sections.append(Section(text.say("pool.section_limits"), tuple(limits)))
        over_time = [
            h
            for a in answer.analyses.values()
            if a.over_time is not None
            for h in difference_highlights(a.over_time, text)
        ]
        ratios = [h for a in answer.analyses.values() for h in _highlights(answer, a, text)]
        pages.append(
            _page(
                text,
                question.title[code],
                question.asks[code],
                sections,
                provenance,
                (*over_time, *ratios),
                tuple(proportionality_warnings(answer, text)),
            )
        )
    return tuple(pages), tuple(figures), tuple(leagues)


def proportionality_warnings(answer: Answer, text: Language) -> list[str]:
    """Return, for each endpoint, a sentence on the studies whose hazards are not proportional."""
    lines = []
    for endpoint, analysis in answer.analyses.items():
        warning = warning_words(analysis.over_time, text) if analysis.over_time is not None else ""
        if warning:
            lines.append(
                f"{text.known(f'endpoint.{endpoint}', endpoint)}{text.say('pool.colon')}{warning}"
            )
    return lines


def over_time_parts(
    answer: Answer, analysis: Analysis, text: Language, name: str, *, time_lost: bool = False
) -> tuple[list[str], Table | None, list[str]]:
    """Return warnings, table and further sentences on non-proportional hazards.

    The warnings include the share of each contrast in question that comes from such studies.
    """
    proportionality = analysis.over_time
    if proportionality is None:
        return [], None, []
    warning = warning_words(proportionality, text)
    shares = share_words(
        proportionality, analysis.contributions or {}, answer.question.headline, text
    )
    table = over_time_table(proportionality, text, name, time_lost=time_lost)
    return [warning, *shares] if warning else [], table, further_words(proportionality, text)


def pooled_of(analysis: Analysis, text: Language) -> NetworkSections | None:
    """Return the synthesis of one endpoint of a question in a language; None where nothing is pooled."""
    if analysis.synthesis is None:
        return None
    return NetworkSections(
        analysis.synthesis,
        text,
        certainty=analysis.certainty,
        contributions=analysis.contributions,
        translated=True,
        suffix=f"-{_file_name(analysis.asked.endpoint.value)}",
    )


def headline_table(answer: Answer, analysis: Analysis, text: Language) -> Table | None:
    """Table of the contrasts in question; None where none can be estimated."""
    pooled = pooled_of(analysis, text)
    if pooled is None:
        return None
    treatments = set(pooled.network.treatments)
    rows = []
    for a, b in answer.question.headline:
        if a in treatments and b in treatments:
            e = pooled.fit.effect(a, b)
            rows.append(
                (
                    pooled.comparison_name(a, b),
                    text.interval(pooled.estimate_of(e), 2),
                    pooled.prediction_interval(e),
                    text.p_value(e.p_value),
                    pooled.certainty_level(a, b),
                )
            )
    heads = ("comparison", "estimate", "prediction", "p", "certainty")
    columns = tuple(pooled.say(f"pool.{head}", measure=pooled.measure) for head in heads)
    return (
        Table(
            name=pooled.name("headline"),
            title=text.say("pool.headline"),
            columns=columns,
            rows=tuple(rows),
        )
        if rows
        else None
    )


def without_table(answer: Answer, analysis: Analysis, text: Language) -> Table | None:
    """Table of the contrasts in question with each study left out; None where there are none."""
    pooled = pooled_of(analysis, text)
    if pooled is None or not analysis.without:
        return None
    treatments = set(pooled.network.treatments)
    pairs = [(a, b) for a, b in answer.question.headline if a in treatments and b in treatments]
    if not pairs:
        return None
    disconnected = text.say("pool.without_broken")
    rows = tuple(
        (
            study,
            *(
                [disconnected] * len(pairs)
                if effects is None
                else [text.interval(pooled.estimate_of(e), 2) for e in effects]
            ),
        )
        for study, effects in analysis.without.items()
    )
    columns = (text.say("pool.study"), *(pooled.comparison_name(a, b) for a, b in pairs))
    return Table(
        name=pooled.name("without"), title=text.say("pool.without"), columns=columns, rows=rows
    )


def used_table(analysis: Analysis, text: Language, name: str) -> Table:
    """Table of every value used and its source."""
    semicolon = text.say("pool.semicolon")
    rows = tuple(
        (
            f"{entry.study}, {entry.population}",
            text.say(
                "pool.pair",
                one=treatment_in(text, entry.treatment),
                other=treatment_in(text, entry.control),
            ),
            text.phrase(entry.shown),
            semicolon.join(
                x
                for x in (
                    entry.source.reference,
                    *map(text.phrase, (entry.source.place, *entry.notes)),
                )
                if x
            ),
        )
        for entry in analysis.used
    )
    heads = tuple(text.say(f"pool.{head}") for head in ("study", "comparison", "value", "source"))
    return Table(
        name=name,
        title=text.say("pool.used"),
        columns=heads,
        rows=rows,
        note=text.say("pool.used_note"),
    )


def left_out_table(analysis: Analysis, text: Language, name: str) -> Table:
    """Table of excluded studies, grouped by reason."""
    reasons: dict[str, list[str]] = {}
    for excluded in analysis.left_out:
        reasons.setdefault(excluded.why[text.code], []).append(excluded.study)
    comma = text.say("pool.comma")
    rows = tuple((why, comma.join(sorted(studies))) for why, studies in reasons.items())
    heads = (text.say("pool.why"), text.say("pool.study"))
    return Table(name=name, title=text.say("pool.left_out"), columns=heads, rows=rows)


def components_table(analysis: Analysis, text: Language, name: str) -> Table | None:
    """Table of component effects, without and with the interaction; None without a component model."""
    if analysis.additive is None:
        return None
    joint = {e.component: e for e in analysis.joint.effects()} if analysis.joint else {}
    additive = {e.component: e for e in analysis.additive.effects()}
    rows = []
    for component in {**additive, **joint}:
        cells = [_component_cell(additive.get(component), text)]
        if joint:
            cells.append(_component_cell(joint.get(component), text))
        rows.append((_component_name(component, text), *cells))
    heads = ("component", "additive", *(["joint"] if joint else []))
    columns = tuple(text.say(f"pool.{head}") for head in heads)
    return Table(
        name=name,
        title=text.say("pool.components"),
        columns=columns,
        rows=tuple(rows),
        note=text.say("pool.components_note"),
    )


def component_words(analysis: Analysis, text: Language) -> list[str]:
    """Return sentences on the fit of the additive model, and on the test of the interaction."""
    lines = []
    fit: ComponentFit | None = analysis.additive
    if fit is not None and fit.difference_df > 0:
        lines.append(
            text.say(
                "pool.misfit",
                q=text.number(fit.difference_q),
                df=fit.difference_df,
                p=text.p_value(fit.difference_p_value),
            )
        )
    if analysis.test is not None:
        e = analysis.test.interaction
        lines.append(
            text.say(
                "pool.interaction_test",
                name=_component_name(e.component, text),
                measure="HR",
                effect=text.interval(_ratio(e), 2),
                q=text.number(analysis.test.q),
                df=analysis.test.df,
                p=text.p_value(analysis.test.p_value),
            )
        )
    return lines


def regression_table(analysis: Analysis, text: Language, name: str) -> Table | None:
    """Table of the coefficients of a meta-regression, as ratios; None without one."""
    r = analysis.regression
    if r is None:
        return None
    rows = tuple(
        (
            _covariate(c.name, text),
            text.interval(_exp(c.estimate, c.low, c.high), 2),
            text.p_value(c.p_value),
        )
        for c in r.coefficients
    )
    note = text.say(
        "pool.regression_note",
        tau=text.number(math.sqrt(r.tau2), 3),
        qe=text.number(r.qe),
        df=r.qe_df,
        p=text.p_value(chi2_tail(r.qe, r.qe_df)),
    )
    heads = tuple(
        text.say(f"pool.{head}", level=percent(r.level)) for head in ("covariate", "ratio_of", "p")
    )
    return Table(name=name, title=text.say("pool.regression"), columns=heads, rows=rows, note=note)


def _languages(first: str) -> tuple[str, ...]:
    return (first, *(code for code in LANGUAGES if code != first))


def _page(
    text: Language,
    title: str,
    lead: str,
    sections: Sequence[Section],
    provenance: Mapping[str, str] | None,
    highlights: tuple[Highlight, ...] = (),
    warnings: tuple[str, ...] = (),
) -> Page:
    return Page(
        language=text.code,
        title=title,
        lead=lead,
        sections=tuple(s for s in sections if s.blocks),
        highlights=highlights,
        badges=(),
        provenance=dict(provenance or {}),
        version=__version__,
        date=date.today().isoformat(),
        is_simulated=False,
        warnings=warnings,
    )


def _sections(
    pooled: NetworkSections, figures: list[Figure], arms: Sequence[Arm] = ()
) -> list[Section]:
    """The sections of every synthesis."""
    if len(pooled.network.treatments) == 2:
        return _pair_sections(pooled, figures, arms)
    say = pooled.say
    studies = study_forest(pooled, arms)
    graph, forest, *rankings = pooled.figures()
    heat, shares, funnel = net_heat_map(pooled), contribution_map(pooled), funnel_of(pooled)
    figures += [graph, forest, *rankings]
    figures += [f for f in (studies, heat, shares, funnel) if f is not None]
    league = pooled.league() or Prose(say("pool.too_wide", n=len(pooled.network.treatments)))
    tables: dict[str, Table | None] = {
        "splits": pooled.splits_table(),
        "certainty": pooled.certainty_table(),
        "shares": pooled.contribution_table(),
    }
    blocks: list[tuple[str, Sequence[Block | None]]] = [
        ("pool.section_network", (Prose(pooled.network_words()), graph)),
        ("pool.section_effects", (forest, pooled.effects_table(), league, pooled.without_table())),
        ("pool.section_studies", (studies, study_table(pooled, arms))),
        (
            "pool.section_components",
            (*(Prose(x) for x in pooled.parts_words()), pooled.parts_table()),
        ),
        ("pool.section_ranking", (*rankings, pooled.ranking_table())),
        (
            "pool.section_inconsistency",
            (Prose(pooled.inconsistency_words()), tables["splits"], heat),
        ),
        ("pool.section_certainty", (tables["certainty"], tables["shares"], shares, funnel)),
    ]
    return [
        Section(say(key), tuple(b for b in section_blocks if b is not None))
        for key, section_blocks in blocks
    ]


def _pair_sections(
    pooled: NetworkSections, figures: list[Figure], arms: Sequence[Arm]
) -> list[Section]:
    """The sections of a synthesis of two treatments, which has no graph, ranking or inconsistency."""
    say = pooled.say
    studies, funnel = study_forest(pooled, arms), funnel_of(pooled)
    figures += [f for f in (studies or pooled.forest(), funnel) if f is not None]
    blocks: list[tuple[str, Sequence[Block | None]]] = [
        (
            "pool.section_studies",
            (Prose(pooled.network_words()), studies or pooled.forest(), study_table(pooled, arms)),
        ),
        (
            "pool.section_effects",
            (Prose(pooled.heterogeneity_words()), pooled.effects_table(), pooled.without_table()),
        ),
        ("pool.section_certainty", (pooled.certainty_table(), pooled.contribution_table(), funnel)),
    ]
    return [
        Section(say(key), tuple(b for b in section_blocks if b is not None))
        for key, section_blocks in blocks
    ]


def _endpoint(
    answer: Answer, analysis: Analysis, text: Language, figures: list[Figure], time_lost: bool
) -> tuple[list[Section], NetworkSections | None]:
    """Sections of one endpoint of a question."""
    say = text.say
    suffix = f"-{_file_name(analysis.asked.endpoint.value)}-{text.code}"
    pooled = pooled_of(analysis, text)
    sections: list[Section] = []
    if pooled is not None:
        first: list[Block] = [
            t
            for t in (headline_table(answer, analysis, text), without_table(answer, analysis, text))
            if t
        ]
        first = [*(Prose(line, warning=True) for line in pooled.limit_words()), *first]
        sections = [Section(say("pool.section_answer"), tuple(first)), *_sections(pooled, figures)]
    elif analysis.regression is not None:
        table = regression_table(analysis, text, f"regression{suffix}")
        assert table is not None
        figure = _regression_figure(analysis, text, f"regression{suffix}")
        figures.append(figure)
        sections = [Section(say("pool.section_answer"), (figure, table))]
    else:
        reason = (
            say("pool.few_strata", n=len(analysis.used)) if analysis.used else say("pool.nothing")
        )
        sections = [Section(say("pool.section_answer"), (Prose(reason, warning=True),))]
    components = components_table(analysis, text, f"components{suffix}")
    if components is not None:
        blocks: tuple[Block, ...] = (
            *(Prose(x) for x in component_words(analysis, text)),
            components,
        )
        sections.insert(1, Section(say("pool.section_components"), blocks))
    evidence = [left_out_table(analysis, text, f"left-out{suffix}")]
    if analysis.used:
        evidence.insert(0, used_table(analysis, text, f"used{suffix}"))
    sections.append(Section(say("pool.section_evidence"), tuple(evidence)))
    lines, curves_table, further = over_time_parts(
        answer, analysis, text, f"over-time{suffix}", time_lost=time_lost
    )
    over_time_blocks: list[Block] = [Prose(line, warning=not i) for i, line in enumerate(lines)]
    over_time_blocks += [
        *([curves_table] if curves_table else []),
        *(Prose(line) for line in further),
    ]
    if over_time_blocks:
        sections.insert(0, Section(say("pool.section_over_time"), tuple(over_time_blocks)))
    return sections, pooled


def _highlights(answer: Answer, analysis: Analysis, text: Language) -> list[Highlight]:
    """The first contrasts in question that can be estimated, for a time to event."""
    pooled = pooled_of(analysis, text)
    if pooled is None or analysis.asked.measure is not Measure.HAZARD_RATIO:
        return []
    treatments, highlights = set(pooled.network.treatments), []
    for a, b in answer.question.headline:
        if a not in treatments or b not in treatments:
            continue
        e = pooled.fit.effect(a, b)
        if not math.isnan(e.estimate):
            value = text.interval(pooled.estimate_of(e), 2)
            label = f"{analysis.asked.endpoint.value}, {pooled.measure}"
            highlights.append(Highlight(label, value, pooled.comparison_name(a, b)))
    return highlights[:3]


def _regression_figure(analysis: Analysis, text: Language, name: str) -> Figure:
    assert analysis.regression is not None
    rows = [
        ForestRow(label=_covariate(c.name, text), estimate=_exp(c.estimate, c.low, c.high))
        for c in analysis.regression.coefficients
    ]
    return forest_figure(
        rows,
        measure="HR",
        lang=text.code,
        name=name,
        title=text.say(
            "pool.section_of",
            endpoint=analysis.asked.endpoint.value,
            section=text.say("pool.regression"),
        ),
    )


def _covariate(name: str, text: Language) -> str:
    return text.known(f"pool.covariate_{name}", name)


def _component_name(component: str, text: Language) -> str:
    return " × ".join(treatment_in(text, part) for part in component.split(" x "))


def _component_cell(e: ComponentEffect | None, text: Language) -> str:
    if e is None:
        return "–"
    return text.interval(_ratio(e), 2) if e.is_estimable else text.say("pool.not_estimable")


def _ratio(e: ComponentEffect) -> Estimate:
    return _exp(e.estimate, e.low, e.high)


def _exp(*ends: float) -> Estimate:
    value, low, high = (math.exp(x) if not x >= 700 else math.inf for x in ends)
    return Estimate(value, low, high)


def _file_name(endpoint: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in endpoint).strip("-")
