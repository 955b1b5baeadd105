"""Starts the process of the next job, follows its progress, and ends it when it is cancelled or the server stops."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
import signal
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any

from normoxia.errors import Interrupted
from normoxia.storage import write_whole
from normoxia.web.jobs import store
from normoxia.web.jobs.store import JobStore, QueuedJob
from normoxia.web.replies import Refused
from normoxia.web.workers import child_environment

logger = logging.getLogger(__name__)

#: of a job's process
PROGRAM = (sys.executable, "-P", "-m", "normoxia.web.jobs.runner")
#: seconds from the request to end until a process is killed; it is cancelled within one second
_GRACE = 0.4
#: seconds that a job may take
_LONGEST = 6 * 3600.0
#: seconds between two writes of progress
_WRITE = 0.5
#: listeners to one server's jobs
_MOST_LISTENERS = 64
#: seconds after which a listener without news gets a sign of life
_SILENCE = 10.0
_LONGEST_LINE = 1024 * 1024


class Supervisor:
    """The jobs of a server.

    Parameters
    ----------
    folder
        Where the queue and the folders of jobs are.
    most_jobs, most_waiting
        Processes at the same time, and jobs in the queue.
    program
        What a job's process runs; the folder of the job is added.
    """

    def __init__(
        self,
        folder: Path,
        *,
        most_jobs: int = 1,
        most_waiting: int = 8,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self._program = tuple(program)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._most_jobs, self._most_waiting = folder, most_jobs, most_waiting
        self.store = JobStore(folder)
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._current: dict[str, QueuedJob] = {}
        self._ending: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self._listeners = 0
        self._is_open = True

    async def start(self) -> None:
        """Mark what the last server left running as interrupted, and go on with the queue."""
        for job in self.store.in_state(store.RUNNING):
            job.state, job.ended = store.INTERRUPTED, time.time()
            self.store.save(job)
        self._fill()

    async def stop(self) -> None:
        """End every process; their jobs are interrupted and can go on in the next server."""
        self._is_open = False
        for name in list(self._processes):
            self._ending.setdefault(name, store.INTERRUPTED)
        await asyncio.gather(*(self._end(name) for name in list(self._processes)))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2 * _GRACE + 1)
        await self._tell()
        self.store.close()

    def folder(self, name: str) -> Path:
        """The folder of a job."""
        return self._folder / "jobs" / name

    def submit(self, verb: str, arguments: Mapping[str, Any]) -> QueuedJob:
        """Put a job into the queue.

        Raises
        ------
        Refused
            The queue is full.
        """
        self._refuse_when_full()
        job = self.store.add(verb, arguments)
        self._fill()
        return self.get(job.id)

    def resume(self, name: str) -> QueuedJob:
        """Put a job that ended early into the queue again, to go on with what it finished.

        Raises
        ------
        Refused
            The job runs, waits, or is done; or the queue is full.
        """
        job = self.get(name)
        if job.state not in store.RESUMABLE:
            raise Refused(
                409, "NotResumable", f"the job is {job.state}; there is nothing to resume"
            )
        self._refuse_when_full()
        job.state, job.error, job.ended, job.progress = store.QUEUED, None, 0.0, {}
        self.store.save(job)
        self._fill()
        return self.get(job.id)

    async def cancel(self, name: str) -> QueuedJob:
        """End a job within a second; what is finished of it is kept."""
        job = self.get(name)
        if job.state == store.QUEUED:
            job.state, job.ended = store.CANCELLED, time.time()
            self.store.save(job)
            await self._tell()
        elif job.state == store.RUNNING:
            self._ending[name] = store.CANCELLED
            await self._end(name)
            await self._wait_until_ended(name)
        return self.get(name)

    def get(self, name: str) -> QueuedJob:
        """A job by its id, as it is now. Raises Refused when there is none."""
        job = self._current.get(name) or self.store.get(name)
        if job is None:
            raise Refused(404, "UnknownJob", "there is no such job")
        return job

    def listed(self) -> list[QueuedJob]:
        """Every job that is remembered, the latest first, each as it is now."""
        return [self._current.get(job.id, job) for job in self.store.listed()]

    async def changes(self, name: str) -> AsyncGenerator[dict[str, Any] | None, None]:
        """The job now and after each change, until it has ended; None as a sign of life.

        A listener that is slow gets the latest state, and nothing is kept for it.
        """
        self.get(name)
        if self._listeners >= _MOST_LISTENERS:
            raise Refused(429, "Busy", "too many listen; ask for the job itself from time to time")
        self._listeners += 1
        try:
            last: dict[str, Any] | None = None
            while True:
                now = self.get(name).to_json() if self._is_open else None
                if now is None:
                    return
                if now != last:
                    last = now
                    yield now
                    if now["state"] in store.ENDED:
                        return
                try:
                    async with self._changed:
                        await asyncio.wait_for(self._changed.wait(), _SILENCE)
                except TimeoutError:
                    yield None
        finally:
            self._listeners -= 1

    def _refuse_when_full(self) -> None:
        if not self._is_open:
            raise Refused(409, "Stopping", "the server is stopping")
        waiting = len(self.store.in_state(store.QUEUED))
        if waiting >= self._most_waiting:
            raise Refused(
                429,
                "QueueFull",
                f"the queue is full: {waiting} jobs wait; try again when one has ended",
            )

    def _fill(self) -> None:
        """Start waiting jobs while there is room."""
        for job in self.store.in_state(store.QUEUED):
            if not self._is_open or len(self._current) >= self._most_jobs:
                break
            job.state, job.started, job.progress = store.RUNNING, time.time(), {}
            job.attempts += 1
            self.store.save(job)
            self._current[job.id] = job
            task = asyncio.ensure_future(self._carry_out(job))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, job: QueuedJob) -> None:
        """Run one job to its end, however it ends, then start the next."""
        try:
            await self._run(job)
        except Exception:
            logger.exception("job %s", job.id)
            job.state = store.FAILED
            job.error = {"kind": "ComputationFailed", "message": "the job failed", "findings": []}
        finally:
            job.ended = time.time()
            self.store.save(job)
            self._current.pop(job.id, None)
            self._ending.pop(job.id, None)
            await self._tell()
            self._fill()

    async def _run(self, job: QueuedJob) -> None:
        folder = self.folder(job.id)
        _prepare(folder, job)
        process = await asyncio.create_subprocess_exec(
            *self._program,
            str(folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            cwd=folder / "empty",
            env=child_environment(),
            # Ctrl-C in the terminal is for the server, which then ends its processes
            start_new_session=True,
        )
        self._processes[job.id] = process
        if job.id in self._ending:  # cancelled while the process was being made
            process.kill()
        try:
            async with asyncio.timeout(_LONGEST):
                await self._follow(job, process)
                code = await process.wait()
        except TimeoutError:
            self._ending[job.id] = store.FAILED
            text = f"the job took longer than {_LONGEST / 3600:g} hours; resume it, or ask for less"
            job.error = {"kind": "TooLong", "message": text, "findings": []}
            await self._end(job.id)
            code = 1
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            self._processes.pop(job.id, None)
        job.state = self._ended_as(job, code)

    def _ended_as(self, job: QueuedJob, code: int) -> str:
        if code == 0:
            return store.DONE
        if job.id in self._ending:
            return self._ending[job.id]
        if code == Interrupted.exit_code:
            return store.INTERRUPTED
        if job.error is None:
            text = "the process of the job ended early; there may not have been enough memory"
            job.error = {"kind": "ComputationFailed", "message": text, "findings": []}
        return store.FAILED

    async def _follow(self, job: QueuedJob, process: asyncio.subprocess.Process) -> None:
        """Take over what the process says until it says no more."""
        assert process.stdout is not None
        pace, written = _Pace(), 0.0
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than any line of ours
                process.kill()
                return
            if not line:
                return
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                if "error" in said:
                    job.error = said["error"]
                elif "progress" in said:
                    step = said["progress"]
                    job.progress = {**step, "seconds_left": pace.left(step)}
                    if time.monotonic() - written > _WRITE:
                        written = time.monotonic()
                        self.store.save(job)
                    await self._tell()

    async def _end(self, name: str) -> None:
        """Ask a process to end, and kill it when it does not within the grace."""
        process = self._processes.get(name)
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), _GRACE)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    async def _wait_until_ended(self, name: str) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10 * _GRACE):
                while name in self._current:
                    await asyncio.sleep(0.02)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class _Pace:
    """Time left of a piece of work, from how far it came since it began."""

    def __init__(self) -> None:
        self._label, self._began, self._first = "", 0.0, 0

    def left(self, step: Mapping[str, Any]) -> float | None:
        """Seconds; None until something is done of the present piece."""
        now = time.monotonic()
        if step["label"] != self._label:
            self._label, self._began, self._first = step["label"], now, step["done"]
        done = step["done"] - self._first
        if done <= 0 or now - self._began < 0.5:
            return None
        return float(round((now - self._began) / done * (step["total"] - step["done"]), 1))


def _prepare(folder: Path, job: QueuedJob) -> None:
    """Write what the process reads; the folder of its output stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "empty", ignore_errors=True)
    (folder / "empty").mkdir()
    asked: dict[str, Any] = {"verb": job.verb, "arguments": dict(job.arguments)}
    text = asked["arguments"].pop("text", None)
    if text is not None:
        asked["document"] = (
            "document.csv" if asked["arguments"].get("is_table") else "document.yaml"
        )
        write_whole(folder / asked["document"], text.encode())
    write_whole(folder / "job.json", json.dumps(asked).encode())
