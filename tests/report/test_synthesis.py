"""Report of a synthesis: every part in both languages, ratios around 1 and differences around 0."""

import math
import re

import pytest

from normoxia.evidence.synthesis.answers import answer
from normoxia.evidence.synthesis.judgement.certainty import Concern, certainty
from normoxia.evidence.synthesis.judgement.contribution import study_contributions
from normoxia.evidence.synthesis.model.contrasts import Contrast
from normoxia.evidence.synthesis.pooling import pool
from normoxia.language import language
from normoxia.report import document
from normoxia.report.figures.forest import ForestRow, forest_figure
from normoxia.report.pages.synthesis import answer_pages, table_pages
from normoxia.report.views.pooled import NetworkSections, effect_rows, fewest_crossings
from normoxia.report.views.tables import Table

LOOP = [
    Contrast("s1", "a", "p", math.log(0.7), 0.10),
    Contrast("s2", "a", "p", math.log(0.8), 0.15),
    Contrast("s3", "b", "p", math.log(0.9), 0.12),
    Contrast("s4", "a", "b", math.log(0.85), 0.14),
]
APART = [*LOOP, Contrast("s5", "x", "y", 0.1, 0.2)]


@pytest.fixture(scope="module")
def answered():
    return answer("components", draws=500)


def words_of(page):
    for section in page.sections:
        yield section.title
        for block in section.blocks:
            if isinstance(block, Table):
                yield from (block.title, *block.columns, block.note)
                yield from (cell for row in block.rows for cell in row)
            else:
                yield getattr(block, "text", getattr(block, "title", ""))


def test_a_question_has_every_part_in_both_languages(answered):
    pages, figures, leagues = answer_pages(
        answered, provenance={"command": "normoxia pool components"}
    )
    assert [p.language for p in pages] == ["en", "zh"]
    english, chinese = ([s.title for s in p.sections] for p in pages)
    assert len(english) == len(chinese)
    for part in (
        "Answer",
        "Components",
        "The network",
        "Effects",
        "Ranking",
        "Inconsistency",
        "Certainty",
        "Evidence and exclusions",
    ):
        assert any(part in title for title in english), part
    assert english[-1] == "Limitations"
    assert chinese[-1] == "局限性"
    assert not any(p.is_simulated for p in pages)
    assert len({f.name for f in figures}) == len(figures)
    assert len(leagues) == 4
    html = document(pages)
    assert "synthesis of published results" in html
    assert "Simulated, not clinical data" not in html


def test_the_chinese_page_names_treatments_and_reasons_in_chinese(answered):
    (page,) = (p for p in answer_pages(answered)[0] if p.language == "zh")
    texts = list(words_of(page))
    assert "免疫 + 抗VEGF抗体 + 化疗" in texts
    english = [
        w for w in texts if re.search(r"\b(chemotherapy|antibody|docetaxel|against|interval)\b", w)
    ]
    assert not [
        w
        for w in english
        if "http" not in w and "doi" not in w and "PMC" not in w and "PMID" not in w
    ], english[:5]


def test_the_language_asked_for_comes_first(answered):
    assert [p.language for p in answer_pages(answered, first="zh")[0]] == ["zh", "en"]


def test_unconnected_treatments_have_a_reference_of_their_own():
    pooled = NetworkSections(pool(APART, effect="HR", reference="p", draws=200), language("en"))
    table = pooled.effects_table()
    assert [table.rows[i][0] for i in sorted(table.groups)] == ["against p", "against x"]
    assert {row[0] for row in table.rows} == {"against p", "a", "b", "against x", "y"}
    assert len(pooled.rankings()) == 2
    assert any("unconnected" in line for line in pooled.limit_words())
    league = pooled.full_league()
    assert sum(cell == "–" for row in league.rows for cell in row) == 2 * 3 * 2


