"""Two heat maps of a network: contributions of direct comparisons, and inconsistency between designs.

Cells carry their number as well as their tint, so that neither figure relies on colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.report.figures.canvas import Layer, heading, text_label, text_width, wrap
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.theme import THEMES, Theme

Values = NDArray[np.float64]

_CELL, _ROW = 46.0, 26.0
_SQUARE = 13.0  # side for a weight of 1, in pixels; left of the number of the cell
#: heat of the deepest tint: 8 in Krahn 2013
_DEEPEST = 8.0
_PALEST, _DARKEST = 0.05, 0.55  # opacities at which text on top can be read


@dataclass(frozen=True, slots=True)
class ContributionRow:
    """Contributions to a network estimate.

    Attributes
    ----------
    name
        Comparison as it is printed.
    shares
        Share of each direct comparison, 0 to 1, in the order of the columns.
    is_direct
        Whether a study made the comparison.
    """

    name: str
    shares: tuple[float, ...]
    is_direct: bool = True


def contribution_figure(
    rows: Sequence[ContributionRow],
    direct: Sequence[str],
    *,
    lang: str = "en",
    theme: str = "light",
    name: str = "contributions",
    title: str = "",
) -> Figure:
    """Contribution matrix: network estimates by row, direct comparisons by column, shares in percent.

    Columns are numbered, their names below. Names of rows without a study of their own are muted.

    Parameters
    ----------
    rows
        Network estimates.
    direct
        Names of the direct comparisons.
    lang
        Code of the language, "en" or "zh".
    theme
        "light" or "dark".
    name
        File name without ending.
    title
        Heading; the default of the language when empty.

    Raises
    ------
    InvalidArgument
        Without rows, or when a row has not one share per column.
    """
    if not rows or any(len(row.shares) != len(direct) for row in rows):
        raise InvalidArgument(
            "a contribution matrix needs rows, each with a share for every direct comparison"
        )
    text, palette = language(lang), THEMES[theme]
    title = title or text.say("contribution.title")
    left = -(max(text_width(row.name, 12) for row in rows) + 40)
    width, height = _CELL * len(direct), _ROW * len(rows)
    notes = [
        (line, palette.muted)
        for line in wrap(text.say("contribution.note"), max(width, 420.0) - left, 11)
    ]
    tiles: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    for i, row in enumerate(rows):
        for j, share in enumerate(row.shares):
            if share > 0.0:
                tiles.append(_tile(i, j, share))
                labels.append(_label(i, j, f"{100 * share:.0f}" if share >= 0.005 else "<1"))
    layers: list[Layer] = [
        *heading(title, notes, -44 - 15 * len(notes), left, palette),
        *_frame([r.name for r in rows], [r.is_direct for r in rows], len(direct), left, palette),
        *_column_key(direct, height, left, max(width, 420.0), palette),
        _tiles(tiles, palette.colour(0)),
        _texts(labels, palette.foreground),
    ]
    largest = max(
        ((share, row.name, direct[j]) for row in rows for j, share in enumerate(row.shares)),
        default=(0.0, "", ""),
    )
    description = text.say(
        "contribution.describe",
        rows=len(rows),
        columns=len(direct),
        row=largest[1],
        column=largest[2],
        share=f"{100 * largest[0]:.0f}",
    )
    cells = tuple(
        (row.name, direct[j], share) for row in rows for j, share in enumerate(row.shares)
    )
    spec = _spec(description, width, height, layers, palette, lang)
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=spec,
        columns=("estimate", "direct_comparison", "share"),
        rows=cells,
        language=lang,
    )


def net_heat_figure(
    designs: Sequence[str],
    residual: Sequence[float] | Values,
    heat: Values,
    hat: Values,
    *,
    tau: float = 0.0,
    lang: str = "en",
    theme: str = "light",
    name: str = "net-heat",
    title: str = "",
) -> Figure:
    """Net heat plot: by how much each design's inconsistency falls when another design is detached.

    Orange where detaching the column's design reduces the inconsistency of the row's, blue where it increases it; the
    square in a cell has the area of the column's weight in the row's estimate.

    Parameters
    ----------
    designs
        Names.
    residual
        Parts of Q between designs; shape (n_designs,).
    heat, hat
        Shape (n_designs, n_designs), see `evidence.synthesis.consistency.net_heat`.
    tau
        Heterogeneity within designs, printed in the note.
    lang
        Code of the language, "en" or "zh".
    theme
        "light" or "dark".
    name
        File name without ending.
    title
        Heading; the default of the language when empty.

    Raises
    ------
    InvalidArgument
        For fewer than two designs.

    References
    ----------
    Krahn, Binder & König 2013, BMC Med Res Methodol 13:35.
    """
    if len(designs) < 2:
        raise InvalidArgument("a net heat plot needs at least two designs")
    text, palette = language(lang), THEMES[theme]
    title = title or text.say("heat.title")
    n = len(designs)
    names = [f"{i + 1}  {design}" for i, design in enumerate(designs)]
    left = -(max(text_width(note, 12) for note in names) + 30)
    width, height = _CELL * n, _ROW * n
    note = text.say("heat.note", tau=text.number(tau, 3))
    notes = [(line, palette.muted) for line in wrap(note, max(width + 70, 420.0) - left, 11)]
    warm: list[dict[str, Any]] = []
    cold: list[dict[str, Any]] = []
    squares: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    for i in range(n):
        for j in range(n):
            value = float(heat[i, j])
            if abs(value) >= 0.05:
                (warm if value > 0 else cold).append(_tile(i, j, min(abs(value) / _DEEPEST, 1.0)))
                labels.append(_label(i, j, text.number(value, 1), 0.68))
            squares.append(_square(i, j, float(hat[i, j])))
    layers: list[Layer] = [
        *heading(title, notes, -44 - 15 * len(notes), left, palette),
        *_frame(names, [True] * n, n, left, palette),
        text_label(width + 14, -14, text.say("heat.own"), palette.muted),
        *(
            text_label(width + 14, _ROW * (i + 0.5), text.number(float(q), 2), palette.foreground)
            for i, q in enumerate(residual)
        ),
        _tiles(warm, palette.colour(1)),
        _tiles(cold, palette.colour(0)),
        _tiles([s for s in squares if s["x2"] - s["x"] > 2.0], palette.muted, outlined=True),
        _texts(labels, palette.foreground),
    ]
    worst, detached = divmod(int(np.argmax(heat)), n)
    description = text.say(
        "heat.describe",
        n=n,
        row=designs[worst],
        column=designs[detached],
        fall=text.number(float(heat[worst, detached]), 1),
        q=text.number(float(np.sum(residual)), 1),
    )
    cells = tuple(
        (designs[a], designs[b], float(residual[a]), float(heat[a, b]), float(hat[a, b]))
        for a in range(n)
        for b in range(n)
    )
    columns = ("design", "detached", "q_design", "fall", "weight")
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=_spec(description, width + 60, height, layers, palette, lang),
        columns=columns,
        rows=cells,
        language=lang,
    )


def _tile(i: int, j: int, depth: float) -> dict[str, Any]:
    """Position and opacity of a cell."""
    return {
        "x": _CELL * j + 1,
        "x2": _CELL * (j + 1) - 1,
        "y": _ROW * i + 1,
        "y2": _ROW * (i + 1) - 1,
        "o": _PALEST + (_DARKEST - _PALEST) * depth,
    }


def _square(i: int, j: int, weight: float) -> dict[str, Any]:
    """Position of the square of a weight."""
    half = _SQUARE / 2 * math.sqrt(min(weight, 1.0))
    x, y = _CELL * j + 4 + _SQUARE / 2, _ROW * (i + 0.5)
    return {"x": x - half, "x2": x + half, "y": y - half, "y2": y + half, "o": 1.0}


def _label(i: int, j: int, text: str, across: float = 0.5) -> dict[str, Any]:
    """Position of a number."""
    return {"x": _CELL * (j + across), "y": _ROW * (i + 0.5), "t": text}


def _pixel_encoding(*fields: str) -> dict[str, Any]:
    """Positions taken from fields as pixels."""
    return {f: {"field": f, "type": "quantitative", "scale": None, "axis": None} for f in fields}


def _tiles(values: list[dict[str, Any]], colour: str, *, outlined: bool = False) -> Layer:
    mark: dict[str, Any] = {"type": "rect", "fill": None, "stroke": colour, "strokeWidth": 1.2}
    if not outlined:
        mark = {"type": "rect", "fill": colour, "stroke": None}
    encoding = {
        **_pixel_encoding("x", "y"),
        "x2": {"field": "x2"},
        "y2": {"field": "y2"},
        "opacity": {"field": "o", "type": "quantitative", "scale": None, "legend": None},
    }
    return {"data": {"values": values}, "mark": mark, "encoding": encoding}


def _texts(values: list[dict[str, Any]], colour: str) -> Layer:
    mark = {
        "type": "text",
        "align": "center",
        "baseline": "middle",
        "fontSize": 10.5,
        "color": colour,
    }
    return {
        "data": {"values": values},
        "mark": mark,
        "encoding": {**_pixel_encoding("x", "y"), "text": {"field": "t", "type": "nominal"}},
    }


def _frame(
    names: Sequence[str], direct: Sequence[bool], n_columns: int, left: float, palette: Theme
) -> list[Layer]:
    """Names of rows at the left, numbers of columns on top, and a pale background of every cell."""
    cells = [_tile(i, j, 0.0) | {"o": 1.0} for i in range(len(names)) for j in range(n_columns)]
    layers = [_tiles(cells, palette.faint)]
    for i, (name, is_direct) in enumerate(zip(names, direct, strict=True)):
        layers.append(
            text_label(
                left,
                _ROW * (i + 0.5),
                name,
                palette.foreground if is_direct else palette.muted,
                size=12,
            )
        )
    for j in range(n_columns):
        layers.append(text_label(_CELL * (j + 0.5), -14, str(j + 1), palette.muted, align="center"))
    return layers


def _column_key(
    names: Sequence[str], top: float, left: float, width: float, palette: Theme
) -> list[Layer]:
    """Names of the numbered columns, in as many columns of text as fit."""
    texts = [f"{j + 1}  {name}" for j, name in enumerate(names)]
    column_width = max(text_width(text, 11) for text in texts) + 24
    n = max(1, min(int((width - left) / column_width), len(texts)))
    rows = -(-len(texts) // n)
    return [
        text_label(
            left + column_width * (j // rows), top + 26 + 16 * (j % rows), text, palette.muted
        )
        for j, text in enumerate(texts)
    ]


def _spec(
    description: str, width: float, height: float, layers: list[Layer], palette: Theme, lang: str
) -> dict[str, Any]:
    return specification(description, palette, lang, width=width, height=height, layer=layers)
