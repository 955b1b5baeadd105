"""Formulas that grow: the size after writing out is known before, and what is too large is a finding."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normoxia.errors import InvalidModel
from normoxia.mechanism import expression, parse
from normoxia.mechanism.growth import _Measured
from normoxia.mechanism.model import Function

HEAD = "model: m\nparameters:\n  k: {value: 1, unit: 1/day, source: assumed}\n"
TAIL = "species:\n  x: {initial: 0, unit: 1}\nprocesses:\n  p: {rate: RATE, unit: 1/day, changes: {x: 1}}\n"


def doubling(levels: int) -> str:
    """Functions of which each calls the one before twice."""
    lines = ["functions:", "  f0: {arguments: [u], expression: u + u}"]
    lines += [
        f"  f{i}: {{arguments: [u], expression: f{i - 1}(u) + f{i - 1}(u)}}"
        for i in range(1, levels)
    ]
    return "\n".join(lines) + "\n"


def test_functions_that_double_are_a_finding_at_once() -> None:
    began = time.process_time()
    with pytest.raises(
        InvalidModel,
        match=r"processes.p.rate: comes to .* once the functions it calls are written out",
    ):
        parse(HEAD + doubling(60) + TAIL.replace("RATE", "k*f59(x)"))
    assert time.process_time() - began < 5.0


def test_functions_that_double_a_few_times_are_sound() -> None:
    assert parse(HEAD + doubling(8) + TAIL.replace("RATE", "k*f7(x)")).name == "m"


@pytest.mark.parametrize(
    ("rate", "found"),
    [
        ("k*(" + "+".join(["x"] * 400) + ")", "parts inside parts more than"),
        ("+".join(["k*x"] * 4000), "has 15,999 characters"),
        ("k*" + "(" * 400 + "x" + ")" * 400, "check brackets|shorten it"),
    ],
)
def test_formulas_that_nobody_writes_are_findings(rate: str, found: str) -> None:
    with pytest.raises(InvalidModel, match=found):
        parse(HEAD + TAIL.replace("RATE", rate))


def test_a_species_of_too_many_processes_is_a_finding() -> None:
    processes = "".join(
        f"  p{i}: {{rate: k*x, unit: 1/day, changes: {{x: 1}}}}\n" for i in range(400)
    )
    with pytest.raises(
        InvalidModel, match=r"species.x: is a sum of 400 processes, 2 deep; expected 150 together"
    ):
        parse(HEAD + "species:\n  x: {initial: 0, unit: 1}\nprocesses:\n" + processes)


CALLS = st.recursive(
    st.sampled_from(["u", "v", "2", "z"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} + {pair[1]})"),
        st.tuples(st.sampled_from(["f", "g"]), inner, inner).map(
            lambda t: f"{t[0]}({t[1]}, {t[2]})"
        ),
        inner.map(lambda one: f"exp({one})"),
    ),
    max_leaves=6,
)
PLAIN = st.recursive(
    st.sampled_from(["u", "v", "2"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: f"({p[0]}*{p[1]})"), inner.map(lambda o: f"log({o})")
    ),
    max_leaves=5,
)


def depth(tree: expression.Expression) -> int:
    return (
        1 + max(map(depth, tree.arguments), default=0) if isinstance(tree, expression.Call) else 0
    )


@given(PLAIN, PLAIN, CALLS)
def test_sizes_are_those_of_the_formula_written_out(f: str, g: str, formula: str) -> None:
    """The oracle writes the functions out and counts."""
    bodies = {
        "f": Function("f", ("u", "v"), expression.parse(f)),
        "g": Function("g", ("u", "v"), expression.parse(g)),
    }
    tree = expression.parse(formula)
    written = expression.inline(tree, {name: (b.arguments, b.body) for name, b in bodies.items()})
    size = _Measured(bodies).size(tree)
    assert size.parts == len(list(expression.walk(written)))
    assert size.depth == depth(written)
