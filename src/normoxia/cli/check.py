"""`normoxia check`: every finding in any document, at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from normoxia.cli.options import Json
from normoxia.cli.show import print_json, say


def check(
    files: Annotated[
        list[Path],
        typer.Argument(help="Documents of any kind: model, drug, population, trial, study."),
    ],
    json: Json = False,
) -> None:
    """Read documents and report every finding in them with file, line, key and the nearest legal name."""
    import normoxia as nx

    documents = [nx.check(file) for file in files]
    if json:
        print_json({"schema": "normoxia.check/1", "files": [one.to_json() for one in documents]})
    for document in documents:
        say(str(document))
    if not all(document.is_valid for document in documents):
        raise typer.Exit(3)
