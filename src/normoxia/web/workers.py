"""Warm processes that carry out tasks, each one at a time, so that no computation stops the server from answering.

A worker (`worker.py`) reads a task as one line of JSON and answers with one line. It loads the library once. One that takes
longer than a task may is ended and started again for the next; one whose queue is full says so at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from normoxia.web.replies import Refused

#: bytes of the longest answer
_LONGEST_ANSWER = 256 * 1024 * 1024
#: tasks that may wait for one worker
_MOST_WAITING = 24
BUSY = "the server is busy; ask again in a few seconds"


class Worker:
    """A process that carries out tasks.

    Parameters
    ----------
    folder
        Its working folder, an empty one.
    seconds
        How long a task may take.
    """

    def __init__(self, folder: Path, seconds: float = 60.0) -> None:
        self._folder, self._seconds = folder, seconds
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def start(self) -> None:
        """Start the process, so that the first task finds it warm."""
        async with self._turn:
            await self._started()

    async def call(self, task: str, arguments: Mapping[str, Any]) -> bytes:
        """The result of a task as JSON text.

        Raises
        ------
        Refused
            The task was refused, took too long, or too many wait.
        """
        if self._waiting >= _MOST_WAITING:
            raise Refused(429, "Busy", BUSY)
        self._waiting += 1
        try:
            # a client that leaves does not leave half an answer in the pipe
            return await asyncio.shield(asyncio.ensure_future(self._call(task, arguments)))
        finally:
            self._waiting -= 1

    async def _call(self, task: str, arguments: Mapping[str, Any]) -> bytes:
        async with self._turn:
            process = await self._started()
            assert process.stdin is not None
            assert process.stdout is not None
            line = json.dumps({"task": task, "arguments": dict(arguments)}).encode() + b"\n"
            try:
                process.stdin.write(line)
                await process.stdin.drain()
                answer = await asyncio.wait_for(process.stdout.readline(), self._seconds)
            except TimeoutError:
                await self._end()
                raise Refused(
                    422, "TooLong", f"this took longer than {self._seconds:g} s; ask for less"
                ) from None
            except (ConnectionError, ValueError):
                answer = b""
            if not answer.endswith(b"\n"):
                await self._end()
                raise Refused(422, "ComputationFailed", "the computation ended early; ask for less")
        head, body = answer[:1], answer[1:-1]
        if head == b"+":
            return body
        error = json.loads(body)
        raise Refused(
            error["status"], error["kind"], error["message"], tuple(error.get("findings", ()))
        )

    async def stop(self) -> None:
        """End the process."""
        await self._end()

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "normoxia.web.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LONGEST_ANSWER,
                cwd=self._folder,
                env=child_environment(),
                # Ctrl-C in the terminal is for the server, which then ends its processes
                start_new_session=True,
            )
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def child_environment() -> dict[str, str]:
    """The environment of a process of the server: this package is found as it was found here."""
    import normoxia

    here = str(Path(normoxia.__file__).parent.parent)
    others = os.environ.get("PYTHONPATH", "")
    # -P keeps the working folder off the path, and a relative entry would be relative to another folder
    paths = [here, *(str(Path(path).resolve()) for path in others.split(os.pathsep) if path)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
