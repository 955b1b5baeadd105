"""A disk that is full: every verb that writes names the file it could not write, and how to go on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from normoxia.errors import with_path
from normoxia.trial.folder import RunFolder, write_whole

FULL = Path("/dev/full")  # opens, and answers every write with "no space left on device"

pytestmark = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this platform")

MODEL = """\
model: toy
time_unit: day
parameters:
  k: {value: 0.1, unit: 1/day, source: assumed}
species:
  central: {initial: 1, unit: mg}
processes:
  loss: {rate: k*central, unit: mg/day, changes: {central: -1}}
"""


def full(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """From now on there is no space for a file of a name: it is /dev/full that is opened for it, whatever its temporary name."""
    opened = os.open

    def refused(path: str | Path, flags: int, mode: int = 0o777, **rest: int) -> int:
        if flags & os.O_CREAT and Path(path).name.startswith(f".{name}."):
            return opened(FULL, os.O_WRONLY)
        return opened(path, flags, mode, **rest)

    monkeypatch.setattr(os, "open", refused)


def test_an_error_that_names_a_file_already_keeps_that_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught, with_path("elsewhere"):
        (tmp_path / "missing").read_bytes()
    assert caught.value.filename == str(tmp_path / "missing")


def test_a_chunk_and_a_log_line_name_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunk = tmp_path / "run" / "chunks" / "000.parquet"
    full(monkeypatch, chunk.name)
    with pytest.raises(OSError, match="No space left") as caught:
        write_whole(chunk, b"patients")
    assert caught.value.filename == str(chunk)
    assert list(chunk.parent.iterdir()) == []
    log = tmp_path / "run" / "log.jsonl"
    log.symlink_to(FULL)
    with pytest.raises(OSError, match="No space left") as caught:
        RunFolder(tmp_path / "run").log("started")
    assert caught.value.filename == str(log)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_simulate_names_the_file_it_could_not_write(
    normoxia: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    (tmp_path / "toy.yaml").write_text(MODEL)
    full(monkeypatch, f"out.{ending}")
    answer = normoxia(
        "simulate",
        "toy.yaml",
        "--times",
        "0:10:1",
        "--file",
        f"out.{ending}",
        "--backend",
        "reference",
    )
    assert answer.code == 1
    assert "No space left on device" in answer.err
    assert f"(out.{ending})" in answer.err
    assert not (tmp_path / f"out.{ending}").exists()


@pytest.mark.parametrize(
    "name", ["report.html", "synthesis.json", "figures/studies-en.svg", "input.csv"]
)
def test_pool_names_the_file_it_could_not_write(
    normoxia: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "t.csv").write_text(
        "study,t1,t2,HR,lower,upper\nA,x,y,0.8,0.6,1.1\nB,x,y,0.9,0.7,1.2\n"
    )
    full(monkeypatch, Path(name).name)
    answer = normoxia("pool", "t.csv", "--out", "told", "--quiet")
    assert answer.code == 1
    assert "No space left on device" in answer.err
    assert f"(told/{name})" in answer.err
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    # once there is space the same command writes the folder anew
    assert normoxia("pool", "t.csv", "--out", "told", "--quiet").code == 0
    assert (tmp_path / "told" / name).stat().st_size > 0


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_export_names_the_file_it_could_not_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    from normoxia.evidence import export

    target = tmp_path / f"table.{ending}"
    full(monkeypatch, target.name)
    with pytest.raises(OSError, match="No space left") as caught:
        export.write([{"study": "A", "n": 3}], target, overwrite=True)
    assert caught.value.filename == str(target)
