"""The command line in Chinese: no English word of a closed list, no sentence said half, outside names and quotations."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from normoxia import evidence
from normoxia.evidence.synthesis import questions
from normoxia.language import language

#: names and field's letters that stay in every language: trials, methods, measures, genes, units, identifiers
_NAMES = (
    r"https?://\S+|NCT\d+\S*|EudraCT|JapicCTI|CINeMA|Nikolakopoulou|Grambsch|Therneau|Papakonstantinou|Hartung-Knapp|Fisher|BristolTAG"
    r"|Cancer Therapy Advisor|OncLive|MDedge|Thorac Oncol|Teff-High|Teff|IMpower\w*|CheckMate-\w+|HARMONi-A|AVAiL"
    r"|PM8002\S*|TMB|Meta|mut/Mb|(mg|kg|AUC|del19|Python|normoxia|json|csv|html|SHA|utf)\b|\(Chu 等\)|Lee J 等|Yuan 等|JSON|RMST"
)


def _left(text: str, names: set[str]) -> list[str]:
    """English words of three letters or more that are no names."""
    known = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    bare = re.sub(
        _NAMES,
        "",
        re.sub(
            rf"(?<![A-Za-z])(?:{known})(?![a-z])",
            "",
            re.sub(r'"[^"]*"|“[^”]*”|setting\.\w+|\[[a-z0-9_]+\]', "", text),
        ),
    )
    return re.findall(r"[A-Za-z]*[a-z]{3}[A-Za-z]*", bare)


def _ids() -> set[str]:
    found: set[str] = set()
    for study in evidence.registry():
        found |= {study.id, *study.pools, *study.sources, *(a.id for a in study.arms)}
        found |= {p.id for p in study.populations} | {p.set for p in study.populations}
    return found


def _said(study: evidence.Study) -> Iterator[str]:
    """The lines of a study's page but its citations."""
    for line in evidence.show(study, "zh"):
        if line == language("zh").say("registry.sources"):
            return
        yield line


@pytest.mark.parametrize(
    "step",
    [8, pytest.param(1, marks=pytest.mark.slow)],  # every eighth study, all of them
)
def test_no_english_is_left_on_any_study_s_page_in_chinese(step: int) -> None:
    ids = _ids()
    left = {
        line: words
        for study in tuple(evidence.registry())[::step]
        for line in _said(study)
        if (words := _left(line, ids))
    }
    assert left == {}


def test_no_english_is_left_in_the_list_or_the_audit_in_chinese(normoxia: Callable) -> None:
    ids = _ids()
    for command in (("list",), ("audit",)):
        answer = normoxia("evidence", *command, "--lang", "zh")
        assert answer.code == 0
        assert re.search("[\u4e00-\u9fff]", answer.out.splitlines()[0])
        assert _left(answer.out, ids) == []


def test_the_json_of_the_list_has_its_values_in_the_language_and_its_keys_in_english(
    normoxia: Callable,
) -> None:
    found = json.loads(normoxia("evidence", "list", "--lang", "zh", "--json").out)
    row = next(row for row in found["studies"] if row["id"] == "IMpower150")
    assert (found["language"], row["line"], row["histology"], row["egfr"]) == (
        "zh",
        "一线",
        "非鳞癌",
        "混合",
    )
    assert row["design"].startswith("随机 1:1:1，开放标签")
    assert row["pdl1"] == "未经选择"


def test_every_word_of_the_registry_s_closed_lists_is_in_the_catalogue() -> None:
    known = language("zh").texts
    for study in evidence.registry():
        for kind in ("line", "histology", "driver", "pdl1"):
            assert f"word.{kind}.{getattr(study.setting, kind)}" in known
        assert f"word.group.{study.group}" in known
        assert f"word.primary_endpoint.{study.primary_endpoint_met}" in known
        assert all(f"word.endpoint.{row.endpoint}" in known for row in study.reported())
    for finding in evidence.audit(evidence.registry()):
        kind, _, name = finding.found_by.rpartition(":")
        assert f"word.{kind or 'finder'}.{name}" in known


TABLE = """\
study,arm1,arm2,HR,lowr,upper,remark
A,one,placebo,0.70,0.55,0.89,x
B,one,placebo,0.81,0.62,1.06,x
C,two,placebo,0.90,0.71,1.14,x
D,One,two,0.85,0.66,1.09,x
D,one,two,0.85,0.66,1.09,x
E,one,two,0.85,,,x
F,one,one,0.85,0.7,0.9,x
G,three,two,"0,85","0,7","0,95",x
"""


def test_a_pooled_table_is_told_wholly_in_chinese(normoxia: Callable, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE)
    answer = normoxia("pool", "table.csv", "--lang", "zh", "--leave-out-faulty", "--out", "told")
    assert answer.code == 0, answer.err
    names = {
        "one",
        "two",
        "three",
        "placebo",
        "study",
        "arm1",
        "arm2",
        "upper",
        "lowr",
        "remark",
        "table.csv",
        "column",
    }
    roles = {"study", "treatment", "comparator", "ratio", "high", "low"}
    assert _left(answer.out, names) == []
    assert _left(answer.err.replace("told/report.html", ""), names | roles | {"log"}) == []
    whole = json.loads((tmp_path / "told" / "synthesis.json").read_text())
    reasons = [d["reason"] for c in whole["certainty"] for d in c["domains"]]
    notes = [*whole["notes"], *(f["found"] for f in whole["table"]["findings"])]
    assert reasons
    assert [w for text in (*reasons, *notes) for w in _left(text, names | roles | {"log"})] == []


@pytest.mark.parametrize(
    "question", ["first-line-wt", "egfr-post-tki", "tki-or-antibody", "components", "biomarkers"]
)
def test_a_question_is_answered_wholly_in_chinese(normoxia: Callable, question: str) -> None:
    answer = normoxia("pool", question, "--lang", "zh")
    assert answer.code == 0, answer.err
    assert _left(answer.out, _ids() | set(questions.names())) == []


def test_the_mechanism_is_listed_wholly_in_chinese(normoxia: Callable) -> None:
    from normoxia import library, mechanism

    answer = normoxia("mechanism", "--lang", "zh")
    assert answer.code == 0
    heading = answer.out.splitlines()[:2]
    assert not re.search("[a-z]{3}", "".join(heading))
    model, speech = mechanism.read(library.path("models", "nsclc")), language("zh")
    names = {
        x.name
        for kind in (model.parameters, model.assignments, model.processes, model.species)
        for x in kind
    }
    for (
        statement
    ) in model.statements:  # by the statement: cells of the table are folded inside names
        told = " ".join(
            (statement.says["zh"], speech.term(statement.review_place), speech.term(statement.term))
        )
        assert _left(told, names) == []
    assert "emergent" not in answer.out


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "has no causal statements"), ("zh", "不含因果论断")]
)
def test_a_model_without_statements_says_so(
    normoxia: Callable, tmp_path: Path, lang: str, said: str
) -> None:
    (tmp_path / "toy.yaml").write_text(
        "model: toy\ntime_unit: day\nparameters:\n  k: {value: 0.1, unit: 1/day, source: assumed}\n"
        "species:\n  central: {initial: 1, unit: mg}\n"
        "processes:\n  loss: {rate: k*central, unit: mg/day, changes: {central: -1}}\n"
    )
    answer = normoxia("mechanism", "toy.yaml", "--lang", lang)
    assert answer.code == 0
    assert said in answer.out
