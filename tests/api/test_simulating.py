"""Any model solved from Python: closed forms, the numbers of the command line, and input that is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import normoxia as nx
from normoxia.cli.app import execute
from normoxia.errors import InvalidArgument, OutputExists, UnknownName
from normoxia.progress import Step

#: a drug that is lost at the rate k
DECAY = """model: decay
time_unit: day
parameters:
  k: {value: 0.1, unit: 1/day, source: assumed}
species:
  A: {initial: 0, unit: mg, scale: 10}
processes:
  loss: {rate: k*A, unit: mg/day, changes: {A: -1}}
"""
TIMES = [0.0, 1.0, 5.0, 10.0]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "decay.yaml"
    path.write_text(DECAY, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["mapping", "polars", "pandas", "file"])
def test_patients_and_doses_give_the_closed_form(model: Path, tmp_path: Path, kind: str) -> None:
    patients = {"patient": ["a", "b"], "k": [0.1, 0.3]}
    doses = {
        "time": [0.0, 0.0, 5.0],
        "target": ["A", "A", "A"],
        "amount": [8.0, 4.0, 2.0],
        "patient": ["a", "b", "b"],
    }
    tables: tuple[Any, Any] = (patients, doses)
    if kind == "polars":
        tables = (pl.DataFrame(patients), pl.DataFrame(doses))
    elif kind == "pandas":
        pandas = pytest.importorskip("pandas")
        tables = (pandas.DataFrame(patients), pandas.DataFrame(doses))
    elif kind == "file":
        tables = (tmp_path / "p.csv", tmp_path / "d.csv")
        pl.DataFrame(patients).write_csv(tables[0])
        pl.DataFrame(doses).write_csv(tables[1])
    result = nx.simulate(model, TIMES, patients=tables[0], doses=tables[1], tolerance=1e-8)
    t = np.array(TIMES)
    # an output at the time of a dose is the value before it
    first = np.where(t > 0, 1.0, 0.0)
    expected = [
        8.0 * np.exp(-0.1 * t) * first,
        4.0 * np.exp(-0.3 * t) * first + np.where(t > 5, 2.0 * np.exp(-0.3 * (t - 5)), 0.0),
    ]
    frame = result.frame()
    for name, values in zip("ab", expected, strict=True):
        solved = frame.filter(patient=name)["A"].to_numpy()
        assert solved == pytest.approx(values, rel=1e-5, abs=1e-6)
    assert frame.columns == ["patient", "time", "A"]
    assert repr(result) == "<SimulationResult of decay: 2 patients (0 failed), 4 times, 1 outputs>"
    assert "<table>" in result._repr_html_()


def test_the_file_is_that_of_the_command_line(model: Path, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("time,target,amount\n0,A,5\n", encoding="utf-8")
    options = ["--times", "0:10:2", "--doses", str(tmp_path / "d.csv"), "--quiet"]
    assert execute(["simulate", str(model), *options, "--file", str(tmp_path / "cli.csv")]) == 0
    steps: list[Step] = []
    result = nx.simulate(model, "0:10:2", doses=tmp_path / "d.csv", progress=steps.append)
    saved = result.save(tmp_path / "mine.csv")
    assert saved.read_bytes() == (tmp_path / "cli.csv").read_bytes()
    assert steps[-1].done == steps[-1].total == 1
    with pytest.raises(OutputExists):
        result.save(saved)
    with pytest.raises(InvalidArgument, match="neither"):
        result.save(tmp_path / "mine.txt")


def test_a_shipped_model_is_found_by_name_and_a_statement_removed() -> None:
    tag = nx.read_model("nsclc").statements[0].tag
    whole, less = (nx.simulate("NSCLC", [0.0, 21.0], ablate=ablate).values for ablate in ((), tag))
    assert whole.shape == less.shape
    assert not (whole == less).all()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"patients": {"kk": [1.0]}}, UnknownName, 'did you mean "k"'),
        ({"patients": {"k": [1.0, 2.0], "patient": ["a", "a"]}}, InvalidArgument, "twice"),
        ({"patients": {"k": ["much"]}}, InvalidArgument, "no finite number"),
        ({"patients": {"k": []}}, InvalidArgument, "no row"),
        ({"patients": {"k": [1.0], "patient": ["a", "b"]}}, InvalidArgument, "different lengths"),
        ({"doses": {"time": [0], "target": ["A"]}}, InvalidArgument, "expected time, target"),
        ({"doses": {"time": [0], "target": ["B"], "amount": [1]}}, UnknownName, "species"),
        ({"doses": {"time": [0], "target": ["A"], "amount": [-1]}}, InvalidArgument, "negative"),
        (
            {"doses": {"time": [0], "target": ["A"], "amount": [1], "patient": ["z"]}},
            UnknownName,
            "patient",
        ),
        ({"outputs": ["C"]}, UnknownName, "C"),
        ({"tolerance": 2.0}, InvalidArgument, "tolerance 2"),
    ],
)
def test_input_that_cannot_be_meant_is_refused(
    model: Path, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        nx.simulate(model, [0.0, 1.0], **options)
    with pytest.raises(InvalidArgument, match="times"):
        nx.simulate(model, [float("nan")])
