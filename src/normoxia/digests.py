"""What a content or a value is recognised by: digests that depend on nothing but the value, and seals that show damage.

A digest of a value leaves out where it was read, so it is the same in another folder, on another machine and under another
version of Python. A seal is a line inside a file: it says what the file belongs to, and holds a checksum of all its bytes.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import PurePath

import numpy as np

from normoxia.documents import Place

_MARK = b"normoxia-seal:"
_SEAL = re.compile(_MARK + rb"([0-9a-f]{64}):([0-9a-f]{64})")
_OPEN = b"0" * 64


def digest(content: bytes) -> str:
    """A short name for a content: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def digest_of(value: object) -> str:
    """SHA-256 of a value made of dataclasses, mappings, sequences, sets, arrays, enumerations, numbers and texts.

    Places in files and fields that do not count in comparisons are left out, of a path only the name counts, and neither the order
    of a mapping or set nor the way a version of Python prints a number matters.
    """
    parts: list[bytes] = []
    _add(value, parts.append)
    return hashlib.sha256(b"".join(parts)).hexdigest()


@functools.cache
def _layout(kind: type) -> tuple[bytes, tuple[tuple[bytes, str], ...]]:
    """How a dataclass begins, and of each field that counts in comparisons how it begins, and its name."""
    counted = [field.name for field in fields(kind) if field.compare]
    return f"d{kind.__name__}(".encode(), tuple((f"{name}=".encode(), name) for name in counted)


def _joined(value: object) -> bytes:
    parts: list[bytes] = []
    _add(value, parts.append)
    return b"".join(parts)


def _add(value: object, add: Callable[[bytes], None]) -> None:  # noqa: C901, PLR0912 -- one branch a type
    """Add a value as bytes from which it could be told apart from every other."""
    if isinstance(value, enum.Enum):
        add(f"E{type(value).__name__}.{value.name};".encode())
    elif isinstance(value, str):
        text = value.encode("utf-8", "surrogatepass")
        add(b"s%d:" % len(text) + text)
    elif value is None or isinstance(value, bool):
        add(f"{value};".encode())
    elif isinstance(value, np.generic):
        _add(value.item(), add)
    elif isinstance(value, float):
        add(f"f{'nan' if math.isnan(value) else value.hex()};".encode())
    elif isinstance(value, int):
        add(f"i{value};".encode())
    elif isinstance(value, Place):
        return
    elif is_dataclass(value) and not isinstance(value, type):
        begin, counted = _layout(type(value))
        add(begin)
        for start, name in counted:
            add(start)
            _add(getattr(value, name), add)
        add(b")")
    elif isinstance(value, bytes):
        add(b"b%d:" % len(value) + value)
    elif isinstance(value, PurePath):
        _add(value.name, add)
    elif isinstance(value, np.ndarray):
        add(f"a{value.dtype.str}{value.shape};".encode())
        add(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, Mapping):
        entries = {_joined(key): item for key, item in value.items()}
        add(b"m(")
        for key in sorted(entries):
            add(key)
            _add(entries[key], add)
        add(b")")
    elif isinstance(value, (set, frozenset)):
        add(b"S(" + b"".join(sorted(_joined(item) for item in value)) + b")")
    elif isinstance(value, Sequence):
        add(b"l(")
        for item in value:
            _add(item, add)
        add(b")")
    else:
        raise TypeError(f"a {type(value).__name__} has no digest; add it to digests.py")


# --- seals ---


def open_seal(identity: object) -> str:
    """A seal not yet closed, to stand somewhere in a content that belongs to an identity."""
    return (_MARK + digest_of(identity).encode() + b":" + _OPEN).decode()


def sealed(content: bytes, identity: object) -> bytes:
    """A content with the open seal of an identity in it, closed with the checksum of all its bytes."""
    line = open_seal(identity).encode()
    assert line in content, "the content holds no open seal of this identity"
    return content.replace(line, line[: -len(_OPEN)] + _checksum(content))


def has_seal(content: bytes) -> bool:
    """Whether there is anything like a seal in a content, whole or not."""
    return _MARK in content


def is_whole(content: bytes, identity: object | None = None) -> bool:
    """Whether a content is as it was sealed; with an identity, whether it was sealed as belonging to that."""
    if identity is None:
        return any(_fits(content, match.group(0)) for match in _SEAL.finditer(content))
    start = open_seal(identity).encode()[: -len(_OPEN)]
    at = content.find(start)
    return at >= 0 and _fits(content, content[at : at + len(start) + len(_OPEN)])


def _fits(content: bytes, line: bytes) -> bool:
    start, checksum = line[: -len(_OPEN)], line[-len(_OPEN) :]
    return _checksum(content.replace(line, start + _OPEN)) == checksum


def _checksum(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=32).hexdigest().encode()
