"""Units: the only door to the unit library, and the canonical units of every array inside.

Canonical units: day, mg (mass), litre (volume of distribution), nanomole, nanomolar, millilitre (tumour), mm
(diameters), kg (body weight), m2 (body surface). A document may use any unit of the same dimension; it is
converted once, at the border. Inside, arrays are plain floats in the units their names declare.

The units of the field stand in a table here, because the library takes a second to load; it is asked only for
names the table has not, and the tests hold the table against it.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from normoxia.errors import InvalidArgument

#: characters of a unit's text, brackets inside brackets, and the largest power: no unit of nature needs more
MAX_LENGTH, MAX_DEPTH, MAX_POWER = 200, 20, 100.0
#: SBML and pint spellings of "no unit"
DIMENSIONLESS = "1"

_Dimension = tuple[tuple[str, float], ...]
_Pieces = tuple[tuple[str, float], ...]

_PREFIXES = {
    "k": 1e3,
    "": 1.0,
    "d": 1e-1,
    "c": 1e-2,
    "m": 1e-3,
    "u": 1e-6,
    "µ": 1e-6,
    "μ": 1e-6,
    "n": 1e-9,
    "p": 1e-12,
    "f": 1e-15,
}
_TIMES = {
    86400.0: ("d", "day", "days"),
    3600.0: ("h", "hr", "hour", "hours"),
    60.0: ("min", "minute", "minutes"),
    1.0: ("s", "second", "seconds"),
    604800.0: ("week", "weeks"),
    2629800.0: ("month", "months"),
    31557600.0: ("year", "years"),
}


def _table() -> dict[str, tuple[float, _Dimension]]:
    """Name to factor and dimension: times, masses, volumes, lengths, areas, amounts, concentrations, counts."""
    table: dict[str, tuple[float, _Dimension]] = {
        name: (factor, (("second", 1.0),)) for factor, names in _TIMES.items() for name in names
    }
    for prefix, scale in _PREFIXES.items():
        table[f"{prefix}g"] = (scale * 1e-3, (("kilogram", 1.0),))
        table[f"{prefix}L"] = table[f"{prefix}l"] = (scale * 1e-3, (("meter", 3.0),))
        table[f"{prefix}mol"] = (scale, (("mole", 1.0),))
        table[f"{prefix}M"] = (scale * 1e3, (("meter", -3.0), ("mole", 1.0)))
        for power in (1, 2, 3):
            table[f"{prefix}m{power if power > 1 else ''}"] = (
                scale**power,
                (("meter", float(power)),),
            )
    table["cell"] = table["cells"] = (1.0, (("cell", 1.0),))
    table["IU"] = (1.0, (("IU", 1.0),))
    table["%"] = table["percent"] = (1e-2, ())
    table["dimensionless"] = (1.0, ())
    return table


_KNOWN: Mapping[str, tuple[float, _Dimension]] = _table()


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its text, its factor to SI base units, and its dimension as (base, exponent) pairs."""

    text: str
    factor: float
    dimension: _Dimension

    @property
    def is_dimensionless(self) -> bool:
        """Whether the unit is a pure number, percent included."""
        return not self.dimension

    def __mul__(self, other: Unit) -> Unit:
        return _combine(self, other, 1.0)

    def __truediv__(self, other: Unit) -> Unit:
        return _combine(self, other, -1.0)

    def __pow__(self, exponent: float) -> Unit:
        return _power(self, exponent)

    def same_dimension(self, other: Unit) -> bool:
        """Whether a quantity in this unit can be written in the other."""
        if self.dimension == other.dimension:
            return True
        mine, theirs = dict(self.dimension), dict(other.dimension)
        return all(abs(mine.get(b, 0.0) - theirs.get(b, 0.0)) < 1e-9 for b in {*mine, *theirs})

    def same_scale(self, other: Unit) -> bool:
        """Whether the number does not change when written in the other unit."""
        return self.same_dimension(other) and abs(self.factor - other.factor) < 1e-9 * other.factor

    def __str__(self) -> str:
        return self.text


@functools.cache
def unit(text: str) -> Unit:
    """The unit a text names, such as "1/day", "mg/kg", "1/(nM*day)", "mm^3".

    raises  InvalidArgument, naming the part that is no unit
    """
    if len(text) > MAX_LENGTH:
        raise _no_unit(text, f"it has more than {MAX_LENGTH} characters")
    if text.count("(") > MAX_DEPTH:
        raise _no_unit(text, f"it has more than {MAX_DEPTH} brackets")
    factor, powers = 1.0, dict[str, float]()
    for name, exponent in _pieces(text):
        if not abs(exponent) <= MAX_POWER:
            raise _no_unit(text, f"a power is larger than {MAX_POWER:g}")
        scale, dimension = _atom(name, text)
        factor *= _raised(scale, exponent)
        _add(powers, dimension, exponent)
    if not (math.isfinite(factor) and factor > 0.0):
        raise _no_unit(text, "its size is beyond any number")
    return Unit(text.strip() or DIMENSIONLESS, factor, _sorted(powers))


def convert(value: float, have: str | Unit, want: str | Unit) -> float:
    """A value in one unit, written in another. Raises InvalidArgument when the dimensions differ."""
    source = unit(have) if isinstance(have, str) else have
    target = unit(want) if isinstance(want, str) else want
    if not source.same_dimension(target):
        raise InvalidArgument(
            f'a value in "{source}" cannot be written in "{target}"; use a unit of the same kind'
        )
    return value * (source.factor / target.factor)


