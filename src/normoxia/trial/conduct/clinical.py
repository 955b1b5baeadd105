"""What the clinic's numbers are for each patient of an ensemble whose replicates differ in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.population import Population
from normoxia.trial.conduct import mortality, toxicity
from normoxia.trial.conduct.mortality import Mortality
from normoxia.trial.protocol import Clinic

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Clinical:
    """Clinical numbers of some patients.

    mortality       their hazards of death
    later_blockade  what a checkpoint inhibitor of a later line blocks, over what it would block first; shape (n_patients,)
    toxicity        factors on hazards of toxicity by group of classes; each of shape (n_patients,)
    """

    mortality: Mortality
    later_blockade: Floats
    toxicity: Mapping[str, Floats]

    def take(self, rows: NDArray[np.intp]) -> Clinical:
        """The numbers of some patients."""
        return Clinical(
            self.mortality.take(rows),
            self.later_blockade[rows],
            {group: values[rows] for group, values in self.toxicity.items()},
        )


def individual(clinic: Clinic, population: Population, frailty: Floats) -> Clinical:
    """The numbers of a population's patients.

    frailty  standard normals; shape (n_patients,)
    """
    n = population.n_patients
    return Clinical(
        mortality.individual(clinic, population, frailty),
        np.full(n, clinic.later_blockade),
        {group: np.full(n, times) for group, times in toxicity.factors(clinic).items()},
    )


def joined(parts: Sequence[Clinical]) -> Clinical:
    """The numbers of several groups of patients as one, in the order given."""
    return Clinical(
        mortality.joined([part.mortality for part in parts]),
        np.concatenate([part.later_blockade for part in parts]),
        {
            group: np.concatenate([part.toxicity[group] for part in parts])
            for group in parts[0].toxicity
        },
    )
