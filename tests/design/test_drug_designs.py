"""Designs of molecules as documents, and the drug documents that they give."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from normoxia import library, pharmacology
from normoxia.design import drug_designs, molecule
from normoxia.errors import InvalidArgument, InvalidDocument

TEXT = library.path("drug_designs", "next-bispecific").read_text(encoding="utf-8")
DESIGN = drug_designs.read("next-bispecific")


@pytest.mark.parametrize("name", drug_designs.names())
def test_a_shipped_design_gives_a_drug_with_the_values_that_it_sets(
    name: str, tmp_path: Path
) -> None:
    design = drug_designs.read(name)
    drug = pharmacology.read(molecule.write(design, design.values, tmp_path, "designed"))
    base = pharmacology.read(design.base)
    assert drug.name == "designed"
    assert {e.slot for e in drug.effects} == {e.slot for e in base.effects}
    assert drug.toxicity == base.toxicity
    changed = yaml.safe_load(molecule.document(design, design.values, "designed"))
    for p in design.properties:
        if p.place not in (drug_designs.HALF_LIFE, drug_designs.DOSE):
            node = changed
            for key in p.place.split("."):
                node = node[key]
            assert node["value"] == p.value


@pytest.mark.parametrize("days", [5.0, 9.9, 25.0])
def test_the_half_life_that_is_set_is_the_slowest_rate_of_the_compartments(days: float) -> None:
    """Against the eigenvalues of the matrix of rates, another algorithm."""
    text = molecule.document(DESIGN, {**DESIGN.values, "half_life": days}, "designed")
    kinetics = yaml.safe_load(text)["kinetics"]["parameters"]
    clearance, central, between, peripheral = (
        float(kinetics[key]["value"])
        for key in (
            "clearance",
            "central_volume",
            "intercompartmental_clearance",
            "peripheral_volume",
        )
    )
    rates = np.array(
        [
            [-(clearance + between) / central, between / peripheral],
            [between / central, -between / peripheral],
        ]
    )
    slowest = np.abs(np.linalg.eigvals(rates)).min()
    assert np.log(2.0) / slowest == pytest.approx(days, rel=1e-6)


def test_one_compartment_has_the_half_life_of_its_rate() -> None:
    assert molecule.half_life(2.0, 4.0, float("nan"), float("nan")) == pytest.approx(
        np.log(2.0) * 2.0
    )


@pytest.mark.parametrize(
    ("place", "unit", "said"),
    [
        ("effects.vegf_trap_ratio.potency", "nM", "no number"),
        ("effects.vegf_trap_ratio.affinity", "uM", "write it in that"),
        ("kinetics", "", "no number"),
    ],
)
def test_a_property_that_the_base_does_not_have_is_refused(
    place: str, unit: str, said: str
) -> None:
    own = replace(DESIGN.properties[1], place=place, unit=unit)
    with pytest.raises(InvalidArgument, match=said):
        molecule.document(replace(DESIGN, properties=(own,)), {own.id: 1.0}, "designed")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("base: ivonescimab", "base: ivonescimob", "ivonescimab"),
        ("range: [5, 25]", "range: [15, 25]", "between"),
        ("range: [5, 25]", "range: [25, 5]", "low and a high"),
        ('"{drug} {dose} mg/kg q3w"', '"{drug} 20 mg/kg q3w"', "dose"),
        ('"{drug} {dose} mg/kg q3w"', '"ivonescimab {dose} mg/kg q3w"', "begin with"),
        ("  ivonescimab:\n", "  design:\n", "expected another"),
        ("draws: 20", "draws: 3", "at least 8"),
    ],
)
def test_faults_of_a_document_are_found_before_anything_runs(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in TEXT
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidDocument, match=said):
        drug_designs.read(path)
