"""Shipped documents, each number with its source: models, drugs, populations, studies, trials, languages.

Holds no code but the way to find a document: by name here, or by path when the user has an own one.
"""

from __future__ import annotations

from pathlib import Path

from normoxia.errors import UnknownName

_ROOT = Path(__file__).parent


def names(kind: str) -> tuple[str, ...]:
    """The names of the shipped documents of a kind (a folder of the library), sorted."""
    return tuple(sorted(path.stem for path in (_ROOT / kind).glob("*.yaml")))


def folder(kind: str) -> Path:
    """Where the shipped documents of a kind stand."""
    return _ROOT / kind


def path(kind: str, name: str) -> Path:
    """Where a shipped document stands. Raises UnknownName, with the nearest, when there is none of that name."""
    found = _ROOT / kind / f"{name}.yaml"
    try:
        if found.is_file():
            return found
    except (OSError, ValueError):  # too long for the name of a file
        pass
    raise UnknownName(kind.removesuffix("s"), name, names(kind))


def find(kind: str, name_or_path: str | Path) -> Path:
    """A user's own document when the argument is an existing file or looks like a path, else the shipped one."""
    given = Path(name_or_path)
    try:
        is_path = given.suffix in (".yaml", ".yml") or given.parent != Path() or given.is_file()
    except (OSError, ValueError):  # too long for the name of a file
        is_path = False
    if is_path:
        return given
    return path(kind, str(name_or_path))
