"""Rows of cells out of whatever file somebody calls a table: encodings, delimiters, quotes, comments, wrong kinds of file.

Nothing vanishes: a line that is no row of the table (a comment, a footer, a row with a cell too many) is a note or a fault
with its number, so that rows, faults and notes make up the file.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from normoxia.documents import Finding, Place
from normoxia.errors import InvalidDocument
from normoxia.language import Message
from normoxia.sheets.encoding import decode
from normoxia.sheets.numbers import pieces
from normoxia.sheets.writing import unguarded

#: the first bytes of files that are not text tables, and what to do with them
_OTHER_KINDS = (
    (b"PK\x03\x04", "an Excel or zip file", "save the sheet as CSV (UTF-8)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", "save the sheet as CSV (UTF-8)"),
    (b"%PDF", "a PDF", "copy the table into a CSV file"),
    (b"\x89PNG", "a picture (PNG)", "type the table into a CSV file"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "type the table into a CSV file"),
    (b"GIF8", "a picture (GIF)", "type the table into a CSV file"),
    (b"{\\rtf", "a rich text document", "save the table as CSV (UTF-8)"),
    (b"PAR1", "a Parquet file", "write it as CSV"),
    (b"ARROW1", "an Arrow file", "write it as CSV"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"BZh", "a bzip2 archive", "unpack it first"),
    (b"\xfd7zXZ", "an xz archive", "unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it first"),
    (b"SQLite format", "a database", "export the table as CSV"),
    (b"\x89HDF", "an HDF5 file", "write the table as CSV"),
    (b"RDX", "an R workspace", "write.csv() the data frame"),
)

_DELIMITERS = (",", ";", "\t", "|")
_NAMES_OF_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_LONGEST_SHOWN = 300  # letters of a header in a message
_LINES_LOOKED_AT = 200
_LARGEST_FILE = 2**30  # bytes; cells in memory need some ten times as much
_BYTES_PER_BYTE = 10
#: marks without width and of direction: two names that look alike would be two arms
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
_SEP_LINE = re.compile(r'"?[Ss][Ee][Pp]=(.)"?[ \t]*(?:\r\n|\n|\r)')


@dataclass(frozen=True, slots=True)
class Sheet:
    """A text table: header, rows of cells as long as the header, and the file's line of each row.

    lines   where each row begins, from 1
    faults  rows that cannot be read as such (too many or too few cells), with their lines; they are not among `rows`
    notes   what was guessed about encoding and shape, and lines that are no rows
    """

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    encoding: str
    delimiter: str
    notes: tuple[Finding, ...]
    faults: tuple[Finding, ...] = ()

    def column(self, name: str) -> list[str]:
        """The cells of a column, a row each."""
        i = self.header.index(name)
        return [row[i] for row in self.rows]


def read_sheet(path: str | Path, *, fewest: int = 2, fewest_rows: int = 1) -> Sheet:
    """The cells of a delimited text file.

    fewest, fewest_rows  columns and rows the table must have
    raises  InvalidDocument for a file that is absent, too large, not text, or has no header with that many columns and no rows
    """
    path = Path(path)
    try:
        if path.is_file() and (size := path.stat().st_size) > _LARGEST_FILE:
            raise InvalidDocument(
                f"{path}: {size / 2**30:.1f} GiB; a table of this size needs some {_BYTES_PER_BYTE * size / 2**30:.0f} GiB of "
                f"memory, expected at most {_LARGEST_FILE / 2**30:g} GiB; split it, or keep the columns that are read"
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        raise InvalidDocument(f"{path}: no such file; check the name and the folder") from None
    except IsADirectoryError:
        raise InvalidDocument(f"{path}: is a folder; name a CSV file in it") from None
    except OSError as error:
        raise InvalidDocument(
            f"{path}: cannot be read ({error.strerror}); check its permissions"
        ) from None
    except ValueError as error:
        raise InvalidDocument(f"{path}: no name of a file ({error}); check the name") from None
    return parse_sheet(raw, str(path), fewest=fewest, fewest_rows=fewest_rows)


def parse_sheet(
    raw: bytes, file: str = "<text>", *, fewest: int = 2, fewest_rows: int = 1
) -> Sheet:
    """The cells in some bytes; `file` is the name used in findings, the others as in `read_sheet`."""
    for start, kind, remedy in _OTHER_KINDS:
        if raw.startswith(start):
            raise InvalidDocument(f"{file}: {kind}, not a text table; {remedy}")
    notes: list[Finding] = []
    text, encoding = decode(raw, file, notes)
    text = text.rstrip("\x1a")  # the end of a file under DOS
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.translate(_INVISIBLE))
    if not text.strip():
        raise InvalidDocument(f"{file}: the file is empty; it may have been truncated")
    opening = text.lstrip()[:200].lower()
    if opening.startswith(("<!doctype", "<html", "<?xml", "<svg", "<table")):
        raise InvalidDocument(
            f"{file}: a web page or XML, not a text table; download the table itself as CSV"
        )
    if opening.startswith(("{", "[")):
        raise InvalidDocument(f"{file}: JSON, not a text table; write it as CSV, a row a line")
    said = _SEP_LINE.match(text)
    delimiter = said[1] if said else _delimiter(text)
    records = _records(text, delimiter, file)
    if said:
        next(records)
    header, rest = _header(records, file, notes, has_title=fewest > 1)
    while len(header) > 1 and not header[-1]:
        header.pop()  # a cell below would be one too many: perhaps a decimal comma without quotes
    if len(header) < fewest:
        raise InvalidDocument(
            f"{file}: one column only; expected cells separated by a comma, semicolon or tab"
        )
    sheet = _sheet(file, header, rest, encoding, delimiter, notes)
    if len(sheet.rows) + len(sheet.faults) < fewest_rows:
        raise InvalidDocument(
            f"{file}: a header ({_shortened(', '.join(header))}) and no rows; add a row for each line of the table"
            + "".join(f"\n  {note}" for note in notes[:20])
        )
    return sheet


#: the lines a record begins and ends in, and its cells
Record = tuple[int, int, list[str]]


def _records(text: str, delimiter: str, file: str) -> Iterator[Record]:
    """The records that hold anything, each with the line it begins in."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    line = 1
    try:
        for cells in reader:
            if any(cells) and not all(map(str.isspace, filter(None, cells))):
                yield line, reader.line_num, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidDocument(
            f"{file}:{line}: not readable as a table ({error}); check the quotes of this line: one that opens must close, and a "
            "quote within quotes is written twice"
        ) from None


