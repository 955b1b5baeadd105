"""Kaplan-Meier plot: curves, bands, censoring, numbers at risk, medians, hazard ratios, published values."""

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
from normoxia.report.figures.canvas import (
    Layer,
    heading,
    stroke,
    symbol,
    text_label,
    text_width,
    wrap,
)
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.theme import THEMES, Theme, dash
from normoxia.survival import DAYS_PER_MONTH, SurvivalCurve, curves_cross
from normoxia.values import Value

_WIDTH, _HEIGHT, _ROW = 640, 340, 17
#: largest width of the title of an arm in the table over the plot, in pixels
_LONGEST_TITLE = 290
#: largest number of censoring ticks; more would overlap and are left out
_MOST_TICKS = 600


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Band:
    """Prediction interval of the Kaplan-Meier curve of a trial.

    Attributes
    ----------
    months
        Times since randomisation; shape (n_times,).
    low, high
        Percent without event; shape (n_times,).
    level
        Of the interval.
    parameters
        Whether it includes uncertainty of the parameters, or the sampling of patients alone.
    """

    months: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    level: float = 0.95
    parameters: bool = True


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class KaplanMeierArm:
    """One arm of the figure.

    Attributes
    ----------
    name
        Short name, in the table of numbers at risk.
    curve
        Kaplan-Meier curve, times in days.
    median
        Median in months, printed instead of that of the curve (for instance over replicates).
    band
        Prediction interval, drawn instead of the confidence interval of the curve.
    published
        Published median in months.
    landmarks
        Published rates: (month, percent without event).
    title
        Full name, printed in the table over the plot where it fits.
    published_curve
        Points (month, percent without event) of the published curve, from (0, 100).
    """

    name: str
    curve: SurvivalCurve
    median: Estimate | None = None
    band: Band | None = None
    published: Estimate | None = None
    landmarks: tuple[tuple[float, Estimate], ...] = ()
    title: str = ""
    published_curve: tuple[tuple[float, float], ...] = ()

    @property
    def label(self) -> str:
        """Name of the arm in the table over the plot."""
        return (
            self.title if self.title and text_width(self.title, 11) <= _LONGEST_TITLE else self.name
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class HazardRatioLine(Value):
    """A hazard ratio printed over the plot.

    Attributes
    ----------
    experimental, control
        Names of the arms.
    ratio
        Estimate with its interval.
    test
        Name of the test, "" for none.
    p
        Its p value.
    published
        Published ratio, None where there is none.
    """

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
    """Kaplan-Meier plot of an endpoint; a note says when two curves cross.

    Parameters
    ----------
    arms
        In the order of colours, dashes and rows.
    endpoint
        "PFS", "OS" or "DoR"; any other text is printed as it is.
    ratios
        Hazard ratios, with the name of their test ("log-rank", "stratified log-rank", "cox", or any text).
    months
        End of the time axis; the longest follow-up when None.
    population
        Added to the heading.
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
        Without arms.
    """
    if not arms:
        raise InvalidArgument(
            "no arms were given for the Kaplan-Meier figure; expected at least one"
        )
    text, palette = language(lang), THEMES[theme]
    endpoint_words = text.known(f"endpoint.{endpoint}", endpoint)
    title = title or text.say("km.title", endpoint=endpoint_words)
    title = f"{title} – {population}" if population else title
    end = months if months is not None else max(arm.curve.last for arm in arms) / DAYS_PER_MONTH
    ticks = _ticks(end)
    end = max(end, float(ticks[-1]))
    left = -max(58.0, 14 + max(text_width(arm.name, 11) for arm in arms))
    notes = _notes(arms, text, palette, _WIDTH - left)
    table, table_height = _header(arms, ratios, text, palette, left)
    top = -(table_height + 15 * len(notes) + 26)
    layers = [
        *heading(title, notes, top, left, palette),
        *table,
        *_curves(arms, end, ticks, endpoint_words, text, palette),
        *_published(arms, end, palette),
        *_at_risk(arms, ticks, text, palette, left),
    ]
    spec = specification(
        _description(arms, endpoint_words, text),
        palette,
        lang,
        width=_WIDTH,
        height=_HEIGHT,
        layer=layers,
    )
    return Figure(
        name=name or f"km-{endpoint.lower()}",
        title=title,
        description=_description(arms, endpoint_words, text),
        spec=spec,
        columns=(
            "arm",
            "months",
            "survival_percent",
            "low_percent",
            "high_percent",
            "at_risk",
            "events",
            "censored",
        ),
        rows=tuple(row for arm in arms for row in _rows(arm)),
        language=lang,
    )


def month_ticks(end: float, most: int = 11) -> NDArray[np.float64]:
    """Round months from 0 to the last one up to `end`.

    Parameters
    ----------
    end
        End of the axis in months.
    most
        Largest number of ticks.
    """
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
    text: Language,
    palette: Theme,
) -> list[Layer]:
    """Bands, curves and censoring ticks."""
    x = {
        "field": "m",
        "type": "quantitative",
        "scale": {"domain": [0, end], "nice": False},
        "axis": {
            "labelFlush": False,
            "title": text.say("axis.months_since_randomisation"),
            "values": ticks.tolist(),
            "grid": False,
            "titlePadding": 8,
        },
    }
    y_axis = {
        "title": text.say("axis.survival", endpoint=endpoint),
        "values": [0, 25, 50, 75, 100],
        "domain": False,
    }
    y = {"field": "s", "type": "quantitative", "scale": {"domain": [0, 100]}, "axis": y_axis}
    layers: list[Layer] = [stroke(0, _HEIGHT / 2, _WIDTH, _HEIGHT / 2, palette.line, dash=[2, 3])]
    for i, arm in enumerate(arms):
        interpolate = "step-after" if arm.band is None else "linear"
        area = {
            "type": "area",
            "interpolate": interpolate,
            "color": palette.colour(i),
            "opacity": 0.1,
            "clip": True,
        }
        edge = {
            "type": "line",
            "interpolate": interpolate,
            "color": palette.colour(i),
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
            layers.append(
                {"data": band, "mark": edge, "encoding": {"x": x, "y": {**y, "field": side}}}
            )
    for i, arm in enumerate(arms):
        steps = [{"m": float(m), "s": float(s)} for m, s in _steps(arm.curve, end)]
        line: dict[str, Any] = {
            "type": "line",
            "interpolate": "step-after",
            "color": palette.colour(i),
            "strokeWidth": 2.2,
            "clip": True,
            "strokeJoin": "miter",
        }
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
                "color": palette.colour(i),
                "opacity": 0.75,
            }
            layers.append({"data": {"values": values}, "mark": tick, "encoding": {"x": x, "y": y}})
    return layers


