"""The index of past runs: a SQLite file in the user's data folder, made of the runs' own folders.

The folders are the truth. The index remembers where they are and what they said when they were last read, so that a list of
hundreds of runs takes no longer than asking for the state of hundreds of files. A row is read again whenever the log of its run
has changed; an index that is lost or damaged is begun anew, and `scan` fills it from folders.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from normoxia.errors import InvalidArgument, NormoxiaError

log = logging.getLogger(__name__)

#: overrides the folder of the index
VARIABLE = "NORMOXIA_DATA"
FILE = "runs.sqlite"
#: of the table below; an index of another version is begun anew
VERSION = 1
#: seconds that a writer waits for another one
_WAIT = 10.0
#: folders below one that is scanned
_DEEPEST = 4
_CONFIG, _MANIFEST, _LOG = "config.yaml", "manifest.json", "log.jsonl"
_COLUMNS = (
    "path",
    "state",
    "trial",
    "started",
    "finished",
    "seed",
    "replicates",
    "patients",
    "ensemble",
    "ablated",
    "wall_seconds",
    "version",
    "stamp",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedRun:
    """A run as the index knows it.

    Attributes
    ----------
    path
        Its folder, absolute.
    state
        "finished"; "unfinished" (running, or interrupted: `--resume` continues it); "damaged" (its files cannot be read);
        "missing" (the folder is gone).
    started, finished
        Times in UTC as ISO 8601; "" when there is none.
    patients
        In one replicate, of all arms; 0 when unknown.
    ensemble
        Digest of the calibrated ensemble; "none" for a run with the documents' own numbers.
    ablated
        Tags of the causal statements that were removed, by commas.
    wall_seconds
        How long it took; 0 when it is not finished.
    version
        Of normoxia.
    """

    path: Path
    state: str
    trial: str = ""
    started: str = ""
    finished: str = ""
    seed: int = 0
    replicates: int = 0
    patients: int = 0
    ensemble: str = ""
    ablated: str = ""
    wall_seconds: float = 0.0
    version: str = ""


def data_folder() -> Path:
    """The user's data folder of normoxia: NORMOXIA_DATA where it is set, else the platform's custom."""
    if given := os.environ.get(VARIABLE):
        return Path(given)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
        return Path(base) / "normoxia"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "normoxia"
    base = os.environ.get("XDG_DATA_HOME", "")
    # the XDG base directory specification has relative paths ignored
    return (Path(base) if os.path.isabs(base) else Path.home() / ".local" / "share") / "normoxia"


def record(path: Path) -> None:
    """Add a run's folder to the index, or read it again; a folder without a run is left out.

    An index that cannot be written never stops a run.
    """
    try:
        if (path / _LOG).is_file():
            _store([read(path)])
    except (OSError, sqlite3.Error, NormoxiaError) as error:
        log.info("the index of runs was not written: %s", error)


def scan(folders: Iterable[Path]) -> int:
    """Add every run in and below folders to the index; return how many there are.

    Raises
    ------
    InvalidArgument
        A folder does not exist.
    OSError
        The index cannot be written.
    """
    runs = []
    for folder in folders:
        if not folder.is_dir():
            raise InvalidArgument(f"{folder} is no folder; name one that holds runs")
        runs += [read(path) for path in _runs_below(folder, _DEEPEST)]
    _store(runs)
    return len(runs)


def forget_missing() -> int:
    """Remove the rows of folders that are gone; return how many."""
    gone = [run.path for run in listed() if run.state == "missing"]
    with _opened() as index:
        index.executemany("DELETE FROM runs WHERE path = ?", [(str(path),) for path in gone])
    return len(gone)


def listed() -> tuple[IndexedRun, ...]:
    """Every run of the index, the latest first, each as its folder is now."""
    with _opened() as index:
        rows = index.execute(f"SELECT {', '.join(_COLUMNS)} FROM runs").fetchall()
    runs, changed = [], []
    for row in rows:
        values = dict(zip(_COLUMNS, row, strict=True))
        path, stamp = Path(values.pop("path")), values.pop("stamp")
        run = IndexedRun(path=path, **values)
        if not path.is_dir():
            run = IndexedRun(path=path, **{**values, "state": "missing"})
        elif _stamp(path) != stamp:
            run = read(path)
            changed.append(run)
        runs.append(run)
    if changed:
        with contextlib.suppress(OSError, sqlite3.Error):
            _store(changed)
    return tuple(sorted(runs, key=lambda run: (run.started, str(run.path)), reverse=True))


def read(path: Path) -> IndexedRun:
    """A run as its folder says: from the manifest when it is finished, else from the configuration."""
    path = path.resolve()
    if not path.is_dir():
        return IndexedRun(path=path, state="missing")
    started, finished = _times(path)
    try:
        is_finished = (path / _MANIFEST).is_file()
        values = _of_manifest(path) if is_finished else _of_config(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, NormoxiaError):
        return IndexedRun(path=path, state="damaged", started=started, finished=finished)
    state = "finished" if is_finished else "unfinished"
    return IndexedRun(path=path, state=state, started=started, finished=finished, **values)


def _of_manifest(path: Path) -> dict[str, Any]:
    manifest = json.loads((path / _MANIFEST).read_text(encoding="utf-8"))
    patients, ensemble = manifest.get("patients", 0), manifest.get("ensemble", "none")
    return {
        "trial": str(manifest["trial"]),
        "seed": int(manifest["seed"]),
        "replicates": int(manifest.get("replicates", 1)),
        "patients": sum(patients.values()) if isinstance(patients, dict) else int(patients),
        "ensemble": str(ensemble.get("sha256", "") if isinstance(ensemble, dict) else ensemble),
        "ablated": ",".join(manifest.get("ablated") or ()),
        "wall_seconds": float(manifest.get("wall_seconds", 0.0)),
        "version": str((manifest.get("versions") or {}).get("normoxia", "")),
    }


def _of_config(path: Path) -> dict[str, Any]:
    from normoxia.trial.folder import read_config

    config: dict[str, Any] = read_config(path)
    patients = config.get("patients_per_arm", 0)
    return {
        "trial": str(config["trial"]),
        "seed": int(config["seed"]),
        "replicates": int(config.get("replicates", 1)),
        "patients": sum(patients.values()) if isinstance(patients, dict) else 0,
        "ensemble": str(config.get("ensemble", "none")),
        "ablated": ",".join(config.get("ablated") or ()),
        "version": str((config.get("versions") or {}).get("normoxia", "")),
    }


def _times(path: Path) -> tuple[str, str]:
    """When a run was started and finished, by its log."""
    started = finished = ""
    with contextlib.suppress(OSError, UnicodeError):
        for line in (path / _LOG).read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError, TypeError, KeyError):
                event = json.loads(line)
                if event["event"] == "started":
                    started = str(event["time"])
                elif event["event"] == "finished":
                    finished = str(event["time"])
    return started, finished


def _stamp(path: Path) -> str:
    """What changes when a run does: its log has a line for each event."""
    parts = []
    for name in (_LOG, _MANIFEST):
        with contextlib.suppress(OSError):
            state = (path / name).stat()
            parts.append(f"{name} {state.st_mtime_ns} {state.st_size}")
    return "; ".join(parts)


def _runs_below(folder: Path, depth: int) -> Iterator[Path]:
    if (folder / _LOG).is_file() and (folder / _CONFIG).is_file():
        yield folder
        return
    if depth:
        with contextlib.suppress(OSError):
            for entry in sorted(folder.iterdir()):
                if entry.is_dir() and not entry.is_symlink() and not entry.name.startswith("."):
                    yield from _runs_below(entry, depth - 1)


def _store(runs: Iterable[IndexedRun]) -> None:
    rows = [
        (str(run.path), *(getattr(run, column) for column in _COLUMNS[1:-1]), _stamp(run.path))
        for run in runs
    ]
    marks = ", ".join("?" * len(_COLUMNS))
    with _opened() as index:
        index.executemany(f"INSERT OR REPLACE INTO runs VALUES ({marks})", rows)


@contextlib.contextmanager
def _opened() -> Iterator[sqlite3.Connection]:
    """The index within one transaction, which other processes wait for."""
    path = data_folder() / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        index = _prepared(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # locked, read-only, full: not damaged
            raise OSError(0, str(error), os.fspath(path)) from error
        log.info("%s is damaged and begun anew: %s", path, error)
        path.replace(path.with_suffix(".damaged"))
        index = _prepared(path)
    try:
        with index:
            yield index
    finally:
        index.close()


def _prepared(path: Path) -> sqlite3.Connection:
    """A connection whose transaction has begun, with the table made."""
    index = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
    try:
        index.execute("BEGIN IMMEDIATE")
        if index.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            index.execute("DROP TABLE IF EXISTS runs")
            columns = ", ".join(c if c != "path" else "path TEXT PRIMARY KEY" for c in _COLUMNS)
            index.execute(f"CREATE TABLE runs ({columns})")
            index.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        index.close()
        raise
    return index
