"""The shipped studies as they were read, kept in the cache: 250 documents are parsed once, not at every start.

The key is a digest of every document, its place, and the modules that make studies of them, so that a changed document and a
changed reader are read anew. What is kept is JSON: each value as the list of its fields in their order.
"""

from __future__ import annotations

import functools
import hashlib
import json
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from normoxia import cache, documents, outcome, values
from normoxia.evidence.studies import files, reported, study
from normoxia.evidence.studies.study import Study

#: name of the file in the cache folder
FILE = "studies.json"
_READERS = (documents, outcome, values, files, reported, study)

Decoder = Callable[[Any], Any]


def shipped(paths: Iterable[Path]) -> tuple[Study, ...]:
    """The studies of documents, from the cache where it has them, in the order of the paths.

    Raises InvalidDocument as `files.read` does; nothing is kept then.
    """
    paths = tuple(paths)
    key = _key(paths)
    kept = cache.read(FILE, key)
    if kept is not None and (studies := _decoded(kept, paths)) is not None:
        return studies
    studies = tuple(files.read(path) for path in paths)
    cache.write(FILE, key, encode(studies))
    return studies


def encode(studies: Iterable[Study]) -> bytes:
    """Studies as JSON; `decode` gives equal ones back."""
    return json.dumps([_plain(one) for one in studies], ensure_ascii=False).encode()


def decode(content: bytes) -> tuple[Study, ...]:
    """The studies that `encode` wrote."""
    read = _decoder(Study)
    return tuple(read(one) for one in json.loads(content))


def _decoded(content: bytes, paths: tuple[Path, ...]) -> tuple[Study, ...] | None:
    """The studies kept, or None where they are not laid out as this version lays them out."""
    try:
        studies = decode(content)
    except (ValueError, TypeError, LookupError, AttributeError):
        return None
    return studies if [one.file for one in studies] == [str(path) for path in paths] else None


def _key(paths: Iterable[Path]) -> bytes:
    """Digest of the documents, their places and what reads them."""
    digest = hashlib.sha256()
    for path in (*(Path(str(module.__file__)) for module in _READERS), Path(__file__), *paths):
        try:
            content = path.read_bytes()
        except OSError:
            content = b""  # reading it says what is wrong; a reader without source has no changes
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.digest()


def _plain(value: Any) -> Any:
    """A value as lists, dictionaries and scalars."""
    if is_dataclass(value):
        return [_plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


@functools.cache
def _decoder(kind: Any) -> Decoder:
    """What makes a value of a type of its plain form."""
    origin = typing.get_origin(kind)
    if origin is tuple:
        return _of_tuple(typing.get_args(kind))
    if origin in (typing.Union, types.UnionType) or not isinstance(origin or kind, type):
        return _same
    if origin is not None and issubclass(origin, Mapping):
        inner = _decoder(typing.get_args(kind)[1])
        return _same if inner is _same else lambda plain: {k: inner(v) for k, v in plain.items()}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {member.value: member for member in kind}.__getitem__
    return _of_dataclass(kind) if isinstance(kind, type) and is_dataclass(kind) else _same


def _of_tuple(arguments: tuple[Any, ...]) -> Decoder:
    inner = _decoder(arguments[0])
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple if inner is _same else lambda plain: tuple(map(inner, plain))
    readers = tuple(map(_decoder, arguments))
    return lambda plain: tuple(read(item) for read, item in zip(readers, plain, strict=True))


def _of_dataclass(kind: type) -> Decoder:
    hints = typing.get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    readers = [(i, _decoder(hints[name])) for i, name in enumerate(names)]
    changed = [(i, read) for i, read in readers if read is not _same]
    keywords = any(field.kw_only for field in fields(kind))

    def read(plain: list[Any]) -> Any:
        for i, of in changed:
            plain[i] = of(plain[i])
        return kind(**dict(zip(names, plain, strict=True))) if keywords else kind(*plain)

    return read


def _same(plain: Any) -> Any:
    return plain
