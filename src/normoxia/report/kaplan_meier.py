"""Kaplan-Meier figure: curves, bands, censoring, numbers at risk under the time axis, medians, hazard ratios, published values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.outcome import Estimate
from normoxia.report.canvas import Layer, heading, stroke, symbol, text_width, words, wrap
from normoxia.report.figure import SCHEMA, Figure
from normoxia.report.theme import THEMES, Theme, config, dash
from normoxia.survival import DAYS_PER_MONTH, SurvivalCurve, curves_cross
from normoxia.values import Value

_WIDTH, _HEIGHT, _ROW = 640, 340, 17
#: widest title of an arm that leaves room for the columns beside it, in pixels
_LONGEST_TITLE = 290
#: more censoring ticks than this run into one another and are left out
_MOST_TICKS = 600


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Prediction interval of a trial's curve: percent without event between `low` and `high` at times in months.

    parameters  whether it holds the uncertainty of the parameters, or the sampling of patients alone
    """

    months: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    level: float = 0.95
    parameters: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class KaplanMeierArm:
    """One arm of the figure.

    curve      Kaplan-Meier curve, times in days
    title      the arm in words, shown in the table over the plot; its name where it has none or it is long
    median     median in months, to be shown instead of the curve's own (say over replicates)
    band       prediction interval, to be shown instead of the curve's confidence interval
    published  the published median in months
    landmarks  published rates: (month, percent without event)
    printed    the published curve: (month, percent without event), from (0, 100)
    """

    name: str
    curve: SurvivalCurve
    median: Estimate | None = None
    band: Band | None = None
    published: Estimate | None = None
    landmarks: tuple[tuple[float, Estimate], ...] = ()
    title: str = ""
    printed: tuple[tuple[float, float], ...] = ()

    @property
    def label(self) -> str:
        """What the table over the plot calls the arm."""
        return self.title if self.title and text_width(self.title, 11) <= _LONGEST_TITLE else self.name


@dataclass(frozen=True, slots=True, eq=False)
class HazardRatioLine(Value):
    """A hazard ratio to state under the curves' names: of which arms, its interval, the test's name and p."""

    experimental: str
    control: str
    ratio: Estimate
    test: str = ""
    p: float = math.nan
    published: Estimate | None = None


def kaplan_meier_figure(
    arms: Sequence[KaplanMeierArm],
    endpoint: str,
    *,
    ratios: Sequence[HazardRatioLine] = (),
    months: float | None = None,
    lang: str = "en",
    theme: str = "light",
    name: str = "",
    title: str = "",
    population: str = "",
) -> Figure:
    """The Kaplan-Meier figure of an endpoint.

    arms        in the order of colours, dashes and rows
    endpoint    "PFS", "OS" or "DoR" (any other text is shown as it is)
    ratios      stated with their test's name ("log-rank", "stratified log-rank", "cox", or own words)
    months      end of the time axis; the longest follow-up when not given
    population  added to the title
    raises      InvalidArgument without arms

    Says so under the title when two curves cross.
    """
    if not arms:
        raise InvalidArgument("a Kaplan-Meier figure was asked for without arms; give at least one")
    speech, paint = language(lang), THEMES[theme]
    endpoint_words = speech.known(f"endpoint.{endpoint}", endpoint)
    shown = title or speech.say("km.title", endpoint=endpoint_words)
    shown = f"{shown} – {population}" if population else shown
    end = months if months is not None else max(arm.curve.last for arm in arms) / DAYS_PER_MONTH
    ticks = _ticks(end)
    end = max(end, float(ticks[-1]))
    left = -max(58.0, 14 + max(text_width(arm.name, 11) for arm in arms))
    notes = _notes(arms, speech, paint, _WIDTH - left)
    table, table_height = _header(arms, ratios, speech, paint, left)
    top = -(table_height + 15 * len(notes) + 26)
    layers = [
        *heading(shown, notes, top, left, paint),
        *table,
        *_curves(arms, end, ticks, endpoint_words, speech, paint),
        *_published(arms, end, paint),
        *_at_risk(arms, ticks, end, speech, paint, left),
    ]
    spec = {
        "$schema": SCHEMA,
        "description": _description(arms, endpoint_words, speech),
        "background": paint.ground,
        "padding": 14,
        "width": _WIDTH,
        "height": _HEIGHT,
        "config": config(paint, lang),
        "layer": layers,
    }
    return Figure(
        name or f"km-{endpoint.lower()}", shown, _description(arms, endpoint_words, speech), spec,
        ("arm", "months", "survival_percent", "low_percent", "high_percent", "at_risk", "events", "censored"),
        tuple(row for arm in arms for row in _rows(arm)), lang,
    )  # fmt: skip


