"""Options that verbs share, so that they read and mean the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from normoxia.api.limits import LARGEST_SEED as LARGEST_SEED
from normoxia.api.limits import LEAST_TOLERANCE, MOST_WORKERS
from normoxia.api.limits import worker_count as worker_count

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]

Seed = Annotated[
    int,
    typer.Option(
        "--seed", min=0, max=LARGEST_SEED, help="Same seed, same bytes, for any number of workers."
    ),
]
Workers = Annotated[
    int, typer.Option("--workers", min=0, max=MOST_WORKERS, help="Cores to use; 0 uses all.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no talk.")]
Out = Annotated[Path | None, typer.Option("--out", help="Where to write; must not exist yet.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run in --out.")]


def _spoken(lang: str) -> str:
    """The language, when it is one of ours: a wrong one is refused before any work is done."""
    from normoxia import library
    from normoxia.errors import UnknownName

    if lang not in (known := library.names("languages")):
        raise UnknownName("language", lang, known)
    return lang


Lang = Annotated[
    str,
    typer.Option("--lang", envvar="NORMOXIA_LANG", callback=_spoken, help="Language: en or zh."),
]
Ablate = Annotated[
    list[str] | None,
    typer.Option(
        "--ablate", help="Remove a causal statement, such as C26; may be given several times."
    ),
]


def checked_tolerance(tolerance: float) -> float:
    """A relative tolerance that can be meant. Raises InvalidArgument for one that no solver can meet, or that is none."""
    from normoxia.errors import InvalidArgument

    if not LEAST_TOLERANCE <= tolerance < 1:
        raise InvalidArgument(
            f"--tolerance {tolerance:g} cannot be meant; expected one from {LEAST_TOLERANCE:g} to below 1, such as 1e-4"
        )
    return tolerance
