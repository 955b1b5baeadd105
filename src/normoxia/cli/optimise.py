"""`normoxia optimise`: dose, interval, order and gap of a regimen under a declared utility."""

from __future__ import annotations

from typing import Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Json, Lang, Out, Quiet, Resume, Seed, Workers, examples
from normoxia.cli.show import print_json, progress_bar, say
from normoxia.errors import InvalidArgument

EXAMPLES = examples(
    "normoxia optimise order-and-dose",
    "normoxia optimise order-and-dose --patients 10 --draws 8 --out optimised",
)


def optimise(
    optimisation: Annotated[
        str,
        typer.Argument(
            autocompletion=completion.optimisations,
            help="A shipped optimisation, such as order-and-dose, or the path of a document.",
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
    """Find the schedule of a regimen with the highest utility within a limit of toxicity.

    Every combination of the document's axes is given to the same virtual patients under each draw of the
    calibrated ensemble. Prints the recommendation, or that it cannot be distinguished; research use only.
    """
    from normoxia.api import optimise as api
    from normoxia.cli.table import print_lines, print_paragraph, print_table
    from normoxia.language import language
    from normoxia.report.pages import optimisation as page

    if resume and out is None:
        raise InvalidArgument(
            "--resume needs --out with the folder of the interrupted optimisation"
        )
    finished = api.optimise(
        optimisation,
        patients=patients,
        draws=draws,
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
        tables = [
            page.best_table(finished.design, finished.found, api.variant_titles(), text),
            page.front_table(finished.design, finished.found, text),
        ]
        for table in tables:
            print_table(table.title, table.columns, table.rows)
        print_paragraph(finished.credibility.sentence(lang))
        print_lines([text.say("compare.limit_research")])
    if out is not None:
        say(f"{out}/optimisation.html" if report else str(out), quiet=quiet)
