"""Figures as the page shows them: SVG in a theme, text alternative, data, and numbers to read off under the pointer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from normoxia.report.figures.figure import Figure
from normoxia.report.figures.theme import THEMES, dash, in_theme

#: of the group in which a figure of one plot is drawn
_ORIGIN = re.compile(
    r'<g fill="none" stroke-miterlimit="10" transform="translate\(([\d.]+),([\d.]+)\)"'
)
_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
#: figures with more bytes of data are drawn without them
_MOST_DATA = 2_000_000


def view(figure: Figure, theme: str = "light") -> dict[str, Any]:
    """A figure as JSON has it.

    Parameters
    ----------
    figure
        Drawn in the light theme.
    theme
        "light" or "dark".

    Returns
    -------
    dict
        `name`, `title`, `alt`, `svg`, `csv`, and `values`: of Kaplan-Meier curves their steps and where the plot lies in the
        coordinates of the SVG, else None.
    """
    csv = figure.csv(6)
    svg = figure.svg()
    return {
        "name": figure.name,
        "title": figure.title,
        "alt": figure.description,
        "svg": in_theme(svg, theme),
        "csv": csv if len(csv) <= _MOST_DATA else "",
        "values": _curves(figure, svg, theme) if "at_risk" in figure.columns else None,
    }


def in_other_theme(drawn: Mapping[str, Any], theme: str) -> dict[str, Any]:
    """A figure that was given in the light theme, in another."""
    values = drawn["values"]
    if values is not None:
        arms = [{**arm, "colour": THEMES[theme].colour(i)} for i, arm in enumerate(values["arms"])]
        values = {**values, "arms": arms}
    return {**drawn, "svg": in_theme(drawn["svg"], theme), "values": values}


def _curves(figure: Figure, svg: str, theme: str) -> dict[str, Any] | None:
    """Steps of Kaplan-Meier curves, and the rectangle and axes of their plot."""
    origin, box, end = _ORIGIN.search(svg), _BOX.search(svg), _last_month(figure.spec)
    if origin is None or box is None or end is None:
        return None
    x, y = (float(part) for part in origin.groups())
    width, height = (float(part) for part in box.groups())
    arms = []
    for i, (arm, rows) in enumerate(groupby(figure.rows, key=lambda row: row[0])):
        columns = list(zip(*rows, strict=True))
        named = dict(zip(figure.columns, columns, strict=True))
        arms.append(
            {
                "id": arm,
                "colour": THEMES[theme].colour(i),
                "dash": dash(i),
                "months": [_digits(v, 4) for v in named["months"]],
                "survival": [_digits(v, 4) for v in named["survival_percent"]],
                "at_risk": [round(v) for v in named["at_risk"]],
            }
        )
    return {
        "kind": "km",
        "view": [width, height],
        "plot": {
            "x": x,
            "y": y,
            "width": float(figure.spec["width"]),
            "height": float(figure.spec["height"]),
            "months": [0.0, end],
            "percent": [0.0, 100.0],
        },
        "arms": arms,
    }


def _last_month(spec: Mapping[str, Any]) -> float | None:
    """The end of the time axis of a specification of layers."""
    for layer in spec.get("layer", ()):
        scale = layer.get("encoding", {}).get("x", {}).get("scale")
        if scale and "domain" in scale:
            return float(scale["domain"][1])
    return None


def _digits(value: Any, digits: int) -> float:
    return float(f"{float(value):.{digits}g}")
