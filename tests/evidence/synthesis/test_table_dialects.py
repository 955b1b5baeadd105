"""One table in any dialect reads to the same values or is refused; a damaged one loses no row in silence."""

from __future__ import annotations

import csv
import io
import math
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normoxia.errors import InvalidArgument, InvalidDocument, NormoxiaError
from normoxia.evidence.synthesis.intake.tables import NetworkTable, parse_network
from normoxia.evidence.synthesis.model.contrasts import Arm, Contrast, EffectMeasure
from normoxia.evidence.synthesis.model.size import require_feasible
from normoxia.evidence.synthesis.pooling import pool


def said(table: NetworkTable) -> str:
    return "\n".join(str(f) for f in table.findings)


# -- fault 05: rows that begin with #


@pytest.mark.parametrize("cell", ["#2 Lee", '"#2 Lee"', "# 2 Lee"])
def test_a_row_that_begins_with_a_hash_is_read_and_said(cell: str) -> None:
    table = parse_network(f"study,treat1,treat2,TE,seTE\nA,x,y,0.5,0.1\n{cell},y,z,0.2,0.2\n")
    assert [c.study for c in table.contrasts] == ["A", cell.strip('"')]
    assert [(f.place.line, "begins with #" in f.found) for f in table.findings if f.place.line] == [
        (3, True)
    ]


def test_comments_are_named_with_their_lines() -> None:
    table = parse_network(
        "# made by hand, in May\n#\nstudy,treat1,treat2,TE,seTE\nA,x,y,0.5,0.1\n# checked\nB,y,z,0.2,0.2\n#,,,,\n"
    )
    assert [c.study for c in table.contrasts] == ["A", "B"]
    assert [f.place.line for f in table.findings if "begins with #" in f.found] == [1, 2, 5, 7]
    assert table.left_out == (7,) or table.n_rows == 2


@pytest.mark.parametrize("first", ["#", "#study", "# Study"])
def test_a_header_that_begins_with_a_hash_is_read(first: str) -> None:
    header = f"{first},treat1,treat2,TE,seTE"
    table = parse_network(f"# a comment\n{header}\nA,x,y,0.5,0.1\nB,y,z,0.2,0.2\n")
    assert len(table.contrasts) == 2
    if first != "#":
        assert [c.study for c in table.contrasts] == ["A", "B"]
        assert '; taken for the header "' in said(table)
    after = parse_network(f"{header}\n# -------\nA,x,y,0.5,0.1\n")
    assert 2 in [f.place.line for f in after.findings if "begins with #" in f.found]
    assert len(after.contrasts) == 1
    every = parse_network(f"{header}\n#1,x,y,0.5,0.1\n#2,y,z,0.2,0.2\n")
    assert len(every.contrasts) == 2


# -- fault 06: thousands


def test_a_european_table_with_thousands() -> None:
    eu = parse_network(
        "study;treatment;mean;sd;n\nS1;A;5,2;1,1;1.234\nS1;B;5,6;1,3;1.198\nS2;A;5,1;1,2;80\nS2;B;5,9;1,1;82\n"
    )
    assert [a.n for a in eu.arms] == [1234, 1198, 80, 82]
    assert '2 numbers with parted thousands, such as "1.234"; read as 1234' in said(eu)
    fitted = pool(eu, model="common", effect="MD").fit.effect("B", "A")
    # inverse variance by hand
    weights = [1 / (1.1**2 / 1234 + 1.3**2 / 1198), 1 / (1.2**2 / 80 + 1.1**2 / 82)]
    assert fitted.estimate == pytest.approx(
        (0.4 * weights[0] + 0.8 * weights[1]) / sum(weights), rel=1e-12
    )
    assert fitted.se == pytest.approx(sum(weights) ** -0.5, rel=1e-12)


