"""The graph means what the trees mean, and its derivatives are those that differences measure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normoxia.mechanism.expression import Call, Expression, Number, Symbol, parse
from normoxia.simulation.evaluation import function
from normoxia.simulation.graph import ARITHMETIC, FIXED, MOVING, Graph, read_system

SPECIES, PARAMETERS = ("x", "y"), ("a", "b")
POINT = {"x": 0.7, "y": 1.3, "a": 0.4, "b": 2.1, "time": 0.9}


def value(graph: Graph, root: int, at: dict[str, float]) -> float:
    """A node's value, by a plain walk."""
    values: dict[int, float] = {}
    for a in sorted({*graph.order([root], (FIXED, MOVING)), *range(len(graph.ops))}):
        if a > root:
            break
        op, arguments = graph.ops[a], graph.arguments[a]
        match op:
            case "const":
                values[a] = graph.values[a]
            case "param":
                values[a] = at[PARAMETERS[arguments[0]]]
            case "state":
                values[a] = at[SPECIES[arguments[0]]]
            case "time":
                values[a] = at["time"]
            case "sum":
                pairs = zip(arguments[1::2], arguments[2::2], strict=True)
                values[a] = values[arguments[0]] + sum(values[p] * values[q] for p, q in pairs)
            case _:
                with np.errstate(all="ignore"):
                    values[a] = float(ARITHMETIC[op](*(np.float64(values[b]) for b in arguments)))
    return values[root]


def direct(expression: Expression, at: dict[str, float]) -> float:
    made = function((SPECIES, PARAMETERS), (), (expression,))
    return float(made([at[n] for n in SPECIES], [at[n] for n in PARAMETERS], at["time"])[0])


LEAVES = st.sampled_from(
    [*(Symbol(n) for n in (*SPECIES, *PARAMETERS, "time")), Number(2.0), Number(0.5), Number(1.0)]
)


def grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    positive = inner.map(lambda e: Call("add", (Call("power", (e, Number(2.0))), Number(0.3))))
    return st.one_of(
        st.tuples(
            st.sampled_from(["add", "subtract", "multiply", "min", "max"]), st.tuples(inner, inner)
        ).map(lambda t: Call(*t)),
        st.tuples(inner, positive).map(lambda t: Call("divide", t)),
        st.tuples(
            positive, st.sampled_from([Number(1.7), Symbol("b"), Number(-0.5), Number(3.0)])
        ).map(lambda t: Call("power", t)),
        inner.map(lambda e: Call("tanh", (e,))),
        inner.map(lambda e: Call("negate", (e,))),
        positive.map(lambda e: Call("log", (e,))),
        inner.map(lambda e: Call("exp", (Call("tanh", (e,)),))),
        st.tuples(inner, inner, inner).map(
            lambda t: Call("where", (Call("less", t[:2]), t[2], t[0]))
        ),
    )


EXPRESSIONS = st.recursive(LEAVES, grown, max_leaves=12)


@settings(max_examples=200, deadline=None)
@given(EXPRESSIONS)
def test_algebra_does_not_change_values(expression: Expression) -> None:
    graph = Graph()
    root = graph.read(expression, read_system(graph, SPECIES, PARAMETERS, ()))
    expected = direct(expression, POINT)
    assert value(graph, root, POINT) == pytest.approx(
        expected, rel=1e-9, abs=1e-9 * max(1.0, abs(expected))
    )


@settings(max_examples=200, deadline=None)
@given(EXPRESSIONS, st.sampled_from(["x", "y", "time"]))
def test_derivatives_agree_with_differences(expression: Expression, name: str) -> None:
    graph = Graph()
    names = read_system(graph, SPECIES, PARAMETERS, ())
    root = graph.read(expression, names)
    found = value(graph, graph.derivative(root, names[name]), POINT)
    slopes = []
    for h in (
        1e-4,
        5e-5,
    ):  # where the two disagree, the point lies at a corner and there is no slope
        up, down = (direct(expression, {**POINT, name: POINT[name] + s * h}) for s in (1, -1))
        middle = direct(expression, POINT)
        slopes += [(up - down) / (2 * h), (up - middle) / h, (middle - down) / h]
    size = max(1.0, abs(direct(expression, POINT)), *map(abs, slopes))
    if max(slopes) - min(slopes) < 1e-2 * size:
        assert found == pytest.approx(slopes[3], abs=5e-3 * size)


def read(text: str) -> tuple[Graph, int, dict[str, int]]:
    graph = Graph()
    names = read_system(graph, SPECIES, PARAMETERS, ())
    return graph, graph.read(parse(text), names), names


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("x + y", "y + x"),
        ("x - x + y", "y"),
        ("x/y", "x*(1/y)"),
        ("2*x + 3*x", "5*x"),
        ("x**2", "x*x"),
        ("0*x + y*1", "y"),
        ("-(x - y)", "y - x"),
        ("exp(log(x))", "x"),
        ("where(1 > 2, x, y)", "y"),
        ("a*(b*x)", "(a*b)*x"),
    ],
)
def test_what_is_equal_is_one_node(text: str, same: str) -> None:
    graph, root, names = read(text)
    assert root == graph.read(parse(same), names)


def test_what_is_fixed_for_a_patient_meets_outside_what_moves() -> None:
    graph, root, _ = read("a*x*b/(x + y)*2")
    fixed, moving = graph.split(root)
    assert graph.kinds[fixed] == FIXED
    assert moving is not None
    assert all(graph.kinds[b] == MOVING for b in graph.arguments[moving])
