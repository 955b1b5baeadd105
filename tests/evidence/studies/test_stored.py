"""Studies from the cache are the studies of the documents, and a changed document is read anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from normoxia import cache, documents, library
from normoxia.errors import InvalidDocument
from normoxia.evidence.studies import files, stored

NAMES = ("impower150", "oak", "keynote-407", "lume-lung-1", "arc-10")


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.setenv("NORMOXIA_CACHE", str(tmp_path / "cache"))
    (tmp_path / "studies").mkdir()
    return [
        Path(shutil.copy(library.path("studies", name), tmp_path / "studies")) for name in NAMES
    ]


def test_every_shipped_study_survives_being_stored() -> None:
    studies = tuple(files.read(library.path("studies", name)) for name in library.names("studies"))
    assert stored.decode(stored.encode(studies)) == studies


def test_the_second_reading_parses_nothing(
    paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stored.shipped(paths)
    assert first == tuple(map(files.read, paths))

    def refuse(*_: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr(documents, "parse", refuse)
    assert stored.shipped(paths) == first


def test_a_changed_document_is_read_anew(paths: list[Path]) -> None:
    stored.shipped(paths)
    text = paths[1].read_text(encoding="utf-8")
    paths[1].write_text(
        text.replace("title: ", "title: New: ", 1).replace("title: New: ", "title: New ")
    )
    assert stored.shipped(paths)[1].title.startswith("New ")


def test_a_damaged_cache_is_read_anew(paths: list[Path]) -> None:
    first = stored.shipped(paths)
    file = cache.folder() / stored.FILE
    file.write_bytes(file.read_bytes()[:-100])
    assert stored.shipped(paths) == first
    # whole, of the right key, and laid out otherwise
    cache.write(stored.FILE, stored._key(paths), b'[["IMpower150"]]')
    assert stored.shipped(paths) == first


def test_a_document_with_mistakes_is_never_kept(paths: list[Path]) -> None:
    paths[0].write_text("study: X\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(InvalidDocument, match='missing key "title"'):
            stored.shipped(paths)
    assert not (cache.folder() / stored.FILE).exists()
