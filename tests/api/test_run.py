"""Runs in Python: the numbers of the command line, frames an analyst can use, and folders that read back."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import normoxia as nx
from normoxia import documents
from normoxia.cli.app import execute
from normoxia.errors import InvalidArgument, InvalidDocument, OutputExists, UnknownName
from normoxia.progress import Step
from normoxia.trial import files

CALIBRATED: dict[str, Any] = {"patients": 8, "replicates": 8, "seed": 3}
UNCALIBRATED: dict[str, Any] = {"patients": 24, "calibrated": False, "seed": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run by the command line."""
    path = tmp_path_factory.mktemp("runs") / "cli"
    options = ["--patients", "8", "--replicates", "8", "--seed", "3", "--no-report", "--quiet"]
    assert execute(["run", "impower150", *options, "--out", str(path)]) == 0
    return path


@pytest.fixture(scope="module")
def calibrated() -> nx.Run:
    return nx.run("IMpower 150", **CALIBRATED)


@pytest.fixture(scope="module")
def uncalibrated() -> nx.Run:
    return nx.run(nx.read_trial("impower150"), **UNCALIBRATED)


def test_a_run_has_the_numbers_of_the_command_line(calibrated: nx.Run, folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    rows = {
        (r["population"], r["endpoint"], r["experimental"], r["control"]): r
        for r in calibrated.contrasts().iter_rows(named=True)
    }
    compared = 0
    for population in summary["populations"]:
        for contrast in population["contrasts"]:
            key = (
                population["id"],
                contrast["endpoint"],
                contrast["experimental"],
                contrast["control"],
            )
            for name, entry in (
                ("", "hr"),
                ("component_model", "component_model"),
                ("combined", "joined"),
            ):
                numbers = [
                    rows[key][name or "value"],
                    *(rows[key][f"{name}_{e}".lstrip("_")] for e in ("low", "high")),
                ]
                written = contrast[entry] or {"value": None, "interval": None}
                expected = [written["value"], *(written["interval"] or (None, None))]
                # JSON has no infinity
                assert [
                    x if x is not None and math.isfinite(x) else None for x in numbers
                ] == expected
                compared += expected[0] is not None
    assert compared > 2 * len(rows)
    outcomes = pl.read_csv(folder / "outcomes.csv")
    assert calibrated.outcomes()["value"].fill_null(math.nan).to_list() == pytest.approx(
        outcomes["simulated"].to_list(), rel=1e-14, nan_ok=True
    )


def test_a_saved_run_has_the_files_of_the_command_line(
    calibrated: nx.Run, folder: Path, tmp_path: Path
) -> None:
    saved = calibrated.save(tmp_path / "saved", report=False)
    written = nx.run("impower150", **CALIBRATED, out=tmp_path / "out", report=False)
    again = nx.open_run(folder).save(tmp_path / "again", report=False)
    for path in (saved, tmp_path / "out", again):
        names = sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())
        assert names == sorted(
            p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()
        )
        for name in names:
            if name not in (
                "manifest.json",
                "summary.json",
                "log.jsonl",
            ):  # times and the name of the folder
                assert (path / name).read_bytes() == (folder / name).read_bytes(), name
    assert execute(["verify", str(saved), "--quiet"]) == 0
    assert written.folder == tmp_path / "out"
    opened = nx.open_run(saved)
    for name in ("patients", "outcomes", "contrasts"):
        assert getattr(opened, name)().equals(getattr(calibrated, name)())
    with pytest.raises(OutputExists):
        calibrated.save(saved)


