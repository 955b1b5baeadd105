"""How many columns of a terminal a text takes: Chinese characters take two, combining marks none."""

from __future__ import annotations

from unicodedata import combining, east_asian_width


def columns_of(text: str) -> int:
    """Columns a text takes in a terminal."""
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def padded(text: str, width: int, *, right: bool) -> str:
    """The text with spaces to a width, before it when set to the right."""
    space = " " * max(0, width - columns_of(text))
    return space + text if right else text + space
