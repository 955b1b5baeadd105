"""Where an ensemble stands: what a run starts from and what it leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.mechanism.inputs import Inputs, none

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Everything a patient carries from one run into the next.

    time        in the model's time unit, the same for all patients
    species     names; `values` has shape (n_patients, n_species)
    parameters  names, derived ones included; `parameter_values` has shape (n_patients, n_parameters)
    infusions   doses begun before `time` that still flow; the next run goes on with them
    steps       step sizes remembered, by kind of break (the doses given there); each of shape (n_patients,);
                0 where none is known yet. They change the cost of a run and its last digits, nothing else
    status      0 is well; a patient who failed keeps the status, and NaN values
    reason      why, by patient who failed
    """

    time: float
    species: tuple[str, ...]
    values: Array
    parameters: tuple[str, ...]
    parameter_values: Array
    infusions: Inputs = field(default_factory=none)
    steps: Mapping[str, Array] = field(default_factory=lambda: MappingProxyType({}))
    status: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    reason: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def n_patients(self) -> int:
        """Number of patients."""
        return int(self.values.shape[0])

    def __getitem__(self, name: str) -> Array:
        """Values of a species or parameter, shape (n_patients,)."""
        if name in self.species:
            return self.values[:, self.species.index(name)]
        if name in self.parameters:
            return self.parameter_values[:, self.parameters.index(name)]
        raise UnknownName("species or parameter", name, (*self.species, *self.parameters))

    def with_values(self, **changed: ArrayLike) -> State:
        """The state with other values of species or parameters; each a number or an array of shape (n_patients,)."""
        values, parameter_values = self.values.copy(), self.parameter_values.copy()
        for name, value in changed.items():
            if name in self.species:
                values[:, self.species.index(name)] = value
            elif name in self.parameters:
                parameter_values[:, self.parameters.index(name)] = value
            else:
                raise UnknownName("species or parameter", name, (*self.species, *self.parameters))
        return replace(self, values=values, parameter_values=parameter_values)

    def take(self, patients: ArrayLike) -> State:
        """The state of some patients, by index or mask, in the order given."""
        chosen = np.arange(self.n_patients)[np.asarray(patients)]
        if chosen.ndim != 1:
            raise InvalidArgument(
                "patients is not a list of indices or a mask; give one index per patient kept"
            )
        flowing = self.infusions
        if flowing.n_doses and flowing.amount.ndim == 2:
            flowing = replace(flowing, amount=flowing.amount[chosen])
        return replace(
            self,
            values=self.values[chosen],
            parameter_values=self.parameter_values[chosen],
            infusions=flowing,
            steps={kind: step[chosen] for kind, step in self.steps.items()},
            status=self.status[chosen],
            reason={k: self.reason[i] for k, i in enumerate(chosen.tolist()) if i in self.reason},
        )
