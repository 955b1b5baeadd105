"""Elements of a Vega-Lite layer placed in pixels: text, rules and markers outside the axes of the plot.

Tables under and headings over a plot are marks of the same view, so they share its coordinate system; y grows
downwards from the top edge of the plot and is negative above it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from normoxia.report.figures.theme import Theme

Layer = dict[str, Any]

#: data of one row without fields, so that a mark is drawn once
_ONCE: dict[str, Any] = {"values": [{}]}


def text_label(
    x: float,
    y: float,
    text: str,
    colour: str,
    *,
    size: float = 11,
    weight: int = 400,
    align: str = "left",
) -> Layer:
    """Return a line of text whose vertical middle is at y."""
    mark = {
        "type": "text",
        "text": text,
        "fontSize": size,
        "fontWeight": weight,
        "align": align,
        "baseline": "middle",
        "color": colour,
        "clip": False,
    }
    return {"data": _ONCE, "mark": mark, "encoding": {"x": {"value": x}, "y": {"value": y}}}


def stroke(
    x: float,
    y: float,
    x2: float,
    y2: float,
    colour: str,
    *,
    width: float = 1,
    dash: list[int] | None = None,
) -> Layer:
    """Return a straight line between two points in pixels."""
    mark: dict[str, Any] = {"type": "rule", "color": colour, "strokeWidth": width}
    if dash and dash != [1, 0]:
        mark["strokeDash"] = dash
    encoding = {"x": {"value": x}, "y": {"value": y}, "x2": {"value": x2}, "y2": {"value": y2}}
    return {"data": _ONCE, "mark": mark, "encoding": encoding}


def symbol(
    x: float,
    y: float,
    shape: str,
    colour: str,
    *,
    size: float = 50,
    filled: bool = True,
    width: float = 1.6,
    background: str = "",
) -> Layer:
    """Return a marker at a point in pixels; `background` fills a hollow one so that nothing behind it is visible."""
    mark: dict[str, Any] = {
        "type": "point",
        "shape": shape,
        "size": size,
        "filled": filled,
        "color": colour,
        "strokeWidth": width,
        "opacity": 1,
    }
    if background:
        mark |= {"filled": True, "fill": background, "stroke": colour}
    return {"data": _ONCE, "mark": mark, "encoding": {"x": {"value": x}, "y": {"value": y}}}


#: encoding of positions in pixels
_PIXELS: dict[str, Any] = {"type": "quantitative", "scale": None, "axis": None}


def strokes(
    lines: Iterable[Sequence[float]], colour: str, *, width: float = 1, opacity: float = 1
) -> list[Layer]:
    """Return many straight lines (x, y, x2, y2) in pixels as one mark; an empty list for none."""
    values = [dict(zip(("x", "y", "u", "v"), line, strict=True)) for line in lines]
    if not values:
        return []
    mark = {"type": "rule", "color": colour, "strokeWidth": width, "opacity": opacity}
    encoding = {
        "x": {"field": "x", **_PIXELS},
        "y": {"field": "y", **_PIXELS},
        "x2": {"field": "u"},
        "y2": {"field": "v"},
    }
    return [{"data": {"values": values}, "mark": mark, "encoding": encoding}]


def symbols(
    points: Iterable[Sequence[float]],
    shape: str,
    colour: str,
    *,
    size: float = 50,
    background: str = "",
    width: float = 1.6,
) -> list[Layer]:
    """Return many markers (x, y) in pixels as one mark, hollow if a `background` is given; an empty list for none."""
    values = [{"x": x, "y": y} for x, y in points]
    if not values:
        return []
    mark = {
        "type": "point",
        "shape": shape,
        "size": size,
        "filled": True,
        "fill": background or colour,
        "stroke": colour,
        "strokeWidth": width,
        "opacity": 1,
    }
    encoding = {"x": {"field": "x", **_PIXELS}, "y": {"field": "y", **_PIXELS}}
    return [{"data": {"values": values}, "mark": mark, "encoding": encoding}]


def labels(
    texts: Iterable[tuple[float, float, str]],
    colour: str,
    *,
    size: float = 11,
    weight: int = 400,
    align: str = "left",
) -> list[Layer]:
    """Return many lines of text (x, y, text) in pixels as one mark; an empty list for none."""
    values = [{"x": x, "y": y, "t": text} for x, y, text in texts]
    if not values:
        return []
    mark = {
        "type": "text",
        "fontSize": size,
        "fontWeight": weight,
        "align": align,
        "baseline": "middle",
        "color": colour,
        "clip": False,
    }
    encoding = {
        "x": {"field": "x", **_PIXELS},
        "y": {"field": "y", **_PIXELS},
        "text": {"field": "t", "type": "nominal"},
    }
    return [{"data": {"values": values}, "mark": mark, "encoding": encoding}]


def text_width(text: str, size: float) -> float:
    """Estimate the width of a text in pixels.

    Chinese characters count as squares of the font size, others as 0.51 of it.
    """
    return sum(size if unicodedata.east_asian_width(c) in "WF" else 0.51 * size for c in text)


def wrap(text: str, width: float, size: float) -> list[str]:
    """Break a text into lines of limited width.

    Parameters
    ----------
    text
        Text without line breaks; Chinese breaks anywhere but before a closing mark.
    width
        Largest width of a line in pixels.
    size
        Font size in pixels.
    """
    lines, line = [], ""
    for piece in _pieces(text):
        if line and text_width(line + piece.rstrip(), size) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def heading(
    title: str, subtitles: list[tuple[str, str]], top: float, left: float, palette: Theme
) -> list[Layer]:
    """Return a title with lines of (text, colour) under it; the vertical middle of the title is at `top`."""
    layers = [text_label(left, top, title, palette.foreground, size=15, weight=700)]
    for i, (text, colour) in enumerate(subtitles):
        layers.append(text_label(left, top + 20 + 15 * i, text, colour, size=11))
    return layers


def _pieces(text: str) -> list[str]:
    """Split a text where a line may break."""
    pieces: list[str] = []
    for character in text:
        wide = unicodedata.east_asian_width(character) in "WF"
        closing = character in "，。；：、）》」！？,.;:)"
        after_wide = bool(pieces) and unicodedata.east_asian_width(pieces[-1][-1]) in "WF"
        if not pieces or pieces[-1].endswith(" ") or ((wide or after_wide) and not closing):
            pieces.append(character)
        else:
            pieces[-1] += character
    return pieces
