"""`normoxia pool`: a network meta-analysis of a shipped question, of a user's own, or of a table.

pool_options    what may be asked
pool_table      a table of contrasts or arms: read, pooled, judged, shown
pool_question   a question: answered and shown
pool_words      what both print
pool_folder     what --out leaves
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from normoxia.cli.options import Json, Lang, Out, Quiet, Seed
from normoxia.cli.pool_options import METHODS, PREDICTIONS, Options
from normoxia.errors import InvalidArgument, UnknownName

EFFECTS = ("HR", "OR", "RR", "IRR", "RD", "MD", "SMD")
ESTIMATORS = ("REML", "DL", "ML", "PM", "HE", "SJ", "HS", "EB")


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
        typer.Option(
            "--method", help=f"For counts; with few events not the first: {', '.join(METHODS)}."
        ),
    ] = "inverse-variance",
    tau: Annotated[
        str,
        typer.Option(
            "--tau", help=f"Estimator of between-study variance: {', '.join(ESTIMATORS)}."
        ),
    ] = "REML",
    reference: Annotated[
        str | None, typer.Option("--reference", help="Treatment the others are shown against.")
    ] = None,
    small_values: Annotated[
        str | None, typer.Option("--small-values", help="good or bad for the patient.")
    ] = None,
    endpoint: Annotated[
        list[str] | None,
        typer.Option("--endpoint", help="Of a question; may be repeated; default all."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", help="ROLE=NAME for a column misunderstood, such as se=stderr; repeatable."
        ),
    ] = None,
    decimal: Annotated[
        str | None,
        typer.Option(
            "--decimal", help="point or comma, where a table does not tell: 1.234 is 1234 or 1.234."
        ),
    ] = None,
    equivalence: Annotated[
        float | None,
        typer.Option(
            "--equivalence",
            help="Smallest effect that matters, as printed (1.2 for ratios); for certainty.",
        ),
    ] = None,
    leave_out_faulty: Annotated[
        bool,
        typer.Option("--leave-out-faulty", help="Pool a table without the rows that have faults."),
    ] = False,
    studies: Annotated[
        list[Path] | None, typer.Option("--studies", help="A folder with your own study documents.")
    ] = None,
    hartung_knapp: Annotated[
        bool,
        typer.Option(
            "--hartung-knapp", help="Hartung-Knapp variance with t intervals, for few studies."
        ),
    ] = False,
    prediction: Annotated[
        str | None,
        typer.Option(
            "--prediction",
            help="Prediction interval: confidence (default; tau not taken as known) or student (netmeta's).",
        ),
    ] = None,
    bayesian: Annotated[
        bool,
        typer.Option(
            "--bayesian",
            help="Also a Bayesian network meta-analysis with an informative prior of heterogeneity.",
        ),
    ] = False,
    prior: Annotated[
        str | None,
        typer.Option(
            "--prior",
            help='Prior of --bayesian: turner-general, rhodes-general, ..., "half-normal 0.5", "log-normal -2.56 1.74".',
        ),
    ] = None,
    level: Annotated[
        float, typer.Option("--level", help="Level of every interval, such as 0.9 or 90.")
    ] = 0.95,
    leave_one_out: Annotated[
        bool, typer.Option("--leave-one-out", help="Effects of a table without each study in turn.")
    ] = False,
    components: Annotated[
        bool,
        typer.Option(
            "--components", help='Effects of the parts of a table\'s treatments, named "A + B".'
        ),
    ] = False,
    inactive: Annotated[
        str | None,
        typer.Option(
            "--inactive", help="With --components: the part that does nothing, such as placebo."
        ),
    ] = None,
    rmtl_ratio: Annotated[
        bool,
        typer.Option(
            "--rmtl-ratio",
            help="Beside restricted mean differences, the ratio of the restricted mean times lost.",
        ),
    ] = False,
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
        tau=_one_of("tau estimator", tau, ESTIMATORS) or "REML",
        reference=reference,
        small_values=cast(
            "Literal['good', 'bad'] | None", _one_of("direction", small_values, ("good", "bad"))
        ),
        endpoint=tuple(endpoint or ()),
        columns=_columns(column or []),
        decimal=_one_of("decimal mark", decimal, ("point", "comma")),
        equivalence=equivalence,
        leave_out_faulty=leave_out_faulty,
        studies=tuple(studies or ()),
        hartung_knapp=hartung_knapp,
        prediction=cast(
            "Literal['confidence', 'student'] | None",
            _one_of("kind of prediction interval", prediction, PREDICTIONS),
        ),
        prior=prior or ("default" if bayesian else None),
        level=_level(level),
        leave_one_out=leave_one_out,
        components=components,
        inactive=inactive,
        rmtl_ratio=rmtl_ratio,
        seed=seed,
        lang=_one_of("language", lang, ("en", "zh")) or "en",
    )
    if _is_question(what):
        from normoxia.cli.pool_question import pool_question

        pool_question(what, asked, out, json, quiet)
    else:
        from normoxia.cli.pool_table import pool_table

        pool_table(Path(what), asked, out, json, quiet)


def _one_of(kind: str, value: str | None, known: Sequence[str]) -> str | None:
    """The word of a closed list that is meant, whatever its case: no two of a list differ by it alone."""
    if value is None:
        return None
    for word in known:
        if word.casefold() == value.strip().casefold():
            return word
    raise UnknownName(kind, value, known)


def _level(value: float) -> float:
    """A level as a share; 90 means 0.9. Levels below 0.5 or above 0.9999 are typing mistakes."""
    share = value / 100.0 if value > 1.0 else value
    if not 0.5 <= share <= 0.9999:
        raise InvalidArgument(
            f"--level {value:g}: expected 0.5 to 0.9999, or 50 to 99.99 percent, such as 0.95"
        )
    return share


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
