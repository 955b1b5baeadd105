"""Scores of predictors beside those of baselines: each one's mean, and how much better the first is than each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.outcome import Estimate
from normoxia.report.canvas import Layer, heading, labels, stroke, strokes, symbols, text_width, wrap
from normoxia.report.figure import SCHEMA, Figure
from normoxia.report.theme import THEMES, Theme, config
from normoxia.values import Value

_ROW, _WIDTH, _GAP = 34.0, 220.0, 70.0

_NONE = Estimate(math.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Score(Value):
    """One predictor's score, lower being better.

    value     mean over everything; unseen over what had not been seen
    gain      by how much the first predictor's is lower, with an interval; a nan value where there is none to tell
    is_rival  whether it is a baseline
    """

    name: str
    value: float
    unseen: float = math.nan
    gain: Estimate = _NONE
    is_rival: bool = False


def score_figure(
    scores: Sequence[Score],
    *,
    title: str,
    measure: str = "CRPS",
    note: str = "",
    lang: str = "en",
    theme: str = "light",
    name: str = "scores",
) -> Figure:
    """A line for each predictor: its mean score, and to the right how much lower the first one's is, with its interval.

    raises  InvalidArgument without a score
    """
    speech, paint = language(lang), THEMES[theme]
    known = [score for score in scores if math.isfinite(score.value)]
    if not known:
        raise InvalidArgument("scores were to be compared, and none exists; give at least one")
    height = _ROW * len(known)
    start = -(max(text_width(score.name, 12) for score in known) * 1.08 + 22)
    left = _means(known, start, height, speech.say("scores.axis", measure=measure), paint)
    lines = wrap(" ".join(x for x in (note, speech.say("scores.note")) if x), _WIDTH * 2 + _GAP - start, 11)
    left += heading(title, [(line, paint.muted) for line in lines], -34 - 15 * len(lines) - 6, start, paint)
    views: list[dict[str, Any]] = [{"width": _WIDTH, "height": height, "layer": left}]
    gains = [score for score in known if score.gain.has_interval]
    if gains:
        right = _gains(known, height, speech.say("scores.gain", name=known[0].name, measure=measure), paint)
        right += labels(
            [
                (_WIDTH + 14, _ROW * (i + 0.5), speech.interval(s.gain, 3))
                for i, s in enumerate(known)
                if s.gain.has_interval
            ],
            paint.ink,
        )
        views.append({"width": _WIDTH, "height": height, "layer": right})
    described = "; ".join(f"{score.name} {speech.number(score.value, 3)}" for score in known)
    description = speech.say("scores.describe", measure=measure, rows=described)
    spec = {
        "$schema": SCHEMA, "description": description, "background": paint.ground, "padding": 14,
        "config": config(paint, lang), "hconcat": views, "spacing": _GAP, "bounds": "flush",
    }  # fmt: skip
    columns = ("predictor", "is_baseline", "score", "unseen", "gain", "gain_low", "gain_high")
    rows = tuple(
        (s.name, str(s.is_rival).lower(), s.value, s.unseen, s.gain.value, s.gain.low, s.gain.high)
        for s in known
    )
    return Figure(name, title, description, spec, columns, rows, lang)


def _means(scores: Sequence[Score], start: float, height: float, title: str, paint: Theme) -> list[Layer]:
    values = [v for s in scores for v in (s.value, s.unseen) if math.isfinite(v)]
    low, high = 0.0, 1.08 * max(values)

    def at(value: float) -> float:
        return _WIDTH * (value - low) / (high - low)

    rows = [(_ROW * (i + 0.5), s) for i, s in enumerate(scores)]
    layers = [_axis(low, high, height, title, 0.0, paint)]
    for is_rival, colour in ((False, paint.colour(0)), (True, paint.colour(5))):
        own = [(y, s) for y, s in rows if s.is_rival is is_rival]
        layers += strokes([(0.0, y, at(s.value), y) for y, s in own], colour, width=9, opacity=0.28)
        layers += symbols([(at(s.value), y) for y, s in own], "circle", colour, size=80)
        hollow = [(at(s.unseen), y) for y, s in own if math.isfinite(s.unseen)]
        layers += symbols(hollow, "circle", colour, size=46, ground=paint.ground)
    layers += labels([(start, y, s.name) for y, s in rows if s.is_rival], paint.ink, size=12)
    layers += labels([(start, y, s.name) for y, s in rows if not s.is_rival], paint.ink, size=12, weight=700)
    layers += labels([(_WIDTH + 12, y, f"{s.value:.3f}") for y, s in rows], paint.ink)
    return layers


def _gains(scores: Sequence[Score], height: float, title: str, paint: Theme) -> list[Layer]:
    rows = [(_ROW * (i + 0.5), s.gain) for i, s in enumerate(scores) if s.gain.has_interval]
    reach = 1.1 * max(abs(end) for _, g in rows for end in (g.low, g.high)) or 1.0

    def at(value: float) -> float:
        return _WIDTH * (value + reach) / (2.0 * reach)

    layers = [_axis(-reach, reach, height, title, 0.0, paint)]
    layers.append(stroke(_WIDTH / 2, 0, _WIDTH / 2, height, paint.ink, width=1.2))
    for is_better, shape, colour in ((True, "circle", paint.good), (False, "diamond", paint.bad)):
        own = [(y, g) for y, g in rows if (g.value > 0) is is_better]
        layers += strokes([(at(g.low), y, at(g.high), y) for y, g in own], colour, width=2.2)
        layers += symbols([(at(g.value), y) for y, g in own], shape, colour, size=80)
    return layers


def _axis(low: float, high: float, height: float, title: str, at: float, paint: Theme) -> Layer:
    x = {
        "field": "v", "type": "quantitative", "scale": {"domain": [low, high], "nice": False},
        "axis": {"title": wrap(title, _WIDTH + 60, 12), "tickCount": 5, "labelFlush": False, "format": ".2~f"},
    }  # fmt: skip
    mark = {"type": "rule", "color": paint.line}
    span = {"y": {"value": 0}, "y2": {"value": height}}
    return {"data": {"values": [{"v": at}]}, "mark": mark, "encoding": {"x": x, **span}}
