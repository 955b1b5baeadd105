"""Tables that fit the terminal: columns shrink between words, and rows become blocks where they cannot shrink enough."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Sequence

from normoxia.cli.text_width import columns_of, padded

#: spaces between two columns
_GAP = 2
#: columns of output that goes to no terminal, unless the variable COLUMNS says otherwise
_PIPE = 100
#: widest paragraph; longer lines are hard to follow
_READABLE = 100


def terminal_width() -> int:
    """Columns of the terminal; of the variable COLUMNS where it is set."""
    return max(20, shutil.get_terminal_size((_PIPE, 24)).columns)


def print_lines(texts: Iterable[str]) -> None:
    """Texts on standard output, each from a new line, in lines that fit the terminal."""
    for text in texts:
        sys.stdout.write("\n".join(wrapped(text, terminal_width())) + "\n")


def print_paragraph(text: str) -> None:
    """A text on standard output in lines that fit the terminal, with an empty line after it."""
    sys.stdout.write("\n".join(wrapped(text, min(terminal_width(), _READABLE))) + "\n\n")


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], numeric: Iterable[int] = ()
) -> None:
    """A table on standard output, with an empty line after it.

    numeric  positions of columns that are set to the right; their cells stay whole wherever the width allows
    """
    lines = table_lines(title, columns, rows, numeric, terminal_width())
    sys.stdout.write("\n".join(lines) + "\n\n")


def table_lines(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    numeric: Iterable[int],
    width: int,
) -> list[str]:
    """The lines of a table, none wider than `width` unless a single word is."""
    cells, right = [tuple(row) for row in rows], set(numeric)
    lines = wrapped(title, width) if title else []
    widths = _widths([columns, *cells], right, width)
    if widths is None:
        return lines + _blocks(columns, cells, width)
    lines += _row(columns, widths, right)
    lines.append("  ".join("─" * w for w in widths))
    for row in cells:
        lines += _row(row, widths, right)
    return lines


def wrapped(text: str, width: int) -> list[str]:
    """Lines of a text, broken between words (Chinese between any two characters), never within one."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in _words(paragraph):
            if (
                line
                and columns_of(line.rstrip())
                + columns_of(word.rstrip())
                + (len(line) - len(line.rstrip()))
                > width
            ):
                lines.append(line.rstrip())
                line = ""
            line += word
        lines.append(line.rstrip())
    return lines


def _words(text: str) -> list[str]:
    """Pieces a line may be broken between, each with the space that follows it."""
    return re.findall(
        r"[\u3000-\u9fff\uff00-\uffef][，。；：、）」]?\s*|[^\s\u3000-\u9fff\uff00-\uffef]+\s*|\s+",
        text,
    )


def _widths(rows: Sequence[Sequence[str]], right: set[int], width: int) -> list[int] | None:
    """Column widths that fit; None when even words alone are too wide."""
    n = max(len(row) for row in rows)
    contents = [[row[c] for row in rows if c < len(row)] for c in range(n)]
    natural = [
        max((columns_of(line) for cell in column for line in cell.split("\n")), default=0)
        for column in contents
    ]
    words = [
        max((columns_of(word.rstrip()) for cell in column for word in _words(cell)), default=0)
        for column in contents
    ]
    room = width - _GAP * (n - 1)
    # cells of numbers stay whole if the texts beside them can make room
    whole = [
        max(words[c], max(map(columns_of, contents[c][1:]), default=0)) if c in right else words[c]
        for c in range(n)
    ]
    for least in (whole, words):
        if sum(least) <= room:
            return _shared(natural, least, room)
    return None


def _shared(natural: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Natural widths where there is room; else the widest columns give way first, down to their least."""
    widths = list(natural)
    while sum(widths) > room:
        widest = max(
            (c for c in range(len(widths)) if widths[c] > least[c]), key=lambda c: widths[c]
        )
        widths[widest] -= 1
    return widths


def _row(row: Sequence[str], widths: Sequence[int], right: set[int]) -> list[str]:
    cells = [wrapped(row[c] if c < len(row) else "", width) for c, width in enumerate(widths)]
    height = max(len(lines) for lines in cells)
    return [
        "  ".join(
            padded(lines[i] if i < len(lines) else "", widths[c], right=c in right)
            for c, lines in enumerate(cells)
        ).rstrip()
        for i in range(height)
    ]


def _blocks(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """A block a row: its first cell, then a line for every other cell that is not empty."""
    lines: list[str] = []
    for row in rows:
        lines += wrapped(row[0], width) if row and row[0] else []
        for column, cell in zip(columns[1:], row[1:], strict=False):
            if cell:
                first, *rest = wrapped(f"{column}: {cell}".replace("\n", " "), width - 2)
                lines += [
                    f"  {first}",
                    *(f"    {line}" for line in wrapped(" ".join(rest), width - 4) if line),
                ]
    return lines
