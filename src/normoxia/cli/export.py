"""`normoxia export`: a model, or an arm of a trial with its doses, as SBML for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Ablate, Force, OldFile, Quiet, examples, file_option, required_file
from normoxia.cli.show import say

EXAMPLES = examples(
    "normoxia export model.yaml --file model.xml",
    "normoxia export impower150 --arm ABCP --days 365 --file abcp.xml",
)


def export(
    what: Annotated[
        str,
        typer.Argument(
            autocompletion=completion.trials,
            help="A model document, or a trial (then name an --arm).",
        ),
    ],
    file: Annotated[
        Path | None, file_option("The document to write, SBML Level 3 Version 2.")
    ] = None,
    out: OldFile = None,
    arm: Annotated[
        str, typer.Option("--arm", help="The arm of the trial whose doses are exported.")
    ] = "",
    days: Annotated[float, typer.Option("--days", min=0, help="Doses of so many days.")] = 728.0,
    ablate: Ablate = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Write a model, or an arm of a trial with its doses, as SBML."""
    import normoxia as nx
    from normoxia.api.exporting import refuse_existing

    path = required_file(file, out, "model.xml")
    refuse_existing(path, overwrite=force)
    document = nx.export(what, arm=arm or None, days=days, ablate=ablate or ())
    document.save(path, overwrite=force)
    say(f"{document.n_species} species, {document.n_doses} doses -> {path}", quiet=quiet)