def _censored(arm: KaplanMeierArm, end: float) -> NDArray[np.float64]:
    """Days with a censoring within the axis."""
    days = np.unique(arm.curve.data.time[~arm.curve.data.observed])
    return np.asarray(days[days / DAYS_PER_MONTH <= end])


def _thin(months: NDArray[np.float64], *heights: NDArray[np.float64]) -> list[tuple[float, ...]]:
    """Points of a step function, at most a few per pixel: the first and the last step of each column are kept."""
    columns = list(zip(months.tolist(), *(h.tolist() for h in heights), strict=True))
    if len(columns) <= _WIDTH:
        return columns
    column = np.floor(months / months[-1] * 0.5 * _WIDTH)
    edge = np.flatnonzero(np.diff(column, prepend=-1.0, append=np.inf))
    chosen = np.unique(np.concatenate([edge[:-1], edge[1:] - 1]))
    return [columns[k] for k in chosen]


def _steps(curve: SurvivalCurve, end: float) -> list[tuple[float, ...]]:
    """Months and percent of the steps of a curve."""
    last = min(curve.last / DAYS_PER_MONTH, end)
    inside = curve.times / DAYS_PER_MONTH <= last
    months = np.concatenate([[0.0], curve.times[inside] / DAYS_PER_MONTH, [last]])
    survival = np.concatenate([[1.0], curve.survival[inside]])
    return _thin(months, 100.0 * np.append(survival, survival[-1]))


