"""A predicted figure beside the published one, and the forest that draws many of them, in the order given.

Each line holds the median with its central 50 and 95 % above the published value with its interval; what lies outside is
told in a word and by a cross, never by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.outcome import Estimate
from normoxia.report.canvas import (
    Layer,
    heading,
    labels,
    stroke,
    strokes,
    symbol,
    symbols,
    text_width,
    words,
    wrap,
)
from normoxia.report.figure import SCHEMA, Figure
from normoxia.report.theme import THEMES, Theme, config
from normoxia.values import Value

_ROW, _WIDTH = 30, 340
_NUMBERS, _VERDICT = _WIDTH + 18, _WIDTH + 142
#: a study whose result was known before it was predicted
SEEN = "†"
_TICKS = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 3.0, 4.0, 6.0, 10.0)


@dataclass(frozen=True, slots=True, eq=False)
class Prediction(Value):
    """One published figure and what was predicted for it, on the scale it was published on.

    label      the arms; study its name
    predicted  median with the central 95 %; middle the ends of the central 50 %
    holds      whether the published value counts as predicted
    is_seen    whether its result was known before, which marks the study
    rival      the median of a baseline, nan for none
    """

    study: str
    label: str
    predicted: Estimate
    middle: tuple[float, float]
    published: Estimate
    holds: bool
    is_seen: bool = False
    rival: float = math.nan

    @property
    def named(self) -> str:
        """The study with its mark."""
        return self.study + (SEEN if self.is_seen else "")


def prediction_forest(
    rows: Sequence[Prediction],
    *,
    title: str,
    measure: str = "HR",
    rival: str = "",
    lang: str = "en",
    theme: str = "light",
    name: str = "predictions",
) -> Figure:
    """Predicted against published ratios on a log axis, 1 meaning no difference, in the order given.

    rival   whose median the small tick is; left out when empty
    raises  InvalidArgument without rows, or for ratios that are not above 0
    """
    speech, paint = language(lang), THEMES[theme]
    if not rows:
        raise InvalidArgument("a forest of predictions was asked for without rows; give at least one")
    if any(
        not 0.0 < value < math.inf for row in rows for value in (row.predicted.value, row.published.value)
    ):
        raise InvalidArgument(
            "a forest on a log axis holds a ratio that is not above 0; give ratios, not logs"
        )
    low, high = _limits(rows)

    def across(value: float) -> float:
        inside = min(max(value, low), high)
        return _WIDTH * math.log(inside / low) / math.log(high / low)

    start = -(1.1 * max(text_width(f"{r.named}{r.label}", 11.5) for r in rows) + 34)
    count = speech.say("prediction.count", inside=sum(r.holds for r in rows), n=len(rows))
    notes = [speech.say("prediction.order")]
    if any(_is_cut(row, low, high) for row in rows):
        notes.append(speech.say("forest.cut"))
    if any(row.is_seen for row in rows):
        notes.append(speech.say("prediction.seen", mark=SEEN))
    height = float(_ROW * len(rows))
    layers = [
        *heading(title, [(count, paint.muted)], -96, start, paint),
        *_legend(start, rival, speech, paint),
        stroke(start, -4, _VERDICT + 70, -4, paint.line),
        words(_NUMBERS, -16, speech.say("prediction.numbers", measure=measure), paint.muted),
        words(_VERDICT, -16, speech.say("comparison.column"), paint.muted),
        *_axis(low, high, height, paint),
        *_rows(rows, across, low, high, start, speech, paint),
    ]
    lines = [line for note in notes for line in wrap(note, _VERDICT + 70 - start, 11)]
    layers += [words(start, height + 44 + 16 * i, line, paint.muted) for i, line in enumerate(lines)]
    described = " ".join(
        speech.say(
            "prediction.describe_row", label=f"{r.study}, {r.label}", predicted=speech.interval(r.predicted, 2),
            published=speech.interval(r.published, 2),
        )
        for r in rows
    )  # fmt: skip
    description = speech.say("prediction.describe", title=title, count=count, rows=described)
    spec = {
        "$schema": SCHEMA, "description": description, "background": paint.ground, "padding": 14, "width": _WIDTH,
        "height": height, "config": config(paint, lang), "layer": layers,
    }  # fmt: skip
    return Figure(name, title, description, spec, COLUMNS, cells(rows), lang)


COLUMNS = (
    "study", "seen", "label", "predicted", "low50", "high50", "low95", "high95", "published", "published_low",
    "published_high", "holds", "baseline",
)  # fmt: skip


def cells(rows: Sequence[Prediction]) -> tuple[tuple[object, ...], ...]:
    """Predictions as rows of a data file; see `COLUMNS`."""
    return tuple(
        (
            r.study, str(r.is_seen).lower(), r.label, r.predicted.value, *r.middle, r.predicted.low, r.predicted.high,
            r.published.value, r.published.low, r.published.high, str(r.holds).lower(), r.rival,
        )
        for r in rows
    )  # fmt: skip


def _limits(rows: Sequence[Prediction]) -> tuple[float, float]:
    """Limits that hold every median, every published value and all but runaway intervals, 1 among them."""
    values = [v for r in rows for v in (r.predicted.value, r.published.value)]
    ends = [e for r in rows for x in (r.predicted, r.published) for e in (x.low, x.high)]
    ends = [e for e in ends if 0.0 < e < math.inf]
    low = max(min([*ends, *values, 0.8]), min(values) / 2.2)
    high = min(max([*ends, *values, 1.25]), max(*values, 1.0) * 2.2)
    return min(low, 0.8) / 1.05, max(high, 1.25) * 1.05


def _is_cut(row: Prediction, low: float, high: float) -> bool:
    return any(x.low < low or x.high > high for x in (row.predicted, row.published))


def _axis(low: float, high: float, height: float, paint: Theme) -> list[Layer]:
    shown = {
        "values": [t for t in _TICKS if low <= t <= high], "title": None, "grid": True, "format": ".4~g",
        "labelFlush": False, "offset": 2,
    }  # fmt: skip
    scale = {"type": "log", "domain": [low, high], "nice": False}
    x = {"field": "v", "type": "quantitative", "scale": scale, "axis": shown}
    one = {"type": "rule", "color": paint.ink, "strokeWidth": 1.2}
    span = {"y": {"value": 0}, "y2": {"value": height}}
    return [{"data": {"values": [{"v": 1}]}, "mark": one, "encoding": {"x": x, **span}}]


def _rows(
    rows: Sequence[Prediction],
    across: Callable[[float], float],
    low: float,
    high: float,
    start: float,
    speech: Language,
    paint: Theme,
) -> list[Layer]:
    own, other = paint.colour(0), paint.published
    y = [_ROW * (i + 0.5) for i in range(len(rows))]
    above, below = [v - 6.0 for v in y], [v + 7.0 for v in y]
    held, missed = (
        [v for v, r in zip(y, rows, strict=True) if r.holds is is_held] for is_held in (True, False)
    )
    layers = strokes(
        ((across(r.predicted.low), v, across(r.predicted.high), v) for r, v in zip(rows, above, strict=True)),
        own, width=1.4,
    )  # fmt: skip
    layers += strokes(
        ((across(r.middle[0]), v, across(r.middle[1]), v) for r, v in zip(rows, above, strict=True)),
        own,
        width=4.5,
    )
    layers += strokes(
        (
            (across(r.published.low), v, across(r.published.high), v)
            for r, v in zip(rows, below, strict=True)
            if r.published.has_interval
        ),
        other, width=1.2,
    )  # fmt: skip
    layers += strokes(
        (
            (across(r.rival), v - 10, across(r.rival), v + 11)
            for r, v in zip(rows, y, strict=True)
            if low <= r.rival <= high
        ),
        paint.colour(1), width=2,
    )  # fmt: skip
    layers += symbols(
        [(across(r.predicted.value), v) for r, v in zip(rows, above, strict=True)], "circle", own, size=52
    )
    layers += symbols(
        [(across(r.published.value), v) for r, v in zip(rows, below, strict=True)],
        "diamond", other, size=62, ground=paint.ground,
    )  # fmt: skip
    layers += _arrows(rows, above, below, low, high, paint)
    layers += labels(
        [(start, v, r.named) for r, v in zip(rows, y, strict=True)], paint.ink, size=11.5, weight=600
    )
    layers += labels([(-14, v, r.label) for r, v in zip(rows, y, strict=True)], paint.muted, align="right")
    layers += labels(
        [(_NUMBERS, v, speech.interval(r.predicted, 2)) for r, v in zip(rows, above, strict=True)], own
    )
    layers += labels(
        [(_NUMBERS, v + 1, speech.interval(r.published, 2)) for r, v in zip(rows, below, strict=True)],
        paint.ink,
    )
    layers += symbols([(_VERDICT + 5, v) for v in held], "circle", paint.good, size=60)
    layers += symbols([(_VERDICT + 5, v) for v in missed], "cross", paint.bad, size=80)
    layers += labels([(_VERDICT + 17, v, speech.say("comparison.inside")) for v in held], paint.ink)
    layers += labels(
        [(_VERDICT + 17, v, speech.say("comparison.outside")) for v in missed], paint.bad, weight=700
    )
    return layers


def _arrows(
    rows: Sequence[Prediction], above: Sequence[float], below: Sequence[float], low: float, high: float, paint: Theme
) -> list[Layer]:  # fmt: skip
    layers: list[Layer] = []
    for places, colour, of in (
        (above, paint.colour(0), [r.predicted for r in rows]),
        (below, paint.published, [r.published for r in rows]),
    ):
        pairs = list(zip(of, places, strict=True))
        layers += symbols([(0.0, y) for e, y in pairs if e.low < low], "triangle-left", colour, size=45)
        layers += symbols([(_WIDTH, y) for e, y in pairs if e.high > high], "triangle-right", colour, size=45)
    return layers


def _legend(start: float, rival: str, speech: Language, paint: Theme) -> list[Layer]:
    y, own = -46.0, paint.colour(0)
    first, second = speech.say("prediction.predicted"), speech.say("comparison.published")
    at = start + 34 + text_width(first, 11) + 26
    layers = [
        *strokes([(start, y, start + 26, y)], own, width=1.4),
        *strokes([(start + 6, y, start + 20, y)], own, width=4.5),
        symbol(start + 13, y, "circle", own, size=52),
        words(start + 34, y, first, paint.ink),
        *strokes([(at, y, at + 22, y)], paint.published, width=1.2),
        symbol(at + 11, y, "diamond", paint.published, size=62, ground=paint.ground),
        words(at + 30, y, second, paint.ink),
    ]
    if rival:
        at += 30 + text_width(second, 11) + 26
        layers += [stroke(at, y - 8, at, y + 8, paint.colour(1), width=2), words(at + 8, y, rival, paint.ink)]
    return layers
