"""Drawing virtual patients: each from a stream of their own, drawn again until eligible and plausible."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia import seeding
from normoxia.errors import ComputationFailed, InvalidArgument
from normoxia.mechanism.expression import Call, Expression, Number, Symbol, symbols
from normoxia.mechanism.model import Model, Parameter
from normoxia.population.covariates import (
    COMPUTABLE,
    EVERYBODY,
    Column,
    Computed,
    Condition,
    Continuous,
    Covariate,
    CovariateEffect,
    Law,
    Levels,
    PopulationDocument,
    Quantiles,
)
from normoxia.population.population import Acceptance, Population

Floats = NDArray[np.float64]

#: candidates drawn for one patient before giving up; 0.97**200 is one patient in 400 where 3 % are acceptable
MAX_ATTEMPTS = 200
#: least eigenvalue of a matrix of correlations; below it Cholesky factors lose digits
_LEAST_EIGENVALUE = 0.01


def sample(
    document: PopulationDocument,
    model: Model,
    n_patients: int,
    seed: int,
    *,
    eligibility: Condition = EVERYBODY,
    first_patient: int = 0,
    replicate: int = 0,
    max_attempts: int = MAX_ATTEMPTS,
) -> Population:
    """Patients `first_patient` to `first_patient + n_patients - 1` of the population a seed names.

    model        its sampled parameters are drawn; covariates named like one of its parameters set that parameter
    eligibility  patients who do not meet it are drawn again from the same patient's stream, as are implausible ones
    raises       ComputationFailed when a patient found no acceptable candidate, naming the rule that refused most

    A patient's values depend on the seed, replicate, number, document and names of the drawn quantities, and on
    nothing else: not on how many patients are asked for, nor on parameters other than their own.
    """
    if n_patients < 1:
        raise InvalidArgument(
            f"n_patients is {n_patients}; a population needs at least one patient"
        )
    drawing = _Drawing(document, model, seed, replicate)
    covariates: dict[str, Column] = {}
    parameters: dict[str, Floats] = {}
    waiting = np.ones(n_patients, dtype=bool)
    drawn = 0
    refused = {"eligibility": 0} | {rule.name: 0 for rule in document.rules}
    for attempt in range(max_attempts):
        rows = np.flatnonzero(waiting)
        if not len(rows):
            break
        start, stop = int(rows[0]), int(rows[-1]) + 1
        columns, values = drawing.candidates(first_patient + start, stop - start, attempt)
        columns = {name: column[rows - start] for name, column in columns.items()}
        values = {name: value[rows - start] for name, value in values.items()}
        drawn += len(rows)
        accepted = eligibility.holds(columns, len(rows))
        refused["eligibility"] += int((~accepted).sum())
        known = {**{k: c for k, c in columns.items() if c.dtype.kind == "f"}, **values}
        for rule in document.rules:
            if not symbols(rule.expression) <= set(known):
                continue  # a smaller model lacks the parameter the rule is about
            quantity = evaluate(rule.expression, known)
            plausible = (quantity >= rule.low) & (quantity <= rule.high)
            refused[rule.name] += int((~plausible).sum())
            accepted &= plausible
        for name, column in columns.items():
            if name not in covariates:
                covariates[name] = np.zeros(
                    n_patients, dtype=_storage(column, document.covariate(name))
                )
            covariates[name][rows[accepted]] = column[accepted]
        for name, value in values.items():
            parameters.setdefault(name, np.full(n_patients, np.nan))[rows[accepted]] = value[
                accepted
            ]
        waiting[rows[accepted]] = False
    if waiting.any():
        worst = max(refused, key=lambda rule: refused[rule])
        raise ComputationFailed(
            f"{int(waiting.sum())} of {n_patients} patients found no acceptable candidate in {max_attempts} draws; "
            f'"{worst}" refused {refused[worst]} of {drawn} candidates: loosen it, or change the prevalences'
        )
    return Population(
        np.arange(first_patient, first_patient + n_patients),
        np.full(n_patients, replicate),
        covariates,
        parameters,
        np.ones(n_patients),
        seed,
        Acceptance(drawn, n_patients, refused),
        document.name,
    )


@dataclass(frozen=True, slots=True)
class _Drawing:
    """One seed's candidates of a document and model."""

    document: PopulationDocument
    model: Model
    seed: int
    replicate: int

    def candidates(
        self, first: int, n: int, attempt: int
    ) -> tuple[dict[str, Column], dict[str, Floats]]:
        """Covariates and parameters of the given attempt, plausible or not."""
        sampled = {
            p.name: p
            for p in self.model.parameters
            if p.distribution is not None and p.kind != "fixed"
        }
        normal = self._normals([*self.document.latents, *sampled], first, n, attempt)
        columns: dict[str, Column] = {}
        for covariate in self.document.covariates:
            columns[covariate.name] = self._covariate(covariate, columns, normal, first, n, attempt)
        held = [(effect, effect.when.holds(columns, n)) for effect in self.document.effects]
        for latent in self.document.latents:
            for effect, mask in held:
                if effect.target == latent:
                    normal[latent] = normal[latent] + effect.shift * mask
        values: dict[str, Floats] = {}
        for name, parameter in sampled.items():
            z = normal[self.document.follows.get(name, name)]
            values[name] = self._parameter(parameter, z, held, n)
        values |= self._shared(held, n)
        declared = {p.name: p for p in self.model.parameters}
        for name, column in columns.items():
            if name in declared and column.dtype.kind == "f":
                values[name] = column.astype(np.float64)
        return columns, values

    def _normals(self, names: list[str], first: int, n: int, attempt: int) -> dict[str, Floats]:
        """Standard normals by name, correlated as the document says."""
        drawn = {
            name: seeding.normals(
                self.seed,
                f"population/{name}/{attempt}",
                n,
                1,
                replicate=self.replicate,
                first_patient=first,
            )[:, 0]
            for name in names
            if name not in self.document.follows
        }
        pairs = [c for c in self.document.correlations if c.one in drawn and c.other in drawn]
        tied = sorted({name for c in pairs for name in (c.one, c.other)}, key=names.index)
        if tied:
            matrix = np.eye(len(tied))
            for pair in pairs:
                i, j = tied.index(pair.one), tied.index(pair.other)
                matrix[i, j] = matrix[j, i] = pair.value
            factor = np.linalg.cholesky(possible(matrix))
            # summed term by term: a matrix product's last digits depend on how many rows it has
            mixed = {
                name: sum(
                    (factor[i, j] * drawn[tied[j]] for j in range(i)), factor[i, i] * drawn[name]
                )
                for i, name in enumerate(tied)
            }
            drawn.update(mixed)
        return drawn

    def _covariate(
        self,
        covariate: Covariate,
        columns: Mapping[str, Column],
        normal: Mapping[str, Floats],
        first: int,
        n: int,
        attempt: int,
    ) -> Column:
        purpose = f"population/{covariate.name}/{attempt}"
        u = seeding.uniforms(
            self.seed, purpose, n, 1, replicate=self.replicate, first_patient=first
        )[:, 0]
        column = self._from_law(covariate.law, u, columns, normal, n)
        undecided = np.ones(n, dtype=bool)
        for condition, law in covariate.given:
            chosen = condition.holds(columns, n) & undecided
            if chosen.any():
                other = self._from_law(law, u, columns, normal, n)
                column = np.where(chosen, other, column)
            undecided &= ~chosen
        return column

    def _from_law(
        self,
        law: Law,
        u: Floats,
        columns: Mapping[str, Column],
        normal: Mapping[str, Floats],
        n: int,
    ) -> Column:
        from scipy.special import ndtr, ndtri

        if isinstance(law, Computed):
            return np.broadcast_to(
                evaluate(law.expression, {k: c for k, c in columns.items()}), (n,)
            ).astype(float)
        if isinstance(law, Continuous):
            if law.kind == "lognormal":
                return np.clip(law.typical * np.exp(law.spread * ndtri(u)), law.low, law.high)
            return np.clip(law.typical + law.spread * ndtri(u), law.low, law.high)
        if isinstance(law, Quantiles):
            z = normal[law.latent]
            for effect in self.document.effects:
                if effect.target == law.latent:
                    z = z + effect.shift * effect.when.holds(columns, n)
            u = ndtr(z)
        names = list(law.shares)
        rank = np.searchsorted(np.cumsum(list(law.shares.values()))[:-1], u, side="right")
        return _levels(names)[rank]

    def _typical(self, parameter: Parameter) -> float:
        """The typical value: the population's, else that of the parameter it follows, else the model's."""
        settings = [s for s in self.document.typical if s.parameter == parameter.name]
        values = [s.value for s in settings if not np.isnan(s.value)]
        if values:
            return values[-1]
        declared = {p.name: p for p in self.model.parameters}
        leaders = [s.same_as for s in settings if s.same_as in declared]
        return self._typical(declared[leaders[-1]]) if leaders else parameter.value

    def _shared(
        self, held: list[tuple[CovariateEffect, NDArray[np.bool_]]], n: int
    ) -> dict[str, Floats]:
        """Parameters without a distribution that an effect multiplies or that follow another one."""
        followers = {s.parameter for s in self.document.typical if s.same_as}
        multiplied = {effect.target for effect, _ in held if effect.times != 1.0}
        values = {}
        for parameter in self.model.parameters:
            sampled = parameter.distribution is not None and parameter.kind != "fixed"
            if not sampled and parameter.name in followers | multiplied:
                factor = np.ones(n)
                for effect, mask in held:
                    if effect.target == parameter.name:
                        factor = np.where(mask, factor * effect.times, factor)
                values[parameter.name] = self._typical(parameter) * factor
        return values

    def _parameter(
        self,
        parameter: Parameter,
        z: Floats,
        held: list[tuple[CovariateEffect, NDArray[np.bool_]]],
        n: int,
    ) -> Floats:
        law = parameter.distribution
        assert law is not None
        typical, spread = self._typical(parameter), law.spread
        for setting in self.document.typical:
            if setting.parameter == parameter.name and not np.isnan(setting.spread):
                spread = setting.spread
        shift, factor = np.zeros(n), np.ones(n)
        for effect, mask in held:
            if effect.target == parameter.name:
                shift = shift + effect.shift * mask
                factor = np.where(mask, factor * effect.times, factor)
        deviation = spread * z + shift
        if law.kind == "lognormal":
            return np.asarray(typical * np.exp(deviation) * factor)
        if law.kind == "logitnormal":
            centre = np.log(typical / (1.0 - typical))
            return np.asarray(factor / (1.0 + np.exp(-(centre + deviation))))
        return np.asarray((typical + deviation) * factor)


