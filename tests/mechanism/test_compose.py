"""Several models made one."""

from __future__ import annotations

import pytest

from normoxia.errors import InvalidArgument, InvalidModel
from normoxia.mechanism import check, compose, parse_module
from normoxia.mechanism.expression import parse as formula

BIOLOGY = """\
model: biology
title: A growing tumour
slots:
  effect: {unit: 1, title: summed occupancy ratios}
parameters:
  k: {value: 1, unit: 1/day, source: assumed}
species:
  x: {initial: 1, unit: 1}
processes:
  loss: {rate: k*x*effect, unit: 1/day, changes: {x: -1}}
"""


def drug(name: str, unit: str = "1") -> str:
    return f"""\
model: {name}
parameters:
  weight: {{value: 70, unit: kg, source: assumed}}
  {name}_K: {{value: 2, unit: mg/kg, source: assumed}}
species:
  {name}_A: {{initial: 0, unit: mg}}
contributes:
  effect: {{expression: {name}_A/({name}_K*weight), unit: {unit}}}
"""


BIO, ONE, TWO = (
    parse_module(text, file=f)
    for text, f in ((BIOLOGY, "b"), (drug("one"), "d1"), (drug("two"), "d2"))
)


def test_terms_find_their_slot_in_the_order_of_the_models() -> None:
    model = compose([BIO, ONE, TWO], name="trial")
    assert model.name == "trial"
    assert model.title == "A growing tumour"
    assert model.slots[0].terms == (
        formula("one_A/(one_K*weight)"),
        formula("two_A/(two_K*weight)"),
    )
    assert [p.file for p in model.slots[0].term_places] == ["d1", "d2"]
    assert check(model) == ()


def test_composing_in_steps_gives_the_same_model() -> None:
    assert compose([compose([BIO, ONE]), TWO]) == compose([BIO, ONE, TWO])
    drugs_first = compose([ONE, TWO])
    assert [c.slot for c in drugs_first.contributions] == ["effect", "effect"]
    assert compose([BIO, drugs_first]) == compose([BIO, ONE, TWO])


def test_what_two_modules_declare_alike_counts_once() -> None:
    assert [p.name for p in compose([ONE, TWO]).parameters] == ["weight", "one_K", "two_K"]


def test_what_two_modules_declare_differently_is_a_finding() -> None:
    heavier = parse_module(drug("two").replace("value: 70", "value: 80"), file="d2")
    with pytest.raises(InvalidModel) as caught:
        compose([BIO, ONE, heavier, ONE])
    assert [str(f) for f in caught.value.findings] == [
        'd1:6: species.one_A: "one_A" is declared a second time (first at d1:6: species.one_A); rename one of them',
        'd2:3: parameters.weight: "weight" is declared a second time (first at d1:3: parameters.weight); '
        "rename one of them, or write both alike if they mean the same",
    ]


def test_a_term_in_another_unit_than_its_slot_is_a_finding() -> None:
    with pytest.raises(
        InvalidModel, match='adds a term in "percent" to the slot "effect", which is in "1"'
    ):
        compose([BIO, parse_module(drug("one", unit="percent"))])


def test_a_term_without_slot_is_found_by_the_checks() -> None:
    lost = parse_module(drug("one").replace("effect:", "efect:"), file="d1")
    assert [str(f) for f in check(compose([BIO, lost])) if "slot" in f.found] == [
        'd1:8: contributes.efect: adds a term to "efect", a slot that no module declares; did you mean "effect"?'
    ]


def test_equilibrations_are_joined_and_must_agree_on_their_duration() -> None:
    one = parse_module("model: a\nequilibration: {duration: 5, hold: [x], initial: {x: 1}}")
    two = parse_module("model: b\nequilibration: {hold: [x, y], during: {q: 2}}")
    joined = compose([one, two]).equilibration
    assert joined is not None
    assert (joined.duration, joined.hold, set(joined.during), set(joined.initial)) == (
        5.0,
        ("x", "y"),
        {"q"},
        {"x"},
    )
    other = parse_module("model: c\nequilibration: {duration: 6, initial: {x: 2}}", file="c")
    with pytest.raises(InvalidModel) as caught:
        compose([one, two, other])
    assert [f.found for f in caught.value.findings] == [
        "duration is 6 here and 5 elsewhere",
        '"x" under initial is given twice',
    ]


def test_time_units_must_agree() -> None:
    with pytest.raises(InvalidModel, match='time_unit is "hour" here and "day" in biology'):
        compose([BIO, parse_module("model: h\ntime_unit: hour")])


def test_nothing_cannot_be_composed() -> None:
    with pytest.raises(InvalidArgument, match="no model was given"):
        compose([])
