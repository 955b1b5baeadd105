"""Covariates and what they do to parameters, as values: how each is drawn, on what it depends, which patients it concerns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from normoxia.mechanism.expression import Expression
from normoxia.outcome import Source
from normoxia.values import Value

#: one value a patient: numbers, or names of levels
Column = NDArray[np.float64] | NDArray[np.str_]

#: functions that expressions over covariates may call
COMPUTABLE = frozenset(
    {
        "add",
        "subtract",
        "multiply",
        "divide",
        "power",
        "negate",
        "exp",
        "log",
        "log10",
        "sqrt",
        "abs",
        "tanh",
        "floor",
        "min",
        "max",
        "clip",
        "where",
        "less",
        "less_equal",
        "greater",
        "greater_equal",
        "equal",
        "and",
        "or",
        "not",
    }
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One covariate held to some levels, or to a range with both ends included."""

    covariate: str
    levels: tuple[str, ...] = ()
    low: float = -np.inf
    high: float = np.inf

    def holds(self, columns: Mapping[str, Column]) -> NDArray[np.bool_]:
        """Whether it holds, by patient."""
        column = columns[self.covariate]
        if not self.levels:
            numbers = column.astype(np.float64)
            return np.asarray((numbers >= self.low) & (numbers <= self.high))
        if column.dtype.kind == "f":
            return np.asarray(np.isin(column, np.array([float(level) for level in self.levels])))
        return np.asarray(np.isin(column, np.array(self.levels)))

    def __str__(self) -> str:
        if self.levels:
            return f"{self.covariate} {' or '.join(self.levels)}"
        return f"{self.covariate} from {self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class Condition:
    """Clauses that must all hold; none means everybody."""

    clauses: tuple[Clause, ...] = ()

    def holds(self, columns: Mapping[str, Column], n_patients: int) -> NDArray[np.bool_]:
        """Whether all clauses hold, by patient."""
        held = np.ones(n_patients, dtype=bool)
        for clause in self.clauses:
            held &= clause.holds(columns)
        return held

    def __str__(self) -> str:
        return ", ".join(str(clause) for clause in self.clauses) or "everybody"


EVERYBODY = Condition()


@dataclass(frozen=True, slots=True)
class Levels:
    """A category drawn with given shares, which sum to 1."""

    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Continuous:
    """A number drawn as typical*exp(spread*z) ("lognormal") or typical + spread*z ("normal"), within bounds."""

    kind: str
    typical: float
    spread: float
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Categories cut from a latent standard normal, lowest first, so that unshifted patients fall into them in these shares."""

    latent: str
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Computed:
    """A number that follows from others by an expression."""

    expression: Expression


Law = Levels | Continuous | Quantiles | Computed


@dataclass(frozen=True, slots=True)
class Covariate:
    """A covariate: its law, and other laws for the patients of given conditions (the first that holds counts)."""

    name: str
    law: Law
    given: tuple[tuple[Condition, Law], ...] = ()
    unit: str = "1"
    source: Source = field(default_factory=lambda: Source("assumed", verified=False))
    title: str = ""


@dataclass(frozen=True, slots=True)
class CovariateEffect:
    """What belonging to some patients does to a parameter or latent.

    times   factor on a parameter's value
    shift   added on the scale its distribution is normal on (log, logit or natural; natural for a latent); nothing on a
            parameter without a distribution, which all patients of a condition share
    status  "published", "assumed", or "starting value" (a prototype's fit, to be calibrated)
    statement  tag of the causal statement that it carries, or ""
    """

    target: str
    when: Condition
    times: float = 1.0
    shift: float = 0.0
    status: str = "assumed"
    source: Source = field(default_factory=lambda: Source("assumed", verified=False))
    statement: str = ""


@dataclass(frozen=True, slots=True)
class Correlation:
    """Correlation of the standard normals behind two parameters or latents."""

    one: str
    other: str
    value: float
    status: str = "assumed"
    source: Source = field(default_factory=lambda: Source("assumed", verified=False))
    statement: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Typical(Value):
    """A parameter's typical value or spread over patients, where the population sets them instead of the model.

    value, spread  nan: the model's
    same_as        another parameter, whose typical value this one takes; "" for none. A value goes before it.
    """

    parameter: str
    value: float = np.nan
    spread: float = np.nan
    same_as: str = ""
    status: str = "assumed"
    source: Source = field(default_factory=lambda: Source("assumed", verified=False))


@dataclass(frozen=True, slots=True)
class Rule:
    """A quantity, over parameters and covariates, that must lie in a range for a patient to be plausible."""

    name: str
    expression: Expression
    low: float
    high: float
    reason: str


@dataclass(frozen=True, slots=True)
class PopulationDocument:
    """How patients are drawn, as read from a document.

    latents   standard normals that are no parameter themselves, such as the one behind PD-L1
    follows   parameters whose standard normal is a latent's, shifts included
    """

    name: str
    title: str
    covariates: tuple[Covariate, ...]
    latents: tuple[str, ...] = ()
    follows: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    effects: tuple[CovariateEffect, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    typical: tuple[Typical, ...] = ()
    rules: tuple[Rule, ...] = ()

    def covariate(self, name: str) -> Covariate | None:
        """A covariate by name, or None."""
        return next((c for c in self.covariates if c.name == name), None)

    @property
    def statements(self) -> frozenset[str]:
        """Tags of the causal statements that effects and correlations of this population carry."""
        tags = [e.statement for e in self.effects] + [c.statement for c in self.correlations]
        return frozenset(tag for tag in tags if tag)

    def without(self, tags: Collection[str]) -> PopulationDocument:
        """The document without what carries some statements: their effects, their correlations, and the parameters
        that follow a latent of such a correlation, which then vary on their own.
        """
        gone = [c for c in self.correlations if c.statement in tags]
        loose = {name for c in gone for name in (c.one, c.other)} & set(self.latents)
        return replace(
            self,
            effects=tuple(e for e in self.effects if e.statement not in tags),
            correlations=tuple(c for c in self.correlations if c.statement not in tags),
            follows={name: latent for name, latent in self.follows.items() if latent not in loose},
        )

    def with_covariates(self, changed: Mapping[str, Covariate]) -> PopulationDocument:
        """The document with other laws for some covariates; new ones stand at the end."""
        kept = tuple(changed.get(c.name, c) for c in self.covariates)
        names = {c.name for c in self.covariates}
        return replace(
            self, covariates=kept + tuple(c for n, c in changed.items() if n not in names)
        )
