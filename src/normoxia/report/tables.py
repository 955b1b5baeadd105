"""Tables as finished values: cells in words, with their CSV; Table 1 and simulated-beside-published."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.outcome import Source
from normoxia.report.comparison import ComparisonPanel, ComparisonRow
from normoxia.sheets import csv_text


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    name      a file name without ending
    columns   heads; the first column names the rows
    rows      cells as they are read, of one line or several; every row as long as `columns`
    emphasis  (row, column) of cells in bold
    groups    rows that head a group of rows, whose other cells are empty
    tones     (row, column) of cells that say "good" or "bad", which a colour repeats
    wrapped   columns of prose, whose cells break into lines however short they are
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    emphasis: frozenset[tuple[int, int]] = field(default=frozenset())
    groups: frozenset[int] = field(default=frozenset())
    tones: Mapping[tuple[int, int], Literal["good", "bad"]] = field(default_factory=dict)
    wrapped: frozenset[int] = field(default=frozenset())

    def __post_init__(self) -> None:
        for i, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise InvalidArgument(
                    f'table "{self.name}", row {i}: {len(row)} cells for {len(self.columns)} columns'
                )

    def csv(self) -> str:
        """The table as CSV, as it reads; the lines of a cell behind one another."""
        return csv_text(self.columns, [[cell.replace("\n", "; ") for cell in row] for row in self.rows])


class BaselineRow(Protocol):
    """A line of Table 1: `population.table_one` gives such rows."""

    @property
    def title(self) -> str: ...
    @property
    def simulated(self) -> float: ...
    @property
    def published(self) -> float: ...
    @property
    def difference(self) -> float: ...
    @property
    def source(self) -> Source | None: ...


def table_one(
    rows: Iterable[BaselineRow], *, lang: str = "en", name: str = "table-1", title: str = ""
) -> Table:
    """Baseline of the virtual population beside the published one; differences beyond 0.1 SD in bold."""
    speech = language(lang)
    heads = ("characteristic", "simulated", "published", "difference", "source")
    cells, bold = [], set()
    for i, row in enumerate(rows):
        if abs(row.difference) > 0.1:
            bold.add((i, 3))
        cells.append(
            (
                speech.phrase(row.title), speech.number(row.simulated), speech.number(row.published), speech.number(row.difference, 2),
                _source(row.source),
            )
        )  # fmt: skip
    return Table(
        name, title or speech.say("table.table_one"), tuple(speech.say(f"table.{head}") for head in heads),
        tuple(cells), speech.say("table.table_one_note"), frozenset(bold),
    )  # fmt: skip


def comparison_table(
    panels: Sequence[ComparisonPanel],
    *,
    sources: Sequence[Sequence[str]] = (),
    lang: str = "en",
    name: str = "simulated-published",
    title: str = "",
) -> Table:
    """The numbers of `comparison_figure` as a table.

    sources  for each panel, each row's source of the published value; a column is added when given
    """
    speech = language(lang)
    any_published = any(row.published is not None for panel in panels for row in panel.rows)
    any_source = any(source for column in sources for source in column)
    heads = [
        "quantity",
        "simulated",
        *(["published", "inside"] if any_published else []),
        *(["source"] if any_source else []),
    ]
    cells: list[tuple[str, ...]] = []
    bold, groups = set(), set()
    for p, panel in enumerate(panels):
        groups.add(len(cells))
        cells.append((panel.title, *[""] * (len(heads) - 1)))
        for r, row in enumerate(panel.rows):
            line = [row.label, speech.interval(row.simulated, panel.digits)]
            if any_published:
                verdict = _verdict(row)
                if verdict == "comparison.outside":
                    bold.add((len(cells), 3))
                line.append(
                    speech.interval(row.published, panel.digits) if row.published is not None else "–"
                )
                line.append(speech.say(verdict) if verdict else "–")
            if any_source:
                line.append(sources[p][r] or "–")
            cells.append(tuple(line))
    titles = {"inside": "comparison.column"}
    columns = tuple(speech.say(titles.get(head, f"table.{head}")) for head in heads)
    shown = title or speech.say("comparison.title")
    return Table(name, shown, columns, tuple(cells), "", frozenset(bold), frozenset(groups))


def _verdict(row: ComparisonRow) -> str:
    """The key of "inside" or "outside"; nothing where either cannot be said."""
    if row.published is None or not row.simulated.has_interval or math.isnan(row.published.value):
        return ""
    return "comparison.inside" if row.simulated.contains(row.published.value) else "comparison.outside"


def _source(source: Source | None) -> str:
    if source is None:
        return "–"
    return f"{source.reference}, {source.place}" if source.place else source.reference
