"""Waterfall and spider plots: best change, and change over time, of the target lesions of each patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.report.figures.canvas import Layer, heading, symbol, text_label, text_width, wrap
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.kaplan_meier import month_ticks
from normoxia.report.figures.theme import THEMES, Theme

_TOTAL_WIDTH, _HEIGHT, _GAP = 700, 300, 26
_RESPONSES = ("CR", "PR", "SD", "PD", "NE")


@dataclass(frozen=True, slots=True, eq=False)
class WaterfallArm:
    """Best response of the patients of an arm.

    Attributes
    ----------
    name
        Name of the arm.
    best_change
        Best percent change of the sum of target lesions; shape (n_patients,). Patients without a measurement after
        baseline (nan) are counted as not shown.
    response
        Best response, "CR", "PR", "SD", "PD" or "NE", one entry per patient.
    """

    name: str
    best_change: NDArray[np.float64]
    response: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class SpiderArm:
    """Change over time of the patients of an arm.

    Attributes
    ----------
    name
        Name of the arm.
    months
        Times of the scans of each patient, 0 first.
    change
        Percent change of the sum of target lesions at each scan.
    response
        Best response, one entry per patient.
    """

    name: str
    months: Sequence[NDArray[np.float64]]
    change: Sequence[NDArray[np.float64]]
    response: Sequence[str]


def waterfall_figure(
    arms: Sequence[WaterfallArm],
    *,
    cap: float = 100.0,
    lang: str = "en",
    theme: str = "light",
    name: str = "waterfall",
    title: str = "",
) -> Figure:
    """Best change of every patient, worst to best, one panel per arm.

    Parameters
    ----------
    arms
        One per panel.
    cap
        Percent beyond which bars are cut and marked.
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
        Without arms, or when an arm has not one response per change.
    """
    if not arms:
        raise InvalidArgument("no arms were given for the waterfall plot; expected at least one")
    text, palette = language(lang), THEMES[theme]
    title = title or text.say("waterfall.title")
    capped = sum(int((arm.best_change > cap).sum()) for arm in arms)
    missing = sum(int(np.isnan(arm.best_change).sum()) for arm in arms)
    parts = [text.say("waterfall.capped", cap=f"{cap:g}", count=capped)] if capped else []
    parts += [text.say("waterfall.missing", count=missing)] if missing else []
    notes = (
        [("; ".join(parts) if lang == "en" else "；".join(parts), palette.muted)] if parts else []
    )
    width = _panel_width(len(arms))
    panels, rows, sentences = [], [], []
    responses = [r for r in _RESPONSES if any(r in arm.response for arm in arms)]
    for i, arm in enumerate(arms):
        if len(arm.response) != len(arm.best_change):
            raise InvalidArgument(
                f"{arm.name} has {len(arm.best_change)} changes and {len(arm.response)} responses"
            )
        measured = np.flatnonzero(~np.isnan(arm.best_change))
        order = measured[np.argsort(-arm.best_change[measured], kind="stable")]
        changes = arm.best_change[order]
        rows += [
            (arm.name, rank + 1, float(arm.best_change[k]), arm.response[k])
            for rank, k in enumerate(order)
        ]
        title_layers = heading(title, notes, -76 - 15 * len(notes), -52, palette) if i == 0 else []
        legend = _legend(responses, text, palette, -48) if i == 0 else []
        values = _bar_values(arm, order, cap, width)
        panels.append(
            {
                "width": width,
                "height": _HEIGHT,
                "layer": [
                    *title_layers,
                    *legend,
                    text_label(
                        0,
                        -14,
                        text.say("waterfall.panel", arm=arm.name, n=len(arm.best_change)),
                        palette.colour(i),
                        weight=700,
                        size=12,
                    ),
                    *_bars(values, len(order), cap, i == 0, text, palette),
                    *_thresholds(text, palette, i == len(arms) - 1, width),
                ],
            }
        )
        sentences.append(
            text.say(
                "waterfall.describe_arm",
                arm=arm.name,
                n=len(arm.best_change),
                shrunk=int((changes <= -30).sum()),
                grown=int((changes >= 20).sum()),
                deepest=text.number(float(changes.min()), 0) if len(changes) else "–",
            )
        )
    description = text.say("waterfall.describe", arms=" ".join(sentences))
    spec = _concat(panels, description, palette, lang)
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=spec,
        columns=("arm", "rank", "best_change_percent", "best_response"),
        rows=tuple(rows),
        language=lang,
    )


def spider_figure(
    arms: Sequence[SpiderArm],
    *,
    cap: float = 100.0,
    months: float | None = None,
    most: int = 120,
    lang: str = "en",
    theme: str = "light",
    name: str = "spider",
    title: str = "",
) -> Figure:
    """Change over time of every patient as a thin line, one panel per arm.

    Parameters
    ----------
    arms
        One per panel.
    cap
        Percent at which lines are cut.
    months
        End of the time axis; the longest follow-up when None.
    most
        Largest number of lines per arm, evenly spaced by best change; a note says so, and the data have every patient.
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
        raise InvalidArgument("no arms were given for the spider plot; expected at least one")
    text, palette = language(lang), THEMES[theme]
    title = title or text.say("spider.title")
    longest = max((float(m[-1]) for arm in arms for m in arm.months if len(m)), default=1.0)
    end = months if months is not None else longest
    width = _panel_width(len(arms))
    drawn = [_evenly_spaced(arm, most) for arm in arms]
    parts = [text.say("spider.median")]
    if any(len(patients) < len(arm.change) for arm, patients in zip(arms, drawn, strict=True)):
        parts.append(text.say("spider.sample", most=most))
    if any(float(np.max(c, initial=0.0)) > cap for arm in arms for c in arm.change):
        parts.append(text.say("spider.cut", cap=f"{cap:g}"))
    joiner = "; " if lang == "en" else "；"
    notes = [(line, palette.muted) for line in wrap(joiner.join(parts), _TOTAL_WIDTH + 40, 11)]
    responses = [r for r in _RESPONSES if any(r in arm.response for arm in arms)]
    panels, sentences = [], []
    for i, (arm, patients) in enumerate(zip(arms, drawn, strict=True)):
        title_layers = heading(title, notes, -76 - 15 * len(notes), -52, palette) if i == 0 else []
        legend = _legend(responses, text, palette, -48) if i == 0 else []
        values = [
            {"p": int(k), "m": float(m), "c": float(c), "r": arm.response[k]}
            for k in patients
            for m, c in zip(arm.months[k], arm.change[k], strict=True)
        ]
        panels.append(
            {
                "width": width,
                "height": _HEIGHT,
                "layer": [
                    *title_layers,
                    *legend,
                    text_label(
                        0,
                        -14,
                        text.say("waterfall.panel", arm=arm.name, n=len(arm.change)),
                        palette.colour(i),
                        weight=700,
                        size=12,
                    ),
                    *_patient_lines(
                        values, _median_course(arm, end), end, cap, i == 0, text, palette
                    ),
                    *_thresholds(text, palette, i == len(arms) - 1, width),
                ],
            }
        )
        best = [float(c[1:].min()) for c in arm.change if len(c) > 1]
        middle = text.number(float(np.median(best)), 0) if best else "–"
        sentences.append(
            text.say("spider.describe_arm", arm=arm.name, n=len(arm.change), median=middle)
        )
    rows = tuple(
        (arm.name, k + 1, float(m), float(c), arm.response[k])
        for arm in arms
        for k in range(len(arm.change))
        for m, c in zip(arm.months[k], arm.change[k], strict=True)
    )
    description = text.say("spider.describe", arms=" ".join(sentences))
    columns = ("arm", "patient", "months", "change_percent", "best_response")
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=_concat(panels, description, palette, lang),
        columns=columns,
        rows=rows,
        language=lang,
    )


