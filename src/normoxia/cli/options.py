"""Options that commands share, so that they read and mean the same everywhere.

--out FOLDER   a new folder with everything that a command leaves
--file FILE    one file: a table, a document, a page
choice         an option with a closed list of words, in upper or lower case, completed by the shell
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from normoxia.api.limits import LARGEST_SEED, MOST_WORKERS
from normoxia.cli import completion
from normoxia.cli.show import say
from normoxia.errors import InvalidArgument, UnknownName

LANGUAGES = ("en", "zh")
DECIMAL_MARKS = ("point", "comma")


def match_word(kind: str, value: str, words: Sequence[str]) -> str:
    """The word of a closed list that a value is, whatever its case and with spaces, hyphens or underscores.

    Raises
    ------
    UnknownName
        No word of the list is meant; the message lists them, or proposes the nearest.
    """
    for word in words:
        if _plain(word) == _plain(value):
            return word
    raise UnknownName(kind, value, words)


def choice(flag: str, kind: str, words: Sequence[str], text: str, **settings: Any) -> Any:
    """An option with a closed list of words.

    Parameters
    ----------
    flag
        Its name, such as "--effect".
    kind
        What a word is called in an error.
    words
        The list; no two words differ by case alone.
    text
        Its help.
    settings
        What else Typer's `Option` takes.
    """

    def check(value: str | list[str] | None) -> str | list[str] | None:
        if value is None:
            return None
        if isinstance(value, str):
            return match_word(kind, value, words)
        return [match_word(kind, word, words) for word in value]

    return typer.Option(
        flag, help=text, callback=check, autocompletion=completion.words(words), **settings
    )


def _plain(text: str) -> str:
    return text.strip().casefold().replace("-", "").replace("_", "").replace(" ", "")


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]
Seed = Annotated[
    int,
    typer.Option(
        "--seed",
        min=0,
        max=LARGEST_SEED,
        help="The same seed gives the same bytes, for any number of workers.",
    ),
]
Workers = Annotated[
    int, typer.Option("--workers", min=0, max=MOST_WORKERS, help="Cores to use; 0 uses all.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print no progress and no notes, only results.")
]
Out = Annotated[
    Path | None, typer.Option("--out", help="Folder for everything; must not exist yet.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue the interrupted run in --out.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file.")]
Lang = Annotated[
    str, choice("--lang", "language", LANGUAGES, "Language: en or zh.", envvar="NORMOXIA_LANG")
]
Decimal = Annotated[
    str | None,
    choice(
        "--decimal",
        "decimal mark",
        DECIMAL_MARKS,
        "point or comma, where a table leaves it open whether 1.234 is 1234 or 1.234.",
    ),
]


def _known_tags(tags: list[str] | None) -> list[str] | None:
    """Tags of the shipped statements in their own case; those of another model as they are."""
    if not tags:
        return tags
    shipped = {tag.casefold(): tag for tag in completion.statements("")}
    return [shipped.get(tag.strip().casefold(), tag) for tag in tags]


Ablate = Annotated[
    list[str] | None,
    typer.Option(
        "--ablate",
        callback=_known_tags,
        autocompletion=completion.statements,
        help="Remove a causal statement, such as C26; may be given several times.",
    ),
]
Trial = Annotated[
    str,
    typer.Argument(
        autocompletion=completion.trials,
        help="A shipped trial, such as impower150; study:NAME; forecast:NAME; or the path of a protocol. "
        "Case and hyphens do not matter; normoxia list shows the names.",
    ),
]
#: what `--out` meant before it was a folder everywhere
OldFile = Annotated[Path | None, typer.Option("--out", hidden=True)]


def file_option(text: str) -> Any:
    """The option of a command that writes one file; `output_file` reads it."""
    return typer.Option("--file", help=text)


def output_file(file: Path | None, old: Path | None) -> Path | None:
    """The file to write; `--out`, which meant it once, is still understood, with a note.

    Raises
    ------
    InvalidArgument
        Both are given.
    """
    if old is None:
        return file
    if file is not None:
        raise InvalidArgument("found both --file and --out; expected --file alone")
    say("--out names a folder in other commands; write --file for the name of a file")
    return old


def required_file(file: Path | None, old: Path | None, example: str) -> Path:
    """The file to write, for a command that has to have one.

    Raises
    ------
    InvalidArgument
        None is given, or both options are.
    """
    path = output_file(file, old)
    if path is None:
        raise InvalidArgument(f"found no file to write; expected --file, such as --file {example}")
    return path


def examples(*lines: str) -> str:
    """The examples at the end of a command's help, one a line."""
    return "Examples:\n\n\b\n" + "\n".join(f"  {line}" for line in lines)
