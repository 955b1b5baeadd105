"""What this machine's memory allows, so that work that cannot fit is refused before it begins, and giving back what is free."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from normoxia.errors import InvalidArgument

#: share of the memory that one piece of work may plan to fill; the rest is for the libraries and everybody else
SHARE = 0.8
#: taken where the system does not say
_UNKNOWN = 8 * 2**30
_GROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def available() -> int:
    """Bytes of memory: what the machine has, or less where a control group says so."""
    try:
        physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # not on every platform
        physical = _UNKNOWN
    limits = [physical if physical > 0 else _UNKNOWN]
    for path in _GROUP_LIMITS:
        try:
            limits.append(int(path.read_text()))
        except (OSError, ValueError):  # no such group, or "max"
            continue
    return min(limits)


def refuse_beyond(needed: float, what: str, remedy: str) -> None:
    """Nothing when the bytes needed fit.

    what    that needs them, such as "1e+09 patients in each of 20 replicates"
    remedy  what to do
    raises  InvalidArgument with the estimate and what there is
    """
    allowed = SHARE * available()
    if not needed <= allowed:
        raise InvalidArgument(
            f"{what} would need about {spoken(needed)} of memory; this machine allows {spoken(allowed)}; {remedy}"
        )


def give_back() -> None:
    """Return to the system what was freed.

    The C library of Linux keeps freed arrays of up to 32 MiB for itself: after a trial's simulation 170 MiB that nothing uses.
    Elsewhere nothing happens.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, TypeError, AttributeError):  # another system, another C library
        return
    trim(0)


def spoken(size: float) -> str:
    """Bytes as people say them."""
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if size >= scale:
            return f"{size / scale:,.3g} {unit}"
    return f"{size / 1e3:,.3g} kB"
