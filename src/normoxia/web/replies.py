"""Errors and results as JSON; what an error says never contains the path of a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from normoxia.api.plain import plain
from normoxia.errors import (
    ComputationFailed,
    Interrupted,
    InvalidArgument,
    InvalidDocument,
    MissingExtra,
    NormoxiaError,
    NotConverged,
    OutsideFollowUp,
    UnknownName,
)

#: folders before the name of a file; not units ("mg/kg"), addresses ("https://...") or citations ("doi:10.1056/...")
_FOLDERS = re.compile(r"(?<![\w/:.\])])(?:[A-Za-z]:)?(?:[/\\][^\s/\\:\"'<>|,;()]+)*[/\\](?=[\w.])")

STATUSES: Mapping[type[Exception], int] = {
    UnknownName: 404,
    InvalidDocument: 422,
    InvalidArgument: 422,
    OutsideFollowUp: 422,
    MissingExtra: 422,
    Interrupted: 409,
    NotConverged: 422,
    ComputationFailed: 422,
}


class Refused(Exception):
    """A request that is answered with an error.

    Attributes
    ----------
    status
        Of HTTP, 4xx.
    kind
        What an error is called by programs.
    message
        What it says to people.
    findings
        Mistakes in a document, one each.
    """

    def __init__(
        self, status: int, kind: str, message: str, findings: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.status, self.kind, self.message, self.findings = status, kind, message, findings

    def body(self) -> dict[str, Any]:
        """The reply."""
        return {
            "error": {
                "kind": self.kind,
                "message": without_folders(self.message),
                "findings": [without_folders(finding) for finding in self.findings],
            }
        }


def refusal(error: Exception) -> Refused:
    """What an error of the library is to the one who asked."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, RecursionError):
        return Refused(422, "InvalidDocument", "the text is nested too deeply; write it flatter")
    if isinstance(error, MemoryError):
        return Refused(422, "TooLarge", "there is not enough memory for this; ask for less")
    if isinstance(error, NormoxiaError):
        status = next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 422)
        findings = tuple(str(finding) for finding in getattr(error, "findings", ()))
        return Refused(status, type(error).__name__, str(error), findings)
    raise error


def without_folders(text: str) -> str:
    """A message in which files are called by their names alone."""
    for folder in (str(Path.home()), str(Path(__file__).parent.parent)):
        text = text.replace(folder, "")
    return _FOLDERS.sub("", text)


def encoded(value: Any) -> bytes:
    """A value as JSON; what JSON has no number for is null."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False, default=str).encode()
