"""Units: the only door to the unit library, and the canonical units of every array inside.

Canonical units: day, mg (mass), litre (volume of distribution), nanomole, nanomolar, millilitre (tumour), mm
(diameters), kg (body weight), m2 (body surface). A document may use any unit of the same dimension; it is
converted once, at the border. Inside, arrays are plain floats in the units their names declare.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from normoxia.errors import InvalidArgument

#: SBML and pint spellings of "no unit"
DIMENSIONLESS = "1"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its text as written, its factor to SI base units, and its dimension as (base, exponent) pairs."""

    text: str
    factor: float
    dimension: tuple[tuple[str, float], ...]

    @property
    def is_dimensionless(self) -> bool:
        return not self.dimension

    def __mul__(self, other: Unit) -> Unit:
        return _combine(self, other, 1.0)

    def __truediv__(self, other: Unit) -> Unit:
        return _combine(self, other, -1.0)

    def __pow__(self, exponent: float) -> Unit:
        dimension = tuple((base, power * exponent) for base, power in self.dimension if power * exponent)
        return Unit(f"({self.text})**{exponent:g}", self.factor**exponent, dimension)

    def same_dimension(self, other: Unit) -> bool:
        """Whether a quantity in this unit can be written in the other."""
        mine, theirs = dict(self.dimension), dict(other.dimension)
        return all(abs(mine.get(b, 0.0) - theirs.get(b, 0.0)) < 1e-9 for b in {*mine, *theirs})

    def same_scale(self, other: Unit) -> bool:
        """Whether the number does not change when written in the other unit."""
        return self.same_dimension(other) and abs(self.factor / other.factor - 1.0) < 1e-9

    def __str__(self) -> str:
        return self.text


@functools.cache
def unit(text: str) -> Unit:
    """The unit a text names, such as "1/day", "mg/kg", "nM", "mL". Raises InvalidArgument when it names none."""
    cleaned = text.strip()
    if cleaned in ("", "1", "dimensionless"):
        return Unit(DIMENSIONLESS, 1.0, ())
    registry = _registry()
    try:
        quantity = registry.Quantity(
            1.0, registry.parse_units(cleaned.replace("^", "**").replace("1/", "1 / "))
        )
        base = quantity.to_base_units()
    except Exception as error:  # noqa: BLE001 - the library raises many kinds for a misspelt unit
        raise InvalidArgument(
            f'"{text}" is not a unit ({error}); expected one such as 1/day, mg, mg/kg, L/day, nM, mL or 1'
        ) from None
    dimension = tuple(sorted((str(name), float(power)) for name, power in base.unit_items()))
    return Unit(cleaned, float(base.magnitude), dimension)


def convert(value: float, have: str | Unit, want: str | Unit) -> float:
    """A value in one unit, written in another. Raises InvalidArgument when the dimensions differ."""
    source = unit(have) if isinstance(have, str) else have
    target = unit(want) if isinstance(want, str) else want
    if not source.same_dimension(target):
        raise InvalidArgument(
            f'a value in "{source}" cannot be written in "{target}"; use a unit of the same kind'
        )
    return value * (source.factor / target.factor)


def _combine(left: Unit, right: Unit, sign: float) -> Unit:
    powers = dict(left.dimension)
    for base, power in right.dimension:
        powers[base] = powers.get(base, 0.0) + sign * power
    dimension = tuple(sorted((base, power) for base, power in powers.items() if abs(power) > 1e-12))
    return Unit(
        f"({left.text}){'*' if sign > 0 else '/'}({right.text})", left.factor * right.factor**sign, dimension
    )


@functools.cache
def _registry() -> Any:
    import pint

    registry: Any = pint.UnitRegistry(cache_folder=None)
    registry.define("cell = [cell_count]")
    registry.define("IU = [international_unit]")
    return registry
