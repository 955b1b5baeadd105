"""Compiled products of coordinates, and what slopes along products come to along coordinates, in single precision.

A quadratic in d coordinates has d (d + 1)/2 products; each is a multiplication, and NumPy's d calls on parts of an array take ten
times as long as the arithmetic. Products are ordered as `numpy.triu_indices`: by the first coordinate, then the second.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.fitting.vector_code import VectorCode
from normoxia.simulation.backends.machine import lanes_here

Singles = NDArray[np.float32]


def products(x: Singles, out: Singles) -> None:
    """Write every product of two coordinates.

    Parameters
    ----------
    x
        Shape (d, n), n filling whole vectors (`vector_code.padded`); C-contiguous, as `out`.
    out
        Shape (d (d + 1)/2, n).
    """
    _compiled(len(x), "products", lanes_here())(x.ctypes.data, out.ctypes.data, 0, x.shape[1])


def along(x: Singles, steered: Singles, out: Singles) -> None:
    """Add to slopes along coordinates what slopes along their products come to.

    Parameters
    ----------
    x
        Shape (d, n), n filling whole vectors; C-contiguous, as the others.
    steered
        Slopes along products; shape (d (d + 1)/2, n).
    out
        Slopes along coordinates, which are added to; shape (d, n).
    """
    _compiled(len(x), "along", lanes_here())(
        x.ctypes.data, steered.ctypes.data, out.ctypes.data, x.shape[1]
    )


@functools.cache
def _compiled(d: int, which: str, width: int) -> Any:
    code = VectorCode(width, "float")
    x = [code.load("x", row) for row in range(d)]
    pairs = list(zip(*np.triu_indices(d), strict=True))
    if which == "products":
        for row, (i, j) in enumerate(pairs):
            code.store("products", row, code.op("fmul", x[i], x[j]))
    else:
        slopes = [code.load("out", row) for row in range(d)]
        for row, (i, j) in enumerate(pairs):
            steered = code.load("products", row)
            # a square counts on both of its equal lines
            slopes[i] = code.plus(slopes[i], steered, x[j])
            slopes[j] = code.plus(slopes[j], steered, x[i])
        for row, value in enumerate(slopes):
            code.store("out", row, value)
    return code.function(which, ("x", "products", "out"))
