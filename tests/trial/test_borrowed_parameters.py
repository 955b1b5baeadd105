"""Drugs that borrow follow their lenders."""

from __future__ import annotations

import pytest

from normoxia import pharmacology
from normoxia.trial.making import borrowed_parameters
from normoxia.trial.setting import ParameterSet


def test_every_borrower_and_lender_is_a_drug_of_the_same_kind() -> None:
    assert borrowed_parameters.borrowed_drugs()
    for borrower, lender in borrowed_parameters.borrowed_drugs().items():
        one, other = pharmacology.read(borrower), pharmacology.read(lender)
        assert one.kind == other.kind
        assert {e.slot for e in one.effects} == {e.slot for e in other.effects}


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_what_moves_the_lender_moves_the_borrower_in_proportion(scale: float) -> None:
    """Potencies in the documents: cabozantinib 0.052 and sitravatinib 8.99, lenvatinib 4.5 and famitinib 11."""
    given = ParameterSet(
        {"cabozantinib_vegfr_potency": 0.0517 * scale, "lenvatinib_vegfr_potency": 4.5 * scale}
    )
    moved = borrowed_parameters.fill_borrowed(given).values
    assert moved["sitravatinib_vegfr_potency"] == pytest.approx(8.99 * scale)
    assert moved["famitinib_vegfr_potency"] == pytest.approx(11 * scale)
    assert {name: moved[name] for name in given.values} == given.values
    assert len(moved) == 4


def test_a_lender_of_two_lends_to_both_and_spreads_are_taken_as_they_are() -> None:
    moved = borrowed_parameters.fill_borrowed(
        ParameterSet({"ivonescimab_checkpoint_affinity": 0.6, "ivonescimab_clearance.spread": 0.5})
    )
    for borrower in ("ssgj707", "sctb14"):
        assert moved.values[f"{borrower}_checkpoint_affinity"] == pytest.approx(0.6)
        assert moved.values[f"{borrower}_clearance.spread"] == 0.5


def test_a_number_of_its_own_stands() -> None:
    given = {"lenvatinib_vegfr_potency": 9.0, "famitinib_vegfr_potency": 1.0}
    assert borrowed_parameters.fill_borrowed(ParameterSet(given)).values == given


def test_a_setting_without_lenders_is_left_as_it_is() -> None:
    given = {"gnet": 0.005, "clinic.death_hazard": 0.001, "anlotinib_vegfr_potency": 0.1}
    assert borrowed_parameters.fill_borrowed(ParameterSet(given)).values == given
