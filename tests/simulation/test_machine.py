"""Compiled kernels on disk: an object is used for its own key alone, and only where nobody else could have put it."""

from __future__ import annotations

import ctypes
import logging
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from normoxia.simulation.backends import machine
from normoxia.simulation.backends.machine import Machine

POSIX = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no rights of files on this platform")


def text(number: float) -> str:
    """A kernel that writes a number where its argument points."""
    bits = np.float64(number).view(np.uint64)
    return f"define void @give(i64* %p) {{\n  store i64 {bits}, i64* %p\n  ret void\n}}\n".replace(
        "i64*", "ptr"
    )


def given_by(kernel: Machine) -> float:
    place = ctypes.c_double()
    kernel.function("give", 1)(ctypes.addressof(place))
    return place.value


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("NORMOXIA_CACHE", str(folder))
    return folder


def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Kernels that are compiled from now on."""
    seen: list[str] = []
    build = machine._built

    def noted(source: str) -> bytes:
        seen.append(source)
        return build(source)

    monkeypatch.setattr(machine, "_built", noted)
    return seen


def test_an_object_is_found_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = built(monkeypatch)
    assert [given_by(Machine(text(1.5))) for _ in range(3)] == [1.5] * 3
    assert len(seen) == 1
    (path,) = cache.iterdir()
    if hasattr(os, "geteuid"):
        assert (path.stat().st_mode & 0o777, cache.stat().st_mode & 0o777) == (0o600, 0o700)


def test_an_object_in_the_place_of_another_is_not_used(
    cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Machine(text(1.5))
    (first,) = cache.iterdir()
    Machine(text(2.5))
    (second,) = set(cache.iterdir()) - {first}
    second.write_bytes(first.read_bytes())
    seen = built(monkeypatch)
    assert given_by(Machine(text(2.5))) == 2.5
    assert len(seen) == 1
    assert "damaged, of another model or not yours alone; it is built again" in caplog.text
    assert given_by(Machine(text(2.5))) == 2.5
    assert len(seen) == 1


def test_another_processor_or_compiler_has_objects_of_its_own(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Machine(text(1.5))
    monkeypatch.setattr(machine, "processor", lambda: ("x86-64", ""))
    Machine(text(1.5))
    assert len([*cache.iterdir()]) == 2


@given(data=st.data())
def test_a_changed_object_is_never_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    path, key = folder / "x.o", bytes(range(32))
    machine._write(path, key, b"code" * 20)
    assert machine._read(path, key) == b"code" * 20
    assert machine._read(path, bytes(32)) is None
    whole = path.read_bytes()
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    changed = whole[:start] + data.draw(st.binary(max_size=5)) + whole[end:]
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    flipped = bytearray(whole)
    flipped[bit // 8] ^= 1 << bit % 8
    for content in (changed, bytes(flipped)):
        if content != whole:
            path.write_bytes(content)
            assert machine._read(path, key) is None


@POSIX
@pytest.mark.parametrize("mode", [0o777, 0o775, 0o770, 0o1777])
def test_a_folder_that_others_can_write_to_is_not_used(
    cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, mode: int
) -> None:
    Machine(text(1.5))
    cache.chmod(mode)
    seen = built(monkeypatch)
    with caplog.at_level(logging.WARNING):
        assert [given_by(Machine(text(number))) for number in (1.5, 2.5, 1.5)] == [1.5, 2.5, 1.5]
    assert len(seen) == 3
    assert len([*cache.iterdir()]) == 1
    warnings = [record for record in caplog.records if str(cache) in record.getMessage()]
    assert len(warnings) == 1
    assert "chmod go-w" in warnings[0].getMessage()


@POSIX
def test_a_file_that_others_can_write_to_is_not_used(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Machine(text(1.5))
    (path,) = cache.iterdir()
    path.chmod(0o666)
    seen = built(monkeypatch)
    assert given_by(Machine(text(1.5))) == 1.5
    assert len(seen) == 1
    assert path.stat().st_mode & 0o777 == 0o600


@POSIX
def test_a_folder_of_somebody_else_is_not_used(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Machine(text(1.5))
    seen = built(monkeypatch)
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    assert given_by(Machine(text(1.5))) == 1.5
    assert len(seen) == 1


def test_without_a_folder_nothing_is_kept_and_all_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NORMOXIA_CACHE", str(tmp_path / "file" / "cache"))
    assert given_by(Machine(text(1.5))) == 1.5
