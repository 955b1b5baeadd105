"""Results that can be computed again, kept on disk: found by what they were computed from, and never trusted unseen.

A file starts with a mark, the key of its content (a digest of everything it was computed from), and a digest of key and
content, so that a damaged file, or one of another key, is known for what it is and computed anew. Files are written beside
their place and renamed: a reader never sees half of one, and two writers leave a whole one. The folder is $NORMOXIA_CACHE,
else $XDG_CACHE_HOME/normoxia, else ~/.cache/normoxia. One that others can write to is not used; then, and where the folder
cannot be made or written, nothing is kept and everything works as without.

Content is plain data (JSON or arrays), never code: reading a file runs nothing.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
from pathlib import Path

from normoxia.storage import write_whole

log = logging.getLogger(__name__)

_MARK = b"normoxia cache 1\n"
_DIGEST = 32
#: writable by the group or by everybody
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def folder() -> Path:
    """The folder of everything that is kept, whether or not it exists."""
    if named := os.environ.get("NORMOXIA_CACHE"):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    root = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    return root / "normoxia"


def read(name: str, key: bytes) -> bytes | None:
    """The content kept under a name for a key.

    Parameters
    ----------
    name
        File name within the folder.
    key
        Digest of what the content was computed from; 32 bytes.

    Returns
    -------
    bytes or None
        None when nothing is kept, and when the file is damaged, of another key, or could have been written by others.
    """
    place = folder()
    try:
        if not is_private(place.stat()):
            return None
        with (place / name).open("rb") as file:
            private = is_private(os.fstat(file.fileno()))
            stored = file.read()
    except (OSError, RuntimeError):  # the latter where there is no home
        return None
    head = _MARK + key
    content = stored[len(head) + _DIGEST :]
    if private and stored[: len(head) + _DIGEST] == head + _seal(key, content):
        return content
    return None


def write(name: str, key: bytes, content: bytes) -> None:
    """Keep content under a name for a key; where that is not possible, nothing happens but a line in the log.

    Parameters
    ----------
    name, key
        As in `read`; what the name held for another key is replaced.
    content
        Plain data that `read` gives back.
    """
    try:
        place = folder()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_private(place.stat()):
            return
        sealed = _MARK + key + _seal(key, content) + content
        write_whole(place / name, sealed, make_folder=False, durable=False, mode=0o600)
    except (OSError, RuntimeError) as error:
        log.info("%s is not kept: %s", name, error)


def is_private(status: os.stat_result) -> bool:
    """Whether a file or folder is this user's and nobody else's to write; where there are no such rights, it is."""
    if not hasattr(os, "geteuid"):  # pragma: no cover
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & _OTHERS


def _seal(key: bytes, content: bytes) -> bytes:
    return hashlib.sha256(key + content).digest()
