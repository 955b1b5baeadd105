"""Swimmer plot: response, progression, death and ongoing follow-up of each patient over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.report.figures.canvas import Layer, heading, stroke, symbol, text_label, text_width
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.kaplan_meier import month_ticks
from normoxia.report.figures.theme import THEMES, Theme
from normoxia.values import Value

_WIDTH = 620


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Lane(Value):
    """Events of one patient, in months from randomisation; nan for events that did not occur.

    Attributes
    ----------
    patient, arm
        Names.
    end
        End of follow-up.
    response, progression, death
        Times of the events.
    ongoing
        Whether follow-up continues at the end, which is drawn as an arrow.
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
    """Swimmer plot, one lane per patient, by arm, longest first; time in response is a wide bar.

    Parameters
    ----------
    lanes
        Patients of all arms.
    most
        Largest number of lanes, evenly spaced by length within each arm; a note says how many of how many.
    months
        End of the time axis; slightly beyond the longest follow-up when None.
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
        Without patients.
    """
    if not lanes:
        raise InvalidArgument("no patients were given for the swimmer plot; expected at least one")
    text, palette = language(lang), THEMES[theme]
    arms = list(dict.fromkeys(lane.arm for lane in lanes))
    drawn = [
        lane
        for arm in arms
        for lane in _evenly_spaced([x for x in lanes if x.arm == arm], most // len(arms))
    ]
    title = title or text.say("swimmer.title")
    note = (
        ""
        if len(drawn) == len(lanes)
        else text.say("swimmer.sample", shown=len(drawn), n=len(lanes))
    )
    lane_height = 11 if len(drawn) > 25 else 16
    gap = 16
    end = months if months is not None else max(lane.end for lane in lanes) * 1.03
    height = lane_height * len(drawn) + gap * (len(arms) - 1)
    left = -(max(text_width(arm, 12) for arm in arms) + 18)
    layers: list[Layer] = [
        *heading(
            title, [(note, palette.muted)] if note else [], -64 - (12 if note else 0), left, palette
        ),
        *_legend(left, text, palette),
    ]
    lane_positions: dict[str, list[float]] = {arm: [] for arm in arms}
    y = lane_height / 2
    for i, arm in enumerate(arms):
        for lane in (x for x in drawn if x.arm == arm):
            lane_positions[arm].append(y)
            layers += _lane(lane, y, lane_height, end, palette.colour(i), palette)
            y += lane_height
        layers.append(
            text_label(
                left,
                float(np.mean(lane_positions[arm])),
                arm,
                palette.colour(i),
                size=12,
                weight=700,
            )
        )
        y += gap
    layers.insert(0, _axis(end, height, text))
    description = text.say(
        "swimmer.describe",
        n=len(lanes),
        longest=text.number(max(lane.end for lane in lanes)),
        ongoing=sum(lane.ongoing for lane in lanes),
    )
    spec = specification(description, palette, lang, width=_WIDTH, height=height, layer=layers)
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
        (x.arm, x.patient, x.end, x.response, x.progression, x.death, str(x.ongoing).lower())
        for x in lanes
    )
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=spec,
        columns=columns,
        rows=rows,
        language=lang,
    )


def _evenly_spaced(lanes: list[Lane], most: int) -> list[Lane]:
    """Lanes by length, evenly spaced when there are too many."""
    ordered = sorted(lanes, key=lambda lane: -lane.end)
    if len(ordered) <= most:
        return ordered
    return [ordered[round(i)] for i in np.linspace(0, len(ordered) - 1, max(most, 1))]


def _axis(end: float, height: float, text: Language) -> Layer:
    """The time axis."""
    axis = {
        "values": month_ticks(end).tolist(),
        "title": text.say("axis.months_since_randomisation"),
        "grid": True,
        "labelFlush": False,
    }
    x = {
        "field": "m",
        "type": "quantitative",
        "scale": {"domain": [0, end], "nice": False},
        "axis": axis,
    }
    mark = {"type": "rule", "opacity": 0}
    return {
        "data": {"values": [{"m": 0}]},
        "mark": mark,
        "encoding": {"x": x, "y": {"value": 0}, "y2": {"value": height}},
    }


def _lane(
    lane: Lane, y: float, height: float, end: float, colour: str, palette: Theme
) -> list[Layer]:
    """Bars and markers of one patient."""
    until = min(lane.end, end)
    layers = [_bar(0.0, until, y, height * 0.34, colour, 0.38)]
    if not math.isnan(lane.response):
        stop = min(until, lane.progression if not math.isnan(lane.progression) else until)
        layers.append(_bar(min(lane.response, stop), stop, y, height * 0.74, colour, 0.85))
    for month, shape, fill, ring in (
        (lane.response, "triangle-up", palette.background, colour),
        (lane.progression, "diamond", palette.warning, palette.background),
        (lane.death, "cross", palette.foreground, palette.background),
    ):
        if not math.isnan(month) and month <= end:
            layers.append(_mark(month, y, shape, fill, ring))
    if lane.ongoing:
        layers.append(_mark(until, y, "triangle-right", colour, colour))
    return layers


def _bar(
    start: float, stop: float, y: float, thickness: float, colour: str, opacity: float
) -> Layer:
    mark = {"type": "rule", "strokeWidth": thickness, "color": colour, "opacity": opacity}
    encoding = {
        "x": {"field": "a", "type": "quantitative"},
        "x2": {"field": "b"},
        "y": {"value": y},
    }
    return {"data": {"values": [{"a": start, "b": stop}]}, "mark": mark, "encoding": encoding}


def _mark(month: float, y: float, shape: str, fill: str, ring: str) -> Layer:
    mark: dict[str, Any] = {
        "type": "point",
        "shape": shape,
        "size": 48,
        "filled": True,
        "fill": fill,
        "stroke": ring,
        "strokeWidth": 1,
        "opacity": 1,
    }
    encoding = {"x": {"field": "m", "type": "quantitative"}, "y": {"value": y}}
    return {"data": {"values": [{"m": month}]}, "mark": mark, "encoding": encoding}


def _legend(left: float, text: Language, palette: Theme) -> list[Layer]:
    x, y = left, -24.0
    layers: list[Layer] = []
    for key, thickness, opacity in (("responding", 9.0, 0.85), ("treated", 4.0, 0.38)):
        bar = stroke(x, y, x + 22, y, palette.colour(5), width=thickness)
        bar["mark"]["opacity"] = opacity
        label = text.say(f"swimmer.{key}")
        layers += [bar, text_label(x + 28, y, label, palette.foreground)]
        x += 28 + text_width(label, 11) + 18
    for key, shape, colour, filled in (
        ("response", "triangle-up", palette.colour(5), False),
        ("progression", "diamond", palette.warning, True),
        ("death", "cross", palette.foreground, True),
        ("ongoing", "triangle-right", palette.colour(5), True),
    ):
        label = text.say(f"swimmer.{key}")
        layers += [
            symbol(x + 5, y, shape, colour, size=56, filled=filled),
            text_label(x + 15, y, label, palette.foreground),
        ]
        x += 15 + text_width(label, 11) + 18
    return layers