@functools.lru_cache(maxsize=1 << 16)
def _combine(left: Unit, right: Unit, sign: float) -> Unit:
    powers = dict(left.dimension)
    _add(powers, right.dimension, sign)
    pieces = dict(_pieces(left.text))
    _add(pieces, _pieces(right.text), sign)
    return Unit(_written(pieces), left.factor * _raised(right.factor, sign), _sorted(powers))


@functools.lru_cache(maxsize=1 << 12)
def _power(base: Unit, exponent: float) -> Unit:
    powers, pieces = dict[str, float](), dict[str, float]()
    _add(powers, base.dimension, exponent)
    _add(pieces, _pieces(base.text), exponent)
    return Unit(_written(pieces), _raised(base.factor, exponent), _sorted(powers))


def _raised(factor: float, exponent: float) -> float:
    """A factor to a power; infinite beyond any number, which has the scale of nothing."""
    try:
        return float(factor**exponent)
    except (OverflowError, ZeroDivisionError):
        return math.inf


def _add(powers: dict[str, float], more: Iterable[tuple[str, float]], sign: float) -> None:
    for name, power in more:
        powers[name] = powers.get(name, 0.0) + sign * power


def _sorted(powers: Mapping[str, float]) -> _Dimension:
    return tuple(sorted((base, power) for base, power in powers.items() if abs(power) > 1e-12))


def _written(pieces: Mapping[str, float]) -> str:
    """A product of names to powers as text: mg/L, 1/day, mm**0.5*nM."""

    def one(name: str, power: float) -> str:
        return name if power == 1.0 else f"{name}**{power:.6g}"

    over = [one(name, power) for name, power in pieces.items() if power > 1e-5]
    under = [one(name, -power) for name, power in pieces.items() if power < -1e-5]
    return "*".join(over or ["1"]) + "".join(f"/{text}" for text in under)


_TOKEN = re.compile(r"\s*(\*\*|\^|[*/()]|[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?|[^\W\d]\w*|%)")


@functools.lru_cache(maxsize=1 << 16)
def _pieces(text: str) -> _Pieces:
    """The names in a unit's text, each with its power. Grammar: products and quotients of name, name**power, (...)."""
    tokens: list[str] = []
    at, stripped = 0, text.strip()
    while at < len(stripped):
        match = _TOKEN.match(stripped, at)
        if match is None:
            raise _no_unit(text, f'"{stripped[at]}" has no meaning in a unit')
        tokens.append(match.group(1))
        at = match.end()
    tokens.reverse()
    pieces: dict[str, float] = {}
    if tokens:
        _add(pieces, _product(tokens, text), 1.0)
    if tokens:
        raise _no_unit(text, f'"{tokens[-1]}" stands where the unit should end')
    return tuple(pieces.items())


def _product(tokens: list[str], text: str) -> list[tuple[str, float]]:
    pieces = _factor(tokens, text)
    while tokens and tokens[-1] != ")":
        sign = 1.0
        if tokens[-1] in "*/":
            sign = -1.0 if tokens.pop() == "/" else 1.0
        pieces += [(name, sign * power) for name, power in _factor(tokens, text)]
    return pieces


def _factor(tokens: list[str], text: str) -> list[tuple[str, float]]:
    token = tokens.pop() if tokens else ""
    if token == "(":
        pieces = _product(tokens, text)
        if not tokens or tokens.pop() != ")":
            raise _no_unit(text, "a bracket is not closed")
    elif token == "1":
        pieces = []
    elif token == "%" or token[:1].isalpha():
        pieces = [(token, 1.0)]
    elif token[:1].isdigit() or token[:1] in ("+", "-"):
        raise _no_unit(text, f"{token} is a number; put numbers into the value")
    else:
        raise _no_unit(text, f"a name is missing {f'before {token}' if token else 'at the end'}")
    if tokens and tokens[-1] in ("**", "^"):
        tokens.pop()
        bracketed = bool(tokens) and tokens[-1] == "("
        if bracketed:
            tokens.pop()
        try:
            exponent = float(tokens.pop())
        except (IndexError, ValueError):
            exponent = math.nan
        if math.isnan(exponent):
            raise _no_unit(text, "a power is not a number")
        if bracketed and (not tokens or tokens.pop() != ")"):
            raise _no_unit(text, "a bracket is not closed")
        pieces = [(name, power * exponent) for name, power in pieces]
    return pieces


def _no_unit(text: str, why: str) -> InvalidArgument:
    short = text if len(text) <= 60 else f"{text[:59]}…"
    return InvalidArgument(
        f'"{short}" is not a unit ({why}); expected one such as 1/day, mg, mg/kg, L/day, nM, mL or 1'
    )


@functools.cache
def _atom(name: str, text: str) -> tuple[float, _Dimension]:
    """Factor and dimension of one name: from the table, or from the library."""
    if name in _KNOWN:
        return _KNOWN[name]
    registry = _registry()
    try:
        parsed = registry.parse_units(name)
        base = registry.Quantity(1.0, parsed).to_base_units()
        offset = registry.Quantity(0.0, parsed).to_base_units().magnitude
    except Exception:  # noqa: BLE001 - the library raises many kinds for a misspelt unit
        from normoxia.errors import did_you_mean

        near = did_you_mean(name, _KNOWN).removeprefix("; ")
        raise _no_unit(text, f'"{name}" is not known' + (f", {near}" if near else "")) from None
    if offset:
        raise _no_unit(text, f'"{name}" does not start at 0, so it cannot be multiplied')
    return float(base.magnitude), _sorted({str(b): float(power) for b, power in base.unit_items()})


@functools.cache
def _registry() -> Any:
    import pint

    registry: Any = pint.UnitRegistry(cache_folder=None)
    registry.define("cell = [cell_count]")
    registry.define("IU = [international_unit]")
    return registry
