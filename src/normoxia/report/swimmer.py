"""Swimmer figure: each patient's time on study as a lane, with response, progression, death and who goes on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.report.canvas import Layer, heading, stroke, symbol, text_width, words
from normoxia.report.figure import SCHEMA, Figure
from normoxia.report.kaplan_meier import month_ticks
from normoxia.report.theme import THEMES, Theme, config
from normoxia.values import Value

_WIDTH = 620


@dataclass(frozen=True, slots=True, eq=False)
class Lane(Value):
    """One patient: months from randomisation to each happening, nan for what did not happen.

    end       last day known
    ongoing   still followed at the end, which is drawn as an arrow
    """

    patient: str
    arm: str
    end: float
    response: float = math.nan
    progression: float = math.nan
    death: float = math.nan
    ongoing: bool = False


def swimmer_figure(
    lanes: Sequence[Lane],
    *,
    most: int = 45,
    months: float | None = None,
    lang: str = "en",
    theme: str = "light",
    name: str = "swimmer",
    title: str = "",
) -> Figure:
    """Lanes by arm, longest first; in response is a wide bar, the rest of the time a narrow one.

    most  lanes drawn at most, taken evenly by length within each arm; the title says how many of how many
    """
    if not lanes:
        raise InvalidArgument("a swimmer plot was asked for without patients; give at least one")
    speech, paint = language(lang), THEMES[theme]
    arms = list(dict.fromkeys(lane.arm for lane in lanes))
    drawn = [lane for arm in arms for lane in _chosen([x for x in lanes if x.arm == arm], most // len(arms))]
    shown = title or speech.say("swimmer.title")
    note = "" if len(drawn) == len(lanes) else speech.say("swimmer.sample", shown=len(drawn), n=len(lanes))
    lane_height = 11 if len(drawn) > 25 else 16
    gap = 16
    end = months if months is not None else max(lane.end for lane in lanes) * 1.03
    height = lane_height * len(drawn) + gap * (len(arms) - 1)
    left = -(max(text_width(arm, 12) for arm in arms) + 18)
    layers: list[Layer] = [
        *heading(shown, [(note, paint.muted)] if note else [], -64 - (12 if note else 0), left, paint),
        *_legend(left, speech, paint),
    ]
    places: dict[str, list[float]] = {arm: [] for arm in arms}
    y = lane_height / 2
    for i, arm in enumerate(arms):
        for lane in (x for x in drawn if x.arm == arm):
            places[arm].append(y)
            layers += _lane(lane, y, lane_height, end, paint.colour(i), paint)
            y += lane_height
        layers.append(words(left, float(np.mean(places[arm])), arm, paint.colour(i), size=12, weight=700))
        y += gap
    layers.insert(0, _axis(end, height, speech))
    description = speech.say(
        "swimmer.describe", n=len(lanes), longest=speech.number(max(lane.end for lane in lanes)),
        ongoing=sum(lane.ongoing for lane in lanes),
    )  # fmt: skip
    spec = {
        "$schema": SCHEMA, "description": description, "background": paint.ground, "padding": 14, "width": _WIDTH,
        "height": height, "config": config(paint, lang), "layer": layers,
    }  # fmt: skip
    columns = (
        "arm",
        "patient",
        "end_months",
        "response_months",
        "progression_months",
        "death_months",
        "ongoing",
    )
    rows = tuple(
        (x.arm, x.patient, x.end, x.response, x.progression, x.death, str(x.ongoing).lower()) for x in lanes
    )
    return Figure(name, shown, description, spec, columns, rows, lang)


def _chosen(lanes: list[Lane], most: int) -> list[Lane]:
    ordered = sorted(lanes, key=lambda lane: -lane.end)
    if len(ordered) <= most:
        return ordered
    return [ordered[round(i)] for i in np.linspace(0, len(ordered) - 1, max(most, 1))]


def _axis(end: float, height: float, speech: Language) -> Layer:
    axis = {
        "values": month_ticks(end).tolist(), "title": speech.say("axis.months_since_randomisation"), "grid": True,
        "labelFlush": False,
    }  # fmt: skip
    x = {"field": "m", "type": "quantitative", "scale": {"domain": [0, end], "nice": False}, "axis": axis}
    mark = {"type": "rule", "opacity": 0}
    return {
        "data": {"values": [{"m": 0}]},
        "mark": mark,
        "encoding": {"x": x, "y": {"value": 0}, "y2": {"value": height}},
    }


def _lane(lane: Lane, y: float, height: float, end: float, colour: str, paint: Theme) -> list[Layer]:
    until = min(lane.end, end)
    layers = [_bar(0.0, until, y, height * 0.34, colour, 0.38)]
    if not math.isnan(lane.response):
        stop = min(until, lane.progression if not math.isnan(lane.progression) else until)
        layers.append(_bar(min(lane.response, stop), stop, y, height * 0.74, colour, 0.85))
    for at, shape, fill, ring in (
        (lane.response, "triangle-up", paint.ground, colour),
        (lane.progression, "diamond", paint.warning, paint.ground),
        (lane.death, "cross", paint.ink, paint.ground),
    ):
        if not math.isnan(at) and at <= end:
            layers.append(_mark(at, y, shape, fill, ring))
    if lane.ongoing:
        layers.append(_mark(until, y, "triangle-right", colour, colour))
    return layers


def _bar(start: float, stop: float, y: float, thickness: float, colour: str, opacity: float) -> Layer:
    mark = {"type": "rule", "strokeWidth": thickness, "color": colour, "opacity": opacity}
    place = {"x": {"field": "a", "type": "quantitative"}, "x2": {"field": "b"}, "y": {"value": y}}
    return {"data": {"values": [{"a": start, "b": stop}]}, "mark": mark, "encoding": place}


def _mark(at: float, y: float, shape: str, fill: str, ring: str) -> Layer:
    mark: dict[str, Any] = {
        "type": "point", "shape": shape, "size": 48, "filled": True, "fill": fill, "stroke": ring, "strokeWidth": 1,
        "opacity": 1,
    }  # fmt: skip
    place = {"x": {"field": "m", "type": "quantitative"}, "y": {"value": y}}
    return {"data": {"values": [{"m": at}]}, "mark": mark, "encoding": place}


def _legend(left: float, speech: Language, paint: Theme) -> list[Layer]:
    x, y = left, -24.0
    layers: list[Layer] = []
    for key, thickness, opacity in (("responding", 9.0, 0.85), ("treated", 4.0, 0.38)):
        bar = stroke(x, y, x + 22, y, paint.colour(5), width=thickness)
        bar["mark"]["opacity"] = opacity
        label = speech.say(f"swimmer.{key}")
        layers += [bar, words(x + 28, y, label, paint.ink)]
        x += 28 + text_width(label, 11) + 18
    for key, shape, colour, filled in (
        ("response", "triangle-up", paint.colour(5), False),
        ("progression", "diamond", paint.warning, True),
        ("death", "cross", paint.ink, True),
        ("ongoing", "triangle-right", paint.colour(5), True),
    ):
        label = speech.say(f"swimmer.{key}")
        layers += [
            symbol(x + 5, y, shape, colour, size=56, filled=filled),
            words(x + 15, y, label, paint.ink),
        ]
        x += 15 + text_width(label, 11) + 18
    return layers
