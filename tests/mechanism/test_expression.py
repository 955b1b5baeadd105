"""Expressions: text to tree and back, and what is refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mechanism.strategies import expressions

from normoxia.mechanism.expression import (
    Call,
    Expression,
    InvalidExpression,
    Number,
    Symbol,
    calls,
    evaluate,
    inline,
    parse,
    show,
    substitute,
    symbols,
)


@given(expressions())
def test_what_is_shown_is_read_back(expression: Expression) -> None:
    assert parse(show(expression)) == expression


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3*4", 14.0),
        ("-2**2", -4.0),
        ("2^3^2", 512.0),
        ("8/4/2", 1.0),
        ("1 - 2 - 3", -4.0),
        ("(-2)**2", 4.0),
        ("where(1 < 2 and not 3 <= 2, 10, 20)", 10.0),
        ("clip(5, 0, 3) + min(4, 2, 3)", 5.0),
        ("sqrt(16)*log10(1000)", 12.0),
        ("(6*36*pi/pi)**(1/3)", 6.0),
        ("1e-3*2.5E+3", 2.5),
    ],
)
def test_precedence_is_that_of_arithmetic(text: str, value: float) -> None:
    assert math.isclose(evaluate(parse(text), {}), value, rel_tol=1e-15)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("k*(1 - B", '"k*(1 - B" is not an expression near "(1 - B"; check brackets and signs'),
        ("k*", '"k*" is not an expression near "k*"; check brackets and signs'),
        ("", "an empty expression; expected a formula or a number"),
        ("a < b < c", '"a < b < c" in "a < b < c" is not understood: expected numbers, names'),
        ("exp(1, 2)", '"exp(1, 2)" in "exp(1, 2)" is not understood: exp takes 1 arguments, not 2'),
        ("x if y else z", "is not understood"),
        ("f(x=1)", '"f(x=1)" in "f(x=1)" is not understood'),
        ("a.b", '"a.b" in "a.b" is not understood'),
        ("1e999", '"1e999" in "1e999" is not understood'),
        ("__import__('os')", "is not understood"),
        ("1j", "is not understood"),
    ],
)
def test_what_is_no_expression_says_which_part(text: str, message: str) -> None:
    with pytest.raises(InvalidExpression) as caught:
        parse(text)
    assert message in str(caught.value)


def test_absurd_depth_is_refused_without_a_traceback() -> None:
    with pytest.raises(InvalidExpression):
        parse("(" * 5000 + "x" + ")" * 5000)


def test_symbols_and_calls_are_told_apart() -> None:
    expression = parse("k*up(h, a) + exp(x) - where(time < t_0, 0, b)")
    assert symbols(expression) == {"k", "h", "a", "x", "time", "t_0", "b"}
    assert calls(expression) == {"up"}


def test_declared_functions_are_inlined_inside_one_another() -> None:
    functions = {"twice": (("x",), parse("2*x")), "four_times": (("x",), parse("twice(twice(x))"))}
    assert evaluate(inline(parse("four_times(x + 1)"), functions), {"x": 2.0}) == 12.0


def test_arguments_are_substituted_at_once() -> None:
    swapped = substitute(parse("x - y"), {"x": Symbol("y"), "y": Symbol("x")})
    assert swapped == Call("subtract", (Symbol("y"), Symbol("x")))
    assert substitute(Number(1.0), {"x": Symbol("y")}) == Number(1.0)


@given(st.text(alphabet=st.sampled_from("xk12.+-*/^()<>=, eandornotwhere_\t"), max_size=40))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        tree = parse(text)
    except InvalidExpression:
        return
    assert parse(show(tree)) == tree


@pytest.mark.parametrize(
    "text",
    [
        "-" * 3000 + "x",
        "not " * 2000 + "x",
        "(" * 150 + "x",
        "x**" * 900 + "x",
        "f(" * 400 + "x" + ")" * 400,
        "9" * 5000,
        "\x00",
        "1(2)",
        "x if y else z",
    ],
)
def test_texts_beyond_any_formula_are_refused(text: str) -> None:
    with pytest.raises(InvalidExpression) as caught:
        parse(text)
    assert len(str(caught.value)) < 600
