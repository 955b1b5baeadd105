"""What is computed once and shipped, since it takes minutes: the finished IMpower150 of the first screen, the credibility of the
model, and the scoreboard. `tools/page/make_stored.py` makes it anew.
"""

from __future__ import annotations

import functools
import gzip
import json
from pathlib import Path
from typing import Any

from normoxia.language import language

FOLDER = Path(__file__).parent / "stored"


@functools.cache
def read(name: str) -> Any:
    """What is stored under a name."""
    return json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))


def write(name: str, value: Any) -> Path:
    """Store a value under a name; the same value gives the same bytes."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    path = FOLDER / f"{name}.json.gz"
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    return path


def credibility(lang: str) -> dict[str, Any]:
    """Which questions are supported: a state, a sentence, and each question."""
    content = read("credibility")
    questions = [
        {
            "id": one["id"],
            "title": one["title"][lang],
            "risk": one["risk"],
            "standing": one["standing"],
            "text": language(lang).say(f"web.standing_{one['standing'].replace(' ', '_')}"),
        }
        for one in content["questions"]
    ]
    n_met = sum(one["standing"] == "met" for one in questions)
    state = "supported" if n_met == len(questions) else "partly" if n_met else "not supported"
    return {
        "state": state,
        "text": language(lang).say("web.credibility", met=n_met, n=len(questions)),
        "date": content["date"],
        "claims": content["summary"],
        "questions": questions,
    }
