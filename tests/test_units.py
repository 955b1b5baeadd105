"""Units: texts to factors and dimensions, held against the unit library; the algebra; what is refused."""

from __future__ import annotations

import math
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normoxia import units
from normoxia.errors import InvalidArgument
from normoxia.units import Unit, convert, unit

TEXTS = [
    "1",
    "day",
    "1/day",
    "mg/kg",
    "nM",
    "L/day/kg",
    "1/(nM*day)",
    "mm^3/mL",
    "cell/mL",
    "ug/mL",
    "percent",
    "mm**0.5",
]


@pytest.mark.parametrize(
    "name", sorted(name for name in units._KNOWN if name not in ("%", "dimensionless"))
)
def test_the_table_agrees_with_the_unit_library(name: str) -> None:
    """Areas and volumes are written m**2 there."""
    registry = units._registry()
    written = f"{name[:-1]}**{name[-1]}" if name[-1] in "23" else name
    base = registry.Quantity(1.0, registry.parse_units(written)).to_base_units()
    factor, dimension = units._KNOWN[name]
    assert math.isclose(base.magnitude, factor, rel_tol=1e-12)
    assert dict(dimension) == {str(b): float(p) for b, p in base.unit_items()}


@pytest.mark.parametrize(
    ("value", "have", "want", "expected"),
    [
        (1.0, "mg/L", "ug/mL", 1.0),
        (149.0, "kg/mol", "mg/nmol", 0.149),
        (1.0, "1/day", "1/hour", 1 / 24),
        (3.0, "mg/kg", "ug/g", 3.0),
        (1.0, "mL", "mm^3", 1000.0),
        (1.0, "1/(nM day)", "1/(M*s)", 1e9 / 86400),
        (2.0, "m2", "cm**2", 2e4),
        (1.0, "mmHg", "Pa", 133.322387415),
        (50.0, "%", "1", 0.5),
    ],
)
def test_values_are_written_in_other_units(
    value: float, have: str, want: str, expected: float
) -> None:
    assert math.isclose(convert(value, have, want), expected, rel_tol=1e-9)


def test_another_dimension_is_refused() -> None:
    with pytest.raises(
        InvalidArgument,
        match='a value in "mg" cannot be written in "L"; use a unit of the same kind',
    ):
        convert(1.0, "mg", "L")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mgg", '"mgg" is not known, did you mean "mg"?'),
        ("10^6 cell", "10 is a number; put numbers into the value"),
        ("mg/", "a name is missing at the end"),
        ("/mg", "a name is missing before /"),
        ("(mg/L", "a bracket is not closed"),
        ("mg)", '")" stands where the unit should end'),
        ("mg**x", "a power is not a number"),
        ("mg; L", '";" has no meaning in a unit'),
        ("degC", '"degC" does not start at 0'),
    ],
)
def test_what_is_no_unit_says_why(text: str, why: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        unit(text)
    assert str(caught.value).startswith(f'"{text}" is not a unit ({why}')
    assert "expected one such as 1/day, mg" in str(caught.value)


@given(st.sampled_from(TEXTS), st.sampled_from(TEXTS))
def test_a_quotient_times_its_divisor_is_the_dividend(a: str, b: str) -> None:
    again = unit(a) / unit(b) * unit(b)
    assert again.same_scale(unit(a))
    assert again.dimension == unit(a).dimension


@given(st.sampled_from(TEXTS), st.sampled_from([0.5, 1 / 3, 2.0, -1.0]))
def test_roots_undo_powers(text: str, power: float) -> None:
    assert ((unit(text) ** power) ** (1 / power)).same_scale(unit(text))


@given(st.sampled_from(TEXTS), st.sampled_from(TEXTS), st.sampled_from([1.0, -1.0, 2.0, 0.5]))
def test_the_text_of_a_product_names_the_same_unit(a: str, b: str, power: float) -> None:
    product: Unit = unit(a) * unit(b) ** power
    assert unit(product.text).same_scale(product)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (unit("mg") / unit("L"), "mg/L"),
        (unit("1") / unit("day"), "1/day"),
        (unit("mg/L") * unit("L/day"), "mg/day"),
        (unit("mg") / unit("mg"), "1"),
        (unit("mL") ** 2, "mL**2"),
    ],
)
def test_products_are_written_plainly(made: Unit, text: str) -> None:
    assert str(made) == text


def test_the_unit_library_is_not_loaded_for_units_of_the_field() -> None:
    code = "import sys; from normoxia.units import unit; unit('mg/kg'); unit('1/(nM*day)'); sys.exit('pint' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONPATH": "src"}, check=False
        ).returncode
        == 0
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mm**nan", "a power is not a number"),
        ("mm**inf", "larger than 100"),
        ("mm**1e400", "larger than 100"),
        ("m**-101", "larger than 100"),
        ("pg**90/kg**90", "its size is beyond any number"),
        ("(" * 21 + "mm" + ")" * 21, "more than 20 brackets"),
        ("*".join(["mm"] * 200), "more than 200 characters"),
        ("mm**²", "a power is not a number"),
    ],
)
def test_units_that_nobody_means_are_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidArgument, match=re.escape(why)) as caught:
        unit(text)
    assert len(str(caught.value)) < 300


@given(st.text(alphabet=st.sampled_from("mgLday1/*^()+-. eE0inf²nan%µ"), max_size=24))
def test_any_text_is_a_unit_of_finite_size_or_refused(text: str) -> None:
    try:
        found = unit(text)
    except InvalidArgument:
        return
    assert 0.0 < found.factor < math.inf
    assert all(abs(power) < 1e4 for _, power in found.dimension)
    assert (found * found / found).same_dimension(found)
