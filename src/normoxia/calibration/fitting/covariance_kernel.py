"""Compiled normal log likelihoods of one study at many states: factor its covariance, solve, and what slopes need.

One function for each number of figures m, written out in full for vectors of states: m is 3 to 17, so a matrix fits the first
cache, and NumPy spends most of its time on temporaries of this size. The arithmetic is Cholesky's; `Posterior.moments` gives
the same densities study by study, and a test compares the two.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.fitting.vector_code import VectorCode
from normoxia.simulation.backends.machine import lanes_here

Floats = NDArray[np.float64]

#: pointers of a function, in their order; rows of `steep`, `sd` and `gain` by effect are a stride apart
_POINTERS = (
    "residual",
    "steep",
    "sd",
    "own",
    "chance",
    "squares",
    "determinant",
    "pulled",
    "precision",
    "gain",
)
_STRIDES = ("steep_stride", "sd_stride", "gain_stride")
_BYTES = 8


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Given:
    """Covariances of studies at n states; n fills whole vectors (`vector_code.padded`), arrays are C-contiguous.

    With moved_t = sd_t steep_t for each trial effect t, a study's covariance is C = chance + moved' moved + diag(own).

    Attributes
    ----------
    residual, own
        Of all M figures, one study's after another's; shape (M, n).
    steep
        Shape (n_effects, M, n).
    sd
        Of randomised studies and of single arms; shape (2, n_effects, n).
    """

    residual: Floats
    own: Floats
    steep: Floats
    sd: Floats


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Solved:
    """What `solve` fills in; the last three are empty where slopes are not asked for.

    Attributes
    ----------
    squares, determinant
        residual' C^-1 residual, and the determinant of C; shape (n_studies, n).
    pulled, precision
        C^-1 residual, and the diagonal of C^-1; shape (M, n).
    gain
        (moved pulled)^2 - diag(moved C^-1 moved'); shape (n_effects, n_studies, n).
    """

    squares: Floats
    determinant: Floats
    pulled: Floats
    precision: Floats
    gain: Floats


def solve(
    given: Given, chance: Floats, first: Sequence[int], single_arm: Sequence[bool], *, slopes: bool
) -> Solved:
    """Solve the covariances of every study at every state.

    Parameters
    ----------
    given
        Residuals and what covariances are made of.
    chance
        Covariances by chance, entry by entry, one study's after another's.
    first
        Row of each study's first figure, and the number of all.
    single_arm
        Whether a study has the standard deviations of single arms.
    slopes
        Whether to fill in what slopes need.
    """
    effects, total, n = given.steep.shape
    n_studies = len(single_arm)
    squares, determinant = np.ones((2, n_studies, n))
    pulled, precision = np.zeros((2, total if slopes else 0, n))
    gain = np.zeros((effects, n_studies if slopes else 0, n))
    found = Solved(
        squares=squares, determinant=determinant, pulled=pulled, precision=precision, gain=gain
    )
    arrays = (given.residual, given.steep, given.sd, given.own, chance)
    filled = (squares, determinant, pulled, precision, gain)
    start = [array.ctypes.data for array in (*arrays, *filled)]
    entry = 0
    for study, of_single in enumerate(single_arm):
        rows, m = first[study] * n, first[study + 1] - first[study]
        of_study = study * n
        inputs = (rows, rows, of_single * effects * n, rows, entry)
        offsets = (*inputs, of_study, of_study, rows, rows, of_study)
        pointers = [base + _BYTES * offset for base, offset in zip(start, offsets, strict=True)]
        function = _compiled(m, effects, slopes, lanes_here())
        function(*pointers, n, total * n, n, n_studies * n)
        entry += m * m
    return found


@functools.cache
def _compiled(n_figures: int, n_effects: int, with_slopes: bool, width: int) -> Any:
    code = _Study(n_figures, n_effects, width)
    code.write(with_slopes=with_slopes)
    return code.function("solve", _POINTERS, _STRIDES)


class _Study(VectorCode):
    """The code of one study."""

    def __init__(self, m: int, effects: int, width: int) -> None:
        super().__init__(width, "double")
        self.m, self.effects = m, effects

    def write(self, *, with_slopes: bool) -> None:
        """Write the body of the loop over states."""
        residual = [self.load("residual", row) for row in range(self.m)]
        moved = []
        for t in range(self.effects):
            sd = self.load("sd", 0, t, "sd_stride")
            rows = [self.load("steep", row, t, "steep_stride") for row in range(self.m)]
            moved.append([self.op("fmul", row, sd) for row in rows])
        lower, inverse, determinant = self._factor(moved)
        turned = self._forward(lower, inverse, residual)
        self.store("squares", 0, self._squares(turned))
        self.store("determinant", 0, determinant)
        if not with_slopes:
            return
        pulled = self._backward(lower, inverse, turned)
        for row, value in enumerate(pulled):
            self.store("pulled", row, value)
        for row, value in enumerate(self._precision(lower, inverse)):
            self.store("precision", row, value)
        for t in range(self.effects):
            across = self._squares(self._forward(lower, inverse, moved[t]))
            inner = self.op("fmul", moved[t][0], pulled[0])
            for row in range(1, self.m):
                inner = self.plus(inner, moved[t][row], pulled[row])
            value = self.op("fsub", self.op("fmul", inner, inner), across)
            self.store("gain", 0, value, t, "gain_stride")

    def _factor(self, moved: list[list[str]]) -> tuple[list[list[str]], list[str], str]:
        """Cholesky's factor below its diagonal, the inverse of its diagonal, and the determinant."""
        lower: list[list[str]] = []
        inverse: list[str] = []
        determinant = ""
        for i in range(self.m):
            lower.append([])
            for j in range(i + 1):
                value = self.scalar("chance", i * self.m + j)
                for row in moved:
                    value = self.plus(value, row[i], row[j])
                if i == j:
                    value = self.op("fadd", value, self.load("own", i))
                for k in range(j):
                    value = self.minus(value, lower[i][k], lower[j][k])
                if j < i:
                    lower[i].append(self.op("fmul", value, inverse[j]))
                    continue
                determinant = self.op("fmul", determinant, value) if determinant else value
                root = self.root(value)
                inverse.append(self.op("fdiv", self.splat("1.0"), root))
        return lower, inverse, determinant

    def _forward(self, lower: list[list[str]], inverse: list[str], right: list[str]) -> list[str]:
        """The factor's inverse times a vector."""
        solved: list[str] = []
        for i in range(self.m):
            value = right[i]
            for k in range(i):
                value = self.minus(value, lower[i][k], solved[k])
            solved.append(self.op("fmul", value, inverse[i]))
        return solved

    def _backward(self, lower: list[list[str]], inverse: list[str], right: list[str]) -> list[str]:
        """The transposed factor's inverse times a vector."""
        solved = list(right)
        for i in reversed(range(self.m)):
            value = right[i]
            for k in range(i + 1, self.m):
                value = self.minus(value, lower[k][i], solved[k])
            solved[i] = self.op("fmul", value, inverse[i])
        return solved

    def _precision(self, lower: list[list[str]], inverse: list[str]) -> list[str]:
        """The diagonal of the inverse covariance: squares of the columns of the factor's inverse."""
        found = []
        for column in range(self.m):
            entries = [inverse[column]]
            for i in range(column + 1, self.m):
                value = self.op("fmul", lower[i][column], entries[0])
                for k in range(column + 1, i):
                    value = self.plus(value, lower[i][k], entries[k - column])
                entries.append(self.op("fmul", self.negative(value), inverse[i]))
            found.append(self._squares(entries))
        return found

    def _squares(self, values: list[str]) -> str:
        total = self.op("fmul", values[0], values[0])
        for value in values[1:]:
            total = self.plus(total, value, value)
        return total
