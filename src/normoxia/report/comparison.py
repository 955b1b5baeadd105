"""Simulated beside published: a dot with its interval each, endpoint by endpoint, and whether one holds the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.outcome import Estimate
from normoxia.report.canvas import Layer, heading, stroke, symbol, text_width, words
from normoxia.report.figure import SCHEMA, Figure
from normoxia.report.theme import THEMES, Theme, config

_ROW, _WIDTH = 32, 380


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One quantity: its label (an arm or a contrast), simulated value with prediction interval, published one or None."""

    label: str
    simulated: Estimate
    published: Estimate | None = None


@dataclass(frozen=True, slots=True)
class ComparisonPanel:
    """Rows that share an axis: a title such as "Median PFS, months", digits to print, and whether the axis is a ratio's."""

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
    """Every published value beside its simulation: filled dot simulated, hollow diamond published.

    raises  InvalidArgument when no panel has a row
    """
    panels = [panel for panel in panels if panel.rows]
    if not panels:
        raise InvalidArgument("nothing to compare was given; give at least one panel with a row")
    speech, paint = language(lang), THEMES[theme]
    shown = title or speech.say("comparison.title")
    judged = [row for panel in panels for row in panel.rows if row.published is not None]
    inside = sum(_is_inside(row) for row in judged)
    count = speech.say("comparison.count", inside=inside, n=len(judged))
    left = -(max(text_width(row.label, 12) for panel in panels for row in panel.rows) + 20)
    views = []
    for i, panel in enumerate(panels):
        layers = _panel(panel, left, speech, paint)
        if i == 0:
            level = round(100 * panel.rows[0].simulated.level)
            layers = [
                *heading(shown, [(count, paint.muted)] if judged else [], -104, left, paint),
                *_legend(level, left, bool(judged), speech, paint),
                *layers,
            ]
        views.append({"width": _WIDTH, "height": _ROW * len(panel.rows), "layer": layers})
    described = " ".join(
        speech.say(
            "comparison.describe_row", label=f"{panel.title}, {row.label}",
            simulated=speech.interval(row.simulated, panel.digits),
            published=speech.interval(row.published, panel.digits) if row.published else "–",
        )
        for panel in panels
        for row in panel.rows
    )  # fmt: skip
    description = speech.say("comparison.describe", count=count, rows=described)
    spec = {
        "$schema": SCHEMA, "description": description, "background": paint.ground, "padding": 14,
        "config": config(paint, lang), "vconcat": views, "spacing": 74, "bounds": "flush",
    }  # fmt: skip
    columns = (
        "panel", "label", "simulated", "simulated_low", "simulated_high", "published", "published_low",
        "published_high", "inside",
    )  # fmt: skip
    return Figure(name, shown, description, spec, columns, tuple(_cells(panels)), lang)


def _panel(panel: ComparisonPanel, left: float, speech: Language, paint: Theme) -> list[Layer]:
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
        words(left, -16, panel.title, paint.ink, size=12, weight=700),
        stroke(left, -3, _WIDTH + 250, -3, paint.line),
    ]
    if panel.is_ratio and low <= 1 <= high:
        one = {"type": "rule", "color": paint.ink, "strokeWidth": 1}
        layers.append(
            {
                "data": {"values": [{"v": 1}]},
                "mark": one,
                "encoding": {"x": x, "y": {"value": 0}, "y2": {"value": height}},
            }
        )
    for i, row in enumerate(panel.rows):
        y = _ROW * (i + 0.5)
        layers.append(words(left, y, row.label, paint.ink, size=12))
        above = 6.0 if row.published is not None else 0.0
        layers += _dot(row.simulated, y - above, x, low, high, paint.colour(0), True, paint)
        layers.append(
            words(_WIDTH + 20, y - above, speech.interval(row.simulated, panel.digits), paint.colour(0))
        )
        if row.published is None:
            continue
        layers += _dot(row.published, y + 7, x, low, high, paint.published, False, paint)
        layers.append(words(_WIDTH + 20, y + 8, speech.interval(row.published, panel.digits), paint.ink))
        if row.simulated.has_interval:
            held = _is_inside(row)
            word = speech.say("comparison.inside" if held else "comparison.outside")
            layers += [
                symbol(
                    _WIDTH + 172, y, "circle" if held else "cross", paint.good if held else paint.bad, size=70
                ),
                words(_WIDTH + 184, y, word, paint.ink if held else paint.bad, weight=400 if held else 700),
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
    paint: Theme,
) -> list[Layer]:
    layers: list[Layer] = []
    if estimate.has_interval:
        begin, end = (min(max(e, low), high) for e in (estimate.low, estimate.high))
        rule = {"type": "rule", "color": colour, "strokeWidth": 2.2 if filled else 1.4}
        place = {"x": {**x, "field": "a"}, "x2": {"field": "b"}, "y": {"value": y}}
        layers.append({"data": {"values": [{"a": begin, "b": end}]}, "mark": rule, "encoding": place})
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
                place = {"x": x, "y": {"value": y}}
                layers.append({"data": {"values": [{"v": at}]}, "mark": arrow, "encoding": place})
    if math.isfinite(estimate.value):
        mark = {
            "type": "point", "shape": "circle" if filled else "diamond", "size": 62 if filled else 74, "filled": True,
            "fill": colour if filled else paint.ground, "stroke": colour, "strokeWidth": 1.6, "opacity": 1,
        }  # fmt: skip
        value = min(max(estimate.value, low), high)
        layers.append(
            {"data": {"values": [{"v": value}]}, "mark": mark, "encoding": {"x": x, "y": {"value": y}}}
        )
    return layers


def _legend(level: int, left: float, published: bool, speech: Language, paint: Theme) -> list[Layer]:
    y = -54.0
    first, second = speech.say("comparison.simulated", level=level), speech.say("comparison.published")
    offset = left + 26 + text_width(first, 11) + 34
    layers = [
        stroke(left, y, left + 18, y, paint.colour(0), width=2.2),
        symbol(left + 9, y, "circle", paint.colour(0), size=62),
        words(left + 26, y, first, paint.ink),
    ]
    if published:
        layers += [
            stroke(offset, y, offset + 18, y, paint.published, width=1.4),
            symbol(offset + 9, y, "diamond", paint.published, size=74, ground=paint.ground),
            words(offset + 26, y, second, paint.ink),
            words(_WIDTH + 164, y, speech.say("comparison.column"), paint.muted),
        ]
    return layers


def _domain(panel: ComparisonPanel) -> tuple[float, float]:
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
    return row.published is not None and row.simulated.contains(row.published.value)


def _cells(panels: Sequence[ComparisonPanel]) -> list[tuple[object, ...]]:
    none = Estimate(math.nan)
    cells: list[tuple[object, ...]] = []
    for panel in panels:
        for row in panel.rows:
            s, p = row.simulated, row.published or none
            held = "" if row.published is None or not s.has_interval else str(_is_inside(row)).lower()
            cells.append((panel.title, row.label, s.value, s.low, s.high, p.value, p.low, p.high, held))
    return cells
