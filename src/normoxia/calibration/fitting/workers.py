"""Processes that work for this one and end with it: when it is done, interrupted, killed, or gone for any other reason.

Each worker watches a pipe whose other end only its parent has; when that end closes, whoever closed it, the worker ends.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from normoxia.errors import ComputationFailed

#: seconds in which a signal that ended the workers reaches this process too, when it was sent to all of them
GRACE = 0.5


@contextmanager
def pool(
    workers: int, initializer: Callable[..., object], initargs: tuple[Any, ...]
) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes, each prepared by an initializer. Left by an error, it ends them in the midst of their work.

    raises  ComputationFailed when a worker was ended from outside
    """
    context = get_context("spawn")
    watched, kept = context.Pipe(duplex=False)
    executor = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(watched, initializer, initargs)
    )
    try:
        yield executor
    except BaseException as error:
        if isinstance(error, BrokenProcessPool):
            time.sleep(GRACE)  # an interruption of this process counts for more
            raise ComputationFailed(
                "a worker process ended before its work was done (killed, or out of memory); what was finished is kept: go on "
                "with --resume where the command has it, with fewer --workers"
            ) from None
        raise
    finally:
        # normally nothing is under way any more; after an error nothing should be
        kept.close()
        executor.shutdown(cancel_futures=True)
        watched.close()


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """A process that is started within it begins with Ctrl-C blocked, so that it says nothing before it can leave that to its parent."""
    if not hasattr(signal, "pthread_sigmask"):  # pragma: no cover
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(
    watched: Connection, initializer: Callable[..., object], initargs: tuple[Any, ...]
) -> None:
    """In a worker: leave Ctrl-C to the parent, end with it, then prepare."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(watched,), daemon=True).start()
    initializer(*initargs)


def _watch(watched: Connection) -> None:
    try:
        watched.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)
