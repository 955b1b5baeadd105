"""Values as JSON has them, and JSON read back."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from normoxia.errors import InvalidDocument


def plain(value: Any) -> Any:
    """A value as JSON has it: nan and infinities as null, numbers of arrays as numbers."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        return plain(value.item())
    return value


def read_json(path: Path, name: str, schema: str) -> dict[str, Any]:
    """The JSON object of a folder or file.

    Parameters
    ----------
    path
        The folder, or the file itself.
    name
        Of the file in the folder.
    schema
        What the object must say under "schema".

    Raises
    ------
    InvalidDocument
        There is no such file, it is no JSON, or it is of another schema.
    """
    file = path / name if path.is_dir() else path
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidDocument(f"{file}: cannot be read ({error}); expected a file {name}") from None
    given = content.get("schema") if isinstance(content, dict) else None
    if given != schema:
        raise InvalidDocument(f'{file}: has the schema "{given}"; expected "{schema}"')
    return dict(content)
