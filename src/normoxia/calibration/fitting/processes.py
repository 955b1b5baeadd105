"""Pieces of work side by side, each in a process of its own, their progress reported to the caller as one.

Processes, since threads that make many small NumPy calls wait for one another: two fits in two threads take half as long again as in two
processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, wait
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

from normoxia.calibration.fitting.workers import interrupts_blocked
from normoxia.calibration.fitting.workers import pool as worker_pool
from normoxia.errors import Interrupted
from normoxia.progress import Progress, Step, silent

T_co = TypeVar("T_co", covariant=True)
#: seconds between two looks at what the processes report
LOOK = 0.2


class Task(Protocol[T_co]):
    """A piece of work: a function at the top of a module, or a `functools.partial` of one; its values can be pickled."""

    def __call__(self, *, progress: Progress) -> T_co:
        """Do the work, calling `progress` after each step."""
        ...


def run_in_processes(
    pieces: Sequence[Task[T_co]],
    *,
    workers: int = 1,
    label: str | None = None,
    progress: Progress = silent,
) -> list[T_co]:
    """What the pieces give, in their order; the first error of a piece, or of `progress`, ends them all.

    workers  processes; with one, all is done here, piece by piece. A script that asks for more keeps its own work under
             `if __name__ == "__main__"`, since each process reads it anew
    label    of the steps reported, which add up those of all pieces; the pieces' own when omitted
    """
    combined = _CombinedProgress(len(pieces), label, progress)
    if min(workers, len(pieces)) <= 1:
        return [piece(progress=combined.of(i)) for i, piece in enumerate(pieces)]
    context = get_context("spawn")
    heard, stop = context.SimpleQueue(), context.Event()
    with worker_pool(min(workers, len(pieces)), _listen, (heard, stop)) as pool:
        try:
            with interrupts_blocked():
                futures = [pool.submit(_work, i, piece) for i, piece in enumerate(pieces)]
            waiting = set(futures)
            while waiting:
                done, waiting = wait(waiting, LOOK, FIRST_EXCEPTION)
                while not heard.empty():
                    combined.hear(*heard.get())
                for future in done:
                    future.result()
            return [future.result() for future in futures]
        except BaseException:
            stop.set()
            raise


class _CombinedProgress:
    """Steps of several pieces, reported as steps of one: those done so far of as many times what a piece has to do."""

    def __init__(self, n: int, label: str | None, progress: Progress) -> None:
        self._done, self._total = [0] * n, [0] * n
        self._label, self._progress = label, progress

    def hear(self, i: int, step: Step) -> None:
        self._done[i], self._total[i] = step.done, step.total
        total = sum(known or step.total for known in self._total)
        self._progress(Step(self._label or step.label, sum(self._done), total, step.unit))

    def of(self, i: int) -> Progress:
        def report(step: Step, /) -> None:
            self.hear(i, step)

        return report


#: in a process: where steps are reported, and whether to stop
_line: list[Any] = []


def _listen(heard: Any, stop: Any) -> None:
    _line[:] = [heard, stop]


def _work(i: int, piece: Callable[..., T_co]) -> T_co:
    heard, stop = _line

    def report(step: Step, /) -> None:
        if stop.is_set():
            raise Interrupted("another piece of the work was stopped")
        heard.put((i, step))

    return piece(progress=report)
