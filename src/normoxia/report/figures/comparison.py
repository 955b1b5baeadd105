"""Simulated beside published values, endpoint by endpoint: points with intervals, and whether the interval covers the published value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.outcome import Estimate
from normoxia.report.figures.canvas import Layer, heading, stroke, symbol, text_label, text_width
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.theme import THEMES, Theme

_ROW, _WIDTH = 32, 380


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One quantity, simulated and published.

    Attributes
    ----------
    label
        Name of an arm or a contrast.
    simulated
        Value with its prediction interval.
    published
        Published value, None where there is none.
    """

    label: str
    simulated: Estimate
    published: Estimate | None = None


@dataclass(frozen=True, slots=True)
class ComparisonPanel:
    """Rows that share an axis.

    Attributes
    ----------
    title
        Such as "Median PFS, months".
    rows
        Quantities in their order.
    digits
        Decimals to print.
    is_ratio
        Whether the axis is logarithmic around 1.
    """

    title: str
    rows: tuple[ComparisonRow, ...]
    digits: int = 1
    is_ratio: bool = False


def comparison_figure(
    panels: Sequence[ComparisonPanel],
    *,
    lang: str = "en",
    theme: str = "light",
    name: str = "simulated-published",
    title: str = "",
) -> Figure:
    """Published values beside their simulation: filled circles simulated, hollow diamonds published.

    Parameters
    ----------
    panels
        Groups of rows that share an axis; empty ones are left out.
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
        When no panel has a row.
    """
    panels = [panel for panel in panels if panel.rows]
    if not panels:
        raise InvalidArgument(
            "no rows were given for the comparison; expected at least one panel with a row"
        )
    text, palette = language(lang), THEMES[theme]
    title = title or text.say("comparison.title")
    compared = [row for panel in panels for row in panel.rows if row.published is not None]
    inside = sum(_is_inside(row) for row in compared)
    count = text.say("comparison.count", inside=inside, n=len(compared))
    left = -(max(text_width(row.label, 12) for panel in panels for row in panel.rows) + 20)
    views = []
    for i, panel in enumerate(panels):
        layers = _panel(panel, left, text, palette)
        if i == 0:
            level = round(100 * panel.rows[0].simulated.level)
            layers = [
                *heading(title, [(count, palette.muted)] if compared else [], -104, left, palette),
                *_legend(level, left, bool(compared), text, palette),
                *layers,
            ]
        views.append({"width": _WIDTH, "height": _ROW * len(panel.rows), "layer": layers})
    row_texts = " ".join(
        text.say(
            "comparison.describe_row",
            label=f"{panel.title}, {row.label}",
            simulated=text.interval(row.simulated, panel.digits),
            published=text.interval(row.published, panel.digits) if row.published else "–",
        )
        for panel in panels
        for row in panel.rows
    )
    description = text.say("comparison.describe", count=count, rows=row_texts)
    spec = specification(description, palette, lang, vconcat=views, spacing=74, bounds="flush")
    columns = (
        "panel",
        "label",
        "simulated",
        "simulated_low",
        "simulated_high",
        "published",
        "published_low",
        "published_high",
        "inside",
    )
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=spec,
        columns=columns,
        rows=tuple(_cells(panels)),
        language=lang,
    )


def _panel(panel: ComparisonPanel, left: float, text: Language, palette: Theme) -> list[Layer]:
    """One panel: axis, points, intervals, numbers and verdicts."""
    low, high = _domain(panel)
    height = _ROW * len(panel.rows)
    axis: dict[str, Any] = {"title": None, "tickCount": 6, "labelFlush": False, "format": ".4~g"}
    scale: dict[str, Any] = {"domain": [low, high], "nice": False}
    if panel.is_ratio:
        scale["type"] = "log"
        axis["values"] = [
            v for v in (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0) if low <= v <= high
        ]
    x = {"field": "v", "type": "quantitative", "scale": scale, "axis": axis}
    layers: list[Layer] = [
        text_label(left, -16, panel.title, palette.foreground, size=12, weight=700),
        stroke(left, -3, _WIDTH + 250, -3, palette.line),
    ]
    if panel.is_ratio and low <= 1 <= high:
        null_line = {"type": "rule", "color": palette.foreground, "strokeWidth": 1}
        layers.append(
            {
                "data": {"values": [{"v": 1}]},
                "mark": null_line,
                "encoding": {"x": x, "y": {"value": 0}, "y2": {"value": height}},
            }
        )
    for i, row in enumerate(panel.rows):
        y = _ROW * (i + 0.5)
        layers.append(text_label(left, y, row.label, palette.foreground, size=12))
        above = 6.0 if row.published is not None else 0.0
        layers += _dot(row.simulated, y - above, x, low, high, palette.colour(0), True, palette)
        layers.append(
            text_label(
                _WIDTH + 20,
                y - above,
                text.interval(row.simulated, panel.digits),
                palette.colour(0),
            )
        )
        if row.published is None:
            continue
        layers += _dot(row.published, y + 7, x, low, high, palette.published, False, palette)
        layers.append(
            text_label(
                _WIDTH + 20, y + 8, text.interval(row.published, panel.digits), palette.foreground
            )
        )
        if row.simulated.has_interval:
            is_inside = _is_inside(row)
            verdict = text.say("comparison.inside" if is_inside else "comparison.outside")
            layers += [
                symbol(
                    _WIDTH + 172,
                    y,
                    "circle" if is_inside else "cross",
                    palette.good if is_inside else palette.bad,
                    size=70,
                ),
                text_label(
                    _WIDTH + 184,
                    y,
                    verdict,
                    palette.foreground if is_inside else palette.bad,
                    weight=400 if is_inside else 700,
                ),
            ]
    return layers


