"""Parameters that many routes have, and the reply they give."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query, Response
from pydantic import Field

Lang = Annotated[Literal["en", "zh"], Query(description="Language of texts.")]
Theme = Annotated[Literal["light", "dark"], Query(description="Colours of figures.")]
#: a name of the library or of a run, without a separator of folders
Name = Annotated[str, Path(min_length=1, max_length=120, pattern=r"^[^/\\\x00-\x1f]+$")]

#: a word or name in a body
Word = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^/\\\x00-\x1f]+$")]
#: characters of a document or table
LONGEST_TEXT = 400_000

ERROR: dict[str, Any] = {
    "description": "What was asked cannot be answered, and why.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["error"],
                "properties": {
                    "error": {
                        "type": "object",
                        "required": ["kind", "message", "findings"],
                        "properties": {
                            "kind": {"type": "string"},
                            "message": {"type": "string"},
                            "findings": {"type": "array", "items": {"type": "string"}},
                        },
                    }
                },
            }
        }
    },
}
#: errors that a route may answer with
ERRORS: dict[int | str, dict[str, Any]] = dict.fromkeys(
    (400, 401, 403, 404, 405, 408, 409, 413, 415, 421, 422, 429), ERROR
)


def json_reply(body: bytes, status: int = 200) -> Response:
    """A reply of JSON text."""
    return Response(body, status_code=status, media_type="application/json")
