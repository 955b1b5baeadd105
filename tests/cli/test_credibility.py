"""`normoxia credibility` as a user meets it."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from normoxia.calibration.credibility import verification


@pytest.fixture(autouse=True)
def units_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks that solve have tests of their own; here they are left out, and their claims are not done."""
    monkeypatch.setattr(verification, "CHECKS", {"units": verification.units})


def test_one_command_writes_the_file(normoxia: Callable, tmp_path: Path) -> None:
    answer = normoxia("credibility", "--quick", "--out", "file", "--lang", "zh")
    assert answer.code == 0, answer.err
    assert "✓ 已满足" in answer.out
    assert answer.err.splitlines()[-1] == "file/report.html"
    folder = tmp_path / "file"
    assert {p.name for p in folder.iterdir()} == {
        "report.html",
        "credibility.json",
        "claims.csv",
        "targets.csv",
        "scored.csv",
        "manifest.json",
    }
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, digest in manifest["outputs"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest().startswith(digest)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.index('lang="zh"') < page.index('lang="en"')
    whole = json.loads((folder / "credibility.json").read_text(encoding="utf-8"))
    with (folder / "targets.csv").open(encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == len(whole["targets"])
    with (folder / "claims.csv").open(encoding="utf-8") as stream:
        statuses = {row["id"]: row["status"] for row in csv.DictReader(stream)}
    assert (statuses["units"], statuses["convergence"]) == ("met", "not done")


def test_json_is_one_object_and_a_folder_is_found_for_it(
    normoxia: Callable, tmp_path: Path
) -> None:
    answer = normoxia("credibility", "--quick", "--json", "--quiet")
    assert answer.code == 0, answer.err
    assert answer.err == ""
    assert json.loads(answer.out)["schema"] == "normoxia.credibility/1"
    assert (tmp_path / "runs" / "credibility-001" / "report.html").is_file()


def test_what_is_there_is_not_overwritten(normoxia: Callable, tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / "mine.txt").write_text("kept")
    answer = normoxia("credibility", "--quick", "--out", "file")
    assert answer.code == 2
    assert "--out" in answer.err
    assert [p.name for p in (tmp_path / "file").iterdir()] == ["mine.txt"]