def _concat(
    panels: list[dict[str, Any]], description: str, palette: Theme, lang: str
) -> dict[str, Any]:
    """Panels side by side."""
    return specification(description, palette, lang, hconcat=panels, spacing=_GAP, bounds="flush")


def _panel_width(n_panels: int) -> float:
    return max(150.0, (_TOTAL_WIDTH - _GAP * (n_panels - 1)) / n_panels)


def _y(field: str, cap: float, labelled: bool, text: Language) -> dict[str, Any]:
    """Axis of percent change."""
    axis: dict[str, Any] = {
        "values": [v for v in (-100, -50, 0, 50, 100) if v <= cap],
        "domain": False,
        "ticks": False,
    }
    axis |= {"title": text.say("axis.change")} if labelled else {"labels": False, "title": None}
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"domain": [-100, cap], "nice": False},
        "axis": axis,
    }


def _response_colour(palette: Theme) -> dict[str, Any]:
    """Colour by best response."""
    table = palette.response
    return {
        "field": "r",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(table), "range": list(table.values())},
    }


def _bars(
    values: list[dict[str, Any]],
    count: int,
    cap: float,
    labelled: bool,
    text: Language,
    palette: Theme,
) -> list[Layer]:
    """Bars of a waterfall panel, with marks where they are cut."""
    x = {
        "field": "i",
        "type": "quantitative",
        "scale": {"domain": [0, max(count, 1)], "nice": False},
        "axis": {
            "labels": False,
            "ticks": False,
            "grid": False,
            "domain": False,
            "title": text.say("axis.patients"),
        },
    }
    bar = {"type": "rect", "clip": True}
    place = {
        "x": x,
        "x2": {"field": "i2"},
        "y": _y("c", cap, labelled, text),
        "y2": {"field": "z"},
        "color": _response_colour(palette),
    }
    layers: list[Layer] = [{"data": {"values": values}, "mark": bar, "encoding": place}]
    cut = [{"i": (v["i"] + v["i2"]) / 2, "c": cap} for v in values if v["c"] >= cap]
    if cut:
        mark = {
            "type": "point",
            "shape": "triangle-up",
            "filled": True,
            "size": 30,
            "color": palette.foreground,
            "yOffset": -5,
            "opacity": 1,
        }
        at = {
            "x": {"field": "i", "type": "quantitative"},
            "y": {"field": "c", "type": "quantitative"},
        }
        layers.append({"data": {"values": cut}, "mark": mark, "encoding": at})
    return layers


