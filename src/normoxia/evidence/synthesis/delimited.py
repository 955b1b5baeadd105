"""Rows of text out of whatever file somebody calls a table: encodings, delimiters, byte-order marks, wrong kinds of file."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from normoxia.errors import InvalidDocument

#: the first bytes of files that are not text tables, and what to do with them
_OTHER_KINDS = (
    (b"PK\x03\x04", "an Excel or zip file", "save the sheet as CSV (UTF-8)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", "save the sheet as CSV (UTF-8)"),
    (b"%PDF", "a PDF", "copy the table into a CSV file"),
    (b"\x89PNG", "a picture (PNG)", "type the table into a CSV file"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "type the table into a CSV file"),
    (b"PAR1", "a Parquet file", "write it as CSV"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"SQLite format", "a database", "export the table as CSV"),
    (b"RDX", "an R workspace", "write.csv() the data frame"),
)

_DELIMITERS = (",", ";", "\t", "|")
_LONGEST_SHOWN = 300  # letters of a header in a message


@dataclass(frozen=True, slots=True)
class Sheet:
    """A text table: header, rows of cells as long as the header, and the file's line of each row.

    notes  what had to be guessed about encoding and shape
    """

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    encoding: str
    delimiter: str
    notes: tuple[str, ...]


def read_sheet(path: str | Path) -> Sheet:
    """The cells of a delimited text file; lines that are empty or start with # are skipped.

    raises  InvalidDocument for a file that is absent, not text, or has no header with at least two columns
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise InvalidDocument(f"{path}: no such file; check the name and the folder") from None
    except IsADirectoryError:
        raise InvalidDocument(f"{path}: is a folder; name a CSV file in it") from None
    except OSError as error:
        raise InvalidDocument(f"{path}: cannot be read ({error.strerror}); check its permissions") from None
    return parse_sheet(raw, str(path))


def _shortened(text: str) -> str:
    """A header as a message shows it, since a file of another kind may be one line of any length."""
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + " ..."


def parse_sheet(raw: bytes, file: str = "<text>") -> Sheet:
    """The cells in some bytes; `file` is the name used in findings."""
    for start, kind, remedy in _OTHER_KINDS:
        if raw.startswith(start):
            raise InvalidDocument(f"{file}: {kind}, not a text table; {remedy}")
    text, encoding, notes = _decode(raw, file)
    if not text.strip():
        raise InvalidDocument(f"{file}: the file is empty; it may have been truncated")
    opening = text.lstrip()[:200].lower()
    if opening.startswith(("<!doctype", "<html", "<?xml", "<svg")):
        raise InvalidDocument(
            f"{file}: a web page or XML, not a text table; download the table itself as CSV"
        )
    if opening.startswith(("{", "[")):
        raise InvalidDocument(
            f"{file}: JSON, not a text table; write it as CSV with one row a contrast or an arm"
        )
    delimiter = _delimiter(text)
    header: list[str] = []
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    ragged: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells) or cells[0].startswith("#"):
                continue
            if not header:
                header = [" ".join(cell.split()) for cell in cells]
                continue
            if len(cells) != len(header):
                if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
                    ragged.append(reader.line_num)
                cells = [*cells, *[""] * (len(header) - len(cells))][: len(header)]
            rows.append(tuple(cells))
            lines.append(reader.line_num)
    except csv.Error as error:
        raise InvalidDocument(
            f"{file}:{reader.line_num}: not readable as a table ({error}); check quotes near this line"
        ) from None
    if len(header) < 2:
        raise InvalidDocument(
            f"{file}: one column only; expected cells separated by a comma, semicolon or tab"
        )
    if not rows:
        raise InvalidDocument(
            f"{file}: a header ({_shortened(', '.join(header))}) and no rows; add one row a contrast or an arm"
        )
    if ragged:
        shown = ", ".join(map(str, ragged[:10])) + (" ..." if len(ragged) > 10 else "")
        notes.append(f"rows with more cells than the header (lines {shown}); the surplus is not read")
    filled = [i for i, name in enumerate(header) if name or any(row[i].strip() for row in rows)]
    return Sheet(
        file=file,
        header=tuple(header[i] or f"column {i + 1}" for i in filled),
        rows=tuple(tuple(row[i].strip() for i in filled) for row in rows),
        lines=tuple(lines),
        encoding=encoding,
        delimiter=delimiter,
        notes=tuple(notes),
    )


def _decode(raw: bytes, file: str) -> tuple[str, str, list[str]]:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace"), "utf-16", []
    if raw.startswith(b"\xef\xbb\xbf"):
        raw = raw[3:]
    if b"\x00" in raw[:4096]:
        raise InvalidDocument(f"{file}: binary content, not a text table; save it as CSV (UTF-8)")
    try:
        return raw.decode("utf-8"), "utf-8", []
    except UnicodeDecodeError:
        pass
    if _looks_chinese(raw):
        return raw.decode("gb18030", errors="replace"), "gb18030", ["read as GBK text, since it is not UTF-8"]
    return (
        raw.decode("cp1252", errors="replace"),
        "cp1252",
        ["read as Western European text, since it is neither UTF-8 nor GBK"],
    )


def _looks_chinese(raw: bytes) -> bool:
    """Whether every byte above ASCII pairs up as the two bytes of a common Chinese character."""
    i = 0
    while i < len(raw):
        if raw[i] < 0x80:
            i += 1
        elif i + 1 < len(raw) and 0xA1 <= raw[i] <= 0xF7 and raw[i + 1] >= 0xA1:
            i += 2
        else:
            return False
    return True


def _delimiter(text: str) -> str:
    """The separator that occurs most often outside quotes in the header, if the next rows have it as often."""
    lines = [line for line in text.splitlines()[:50] if line.strip() and not line.startswith("#")]
    best, most = ",", 0
    for candidate in _DELIMITERS:
        counts = [len(row) - 1 for row in csv.reader(lines, delimiter=candidate)]
        agreeing = sum(1 for count in counts if count == counts[0])
        if counts[0] * (agreeing / len(counts)) > most:
            best, most = candidate, counts[0] * agreeing // len(counts)
    return best
