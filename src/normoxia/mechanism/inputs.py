"""Inputs: what enters a model from outside, without knowing what a drug is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Doses into species, shared times with a patient's own amounts.

    time      start of each dose, in the model's time unit, ascending; shape (n_doses,)
    target    species each dose enters; length n_doses
    amount    in the species' unit; shape (n_doses,) for all patients alike, or (n_patients, n_doses); 0 = not given
    duration  0 for a bolus, else the dose enters at the constant rate amount/duration; shape (n_doses,)
    """

    time: NDArray[np.float64]
    target: tuple[str, ...]
    amount: NDArray[np.float64]
    duration: NDArray[np.float64]

    @property
    def n_doses(self) -> int:
        """Number of doses."""
        return len(self.target)


def none() -> Inputs:
    """No doses."""
    empty = np.zeros(0)
    return Inputs(empty, (), empty, empty)
