"""`normoxia check`: every finding in any document, at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Json, examples
from normoxia.cli.show import print_json, say

EXAMPLES = examples("normoxia check mine.yaml", "normoxia check studies/*.yaml --json")


def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            autocompletion=completion.files((".yaml", ".yml")),
            help="Documents of any kind: model, drug, population, trial, study, question.",
        ),
    ],
    json: Json = False,
) -> None:
    """Check documents of any kind: every finding with file, line, key and the nearest legal name."""
    import normoxia as nx

    documents = [nx.check(file) for file in files]
    if json:
        print_json({"schema": "normoxia.check/1", "files": [one.to_json() for one in documents]})
    for document in documents:
        say(str(document))
    if not all(document.is_valid for document in documents):
        raise typer.Exit(3)
