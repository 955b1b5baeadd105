"""Each causal arrow points the way the review says: with everything else held, more of the driver moves the target so."""

from __future__ import annotations

import pytest
from tests.library.laboratory import ANTI_PD1, NOTHING, AtReference, follow, nsclc

ARROWS = [s for s in nsclc().statements if not s.emergent]
STEP = 1e-4


def slope(driver: str, target: str) -> float:
    """Change of the target (an assignment's value, a species' rate) per change of the driver, all else held."""
    reference = AtReference(nsclc())
    at = reference.fixed[driver] if driver in reference.fixed else reference.value(driver)
    below = 0.0 if at == 0 else at * (1 - STEP)
    above = at * (1 + STEP) if at else STEP
    return (reference.value(target, {driver: above}) - reference.value(target, {driver: below})) / (
        above - below
    )


@pytest.mark.parametrize("statement", ARROWS, ids=lambda s: s.tag)
def test_an_arrow_has_its_sign(statement):
    assert statement.driver, "a statement with a term says which way it points"
    assert slope(statement.driver, statement.target) * statement.sign > 1e-6


@pytest.mark.parametrize("statement", [s for s in ARROWS if s.ablation], ids=lambda s: s.tag)
def test_an_arrow_taken_away_has_no_slope(statement):
    """The ablation of a statement silences its own arrow and not merely weakens it."""
    model = nsclc().with_values(dict(statement.ablation))
    reference = AtReference(model)
    at = (
        reference.fixed[statement.driver]
        if statement.driver in reference.fixed
        else reference.value(statement.driver)
    )
    moved = reference.value(statement.target, {statement.driver: at * 1.1 + (at == 0)})
    assert moved == pytest.approx(
        reference.value(statement.target, {statement.driver: at}), abs=1e-12
    )


def test_a_blocker_of_pd_l1_leaves_what_pd_l2_signals() -> None:
    """Full occupancy: PD-1 blockers take all that antibody reaches, PD-L1 blockers all but the second ligand's share."""
    reference = AtReference(nsclc())

    def blocked(**occupancy: float) -> float:
        return reference.value(
            "block", {"reach": 0.7, "f_L2": 0.2, "ro": 0.0, "ro_l": 0.0, **occupancy}
        )

    assert blocked(ro=1.0) == pytest.approx(0.7)
    assert blocked(ro_l=1.0) == pytest.approx(0.7 * 0.8)
    assert blocked(ro=1.0, ro_l=1.0) == pytest.approx(0.7)
    assert blocked() == 0.0


def test_immunity_has_gained_nothing_before_treatment_and_what_it_kills_more_afterwards() -> None:
    course = follow([NOTHING, ANTI_PD1], [0.0, 60.0], ["immune_gain", "immune_kill"])
    (before, _), (_, gain) = course.of("immune_gain")
    (start, _), (_, kill) = course.of("immune_kill")
    assert before == pytest.approx(0.0, abs=1e-6)
    growth = next(p.value for p in nsclc().parameters if p.name == "gnet")
    assert gain == pytest.approx((kill - start) / growth, rel=1e-4)
    assert gain > 0.0
