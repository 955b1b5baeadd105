"""Units by algebra: balanced by construction is accepted, one unit changed is found."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.mechanism.strategies import BY_UNIT, balanced

from normoxia.mechanism.balance import Balance, Measure
from normoxia.mechanism.expression import Expression, parse, symbols
from normoxia.mechanism.model import Function
from normoxia.units import unit

UNITS = {name: unit(text) for text, names in BY_UNIT.items() for name in names}


def judged(
    expression: Expression | str, units: dict[str, str] | None = None, *functions: Function
) -> tuple[Measure, list[str]]:
    notes: list[str] = []
    known = UNITS if units is None else {name: unit(text) for name, text in units.items()}
    tree = parse(expression) if isinstance(expression, str) else expression
    measure = Balance(known, {f.name: f for f in functions}).unit_of(
        tree, lambda a, b: notes.append(f"{a}; {b}")
    )
    return measure, notes


@given(st.sampled_from(sorted(BY_UNIT)).flatmap(lambda u: st.tuples(st.just(u), balanced(u))))
def test_what_balances_by_construction_is_accepted(case: tuple[str, Expression]) -> None:
    wanted, expression = case
    measure, notes = judged(expression)
    assert notes == []
    assert measure is None or measure.same_scale(unit(wanted))


@given(
    case=st.sampled_from(sorted(BY_UNIT)).flatmap(lambda u: st.tuples(st.just(u), balanced(u))),
    pick=st.integers(0, 1000),
    other=st.sampled_from(["kg", "1/nM", "mm**2", "ug", "percent"]),
)
@settings(max_examples=300)
def test_one_unit_changed_is_found(case: tuple[str, Expression], pick: int, other: str) -> None:
    """The name is made to occur once, so that the change cannot cancel; comparisons and 0*x aside, it must show."""
    wanted, expression = case
    names = sorted(symbols(expression))
    assume(names)
    name = names[pick % len(names)]
    assume(show_count(expression, name) == 1)
    changed = {**UNITS, name: UNITS[name] * unit(other)}
    notes: list[str] = []
    measure = Balance(changed, {}).unit_of(expression, lambda a, b: notes.append(a))
    assert notes or (measure is not None and not measure.same_scale(unit(wanted)))


def show_count(expression: Expression, name: str) -> int:
    from normoxia.mechanism.expression import Symbol, walk

    return sum(node == Symbol(name) for node in walk(expression))


AB = {
    "a": "mg/L",
    "b": "ng/L",
    "t": "day",
    "k": "1/day",
    "x": "1",
    "p": "percent",
    "V": "mL",
    "n": "1",
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "a + b",
            '"a" is in mg/L but "b" in ng/L (+); expected mg/L; the numbers differ by a factor of 1e-06',
        ),
        ("a - t", '"a" is in mg/L but "t" in day (-); expected mg/L'),
        ("1 + a", '"1" is without unit but "a" in mg/L (+); expected no unit'),
        ("where(t < 1, x, 2)", '"t" is in day but "1" without unit (less); expected day'),
        ("where(x < 1, a, t)", '"a" is in mg/L but "t" in day (where); expected mg/L'),
        (
            "max(a, b, 0)",
            '"a" is in mg/L but "b" in ng/L (max); expected mg/L; the numbers differ by a factor of 1e-06',
        ),
        ("clip(t, 0, 3)", '"t" is in day but "3" without unit (clip); expected day'),
        (
            "exp(t)",
            'exp of "t" is in day; expected no unit; divide by a reference of the same unit',
        ),
        (
            "exp(p)",
            'exp of "p" is in percent; expected no unit; the numbers differ by a factor of 0.01',
        ),
        (
            "x**t",
            'the exponent "t" is in day; expected no unit; divide by a reference of the same unit',
        ),
        (
            "V**n",
            '"V" is in mL and its exponent "n" is no number; divide the base by a reference of the same unit first',
        ),
        ("a*k + a/V", '"a*k" is in mg/L/day but "a/V" in mg/L/mL (+); expected mg/L/day'),
    ],
)
def test_imbalance_is_told_once_with_its_remedy(text: str, found: str) -> None:
    assert judged(text, AB)[1] == [found]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("where(t < 0, 0, a) + max(a, 0) + min(0, a)", "mg/L"),
        ("V**(1/3)", "mL**0.3333333333333333"),
        ("sqrt(V**2 + V**2)", "mL"),
        ("(V**0.5)**-2", "1/mL"),
        ("x**n*k", "1/day"),
        ("(a/a)**x", "1"),
        ("-abs(a)", "mg/L"),
        ("(k < 0) + 1", "1"),
        ("floor(t*k)", "1"),
        ("a**0", "1"),
    ],
)
def test_zero_fits_anything_and_fixed_exponents_may_be_fractional(text: str, wanted: str) -> None:
    measure, notes = judged(text, AB)
    assert notes == []
    assert measure is not None
    assert measure.same_scale(unit(wanted))


def test_same_scale_under_another_name_is_no_finding() -> None:
    assert judged("a + c", {"a": "mg/L", "c": "ug/mL"})[1] == []


def test_functions_are_judged_at_each_call() -> None:
    half = Function("half", ("x", "K"), parse("x/(K + x)"))
    assert judged("half(a, a) + half(t, t)", AB, half)[1] == []
    _, notes = judged("1 + half(a, t)", AB, half)
    assert notes == [
        'in "half(a, t)", where half computes "x/(K + x)": "K" is in day but "x" in mg/L (+); expected day'
    ]
    assert judged("half(half(a, b), 1)", AB, half)[1][0].startswith('in "half(a, b)"')
