"""How values show themselves in a notebook: small HTML tables."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars

#: rows of a frame that a notebook shows
_ROWS = 30


def escaped(text: object) -> str:
    """A text as HTML shows it."""
    return html.escape(str(text))


def table_html(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; None is an empty cell, numbers have four significant digits."""
    head = "".join(f"<th>{escaped(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escaped(_cell(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def frame_html(frame: polars.DataFrame) -> str:
    """A frame as a table, with a line that says how many rows are not shown."""
    more = f"<p>… {len(frame) - _ROWS} more rows</p>" if len(frame) > _ROWS else ""
    return table_html(frame.columns, frame.head(_ROWS).iter_rows()) + more


def heading_html(title: object, *lines: object) -> str:
    """A title, with lines of text under it; empty ones are left out."""
    shown = "".join(f"<p>{escaped(line)}</p>" for line in lines if line)
    return f"<p><strong>{escaped(title)}</strong></p>{shown}"


def ratio_text(numbers: Mapping[str, float | None], name: str = "") -> str | None:
    """A value with its interval, as "0.80 (0.66 to 0.97)"; None where there is no value.

    Parameters
    ----------
    numbers
        Values by column name.
    name
        Of the value, whose ends are NAME_low and NAME_high; "" for `value`, `low` and `high`.
    """
    keys = (name, f"{name}_low", f"{name}_high") if name else ("value", "low", "high")
    value, low, high = (numbers[key] for key in keys)
    if value is None:
        return None
    if low is None or high is None:
        return f"{value:.2f}"
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
