"""The comparison-adjusted funnel of a network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.report.canvas import Layer, heading, text_width, words, wrap
from normoxia.report.figure import SCHEMA, Figure
from normoxia.report.theme import THEMES, Theme, config

_WIDTH, _HEIGHT = 520.0, 300.0
_LINE = 12.0  # between names of studies
_Z = 1.959963984540054  # the normal's 97.5 % point: 95 % of studies lie within if nothing but chance moves them
_RATIOS = (0.1, 0.2, 0.25, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class FunnelMark:
    """A contrast: study and comparison by name, its distance from the comparison's mean and its standard error (analysis
    scale), and whether another study made the same comparison."""

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
    """Contrasts around the means of their comparisons, precise ones on top; studies outside the 95 % lines are named.

    verdict  what a test of asymmetry found, in words; stands under the title
    ratio    whether the axis shows ratios of the logarithms given
    """
    if not marks:
        raise InvalidArgument("a funnel needs at least one contrast")
    speech, paint = language(lang), THEMES[theme]
    shown = title or speech.say("funnel.title")
    notes = [(line, paint.muted) for line in wrap(speech.say("funnel.note"), _WIDTH + 60, 11)]
    notes += [(line, paint.ink) for line in wrap(verdict, _WIDTH + 60, 11)] if verdict else []
    deepest = 1.06 * max(mark.se for mark in marks)
    reach = 1.05 * max(_Z * deepest, *(abs(mark.adjusted) for mark in marks))
    x, y = _axes(speech.say("funnel.x", measure=measure), speech.say("funnel.y"), reach, deepest, ratio)
    layers: list[Layer] = [
        *heading(shown, notes, -22 - 15 * len(notes), -46, paint),
        *_lines(x, y, deepest, paint),
    ]
    for is_shared in (False, True):
        own = [{"x": m.adjusted, "y": m.se} for m in marks if m.is_shared is is_shared]
        dot: dict[str, Any] = {
            "type": "point", "shape": "circle", "size": 62, "filled": is_shared, "color": paint.colour(0),
            "strokeWidth": 1.5, "opacity": 0.9,
        }  # fmt: skip
        layers.append({"data": {"values": own}, "mark": dot, "encoding": {"x": x, "y": y}})
    outside = [m for m in marks if abs(m.adjusted) > _Z * m.se]
    layers += _names(outside, x, y, (reach, deepest), paint)
    layers += _key(speech.say("funnel.shared"), speech.say("funnel.alone"), paint)
    described = speech.say("funnel.describe", n=len(marks), outside=len(outside), verdict=verdict)
    spec = {
        "$schema": SCHEMA, "description": described, "background": paint.ground, "padding": 14, "width": _WIDTH,
        "height": _HEIGHT, "config": config(paint, lang), "layer": layers,
    }  # fmt: skip
    rows = tuple((m.study, m.comparison, m.adjusted, m.se, m.is_shared) for m in marks)
    return Figure(
        name, shown, described, spec, ("study", "comparison", "adjusted", "se", "is_shared"), rows, lang
    )


def _axes(
    across: str, down: str, reach: float, deepest: float, ratio: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    axis: dict[str, Any] = {"title": across, "grid": False}
    if ratio:
        axis["values"] = [math.log(r) for r in _RATIOS if abs(math.log(r)) < reach] or [0.0]
        axis["labelExpr"] = "format(exp(datum.value), '.2~f')"
        axis["labelOverlap"] = True
    x = {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": [-reach, reach], "nice": False},
        "axis": axis,
    }
    side = {"title": down, "grid": True, "tickCount": 5}
    y = {
        "field": "y", "type": "quantitative", "axis": side,
        "scale": {"domain": [0.0, deepest], "nice": False, "reverse": True},
    }  # fmt: skip
    return x, y


def _lines(x: dict[str, Any], y: dict[str, Any], deepest: float, paint: Theme) -> list[Layer]:
    """No difference, and where 95 in 100 studies lie if only chance moves them."""
    layers = []
    for end, dash in ((0.0, [1, 0]), (-_Z * deepest, [5, 3]), (_Z * deepest, [5, 3])):
        mark = {"type": "line", "color": paint.line, "strokeWidth": 1.4, "strokeDash": dash}
        values = [{"x": 0.0, "y": 0.0, "k": 0}, {"x": end, "y": deepest, "k": 1}]
        order = {"field": "k", "type": "quantitative"}
        layers.append(
            {"data": {"values": values}, "mark": mark, "encoding": {"x": x, "y": y, "order": order}}
        )
    return layers


def _names(
    marks: Sequence[FunnelMark], x: dict[str, Any], y: dict[str, Any], ends: tuple[float, float], paint: Theme
) -> list[Layer]:
    """The studies beside their points, away from the middle where there is room, moved down where names would meet."""
    layers: list[Layer] = []
    lowest = {"left": -_LINE, "right": -_LINE}
    for mark in sorted(marks, key=lambda m: m.se):
        across = _WIDTH * (mark.adjusted / ends[0] + 1.0) / 2.0
        room = across if mark.adjusted < 0 else _WIDTH - across
        outward = "right" if mark.adjusted < 0 else "left"
        align = (
            outward if text_width(mark.study, 10.5) + 12 < room else "left" if outward == "right" else "right"
        )
        down = _HEIGHT * mark.se / ends[1]
        at = max(down, lowest[align] + _LINE)
        lowest[align] = at
        text = {
            "type": "text", "text": mark.study, "align": align, "dx": 8 if align == "left" else -8, "dy": at - down,
            "baseline": "middle", "fontSize": 10.5, "color": paint.ink,
        }  # fmt: skip
        value = [{"x": mark.adjusted, "y": mark.se}]
        layers.append({"data": {"values": value}, "mark": text, "encoding": {"x": x, "y": y}})
    return layers


def _key(shared: str, alone: str, paint: Theme) -> list[Layer]:
    layers: list[Layer] = []
    for i, (text, filled) in enumerate(((shared, True), (alone, False))):
        y = _HEIGHT + 58 + 17 * i
        dot: dict[str, Any] = {
            "type": "point", "shape": "circle", "size": 62, "filled": filled, "color": paint.colour(0),
            "strokeWidth": 1.5, "opacity": 0.9,
        }  # fmt: skip
        layers.append(
            {"data": {"values": [{}]}, "mark": dot, "encoding": {"x": {"value": 6}, "y": {"value": y}}}
        )
        layers.append(words(18, y, text, paint.muted))
    return layers
