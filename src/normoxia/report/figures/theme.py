"""Colours, dashes, markers and fonts of every figure, for light and for dark backgrounds.

Six series colours that remain distinguishable for the three kinds of colour blindness (a test measures it), each
with its own dash and marker, so that no figure relies on colour alone. The dark theme has the same names; a page
turns one into the other by style sheet, because every light colour occurs once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

#: Chinese fonts of the common systems are in both stacks, so that a mixed label never shows boxes
_CHINESE = (
    "'Noto Sans CJK SC', 'Noto Sans SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', "
    "'WenQuanYi Micro Hei', 'Hiragino Sans GB'"
)
FONTS = {
    "en": f"'Helvetica Neue', Arial, 'Liberation Sans', {_CHINESE}, sans-serif",
    "zh": f"{_CHINESE}, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Theme:
    """Colours of a figure, as hexadecimal strings.

    Attributes
    ----------
    name
        "light" or "dark".
    background, foreground
        Of the page, and of text and axes on it.
    muted, faint, line
        Secondary text; grid lines; rules and ticks.
    series
        Colours of the arms, in their order.
    good, neutral, bad, unknown
        Colours of verdicts and of best response.
    published
        Colour of published values beside simulated ones.
    warning
        Colour of notes that must not be missed.
    """

    name: str
    background: str
    foreground: str
    muted: str
    faint: str
    line: str
    series: tuple[str, ...]
    good: str
    neutral: str
    bad: str
    unknown: str
    published: str
    warning: str

    def colour(self, index: int) -> str:
        """Return the colour of a series; colours repeat after the last."""
        return self.series[index % len(self.series)]

    @property
    def response(self) -> dict[str, str]:
        """Colours of best response, by RECIST code."""
        return {
            "CR": self.series[0],
            "PR": self.good,
            "SD": self.neutral,
            "PD": self.bad,
            "NE": self.unknown,
        }


LIGHT = Theme(
    name="light",
    background="#ffffff",
    foreground="#1a2230",
    muted="#5a6474",
    faint="#e8ebf0",
    line="#aab2be",
    series=("#0a62a8", "#c04f06", "#00816a", "#ac5391", "#7d6c00", "#47505e"),
    good="#2a9d8f",
    neutral="#b9c0ca",
    bad="#d1495b",
    unknown="#dfe3e8",
    published="#1b1f27",
    warning="#a4420a",
)
DARK = Theme(
    name="dark",
    background="#12161d",
    foreground="#e7ebf1",
    muted="#9ea9b8",
    faint="#242b36",
    line="#5b6675",
    series=("#62b2f2", "#ff9d5c", "#43cfae", "#e39ad4", "#dccb52", "#b3bfcd"),
    good="#4cc2b2",
    neutral="#687486",
    bad="#f2788a",
    unknown="#39424f",
    published="#f4f6fa",
    warning="#ffb27d",
)
THEMES = {"light": LIGHT, "dark": DARK}
_PAINT = re.compile(r'\b(fill=|stroke=)"(#[0-9a-f]{6})"')

DASHES: tuple[tuple[int, ...], ...] = ((1, 0), (7, 3), (2, 2), (9, 3, 2, 3), (12, 4), (4, 2, 1, 2))
MARKERS = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")


def dash(index: int) -> list[int]:
    """Return the dash pattern of a series; solid for the first."""
    return list(DASHES[index % len(DASHES)])


def marker(index: int) -> str:
    """Return the marker of a series."""
    return MARKERS[index % len(MARKERS)]


def config(palette: Theme, code: str) -> dict[str, Any]:
    """Return the Vega-Lite configuration of a theme in a language."""
    font = FONTS.get(code, FONTS["en"])
    return {
        "aria": False,  # the figure has one title and description (figure.py) instead of a label per mark
        "font": font,
        "view": {"stroke": None},
        "axis": {
            "labelColor": palette.muted,
            "titleColor": palette.foreground,
            "domainColor": palette.line,
            "tickColor": palette.line,
            "gridColor": palette.faint,
            "labelFontSize": 11,
            "titleFontSize": 12,
            "titleFontWeight": 500,
            "titlePadding": 10,
            "labelPadding": 5,
            "tickSize": 5,
            "domainWidth": 1,
            "gridWidth": 1,
            "labelFont": font,
            "titleFont": font,
        },
        "text": {"color": palette.foreground, "font": font, "fontSize": 11},
        "rule": {"color": palette.line},
        "legend": {
            "labelColor": palette.foreground,
            "titleColor": palette.muted,
            "labelFont": font,
            "titleFont": font,
        },
        "title": {"color": palette.foreground, "font": font, "anchor": "start"},
    }


def dark_rules() -> str:
    """Return style rules that turn figures drawn in the light theme dark, colour by colour."""
    rules = []
    for light, dark in zip(_colours(LIGHT), _colours(DARK), strict=True):
        rules.append(
            f'.figure svg [fill="{light}"]{{fill:{dark}}}.figure svg [stroke="{light}"]{{stroke:{dark}}}'
        )
    return "".join(rules)


def in_theme(svg: str, theme: str) -> str:
    """Return a figure that was drawn in the light theme in another one, colour by colour.

    Parameters
    ----------
    svg
        Of a figure in the light theme.
    theme
        "light" or "dark".
    """
    changed = dict(zip(_colours(LIGHT), _colours(THEMES[theme]), strict=True))
    return _PAINT.sub(lambda paint: f'{paint[1]}"{changed.get(paint[2], paint[2])}"', svg)


def _colours(palette: Theme) -> list[str]:
    return [
        palette.background,
        palette.foreground,
        palette.muted,
        palette.faint,
        palette.line,
        *palette.series,
        palette.good,
        palette.neutral,
        palette.bad,
        palette.unknown,
        palette.published,
        palette.warning,
    ]