def _band(arm: KaplanMeierArm, end: float) -> list[dict[str, float]]:
    """Points of the shaded interval."""
    if arm.band is not None:
        until = min(float(arm.band.months[-1]), end)
        months = np.append(arm.band.months[arm.band.months < until], until)
        low, high = (
            np.interp(months, arm.band.months, side) for side in (arm.band.low, arm.band.high)
        )
        return [
            {"m": float(m), "low": float(a), "high": float(b)}
            for m, a, b in zip(months, low, high, strict=True)
        ]
    curve = arm.curve
    last = min(curve.last / DAYS_PER_MONTH, end)
    inside = (curve.times / DAYS_PER_MONTH <= last) & ~np.isnan(curve.low)
    months = np.concatenate([[0.0], curve.times[inside] / DAYS_PER_MONTH, [last]])
    low, high = (np.concatenate([[100.0], 100.0 * e[inside]]) for e in (curve.low, curve.high))
    points = _thin(months, np.append(low, low[-1]), np.append(high, high[-1]))
    return [{"m": m, "low": a, "high": b} for m, a, b in points]


def _published(arms: Sequence[KaplanMeierArm], end: float, palette: Theme) -> list[Layer]:
    """Published curves, rates and medians."""
    layers: list[Layer] = []
    x, y = {"field": "m", "type": "quantitative"}, {"field": "s", "type": "quantitative"}
    for i, arm in enumerate(arms):
        if arm.published_curve:
            points = [
                {"m": month, "s": percent} for month, percent in arm.published_curve if month <= end
            ]
            line = {
                "type": "line",
                "color": palette.colour(i),
                "strokeWidth": 1.6,
                "strokeDash": [1, 3],
                "strokeCap": "round",
                "clip": True,
            }
            layers.append({"data": {"values": points}, "mark": line, "encoding": {"x": x, "y": y}})
        # landmarks of several arms are shifted, so that their intervals do not overlap
        offset = 5.0 * (i - (len(arms) - 1) / 2)
        for month, rate in arm.landmarks:
            if month > end:
                continue
            if rate.has_interval:
                interval = [{"m": month, "s": rate.low, "s2": rate.high}]
                rule = {
                    "type": "rule",
                    "color": palette.colour(i),
                    "strokeWidth": 1.3,
                    "clip": True,
                    "xOffset": offset,
                }
                encoding = {"x": x, "y": y, "y2": {"field": "s2"}}
                layers.append({"data": {"values": interval}, "mark": rule, "encoding": encoding})
            layers.append(_diamond({"m": month, "s": rate.value}, palette, i, offset))
        median = arm.published
        if median is not None and math.isfinite(median.value) and median.value <= end:
            if median.has_interval:
                interval = [{"m": median.low, "m2": min(median.high, end), "s": 50.0}]
                rule = {
                    "type": "rule",
                    "color": palette.colour(i),
                    "strokeWidth": 1.3,
                    "clip": True,
                }
                encoding = {"x": x, "y": y, "x2": {"field": "m2"}}
                layers.append({"data": {"values": interval}, "mark": rule, "encoding": encoding})
            layers.append(_diamond({"m": median.value, "s": 50.0}, palette, i, 0.0))
    return layers


def _diamond(value: dict[str, float], palette: Theme, index: int, offset: float) -> Layer:
    """A published value."""
    mark = {
        "type": "point",
        "shape": "diamond",
        "size": 72,
        "filled": True,
        "fill": palette.background,
        "opacity": 1,
        "stroke": palette.colour(index),
        "strokeWidth": 1.8,
        "xOffset": offset,
    }
    encoding = {
        "x": {"field": "m", "type": "quantitative"},
        "y": {"field": "s", "type": "quantitative"},
    }
    return {"data": {"values": [value]}, "mark": mark, "encoding": encoding}


