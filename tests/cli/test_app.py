"""The verbs that are not runs: help that answers at once, documents checked, tables simulated, errors that name."""

from __future__ import annotations

import io
import json
import math
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from normoxia import library
from normoxia.cli import table
from normoxia.cli.app import execute

SOURCE = Path(__file__).parents[2] / "src"
TOY = """\
model: toy
time_unit: day
parameters:
  k: {value: 0.1, unit: 1/day, source: assumed}
species:
  central: {initial: 0, unit: mg}
processes:
  loss: {rate: k*central, unit: mg/day, changes: {central: -1}}
"""


def test_help_answers_without_the_scientific_libraries() -> None:
    code = (
        "import sys; from normoxia.cli.app import execute; execute(['--help']); "
        "print(sorted({'numpy', 'scipy', 'polars', 'llvmlite', 'altair', 'pint', 'yaml'} & set(sys.modules)))"
    )
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    found = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines()[-1] == "[]"


def test_simulate_writes_the_closed_form(normoxia: Callable, tmp_path: Path) -> None:
    (tmp_path / "toy.yaml").write_text(TOY)
    (tmp_path / "p.csv").write_text("patient,k\nslow,0.1\nfast,0.3\n")
    (tmp_path / "d.csv").write_text("time,target,amount,duration\n0,central,100,0\n")
    answer = normoxia(
        "simulate",
        "toy.yaml",
        "--patients",
        "p.csv",
        "--doses",
        "d.csv",
        "--times",
        "0:10:5",
        "--file",
        "o.csv",
        "--tolerance",
        "1e-8",
    )
    assert answer.code == 0, answer.err
    table = pl.read_csv(tmp_path / "o.csv")
    assert table.columns == ["patient", "time", "central"]
    # 100 exp(-k t)
    assert table.filter(pl.col("time") == 10)["central"].to_list() == pytest.approx(
        [36.787944117, 4.9787068368], rel=1e-6
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rate: k*central": "rate: k"}, "1/day"),
        ({"rate: k*central": "rate: k*centrl"}, 'did you mean "central"?'),
        ({"unit: 1/day": "unti: 1/day"}, 'unknown key "unti"; did you mean "unit"?'),
        ({"unit: mg/day": "unit: mgg/day"}, "mgg"),
        ({"unit: 1/day, source: assumed": "source: assumed"}, 'missing key "unit"'),
    ],
)
def test_a_model_that_does_not_balance_is_refused_with_its_line(
    normoxia: Callable, tmp_path: Path, change: dict[str, str], said: str
) -> None:
    text = TOY
    for old, new in change.items():
        text = text.replace(old, new, 1)
    (tmp_path / "toy.yaml").write_text(text)
    answer = normoxia("check", "toy.yaml")
    assert answer.code == 3
    assert said in answer.err
    assert "toy.yaml:" in answer.err


def test_a_truncated_document_is_refused(normoxia: Callable, tmp_path: Path) -> None:
    (tmp_path / "toy.yaml").write_text(TOY[: TOY.index("changes") + 9])
    answer = normoxia("check", "toy.yaml")
    assert answer.code == 3
    assert "not readable as YAML" in answer.err


