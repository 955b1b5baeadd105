"""Scales there and back, the shipped space, and findings in documents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

from normoxia.calibration.fitting import experiments, hyperparameters
from normoxia.calibration.fitting.hyperparameters import SCALES, Hyperparameter, read
from normoxia.errors import InvalidDocument
from normoxia.trial.making import from_study
from normoxia.trial.setting import known_names

CENTRES = {"log": 0.03, "logit": 0.2, "atanh": -0.4, "natural": -3.0}
SPACE = read()


@pytest.mark.parametrize("scale", SCALES)
def test_values_and_standard_values_undo_each_other(scale: str) -> None:
    number = Hyperparameter(
        name="x", scale=scale, centre=CENTRES[scale], sd=0.7, source="calibrated", status=""
    )
    z = np.linspace(-4.0, 4.0, 33)
    assert number.standard(number.value(z)) == pytest.approx(z, abs=1e-9)
    assert number.value(np.array(0.0)) == pytest.approx(CENTRES[scale])


@pytest.mark.parametrize(
    ("scale", "law"),
    [
        ("log", stats.lognorm(0.7, scale=0.03).ppf),
        ("natural", stats.norm(-3.0, 0.7).ppf),
        ("logit", lambda p: special.expit(special.logit(0.2) + 0.7 * special.ndtri(p))),
        ("atanh", lambda p: np.tanh(np.arctanh(-0.4) + 0.7 * special.ndtri(p))),
    ],
)
def test_quantiles_of_the_prior_are_those_of_its_law(scale: str, law: object) -> None:
    number = Hyperparameter(
        name="x", scale=scale, centre=CENTRES[scale], sd=0.7, source="calibrated", status=""
    )
    p = np.array([0.025, 0.2, 0.5, 0.9])
    assert number.value(special.ndtri(p)) == pytest.approx(law(p))  # type: ignore[operator]


def test_the_shipped_space_has_a_source_for_every_number() -> None:
    assert all(p.source for p in SPACE.parameters)
    assert all(set(s.titles) >= {"en", "zh"} for s in SPACE.structures)
    assert all(set(e.titles) >= {"en", "zh"} for e in SPACE.trial_effects)
    assert len(set(SPACE.names)) == SPACE.n_coordinates
    assert [SPACE.names[i] for i in SPACE.shifted] == [e.name for e in SPACE.trial_effects]


def test_spreads_are_those_the_lock_states() -> None:
    """lock.yaml, weights: half-normal, 0.5 against 0.25 on the logit and log scale."""
    assert (SPACE.spread_randomised, SPACE.spread_single_arm) == (0.25, 0.5)


def test_a_shift_of_one_on_its_scale_multiplies_a_log_number_by_e() -> None:
    for i, units in zip(SPACE.shifted, SPACE.shift_units, strict=True):
        number = SPACE.parameters[i]
        assert number.scale == "log"
        assert number.value(np.array(units)) == pytest.approx(number.centre * np.e)


def test_structures_are_set_by_sign() -> None:
    middle = np.zeros(SPACE.n_coordinates)
    for sign in (1.0, -1.0):
        middle[len(SPACE.parameters) :] = sign
        values = SPACE.setting(middle).values
        for structure in SPACE.structures:
            expected = structure.on if sign > 0 else structure.off
            assert {name: values[name] for name in expected} == dict(expected)
        for number in SPACE.parameters:
            if not any(number.name in (*s.on, *s.off) for s in SPACE.structures):
                assert values[number.name] == pytest.approx(number.centre)


def test_every_name_is_known_to_every_trial_it_is_set_in() -> None:
    """A name that only the model knows is passed over in silence when misspelt, so names are held against model and trials here."""
    trials = [
        from_study.preferred(study)
        for study in ("IMpower150", "LEAP-007", "ALTER-0303", "HARMONi-A", "AT-BE")
    ]
    model = experiments.compose_all(trials)
    used = {p.name for p in SPACE.parameters} | {
        name for s in SPACE.structures for name in (*s.on, *s.off)
    }
    for trial in trials:
        missing = used - set(known_names(trial, model))
        # a drug that no trial here gives has no potency to set
        assert not {
            name for name in missing if "vegfr_potency" not in name and name != "docetaxel_strength"
        }, trial.id


def test_findings_of_a_document_name_what_is_wrong(tmp_path: Path) -> None:
    text = SPACE.text.replace("  gnet: {title: {en: growth", "  gnot: {title: {en: growth")
    assert text != SPACE.text
    document = tmp_path / "space.yaml"
    document.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidDocument, match='"gnot" is no hyperparameter'):
        hyperparameters.read(document)
