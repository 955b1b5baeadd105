"""`normoxia run`: the folder it leaves, the object it prints, and what bad input and interruption cost."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from normoxia.cli.app import execute

SOURCE = Path(__file__).parents[2] / "src"
SMALL = ("run", "impower150", "--patients", "8", "--no-report", "--quiet")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of SMALL with one worker, and what it printed as JSON."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert execute([*SMALL, "--workers", "1", "--json", "--out", str(folder)]) == 0
    return folder, out.getvalue()


@pytest.fixture
def run(finished: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of that folder, named `run`, in the folder where the command line works."""
    shutil.copytree(finished[0], tmp_path / "run")
    return tmp_path / "run"


def test_json_is_one_object_of_the_promised_shape(finished: tuple[Path, str]) -> None:
    whole = json.loads(finished[1])
    assert whole["schema"] == "normoxia.run/1"
    assert whole["trial"] == "impower150"
    assert whole["calibrated"] is True
    assert whole["n_replicates"] == 20
    assert whole["manifest"]["ensemble"]["structural"].keys() == {"ratio", "response", "curve"}
    assert [arm["id"] for arm in whole["arms"]] == ["ABCP", "ACP", "BCP"]
    for arm in whole["arms"]:
        assert arm["n"] == 8
        for key in ("orr_pct", "dcr_pct", "pfs_median_mo", "os_median_mo", "g3plus_trae_pct"):
            assert {"value", "interval"} <= set(arm[key])
    assert {c["endpoint"] for c in whole["contrasts"]} == {"PFS", "OS"}
    assert {"experimental", "control", "hr"} <= set(whole["contrasts"][0])
    assert {p["id"] for p in whole["populations"]} == {"all", "ITT-WT", "EGFR-mutant"}
    # final analysis (Socinski et al. 2021): hazard ratio of death 0.80 and medians 19.5 and 14.7 months in the EGFR wild type;
    # the interim analysis of 2018 had 19.2 (17.0-23.8)
    final = {
        p["arm"]: p["value"]
        for p in whole["published"]
        if (p["population"], p["endpoint"], p["measure"]) == ("ITT-WT", "OS", "median, months")
    }
    assert final["ABCP"] == 19.5
    assert final["BCP"] == 14.7
    assert whole["manifest"]["seed"] == 1


def test_each_hazard_ratio_stands_beside_the_component_models_and_both_joined(
    finished: tuple[Path, str], run: Path
) -> None:
    whole = json.loads(finished[1])
    assert json.loads((run / "summary.json").read_text())["contrasts"] == whole["contrasts"]
    for contrast in whole["contrasts"]:
        alone, both = contrast["component_model"], contrast["joined"]
        assert (alone["answered_by"], alone["left_out"]) == ("component_nma", "IMpower150")
        assert both["interval"][0] < both["value"] < both["interval"][1]
        assert both["way"] in ("by_class", "combined")
        if both["way"] == "combined":  # half and half on the logarithm
            middle = math.sqrt(contrast["hr"]["value"] * alone["value"])
            assert both["value"] == pytest.approx(middle)


