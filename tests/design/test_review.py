"""The living review: what removing a statement changes, studies beside what the review prints, the plan, the page of answers."""

import math
from dataclasses import replace

import numpy as np
import pytest

from normoxia.api import answers
from normoxia.api import review as api
from normoxia.cli.app import app
from normoxia.design import review_plan, reviewed_statements
from normoxia.design.reviewed_statements import ArmCourse
from normoxia.design.reviewed_studies import (
    ReviewedStudy,
    coverage,
    disagreements,
    reviewed_outcomes,
)
from normoxia.errors import InvalidDocument, OutputExists, UnknownName
from normoxia.evidence.studies.registry import registry
from normoxia.mechanism.model import Statement
from normoxia.outcome import Endpoint, Measure

STATEMENT = Statement(tag="C00", says={"en": "x", "zh": "x"}, review_place="", term="")


def test_effect_is_the_change_of_the_mean_with_quantiles_over_draws():
    draws = np.arange(1.0, 42.0)
    complete = ArmCourse({"perfusion": np.full(41, 2.0)}, {Endpoint.OS: np.full(41, 10.0)})
    without = ArmCourse({"perfusion": 2.0 + 0.02 * draws}, {Endpoint.OS: 10.0 - draws})
    effect = reviewed_statements.effect(STATEMENT, complete, without, "command")
    change = effect.states["perfusion"]
    # percent of the complete model's mean: 1 to 41, whose middle is 21 and 2.5 % quantile 1 + .025 * 40
    assert (change.value, change.low, change.high) == pytest.approx((21.0, 2.0, 40.0))
    assert effect.survival[Endpoint.OS].value == pytest.approx(-21.0)
    assert effect.matters


def test_effect_whose_interval_holds_zero_does_not_matter():
    complete = ArmCourse({}, {Endpoint.PFS: np.full(40, 5.0)})
    without = ArmCourse({}, {Endpoint.PFS: 5.0 + np.linspace(-1.0, 2.0, 40)})
    assert not reviewed_statements.effect(STATEMENT, complete, without, "").matters


def test_plan_lists_every_study_that_the_review_mentions_once():
    groups = [name for group in review_plan.read().groups for name in group.studies]
    mentioned = {s.id for s in registry() if s.review.figures or s.review.claims}
    assert sorted(groups) == sorted(mentioned)


def test_figure_of_the_review_stands_beside_the_registry_and_differences_are_marked():
    study = registry()["LEAP-007"]
    rows = reviewed_outcomes(study, ())
    survival = [r for r in rows if (r.endpoint, r.measure) == (Endpoint.OS, Measure.MEDIAN_MONTHS)]
    # the review's table has the arms swapped (16.4 and 14.1), its text has them right
    printed = {(r.arm, r.printed): r.differs for r in survival if not math.isnan(r.printed)}
    assert printed["lenva_pembro", 16.4]
    assert not printed["lenva_pembro", 14.1]
    assert printed["pbo_pembro", 14.1]
    assert not printed["pbo_pembro", 16.4]


def test_agreement_counts_published_values_inside_the_simulated_interval():
    study = registry()["LEAP-007"]
    row = next(r for r in reviewed_outcomes(study, ()) if r.published is not None)
    assert row.published is not None
    value = row.published.value
    inside = replace(row, simulated=replace(row.published, low=value - 1, high=value + 1))
    outside = replace(row, simulated=replace(row.published, low=value + 1, high=value + 2))
    reviewed = ReviewedStudy(
        study=study, section="2.1.2", outcomes=(inside, outside), discrepancies=()
    )
    assert coverage([reviewed]) == {True: 1, False: 1}
    assert disagreements([reviewed]) == sum(r.differs for r in (inside, outside))


def test_part_of_another_name_is_refused():
    with pytest.raises(UnknownName, match="statements"):
        api.review(parts=("statement",))


def test_folder_with_other_files_is_refused_before_work_begins(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputExists, match=r"thesis\.txt"):
        api.review(out=tmp_path)


def test_page_of_answers_needs_a_review_with_questions():
    with pytest.raises(InvalidDocument, match="questions"):
        answers.page({"schema": "normoxia/review/1", "questions": []}, "en")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_of_answers_gives_answer_command_and_run(lang):
    question = {
        "asks": {"en": "Which?", "zh": "哪个？"},
        "place": {"en": "section 3", "zh": "第3节"},
        "answer": {"en": "This one.", "zh": "这个。", "can_be_told": True},
        "command": "normoxia compare chemo-free --seed 1",
        "provenance": {"normoxia": "0.1.0", "model_sha256": "ab" * 32},
    }
    made = answers.page({"schema": "normoxia/review/1", "questions": [question]}, lang)
    for part in (question["asks"][lang], question["answer"][lang], question["command"]):
        assert part in made
    assert "ab" * 6 in made
    assert "ab" * 7 not in made


def test_statement_of_another_name_is_refused():
    with pytest.raises(UnknownName, match="C99"):
        api.review(parts=("statements",), statements=("C99",))


@pytest.mark.slow
def test_review_of_statements_and_studies_writes_page_and_object(tmp_path):
    folder = tmp_path / "review"
    finished = api.review(
        parts=("statements", "studies"), statements=("C05", "C11"), patients=10, draws=8, out=folder
    )
    assert (folder / "review.json").is_file()
    for lang in ("en", "zh"):
        api.write(finished, folder, lang=lang)
        html = (folder / "review.html").read_text(encoding="utf-8")
        assert all(effect.statement.tag in html for effect in finished.statements)
        assert all(study.study.id in html for study in finished.studies)
    removed = {e.statement.tag: e for e in finished.statements}
    # without vessel maturation under anti-angiogenic drugs fewer pericytes cover vessels (C11)
    assert removed["C11"].states["pericyte_coverage"].high < 0.0
    # without adhesion molecules given back by VEGF blockade fewer T cells enter (C05)
    assert removed["C05"].states["cd8_density"].value < 0.0


def test_every_question_has_a_command_of_the_program():
    names = {command.name or command.callback.__name__ for command in app.registered_commands}
    missing = {
        q.command.split()[1]
        for q in review_plan.read().questions
        if q.command.split()[1] not in names
    }
    assert not missing
