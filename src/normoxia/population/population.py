"""A drawn population: who the patients are, and what their parameters are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.population.covariates import Column, Condition


@dataclass(frozen=True, slots=True)
class Acceptance:
    """How many candidates were drawn for how many patients, and how many of them each rule turned away.

    A candidate may break several rules; it counts under each. Rules are `eligibility` and the plausibility rules.
    """

    drawn: int
    accepted: int
    refused: Mapping[str, int]

    @property
    def share(self) -> float:
        """Accepted over drawn; 1 when nothing was drawn."""
        return self.accepted / self.drawn if self.drawn else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Virtual patients; every column has shape (n_patients,).

    patients    each patient's number in the whole population (not the row)
    replicate   which drawing of the whole population a patient belongs to
    covariates  numbers, or names of levels
    parameters  values of the model's parameters that differ between patients, in the model's units
    weights     how many patients each stands for; ones as drawn
    """

    patients: NDArray[np.int64]
    replicate: NDArray[np.int64]
    covariates: Mapping[str, Column]
    parameters: Mapping[str, NDArray[np.float64]]
    weights: NDArray[np.float64]
    seed: int
    acceptance: Acceptance
    document: str = ""

    @property
    def n_patients(self) -> int:
        """Number of patients."""
        return len(self.patients)

    def where(self, condition: Condition) -> NDArray[np.bool_]:
        """Which patients meet a condition on covariates; shape (n_patients,)."""
        for clause in condition.clauses:
            if clause.covariate not in self.covariates:
                raise UnknownName("covariate", clause.covariate, self.covariates)
        return condition.holds(self.covariates, self.n_patients)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Population:
        """Some of the patients, by mask or row, in that order; the acceptance stays that of the drawing."""
        return Population(
            self.patients[rows],
            self.replicate[rows],
            {name: column[rows] for name, column in self.covariates.items()},
            {name: values[rows] for name, values in self.parameters.items()},
            self.weights[rows],
            self.seed,
            self.acceptance,
            self.document,
        )


def joined(parts: Sequence[Population]) -> Population:
    """Populations of the same document and seed as one, in the order given. Raises InvalidArgument when they differ in columns."""
    if not parts:
        raise InvalidArgument("no population was given; expected at least one")
    first = parts[0]
    for part in parts[1:]:
        if set(part.covariates) != set(first.covariates) or set(part.parameters) != set(
            first.parameters
        ):
            raise InvalidArgument(
                "the populations have different columns; join those of one document and model"
            )
    refused: dict[str, int] = {}
    for part in parts:
        for rule, count in part.acceptance.refused.items():
            refused[rule] = refused.get(rule, 0) + count
    acceptance = Acceptance(
        sum(p.acceptance.drawn for p in parts), sum(p.acceptance.accepted for p in parts), refused
    )
    return Population(
        np.concatenate([p.patients for p in parts]),
        np.concatenate([p.replicate for p in parts]),
        {name: np.concatenate([p.covariates[name] for p in parts]) for name in first.covariates},
        {name: np.concatenate([p.parameters[name] for p in parts]) for name in first.parameters},
        np.concatenate([p.weights for p in parts]),
        first.seed,
        acceptance,
        first.document,
    )