def _at_risk(
    arms: Sequence[KaplanMeierArm],
    ticks: NDArray[np.float64],
    text: Language,
    palette: Theme,
    left: float,
) -> list[Layer]:
    """Table of numbers at risk under the time axis."""
    top = _HEIGHT + 62
    layers = [text_label(left, top, text.say("km.at_risk"), palette.foreground, weight=600)]
    for i, arm in enumerate(arms):
        y = top + _ROW * (i + 1) + 2
        counts = arm.curve.at_risk(ticks * DAYS_PER_MONTH)
        values = [{"m": float(m), "n": f"{round(n)}"} for m, n in zip(ticks, counts, strict=True)]
        layers.append(text_label(-24, y, arm.name, palette.colour(i), weight=600, align="right"))
        number = {"type": "text", "fontSize": 11, "color": palette.foreground, "baseline": "middle"}
        encoding = {
            "x": {"field": "m", "type": "quantitative"},
            "y": {"value": y},
            "text": {"field": "n", "type": "nominal"},
        }
        layers.append({"data": {"values": values}, "mark": number, "encoding": encoding})
    return layers


def _header(
    arms: Sequence[KaplanMeierArm],
    ratios: Sequence[HazardRatioLine],
    text: Language,
    palette: Theme,
    left: float,
) -> tuple[list[Layer], float]:
    """The table over the plot (arms, events, medians), then the hazard ratios; with its height."""
    is_simulated = any(arm.median is not None for arm in arms)
    ratio_lines = [_ratio_words(line, text, is_simulated) for line in ratios]
    rows = len(arms) + 1
    height = _ROW * (rows + len(ratio_lines)) + (6 if ratio_lines else 0) + 14
    y = -height + 8.0
    simulated = [arm for arm in arms if arm.median is not None]
    level = round(100 * simulated[0].median.level) if simulated and simulated[0].median else 95
    median_title = (
        text.say("km.median_prediction", level=level) if simulated else text.say("km.median")
    )
    has_published = any(arm.published is not None for arm in arms)
    name_end = left + 44 + max(text_width(arm.label, 11) for arm in arms) + 24
    events_at = max(name_end, left + 150)
    median_at = events_at + 92
    published_at = median_at + 166
    layers = [
        text_label(events_at, y, text.say("km.events"), palette.muted),
        text_label(median_at, y, median_title, palette.muted),
    ]
    if has_published:
        layers.append(
            symbol(
                published_at + 4,
                y,
                "diamond",
                palette.muted,
                width=1.3,
                background=palette.background,
            )
        )
        layers.append(text_label(published_at + 14, y, text.say("km.published"), palette.muted))
    for i, arm in enumerate(arms):
        y += _ROW
        data = arm.curve.data
        curve_median = arm.curve.median.estimate(1 / DAYS_PER_MONTH)
        median = arm.median if arm.median is not None else curve_median
        layers += [
            stroke(left, y, left + 34, y, palette.colour(i), width=2.4, dash=dash(i)),
            text_label(left + 44, y, arm.label, palette.colour(i), weight=600),
            text_label(
                events_at,
                y,
                f"{_patient_count(data.weights[data.observed])} / {_patient_count(data.weights)}",
                palette.foreground,
            ),
            text_label(median_at, y, text.interval(median), palette.foreground),
        ]
        if arm.published is not None:
            layers.append(
                text_label(published_at + 14, y, text.interval(arm.published), palette.foreground)
            )
    y += 6 if ratio_lines else 0
    for line in ratio_lines:
        y += _ROW
        layers.append(text_label(left, y, line, palette.foreground))
    return layers, height


def _patient_count(weights: NDArray[np.float64]) -> int:
    """Number of patients from weights that may be fractions."""
    return round(float(weights.sum()))