def evaluate(expression: Expression, values: Mapping[str, Column]) -> Floats:
    """An expression over columns of patients, element by element."""
    if isinstance(expression, Number):
        return np.asarray(expression.value, dtype=np.float64)
    if isinstance(expression, Symbol):
        return values[expression.name].astype(np.float64)
    assert isinstance(expression, Call)
    arguments = [evaluate(argument, values) for argument in expression.arguments]
    return np.asarray(_ARRAY[expression.function](*arguments), dtype=np.float64)


_ARRAY: Mapping[str, Callable[..., Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "power": np.power,
    "negate": np.negative,
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "tanh": np.tanh,
    "floor": np.floor,
    "min": lambda *values: functools.reduce(np.minimum, values),
    "max": lambda *values: functools.reduce(np.maximum, values),
    "clip": lambda value, low, high: np.minimum(np.maximum(value, low), high),
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "equal": np.equal,
    "and": lambda *values: functools.reduce(np.logical_and, values),
    "or": lambda *values: functools.reduce(np.logical_or, values),
    "not": np.logical_not,
    "where": lambda condition, yes, no: np.where(condition != 0, yes, no),
}
assert _ARRAY.keys() == COMPUTABLE


def _levels(names: list[str]) -> Column:
    """Level names as numbers where all of them are, else as texts."""
    try:
        return np.array([float(name) for name in names])
    except ValueError:
        return np.array(names)


def _storage(column: Column, covariate: Covariate | None) -> np.dtype[np.float64] | str:
    """A dtype wide enough for every level the covariate can take."""
    if column.dtype.kind == "f":
        return np.dtype(np.float64)
    laws: list[Law] = (
        [] if covariate is None else [covariate.law, *(law for _, law in covariate.given)]
    )
    widths = [len(n) for law in laws if isinstance(law, (Levels, Quantiles)) for n in law.shares]
    return f"<U{max(widths, default=column.dtype.itemsize // 4)}"


def possible(correlations: Floats) -> Floats:
    """Correlations that can hold together: those given where they can, else all shrunk alike until the least eigenvalue is 0.01.

    Each pair of a calibration moves by itself, and two strong ones with a common partner leave no room for a third.

    Parameters
    ----------
    correlations
        Symmetric, 1 on the diagonal; shape (n, n).

    Returns
    -------
    ndarray
        Positive definite; shape (n, n).
    """
    least = float(np.linalg.eigvalsh(correlations)[0])
    if least >= _LEAST_EIGENVALUE:
        return correlations
    # eigenvalues of I + f (R - I) are 1 + f (eigenvalues of R - 1)
    f = (1.0 - _LEAST_EIGENVALUE) / (1.0 - least)
    return np.asarray(np.eye(len(correlations)) + f * (correlations - np.eye(len(correlations))))
