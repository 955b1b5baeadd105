"""Baselines against pooling by hand, a dense generalised least squares, and the promise that a left-out study is left out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from normoxia.calibration.scoring import baselines, lock, registry_evidence
from normoxia.calibration.scoring.baselines import CLASS_MEAN, COMPONENT, CONSTANT
from normoxia.calibration.scoring.lock import Lock, Observed, Target
from normoxia.calibration.scoring.registry_evidence import class_of
from normoxia.calibration.scoring.scores import NormalPredictive
from normoxia.errors import InvalidArgument
from normoxia.evidence.studies.registry import registry
from normoxia.evidence.synthesis.model.heterogeneity import TauMethod
from normoxia.evidence.synthesis.model.meta import pairwise
from normoxia.evidence.synthesis.questions import question
from normoxia.outcome import Endpoint

LOCK = lock.read(version=1)
ALL = baselines.baselines(LOCK)
SCORED = {o.target for o in LOCK.contrasts}
ICI, CHEMO, DOCETAXEL = "ICI", "chemotherapy", "docetaxel"


def only(*studies: str, endpoint: Endpoint | None = None) -> Lock:
    """The lock of some studies, without strata."""
    kept = [
        o
        for o in LOCK.contrasts
        if o.target.study in studies and (endpoint is None or o.target.endpoint is endpoint)
    ]
    responses = [o for o in LOCK.responses if o.target.study in studies]
    return replace(LOCK, contrasts=tuple(kept), responses=tuple(responses), strata=())


def ratios(given: Lock, name: str) -> dict[Target, NormalPredictive]:
    found = baselines.baselines(given)[name].predictions
    return {t: law for t, law in found.items() if isinstance(law, NormalPredictive)}


def of(given: Lock, study: str) -> Observed:
    return next(o for o in given.contrasts if o.target.study == study)


def test_the_constant_is_the_reml_mean_of_the_others() -> None:
    """Two-arm studies: the same as pooling by `evidence.synthesis.meta`, itself held against metafor."""
    given = only(
        "OAK",
        "KEYNOTE-189",
        "KEYNOTE-789",
        "IMpower132",
        "ECOG-4599",
        "LEAP-006",
        endpoint=Endpoint.PFS,
    )
    for observed in given.contrasts:
        others = [o for o in given.contrasts if o is not observed]
        pooled = pairwise([o.y for o in others], [o.se for o in others], tau=TauMethod.REML)
        law = ratios(given, CONSTANT)[observed.target]
        assert law.mean == pytest.approx(pooled.estimate)
        assert law.variance == pytest.approx(pooled.tau2 + pooled.se**2 + observed.se**2)


def test_reml_of_three_studies_by_hand() -> None:
    """Equal standard errors make REML the sample variance less the sampling variance: y = 0, -0.4, -0.8, se 0.1.

    Mean -0.4; sample variance 0.16; tau2 = 0.16 - 0.01 = 0.15; se(mean)^2 = 0.16 / 3; own variance 0.02^2.
    """
    names = ("OAK", "KEYNOTE-189", "KEYNOTE-789")
    given = only(*names, "IMpower132", endpoint=Endpoint.PFS)
    values = dict(zip(names, (0.0, -0.4, -0.8), strict=True))
    contrasts = tuple(
        replace(
            o,
            value=math.exp(values.get(o.target.study, -3.0)),
            se=0.1 if o.target.study in values else 0.02,
        )
        for o in given.contrasts
    )
    given = replace(given, contrasts=contrasts)
    law = ratios(given, CONSTANT)[of(given, "IMpower132").target]
    assert law.mean == pytest.approx(-0.4)
    assert law.variance == pytest.approx(0.15 + 0.16 / 3 + 0.0004, rel=1e-6)


def dense_reml(
    y: np.ndarray, sampling: np.ndarray, shared: np.ndarray
) -> tuple[float, float, float]:
    """Mean, its variance and tau2 with full covariances, REML by search over tau2 (Harville 1977, J Am Stat Assoc 72:320).

    shared   correlation of heterogeneity
    """
    one = np.ones(len(y))

    def parts(tau2: float) -> tuple[float, float, float]:
        inverse = np.linalg.inv(sampling + tau2 * shared)
        information = one @ inverse @ one
        mean = float(one @ inverse @ y / information)
        residual = y - mean
        logs = -np.linalg.slogdet(inverse)[1] + math.log(information)
        return mean, 1.0 / float(information), 0.5 * float(logs + residual @ inverse @ residual)

    tau2 = optimize.minimize_scalar(
        lambda value: parts(value)[2], bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-10}
    ).x
    mean, variance, _ = parts(float(tau2))
    return mean, variance, float(tau2)


def test_two_doses_against_one_control_are_correlated() -> None:
    """KEYNOTE-010's two doses share docetaxel: covariance from the arms' variances, heterogeneity with correlation 1/2.

    Arm variances here are 0.02, 0.02 and 0.01 by construction (0.03 a contrast and sizes 100, 100, 200).
    """
    given = only(
        "KEYNOTE-010", "OAK", "KEYNOTE-189", "ECOG-4599", "IMpower132", endpoint=Endpoint.PFS
    )
    given = replace(
        given,
        contrasts=tuple(
            replace(o, se=math.sqrt(0.03)) if o.target.study == "KEYNOTE-010" else o
            for o in given.contrasts
        ),
    )
    sizes = {"pembro2": 100, "pembro10": 100, "docetaxel": 200}
    study = registry()["KEYNOTE-010"]
    resized = replace(study, arms=tuple(replace(arm, n=sizes[arm.id]) for arm in study.arms))
    known = replace(
        registry(), studies=tuple(resized if s.id == study.id else s for s in registry())
    )

    target = of(given, "IMpower132")
    others = [o for o in given.contrasts if o is not target]
    sampling = np.diag([o.se**2 for o in others])
    shared = np.eye(len(others))
    i, j = (k for k, o in enumerate(others) if o.target.study == "KEYNOTE-010")
    sampling[i, j] = sampling[j, i] = 0.01
    shared[i, j] = shared[j, i] = 0.5
    mean, variance, tau2 = dense_reml(np.array([o.y for o in others]), sampling, shared)

    law = baselines.baselines(given, known)[CONSTANT].predictions[target.target]
    assert isinstance(law, NormalPredictive)
    assert law.mean == pytest.approx(mean, abs=1e-5)
    assert law.variance == pytest.approx(tau2 + variance + target.se**2, abs=1e-5)


def test_components_add_up() -> None:
    """Antibody on chemotherapy (ECOG-4599) and ICI on chemotherapy (IMpower132) predict both on chemotherapy (ATTLAS)."""
    given = only("ECOG-4599", "IMpower132", "ATTLAS", endpoint=Endpoint.PFS)
    antibody, ici, both = (of(given, name) for name in ("ECOG-4599", "IMpower132", "ATTLAS"))
    law = ratios(given, COMPONENT)[both.target]
    assert law.mean == pytest.approx(antibody.y + ici.y)
    assert law.variance == pytest.approx(antibody.se**2 + ici.se**2 + both.se**2)


def test_what_the_components_do_not_identify_is_left_to_the_class_and_counted() -> None:
    """HARMONi-A has the only bispecific, and its class only ATTLAS for OS. No admitted study changes platinum chemotherapy
    for something else, so the ICI that replaces it (KEYNOTE-024 and -042) is not identified."""
    fallbacks = {
        (t.study, t.endpoint): by for t, by in ALL[COMPONENT].fallbacks.items() if t in SCORED
    }
    assert fallbacks == {
        ("HARMONi-A", Endpoint.PFS): CLASS_MEAN,
        ("HARMONi-A", Endpoint.OS): CONSTANT,
        ("KEYNOTE-024", Endpoint.PFS): CLASS_MEAN,
        ("KEYNOTE-024", Endpoint.OS): CLASS_MEAN,
        ("KEYNOTE-042", Endpoint.PFS): CLASS_MEAN,
        ("KEYNOTE-042", Endpoint.OS): CLASS_MEAN,
    }


def test_a_class_of_fewer_than_two_other_studies_takes_the_constant() -> None:
    """TKI added, PFS: LEAP-006 and LEAP-007 only, so each has one other study."""
    taken = {
        t.study
        for t, by in ALL[CLASS_MEAN].fallbacks.items()
        if t.endpoint is Endpoint.PFS and t in SCORED
    }
    assert {"LEAP-006", "LEAP-007"} <= taken
    assert "KEYNOTE-189" not in taken


@pytest.mark.parametrize(
    ("arm", "comparator", "expected"),
    [
        ({ICI, CHEMO}, {CHEMO}, registry_evidence.ICI_ADDED),
        ({ICI, "VEGF antibody", CHEMO}, {"VEGF antibody", CHEMO}, registry_evidence.ICI_ADDED),
        ({"VEGF antibody", CHEMO}, {CHEMO}, registry_evidence.ANTIBODY_ADDED),
        ({ICI, "VEGF antibody", CHEMO}, {ICI, CHEMO}, registry_evidence.ANTIBODY_ADDED),
        ({"VEGFR TKI"}, set(), registry_evidence.TKI_ADDED),
        ({ICI, "VEGFR TKI"}, {ICI}, registry_evidence.TKI_ADDED),
        ({ICI, "VEGF antibody", CHEMO}, {CHEMO}, registry_evidence.BOTH_ADDED),
        ({"bispecific", CHEMO}, {CHEMO}, registry_evidence.BOTH_ADDED),
        ({ICI}, {CHEMO}, registry_evidence.ICI_INSTEAD),
        ({ICI}, {DOCETAXEL}, registry_evidence.ICI_INSTEAD),
        ({ICI, "VEGFR TKI"}, {DOCETAXEL}, registry_evidence.OTHER),
        ({ICI, CHEMO}, {"VEGF antibody", CHEMO}, registry_evidence.OTHER),
    ],
)
def test_the_class_is_what_is_added(arm: set[str], comparator: set[str], expected: str) -> None:
    assert class_of(frozenset(arm), frozenset(comparator)) == expected


def test_components_of_unnamed_arms_follow_the_document() -> None:
    """The registry's rule gives every named arm the components the document gives it, so it may serve for the others."""
    asked = question("components")
    for entry in asked.entries:
        for name, node in entry.arms.items():
            arm = registry()[entry.study].arm(name)
            bare = replace(asked, entries=())
            assert registry_evidence.parts_of(bare, entry.study, arm) == set(asked.parts_of[node])


