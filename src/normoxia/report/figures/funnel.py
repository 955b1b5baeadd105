"""Comparison-adjusted funnel plot of a network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.report.figures.canvas import Layer, heading, text_label, text_width, wrap
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.theme import THEMES, Theme

_WIDTH, _HEIGHT = 520.0, 300.0
_LINE = 12.0  # between names of studies
_Z = 1.959963984540054  # 97.5 % quantile of the normal distribution
_RATIOS = (0.1, 0.2, 0.25, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 10.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class FunnelMark:
    """A contrast of a study.

    Attributes
    ----------
    study, comparison
        Names as they are printed.
    adjusted
        Difference from the mean of the comparison, on the analysis scale.
    se
        Standard error, on the analysis scale.
    is_shared
        Whether another study made the same comparison.
    """

    study: str
    comparison: str
    adjusted: float
    se: float
    is_shared: bool = True


def funnel_figure(
    marks: Sequence[FunnelMark],
    *,
    measure: str,
    verdict: str = "",
    ratio: bool = True,
    lang: str = "en",
    theme: str = "light",
    name: str = "funnel",
    title: str = "",
) -> Figure:
    """Contrasts around the means of their comparisons against standard error; studies outside the 95 % lines are named.

    Parameters
    ----------
    marks
        Contrasts, in any order.
    measure
        Effect measure on the axis, such as "HR".
    verdict
        Result of a test of asymmetry as a sentence; printed under the heading.
    ratio
        Whether the axis shows ratios of the logarithms given.
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
        Without contrasts.

    References
    ----------
    Chaimani & Salanti 2012, Res Synth Methods 3:161.
    """
    if not marks:
        raise InvalidArgument("no contrasts were given for the funnel plot; expected at least one")
    text, palette = language(lang), THEMES[theme]
    title = title or text.say("funnel.title")
    notes = [(line, palette.muted) for line in wrap(text.say("funnel.note"), _WIDTH + 60, 11)]
    notes += (
        [(line, palette.foreground) for line in wrap(verdict, _WIDTH + 60, 11)] if verdict else []
    )
    largest_se = 1.06 * max(mark.se for mark in marks)
    half_width = 1.05 * max(_Z * largest_se, *(abs(mark.adjusted) for mark in marks))
    x, y = _axes(
        text.say("funnel.x", measure=measure), text.say("funnel.y"), half_width, largest_se, ratio
    )
    layers: list[Layer] = [
        *heading(title, notes, -22 - 15 * len(notes), -46, palette),
        *_lines(x, y, largest_se, palette),
    ]
    for is_shared in (False, True):
        points = [{"x": m.adjusted, "y": m.se} for m in marks if m.is_shared is is_shared]
        dot: dict[str, Any] = {
            "type": "point",
            "shape": "circle",
            "size": 62,
            "filled": is_shared,
            "color": palette.colour(0),
            "strokeWidth": 1.5,
            "opacity": 0.9,
        }
        layers.append({"data": {"values": points}, "mark": dot, "encoding": {"x": x, "y": y}})
    outside = [m for m in marks if abs(m.adjusted) > _Z * m.se]
    layers += _names(outside, x, y, (half_width, largest_se), palette)
    layers += _key(text.say("funnel.shared"), text.say("funnel.alone"), palette)
    description = text.say("funnel.describe", n=len(marks), outside=len(outside), verdict=verdict)
    spec = specification(description, palette, lang, width=_WIDTH, height=_HEIGHT, layer=layers)
    rows = tuple((m.study, m.comparison, m.adjusted, m.se, m.is_shared) for m in marks)
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=spec,
        columns=("study", "comparison", "adjusted", "se", "is_shared"),
        rows=rows,
        language=lang,
    )


def _axes(
    x_title: str, y_title: str, half_width: float, largest_se: float, ratio: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Axes of effect and standard error."""
    axis: dict[str, Any] = {"title": x_title, "grid": False}
    if ratio:
        axis["values"] = [math.log(r) for r in _RATIOS if abs(math.log(r)) < half_width] or [0.0]
        axis["labelExpr"] = "format(exp(datum.value), '.2~f')"
        axis["labelOverlap"] = True
    x = {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": [-half_width, half_width], "nice": False},
        "axis": axis,
    }
    side = {"title": y_title, "grid": True, "tickCount": 5}
    y = {
        "field": "y",
        "type": "quantitative",
        "axis": side,
        "scale": {"domain": [0.0, largest_se], "nice": False, "reverse": True},
    }
    return x, y


def _lines(x: dict[str, Any], y: dict[str, Any], largest_se: float, palette: Theme) -> list[Layer]:
    """The null line, and the 95 % limits of sampling error."""
    layers = []
    for end, dash in ((0.0, [1, 0]), (-_Z * largest_se, [5, 3]), (_Z * largest_se, [5, 3])):
        mark = {"type": "line", "color": palette.line, "strokeWidth": 1.4, "strokeDash": dash}
        values = [{"x": 0.0, "y": 0.0, "k": 0}, {"x": end, "y": largest_se, "k": 1}]
        order = {"field": "k", "type": "quantitative"}
        layers.append(
            {"data": {"values": values}, "mark": mark, "encoding": {"x": x, "y": y, "order": order}}
        )
    return layers


def _names(
    marks: Sequence[FunnelMark],
    x: dict[str, Any],
    y: dict[str, Any],
    ends: tuple[float, float],
    palette: Theme,
) -> list[Layer]:
    """Names of studies beside their points, outwards where there is space, shifted down where they would overlap."""
    layers: list[Layer] = []
    lowest = {"left": -_LINE, "right": -_LINE}
    for mark in sorted(marks, key=lambda m: m.se):
        x_pixel = _WIDTH * (mark.adjusted / ends[0] + 1.0) / 2.0
        space = x_pixel if mark.adjusted < 0 else _WIDTH - x_pixel
        outward = "right" if mark.adjusted < 0 else "left"
        align = (
            outward
            if text_width(mark.study, 10.5) + 12 < space
            else "left"
            if outward == "right"
            else "right"
        )
        y_pixel = _HEIGHT * mark.se / ends[1]
        label_y = max(y_pixel, lowest[align] + _LINE)
        lowest[align] = label_y
        text = {
            "type": "text",
            "text": mark.study,
            "align": align,
            "dx": 8 if align == "left" else -8,
            "dy": label_y - y_pixel,
            "baseline": "middle",
            "fontSize": 10.5,
            "color": palette.foreground,
        }
        value = [{"x": mark.adjusted, "y": mark.se}]
        layers.append({"data": {"values": value}, "mark": text, "encoding": {"x": x, "y": y}})
    return layers


def _key(shared: str, alone: str, palette: Theme) -> list[Layer]:
    """Legend of filled and hollow points."""
    layers: list[Layer] = []
    for i, (text, filled) in enumerate(((shared, True), (alone, False))):
        y = _HEIGHT + 58 + 17 * i
        dot: dict[str, Any] = {
            "type": "point",
            "shape": "circle",
            "size": 62,
            "filled": filled,
            "color": palette.colour(0),
            "strokeWidth": 1.5,
            "opacity": 0.9,
        }
        layers.append(
            {
                "data": {"values": [{}]},
                "mark": dot,
                "encoding": {"x": {"value": 6}, "y": {"value": y}},
            }
        )
        layers.append(text_label(18, y, text, palette.muted))
    return layers
