"""What a printed number can have been before it was rounded."""

from __future__ import annotations

import math

#: decimals beyond which a printed number is not taken as rounded
_MOST_DECIMALS = 5


def decimals(*values: float) -> int:
    """Decimals to which numbers were printed: those of the one that shows most, at least 0.

    A number read from a document has lost its trailing zeros, so several numbers of one row are asked together.
    """
    shown = 0
    for value in values:
        if math.isfinite(value):
            text = f"{value:.{_MOST_DECIMALS}f}".rstrip("0")
            shown = max(shown, len(text.partition(".")[2]))
    return shown


def half_unit(*values: float) -> float:
    """Half of the last printed decimal: the most by which rounding can have moved any of the numbers."""
    return float(0.5 * 10.0 ** -decimals(*values))


def counts(percent: float, n: int, shown: int | None = None) -> tuple[int, ...]:
    """The numbers of patients, of n, that print as a percentage: usually one, sometimes none.

    72.7 of 22 gives (16,); 72.5 of 22 gives (). Truncation is allowed as well as rounding.

    shown  decimals printed; None takes those the number still shows, which is lenient when it ended in zeros
    """
    if n <= 0 or not 0.0 <= percent <= 100.0:
        return ()
    half = (half_unit(percent) if shown is None else 0.5 * 10.0**-shown) + 1e-9
    first = max(0, math.floor((percent - half) * n / 100.0))
    last = min(n, math.ceil((percent + 2.0 * half) * n / 100.0))
    near = range(first, last + 1)
    return tuple(k for k in near if percent - half <= 100.0 * k / n < percent + 2.0 * half)


def is_possible(percent: float, n: int, shown: int | None = None) -> bool:
    """Whether some whole number of n patients prints as the percentage."""
    return bool(counts(percent, n, shown))


def split(
    total: int, first: tuple[float, ...], second: tuple[float, ...]
) -> tuple[tuple[int, int], ...]:
    """The ways to split a total into two arms such that every percentage of each is a possible fraction of it."""
    return tuple(
        (n, total - n)
        for n in range(1, total)
        if all(is_possible(p, n) for p in first) and all(is_possible(p, total - n) for p in second)
    )
