"""Backends: ways to carry patients through the intervals of a plan.

reference.py  SciPy's LSODA with a Python right-hand side, patient by patient: slow, clear, takes every model, judges
fast.py       closed-form linear kinetics and a Rosenbrock core compiled for vector lanes: takes models without
              condition events and algebraic rules

Inside the fast backend: blueprint.py says what a kernel holds, emit.py writes it (algebra.py, terms.py, steps.py,
conditions.py with watching.py and looking.py, carrying.py, on the vectors of lanes.py), machine.py compiles and keeps it,
host.py feeds it (groups.py, remembered.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from normoxia.simulation.plan import Interval
from normoxia.simulation.state import Array
from normoxia.simulation.system import System

#: reasons a patient fails, by status; a backend may add detail
WELL, TOO_MANY_STEPS, STEP_TOO_SMALL, NOT_FINITE, NO_ROOT = 0, 1, 2, 3, 4
TOO_MANY_SWITCHES, NO_VALUE, UNKNOWN_SIGN = 6, 8, 9
REASONS = {
    TOO_MANY_STEPS: "the solver took more steps than allowed in one interval",
    STEP_TOO_SMALL: "the step size fell below what floating point can resolve",
    NOT_FINITE: "a rate or state was not a finite number",
    NO_ROOT: "an algebraic rule had no solution that could be found",
    TOO_MANY_SWITCHES: "a condition switches too often",
    NO_VALUE: "a formula has no value",
    UNKNOWN_SIGN: "a condition depends on the sign of a species that is too small to be solved for",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PatientBlock:
    """Some patients to carry through their intervals.

    values      (n, n_species) at the start; parameters (n, n_parameters)
    plans       the intervals of each patient; patients with equal doses share one object
    amounts     (n, n_doses)
    kinds       of break, whose step sizes are remembered; `steps` has shape (n, n_kinds)
    n_saves     number of times to save
    tolerance   relative error aimed at; absolute: tolerance * scale of the species
    alive       (n,); patients who failed before are skipped
    before      values before what changed them at the start (an event at a given time); None when nothing did
    """

    values: Array
    parameters: Array
    plans: Sequence[tuple[Interval, ...]]
    amounts: Array
    kinds: tuple[str, ...]
    steps: Array
    n_saves: int
    tolerance: float
    alive: NDArray[np.bool_]
    before: Array | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Carried:
    """Where the patients of a block came to.

    values  (n, n_species) at the end; saved (n, n_saves, n_species); NaN after a failure
    status  (n,), 0 is well; reason by patient; work (n, 2) accepted and rejected steps
    """

    values: Array
    saved: Array
    steps: Array
    status: NDArray[np.int64]
    reason: dict[int, str]
    work: NDArray[np.int64]


class Solver(Protocol):
    """A system made ready. Carrying must not depend on who else is in the block, nor share anything between threads."""

    def carry(self, block: PatientBlock) -> Carried:
        """Carry the patients of a block through their intervals."""
        ...

    def consistent(
        self, values: Array, parameters: Array, time: float
    ) -> tuple[Array, dict[int, tuple[int, str]]]:
        """Solve for the species that algebraic rules determine.

        Parameters
        ----------
        values
            Shape (n, n_species); where the search starts.
        parameters
            Shape (n, n_parameters).
        time
            In the model's unit.

        Returns
        -------
        values
            With ruled species solved for, others unchanged.
        faults
            Status and reason of patients for whom there are none.
        """
        ...


class Backend(Protocol):
    """A way to solve. `prepare` does the costly work once; raises InvalidArgument when the system is not for it."""

    @property
    def name(self) -> str:
        """What users call the backend."""
        ...

    def prepare(self, system: System, typical: dict[str, float]) -> Solver:
        """Make a system ready; `typical` are parameter values that a backend may look at, not a number where unknown."""
        ...
