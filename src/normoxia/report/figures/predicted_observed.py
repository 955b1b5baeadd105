"""Predicted against published outcomes of arms: one point each, a diagonal of agreement, labels where they disagree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.report.figures.canvas import (
    Layer,
    heading,
    labels,
    stroke,
    strokes,
    symbol,
    symbols,
    text_label,
    text_width,
    wrap,
)
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.prediction import COLUMNS, Prediction, cells
from normoxia.report.figures.theme import THEMES, Theme

_SIDE, _GAP = 400.0, 64.0
_LOG_TICKS = (0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0, 70.0, 100.0)
#: largest number of labels beside points
_MOST_NAMES = 14
_LINE = 20.0

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class ScatterPanel:
    """Points that share an axis.

    Attributes
    ----------
    title
        Outcome with its unit.
    points
        Predictions beside published values.
    is_log
        Whether the axis is logarithmic.
    band
        Half-width of a band around the diagonal, 0 for none.
    """

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
    """Published values on the x axis, predicted medians with their 50 and 95 % intervals on the y axis.

    A point whose published value was not reached is in the data only; an interval that was not reached extends to the
    frame. Points outside their interval are labelled, as far as there is space.

    Parameters
    ----------
    panels
        Side by side; empty ones are left out.
    title
        Heading.
    note
        A sentence under the heading.
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
    panels = [panel for panel in panels if panel.points]
    if not panels:
        raise InvalidArgument(
            "no predictions were given for the scatter plot; expected at least one panel with a point"
        )
    points = [point for panel in panels for point in panel.points]
    drawn = [
        p for p in points if math.isfinite(p.published.value) and math.isfinite(p.predicted.value)
    ]
    count = text.say(
        "prediction.count_scatter", inside=sum(p.is_inside for p in points), n=len(points)
    )
    notes = [paragraph for paragraph in (note, text.say("prediction.seen_hollow")) if paragraph]
    if len(drawn) < len(points):
        notes.append(text.say("prediction.not_drawn", n=len(points) - len(drawn)))
    width = 2 * _SIDE + _GAP  # one panel has a list beside it
    views = []
    for i, panel in enumerate(panels):
        layers = _panel(panel, text, palette)
        if i == 0:
            lines = [line for paragraph in notes for line in wrap(paragraph, width + 30, 11)]
            top = -64.0 - 15.0 * len(lines)
            layers += heading(
                title, [(line, palette.muted) for line in (count, *lines)], top - 20, -46, palette
            )
            layers += _legend(-30.0, text, palette)
        if len(panels) == 1:
            layers += _missed_list(panel, text, palette)
        views.append({"width": _SIDE, "height": _SIDE, "layer": layers})
    missed = [p for p in points if not p.is_inside]
    row_texts = " ".join(
        text.say(
            "prediction.describe_row",
            label=f"{p.study}, {p.label}",
            predicted=text.interval(p.predicted),
            published=text.number(p.published.value),
        )
        for p in missed
    )
    description = text.say("prediction.describe_scatter", title=title, count=count, rows=row_texts)
    spec = specification(description, palette, lang, hconcat=views, spacing=_GAP, bounds="flush")
    rows = tuple((panel.title, *row) for panel in panels for row in cells(panel.points))
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=spec,
        columns=("panel", *COLUMNS),
        rows=rows,
        language=lang,
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Pixels of a value on either axis; the axes have the same scale."""

    low: float
    high: float
    is_log: bool

    def at(self, value: float) -> float:
        """Pixels from the left or the bottom; values beyond the frame are put on it."""
        inside = min(max(value, self.low), self.high)
        if self.is_log:
            return _SIDE * math.log(inside / self.low) / math.log(self.high / self.low)
        return _SIDE * (inside - self.low) / (self.high - self.low)


def _scale(panel: ScatterPanel) -> _Scale:
    """Common scale of both axes."""
    values = [v for p in panel.points for v in (p.published.value, p.predicted.value, *p.middle)]
    values = [v for v in values if math.isfinite(v) and (v > 0 or not panel.is_log)]
    if panel.is_log:
        return _Scale(min([*values, 5.0]) / 1.25, max([*values, 10.0]) * 1.25, True)
    return _Scale(0.0, max([*values, 10.0]) * 1.08, False)


def _panel(panel: ScatterPanel, text: Language, palette: Theme) -> list[Layer]:
    scale = _scale(panel)
    drawn = [
        p
        for p in panel.points
        if math.isfinite(p.published.value) and math.isfinite(p.predicted.value)
    ]
    layers = [*_band(panel, scale, palette), *_axes(panel, scale, text, palette)]
    diagonal = [(0.0, _SIDE, _SIDE, 0.0)]
    layers += strokes(diagonal, palette.foreground, width=1.2)
    for interval_of, width, opacity in (
        (lambda p: (p.predicted.low, p.predicted.high), 1.0, 0.55),
        (lambda p: p.middle, 3.0, 0.8),
    ):
        for is_inside, colour in ((True, palette.colour(0)), (False, palette.bad)):
            lines = [
                (
                    scale.at(p.published.value),
                    _SIDE - scale.at(low),
                    scale.at(p.published.value),
                    _SIDE - scale.at(high),
                )
                for p in drawn
                if p.is_inside is is_inside
                for low, high in [interval_of(p)]
            ]
            layers += strokes(lines, colour, width=width, opacity=opacity)
    for is_inside, shape, colour in (
        (True, "circle", palette.colour(0)),
        (False, "diamond", palette.bad),
    ):
        for is_seen in (False, True):
            points = [
                _place(p, scale) for p in drawn if (p.is_inside, p.is_seen) == (is_inside, is_seen)
            ]
            size = 58.0 if is_inside else 84.0
            layers += symbols(
                points, shape, colour, size=size, background=palette.background if is_seen else ""
            )
    labelled = sorted((p for p in drawn if not p.is_inside), key=lambda p: -_distance(p, scale))[
        :_MOST_NAMES
    ]
    layers += labels(_names(labelled, drawn, scale), palette.foreground, size=10)
    return layers


def _place(p: Prediction, scale: _Scale) -> tuple[float, float]:
    return scale.at(p.published.value), _SIDE - scale.at(p.predicted.value)


def _distance(p: Prediction, scale: _Scale) -> float:
    return abs(scale.at(p.published.value) - scale.at(p.predicted.value))


def _missed_list(panel: ScatterPanel, text: Language, palette: Theme) -> list[Layer]:
    """List beside a single panel: points outside their interval, in the order given, with both numbers."""
    missed = [p for p in panel.points if not p.is_inside][: int(_SIDE / _LINE) - 2]
    if not missed:
        return []
    left, right = _SIDE + 44.0, 2 * _SIDE + _GAP
    rows = [(_LINE * (i + 1.5), p) for i, p in enumerate(missed)]
    number_labels = [
        (right, y, f"{text.number(p.predicted.value)} / {text.number(p.published.value)}")
        for y, p in rows
    ]
    return [
        text_label(left, 2, text.say("prediction.listed"), palette.bad, weight=700),
        text_label(right, 2, text.say("prediction.both"), palette.muted, align="right"),
        stroke(left, 14, right, 14, palette.line),
        *labels([(left, y, f"{p.study_label}  {p.label}") for y, p in rows], palette.foreground),
        *labels(number_labels, palette.foreground, align="right"),
    ]


def _names(
    labelled: Sequence[Prediction], drawn: Sequence[Prediction], scale: _Scale
) -> list[tuple[float, float, str]]:
    """Labels beside their points where they cover neither a point nor another label; none where there is no space."""
    occupied: list[Box] = [
        (x - 5, y - 5, x + 5, y + 5) for x, y in (_place(p, scale) for p in drawn)
    ]
    placed = []
    for p in labelled:
        x, y = _place(p, scale)
        text = f"{p.study_label} {p.label}"
        length = 1.12 * text_width(text, 10)  # the estimated width must not be too small
        for left, top in (
            (x + 9, y),
            (x - 9 - length, y),
            (x + 7, y - 13),
            (x + 7, y + 13),
            (x - 7 - length, y - 13),
        ):
            box = (left, top - 6, left + length, top + 6)
            inside = box[0] > 2 and box[2] < _SIDE + 30 and box[1] > 0 and box[3] < _SIDE
            if inside and not any(_overlap(box, other) for other in occupied):
                occupied.append(box)
                placed.append((left, top, text))
                break
    return placed


def _overlap(a: Box, b: Box) -> bool:
    """Whether two boxes overlap."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _band(panel: ScatterPanel, scale: _Scale, palette: Theme) -> list[Layer]:
    """The area within a distance of the diagonal."""
    if not panel.band > 0:
        return []
    corners = np.unique(
        np.clip(
            np.array([scale.low, panel.band, scale.high - panel.band, scale.high]),
            scale.low,
            scale.high,
        )
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
    mark = {"type": "area", "color": palette.good, "opacity": 0.16}
    encoding = {"x": {"field": "x", **pixels}, "y": {"field": "a", **pixels}, "y2": {"field": "b"}}
    return [{"data": {"values": values}, "mark": mark, "encoding": encoding}]


def _axes(panel: ScatterPanel, scale: _Scale, text: Language, palette: Theme) -> list[Layer]:
    domain = {
        "domain": [scale.low, scale.high],
        "nice": False,
        "type": "log" if scale.is_log else "linear",
    }
    axis: dict[str, object] = {"grid": True, "labelFlush": False, "format": ".4~g"}
    if scale.is_log:
        axis["values"] = [t for t in _LOG_TICKS if scale.low <= t <= scale.high]
    else:
        axis["tickCount"] = 7
    titles = (
        text.say("prediction.axis_published", what=panel.title),
        text.say("prediction.axis_predicted", what=panel.title),
    )
    x, y = (
        {"field": field, "type": "quantitative", "scale": domain, "axis": {**axis, "title": title}}
        for field, title in zip("xy", titles, strict=True)
    )
    corner = {"data": {"values": [{"x": scale.low, "y": scale.low}]}, "encoding": {"x": x, "y": y}}
    return [{**corner, "mark": {"type": "point", "opacity": 0, "color": palette.line}}]


def _legend(y: float, text: Language, palette: Theme) -> list[Layer]:
    at, layers = -46.0, list[Layer]()
    for shape, colour, key in (
        ("circle", palette.colour(0), "prediction.holds"),
        ("diamond", palette.bad, "prediction.misses"),
    ):
        label = text.say(key)
        layers += [
            symbol(at + 6, y, shape, colour, size=70),
            text_label(at + 18, y, label, palette.foreground),
        ]
        at += 18 + text_width(label, 11) + 26
    return layers
