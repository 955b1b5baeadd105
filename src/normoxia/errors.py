"""Everything normoxia raises on purpose, and the exit code each means on the command line.

    NormoxiaError                       1  the root: catch this to catch all of ours
    +-- InvalidDocument   (ValueError)  3  a YAML or CSV document with one or more findings
    |   +-- InvalidModel                3  a model that does not compile (units, names, stoichiometry)
    +-- InvalidArgument   (ValueError)  2  a value a caller passed that cannot be meant
    +-- UnknownName       (LookupError) 2  a trial, drug, observable ... that does not exist
    +-- OutsideFollowUp   (ValueError)  2  a time beyond what was observed
    +-- OutputExists      (FileExistsError) 2  a folder or file that would be overwritten
    +-- ComputationFailed (RuntimeError) 1  a solve or a fit that gave nothing usable
    +-- NotConverged      (RuntimeError) 4  a fit that stopped before its criterion was met
    +-- MissingExtra      (ImportError) 5  an optional library; the message names the extra to install
    +-- Interrupted       (RuntimeError) 130  the caller cancelled; what was finished is kept

Messages have three parts: what was found and where, what was expected, what to do.
"""

from __future__ import annotations

import difflib
import itertools
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

_NUMBERS = re.compile(r"\d+")


class NormoxiaError(Exception):
    """Root of every error raised on purpose."""

    exit_code: ClassVar[int] = 1


class InvalidDocument(NormoxiaError, ValueError):
    """A document with findings; `findings` holds them all, in the order of the text."""

    exit_code = 3

    def __init__(self, message: str, findings: Iterable[object] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class InvalidModel(InvalidDocument):
    """A model that reads but does not compile."""


class InvalidArgument(NormoxiaError, ValueError):
    """A value that cannot be meant."""

    exit_code = 2


class UnknownName(NormoxiaError, LookupError):
    """A name that does not exist; says which is nearest, and where the names stand when that is told (`remedy`)."""

    exit_code = 2

    def __init__(self, kind: str, name: str, known: Iterable[str], remedy: str = "") -> None:
        self.kind, self.name, self.known = kind, name, sorted(known)
        tail = f" ({remedy})" if remedy else ""
        super().__init__(f'{kind} "{name}" is not known{did_you_mean(name, self.known)}{tail}')


class OutsideFollowUp(NormoxiaError, ValueError):
    """A time beyond the last observation; the answer would be invention."""

    exit_code = 2


class OutputExists(NormoxiaError, FileExistsError):
    """An output that would be overwritten."""

    exit_code = 2


class ComputationFailed(NormoxiaError, RuntimeError):
    """A solve or a fit that gave nothing usable."""


class NotConverged(NormoxiaError, RuntimeError):
    """An iteration that stopped before its criterion was met."""

    exit_code = 4


class MissingExtra(NormoxiaError, ImportError):
    """An optional library is absent."""

    exit_code = 5

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(
            f'this needs {library}, which is not installed; install it with: pip install "normoxia[{extra}]"'
        )


class Interrupted(NormoxiaError, RuntimeError):
    """The caller cancelled; finished work is kept."""

    exit_code = 130


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A tail for a message: the nearest legal name, or the legal names when they are few, or nothing."""
    names = sorted(known)
    near = nearest(name, names)
    if near:
        return f'; did you mean "{near}"?'
    return f"; known: {', '.join(names)}" if 0 < len(names) <= 12 else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that a misspelt one may mean, "" when none is near.

    A name with other numbers in it is another thing and is never proposed: nobody who writes HARMONi-3 means HARMONi-A.
    """
    if len(name) > _LONGEST_NAME:
        return ""
    alike = sorted(word for word in known if _same_numbers(name, word))
    spelt = {word.casefold(): word for word in reversed(alike)}
    near = difflib.get_close_matches(name, alike, n=1, cutoff=0.6) or [
        spelt[word] for word in difflib.get_close_matches(name.casefold(), spelt, n=1, cutoff=0.6)
    ]
    return near[0] if near else ""


def shortened(text: str, length: int = 80) -> str:
    """A text as a message quotes it: its beginning when it is long."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


#: nobody means a known name by a longer text, and comparing takes the square of its length
_LONGEST_NAME = 100


def _same_numbers(name: str, other: str) -> bool:
    """Whether a name's numbers can be the other's, but for a slip in the last digit of a longer one."""
    mine, theirs = _NUMBERS.findall(name), _NUMBERS.findall(other)
    if not mine or len(mine) > len(theirs):
        return not mine
    *first, last = zip(mine, theirs, strict=False)
    if any(int(one) != int(its) for one, its in first):
        return False
    alike = sum(
        1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(*last, strict=False))
    )
    return int(last[0]) == int(last[1]) or alike >= max(1, min(map(len, last)) - 1)


@contextmanager
def with_path(path: str | Path) -> Iterator[None]:
    """Writing a file: an error of the system that names none (a full disk, a quota) leaves with the name of this one."""
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise
        # a library may hand on the words of the system without its number
        told = error.strerror or str(error)
        raise OSError(error.errno or 0, told, os.fspath(path)) from error