def _header(
    records: Iterator[Record], file: str, notes: list[Finding], *, has_title: bool
) -> tuple[list[str], Iterator[Record]]:
    """The header and the records below it: of lines that begin with #, the last may be it, the others are comments.

    has_title  whether a line with one filled cell above a wider one without numbers may be the table's title
    """
    comments: list[Record] = []
    first: Record | None = None
    for record in records:
        if not record[2][0].lstrip().startswith("#"):
            first = record
            break
        comments.append(record)
    below = records if first is None else _with(first, records)
    head: Record | None = None
    at = _header_among(comments, first)
    if at is not None:
        head = comments.pop(at)
        if first is None:
            comments, below = comments[:at], iter(comments[at:])
    for line, _, cells in comments:
        notes.append(
            Finding(
                Place(file, line),
                Message("sheet.hash", text=_shortened(", ".join(cells))),
                Message("sheet.comment_above"),
            )
        )
    if head is None:
        head = next(below, None)
    while has_title and head is not None and (second := next(below, None)) is not None:
        below = _with(second, below)
        if _filled(head) != 1 or _filled(second) < 2 or _holds_numbers(second[2]):
            break
        shown = Message("sheet.alone", text=_shortened("".join(head[2])))
        notes.append(Finding(Place(file, head[0]), shown, Message("sheet.title_above")))
        head = next(below)
    if head is None:
        raise InvalidDocument(
            f"{file}: no line holds anything but delimiters; it may have been truncated"
        )
    names = [" ".join(cell.split()) for cell in map(unguarded, map(str.strip, head[2]))]
    if (
        bare := names[0].removeprefix("#").lstrip()
        if len(names[0]) > 1 and names[0].startswith("#")
        else ""
    ):
        notes.append(
            Finding(
                Place(file, head[0]),
                Message("sheet.hash", text=names[0]),
                Message("sheet.header_named", name=bare),
            )
        )
        names[0] = bare
    return names, below


def _header_among(comments: Sequence[Record], first: Record | None) -> int | None:
    """Which of the lines that begin with # is the header: the last as wide as the first other line, if that holds numbers.

    Where every line begins with #, the first that is as wide as the next.
    """
    widths = [len(cells) for _, _, cells in comments]
    if first is None:
        alike = (i for i, width in enumerate(widths[:-1]) if width > 1 and width == widths[i + 1])
        return next(alike, 0 if comments else None)
    if not _holds_numbers(first[2]):
        return None
    return next((i for i in reversed(range(len(widths))) if widths[i] == len(first[2]) > 1), None)


def _filled(record: Record) -> int:
    return sum(bool(cell.strip()) for cell in record[2])


def _with(first: Record, rest: Iterable[Record]) -> Iterator[Record]:
    yield first
    yield from rest


def _holds_numbers(cells: Sequence[str]) -> bool:
    return any(len(pieces(cell)) > 0 for cell in cells)


