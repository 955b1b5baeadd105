"""Posterior contraction: reduction of each parameter's variance from prior to posterior."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.report.figures.canvas import (
    Layer,
    heading,
    labels,
    stroke,
    strokes,
    symbols,
    text_width,
    wrap,
)
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.theme import THEMES, Theme

_ROW, _WIDTH, _GAP = 18.0, 250.0, 90.0
#: contraction below which the data are counted as uninformative on a parameter
NEGLIGIBLE = 0.1


@dataclass(frozen=True, slots=True)
class ParameterContraction:
    """One parameter's posterior relative to its prior.

    Attributes
    ----------
    name
        Name of the parameter.
    mean, sd
        Of the posterior, in standard deviations of the prior from its centre; nan where the prior has none.
    contraction
        1 - posterior / prior variance: 0 is no information beyond the prior, 1 a parameter that the data determine;
        below 0 the posterior is wider.
    """

    name: str
    mean: float
    sd: float
    contraction: float


def contraction_figure(
    parameters: Sequence[ParameterContraction],
    *,
    title: str = "",
    lang: str = "en",
    theme: str = "light",
    name: str = "contraction",
) -> Figure:
    """One row per parameter, largest contraction first: the contraction, and the posterior on the scale of the prior.

    Parameters
    ----------
    parameters
        In any order.
    title
        Heading; the default of the language when empty.
    lang
        Code of the language, "en" or "zh".
    theme
        "light" or "dark".
    name
        File name without ending.

    Raises
    ------
    InvalidArgument
        Without parameters.
    """
    if not parameters:
        raise InvalidArgument(
            "no parameters were given for the contraction figure; expected at least one"
        )
    text, palette = language(lang), THEMES[theme]
    title = title or text.say("contraction.title")
    rows = sorted(parameters, key=lambda p: -p.contraction)
    height = _ROW * len(rows)
    start = -(max(text_width(p.name, 11) for p in rows) + 22)
    n_uninformed = sum(p.contraction < NEGLIGIBLE for p in rows)
    count = text.say(
        "contraction.count", n=len(rows), hardly=n_uninformed, limit=f"{100 * NEGLIGIBLE:.0f}"
    )
    notes = [count, text.say("contraction.note")]
    lines = [line for note in notes for line in wrap(note, 2 * _WIDTH + _GAP - start, 11)]
    left = _bars(rows, start, height, text.say("contraction.axis"), palette)
    left += heading(
        title, [(line, palette.muted) for line in lines], -28 - 15 * len(lines), start, palette
    )
    right = _posterior_intervals(rows, height, text.say("contraction.place"), palette)
    row_texts = ", ".join(f"{p.name} {text.number(p.contraction, 2)}" for p in rows)
    description = text.say("contraction.describe", count=count, rows=row_texts)
    spec = specification(
        description,
        palette,
        lang,
        spacing=_GAP,
        bounds="flush",
        hconcat=[{"width": _WIDTH, "height": height, "layer": layers} for layers in (left, right)],
    )
    columns = ("parameter", "contraction", "posterior_mean", "posterior_sd")
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=spec,
        columns=columns,
        rows=tuple((p.name, p.contraction, p.mean, p.sd) for p in rows),
        language=lang,
    )


def _bars(
    rows: Sequence[ParameterContraction], start: float, height: float, title: str, palette: Theme
) -> list[Layer]:
    """Contraction of each parameter as a bar."""
    y = [_ROW * (i + 0.5) for i in range(len(rows))]
    layers = [_axis((0.0, 1.0), height, title, palette, "%")]
    layers.append(
        stroke(_WIDTH * NEGLIGIBLE, 0, _WIDTH * NEGLIGIBLE, height, palette.muted, dash=[4, 3])
    )
    for is_informed, colour in ((True, palette.colour(0)), (False, palette.muted)):
        bars = [
            (p, v)
            for p, v in zip(rows, y, strict=True)
            if (p.contraction >= NEGLIGIBLE) is is_informed
        ]
        ends = [(0.0, v, _WIDTH * min(max(p.contraction, 0.0), 1.0), v) for p, v in bars]
        layers += strokes(ends, colour, width=9)
    layers += labels([(start, v, p.name) for p, v in zip(rows, y, strict=True)], palette.foreground)
    layers += labels(
        [
            (_WIDTH + 10, v, f"{p.contraction:.2f}".replace("-", "−"))
            for p, v in zip(rows, y, strict=True)
        ],
        palette.muted,
    )
    return layers


def _posterior_intervals(
    rows: Sequence[ParameterContraction], height: float, title: str, palette: Theme
) -> list[Layer]:
    """Posterior mean with two standard deviations on the scale of the prior, whose own two are shaded."""
    intervals = [
        (p, _ROW * (i + 0.5))
        for i, p in enumerate(rows)
        if not math.isnan(p.mean) and not math.isnan(p.sd)
    ]
    limit = max([3.0, *(abs(p.mean) + 2.0 * p.sd for p, _ in intervals)]) * 1.05

    def position(value: float) -> float:
        return _WIDTH * (value + limit) / (2.0 * limit)

    rectangle = {
        "data": {"values": [{}]},
        "mark": {"type": "rect", "color": palette.line, "opacity": 0.25},
    }
    corners = {"x": position(-2.0), "x2": position(2.0), "y": 0.0, "y2": height}
    shade = rectangle | {
        "encoding": {channel: {"value": value} for channel, value in corners.items()}
    }
    layers = [_axis((-limit, limit), height, title, palette, ""), shade]
    layers.append(stroke(_WIDTH / 2, 0, _WIDTH / 2, height, palette.foreground))
    layers += strokes(
        [(position(p.mean - 2 * p.sd), y, position(p.mean + 2 * p.sd), y) for p, y in intervals],
        palette.colour(0),
        width=2,
    )
    layers += symbols(
        [(position(p.mean), y) for p, y in intervals], "circle", palette.colour(0), size=40
    )
    return layers


def _axis(
    domain: tuple[float, float], height: float, title: str, palette: Theme, kind: str
) -> Layer:
    """An axis without data."""
    axis: dict[str, Any] = {"title": title, "tickCount": 5, "labelFlush": False, "grid": True}
    if kind:
        axis["format"] = kind
    x = {
        "field": "v",
        "type": "quantitative",
        "scale": {"domain": list(domain), "nice": False},
        "axis": axis,
    }
    mark = {"type": "rule", "color": palette.line}
    span = {"y": {"value": 0}, "y2": {"value": height}}
    return {"data": {"values": [{"v": domain[0]}]}, "mark": mark, "encoding": {"x": x, **span}}
