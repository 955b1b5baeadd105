"""Formulas of a system over whole ensembles, with the patients for whom one has no value told apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from normoxia.simulation.domain import Domain
from normoxia.simulation.evaluation import OverPatients
from normoxia.simulation.state import Array
from normoxia.simulation.system import Named, System


class Judged:
    """Formulas given as (what it is, expression), over the species, parameters and assignments of a system."""

    def __init__(self, system: System, results: Sequence[Named]) -> None:
        self.system, self.results = system, tuple(results)
        expressions = [expression for _, expression in results]
        self.needed = system.needed(expressions)
        self._evaluate = OverPatients((system.species, system.parameters), self.needed, expressions)

    def judged(
        self,
        values: Array,
        parameters: Array,
        time: Array | float,
        tolerance: float = 0.0,
        asked: NDArray[np.bool_] | None = None,
        each: int = 1,
    ) -> tuple[Array, dict[int, str]]:
        """Values, shape (n, n_formulas), and by row what has none.

        tolerance  relative error aimed at by the solver that made the species
        asked      rows to judge; default: those whose species are finite
        each       rows of values that share a row of parameters, one after the other
        """
        made, doubtful = self._evaluate.noted(values, parameters, time, each)
        if asked is None:
            asked = np.asarray(np.isfinite(values).all(axis=1), bool)
        rows = np.flatnonzero((doubtful | ~np.isfinite(made).all(axis=1)) & asked)
        if not len(rows):
            return made, {}
        own = parameters if each == 1 else np.repeat(parameters, each, axis=0)
        return made, self.faults(rows, values, own, time, tolerance)

    def faults(
        self,
        rows: NDArray[np.int64],
        values: Array,
        parameters: Array,
        time: Array | float,
        tolerance: float = 0.0,
    ) -> dict[int, str]:
        """What has no value in some rows, without evaluating anything first."""
        domain = Domain(
            self.system.species,
            self.system.scales,
            self.system.parameters,
            self.needed,
            self.results,
        )
        when = np.asarray(time, float) if np.ndim(time) == 0 else np.asarray(time, float)[rows]
        found = domain.faults(values[rows], parameters[rows], when, tolerance)
        return {int(rows[k]): what for k, what in found.items()}
