"""The built page: its files by name, and its first file for every address that the page itself reads."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from fastapi import Response

from normoxia.web.replies import Refused

_FIRST = "index.html"
_YEAR = "public, max-age=31536000, immutable"


class BuiltPage:
    """The files of a folder, listed when the server starts, so that no address reaches another file.

    Parameters
    ----------
    folder
        Of the built page.
    """

    def __init__(self, folder: Path) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): path
            for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }

    async def reply(self, path: str) -> Response:
        """A file of the page; the first one for an address without the ending of a file."""
        if path.startswith("api/") or path == "api":
            raise Refused(404, "NotFound", "there is nothing here; /api/openapi.json lists what is")
        name = path if path in self._files else _FIRST
        if name not in self._files or (name == _FIRST and "." in path.rsplit("/", 1)[-1]):
            raise Refused(404, "NotFound", "there is no such file")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        # names of assets change with their content, the first file's does not
        cache = _YEAR if name.startswith("assets/") else "no-cache"
        return Response(
            self._files[name].read_bytes(), media_type=kind, headers={"cache-control": cache}
        )
