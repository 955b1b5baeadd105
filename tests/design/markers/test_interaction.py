"""Markers on simulated truth: prognosis is no interaction, interactions are found, cut-offs are learnt where they are."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from normoxia.design.markers import enrichment, interaction, measured, who_gains
from normoxia.design.markers.measured import MeasuredContrast
from normoxia.design.markers.who_gains import Marker
from normoxia.errors import InvalidArgument, InvalidDocument, NormoxiaError, UnknownName

X = Marker(id="x", titles={"en": "x"}, of="x")


def simulated(
    seed: int,
    *,
    draws: int = 20,
    n: int = 100,
    prognostic: float = 0.8,
    predictive: float = 0.0,
    between: float = 0.3,
) -> MeasuredContrast:
    """Exponential times: the marker moves everybody's time, and above 0.5 what the addition gains.

    Each draw has a gain of its own, of standard deviation `between`; a tenth of each patient's gain is chance.
    """
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((draws, n))
    control = np.exp(prognostic * x) * rng.exponential(200.0, (draws, n)) + 1.0
    gain = rng.normal(0.4, between, (draws, 1)) + predictive * (x > 0.5)
    gain = gain + rng.normal(0.0, 0.5, (draws, n))
    times = np.stack([control * np.exp(gain), control])
    return MeasuredContrast(
        experimental="a",
        control="b",
        adds="it",
        markers={"x": np.exp(x), "level": (x > 0.5).astype(float)},
        gain=np.log(times[0] / times[1]),
        prognosis=np.log(times[1]),
        times=times,
        observed=np.ones_like(times, dtype=bool),
    )


def test_a_marker_of_prognosis_alone_is_not_taken_for_a_predictive_one() -> None:
    found = [interaction.effect(X, simulated(seed, draws=12, n=60)) for seed in range(200)]
    false = np.mean([one.p < 0.05 for one in found])
    # three binomial standard errors of 200 above the level
    assert false <= 0.05 + 3.0 * math.sqrt(0.05 * 0.95 / 200)
    assert np.mean([one.ratio.contains(1.0) for one in found]) >= 0.95 - 0.05
    assert np.mean([one.prognosis.low > 1.0 for one in found]) > 0.9
    assert np.mean([one.discrimination for one in found]) == pytest.approx(0.5, abs=0.01)


def test_an_interaction_is_found_with_its_size_and_cut_off() -> None:
    contrast = simulated(7, draws=40, n=200, predictive=0.7)
    one = interaction.effect(X, contrast)
    assert one.p < 0.001
    assert math.log(one.cut.value) == pytest.approx(0.5, abs=0.26)  # between tried quantiles
    assert one.ratio.contains(math.exp(0.7)) or one.ratio.value < math.exp(0.7)
    assert one.ratio.low > 1.3
    assert one.hazards.high < 1.0
    assert one.discrimination > 0.6
    level = Marker(id="level", titles={}, of="level", levels=("low", "high"))
    judged = interaction.effect(level, contrast)
    assert judged.cut.value == 1.0
    assert judged.ratio.contains(math.exp(0.7))
    assert judged.share == pytest.approx(0.31, abs=0.02)  # of a standard normal above 0.5


def test_spread_between_draws_is_that_of_the_truth_without_the_chance_of_patients() -> None:
    rng = np.random.default_rng(8)
    truth = rng.normal(1.0, 0.2, 4000)
    values = truth + rng.normal(0.0, 0.5, 4000)
    found, _ = interaction.over_draws(values, np.full(4000, 0.25))
    # 1.96 standard deviations of the truth on either side
    assert found.low == pytest.approx(1.0 - 1.96 * 0.2, abs=0.06)
    assert found.high == pytest.approx(1.0 + 1.96 * 0.2, abs=0.06)


def test_holms_method_gives_the_p_values_of_r() -> None:
    """R 4.3: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")."""
    assert interaction.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_enrolling_by_a_predictive_marker_raises_power() -> None:
    shipped = who_gains.read("who-gains")
    contrast = simulated(9, draws=12, n=160, predictive=1.0, between=0.1)
    contrast = replace(contrast, adds="ICI")
    design = replace(shipped, markers=(X,), adds=("ICI",), sizes=(80,))
    effects = interaction.effects(design, (contrast,))
    (power,) = enrichment.enriched_power(design, (contrast,), effects)
    assert power.enriched > power.everybody + 0.1
    assert power.screened > power.patients


def test_too_few_patients_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="20"):
        interaction.check_size(10)


SHIPPED = who_gains.library.path("biomarkers", "who-gains").read_text(encoding="utf-8")


def changed(tmp_path: Path, old: str, new: str) -> who_gains.MarkerDesign:
    assert old in SHIPPED
    own = tmp_path / "own.yaml"
    own.write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    return who_gains.read(own)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (", adds: ICI}\n# ", "}\n# ", "adds"),
        ('levels: ["0", "1"]', 'levels: ["1"]', "two or more"),
        ("at: 3 weeks", "at: early", "6 weeks"),
        ("marker: tmb, adds", "marker: tmbb, adds", "tmb"),
        ("under: control", "under: neither", "experimental"),
    ],
)
def test_faults_of_a_document_are_listed(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(InvalidDocument, match=said):
        changed(tmp_path, old, new)


@pytest.mark.parametrize(
    ("old", "new", "kind", "said"),
    [
        ("of: mdsc_density", "of: mdsc_densty", UnknownName, "mdsc_density"),
        ('levels: ["0", "1"]', 'levels: ["0", "2"]', UnknownName, "2"),
        ("of: mdsc_density", "of: mdsc_density, levels: [a, b]", InvalidArgument, "no levels"),
    ],
)
def test_a_marker_that_does_not_exist_is_refused(
    tmp_path: Path, old: str, new: str, kind: type[NormoxiaError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        measured.trial_of(changed(tmp_path, old, new), 20)
