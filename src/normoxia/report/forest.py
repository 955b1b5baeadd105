"""Forest figure: effects with intervals, ratios on a log axis, true numbers beside them, nothing clipped in silence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.outcome import Estimate
from normoxia.report.canvas import Layer, heading, stroke, text_width, words, wrap
from normoxia.report.figure import SCHEMA, Figure
from normoxia.report.theme import THEMES, Theme, config
from normoxia.values import Value

_ROW, _WIDTH = 24, 340
_NONE = Estimate(math.nan)


@dataclass(frozen=True, slots=True, eq=False)
class ForestRow(Value):
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


@dataclass(frozen=True, slots=True)
class _Axis:
    """Where a value stands: a log axis about 1 for ratios, a plain one about 0 for differences."""

    low: float
    high: float
    ratio: bool

    @property
    def null(self) -> float:
        return 1.0 if self.ratio else 0.0

    def position(self, value: float) -> float:
        """Pixels from the left."""
        if self.ratio:
            return _WIDTH * math.log(value / self.low) / math.log(self.high / self.low)
        return _WIDTH * (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round values, no effect first, none nearer than can be read."""
        marks = self._log_marks() if self.ratio else self._plain_marks()
        inside = [m for m in marks if self.low <= m <= self.high]
        kept: list[float] = []
        for mark in sorted(inside, key=lambda m: (m != self.null, abs(self._spread(m)))):
            if all(abs(self.position(mark) - self.position(other)) > 32 for other in kept):
                kept.append(mark)
        return sorted(kept)

    def _spread(self, value: float) -> float:
        return math.log(value) if self.ratio else value

    def _log_marks(self) -> list[float]:
        decades = self.high / self.low
        steps = (
            (1.0,)
            if decades > 1e4
            else (1.0, 2.0, 5.0)
            if decades > 8
            else (1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
        )
        return [step * 10.0**power for power in range(-4, 5) for step in steps]

    def _plain_marks(self) -> list[float]:
        span = self.high - self.low
        step = 10.0 ** math.floor(math.log10(span / 4))
        step *= next(m for m in (1.0, 2.0, 5.0, 10.0) if span / (step * m) <= 8)
        return [step * k for k in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def forest_figure(
    rows: Sequence[ForestRow],
    *,
    endpoint: str = "",
    measure: str = "HR",
    left: str = "",
    right: str = "",
    note: str = "",
    limits: tuple[float, float] | None = None,
    ratio: bool = True,
    lang: str = "en",
    theme: str = "light",
    name: str = "forest",
    title: str = "",
    level: str = "95",
) -> Figure:
    """Effects on a ratio scale, 1 meaning no difference, or on a plain one about 0 when `ratio` is false.

    measure      heads the column of numbers: "HR", "OR", "RR"
    left, right  whom small and large values favour
    note         a line under the plot: heterogeneity, sources
    level        of the intervals, in percent
    limits       of the axis; chosen so that most intervals fit when not given. An interval that goes on
                 beyond ends in an arrow, its numbers stay whole.
    raises       InvalidArgument without rows or for ratios that are not above 0
    """
    speech, paint = language(lang), THEMES[theme]
    effects = [row for row in rows if row.kind != "heading" and not math.isnan(row.estimate.value)]
    if not effects:
        raise InvalidArgument(
            "a forest plot was asked for without effects; give at least one row with an estimate"
        )
    if ratio and any(row.estimate.value <= 0 for row in effects):
        raise InvalidArgument(
            "a forest plot on a log axis holds a value of 0 or below; give ratios, not their logs"
        )
    shown = title or speech.say("forest.title", endpoint=speech.known(f"endpoint.{endpoint}", endpoint))
    low, high = limits if limits is not None else _limits(effects, ratio)
    axis = _Axis(low, high, ratio)
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
        words(_WIDTH + 18, -16, speech.say("forest.estimate", measure=measure, level=level), paint.muted),
    ]
    if weighted:
        layers.append(words(_WIDTH + 210, -16, speech.say("forest.weight"), paint.muted, align="right"))
    layers.append(stroke(start, -4, start + total, -4, paint.line))
    layers += _scale(axis, height, paint)
    for i, row in enumerate(rows):
        layers += _row(row, _ROW * (i + 0.5), axis, start, label_width, weighted, lang, paint)
    y = height + 44.0
    if left or right:
        middle = axis.position(axis.null)
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


def _limits(effects: Sequence[ForestRow], ratio: bool) -> tuple[float, float]:
    """Limits that hold every estimate and all but runaway intervals, evenly about 1 when both sides are used."""
    ends = [e for row in effects for e in (row.estimate.low, row.estimate.high) if math.isfinite(e)]
    values = [row.estimate.value for row in effects]
    if not ratio:
        reach = 2.0 * max(abs(v) for v in values) or max(map(abs, ends), default=1.0)
        first, last = max(min([*ends, *values, 0.0]), -reach), min(max([*ends, *values, 0.0]), reach)
        margin = 0.06 * (last - first or 1.0)
        return first - margin, last + margin
    ends = [e for e in ends if e > 0]
    low = max(min([*ends, *values, 0.8]), min(values) / 3)
    high = min(max([*ends, *values, 1.25]), max(values) * 3)
    return low / 1.06, high * 1.06


def _scale(axis: _Axis, height: float, paint: Theme) -> list[Layer]:
    shown = {
        "values": axis.ticks(), "title": None, "grid": True, "format": ".4~g", "labelFlush": False, "offset": 2
    }  # fmt: skip
    kind = {"type": "log"} if axis.ratio else {"type": "linear", "zero": False}
    x = {
        "field": "v",
        "type": "quantitative",
        "scale": {**kind, "domain": [axis.low, axis.high], "nice": False},
        "axis": shown,
    }
    one = {"type": "rule", "color": paint.ink, "strokeWidth": 1.2}
    return [
        {
            "data": {"values": [{"v": axis.null}]},
            "mark": one,
            "encoding": {"x": x, "y": {"value": 0}, "y2": {"value": height}},
        }
    ]


def _row(
    row: ForestRow,
    y: float,
    axis: _Axis,
    start: float,
    label_width: float,
    weighted: bool,
    lang: str,
    paint: Theme,
) -> list[Layer]:
    speech = language(lang)
    heavy = row.kind in ("pooled", "heading")
    layers = [
        words(
            start,
            y,
            row.label,
            paint.muted if row.kind == "prediction" else paint.ink,
            size=12,
            weight=700 if heavy else 400,
        )
    ]
    if row.detail:
        layers.append(words(start + label_width, y, row.detail, paint.muted))
    estimate = row.estimate
    if row.kind == "heading" or math.isnan(estimate.value):
        return layers
    colour = paint.colour(0) if row.kind != "prediction" else paint.muted
    layers += _interval(row, y, axis, colour, paint)
    text = speech.interval(estimate, 2)
    if row.kind == "prediction":
        low, high = speech.number(estimate.low, 2), speech.number(estimate.high, 2)
        text = speech.say("forest.signed", low=low, high=high) if estimate.low < 0 else f"{low}–{high}"
    layers.append(words(_WIDTH + 18, y, text, paint.ink, weight=700 if heavy else 400))
    if weighted and not math.isnan(row.weight):
        layers.append(words(_WIDTH + 210, y, f"{row.weight:.1f}%", paint.ink, align="right"))
    return layers


def _interval(row: ForestRow, y: float, axis: _Axis, colour: str, paint: Theme) -> list[Layer]:
    estimate, layers = row.estimate, []
    low, high = axis.low, axis.high
    begin = estimate.low if estimate.low > 0 or not axis.ratio else low
    ends = [
        begin if estimate.has_interval else estimate.value,
        estimate.high if estimate.has_interval else estimate.value,
    ]
    beyond = (estimate.has_interval and estimate.low < low, estimate.has_interval and ends[1] > high)
    clipped = [min(max(end, low), high) for end in ends]
    left, right = (axis.position(end) for end in clipped)
    if row.kind == "pooled":
        middle = axis.position(min(max(estimate.value, low), high))
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
        layers.append(stroke(left, y, right, y, colour, width=1.0 if row.kind == "prediction" else 1.8))
        if row.kind == "prediction":
            layers += [stroke(x, y - 3, x, y + 3, colour, width=1.0) for x in (left, right)]
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
            layers.append(_at(axis.position(estimate.value), y, mark))
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
