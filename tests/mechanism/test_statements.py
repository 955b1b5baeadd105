"""Statements: listed with their strengths, taken away, and told apart from what only emerges."""

from __future__ import annotations

import pytest

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.mechanism import ablate, check, parse, statements, switch
from normoxia.mechanism.expression import evaluate, inline
from normoxia.mechanism.model import Model

MODEL = parse("""\
model: m
functions:
  up: {arguments: [u, strength], expression: (1 + strength*u)/(1 + strength)}
parameters:
  k: {value: 2, unit: 1/day, source: assumed}
  a: {value: 3, unit: 1, source: assumed, distribution: {kind: normal, sd: 0.2}}
  b: {value: 0.5, unit: 1, source: assumed}
species:
  h: {initial: 1, unit: 1}
  x: {initial: 1, unit: 1}
processes:
  gain: {rate: "k*up(h, a)*b", unit: 1/day, changes: {x: 1}, statements: [C01, C02]}
  loss: {rate: k*x, unit: 1/day, changes: {x: -1}}
switches:
  weak: {on: true, off: {a: 1}}
statements:
  C01: {says: {en: h raises x}, review: s 1, term: gain, strengths: [a], ablate: {a: 0}, arrow: {driver: h, target: x, sign: 1}}
  C02: {says: {en: b scales x}, review: s 1, term: gain, strengths: [b], ablate: {b: 1}}
  C03: {says: {en: more}, review: s 2, term: emergent from C01, emergent: true}
  C04: {says: {en: by covariate}, review: s 2, term: gain, strengths: [b]}
  C05: {says: {en: none}, review: s 2, term: gain, strengths: [b], ablate: {b: 0}}
""")


def gain(model: Model, h: float) -> float:
    functions = {f.name: (f.arguments, f.body) for f in model.functions}
    return evaluate(
        inline(model.processes[0].rate, functions), {**model.defaults, "h": h, "x": 1.0}
    )


def test_statements_are_listed_with_their_present_strengths() -> None:
    claims = {claim.statement.tag: claim for claim in statements(MODEL)}
    assert list(claims) == ["C01", "C02", "C03", "C04", "C05"]
    assert claims["C01"].strengths == {"a": 3.0}
    assert not any(claim.ablated for claim in claims.values())
    weak = {claim.statement.tag: claim for claim in statements(switch(MODEL, {"weak": False}))}
    assert weak["C01"].strengths == {"a": 1.0}


def test_ablation_removes_the_arrow_and_leaves_the_reference_point() -> None:
    without = ablate(MODEL, ["C01"])
    assert gain(MODEL, 2.0) > gain(MODEL, 1.0)
    assert gain(without, 2.0) == gain(without, 1.0) == gain(MODEL, 1.0)
    assert {c.statement.tag for c in statements(without) if c.ablated} == {"C01"}


def test_an_ablated_parameter_no_longer_varies_nor_comes_back_by_a_switch() -> None:
    without = ablate(MODEL, "C01")
    parameter = next(p for p in without.parameters if p.name == "a")
    assert (parameter.value, parameter.kind, parameter.distribution) == (0.0, "fixed", None)
    assert switch(without, {"weak": False}).defaults["a"] == 0.0
    assert check(without) == ()


def test_several_statements_are_ablated_at_once_and_none_changes_nothing() -> None:
    both = ablate(MODEL, ("C01", "C02"))
    assert (both.defaults["a"], both.defaults["b"]) == (0.0, 1.0)
    assert ablate(MODEL, ()) == MODEL


@pytest.mark.parametrize(
    ("tags", "kind", "message"),
    [
        ("C1", UnknownName, 'statement "C1" is not known; did you mean "C01"?'),
        (
            "C03",
            InvalidArgument,
            "C03 is emergent (emergent from C01), so there is no term to remove; ablate the statements it emerges from",
        ),
        (
            "C04",
            InvalidArgument,
            "C04 gives no ablation; change its strengths (b) or add ablate: to <text>:20: statements.C04",
        ),
        (
            ["C02", "C05"],
            InvalidArgument,
            "C05 sets b to 0 and an earlier statement to 1; ablate them apart",
        ),
    ],
)
def test_what_cannot_be_ablated_says_why(
    tags: str | list[str], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        ablate(MODEL, tags)
    assert str(caught.value) == message


def test_switches_are_values() -> None:
    off = switch(MODEL, {"weak": False})
    assert (MODEL.defaults["a"], off.defaults["a"], switch(off, {"weak": True})) == (
        3.0,
        1.0,
        MODEL,
    )
    with pytest.raises(UnknownName, match='switch "week" is not known; did you mean "weak"'):
        switch(MODEL, {"week": True})
