"""Class hazards fitted to rates: another program's density, simulated truth, and the published rates."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from normoxia.design.toxicity import adding_up, class_hazards, published_rates
from normoxia.design.toxicity.published_rates import CLASSES, ArmRate
from normoxia.errors import InvalidArgument, InvalidDocument

TRUTH = {"ICI": 0.2, "VEGF antibody": 0.35, "platinum doublet": 0.55}
ARMS = (
    ("ICI",),
    ("platinum doublet",),
    ("ICI", "platinum doublet"),
    ("VEGF antibody", "platinum doublet"),
    ("ICI", "VEGF antibody", "platinum doublet"),
    ("ICI", "VEGF antibody"),
)


def simulated(seed: int, *, studies: int, rho: float = 1.0, tau: float = 0.3) -> list[ArmRate]:
    """Studies of two arms of 300 patients, drawn from the model."""
    rng = np.random.default_rng(seed)
    rates = []
    for s in range(studies):
        shift = rng.normal(0.0, tau)
        for arm in rng.choice(len(ARMS), 2, replace=False):
            classes = ARMS[arm]
            hazard = sum(
                TRUTH[c]
                * (rho if {"ICI", "VEGF antibody"} <= {*classes} and c != "platinum doublet" else 1)
                for c in classes
            )
            p = 1.0 - math.exp(-hazard * math.exp(shift + rng.normal(0.0, 0.1)))
            rates.append(
                ArmRate(
                    study=f"S{s}",
                    arm=str(arm),
                    classes=classes,
                    n=300,
                    events=int(rng.binomial(300, p)),
                    any_cause=False,
                    source="simulated",
                )
            )
    return rates


def test_the_likelihood_of_a_study_is_that_of_a_multivariate_normal() -> None:
    table = class_hazards._table(simulated(1, studies=3))
    state = np.concatenate([np.log(np.full(len(CLASSES) + 1, 0.3)), [0.2, -1.0, -1.5]])
    found = class_hazards._study_terms(state, table)
    tau2, omega2 = math.exp(-2.0), math.exp(-3.0)
    residual = table.y - np.log(class_hazards._hazards(state, table))
    for s in range(3):
        own = table.study == s
        covariance = np.diag(table.variance[own] + omega2) + tau2
        expected = multivariate_normal(np.zeros(2), covariance).logpdf(residual[own])
        assert found[s] - expected == pytest.approx(math.log(2.0 * math.pi))  # the constant


def test_hazards_and_departure_from_adding_are_found_again() -> None:
    adding = class_hazards.fitted(simulated(2, studies=60))
    for name, truth in TRUTH.items():
        i = CLASSES.index(name)
        assert class_hazards.interval(adding.hazards[:, i]).contains(truth)
    assert class_hazards.interval(adding.rho).contains(1.0)
    departing = class_hazards.fitted(simulated(3, studies=60, rho=2.0))
    assert class_hazards.interval(departing.rho).low > 1.0
    assert class_hazards.interval(departing.rho).contains(2.0)


def test_rates_of_regimens_follow_from_hazards_in_closed_form() -> None:
    fitted = class_hazards.fitted(simulated(4, studies=10), draws=50)
    ici, vegf = (fitted.hazards[:, CLASSES.index(c)] for c in ("ICI", "VEGF antibody"))
    expected = 100.0 * (1.0 - np.exp(-fitted.rho * (ici + vegf)))
    np.testing.assert_allclose(fitted.percent(["ICI", "VEGF antibody"]), expected)
    with pytest.raises(InvalidArgument, match="aspirin"):
        fitted.percent(["aspirin"])
    with pytest.raises(InvalidArgument, match="no published rates"):
        class_hazards.fitted([])


def test_published_rates_are_the_printed_ones_with_known_classes() -> None:
    rates = {(r.study, r.arm): r for r in published_rates.published_rates()}
    assert len(rates) > 80
    one = rates["IMpower150", "ABCP"]
    assert (one.classes, one.any_cause) == (("ICI", "VEGF antibody", "platinum doublet"), False)
    assert one.events / one.n == pytest.approx(0.585, abs=0.001)  # 58.5 % printed
    assert all(r.classes and {*r.classes} <= {*CLASSES} for r in rates.values())
    assert ("ARC-7", "dz") not in rates  # holds a TIGIT antibody
    kinds = {(k.study, k.arm, k.kind) for k in published_rates.kind_rates()}
    assert ("HARMONi-A", "ivo_chemo", "vessel") in kinds


def test_left_out_published_rates_lie_in_their_intervals_nearly_as_often_as_stated() -> None:
    fitted = class_hazards.fitted(published_rates.published_rates(), draws=500)
    checked = class_hazards.left_out(fitted)
    inside = np.mean([one.inside for one in checked])
    # three binomial standard errors of 86 rates, as if they were independent
    assert inside == pytest.approx(0.95, abs=0.07)


@pytest.mark.slow
def test_intervals_of_rho_cover_simulated_truth() -> None:
    inside = [
        class_hazards.interval(class_hazards.fitted(simulated(s, studies=25)).rho).contains(1.0)
        for s in range(100, 140)
    ]
    # three binomial standard errors below; the prior about 1 makes it cover more often
    assert np.mean(inside) >= 0.95 - 3.0 * math.sqrt(0.95 * 0.05 / 40)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    classes: [ICI, VEGF antibody]\n", "", "classes"),
        ("classes: [ICI, VEGF antibody]\n", "classes: [ICI, aspirin]\n", "aspirin"),
        ("control: ICI+chemo", "control: ICI+chem", "ICI"),
    ],
)
def test_faults_of_a_document_are_listed(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = adding_up.library.path("toxicities", "adding-up")
    text = path.read_text(encoding="utf-8")
    assert old in text
    own = tmp_path / "own.yaml"
    own.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidDocument, match=said):
        adding_up.read(own)
