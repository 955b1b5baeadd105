"""Non-proportional hazards are reported before a constant hazard ratio, on the page and on the terminal."""

from __future__ import annotations

import re

import pytest

from normoxia.evidence.synthesis.answers import answer
from normoxia.language import language
from normoxia.report import document
from normoxia.report.pages.synthesis import answer_pages
from normoxia.report.views.over_time import over_time_table
from normoxia.report.views.tables import Table


@pytest.fixture(scope="module")
def answered():
    return answer("tki-or-antibody", draws=200)


def test_the_page_begins_with_the_studies_and_their_restricted_means(answered):
    for page in answer_pages(answered)[0]:
        assert all(name in page.warnings[0] for name in ("OAK", "CheckMate-057", "KEYNOTE-010"))
        assert page.warnings[1].count("CheckMate-057") == 1
        kinds = [("HR" in h.label.replace("，", ",").split(", ")) for h in page.highlights]
        assert kinds == sorted(kinds), "restricted means before ratios"
        assert kinds[0] is False
        for endpoint in ("PFS", "OS"):
            titles = [s.title for s in page.sections if s.title.startswith(endpoint)]
            assert language(page.language).say("pool.section_over_time") in titles[0]


def test_the_warning_is_above_the_first_ratio(answered):
    html = document(answer_pages(answered)[0])
    english = html[html.index('<article lang="en"') :]
    assert english.index("are not proportional") < english.index('class="highlights"')
    assert english.index("restricted mean difference") < english.index("PFS, HR")


def test_mean_and_periods_come_before_the_constant_ratio(answered):
    proportionality = answered.analyses["OS"].over_time
    table = over_time_table(proportionality, language("en"), "t")
    assert isinstance(table, Table)
    mean, periods, ratio = (
        next(i for i, head in enumerate(table.columns) if word in head)
        for word in ("restricted mean", "by period", "constant")
    )
    assert mean < periods < ratio
    study, row = table.rows
    assert study[0] == "CheckMate-057"
    assert re.search(r"\(.+\) to 24 mo", row[mean])
    assert row[periods].count(" mo: ") == 3
    # Borghaei 2015: OS hazard ratio 0.73 (0.59 to 0.89); rebuilt from six landmarks a curve
    assert row[ratio].startswith("0.73 (")


def test_the_chinese_table_has_no_english_word(answered):
    table = over_time_table(answered.analyses["PFS"].over_time, language("zh"), "t")
    text = " ".join(
        (table.title, table.note, *table.columns, *(c for row in table.rows for c in row[1:]))
    )
    assert not re.search(r"\b(mo|to|against|ratio|months)\b", text)
