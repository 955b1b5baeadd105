"""Benefit against burden: what each contrast gains in survival and adds in toxicity, with intervals both ways."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.outcome import Estimate
from normoxia.report.figures.canvas import Layer, heading, stroke, symbol, text_label, wrap
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.theme import THEMES, Theme

_WIDTH, _HEIGHT, _LIST = 380, 320, 330


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancePoint:
    """One contrast.

    Attributes
    ----------
    label
        Number beside the point.
    title
        Text of the list beside the plot.
    gained
        Months of restricted mean overall survival gained.
    added
        Percentage points of grade 3 or higher toxicity added.
    """

    label: str
    title: str
    gained: Estimate
    added: Estimate


def balance_figure(
    points: Sequence[BalancePoint], *, lang: str = "en", theme: str = "light", name: str = "balance"
) -> Figure:
    """Plot of survival gained (y, months) against toxicity added (x, percentage points).

    Parameters
    ----------
    points
        Contrasts, drawn in their order.
    lang
        Code of the language, "en" or "zh".
    theme
        "light" or "dark".
    name
        File name without ending.

    Raises
    ------
    InvalidArgument
        Without a point.
    """
    text, palette = language(lang), THEMES[theme]
    if not points:
        raise InvalidArgument("no contrast was given; expected at least one point to draw")
    x_range = _range([p.added for p in points])
    y_range = _range([p.gained for p in points])
    title = text.say("balance.title")
    layers: list[Layer] = [
        *heading(title, [(text.say("balance.note"), palette.muted)], -52, -56, palette),
        *_axes(x_range, y_range, text, palette),
    ]
    for i, point in enumerate(points):
        layers += _point(point, i, x_range, y_range, palette)
    y = 4.0
    for i, point in enumerate(points):
        for n, line in enumerate(wrap(f"{point.label}  {point.title}", _LIST, 12)):
            colour = palette.colour(i) if n == 0 else palette.foreground
            layers.append(text_label(_WIDTH + 40, y, line, colour, size=12))
            y += 17
        y += 5
    description = text.say(
        "balance.describe",
        rows="; ".join(
            f"{p.title}: {text.interval(p.gained)}, {text.interval(p.added)}" for p in points
        ),
    )
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=specification(description, palette, lang, width=_WIDTH, height=_HEIGHT, layer=layers),
        columns=(
            "contrast",
            "gained",
            "gained_low",
            "gained_high",
            "added",
            "added_low",
            "added_high",
        ),
        rows=tuple(
            (
                p.title,
                p.gained.value,
                p.gained.low,
                p.gained.high,
                p.added.value,
                p.added.low,
                p.added.high,
            )
            for p in points
        ),
        language=lang,
    )


def _range(estimates: Sequence[Estimate]) -> tuple[float, float]:
    """Range of an axis that contains 0 and every interval."""
    ends = [0.0]
    for estimate in estimates:
        ends += [e for e in (estimate.value, estimate.low, estimate.high) if math.isfinite(e)]
    low, high = min(ends), max(ends)
    margin = 0.06 * ((high - low) or 1.0)
    return low - margin, high + margin


def _axes(
    x_range: tuple[float, float], y_range: tuple[float, float], text: Language, palette: Theme
) -> list[Layer]:
    """Axes through a frame, with lines at no difference."""
    x = {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": list(x_range), "nice": False, "zero": False},
        "axis": {"title": text.say("balance.added"), "grid": True, "tickCount": 6},
    }
    y = {
        "field": "y",
        "type": "quantitative",
        "scale": {"domain": list(y_range), "nice": False, "zero": False},
        "axis": {"title": text.say("balance.gained"), "grid": True, "tickCount": 6},
    }
    frame: Layer = {
        "data": {"values": [{"x": 0.0, "y": 0.0}]},
        "mark": {"type": "point", "opacity": 0},
        "encoding": {"x": x, "y": y},
    }
    at_x = _position(0.0, x_range, _WIDTH)
    at_y = _HEIGHT - _position(0.0, y_range, _HEIGHT)
    return [
        frame,
        stroke(at_x, 0, at_x, _HEIGHT, palette.foreground, width=1.0),
        stroke(0, at_y, _WIDTH, at_y, palette.foreground, width=1.0),
    ]


def _point(
    point: BalancePoint,
    position: int,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    palette: Theme,
) -> list[Layer]:
    """A point with its two intervals and its number."""
    if not (math.isfinite(point.gained.value) and math.isfinite(point.added.value)):
        return []
    colour = palette.colour(position)
    x = _position(point.added.value, x_range, _WIDTH)
    y = _HEIGHT - _position(point.gained.value, y_range, _HEIGHT)
    layers: list[Layer] = []
    if point.added.has_interval:
        ends = [_position(e, x_range, _WIDTH) for e in (point.added.low, point.added.high)]
        layers.append(stroke(ends[0], y, ends[1], y, colour, width=1.4))
    if point.gained.has_interval:
        ends = [
            _HEIGHT - _position(e, y_range, _HEIGHT) for e in (point.gained.low, point.gained.high)
        ]
        layers.append(stroke(x, ends[0], x, ends[1], colour, width=1.4))
    layers.append(symbol(x, y, "circle", colour, size=80))
    layers.append(text_label(x + 8, y - 10, point.label, colour, size=12, weight=700))
    return layers


def _position(value: float, limits: tuple[float, float], pixels: float) -> float:
    """Pixels of a value from the low end of an axis."""
    return pixels * (value - limits[0]) / (limits[1] - limits[0])
