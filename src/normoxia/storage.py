"""Files that are there whole or not at all, folders that one process writes at a time, and names that are safe on a disk.

A file is written under a temporary name of its own, flushed to the disk and renamed, so that a full disk, an interruption or a
crash leaves the file as it was before. A folder is claimed with a lock of the operating system, which ends with the process that
has it, however it ends.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from normoxia.errors import OutputExists, with_path

log = logging.getLogger(__name__)

#: the file that a process writing a folder has locked; left behind by a killed one, it means nothing
LOCK = ".lock"
#: how the names of files that are not yet whole end
PART = ".part"
#: bytes of a file name that come of a name in a document; file systems allow 255, and an ending follows
LONGEST = 120
#: characters of file names besides letters and digits
_PLAIN = frozenset("-_.+")
#: names that Windows keeps for devices, whatever their ending
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"]
    + [f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"]
)


def write_whole(
    path: Path,
    content: bytes | memoryview,
    *,
    make_folder: bool = True,
    durable: bool = True,
    mode: int = 0o666,
) -> None:
    """Write a file so that it is there whole or not at all; see `whole_file`."""
    with whole_file(path, make_folder=make_folder, durable=durable, mode=mode) as stream:
        stream.write(content)


@contextmanager
def whole_file(
    path: Path, *, make_folder: bool = True, durable: bool = True, mode: int = 0o666
) -> Iterator[BinaryIO]:
    """A file to write to, which takes its place when it is left without an error; with one, all is as it was before.

    make_folder  make the folder when it is missing; without it, a folder that has vanished is an error
    durable      flushed to the disk; without, a crash of the machine may lose it, which does for what can be drawn again
    mode         rights of a new file, less those that the process withholds (its umask)
    raises       OSError with the name of the file
    """
    with with_path(path):
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_beside(path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            with os.fdopen(os.open(temporary, flags, mode), "wb") as stream:
                yield stream
                stream.flush()
                if durable:
                    os.fsync(stream.fileno())
            temporary.replace(path)
        except BaseException as error:
            _discard(temporary)
            if isinstance(error, OSError) and error.filename == os.fspath(temporary):
                raise OSError(
                    error.errno or 0, error.strerror or str(error), os.fspath(path)
                ) from error
            raise


def temporary_beside(path: Path) -> Path:
    """A name in a file's folder that no other process or thread uses, for what is not yet whole."""
    return path.with_name(f".{path.name[:40]}.{os.getpid()}-{secrets.token_hex(6)}{PART}")


def _discard(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.info("the temporary file %s stays: %s", path, error)


def is_leftover(path: Path) -> bool:
    """Whether a file is one that only a killed process leaves: a lock, or one that was not yet whole."""
    return path.name == LOCK or (path.name.startswith(".") and path.name.endswith(PART))


def is_blank(path: Path) -> bool:
    """Whether a file holds nothing: what a full disk leaves (no byte), or a power failure (bytes of 0)."""
    return not path.read_bytes().strip(b"\0 \r\n\t")


def occupants(folder: Path) -> list[Path]:
    """What a folder holds besides leftovers of a killed process, sorted; nothing when there is no folder."""
    return (
        sorted(entry for entry in folder.iterdir() if not is_leftover(entry))
        if folder.is_dir()
        else []
    )


def tidy(folder: Path) -> None:
    """Remove the leftovers of a killed process; only for a process that has claimed the folder."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        if is_leftover(entry) and entry.name != LOCK:
            _discard(entry)


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Within it, this process alone writes the folder, which is made when it is missing.

    The lock is the operating system's: it ends with its owner. Where the file system has none, nothing is locked.

    raises  OutputExists when another process, or another thread of this one, writes the folder
    """
    made = _make(folder)
    path = folder / LOCK
    try:
        handle = _locked(path, folder)
    except BaseException:
        _remove_made(made)
        raise
    try:
        yield
    finally:
        # removed while it is locked: who opened it in the meantime sees that it is gone, and makes a new one
        _discard(path)
        os.close(handle)
        _remove_made(made)


def _make(folder: Path) -> list[Path]:
    """Make a folder and those above it; those that were made, the innermost first."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_made(made: Iterable[Path]) -> None:
    """Remove folders that were made and are still empty."""
    for folder in made:
        try:
            folder.rmdir()
        except OSError:
            return


def _locked(path: Path, folder: Path) -> int:
    """An open, locked file at a path."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            if not _lock(handle):
                raise OutputExists(
                    f"{folder} is being written by another process{_owner(handle)}; wait for it to end, or name another folder"
                )
            if _is_at(handle, path):
                os.ftruncate(handle, 0)
                os.write(handle, f"{os.getpid()}\n".encode())
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # its owner removed it before we had the lock


def _owner(handle: int) -> str:
    """The process that wrote its number in a lock, as words; "" when it cannot be read."""
    try:
        text = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
    except (OSError, AttributeError):
        return ""
    return f" (number {text})" if text.isdigit() else ""


def _is_at(handle: int, path: Path) -> bool:
    """Whether an open file is still the one at a path."""
    try:
        there = path.stat()
    except OSError:
        return False
    opened = os.fstat(handle)
    return (opened.st_dev, opened.st_ino) == (there.st_dev, there.st_ino)


if sys.platform == "win32":  # pragma: no cover

    def _lock(handle: int) -> bool:
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _lock(handle: int) -> bool:
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            log.warning(
                "the file system has no locks (%s); do not write this folder from two processes",
                error,
            )
        return True


def fresh(root: Path, name: str) -> Path:
    """A new, empty folder NAME-001, NAME-002 ... in a folder, made so that no other process takes the same."""
    stem = file_name(name)
    root.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        folder = root / f"{stem}-{number:03d}"
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder


def file_name(name: str) -> str:
    """A name from a document as the name of a file: itself when it is harmless everywhere, else with the rest replaced.

    A name that is changed (separators, control characters, names of devices, too long, ends in a dot) gets a digest of itself as
    its tail, so that two names never become one.
    """
    normal = unicodedata.normalize("NFC", name)
    kept = "".join(c if c.isalnum() or c in _PLAIN else "-" for c in normal)
    kept = kept.lstrip(".-").rstrip(".")
    stem = kept.split(".")[0]
    is_device = stem.casefold() in _DEVICES
    if kept == name and kept and not is_device and len(kept.encode()) <= LONGEST:
        return name
    tail = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{'name' if is_device or not stem else _shortened(stem, LONGEST - 9)}-{tail}"


def _shortened(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Names as `file_name` makes them, different even where capitals do not count."""
    given: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys(names):
        plain = file_name(name)
        if plain.casefold() in taken:
            tail = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
            plain = f"{plain}-{tail}"
        taken.add(plain.casefold())
        given[name] = plain
    return given
