"""Standard output and error that never stop a command: another encoding than UTF-8, a closed terminal, a closed pipe."""

from __future__ import annotations

import codecs
import errno
import os
import sys
from contextlib import suppress

#: signs that a terminal without them shows as
_SIGNS = {
    "–": "-",
    "—": "-",
    "−": "-",
    "…": "...",
    "≥": ">=",
    "≤": "<=",
    "✓": "yes",
    "✗": "no",
    "×": "x",
    "±": "+/-",
    "µ": "u",
    "μ": "u",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "·": "*",
    "²": "2",
    "³": "3",
    "│": "|",
    "─": "-",
    "━": "-",
    "→": "->",
}
_HANDLER = "normoxia.signs"


def open_streams() -> None:
    """Make both streams writable: a closed one leads nowhere, and what an encoding lacks is written by other signs."""
    codecs.register_error(_HANDLER, _said_otherwise)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # kept open until the process ends
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
            continue
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            with suppress(OSError, ValueError):
                reconfigure(errors=_HANDLER)


def is_unicode() -> bool:
    """Whether standard output can write every character."""
    return (
        (getattr(sys.stdout, "encoding", None) or "utf-8")
        .lower()
        .replace("-", "")
        .startswith("utf")
    )


def is_closed_pipe(error: OSError) -> bool:
    """Whether whoever read the output has stopped, as `head` does: no fault."""
    return error.errno in (errno.EPIPE, errno.ESHUTDOWN)


def abandon_output() -> None:
    """Lead standard output nowhere, so that what is left in its buffer raises no second error at the end."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _said_otherwise(error: UnicodeError) -> tuple[str, int]:
    """Signs in letters of ASCII, all else by number."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    said = (_SIGNS.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in text)
    return "".join(said), error.end
