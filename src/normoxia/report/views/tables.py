"""Tables as finished values: cells as text, with their CSV; Table 1, and simulated beside published values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.outcome import Source
from normoxia.report.figures.comparison import ComparisonPanel, ComparisonRow
from normoxia.sheets import csv_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table of text cells.

    Attributes
    ----------
    name
        File name without ending.
    title
        Caption.
    columns
        Column headings; the first column names the rows.
    rows
        Cells as they are printed, of one or several lines; every row is as long as `columns`.
    note
        Footnote.
    emphasis
        (row, column) of cells in bold.
    groups
        Rows that head a group of rows, whose other cells are empty.
    tones
        (row, column) of cells that mean "good" or "bad", which a colour repeats.
    wrapped
        Columns of prose, whose cells wrap however short they are.
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
        """Return the table as CSV; the lines of a cell are joined by semicolons."""
        return csv_text(
            self.columns, [[cell.replace("\n", "; ") for cell in row] for row in self.rows]
        )


class BaselineRow(Protocol):
    """A row of Table 1, as `population.table_one` returns them."""

    @property
    def title(self) -> str:
        """Name of the characteristic."""
        ...

    @property
    def simulated(self) -> float:
        """Value in the virtual population."""
        ...

    @property
    def published(self) -> float:
        """Published value; nan where there is none."""
        ...

    @property
    def difference(self) -> float:
        """Standardised difference of the two."""
        ...

    @property
    def source(self) -> Source | None:
        """Where the published value was read."""
        ...


def table_one(
    rows: Iterable[BaselineRow], *, lang: str = "en", name: str = "table-1", title: str = ""
) -> Table:
    """Table of baseline characteristics of the virtual population beside the published ones.

    Standardised differences above 0.1 are in bold.

    Parameters
    ----------
    rows
        One row per characteristic.
    lang
        Code of the language, "en" or "zh".
    name
        File name without ending.
    title
        Caption; the default of the language when empty.
    """
    text = language(lang)
    heads = ("characteristic", "simulated", "published", "difference", "source")
    cells, bold = [], set()
    for i, row in enumerate(rows):
        if abs(row.difference) > 0.1:
            bold.add((i, 3))
        cells.append(
            (
                text.phrase(row.title),
                text.number(row.simulated),
                text.number(row.published),
                text.number(row.difference, 2),
                _source(row.source),
            )
        )
    return Table(
        name=name,
        title=title or text.say("table.table_one"),
        columns=tuple(text.say(f"table.{head}") for head in heads),
        rows=tuple(cells),
        note=text.say("table.table_one_note"),
        emphasis=frozenset(bold),
    )


def comparison_table(
    panels: Sequence[ComparisonPanel],
    *,
    sources: Sequence[Sequence[str]] = (),
    lang: str = "en",
    name: str = "simulated-published",
    title: str = "",
) -> Table:
    """Table of the numbers of `comparison_figure`.

    Parameters
    ----------
    panels
        Groups of rows that share a scale.
    sources
        For each panel, the source of each row's published value; a column is added when any is given.
    lang
        Code of the language, "en" or "zh".
    name
        File name without ending.
    title
        Caption; the default of the language when empty.
    """
    text = language(lang)
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
            line = [row.label, text.interval(row.simulated, panel.digits)]
            if any_published:
                verdict = _verdict(row)
                if verdict == "comparison.outside":
                    bold.add((len(cells), 3))
                line.append(
                    text.interval(row.published, panel.digits) if row.published is not None else "–"
                )
                line.append(text.say(verdict) if verdict else "–")
            if any_source:
                line.append(sources[p][r] or "–")
            cells.append(tuple(line))
    titles = {"inside": "comparison.column"}
    columns = tuple(text.say(titles.get(head, f"table.{head}")) for head in heads)
    title = title or text.say("comparison.title")
    return Table(
        name=name,
        title=title,
        columns=columns,
        rows=tuple(cells),
        emphasis=frozenset(bold),
        groups=frozenset(groups),
    )


def _verdict(row: ComparisonRow) -> str:
    """Key of the text "inside" or "outside"; empty where neither can be decided."""
    if row.published is None or not row.simulated.has_interval or math.isnan(row.published.value):
        return ""
    return (
        "comparison.inside" if row.simulated.contains(row.published.value) else "comparison.outside"
    )


def _source(source: Source | None) -> str:
    if source is None:
        return "–"
    return f"{source.reference}, {source.place}" if source.place else source.reference