@pytest.mark.parametrize("study", LOCK.studies)
def test_a_left_out_study_changes_nothing_in_its_own_prediction(study: str) -> None:
    """Every figure of the study is altered, its standard errors kept: its own predictions stay, those of others move."""

    def altered(observed: tuple[Observed, ...]) -> tuple[Observed, ...]:
        return tuple(
            replace(o, value=o.value * 1.7 if o.target.is_ratio else 99.0 - o.value)
            if o.target.study == study
            else o
            for o in observed
        )

    changed = replace(
        LOCK,
        contrasts=altered(LOCK.contrasts),
        strata=altered(LOCK.strata),
        responses=altered(LOCK.responses),
    )
    after = baselines.baselines(changed)
    for name in baselines.NAMES:
        for target, before in ALL[name].predictions.items():
            now = after[name].predictions[target]
            if target.study == study:
                assert now.median == before.median
                assert now.interval(0.95) == before.interval(0.95)
        moved = [
            t
            for t, law in ALL[name].predictions.items()
            if t.is_ratio and t.study != study and after[name].predictions[t].median != law.median
        ]
        assert moved or (name == COMPONENT and study in ("KEYNOTE-024", "KEYNOTE-042", "HARMONi-A"))


def test_strata_are_predicted_without_their_own_study() -> None:
    """A stratum of KEYNOTE-189 has the prediction of its study with its own sampling error."""
    stratum = next(o for o in LOCK.strata if o.target.study == "KEYNOTE-189")
    whole = next(
        o
        for o in LOCK.contrasts
        if o.target.study == "KEYNOTE-189" and o.target.endpoint is stratum.target.endpoint
    )
    a, b = (ALL[CONSTANT].predictions[o.target] for o in (stratum, whole))
    assert isinstance(a, NormalPredictive)
    assert isinstance(b, NormalPredictive)
    assert a.mean == pytest.approx(b.mean)
    assert a.variance - stratum.se**2 == pytest.approx(b.variance - whole.se**2)


