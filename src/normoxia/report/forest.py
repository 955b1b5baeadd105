"""Forest figure: effects with intervals on a log axis, true numbers beside them, nothing clipped in silence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from normoxia.errors import InvalidArgument
from normoxia.outcome import Estimate
from normoxia.report.canvas import Layer, heading, stroke, text_width, words, wrap
from normoxia.report.figure import SCHEMA, Figure
from normoxia.report.language import language
from normoxia.report.theme import THEMES, Theme, config

_ROW, _WIDTH = 24, 340
_NONE = Estimate(math.nan)


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One line of the figure.

    kind    "study" (a square), "pooled" (a diamond), "prediction" (a thin line with ends), "heading" (words
            only)
    weight  percent of the whole, sets the square's size; nan: all alike, and no column
    detail  short text between label and plot, such as events and patients
    """

    label: str
    estimate: Estimate = _NONE
    kind: str = "study"
    weight: float = math.nan
    detail: str = ""


def forest_figure(
    rows: Sequence[ForestRow],
    *,
    endpoint: str = "",
    measure: str = "HR",
    left: str = "",
    right: str = "",
    note: str = "",
    limits: tuple[float, float] | None = None,
    lang: str = "en",
    theme: str = "light",
    name: str = "forest",
    title: str = "",
) -> Figure:
    """Effects on a ratio scale, 1 meaning no difference.

    measure      heads the column of numbers: "HR", "OR", "RR"
    left, right  whom small and large values favour
    note         a line under the plot: heterogeneity, sources
    limits       of the axis; chosen so that most intervals fit when not given. An interval that goes on
                 beyond ends in an arrow, its numbers stay whole.
    raises       InvalidArgument without rows or for values that are not above 0
    """
    speech, paint = language(lang), THEMES[theme]
    effects = [row for row in rows if row.kind != "heading" and not math.isnan(row.estimate.value)]
    if not effects:
        raise InvalidArgument(
            "a forest plot was asked for without effects; give at least one row with an estimate"
        )
    if any(row.estimate.value <= 0 for row in effects):
        raise InvalidArgument(
            "a forest plot on a log axis holds a value of 0 or below; give ratios, not their logs"
        )
    shown = title or speech.say("forest.title", endpoint=speech.known(f"endpoint.{endpoint}", endpoint))
    low, high = limits if limits is not None else _limits(effects)
    height = _ROW * len(rows)
    label_width = max(text_width(row.label, 12) for row in rows) + 18
    detail_width = max((text_width(row.detail, 11) for row in rows), default=0) + (
        18 if any(r.detail for r in rows) else 0
    )
    start = -(label_width + detail_width)
    weighted = any(not math.isnan(row.weight) for row in rows)
    cut = any(row.estimate.low < low or row.estimate.high > high for row in effects)
    notes = [note] if note else []
    notes += [speech.say("forest.cut")] if cut else []
    total = _WIDTH - start + 190 + (60 if weighted else 0)
    layers: list[Layer] = [
        *heading(shown, [], -52, start, paint),
        words(_WIDTH + 18, -16, speech.say("forest.estimate", measure=measure), paint.muted),
    ]
    if weighted:
        layers.append(words(_WIDTH + 210, -16, speech.say("forest.weight"), paint.muted, align="right"))
    layers.append(stroke(start, -4, start + total, -4, paint.line))
    layers += _scale(low, high, height, paint)
    for i, row in enumerate(rows):
        layers += _row(row, _ROW * (i + 0.5), low, high, start, label_width, weighted, lang, paint)
    y = height + 44.0
    if left or right:
        middle = _position(1.0, low, high)
        layers += [
            words(middle - 12, y, f"← {left}", paint.muted, align="right"),
            words(middle + 12, y, f"{right} →", paint.muted),
        ]
        y += 22
    for text in notes:
        for line in wrap(text, total, 11):
            layers.append(words(start, y, line, paint.muted))
            y += 16
    described = "; ".join(f"{row.label} {speech.interval(row.estimate, 2)}" for row in effects)
    description = speech.say("forest.describe", n=len(effects), rows=described)
    spec = {
        "$schema": SCHEMA, "description": description, "background": paint.ground, "padding": 14, "width": _WIDTH,
        "height": height, "config": config(paint, lang), "layer": layers,
    }  # fmt: skip
    columns = ("label", "kind", "estimate", "low", "high", "weight_percent", "detail")
    cells = tuple(
        (r.label, r.kind, r.estimate.value, r.estimate.low, r.estimate.high, r.weight, r.detail) for r in rows
    )
    return Figure(name, shown, description, spec, columns, cells, lang)


def _limits(effects: Sequence[ForestRow]) -> tuple[float, float]:
    """Limits that hold every estimate and all but runaway intervals, evenly about 1 when both sides are used."""
    ends = [e for row in effects for e in (row.estimate.low, row.estimate.high) if math.isfinite(e) and e > 0]
    values = [row.estimate.value for row in effects]
    low = max(min([*ends, *values, 0.8]), min(values) / 3)
    high = min(max([*ends, *values, 1.25]), max(values) * 3)
    return low / 1.06, high * 1.06