@pytest.mark.parametrize(
    "cell", ['"12,345"', "12'345", "12 345", "12\u202f345", "12’345", "１２３４５", "1.2345e4"]
)
def test_thousands_of_every_kind_in_counts(cell: str) -> None:
    table = parse_network(f'study,treatment,events,n\nS1,A,"1,050",{cell}\nS1,B,"1,200","12,300"\n')
    assert [(a.events, a.n) for a in table.arms] == [(1050, 12345), (1200, 12300)]
    assert "parted thousands" in said(table)
    assert "decimal comma" not in said(table)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("S1,A,5.2,1.1,1.5", "1.5 patients; expected a whole number"),
        ("S1,A,5.2,1.1,1.234", "1.234 patients; expected a whole number"),
        ("S1,A,5.2,1.1,50%", "percent sign"),
        ("S1,A,5.2,1.1,5 0", "expected a number"),
        ("S1,A,5.2,1.1,1_000", "expected a number"),
        ('S1,A,5.2,1.1,"12,34"', "12.34 patients"),
    ],
)
def test_patients_are_whole_numbers(row: str, words: str) -> None:
    table = parse_network(f"study,treatment,mean,sd,n\n{row}\nS1,B,5.6,1.3,100\nS1,C,5.5,1.3,100\n")
    assert table.left_out == (2,)
    assert words in said(table)


def test_numbers_with_two_readings_are_refused_with_both_until_the_mark_is_said() -> None:
    text = "study;treatment;mean;sd;n\nS1;A;1.234;1.100;80\nS1;B;1.198;1.300;82\n"
    with pytest.raises(InvalidDocument, match=r'<text>:2: .*"1\.234"; may be 1234 or 1\.234'):
        parse_network(text)
    assert [a.mean for a in parse_network(text, decimal="comma").arms] == [1234, 1198]
    assert [a.mean for a in parse_network(text, decimal="point").arms] == [1.234, 1.198]


def test_thousands_within_intervals() -> None:
    table = parse_network(
        "study;treatment;comparator;MD;95% CI\nA;x;p;1.234,5;1.000,5 to 1.500,5\nB;x;p;-5,5;-9,5–-1,5\n"
    )
    assert [c.estimate for c in table.contrasts] == [1234.5, -5.5]
    assert (
        '1 intervals with parted thousands, such as "1.000,5 to 1.500,5"; read as 1000.5 to 1500.5'
        in said(table)
    )
    assert table.contrasts[0].se == pytest.approx(500 / (2 * 1.959964), rel=1e-6)


def test_percent_signs_are_read_where_percents_stand_and_refused_elsewhere() -> None:
    table = parse_network("study,treatment,percent,n\nA,x,12.5%,80\nA,y,25 %,80\n")
    assert [a.events for a in table.arms] == [10, 20]
    means = parse_network("study,treatment,mean,sd,n\nA,x,7.1%,1.1%,80\nA,y,6.5%,1.2%,80\n")
    assert [a.mean for a in means.arms] == [7.1, 6.5]
    with pytest.raises(InvalidDocument, match="percent sign"):
        parse_network("study,treat1,treat2,RD,lower,upper\nA,x,y,5%,1%,9%\n")
    assert "no percent is above 1" in said(
        parse_network("study,treatment,percent,n\nA,x,0.25,80\nA,y,0.5,80\n")
    )


# -- fault 14: words for empty cells as names


@pytest.mark.parametrize("word", ["None", "NA", "null", "N/A", "无"])
def test_words_for_empty_cells_are_names_in_a_column_of_arms(word: str) -> None:
    contrasts = parse_network(
        f"study,treatment,comparator,HR,lower,upper\nS1,drug,{word},0.70,0.55,0.89\n"
    )
    assert [(c.treatment, c.comparator) for c in contrasts.contrasts] == [("drug", word)]
    arms = parse_network(f"study,treatment,events,n\nS1,{word},10,100\nS1,P,20,100\n")
    assert [a.treatment for a in arms.arms] == [word, "P"]
    wide = parse_network(f"study,t1,n1,r1,t2,n2,r2,t3,n3,r3\nA,{word},100,10,y,90,12,NA,NA,NA\n")
    assert [a.treatment for a in wide.arms] == [word, "y"]
    for table in (contrasts, arms, wide):
        assert f'"{word}" is read as the name of an arm' in said(table)


@pytest.mark.parametrize("word", ["-", "--", ".", "nan", "缺失", "–"])
def test_other_signs_of_an_empty_cell_are_quoted(word: str) -> None:
    table = parse_network(f"study,treatment,events,n\nS1,{word},10,100\nS1,P,20,100\nS1,Q,20,100\n")
    assert table.left_out == (2,)
    assert f'"{word}" means an empty cell' in said(table)
    assert f'such as "{word} (name)"' in said(table)


