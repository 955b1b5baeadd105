"""Everything random about a trial's patients beside their parameters, addressed by replicate, patient and purpose.

No purpose names an arm: patient i of one arm is the twin of patient i of another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia import seeding
from normoxia.trial.conduct import lesions, toxicity
from normoxia.trial.protocol import Trial

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PatientDraws:
    """Everything random about some patients beside their parameters; every array has one row a patient."""

    uniform: Mapping[str, Floats]
    normal: Mapping[str, Floats]

    def take(self, rows: NDArray[np.intp]) -> PatientDraws:
        """The draws of some patients."""
        return PatientDraws(
            {k: v[rows] for k, v in self.uniform.items()},
            {k: v[rows] for k, v in self.normal.items()},
        )


def draw(trial: Trial, seed: int, pieces: Sequence[tuple[int, int, int]]) -> PatientDraws:
    """The draws of patients given as pieces (replicate, first patient, how many)."""
    n_visits = len(trial.visits.days(trial.horizon))
    classes = sorted(
        {name for arm in trial.arms for name in toxicity.classes_of(arm.regimen.drugs)}
    )
    uniform = {
        name: 1
        for name in (
            "death",
            "clinical progression",
            "clinical progression seen",
            "new lesion",
            "survival loss",
            "scan withdrawal",
            "discontinuation",
            "entry",
            "beyond",
            "next line",
        )
    }
    uniform |= {"node": lesions.MAX_LESIONS, "scan day": n_visits, "missed": n_visits}
    uniform |= {
        f"toxicity/{name}/{what}": toxicity.MAX_EVENTS
        for name in classes
        for what in toxicity.DRAWS
    }
    normal = {
        "frailty": 1,
        "lesion share": lesions.MAX_LESIONS,
        "lesion spread": lesions.MAX_LESIONS,
    }
    normal |= {"reading": n_visits * lesions.MAX_LESIONS, "first reading": lesions.MAX_LESIONS}

    def drawn(source: Callable[..., Floats], widths: Mapping[str, int]) -> dict[str, Floats]:
        return {
            name: np.concatenate(
                [
                    source(seed, f"trial/{name}", n, width, replicate=r, first_patient=first)
                    for r, first, n in pieces
                ]
            )
            for name, width in widths.items()
        }

    return PatientDraws(drawn(seeding.uniforms, uniform), drawn(seeding.normals, normal))