def _dot(
    estimate: Estimate,
    y: float,
    x: dict[str, Any],
    low: float,
    high: float,
    colour: str,
    filled: bool,
    palette: Theme,
) -> list[Layer]:
    """A point with its interval, cut at the ends of the axis."""
    layers: list[Layer] = []
    if estimate.has_interval:
        begin, end = (min(max(e, low), high) for e in (estimate.low, estimate.high))
        rule = {"type": "rule", "color": colour, "strokeWidth": 2.2 if filled else 1.4}
        encoding = {"x": {**x, "field": "a"}, "x2": {"field": "b"}, "y": {"value": y}}
        layers.append(
            {"data": {"values": [{"a": begin, "b": end}]}, "mark": rule, "encoding": encoding}
        )
        for is_beyond, at, shape in (
            (estimate.low < low, begin, "triangle-left"),
            (estimate.high > high, end, "triangle-right"),
        ):
            if is_beyond:
                arrow = {
                    "type": "point",
                    "shape": shape,
                    "size": 60,
                    "filled": True,
                    "color": colour,
                    "opacity": 1,
                }
                encoding = {"x": x, "y": {"value": y}}
                layers.append(
                    {"data": {"values": [{"v": at}]}, "mark": arrow, "encoding": encoding}
                )
    if math.isfinite(estimate.value):
        mark = {
            "type": "point",
            "shape": "circle" if filled else "diamond",
            "size": 62 if filled else 74,
            "filled": True,
            "fill": colour if filled else palette.background,
            "stroke": colour,
            "strokeWidth": 1.6,
            "opacity": 1,
        }
        value = min(max(estimate.value, low), high)
        layers.append(
            {
                "data": {"values": [{"v": value}]},
                "mark": mark,
                "encoding": {"x": x, "y": {"value": y}},
            }
        )
    return layers


def _legend(
    level: int, left: float, published: bool, text: Language, palette: Theme
) -> list[Layer]:
    y = -54.0
    first, second = text.say("comparison.simulated", level=level), text.say("comparison.published")
    offset = left + 26 + text_width(first, 11) + 34
    layers = [
        stroke(left, y, left + 18, y, palette.colour(0), width=2.2),
        symbol(left + 9, y, "circle", palette.colour(0), size=62),
        text_label(left + 26, y, first, palette.foreground),
    ]
    if published:
        layers += [
            stroke(offset, y, offset + 18, y, palette.published, width=1.4),
            symbol(
                offset + 9, y, "diamond", palette.published, size=74, background=palette.background
            ),
            text_label(offset + 26, y, second, palette.foreground),
            text_label(_WIDTH + 164, y, text.say("comparison.column"), palette.muted),
        ]
    return layers


def _domain(panel: ComparisonPanel) -> tuple[float, float]:
    """Range of the axis."""
    numbers = [
        e
        for row in panel.rows
        for estimate in (row.simulated, row.published)
        if estimate is not None
        for e in (estimate.value, estimate.low, estimate.high)
        if math.isfinite(e) and (e > 0 or not panel.is_ratio)
    ]
    if panel.is_ratio:
        return min([*numbers, 0.8]) / 1.08, max([*numbers, 1.1]) * 1.08
    return 0.0, max([*numbers, 1e-9]) * 1.06


def _is_inside(row: ComparisonRow) -> bool:
    """Whether the simulated interval covers the published value."""
    return row.published is not None and row.simulated.contains(row.published.value)


def _cells(panels: Sequence[ComparisonPanel]) -> list[tuple[object, ...]]:
    """Rows of the data file."""
    missing = Estimate(math.nan)
    cells: list[tuple[object, ...]] = []
    for panel in panels:
        for row in panel.rows:
            s, p = row.simulated, row.published or missing
            is_inside = (
                "" if row.published is None or not s.has_interval else str(_is_inside(row)).lower()
            )
            cells.append(
                (panel.title, row.label, s.value, s.low, s.high, p.value, p.low, p.high, is_inside)
            )
    return cells
