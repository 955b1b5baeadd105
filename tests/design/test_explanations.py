"""Explanations as documents, their attribution on made-up runs, and the gain of a loop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from normoxia import library, mechanism
from normoxia.design import attribution, explanations, probing
from normoxia.design.attribution import REST, PfsTimes
from normoxia.design.explanation_words import ExplanationFindings, answer, content
from normoxia.design.explanations import ExplanationDesign, StatementGroup
from normoxia.design.shapley import Coalition
from normoxia.errors import InvalidDocument, UnknownName

TEXT = library.path("explanations", "impower150").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shipped() -> ExplanationDesign:
    return explanations.read("impower150")


def test_the_shipped_explanation_names_statements_that_have_a_term(
    shipped: ExplanationDesign,
) -> None:
    model = mechanism.read(library.path("models", "nsclc"))
    with_term = {s.tag for s in model.statements if s.ablation}
    assert set(shipped.statements) <= with_term
    assert len(attribution.coalitions(shipped, 1)) == 2 ** len(shipped.groups)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[C23, C24]\n  delivery", "[C23, C26]\n  delivery", "C26 stands in"),
        ("    statements: [C26, C27]", "    statements: []", "no statement"),
        ("{amount} mg/kg", "5 mg/kg", "amount"),
        ("amounts: [0.1, 0.3", "amounts: [0.3, 0.1", "increase"),
        ("points: 128", "points: 100", "power of two"),
        ("draws: 20", "draws: 4", "at least 8"),
        ("horizon: 12", "horizon: 900", "at most"),
    ],
)
def test_faults_of_a_document_are_found_before_anything_runs(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in TEXT
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidDocument, match=said):
        explanations.read(path)


def made_up(
    shipped: ExplanationDesign, n_groups: int
) -> tuple[ExplanationDesign, dict[Coalition, PfsTimes]]:
    """Runs in which group k adds k months to the experimental regimen, and the first two interact."""
    groups = tuple(
        StatementGroup(id=f"g{k}", titles={"en": f"g{k}"}, statements=(f"C{k:02d}",))
        for k in range(1, n_groups + 1)
    )
    design = replace(shipped, groups=groups)
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.1, (8, 30))
    times = {}
    for subset in attribution.coalitions(design, 1):
        added = sum(float(name[1:]) for name in subset) + 2.0 * ({"g1", "g2"} <= subset)
        months = np.stack([3.0 + added + noise, np.full_like(noise, 3.0)])
        times[subset] = PfsTimes(months.mean(axis=2), months)
    return design, times


@pytest.mark.parametrize("n_groups", [3, 7])
def test_contributions_are_those_that_were_put_in_and_sum_to_the_difference(
    shipped: ExplanationDesign, n_groups: int
) -> None:
    design, times = made_up(shipped, n_groups)
    found = attribution.attribute(design, times, {}, 1)
    shares = {c.group: c for c in found.contributions}
    assert list(shares) == [*(g.id for g in design.groups), REST]
    total = sum(c.draws for c in found.contributions)
    whole = times[frozenset(g.id for g in design.groups)]
    np.testing.assert_allclose(total, whole.means[0] - whole.means[1], atol=1e-12)
    expected = {f"g{k}": k + (1.0 if k <= 2 else 0.0) for k in range(1, n_groups + 1)}
    for name, value in expected.items():
        # each order and its reverse halve an interaction of two, so sampled orders are exact here too
        assert shares[name].estimate.value == pytest.approx(value, abs=1e-9)
    assert shares[REST].estimate.value == pytest.approx(0.0, abs=0.05)
    # 30 patients of standard deviation 0.1 in 8 draws
    assert shares[REST].chance == pytest.approx(0.1 / np.sqrt(240), rel=0.3)
    np.testing.assert_allclose(
        found.patients.sum(axis=2), whole.months[0] - whole.months[1], atol=1e-12
    )


def test_patients_lost_before_the_horizon_are_left_out_of_the_chance(
    shipped: ExplanationDesign,
) -> None:
    design, times = made_up(shipped, 2)
    subset = frozenset({"g1"})
    months = times[subset].months.copy()
    months[0, :, 0] = np.nan
    found = attribution.attribute(
        design, {**times, subset: PfsTimes(times[subset].means, months)}, {}, 1
    )
    assert np.isnan(found.patients[:, 0, :2]).all()
    assert all(np.isfinite(c.chance) for c in found.contributions)


def test_the_answer_names_the_largest_clear_contribution_or_says_that_there_is_none(
    shipped: ExplanationDesign,
) -> None:
    design, times = made_up(shipped, 3)
    found = ExplanationFindings(attribution=attribution.attribute(design, times, {}, 1))
    assert found.leading is not None
    assert found.leading.group in ("g2", "g3")
    assert "cannot be said" not in answer(design, found)["en"]
    spread = np.linspace(-40, 40, 8)
    unsure = {
        s: PfsTimes(t.means + np.array([len(s) * spread, 0 * spread]), t.months)
        for s, t in times.items()
    }
    found = ExplanationFindings(attribution=attribution.attribute(design, unsure, {}, 1))
    assert found.leading is None
    assert "cannot be said" in answer(design, found)["en"]
    assert "无法判断" in answer(design, found)["zh"]
    plain = content(design, found)
    assert [c["group"] for c in plain["contributions"]] == ["g1", "g2", "g3", REST]  # type: ignore[attr-defined]


@pytest.mark.parametrize("g", [-0.5, 0.0, 0.4])
def test_the_gain_of_a_linear_loop_is_its_loop_gain(g: float) -> None:
    """x = input + y, y = g x at rest: the closed response is 1/(1 - g) of the open one (Bode 1945)."""
    closed = np.linalg.solve(np.array([[1.0, -1.0], [-g, 1.0]]), np.array([1.0, 0.0]))[0]
    assert probing.gain(np.array([closed]), np.array([1.0]))[0] == pytest.approx(g)
    assert np.isnan(probing.gain(np.array([0.0]), np.array([1.0]))[0])


def test_sobol_indices_of_the_typical_patient_find_what_matters(shipped: ExplanationDesign) -> None:
    assert shipped.sensitivity is not None
    question = replace(shipped.sensitivity, parameters=("kI", "kC"), points=256, day=42.0)
    priors = {"kI": lambda z: 0.002 * np.exp(z), "kC": lambda z: 0.05 * np.exp(0.0 * z)}
    found = probing.sensitivity("nsclc", question, ["atezolizumab 1200 mg q3w"], priors, 1)
    by_name = {s.parameter: s for s in found}
    assert by_name["kI"].total.value == pytest.approx(
        1.0, abs=0.05
    )  # the only one that varies; 256 points
    assert by_name["kC"].total.value == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(UnknownName, match="kI"):
        probing.sensitivity("nsclc", replace(question, parameters=("kJ",)), [], priors, 1)
