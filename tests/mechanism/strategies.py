"""Generated expressions, balanced expressions and whole models."""

from __future__ import annotations

from hypothesis import strategies as st

from normoxia.mechanism.expression import Call, Expression, Number, Symbol
from normoxia.mechanism.model import (
    Assignment,
    Compartment,
    Contribution,
    Distribution,
    Equilibration,
    Event,
    Function,
    Model,
    Parameter,
    Process,
    Slot,
    Species,
    Statement,
    Switch,
)
from normoxia.outcome import Source

NAMES = st.sampled_from(["a", "B_max", "k_V", "x1", "Vm", "time", "_q"])
NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(lambda x: Number(x + 0.0))
WORDS = st.sampled_from(
    ["on", "1e5", "section 2, table 3", "0.5", "yes: no", "# not a comment", "贝伐珠单抗", "a"]
)


def expressions() -> st.SearchStrategy[Expression]:
    """Trees as `parse` makes them: a sign before a number belongs to the number."""
    return st.recursive(NUMBERS | NAMES.map(Symbol), _larger, max_leaves=12)


def _larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def call(
        function: str, *arguments: st.SearchStrategy[Expression]
    ) -> st.SearchStrategy[Expression]:
        return st.tuples(*arguments).map(lambda parts: Call(function, parts))

    binary = [
        "add",
        "subtract",
        "multiply",
        "divide",
        "power",
        "less",
        "less_equal",
        "greater",
        "greater_equal",
    ]
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        *(call(function, inner, inner) for function in [*binary, "equal"]),
        call("negate", inner.filter(lambda e: not isinstance(e, Number))),
        call("not", inner),
        *(call(function, inner) for function in ("exp", "log", "sqrt", "tanh", "declared")),
        call("where", inner, inner, inner),
        *(several.map(lambda parts, f=f: Call(f, parts)) for f in ("and", "or", "min", "max")),
    )


