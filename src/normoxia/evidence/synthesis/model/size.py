"""How large a network may be, with an estimate of what a larger one would need: refused before any work, not after an hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.model.contrasts import Arm, Contrast

#: arms of one study; a larger one is a column taken for the study's by mistake
MOST_ARMS = 200
#: what pooling may take on one core; a table of a million rows is thus pooled or refused within a minute
MOST_SECONDS = 40.0
MOST_BYTES = 4 * 2**30
#: measured on one core of a server of 2024: fits of the whole network, rankings, and the rows themselves
_SECONDS_A_ROW_AND_PAIR = 2e-7
_SECONDS_A_ROW = 1e-5
#: copies of the design that are in memory at once
_COPIES = 6


def require_feasible(evidence: Iterable[Contrast | Arm]) -> None:
    """Nothing for evidence that can be pooled in a minute.

    Raises
    ------
    InvalidArgument
        With the time and the memory that it would take.
    """
    contrasts: Counter[str] = Counter()
    arms: Counter[str] = Counter()
    treatments: set[str] = set()
    for row in evidence:
        treatments.add(row.treatment)
        if isinstance(row, Contrast):
            treatments.add(row.comparator)
            contrasts[row.study] += 1
        else:
            arms[row.study] += 1
    for study, count in [
        *arms.most_common(1),
        *((s, _arms_of(k)) for s, k in contrasts.most_common(1)),
    ]:
        if count > MOST_ARMS:
            raise InvalidArgument(
                f'study "{study}" has {count} arms or more, expected at most {MOST_ARMS}; if another column names the studies, '
                "say --column study=NAME"
            )
    n_rows = sum(_arms_of(k) - 1 for k in contrasts.values()) + arms.total() - len(arms)
    n = len(treatments)
    seconds = n_rows * (_SECONDS_A_ROW + _SECONDS_A_ROW_AND_PAIR * n**2)
    size = 8.0 * _COPIES * n_rows * n
    if seconds > MOST_SECONDS or size > MOST_BYTES:
        raise InvalidArgument(
            f"{n_rows} contrasts of {n} treatments would take about {_shown(seconds)} and {size / 2**30:.1f} GiB of memory, "
            f"expected at most {_shown(MOST_SECONDS)} and {MOST_BYTES / 2**30:g} GiB; pool the studies of each comparison first, "
            "or fewer treatments"
        )


def _arms_of(n_contrasts: int) -> int:
    """The fewest arms that have so many contrasts."""
    n = 2
    while n * (n - 1) // 2 < n_contrasts and n <= MOST_ARMS:
        n += 1
    return n


def _shown(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"
