"""Equality of frozen values some of whose numbers may be nan, "not given"."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any


class Value:
    """Base of frozen data classes with numbers that may be nan: two that were not given are equal.

    A data class leaves equality to the comparison of its floats, by which nan differs from itself (before Python 3.13
    the identity of the object decided). The class that inherits is declared with `eq=False`.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return _compared(self) == _compared(other)

    def __hash__(self) -> int:
        return hash(_compared(self))


def _compared(value: Any) -> tuple[object, ...]:
    """The fields that count for equality, nan as None."""
    return tuple(
        None if isinstance(content, float) and math.isnan(content) else content
        for content in (getattr(value, field.name) for field in fields(value) if field.compare)
    )