def _position(value: float, low: float, high: float) -> float:
    return _WIDTH * math.log(value / low) / math.log(high / low)


def _ticks(low: float, high: float) -> list[float]:
    decades = high / low
    steps = (
        (1.0,)
        if decades > 1e4
        else (1.0, 2.0, 5.0)
        if decades > 8
        else (1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
    )
    marks = [step * 10.0**power for power in range(-4, 5) for step in steps]
    inside = [m for m in marks if low <= m <= high]
    kept: list[float] = []
    for mark in sorted(inside, key=lambda m: (m != 1.0, abs(math.log(m)))):
        if all(abs(_position(mark, low, high) - _position(other, low, high)) > 32 for other in kept):
            kept.append(mark)
    return sorted(kept)


def _scale(low: float, high: float, height: float, paint: Theme) -> list[Layer]:
    axis = {
        "values": _ticks(low, high), "title": None, "grid": True, "format": ".4~g", "labelFlush": False, "offset": 2
    }  # fmt: skip
    x = {
        "field": "v",
        "type": "quantitative",
        "scale": {"type": "log", "domain": [low, high], "nice": False},
        "axis": axis,
    }
    one = {"type": "rule", "color": paint.ink, "strokeWidth": 1.2}
    return [
        {
            "data": {"values": [{"v": 1.0}]},
            "mark": one,
            "encoding": {"x": x, "y": {"value": 0}, "y2": {"value": height}},
        }
    ]


def _row(
    row: ForestRow,
    y: float,
    low: float,
    high: float,
    start: float,
    label_width: float,
    weighted: bool,
    lang: str,
    paint: Theme,
) -> list[Layer]:
    speech = language(lang)
    heavy = row.kind in ("pooled", "heading")
    layers = [words(start, y, row.label, paint.ink, size=12, weight=700 if heavy else 400)]
    if row.detail:
        layers.append(words(start + label_width, y, row.detail, paint.muted))
    estimate = row.estimate
    if row.kind == "heading" or math.isnan(estimate.value):
        return layers
    colour = paint.colour(0) if row.kind != "prediction" else paint.muted
    layers += _interval(row, y, low, high, colour, paint)
    text = speech.interval(estimate, 2)
    if row.kind == "prediction":
        text = f"{speech.number(estimate.low, 2)}–{speech.number(estimate.high, 2)}"
    layers.append(words(_WIDTH + 18, y, text, paint.ink, weight=700 if heavy else 400))
    if weighted and not math.isnan(row.weight):
        layers.append(words(_WIDTH + 210, y, f"{row.weight:.1f}%", paint.ink, align="right"))
    return layers


def _interval(row: ForestRow, y: float, low: float, high: float, colour: str, paint: Theme) -> list[Layer]:
    estimate, layers = row.estimate, []
    begin = estimate.low if estimate.low > 0 else low
    ends = [
        begin if estimate.has_interval else estimate.value,
        estimate.high if estimate.has_interval else estimate.value,
    ]
    beyond = (estimate.has_interval and estimate.low < low, estimate.has_interval and ends[1] > high)
    clipped = [min(max(end, low), high) for end in ends]
    left, right = (_position(end, low, high) for end in clipped)
    if row.kind == "pooled":
        middle = _position(min(max(estimate.value, low), high), low, high)
        shape = f"M{left - middle:.2f},0L0,-7L{max(right - middle, 0.1):.2f},0L0,7Z"
        mark: dict[str, Any] = {
            "type": "point",
            "shape": shape,
            "size": 4,
            "filled": True,
            "color": colour,
            "opacity": 1,
        }
        layers.append(_at(middle, y, mark))
    else:
        layers.append(stroke(left, y, right, y, colour, width=1.6 if row.kind == "study" else 2.2))
        if row.kind == "prediction":
            layers += [stroke(x, y - 4, x, y + 4, colour, width=1.6) for x in (left, right)]
        elif low <= estimate.value <= high:
            share = 12.0 if math.isnan(row.weight) else min(max(row.weight, 1.0), 40.0)
            mark = {
                "type": "point",
                "shape": "square",
                "size": 22 + 4.5 * share,
                "filled": True,
                "color": colour,
                "opacity": 1,
            }
            layers.append(_at(_position(estimate.value, low, high), y, mark))
    for is_beyond, x, shape in ((beyond[0], left, "triangle-left"), (beyond[1], right, "triangle-right")):
        if is_beyond:
            mark = {
                "type": "point",
                "shape": shape,
                "size": 70,
                "filled": True,
                "color": colour,
                "opacity": 1,
            }
            layers.append(_at(x, y, mark))
    return layers


def _at(x: float, y: float, mark: dict[str, Any]) -> Layer:
    return {"data": {"values": [{}]}, "mark": mark, "encoding": {"x": {"value": x}, "y": {"value": y}}}
