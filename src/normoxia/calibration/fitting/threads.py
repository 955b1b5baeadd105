"""One thread for matrix products while many small ones follow one another.

OpenBLAS, which NumPy's wheels bring, shares each product among all cores. For products of a millisecond that costs more than it
gives, several times more where other work keeps the cores busy; and the last digits depend on the number of cores.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

#: what OpenBLAS calls its number of threads: as NumPy's wheels build it, as others do
_NAMES = (
    "scipy_openblas_{}_num_threads64_",
    "scipy_openblas_{}_num_threads",
    "openblas_{}_num_threads",
)


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it NumPy's OpenBLAS works on one thread, whoever calls; another library (MKL, Accelerate) keeps its own.

    May be entered again, and by several threads: the last to leave gives the threads back.
    """
    library = _openblas()
    if library is None:
        yield
        return
    library.enter()
    try:
        yield
    finally:
        library.leave()


class _OpenBLAS:
    """The library's number of threads, and how many callers want it to be one."""

    def __init__(self, get: Callable[[], int], put: Callable[[int], None]) -> None:
        self._get, self._put = get, put
        self._guard = threading.Lock()
        self._inside, self._before = 0, 1

    def enter(self) -> None:
        with self._guard:
            if self._inside == 0:
                self._before = self._get()
                self._put(1)
            self._inside += 1

    def leave(self) -> None:
        with self._guard:
            self._inside -= 1
            if self._inside == 0:
                self._put(self._before)


@functools.cache
def _openblas() -> _OpenBLAS | None:
    """The OpenBLAS of NumPy's wheel; None where NumPy was built otherwise."""
    package = Path(np.__file__).parent
    for folder in (package.with_name("numpy.libs"), package / ".dylibs"):
        for path in sorted(folder.glob("*openblas*")):
            # already loaded by NumPy: this only finds it again
            library = ctypes.CDLL(str(path))
            for name in _NAMES:
                get = getattr(library, name.format("get"), None)
                put = getattr(library, name.format("set"), None)
                if get is not None and put is not None:
                    get.restype, put.argtypes, put.restype = ctypes.c_int, [ctypes.c_int], None
                    return _OpenBLAS(get, put)
    return None