def _sheet(
    file: str,
    header: list[str],
    records: Iterator[Record],
    encoding: str,
    delimiter: str,
    notes: list[Finding],
) -> Sheet:
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    faults: list[Finding] = []
    width = len(header)
    for line, last, cells in records:
        if len(cells) > width:
            cells = _without_empty_tail(cells, width)
        if cells[0].startswith("#") and _is_comment(cells, width):
            filled_cells = ", ".join(cell for cell in cells if cell.strip())
            shown = Message("sheet.hash", text=_shortened(filled_cells))
            notes.append(Finding(Place(file, line), shown, Message("sheet.comment")))
            continue
        if (last > line or len(cells) != width) and (
            fault := _fault(file, line, cells, header, delimiter)
        ):
            faults.append(fault)
            continue
        if cells[-1].strip() == header[-1] and [" ".join(cell.split()) for cell in cells] == header:
            again, passed_over = Message("sheet.header_again"), Message("sheet.passed_over")
            notes.append(Finding(Place(file, line), again, passed_over))
            continue
        if cells[0].startswith("#"):
            shown = Message("sheet.hash", text=_shortened(cells[0]))
            notes.append(Finding(Place(file, line), shown, Message("sheet.row_with_hash")))
        rows.append(tuple(map(str.strip, cells)))
        lines.append(line)
    filled = [i for i, name in enumerate(header) if name or any(row[i] for row in rows)]
    if len(filled) < width:
        rows = [tuple(row[i] for i in filled) for row in rows]
    return Sheet(
        file=file,
        header=tuple(header[i] or f"column {i + 1}" for i in filled),
        rows=tuple(_unguarded_rows(rows)),
        lines=tuple(lines),
        encoding=encoding,
        delimiter=delimiter,
        notes=tuple(notes),
        faults=tuple(faults),
    )


def _unguarded_rows(rows: list[tuple[str, ...]]) -> Iterable[tuple[str, ...]]:
    """Rows without the apostrophes of `writing`; few tables have any."""
    columns = zip(*rows, strict=True)
    if not any("'" in "".join(cells) for cells in columns):
        return rows
    return [tuple(map(unguarded, row)) for row in rows]


def _without_empty_tail(cells: list[str], width: int) -> list[str]:
    """A row without surplus empty cells behind its last column, as spreadsheets leave them."""
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        return cells[:width]
    return cells


def _is_comment(cells: list[str], width: int) -> bool:
    """Whether a record that begins with # is a comment: it fills fewer than half of the columns, or far too many."""
    filled = sum(bool(cell.strip()) for cell in cells)
    return len(cells) != width and (2 * filled <= width or filled == 1)


def _fault(
    file: str, line: int, cells: list[str], header: list[str], delimiter: str
) -> Finding | None:
    """Why a record is no row of the table."""
    width = len(header)
    place = Place(file, line)
    if any("\n" in cell or "\r" in cell for cell in cells):
        for cell in cells:
            swallowed = [
                part
                for part in re.split(r"\r\n|\n|\r", cell)[1:]
                if part.count(delimiter) >= max(width - 2, 1)
            ]
            if swallowed:
                return Finding(
                    place,
                    Message("sheet.open_quote", n=len(swallowed)),
                    Message("sheet.close_quote"),
                )
    if len(cells) == width:
        return None
    shown = Message("sheet.cells", cells=len(cells), n=width)
    if len(cells) < width:
        return Finding(place, shown, Message("sheet.too_few_cells"))
    name = _NAMES_OF_DELIMITERS.get(delimiter)
    marks = Message(f"sheet.marks.{name}") if name else repr(delimiter)
    return Finding(place, shown, Message("sheet.too_many_cells", marks=marks))


def _shortened(text: str) -> str:
    """A text as a message shows it, since a file of another kind may be one line of any length."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + " ..."


def _delimiter(text: str) -> str:
    """The separator that occurs most often outside quotes in the header, if the next rows have it as often.

    A line that begins with # may be the header or a comment: it counts as the header where the row below is as wide.
    """
    best, most = ",", 0.0
    for candidate in _DELIMITERS:
        rows = _first_rows(text, candidate)
        start = next((i for i, row in enumerate(rows) if not row[0].lstrip().startswith("#")), 0)
        if start and start < len(rows):
            alike = [i for i in range(start) if len(rows[i]) == len(rows[start]) > 1]
            rows = [*(rows[i] for i in alike[-1:]), *rows[start:]]
        counts = [len(row) - 1 for row in rows]
        if not counts:
            continue
        agreeing = sum(1 for count in counts if count == counts[0]) / len(counts)
        if counts[0] * agreeing > most:
            best, most = candidate, counts[0] * agreeing
    return best


def _first_rows(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    found: list[list[str]] = []
    with suppress(csv.Error):  # said with its line when the cells are read
        found.extend(
            row for row in islice(reader, _LINES_LOOKED_AT) if any(cell.strip() for cell in row)
        )
    return found
