"""`normoxia compare`: regimens head to head in one population, beside the published evidence."""

from __future__ import annotations

from typing import Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Json, Lang, Out, Quiet, Resume, Seed, Workers, examples
from normoxia.cli.show import print_json, progress_bar, say
from normoxia.errors import InvalidArgument

EXAMPLES = examples(
    "normoxia compare chemo-free", "normoxia compare chemo-free --draws 20 --out compared"
)


def compare(
    comparison: Annotated[
        str,
        typer.Argument(
            autocompletion=completion.comparisons,
            help="A shipped comparison, such as chemo-free, or the path of a document.",
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
    """Compare regimens head to head in one simulated population, beside the network meta-analysis.

    Every regimen is given to the same virtual patients under each draw of the calibrated ensemble.
    Prints the answer, or why there is none; research use only.
    """
    from normoxia.api import compare as api
    from normoxia.cli.table import print_lines, print_paragraph, print_table
    from normoxia.language import language
    from normoxia.report.pages import comparison as page

    if resume and out is None:
        raise InvalidArgument("--resume needs --out with the folder of the interrupted comparison")
    finished = api.compare(
        comparison,
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
            page.contrasts_table(finished.design, finished.judged, text, with_titles=False),
            page.outcomes_table(finished.design, finished.results, text),
        ):
            print_table(table.title, table.columns, table.rows)
        print_paragraph(finished.credibility.sentence(lang))
        print_lines([text.say("compare.limit_research")])
    if out is not None:
        say(f"{out}/comparison.html" if report else str(out), quiet=quiet)
