"""`normoxia pool`: a network meta-analysis of a shipped question, of a user's own, or of a table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from normoxia.cli.options import Json, Lang, Out, Quiet, Seed
from normoxia.cli.show import print_json, print_table, say
from normoxia.errors import InvalidArgument, InvalidDocument, UnknownName

if TYPE_CHECKING:
    from normoxia.documents import Finding
    from normoxia.evidence.synthesis.answers import Analysis, Answer
    from normoxia.evidence.synthesis.certainty import Certainty
    from normoxia.evidence.synthesis.pooling import Synthesis
    from normoxia.evidence.synthesis.proportionality import Proportionality
    from normoxia.evidence.synthesis.tables import NetworkTable
    from normoxia.language import Language
    from normoxia.report.pooled import Pooled, Shares
    from normoxia.report.tables import Table

METHODS = ("inverse-variance", "mantel-haenszel", "penalised-logistic", "binomial-normal")
EFFECTS = ("HR", "OR", "RR", "IRR", "RD", "MD", "SMD")
ESTIMATORS = ("REML", "DL", "ML", "PM", "HE", "SJ", "HS", "EB")


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked, checked."""

    effect: str | None
    model: Literal["common", "random"]
    method: str
    tau: str
    reference: str | None
    small_values: Literal["good", "bad"] | None
    endpoint: tuple[str, ...]
    columns: dict[str, str]
    equivalence: float | None
    leave_out_faulty: bool
    studies: tuple[Path, ...]
    seed: int
    lang: str


