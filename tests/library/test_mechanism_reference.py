"""The reference patient stands still, and goes on standing still when any causal arrow is taken away."""

from __future__ import annotations

import numpy as np
import pytest
from tests.library.laboratory import ANTI_PD1, NOTHING, AtReference, draw, follow, nsclc

from normoxia import mechanism

#: rates are sums of a handful of terms below 20 a day, each exact to rounding
STILL = 1e-9

RATIOS = (
    "B",
    "ue",
    "sig",
    "perm",
    "tone",
    "Q",
    "BF",
    "h",
    "sI",
    "Vf",
    "us",
    "ui",
    "adhesion",
    "infil",
    "ant",
    "s",
    "fPD",
    "sup",
    "fS",
    "fn",
    "src",
    "gf",
    "pericytes",
    "destabilised",
)

SETTLING = nsclc().equilibration
ABLATABLE = [s.tag for s in nsclc().statements if s.ablation]
STRENGTHS = [
    p.name
    for p in nsclc().parameters
    if p.name.startswith(("a_", "g_")) and p.name not in ("a_R", "g_ref")
]


def moving(model) -> dict[str, float]:
    """Species of the settling microenvironment whose rate is not 0."""
    reference = AtReference(model)
    rates = {s.name: reference.value(s.name) for s in model.species if s.name not in SETTLING.hold}
    return {name: rate for name, rate in rates.items() if abs(rate) >= STILL}


def test_the_reference_patient_stands_still():
    assert not moving(nsclc())


def test_every_ratio_of_the_reference_patient_is_one():
    reference = AtReference(nsclc())
    assert {name: reference.value(name) for name in RATIOS} == pytest.approx(
        dict.fromkeys(RATIOS, 1.0), abs=1e-9
    )


@pytest.mark.parametrize("tag", ABLATABLE)
def test_taking_a_statement_away_leaves_the_reference_patient_where_it_is(tag):
    assert not moving(mechanism.ablate(nsclc(), tag))


@pytest.mark.parametrize("strength", STRENGTHS)
def test_taking_one_arrow_away_leaves_the_reference_patient_where_it_is(strength):
    assert not moving(nsclc().with_values({strength: 0.0}))


def test_without_treatment_the_reference_tumour_grows_at_its_rate():
    course = follow([NOTHING], [84.0], ["V", "Q", "T8"])
    assert course.of("V")[0, 0] == pytest.approx(
        37 * np.exp(0.0049 * 84), rel=0.01
    )  # hidden clones outgrow a little
    assert course.of("Q")[0, 0] == pytest.approx(1, abs=0.01)
    assert course.of("T8")[0, 0] == pytest.approx(1, abs=0.02)


def test_drawn_patients_begin_settled():
    """Only growth moves them: in a week without treatment perfusion and T cells stay within a few percent."""
    course = follow([NOTHING], [0.0, 7.0], ["Q", "T8", "growth_rate"], patients=draw(64, seed=3))
    for name in ("Q", "T8"):
        drift = np.abs(course.of(name)[:, 1] / course.of(name)[:, 0] - 1)
        assert np.quantile(drift, 0.95) < 0.05, name


def test_without_c21_an_antibody_against_pd1_does_exactly_nothing():
    ablated = mechanism.ablate(nsclc(), "C21")
    names = [s.name for s in ablated.species]
    course = follow([NOTHING, ANTI_PD1], [21.0, 168.0], names, model=ablated)
    np.testing.assert_array_equal(course.values[0], course.values[1])


@pytest.mark.parametrize("perfusion", [0.2, 0.7, 1.0, 1.3])
def test_antibody_reaches_half_a_tumour_at_four_tenths_of_the_perfusion(perfusion):
    """Q/(Q + 0.4) as long as the arrow stands, and the reference tumour's share at any perfusion once it is taken away (C27)."""
    intact, ablated = AtReference(nsclc()), AtReference(mechanism.ablate(nsclc(), "C27"))
    assert intact.value("reach", {"Q": perfusion}) == pytest.approx(perfusion / (perfusion + 0.4))
    assert ablated.value("reach", {"Q": perfusion}) == pytest.approx(1 / 1.4)


def test_the_vessel_balance_assumes_the_growth_of_the_median_patient():
    values = nsclc().defaults
    assert values["g_ref"] == values["gnet"]
