"""Evidence figures: the network of comparisons, and a ranking that never stands without its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.language import language
from normoxia.outcome import Estimate
from normoxia.report.canvas import Layer, heading, stroke, text_width, words, wrap
from normoxia.report.figure import SCHEMA, Figure
from normoxia.report.tables import Table
from normoxia.report.theme import THEMES, Theme, config
from normoxia.values import Value

_RADIUS = 165.0


@dataclass(frozen=True, slots=True, eq=False)
class Treatment(Value):
    """A node: its name, how many patients had it (nan: not known), and the connected part it belongs to, from 0."""

    name: str
    patients: float = math.nan
    part: int = 0


@dataclass(frozen=True, slots=True)
class DirectComparison:
    """An edge: two treatments that studies compared head to head, and how many did."""

    one: str
    other: str
    studies: int = 1


@dataclass(frozen=True, slots=True)
class RankingRow:
    """A treatment's standing: P-score or SUCRA (0 to 1) with interval, and the probability of each rank, best first."""

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
    """Treatments on a circle, a line where studies compared two, its width and number their count.

    Circles grow with the square root of patients. Parts without a common comparator get colours of their own,
    and the figure says that nothing compares them.
    """
    if len(treatments) < 2:
        raise InvalidArgument("a network of fewer than two treatments was asked for; expected at least two")
    speech, paint = language(lang), THEMES[theme]
    shown = title or speech.say("network.title")
    places = _circle(treatments)
    for edge in comparisons:
        for end in (edge.one, edge.other):
            if end not in places:
                raise UnknownName("treatment", end, places)
    parts = len({t.part for t in treatments})
    labels = max(text_width(t.name, 12) for t in treatments) + 30
    width = 2 * (_RADIUS + labels)
    shift = (width / 2, _RADIUS + 30)
    notes = [(line, paint.muted) for line in wrap(speech.say("network.legend"), width, 11)]
    if parts > 1:
        notes += [(line, paint.warning) for line in wrap(speech.say("network.parts", n=parts), width, 11)]
    layers = heading(shown, notes, -34 - 15 * len(notes), 0, paint)
    layers += _edges(comparisons, places, shift, paint)
    layers += _nodes(treatments, places, shift, paint)
    n_studies = sum(edge.studies for edge in comparisons)
    most = max(comparisons, key=lambda e: e.studies, default=None)
    often = f"{most.one} – {most.other} ({most.studies})" if most else "–"
    description = speech.say(
        "network.describe",
        n=len(treatments),
        edges=len(comparisons),
        studies=n_studies,
        often=often,
        parts=parts,
    )
    spec = {
        "$schema": SCHEMA, "description": description, "background": paint.ground, "padding": 14, "width": width,
        "height": 2 * _RADIUS + 60, "config": config(paint, lang), "layer": layers,
    }  # fmt: skip
    rows = tuple((e.one, e.other, e.studies) for e in comparisons)
    return Figure(name, shown, description, spec, ("one", "other", "studies"), rows, lang)


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
    """Scores with their intervals, and beside them how probable every rank is; in the order given, best first."""
    if not rows or any(len(row.probabilities) != len(rows[0].probabilities) for row in rows):
        raise InvalidArgument("a ranking needs rows, each with a probability for every rank")
    speech, paint = language(lang), THEMES[theme]
    shown = title or speech.say("ranking.title")
    ranks = len(rows[0].probabilities)
    row_height, tile = 28, 44
    left = -(max(text_width(row.treatment, 12) for row in rows) + 20)
    width, heat = 240.0, 240.0 + 130
    height = row_height * len(rows)
    notes = [(line, paint.muted) for line in wrap(speech.say("ranking.note"), heat + tile * ranks - left, 11)]
    layers: list[Layer] = [
        *heading(shown, notes, -58 - 15 * len(notes), left, paint),
        words(0, -16, speech.say("ranking.score", score=score, level=level), paint.muted),
        words(heat, -16, speech.say("ranking.rank"), paint.muted),
    ]
    axis = {"values": [0, 0.25, 0.5, 0.75, 1], "title": None, "format": ".4~g", "labelFlush": False}
    x = {"field": "v", "type": "quantitative", "scale": {"domain": [0, 1], "nice": False}, "axis": axis}
    for i, row in enumerate(rows):
        y = row_height * (i + 0.5)
        layers.append(words(left, y, row.treatment, paint.ink, size=12))
        if row.score.has_interval:
            values = [{"a": row.score.low, "b": row.score.high}]
            mark = {"type": "rule", "color": paint.colour(0), "strokeWidth": 2}
            place = {"x": {**x, "field": "a"}, "x2": {"field": "b"}, "y": {"value": y}}
            layers.append({"data": {"values": values}, "mark": mark, "encoding": place})
        dot = {
            "type": "point",
            "shape": "circle",
            "size": 70,
            "filled": True,
            "color": paint.colour(0),
            "opacity": 1,
        }
        layers.append(
            {
                "data": {"values": [{"v": row.score.value}]},
                "mark": dot,
                "encoding": {"x": x, "y": {"value": y}},
            }
        )
        layers.append(words(width + 16, y, speech.interval(row.score, 2), paint.ink))
        layers += _tiles(row.probabilities, heat, y, tile, row_height, paint)
    for rank in range(ranks):
        layers.append(
            words(heat + tile * (rank + 0.5), height + 14, str(rank + 1), paint.muted, align="center")
        )
    described = "; ".join(f"{row.treatment} {speech.interval(row.score, 2)}" for row in rows)
    description = speech.say("ranking.describe", n=len(rows), score=score, rows=described)
    spec = {
        "$schema": SCHEMA, "description": description, "background": paint.ground, "padding": 14, "width": width,
        "height": height, "config": config(paint, lang), "layer": layers,
    }  # fmt: skip
    columns = ("treatment", "score", "low", "high", *(f"p_rank_{k + 1}" for k in range(ranks)))
    cells = tuple((r.treatment, r.score.value, r.score.low, r.score.high, *r.probabilities) for r in rows)
    return Figure(name, shown, description, spec, columns, cells, lang)


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
    """Every pairwise effect: the row's treatment against the column's, in the order given; intervals without
    the value of no effect in bold.

    effects  (treatment, comparator) to a ratio or a difference; pairs that are absent get a dash (nothing connects them)
    null     what means no effect: 1 for ratios, 0 for differences
    """
    speech = language(lang)
    cells, bold = [], set()
    for i, row in enumerate(treatments):
        line = [row]
        for j, column in enumerate(treatments):
            estimate = effects.get((row, column))
            if i == j or estimate is None:
                line.append("·" if i == j else "–")
                continue
            line.append(speech.interval(estimate, digits))
            if estimate.has_interval and not estimate.contains(null):
                bold.add((i, j + 1))
        cells.append(tuple(line))
    heads = (speech.say("league.corner"), *treatments)
    return Table(
        name,
        title or speech.say("league.title"),
        heads,
        tuple(cells),
        speech.say("league.note", null=f"{null:g}"),
        frozenset(bold),
    )