def test_a_run_under_another_ensemble_combines_half_and_half(
    normoxia: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weight learned across trials belongs to the ensemble that it was learned under."""
    monkeypatch.setattr(
        "normoxia.calibration.combined.learned_weights.of_ensemble", lambda *_: None
    )
    whole = json.loads(normoxia(*SMALL, "--json", "--out", "halves").out)
    for contrast in whole["contrasts"]:
        alone, both = contrast["component_model"], contrast["joined"]
        assert both["way"] == "combined"
        assert both["value"] == pytest.approx(math.sqrt(contrast["hr"]["value"] * alone["value"]))


@pytest.mark.usefixtures("run")
def test_a_run_prints_three_predictions_and_what_each_has_seen(normoxia: Callable) -> None:
    again = ("--out", "run", "--resume")  # what is printed does not depend on who simulated
    answer = normoxia("run", "impower150", "--patients", "8", "--no-report", *again)
    assert "combined, learned weight" in answer.out
    assert "does not use IMpower150" in answer.err
    chinese = normoxia(*SMALL, "--lang", "zh", *again)
    assert "合并，学习权重" in chinese.out


def test_experiments_and_uncalibrated_runs_are_not_joined(normoxia: Callable) -> None:
    for option in (("--uncalibrated",), ("--ablate", "C21")):
        whole = json.loads(normoxia(*SMALL, *option, "--json", "--out", option[0].strip("-")).out)
        assert all(c["joined"] is None and c["component_model"] is None for c in whole["contrasts"])


def test_a_run_without_the_ensemble_is_one_trial_and_says_so(normoxia: Callable) -> None:
    answer = normoxia(*SMALL, "--uncalibrated", "--json", "--out", "run")
    whole = json.loads(answer.out)
    assert whole["calibrated"] is False
    assert whole["n_replicates"] == 1
    assert "ensemble" not in whole["manifest"]
    assert normoxia("verify", "run", "--quiet").code == 0


def test_too_few_replicates_for_an_interval_are_refused_with_what_to_do(normoxia: Callable) -> None:
    answer = normoxia(*SMALL, "--replicates", "3")
    assert answer.code == 2
    assert "--uncalibrated" in answer.err


def test_a_design_predicted_blind_is_run_by_its_name(normoxia: Callable) -> None:
    answer = normoxia(
        "run", "forecast:SUNRISE", "--patients", "4", "--no-report", "--quiet", "--json"
    )
    assert answer.code == 0
    whole = json.loads(answer.out)
    assert whole["trial"] == "sunrise"
    assert whole["calibrated"] is True
    assert whole["published"] == []
    # trials without scored contrasts tell the components of an ICI and a TKI in place of chemotherapy apart
    assert {c["component_model"]["answered_by"] for c in whole["contrasts"]} == {"component_nma"}
    assert {c["component_model"]["left_out"] for c in whole["contrasts"]} == {None}
    assert normoxia("run", "forecast:HARMONi-3", "--patients", "4").code == 2


def test_the_folder_holds_configuration_manifest_chunks_and_tables(run: Path) -> None:
    assert {p.name for p in run.iterdir()} == {
        "chunks",
        "config.yaml",
        "log.jsonl",
        "manifest.json",
        "outcomes.csv",
        "patients.parquet",
        "summary.json",
    }
    manifest = json.loads((run / "manifest.json").read_text())
    assert set(manifest["outputs"]) == {
        "chunks/000000.parquet",
        "outcomes.csv",
        "patients.parquet",
        "summary.json",
    }
    assert "atezolizumab 1200 mg q3w" in (run / "config.yaml").read_text()


def test_same_seed_same_bytes_for_any_number_of_workers(
    normoxia: Callable, run: Path, tmp_path: Path
) -> None:
    assert normoxia(*SMALL, "--workers", 2, "--out", "w2").code == 0
    first, second = (folder / "chunks" / "000000.parquet" for folder in (run, tmp_path / "w2"))
    assert first.read_bytes() == second.read_bytes()


def test_verify_finds_a_run_the_same_and_a_changed_folder_not(
    normoxia: Callable, run: Path
) -> None:
    assert normoxia("verify", "run", "--quiet").code == 0
    (run / "outcomes.csv").write_text("mine")
    answer = normoxia("verify", "run", "--quiet")
    assert answer.code == 3
    assert "outcomes.csv not as the manifest says" in answer.err


def test_an_existing_folder_is_refused_and_kept(normoxia: Callable, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("precious")
    answer = normoxia(*SMALL, "--out", "run")
    assert answer.code == 2
    assert "run exists; name another folder with --out, or add --resume" in answer.err
    assert (tmp_path / "run" / "thesis.txt").read_text() == "precious"


@pytest.mark.usefixtures("run")
def test_resume_refuses_another_seed_and_says_which(normoxia: Callable) -> None:
    answer = normoxia(*SMALL, "--out", "run", "--resume", "--seed", 2)
    assert answer.code == 2
    assert "seed was 1, is 2" in answer.err


def test_a_truncated_chunk_is_run_again_on_resume(normoxia: Callable, run: Path) -> None:
    chunk = run / "chunks" / "000000.parquet"
    whole = chunk.read_bytes()
    chunk.write_bytes(whole[: len(whole) // 2])
    assert normoxia(*SMALL, "--out", "run", "--resume").code == 0
    assert chunk.read_bytes() == whole


def test_an_ablated_statement_changes_the_result_and_is_named_in_the_manifest(
    normoxia: Callable, finished: tuple[Path, str]
) -> None:
    plain = json.loads(finished[1])
    ablated = json.loads(normoxia(*SMALL, "--json", "--out", "b", "--ablate", "C21").out)
    assert ablated["manifest"]["ablated"] == ["C21"]
    assert ablated["manifest"]["model_sha256"] != plain["manifest"]["model_sha256"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ("run", "impower15"),
            2,
            'trial "impower15" is not known; known: contact-01, harmoni-a, impower150',
        ),
        (
            ("run", "impower150", "--patients", "0"),
            2,
            "a trial needs at least one patient in every arm",
        ),
        (("run", "impower150", "--replicates", "0"), 2, "expected 1 or more"),
        (("run", "impower150", "--ablate", "C99", "--patients", "1"), 2, "C99"),
        (
            ("run", "impower150", "--lang", "fr", "--out", "fr"),
            2,
            'language "fr" is not known; known: en, zh',
        ),
        (("run", "impower150", "--resume"), 2, "--resume needs --out"),
        (("run", "missing.yaml"), 3, "missing.yaml: no such file"),
        (("run", "impower150", "--patients", "many"), 2, "--patients"),
    ],
)
def test_bad_arguments_are_named_with_the_right_exit_code(
    normoxia: Callable, arguments: tuple[str, ...], code: int, said: str
) -> None:
    answer = normoxia(*arguments)
    assert answer.code == code
    assert said in answer.err
    assert not Path("fr").exists()


@pytest.mark.parametrize(
    ("stop", "code", "said"),
    [
        (
            KeyboardInterrupt(),
            130,
            "interrupted; what was finished is kept; to go on, run again with --resume",
        ),
        (
            MemoryError("8 GiB"),
            1,
            "not enough memory (8 GiB); what was finished is kept; ask for fewer patients",
        ),
        (
            OSError(28, "No space left on device"),
            1,
            "free space or choose another folder, then run again with --resume",
        ),
    ],
)
def test_what_stops_a_run_after_its_chunks_is_told_with_how_to_go_on(
    normoxia: Callable, monkeypatch: pytest.MonkeyPatch, stop: BaseException, code: int, said: str
) -> None:
    def halt(*_: object) -> None:
        raise stop

    monkeypatch.setattr("normoxia.trial.summary.summary", halt)
    answer = normoxia(*SMALL, "--uncalibrated", "--out", "run")
    assert answer.code == code
    assert said in answer.err
    assert len(list(Path("run/chunks").glob("*.parquet"))) == 1


def test_every_fault_of_a_protocol_is_reported_and_no_folder_is_left(
    normoxia: Callable, tmp_path: Path
) -> None:
    text = (SOURCE / "normoxia" / "library" / "trials" / "impower150.yaml").read_text()
    broken = text.replace("bevacizumab 15 mg/kg q3w", "bevacizumb 15 mg/kg q3w", 1).replace(
        "accrual:", "acrual:"
    )
    (tmp_path / "mine.yaml").write_text(broken)
    answer = normoxia("run", "mine.yaml", "--patients", 5, "--out", "run")
    assert answer.code == 3
    assert 'did you mean "bevacizumab"?' in answer.err
    assert "acrual" in answer.err
    assert "mine.yaml:" in answer.err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_an_interrupted_run_keeps_its_chunks_and_resumes_to_the_same_result(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "normoxia",
        "run",
        "impower150",
        "--patients",
        "300",
        "--replicates",
        "8",
        "--no-report",
        "--quiet",
        "--json",
    ]
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    process = subprocess.Popen(
        [*command, "--out", "cut"],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    chunks = tmp_path / "cut" / "chunks"
    deadline = time.monotonic() + 120
    while not (chunks.is_dir() and any(chunks.glob("*.parquet"))):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "--resume" in err
    kept = {p.name: p.read_bytes() for p in chunks.glob("*.parquet")}
    assert 0 < len(kept) < 8
    again = subprocess.run(
        [*command, "--out", "cut", "--resume"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        check=True,
    )
    whole = subprocess.run(
        [*command, "--out", "whole"], cwd=tmp_path, env=env, capture_output=True, check=True
    )
    assert all((chunks / name).read_bytes() == content for name, content in kept.items())
    resumed, uncut = json.loads(again.stdout), json.loads(whole.stdout)
    assert resumed["populations"] == uncut["populations"]
