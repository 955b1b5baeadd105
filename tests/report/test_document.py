import base64
import re
from html.parser import HTMLParser

import pytest
from tests.report import samples

from normoxia.errors import InvalidArgument, OutputExists
from normoxia.outcome import Estimate
from normoxia.population.table_one import TableOneRow
from normoxia.report import (
    ComparisonPanel,
    ComparisonRow,
    Highlight,
    Page,
    Prose,
    Section,
    Table,
    comparison_table,
    document,
    table_one,
    write_document,
)


def page(lang: str) -> Page:
    table = Table(
        name="numbers", title="Numbers <b>", columns=("what", "value"), rows=(("a & b", "1"),)
    )
    blocks = (Prose("Not calibrated.", warning=True), samples.km(lang=lang), table)
    return Page(
        language=lang,
        title=f"Report {lang}",
        lead="Lead.",
        sections=(Section("Efficacy", blocks),),
        highlights=(Highlight("ORR", "61%", "published 63.5%"),),
        badges=("not calibrated",),
        provenance={"seed": "1"},
        version="0.1.0",
        date="2026-11-22",
    )


class Reader(HTMLParser):
    """Collects tags with their attributes and checks that they close in order."""

    def __init__(self):
        super().__init__()
        self.tags, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br", "img", "hr"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def both():
    return document([page("en"), page("zh")])


def test_html_is_well_formed_and_self_contained(both):
    reader = Reader()
    reader.feed(both)
    assert reader.open == []
    for tag, attributes in reader.tags:
        for name in ("src", "href", "xlink:href"):
            target = attributes.get(name) or ""
            assert target == "" or target.startswith(("#", "data:")), (tag, target)
    without_data = re.sub(r"data:[^\"]+", "", both)
    assert set(re.findall(r"https?://[^\"\s<)]+", without_data)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "@import" not in both
    assert "default-src 'none'" in both


def test_ids_are_unique_over_figures(both):
    ids = re.findall(r'\bid="([^"]+)"', both)
    assert len(ids) == len(set(ids))
    for wanted in re.findall(r"url\(#([^)]+)\)", both):
        assert wanted in ids


def test_a_badge_says_simulated_in_both_languages(both):
    for words in (
        "Simulated, not clinical data",
        "模拟结果，非临床数据",
        "Not a medical device",
        "非医疗器械",
    ):
        assert words in both
    assert both.count("<article") == 2
    assert 'data-switch="zh"' in both
    assert 'data-switch="en"' in both


def test_data_of_figures_and_tables_are_embedded():
    text = document(page("en"))
    links = re.findall(
        r'href="data:text/csv;charset=utf-8;base64,([^"]+)" download="([^"]+)"', text
    )
    files = {name: base64.b64decode(code).decode("utf-8") for code, name in links}
    assert files["km-pfs.csv"] == samples.km().csv(digits=5)
    assert files["numbers.csv"] == "what,value\na & b,1\n"
    assert "data-switch" not in text.split("<script>", 1)[0]


def test_text_of_users_is_escaped(both):
    assert "Numbers &lt;b&gt;" in both
    assert "a &amp; b" in both


def test_dark_figures_and_repeated_languages_are_refused():
    dark = Page(
        language="en", title="t", lead="l", sections=(Section("s", (samples.km(theme="dark"),)),)
    )
    with pytest.raises(InvalidArgument, match="light theme"):
        document(dark)
    with pytest.raises(InvalidArgument, match="at least one page"):
        document([page("en"), page("en")])


def test_an_existing_file_is_kept(tmp_path):
    path = write_document(page("en"), tmp_path / "out" / "report.html")
    with pytest.raises(OutputExists):
        write_document(page("en"), path)
    assert write_document(page("en"), path, replace=True) == path


def test_table_one_marks_large_differences():
    table = table_one(
        [TableOneRow("Age, median", 63.0, 63.0, 0.01), TableOneRow("Women, %", 32.0, 40.0, -0.17)],
        lang="zh",
    )
    assert table.columns[0] == "特征"
    assert table.rows[1][:4] == ("Women, %", "32.0", "40.0", "−0.17")
    assert table.emphasis == {(1, 3)}


def test_comparison_table_says_inside_or_outside():
    panel = ComparisonPanel(
        "PFS, months",
        (
            ComparisonRow("ABCP", Estimate(9.0, 8.0, 10.0, 0.9), Estimate(8.3, 7.7, 9.8)),
            ComparisonRow("BCP", Estimate(9.0, 8.0, 10.0, 0.9), Estimate(6.8, 6.0, 7.1)),
            ComparisonRow("ACP", Estimate(9.0, 8.0, 10.0, 0.9)),
        ),
    )
    table = comparison_table([panel], sources=[["Table 2", "Table 2", ""]])
    assert [row[3] for row in table.rows] == ["", "inside", "outside", "–"]
    assert table.emphasis == {(2, 3)}
    assert table.rows[1][-1] == "Table 2"
    alone = comparison_table([ComparisonPanel("PFS, months", panel.rows[2:])])
    assert alone.columns == ("Quantity", "Simulated")


def test_rows_must_be_as_long_as_the_columns():
    with pytest.raises(InvalidArgument, match="1 cells for 2 columns"):
        Table(name="t", title="T", columns=("a", "b"), rows=(("1",),))


def test_a_wide_table_wraps_and_a_narrow_one_does_not():
    cell = "0.83 (0.72–0.95)"
    narrow = Table(
        name="narrow", title="Narrow", columns=("a", "b", "c"), rows=(("x", cell, cell),)
    )
    wide = Table(name="wide", title="Wide", columns=tuple("abcdefgh"), rows=(("x", *[cell] * 7),))
    html = document(
        [Page(language="en", title="T", lead="L", sections=(Section("S", (narrow, wide)),))]
    )
    assert html.count('class="table fits"') == 1
    assert html.index('class="table fits"') < html.index("Wide")


def test_a_verdict_is_a_word_with_a_colour():
    table = Table(
        name="v",
        title="V",
        columns=("what", "verdict"),
        rows=(("a", "✓ met"), ("b", "✗ missed")),
        tones={(0, 1): "good", (1, 1): "bad"},
    )
    text = document(Page(language="en", title="t", lead="l", sections=(Section("s", (table,)),)))
    assert '<span class="tone good">✓ met</span>' in text
    assert '<span class="tone bad">✗ missed</span>' in text
    assert table.csv() == "what,verdict\na,✓ met\nb,✗ missed\n"
