"""`normoxia design-drug`: a molecule from its properties to its place among the known ones."""

from __future__ import annotations

from typing import Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Json, Lang, Out, Quiet, Resume, Seed, Workers, examples
from normoxia.cli.show import print_json, progress_bar, say
from normoxia.errors import InvalidArgument

EXAMPLES = examples(
    "normoxia design-drug next-bispecific", "normoxia design-drug mine.yaml --out designed"
)


def design_drug(
    design: Annotated[
        str,
        typer.Argument(
            autocompletion=completion.drug_designs,
            help="A shipped design, such as next-bispecific, or the path of a document.",
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
    """Place a molecule that is given by its properties among known regimens, and say which property matters most.

    The document changes numbers of a known drug: affinities, cooperativity, half-life, dose, kinase profile. Each
    property is also simulated at both ends of its range. Research use only.
    """
    from normoxia.api import design_drug as api
    from normoxia.cli.table import print_lines, print_paragraph, print_table
    from normoxia.language import language
    from normoxia.report.pages import drug_design as page

    if resume and out is None:
        raise InvalidArgument("--resume needs --out with the folder of the interrupted design")
    finished = api.design_drug(
        design,
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
            page.place_table(finished.design, finished.found, text),
            page.properties_table(finished.found, text),
        ]
        for table in tables:
            print_table(table.title, table.columns, table.rows)
        print_paragraph(finished.credibility.sentence(lang))
        print_lines([text.say("compare.limit_research")])
    if out is not None:
        say(f"{out}/drug-design.html" if report else str(out), quiet=quiet)
