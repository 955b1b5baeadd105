from __future__ import annotations

import json
import math
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normoxia.errors import InvalidDocument, NormoxiaError, UnknownName
from normoxia.evidence.synthesis.intake.tables import NetworkTable, parse_network, read_network
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import EffectMeasure
from normoxia.evidence.synthesis.pooling import pool

ORACLES = Path(__file__).parents[2] / "oracles" / "synthesis"

LONG = "study,treat1,treat2,TE,seTE\nA,x,y,0.5,0.1\nB,y,z,0.2,0.2\n"


def said(table: NetworkTable) -> str:
    return "\n".join(str(f) for f in table.findings)


@pytest.mark.parametrize(
    ("file", "layout", "effect", "rows"),
    [
        ("input_senn2013_arm.csv", "arms", EffectMeasure.MD, 53),
        ("input_senn2013_contrast_from_arms.csv", "contrasts", None, 28),
        ("input_linde2016_contrast.csv", "contrasts", EffectMeasure.OR, 124),
        ("input_franchini2012_arm.csv", "arms, wide", EffectMeasure.MD, 15),
        ("input_bcg.csv", "two arms, wide", EffectMeasure.OR, 26),
    ],
)
def test_published_tables_are_understood_without_help(
    file: str, layout: str, effect: EffectMeasure | None, rows: int
) -> None:
    table = read_network(ORACLES / file)
    assert (table.layout, table.effect, len(table.contrasts) + len(table.arms)) == (
        layout,
        effect,
        rows,
    )
    assert table.left_out == ()


def test_arm_and_contrast_tables_of_one_data_set_agree() -> None:
    arms, contrasts = (
        pool(read_network(ORACLES / f"input_senn2013_{name}.csv"), tau="DL")
        for name in ("arm", "contrast_from_arms")
    )
    assert arms.fit.tau2 == pytest.approx(contrasts.fit.tau2, rel=1e-12)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(delimiter: str) -> None:
    table = parse_network(LONG.replace(",", delimiter))
    assert len(table.contrasts) == 2
    assert table.delimiter == delimiter


def test_decimal_commas_and_a_byte_order_mark() -> None:
    raw = b"\xef\xbb\xbf" + b"study;treat1;treat2;HR;lower;upper\nA;x;y;0,80;0,67;0,95\n"
    (c,) = parse_network(raw).contrasts
    assert c.estimate == pytest.approx(math.log(0.8))
    assert c.se == pytest.approx((math.log(0.95) - math.log(0.67)) / (2 * 1.959964), rel=1e-6)


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "utf-16"])
def test_chinese_tables_in_every_encoding(encoding: str) -> None:
    text = "研究,治疗,例数,事件数\n甲,化疗,100,30\n甲,贝伐珠单抗,100,20\n"
    table = parse_network(text.encode(encoding))
    assert [a.treatment for a in table.arms] == ["化疗", "贝伐珠单抗"]
    assert table.effect is EffectMeasure.OR


def test_western_european_text_is_not_taken_for_chinese() -> None:
    table = parse_network(LONG.replace("A", "Rücker").encode("cp1252"))
    assert table.contrasts[0].study == "Rücker"
    assert table.encoding == "cp1252"


def test_every_fault_is_listed_with_its_line_and_the_good_rows_stay() -> None:
    table = parse_network(
        "study,treat1,treat2,HR,lower,upper,\n"
        "A,x,y,0.80,0.67,0.95,\n"
        "B,x,x,0.80,0.67,0.95,\n"
        "C,x,z,0.80,0.87,0.95,\n"
        "D,x,y,0.70,0.67,0.95,\n"
        "A,y,x,0.90,0.80,1.01,\n"
        "E,y,z,abc,0.8,1.0,\n"
        "F,y,,0.9,0.8,1.0,\n"
        "G,y,z,0.9,,,\n"
        "H,y,z,0.9,1.0,0.8,\n"
    )
    assert table.left_out == (3, 4, 6, 7, 8, 9, 10)
    assert [c.study for c in table.contrasts] == ["A", "D"]
    text = said(table)
    for line, words in (
        (3, "compared with itself"),
        (4, "lies outside its interval"),
        (5, "not symmetric on the log scale"),
        (6, "a second time (first in line 2)"),
        (7, '"abc"'),
        (8, "no name of an arm"),
        (9, "without interval"),
        (10, "expected 0 < low < high"),
    ):
        assert any(f.place.line == line and words in str(f) for f in table.findings), (
            line,
            words,
            text,
        )


