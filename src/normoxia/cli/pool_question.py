"""`normoxia pool` of a question: narrowed to what was asked, answered, and shown."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normoxia.cli.pool_options import METHODS, Options
from normoxia.cli.pool_words import print_pooled, show_table, translated
from normoxia.cli.show import print_json, say
from normoxia.cli.table import print_lines
from normoxia.errors import InvalidArgument, UnknownName

if TYPE_CHECKING:
    from normoxia.evidence.synthesis.answers import Analysis, Answer
    from normoxia.language import Language


def pool_question(what: str, asked: Options, out: Path | None, json: bool, quiet: bool) -> None:
    """Answer and show a question; `out` keeps it."""
    from normoxia.evidence.studies.registry import registry
    from normoxia.evidence.synthesis import questions
    from normoxia.evidence.synthesis.answers import answer

    if (
        asked.effect
        or asked.columns
        or asked.leave_out_faulty
        or asked.equivalence is not None
        or asked.method != METHODS[0]
        or asked.leave_one_out
        or asked.components
        or asked.inactive is not None
    ):
        raise InvalidArgument(
            "--effect, --method, --column, --equivalence, --leave-out-faulty, --leave-one-out, --components and --inactive belong to "
            "tables; a question names its measures and components, and always leaves each study out in turn"
        )
    question = questions.question(what)
    if asked.endpoint:
        known = {a.endpoint.value: a for a in question.asked}
        for name in asked.endpoint:
            if name not in known:
                raise UnknownName("endpoint", name, known)
        question = replace(
            question, asked=tuple(known[name] for name in dict.fromkeys(asked.endpoint))
        )
    if asked.reference is not None:
        nodes = {node for entry in question.entries for node in entry.arms.values()}
        if asked.reference not in nodes:
            raise UnknownName("treatment", asked.reference, nodes)
        question = replace(question, reference=asked.reference)
    if asked.small_values is not None:
        question = replace(
            question,
            asked=tuple(replace(a, small_values=asked.small_values) for a in question.asked),
        )
    answered = answer(
        question,
        studies=registry(*asked.studies) if asked.studies else None,
        model=asked.model,
        tau=asked.tau,
        seed=asked.seed,
        hartung_knapp=asked.hartung_knapp,
        level=asked.level,
        prediction=asked.prediction,
    )
    whole = translated(_answer_json(answered), asked.lang)
    if out is not None:
        from normoxia.cli.pool_folder import write_answer

        write_answer(out, what, asked, answered, whole)
    if json:
        print_json(whole)
    else:
        _print_answer(answered, asked)
    if out is not None:
        say(str(out / "report.html"), quiet=quiet)


def _answer_json(answered: Answer) -> dict[str, Any]:
    """The answer's dictionary with each endpoint's synthesis beside what it rests on, and the first one's on top."""
    whole = answered.to_json()
    analyses = {}
    for name, analysis in whole["analyses"].items():
        synthesis = analysis.pop("synthesis", None) or {}
        analyses[name] = analysis | {k: v for k, v in synthesis.items() if k not in analysis}
        analyses[name]["notes"] = [*analysis["notes"], *synthesis.get("notes", [])]
    first = next((name for name, a in analyses.items() if "effects" in a), None)
    shared = ("network", "effects", "heterogeneity", "ranking", "inconsistency")
    top = {key: analyses[first][key] for key in shared} if first else {}
    return {**whole, "endpoint": first, **top, "analyses": analyses}


def _print_answer(answered: Answer, asked: Options) -> None:
    from normoxia.language import language
    from normoxia.report.pages import synthesis as report

    speech = language(asked.lang)
    q = answered.question
    print_lines([q.title[asked.lang], q.asks[asked.lang]])
    for name, analysis in answered.analyses.items():
        sys.stdout.write(f"\n== {speech.known(f'endpoint.{name}', name)}\n")
        told = report.pooled_of(analysis, speech)
        _print_over_time(answered, analysis, speech, asked.rmtl_ratio)
        if told is None:
            _print_unpooled(analysis, speech)
        else:
            show_table(report.headline_table(answered, analysis, speech))
            print_pooled(told)
        print_lines(report.component_words(analysis, speech))
        show_table(report.components_table(analysis, speech, "components"))
        if told is not None:
            print_lines(told.limit_words())
        show_table(report.left_out_table(analysis, speech, "left-out"))
    sys.stdout.write(f"\n{speech.say('pool.section_limits')}\n")
    print_lines([*(text[asked.lang] for text in q.limits), speech.say("pool.limits")])


def _print_over_time(
    answered: Answer, analysis: Analysis, speech: Language, time_lost: bool
) -> None:
    """Before any constant ratio: whose hazards move, and how."""
    from normoxia.report.pages import synthesis as report

    words, table, others = report.over_time_parts(
        answered, analysis, speech, "over-time", time_lost=time_lost
    )
    print_lines(words)
    show_table(table)
    print_lines(others)


def _print_unpooled(analysis: Analysis, speech: Language) -> None:
    from normoxia.report.pages import synthesis as report

    table = report.regression_table(analysis, speech, "regression")
    if table is not None:
        show_table(table)
    elif analysis.used:
        print_lines([speech.say("pool.few_strata", n=len(analysis.used))])
    else:
        print_lines([speech.say("pool.nothing")])