def test_a_document_of_no_kind_is_refused(normoxia: Callable, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("triall: x\n")
    answer = normoxia("check", "x.yaml")
    assert answer.code == 3
    assert 'did you mean "trial"?' in answer.err


@pytest.mark.parametrize(
    "kind",
    # the studies take ten seconds here; that each can be read is an everyday test of their own room
    ["models", "drugs", "populations", "trials", pytest.param("studies", marks=pytest.mark.slow)],
)
def test_every_shipped_document_is_well(normoxia: Callable, kind: str) -> None:
    answer = normoxia("check", *(library.path(kind, name) for name in library.names(kind)))
    assert answer.code == 0, answer.err


def test_an_unreadable_file_and_an_existing_output_lose_nothing(
    normoxia: Callable, tmp_path: Path
) -> None:
    (tmp_path / "toy.yaml").write_text(TOY)
    (tmp_path / "o.csv").write_text("precious")
    answer = normoxia("simulate", "toy.yaml", "--times", "0:1", "--file", "o.csv")
    assert answer.code == 2
    assert "o.csv exists" in answer.err
    assert (tmp_path / "o.csv").read_text() == "precious"
    (tmp_path / "toy.yaml").write_bytes(b"\xff\xfe\x00\x01")
    answer = normoxia("simulate", "toy.yaml", "--times", "0:1", "--file", "p.csv")
    assert answer.code == 3
    assert "not UTF-8 text" in answer.err


def test_a_full_disk_is_told_as_one_and_leaves_no_half_file(tmp_path: Path) -> None:
    """The kernel refuses files beyond a limit as a full disk would; what stood before stays."""
    (tmp_path / "toy.yaml").write_text(TOY)

    def limit() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    env = {
        **os.environ,
        "PYTHONPATH": str(SOURCE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NORMOXIA_CACHE": str(tmp_path / "cache"),
    }
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "normoxia",
            "simulate",
            "toy.yaml",
            "--times",
            "0:1000",
            "--file",
            "o.csv",
            "--backend",
            "reference",
        ],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        preexec_fn=limit,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o.csv").exists()
    assert not list(tmp_path.glob(".o.csv*"))


def test_mechanism_lists_every_statement_in_both_languages(normoxia: Callable) -> None:
    found = json.loads(normoxia("mechanism", "--json").out)
    assert [s["tag"] for s in found["statements"]] == [f"C{i:02d}" for i in range(1, 35)]
    assert all({"en", "zh"} <= set(s["says"]) for s in found["statements"])
    # each is removed somewhere, or emergent and so tested instead of coded
    assert all(s["emergent"] != bool(s["ablated_in"]) for s in found["statements"])
    assert all(s["ablation"] for s in found["statements"] if s["ablated_in"] == "model")


def test_evidence_lists_shows_audits_and_exports(normoxia: Callable, tmp_path: Path) -> None:
    assert len(json.loads(normoxia("evidence", "list", "--json").out)["studies"]) == 249
    assert "19.2" in normoxia("evidence", "show", "IMpower150").out
    findings = json.loads(normoxia("evidence", "audit", "--json").out)["findings"]
    assert {"study", "item", "values", "places", "consequence", "found_by"} <= set(findings[0])
    assert (
        normoxia("evidence", "export", "contrasts", "--endpoint", "OS", "--file", "os.csv").code
        == 0
    )
    assert pl.read_csv(tmp_path / "os.csv").columns[:5] == [
        "studlab",
        "treat1",
        "treat2",
        "TE",
        "seTE",
    ]
    answer = normoxia("evidence", "show", "LEAP-07")
    assert answer.code == 2
    assert 'did you mean "LEAP-007"?' in answer.err


def test_checking_a_study_asks_what_a_second_reader_would(
    normoxia: Callable, tmp_path: Path
) -> None:
    """The document can be read, but prints a hazard ratio outside its interval."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "evidence.md").read_text(
        encoding="utf-8"
    )
    document = page.split("```yaml\n")[1].split("```")[0]
    (tmp_path / "mine.yaml").write_text(document, encoding="utf-8")
    answer = normoxia("check", "mine.yaml")
    assert answer.code == 0
    assert "second reader" not in answer.out + answer.err
    (tmp_path / "mine.yaml").write_text(
        document.replace("value: 0.70", "value: 1.20"), encoding="utf-8"
    )
    answer = normoxia("check", "mine.yaml", "--json")
    assert answer.code == 0
    (file,) = json.loads(answer.out)["files"]
    assert any(
        "1.2 is outside its interval 0.49 to 1" in question for question in file["questions"]
    )
    assert "a second reader asks" in answer.err


def test_an_impossible_ratio_is_named_wherever_studies_are_listed(
    normoxia: Callable, tmp_path: Path
) -> None:
    """A user's study with a hazard ratio outside its interval is not only told to those who open its page."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "evidence.md").read_text(
        encoding="utf-8"
    )
    document = page.split("```yaml\n")[1].split("```")[0]
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.yaml").write_text(document, encoding="utf-8")
    assert "second reader" not in normoxia("evidence", "list", "--studies", "mine").out
    assert "second-reader" not in normoxia("evidence", "audit", "--studies", "mine").out
    (folder / "mine.yaml").write_text(
        document.replace("value: 0.70", "value: 1.20"), encoding="utf-8"
    )
    asked = "1.2 is outside its interval 0.49 to 1"
    assert asked in normoxia("evidence", "list", "--studies", "mine").out
    listed = json.loads(normoxia("evidence", "list", "--studies", "mine", "--json").out)["studies"]
    assert [asked in " ".join(s["questions"]) for s in listed if not s["is_shipped"]] == [True]
    for language, word in (("en", "outside"), ("zh", "区间")):
        found = json.loads(
            normoxia("evidence", "audit", "--studies", "mine", "--lang", language, "--json").out
        )["findings"]
        own = [
            f
            for f in found
            if f["found_by"] == "rule:second-reader"
            and all(number in f["values"][0] for number in ("1.2", "0.49"))
            and not f["values"][0].startswith("p")  # the p value of the row is asked about too
        ]
        assert len(own) == 1
        assert word in own[0]["values"][0]
        assert own[0]["places"][0].startswith(str(Path("mine") / "mine.yaml"))
    answer = normoxia("evidence", "audit", "--studies", "mine")
    assert "second-reader" in answer.out
    assert answer.out.count("1.2 is outside") == 1


