"""`normoxia personalise`: one patient on the calibrated ensemble. Research use only."""

from __future__ import annotations

from typing import Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Json, Lang, Out, Quiet, Resume, Seed, Workers, examples
from normoxia.cli.show import print_json, progress_bar, say
from normoxia.errors import InvalidArgument

EXAMPLES = examples(
    "normoxia personalise one-patient",
    "normoxia personalise one-patient --patients 50 --draws 10 --json",
)


def personalise(
    patient: Annotated[
        str,
        typer.Argument(
            autocompletion=completion.patients,
            help="A shipped patient, such as one-patient, or the path of a document.",
        ),
    ],
    patients: Annotated[
        int | None,
        typer.Option("--patients", min=1, help="Virtual patients of each draw and regimen."),
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
    """Predict the course of one patient under each regimen, or refuse outside what the model supports.

    Virtual patients with the covariates of the patient are weighted by the measurements so far. Research use only: no
    advice for the care of any patient.
    """
    from normoxia.api import personalise as api
    from normoxia.cli.table import print_lines, print_paragraph, print_table
    from normoxia.language import language
    from normoxia.report.pages import patient as page

    if resume and out is None:
        raise InvalidArgument("--resume needs --out with the folder of the interrupted prediction")
    finished = api.personalise(
        patient,
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
        print_paragraph(page.support_words(finished.support, text))
        if finished.courses:
            for table in (
                page.courses_table(finished.design, finished.courses, text),
                page.further_table(finished.further, text),
            ):
                print_table(table.title, table.columns, table.rows)
        print_paragraph(finished.credibility.sentence(lang))
        print_lines([text.say("personal.research")])
    if out is not None:
        say(f"{out}/patient.html" if report else str(out), quiet=quiet)