def month_ticks(end: float, most: int = 11) -> NDArray[np.float64]:
    """Round months from 0 to at least `end` or just under it, at most `most` of them."""
    return _ticks(end, most)


def _ticks(end: float, most: int = 11) -> NDArray[np.float64]:
    for step in (0.5, 1, 2, 3, 6, 12, 24, 60, 120):
        if end / step < most:
            return np.arange(0.0, math.floor(end / step + 1e-9) * step + step / 2, step)
    return np.linspace(0.0, end, most)


def _curves(
    arms: Sequence[KaplanMeierArm],
    end: float,
    ticks: NDArray[np.float64],
    endpoint: str,
    speech: Language,
    paint: Theme,
) -> list[Layer]:
    x = {
        "field": "m", "type": "quantitative", "scale": {"domain": [0, end], "nice": False},
        "axis": {
            "labelFlush": False, "title": speech.say("axis.months_since_randomisation"), "values": ticks.tolist(), "grid": False,
            "titlePadding": 8,
        },
    }  # fmt: skip
    y_axis = {
        "title": speech.say("axis.survival", endpoint=endpoint),
        "values": [0, 25, 50, 75, 100],
        "domain": False,
    }
    y = {"field": "s", "type": "quantitative", "scale": {"domain": [0, 100]}, "axis": y_axis}
    layers: list[Layer] = [stroke(0, _HEIGHT / 2, _WIDTH, _HEIGHT / 2, paint.line, dash=[2, 3])]
    for i, arm in enumerate(arms):
        interpolate = "step-after" if arm.band is None else "linear"
        area = {
            "type": "area",
            "interpolate": interpolate,
            "color": paint.colour(i),
            "opacity": 0.1,
            "clip": True,
        }
        edge = {
            "type": "line",
            "interpolate": interpolate,
            "color": paint.colour(i),
            "opacity": 0.45,
            "strokeWidth": 0.8,
            "clip": True,
        }
        band = {"values": _band(arm, end)}
        layers.append(
            {
                "data": band,
                "mark": area,
                "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
            }
        )
        for side in ("low", "high"):
            layers.append({"data": band, "mark": edge, "encoding": {"x": x, "y": {**y, "field": side}}})
    for i, arm in enumerate(arms):
        steps = [{"m": float(m), "s": float(s)} for m, s in _steps(arm.curve, end)]
        line: dict[str, Any] = {
            "type": "line", "interpolate": "step-after", "color": paint.colour(i), "strokeWidth": 2.2, "clip": True,
            "strokeJoin": "miter",
        }  # fmt: skip
        if dash(i) != [1, 0]:
            line["strokeDash"] = dash(i)
        layers.append({"data": {"values": steps}, "mark": line, "encoding": {"x": x, "y": y}})
        censored = _censored(arm, end)
        if 0 < len(censored) <= _MOST_TICKS:
            values = [
                {"m": float(t / DAYS_PER_MONTH), "s": float(100 * s)}
                for t, s in zip(censored, arm.curve.at(censored), strict=True)
            ]
            tick = {
                "type": "point",
                "shape": "M0,-1L0,1",
                "size": 22,
                "strokeWidth": 1,
                "color": paint.colour(i),
                "opacity": 0.75,
            }
            layers.append({"data": {"values": values}, "mark": tick, "encoding": {"x": x, "y": y}})
    return layers


def _censored(arm: KaplanMeierArm, end: float) -> NDArray[np.float64]:
    """Days on which somebody was censored within the axis."""
    days = np.unique(arm.curve.data.time[~arm.curve.data.observed])
    return np.asarray(days[days / DAYS_PER_MONTH <= end])


