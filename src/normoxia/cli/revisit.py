"""`normoxia report` and `normoxia verify`: draw the report of a finished run again; run some of its patients again and compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from normoxia.cli.options import Lang, Quiet, Workers
from normoxia.cli.show import progress_bar, say

RunArgument = Annotated[Path, typer.Argument(help="The folder of a finished run.")]


def report(
    run: RunArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="Default: report.html in the folder.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the report that is there.")
    ] = False,
    lang: Lang = "en",
) -> None:
    """Draw the report of a finished run again, from chunks that are its own and whole."""
    from normoxia.api.finished_runs import redraw_with

    say(str(redraw_with(run, out, overwrite=force, lang=lang, warn=say)))


def verify(
    run: RunArgument,
    share: Annotated[
        float,
        typer.Option(
            "--share",
            help="Share of the patients of every chunk to run again, above 0 and up to 1.",
        ),
    ] = 0.1,
    whole: Annotated[bool, typer.Option("--whole", help="Run every patient again.")] = False,
    workers: Workers = 0,
    quiet: Quiet = False,
) -> None:
    """Compare every file and entry of a finished run with its manifest, and run some patients of every chunk again."""
    import normoxia as nx

    with progress_bar(quiet=quiet) as progress:
        verified = nx.verify(run, share=1.0 if whole else share, workers=workers, progress=progress)
    say(str(verified))
