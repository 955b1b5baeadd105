"""Everything normoxia raises on purpose, and the exit code each means on the command line.

    NormoxiaError                       1  the root: catch this to catch all of ours
    +-- InvalidDocument   (ValueError)  3  a YAML or CSV document with one or more findings
    |   +-- InvalidModel                3  a model that does not compile (units, names, stoichiometry)
    +-- InvalidArgument   (ValueError)  2  a value of a caller that is impossible or out of range
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
from collections.abc import Callable, Iterable, Iterator
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
    """A value that is impossible or out of range."""

    exit_code = 2


class UnknownName(NormoxiaError, LookupError):
    """A name that does not exist; the message proposes the nearest, and adds where the names are listed (`remedy`).

    For a drug or a trial only a slip of the pen is proposed: see `nearest_name`.
    """

    exit_code = 2

    def __init__(self, kind: str, name: str, known: Iterable[str], remedy: str = "") -> None:
        self.kind, self.name, self.known = kind, name, sorted(known)
        tail = f" ({remedy})" if remedy else ""
        find = nearest_name if kind.endswith(_PROPER_NAMES) else nearest
        advice = did_you_mean(name, self.known, find)
        super().__init__(f'{kind} "{name}" is not known{advice}{tail}')


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


def did_you_mean(
    name: str, known: Iterable[str], find: Callable[[str, Iterable[str]], str] | None = None
) -> str:
    """A tail for a message: the nearest legal name, or the legal names when they are few, or nothing.

    find  `nearest` (the default), or `nearest_name` for drugs and trials
    """
    names = sorted(known)
    near = (find or nearest)(name, names)
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


def nearest_name(name: str, known: Iterable[str]) -> str:
    """The known drug or trial whose name was misspelt by a letter or two, "" when there is none.

    Names of drugs and trials are alike without meaning the same (avelumab and durvalumab, CAM-APA-1L and CAM-FAM-1L,
    LEAP-006 and LEAP-006-China), so numbers have to agree, as do parts of one or two letters and the first letter of each
    part; a part of three to seven letters may have one letter wrong, missing, added or changed for its neighbour, a
    longer one two.
    """
    if len(name) > _LONGEST_NAME:
        return ""
    parts = _parts(name)
    errors = {word: _slips(parts, _parts(word)) for word in sorted(known)}
    near = [word for word, count in errors.items() if count is not None]
    return min(near, key=lambda word: errors[word] or 0, default="")


#: kinds of names that `nearest_name` is for
_PROPER_NAMES = ("trial", "study", "drug", "drug of the arm", "design", "forecast")
_PART = re.compile(r"\d+|[^\W\d_]+")


def _parts(name: str) -> list[str]:
    """Runs of letters and of digits; a number without its leading zeros."""
    parts = _PART.findall(name.casefold())
    return [str(int(part)) if part.isdecimal() else part for part in parts]


def _slips(one: list[str], other: list[str]) -> int | None:
    """How many letters differ; None when the names can be those of two things."""
    if "".join(one) == "".join(other):
        return 0
    if len(one) != len(other):
        return None
    total = 0
    for mine, theirs in zip(one, other, strict=True):
        if mine == theirs:
            continue
        shortest = min(len(mine), len(theirs))
        allowed = 0 if mine.isdecimal() or shortest < 3 else 1 if shortest < 8 else 2
        if mine[0] != theirs[0] or abs(len(mine) - len(theirs)) > allowed:
            return None
        if _distance(mine, theirs) > allowed:
            return None
        total += _distance(mine, theirs)
    return total


def _distance(one: str, other: str) -> int:
    """Letters inserted, removed, replaced, or changed for their neighbours (optimal string alignment)."""
    rows = [list(range(len(other) + 1))]
    for i, mine in enumerate(one, start=1):
        row = [i]
        for j, theirs in enumerate(other, start=1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (mine != theirs))
            if i > 1 and j > 1 and mine == other[j - 2] and one[i - 2] == theirs:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


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
        text = error.strerror or str(error)
        raise OSError(error.errno or 0, text, os.fspath(path)) from error
