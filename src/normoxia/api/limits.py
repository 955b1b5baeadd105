"""Bounds of what may be asked of a run, and how many threads it uses; the command line shares them."""

from __future__ import annotations

import os

#: seeds are counted in 64 bits where streams are drawn; more workers than this only wait for one another
LARGEST_SEED, MOST_WORKERS = 2**63 - 1, 1024
#: relative tolerance below which double precision has no digits left for a step's error
LEAST_TOLERANCE = 1e-13


def worker_count(workers: int) -> int:
    """The number of threads an option means; 0 is every core available to the process."""
    if workers:
        return workers
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every platform
        return os.cpu_count() or 1