@pytest.mark.parametrize(
    "layout",
    [
        "study,treatment,events,n\n{},x,1,10\nB,x,2,10\nB,y,3,10\n",
        "study,treat1,treat2,TE,seTE\n{},x,y,0.5,0.1\nB,x,y,0.5,0.1\n",
        "study,event.e,n.e,event.c,n.c\n{},1,10,2,10\nB,1,10,2,10\n",
    ],
)
def test_studies_without_a_name_are_never_thrown_together(layout: str) -> None:
    table = parse_network(layout.format("NA"))
    assert table.left_out == (2,)
    assert '"NA" means an empty cell' in said(table)


def test_rows_of_empty_cells_and_of_totals_are_named() -> None:
    table = parse_network(
        "study,treatment,events,n\nA,x,1,10\nA,y,2,10\nNA,NA,NA,NA\nTotal,x,3,20\nTotal (95% CI),y,3,20\n,,,\n"
    )
    assert [a.study for a in table.arms] == ["A", "A"]
    assert table.left_out == (5, 6)
    assert [f.place.line for f in table.findings] == [4, 5, 6]


# -- layouts


@pytest.mark.parametrize(
    "header",
    [
        "Study,Experimental events,Experimental total,Control events,Control total",
        "Study or Subgroup,Experimental Events,Experimental Total,Control Events,Control Total",
        "studlab,event.e,n.e,event.c,n.c",
        "author,Events (experimental),N (experimental),Events (control),N (control)",
        "study,treatment deaths,treatment n,placebo deaths,placebo n",
        "研究,试验组事件数,试验组例数,对照组事件数,对照组例数",
        "研究,试验组死亡数,试验组总数,对照组死亡数,对照组总数",
        "trial,ai,n1i,ci,n2i",
    ],
)
def test_two_arms_a_row_as_revman_and_meta_write_them(header: str) -> None:
    table = parse_network(f"{header}\nS1,10,100,20,90\nS2,12,90,15,95\n")
    assert table.layout == "two arms, wide"
    assert [(a.study, a.events, a.n) for a in table.arms] == [
        ("S1", 10, 100),
        ("S1", 20, 90),
        ("S2", 12, 90),
        ("S2", 15, 95),
    ]
    assert table.findings == ()
    assert table.effect is EffectMeasure.OR


@pytest.mark.parametrize(
    "header",
    [
        "author,n.e,mean.e,sd.e,n.c,mean.c,sd.c",
        "Study,Experimental total,Experimental mean,Experimental SD,Control total,Control mean,Control SD",
        "Study,Total (experimental),Mean (experimental),SD (experimental),Total (control),Mean (control),SD (control)",
        "研究,试验组例数,试验组均数,试验组标准差,对照组例数,对照组均数,对照组标准差",
    ],
)
def test_means_of_two_arms_a_row(header: str) -> None:
    table = parse_network(f"{header}\nS1,50,5.2,1.1,60,5.6,1.3\n")
    assert [(a.n, a.mean, a.sd) for a in table.arms] == [(50, 5.2, 1.1), (60, 5.6, 1.3)]
    assert (table.findings, table.effect) == ((), EffectMeasure.MD)


def test_rates_of_two_arms_a_row() -> None:
    table = parse_network("studlab,event.e,time.e,event.c,time.c\nS1,10,100.5,20,90.25\n")
    assert [(a.events, a.person_time) for a in table.arms] == [(10, 100.5), (20, 90.25)]
    assert table.effect is EffectMeasure.IRR


@pytest.mark.parametrize(
    "word",
    [
        "death",
        "deaths",
        "Deaths",
        "died",
        "Number of events",
        "No. of events",
        "Ｄｅａｔｈｓ",
        "死亡",
        "死亡例数",
    ],
)
def test_deaths_are_events(word: str) -> None:
    table = parse_network(f"study,treatment,{word},n\nA,x,10,100\nA,y,12,100\n")
    assert [a.events for a in table.arms] == [10, 12]


