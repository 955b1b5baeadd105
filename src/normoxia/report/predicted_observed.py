"""Predicted against published figures of arms: a point each, the diagonal where they agree, names where they do not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.report.canvas import (
    Layer,
    heading,
    labels,
    stroke,
    strokes,
    symbol,
    symbols,
    text_width,
    words,
    wrap,
)
from normoxia.report.figure import SCHEMA, Figure
from normoxia.report.prediction import COLUMNS, Prediction, cells
from normoxia.report.theme import THEMES, Theme, config

_SIDE, _GAP = 400.0, 64.0
_LOG_TICKS = (0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0, 70.0, 100.0)
#: names that may stand beside points before they hide them
_MOST_NAMES = 14
_LINE = 20.0

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class ScatterPanel:
    """Points that share an axis: what is measured with its unit, whether the axis is logarithmic, and the half-width of a
    band about the diagonal (0 for none)."""

    title: str
    points: tuple[Prediction, ...]
    is_log: bool = False
    band: float = 0.0


def predicted_observed_figure(
    panels: Sequence[ScatterPanel],
    *,
    title: str,
    note: str = "",
    lang: str = "en",
    theme: str = "light",
    name: str = "predicted-observed",
) -> Figure:
    """Published values across, predicted medians with their 50 and 95 % upwards, panels beside one another.

    A point whose published value was not reached stands in the data alone; an interval that was not reached goes on
    to the frame. Names are those of the points that do not hold, as far as there is room.
    raises  InvalidArgument without a point
    """
    speech, paint = language(lang), THEMES[theme]
    panels = [panel for panel in panels if panel.points]
    if not panels:
        raise InvalidArgument("nothing predicted was given; give at least one panel with a point")
    every = [point for panel in panels for point in panel.points]
    shown = [p for p in every if math.isfinite(p.published.value) and math.isfinite(p.predicted.value)]
    count = speech.say("prediction.count_scatter", inside=sum(p.holds for p in every), n=len(every))
    notes = [text for text in (note, speech.say("prediction.seen_hollow")) if text]
    if len(shown) < len(every):
        notes.append(speech.say("prediction.not_drawn", n=len(every) - len(shown)))
    width = 2 * _SIDE + _GAP  # one panel has a list beside it
    views = []
    for i, panel in enumerate(panels):
        layers = _panel(panel, speech, paint)
        if i == 0:
            lines = [line for text in notes for line in wrap(text, width + 30, 11)]
            top = -64.0 - 15.0 * len(lines)
            layers += heading(title, [(line, paint.muted) for line in (count, *lines)], top - 20, -46, paint)
            layers += _legend(-30.0, speech, paint)
        if len(panels) == 1:
            layers += _listed(panel, speech, paint)
        views.append({"width": _SIDE, "height": _SIDE, "layer": layers})
    worst = [p for p in every if not p.holds]
    described = " ".join(
        speech.say(
            "prediction.describe_row", label=f"{p.study}, {p.label}", predicted=speech.interval(p.predicted),
            published=speech.number(p.published.value),
        )
        for p in worst
    )  # fmt: skip
    description = speech.say("prediction.describe_scatter", title=title, count=count, rows=described)
    spec = {
        "$schema": SCHEMA, "description": description, "background": paint.ground, "padding": 14,
        "config": config(paint, lang), "hconcat": views, "spacing": _GAP, "bounds": "flush",
    }  # fmt: skip
    rows = tuple(
        (panel.title, *row) for panel in panels for row in cells(panel.points)
    )  # fmt: skip
    return Figure(name, title, description, spec, ("panel", *COLUMNS), rows, lang)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Pixels of a value on either axis, which are alike."""

    low: float
    high: float
    is_log: bool

    def at(self, value: float) -> float:
        """From the left or the foot; ends beyond the frame stay on it."""
        inside = min(max(value, self.low), self.high)
        if self.is_log:
            return _SIDE * math.log(inside / self.low) / math.log(self.high / self.low)
        return _SIDE * (inside - self.low) / (self.high - self.low)


def _scale(panel: ScatterPanel) -> _Scale:
    values = [v for p in panel.points for v in (p.published.value, p.predicted.value, *p.middle)]
    values = [v for v in values if math.isfinite(v) and (v > 0 or not panel.is_log)]
    if panel.is_log:
        return _Scale(min([*values, 5.0]) / 1.25, max([*values, 10.0]) * 1.25, True)
    return _Scale(0.0, max([*values, 10.0]) * 1.08, False)


def _panel(panel: ScatterPanel, speech: Language, paint: Theme) -> list[Layer]:
    scale = _scale(panel)
    drawn = [p for p in panel.points if math.isfinite(p.published.value) and math.isfinite(p.predicted.value)]
    layers = [*_band(panel, scale, paint), *_axes(panel, scale, speech, paint)]
    diagonal = [(0.0, _SIDE, _SIDE, 0.0)]
    layers += strokes(diagonal, paint.ink, width=1.2)
    for ends, width, opacity in (
        (lambda p: (p.predicted.low, p.predicted.high), 1.0, 0.55),
        (lambda p: p.middle, 3.0, 0.8),
    ):
        for holds, colour in ((True, paint.colour(0)), (False, paint.bad)):
            lines = [
                (
                    scale.at(p.published.value),
                    _SIDE - scale.at(low),
                    scale.at(p.published.value),
                    _SIDE - scale.at(high),
                )
                for p in drawn
                if p.holds is holds
                for low, high in [ends(p)]
            ]
            layers += strokes(lines, colour, width=width, opacity=opacity)
    for holds, shape, colour in ((True, "circle", paint.colour(0)), (False, "diamond", paint.bad)):
        for is_seen in (False, True):
            points = [_place(p, scale) for p in drawn if (p.holds, p.is_seen) == (holds, is_seen)]
            size = 58.0 if holds else 84.0
            layers += symbols(points, shape, colour, size=size, ground=paint.ground if is_seen else "")
    named = sorted((p for p in drawn if not p.holds), key=lambda p: -_distance(p, scale))[:_MOST_NAMES]
    layers += labels(_names(named, drawn, scale), paint.ink, size=10)
    return layers


