"""What a run gives: the outputs asked for, at the times asked for, for every patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import UnknownName
from normoxia.simulation.state import Array, State


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """Outputs of an ensemble over time.

    times    ascending, in the model's time unit; shape (n_times,)
    outputs  names of species, assignments or observables
    values   shape (n_patients, n_times, n_outputs); NaN from the moment a patient failed.
             At the time of a dose or event the value is the one just before it
    status   0 is well; shape (n_patients,)
    reason   why, by patient who failed
    state    at the last time, from which another run goes on
    work     steps accepted and rejected by the solver; shape (n_patients, 2); 0 where it does not count them
    """

    times: Array
    outputs: tuple[str, ...]
    values: Array
    status: NDArray[np.int64]
    reason: Mapping[int, str]
    state: State
    work: NDArray[np.int64]

    def __getitem__(self, name: str) -> Array:
        """One output, shape (n_patients, n_times)."""
        if name not in self.outputs:
            raise UnknownName("output", name, self.outputs)
        return self.values[:, :, self.outputs.index(name)]

    @property
    def n_patients(self) -> int:
        """Number of patients."""
        return int(self.values.shape[0])

    @property
    def n_failed(self) -> int:
        """How many patients the solver could not carry to the end."""
        return int(np.count_nonzero(self.status))