def _circle(treatments: Sequence[Treatment]) -> dict[str, tuple[float, float]]:
    turn = 2 * math.pi / len(treatments)
    return {t.name: (math.sin(turn * i), -math.cos(turn * i)) for i, t in enumerate(treatments)}


def _edges(
    comparisons: Sequence[DirectComparison],
    places: Mapping[str, tuple[float, float]],
    shift: tuple[float, float],
    paint: Theme,
) -> list[Layer]:
    lines: list[Layer] = []
    counts: list[Layer] = []
    for edge in comparisons:
        (x, y), (x2, y2) = (
            (shift[0] + _RADIUS * places[end][0], shift[1] + _RADIUS * places[end][1])
            for end in (edge.one, edge.other)
        )
        lines.append(stroke(x, y, x2, y2, paint.line, width=1.0 + 1.8 * math.sqrt(edge.studies)))
        middle = ((x + 0.44 * (x2 - x)), (y + 0.44 * (y2 - y)))
        disc: dict[str, Any] = {
            "type": "point",
            "shape": "circle",
            "size": 260,
            "filled": True,
            "color": paint.ground,
            "opacity": 1,
        }
        place = {"x": {"value": middle[0]}, "y": {"value": middle[1]}}
        counts.append({"data": {"values": [{}]}, "mark": disc, "encoding": place})
        counts.append(words(*middle, str(edge.studies), paint.muted, align="center"))
    return [*lines, *counts]


def _nodes(
    treatments: Sequence[Treatment],
    places: Mapping[str, tuple[float, float]],
    shift: tuple[float, float],
    paint: Theme,
) -> list[Layer]:
    known = [t.patients for t in treatments if not math.isnan(t.patients)]
    largest = max(known, default=1.0)
    layers: list[Layer] = []
    for t in treatments:
        sine, cosine = places[t.name]
        x, y = shift[0] + _RADIUS * sine, shift[1] + _RADIUS * cosine
        area = 240.0 if math.isnan(t.patients) else 90.0 + 610.0 * t.patients / largest
        mark: dict[str, Any] = {
            "type": "point", "shape": "circle", "size": area, "filled": True, "fill": paint.colour(t.part),
            "stroke": paint.ground, "strokeWidth": 2, "opacity": 1,
        }  # fmt: skip
        layers.append(
            {"data": {"values": [{}]}, "mark": mark, "encoding": {"x": {"value": x}, "y": {"value": y}}}
        )
        reach = math.sqrt(area / math.pi) + 8
        align = "center" if abs(sine) < 0.15 else "left" if sine > 0 else "right"
        dy = (reach + 6) * (1 if cosine > 0 else -1) if align == "center" else reach * cosine
        label = words(x + reach * sine, y + dy, t.name, paint.ink, size=12, weight=600, align=align)
        layers.append(label)
    return layers


def _tiles(
    probabilities: Sequence[float], start: float, y: float, tile: float, height: float, paint: Theme
) -> list[Layer]:
    layers: list[Layer] = []
    for k, p in enumerate(probabilities):
        block = stroke(
            start + tile * k + 1, y, start + tile * (k + 1) - 1, y, paint.colour(0), width=height - 3
        )
        block["mark"]["opacity"] = 0.06 + 0.5 * min(max(p, 0.0), 1.0)  # pale enough for words on top
        text = f"{100 * p:.0f}%" if p > 0.005 else "<1%" if p > 0 else "0"
        layers += [block, words(start + tile * (k + 0.5), y, text, paint.ink, align="center")]
    return layers
