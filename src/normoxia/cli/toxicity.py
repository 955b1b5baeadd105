"""`normoxia toxicity`: how the toxicities of classes of drugs add up."""

from __future__ import annotations

from typing import Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Json, Lang, Out, Quiet, Resume, Seed, Workers, examples
from normoxia.cli.show import print_json, progress_bar, say
from normoxia.errors import InvalidArgument

EXAMPLES = examples(
    "normoxia toxicity adding-up", "normoxia toxicity adding-up --patients 20 --draws 8 --json"
)


def toxicity(
    question: Annotated[
        str,
        typer.Argument(
            autocompletion=completion.toxicities,
            help="A shipped question about toxicity, such as adding-up, or the path of a document.",
        ),
    ],
    patients: Annotated[
        int | None, typer.Option("--patients", min=1, help="Of each draw; default: the document's.")
    ] = None,
    draws: Annotated[
        int | None, typer.Option("--draws", help="Of the calibrated ensemble, 8 or more.")
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
    """Ask how the toxicities of classes of drugs add up, of the published rates and of a simulation.

    Class hazards are fitted to every usable rate of the registry and checked on studies left out. Research use only.
    """
    from normoxia.api import toxicity as api
    from normoxia.cli.table import print_lines, print_paragraph, print_table
    from normoxia.language import language
    from normoxia.report.pages import toxicity as page

    if resume and out is None:
        raise InvalidArgument("--resume needs --out with the folder of the interrupted question")
    finished = api.toxicity(
        question,
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
        for table in (
            page.regimens_table(finished.found, text),
            page.classes_table(finished.found, text),
        ):
            print_table(table.title, table.columns, table.rows)
        print_paragraph(finished.credibility.sentence(lang))
        print_lines([text.say("compare.limit_research")])
    if out is not None:
        say(f"{out}/toxicity.html" if report else str(out), quiet=quiet)
