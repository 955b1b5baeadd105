"""A predicted outcome beside the published one, and the forest plot of many of them, in the order given.

Each line has the median with its central 50 and 95 % above the published value with its interval; values outside are
marked by a word and a cross, never by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.outcome import Estimate
from normoxia.report.figures.canvas import (
    Layer,
    heading,
    labels,
    stroke,
    strokes,
    symbol,
    symbols,
    text_label,
    text_width,
    wrap,
)
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.theme import THEMES, Theme
from normoxia.values import Value

_ROW, _WIDTH = 30, 340
_NUMBERS, _VERDICT = _WIDTH + 18, _WIDTH + 142
#: mark of a study whose result was known before it was predicted
SEEN = "†"
_TICKS = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 3.0, 4.0, 6.0, 10.0)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Prediction(Value):
    """One published outcome and its prediction, on the published scale.

    Attributes
    ----------
    study
        Name of the study.
    label
        Arms.
    predicted
        Median with the central 95 % interval.
    middle
        Ends of the central 50 % interval.
    published
        Value with its interval.
    is_inside
        Whether the published value counts as predicted.
    is_seen
        Whether the result was known before it was predicted, which marks the study.
    baseline
        Median of a baseline predictor, nan for none.
    """

    study: str
    label: str
    predicted: Estimate
    middle: tuple[float, float]
    published: Estimate
    is_inside: bool
    is_seen: bool = False
    baseline: float = math.nan

    @property
    def study_label(self) -> str:
        """Name of the study with its mark."""
        return self.study + (SEEN if self.is_seen else "")


def prediction_forest(
    rows: Sequence[Prediction],
    *,
    title: str,
    measure: str = "HR",
    baseline: str = "",
    lang: str = "en",
    theme: str = "light",
    name: str = "predictions",
) -> Figure:
    """Predicted against published ratios on a log axis, in the order given.

    Parameters
    ----------
    rows
        Ratios, 1 meaning no difference.
    title
        Heading.
    measure
        Heading of the column of numbers.
    baseline
        Name of the baseline predictor whose median is the small tick; left out when empty.
    lang
        Code of the language, "en" or "zh".
    theme
        "light" or "dark".
    name
        File name without ending.

    Raises
    ------
    InvalidArgument
        Without rows, or for ratios that are not above 0.
    """
    text, palette = language(lang), THEMES[theme]
    if not rows:
        raise InvalidArgument(
            "no rows were given for the forest plot of predictions; expected at least one"
        )
    if any(
        not 0.0 < value < math.inf
        for row in rows
        for value in (row.predicted.value, row.published.value)
    ):
        raise InvalidArgument(
            "a forest plot on a log axis has a ratio that is not above 0; expected ratios, not their logarithms"
        )
    low, high = _limits(rows)

    def position(value: float) -> float:
        inside = min(max(value, low), high)
        return _WIDTH * math.log(inside / low) / math.log(high / low)

    start = -(1.1 * max(text_width(f"{r.study_label}{r.label}", 11.5) for r in rows) + 34)
    count = text.say("prediction.count", inside=sum(r.is_inside for r in rows), n=len(rows))
    notes = [text.say("prediction.order")]
    if any(_is_cut(row, low, high) for row in rows):
        notes.append(text.say("forest.cut"))
    if any(row.is_seen for row in rows):
        notes.append(text.say("prediction.seen", mark=SEEN))
    height = float(_ROW * len(rows))
    layers = [
        *heading(title, [(count, palette.muted)], -96, start, palette),
        *_legend(start, baseline, text, palette),
        stroke(start, -4, _VERDICT + 70, -4, palette.line),
        text_label(_NUMBERS, -16, text.say("prediction.numbers", measure=measure), palette.muted),
        text_label(_VERDICT, -16, text.say("comparison.column"), palette.muted),
        *_axis(low, high, height, palette),
        *_rows(rows, position, low, high, start, text, palette),
    ]
    lines = [line for note in notes for line in wrap(note, _VERDICT + 70 - start, 11)]
    layers += [
        text_label(start, height + 44 + 16 * i, line, palette.muted) for i, line in enumerate(lines)
    ]
    row_texts = " ".join(
        text.say(
            "prediction.describe_row",
            label=f"{r.study}, {r.label}",
            predicted=text.interval(r.predicted, 2),
            published=text.interval(r.published, 2),
        )
        for r in rows
    )
    description = text.say("prediction.describe", title=title, count=count, rows=row_texts)
    spec = specification(description, palette, lang, width=_WIDTH, height=height, layer=layers)
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=spec,
        columns=COLUMNS,
        rows=cells(rows),
        language=lang,
    )


COLUMNS = (
    "study",
    "seen",
    "label",
    "predicted",
    "low50",
    "high50",
    "low95",
    "high95",
    "published",
    "published_low",
    "published_high",
    "holds",
    "baseline",
)


def cells(rows: Sequence[Prediction]) -> tuple[tuple[object, ...], ...]:
    """Return predictions as rows of a data file; see `COLUMNS`."""
    return tuple(
        (
            r.study,
            str(r.is_seen).lower(),
            r.label,
            r.predicted.value,
            *r.middle,
            r.predicted.low,
            r.predicted.high,
            r.published.value,
            r.published.low,
            r.published.high,
            str(r.is_inside).lower(),
            r.baseline,
        )
        for r in rows
    )


def _limits(rows: Sequence[Prediction]) -> tuple[float, float]:
    """Range that contains every median, every published value, 1, and all but very wide intervals."""
    values = [v for r in rows for v in (r.predicted.value, r.published.value)]
    ends = [e for r in rows for x in (r.predicted, r.published) for e in (x.low, x.high)]
    ends = [e for e in ends if 0.0 < e < math.inf]
    low = max(min([*ends, *values, 0.8]), min(values) / 2.2)
    high = min(max([*ends, *values, 1.25]), max(*values, 1.0) * 2.2)
    return min(low, 0.8) / 1.05, max(high, 1.25) * 1.05


def _is_cut(row: Prediction, low: float, high: float) -> bool:
    """Whether an interval extends beyond the axis."""
    return any(x.low < low or x.high > high for x in (row.predicted, row.published))


def _axis(low: float, high: float, height: float, palette: Theme) -> list[Layer]:
    axis_options = {
        "values": [t for t in _TICKS if low <= t <= high],
        "title": None,
        "grid": True,
        "format": ".4~g",
        "labelFlush": False,
        "offset": 2,
    }
    scale = {"type": "log", "domain": [low, high], "nice": False}
    x = {"field": "v", "type": "quantitative", "scale": scale, "axis": axis_options}
    null_line = {"type": "rule", "color": palette.foreground, "strokeWidth": 1.2}
    span = {"y": {"value": 0}, "y2": {"value": height}}
    return [{"data": {"values": [{"v": 1}]}, "mark": null_line, "encoding": {"x": x, **span}}]


def _rows(
    rows: Sequence[Prediction],
    position: Callable[[float], float],
    low: float,
    high: float,
    start: float,
    text: Language,
    palette: Theme,
) -> list[Layer]:
    predicted_colour, published_colour = palette.colour(0), palette.published
    y = [_ROW * (i + 0.5) for i in range(len(rows))]
    predicted_y, published_y = [v - 6.0 for v in y], [v + 7.0 for v in y]
    inside, outside = (
        [v for v, r in zip(y, rows, strict=True) if r.is_inside is is_inside]
        for is_inside in (True, False)
    )
    layers = strokes(
        (
            (position(r.predicted.low), v, position(r.predicted.high), v)
            for r, v in zip(rows, predicted_y, strict=True)
        ),
        predicted_colour,
        width=1.4,
    )
    layers += strokes(
        (
            (position(r.middle[0]), v, position(r.middle[1]), v)
            for r, v in zip(rows, predicted_y, strict=True)
        ),
        predicted_colour,
        width=4.5,
    )
    layers += strokes(
        (
            (position(r.published.low), v, position(r.published.high), v)
            for r, v in zip(rows, published_y, strict=True)
            if r.published.has_interval
        ),
        published_colour,
        width=1.2,
    )
    layers += strokes(
        (
            (position(r.baseline), v - 10, position(r.baseline), v + 11)
            for r, v in zip(rows, y, strict=True)
            if low <= r.baseline <= high
        ),
        palette.colour(1),
        width=2,
    )
    layers += symbols(
        [(position(r.predicted.value), v) for r, v in zip(rows, predicted_y, strict=True)],
        "circle",
        predicted_colour,
        size=52,
    )
    layers += symbols(
        [(position(r.published.value), v) for r, v in zip(rows, published_y, strict=True)],
        "diamond",
        published_colour,
        size=62,
        background=palette.background,
    )
    layers += _arrows(rows, predicted_y, published_y, low, high, palette)
    layers += labels(
        [(start, v, r.study_label) for r, v in zip(rows, y, strict=True)],
        palette.foreground,
        size=11.5,
        weight=600,
    )
    layers += labels(
        [(-14, v, r.label) for r, v in zip(rows, y, strict=True)], palette.muted, align="right"
    )
    layers += labels(
        [
            (_NUMBERS, v, text.interval(r.predicted, 2))
            for r, v in zip(rows, predicted_y, strict=True)
        ],
        predicted_colour,
    )
    layers += labels(
        [
            (_NUMBERS, v + 1, text.interval(r.published, 2))
            for r, v in zip(rows, published_y, strict=True)
        ],
        palette.foreground,
    )
    layers += symbols([(_VERDICT + 5, v) for v in inside], "circle", palette.good, size=60)
    layers += symbols([(_VERDICT + 5, v) for v in outside], "cross", palette.bad, size=80)
    layers += labels(
        [(_VERDICT + 17, v, text.say("comparison.inside")) for v in inside], palette.foreground
    )
    layers += labels(
        [(_VERDICT + 17, v, text.say("comparison.outside")) for v in outside],
        palette.bad,
        weight=700,
    )
    return layers


def _arrows(
    rows: Sequence[Prediction],
    predicted_y: Sequence[float],
    published_y: Sequence[float],
    low: float,
    high: float,
    palette: Theme,
) -> list[Layer]:
    layers: list[Layer] = []
    for heights, colour, estimates in (
        (predicted_y, palette.colour(0), [r.predicted for r in rows]),
        (published_y, palette.published, [r.published for r in rows]),
    ):
        pairs = list(zip(estimates, heights, strict=True))
        layers += symbols(
            [(0.0, y) for e, y in pairs if e.low < low], "triangle-left", colour, size=45
        )
        layers += symbols(
            [(_WIDTH, y) for e, y in pairs if e.high > high], "triangle-right", colour, size=45
        )
    return layers


def _legend(start: float, baseline: str, text: Language, palette: Theme) -> list[Layer]:
    y, predicted_colour = -46.0, palette.colour(0)
    first, second = text.say("prediction.predicted"), text.say("comparison.published")
    x = start + 34 + text_width(first, 11) + 26
    layers = [
        *strokes([(start, y, start + 26, y)], predicted_colour, width=1.4),
        *strokes([(start + 6, y, start + 20, y)], predicted_colour, width=4.5),
        symbol(start + 13, y, "circle", predicted_colour, size=52),
        text_label(start + 34, y, first, palette.foreground),
        *strokes([(x, y, x + 22, y)], palette.published, width=1.2),
        symbol(x + 11, y, "diamond", palette.published, size=62, background=palette.background),
        text_label(x + 30, y, second, palette.foreground),
    ]
    if baseline:
        x += 30 + text_width(second, 11) + 26
        layers += [
            stroke(x, y - 8, x, y + 8, palette.colour(1), width=2),
            text_label(x + 8, y, baseline, palette.foreground),
        ]
    return layers
