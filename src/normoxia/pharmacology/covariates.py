"""Patient covariates that kinetics depend on, declared once so that every drug of a model shares them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from normoxia.mechanism.expression import Call, Expression, Symbol, substitute, symbols
from normoxia.mechanism.model import Model, Parameter
from normoxia.outcome import Source


@dataclass(frozen=True, slots=True)
class DrugCovariate:
    """A covariate's canonical unit, its value in the default patient, and what it means."""

    value: float
    unit: str
    title: str
    low: float
    high: float


_ASSUMED = Source("assumed: a common patient with advanced NSCLC", verified=False)

COVARIATES: Mapping[str, DrugCovariate] = MappingProxyType(
    {
        "weight": DrugCovariate(70.0, "kg", "body weight", 35.0, 150.0),
        "body_surface": DrugCovariate(1.8, "m2", "body surface area", 1.2, 2.6),
        "sex_female": DrugCovariate(0.0, "1", "1 for a woman, 0 for a man", 0.0, 1.0),
        "age": DrugCovariate(63.0, "year", "age", 18.0, 95.0),
        "albumin": DrugCovariate(40.0, "g/L", "serum albumin", 20.0, 55.0),
        "alkaline_phosphatase": DrugCovariate(
            109.0, "1/L", "serum alkaline phosphatase, enzyme units per litre", 30.0, 1000.0
        ),
        "gfr": DrugCovariate(
            90.0, "mL/min", "glomerular filtration rate, absolute (not per 1.73 m2)", 15.0, 160.0
        ),
        "ecog": DrugCovariate(0.0, "1", "ECOG performance status", 0.0, 4.0),
        "asian": DrugCovariate(0.0, "1", "1 for Asian ancestry, else 0", 0.0, 1.0),
    }
)

#: parameters equal to one unit of a covariate, which make it a plain number in a published equation
_ONE = {
    "kg": "one_kilogram",
    "g/L": "one_gram_per_litre",
    "mL/min": "one_millilitre_per_minute",
    "m2": "one_square_metre",
    "year": "one_year",
    "1/L": "one_per_litre",
}


def typical(names: Iterable[str] = COVARIATES) -> dict[str, float]:
    """The default patient's covariates, in canonical units."""
    return {name: COVARIATES[name].value for name in names}


def in_units(tree: Expression) -> Expression:
    """An expression over covariates as plain numbers, rewritten so that its units balance in a model."""
    return substitute(tree, {name: _plain(name) for name in symbols(tree)})


def _plain(name: str) -> Expression:
    unit = COVARIATES[name].unit
    return Symbol(name) if unit == "1" else Call("divide", (Symbol(name), Symbol(_ONE[unit])))


def patient(names: Iterable[str], plain: Iterable[str] = ()) -> Model:
    """The module that declares covariates as parameters.

    names  every covariate that some drug of the model reads
    plain  those read as plain numbers, whose unit parameters are needed too
    """
    wanted = sorted(set(names), key=list(COVARIATES).index)
    ones = sorted({COVARIATES[name].unit for name in plain} - {"1"}, key=list(_ONE).index)
    parameters = [
        Parameter(name, c.value, c.unit, "fixed", None, c.low, c.high, _ASSUMED, c.title)
        for name in wanted
        for c in (COVARIATES[name],)
    ]
    parameters += [
        Parameter(
            _ONE[unit],
            1.0,
            unit,
            source=Source("by definition"),
            title="makes a covariate a plain number",
        )
        for unit in ones
    ]
    return Model(
        "patient",
        "Covariates that the kinetics of several drugs share",
        parameters=tuple(parameters),
    )
