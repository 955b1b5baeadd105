"""`normoxia runs`: past runs, wherever their folders are."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Json, Lang, Quiet, examples
from normoxia.cli.show import print_json, say
from normoxia.cli.table import print_paragraph, print_table

if TYPE_CHECKING:
    from normoxia.api.run_index import IndexedRun
    from normoxia.language import Language

EXAMPLES = examples(
    "normoxia runs",
    "normoxia runs ~/projects      # find the runs below a folder first",
    "normoxia runs --forget        # remove those whose folders are gone",
)


def runs(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            autocompletion=completion.files(()),
            help="Folders to search for runs that the index does not have yet.",
        ),
    ] = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Remove runs whose folders are gone.")
    ] = False,
    lang: Lang = "en",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List past runs, the latest first, wherever their folders are."""
    from normoxia.api import run_index
    from normoxia.language import language

    text = language(lang)
    here = Path("runs")
    run_index.scan([*(folders or ()), *([here] if here.is_dir() else ())])
    if forget:
        say(text.say("runs.forgotten", n=run_index.forget_missing()), quiet=quiet)
    listed = run_index.listed()
    if json:
        rows = [{**asdict(run), "path": str(run.path)} for run in listed]
        print_json({"schema": "normoxia.runs/1", "runs": rows})
    elif listed:
        _print(listed, text)
    else:
        print_paragraph(text.say("runs.none"))


def _print(listed: tuple[IndexedRun, ...], text: Language) -> None:
    heads = ("trial", "size", "seed", "state", "when", "folder")
    rows = [
        (
            ", ".join(part for part in (run.trial or "–", _ablated(run, text)) if part),
            f"{run.replicates} × {run.patients}" if run.patients else "–",
            str(run.seed),
            text.say(f"runs.{run.state}"),
            _when(run.started),
            _near(run.path),
        )
        for run in listed
    ]
    title = text.say("runs.title", n=len(rows))
    print_table(title, [text.say(f"runs.{head}") for head in heads], rows, numeric=(1, 2))


def _ablated(run: IndexedRun, text: Language) -> str:
    return text.say("runs.without", tags=run.ablated) if run.ablated else ""


def _when(moment: str) -> str:
    """A time in UTC as the user's clock shows it."""
    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return "–"


def _near(path: Path) -> str:
    """A path from the working folder where it is below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
