"""Network graph, ranking with uncertainty, and league table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.language import language
from normoxia.outcome import Estimate
from normoxia.report.figures.canvas import Layer, heading, stroke, text_label, text_width, wrap
from normoxia.report.figures.figure import Figure, specification
from normoxia.report.figures.theme import THEMES, Theme
from normoxia.report.views.tables import Table
from normoxia.values import Value

_RADIUS = 165.0


@dataclass(frozen=True, slots=True, eq=False)
class Treatment(Value):
    """A node of the network graph.

    Attributes
    ----------
    name
        Name of the treatment.
    patients
        Number of patients; nan when unknown.
    part
        Connected component, from 0.
    """

    name: str
    patients: float = math.nan
    part: int = 0


@dataclass(frozen=True, slots=True)
class DirectComparison:
    """An edge of the network graph.

    Attributes
    ----------
    one, other
        Names of the treatments.
    studies
        Number of studies that compared them.
    """

    one: str
    other: str
    studies: int = 1


@dataclass(frozen=True, slots=True)
class RankingRow:
    """Rank of a treatment.

    Attributes
    ----------
    treatment
        Name.
    score
        P-score or SUCRA (0 to 1) with interval.
    probabilities
        Probability of each rank, best first.
    """

    treatment: str
    score: Estimate
    probabilities: tuple[float, ...]


def network_figure(
    treatments: Sequence[Treatment],
    comparisons: Sequence[DirectComparison],
    *,
    lang: str = "en",
    theme: str = "light",
    name: str = "network",
    title: str = "",
) -> Figure:
    """Network graph: treatments on a circle, lines where studies compared two, width and number for their count.

    Areas of circles grow with the number of patients. Connected components have colours of their own, and a note says
    that no comparison connects them.

    Parameters
    ----------
    treatments
        In their order on the circle.
    comparisons
        Direct comparisons.
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
        For fewer than two treatments.
    UnknownName
        When a comparison names a treatment that is not among them.
    """
    if len(treatments) < 2:
        raise InvalidArgument(
            "fewer than two treatments were given for the network graph; expected at least two"
        )
    text, palette = language(lang), THEMES[theme]
    title = title or text.say("network.title")
    places = _circle(treatments)
    for edge in comparisons:
        for end in (edge.one, edge.other):
            if end not in places:
                raise UnknownName("treatment", end, places)
    parts = len({t.part for t in treatments})
    labels = max(text_width(t.name, 12) for t in treatments) + 30
    width = 2 * (_RADIUS + labels)
    shift = (width / 2, _RADIUS + 30)
    notes = [(line, palette.muted) for line in wrap(text.say("network.legend"), width, 11)]
    if parts > 1:
        notes += [
            (line, palette.warning) for line in wrap(text.say("network.parts", n=parts), width, 11)
        ]
    layers = heading(title, notes, -34 - 15 * len(notes), 0, palette)
    layers += _edges(comparisons, places, shift, palette)
    layers += _nodes(treatments, places, shift, palette)
    n_studies = sum(edge.studies for edge in comparisons)
    most = max(comparisons, key=lambda e: e.studies, default=None)
    most_studied = f"{most.one} – {most.other} ({most.studies})" if most else "–"
    description = text.say(
        "network.describe",
        n=len(treatments),
        edges=len(comparisons),
        studies=n_studies,
        often=most_studied,
        parts=parts,
    )
    spec = specification(
        description, palette, lang, width=width, height=2 * _RADIUS + 60, layer=layers
    )
    rows = tuple((e.one, e.other, e.studies) for e in comparisons)
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=spec,
        columns=("one", "other", "studies"),
        rows=rows,
        language=lang,
    )


def ranking_figure(
    rows: Sequence[RankingRow],
    *,
    score: str = "P-score",
    lang: str = "en",
    theme: str = "light",
    name: str = "ranking",
    title: str = "",
    level: str = "95",
) -> Figure:
    """Scores with their intervals, and the probability of every rank.

    Parameters
    ----------
    rows
        Best first.
    score
        Name of the score.
    lang
        Code of the language, "en" or "zh".
    theme
        "light" or "dark".
    name
        File name without ending.
    title
        Heading; the default of the language when empty.
    level
        Level of the intervals in percent, for the column heading.

    Raises
    ------
    InvalidArgument
        Without rows, or when rows have different numbers of ranks.
    """
    if not rows or any(len(row.probabilities) != len(rows[0].probabilities) for row in rows):
        raise InvalidArgument(
            "the ranking has no rows, or rows with different numbers of ranks; expected one probability per rank"
        )
    text, palette = language(lang), THEMES[theme]
    title = title or text.say("ranking.title")
    ranks = len(rows[0].probabilities)
    row_height, tile = 28, 44
    left = -(max(text_width(row.treatment, 12) for row in rows) + 20)
    width, tiles_start = 240.0, 240.0 + 130
    height = row_height * len(rows)
    notes = [
        (line, palette.muted)
        for line in wrap(text.say("ranking.note"), tiles_start + tile * ranks - left, 11)
    ]
    layers: list[Layer] = [
        *heading(title, notes, -58 - 15 * len(notes), left, palette),
        text_label(0, -16, text.say("ranking.score", score=score, level=level), palette.muted),
        text_label(tiles_start, -16, text.say("ranking.rank"), palette.muted),
    ]
    axis = {"values": [0, 0.25, 0.5, 0.75, 1], "title": None, "format": ".4~g", "labelFlush": False}
    x = {
        "field": "v",
        "type": "quantitative",
        "scale": {"domain": [0, 1], "nice": False},
        "axis": axis,
    }
    for i, row in enumerate(rows):
        y = row_height * (i + 0.5)
        layers.append(text_label(left, y, row.treatment, palette.foreground, size=12))
        if row.score.has_interval:
            values = [{"a": row.score.low, "b": row.score.high}]
            mark = {"type": "rule", "color": palette.colour(0), "strokeWidth": 2}
            encoding = {"x": {**x, "field": "a"}, "x2": {"field": "b"}, "y": {"value": y}}
            layers.append({"data": {"values": values}, "mark": mark, "encoding": encoding})
        dot = {
            "type": "point",
            "shape": "circle",
            "size": 70,
            "filled": True,
            "color": palette.colour(0),
            "opacity": 1,
        }
        layers.append(
            {
                "data": {"values": [{"v": row.score.value}]},
                "mark": dot,
                "encoding": {"x": x, "y": {"value": y}},
            }
        )
        layers.append(text_label(width + 16, y, text.interval(row.score, 2), palette.foreground))
        layers += _tiles(row.probabilities, tiles_start, y, tile, row_height, palette)
    for rank in range(ranks):
        layers.append(
            text_label(
                tiles_start + tile * (rank + 0.5),
                height + 14,
                str(rank + 1),
                palette.muted,
                align="center",
            )
        )
    row_texts = "; ".join(f"{row.treatment} {text.interval(row.score, 2)}" for row in rows)
    description = text.say("ranking.describe", n=len(rows), score=score, rows=row_texts)
    spec = specification(description, palette, lang, width=width, height=height, layer=layers)
    columns = ("treatment", "score", "low", "high", *(f"p_rank_{k + 1}" for k in range(ranks)))
    cells = tuple(
        (r.treatment, r.score.value, r.score.low, r.score.high, *r.probabilities) for r in rows
    )
    return Figure(
        name=name,
        title=title,
        description=description,
        spec=spec,
        columns=columns,
        rows=cells,
        language=lang,
    )


def league_table(
    treatments: Sequence[str],
    effects: Mapping[tuple[str, str], Estimate],
    *,
    digits: int = 2,
    null: float = 1.0,
    lang: str = "en",
    name: str = "league",
    title: str = "",
) -> Table:
    """League table: effect of the row's treatment against the column's; intervals without the null value in bold.

    Parameters
    ----------
    treatments
        In the order of rows and columns.
    effects
        (treatment, comparator) to a ratio or a difference; a dash is printed for absent pairs, which nothing connects.
    digits
        Decimals to print.
    null
        Value of no effect: 1 for ratios, 0 for differences.
    lang
        Code of the language, "en" or "zh".
    name
        File name without ending.
    title
        Caption; the default of the language when empty.
    """
    text = language(lang)
    cells, bold = [], set()
    for i, row in enumerate(treatments):
        line = [row]
        for j, column in enumerate(treatments):
            estimate = effects.get((row, column))
            if i == j or estimate is None:
                line.append("·" if i == j else "–")
                continue
            line.append(text.interval(estimate, digits))
            if estimate.has_interval and not estimate.contains(null):
                bold.add((i, j + 1))
        cells.append(tuple(line))
    heads = (text.say("league.corner"), *treatments)
    return Table(
        name=name,
        title=title or text.say("league.title"),
        columns=heads,
        rows=tuple(cells),
        note=text.say("league.note", null=f"{null:g}"),
        emphasis=frozenset(bold),
    )


def _circle(treatments: Sequence[Treatment]) -> dict[str, tuple[float, float]]:
    """Sine and negative cosine of the position of each treatment on the circle."""
    turn = 2 * math.pi / len(treatments)
    return {t.name: (math.sin(turn * i), -math.cos(turn * i)) for i, t in enumerate(treatments)}


def _edges(
    comparisons: Sequence[DirectComparison],
    places: Mapping[str, tuple[float, float]],
    shift: tuple[float, float],
    palette: Theme,
) -> list[Layer]:
    """Lines with their counts."""
    lines: list[Layer] = []
    counts: list[Layer] = []
    for edge in comparisons:
        (x, y), (x2, y2) = (
            (shift[0] + _RADIUS * places[end][0], shift[1] + _RADIUS * places[end][1])
            for end in (edge.one, edge.other)
        )
        lines.append(stroke(x, y, x2, y2, palette.line, width=1.0 + 1.8 * math.sqrt(edge.studies)))
        middle = ((x + 0.44 * (x2 - x)), (y + 0.44 * (y2 - y)))
        disc: dict[str, Any] = {
            "type": "point",
            "shape": "circle",
            "size": 260,
            "filled": True,
            "color": palette.background,
            "opacity": 1,
        }
        encoding = {"x": {"value": middle[0]}, "y": {"value": middle[1]}}
        counts.append({"data": {"values": [{}]}, "mark": disc, "encoding": encoding})
        counts.append(text_label(*middle, str(edge.studies), palette.muted, align="center"))
    return [*lines, *counts]


def _nodes(
    treatments: Sequence[Treatment],
    places: Mapping[str, tuple[float, float]],
    shift: tuple[float, float],
    palette: Theme,
) -> list[Layer]:
    """Circles with their names."""
    patient_counts = [t.patients for t in treatments if not math.isnan(t.patients)]
    largest = max(patient_counts, default=1.0)
    layers: list[Layer] = []
    for t in treatments:
        sine, cosine = places[t.name]
        x, y = shift[0] + _RADIUS * sine, shift[1] + _RADIUS * cosine
        area = 240.0 if math.isnan(t.patients) else 90.0 + 610.0 * t.patients / largest
        mark: dict[str, Any] = {
            "type": "point",
            "shape": "circle",
            "size": area,
            "filled": True,
            "fill": palette.colour(t.part),
            "stroke": palette.background,
            "strokeWidth": 2,
            "opacity": 1,
        }
        layers.append(
            {
                "data": {"values": [{}]},
                "mark": mark,
                "encoding": {"x": {"value": x}, "y": {"value": y}},
            }
        )
        label_distance = math.sqrt(area / math.pi) + 8
        align = "center" if abs(sine) < 0.15 else "left" if sine > 0 else "right"
        dy = (
            (label_distance + 6) * (1 if cosine > 0 else -1)
            if align == "center"
            else label_distance * cosine
        )
        label = text_label(
            x + label_distance * sine,
            y + dy,
            t.name,
            palette.foreground,
            size=12,
            weight=600,
            align=align,
        )
        layers.append(label)
    return layers


def _tiles(
    probabilities: Sequence[float],
    start: float,
    y: float,
    tile: float,
    height: float,
    palette: Theme,
) -> list[Layer]:
    """Probabilities of the ranks of a treatment."""
    layers: list[Layer] = []
    for k, p in enumerate(probabilities):
        block = stroke(
            start + tile * k + 1,
            y,
            start + tile * (k + 1) - 1,
            y,
            palette.colour(0),
            width=height - 3,
        )
        block["mark"]["opacity"] = 0.06 + 0.5 * min(max(p, 0.0), 1.0)  # pale enough for text on top
        text = f"{100 * p:.0f}%" if p > 0.005 else "<1%" if p > 0 else "0"
        layers += [
            block,
            text_label(start + tile * (k + 0.5), y, text, palette.foreground, align="center"),
        ]
    return layers
