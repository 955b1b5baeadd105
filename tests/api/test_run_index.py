"""The index of past runs: made of their folders, written by many at once, and never in the way of a run."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from normoxia import documents
from normoxia.api import run_index
from normoxia.errors import InvalidArgument


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index of its own for each test."""
    monkeypatch.setenv(run_index.VARIABLE, str(tmp_path / "data"))
    return tmp_path / "data" / run_index.FILE


def made(folder: Path, trial: str = "toy", *, finished: bool = True, hour: int = 1) -> Path:
    """The folder of a run, with what the index reads of it."""
    folder.mkdir(parents=True)
    config = {
        "trial": trial,
        "seed": 7,
        "replicates": 20,
        "patients_per_arm": {"a": 30, "b": 40},
        "ensemble": "none",
        "ablated": ["C26"],
        "versions": {"normoxia": "0.1.0"},
    }
    (folder / "config.yaml").write_text(documents.write(config))
    events = [{"time": f"2026-11-01T0{hour}:00:00+00:00", "event": "started"}]
    if finished:
        events.append({"time": f"2026-11-01T0{hour}:01:00+00:00", "event": "finished"})
        manifest = {
            **{key: config[key] for key in ("trial", "seed", "replicates", "ablated", "versions")},
            "patients": {"a": 30, "b": 40},
            "wall_seconds": 60.0,
        }
        (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "log.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    return folder


def test_a_run_is_listed_as_its_folder_says(tmp_path: Path) -> None:
    run_index.record(made(tmp_path / "one"))
    (run,) = run_index.listed()
    assert (run.path, run.state, run.trial, run.seed) == (tmp_path / "one", "finished", "toy", 7)
    assert (run.replicates, run.patients, run.ablated) == (20, 70, "C26")
    assert run.wall_seconds == 60.0
    assert run.finished == "2026-11-01T01:01:00+00:00"


def test_the_latest_run_comes_first_and_an_unfinished_one_says_so(tmp_path: Path) -> None:
    run_index.record(made(tmp_path / "early", hour=1))
    run_index.record(made(tmp_path / "late", hour=3, finished=False))
    run_index.record(made(tmp_path / "between", hour=2))
    assert [(run.path.name, run.state) for run in run_index.listed()] == [
        ("late", "unfinished"),
        ("between", "finished"),
        ("early", "finished"),
    ]
    assert run_index.listed()[0].patients == 70


def test_a_run_that_goes_on_is_read_again(tmp_path: Path) -> None:
    run_index.record(made(tmp_path / "one", finished=False))
    assert run_index.listed()[0].state == "unfinished"
    whole = made(tmp_path / "other")
    for name in ("manifest.json", "log.jsonl"):
        (tmp_path / "one" / name).write_bytes((whole / name).read_bytes())
    assert run_index.listed()[0].state == "finished"


def test_a_missing_folder_is_shown_as_such_until_it_is_forgotten(tmp_path: Path) -> None:
    run_index.record(made(tmp_path / "one"))
    (tmp_path / "one").rename(tmp_path / "moved")
    (run,) = run_index.listed()
    assert (run.state, run.trial) == ("missing", "toy")
    assert run_index.forget_missing() == 1
    assert run_index.listed() == ()
    assert run_index.scan([tmp_path]) == 1
    assert run_index.listed()[0].path == tmp_path / "moved"


@pytest.mark.parametrize("damage", ["", "not a number", '{"trial": "toy", "seed": null}'])
def test_a_damaged_folder_is_listed_as_damaged(tmp_path: Path, damage: str) -> None:
    folder = made(tmp_path / "one")
    (folder / "manifest.json").write_text(damage)
    run_index.record(folder)
    assert run_index.listed()[0].state == "damaged"


@pytest.mark.parametrize("content", [None, b"not a database " * 100])
def test_a_lost_or_damaged_index_is_rebuilt_from_the_folders(
    tmp_path: Path, index: Path, content: bytes | None
) -> None:
    made(tmp_path / "runs" / "a")
    made(tmp_path / "runs" / "deep" / "b")
    run_index.scan([tmp_path / "runs"])
    before = run_index.listed()
    index.unlink()
    if content is not None:
        index.write_bytes(content)
    assert run_index.listed() == ()
    assert run_index.scan([tmp_path / "runs"]) == 2
    assert run_index.listed() == before


def test_an_index_of_another_version_is_begun_anew(tmp_path: Path, index: Path) -> None:
    index.parent.mkdir()
    with sqlite3.connect(index) as old:
        old.execute("CREATE TABLE runs (folder)")
        old.execute("PRAGMA user_version = 99")
    old.close()
    run_index.record(made(tmp_path / "one"))
    assert len(run_index.listed()) == 1


def test_many_processes_write_at_once(tmp_path: Path) -> None:
    folders = [made(tmp_path / f"run-{i}") for i in range(24)]
    code = "import sys; from pathlib import Path; from normoxia.api import run_index\nfor p in sys.argv[1:]: run_index.record(Path(p))"
    writers = [
        subprocess.Popen([sys.executable, "-c", code, *map(str, folders[i::6])]) for i in range(6)
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0] * 6
    assert {run.path for run in run_index.listed()} == {*folders}


def test_an_index_that_cannot_be_written_stops_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(run_index.VARIABLE, str(tmp_path / "file"))
    run_index.record(made(tmp_path / "one"))


def test_a_folder_that_holds_no_run_is_not_recorded(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    run_index.record(tmp_path / "empty")
    assert run_index.listed() == ()
    with pytest.raises(InvalidArgument, match="is no folder"):
        run_index.scan([tmp_path / "nowhere"])


def test_the_data_folder_is_the_platform_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(run_index.VARIABLE)
    monkeypatch.setattr(run_index.sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert run_index.data_folder() == tmp_path / "normoxia"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert run_index.data_folder() == Path.home() / ".local" / "share" / "normoxia"
    monkeypatch.setattr(run_index.sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert run_index.data_folder() == tmp_path / "normoxia"