def test_constant_response_is_the_mean_logit() -> None:
    """Equal to pooling logits with half a patient added to each cell, then binomial at the arm's size."""
    given = only("OAK", "KEYNOTE-189", "ECOG-4599")
    observed = given.responses[0]
    others = [o for o in given.responses if o.target.study != observed.target.study]
    cells = [(o.responders + 0.5, o.n - o.responders + 0.5) for o in others]
    pooled = pairwise(
        [math.log(a / b) for a, b in cells], [math.sqrt(1 / a + 1 / b) for a, b in cells]
    )
    random = np.random.default_rng(7)
    logits = random.normal(pooled.estimate, math.sqrt(pooled.tau2 + pooled.se**2), 400_000)
    drawn = 100.0 * random.binomial(observed.n, 1 / (1 + np.exp(-logits))) / observed.n
    law = baselines.baselines(given)[CONSTANT].predictions[observed.target]
    assert law.median == pytest.approx(np.median(drawn), abs=0.3)  # one patient is 0.24 points
    assert law.interval(0.95) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.5)


def test_responses_of_components_and_line_add_up_on_the_logit() -> None:
    """KEYNOTE-789's ICI arm: KEYNOTE-189's ICI arm less its control, plus ORIENT-31's chemotherapy after a TKI."""
    given = only("KEYNOTE-189", "ORIENT-31", "KEYNOTE-789")
    given = replace(
        given, responses=tuple(o for o in given.responses if o.target.arm != "A_sinti_bev_chemo")
    )

    def logit(study: str, arm: str) -> tuple[float, float]:
        o = next(o for o in given.responses if (o.target.study, o.target.arm) == (study, arm))
        a, b = o.responders + 0.5, o.n - o.responders + 0.5
        return math.log(a / b), 1 / a + 1 / b

    own = [
        logit("KEYNOTE-189", "pembro_chemo"),
        logit("KEYNOTE-189", "pbo_chemo"),
        logit("ORIENT-31", "C_chemo"),
    ]
    mean, variance = own[0][0] - own[1][0] + own[2][0], sum(v for _, v in own)
    target = next(
        o
        for o in given.responses
        if (o.target.study, o.target.arm) == ("KEYNOTE-789", "pembro_chemo")
    )
    law = baselines.baselines(given)[COMPONENT].predictions[target.target]
    expected = baselines.responders(mean, variance, target.n)
    assert law.median == pytest.approx(expected.median)
    assert law.interval(0.95) == pytest.approx(expected.interval(0.95))


def test_without_spread_responders_are_binomial() -> None:
    ensemble = baselines.responders(0.0, 0.0, 10)
    assert ensemble.weights == pytest.approx(stats.binom.pmf(np.arange(11), 10, 0.5))
    assert ensemble.median == 50.0


def test_responders_are_the_integral_of_a_binomial_over_its_logit() -> None:
    """Adaptive quadrature of binomial(637, p) at 180 responders, logit N(-1, 0.6^2)."""

    def integrand(logit: float) -> float:
        return float(
            stats.norm.pdf(logit, -1.0, 0.6) * stats.binom.pmf(180, 637, 1 / (1 + math.exp(-logit)))
        )

    expected = integrate.quad(integrand, -1.5, -0.4, epsabs=1e-12)[0]
    assert baselines.responders(-1.0, 0.36, 637).weights[180] == pytest.approx(expected, rel=1e-6)


def test_an_arm_without_a_size_has_no_prediction_with_sampling() -> None:
    with pytest.raises(InvalidArgument, match="size is not known"):
        baselines.responders(0.0, 0.1, 0)
