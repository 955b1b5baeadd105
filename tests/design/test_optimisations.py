"""Optimisations as documents, and the optimum of made-up outcomes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from normoxia import library
from normoxia.design import optimisations, optimum, optimum_words, stage
from normoxia.design.optimisations import OptimisationDesign, Utility
from normoxia.errors import InvalidArgument, InvalidDocument, UnknownName

TEXT = library.path("optimisations", "order-and-dose").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shipped() -> OptimisationDesign:
    return optimisations.read("order-and-dose")


@pytest.mark.parametrize("name", optimisations.names())
def test_every_schedule_of_a_shipped_optimisation_can_be_given(name: str) -> None:
    design = optimisations.read(name)
    assert len(design.schedules) == np.prod(design.shape) == len(design.comparison.regimens)
    last = len(design.schedules) - 1
    some = tuple(design.comparison.regimens[k] for k in sorted({0, design.reference, last}))
    part = replace(design.comparison, regimens=some)
    assert all(arm.regimen.courses for arm in stage.trial_of(part, 2).arms)
    assert set(design.comparison.titles) == {"en", "zh"}


def test_places_are_filled_with_the_values_of_the_axes_and_what_follows_from_them(
    shipped: OptimisationDesign,
) -> None:
    by_values = dict(zip(shipped.schedules, shipped.comparison.regimens, strict=True))
    assert by_values[5.0, -21.0].courses == (
        "atezolizumab 1200 mg q3w delayed 21 days",
        "bevacizumab 5 mg/kg q3w delayed 0 days",
    )
    assert by_values[15.0, 14.0].courses[1] == "bevacizumab 15 mg/kg q3w delayed 14 days"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("utility: {pfs: 1, toxicity: -0.03}", "utility: {toxicity: -0.03}", "rewards nothing"),
        ("utility: {pfs: 1, toxicity: -0.03}", "utility: {pfs: 1, toxicity: 0.03}", "burden"),
        ("utility: {pfs: 1, toxicity: -0.03}", "utility: {cost: 1}", "cost"),
        ("reference: {dose: 15, gap: 0}", "reference: {dose: 15, gap: 1}", "axes have"),
        ("delayed {aa} days", "delayed {bb} days", "bb"),
        ("delayed {ici} days", "", "ici|gap"),
        ("max(0, -gap)", "max(0, -gapp)", "gapp"),
        ("bevacizumab {dose} mg/kg", "bevacizumab 5 mg/kg", "dose changes nothing"),
        ("values: [1, 2.5,", "values: [2.5, 1,", "increase"),
        ("limit: {toxicity: 60}", "limit: {toxicity: 160}", "at most"),
    ],
)
def test_faults_of_a_document_are_found_before_anything_runs(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in TEXT
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    if old == "delayed {ici} days":  # what follows from an axis and is not read is no fault
        assert optimisations.read(path).comparison.regimens[0].courses[0].endswith("q3w ".strip())
        return
    with pytest.raises(InvalidDocument, match=said):
        optimisations.read(path)


def made_up(design: OptimisationDesign, n_draws: int = 10) -> dict[str, np.ndarray]:
    """Outcomes with a hidden best schedule: dose 5, gap 14 where the variant is on, -14 where it is off."""
    on = np.arange(n_draws) % 2 == 0
    values = np.array(design.schedules)
    gap = np.where(on, 14.0, -14.0)
    pfs = 8 - 0.02 * (values[:, :1] - 5.0) ** 2 - 0.0001 * (values[:, 1:] - gap) ** 2
    toxicity = np.broadcast_to(20 + values[:, :1], pfs.shape)
    return {"pfs": pfs, "response": 0 * pfs, "toxicity": toxicity.astype(float)}


def test_the_optimum_is_the_hidden_one_and_regret_is_what_the_other_side_loses(
    shipped: OptimisationDesign,
) -> None:
    design = replace(shipped, by=("v",), utility=Utility(weights={"pfs": 1.0}))
    outcomes = made_up(design)
    found = optimum.optimum(design, outcomes, {"v": [True, False] * 5})
    assert design.schedules[found.best] == (5.0, 0.0)  # the compromise of both sides
    sides = {v.is_on: v for v in found.variants}
    assert design.schedules[sides[True].best] == (5.0, 14.0)
    assert design.schedules[sides[False].best] == (5.0, -14.0)
    for side in sides.values():
        assert side.regret.value == pytest.approx(0.0001 * 14.0**2)
    assert found.gain.value == pytest.approx(0.02 * 10.0**2)
    assert found.gain.low > 0.0
    assert optimum_words.is_certain(design, found)
    far = design.schedules.index((22.5, 0.0))
    assert far not in found.rivals
    near = design.schedules.index((5.0, 7.0))
    assert near in found.rivals  # better on one side, worse on the other
    assert found.best_share.sum() == pytest.approx(1.0)
    with pytest.raises(UnknownName, match="v"):
        optimum.optimum(replace(design, by=("w",)), outcomes, {"v": [True] * 10})


def test_a_limit_excludes_schedules_and_one_that_none_keeps_is_refused(
    shipped: OptimisationDesign,
) -> None:
    design = replace(shipped, by=(), utility=Utility(weights={"pfs": 1.0}, most_toxic=23.0))
    found = optimum.optimum(design, made_up(design), {})
    assert design.schedules[found.best][0] == 2.5
    assert "exceed the limit" in optimum_words.answer(design, found, {})["en"]
    strict = replace(design, utility=Utility(weights={"pfs": 1.0}, most_toxic=5.0))
    with pytest.raises(InvalidArgument, match="21%"):
        optimum.optimum(strict, made_up(design), {})


def test_the_pareto_front_is_what_comparing_every_pair_gives() -> None:
    rng = np.random.default_rng(1)
    benefit, burden = rng.integers(0, 12, 60) / 2.0, rng.integers(0, 12, 60) / 2.0
    front = optimum.front(benefit, burden)

    def beaten(k: int) -> bool:
        better = (benefit >= benefit[k]) & (burden <= burden[k])
        return bool((better & ((benefit > benefit[k]) | (burden < burden[k]))).any())

    kept = {(benefit[k], burden[k]) for k in range(60) if not beaten(k)}
    assert {(benefit[k], burden[k]) for k in front} == kept
    assert list(burden[list(front)]) == sorted(burden[list(front)])
