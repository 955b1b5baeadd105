"""Bytes into text: UTF-8, UTF-16 and UTF-32, GBK and Western European text, and what is none of them."""

from __future__ import annotations

from typing import NoReturn

from normoxia.documents import Finding, Place
from normoxia.errors import InvalidDocument
from normoxia.language import Message

#: the share of bytes that are zero in UTF-16 text that is mostly Latin
_ZEROS_OF_UTF16 = 0.3


def decode(raw: bytes, file: str, notes: list[Finding]) -> tuple[str, str]:
    """The text and the name of its encoding; what was guessed goes to `notes`.

    raises  InvalidDocument for bytes that are no text, or text of more than one encoding, with the line
    """
    for mark, encoding in (
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\x00\x00\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if raw.startswith(mark):
            return _decoded(raw, encoding, file), encoding
    marked = raw.startswith(b"\xef\xbb\xbf")
    raw = raw[3:] if marked else raw
    if b"\x00" in raw:
        return _with_zeros(raw, file)
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        start = error.start
    if marked:
        _refuse_mixed(raw, start, file)
    if _looks_chinese(raw):
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            pass
        else:
            notes.append(Finding(Place(file), Message("sheet.gbk")))
            return text, "gb18030"
    if not raw.decode("utf-8", errors="ignore").isascii():
        _refuse_mixed(raw, start, file)
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InvalidDocument(
            f"{file}:{line}: byte {raw[error.start]:#04x} is neither UTF-8, GBK nor Western European text; save it as UTF-8"
        ) from None
    notes.append(Finding(Place(file), Message("sheet.western")))
    return text, "cp1252"


def _refuse_mixed(raw: bytes, start: int, file: str) -> NoReturn:
    line = raw.count(b"\n", 0, start) + 1
    raise InvalidDocument(
        f"{file}:{line}: byte {raw[start]:#04x} is not UTF-8 as the rest of the file; save it again as UTF-8"
    )


def _with_zeros(raw: bytes, file: str) -> tuple[str, str]:
    """Text with zero bytes: UTF-16 without a mark, or no text."""
    even, odd = raw[::2].count(0), raw[1::2].count(0)
    if (
        len(raw) % 2 == 0
        and min(even, odd) == 0
        and max(even, odd) > _ZEROS_OF_UTF16 * len(raw) / 2
    ):
        encoding = "utf-16-le" if odd else "utf-16-be"
        return _decoded(raw, encoding, file), encoding
    line = raw.count(b"\n", 0, raw.index(0)) + 1
    raise InvalidDocument(
        f"{file}:{line}: binary content (a zero byte), not a text table; save it as CSV (UTF-8)"
    )


def _decoded(raw: bytes, encoding: str, file: str) -> str:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise InvalidDocument(
            f"{file}: {encoding} text that breaks off or is damaged at byte {error.start}; save it again as UTF-8"
        ) from None
    if "\x00" in text:
        raise InvalidDocument(
            f"{file}:{text.count(chr(10), 0, text.index(chr(0))) + 1}: binary content (a zero), not a text table; save it as CSV (UTF-8)"
        )
    return text


def _looks_chinese(raw: bytes) -> bool:
    """Whether the bytes above ASCII pair up as Chinese characters, most of them common ones or punctuation.

    The pairs of Western text (é beside é) fall among the rare characters.
    """
    i = pairs = common = 0
    while i < len(raw):
        if raw[i] < 0x80:
            i += 1
        elif i + 1 < len(raw) and 0x81 <= raw[i] <= 0xFE and 0x40 <= raw[i + 1] <= 0xFE:
            pairs += 1
            common += raw[i + 1] >= 0xA1 and (0xA1 <= raw[i] <= 0xA9 or 0xB0 <= raw[i] <= 0xD7)
            i += 2
        else:
            return False
    return 2 * common > pairs
