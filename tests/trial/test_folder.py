"""A run folder keeps what is finished and refuses what would mix two runs."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from normoxia.errors import InvalidArgument, OutputExists
from normoxia.trial.folder import RunFolder, digest, write_whole

CONFIG = {"trial": "toy", "seed": 1, "patients": None, "regimen": "a 1 mg q3w"}


def test_a_folder_with_anything_in_it_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(
        OutputExists, match="exists; name another folder with --out, or add --resume"
    ):
        RunFolder.create(tmp_path, CONFIG)
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_resume_takes_the_same_configuration_and_finds_its_chunks(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "run", CONFIG).write_chunk("0001.bin", b"patients")
    again = RunFolder.resume(tmp_path / "run", CONFIG)
    assert again.has_chunk("0001.bin")
    assert not again.has_chunk("0002.bin")


def test_resume_names_what_changed(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "run", CONFIG)
    with pytest.raises(InvalidArgument, match="seed was 1, is 2"):
        RunFolder.resume(tmp_path / "run", {**CONFIG, "seed": 2})


def test_resume_without_a_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"holds no run to resume"):
        RunFolder.resume(tmp_path, CONFIG)


def test_a_full_disk_leaves_the_old_file_and_no_half_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "chunk.bin"
    write_whole(target, b"first")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(target, b"second")
    assert target.read_bytes() == b"first"
    assert [p.name for p in tmp_path.iterdir()] == ["chunk.bin"]


def test_the_manifest_carries_the_digest_of_each_output(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", CONFIG)
    folder.write_chunk("a.bin", b"abc")
    folder.write_manifest({"seed": 1}, [folder.chunk("a.bin")])
    manifest = json.loads((folder.path / "manifest.json").read_text())
    # sha256 of "abc": FIPS 180-2, appendix B.1
    assert manifest["outputs"]["chunks/a.bin"] == "ba7816bf8f01cfea" == digest(b"abc")
    events = [
        json.loads(line)["event"] for line in (folder.path / "log.jsonl").read_text().splitlines()
    ]
    assert events == ["started", "chunk", "finished"]