def test_export_gives_an_arm_as_sbml(normoxia: Callable, tmp_path: Path) -> None:
    answer = normoxia("export", "impower150", "--arm", "BCP", "--days", 42, "--file", "bcp.xml")
    assert answer.code == 0, answer.err
    assert "<sbml" in (tmp_path / "bcp.xml").read_text()[:200]


SINGULAR = """\
model: singular
time_unit: day
parameters:
  k: {value: 1, unit: 1/day, source: assumed}
  c: {value: 0, unit: 1, source: assumed}
species:
  X: {initial: 1, unit: 1}
processes:
  out: {rate: k*X/c, unit: 1/day, changes: {X: -1}}
"""


@pytest.mark.parametrize("backend", ["fast", "reference"])
def test_a_patient_whose_formula_has_no_value_is_told_and_its_cells_are_empty(
    normoxia: Callable, tmp_path: Path, backend: str
) -> None:
    """X falls by exp(-t) where c is 1."""
    (tmp_path / "m.yaml").write_text(SINGULAR)
    (tmp_path / "p.csv").write_text("patient,c\nwell,1\nlost,0\n")
    answer = normoxia(
        "simulate",
        "m.yaml",
        "--patients",
        "p.csv",
        "--times",
        "0,1",
        "--file",
        "o.csv",
        "--backend",
        backend,
        "--tolerance",
        "1e-8",
    )
    assert answer.code == 1
    said = 'patient "lost" failed: a formula has no value: the rate of "X": k*X/c divides by 0 (time 0)'
    assert said in answer.out + answer.err
    rows = [line.split(",") for line in (tmp_path / "o.csv").read_text().splitlines()[1:]]
    assert [row[:2] for row in rows] == [
        ["well", "0.0"],
        ["well", "1.0"],
        ["lost", "0.0"],
        ["lost", "1.0"],
    ]
    assert float(rows[1][2]) == pytest.approx(math.exp(-1), rel=1e-6)
    assert rows[3][2] == ""


