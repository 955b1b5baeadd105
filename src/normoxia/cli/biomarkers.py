"""`normoxia biomarkers`: how the biomarker_questions of classes of drugs add up."""

from __future__ import annotations

from typing import Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Json, Lang, Out, Quiet, Resume, Seed, Workers, examples
from normoxia.cli.show import print_json, progress_bar, say
from normoxia.errors import InvalidArgument

EXAMPLES = examples(
    "normoxia biomarkers who-gains", "normoxia biomarkers who-gains --patients 40 --draws 8 --json"
)


def biomarkers(
    question: Annotated[
        str,
        typer.Argument(
            autocompletion=completion.biomarker_questions,
            help="A shipped question about markers, such as who-gains, or the path of a document.",
        ),
    ],
    patients: Annotated[
        int | None,
        typer.Option("--patients", min=20, help="Of each draw; default: the document's."),
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
    """Ask which measurement predicts who gains from adding a drug, and what enrolling by it would bring.

    Every virtual patient is seen with and without the addition; cut-offs are learnt on half of the patients and judged on the
    others. Research use only.
    """
    from normoxia.api import biomarkers as api
    from normoxia.cli.table import print_lines, print_paragraph, print_table
    from normoxia.language import language
    from normoxia.report.pages import biomarkers as page

    if resume and out is None:
        raise InvalidArgument("--resume needs --out with the folder of the interrupted question")
    finished = api.biomarkers(
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
            page.effects_table(finished.found, text, brief=True),
            page.enrichment_table(finished.found, text),
        ):
            print_table(table.title, table.columns, table.rows)
        print_paragraph(finished.credibility.sentence(lang))
        print_lines([text.say("compare.limit_research")])
    if out is not None:
        say(f"{out}/biomarkers.html" if report else str(out), quiet=quiet)
