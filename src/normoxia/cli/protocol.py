"""`normoxia protocol`: the document of a trial, to read, or to edit into another."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from normoxia.cli.options import OldFile, Trial, examples, file_option, output_file
from normoxia.cli.show import say
from normoxia.cli.streams import is_unicode
from normoxia.errors import InvalidArgument, OutputExists

EXAMPLES = examples(
    "normoxia protocol impower150", "normoxia protocol study:KEYNOTE-189 --file mine.yaml"
)


def protocol(
    trial: Trial,
    file: Annotated[
        Path | None, file_option("The document to write; must not exist yet. Default: print it.")
    ] = None,
    out: OldFile = None,
) -> None:
    """Print or write a trial's protocol, with every assumption in it, to edit into your own."""
    from normoxia.api.trials import read_trial
    from normoxia.trial.folder import write_whole

    path = output_file(file, out)
    if path is not None and path.exists():
        raise OutputExists(f"{path} exists; name another file")
    text = read_trial(trial).text
    if path is None:
        if not is_unicode() and not text.isascii():
            raise InvalidArgument(
                f"this terminal writes {sys.stdout.encoding}, which lacks characters of the document; write it to a file with --file"
            )
        sys.stdout.write(text)
        return
    write_whole(path, text.encode())
    say(f"{path}; edit it, and its first line's name, then: normoxia run {path}")