def _thinned(months: NDArray[np.float64], *heights: NDArray[np.float64]) -> list[tuple[float, ...]]:
    """Points of a step function, at most a few to a pixel: the first and the last step of each sliver are kept."""
    columns = list(zip(months.tolist(), *(h.tolist() for h in heights), strict=True))
    if len(columns) <= _WIDTH:
        return columns
    sliver = np.floor(months / months[-1] * 0.5 * _WIDTH)
    edge = np.flatnonzero(np.diff(sliver, prepend=-1.0, append=np.inf))
    kept = np.unique(np.concatenate([edge[:-1], edge[1:] - 1]))
    return [columns[k] for k in kept]


def _steps(curve: SurvivalCurve, end: float) -> list[tuple[float, ...]]:
    last = min(curve.last / DAYS_PER_MONTH, end)
    inside = curve.times / DAYS_PER_MONTH <= last
    months = np.concatenate([[0.0], curve.times[inside] / DAYS_PER_MONTH, [last]])
    survival = np.concatenate([[1.0], curve.survival[inside]])
    return _thinned(months, 100.0 * np.append(survival, survival[-1]))


def _band(arm: KaplanMeierArm, end: float) -> list[dict[str, float]]:
    if arm.band is not None:
        until = min(float(arm.band.months[-1]), end)
        months = np.append(arm.band.months[arm.band.months < until], until)
        low, high = (np.interp(months, arm.band.months, side) for side in (arm.band.low, arm.band.high))
        return [
            {"m": float(m), "low": float(a), "high": float(b)}
            for m, a, b in zip(months, low, high, strict=True)
        ]
    curve = arm.curve
    last = min(curve.last / DAYS_PER_MONTH, end)
    inside = (curve.times / DAYS_PER_MONTH <= last) & ~np.isnan(curve.low)
    months = np.concatenate([[0.0], curve.times[inside] / DAYS_PER_MONTH, [last]])
    low, high = (np.concatenate([[100.0], 100.0 * e[inside]]) for e in (curve.low, curve.high))
    points = _thinned(months, np.append(low, low[-1]), np.append(high, high[-1]))
    return [{"m": m, "low": a, "high": b} for m, a, b in points]


def _published(arms: Sequence[KaplanMeierArm], end: float, paint: Theme) -> list[Layer]:
    layers: list[Layer] = []
    x, y = {"field": "m", "type": "quantitative"}, {"field": "s", "type": "quantitative"}
    for i, arm in enumerate(arms):
        if arm.printed:
            points = [{"m": month, "s": percent} for month, percent in arm.printed if month <= end]
            line = {
                "type": "line",
                "color": paint.colour(i),
                "strokeWidth": 1.6,
                "strokeDash": [1, 3],
                "strokeCap": "round",
                "clip": True,
            }
            layers.append({"data": {"values": points}, "mark": line, "encoding": {"x": x, "y": y}})
        # landmarks of several arms stand side by side, so that their intervals do not hide one another
        aside = 5.0 * (i - (len(arms) - 1) / 2)
        for month, rate in arm.landmarks:
            if month > end:
                continue
            if rate.has_interval:
                interval = [{"m": month, "s": rate.low, "s2": rate.high}]
                rule = {
                    "type": "rule",
                    "color": paint.colour(i),
                    "strokeWidth": 1.3,
                    "clip": True,
                    "xOffset": aside,
                }
                place = {"x": x, "y": y, "y2": {"field": "s2"}}
                layers.append({"data": {"values": interval}, "mark": rule, "encoding": place})
            layers.append(_diamond({"m": month, "s": rate.value}, paint, i, aside))
        median = arm.published
        if median is not None and math.isfinite(median.value) and median.value <= end:
            if median.has_interval:
                interval = [{"m": median.low, "m2": min(median.high, end), "s": 50.0}]
                rule = {"type": "rule", "color": paint.colour(i), "strokeWidth": 1.3, "clip": True}
                place = {"x": x, "y": y, "x2": {"field": "m2"}}
                layers.append({"data": {"values": interval}, "mark": rule, "encoding": place})
            layers.append(_diamond({"m": median.value, "s": 50.0}, paint, i, 0.0))
    return layers


