"""A user's own table on the page: its columns, every fault in it with its line, and its analysis; and the list of questions."""

from __future__ import annotations

import json

import pytest

import normoxia as nx

synthesis = pytest.importorskip("normoxia.web.tasks.synthesis")

FAULTY = (
    "study,treat1,treat2,HR,lower,upper\nA,x,y,0.8,0.7,0.9\nB,x,y,0.9,0.8,abc\nC,x,z,0.7,0.5,1.0\n"
)


def table(text: str, **changed: object) -> dict[str, object]:
    asked = {
        "name": "mine.csv",
        "text": text,
        "columns": {},
        "effect": "",
        "leave_out_faulty": False,
        "lang": "en",
        "theme": "light",
    }
    return json.loads(json.dumps(synthesis.table(**(asked | changed)), allow_nan=False))


def test_a_faulty_table_is_refused_with_its_columns_and_the_lines_of_its_faults() -> None:
    answer = table(FAULTY)
    assert answer["refused"] == "mine.csv: 1 of 3 rows cannot be used (line 3)"
    assert {one["line"] for one in answer["findings"]} == {3}
    assert any('"abc"' in one["message"] for one in answer["findings"])
    assert answer["mapping"]["ratio"] == "HR"
    assert answer["header"] == ["study", "treat1", "treat2", "HR", "lower", "upper"]
    assert answer["page"] is None
    assert "/tmp" not in json.dumps(answer)


def test_without_its_faulty_rows_it_is_pooled_as_the_library_pools_it() -> None:
    answer = table(FAULTY, leave_out_faulty=True, lang="zh")
    assert answer["refused"] == ""
    assert answer["left_out"] == [3]
    assert {"network-zh", "forest-zh", "ranking-zh"} <= {f["name"] for f in answer["figures"]}
    # one study is left of x against y: 0.8 with the standard error (ln 0.9 - ln 0.7)/3.92 = 0.0641 of its logarithm
    tables = [b for s in answer["page"]["sections"] for b in s["blocks"] if b["kind"] == "table"]
    cells = [cell for t in tables for row in t["rows"] for cell in row]
    assert "0.80（0.71–0.91）" in cells


def test_names_of_files_keep_to_their_folder() -> None:
    for name in ("../../etc/passwd", "a/b\\c.tsv", "", ".csv", "x" * 300 + ".csv"):
        answer = table("nothing to see here", name=name)
        assert answer["refused"].startswith(answer["name"] + ": one column only")
        assert "/" not in answer["name"]


def test_a_misread_column_can_be_corrected() -> None:
    text = "study,treat1,treat2,HR,from,until\nA,x,y,0.8,0.7,0.9\nB,x,z,0.9,0.8,1.02\n"
    assert "refused" in table(text)
    answer = table(text, columns={"low": "from", "high": "until"})
    assert answer["refused"] == ""
    assert answer["mapping"]["low"] == "from"


def test_a_text_that_is_no_table_says_why() -> None:
    answer = table("nothing to see here")
    assert answer["refused"]
    assert answer["page"] is None


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_shipped_question_is_listed_with_its_endpoints(lang: str) -> None:
    listed = synthesis.questions(lang)["questions"]
    assert [one["id"] for one in listed] == list(nx.questions())
    assert all(one["endpoints"] and one["title"] and one["asks"] for one in listed)


@pytest.mark.slow
def test_an_answer_has_its_network_forest_league_and_ranking() -> None:
    answer = synthesis.question("tki-or-antibody", "PFS", "en")
    names = " ".join(one["name"] for one in answer["figures"])
    assert all(kind in names for kind in ("network", "forest", "studies", "ranking"))
    titles = [b["title"] for s in answer["page"]["sections"] for b in s["blocks"] if "title" in b]
    assert "League table" in titles
    drawn = synthesis.question_figure("tki-or-antibody", "PFS", 0, "en", "dark")
    assert drawn["svg"].startswith("<svg")
