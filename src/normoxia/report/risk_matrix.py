"""Questions in a grid of influence against consequence, each with its standing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.report.canvas import Layer, heading, stroke, symbol, text_width, words, wrap
from normoxia.report.figure import SCHEMA, Figure
from normoxia.report.theme import THEMES, Theme, config

LEVELS = ("low", "medium", "high")
_CELL_WIDTH, _CELL_HEIGHT = 190, 84
_SHAPES = {"met": "circle", "not met": "cross", "not done": "diamond"}


@dataclass(frozen=True, slots=True)
class RiskRow:
    """A question: where it stands in the grid, its risk, and "met", "not met" or "not done"."""

    title: str
    influence: str
    consequence: str
    risk: str
    standing: str


def risk_matrix(
    rows: Sequence[RiskRow], *, lang: str = "en", theme: str = "light", name: str = "risk"
) -> Figure:
    """Influence upwards, consequence to the right, the darker ground the higher the risk.

    raises  InvalidArgument without a question, or for a level that is none
    """
    if not rows:
        raise InvalidArgument("no question was given; give at least one")
    for row in rows:
        for level in (row.influence, row.consequence, row.risk):
            if level not in LEVELS:
                raise InvalidArgument(f'"{row.title}": level "{level}"; expected one of {", ".join(LEVELS)}')
    speech, paint = language(lang), THEMES[theme]
    left = -(max(text_width(speech.say(f"credibility.level_{level}"), 12) for level in LEVELS) + 46)
    title = speech.say("credibility.matrix")
    layers = [
        *heading(title, [], -44, left, paint),
        *_legend(left, speech, paint),
        *_grid(left, speech, paint),
    ]
    for place in dict.fromkeys((row.influence, row.consequence) for row in rows):
        held = [row for row in rows if (row.influence, row.consequence) == place]
        layers += _cell(held, speech, paint)
    description = speech.say(
        "credibility.describe",
        rows=" ".join(
            speech.say(
                "credibility.describe_row",
                title=row.title,
                influence=speech.say(f"credibility.level_{row.influence}"),
                consequence=speech.say(f"credibility.level_{row.consequence}"),
                risk=speech.say(f"credibility.level_{row.risk}"),
                standing=speech.say(f"credibility.{row.standing.replace(' ', '_')}_count"),
            )
            for row in rows
        ),
    )
    spec = {
        "$schema": SCHEMA,
        "background": paint.ground,
        "padding": 12,
        "config": config(paint, lang),
        "width": 3 * _CELL_WIDTH,
        "height": 3 * _CELL_HEIGHT,
        "layer": layers,
    }
    columns = ("question", "influence", "consequence", "risk", "standing")
    cells = tuple((r.title, r.influence, r.consequence, r.risk, r.standing) for r in rows)
    return Figure(name, title, description, spec, columns, cells, lang)


def _corner(influence: str, consequence: str) -> tuple[float, float]:
    """Upper left corner of a cell."""
    return _CELL_WIDTH * LEVELS.index(consequence), _CELL_HEIGHT * (2 - LEVELS.index(influence))


def _grid(left: float, speech: Language, paint: Theme) -> list[Layer]:
    layers: list[Layer] = []
    for influence in LEVELS:
        for consequence in LEVELS:
            x, y = _corner(influence, consequence)
            product = (LEVELS.index(influence) + 1) * (LEVELS.index(consequence) + 1)
            ground = paint.unknown if product >= 6 else paint.faint if product >= 3 else paint.ground
            mark = {"type": "rect", "color": ground, "stroke": paint.ground, "strokeWidth": 2, "opacity": 1}
            place = {
                "x": {"value": x},
                "x2": {"value": x + _CELL_WIDTH},
                "y": {"value": y},
                "y2": {"value": y + _CELL_HEIGHT},
            }
            layers.append({"data": {"values": [{}]}, "mark": mark, "encoding": place})
    width, height = 3 * _CELL_WIDTH, 3 * _CELL_HEIGHT
    layers += [stroke(0, height, width, height, paint.line), stroke(0, 0, 0, height, paint.line)]
    for level in LEVELS:
        said = speech.say(f"credibility.level_{level}")
        x, y = _corner(level, level)
        layers.append(words(-12, y + _CELL_HEIGHT / 2, said, paint.muted, size=12, align="right"))
        layers.append(words(x + _CELL_WIDTH / 2, height + 16, said, paint.muted, size=12, align="center"))
    layers.append(words(left, -14, speech.say("credibility.influence"), paint.ink, size=12, weight=500))
    below = speech.say("credibility.consequence")
    layers.append(words(width, height + 38, below, paint.ink, size=12, weight=500, align="right"))
    return layers


def _cell(held: Sequence[RiskRow], speech: Language, paint: Theme) -> list[Layer]:
    x, y = _corner(held[0].influence, held[0].consequence)
    lines = [(row, wrap(row.title, _CELL_WIDTH - 44, 12)) for row in held]
    at = y + (_CELL_HEIGHT - 17 * sum(len(wrapped) for _, wrapped in lines) - 6 * (len(held) - 1)) / 2 + 8
    layers: list[Layer] = []
    for row, wrapped in lines:
        layers.append(symbol(x + 16, at, _SHAPES[row.standing], _colour(row, paint), size=80))
        for line in wrapped:
            layers.append(words(x + 30, at, line, paint.ink, size=12, weight=500))
            at += 17
        at += 6
    return layers


def _legend(left: float, speech: Language, paint: Theme) -> list[Layer]:
    layers: list[Layer] = []
    end = 3.0 * _CELL_WIDTH
    for standing in reversed(_SHAPES):
        said = speech.say(f"credibility.{standing.replace(' ', '_')}_count")
        end -= text_width(said, 11)
        layers.append(words(end, -14, said, paint.muted))
        row = RiskRow("", "low", "low", "low", standing)
        layers.append(symbol(end - 12, -14, _SHAPES[standing], _colour(row, paint), size=60))
        end -= 34
    return layers


def _colour(row: RiskRow, paint: Theme) -> str:
    return {"met": paint.good, "not met": paint.bad, "not done": paint.muted}[row.standing]
