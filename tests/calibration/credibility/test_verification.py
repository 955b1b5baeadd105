"""The checks of the credibility file on the shipped model, and that each fails on a model that has what it looks for."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from normoxia import library, mechanism
from normoxia.calibration.credibility import verification
from normoxia.calibration.credibility.verification import CHECKS, CheckResult, ModelUnderTest
from normoxia.mechanism.model import Model


@pytest.fixture(scope="module")
def biology() -> Model:
    return mechanism.read(library.path("models", "nsclc"))


@pytest.fixture(scope="module")
def shipped(biology: Model) -> dict[str, CheckResult]:
    return verification.verify(biology)


def with_unit(model: Model, name: str, unit: str) -> Model:
    changed = tuple(replace(p, unit=unit) if p.name == name else p for p in model.parameters)
    return replace(model, parameters=changed)


@pytest.mark.parametrize("name", CHECKS)
def test_the_shipped_model_passes(name: str, shipped: dict[str, CheckResult]) -> None:
    assert shipped[name].met, shipped[name]


def test_the_numbers_lie_where_the_checks_can_see_them(shipped: dict[str, CheckResult]) -> None:
    """An error that is exactly nothing would mean that nothing was compared."""
    assert 0 < float(shipped["convergence"].numbers["change"]) < verification.TRIAL_TOLERANCE
    assert 0 < float(shipped["two_solvers"].numbers["difference"]) < verification.SOLVER_LIMIT
    assert shipped["conservation"].numbers["drugs"] == 5


def test_a_broken_unit_is_found_and_named(biology: Model) -> None:
    specimen = ModelUnderTest(with_unit(biology, "k_D", "mL"))
    for check in (verification.units, verification.soundness):
        found = check(specimen)
        assert found.met is False
        assert "k_D" in found.problem or "death" in found.problem or "mL" in found.problem


def test_a_unit_of_the_wrong_scale_is_found(biology: Model) -> None:
    assert verification.units(ModelUnderTest(with_unit(biology, "k_D", "1/hour"))).met is False


def test_an_arrow_turned_round_is_found(biology: Model) -> None:
    statement = next(s for s in biology.statements if s.sign)
    turned = tuple(replace(s, sign=-s.sign) if s is statement else s for s in biology.statements)
    found = verification.signs(ModelUnderTest(replace(biology, statements=turned)))
    assert found.met is False
    assert found.problem == statement.tag
    assert found.numbers["right"] == found.numbers["arrows"] - 1  # type: ignore[operator]


def test_an_ablation_that_does_nothing_is_found(biology: Model) -> None:
    statement = next(s for s in biology.statements if s.ablation)
    kept = {name: biology.defaults[name] for name in statement.ablation}
    idle = tuple(replace(s, ablation=kept) if s is statement else s for s in biology.statements)
    assert (
        statement.tag
        in verification.ablations(ModelUnderTest(replace(biology, statements=idle))).problem
    )


def test_drug_that_is_unaccounted_for_is_found(
    biology: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were a hundred-thousandth more given than arrives, the balance would be off by that."""
    true = verification._entered
    monkeypatch.setattr(verification, "_entered", lambda *given: true(*given) * (1 + 2e-5))
    found = verification.conservation(ModelUnderTest(biology))
    assert found.met is False
    assert found.numbers["difference"] == pytest.approx(2e-5, rel=1e-3)


def test_a_tolerance_too_loose_for_its_limit_is_found(
    biology: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "CHANGE_LIMIT", 1e-9)
    assert verification.convergence(ModelUnderTest(biology)).met is False


def test_a_model_that_does_not_compile_fails_with_its_reason(biology: Model) -> None:
    without = replace(
        biology, observables=tuple(o for o in biology.observables if o.name != "tumour_diameter")
    )
    found = verification.verify(without)
    assert found["convergence"].met is False
    assert "tumour_diameter" in found["convergence"].problem
    assert found["units"].met


def test_patients_that_cannot_be_solved_fail_the_checks_that_need_them(biology: Model) -> None:
    """A growth that is not a number fails every patient; nothing is raised."""
    broken = biology.with_values({"k_D": math.nan})
    found = verification.verify(broken)
    assert found["positivity"].met is False
    assert found["units"].met
