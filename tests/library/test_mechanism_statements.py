"""The thirty-four statements are all there, in two languages, with what carries them."""

from __future__ import annotations

from tests.library.laboratory import nsclc


def test_all_statements_stand_in_order():
    assert [s.tag for s in nsclc().statements] == [f"C{n:02d}" for n in range(1, 35)]


def test_each_says_what_it_says_in_english_and_chinese():
    for statement in nsclc().statements:
        assert set(statement.says) == {"en", "zh"}, statement.tag
        assert statement.review_place.startswith("section"), statement.tag


def test_what_is_not_emergent_is_carried_by_a_parameter():
    named = {p.name for p in nsclc().parameters}
    for statement in nsclc().statements:
        assert statement.emergent != bool(statement.strengths), statement.tag
        assert {*statement.strengths, *statement.ablation} <= named, statement.tag


def test_processes_name_statements_that_exist():
    tags = {s.tag for s in nsclc().statements}
    assert {tag for process in nsclc().processes for tag in process.statements} <= tags


def test_each_parameter_has_a_source_and_no_assumption_counts_as_verified():
    for parameter in nsclc().parameters:
        assert parameter.source is not None, parameter.name
        doubtful = parameter.source.reference.startswith(("assumed", "recalled"))
        assert not (doubtful and parameter.source.verified), parameter.name