def test_shares_of_the_studies_add_up_and_certainty_names_six_domains():
    synthesis = pool(LOOP, effect="HR", reference="p", draws=200)
    pooled = NetworkSections(
        synthesis,
        language("en"),
        certainty=certainty(synthesis.fit),
        contributions=study_contributions(synthesis.fit),
    )
    for row in pooled.contribution_table().rows:
        assert sum(int(x) for x in re.findall(r"(\d+)%", row[1])) == pytest.approx(100, abs=2)
    table = pooled.certainty_table()
    assert len(table.columns) == 8
    said = {row[-1] for row in table.rows}
    assert said <= {
        f"{x} (3 of 6 domains not judged)"
        for x in ("at most high", "at most moderate", "at most low", "very low")
    }
    assert {row[1] for row in table.rows} == {"not judged"}
    whole = certainty(
        synthesis.fit,
        risk_of_bias=dict.fromkeys(synthesis.network.studies, 1),
        indirectness=dict.fromkeys(synthesis.network.studies, 1),
        reporting_bias=(Concern.NONE, "a reason"),
    )
    levels = {
        row[-1]
        for row in NetworkSections(synthesis, language("en"), certainty=whole)
        .certainty_table()
        .rows
    }
    assert levels <= {"high", "moderate", "low", "very low"}


def test_ratios_are_shown_as_ratios_and_differences_as_they_are():
    ratio = NetworkSections(
        pool(LOOP[:1], effect="HR", reference="p", draws=200), language("en")
    ).effects_table()
    # 0.7 exp(-/+ 1.96 0.1)
    assert ratio.rows[0][1] == "0.70 (0.58–0.85)"
    plain = [Contrast("s1", "a", "p", -1.0, 0.25)]
    difference = NetworkSections(
        pool(plain, effect="MD", reference="p", draws=200), language("zh")
    ).effects_table()
    # -1 -/+ 1.96 0.25
    assert difference.rows[0][1] == "−1.00（−1.49 至 −0.51）"


def test_a_forest_of_differences_has_its_line_at_zero_and_an_even_axis():
    rows = [
        ForestRow(label="a", estimate=language_estimate(-1.0)),
        ForestRow(label="b", estimate=language_estimate(0.5)),
    ]
    spec = forest_figure(rows, ratio=False).spec
    (axis,) = (
        layer["encoding"]["x"]
        for layer in spec["layer"]
        if isinstance(layer["encoding"].get("x"), dict) and "scale" in layer["encoding"]["x"]
    )
    assert axis["scale"]["type"] == "linear"
    assert 0 in axis["axis"]["values"]
    steps = {
        round(b - a, 9)
        for a, b in zip(axis["axis"]["values"], axis["axis"]["values"][1:], strict=False)
    }
    assert len(steps) == 1


def language_estimate(value):
    from normoxia.outcome import Estimate

    return Estimate(value, value - 0.4, value + 0.4)


def test_a_table_report_has_its_assumptions_and_notes():
    synthesis = pool(LOOP, effect="HR", reference="p", draws=200)
    pages, _, leagues = table_pages(
        synthesis, file="t.csv", notes=("a note",), assumed_direction=True
    )
    for page, word in zip(pages, ("assumed", "假定"), strict=True):
        text = " ".join(words_of(page))
        assert word in text
        assert "a note" in text
    assert leagues[0].rows[0][0] == "a"


def test_a_ring_given_in_any_order_is_drawn_without_crossings():
    ring = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "a")]
    order = fewest_crossings(["a", "c", "e", "b", "d"], ring)
    neighbours = {frozenset((x, y)) for x, y in zip(order, [*order[1:], order[0]], strict=True)}
    assert neighbours == {frozenset(pair) for pair in ring}


def test_effect_rows_have_every_pair_once_per_model():
    columns, rows = effect_rows(pool(APART, effect="HR", draws=200))
    assert columns[:3] == ("treatment", "comparator", "model")
    assert len(rows) == 2 * (3 + 1)
    assert all(math.isfinite(row[3]) for row in rows)


@pytest.mark.parametrize(("code", "word"), [("en", "lies outside its own"), ("zh", "区间之外")])
def test_tau_outside_its_interval_is_noted_in_both_languages(code, word):
    effects = [(0.0, 0.05)] * 30 + [(6.0 * (-1) ** i, 2.0) for i in range(40)]
    contrasts = [Contrast(f"s{i}", "a", "b", y, se) for i, (y, se) in enumerate(effects)]
    pooled = NetworkSections(pool(contrasts, effect="MD", small_values="good"), language(code))
    assert [line for line in pooled.limit_words() if word in line]
