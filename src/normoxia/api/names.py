"""Names in any spelling: case, hyphens, spaces and underscores do not matter; a name never stands for another trial."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from normoxia import library
from normoxia.errors import InvalidArgument, UnknownName, shortened
from normoxia.evidence.studies.registry import registry
from normoxia.trial import files
from normoxia.trial.making import designs, from_study
from normoxia.trial.protocol import Trial

_SEPARATORS = re.compile(r"[\s_\-\u2010-\u2015\u2212]+")


def spelling(name: str) -> str:
    """A name as names are compared: lower case, without separators except between two digits.

    A separator between digits stays, since "IMpower 1 50" is not a way to write IMpower150.
    """
    text = _SEPARATORS.sub(" ", unicodedata.normalize("NFKC", name).casefold()).strip()
    return re.sub(r"(?<!\d) | (?!\d)", "", text)


def find_trial(name: str | Path) -> Trial:
    """The trial a name or a path stands for.

    Parameters
    ----------
    name
        A shipped trial, a study of the registry with or without `study:`, a planned trial with or without
        `forecast:`, or the path of a protocol (.yaml).

    Raises
    ------
    UnknownName
        No trial has the name; the message proposes the nearest.
    InvalidArgument
        Several trials have it (the message lists them), or the trial cannot be simulated, with the reason.
    """
    text = str(name).strip()
    prefix, colon, rest = text.partition(":")
    kind = f"{prefix.strip().casefold()}:"
    if colon and kind in (files.STUDY, files.FORECAST):
        return files.read(kind + (_study(rest) if kind == files.STUDY else _forecast(rest)))
    if isinstance(name, Path) or _is_path(text):
        return files.read(name if isinstance(name, Path) else text)
    matches = _matches(text)
    if len(matches) > 1:
        raise InvalidArgument(
            f'"{shortened(text)}" stands for several trials; ask for one of {", ".join(matches)}'
        )
    return files.read(matches[0] if matches else text)


def one_of(kind: str, name: str, words: Iterable[str]) -> str:
    """The known name that a name is a spelling of. Raises UnknownName when there is none."""
    names = tuple(words)
    alike = [word for word in names if spelling(word) == spelling(name)]
    if name in names or not alike:
        alike = [word for word in names if word == name]
    if not alike:
        raise UnknownName(kind, name, names)
    if len(alike) > 1:
        raise InvalidArgument(f'"{name}" stands for several: ask for one of {", ".join(alike)}')
    return alike[0]


def _matches(name: str) -> tuple[str, ...]:
    """What a name without a prefix can stand for, each as `files.read` takes it."""
    wanted = spelling(name)
    if not wanted:
        return ()
    shipped = [trial for trial in files.library() if spelling(trial) == wanted]
    by_hand = from_study.written_by_hand()
    matches = dict.fromkeys(shipped)
    for study in registry():
        if spelling(study.id) == wanted and by_hand.get(study.id) not in shipped:
            matches[files.STUDY + study.id] = None
    matches |= dict.fromkeys(files.FORECAST + name for name in _forecast_names(wanted))
    return tuple(matches)


def _study(name: str) -> str:
    """The id of a study in any spelling, else the name as it is, which reading then refuses."""
    return next(
        (study.id for study in registry() if spelling(study.id) == spelling(name)), name.strip()
    )


def _forecast(name: str) -> str:
    """The name of a planned trial in any spelling, else the name as it is, which reading then refuses."""
    return next(iter(_forecast_names(spelling(name))), name.strip())


def _forecast_names(wanted: str) -> tuple[str, ...]:
    """Protocols of that name, else designs of that name: a design with one protocol is the same trial."""
    protocols = tuple(name for name in library.names(designs.KIND) if spelling(name) == wanted)
    return protocols or tuple(one.id for one in designs.forecasts() if spelling(one.id) == wanted)


def _is_path(text: str) -> bool:
    given = Path(text)
    try:
        return (
            given.suffix.casefold() in (".yaml", ".yml")
            or given.parent != Path()
            or given.is_file()
        )
    except (OSError, ValueError):  # too long for the name of a file
        return False
