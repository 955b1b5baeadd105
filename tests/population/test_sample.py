"""Virtual patients: reproducible one by one, and distributed as their document says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from normoxia import documents, population
from normoxia.errors import ComputationFailed, InvalidDocument, UnknownName
from normoxia.mechanism.model import Distribution, Model, Parameter
from normoxia.population import files
from normoxia.population.covariates import Typical
from normoxia.population.sample import possible

MODEL = Model(
    "toy",
    parameters=(
        Parameter("kI", 0.001, "1/day", "sampled", Distribution("lognormal", 1.5)),
        Parameter("L1", 1.0, "1", "sampled", Distribution("lognormal", 1.0)),
        Parameter("w", 0.6, "1", "sampled", Distribution("logitnormal", 0.5)),
        Parameter("gnet", 0.005, "1/day", "sampled", Distribution("lognormal", 0.5)),
        Parameter("V0", 37.0, "mL", "sampled", Distribution("lognormal", 1.5)),
        Parameter("n_les", 3.0, "1"),
        Parameter("weight", 70.0, "kg"),
    ),
)
ELIGIBLE = population.Condition((population.Clause("pdl1_tps", ("1-49%", ">=50%")),))


def test_a_patient_does_not_depend_on_the_others_even_when_candidates_are_refused() -> None:
    document = population.read("advanced-nsclc")
    whole = population.sample(document, MODEL, 40, 7, eligibility=ELIGIBLE)
    part = population.sample(document, MODEL, 5, 7, eligibility=ELIGIBLE, first_patient=20)
    for name, values in part.parameters.items():
        assert (values == whole.parameters[name][20:25]).all(), name
    for name, column in part.covariates.items():
        assert (column == whole.covariates[name][20:25]).all(), name
    assert whole.acceptance.refused["eligibility"] > 0


def test_a_parameter_of_another_module_changes_nobody_elses_value() -> None:
    document = population.read("advanced-nsclc")
    more = Model(
        "toy",
        parameters=(
            *MODEL.parameters,
            Parameter("CL", 0.2, "L/day", "sampled", Distribution("lognormal", 0.3)),
        ),
    )
    one, other = (population.sample(document, model, 30, 3) for model in (MODEL, more))
    assert (one.parameters["kI"] == other.parameters["kI"]).all()


def test_shares_and_correlation_are_those_of_the_document() -> None:
    drawn = population.sample(population.read("advanced-nsclc"), MODEL, 20_000, 1)
    wild = drawn.covariates["egfr"] == "wild-type"
    # Monte Carlo error of a share at n = 16,000 is below 0.004; four of them
    assert abs((drawn.covariates["sex_female"] == 1).mean() - 0.38) < 0.014
    assert abs((drawn.covariates["pdl1_tps"][wild] == ">=50%").mean() - 0.22) < 0.016
    z = np.log(np.stack([drawn.parameters["kI"][wild], drawn.parameters["L1"][wild]]))
    assert abs(np.corrcoef(z)[0, 1] - 0.5) < 0.02
    ratio = np.exp(
        np.median(np.log(drawn.parameters["kI"][~wild]))
        - np.median(np.log(drawn.parameters["kI"][wild]))
    )
    # median factor 0.15, shared by nothing else at first line; the sampling error of the log ratio is about 0.05
    assert 0.12 < ratio < 0.19
    assert (drawn.parameters["n_les"] == drawn.covariates["target_lesions"]).all()
    surface = np.sqrt(drawn.covariates["height"] * drawn.covariates["weight"] / 3600)
    assert np.allclose(drawn.covariates["body_surface"], surface)


SHARED = """
population: toy
covariates:
  sort: {levels: {plain: 0.5, odd: 0.5}, source: assumed}
effects:
  - {on: k_V, when: {sort: odd}, times: 0.25, source: assumed}
  - {on: a_VH, when: {sort: odd}, shift: 1, source: assumed}
typical:
  g_ref: {same_as: gnet, source: assumed}
