"""Tables of patients, doses and times are read whole, and every fault is named with its row."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normoxia.documents import Finding
from normoxia.errors import InvalidArgument, InvalidDocument
from normoxia.sheets import read_sheet
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
        ("time;target;amount\n0;A;1;2\n", "d.csv:2: 4 cells, the header has 3"),
        (
            "time,target,amount,amount\n0,A,1,2\n",
            'd.csv:1: amount: column "amount" stands twice; keep one of them',
        ),
        ("time,target,amount\n0,A,\n", "d.csv:2: amount: found nothing; expected a finite number"),
    ],
)
def test_a_table_of_another_make_is_told_what_to_change(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(InvalidDocument) as caught:
        tables.read_doses(write(tmp_path / "d.csv", text), ["1"], ["A"])
    assert said in str(caught.value)
    assert len(caught.value.findings) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"time;target;amount;duration;patient\n0,5;A;1.200,5;0;#1\n1;A;2;0;'=2\n",
        "\ufefftime\ttarget\tamount\tduration\tpatient\r\n0.5\tA\t1,200.5\t0\t#1\r\n1\tA\t2\t0\t=2\r\n".encode(),
        "time,target,amount,duration,patient\n０.５,A,1200.5,0,#1\n1,A,2,0,=2\n".encode("utf-16"),
        b'time,target,amount,duration,patient,\n"0,5",A,"1 200,5",0,#1,\n\n1,A,2,0,=2,\n,,,,,\n',
    ],
)
def test_doses_are_read_in_every_dialect(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "d.csv"
    file.write_bytes(raw)
    table = tables.read_doses(file, ["#1", "=2"], ["A"])
    assert table.time.tolist() == [0.5, 1.0]
    assert table.amount.tolist() == [1200.5, 2.0]
    assert table.patient is not None
    assert table.patient.tolist() == [0, 1]


def test_patients_with_two_readings_are_refused_until_the_mark_is_said(tmp_path: Path) -> None:
    file = write(tmp_path / "p.csv", "patient;CL\n1;1.234\n2;2.500\n")
    with pytest.raises(
        InvalidDocument, match=r"p\.csv:2: CL: found \"1\.234\"; may be 1234 or 1\.234"
    ):
        tables.read_patients(file, ["CL"])
    assert tables.read_patients(file, ["CL"], decimal="comma")[1]["CL"].tolist() == [1234.0, 2500.0]
    assert tables.read_patients(file, ["CL"], decimal="point")[1]["CL"].tolist() == [1.234, 2.5]


def test_what_is_no_row_of_patients_is_noted(tmp_path: Path) -> None:
    file = write(tmp_path / "p.csv", "# made by hand\npatient,CL\n1,0.2\n# the end\n")
    notes: list[Finding] = []
    assert tables.read_patients(file, ["CL"], notes=notes)[0] == ["1"]
    assert [note.place.line for note in notes] == [1, 4]


def test_names_that_look_like_formulas_are_written_so_that_none_runs_and_read_back(
    tmp_path: Path,
) -> None:
    names = ["=1+1", "+a", "-b", "@c", "'=d", "-5", "plain"]
    file = tmp_path / "out.csv"
    tables.write_rows(file, names, np.array([0.0]), ["x"], -np.ones((len(names), 1, 1)))
    cells = [line.split(",")[0] for line in file.read_text().splitlines()[1:]]
    assert cells == ["'=1+1", "'+a", "'-b", "'@c", "''=d", "-5", "plain"]
    assert [row[0] for row in read_sheet(file).rows] == names
    assert {row[2] for row in read_sheet(file).rows} == {"-1.0"}


DOSES = "patient;time;target;amount\na;0,5;A;1.200,5\nb;1;B;2\nb;2;A;1.234\n"


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 200),
            st.sampled_from(
                [
                    b"",
                    b"#",
                    b",",
                    b";",
                    b".",
                    b"'",
                    b" ",
                    b"-",
                    b"7",
                    b"\n",
                    b'"',
                    b"\xff",
                    b"\x00",
                    b"NA",
                ]
            ),
            st.booleans(),
        ),
        max_size=4,
    ),
    st.sampled_from(["utf-8", "utf-16", "cp1252"]),
)
def test_damaged_doses_are_read_whole_or_refused(
    damage: list[tuple[int, bytes, bool]], encoding: str
) -> None:
    raw = DOSES.encode(encoding)
    for at, piece, replaces in damage:
        i = at % (len(raw) + 1)
        raw = raw[:i] + piece + raw[i + replaces :]
    with tempfile.TemporaryDirectory() as folder, suppress(InvalidDocument):
        file = Path(folder) / "d.csv"
        file.write_bytes(raw)
        notes: list[Finding] = []
        table = tables.read_doses(file, ["a", "b"], ["A", "B"], notes=notes)
        lines = [line for line in raw.decode(encoding).splitlines() if line.strip(" ;,")]
        comments = [note for note in notes if "taken for a comment" in note.expected]
        assert len(table.time) == len(lines) - 1 - len(comments)
        assert np.isfinite(table.amount).all()
        assert (table.amount >= 0).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "patient,CL\n1,0.2\n1,0.3\n",
            r'p\.csv:3: patient: patient "1" stands twice \(first in line 2\)',
        ),
        ("patient,CL\n1,0.2\n2\n", r"p\.csv:3: 1 cells, the header has 2"),
        (
            "patient,CL\n1,0,2\n",
            r"p\.csv:2: 3 cells, the header has 2; put cells with commas in quotes",
        ),
        (
            "patient,CL\n1,NA\n2,inf\n3,\n4,1_0\n5,12%\n",
            r'(?s)found "NA".*found "inf".*found nothing.*found "1_0".*found "12%"',
        ),
        ("patient,CL\n ,0.2\n", r"p\.csv:2: patient: found nothing"),
        ("PK\x03\x04", "Excel"),
        ("", "empty"),
        ("patient,CL\n", "no patients"),
        ("CL\n1\n", 'missing column "patient"'),
        ("patient,CL,CL\n1,2,3\n", r'p\.csv:1: CL: column "CL" stands twice'),
    ],
)
def test_each_fault_of_a_table_of_patients_is_named_with_its_line(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(InvalidDocument, match=words):
        tables.read_patients(write(tmp_path / "p.csv", text), ["CL"])


def test_patients_may_be_called_what_they_are(tmp_path: Path) -> None:
    file = write(tmp_path / "p.csv", "patient\nNA\n#2\nNone\n1.0\n")
    assert tables.read_patients(file, ["CL"])[0] == ["NA", "#2", "None", "1.0"]


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


@pytest.mark.parametrize("text", ["", "a", "0:10:0", "10:0:1", "0:1:2:3", "inf", "1_0", "nan"])
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
    [
        "nan",
        "inf",
        "0:inf:1",
        "0:nan:1",
        "nan:1",
        "1e400",
        "0:1:inf",
        "0:1:nan",
        "0:1:2:3",
        "",
        ",",
        ":",
    ],
)
def test_times_that_are_no_numbers_are_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="not a list of finite times"):
        tables.read_times(text)


@given(st.floats(-1e3, 1e3), st.integers(0, 50), st.floats(1e-3, 10))
def test_a_range_holds_its_ends_and_steps(start: float, steps: int, stride: float) -> None:
    times = tables.read_times(f"{start!r}:{start + steps * stride!r}:{stride!r}")
    assert times == pytest.approx([start + i * stride for i in range(steps + 1)], abs=1e-9)
