"""The typical patient of the mechanism under regimens: no trial, no scans, courses of observables alone.

One patient of 70 kg, 1.8 m2 and 90 mL/min with the typical value of every parameter, or with those of a calibration's draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia import library, mechanism, pharmacology, simulation
from normoxia.errors import ComputationFailed, UnknownName
from normoxia.mechanism.model import Model
from normoxia.pharmacology import notation
from normoxia.pharmacology.regimen import Regimen
from normoxia.simulation import Simulator

Floats = NDArray[np.float64]

#: the reference body of the drug library: kg, m2, mL/min
WEIGHT, BODY_SURFACE, GFR = 70.0, 1.8, 90.0
_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class TypicalPatient:
    """A compiled model with some drugs, and the observables that are wanted."""

    model: Model
    simulator: Simulator
    outputs: tuple[str, ...]

    def course(
        self,
        regimens: Sequence[str | Sequence[str]],
        times: Sequence[float],
        parameters: Mapping[str, Floats] | None = None,
        n: int = 1,
    ) -> Floats:
        """Return the outputs under each regimen.

        Parameters
        ----------
        regimens
            As a protocol writes them; "" for no treatment.
        times
            Days.
        parameters
            Values by name, shape (n,); names that the model lacks are passed over.
        n
            How many patients, one for each value.

        Returns
        -------
        NDArray
            Shape (n_regimens, n, n_times, n_outputs).

        Raises
        ------
        ComputationFailed
            A patient could not be solved.
        """
        known = {p.name for p in self.model.parameters}
        given = {name: values for name, values in (parameters or {}).items() if name in known}
        state = self.simulator.start(given, n, tolerance=_TOLERANCE)
        courses = []
        for text in regimens:
            regimen = notation.regimen(text) if text else pharmacology.NOTHING
            inputs = pharmacology.schedule(
                regimen, 0.0, max(times) + 1e-6, weight=WEIGHT, body_surface=BODY_SURFACE, gfr=GFR
            )
            result = self.simulator.run(state, inputs, list(times), tolerance=_TOLERANCE)
            if result.status.any():
                raise ComputationFailed(
                    f"the typical patient under {text or 'no treatment'} could not be solved: "
                    f"{next(iter(result.reason.values()))}"
                )
            courses.append(result.values)
        return np.array(courses)


def typical_patient(
    model: str,
    regimens: Sequence[str | Sequence[str]],
    outputs: Sequence[str],
    ablate: Sequence[str] = (),
) -> TypicalPatient:
    """Return the typical patient of a model with the drugs of some regimens.

    Raises
    ------
    UnknownName
        The model has no such output or statement.
    """
    drugs = sorted({drug for text in regimens if text for drug in _drugs(text)})
    biology = mechanism.read(library.find("models", model))
    modules = pharmacology.modules([pharmacology.read(name) for name in drugs])
    composed = mechanism.compose([biology, *modules])
    if ablate:
        composed = mechanism.ablate(composed, list(ablate))
    known = [o.name for o in composed.observables]
    for output in outputs:
        if output not in known:
            raise UnknownName("observable of the model", output, known)
    return TypicalPatient(
        composed, simulation.compile(composed, outputs=tuple(outputs)), tuple(outputs)
    )


def _drugs(text: str | Sequence[str]) -> tuple[str, ...]:
    regimen: Regimen = notation.regimen(text)
    return regimen.drugs
