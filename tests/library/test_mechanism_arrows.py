"""Each causal arrow points the way the review says: with everything else held, more of the driver moves the target so."""

from __future__ import annotations

import pytest
from tests.library.laboratory import AtReference, nsclc

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
    assert moved == pytest.approx(reference.value(statement.target, {statement.driver: at}), abs=1e-12)
