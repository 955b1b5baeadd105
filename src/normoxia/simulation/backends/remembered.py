"""Arrays that depend on parameters alone, remembered between runs, within a number of bytes."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import Generic, TypeVar

import numpy as np

from normoxia.simulation.state import Array

T = TypeVar("T")


class Remembered(Generic[T]):
    """Values by the digest of what they were made from; those not used for longest are forgotten first.

    Parameters
    ----------
    most
        Bytes that all values together may take. A larger value is not remembered.
    """

    def __init__(self, most: int) -> None:
        self.most, self.n_bytes = most, 0
        self._values: OrderedDict[bytes, tuple[T, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: bytes) -> T | None:
        """The value of a key, or None."""
        with self._lock:
            stored = self._values.get(key)
            if stored is None:
                return None
            self._values.move_to_end(key)
            return stored[0]

    def put(self, key: bytes, value: T, n_bytes: int) -> None:
        """Remember a value that takes some bytes."""
        if n_bytes > self.most:
            return
        with self._lock:
            if key in self._values:
                return
            self._values[key] = value, n_bytes
            self.n_bytes += n_bytes
            while self.n_bytes > self.most:
                _, (_, freed) = self._values.popitem(last=False)
                self.n_bytes -= freed


def digest(values: Array) -> bytes:
    """A key for an array, by its shape and bytes."""
    made = hashlib.blake2b(repr(values.shape).encode(), digest_size=16)
    made.update(np.ascontiguousarray(values).data)
    return made.digest()
