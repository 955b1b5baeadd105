"""Heat map of a value over two axes: cells tinted above and below a middle, the optimum and its rivals marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.report.figures.canvas import (
    Layer,
    heading,
    symbol,
    symbols,
    text_label,
    text_width,
    wrap,
)
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.theme import THEMES, Theme

Floats = NDArray[np.float64]

_CELL, _ROW = 40.0, 24.0
#: cells above which they shrink and carry no numbers
_MANY = 200
_SMALL = 20.0
_PALEST, _DARKEST = 0.05, 0.6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurfaceAxis:
    """An axis: its title and the label of every row or column."""

    title: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurfaceMarks:
    """Cells to mark, as (row, column): the optimum, cells that may be it, and cells that are ruled out."""

    best: tuple[int, int] | None = None
    rivals: tuple[tuple[int, int], ...] = ()
    refused: tuple[tuple[int, int], ...] = ()


def surface_figure(
    values: Floats,
    rows: SurfaceAxis,
    columns: SurfaceAxis,
    *,
    middle: float,
    title: str,
    note: str = "",
    marks: SurfaceMarks | None = None,
    digits: int = 2,
    lang: str = "en",
    theme: str = "light",
    name: str = "surface",
) -> Figure:
    """Heat map of values over two axes.

    Parameters
    ----------
    values
        Shape (n_rows, n_columns).
    rows, columns
        Axes, top to bottom and left to right.
    middle
        Value without a tint; larger ones are blue, smaller ones orange.
    title, note
        Heading, and the text under it.
    marks
        Cells to mark.
    digits
        Decimals of the numbers in the cells.
    lang
        Code of the language, "en" or "zh".
    theme
        "light" or "dark".
    name
        File name without ending.

    Raises
    ------
    InvalidArgument
        The values are not those of the axes.
    """
    if values.shape != (len(rows.labels), len(columns.labels)) or not values.size:
        raise InvalidArgument(
            f"values of shape {values.shape} for {len(rows.labels)} rows and {len(columns.labels)} columns"
        )
    text, palette = language(lang), THEMES[theme]
    is_fine = values.size > _MANY
    cell, row = (_SMALL, _SMALL) if is_fine else (_CELL, _ROW)
    left = -(max(text_width(label, 11) for label in rows.labels) + 14)
    width, height = cell * values.shape[1], row * values.shape[0]
    notes = [(line, palette.muted) for line in wrap(note, max(width, 360.0) - left, 11)]
    marked = marks or SurfaceMarks()
    layers: list[Layer] = [
        *heading(title, notes, -44 - 15 * len(notes), left, palette),
        *_tiles(values, middle, cell, row, palette),
        *_axes(rows, columns, cell, row, left, palette),
    ]
    if not is_fine:
        layers += [
            text_label(
                cell * (j + 0.5),
                row * (i + 0.5),
                text.number(float(values[i, j]), digits),
                palette.foreground,
                size=10,
                align="center",
            )
            for i in range(values.shape[0])
            for j in range(values.shape[1])
        ]
    layers += _marks(marked, cell, row, palette)
    i, j = marked.best or np.unravel_index(int(np.nanargmax(values)), values.shape)
    description = text.say(
        "surface.describe",
        title=title,
        best=text.number(float(values[i, j]), digits),
        x=columns.labels[j],
        y=rows.labels[i],
    )
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=specification(description, palette, lang, width=width, height=height, layer=layers),
        columns=("row", "column", "value"),
        rows=tuple(
            (rows.labels[i], columns.labels[j], float(values[i, j]))
            for i in range(values.shape[0])
            for j in range(values.shape[1])
        ),
        language=lang,
    )


def _tiles(values: Floats, middle: float, cell: float, row: float, palette: Theme) -> list[Layer]:
    """Tinted cells: blue above the middle, orange below."""
    known = values[np.isfinite(values)]
    largest = float(np.abs(known - middle).max()) if known.size else 1.0
    sides: tuple[list[dict[str, float]], list[dict[str, float]]] = ([], [])
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            depth = (values[i, j] - middle) / (largest or 1.0)
            if not np.isfinite(depth):
                continue
            sides[0 if depth >= 0 else 1].append(
                {
                    "x": cell * j + 0.5,
                    "x2": cell * (j + 1) - 0.5,
                    "y": row * i + 0.5,
                    "y2": row * (i + 1) - 0.5,
                    "o": _PALEST + (_DARKEST - _PALEST) * abs(float(depth)),
                }
            )
    return [_rects(own, palette.colour(k)) for k, own in enumerate(sides) if own]


def _rects(values: list[dict[str, float]], colour: str) -> Layer:
    plain: dict[str, Any] = {"type": "quantitative", "scale": None, "axis": None}
    encoding = {
        "x": {"field": "x", **plain},
        "y": {"field": "y", **plain},
        "x2": {"field": "x2"},
        "y2": {"field": "y2"},
        "opacity": {"field": "o", "type": "quantitative", "scale": None, "legend": None},
    }
    mark = {"type": "rect", "fill": colour, "stroke": None}
    return {"data": {"values": values}, "mark": mark, "encoding": encoding}


def _axes(
    rows: SurfaceAxis, columns: SurfaceAxis, cell: float, row: float, left: float, palette: Theme
) -> list[Layer]:
    height = row * len(rows.labels)
    width = cell * len(columns.labels)
    layers = [
        text_label(-8, row * (i + 0.5), label, palette.foreground, align="right")
        for i, label in enumerate(rows.labels)
    ]
    longest = max(text_width(label, 11) for label in columns.labels)
    step = max(1, int(np.ceil((longest + 4) / cell)))
    layers += [
        text_label(cell * (j + 0.5), height + 12, label, palette.foreground, align="center")
        for j, label in enumerate(columns.labels)
        if j % step == 0
    ]
    return [
        *layers,
        text_label(width / 2, height + 32, columns.title, palette.muted, align="center"),
        text_label(left, -14, rows.title, palette.muted),
    ]


def _marks(marks: SurfaceMarks, cell: float, row: float, palette: Theme) -> list[Layer]:
    def middle(place: Sequence[int]) -> tuple[float, float]:
        return cell * (place[1] + 0.5), row * (place[0] + 0.5)

    corner = [(x + cell / 2 - 5, y - row / 2 + 5) for x, y in map(middle, marks.rivals)]
    layers = symbols(corner, "circle", palette.foreground, size=14)
    crosses = [middle(place) for place in marks.refused]
    layers += symbols(crosses, "cross", palette.muted, size=40)
    if marks.best is not None:
        x, y = middle(marks.best)
        layers.append(symbol(x, y, "circle", palette.foreground, size=420, filled=False, width=2.0))
    return layers
