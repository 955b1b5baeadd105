"""Risk matrix: questions by influence and consequence, each with its status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.report.figures.canvas import (
    Layer,
    heading,
    stroke,
    symbol,
    text_label,
    text_width,
    wrap,
)
from normoxia.report.figures.figure import SCHEMA, Figure
from normoxia.report.figures.theme import THEMES, Theme, config

LEVELS = ("low", "medium", "high")
_CELL_WIDTH, _CELL_HEIGHT = 190, 84
_SHAPES = {"met": "circle", "not met": "cross", "not done": "diamond"}


@dataclass(frozen=True, kw_only=True, slots=True)
class RiskRow:
    """A question of a credibility file.

    Attributes
    ----------
    title
        In the language of the figure.
    influence, consequence, risk
        "low", "medium" or "high".
    standing
        "met", "not met" or "not done".
    """

    title: str
    influence: str
    consequence: str
    risk: str
    standing: str


def risk_matrix(
    rows: Sequence[RiskRow], *, lang: str = "en", theme: str = "light", name: str = "risk"
) -> Figure:
    """Risk matrix: influence upwards, consequence to the right, darker cells for higher risk.

    Parameters
    ----------
    rows
        One per question.
    lang
        Code of the language, "en" or "zh".
    theme
        "light" or "dark".
    name
        File name without ending.

    Raises
    ------
    InvalidArgument
        Without a question, or for another level.
    """
    if not rows:
        raise InvalidArgument("no questions were given for the risk matrix; expected at least one")
    for row in rows:
        for level in (row.influence, row.consequence, row.risk):
            if level not in LEVELS:
                raise InvalidArgument(
                    f'"{row.title}": level "{level}"; expected one of {", ".join(LEVELS)}'
                )
    text, palette = language(lang), THEMES[theme]
    left = -(max(text_width(text.say(f"credibility.level_{level}"), 12) for level in LEVELS) + 46)
    title = text.say("credibility.matrix")
    layers = [
        *heading(title, [], -44, left, palette),
        *_legend(text, palette),
        *_grid(left, text, palette),
    ]
    for cell in dict.fromkeys((row.influence, row.consequence) for row in rows):
        cell_rows = [row for row in rows if (row.influence, row.consequence) == cell]
        layers += _cell(cell_rows, palette)
    description = text.say(
        "credibility.describe",
        rows=" ".join(
            text.say(
                "credibility.describe_row",
                title=row.title,
                influence=text.say(f"credibility.level_{row.influence}"),
                consequence=text.say(f"credibility.level_{row.consequence}"),
                risk=text.say(f"credibility.level_{row.risk}"),
                standing=text.say(f"credibility.{row.standing.replace(' ', '_')}_count"),
            )
            for row in rows
        ),
    )
    spec = {
        "$schema": SCHEMA,
        "background": palette.background,
        "padding": 12,
        "config": config(palette, lang),
        "width": 3 * _CELL_WIDTH,
        "height": 3 * _CELL_HEIGHT,
        "layer": layers,
    }
    columns = ("question", "influence", "consequence", "risk", "standing")
    cells = tuple((r.title, r.influence, r.consequence, r.risk, r.standing) for r in rows)
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=spec,
        columns=columns,
        rows=cells,
        language=lang,
    )


def _corner(influence: str, consequence: str) -> tuple[float, float]:
    """Upper left corner of a cell."""
    return _CELL_WIDTH * LEVELS.index(consequence), _CELL_HEIGHT * (2 - LEVELS.index(influence))


def _grid(left: float, text: Language, palette: Theme) -> list[Layer]:
    """Cells with the names of the levels."""
    layers: list[Layer] = []
    for influence in LEVELS:
        for consequence in LEVELS:
            x, y = _corner(influence, consequence)
            product = (LEVELS.index(influence) + 1) * (LEVELS.index(consequence) + 1)
            colour = (
                palette.unknown
                if product >= 6
                else palette.faint
                if product >= 3
                else palette.background
            )
            mark = {
                "type": "rect",
                "color": colour,
                "stroke": palette.background,
                "strokeWidth": 2,
                "opacity": 1,
            }
            encoding = {
                "x": {"value": x},
                "x2": {"value": x + _CELL_WIDTH},
                "y": {"value": y},
                "y2": {"value": y + _CELL_HEIGHT},
            }
            layers.append({"data": {"values": [{}]}, "mark": mark, "encoding": encoding})
    width, height = 3 * _CELL_WIDTH, 3 * _CELL_HEIGHT
    layers += [
        stroke(0, height, width, height, palette.line),
        stroke(0, 0, 0, height, palette.line),
    ]
    for level in LEVELS:
        level_text = text.say(f"credibility.level_{level}")
        x, y = _corner(level, level)
        layers.append(
            text_label(-12, y + _CELL_HEIGHT / 2, level_text, palette.muted, size=12, align="right")
        )
        layers.append(
            text_label(
                x + _CELL_WIDTH / 2, height + 16, level_text, palette.muted, size=12, align="center"
            )
        )
    layers.append(
        text_label(
            left, -14, text.say("credibility.influence"), palette.foreground, size=12, weight=500
        )
    )
    below = text.say("credibility.consequence")
    layers.append(
        text_label(
            width, height + 38, below, palette.foreground, size=12, weight=500, align="right"
        )
    )
    return layers


def _cell(rows: Sequence[RiskRow], palette: Theme) -> list[Layer]:
    """Questions of one cell."""
    x, y = _corner(rows[0].influence, rows[0].consequence)
    lines = [(row, wrap(row.title, _CELL_WIDTH - 44, 12)) for row in rows]
    line_y = (
        y
        + (_CELL_HEIGHT - 17 * sum(len(wrapped) for _, wrapped in lines) - 6 * (len(rows) - 1)) / 2
        + 8
    )
    layers: list[Layer] = []
    for row, wrapped in lines:
        layers.append(symbol(x + 16, line_y, _SHAPES[row.standing], _colour(row, palette), size=80))
        for line in wrapped:
            layers.append(text_label(x + 30, line_y, line, palette.foreground, size=12, weight=500))
            line_y += 17
        line_y += 6
    return layers


def _legend(text: Language, palette: Theme) -> list[Layer]:
    """Symbols of the statuses."""
    layers: list[Layer] = []
    end = 3.0 * _CELL_WIDTH
    for standing in reversed(_SHAPES):
        standing_text = text.say(f"credibility.{standing.replace(' ', '_')}_count")
        end -= text_width(standing_text, 11)
        layers.append(text_label(end, -14, standing_text, palette.muted))
        row = RiskRow(title="", influence="low", consequence="low", risk="low", standing=standing)
        layers.append(symbol(end - 12, -14, _SHAPES[standing], _colour(row, palette), size=60))
        end -= 34
    return layers


def _colour(row: RiskRow, palette: Theme) -> str:
    return {"met": palette.good, "not met": palette.bad, "not done": palette.muted}[row.standing]