def test_export_of_a_model_that_cannot_be_settled_says_why(
    normoxia: Callable, tmp_path: Path
) -> None:
    (tmp_path / "m.yaml").write_text(SINGULAR + "equilibration:\n  duration: 1\n")
    answer = normoxia("export", "m.yaml", "--file", "m.xml")
    assert answer.code == 1
    assert (
        '"singular" could not be settled for its typical patient: a formula has no value'
        in answer.err
    )
    assert not (tmp_path / "m.xml").exists()


def test_a_table_prints_square_brackets_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """As markup, "[not calibrated]" would vanish from the title, and the extra from what to install."""
    table.print_table(
        "Simulated [not calibrated]", ("what",), [('pip install "normoxia[sbml]" :smile:',)]
    )
    out = capsys.readouterr().out
    assert "Simulated [not calibrated]" in out
    assert '"normoxia[sbml]" :smile:' in out


def test_a_terminal_without_a_sign_gets_another(
    normoxia: Callable, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert execute(["forecast", "HARMONi-2", "--lang", "zh"]) == 0
    assert execute(["forecast", "HARMONi-2", "--json"]) == 0
    assert execute(["protocol", "impower150"]) == 2
    sys.stdout.flush()
    text = raw.getvalue().decode("ascii")
    assert "\\u9884" in text
    assert json.loads(text[text.index("{") :])["designs"]


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_closed_stream_stops_nothing(
    name: str, normoxia: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, name, None)
    assert execute(["evidence", "list"]) == 0
    assert execute(["check", "nowhere.yaml"]) == 3
    getattr(sys, name).close()


def test_a_reader_that_has_gone_ends_the_command_quietly(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "normoxia", "evidence", "audit", "--json"],
        stdout=write,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        check=False,
    )
    os.close(write)
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr
    assert done.returncode in (1, 141)


def test_names_that_are_no_text_are_answered(normoxia: Callable) -> None:
    for name in ("\udcff", "x" * 5000, "nul\0", ""):
        for verb in ("check", "run", "pool"):
            assert normoxia(verb, name).code in (2, 3), (verb, name[:9])


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("run", "impower150", "--patients", "999999999999"), 2, "of memory; this machine allows"),
        (
            ("run", "impower150", "--replicates", "999999999999"),
            2,
            "of memory; this machine allows",
        ),
        (("run", "impower150", "--seed", "99999999999999999999"), 2, "--seed"),
        (("run", "impower150", "--seed", "-1"), 2, "--seed"),
        (("run", "impower150", "--workers", "1000000"), 2, "--workers"),
        (("calibrate", "--patients", "99999999999"), 2, "of memory; this machine allows"),
        (("calibrate", "--points", "0,1"), 2, "expected 1 or more"),
        (("run", "harmoni-3"), 2, "forecast:harmoni-3-squamous"),
    ],
)
def test_what_is_too_large_or_absurd_is_refused_before_anything_is_written(
    arguments: tuple[str, ...], code: int, told: str, normoxia: Callable, tmp_path: Path
) -> None:
    answer = normoxia(*arguments)
    assert answer.code == code
    assert told in answer.err
    assert "harmoni-a" not in answer.err or "did you mean" not in answer.err
    assert not list(tmp_path.iterdir())


def test_check_tells_why_a_study_cannot_be_run(normoxia: Callable, tmp_path: Path) -> None:
    text = library.path("studies", "contact-01").read_text(encoding="utf-8")
    path = tmp_path / "mine.yaml"
    for old, new, reason in (
        ("atezolizumab 1200 mg q3w", "atezolizumb 1200 mg q3w", "atezolizumb"),
        ("cabozantinib 40 mg daily", "cabozantinib", "gives cabozantinib without a dose"),
        (
            "anti-PD-(L)1 and platinum, concurrent or sequential",
            "as the protocol says",
            "does not say whether patients had",
        ),
    ):
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        answer = normoxia("check", path, "--json")
        assert reason in json.loads(answer.out)["files"][0]["not_run"]
        assert "run would refuse it" in answer.err
    path.write_text(text, encoding="utf-8")
    assert json.loads(normoxia("check", path, "--json").out)["files"][0]["not_run"] == ""
