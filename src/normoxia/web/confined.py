"""Documents that come from a browser: they may name what is shipped, and no file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from normoxia import documents
from normoxia.documents import Findings
from normoxia.trial.files import documents_in
from normoxia.web.replies import Refused

#: keys whose value names a document
_NAMING = frozenset(
    {
        "model",
        "modules",
        "document",
        "population",
        "base",
        "trial",
        "stage",
        "question",
        "comparison",
        "drug",
        "drugs",
        "like",
    }
)


def refuse_files(text: str) -> None:
    """Raise Refused when a document names a file of its own.

    Parameters
    ----------
    text
        YAML, of any kind of document.

    Raises
    ------
    Refused
        It names a file; on the command line it may.
    InvalidDocument
        It is no YAML.
    """
    named = list(documents_in(text))
    findings = Findings()
    node = documents.parse(text)
    if node.is_mapping:
        plain = {key: child.plain() for key, child in node.entries(findings).items()}
        named += [value for value in _names(plain) if "/" in value or "\\" in value]
    if named:
        raise Refused(
            422,
            "FilesNotAllowed",
            f'the document names the file "{named[0]}"; a document of the page can name what is shipped only',
        )


def _names(value: Any) -> Iterator[str]:
    """Every text that stands where a document can be named."""
    if isinstance(value, dict):
        for key, child in value.items():
            if key in _NAMING:
                yield from _texts(child)
            yield from _names(child)
    elif isinstance(value, list):
        for child in value:
            yield from _names(child)


def _texts(value: Any) -> Iterator[str]:
    children: Iterable[Any] = value if isinstance(value, list) else [value]
    yield from (child for child in children if isinstance(child, str) and not _is_regimen(child))


def _is_regimen(text: str) -> bool:
    """A drug with its dose, in which a unit has a stroke."""
    return " " in text.strip()
