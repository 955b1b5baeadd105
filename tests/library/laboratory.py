"""The shipped mechanism with drugs held at constant levels, as the tests of this folder use it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia import library, mechanism, simulation
from normoxia.calibration.fitting import ensemble
from normoxia.mechanism import expression as ex
from normoxia.mechanism.model import Model
from normoxia.seeding import normals

Levels = Mapping[str, float]
NOTHING: Levels = {}
#: an antibody against PD-1 at a trough, tumour concentration over dissociation constant (bound to 97 %)
ANTI_PD1: Levels = {"checkpoint_level": 30.0}
#: an antibody against PD-L1, likewise
ANTI_PDL1: Levels = {"ligand_level": 30.0}
#: bevacizumab 15 mg/kg: its binding constant is exceeded a hundredfold throughout
BEVACIZUMAB: Levels = {"trap_level": 100.0}


def selective_tki(exposure: float) -> Levels:
    """An inhibitor of VEGFR-2 at a multiple of its IC50, 430 times weaker at PDGFR and FGFR as apatinib is."""
    return {"vegfr_level": exposure, "offtarget_level": exposure / 430}


def multi_target_tki(exposure: float) -> Levels:
    """The same, ten times weaker at PDGFR and FGFR as lenvatinib is."""
    return {"vegfr_level": exposure, "offtarget_level": exposure / 10}


@functools.cache
def nsclc() -> Model:
    """The mechanism as shipped."""
    return mechanism.read(library.path("models", "nsclc"))


def with_levels(model: Model) -> Model:
    """The model with drugs at constant levels."""
    return mechanism.compose([model, mechanism.read_module(library.path("models", "levels"))])


@dataclass(frozen=True, slots=True)
class Course:
    """What became of each patient: `of(name)` has shape (n_patients, n_times)."""

    outputs: tuple[str, ...]
    values: NDArray[np.float64]

    def of(self, name: str) -> NDArray[np.float64]:
        return self.values[:, :, self.outputs.index(name)]


def follow(
    regimens: Sequence[Levels],
    times: Sequence[float],
    outputs: Sequence[str],
    *,
    model: Model | None = None,
    patients: Mapping[str, NDArray[np.float64] | float] | None = None,
    tolerance: float = 1e-5,
) -> Course:
    """One patient per regimen (or, with one regimen, all patients under it), from the start of treatment."""
    simulator = simulation.compile(with_levels(model or nsclc()), outputs=tuple(outputs))
    sizes = [len(v) for v in (patients or {}).values() if np.ndim(v) == 1]
    n = max([len(regimens), *sizes])
    state = simulator.start(patients or {}, n, tolerance=tolerance)
    names = sorted({name for levels in regimens for name in levels})
    given = regimens if len(regimens) == n else list(regimens) * n
    levels = {name: np.array([levels.get(name, 0.0) for levels in given]) for name in names}
    result = simulator.run(state.with_values(**levels), None, list(times), tolerance=tolerance)
    assert not result.status.any(), result.reason
    return Course(tuple(outputs), result.values)


def draw(n: int, seed: int, model: Model | None = None) -> dict[str, NDArray[np.float64]]:
    """Parameters of patients, drawn independently from the model's own distributions (no covariates)."""
    drawn = {}
    for parameter in (model or nsclc()).parameters:
        law = parameter.distribution
        if law is None:
            continue
        z = normals(seed, parameter.name, n, 1)[:, 0]
        if law.kind == "lognormal":
            drawn[parameter.name] = parameter.value * np.exp(law.spread * z)
        elif law.kind == "logitnormal":
            logit = np.log(parameter.value / (1 - parameter.value)) + law.spread * z
            drawn[parameter.name] = 1 / (1 + np.exp(-logit))
        else:
            drawn[parameter.name] = parameter.value + law.spread * z
    return drawn


@functools.cache
def ensemble_draws(n: int) -> dict[str, NDArray[np.float64]]:
    """Typical patients of n possible trials under the shipped ensemble, one a draw; each of shape (n,).

    What a population sets stays out: effects of covariates, spreads and correlations. The reference patient grows as the typical one.
    """
    parameters = {p.name: p.value for p in nsclc().parameters}
    settings = ensemble.read().settings(n, 20261130)
    names = set(settings[0].values) & set(parameters)
    drawn = {name: np.array([setting.values[name] for setting in settings]) for name in names}
    return {**drawn, "g_ref": drawn["gnet"]}


class AtReference:
    """The reference patient's rates and assignments, by the tree evaluator alone and with any name overridden.

    The dilution of vessels by growth is held at the growth the vessel balance assumes, as while settling.
    """

    def __init__(self, model: Model) -> None:
        functions = {f.name: (f.arguments, f.body) for f in model.functions}
        self.settle = model.equilibration
        assert self.settle is not None
        self.rates = {s.name: ex.inline(model.rate_of(s.name), functions) for s in model.species}
        self.algebra = {a.name: ex.inline(a.expression, functions) for a in model.assignments}
        self.algebra |= {slot.name: ex.Number(0.0) for slot in model.slots}
        for name, expression in self.settle.during.items():
            self.algebra[name] = ex.inline(expression, functions)
        self.derived = {d.name: ex.inline(d.expression, functions) for d in self.settle.derived}
        self.fixed = model.defaults
        for species in model.species:
            initial = ex.inline(species.initial, functions)
            self.fixed[species.name] = ex.evaluate(initial, self.fixed)
        for name in self.settle.during:
            self.fixed.pop(name, None)

    def value(self, name: str, overrides: Mapping[str, float] | None = None) -> float:
        """A species' rate of change, or the value of an assignment."""
        memo = {**self.fixed, **(overrides or {})}

        def evaluate(expression: ex.Expression) -> float:
            for symbol in sorted(ex.symbols(expression)):
                if symbol not in memo:
                    memo[symbol] = evaluate(self.algebra.get(symbol) or self.derived[symbol])
            return ex.evaluate(expression, memo)

        return evaluate(self.rates[name] if name in self.rates else ex.Symbol(name))