def _place(p: Prediction, scale: _Scale) -> tuple[float, float]:
    return scale.at(p.published.value), _SIDE - scale.at(p.predicted.value)


def _distance(p: Prediction, scale: _Scale) -> float:
    return abs(scale.at(p.published.value) - scale.at(p.predicted.value))


def _listed(panel: ScatterPanel, speech: Language, paint: Theme) -> list[Layer]:
    """Beside a lone panel, the points that do not hold, worst first, with both numbers."""
    worst = [p for p in panel.points if not p.holds][: int(_SIDE / _LINE) - 2]
    if not worst:
        return []
    at, numbers = _SIDE + 44.0, 2 * _SIDE + _GAP
    rows = [(_LINE * (i + 1.5), p) for i, p in enumerate(worst)]
    told = [
        (numbers, y, f"{speech.number(p.predicted.value)} / {speech.number(p.published.value)}")
        for y, p in rows
    ]
    return [
        words(at, 2, speech.say("prediction.listed"), paint.bad, weight=700),
        words(numbers, 2, speech.say("prediction.both"), paint.muted, align="right"),
        stroke(at, 14, numbers, 14, paint.line),
        *labels([(at, y, f"{p.named}  {p.label}") for y, p in rows], paint.ink),
        *labels(told, paint.ink, align="right"),
    ]


def _names(
    named: Sequence[Prediction], drawn: Sequence[Prediction], scale: _Scale
) -> list[tuple[float, float, str]]:
    """Names beside their points where they hide neither a point nor another name; none where there is no room."""
    taken: list[Box] = [(x - 5, y - 5, x + 5, y + 5) for x, y in (_place(p, scale) for p in drawn)]
    found = []
    for p in named:
        x, y = _place(p, scale)
        text = f"{p.named} {p.label}"
        length = 1.12 * text_width(text, 10)  # an estimate that must not fall short
        for left, top in (
            (x + 9, y),
            (x - 9 - length, y),
            (x + 7, y - 13),
            (x + 7, y + 13),
            (x - 7 - length, y - 13),
        ):
            box = (left, top - 6, left + length, top + 6)
            inside = box[0] > 2 and box[2] < _SIDE + 30 and box[1] > 0 and box[3] < _SIDE
            if inside and not any(_meet(box, other) for other in taken):
                taken.append(box)
                found.append((left, top, text))
                break
    return found


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _band(panel: ScatterPanel, scale: _Scale, paint: Theme) -> list[Layer]:
    """The area within a distance of the diagonal."""
    if not panel.band > 0:
        return []
    corners = np.unique(
        np.clip(np.array([scale.low, panel.band, scale.high - panel.band, scale.high]), scale.low, scale.high)
    )
    values = [
        {
            "x": scale.at(float(v)),
            "a": _SIDE - scale.at(float(v) - panel.band),
            "b": _SIDE - scale.at(float(v) + panel.band),
        }
        for v in corners
    ]
    pixels = {"type": "quantitative", "scale": None, "axis": None}
    mark = {"type": "area", "color": paint.good, "opacity": 0.16}
    place = {"x": {"field": "x", **pixels}, "y": {"field": "a", **pixels}, "y2": {"field": "b"}}
    return [{"data": {"values": values}, "mark": mark, "encoding": place}]


def _axes(panel: ScatterPanel, scale: _Scale, speech: Language, paint: Theme) -> list[Layer]:
    domain = {"domain": [scale.low, scale.high], "nice": False, "type": "log" if scale.is_log else "linear"}
    axis: dict[str, object] = {"grid": True, "labelFlush": False, "format": ".4~g"}
    if scale.is_log:
        axis["values"] = [t for t in _LOG_TICKS if scale.low <= t <= scale.high]
    else:
        axis["tickCount"] = 7
    titles = (
        speech.say("prediction.axis_published", what=panel.title), speech.say("prediction.axis_predicted", what=panel.title)
    )  # fmt: skip
    x, y = (
        {"field": field, "type": "quantitative", "scale": domain, "axis": {**axis, "title": title}}
        for field, title in zip("xy", titles, strict=True)
    )
    corner = {"data": {"values": [{"x": scale.low, "y": scale.low}]}, "encoding": {"x": x, "y": y}}
    return [{**corner, "mark": {"type": "point", "opacity": 0, "color": paint.line}}]


def _legend(y: float, speech: Language, paint: Theme) -> list[Layer]:
    at, layers = -46.0, list[Layer]()
    for shape, colour, key in (
        ("circle", paint.colour(0), "prediction.holds"),
        ("diamond", paint.bad, "prediction.misses"),
    ):
        text = speech.say(key)
        layers += [symbol(at + 6, y, shape, colour, size=70), words(at + 18, y, text, paint.ink)]
        at += 18 + text_width(text, 11) + 26
    return layers
