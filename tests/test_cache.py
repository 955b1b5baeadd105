"""What is kept is given back whole or not at all, and only what this user alone can have written."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from normoxia import cache

KEY, OTHER = b"k" * 32, b"o" * 32


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "kept"
    monkeypatch.setenv("NORMOXIA_CACHE", str(folder))
    return folder


def test_content_comes_back_for_its_key_only(place: Path) -> None:
    assert cache.read("a", KEY) is None
    cache.write("a", KEY, b"content")
    assert cache.read("a", KEY) == b"content"
    assert cache.read("a", OTHER) is None
    cache.write("a", OTHER, b"newer")
    assert (cache.read("a", KEY), cache.read("a", OTHER)) == (None, b"newer")
    assert [path.name for path in place.iterdir()] == ["a"]


@pytest.mark.parametrize("at", [0, 20, 60, 90])
def test_a_damaged_file_is_not_read(place: Path, at: int) -> None:
    cache.write("a", KEY, b"content" * 10)
    stored = bytearray((place / "a").read_bytes())
    stored[at] ^= 1
    (place / "a").write_bytes(stored)
    assert cache.read("a", KEY) is None


def test_half_a_file_is_not_read(place: Path) -> None:
    cache.write("a", KEY, b"content" * 10)
    stored = (place / "a").read_bytes()
    for length in (0, 10, 49, 80, len(stored) - 1):
        (place / "a").write_bytes(stored[:length])
        assert cache.read("a", KEY) is None


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no rights of files here")
def test_what_others_can_write_is_not_read_and_not_written(place: Path) -> None:
    cache.write("a", KEY, b"content")
    (place / "a").chmod(0o666)
    assert cache.read("a", KEY) is None
    (place / "a").chmod(0o600)
    place.chmod(0o777)
    assert cache.read("a", KEY) is None
    cache.write("b", KEY, b"content")
    assert not (place / "b").exists()


def test_where_nothing_can_be_kept_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NORMOXIA_CACHE", str(tmp_path / "file" / "below"))
    cache.write("a", KEY, b"content")
    assert cache.read("a", KEY) is None


def test_writers_at_once_leave_a_whole_file(place: Path) -> None:
    contents = [bytes([i]) * 200_000 for i in range(8)]
    writers = [
        threading.Thread(target=cache.write, args=("a", KEY, content)) for content in contents
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert cache.read("a", KEY) in contents
    assert [path.name for path in place.iterdir()] == ["a"]


def test_the_folder_is_its_owner_s_alone(place: Path) -> None:
    cache.write("a", KEY, b"content")
    assert place.stat().st_mode & 0o077 == 0
