"""What `normoxia pool` prints of tables and of questions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from normoxia.cli.show import say
from normoxia.cli.table import print_lines, print_table

if TYPE_CHECKING:
    from normoxia.api.synthesis import MetaAnalysis
    from normoxia.evidence.synthesis.answers import Analysis, Answer
    from normoxia.evidence.synthesis.intake.tables import NetworkTable
    from normoxia.evidence.synthesis.table_analysis import TableAnalysis
    from normoxia.language import Language
    from normoxia.report.views.pooled import NetworkSections
    from normoxia.report.views.tables import Table


def print_meta_analysis(pooled: MetaAnalysis, lang: str, *, rmtl_ratio: bool, quiet: bool) -> None:
    """Print a meta-analysis: network, effects, heterogeneity, ranking, inconsistency, certainty, limitations."""
    from normoxia.language import language

    text = language(lang)
    if pooled.answer is not None:
        _print_answer(pooled.answer, text, rmtl_ratio=rmtl_ratio)
        return
    assert pooled.table is not None
    if not quiet:
        _say_mapping(pooled.table.table, text)
    direction_assumed = pooled.options.small_values is None
    _print_table_analysis(
        pooled.table, text, rmtl_ratio=rmtl_ratio, direction_assumed=direction_assumed
    )


def show_table(table: Table | None) -> None:
    """A table of a report on the terminal, what is emphasised with a star; nothing for None."""
    if table is None:
        return
    rows = [
        [f"{cell} *" if (r, c) in table.emphasis else cell for c, cell in enumerate(row)]
        for r, row in enumerate(table.rows)
    ]
    print_table(table.title, table.columns, rows)
    if table.note:
        print_lines([table.note])


def _print_pooled(sections: NetworkSections) -> None:
    print_lines([sections.network_words()])
    show_table(sections.effects_table())
    print_lines(sections.bayesian_words())
    show_table(sections.bayesian_table())
    print_lines([sections.heterogeneity_words()])
    show_table(sections.ranking_table())
    print_lines([sections.inconsistency_words()])
    show_table(sections.splits_table())
    show_table(sections.certainty_table())


def _say_mapping(table: NetworkTable, text: Language) -> None:
    """Which column was taken for what, on standard error."""
    say(f"{text.say('pool.mapping')} ({text.word('layout', table.layout)}, {table.encoding}):")
    for role, name in table.mapping.items():
        say(f"  {role:<14} <- {name}{_meaning(role, text)}")
    role, name = next(iter(table.mapping.items()), ("study", "studlab"))
    say(text.say("pool.correct", example=f'--column {role.split(" ")[0]}="{name}"'))


def _meaning(role: str, text: Language) -> str:
    """What a role means, where its English name does not say it in the language of the reader."""
    kind, _, number = role.partition(" ")
    meaning = " ".join(part for part in (text.word("role", kind), number) if part)
    return "" if meaning == role else f"  {meaning}"


def _print_table_analysis(
    analysis: TableAnalysis, text: Language, *, rmtl_ratio: bool, direction_assumed: bool
) -> None:
    from normoxia.api.translation import finding_text
    from normoxia.evidence.synthesis.judgement.contribution import shares_left_out
    from normoxia.report.views.over_time import over_time_table, table_words
    from normoxia.report.views.pooled import NetworkSections

    network = analysis.synthesis.network
    for finding in analysis.table.findings:
        say(finding_text(finding, text))
    if analysis.over_time is not None:
        print_lines(table_words(analysis.over_time, text))
        show_table(
            over_time_table(
                analysis.over_time, text, "over-time", translated=False, time_lost=rmtl_ratio
            )
        )
    sections = NetworkSections(
        analysis.synthesis,
        text,
        certainty=analysis.certainty,
        without=analysis.without,
        parts=analysis.component_fit,
    )
    _print_pooled(sections)
    print_lines(sections.parts_words())
    show_table(sections.parts_table())
    show_table(without := sections.without_table())
    if analysis.without is not None and without is None:
        print_lines([text.say("pool.without_wide")])
    print_lines(sections.limit_words())
    if unlisted := shares_left_out(network):
        print_lines([text.render(unlisted)])
    if direction_assumed:
        print_lines([text.say("pool.limit_assumed")])
    print_lines([*(text.render(note) for note in network.notes), text.say("pool.limits_table")])


def _print_answer(answered: Answer, text: Language, *, rmtl_ratio: bool) -> None:
    from normoxia.report.pages.study_flow import flow_table

    question = answered.question
    print_lines([question.title[text.code], question.asks[text.code]])
    for name, analysis in answered.analyses.items():
        sys.stdout.write(f"\n== {text.known(f'endpoint.{name}', name)}\n")
        _print_endpoint(answered, analysis, text, rmtl_ratio=rmtl_ratio)
    show_table(flow_table(answered, text, "flow"))
    sys.stdout.write(f"\n{text.say('pool.section_limits')}\n")
    print_lines([*(words[text.code] for words in question.limits), text.say("pool.limits")])


def _print_endpoint(
    answered: Answer, analysis: Analysis, text: Language, *, rmtl_ratio: bool
) -> None:
    """Tests of proportional hazards before any constant ratio, then the analysis."""
    from normoxia.report.pages import synthesis as report

    words, table, others = report.over_time_parts(
        answered, analysis, text, "over-time", time_lost=rmtl_ratio
    )
    print_lines(words)
    show_table(table)
    print_lines(others)
    sections = report.pooled_of(analysis, text)
    if sections is None:
        _print_unpooled(analysis, text)
    else:
        show_table(report.headline_table(answered, analysis, text))
        _print_pooled(sections)
    print_lines(report.component_words(analysis, text))
    show_table(report.components_table(analysis, text, "components"))
    if sections is not None:
        print_lines(sections.limit_words())
    show_table(report.left_out_table(analysis, text, "left-out"))


def _print_unpooled(analysis: Analysis, text: Language) -> None:
    from normoxia.report.pages import synthesis as report

    table = report.regression_table(analysis, text, "regression")
    if table is not None:
        show_table(table)
    elif analysis.used:
        print_lines([text.say("pool.few_strata", n=len(analysis.used))])
    else:
        print_lines([text.say("pool.nothing")])
