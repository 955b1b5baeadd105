"""How many threads a computation uses."""

from __future__ import annotations

import os


def worker_count(workers: int) -> int:
    """The number of threads an option means; 0 is every core available to the process."""
    if workers:
        return workers
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every platform
        return os.cpu_count() or 1
