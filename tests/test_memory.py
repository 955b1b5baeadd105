"""Memory: what there is, and work that would need more is refused with the estimate."""

from __future__ import annotations

import os
import platform

import pytest

from normoxia import memory
from normoxia.errors import InvalidArgument


def test_what_is_available_is_no_more_than_the_machine_has() -> None:
    assert 0 < memory.available() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_a_control_group_may_allow_less(
    monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    limit, none = os.path.join(tmp_path, "max"), os.path.join(tmp_path, "none")
    with open(limit, "w") as file:
        file.write("1000000\n")
    with open(none, "w") as file:
        file.write("max\n")
    monkeypatch.setattr(
        memory,
        "_GROUP_LIMITS",
        (type(memory._GROUP_LIMITS[0])(none), type(memory._GROUP_LIMITS[0])(limit)),
    )
    assert memory.available() == 1_000_000
    memory.refuse_beyond(799_999, "this", "less")
    with pytest.raises(
        InvalidArgument,
        match=r"this would need about 801 kB of memory; this machine allows 800 kB; less",
    ):
        memory.refuse_beyond(801_000, "this", "less")


@pytest.mark.parametrize(
    ("size", "said"), [(1.5e13, "15 TB"), (2e9, "2 GB"), (3.21e6, "3.21 MB"), (500, "0.5 kB")]
)
def test_sizes_are_said_in_the_unit_of_their_order(size: float, said: str) -> None:
    assert memory.spoken(size) == said


@pytest.mark.parametrize("size", [float("inf"), float("nan")])
def test_what_is_no_size_is_refused(size: float) -> None:
    with pytest.raises(InvalidArgument):
        memory.refuse_beyond(size, "this", "less")


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="another C library returns memory by itself"
)
def test_what_is_freed_is_given_back_to_the_system() -> None:
    """Blocks below the least size that the C library maps by itself (128 KiB), freed but for the last, which lies above them."""

    def resident() -> int:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    blocks = [b"x" * 100_000 for _ in range(1000)]
    last = blocks.pop()
    del blocks
    before = resident()
    memory.give_back()
    assert resident() < before - 50_000_000
    assert last