def _bar_values(
    arm: WaterfallArm, order: NDArray[np.intp], cap: float, width: float
) -> list[dict[str, Any]]:
    """One bar per patient; for more than three patients per pixel, evenly spaced ones of the sorted patients."""
    n = len(order)
    ranks = (
        np.arange(n)
        if n <= 3 * width
        else np.unique(np.linspace(0, n - 1, int(3 * width)).astype(int))
    )
    ends = np.append(ranks[1:], n).astype(np.float64)
    ends -= 0.18 * (width > 3 * n)  # a gap between bars that are wide enough to have one
    return [
        {
            "i": float(a),
            "i2": float(b),
            "c": float(min(arm.best_change[order[a]], cap)),
            "r": arm.response[order[a]],
            "z": 0,
        }
        for a, b in zip(ranks, ends, strict=True)
    ]


def _patient_lines(
    values: list[dict[str, Any]],
    median: list[dict[str, float]],
    end: float,
    cap: float,
    labelled: bool,
    text: Language,
    palette: Theme,
) -> list[Layer]:
    """Lines of the patients, and the median."""
    axis = {
        "values": month_ticks(end, 7).tolist(),
        "grid": False,
        "title": text.say("axis.months"),
        "labelFlush": False,
    }
    x = {
        "field": "m",
        "type": "quantitative",
        "scale": {"domain": [0, end], "nice": False},
        "axis": axis,
    }
    y = _y("c", cap, labelled, text)
    patient_line = {"type": "line", "strokeWidth": 1, "opacity": 0.5, "clip": True}
    median_line = {"type": "line", "strokeWidth": 2.6, "color": palette.foreground, "clip": True}
    return [
        {
            "data": {"values": values},
            "mark": patient_line,
            "encoding": {
                "x": x,
                "y": y,
                "detail": {"field": "p", "type": "nominal"},
                "color": _response_colour(palette),
            },
        },
        {"data": {"values": median}, "mark": median_line, "encoding": {"x": x, "y": y}},
    ]


def _thresholds(text: Language, palette: Theme, last: bool, width: float) -> list[Layer]:
    """Lines at the thresholds of partial response and progression."""
    layers: list[Layer] = []
    for value, key in ((-30, "waterfall.partial"), (20, "waterfall.progression")):
        rule = {
            "type": "rule",
            "color": palette.foreground,
            "strokeWidth": 1,
            "strokeDash": [4, 3],
            "opacity": 0.75,
        }
        layers.append(
            {
                "data": {"values": [{"c": value}]},
                "mark": rule,
                "encoding": {"y": {"field": "c", "type": "quantitative"}},
            }
        )
        if last:
            label = {
                "type": "text",
                "align": "left",
                "dx": 5,
                "baseline": "middle",
                "color": palette.muted,
                "text": text.say(key),
            }
            at = {"x": {"value": width}, "y": {"field": "c", "type": "quantitative"}}
            layers.append({"data": {"values": [{"c": value}]}, "mark": label, "encoding": at})
    zero = {"type": "rule", "color": palette.line, "strokeWidth": 1}
    layers.append(
        {
            "data": {"values": [{"c": 0}]},
            "mark": zero,
            "encoding": {"y": {"field": "c", "type": "quantitative"}},
        }
    )
    return layers


def _legend(responses: Sequence[str], text: Language, palette: Theme, y: float) -> list[Layer]:
    """Colours of best response."""
    layers, x = [], -52.0
    for code in responses:
        label = f"{code} {text.say(f'response.{code}')}"
        layers += [
            symbol(x + 6, y, "square", palette.response[code], size=110),
            text_label(x + 18, y, label, palette.foreground),
        ]
        x += 18 + text_width(label, 11) + 20
    return layers


def _evenly_spaced(arm: SpiderArm, most: int) -> list[int]:
    """Patients with a scan after baseline; evenly spaced by best change when there are too many."""
    measured = [k for k, c in enumerate(arm.change) if len(c) > 1]
    measured.sort(key=lambda k: float(np.min(arm.change[k][1:])))
    if len(measured) <= most:
        return measured
    return [measured[round(j)] for j in np.linspace(0, len(measured) - 1, most)]


def _median_course(arm: SpiderArm, end: float) -> list[dict[str, float]]:
    """Median of the patients still measured, interpolated between scans, while these are at least five and a fifth of the arm."""
    grid = np.linspace(0.0, end, 60)
    course = []
    for month in grid:
        changes = [
            float(np.interp(month, m, c))
            for m, c in zip(arm.months, arm.change, strict=True)
            if len(m) > 1 and m[-1] >= month
        ]
        if len(changes) < max(5, len(arm.change) / 5):
            break
        course.append({"m": float(month), "c": float(np.median(changes))})
    return course
