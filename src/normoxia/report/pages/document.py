"""A report as one HTML file: figures, tables and text in one or two languages, without external resources.

The page follows the reader's light or dark setting and prints light. Every figure and table carries its data
as a download inside the file; the manifest at the end lists what was run.
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
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.theme import DARK, FONTS, LIGHT, dark_rules
from normoxia.report.views.tables import Table
from normoxia.storage import write_whole

if TYPE_CHECKING:
    from jinja2 import Template


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph; `warning` marks it as one that the reader must not miss."""

    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Highlight:
    """A number for the head of the page.

    Attributes
    ----------
    label
        What it measures.
    value
        The number as it is printed.
    detail
        Text under it, such as the interval and the published value.
    """

    label: str
    value: str
    detail: str = ""


Block = Prose | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page under a heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A report in one language.

    Attributes
    ----------
    language
        Code of the language.
    title, lead
        Heading, and the sentence under it.
    sections
        Parts of the page in their order.
    highlights
        Numbers at the head of the page.
    badges
        Short labels beside the first, such as "not calibrated".
    provenance
        Names to values, printed at the end: versions, seed, digests, command.
    version, date
        Of the program that wrote the page; the footer omits them without a version.
    is_simulated
        Whether the first badge reads "simulated, not clinical data", or that published results are pooled.
    warnings
        What must be read before any number; printed above the highlights.
    folded
        Whether tables are shown by their titles, to be opened.
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
    """Return the HTML of a report: one page, or one page per language with a switch between them.

    Parameters
    ----------
    pages
        One page, or pages of distinct languages; the first is shown first.

    Raises
    ------
    InvalidArgument
        Without a page, with a language twice, or for a figure that was not drawn in the light theme (the style
        sheet turns light into dark, not the reverse).
    """
    page_list = (pages,) if isinstance(pages, Page) else tuple(pages)
    codes = [page.language for page in page_list]
    if not page_list or len(set(codes)) != len(codes):
        raise InvalidArgument(
            f"the pages of a report are in the languages {codes}; expected at least one page, each in another language"
        )
    return _template().render(
        pages=[_template_values(page) for page in page_list],
        light=LIGHT,
        dark=DARK,
        dark_rules=dark_rules(),
        fonts=FONTS,
    )


def write_document(
    pages: Page | Sequence[Page], path: str | Path, *, replace: bool = False
) -> Path:
    """Write a report as an HTML file and return its path.

    Parameters
    ----------
    pages
        As for `document`.
    path
        The file; its folder is created if needed.
    replace
        Whether an existing file may be replaced.

    Raises
    ------
    OutputExists
        When the file exists and `replace` is false.
    """
    path = Path(path)
    if path.exists() and not replace:
        raise OutputExists(f"{path} exists; name another file, or allow it to be replaced")
    text = document(pages)
    write_whole(path, text.encode())
    return path


def _template_values(page: Page) -> dict[str, object]:
    """What the template needs of a page."""
    text = language(page.language)
    sections = []
    for i, section in enumerate(page.sections):
        blocks = [_block(block, text) for block in section.blocks]
        sections.append(
            {"id": f"{page.language}-{i + 1}", "title": section.title, "blocks": blocks}
        )
    badge = text.say("badge.simulated" if page.is_simulated else "badge.published")
    return {
        "page": page,
        "say": text.say,
        "known": text.known,
        "badge": badge,
        "sections": sections,
    }


def _block(block: Block, text: Language) -> dict[str, object]:
    """What the template needs of a paragraph, table or figure."""
    if isinstance(block, Prose):
        return {"kind": "prose", "text": block.text, "warning": block.warning}
    if isinstance(block, Table):
        links = [(text.say("table.download"), f"{block.name}.csv", _link(block.csv(), "text/csv"))]
        return {
            "kind": "table",
            "table": block,
            "links": links,
            "fits": _fits(block),
            "wrapped": _wrapped(block),
        }
    if block.spec.get("background") != LIGHT.background:
        raise InvalidArgument(
            f'figure "{block.name}" was not drawn in the light theme; build it with theme="light"'
        )
    svg = block.svg()
    links = [
        (text.say("table.download"), f"{block.name}.csv", _link(block.csv(_DIGITS), "text/csv"))
    ]
    specification = block.json()
    if len(specification) <= _LARGEST_SPECIFICATION:
        link = _link(specification, "application/json")
        links.append((text.say("table.specification"), f"{block.name}.vl.json", link))
    return {"kind": "figure", "figure": block, "svg": svg, "links": links}


#: significant digits of the data embedded in a page; the files of a figure have all of them
_DIGITS = 5
#: largest specification of a figure, in characters, that is embedded in a page; the folder of figures has all
_LARGEST_SPECIFICATION = 40_000

#: width of a printed page in Latin characters of the size of tables (A4, 8 pt), without the gaps between columns
_PAGE_WIDTH = 105
#: characters of a line above which a cell wraps, and the smallest width of a column of such cells
_WRAP_ABOVE, _WRAPPED_WIDTH = 32, 40


def _fits(table: Table) -> bool:
    """Whether a printed page is wide enough for the table with its short cells unbroken; those of the first column wrap."""
    wrapped = _wrapped(table)
    widths = [14]
    for column in range(1, len(table.columns)):
        cells = [row[column] for i, row in enumerate(table.rows) if i not in table.groups]
        longest = max(
            (_text_length(line) for cell in cells for line in cell.split("\n")), default=0
        )
        widths.append((_WRAPPED_WIDTH if column in wrapped else longest) + 2)
    return sum(widths) <= _PAGE_WIDTH


def _wrapped(table: Table) -> frozenset[int]:
    """Columns with long text, whose cells are all set small and wrapped."""
    return frozenset(
        c
        for c in range(len(table.columns))
        if any(len(row[c]) > _WRAP_ABOVE and "\n" not in row[c] for row in table.rows)
    )


def _text_length(text: str) -> int:
    """Length of a text in Latin characters; a Chinese one counts as two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _link(text: str, kind: str) -> str:
    """A data URL."""
    return (
        f"data:{kind};charset=utf-8;base64,{base64.b64encode(text.encode('utf-8')).decode('ascii')}"
    )


def _template() -> Template:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("report.html.jinja")
