"""A patient as a document: what is read, and what is refused before anything is simulated."""

from __future__ import annotations

from pathlib import Path

import pytest

from normoxia.design.personal import bank, patients
from normoxia.errors import InvalidArgument, InvalidDocument, NormoxiaError, UnknownName
from normoxia.trial import runner

SHIPPED = Path(patients.library.path("patients", "one-patient")).read_text(encoding="utf-8")


def changed(tmp_path: Path, old: str, new: str) -> patients.PatientDesign:
    assert old in SHIPPED
    path = tmp_path / "patient.yaml"
    path.write_text(SHIPPED.replace(old, new), encoding="utf-8")
    return patients.read(path)


@pytest.mark.parametrize("name", patients.names())
def test_a_shipped_patient_is_a_trial_whose_patients_have_the_covariates(name: str) -> None:
    design = patients.read(name)
    trial = bank.trial_of(design, 7)
    assert [arm.id for arm in trial.arms] == [r.id for r in design.comparison.regimens]
    assert "pdl1_tps 1-49%" in str(trial.eligibility)
    law = trial.population.covariate("ecog").law
    assert law.shares == {"0": 0.0, "1": 1.0}
    assert trial.population.covariate("weight").law.typical == 72.0
    assert "size_ratio" in trial.kept
    assert set(design.comparison.titles) == set(design.comparison.asks) == {"en", "zh"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("at: 12 weeks", "at: 5 weeks", "order of time"),
        ("value: 63 mm", "value: 63 mg", "mm"),
        ("value: 63 mm", "value: large", "a number and a unit"),
        ("at: 6 weeks, what: tumour", "at: soon, what: tumour", "6 weeks"),
        ("receives: ICI+AA+chemo\n", "", "receives"),
        ("receives: ICI+AA+chemo\n", "receives: ICI\n", "ICI"),
        ("  - {at: 0 weeks, what: tumour_diameter, value: 84 mm}\n", "", "day 0"),
    ],
)
def test_faults_of_a_document_are_listed(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(InvalidDocument, match=said):
        changed(tmp_path, old, new)


@pytest.mark.parametrize(
    ("old", "new", "kind", "said"),
    [
        ("ecog: 1", "ecog: 4", UnknownName, "4"),
        ("ecog: 1", "ecogg: 1", UnknownName, "ecog"),
        ("age: 64", "age: 95", InvalidArgument, "outside"),
        ("weight: 72", "gfr: 72", InvalidArgument, "computed"),
        ("egfr: wild-type", "histology: squamous", InvalidArgument, "outside"),
    ],
)
def test_covariates_that_the_population_does_not_support_are_refused(
    tmp_path: Path, old: str, new: str, kind: type[NormoxiaError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        bank.trial_of(changed(tmp_path, old, new), 5)


def test_measurements_are_converted_to_the_units_of_the_model_or_refused(tmp_path: Path) -> None:
    model = runner.compose(bank.trial_of(patients.read("one-patient"), 5))
    in_grams = changed(tmp_path, "75 mg/L", "0.075 g/L")
    found = bank.check_measurements(in_grams, model)
    assert [m.value for m in found.of("bevacizumab_concentration")] == pytest.approx([75.0])
    with pytest.raises(InvalidArgument, match="mg/L"):
        bank.check_measurements(changed(tmp_path, "75 mg/L", "75 mm"), model)
    unknown = changed(tmp_path, "what: bevacizumab_concentration", "what: bevacizumab_level")
    with pytest.raises(UnknownName, match="marker"):
        bank.check_measurements(unknown, model)


def test_an_output_that_the_model_does_not_give_cannot_be_kept(tmp_path: Path) -> None:
    trial = bank.trial_of(
        changed(tmp_path, "what: bevacizumab_concentration", "what: no_such_output"), 5
    )
    with pytest.raises(InvalidArgument, match="no_such_output"):
        runner.prepare(trial)
