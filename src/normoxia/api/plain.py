"""A value as JSON has it."""

from __future__ import annotations

import math
from typing import Any


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
