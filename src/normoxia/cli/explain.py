"""`normoxia explain`: why one regimen did what it did and another did not."""

from __future__ import annotations

from typing import Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Json, Lang, Out, Quiet, Resume, Seed, Workers, examples
from normoxia.cli.show import print_json, progress_bar, say
from normoxia.errors import InvalidArgument

EXAMPLES = examples(
    "normoxia explain impower150", "normoxia explain impower150 --no-statements --out explained"
)


def explain(
    explanation: Annotated[
        str,
        typer.Argument(
            autocompletion=completion.explanations,
            help="A shipped explanation, such as impower150, or the path of a document.",
        ),
    ],
    patients: Annotated[
        int | None, typer.Option("--patients", min=1, help="Of each draw; default: the document's.")
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(
            "--draws", help="Of the calibrated ensemble, 8 or more; default: the document's."
        ),
    ] = None,
    statements: Annotated[
        bool,
        typer.Option("--statements/--no-statements", help="Also remove every statement alone."),
    ] = True,
    seed: Seed = 1,
    workers: Workers = 0,
    out: Out = None,
    resume: Resume = False,
    report: Annotated[
        bool, typer.Option("--report/--no-report", help="Draw the report into the folder.")
    ] = True,
    lang: Lang = "en",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Attribute the difference between two regimens to causal statements, by simulation without some of them.

    The same patients are simulated with every subset of the groups of statements; Shapley values sum to the
    difference. Research use only.
    """
    from normoxia.api import explain as api
    from normoxia.cli.table import print_lines, print_paragraph, print_table
    from normoxia.language import language
    from normoxia.report.pages import explanation as page

    if resume and out is None:
        raise InvalidArgument("--resume needs --out with the folder of the interrupted explanation")
    finished = api.explain(
        explanation,
        patients=patients,
        draws=draws,
        statements=statements,
        seed=seed,
        workers=workers,
        out=out,
        resume=resume,
        report=report,
        lang=lang,
        progress=progress_bar(quiet=quiet),
        note=lambda line: say(line, quiet=quiet),
    )
    if json:
        print_json(finished.summary())
    else:
        text = language(lang)
        print_paragraph(finished.answer(lang))
        tables = [page.contributions_table(finished.design, finished.found, text)]
        if finished.found.attribution.effects:
            tables.append(page.statements_table(finished.found, text, {}))
        if finished.found.sensitivity:
            tables.append(page.sensitivity_table(finished.design, finished.found, text))
        for table in tables:
            print_table(table.title, table.columns, table.rows)
        print_paragraph(finished.credibility.sentence(lang))
        print_lines([text.say("compare.limit_research")])
    if out is not None:
        say(f"{out}/explanation.html" if report else str(out), quiet=quiet)