def _ratio_words(line: HazardRatioLine, text: Language, simulated: bool) -> str:
    """A hazard ratio as a line of text."""
    value = text.interval(line.ratio, 2)
    arm_names = {"experimental": line.experimental, "control": line.control}
    if line.test and not math.isnan(line.p):
        test = text.known(f"test.{line.test}", line.test)
        sentence = text.say(
            "km.hazard_ratio", **arm_names, value=value, test=test, p=text.p_value(line.p)
        )
    else:
        sentence = text.say("km.hazard_ratio_plain", **arm_names, value=value)
        if simulated and line.ratio.has_interval:
            sentence += text.say("km.join") + text.say(
                "km.prediction", level=round(100 * line.ratio.level)
            )
    if line.published is not None:
        sentence += text.say("km.join") + text.say(
            "km.published_ratio", value=text.interval(line.published, 2)
        )
    return sentence


def _notes(
    arms: Sequence[KaplanMeierArm], text: Language, palette: Theme, width: float
) -> list[tuple[str, str]]:
    """Notes under the heading, with their colours."""
    crossing = [
        f"{a.name} × {b.name}" for a, b in combinations(arms, 2) if curves_cross(a.curve, b.curve)
    ]
    notes: list[tuple[str, str]] = []
    if crossing:
        crossing_note = text.say("km.cross", pairs=", ".join(crossing))
        notes += [(line, palette.warning) for line in wrap(crossing_note, width, 11)]
    parts = []
    bands = [arm.band for arm in arms if arm.band is not None]
    if bands:
        key = "km.band_prediction" if bands[0].parameters else "km.band_sampling"
        parts.append(text.say(key, level=round(100 * bands[0].level)))
    else:
        curve = arms[0].curve
        parts.append(
            text.say("km.band_interval", level=round(100 * curve.level), interval=curve.interval)
        )
    if any(0 < len(_censored(arm, math.inf)) <= _MOST_TICKS for arm in arms):
        parts.append(text.say("km.censored"))
    if any(arm.published_curve for arm in arms):
        parts.append(text.say("km.dots"))
    if any(arm.landmarks or arm.published is not None for arm in arms):
        parts.append(text.say("km.diamonds", level=95))
    paragraph = (" " if text.code == "en" else "").join(parts)
    return notes + [(line, palette.muted) for line in wrap(paragraph, width, 11)]


def _description(arms: Sequence[KaplanMeierArm], endpoint: str, text: Language) -> str:
    """Text alternative."""
    sentences = [
        text.say(
            "km.describe_arm",
            arm=arm.name,
            n=_patient_count(arm.curve.data.weights),
            events=_patient_count(arm.curve.data.weights[arm.curve.data.observed]),
            median=text.number(arm.curve.median.value / DAYS_PER_MONTH),
        )
        for arm in arms
    ]
    return text.say("km.describe", endpoint=endpoint, arms=" ".join(sentences))


def _rows(arm: KaplanMeierArm) -> list[tuple[object, ...]]:
    """The curve after each time, with the events and censorings since the row before.

    One row per distinct time; for the many thousand times of pooled replicates, one row per two pixels.
    """
    curve, data = arm.curve, arm.curve.data
    times, index = np.unique(data.time, return_inverse=True)
    events = np.bincount(index, data.weights * data.observed, len(times))
    censored = np.bincount(index, data.weights * ~data.observed, len(times))
    if times[0] > 0:
        times, events, censored = (np.concatenate([[0.0], a]) for a in (times, events, censored))
    if len(times) > _WIDTH:
        pixel = np.floor(times / times[-1] * (_WIDTH / 2 - 1))
        starts = np.flatnonzero(np.diff(pixel, prepend=-1.0))
        events, censored = (np.add.reduceat(a, starts) for a in (events, censored))
        times = times[np.append(starts[1:], len(times)) - 1]
    low, high = curve.band_at(times)
    columns = (
        times / DAYS_PER_MONTH,
        100.0 * curve.at(times),
        100.0 * low,
        100.0 * high,
        curve.at_risk(times),
        events,
        censored,
    )
    return [(arm.name, *(float(v) for v in numbers)) for numbers in zip(*columns, strict=True)]
