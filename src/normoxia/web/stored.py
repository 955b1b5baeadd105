"""What is computed once and shipped, since it takes minutes: the finished IMpower150 of the first screen, and the scoreboard.
`tools/page/make_stored.py` makes it anew.
"""

from __future__ import annotations

import functools
import gzip
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "stored"


@functools.cache
def read(name: str) -> Any:
    """What is stored under a name."""
    return json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))


def has(name: str) -> bool:
    """Whether anything is stored under a name."""
    return (FOLDER / f"{name}.json.gz").is_file()


def write(name: str, value: Any) -> Path:
    """Store a value under a name; the same value gives the same bytes."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    path = FOLDER / f"{name}.json.gz"
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    return path
