"""A report as one HTML file: figures, tables and words in one or two languages, nothing fetched from
anywhere.

The page follows the reader's light or dark setting and prints light. Every figure and table carries its data
as a download inside the file; the manifest at the end says what was run.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from normoxia.errors import InvalidArgument, OutputExists
from normoxia.language import Language, language
from normoxia.report.figure import Figure
from normoxia.report.tables import Table
from normoxia.report.theme import DARK, FONTS, LIGHT, dark_rules
from normoxia.storage import write_whole

if TYPE_CHECKING:
    from jinja2 import Template


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph; `warning` sets it apart as something the reader must not miss."""

    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Highlight:
    """A number for the head of the page: its label, the number, and what stands beside it (the published one)."""

    label: str
    value: str
    beside: str = ""


Block = Prose | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part of the page."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A report in one language.

    badges      short labels beside the first, such as "not calibrated"
    provenance  names to values, shown at the end as they are: versions, seed, digests, command
    is_simulated  whether the first badge says "simulated, not clinical data", or that published results are pooled
    warnings    what must be read before any number; they stand above the highlights
    folded      whether tables are shown by their titles, to be opened
    """

    language: str
    title: str
    lead: str
    sections: tuple[Section, ...]
    highlights: tuple[Highlight, ...] = ()
    badges: tuple[str, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    date: str = ""
    is_simulated: bool = True
    warnings: tuple[str, ...] = ()
    folded: bool = False


def document(pages: Page | Sequence[Page]) -> str:
    """The HTML of a report: one page, or the same report in several languages with a switch between them.

    raises  InvalidArgument without a page, with a language twice, or for figures that were not drawn in the
    light
            theme (the style sheet turns light into dark, not the reverse)
    """
    held = (pages,) if isinstance(pages, Page) else tuple(pages)
    codes = [page.language for page in held]
    if not held or len(set(codes)) != len(codes):
        raise InvalidArgument(
            f"a report was asked for in the languages {codes}; expected each once, at least one"
        )
    return _template().render(
        pages=[_prepared(page) for page in held],
        light=LIGHT, dark=DARK, dark_rules=dark_rules(), fonts=FONTS,
    )  # fmt: skip


def write_document(pages: Page | Sequence[Page], path: str | Path, *, replace: bool = False) -> Path:
    """The report as a file. Raises OutputExists when it is there and `replace` is false."""
    path = Path(path)
    if path.exists() and not replace:
        raise OutputExists(f"{path} exists; name another file, or allow it to be replaced")
    text = document(pages)
    write_whole(path, text.encode())
    return path


def _prepared(page: Page) -> dict[str, object]:
    speech = language(page.language)
    sections = []
    for i, section in enumerate(page.sections):
        blocks = [_block(block, speech) for block in section.blocks]
        sections.append({"id": f"{page.language}-{i + 1}", "title": section.title, "blocks": blocks})
    badge = speech.say("badge.simulated" if page.is_simulated else "badge.published")
    return {"page": page, "say": speech.say, "known": speech.known, "badge": badge, "sections": sections}


def _block(block: Block, speech: Language) -> dict[str, object]:
    if isinstance(block, Prose):
        return {"kind": "prose", "text": block.text, "warning": block.warning}
    if isinstance(block, Table):
        links = [(speech.say("table.download"), f"{block.name}.csv", _link(block.csv(), "text/csv"))]
        return {
            "kind": "table", "table": block, "links": links, "fits": _fits(block), "wrapped": _wrapped(block),
        }  # fmt: skip
    if block.spec.get("background") != LIGHT.ground:
        raise InvalidArgument(
            f'figure "{block.name}" was not drawn in the light theme; build it with theme="light"'
        )
    svg = block.svg()
    links = [(speech.say("table.download"), f"{block.name}.csv", _link(block.csv(_DIGITS), "text/csv"))]
    specification = block.json()
    if len(specification) <= _LARGEST_SPECIFICATION:
        link = _link(specification, "application/json")
        links.append((speech.say("table.specification"), f"{block.name}.vl.json", link))
    return {"kind": "figure", "figure": block, "svg": svg, "links": links}


#: significant digits of the data that a page carries; files of a figure have all of them
_DIGITS = 5
#: characters of a figure's specification that a page carries; a larger one lies in the folder of figures
_LARGEST_SPECIFICATION = 40_000

#: width of a printed page in letters of a table's size (A4, 8 pt), less what separates its columns; a Chinese letter is two
_PAGE_LETTERS = 105
#: letters of a line of a cell beyond which it is set as text that wraps, and the least such a column needs
_LONG, _LONG_COLUMN = 32, 40


def _fits(table: Table) -> bool:
    """Whether a printed page holds the table with its short cells unbroken, those of the first column wrapping."""
    wrapped = _wrapped(table)
    widths = [14]
    for column in range(1, len(table.columns)):
        cells = [row[column] for i, row in enumerate(table.rows) if i not in table.groups]
        longest = max((_letters(line) for cell in cells for line in cell.split("\n")), default=0)
        widths.append((_LONG_COLUMN if column in wrapped else longest) + 2)
    return sum(widths) <= _PAGE_LETTERS


def _wrapped(table: Table) -> frozenset[int]:
    """Columns whose text runs on, so that all their cells are set small and wrapped alike."""
    return frozenset(
        c
        for c in range(len(table.columns))
        if any(len(row[c]) > _LONG and "\n" not in row[c] for row in table.rows)
    )


def _letters(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _link(text: str, kind: str) -> str:
    return f"data:{kind};charset=utf-8;base64,{base64.b64encode(text.encode('utf-8')).decode('ascii')}"


def _template() -> Template:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    return environment.get_template("report.html.jinja")