def _diamond(value: dict[str, float], paint: Theme, index: int, aside: float) -> Layer:
    mark = {
        "type": "point", "shape": "diamond", "size": 72, "filled": True, "fill": paint.ground, "opacity": 1,
        "stroke": paint.colour(index), "strokeWidth": 1.8, "xOffset": aside,
    }  # fmt: skip
    place = {"x": {"field": "m", "type": "quantitative"}, "y": {"field": "s", "type": "quantitative"}}
    return {"data": {"values": [value]}, "mark": mark, "encoding": place}


def _at_risk(
    arms: Sequence[KaplanMeierArm],
    ticks: NDArray[np.float64],
    end: float,
    speech: Language,
    paint: Theme,
    left: float,
) -> list[Layer]:
    top = _HEIGHT + 62
    layers = [words(left, top, speech.say("km.at_risk"), paint.ink, weight=600)]
    for i, arm in enumerate(arms):
        y = top + _ROW * (i + 1) + 2
        counts = arm.curve.at_risk(ticks * DAYS_PER_MONTH)
        values = [{"m": float(m), "n": f"{round(n)}"} for m, n in zip(ticks, counts, strict=True)]
        layers.append(words(-24, y, arm.name, paint.colour(i), weight=600, align="right"))
        number = {"type": "text", "fontSize": 11, "color": paint.ink, "baseline": "middle"}
        place = {
            "x": {"field": "m", "type": "quantitative"},
            "y": {"value": y},
            "text": {"field": "n", "type": "nominal"},
        }
        layers.append({"data": {"values": values}, "mark": number, "encoding": place})
    return layers


def _header(
    arms: Sequence[KaplanMeierArm],
    ratios: Sequence[HazardRatioLine],
    speech: Language,
    paint: Theme,
    left: float,
) -> tuple[list[Layer], float]:
    """The table over the plot: which line is which, events, medians; then the hazard ratios. With its height."""
    drawn_again = any(arm.median is not None for arm in arms)
    lines = [_ratio_words(line, speech, drawn_again) for line in ratios]
    rows = len(arms) + 1
    height = _ROW * (rows + len(lines)) + (6 if lines else 0) + 14
    y = -height + 8.0
    simulated = [arm for arm in arms if arm.median is not None]
    level = round(100 * simulated[0].median.level) if simulated and simulated[0].median else 95
    median_title = speech.say("km.median_prediction", level=level) if simulated else speech.say("km.median")
    has_published = any(arm.published is not None for arm in arms)
    name_end = left + 44 + max(text_width(arm.label, 11) for arm in arms) + 24
    events_at = max(name_end, left + 150)
    median_at = events_at + 92
    published_at = median_at + 166
    layers = [
        words(events_at, y, speech.say("km.events"), paint.muted),
        words(median_at, y, median_title, paint.muted),
    ]
    if has_published:
        layers.append(symbol(published_at + 4, y, "diamond", paint.muted, width=1.3, ground=paint.ground))
        layers.append(words(published_at + 14, y, speech.say("km.published"), paint.muted))
    for i, arm in enumerate(arms):
        y += _ROW
        data = arm.curve.data
        own = arm.curve.median.estimate(1 / DAYS_PER_MONTH)
        median = arm.median if arm.median is not None else own
        layers += [
            stroke(left, y, left + 34, y, paint.colour(i), width=2.4, dash=dash(i)),
            words(left + 44, y, arm.label, paint.colour(i), weight=600),
            words(events_at, y, f"{_count(data.weights[data.observed])} / {_count(data.weights)}", paint.ink),
            words(median_at, y, speech.interval(median), paint.ink),
        ]
        if arm.published is not None:
            layers.append(words(published_at + 14, y, speech.interval(arm.published), paint.ink))
    y += 6 if lines else 0
    for line in lines:
        y += _ROW
        layers.append(words(left, y, line, paint.ink))
    return layers, height


