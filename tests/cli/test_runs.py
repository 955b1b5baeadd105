"""`normoxia runs`: what was run, from wherever it is asked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

SMALL = ("--uncalibrated", "--patients", "3", "--no-report", "--quiet")


def test_a_run_is_listed_where_its_folder_is_and_gone_when_it_is_forgotten(
    normoxia: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORMOXIA_DATA", str(tmp_path / "data"))
    answer = normoxia("runs")
    assert answer.code == 0
    assert "normoxia run impower150" in answer.out
    assert normoxia("run", "IMPOWER 150", *SMALL, "--out", "mine", "--seed", "5").code == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (run,) = json.loads(normoxia("runs", "--json").out)["runs"]
    assert run["path"] == str(tmp_path / "mine")
    assert (run["trial"], run["seed"], run["state"]) == ("impower150", 5, "finished")
    assert (run["replicates"], run["patients"]) == (1, 9)
    table = normoxia("runs").out
    assert "impower150" in table
    assert "finished" in table
    assert "已完成" in normoxia("runs", "--lang", "zh").out
    shutil.rmtree(tmp_path / "mine")
    assert "folder is missing" in normoxia("runs").out
    assert "1 runs removed" in normoxia("runs", "--forget").err
    assert json.loads(normoxia("runs", "--json").out)["runs"] == []


def test_runs_below_a_folder_that_is_named_are_found(
    normoxia: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORMOXIA_DATA", str(tmp_path / "data"))
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("trial: toy\nseed: 3\n")
    (folder / "log.jsonl").write_text('{"time": "2026-11-01T01:00:00+00:00", "event": "started"}\n')
    answer = normoxia("runs", "a")
    assert answer.code == 0
    assert "unfinished" in answer.out
    answer = normoxia("runs", "nowhere")
    assert answer.code == 2
    assert "nowhere is no folder" in answer.err
