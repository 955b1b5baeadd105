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
from normoxia.cli.pool_options import METHODS, Options
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
    decimal: Annotated[
        str | None,
        typer.Option(
            "--decimal", help="point or comma, where a table does not tell: 1.234 is 1234 or 1.234."
        ),
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
        decimal=_one_of("decimal mark", decimal, ("point", "comma")),
        equivalence=equivalence,
        leave_out_faulty=leave_out_faulty,
        studies=tuple(studies or ()),
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