"""


def _shared(document: population.PopulationDocument) -> tuple[population.Population, np.ndarray]:
    model = Model(
        "toy",
        parameters=(
            Parameter("gnet", 0.005, "1/day", "sampled", Distribution("lognormal", 0.5)),
            Parameter("g_ref", 0.004, "1/day"),
            Parameter("k_V", 16.0, "1/day"),
            Parameter("a_VH", 2.0, "1"),
        ),
    )
    drawn = population.sample(document, model, 50, 1)
    return drawn, drawn.covariates["sort"] == "odd"


def test_an_effect_multiplies_a_parameter_that_does_not_vary_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "toy.yaml"
    path.write_text(SHARED)
    drawn, odd = _shared(population.read(path))
    assert set(drawn.parameters["k_V"][odd]) == {4.0}
    assert set(drawn.parameters["k_V"][~odd]) == {16.0}
    assert "a_VH" not in drawn.parameters  # a shift needs the scale of a distribution


def test_a_parameter_follows_the_typical_value_of_another_wherever_that_is_set(
    tmp_path: Path,
) -> None:
    path = tmp_path / "toy.yaml"
    path.write_text(SHARED)
    document = population.read(path)
    assert set(_shared(document)[0].parameters["g_ref"]) == {0.005}
    moved = replace(document, typical=(*document.typical, Typical("gnet", 0.007)))
    assert set(_shared(moved)[0].parameters["g_ref"]) == {0.007}
    chosen = replace(moved, typical=(replace(document.typical[0], value=0.001), moved.typical[1]))
    assert set(_shared(chosen)[0].parameters["g_ref"]) == {0.001}


def test_implausible_candidates_are_refused_and_counted() -> None:
    drawn = population.sample(population.read("advanced-nsclc"), MODEL, 2_000, 1)
    lesion = (6000 * drawn.parameters["V0"] / (np.pi * drawn.parameters["n_les"])) ** (1 / 3)
    assert lesion.min() >= 10.0
    assert drawn.acceptance.refused["measurable"] > 0
    assert drawn.acceptance.drawn > drawn.acceptance.accepted == 2_000


def test_nobody_eligible_names_the_rule() -> None:
    never = population.Condition((population.Clause("age", (), 200.0, 300.0),))
    with pytest.raises(ComputationFailed, match='"eligibility" refused'):
        population.sample(
            population.read("advanced-nsclc"), MODEL, 3, 1, eligibility=never, max_attempts=5
        )


def test_replicates_are_fresh_patients() -> None:
    document = population.read("advanced-nsclc")
    one, other = (population.sample(document, MODEL, 50, 3, replicate=r) for r in (0, 1))
    assert (one.parameters["gnet"] != other.parameters["gnet"]).all()
    both = population.joined([one, other])
    assert both.n_patients == 100
    assert both.acceptance.drawn == one.acceptance.drawn + other.acceptance.drawn


def test_table_one_gives_standardised_differences() -> None:
    drawn = population.sample(population.read("advanced-nsclc"), MODEL, 4_000, 1)
    lines = [
        population.TableOne(
            "men", 62.0, population.Condition((population.Clause("sex_female", ("0",)),))
        ),
        population.TableOne("age", 63.0, median_of="age"),
        population.TableOne(
            "women", 62.0, population.Condition((population.Clause("sex_female", ("1",)),))
        ),
    ]
    men, age, women = population.table_one(drawn, lines)
    assert abs(men.difference) < 0.1
    assert abs(age.difference) < 0.1
    # 38 % against 62 %: -0.24 / sqrt(0.2356)
    assert women.difference == pytest.approx(-0.4945, abs=0.05)


def test_unknown_population_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="advanced-nsclc"):
        population.read("advanced-nsclcc")


def test_every_mistake_is_found_at_once() -> None:
    text = """
population: wrong
covariates:
  sex: {levels: {0: 0.5, 1: 0.6}, source: assumed}
  age: {normal: {mean: 60}, source: assumed}
  ecog: {levels: {0: 1}}
  bmi: {expression: weigth/2, source: assumed}
effects:
  - {on: kI, when: {egrf: mutant}, times: 0.5, source: assumed}
correlations:
  - {between: [a, b], value: 1.5, source: assumed}
"""
    with pytest.raises(InvalidDocument) as caught:
        files.parse(documents.parse(text, "wrong.yaml"))
    message = str(caught.value)
    for part in ("sum to 1.1", 'missing key "sd"', "no source", '"weigth"', '"egrf"', "at most 1"):
        assert part in message, part


def test_the_shipped_population_names_levels_that_exist() -> None:
    document = population.read("advanced-nsclc")
    names = {c.name for c in document.covariates}
    for effect in document.effects:
        assert {c.covariate for c in effect.when.clauses} <= names


def test_correlations_that_cannot_hold_together_are_shrunk() -> None:
    """One partner of two independent numbers: 0.8² + 0.7² > 1. Eigenvalues are 1 and 1 ± the root of the sum of squares."""
    asked = np.array([[1.0, 0.8, 0.7], [0.8, 1.0, 0.0], [0.7, 0.0, 1.0]])
    got = possible(asked)
    np.linalg.cholesky(got)
    assert np.hypot(got[0, 1], got[0, 2]) == pytest.approx(0.99)
    assert got[0, 1] / got[0, 2] == pytest.approx(8 / 7)
    weaker = np.array([[1.0, 0.5], [0.5, 1.0]])
    assert possible(weaker) is weaker
