"""The credibility file as a page: every claim with its status and evidence, in both languages, and the matrix of risk."""

from __future__ import annotations

import re

import pytest

from normoxia.calibration.credibility import verification
from normoxia.calibration.credibility.file import CredibilityFile, Status, credibility
from normoxia.calibration.fitting import hyperparameters
from normoxia.calibration.fitting.ensemble import Ensemble
from normoxia.calibration.fitting.posterior import layout, prior_states
from normoxia.calibration.scoring import baselines, lock
from normoxia.calibration.scoring.scoreboard import EnsembleDiagnostics, Scoreboard, scoreboard
from normoxia.calibration.scoring.scores import NormalPredictive
from normoxia.errors import InvalidArgument
from normoxia.language import language
from normoxia.report.figures.risk_matrix import RiskRow, risk_matrix
from normoxia.report.pages.credibility import html, pages
from normoxia.report.pages.document import Page
from normoxia.report.views.tables import Table

CODES = ("en", "zh")


@pytest.fixture(scope="module")
def file() -> CredibilityFile:
    """Without the checks that solve the model, which have their own tests."""
    patch = pytest.MonkeyPatch()
    patch.setattr(verification, "CHECKS", {"units": verification.units})
    try:
        return credibility(calibrated=ensemble(), board=board())
    finally:
        patch.undo()


def ensemble() -> Ensemble:
    """Draws half as wide as the prior."""
    space = hyperparameters.read()
    states = 0.5 * prior_states(layout(space), 400, 1)
    health = {"draws": 400, "effective_sample_size": 300.0, "largest_r_hat": 1.001}
    return Ensemble(space=space, states=states, manifest={"sampling": health}, digest="e" * 64)


def board() -> Scoreboard:
    listed = lock.read()
    predictions = {o.target: NormalPredictive(o.y, o.se**2) for o in listed.contrasts}
    return scoreboard(
        listed,
        {"oracle": predictions},
        baselines=baselines.baselines(listed),
        diagnostics=EnsembleDiagnostics(draws=100, effective_sample_size=90.0, max_pareto_k=0.5),
    )


def tables(page: Page) -> dict[str, Table]:
    return {
        block.name: block
        for section in page.sections
        for block in section.blocks
        if isinstance(block, Table)
    }


@pytest.mark.parametrize("code", CODES)
def test_every_claim_has_its_status_and_evidence(file: CredibilityFile, code: str) -> None:
    (page,) = (p for p in pages(file) if p.language == code)
    by_name, words = tables(page), language(code)
    for section in file.sections:
        claims, evidence = (
            by_name[f"claims-{section.id}-{code}"],
            by_name[f"proof-{section.id}-{code}"],
        )
        for claim, row, proof in zip(section.claims, claims.rows, evidence.rows, strict=True):
            assert row[0] == proof[0] == claim.title[code]
            assert row[4] == words.say(f"credibility.{claim.status.value.replace(' ', '_')}")
            if claim.status is Status.NOT_DONE:
                assert proof[4:] == ("–", "–")
            else:
                assert claim.evidence.digest in proof[4]
        bold = {i for i, _ in claims.emphasis}
        assert bold == {
            i for i, claim in enumerate(section.claims) if claim.status is not Status.MET
        }


@pytest.mark.parametrize("code", CODES)
def test_predictions_are_printed_beside_published_values(file: CredibilityFile, code: str) -> None:
    (page,) = (p for p in pages(file) if p.language == code)
    listed = tables(page)[f"list-{code}"]
    assert len(listed.columns) == 7
    listed_outcomes = lock.read()
    assert len(listed.rows) - len(listed.groups) == len(listed_outcomes.contrasts) + len(
        listed_outcomes.responses
    ) + len(listed_outcomes.strata)
    inside = [row[5] for row in listed.rows if row[5] not in ("", "–")]
    assert len(inside) == len(listed_outcomes.contrasts)
    assert set(inside) == {language(code).say("credibility.yes")}


def test_remaining_spread_is_printed_beside_the_prior(file: CredibilityFile) -> None:
    priors = tables(pages(file)[0])["priors-en"]
    left = [float(row[4]) for row in priors.rows]
    assert sum(left) / len(left) == pytest.approx(0.5, abs=0.02)
    assert file.claim("informed").status is Status.MET
    assert file.claim("ensemble").evidence.digest == "e" * 16


def test_chinese_pages_have_no_english_sentence(file: CredibilityFile) -> None:
    """Names, citations, commands and messages of the program may be English; sentences of the page may not."""
    (page,) = (p for p in pages(file) if p.language == "zh")
    by_name = tables(page)
    ours = [
        row[column]
        for t in by_name.values()
        if t.name.startswith(("claims", "question"))
        for row in t.rows
        for column in (0, 1)
    ]
    for text in ours:
        assert not re.search(r"(?:[a-z]{3,} ){3}", text), text


def test_one_document_has_both_languages_and_no_external_resource(file: CredibilityFile) -> None:
    text = html(file, first="zh")
    assert text.index('<article lang="zh"') < text.index('<article lang="en"')
    assert not re.search(r'(?:src|href)="https?://', text)


@pytest.mark.parametrize("code", CODES)
def test_the_matrix_shows_risk_and_status_of_each_question(code: str) -> None:
    rows = [
        RiskRow(title="A", influence="high", consequence="low", risk="medium", standing="met"),
        RiskRow(title="B", influence="high", consequence="low", risk="medium", standing="not done"),
    ]
    figure = risk_matrix(rows, lang=code)
    assert figure.rows == (
        ("A", "high", "low", "medium", "met"),
        ("B", "high", "low", "medium", "not done"),
    )
    assert all(name in figure.svg() for name in ("A", "B"))
    assert language(code).say("credibility.level_high") in figure.description


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="severe"):
        risk_matrix(
            [RiskRow(title="A", influence="severe", consequence="low", risk="low", standing="met")]
        )
    with pytest.raises(InvalidArgument, match="at least one"):
        risk_matrix([])
