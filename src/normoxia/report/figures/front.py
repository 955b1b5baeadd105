"""Pareto front: benefit against burden of many schedules, those that none beats in both joined by a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.report.figures.canvas import Layer, heading, wrap
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.theme import THEMES

_WIDTH, _HEIGHT = 420, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPoint:
    """One schedule: its label, benefit, burden in percent, and whether none beats it in both."""

    label: str
    benefit: float
    burden: float
    is_front: bool = False


def front_figure(
    points: Sequence[FrontPoint],
    *,
    benefit: str,
    burden: str,
    lang: str = "en",
    theme: str = "light",
    name: str = "front",
) -> Figure:
    """Plot of benefit (y) against burden (x).

    Parameters
    ----------
    points
        Schedules.
    benefit, burden
        Titles of the axes.
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
    if not points:
        raise InvalidArgument("no schedule was given; expected at least one point to draw")
    text, palette = language(lang), THEMES[theme]
    x = {
        "field": "x",
        "type": "quantitative",
        "scale": {"zero": False, "nice": True},
        "axis": {"title": burden, "tickCount": 6},
    }
    y = {
        "field": "y",
        "type": "quantitative",
        "scale": {"zero": False, "nice": True},
        "axis": {"title": benefit, "tickCount": 6},
    }
    every = [{"x": p.burden, "y": p.benefit} for p in points]
    front = sorted((p for p in points if p.is_front), key=lambda p: p.burden)
    chosen = [{"x": p.burden, "y": p.benefit} for p in front]
    title = text.say("optimise.front_title")
    notes = [
        (line, palette.muted) for line in wrap(text.say("optimise.front_note"), _WIDTH + 60, 11)
    ]
    layers: list[Layer] = [
        *heading(title, notes, -34 - 15 * len(notes), -56, palette),
        {
            "data": {"values": every},
            "mark": {"type": "point", "filled": True, "color": palette.muted, "opacity": 0.5},
            "encoding": {"x": x, "y": y},
        },
        {
            "data": {"values": chosen},
            "mark": {"type": "line", "color": palette.colour(0), "strokeWidth": 2, "point": True},
            "encoding": {"x": x, "y": y},
        },
    ]
    description = text.say(
        "optimise.front_describe",
        rows="; ".join(
            f"{p.label}: {text.number(p.benefit, 2)}, {text.number(p.burden, 0)}%" for p in front
        ),
    )
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=specification(description, palette, lang, width=_WIDTH, height=_HEIGHT, layer=layers),
        columns=("schedule", "benefit", "burden", "front"),
        rows=tuple((p.label, p.benefit, p.burden, str(p.is_front)) for p in points),
        language=lang,
    )
