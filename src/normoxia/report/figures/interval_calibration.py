"""Calibration of predictive intervals: empirical coverage at every level, and histogram of probability integral transforms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.report.figures.canvas import Layer, heading, stroke, text_label, text_width, wrap
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.theme import THEMES, Theme, dash

Floats = NDArray[np.float64]

_WIDTH, _HEIGHT, _GAP = 330.0, 300.0, 70.0
_BINS = 10
#: level of the binomial band
_BAND = 0.95
_LEVELS = np.round(np.arange(0.0, 1.0001, 0.02), 2)


@dataclass(frozen=True, slots=True, eq=False)
class Transforms:
    """Probability integral transforms (PIT): predictive probability below each published value.

    Attributes
    ----------
    name
        Group of outcomes.
    values
        Between 0 and 1; shape (n,).
    """

    name: str
    values: Floats


def coverage(values: Floats, levels: Floats = _LEVELS) -> Floats:
    """Share of published values in the central interval of each level, from their transforms.

    A value lies in the central interval of level L when |2 p - 1| is at most L.

    Parameters
    ----------
    values
        Transforms between 0 and 1; shape (n,).
    levels
        Levels of the intervals; shape (n_levels,).

    Returns
    -------
    ndarray
        Shape (n_levels,).
    """
    return np.asarray((np.abs(2.0 * values[:, None] - 1.0) <= levels + 1e-12).mean(axis=0))


def interval_calibration_figure(
    groups: Sequence[Transforms],
    *,
    title: str = "",
    lang: str = "en",
    theme: str = "light",
    name: str = "interval-calibration",
) -> Figure:
    """Nominal against empirical coverage of every group, and the histogram of the first group's transforms.

    Bands are central 95 % intervals of a binomial of the first group's size at each level. Independent outcomes of a
    calibrated prediction would stay inside at 95 % of levels; outcomes of one study are dependent, so the true band is
    wider.

    Parameters
    ----------
    groups
        Transforms; the first group has the band and the histogram. Empty ones are left out.
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
        Without values.
    """
    groups = [group for group in groups if len(group.values)]
    if not groups:
        raise InvalidArgument(
            "no predictions were given for the coverage figure; expected at least one group with values"
        )
    text, palette = language(lang), THEMES[theme]
    title = title or text.say("coverage.title")
    first = groups[0]
    n = len(first.values)
    notes = wrap(text.say("coverage.note", n=n, name=first.name), 2 * _WIDTH + _GAP + 30, 11)
    left = _coverage_panel(groups, n, text, palette)
    left += heading(
        title, [(line, palette.muted) for line in notes], -56 - 15 * len(notes), -52, palette
    )
    left += _legend(groups, palette)
    right = _histogram_panel(first, text, palette)
    coverage_at = {
        level: float(coverage(first.values, np.array([level]))[0]) for level in (0.5, 0.8, 0.95)
    }
    description = text.say(
        "coverage.describe",
        n=n,
        name=first.name,
        levels=", ".join(
            f"{100 * level:.0f}%: {100 * share:.0f}%" for level, share in coverage_at.items()
        ),
    )
    spec = specification(
        description,
        palette,
        lang,
        spacing=_GAP,
        bounds="flush",
        hconcat=[{"width": _WIDTH, "height": _HEIGHT, "layer": layers} for layers in (left, right)],
    )
    columns = ("group", "what", "at", "value", "band_low", "band_high")
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=spec,
        columns=columns,
        rows=tuple(_data_rows(groups, n)),
        language=lang,
    )


def _binomial_band(n: int, shares: Floats) -> tuple[Floats, Floats]:
    """Central 95 % of binomial(n, share) counts."""
    from scipy.stats import binom

    tail = (1.0 - _BAND) / 2.0
    return np.asarray(binom.ppf(tail, n, shares)), np.asarray(binom.ppf(1.0 - tail, n, shares))


def _coverage_panel(
    groups: Sequence[Transforms], n: int, text: Language, palette: Theme
) -> list[Layer]:
    """Empirical against nominal coverage, with the binomial band."""
    x, y = (
        {
            "type": "quantitative",
            "scale": {"domain": [0, 100], "nice": False},
            "axis": {"title": text.say(key), "tickCount": 6, "labelFlush": False, "grid": True},
        }
        for key in ("coverage.nominal", "coverage.actual")
    )
    low, high = (100.0 * counts / n for counts in _binomial_band(n, _LEVELS))
    band = [
        {"x": 100.0 * level, "a": float(a), "b": float(b)}
        for level, a, b in zip(_LEVELS, low, high, strict=True)
    ]
    layers: list[Layer] = [
        {
            "data": {"values": band},
            "mark": {"type": "area", "color": palette.line, "opacity": 0.3},
            "encoding": {"x": {**x, "field": "x"}, "y": {**y, "field": "a"}, "y2": {"field": "b"}},
        },
        stroke(0, _HEIGHT, _WIDTH, 0, palette.foreground, width=1),
    ]
    for i, group in enumerate(groups):
        values = [
            {"x": 100.0 * level, "y": 100.0 * float(share)}
            for level, share in zip(_LEVELS, coverage(group.values), strict=True)
        ]
        mark: dict[str, Any] = {
            "type": "line",
            "color": palette.colour(i),
            "strokeWidth": 2.4 if i == 0 else 1.6,
            "strokeDash": dash(i),
        }
        encoding = {"x": {**x, "field": "x"}, "y": {**y, "field": "y"}}
        layers.append({"data": {"values": values}, "mark": mark, "encoding": encoding})
    return layers


def _histogram_panel(group: Transforms, text: Language, palette: Theme) -> list[Layer]:
    """Histogram of the transforms, with the binomial band of a uniform distribution."""
    counts, edges = np.histogram(group.values, bins=_BINS, range=(0.0, 1.0))
    n = len(group.values)
    low, high = (float(c[0]) for c in _binomial_band(n, np.array([1.0 / _BINS])))
    top = 1.08 * max(float(counts.max()), high)
    x = {
        "type": "quantitative",
        "scale": {"domain": [0, 1], "nice": False},
        "axis": {
            "title": text.say("coverage.pit", name=group.name),
            "tickCount": 6,
            "grid": False,
            "labelFlush": False,
        },
    }
    y = {
        "type": "quantitative",
        "scale": {"domain": [0, top], "nice": False},
        "axis": {
            "title": text.say("coverage.count"),
            "tickCount": 5,
            "tickMinStep": 1,
            "format": "d",
        },
    }
    bars = [
        {"a": float(a) + 0.006, "b": float(b) - 0.006, "n": int(c)}
        for a, b, c in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    band = [{"a": 0.0, "b": 1.0, "n": low, "m": high}]
    expected = _HEIGHT * (1.0 - n / _BINS / top)
    return [
        {
            "data": {"values": band},
            "mark": {"type": "rect", "color": palette.line, "opacity": 0.3},
            "encoding": {
                "x": {**x, "field": "a"},
                "x2": {"field": "b"},
                "y": {**y, "field": "n"},
                "y2": {"field": "m"},
            },
        },
        {
            "data": {"values": bars},
            "mark": {"type": "rect", "color": palette.colour(0), "opacity": 0.85},
            "encoding": {
                "x": {**x, "field": "a"},
                "x2": {"field": "b"},
                "y": {**y, "field": "n"},
                "y2": {"datum": 0},
            },
        },
        stroke(0, expected, _WIDTH, expected, palette.foreground, width=1.2, dash=[5, 3]),
    ]


def _legend(groups: Sequence[Transforms], palette: Theme) -> list[Layer]:
    layers: list[Layer] = []
    at = -52.0
    for i, group in enumerate(groups):
        text = f"{group.name} (n = {len(group.values)})"
        layers += [
            stroke(
                at, -22, at + 24, -22, palette.colour(i), width=2.4 if i == 0 else 1.6, dash=dash(i)
            ),
            text_label(at + 31, -22, text, palette.foreground),
        ]
        at += 31 + text_width(text, 11) + 24
    return layers


def _data_rows(groups: Sequence[Transforms], n: int) -> list[tuple[object, ...]]:
    """Rows of the data file."""
    low, high = (counts / n for counts in _binomial_band(n, _LEVELS))
    rows: list[tuple[object, ...]] = []
    for i, group in enumerate(groups):
        for level, share, a, b in zip(_LEVELS, coverage(group.values), low, high, strict=True):
            band = (float(a), float(b)) if i == 0 else ("", "")
            rows.append((group.name, "coverage", float(level), float(share), *band))
    for value in np.sort(groups[0].values):
        rows.append((groups[0].name, "transform", "", float(value), "", ""))
    return rows