def test_faults_of_arms() -> None:
    table = parse_network(
        "study,treatment,events,n\nA,x,120,100\nA,y,10,100\nB,x,-1,50\nB,y,3,\nC,x,5,50\nC,y,6,50\nC,x,7,50\n"
    )
    assert [(a.study, a.treatment) for a in table.arms] == [("A", "y"), ("C", "x"), ("C", "y")]
    text = said(table)
    for words in (
        "120 events in 100 patients",
        "-1 events",
        "not enough numbers",
        "a second time",
        "one usable arm",
    ):
        assert words in text


def test_percent_above_one_hundred_is_refused_and_below_it_counted() -> None:
    table = parse_network("study,treatment,percent,n\nA,x,120,100\nA,y,12.5,80\n")
    assert "120 percent" in said(table)
    assert table.arms[0].events == 10


def test_names_that_differ_in_case_only_are_one_arm_and_said_so() -> None:
    table = parse_network(LONG.replace("y,z", "Y,z"))
    assert net.build(table.contrasts).treatments == ("x", "y", "z")
    assert '"Y" and "y"' in said(table)


def test_an_estimate_column_of_ratios_is_recognised_by_its_intervals() -> None:
    table = parse_network(
        "study,treat1,treat2,estimate,lower,upper\nA,x,y,0.50,0.25,1.00\nB,x,y,2.0,1.0,4.0\n"
    )
    assert table.contrasts[0].estimate == pytest.approx(math.log(0.5))
    assert "symmetric on the log scale" in said(table)
    plain = parse_network("study,treat1,treat2,estimate,lower,upper\nA,x,y,0.50,0.00,1.00\n")
    assert plain.contrasts[0].estimate == 0.5


def test_columns_may_be_named_by_the_caller() -> None:
    table = parse_network(
        "s,first,second,d,e\nA,x,y,0.5,0.1\n",
        columns={
            "study": "s",
            "treatment": "first",
            "comparator": "second",
            "estimate": "d",
            "se": "e",
        },
    )
    assert table.contrasts[0].se == 0.1
    with pytest.raises(UnknownName, match="column"):
        parse_network(LONG, columns={"se": "nothing"})


def test_a_misspelt_header_is_guessed_and_said() -> None:
    table = parse_network(LONG.replace("treat2", "comparater"))
    assert len(table.contrasts) == 2
    assert 'taken as "comparator"' in said(table)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"PK\x03\x04rest", "Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n", "picture"),
        (b"<html><body>", "web page"),
        (b'{"a": 1}', "JSON"),
        (b"\x00\x01\x02", "binary"),
        (b"", "empty"),
        (b"study,treat1\n", "no rows"),
        (b"alone\n1\n", "one column"),
        (b"a,b\n1,2\n", "do not make a network table"),
    ],
)
def test_other_kinds_of_file_say_what_they_are(raw: bytes, words: str) -> None:
    with pytest.raises(InvalidDocument, match=words):
        parse_network(raw, file="some.csv")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match=r"absent\.csv: no such file"):
        read_network(tmp_path / "absent.csv")


@pytest.mark.slow
def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    rows = [
        f"s{i},t{i % 20},t{(i % 20 + 1 + i % 7) % 20},{(i % 13) / 10},{0.1 + (i % 5) / 10}"
        for i in range(100_000)
    ]
    path = tmp_path / "many.csv"
    path.write_text("\n".join(["study,treat1,treat2,TE,seTE", *rows]), encoding="utf-8")
    table = read_network(path)
    assert len(table.contrasts) == 100_000
    assert len(pool(table, small_values="good").network.treatments) == 20


HEADERS = (
    "study,treat1,treat2,TE,seTE",
    "study,treat1,treat2,HR,lower,upper",
    "study,treatment,events,n",
    "study,treatment,mean,sd,n",
    "study,t1,n1,r1,t2,n2,r2",
)
CELLS = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "s1",
        "s2",
        "",
        "NA",
        "0",
        "1",
        "-1",
        "0.5",
        "0.8",
        "20",
        "100",
        "1e300",
        "inf",
        "nan",
        "1e-300",
        "12%",
        "−0.3",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(HEADERS),
    st.lists(st.lists(CELLS, min_size=7, max_size=7), min_size=1, max_size=6),
)
def test_whatever_stands_in_the_cells_there_is_an_answer_or_a_finding(
    header: str, rows: list[list[str]]
) -> None:
    width = header.count(",") + 1
    text = "\n".join([header, *(",".join(row[:width]) for row in rows)])
    with suppress(NormoxiaError):  # anything else that is raised fails the test
        table = parse_network(text)
        assert set(table.left_out) <= {f.place.line for f in table.findings}
        json.dumps(pool(table, draws=10).to_json(), allow_nan=False)