def _count(weights: NDArray[np.float64]) -> int:
    """Patients of weights that may be shares of one."""
    return round(float(weights.sum()))


def _ratio_words(line: HazardRatioLine, speech: Language, simulated: bool) -> str:
    value = speech.interval(line.ratio, 2)
    names = {"experimental": line.experimental, "control": line.control}
    if line.test and not math.isnan(line.p):
        test = speech.known(f"test.{line.test}", line.test)
        text = speech.say("km.hazard_ratio", **names, value=value, test=test, p=speech.p_value(line.p))
    else:
        text = speech.say("km.hazard_ratio_plain", **names, value=value)
        if simulated and line.ratio.has_interval:
            text += speech.say("km.join") + speech.say("km.prediction", level=round(100 * line.ratio.level))
    if line.published is not None:
        text += speech.say("km.join") + speech.say(
            "km.published_ratio", value=speech.interval(line.published, 2)
        )
    return text


def _notes(
    arms: Sequence[KaplanMeierArm], speech: Language, paint: Theme, width: float
) -> list[tuple[str, str]]:
    crossing = [f"{a.name} × {b.name}" for a, b in combinations(arms, 2) if curves_cross(a.curve, b.curve)]
    notes: list[tuple[str, str]] = []
    if crossing:
        text = speech.say("km.cross", pairs=", ".join(crossing))
        notes += [(line, paint.warning) for line in wrap(text, width, 11)]
    parts = []
    bands = [arm.band for arm in arms if arm.band is not None]
    if bands:
        key = "km.band_prediction" if bands[0].parameters else "km.band_sampling"
        parts.append(speech.say(key, level=round(100 * bands[0].level)))
    else:
        curve = arms[0].curve
        parts.append(speech.say("km.band_interval", level=round(100 * curve.level), interval=curve.interval))
    if any(0 < len(_censored(arm, math.inf)) <= _MOST_TICKS for arm in arms):
        parts.append(speech.say("km.censored"))
    if any(arm.printed for arm in arms):
        parts.append(speech.say("km.dots"))
    if any(arm.landmarks or arm.published is not None for arm in arms):
        parts.append(speech.say("km.diamonds", level=95))
    joined = (" " if speech.code == "en" else "").join(parts)
    return notes + [(line, paint.muted) for line in wrap(joined, width, 11)]


def _description(arms: Sequence[KaplanMeierArm], endpoint: str, speech: Language) -> str:
    sentences = [
        speech.say(
            "km.describe_arm", arm=arm.name, n=_count(arm.curve.data.weights),
            events=_count(arm.curve.data.weights[arm.curve.data.observed]),
            median=speech.number(arm.curve.median.value / DAYS_PER_MONTH),
        )
        for arm in arms
    ]  # fmt: skip
    return speech.say("km.describe", endpoint=endpoint, arms=" ".join(sentences))


def _rows(arm: KaplanMeierArm) -> list[tuple[object, ...]]:
    """The curve after each time, with the events and censorings since the row before.

    A row a distinct time; of the many thousand times of pooled replicates, a row for two pixels.
    """
    curve, data = arm.curve, arm.curve.data
    followed, place = np.unique(data.time, return_inverse=True)
    events = np.bincount(place, data.weights * data.observed, len(followed))
    censored = np.bincount(place, data.weights * ~data.observed, len(followed))
    if followed[0] > 0:
        followed, events, censored = (np.concatenate([[0.0], a]) for a in (followed, events, censored))
    if len(followed) > _WIDTH:
        pixel = np.floor(followed / followed[-1] * (_WIDTH / 2 - 1))
        starts = np.flatnonzero(np.diff(pixel, prepend=-1.0))
        events, censored = (np.add.reduceat(a, starts) for a in (events, censored))
        followed = followed[np.append(starts[1:], len(followed)) - 1]
    low, high = curve.band_at(followed)
    columns = (
        followed / DAYS_PER_MONTH, 100.0 * curve.at(followed), 100.0 * low, 100.0 * high, curve.at_risk(followed),
        events, censored,
    )  # fmt: skip
    return [(arm.name, *(float(v) for v in numbers)) for numbers in zip(*columns, strict=True)]
