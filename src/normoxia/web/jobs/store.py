"""The queue: jobs as rows of a SQLite file, which outlives the server."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = "jobs.sqlite"
#: of the table below; a queue of another version is begun anew
VERSION = 1
#: jobs that are remembered
_MOST_KEPT = 500

QUEUED, RUNNING, DONE = "queued", "running", "done"
FAILED, CANCELLED, INTERRUPTED = "failed", "cancelled", "interrupted"
STATES = (QUEUED, RUNNING, DONE, FAILED, CANCELLED, INTERRUPTED)
#: states from which a job can go on
RESUMABLE = (FAILED, CANCELLED, INTERRUPTED)
ENDED = (DONE, *RESUMABLE)


@dataclass(slots=True, kw_only=True)
class QueuedJob:
    """A job as the page sees it.

    Attributes
    ----------
    id
        Its name, which nobody can guess.
    verb, arguments
        What is asked: `name` or `text` of a document, and options.
    state
        One of `STATES`.
    created, started, ended
        Seconds since 1970; 0 for not yet.
    attempts
        How often it was started.
    progress
        `label`, `done`, `total`, `unit` and `seconds_left`; empty before the first step.
    error
        `kind`, `message` and `findings` of a failed job.
    """

    id: str
    verb: str
    arguments: Mapping[str, Any]
    state: str = QUEUED
    created: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    attempts: int = 0
    progress: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """The job for a reply; the text of its document is left out."""
        arguments = {key: value for key, value in self.arguments.items() if key != "text"}
        return {
            "id": self.id,
            "verb": self.verb,
            "arguments": {**arguments, "has_text": "text" in self.arguments},
            "state": self.state,
            "created": self.created,
            "started": self.started or None,
            "ended": self.ended or None,
            "attempts": self.attempts,
            "progress": dict(self.progress) or None,
            "error": dict(self.error) if self.error else None,
            "can_resume": self.state in RESUMABLE,
            "result": f"/api/jobs/{self.id}/result" if self.state == DONE else None,
        }


class JobStore:
    """The jobs of a folder.

    Parameters
    ----------
    folder
        Of the server; it exists.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / FILE
        try:
            self._open(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # locked, read-only, full: not damaged
                raise OSError(0, str(error), str(path)) from error
            path.replace(path.with_suffix(".damaged"))
            self._open(path)

    def _open(self, path: Path) -> None:
        self._rows = sqlite3.connect(path, timeout=5.0, isolation_level=None)
        self._rows.execute("PRAGMA journal_mode = WAL")
        if self._rows.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            self._rows.execute("DROP TABLE IF EXISTS jobs")
            self._rows.execute(
                "CREATE TABLE jobs (id TEXT PRIMARY KEY, verb TEXT, arguments TEXT, state TEXT, created REAL, "
                "started REAL, ended REAL, attempts INTEGER, progress TEXT, error TEXT)"
            )
            self._rows.execute(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        """Close the file."""
        self._rows.close()

    def add(self, verb: str, arguments: Mapping[str, Any]) -> QueuedJob:
        """Put a job at the end of the queue."""
        job = QueuedJob(
            id=secrets.token_hex(8), verb=verb, arguments=arguments, created=time.time()
        )
        self.save(job)
        return job

    def save(self, job: QueuedJob) -> None:
        """Write a job as it is now."""
        self._rows.execute(
            "INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                job.id,
                job.verb,
                json.dumps(dict(job.arguments)),
                job.state,
                job.created,
                job.started,
                job.ended,
                job.attempts,
                json.dumps(dict(job.progress)),
                json.dumps(dict(job.error)) if job.error else "",
            ),
        )

    def get(self, name: str) -> QueuedJob | None:
        """A job by its id."""
        rows = self._rows.execute("SELECT * FROM jobs WHERE id = ?", (name,)).fetchall()
        return _job(rows[0]) if rows else None

    def listed(self) -> list[QueuedJob]:
        """Every job that is remembered, the latest first."""
        rows = self._rows.execute(
            "SELECT * FROM jobs ORDER BY created DESC, rowid DESC LIMIT ?", (_MOST_KEPT,)
        )
        return [_job(row) for row in rows]

    def in_state(self, state: str) -> list[QueuedJob]:
        """The jobs of a state, the oldest first."""
        rows = self._rows.execute(
            "SELECT * FROM jobs WHERE state = ? ORDER BY created, rowid", (state,)
        )
        return [_job(row) for row in rows]


def _job(row: tuple[Any, ...]) -> QueuedJob:
    name, verb, arguments, state, created, started, ended, attempts, progress, error = row
    return QueuedJob(
        id=name,
        verb=verb,
        arguments=json.loads(arguments),
        state=state,
        created=created,
        started=started,
        ended=ended,
        attempts=attempts,
        progress=json.loads(progress),
        error=json.loads(error) if error else None,
    )