def test_the_patients_reproduce_the_medians_and_the_ratio_of_the_outcomes(
    uncalibrated: nx.Run,
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifelines import KaplanMeierFitter
    patients, outcomes = uncalibrated.patients(), uncalibrated.outcomes()
    assert len(patients) == 3 * 24
    for endpoint in ("PFS", "OS"):
        for arm in ("ABCP", "ACP", "BCP"):
            own = patients.filter(pl.col("arm") == arm)
            time, event = (
                own[f"{endpoint.lower()}_{kind}"].to_numpy() for kind in ("months", "event")
            )
            curve = KaplanMeierFitter().fit(time, event).survival_function_.iloc[:, 0]
            # R's survfit: where the curve is flat at a half, the middle of that stretch
            half = curve[np.isclose(curve, 0.5)]
            below = curve[curve < 0.5 - 1e-9].index[0]
            expected = (half.index[0] + below) / 2 if len(half) else below
            median = outcomes.filter(
                population="all", endpoint=endpoint, measure="median, months", arm=arm
            )["value"].item()
            assert median == pytest.approx(expected, rel=1e-12)
    responses = patients.filter(arm="ABCP")["best_response"].is_in(["CR", "PR"]).mean()
    row = outcomes.filter(population="all", endpoint="ORR", arm="ABCP")
    assert 100.0 * responses == pytest.approx(row["value"].item())
    toxic = outcomes.filter(population="all", endpoint="G3+ TRAE", arm="BCP")["value"].item()
    assert 100.0 * patients.filter(arm="BCP")["toxicity_grade3"].mean() == pytest.approx(toxic)


def test_the_columns_of_the_patients_are_documented_and_complete(uncalibrated: nx.Run) -> None:
    patients = uncalibrated.patients()
    documented = nx.Run.patients.__doc__
    first = patients.columns[: patients.columns.index("failed") + 1]
    assert all(f"`{name}`" in documented for name in first)
    assert {"age", "egfr", "pdl1_tps"} <= set(patients.columns)
    responded = patients["best_response"].is_in(["CR", "PR"])
    for name in ("response_months", "duration_months", "duration_event"):
        assert (patients[name].is_not_null() == responded).all()
    assert (patients["pfs_months"] <= patients["os_months"] + 1e-9).all()


def test_a_figure_and_a_run_show_themselves_in_a_notebook(calibrated: nx.Run) -> None:
    figure = calibrated.plot("KM", endpoint="os", population="itt-wt")
    bundle = figure._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")
    assert bundle["text/plain"] == figure.description
    assert figure.name == "km-os-ITT-WT-en"
    page = calibrated._repr_html_()
    assert "<table>" in page
    assert "<svg" in page
    ratio = calibrated.contrasts().row(0, named=True)
    assert f"{ratio['value']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})" in page
    assert len(repr(calibrated)) < 120
    assert "impower150" in repr(calibrated)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"replicates": 3}, InvalidArgument, "8 or more.*calibrated=False"),
        ({"replicates": 0, "calibrated": False}, InvalidArgument, "replicates 0"),
        ({"patients": 0}, InvalidArgument, "patients 0"),
        ({"seed": -1}, InvalidArgument, "seed -1"),
        ({"tolerance": math.nan}, InvalidArgument, "tolerance nan"),
        ({"workers": -1}, InvalidArgument, "workers -1"),
        ({"patients": 2.5}, InvalidArgument, "patients=2.5"),
        ({"seed": "1"}, InvalidArgument, "seed='1'"),
        ({"lang": "fr"}, UnknownName, "fr"),
        ({"resume": True}, InvalidArgument, "needs out"),
        ({"ablate": "C99"}, UnknownName, "C99"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_the_words_of_python(
    arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        nx.run("impower150", **({"patients": 2} | arguments))


def test_names_of_figures_are_checked(uncalibrated: nx.Run, tmp_path: Path) -> None:
    for arguments in ({"kind": "pie"}, {"endpoint": "ORR"}, {"population": "nobody"}):
        with pytest.raises(UnknownName):
            uncalibrated.plot(**arguments)
    with pytest.raises(InvalidDocument, match="no finished run"):
        nx.open_run(tmp_path)


def test_progress_reaches_the_number_of_patients() -> None:
    steps: list[Step] = []
    nx.run("impower150", patients=2, calibrated=False, progress=steps.append)
    assert (steps[-1].done, steps[-1].total) == (6, 6)


def test_another_dose_changes_the_exposed_arm_alone_and_the_saved_protocol(tmp_path: Path) -> None:
    published = nx.read_trial("impower150")
    trial = published.with_dose("ABCP", bevacizumab="7.5 mg/kg q3w")
    assert str(trial.arm("ABCP").regimen) == str(published.arm("ABCP").regimen).replace(
        "15 mg/kg", "7.5 mg/kg"
    )
    assert trial.arm("BCP") == published.arm("BCP")
    assert files.parse(documents.parse(trial.text, trial.file), trial.text) == trial
    run, before = (nx.run(t, patients=4, calibrated=False) for t in (trial, published))
    after, first = (
        r.patients().sort("arm", "patient").drop("toxicity_grade3") for r in (run, before)
    )
    assert after.filter(arm="ACP").equals(first.filter(arm="ACP"))
    assert after["age"].equals(first["age"])
    states = (r.result.states[r.result.rows("ABCP")] for r in (run, before))
    one, other = states
    assert not (one == other).all()
    # nothing published answers to a trial that nobody conducted
    assert run.outcomes()["published"].is_null().all()
    opened = nx.open_run(run.save(tmp_path / "run", report=False))
    assert opened.trial.arm("ABCP").regimen == trial.arm("ABCP").regimen
    assert opened.contrasts().equals(run.contrasts())


@pytest.mark.parametrize(
    ("arm", "courses", "error", "words"),
    [
        ("ABC", {"bevacizumab": "7.5 mg/kg q3w"}, UnknownName, "ABCP"),
        ("ACP", {"bevacizumab": "7.5 mg/kg q3w"}, UnknownName, "bevacizumab"),
        ("ABCP", {"bevacizumab": "7.5 q3w"}, InvalidArgument, "bevacizumab"),
        (
            "ABCP",
            {"bevacizumab": "7.5 mg/kg q3w + docetaxel 75 mg/m2 q3w"},
            InvalidArgument,
            "docetaxel",
        ),
        ("ABCP", {}, InvalidArgument, "no drug"),
    ],
)
def test_a_dose_that_cannot_be_meant_is_refused(
    arm: str, courses: dict[str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        nx.read_trial("impower150").with_dose(arm, **courses)


@pytest.mark.parametrize("name", ["impower150", "keynote-189", "forecast:harmoni-7"])
def test_another_arm_is_in_the_protocol_and_its_text(name: str) -> None:
    published = nx.read_trial(name)
    treatment = "atezolizumab 1200 mg q3w + bevacizumab 7.5 mg/kg q3w"
    for trial in (
        published.with_arm("AB", treatment, n=50),
        published.with_arm(
            "AB", treatment, like=published.arms[-1].id, control=published.arms[0].id
        ),
    ):
        assert trial.arms[:-1] == published.arms
        assert trial.arm("AB").regimen.drugs == ("atezolizumab", "bevacizumab")
        assert trial.contrasts[-1].experimental == "AB"
        assert files.parse(documents.parse(trial.text, trial.file), trial.text) == trial
        assert trial.study == ""


def test_another_arm_is_simulated_on_the_same_patients() -> None:
    published = nx.read_trial("impower150")
    trial = published.with_arm("AB", "atezolizumab 1200 mg q3w + bevacizumab 15 mg/kg q3w")
    run, before = (nx.run(t, patients=4, calibrated=False) for t in (trial, published))
    own = run.patients()
    assert own.filter(arm="AB")["age"].equals(own.filter(arm="BCP")["age"])
    assert own.filter(pl.col("arm") != "AB").equals(before.patients())
    assert {("AB", "BCP")} < set(run.contrasts().select("experimental", "control").iter_rows())


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("ABCP", "bevacizumab 15 mg/kg q3w"), InvalidArgument, "ABCP"),
        (("", "bevacizumab 15 mg/kg q3w"), InvalidArgument, "new arm"),
        (("B", "bevacizumb 15 mg/kg q3w"), UnknownName, "bevacizumab"),
        (("B", "bevacizumab 15 q3w"), InvalidArgument, "bevacizumab"),
    ],
)
def test_an_arm_that_cannot_be_meant_is_refused(
    arguments: tuple[str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        nx.read_trial("impower150").with_arm(*arguments)


def test_arms_that_are_not_there_and_sizes_of_none_are_refused() -> None:
    trial = nx.read_trial("impower150")
    for wrong, error in (
        ({"like": "X"}, UnknownName),
        ({"control": "X"}, UnknownName),
        ({"n": 0}, InvalidArgument),
    ):
        with pytest.raises(error):
            trial.with_arm("B", "bevacizumab 15 mg/kg q3w", **wrong)
