"""The folder of a question with several runs: its entry, and how it is verified."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normoxia.digests import digest, digest_of
from normoxia.errors import InvalidDocument
from normoxia.storage import is_leftover, write_whole

if TYPE_CHECKING:
    from normoxia.api.finished_runs import VerificationResult

#: the entry of the folder, and the folder of its runs
QUESTION, RUNS = "question.json", "runs"
SCHEMA = "normoxia.question/1"


def write(
    folder: Path, written: Sequence[Path], runs: Sequence[str], about: Mapping[str, object]
) -> None:
    """Write the entry of a question's folder: its runs with the digests of their manifests, its other files with theirs.

    Parameters
    ----------
    written
        Files of the folder outside its runs.
    runs
        Names of folders below `runs`.
    about
        Command and document.
    """
    names = [f"{RUNS}/{name}" for name in sorted(runs)]
    entry: dict[str, object] = {
        "schema": SCHEMA,
        **about,
        "runs": {name: digest((folder / name / "manifest.json").read_bytes()) for name in names},
        "outputs": {p.relative_to(folder).as_posix(): digest(p.read_bytes()) for p in written},
    }
    whole = {**entry, "seal": digest_of(entry)}
    write_whole(folder / QUESTION, (json.dumps(whole, indent=1) + "\n").encode())


def verified(
    folder: Path, verify: Callable[[Path], VerificationResult]
) -> tuple[int, list[VerificationResult]]:
    """Return how many files of a question's folder are as written, and what verifying each of its runs gave.

    Raises
    ------
    InvalidDocument
        A file was changed, is missing or was added.
    """
    entry = _entry(folder / QUESTION)
    faults = []
    for name, had in {**entry["outputs"], **_manifests(entry)}.items():
        place = folder / name
        if not place.is_file():
            faults.append(f"{name} is missing")
        elif digest(place.read_bytes()) != had:
            faults.append(f"{name} not as {QUESTION} says")
    known = {*entry["outputs"], QUESTION}
    for place in sorted(folder.rglob("*")):
        name = place.relative_to(folder).as_posix()
        is_of_run = any(name.startswith(f"{run}/") for run in entry["runs"])
        if place.is_file() and name not in known and not is_of_run and not is_leftover(place):
            faults.append(f"{name} was added after the run")
    if faults:
        raise InvalidDocument(
            f"{folder}: {'; '.join(faults[:8])}; the folder was changed after the run: restore it, or ask the question "
            "again in another folder",
            faults,
        )
    return len(entry["outputs"]), [verify(folder / name) for name in entry["runs"]]


def _manifests(entry: Mapping[str, Any]) -> dict[str, str]:
    return {f"{name}/manifest.json": str(had) for name, had in entry["runs"].items()}


def _entry(path: Path) -> dict[str, Any]:
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
        seal = entry.pop("seal")
        if entry["schema"] != SCHEMA or seal != digest_of(entry):
            raise ValueError("its seal is not that of its content")
        for name in [*entry["runs"], *entry["outputs"]]:
            if Path(name).is_absolute() or ".." in Path(name).parts:
                raise ValueError(f"{name} lies outside the folder")
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise InvalidDocument(
            f"{path}: was changed after the run, or is no entry of a question's folder ({error})"
        ) from None
    return dict(entry)
