"""Slopes at the reference patient, against derivatives taken by hand."""

from __future__ import annotations

import pytest

from normoxia.errors import InvalidModel
from normoxia.mechanism import parse
from normoxia.mechanism.arrows import ReferenceState, arrows

TEXT = """\
model: two arrows
functions:
  half: {arguments: [u, M], expression: u/(M + u)}
slots:
  block: {unit: 1, title: what a drug would add}
parameters:
  a: {value: 3, unit: 1/day, source: assumed}
  b: {value: 0.5, unit: 1, source: assumed}
  k: {value: 1, unit: 1/day, source: assumed}
  K: {value: 2, unit: 1, source: assumed}
species:
  x: {initial: 4, unit: 1}
  y: {initial: 1, unit: 1}
assignments:
  drive: {expression: half(x, K)/(1 + block), unit: 1}
processes:
  rise: {rate: a*drive*(1 - b*y), unit: 1/day, changes: {y: 1}}
  loss: {rate: k*y, unit: 1/day, changes: {y: -1}}
statements:
  S1: {says: {en: more x more y}, review: nowhere, term: rise, strengths: [a], ablate: {a: 0}, arrow: {driver: x, target: y, sign: SIGN}}
  S2: {says: {en: more x more drive}, review: nowhere, term: drive, strengths: [K], arrow: {driver: x, target: drive, sign: +1}}
  S3: {says: {en: it all follows}, review: nowhere, term: emergent from S1, emergent: true}
"""


def test_slopes_are_the_derivatives() -> None:
    """d drive/dx = K/(K + x)^2 = 2/36; dy/dt = a drive (1 - b y) - k y, so its slope in x is 3 (2/36) (1/2)."""
    found = {arrow.statement.tag: arrow for arrow in arrows(parse(TEXT.replace("SIGN", "+1")))}
    assert set(found) == {"S1", "S2"}
    assert found["S2"].slope == pytest.approx(2 / 36, rel=1e-6)
    assert found["S1"].slope == pytest.approx(3 * 2 / 36 * 0.5, rel=1e-6)
    assert found["S1"].points
    assert found["S1"].left == 0.0


def test_the_wrong_sign_is_told() -> None:
    arrow = arrows(parse(TEXT.replace("SIGN", "-1")))[0]
    assert not arrow.points


def test_an_ablation_that_leaves_something_is_told() -> None:
    arrow = arrows(parse(TEXT.replace("SIGN", "+1").replace("ablate: {a: 0}", "ablate: {a: 1}")))[0]
    assert not arrow.is_silenced


def test_names_can_be_overridden() -> None:
    reference = ReferenceState(parse(TEXT.replace("SIGN", "+1")))
    assert reference.value("drive", {"x": 2.0, "block": 1.0}) == pytest.approx(0.25)
    assert reference.at("drive") == pytest.approx(4 / 6)


@pytest.mark.parametrize(
    ("formula", "why"),
    [
        ("x/(x - x)", "division by zero"),
        ("log(x - x)", "log(x - x)"),
        ("(1 - x)**0.5*x", "(1 - x)**0.5"),
        ("exp(exp(x + 9))", "exp"),
    ],
)
def test_a_formula_without_a_value_at_the_reference_patient_is_an_error(
    formula: str, why: str
) -> None:
    text = TEXT.replace("SIGN", "+1").replace(
        "half(x, K)/(1 + block)", f"half(x, K)/(1 + block) + 0*({formula})"
    )
    with pytest.raises(InvalidModel, match="has no value at the reference patient") as error:
        arrows(parse(text))
    assert why in str(error.value)


def test_what_a_condition_does_not_choose_is_not_evaluated() -> None:
    guarded = "where(x > 9 and 1/(x - x) > 0, 1/(x - x), half(x, K))/(1 + block)"
    reference = ReferenceState(
        parse(TEXT.replace("SIGN", "+1").replace("half(x, K)/(1 + block)", guarded))
    )
    assert reference.at("drive") == pytest.approx(4 / 6)
