"""`normoxia report` and `normoxia verify`: redraw the report of a finished run; run some of its patients again and compare."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import (
    Force,
    Json,
    Lang,
    OldFile,
    Quiet,
    Workers,
    examples,
    file_option,
    output_file,
)
from normoxia.cli.show import print_json, progress_bar, say

Folder = Annotated[
    Path, typer.Argument(autocompletion=completion.runs, help="The folder of a finished run.")
]
EXAMPLES_REPORT = examples(
    "normoxia report runs/impower150-001 --lang zh --file zh.html",
    "normoxia report runs/impower150-001 --force",
)
EXAMPLES_VERIFY = examples(
    "normoxia verify runs/impower150-001", "normoxia verify runs/impower150-001 --whole"
)


def report(
    run: Folder,
    file: Annotated[
        Path | None, file_option("The page to write. Default: report.html in the folder.")
    ] = None,
    out: OldFile = None,
    force: Force = False,
    lang: Lang = "en",
    quiet: Quiet = False,
) -> None:
    """Redraw the report of a finished run, in either language."""
    from normoxia.api.finished_runs import redraw_with

    page = redraw_with(run, output_file(file, out), overwrite=force, lang=lang, warn=say)
    say(str(page), quiet=quiet)


def verify(
    run: Folder,
    share: Annotated[
        float,
        typer.Option(
            "--share",
            help="Share of the patients of every chunk to run again, above 0 and up to 1.",
        ),
    ] = 0.1,
    whole: Annotated[bool, typer.Option("--whole", help="Run every patient again.")] = False,
    workers: Workers = 0,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare a finished run with its manifest and run a share of it again, byte for byte."""
    import normoxia as nx

    with progress_bar(quiet=quiet) as progress:
        verified = nx.verify(run, share=1.0 if whole else share, workers=workers, progress=progress)
    if json:
        print_json({"schema": "normoxia.verify/1", **asdict(verified), "folder": str(run)})
    else:
        say(str(verified))
