"""`normoxia validate`: the object it prints, the lines that fit, and what it refuses before any work."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.cells import cell_len
from tests.report import boards

from normoxia import calibration
from normoxia.calibration.scoring import scoreboard_json


@pytest.fixture
def validated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A validation that is there at once; the list counts how often it was asked for."""
    asked: list[str] = []

    def validate(*, workers: int, progress: object) -> SimpleNamespace:
        asked.append("validate")
        left_out = {"OAK": SimpleNamespace(k=0.31, effective=812.4, refitted=False)}
        return SimpleNamespace(
            board=boards.guess(),
            left_out=left_out,
            attempts=(),
            stacked={"over_pruning": SimpleNamespace(weight=0.6)},
            identifiability=(("gnet", 0.1, 0.5, 0.75), ("over_pruning", 0.2, 0.98, 0.04)),
            ensemble="e" * 64,
        )

    monkeypatch.setattr(calibration, "validate", validate, raising=False)
    return asked


def test_json_is_exactly_the_scoreboards(normoxia: Callable, validated: list[str]) -> None:
    answer = normoxia("validate", "--json", "--quiet")
    assert answer.code == 0
    assert json.loads(answer.out) == scoreboard_json.document(boards.guess())
    assert answer.err == ""


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_everything_printed_fits_a_hundred_columns(
    normoxia: Callable, validated: list[str], lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    answer = normoxia("validate", "--lang", lang, "--quiet")
    assert answer.code == 0
    lines = [line.rstrip() for line in answer.out.splitlines()]
    assert max(map(cell_len, lines)) <= 100
    rows = sum(line.startswith(("OAK ", "KEYNOTE-", "IMpower150†")) for line in lines)
    assert rows > 50


def test_the_summary_comes_before_the_rows_and_the_worst_row_first(
    normoxia: Callable, validated: list[str]
) -> None:
    out = normoxia("validate", "--quiet").out
    places = [
        out.index(part)
        for part in (
            "thresholds are missed",
            "Thresholds",
            "Failures of the field",
            "Hazard ratios, largest errors first",
        )
    ]
    assert places == sorted(places)
    worst = boards.guess().primary_scores.rows[0].observed.target.study
    table = out[out.index("largest errors first") :].splitlines()
    assert worst in "".join(table[3:6])


def test_one_study_alone(normoxia: Callable, validated: list[str]) -> None:
    out = normoxia("validate", "--study", "OAK", "--quiet").out
    rows = out[out.index("largest errors first") :]
    assert "OAK" in rows
    assert "KEYNOTE" not in rows


def test_the_report_holds_page_figures_and_the_object(
    normoxia: Callable, validated: list[str], tmp_path: Path
) -> None:
    assert normoxia("validate", "--out", "board", "--file", "board.json", "--lang", "zh").code == 0
    folder = tmp_path / "board"
    assert {p.name for p in folder.iterdir()} == {
        "report.html",
        "figures",
        "scoreboard.json",
        "left-out.yaml",
    }
    assert json.loads((folder / "scoreboard.json").read_text()) == scoreboard_json.document(
        boards.guess()
    )
    assert (folder / "scoreboard.json").read_bytes() == (tmp_path / "board.json").read_bytes()
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert text.index('lang="zh"') < text.index('lang="en"')
    assert (folder / "figures" / "contraction-en.svg").exists()
    for part in ("Left-out studies", "Structures, on against off", "Identifiability"):
        assert part in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--study", "OAKK"), 'did you mean "OAK"?'),
        (("--file", "there"), "there exists; name another one with --file"),
        (("--out", "there"), "there exists; name another one with --out"),
        (("--report", "there"), "there exists; name another one with --out"),
        (("--lang", "fr"), 'language "fr" is not known'),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_work(
    normoxia: Callable, validated: list[str], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "there").write_text("precious")
    answer = normoxia("validate", *arguments)
    assert answer.code == 2
    assert said in answer.err
    assert validated == []
    assert (tmp_path / "there").read_text() == "precious"
