"""Scores of predictors and baselines: mean of each, and difference of the first from each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.outcome import Estimate
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
from normoxia.values import Value

_ROW, _WIDTH, _GAP = 34.0, 220.0, 70.0

_NONE = Estimate(math.nan)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Score(Value):
    """Score of one predictor; lower is better.

    Attributes
    ----------
    name
        Name in the language of the figure.
    value
        Mean over all outcomes.
    unseen
        Mean over outcomes that had not been seen before.
    gain
        By how much the score of the first predictor is lower, with an interval; nan where there is no difference to show.
    is_baseline
        Whether it is a baseline.
    """

    name: str
    value: float
    unseen: float = math.nan
    gain: Estimate = _NONE
    is_baseline: bool = False


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
    """Mean score of each predictor, and by how much the first one's is lower, with its interval.

    Parameters
    ----------
    scores
        One row each; those without a finite value are left out.
    title
        Heading.
    measure
        Name of the score.
    note
        A sentence under the heading.
    lang
        Code of the language, "en" or "zh".
    theme
        "light" or "dark".
    name
        File name without ending.

    Raises
    ------
    InvalidArgument
        Without a finite score.
    """
    text, palette = language(lang), THEMES[theme]
    finite = [score for score in scores if math.isfinite(score.value)]
    if not finite:
        raise InvalidArgument(
            "no finite scores were given for the comparison; expected at least one"
        )
    height = _ROW * len(finite)
    start = -(max(text_width(score.name, 12) for score in finite) * 1.08 + 22)
    left = _means(finite, start, height, text.say("scores.axis", measure=measure), palette)
    lines = wrap(
        " ".join(x for x in (note, text.say("scores.note")) if x), _WIDTH * 2 + _GAP - start, 11
    )
    left += heading(
        title, [(line, palette.muted) for line in lines], -34 - 15 * len(lines) - 6, start, palette
    )
    views: list[dict[str, Any]] = [{"width": _WIDTH, "height": height, "layer": left}]
    gains = [score for score in finite if score.gain.has_interval]
    if gains:
        right = _gains(
            finite, height, text.say("scores.gain", name=finite[0].name, measure=measure), palette
        )
        right += labels(
            [
                (_WIDTH + 14, _ROW * (i + 0.5), text.interval(s.gain, 3))
                for i, s in enumerate(finite)
                if s.gain.has_interval
            ],
            palette.foreground,
        )
        views.append({"width": _WIDTH, "height": height, "layer": right})
    row_texts = "; ".join(f"{score.name} {text.number(score.value, 3)}" for score in finite)
    description = text.say("scores.describe", measure=measure, rows=row_texts)
    spec = specification(description, palette, lang, hconcat=views, spacing=_GAP, bounds="flush")
    columns = ("predictor", "is_baseline", "score", "unseen", "gain", "gain_low", "gain_high")
    rows = tuple(
        (
            s.name,
            str(s.is_baseline).lower(),
            s.value,
            s.unseen,
            s.gain.value,
            s.gain.low,
            s.gain.high,
        )
        for s in finite
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


def _means(
    scores: Sequence[Score], start: float, height: float, title: str, palette: Theme
) -> list[Layer]:
    """Mean scores as bars."""
    values = [v for s in scores for v in (s.value, s.unseen) if math.isfinite(v)]
    low, high = 0.0, 1.08 * max(values)

    def position(value: float) -> float:
        return _WIDTH * (value - low) / (high - low)

    rows = [(_ROW * (i + 0.5), s) for i, s in enumerate(scores)]
    layers = [_axis(low, high, height, title, 0.0, palette)]
    for is_baseline, colour in ((False, palette.colour(0)), (True, palette.colour(5))):
        predictors = [(y, s) for y, s in rows if s.is_baseline is is_baseline]
        layers += strokes(
            [(0.0, y, position(s.value), y) for y, s in predictors], colour, width=9, opacity=0.28
        )
        layers += symbols(
            [(position(s.value), y) for y, s in predictors], "circle", colour, size=80
        )
        hollow = [(position(s.unseen), y) for y, s in predictors if math.isfinite(s.unseen)]
        layers += symbols(hollow, "circle", colour, size=46, background=palette.background)
    layers += labels(
        [(start, y, s.name) for y, s in rows if s.is_baseline], palette.foreground, size=12
    )
    layers += labels(
        [(start, y, s.name) for y, s in rows if not s.is_baseline],
        palette.foreground,
        size=12,
        weight=700,
    )
    layers += labels([(_WIDTH + 12, y, f"{s.value:.3f}") for y, s in rows], palette.foreground)
    return layers


def _gains(scores: Sequence[Score], height: float, title: str, palette: Theme) -> list[Layer]:
    """Differences from the first predictor."""
    rows = [(_ROW * (i + 0.5), s.gain) for i, s in enumerate(scores) if s.gain.has_interval]
    limit = 1.1 * max(abs(end) for _, g in rows for end in (g.low, g.high)) or 1.0

    def position(value: float) -> float:
        return _WIDTH * (value + limit) / (2.0 * limit)

    layers = [_axis(-limit, limit, height, title, 0.0, palette)]
    layers.append(stroke(_WIDTH / 2, 0, _WIDTH / 2, height, palette.foreground, width=1.2))
    for is_better, shape, colour in (
        (True, "circle", palette.good),
        (False, "diamond", palette.bad),
    ):
        gains = [(y, g) for y, g in rows if (g.value > 0) is is_better]
        layers += strokes(
            [(position(g.low), y, position(g.high), y) for y, g in gains], colour, width=2.2
        )
        layers += symbols([(position(g.value), y) for y, g in gains], shape, colour, size=80)
    return layers


def _axis(low: float, high: float, height: float, title: str, at: float, palette: Theme) -> Layer:
    """An axis without data."""
    x = {
        "field": "v",
        "type": "quantitative",
        "scale": {"domain": [low, high], "nice": False},
        "axis": {
            "title": wrap(title, _WIDTH + 60, 12),
            "tickCount": 5,
            "labelFlush": False,
            "format": ".2~f",
        },
    }
    mark = {"type": "rule", "color": palette.line}
    span = {"y": {"value": 0}, "y2": {"value": height}}
    return {"data": {"values": [{"v": at}]}, "mark": mark, "encoding": {"x": x, **span}}
