"""Power and assurance of a trial design by its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.report.figures.canvas import Layer, heading, wrap
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.theme import THEMES

_WIDTH, _HEIGHT = 460, 280


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPoint:
    """One size of a design; shares of 1.

    Attributes
    ----------
    patients
        In total.
    assurance
        Mean power over draws.
    low, high
        Tenth and ninetieth percentile of power over draws.
    """

    patients: int
    assurance: float
    low: float
    high: float


def power_figure(
    points: Sequence[PowerPoint],
    target: float,
    *,
    lang: str = "en",
    theme: str = "light",
    name: str = "power",
) -> Figure:
    """Draw assurance by size, the middle 80 % of power over draws, and the target.

    Parameters
    ----------
    points
        Sizes in increasing order.
    target
        Assurance that is wanted, as a share.
    lang
        Code of the language, "en" or "zh".
    theme
        "light" or "dark".
    name
        File name without ending.

    Raises
    ------
    InvalidArgument
        Without a size.
    """
    if not points:
        raise InvalidArgument("no size was given; expected at least one to draw")
    text, palette = language(lang), THEMES[theme]
    values = [
        {"n": p.patients, "assurance": 100 * p.assurance, "low": 100 * p.low, "high": 100 * p.high}
        for p in points
    ]
    x = {
        "field": "n",
        "type": "quantitative",
        "scale": {"zero": False, "nice": True},
        "axis": {"title": text.say("power.patients"), "tickCount": 6},
    }
    y = {
        "type": "quantitative",
        "scale": {"domain": [0, 100]},
        "axis": {"title": text.say("power.axis"), "tickCount": 6},
    }
    colour = palette.colour(0)
    note = text.say("power.note", target=f"{100 * target:.0f}")
    subtitles = [(line, palette.muted) for line in wrap(note, _WIDTH + 60, 11)]
    layers: list[Layer] = [
        *heading(text.say("power.title"), subtitles, -34 - 15 * len(subtitles), -50, palette),
        {
            "data": {"values": values},
            "mark": {"type": "area", "color": colour, "opacity": 0.18},
            "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
        },
        {
            "data": {"values": values},
            "mark": {"type": "line", "color": colour, "strokeWidth": 2.4, "point": True},
            "encoding": {"x": x, "y": {**y, "field": "assurance"}},
        },
        {
            "data": {"values": [{"target": 100 * target}]},
            "mark": {"type": "rule", "color": palette.foreground, "strokeDash": [5, 4]},
            "encoding": {"y": {**y, "field": "target"}},
        },
    ]
    description = text.say(
        "power.describe", rows="; ".join(f"{p.patients}: {100 * p.assurance:.0f}%" for p in points)
    )
    return Figure(
        name=name,
        title=text.say("power.title"),
        description=description,
        spec=specification(description, palette, lang, width=_WIDTH, height=_HEIGHT, layer=layers),
        columns=("patients", "assurance", "power_p10", "power_p90"),
        rows=tuple((p.patients, p.assurance, p.low, p.high) for p in points),
        language=lang,
    )
