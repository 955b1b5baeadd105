"""What the routes of one server share: its workers, its jobs, and answers that do not change while it runs."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from normoxia.web.jobs.supervisor import Supervisor
from normoxia.web.settings import ServerSettings
from normoxia.web.workers import Worker

#: bytes of remembered answers
_MOST_REMEMBERED = 48 * 1024 * 1024


@dataclass(kw_only=True, slots=True)
class ServerState:
    """Workers, jobs and remembered answers.

    Attributes
    ----------
    settings
        What the server was started with.
    reading
        Carries out tasks that read and draw.
    simulating
        Carries out small simulations, so that they keep nobody from reading.
    drawing
        Draws whole reports, which takes longer than the others may; started when it is first asked.
    jobs
        Long work, each in a process of its own.
    """

    settings: ServerSettings
    reading: Worker
    simulating: Worker
    drawing: Worker
    jobs: Supervisor
    _remembered: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    _size: int = 0

    async def read(self, task: str, **arguments: Any) -> bytes:
        """The result of a task whose answer stays the same while the server runs, as JSON text."""
        return await self._known(self.reading, task, arguments)

    async def simulate(self, task: str, **arguments: Any) -> bytes:
        """The result of a small simulation, which the same arguments always give."""
        return await self._known(self.simulating, task, arguments)

    def knows(self, task: str, arguments: dict[str, Any]) -> bool:
        """Whether a task has been answered."""
        return _key(task, arguments) in self._remembered

    async def _known(self, worker: Worker, task: str, arguments: dict[str, Any]) -> bytes:
        key = _key(task, arguments)
        if key in self._remembered:
            self._remembered.move_to_end(key)
            return self._remembered[key]
        answer = await worker.call(task, arguments)
        if key not in self._remembered:
            self._remembered[key] = answer
            self._size += len(answer) + len(key)
        while self._size > _MOST_REMEMBERED and self._remembered:
            old, value = self._remembered.popitem(last=False)
            self._size -= len(value) + len(old)
        return answer


def _key(task: str, arguments: dict[str, Any]) -> str:
    return json.dumps([task, arguments], sort_keys=True)


def state_of(request: Request) -> ServerState:
    """What the server that answers a request shares."""
    state: ServerState = request.app.state.server
    return state
