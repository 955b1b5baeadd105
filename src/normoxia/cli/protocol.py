"""`normoxia protocol`: the document of a trial, to read, or to edit into another."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from normoxia.cli.show import say
from normoxia.cli.streams import is_unicode
from normoxia.errors import InvalidArgument, OutputExists


def protocol(
    trial: Annotated[
        str,
        typer.Argument(
            help="A shipped trial, such as impower150; study:NAME; forecast:NAME; or the path of a protocol."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write; must not exist yet. Printed when omitted."),
    ] = None,
) -> None:
    """Write a trial's protocol document, with every assumption in it: the beginning of a trial of your own."""
    from normoxia.trial import files
    from normoxia.trial.folder import write_whole

    if out is not None and out.exists():
        raise OutputExists(f"{out} exists; name another file")
    text = files.read(trial).text
    if out is None:
        if not is_unicode() and not text.isascii():
            raise InvalidArgument(
                f"this terminal writes {sys.stdout.encoding}, which lacks characters of the document; write it to a file with --out"
            )
        sys.stdout.write(text)
        return
    write_whole(out, text.encode())
    say(f"{out}; edit it, and its first line's name, then: normoxia run {out}")
