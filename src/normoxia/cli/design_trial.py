"""`normoxia design-trial`: power, assurance and size of a randomised trial."""

from __future__ import annotations

from typing import Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Json, Lang, Out, Quiet, Resume, Seed, Workers, examples
from normoxia.cli.show import print_json, progress_bar, say
from normoxia.errors import InvalidArgument

EXAMPLES = examples(
    "normoxia design-trial bispecific-first-line",
    "normoxia design-trial mine.yaml --trials 200 --out designed",
)


def design_trial(
    design: Annotated[
        str,
        typer.Argument(
            autocompletion=completion.trial_designs,
            help="A shipped design, such as bispecific-first-line, or the path of a document.",
        ),
    ],
    patients: Annotated[
        int | None,
        typer.Option("--patients", min=20, help="Virtual patients of each draw and arm."),
    ] = None,
    draws: Annotated[
        int | None, typer.Option("--draws", help="Of the calibrated ensemble, 8 or more.")
    ] = None,
    trials: Annotated[
        int, typer.Option("--trials", min=10, help="Trials drawn for each draw and size.")
    ] = 100,
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
    """Plan a two-arm trial: power, assurance, size and duration on the calibrated ensemble.

    Group-sequential looks spend the error as O'Brien and Fleming or as Pocock; assurance is the mean of power
    over draws of the ensemble. Research use only.
    """
    from normoxia.api import design_trial as api
    from normoxia.cli.table import print_lines, print_paragraph, print_table
    from normoxia.language import language
    from normoxia.report.pages import trial_design as page

    if resume and out is None:
        raise InvalidArgument("--resume needs --out with the folder of the interrupted design")
    finished = api.design_trial(
        design,
        patients=patients,
        draws=draws,
        trials=trials,
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
            page.sizes_table(finished.design, finished.sizes, text),
            page.looks_table(finished.design, text),
        ):
            print_table(table.title, table.columns, table.rows)
        print_paragraph(finished.credibility.sentence(lang))
        print_lines([text.say("compare.limit_research")])
    if out is not None:
        say(f"{out}/trial-design.html" if report else str(out), quiet=quiet)
