"""Tables of patients, doses and times are read whole, and every fault is named with its row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from normoxia.errors import InvalidArgument, InvalidDocument
from normoxia.simulation import tables


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_doses_of_unlike_patients_become_one_table_of_amounts(tmp_path: Path) -> None:
    file = write(
        tmp_path / "d.csv",
        "time,target,amount,duration,patient\n21,A,1,0,2\n0,A,5,0.5,1\n0,A,5,0.5,2\n0,A,7,0.5,2\n",
    )
    doses = tables.read_doses(file, ["1", "2"], ["A", "B"]).inputs(0, 2)
    assert doses.time.tolist() == [0, 0, 21]
    assert doses.duration.tolist() == [0.5, 0.5, 0]
    # two equal doses of one patient at one time stay two doses
    assert doses.amount.tolist() == [[5, 0, 0], [5, 7, 1]]


def test_the_doses_of_some_patients_are_no_larger_than_they_need(tmp_path: Path) -> None:
    rows = "".join(f"{i / 7},A,{i + 1},0,{i}\n" for i in range(50))
    table = tables.read_doses(
        write(tmp_path / "d.csv", "time,target,amount,duration,patient\n" + rows),
        list(map(str, range(50))),
        ["A"],
    )
    own = table.inputs(10, 3)
    assert own.time == pytest.approx([10 / 7, 11 / 7, 12 / 7])
    assert own.amount.tolist() == [[11, 0, 0], [0, 12, 0], [0, 0, 13]]


def test_every_fault_of_a_patient_table_is_reported_at_once(tmp_path: Path) -> None:
    file = write(tmp_path / "p.csv", "patient,clearance,volum\n1,0.2,3\n1,x,4\n")
    with pytest.raises(InvalidDocument) as caught:
        tables.read_patients(file, ["clearance", "volume"])
    message = str(caught.value)
    assert 'unknown parameter "volum"; did you mean "volume"?' in message
    assert 'patient "1" stands twice' in message
    assert f'{file}:3: clearance: found "x"; expected a finite number' in message


def test_a_negative_dose_and_an_unknown_target_are_named(tmp_path: Path) -> None:
    file = write(tmp_path / "d.csv", "time,target,amount\n0,central,-1\n1,centrl,1\n")
    with pytest.raises(InvalidDocument) as caught:
        tables.read_doses(file, ["1"], ["central"])
    assert f"{file}:2: amount: found -1; a dose cannot be negative" in str(caught.value)
    assert 'unknown species "centrl"; did you mean "central"?' in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time;target;amount\n0;A;1\n", 'found one column "time;target;amount"; separate columns by commas'),
        ("time,target,amount,amount\n0,A,1,2\n", 'd.csv:1: amount: column "amount" stands twice; keep one of them'),
        ("time,target,amount\n0,A,\n", "d.csv:2: amount: found nothing; expected a finite number"),
    ],
)  # fmt: skip
def test_a_table_of_another_make_is_told_what_to_change(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        tables.read_doses(write(tmp_path / "d.csv", text), ["1"], ["A"])
    assert said in str(caught.value)
    assert len(caught.value.findings) == 1


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("0,42,84", [0, 42, 84]),
        ("0:84:42", [0, 42, 84]),
        ("0:3", [0, 1, 2, 3]),
        ("5,0:1:0.5", [0, 0.5, 1, 5]),
    ],
)
def test_times_are_lists_and_ranges(text: str, times: list[float]) -> None:
    assert tables.read_times(text).tolist() == times


@pytest.mark.parametrize("text", ["", "a", "0:10:0", "10:0:1", "0:1:2:3", "inf"])
def test_times_that_cannot_be_meant_are_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="expected such as"):
        tables.read_times(text)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_written_rows_read_back_with_gaps_for_failed_patients(tmp_path: Path, ending: str) -> None:
    values = np.array([[[1.0], [0.1]], [[2.0], [np.nan]]])
    file = tmp_path / f"out.{ending}"
    tables.write_rows(file, ["a", "b"], np.array([0.0, 1.0]), ["x"], values)
    back = pl.read_csv(file) if ending == "csv" else pl.read_parquet(file)
    assert back["patient"].to_list() == ["a", "a", "b", "b"]
    assert back["x"].to_list() == [1.0, 0.1, 2.0, None]
    assert [p.name for p in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("text", ["0:1e9:1", "0:1:1e-12", "0:9999999:1,0:9999999:1"])
def test_more_times_than_can_be_meant_are_refused_before_they_are_made(text: str) -> None:
    with pytest.raises(InvalidArgument, match="more than 10,000,000 times"):
        tables.read_times(text)


@pytest.mark.parametrize(
    "text",
    ["nan", "inf", "0:inf:1", "0:nan:1", "nan:1", "1e400", "0:1:inf", "0:1:nan", "0:1:2:3", "", ",", ":"],
)
def test_times_that_are_no_numbers_are_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="not a list of finite times"):
        tables.read_times(text)


@given(st.floats(-1e3, 1e3), st.integers(0, 50), st.floats(1e-3, 10))
def test_a_range_holds_its_ends_and_steps(start: float, steps: int, stride: float) -> None:
    times = tables.read_times(f"{start!r}:{start + steps * stride!r}:{stride!r}")
    assert times == pytest.approx([start + i * stride for i in range(steps + 1)], abs=1e-9)
