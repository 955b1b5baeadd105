"""Other numbers for a trial: typical values, spreads, effects, correlations and the clinic's, named in one short form.

    gnet                        typical value of a sampled parameter, or the value of one that all patients share
    gnet.spread                 standard deviation of a sampled parameter's scale
    kI|egfr=mutant              what a covariate's level does to a parameter: its factor, or its shift where it has one
    pd_l1~kI                    correlation of what lies behind two of them
    clinic.death_hazard         a number of the clinic
    clinic.death|egfr=mutant    a factor on the hazard of death

A calibration is a set of such settings, one a draw; a replicate of a trial may have one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np

from normoxia.errors import UnknownName
from normoxia.mechanism.model import Model
from normoxia.population import Condition, Population, PopulationDocument
from normoxia.population.covariates import Correlation, CovariateEffect, Typical
from normoxia.trial.protocol import Clinic, Factor, Trial

T = TypeVar("T")

#: fields of `Clinic` that are one number
CLINIC_NUMBERS = tuple(
    field.name for field in fields(Clinic) if field.name not in ("dose_rules", "death_factors")
)
CLINIC, SPREAD, DEATH = "clinic.", ".spread", "death"


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """Numbers by name, to stand in place of a trial's own; names as the module says."""

    values: Mapping[str, float]

    def on(self, trial: Trial) -> Trial:
        """The trial with these numbers; names that only the model knows are left to `shared`.

        raises  UnknownName for an effect, correlation, or number of the clinic that the trial does not have
        """
        population, clinic = trial.population, trial.clinic
        for name, value in self.values.items():
            if name.startswith(CLINIC):
                clinic = _clinic(clinic, name.removeprefix(CLINIC), value)
            else:
                population = _population(population, name, value)
        return replace(trial, population=population, clinic=clinic)

    def restricted(self, trial: Trial, spared: Collection[str] = ()) -> ParameterSet:
        """The setting without what a trial's population and clinic do not have, and without names to be spared.

        Parameters are kept whether or not the model has them; `shared` and sampling pass over those it lacks.
        """
        document = trial.population
        has = {_key(effect.target, effect.when) for effect in document.effects}
        has |= {f"{pair.one}~{pair.other}" for pair in document.correlations}
        has |= {CLINIC + name for name in CLINIC_NUMBERS}
        has |= {CLINIC + _key(DEATH, factor.when) for factor in trial.clinic.death_factors}
        kept = {
            name: value
            for name, value in self.values.items()
            if name not in spared
            and (name in has or not (name.startswith(CLINIC) or "|" in name or "~" in name))
        }
        return ParameterSet(kept)

    def shared(self, model: Model, population: Population) -> Population:
        """The population with parameters that all its patients share added as columns."""
        known = {p.name for p in model.parameters} - set(population.parameters)
        columns = {
            name: np.full(population.n_patients, value)
            for name, value in self.values.items()
            if name in known
        }
        return (
            replace(population, parameters={**population.parameters, **columns})
            if columns
            else population
        )


def known_names(trial: Trial, model: Model) -> tuple[str, ...]:
    """Every name a setting may use for a trial and its composed model, sorted."""
    document = trial.population
    sampled = [p.name for p in model.parameters if p.distribution is not None and p.kind != "fixed"]
    names = [p.name for p in model.parameters] + [name + SPREAD for name in sampled]
    names += [_key(effect.target, effect.when) for effect in document.effects]
    names += [f"{pair.one}~{pair.other}" for pair in document.correlations]
    names += [CLINIC + name for name in CLINIC_NUMBERS]
    names += [CLINIC + _key(DEATH, factor.when) for factor in trial.clinic.death_factors]
    return tuple(sorted(names))


def _key(target: str, when: Condition) -> str:
    return "|".join(
        [target, *(f"{clause.covariate}={'/'.join(clause.levels)}" for clause in when.clauses)]
    )


def _population(document: PopulationDocument, name: str, value: float) -> PopulationDocument:
    if "|" in name:
        known = [_key(effect.target, effect.when) for effect in document.effects]
        return replace(document, effects=_changed(document.effects, known, name, value, _effect))
    if "~" in name:
        known = [f"{pair.one}~{pair.other}" for pair in document.correlations]
        pairs = _changed(document.correlations, known, name, value, _correlation)
        return replace(document, correlations=pairs)
    parameter = name.removesuffix(SPREAD)
    before = next((t for t in document.typical if t.parameter == parameter), Typical(parameter))
    after = replace(before, spread=value) if name.endswith(SPREAD) else replace(before, value=value)
    others = tuple(t for t in document.typical if t.parameter != parameter)
    return replace(document, typical=(*others, after))


def _clinic(clinic: Clinic, name: str, value: float) -> Clinic:
    if "|" in name:
        known = [_key(DEATH, factor.when) for factor in clinic.death_factors]
        return replace(
            clinic, death_factors=_changed(clinic.death_factors, known, name, value, _factor)
        )
    if name not in CLINIC_NUMBERS:
        raise UnknownName("number of the clinic", name, CLINIC_NUMBERS)
    return Clinic(**{**{f.name: getattr(clinic, f.name) for f in fields(Clinic)}, name: value})


def _changed(
    items: tuple[T, ...],
    known: Iterable[str],
    name: str,
    value: float,
    change: Callable[[T, float], T],
) -> tuple[T, ...]:
    names = list(known)
    if name not in names:
        raise UnknownName("setting", name, names)
    return tuple(
        change(item, value) if key == name else item for key, item in zip(names, items, strict=True)
    )


def _effect(effect: CovariateEffect, value: float) -> CovariateEffect:
    return replace(effect, shift=value) if effect.shift else replace(effect, times=value)


def _correlation(pair: Correlation, value: float) -> Correlation:
    return replace(pair, value=value)


def _factor(factor: Factor, value: float) -> Factor:
    return replace(factor, times=value)