def pool(
    what: Annotated[
        str,
        typer.Argument(
            help="A shipped question (first-line-wt, egfr-post-tki, tki-or-antibody, components, biomarkers), "
            "a question document (.yaml), or a table of contrasts or arms (.csv, .tsv)."
        ),
    ],
    effect: Annotated[
        str | None, typer.Option("--effect", help=f"Measure of a table: {', '.join(EFFECTS)}.")
    ] = None,
    model: Annotated[str, typer.Option("--model", help="random or common.")] = "random",
    method: Annotated[
        str,
        typer.Option("--method", help=f"For counts; with few events not the first: {', '.join(METHODS)}."),
    ] = "inverse-variance",
    tau: Annotated[
        str, typer.Option("--tau", help=f"Estimator of between-study variance: {', '.join(ESTIMATORS)}.")
    ] = "REML",
    reference: Annotated[
        str | None, typer.Option("--reference", help="Treatment the others are shown against.")
    ] = None,
    small_values: Annotated[
        str | None, typer.Option("--small-values", help="good or bad for the patient.")
    ] = None,
    endpoint: Annotated[
        list[str] | None, typer.Option("--endpoint", help="Of a question; may be repeated; default all.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="ROLE=NAME for a column misunderstood, such as se=stderr; repeatable."),
    ] = None,
    equivalence: Annotated[
        float | None,
        typer.Option(
            "--equivalence", help="Smallest effect that matters, as printed (1.2 for ratios); for certainty."
        ),
    ] = None,
    leave_out_faulty: Annotated[
        bool, typer.Option("--leave-out-faulty", help="Pool a table without the rows that have faults.")
    ] = False,
    studies: Annotated[
        list[Path] | None, typer.Option("--studies", help="A folder with your own study documents.")
    ] = None,
    seed: Seed = 0,
    out: Out = None,
    lang: Lang = "en",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Pool published results: effects, heterogeneity, ranking with uncertainty, inconsistency, certainty."""
    asked = Options(
        effect=_one_of("effect", effect, EFFECTS),
        model=cast("Literal['common', 'random']", _one_of("model", model, ("common", "random"))),
        method=_one_of("method", method, METHODS) or METHODS[0],
        tau=_one_of("tau estimator", tau.upper(), ESTIMATORS) or "REML",
        reference=reference,
        small_values=cast(
            "Literal['good', 'bad'] | None", _one_of("direction", small_values, ("good", "bad"))
        ),
        endpoint=tuple(endpoint or ()),
        columns=_columns(column or []),
        equivalence=equivalence,
        leave_out_faulty=leave_out_faulty,
        studies=tuple(studies or ()),
        seed=seed,
        lang=_one_of("language", lang, ("en", "zh")) or "en",
    )
    _pool_question(what, asked, out, json, quiet) if _is_question(what) else _pool_table(
        Path(what), asked, out, json, quiet
    )


def _one_of(kind: str, value: str | None, known: Sequence[str]) -> str | None:
    if value is not None and value not in known:
        raise UnknownName(kind, value, known)
    return value


def _columns(given: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in given:
        role, equals, name = text.partition("=")
        if not equals or not role or not name:
            raise InvalidArgument(f'--column "{text}": expected ROLE=NAME, such as se=stderr')
        found[role.strip()] = name.strip()
    return found


def _is_question(what: str) -> bool:
    """Whether the argument names a question; a table is whatever is a file or looks like one."""
    from normoxia.evidence.synthesis import questions

    path = Path(what)
    if path.suffix.lower() in (".yaml", ".yml") or what in questions.names():
        return True
    if path.exists() or path.suffix or len(path.parts) > 1:
        return False
    raise UnknownName("question or table", what, questions.names())


# a table


def _pool_table(path: Path, asked: Options, out: Path | None, json: bool, quiet: bool) -> None:
    from normoxia.evidence.synthesis import tables
    from normoxia.evidence.synthesis.contribution import shares_left_out, study_contributions
    from normoxia.evidence.synthesis.pooling import pool as pool_table

    if asked.endpoint or asked.studies:
        raise InvalidArgument("--endpoint and --studies belong to questions; a table holds one endpoint")
    try:
        table = tables.read_network(path, columns=asked.columns, effect=asked.effect)
    except InvalidDocument as error:
        text = str(error)
        if "columns={" not in text:
            raise
        raise InvalidDocument(
            f"{text}; on the command line: --column study=NAME --column treatment=NAME ...", error.findings
        ) from None
    _refuse_faults(table, asked)
    synthesis = pool_table(
        table, effect=asked.effect, model=asked.model, tau=asked.tau, reference=asked.reference,
        small_values=asked.small_values, seed=asked.seed, method=asked.method,
    )  # fmt: skip
    shares = {} if shares_left_out(synthesis.network) else study_contributions(synthesis.fit)
    judged = _certainty(synthesis, asked, shares)
    over_time = _over_time(synthesis)
    whole: dict[str, Any] = {}
    if json or out is not None:
        whole = _retold(_table_json(table, synthesis, judged, over_time, shares), asked.lang, table.findings)
    if out is not None:
        from normoxia.cli.pool_folder import write_table

        write_table(out, path, asked, table, synthesis, judged, shares, over_time, whole)
    if json:
        print_json(whole)
    else:
        _print_table_answer(table, synthesis, judged, over_time, asked, quiet)
    if out is not None:
        say(str(out / "report.html"), quiet=quiet)


def _over_time(synthesis: Synthesis) -> Proportionality | None:
    """What the registry's curves say of hazard ratios of studies of the same names; None where it says nothing."""
    from normoxia.evidence.synthesis.contrasts import Effect
    from normoxia.evidence.synthesis.proportionality import of_the_registry

    if synthesis.network.effect is not Effect.HR:
        return None
    found = of_the_registry(synthesis.network.studies)
    return found if found.pairs else None


def _refuse_faults(table: NetworkTable, asked: Options) -> None:
    """Rows that cannot be used stop the analysis, all of them named, unless the user leaves them out knowingly."""
    if not table.left_out or asked.leave_out_faulty:
        return
    lines = ", ".join(map(str, table.left_out[:20])) + (" ..." if len(table.left_out) > 20 else "")
    raise InvalidDocument(
        "\n".join(
            [
                f"{table.file}: {len(table.left_out)} of {table.n_rows} rows cannot be used "
                f"(line{'s' if len(table.left_out) > 1 else ''} {lines}):",
                *(f"  {finding}" for finding in table.findings),
                "correct them, or pool the others with --leave-out-faulty",
            ]
        ),
        table.findings,
    )


def _certainty(synthesis: Synthesis, asked: Options, shares: Shares) -> tuple[Certainty, ...]:
    """Certainty by the general rules; a difference needs the smallest one that matters."""
    import math

    from normoxia.evidence.synthesis.certainty import certainty

    is_ratio = synthesis.network.effect.is_ratio
    if asked.equivalence is None and not is_ratio:
        return ()
    smallest = asked.equivalence
    if smallest is not None:
        if smallest <= (1.0 if is_ratio else 0.0):
            raise InvalidArgument(
                f"--equivalence {smallest:g}: expected above {1 if is_ratio else 0}, the smallest effect that matters"
            )
        smallest = math.log(smallest) if is_ratio else smallest
    return certainty(synthesis.fit, equivalence=smallest, shares=shares, splits=synthesis.splits)


def _table_json(
    table: NetworkTable,
    synthesis: Synthesis,
    judged: tuple[Certainty, ...],
    over_time: Proportionality | None,
    shares: Shares,
) -> dict[str, Any]:
    from normoxia.evidence.synthesis.contribution import shares_left_out

    whole = synthesis.to_json()
    if told := shares_left_out(synthesis.network):
        whole["notes"].append(told)
    first = {"schema": whole["schema"], "over_time": over_time.to_json() if over_time is not None else None}
    return (first | whole) | {
        "certainty": _certainty_json(judged),
        "contributions": [
            {"treatment": t, "comparator": c, "studies": dict(own)} for (t, c), own in shares.items()
        ],
        "table": {
            "file": table.file,
            "layout": table.layout,
            "encoding": table.encoding,
            "delimiter": table.delimiter,
            "columns": dict(table.mapping),
            "rows": table.n_rows,
            "left_out": list(table.left_out),
            "findings": [
                {
                    "line": f.place.line or None,
                    "column": f.place.key or None,
                    "found": f.found,
                    "expected": f.expected,
                }
                for f in table.findings
            ],
        },
    }


def _certainty_json(judged: tuple[Certainty, ...]) -> list[dict[str, Any]]:
    return [
        {
            "treatment": c.treatment, "comparator": c.comparator, "level": c.level,
            "domains": [
                {"domain": j.domain, "concern": j.concern.name.lower(), "reason": j.reason} for j in c.judgements
            ],
        }
        for c in judged
    ]  # fmt: skip


def _print_table_answer(
    table: NetworkTable,
    synthesis: Synthesis,
    judged: tuple[Certainty, ...],
    over_time: Proportionality | None,
    asked: Options,
    quiet: bool,
) -> None:
    from normoxia.evidence.synthesis.contribution import shares_left_out
    from normoxia.language import language
    from normoxia.report.over_time import over_time_table, table_words
    from normoxia.report.pooled import Pooled

    speech = language(asked.lang)
    if not quiet:
        say(f"{speech.say('pool.mapping')} ({speech.word('layout', table.layout)}, {table.encoding}):")
        for role, name in table.mapping.items():
            say(f"  {role:<14} <- {name}{_meaning(role, speech)}")
        role, name = next(iter(table.mapping.items()), ("study", "studlab"))
        say(speech.say("pool.correct", example=f'--column {role.split(" ")[0]}="{name}"'))
    for finding in table.findings:
        say(_finding(finding, speech))
    told = Pooled(synthesis, speech, certainty=judged)
    if over_time is not None:
        _print_lines(table_words(over_time, speech))
        _show(over_time_table(over_time, speech, "over-time", translated=False))
    _print_pooled(told)
    limits = told.limit_words()
    if without := shares_left_out(synthesis.network):
        limits.append(speech.phrase(without))
    if asked.small_values is None:
        limits.append(speech.say("pool.limit_assumed"))
    _print_lines(
        [*limits, *(speech.phrase(note) for note in synthesis.network.notes), speech.say("pool.limits_table")]
    )


def _meaning(role: str, speech: Language) -> str:
    """What a role means, where its name does not say it in the language of the reader; roles are typed in English."""
    kind, _, number = role.partition(" ")
    meant = " ".join(part for part in (speech.word("role", kind), number) if part)
    return "" if meant == role else f"  {meant}"


def _finding(finding: Finding, speech: Language) -> str:
    """A finding about a table, its place as it is."""
    told = speech.say("pool.semicolon").join(speech.phrase(x) for x in (finding.found, finding.expected) if x)
    return f"{finding.place}: {told}"


def _retold(whole: dict[str, Any], lang: str, findings: Sequence[Finding] = ()) -> dict[str, Any]:
    """A dictionary for --json with its notes, findings and reasons in the language asked; its keys stay."""
    from normoxia.language import language

    speech = language(lang)
    placed = {str(finding): _finding(finding, speech) for finding in findings}

    def told(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: told(held, name) for name, held in value.items()}
        if isinstance(value, (list, tuple)):
            return [told(held, key) for held in value]
        if isinstance(value, str) and key in ("reason", "notes", "found", "expected"):
            return placed.get(value) or speech.phrase(value)
        return value

    return cast("dict[str, Any]", told(whole, ""))


# a question


def _pool_question(what: str, asked: Options, out: Path | None, json: bool, quiet: bool) -> None:
    from normoxia.evidence.studies.registry import registry
    from normoxia.evidence.synthesis import questions
    from normoxia.evidence.synthesis.answers import answer

    if (
        asked.effect
        or asked.columns
        or asked.leave_out_faulty
        or asked.equivalence is not None
        or asked.method != METHODS[0]
    ):
        raise InvalidArgument(
            "--effect, --method, --column, --equivalence and --leave-out-faulty belong to tables; a question names its measures"
        )
    question = questions.question(what)
    if asked.endpoint:
        known = {a.endpoint.value: a for a in question.asked}
        for name in asked.endpoint:
            if name not in known:
                raise UnknownName("endpoint", name, known)
        question = replace(question, asked=tuple(known[name] for name in dict.fromkeys(asked.endpoint)))
    if asked.reference is not None:
        nodes = {node for entry in question.entries for node in entry.arms.values()}
        if asked.reference not in nodes:
            raise UnknownName("treatment", asked.reference, nodes)
        question = replace(question, reference=asked.reference)
    if asked.small_values is not None:
        question = replace(
            question, asked=tuple(replace(a, small_values=asked.small_values) for a in question.asked)
        )
    answered = answer(
        question, studies=registry(*asked.studies) if asked.studies else None, model=asked.model, tau=asked.tau,
        seed=asked.seed,
    )  # fmt: skip
    whole = _retold(_answer_json(answered), asked.lang)
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
    from normoxia.report import synthesis as report

    speech = language(asked.lang)
    q = answered.question
    _print_lines([q.title[asked.lang], q.asks[asked.lang]])
    for name, analysis in answered.analyses.items():
        sys.stdout.write(f"\n== {speech.known(f'endpoint.{name}', name)}\n")
        told = report.told_of(answered, analysis, speech)
        _print_over_time(answered, analysis, speech)
        if told is None:
            _print_unpooled(analysis, speech)
        else:
            _show(report.headline_table(answered, analysis, speech))
            _print_pooled(told)
        _print_lines(report.component_words(analysis, speech))
        _show(report.components_table(analysis, speech, "components"))
        if told is not None:
            _print_lines(told.limit_words())
        _show(report.left_out_table(analysis, speech, "left-out"))
    sys.stdout.write(f"\n{speech.say('pool.section_limits')}\n")
    _print_lines([*(text[asked.lang] for text in q.limits), speech.say("pool.limits")])


def _print_over_time(answered: Answer, analysis: Analysis, speech: Language) -> None:
    """Before any constant ratio: whose hazards move, and how."""
    from normoxia.report import synthesis as report

    words, table, others = report.over_time_parts(answered, analysis, speech, "over-time")
    _print_lines(words)
    _show(table)
    _print_lines(others)


def _print_unpooled(analysis: Analysis, speech: Language) -> None:
    from normoxia.report import synthesis as report

    table = report.regression_table(analysis, speech, "regression")
    if table is not None:
        _show(table)
    elif analysis.used:
        _print_lines([speech.say("pool.few_strata", n=len(analysis.used))])
    else:
        _print_lines([speech.say("pool.nothing")])


# words and tables on the terminal


def _print_pooled(told: Pooled) -> None:
    _print_lines([told.network_words()])
    _show(told.effects_table())
    _print_lines([told.heterogeneity_words()])
    _show(told.ranking_table())
    _print_lines([told.inconsistency_words()])
    _show(told.splits_table())
    _show(told.certainty_table())


def _show(table: Table | None) -> None:
    if table is None:
        return
    rows = [
        [f"{cell} *" if (r, c) in table.emphasis else cell for c, cell in enumerate(row)]
        for r, row in enumerate(table.rows)
    ]
    print_table(table.title, table.columns, rows)
    if table.note:
        _print_lines([table.note])


def _print_lines(lines: Sequence[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