_TEXTS = st.just("") | WORDS
_POSITIVE = st.floats(1e-6, 1e6)


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Models that can be written: shapes of every section, not necessarily sound."""
    trees = expressions()
    parameters = tuple(
        Parameter(
            f"p{i}",
            draw(_POSITIVE),
            draw(st.sampled_from(["1", "1/day", "mg/L", "1/(nM*day)"])),
            "sampled" if (spread := draw(st.none() | st.floats(0, 3))) is not None else "fixed",
            None
            if spread is None
            else Distribution(draw(st.sampled_from(["lognormal", "normal"])), spread),
            *draw(st.sampled_from([(), (1e-6, 1e6)])),
            source=Source(draw(WORDS), draw(_TEXTS), draw(_TEXTS), draw(st.booleans())),
            title=draw(_TEXTS),
        )
        for i in range(draw(st.integers(1, 4)))
    )
    changes = st.dictionaries(st.sampled_from(["s0", "s1"]), trees, max_size=2)
    assignment = st.builds(Assignment, st.just("y"), trees, st.just("mg"), _TEXTS)
    return Model(
        name=draw(WORDS),
        title=draw(_TEXTS),
        version=draw(_TEXTS),
        time_unit=draw(st.sampled_from(["day", "hour"])),
        compartments=(Compartment("plasma", draw(trees), "L", draw(_TEXTS)),),
        species=(
            Species(
                "s0",
                draw(trees),
                "mg",
                "plasma",
                draw(st.booleans()),
                draw(_POSITIVE),
                draw(_TEXTS),
            ),
            Species("s1", draw(trees), "1"),
        ),
        parameters=parameters,
        functions=(Function("declared", ("u", "v"), draw(trees), draw(_TEXTS)),),
        assignments=(draw(assignment),),
        slots=(Slot("slot", "1", tuple(draw(st.lists(trees, max_size=2))), draw(_TEXTS)),),
        contributions=tuple(
            Contribution("elsewhere", draw(trees), "1") for _ in range(draw(st.integers(0, 2)))
        ),
        processes=(Process("flow", draw(trees), "1/day", draw(changes), ("C01",), draw(_TEXTS)),),
        events=(
            Event(
                "pulse",
                draw(changes),
                times=tuple(draw(st.lists(_POSITIVE, min_size=1, max_size=3))),
            ),
            Event("limit", draw(changes), condition=draw(trees)),
        ),
        observables=(Assignment("seen", draw(trees), "mg/L"),),
        switches=(Switch("variant", draw(st.booleans()), {"p0": draw(_POSITIVE)}, draw(_TEXTS)),),
        statements=(
            Statement(
                "C01",
                {"en": draw(WORDS), "zh": "缺氧"},
                draw(WORDS),
                "flow",
                ("p0",),
                {"p0": 0.0},
                "y",
                "s1",
                -1,
            ),
            Statement("C02", {"en": "x"}, draw(WORDS), "emergent from C01", emergent=True),
        ),
        equilibration=draw(
            st.none()
            | st.builds(
                Equilibration,
                _POSITIVE,
                st.just(("s0",)),
                st.dictionaries(st.just("y"), trees, max_size=1),
                st.lists(st.builds(Assignment, st.just("d"), trees, st.just("1")), max_size=1).map(
                    tuple
                ),
                st.dictionaries(st.just("s0"), trees, max_size=1),
            )
        ),
    )


#: names by unit, for expressions that balance by construction; two scales of one dimension stay apart
BY_UNIT = {
    "1": ["f1", "f2"],
    "mg": ["m1", "m2"],
    "L": ["v1", "v2"],
    "mg/L": ["c1", "c2"],
    "1/day": ["k1", "k2"],
    "mg/day": ["q1", "q2"],
    "ng/L": ["n1"],
    "day": ["time"],
}
_PRODUCTS = {
    "mg": [("multiply", "mg/L", "L"), ("divide", "mg/day", "1/day"), ("multiply", "mg/day", "day")],
    "mg/L": [("divide", "mg", "L")],
    "mg/day": [("multiply", "mg", "1/day"), ("divide", "mg", "day")],
    "L": [("divide", "mg", "mg/L")],
    "1/day": [("divide", "mg/day", "mg")],
    "1": [("multiply", "1/day", "day"), ("divide", "mg", "mg"), ("divide", "ng/L", "ng/L")],
}


@st.composite
def balanced(draw: st.DrawFn, unit: str, depth: int = 4) -> Expression:
    """An expression whose terms balance and whose unit is the one given."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return Symbol(draw(st.sampled_from(BY_UNIT[unit])))

    def again(wanted: str) -> Expression:
        return draw(balanced(wanted, depth - 1))

    shapes = ["sum", "scaled", "where", "extreme", "negate"]
    if unit in _PRODUCTS:
        shapes.append("product")
    if unit == "1":
        shapes += ["plain", "power"]
    shape = draw(st.sampled_from(shapes))
    if shape == "sum":
        return Call(draw(st.sampled_from(["add", "subtract"])), (again(unit), again(unit)))
    if shape == "scaled":
        return Call("multiply", (again("1"), again(unit)))
    if shape == "where":
        other = Number(0.0) if draw(st.booleans()) else again(unit)
        inner = draw(st.sampled_from(sorted(BY_UNIT)))
        return Call("where", (Call("less", (again(inner), again(inner))), again(unit), other))
    if shape == "extreme":
        return Call(draw(st.sampled_from(["min", "max"])), (again(unit), again(unit)))
    if shape == "negate":
        return Call("negate", (again(unit),))
    if shape == "product":
        function, left, right = draw(st.sampled_from(_PRODUCTS[unit]))
        return Call(function, (again(left), again(right)))
    if shape == "plain":
        return Call(draw(st.sampled_from(["exp", "tanh", "log"])), (again("1"),))
    return Call("power", (again("1"), again("1")))
