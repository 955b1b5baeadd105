"""What the evidence taught: how far each parameter's uncertainty shrank from prior to posterior."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.report.canvas import Layer, heading, labels, stroke, strokes, symbols, text_width, wrap
from normoxia.report.figure import SCHEMA, Figure
from normoxia.report.theme import THEMES, Theme, config

_ROW, _WIDTH, _GAP = 18.0, 250.0, 90.0
#: below this share the evidence hardly spoke of a parameter
HARDLY = 0.1


@dataclass(frozen=True, slots=True)
class Learned:
    """One parameter before and after.

    mean, sd      of the posterior in standard deviations of the prior from its centre; nan where that has no sense
    contraction   1 - posterior over prior variance: 0 is what only the prior knows, 1 what the evidence fixes; below 0 the
                  posterior is wider
    """

    name: str
    mean: float
    sd: float
    contraction: float


def contraction_figure(
    learned: Sequence[Learned],
    *,
    title: str = "",
    lang: str = "en",
    theme: str = "light",
    name: str = "contraction",
) -> Figure:
    """A line for each parameter, most learned first: the contraction, and where the posterior lies in the prior.

    raises  InvalidArgument without a parameter
    """
    if not learned:
        raise InvalidArgument("contraction was asked for without parameters; give at least one")
    speech, paint = language(lang), THEMES[theme]
    shown = title or speech.say("contraction.title")
    rows = sorted(learned, key=lambda p: -p.contraction)
    height = _ROW * len(rows)
    start = -(max(text_width(p.name, 11) for p in rows) + 22)
    hardly = sum(p.contraction < HARDLY for p in rows)
    count = speech.say("contraction.count", n=len(rows), hardly=hardly, limit=f"{100 * HARDLY:.0f}")
    notes = [count, speech.say("contraction.note")]
    lines = [line for note in notes for line in wrap(note, 2 * _WIDTH + _GAP - start, 11)]
    left = _bars(rows, start, height, speech.say("contraction.axis"), paint)
    left += heading(shown, [(line, paint.muted) for line in lines], -28 - 15 * len(lines), start, paint)
    right = _places(rows, height, speech.say("contraction.place"), paint)
    described = ", ".join(f"{p.name} {speech.number(p.contraction, 2)}" for p in rows)
    description = speech.say("contraction.describe", count=count, rows=described)
    spec = {
        "$schema": SCHEMA, "description": description, "background": paint.ground, "padding": 14,
        "config": config(paint, lang), "spacing": _GAP, "bounds": "flush",
        "hconcat": [{"width": _WIDTH, "height": height, "layer": layers} for layers in (left, right)],
    }  # fmt: skip
    columns = ("parameter", "contraction", "posterior_mean", "posterior_sd")
    return Figure(
        name, shown, description, spec, columns,
        tuple((p.name, p.contraction, p.mean, p.sd) for p in rows), lang,
    )  # fmt: skip


def _bars(rows: Sequence[Learned], start: float, height: float, title: str, paint: Theme) -> list[Layer]:
    y = [_ROW * (i + 0.5) for i in range(len(rows))]
    layers = [_axis((0.0, 1.0), height, title, paint, "%")]
    layers.append(stroke(_WIDTH * HARDLY, 0, _WIDTH * HARDLY, height, paint.muted, dash=[4, 3]))
    for is_told, colour in ((True, paint.colour(0)), (False, paint.muted)):
        own = [(p, v) for p, v in zip(rows, y, strict=True) if (p.contraction >= HARDLY) is is_told]
        ends = [(0.0, v, _WIDTH * min(max(p.contraction, 0.0), 1.0), v) for p, v in own]
        layers += strokes(ends, colour, width=9)
    layers += labels([(start, v, p.name) for p, v in zip(rows, y, strict=True)], paint.ink)
    layers += labels([(_WIDTH + 10, v, f"{p.contraction:.2f}".replace("-", "−")) for p, v in zip(rows, y, strict=True)], paint.muted)  # fmt: skip
    return layers


def _places(rows: Sequence[Learned], height: float, title: str, paint: Theme) -> list[Layer]:
    """The posterior's mean with two standard deviations, on the prior's scale; the prior's own two as a shade."""
    known = [
        (p, _ROW * (i + 0.5)) for i, p in enumerate(rows) if not math.isnan(p.mean) and not math.isnan(p.sd)
    ]
    reach = max([3.0, *(abs(p.mean) + 2.0 * p.sd for p, _ in known)]) * 1.05

    def at(value: float) -> float:
        return _WIDTH * (value + reach) / (2.0 * reach)

    own = {"data": {"values": [{}]}, "mark": {"type": "rect", "color": paint.line, "opacity": 0.25}}
    corners = {"x": at(-2.0), "x2": at(2.0), "y": 0.0, "y2": height}
    shade = own | {"encoding": {channel: {"value": value} for channel, value in corners.items()}}
    layers = [_axis((-reach, reach), height, title, paint, ""), shade]
    layers.append(stroke(_WIDTH / 2, 0, _WIDTH / 2, height, paint.ink))
    layers += strokes(
        [(at(p.mean - 2 * p.sd), y, at(p.mean + 2 * p.sd), y) for p, y in known], paint.colour(0), width=2
    )
    layers += symbols([(at(p.mean), y) for p, y in known], "circle", paint.colour(0), size=40)
    return layers


def _axis(domain: tuple[float, float], height: float, title: str, paint: Theme, kind: str) -> Layer:
    axis: dict[str, Any] = {"title": title, "tickCount": 5, "labelFlush": False, "grid": True}
    if kind:
        axis["format"] = kind
    x = {
        "field": "v", "type": "quantitative", "scale": {"domain": list(domain), "nice": False}, "axis": axis
    }  # fmt: skip
    mark = {"type": "rule", "color": paint.line}
    span = {"y": {"value": 0}, "y2": {"value": height}}
    return {"data": {"values": [{"v": domain[0]}]}, "mark": mark, "encoding": {"x": x, **span}}
