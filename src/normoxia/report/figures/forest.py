"""Forest plot: effects with intervals, ratios on a log axis, numbers beside them, cut intervals marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.outcome import Estimate
from normoxia.report.figures.canvas import Layer, heading, stroke, text_label, text_width, wrap
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.theme import THEMES, Theme
from normoxia.values import Value

_ROW, _WIDTH = 24, 340
_NONE = Estimate(math.nan)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ForestRow(Value):
    """One line of the figure.

    Attributes
    ----------
    label
        Text at the left.
    estimate
        Effect with its interval.
    kind
        "study" (a square), "pooled" (a diamond), "prediction" (a thin line with ends) or "heading" (text only).
    weight
        Percent of the total, which sets the size of the square; nan for squares of one size.
    detail
        Short text between label and plot, such as events and patients.
    """

    label: str
    estimate: Estimate = _NONE
    kind: str = "study"
    weight: float = math.nan
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Axis:
    """Log axis around 1 for ratios, linear axis around 0 for differences."""

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
        """Round values, the null value first, none closer than labels allow."""
        marks = self._log_marks() if self.ratio else self._plain_marks()
        inside = [m for m in marks if self.low <= m <= self.high]
        kept: list[float] = []
        for mark in sorted(inside, key=lambda m: (m != self.null, abs(self._distance(m)))):
            if all(abs(self.position(mark) - self.position(other)) > 32 for other in kept):
                kept.append(mark)
        return sorted(kept)

    def _distance(self, value: float) -> float:
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
        return [
            step * k for k in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)
        ]


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
    """Forest plot on a ratio scale, or on a linear one.

    Parameters
    ----------
    rows
        Lines from top to bottom.
    endpoint
        For the default heading.
    measure
        Heading of the column of numbers: "HR", "OR", "RR".
    left, right
        What small and large values favour.
    note
        A line under the plot: heterogeneity, sources.
    limits
        Of the axis; chosen so that most intervals fit when None. An interval that continues beyond ends in an arrow;
        its numbers are printed in full.
    ratio
        Whether the null value is 1 and the axis logarithmic, or 0 and linear.
    lang
        Code of the language, "en" or "zh".
    theme
        "light" or "dark".
    name
        File name without ending.
    title
        Heading; the default of the language when empty.
    level
        Level of the intervals in percent, for the column heading.

    Raises
    ------
    InvalidArgument
        Without effects, or for ratios that are not above 0.
    """
    text, palette = language(lang), THEMES[theme]
    effects = [row for row in rows if row.kind != "heading" and not math.isnan(row.estimate.value)]
    if not effects:
        raise InvalidArgument(
            "no effects were given for the forest plot; expected at least one row with an estimate"
        )
    if ratio and any(row.estimate.value <= 0 for row in effects):
        raise InvalidArgument(
            "a forest plot on a log axis has an effect of 0 or below; expected ratios, not their logarithms"
        )
    title = title or text.say("forest.title", endpoint=text.known(f"endpoint.{endpoint}", endpoint))
    low, high = limits if limits is not None else _limits(effects, ratio)
    axis = _Axis(low, high, ratio)
    height = _ROW * len(rows)
    # a heading may run over the plot, where its line has nothing else
    label_width = max(text_width(r.label, 12) for r in rows if r.kind != "heading") + 18
    detail_width = max((text_width(row.detail, 11) for row in rows), default=0) + (
        18 if any(r.detail for r in rows) else 0
    )
    start = -(label_width + detail_width)
    weighted = any(not math.isnan(row.weight) for row in rows)
    any_cut = any(row.estimate.low < low or row.estimate.high > high for row in effects)
    notes = [note] if note else []
    notes += [text.say("forest.cut")] if any_cut else []
    total = _WIDTH - start + 190 + (60 if weighted else 0)
    layers: list[Layer] = [
        *heading(title, [], -52, start, palette),
        text_label(
            _WIDTH + 18,
            -16,
            text.say("forest.estimate", measure=measure, level=level),
            palette.muted,
        ),
    ]
    if weighted:
        layers.append(
            text_label(_WIDTH + 210, -16, text.say("forest.weight"), palette.muted, align="right")
        )
    layers.append(stroke(start, -4, start + total, -4, palette.line))
    layers += _scale(axis, height, palette)
    for i, row in enumerate(rows):
        layers += _row(row, _ROW * (i + 0.5), axis, start, label_width, weighted, lang, palette)
    y = height + 44.0
    if left or right:
        middle = axis.position(axis.null)
        layers += [
            text_label(middle - 12, y, f"← {left}", palette.muted, align="right"),
            text_label(middle + 12, y, f"{right} →", palette.muted),
        ]
        y += 22
    for paragraph in notes:
        for line in wrap(paragraph, total, 11):
            layers.append(text_label(start, y, line, palette.muted))
            y += 16
    row_texts = "; ".join(f"{row.label} {text.interval(row.estimate, 2)}" for row in effects)
    description = text.say("forest.describe", n=len(effects), rows=row_texts)
    spec = specification(description, palette, lang, width=_WIDTH, height=height, layer=layers)
    columns = ("label", "kind", "estimate", "low", "high", "weight_percent", "detail")
    cells = tuple(
        (r.label, r.kind, r.estimate.value, r.estimate.low, r.estimate.high, r.weight, r.detail)
        for r in rows
    )
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=spec,
        columns=columns,
        rows=cells,
        language=lang,
    )


def _limits(effects: Sequence[ForestRow], ratio: bool) -> tuple[float, float]:
    """Range that contains the null value, every estimate and all but very wide intervals."""
    ends = [e for row in effects for e in (row.estimate.low, row.estimate.high) if math.isfinite(e)]
    values = [row.estimate.value for row in effects]
    if not ratio:
        limit = 2.0 * max(abs(v) for v in values) or max(map(abs, ends), default=1.0)
        first, last = (
            max(min([*ends, *values, 0.0]), -limit),
            min(max([*ends, *values, 0.0]), limit),
        )
        margin = 0.06 * (last - first or 1.0)
        return first - margin, last + margin
    ends = [e for e in ends if e > 0]
    low = max(min([*ends, *values, 0.8]), min([*values, 1.0]) / 3)
    high = min(max([*ends, *values, 1.25]), max([*values, 1.0]) * 3)
    return low / 1.06, high * 1.06


def _scale(axis: _Axis, height: float, palette: Theme) -> list[Layer]:
    """The axis with a line at the null value."""
    axis_options = {
        "values": axis.ticks(),
        "title": None,
        "grid": True,
        "format": ".4~g",
        "labelFlush": False,
        "offset": 2,
    }
    kind = {"type": "log"} if axis.ratio else {"type": "linear", "zero": False}
    x = {
        "field": "v",
        "type": "quantitative",
        "scale": {**kind, "domain": [axis.low, axis.high], "nice": False},
        "axis": axis_options,
    }
    null_line = {"type": "rule", "color": palette.foreground, "strokeWidth": 1.2}
    return [
        {
            "data": {"values": [{"v": axis.null}]},
            "mark": null_line,
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
    palette: Theme,
) -> list[Layer]:
    """Label, interval and numbers of one line."""
    text = language(lang)
    is_bold = row.kind in ("pooled", "heading")
    layers = [
        text_label(
            start,
            y,
            row.label,
            palette.muted if row.kind == "prediction" else palette.foreground,
            size=12,
            weight=700 if is_bold else 400,
        )
    ]
    if row.detail:
        layers.append(text_label(start + label_width, y, row.detail, palette.muted))
    estimate = row.estimate
    if row.kind == "heading" or math.isnan(estimate.value):
        return layers
    colour = palette.colour(0) if row.kind != "prediction" else palette.muted
    layers += _interval(row, y, axis, colour)
    numbers = text.interval(estimate, 2)
    if row.kind == "prediction":
        low, high = text.number(estimate.low, 2), text.number(estimate.high, 2)
        numbers = (
            text.say("forest.signed", low=low, high=high) if estimate.low < 0 else f"{low}–{high}"
        )
    layers.append(
        text_label(_WIDTH + 18, y, numbers, palette.foreground, weight=700 if is_bold else 400)
    )
    if weighted and not math.isnan(row.weight):
        layers.append(
            text_label(_WIDTH + 210, y, f"{row.weight:.1f}%", palette.foreground, align="right")
        )
    return layers


def _interval(row: ForestRow, y: float, axis: _Axis, colour: str) -> list[Layer]:
    """Interval and marker of one line, with arrows where it is cut."""
    estimate, layers = row.estimate, []
    low, high = axis.low, axis.high
    begin = estimate.low if estimate.low > 0 or not axis.ratio else low
    ends = [
        begin if estimate.has_interval else estimate.value,
        estimate.high if estimate.has_interval else estimate.value,
    ]
    beyond = (
        estimate.has_interval and estimate.low < low,
        estimate.has_interval and ends[1] > high,
    )
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
        layers.append(
            stroke(left, y, right, y, colour, width=1.0 if row.kind == "prediction" else 1.8)
        )
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
    for is_beyond, x, shape in (
        (beyond[0], left, "triangle-left"),
        (beyond[1], right, "triangle-right"),
    ):
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
    """A mark at a point in pixels."""
    return {
        "data": {"values": [{}]},
        "mark": mark,
        "encoding": {"x": {"value": x}, "y": {"value": y}},
    }