def test_repeated_headers_are_refused_unless_their_cells_are_alike() -> None:
    with pytest.raises(
        InvalidDocument, match=r"<text>:1: n: columns 3, 4 have this name and different cells"
    ):
        parse_network("study,treatment,n,n,events\nA,x,100,90,1\nA,y,100,90,2\n")
    assert len(parse_network("study,treatment,n,n,events\nA,x,100,100,1\nA,y,90,90,2\n").arms) == 2


# -- shapes


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("B,x,y,0,80,0,67", "7 cells, the header has 5; put cells with commas in quotes"),
        ("B,x y,0.5,0.1", "4 cells, the header has 5"),
        ("* adjusted for age", "1 cells, the header has 5"),
        ('B,"x\nC,x,y,0.1,0.2\nD",y,0.1,0.2', "a quote that opens here swallows 1 lines or more"),
    ],
)
def test_rows_of_another_shape_are_left_out_by_name(row: str, words: str) -> None:
    table = parse_network(f"study,treat1,treat2,TE,seTE\nA,x,y,0.5,0.1\n{row}\nE,y,z,0.2,0.2\n")
    assert [c.study for c in table.contrasts] == ["A", "E"]
    assert table.left_out == (3,)
    assert words in said(table)
    assert table.n_rows == 3


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'study,a,b\n"A,1,2\nB,1,2\n', r"<text>:2: not readable as a table"),
        (b"study,treat1,treat2,TE,seTE\nA,x,\x00y,0.5,0.1\n", r"<text>:2: .*zero byte"),
        (
            "study,treat1\nRücker,Müller\n".encode() + b"\xfc,1\n",
            r"<text>:3: byte 0xfc is not UTF-8",
        ),
        (b"study,treat1\nA,\x81\x8d\n", r"<text>:2: byte 0x81 is neither"),
        ("study,treat1,treat2\n1,2,3\n".encode("utf-16")[:-1], "breaks off"),
        (b",,,\n,,,\n", "no line holds anything"),
        (b"#\n#\n", "one column"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(raw: bytes, words: str) -> None:
    with pytest.raises(InvalidDocument, match=words):
        parse_network(raw)


def test_two_accented_letters_are_not_taken_for_chinese() -> None:
    table = parse_network("study,treat1,treat2,TE,seTE\ncréée,x,y,0.5,0.1\n".encode("cp1252"))
    assert table.contrasts[0].study == "créée"


def test_cells_without_a_header_are_refused_since_a_comma_may_have_moved_them() -> None:
    # 0,50 and 0,10 without quotes fill two columns that have no name
    with pytest.raises(InvalidDocument, match="7 cells, the header has 5"):
        parse_network("study,treat1,treat2,TE,seTE,,\nA,x,y,0,50,0,10\n")
    assert len(parse_network(",study,treat1,treat2,TE,seTE,\n1,A,x,y,0.5,0.1,\n").contrasts) == 1


def test_a_title_and_a_header_that_comes_again_are_named() -> None:
    header = "study,treat1,treat2,TE,seTE"
    table = parse_network(
        f"Table 2. Overall survival,,,,\n{header}\nA,x,y,0.5,0.1\n{header}\nB,x,y,0.5,0.1\n"
    )
    assert [c.study for c in table.contrasts] == ["A", "B"]
    assert [(f.place.line, f.found) for f in table.findings if f.place.line] == [
        (1, '"Table 2. Overall survival" stands alone'),
        (4, "the header again"),
    ]


def test_rare_characters_among_common_ones_are_chinese() -> None:
    # 镕 is in GBK, not in GB 2312: its second byte is an ASCII letter
    table = parse_network(
        "研究,治疗,例数,事件数\n镕,化疗,100,30\n镕,贝伐珠单抗,100,20\n".encode("gbk")
    )
    assert (table.encoding, table.arms[0].study) == ("gb18030", "镕")


def test_names_that_look_alike_are_one_arm() -> None:
    table = parse_network(
        "study,treat1,treat2,TE,seTE\nA,caf\u00e9,y,0.5,0.1\nB,cafe\u0301,y,0.2,0.2\nC,ca\u200bf\u00e9,ｙ,0.2,0.2\n"
    )
    assert {c.treatment for c in table.contrasts} == {"café"}
    assert {c.comparator for c in table.contrasts} == {"y"}


def test_the_line_of_excel_that_names_the_delimiter() -> None:
    assert (
        len(parse_network("sep=;\r\nstudy;treat1;treat2;TE;seTE\r\nA;x;y;0,5;0,1\r\n").contrasts)
        == 1
    )


def test_a_row_with_one_cell_that_cannot_be_read_is_left_out_once_even_if_the_others_would_do() -> (
    None
):
    table = parse_network(
        "study,treat1,treat2,TE,seTE,lower,upper\nA,x,y,0.5,0.1,abc,0.7\nB,x,y,0.5,0.1,0.3,0.7\n"
    )
    assert ([c.study for c in table.contrasts], table.left_out) == (["B"], (2,))
    arms = parse_network("study,treatment,events,n\nS,x,20%,50\nS,y,10,50\nS,z,10,50\n")
    assert len([f for f in arms.findings if f.place.line == 2]) == 1


# -- size


def test_networks_that_would_take_hours_are_refused_with_the_estimate() -> None:
    rows = [Contrast(f"s{i}", f"t{i}", f"t{i + 1}", 0.1, 0.1) for i in range(3000)]
    with pytest.raises(
        InvalidArgument,
        match=r"3000 contrasts of 3001 treatments would take about \d+ min and \d+\.\d GiB",
    ):
        pool(rows)
    arms = [Arm("all", f"t{i}", n=10, events=1) for i in range(500)]
    with pytest.raises(InvalidArgument, match='study "all" has 500 arms'):
        require_feasible(arms)
    require_feasible(Contrast(f"s{i}", "a", "b", 0.1, 0.1) for i in range(1000))


@pytest.mark.slow
def test_a_million_rows_are_read_and_pooled_or_refused_within_a_minute() -> None:
    rows = [
        f"s{i},t{i % 20},t{(i % 20 + 1 + i % 7) % 20},{(i % 13) / 10},{0.1 + (i % 5) / 10:.1f}"
        for i in range(1_000_000)
    ]
    raw = "\n".join(["study,treat1,treat2,TE,seTE", *rows])
    began = time.process_time()
    table = parse_network(raw)
    assert (len(table.contrasts), table.left_out) == (1_000_000, ())
    with pytest.raises(
        InvalidArgument, match="1000000 contrasts of 20 treatments would take about"
    ):
        pool(table)
    assert time.process_time() - began < 60
    pairs = [
        Contrast(f"s{i}", "a", "b", (i % 13 - 6) / 10, 0.1 + (i % 5) / 10) for i in range(1_000_000)
    ]
    began = time.process_time()
    assert len(pool(pairs).network.studies) == 1_000_000
    assert time.process_time() - began < 60


# -- any dialect


NAMES = st.sampled_from(
    [
        "Rücker 2012",
        "A, B & C",
        "=1+1",
        "#7",
        'the "new"',
        "甲",
        "None",
        "O'Brien",
        "+5",
        "x;y",
        "S-1",
    ]
)
RATIO = st.integers(1, 999_999)


@st.composite
def dialects(draw: st.DrawFn) -> dict[str, object]:
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    return {
        "delimiter": delimiter,
        "decimal": draw(st.sampled_from(".,")),
        "group": draw(st.sampled_from(["", "", ",", ".", "'", "’", " ", "\u00a0", "\u202f"])),
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        "end": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "encoding": draw(
            st.sampled_from(
                ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030"]
            )
        ),
        "order": draw(st.permutations(range(5))),
        "tail": draw(st.booleans()),
    }


def printed(value: int, places: int, dialect: dict[str, object]) -> str:
    text = f"{value:0{places + 1}d}"
    whole, part = (text[:-places], text[-places:]) if places else (text, "")
    parted = f"{int(whole):,}".replace(",", str(dialect["group"]))
    return parted + (str(dialect["decimal"]) + part if places else "")


def rendered(rows: list[list[str]], dialect: dict[str, object]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(
        stream,
        delimiter=str(dialect["delimiter"]),
        quoting=dialect["quoting"],
        lineterminator=str(dialect["end"]),  # type: ignore[arg-type]
    )
    order = dialect["order"]
    assert isinstance(order, list)
    for row in rows:
        writer.writerow([row[i] for i in order] + ([""] if dialect["tail"] else []))
    return stream.getvalue().encode(str(dialect["encoding"]), errors="ignore")


@settings(deadline=None)
@given(
    st.lists(st.tuples(RATIO, RATIO, st.integers(1, 40_000_000)), min_size=1, max_size=5),
    st.lists(NAMES, min_size=2, max_size=2, unique=True),
    st.integers(0, 4),
    dialects(),
)
def test_a_table_in_any_dialect_reads_to_the_same_values_or_is_refused(
    numbers: list[tuple[int, int, int]], arms: list[str], places: int, dialect: dict[str, object]
) -> None:
    if dialect["group"] == dialect["decimal"]:
        return
    if dialect["encoding"] == "gb18030" and any(
        not c.isascii() for arm in arms for c in arm if c != "甲"
    ):
        return
    # semicolons have decimal commas as a rule, commas points: where commas part cells, a point alone cannot part thousands
    if dialect["delimiter"] == "," and dialect["group"] == ".":
        return
    rows = [["study", "treatment", "mean", "sd", "n"]]
    for i, (mean, sd, n) in enumerate(numbers):
        for arm in arms:
            rows.append(
                [
                    f"s{i}",
                    arm,
                    printed(mean, places, dialect),
                    printed(sd, places, dialect),
                    printed(n, 0, dialect),
                ]
            )
    try:
        table = parse_network(rendered(rows, dialect))
    except InvalidDocument as error:
        assert "<text>" in str(error)  # noqa: PT017
        return
    true = [(m / 10**places, s / 10**places, n) for m, s, n in numbers for _ in arms]
    kept = [value for line, value in enumerate(true, 2) if line not in table.left_out]
    assert [(a.mean, a.sd, a.n) for a in table.arms] == kept
    assert {a.treatment for a in table.arms} <= set(arms)
    assert set(table.left_out) <= {f.place.line for f in table.findings}


# -- any damage


TABLES = (
    "study,treat1,treat2,TE,seTE\nA,x,y,0.5,0.1\nB,y,z,0.2,0.2\nC,x,z,-0.1,0.25\nD,x,y,1.234,0.3\n",
    "study;treatment;mean;sd;n\nA;x;5,2;1,1;1.234\nA;y;5,6;1,3;1.198\nB;x;5,1;1,2;80\nB;y;5,9;1,1;82\n",
    "Study\tExperimental events\tExperimental total\tControl events\tControl total\nA\t1\t10\t2\t12\nB\t3\t30\t4\t40\n",
)
DAMAGE = st.lists(
    st.tuples(
        st.integers(0, 200),
        st.sampled_from(
            ["", "#", ",", ";", "\t", ".", "'", " ", "-", "%", "0", "7", "NA", "x", "\n"]
        ),
        st.booleans(),
    ),
    max_size=4,
)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(TABLES), DAMAGE)
def test_a_damaged_table_loses_no_row_in_silence(
    text: str, damage: list[tuple[int, str, bool]]
) -> None:
    for at, piece, replaces in damage:
        i = at % (len(text) + 1)
        text = text[:i] + piece + text[i + replaces :]
    with suppress(NormoxiaError):
        table = parse_network(text)
        lines = [k for k, line in enumerate(text.split("\n"), 1) if line.strip(" ,;\t|")]
        named = {f.place.line for f in table.findings} | set(table.left_out)
        arms_a_row = 2 if table.layout == "two arms, wide" else 1
        used = len(table.contrasts) + len(table.arms) / arms_a_row
        # every line but the header is used, or named
        assert used >= len(lines) - 1 - len(named - {0})
        assert set(table.left_out) <= named


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(TABLES),
    st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=2), st.booleans()), max_size=5),
    st.sampled_from(["utf-8", "utf-16", "cp1252"]),
)
def test_bytes_of_any_kind_give_values_or_findings(
    text: str, damage: list[tuple[int, bytes, bool]], encoding: str
) -> None:
    raw = text.encode(encoding)
    for at, piece, replaces in damage:
        i = at % (len(raw) + 1)
        raw = raw[:i] + piece + raw[i + replaces :]
    with suppress(NormoxiaError):  # anything else that is raised fails the test
        table = parse_network(raw)
        assert all(math.isfinite(c.estimate) and c.se > 0 for c in table.contrasts)
        assert all(float(a.n).is_integer() for a in table.arms if not math.isnan(a.n))
