"""`normoxia pool`: a network meta-analysis of a shipped question, of a user's own, or of a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Decimal, Json, Lang, Out, Quiet, Seed, choice, examples
from normoxia.cli.pool_text import print_meta_analysis
from normoxia.cli.show import print_json, say
from normoxia.errors import InvalidArgument, InvalidDocument

METHODS = ("inverse-variance", "mantel-haenszel", "penalised-logistic", "binomial-normal")
PREDICTIONS = ("confidence", "student")
EFFECTS = ("HR", "OR", "RR", "IRR", "RD", "MD", "SMD")
ESTIMATORS = ("REML", "DL", "ML", "PM", "HE", "SJ", "HS", "EB")
MODELS, DIRECTIONS = ("random", "common"), ("good", "bad")
EXAMPLES = examples(
    "normoxia pool first-line-wt",
    "normoxia pool egfr-post-tki --endpoint pfs --out pooled",
    "normoxia pool network.csv --effect hr --reference placebo",
)


def pool(
    what: Annotated[
        str,
        typer.Argument(
            autocompletion=completion.questions,
            help="A shipped question (first-line-wt, egfr-post-tki, tki-or-antibody, components, biomarkers), "
            "a question document (.yaml), or a table of contrasts or arms (.csv, .tsv).",
        ),
    ],
    effect: Annotated[
        str | None,
        choice("--effect", "effect", EFFECTS, f"Measure of a table: {', '.join(EFFECTS)}."),
    ] = None,
    model: Annotated[str, choice("--model", "model", MODELS, "random or common.")] = "random",
    method: Annotated[
        str,
        choice(
            "--method",
            "method",
            METHODS,
            f"For counts; with few events not the first: {', '.join(METHODS)}.",
        ),
    ] = "inverse-variance",
    tau: Annotated[
        str,
        choice(
            "--tau",
            "tau estimator",
            ESTIMATORS,
            f"Estimator of between-study variance: {', '.join(ESTIMATORS)}.",
        ),
    ] = "REML",
    reference: Annotated[
        str | None, typer.Option("--reference", help="Treatment the others are shown against.")
    ] = None,
    small_values: Annotated[
        str | None,
        choice(
            "--small-values",
            "direction",
            DIRECTIONS,
            "Small values are good or bad for the patient.",
        ),
    ] = None,
    endpoint: Annotated[
        list[str] | None,
        typer.Option(
            "--endpoint",
            autocompletion=completion.words(("PFS", "OS", "ORR", "DCR", "G3+ TRAE")),
            help="Of a question; may be repeated; default all.",
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", help="ROLE=NAME for a column misunderstood, such as se=stderr; repeatable."
        ),
    ] = None,
    decimal: Decimal = None,
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
        choice(
            "--prediction",
            "kind of prediction interval",
            PREDICTIONS,
            "Prediction interval: confidence (default; tau not taken as known) or student (netmeta's).",
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
    """Network meta-analysis of a shipped question or a table: effects, heterogeneity, ranking, certainty."""
    import normoxia as nx

    try:
        pooled = nx.pool(
            what,
            effect=effect,
            model=model,
            method=method,
            tau=tau,
            reference=reference,
            small_values=small_values,
            endpoints=endpoint or (),
            columns=_columns(column or []),
            decimal=decimal,
            equivalence=equivalence,
            leave_out_faulty=leave_out_faulty,
            studies=studies or (),
            hartung_knapp=hartung_knapp,
            prediction=prediction,
            level=level,
            leave_one_out=leave_one_out,
            components=components,
            inactive=inactive,
            seed=seed,
            prior=prior or ("default" if bayesian else None),
        )
    except InvalidDocument as error:
        if "columns={" not in str(error):
            raise
        raise InvalidDocument(
            f"{error}; on the command line: --column study=NAME --column treatment=NAME ...",
            error.findings,
        ) from None
    if out is not None:
        pooled.save(out, lang=lang, rmtl_ratio=rmtl_ratio)
    if json:
        print_json(pooled.to_json(lang))
    else:
        print_meta_analysis(pooled, lang, rmtl_ratio=rmtl_ratio, quiet=quiet)
    if out is not None:
        say(str(out / "report.html"), quiet=quiet)


def _columns(texts: Sequence[str]) -> dict[str, str]:
    """Roles and names of columns from texts "ROLE=NAME"."""
    columns = {}
    for text in texts:
        role, equals, name = text.partition("=")
        if not equals or not role or not name:
            raise InvalidArgument(f'--column "{text}": expected ROLE=NAME, such as se=stderr')
        columns[role.strip()] = name.strip()
    return columns
