"""Percentile bands of a state over time, one panel per arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.report.figures.canvas import Layer, heading, text_label, wrap
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.kaplan_meier import month_ticks
from normoxia.report.figures.theme import THEMES, dash

_TOTAL_WIDTH, _HEIGHT, _GAP = 700, 230, 26

#: rows of `BandArm.quantiles`
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True, eq=False)
class BandArm:
    """Percentiles of a state over the patients of an arm.

    Attributes
    ----------
    name
        Name of the arm.
    months
        Times since randomisation; shape (n_times,).
    quantiles
        Percentiles at the levels of `LEVELS`; shape (5, n_times).
    """

    name: str
    months: NDArray[np.float64]
    quantiles: NDArray[np.float64]

    @classmethod
    def of(cls, name: str, months: NDArray[np.float64], values: NDArray[np.float64]) -> BandArm:
        """Percentiles of the values of patients.

        Parameters
        ----------
        name
            Name of the arm.
        months
            Times since randomisation; shape (n_times,).
        values
            Shape (n_patients, n_times); nan is left out time by time.
        """
        return cls(name, np.asarray(months), np.nanquantile(values, LEVELS, axis=0))


def bands_figure(
    arms: Sequence[BandArm],
    state: str,
    *,
    unit: str = "",
    log: bool = False,
    lang: str = "en",
    theme: str = "light",
    name: str = "",
    title: str = "",
) -> Figure:
    """Median, interquartile range and 5th to 95th percentile of a state, one panel per arm.

    The medians of the other arms are dashed lines.

    Parameters
    ----------
    arms
        One per panel.
    state
        Title of the state in the language of the figure.
    unit
        As it is printed on the axis; "" or "1" for none.
    log
        Whether the axis is logarithmic, for states that span decades.
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
        raise InvalidArgument("no arms were given for percentile bands; expected at least one")
    text, palette = language(lang), THEMES[theme]
    title = title or text.say("bands.title", state=state)
    width = max(150.0, (_TOTAL_WIDTH - _GAP * (len(arms) - 1)) / len(arms))
    notes = [
        (line, palette.muted) for line in wrap(text.say("bands.legend"), _TOTAL_WIDTH + 30, 11)
    ]
    end = max(float(arm.months[-1]) for arm in arms)
    low = min(float(np.nanmin(arm.quantiles)) for arm in arms)
    high = max(float(np.nanmax(arm.quantiles)) for arm in arms)
    domain = [low, high] if log else [min(low, 0.0), high * 1.04 if high > 0 else high]
    printed_unit = unit if unit != "1" else ""
    label = text.say("bands.axis", state=state, unit=printed_unit) if printed_unit else state
    panels = []
    for i, arm in enumerate(arms):
        axis: dict[str, Any] = {"domain": False, "ticks": False, "tickCount": 5}
        axis |= {"title": wrap(label, _HEIGHT, 12)} if i == 0 else {"labels": False, "title": None}
        y = {
            "type": "quantitative",
            "scale": {"domain": domain, "type": "log" if log else "linear", "nice": True},
            "axis": axis,
        }
        x_axis = {
            "values": month_ticks(end, 7).tolist(),
            "grid": False,
            "title": text.say("axis.months"),
            "labelFlush": False,
        }
        x = {
            "field": "m",
            "type": "quantitative",
            "scale": {"domain": [0, end], "nice": False},
            "axis": x_axis,
        }
        layers: list[Layer] = (
            heading(title, notes, -50 - 15 * len(notes), -52, palette) if i == 0 else []
        )
        layers.append(text_label(0, -16, arm.name, palette.colour(i), weight=700, size=12))
        layers += _band_layers(arm, x, y, palette.colour(i))
        for j, other in enumerate(arms):
            if j != i:
                line = {
                    "type": "line",
                    "color": palette.colour(j),
                    "strokeWidth": 1.3,
                    "strokeDash": dash(j),
                }
                layers.append(_line(other, x, y, line))
        layers.append(
            _line(
                arm,
                x,
                y,
                {
                    "type": "line",
                    "color": palette.colour(i),
                    "strokeWidth": 2.4,
                    "strokeDash": dash(i),
                },
            )
        )
        panels.append({"width": width, "height": _HEIGHT, "layer": layers})
    sentences = [
        text.say(
            "bands.describe_arm",
            arm=arm.name,
            start=text.number(float(arm.quantiles[2, 0]), 2),
            end=text.number(float(arm.quantiles[2, -1]), 2),
        )
        for arm in arms
    ]
    description = text.say(
        "bands.describe", state=state, months=f"{end:.0f}", arms=" ".join(sentences)
    )
    spec = specification(description, palette, lang, hconcat=panels, spacing=_GAP, bounds="flush")
    rows = tuple(
        (arm.name, float(m), *(float(q) for q in column))
        for arm in arms
        for m, column in zip(arm.months, arm.quantiles.T, strict=True)
    )
    return Figure(
        name=name or "bands",
        title=title,
        description=description,
        spec=spec,
        columns=("arm", "months", "p05", "p25", "p50", "p75", "p95"),
        rows=rows,
        language=lang,
    )


def _band_layers(arm: BandArm, x: dict[str, Any], y: dict[str, Any], colour: str) -> list[Layer]:
    """The two shaded ranges of an arm."""
    layers = []
    for lower, upper, opacity in ((0, 4, 0.14), (1, 3, 0.28)):
        values = [
            {"m": float(m), "a": float(a), "b": float(b)}
            for m, a, b in zip(arm.months, arm.quantiles[lower], arm.quantiles[upper], strict=True)
        ]
        mark = {"type": "area", "color": colour, "opacity": opacity}
        layers.append(
            {
                "data": {"values": values},
                "mark": mark,
                "encoding": {"x": x, "y": {**y, "field": "a"}, "y2": {"field": "b"}},
            }
        )
    return layers


def _line(arm: BandArm, x: dict[str, Any], y: dict[str, Any], mark: dict[str, Any]) -> Layer:
    """The median of an arm as a line."""
    values = [
        {"m": float(m), "v": float(v)} for m, v in zip(arm.months, arm.quantiles[2], strict=True)
    ]
    return {
        "data": {"values": values},
        "mark": mark,
        "encoding": {"x": x, "y": {**y, "field": "v"}},
    }