def test_columns_that_nothing_reads_are_named(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(
        "study,treatment,comparator,HR,lower,upper,colour,\nA,x,p,0.7,0.5,0.98,red,\n",
        encoding="utf-8",
    )
    assert [f.found for f in read_network(file).findings] == ["not read: colour"]


def test_effects_without_a_measure_are_said_to_be_taken_as_differences(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(
        "studlab,treat1,treat2,TE,seTE\nA,x,p,-0.3,0.1\nB,y,p,-0.2,0.1\n", encoding="utf-8"
    )
    (finding,) = read_network(file).findings
    assert "--effect HR" in finding.expected
    assert read_network(file, effect="HR").findings == ()


@pytest.mark.parametrize(
    "header",
    ["CI", "95% CI", "95%CI", "CI (95%)", "HR 95% CI", "Confidence interval", "95%置信区间"],
)
@pytest.mark.parametrize("shape", ["{}-{}", "{} to {}", '"({}, {})"', "{}–{}", "[{}; {}]"])
def test_an_interval_in_one_column_is_as_good_as_two(header: str, shape: str) -> None:
    one = parse_network(
        f"study,treatment,comparator,HR,{header}\nA,x,p,0.70,{shape.format('0.50', '0.98')}\n"
    )
    two = parse_network("study,treatment,comparator,HR,lower,upper\nA,x,p,0.70,0.50,0.98\n")
    assert one.contrasts == two.contrasts
    assert one.effect == two.effect
    assert one.mapping["interval"] == header
    assert not one.findings


def test_decimal_commas_within_an_interval_of_one_column() -> None:
    table = parse_network(
        "study;treatment;comparator;HR;95% CI\nA;x;p;0,70;0,50-0,98\nB;x;p;0,70;0,50 to 0,98\n"
    )
    expected = parse_network(
        "study,treatment,comparator,HR,lower,upper\nA,x,p,0.70,0.50,0.98\n"
    ).contrasts[0]
    assert [(c.estimate, c.se) for c in table.contrasts] == [(expected.estimate, expected.se)] * 2


def test_intervals_with_two_readings_are_findings_with_their_rows() -> None:
    table = parse_network(
        "study;treatment;comparator;HR;95% CI\nA;x;p;0,70;0,50-0,98\nB;x;p;0,70;0,50,0,98\nC;x;p;0.8;0.7\nD;x;p;0.8;1.2-0.9\n"
    )
    assert [c.study for c in table.contrasts] == ["A"]
    assert table.left_out == (3, 4, 5)
    by_line = {f.place.line: str(f) for f in table.findings if f.place.line > 1}
    assert "commas may be decimal" in by_line[3]
    assert "0,50,0,98" in by_line[3]
    assert "one number" in by_line[4]


def test_estimate_and_interval_in_one_cell() -> None:
    table = parse_network(
        'study,treatment,comparator,"HR (95% CI)"\nA,x,p,0.70 (0.50-0.98)\nB,x,p,0.80\n'
    )
    expected = parse_network("study,treatment,comparator,HR,lower,upper\nA,x,p,0.70,0.50,0.98\n")
    assert table.contrasts == expected.contrasts
    assert table.effect is EffectMeasure.HR
    assert table.left_out == (3,)


def test_the_level_in_the_header_counts() -> None:
    ninety = parse_network(
        "study,treatment,comparator,HR,90% CI\nA,x,p,0.70,0.50-0.98\n"
    ).contrasts[0]
    usual = parse_network("study,treatment,comparator,HR,95% CI\nA,x,p,0.70,0.50-0.98\n").contrasts[
        0
    ]
    # quantiles of the standard normal: 1.959964 (97.5 %) and 1.644854 (95 %)
    assert ninety.se / usual.se == pytest.approx(1.959964 / 1.644854, rel=1e-6)


def test_a_column_named_ci_may_still_hold_the_events_of_the_controls() -> None:
    table = parse_network("study,ai,n1i,ci,n2i\nA,10,100,20,100\nB,12,90,15,95\n")
    assert [a.events for a in table.arms] == [10.0, 20.0, 12.0, 15.0]


def test_an_interval_column_can_be_named_by_the_user() -> None:
    table = parse_network(
        "study,treatment,comparator,HR,range\nA,x,p,0.70,0.50-0.98\n", columns={"interval": "range"}
    )
    assert len(table.contrasts) == 1
