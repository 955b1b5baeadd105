"""The component model asked about protocols: sums by hand, the scoreboard's own predictions, and the words for drugs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from normoxia import pharmacology
from normoxia.calibration.scoring import baselines, components, registry_evidence
from normoxia.calibration.scoring import lock as locked
from normoxia.calibration.scoring.baselines import CLASS_MEAN, COMPONENT, CONSTANT
from normoxia.calibration.scoring.registry_evidence import RegistryEvidence
from normoxia.errors import UnknownName
from normoxia.evidence.studies.registry import registry
from normoxia.outcome import Endpoint
from normoxia.pharmacology import regimen
from normoxia.trial.making import designs, from_study
from normoxia.trial.protocol import Contrast

LOCK = locked.read(version=1)
KNOWN = registry_evidence.evidence(LOCK)
SCORED = baselines.baselines(LOCK)[COMPONENT]


def only(
    values: dict[str, tuple[float, float]], endpoint: Endpoint = Endpoint.PFS
) -> RegistryEvidence:
    """One contrast of each study, the first it prints of an endpoint, with a log hazard ratio and standard error of ours."""
    kept = []
    for study, (y, se) in values.items():
        first = next(
            o for o in LOCK.contrasts if o.target.study == study and o.target.endpoint is endpoint
        )
        kept.append(replace(first, value=math.exp(y), se=se))
    return RegistryEvidence(tuple(kept), KNOWN.arms)


def test_two_studies_add_up_by_hand() -> None:
    """Antibody on chemotherapy, -0.4 (se 0.1), and ICI on chemotherapy, -0.5 (0.2): both on chemotherapy -0.9, variance 0.05."""
    known = only({"ECOG-4599": (-0.4, 0.1), "IMpower132": (-0.5, 0.2)})
    found = components.predict(from_study.preferred("ATTLAS"), "ABCP", "PC", Endpoint.PFS, known)
    assert (found.by, found.kind, found.left_out) == (COMPONENT, registry_evidence.BOTH_ADDED, "")
    assert found.latent.mean == pytest.approx(-0.9)
    assert found.latent.variance == pytest.approx(0.1**2 + 0.2**2)
    assert found.latent.tau2 == 0.0


def test_what_no_study_identifies_is_the_mean_of_its_class_by_hand() -> None:
    """No bispecific: two studies that add both, -0.2 and -0.6, se 0.1. REML at equal errors: mean -0.4, tau2 = 0.08 - 0.01."""
    known = only({"ATTLAS": (-0.2, 0.1), "ORIENT-31": (-0.6, 0.1)})
    found = components.predict(designs.read("harmoni"), "ivo", "pbo", Endpoint.PFS, known)
    assert found.by == CLASS_MEAN
    assert found.latent.mean == pytest.approx(-0.4)
    assert found.latent.variance == pytest.approx(0.08 / 2)
    assert found.latent.tau2 == pytest.approx(0.07)


def test_a_class_of_one_study_leaves_the_constant() -> None:
    known = only({"ATTLAS": (-0.2, 0.1)})
    found = components.predict(designs.read("harmoni"), "ivo", "pbo", Endpoint.PFS, known)
    assert found.by == CONSTANT
    assert (found.latent.mean, found.latent.spread) == pytest.approx((-0.2, 0.01))


def test_a_scored_study_is_predicted_as_on_the_scoreboard() -> None:
    """From the drugs of its protocol what the baseline says from the words of the registry, its sampling error aside."""
    for o in LOCK.contrasts:
        t = o.target
        found = components.predict(
            from_study.preferred(t.study), t.arm, t.comparator, t.endpoint, KNOWN
        )
        scored = SCORED.predictions[t]
        assert found.by == SCORED.fallbacks.get(t, COMPONENT), t
        assert found.left_out == t.study
        assert found.latent.mean == pytest.approx(scored.median, abs=1e-12), t
        low, high = scored.interval(0.95)
        assert found.latent.spread + o.se**2 == pytest.approx(
            ((high - low) / (2 * 1.959964)) ** 2, rel=1e-5
        ), t


def test_the_trials_own_result_does_not_matter() -> None:
    """LEAP-007's ratios altered: its prediction stays, that of the same protocol under no study's name does not."""
    altered = replace(
        KNOWN,
        contrasts=tuple(
            replace(o, value=o.value * 2) if o.target.study == "LEAP-007" else o
            for o in KNOWN.contrasts
        ),
    )
    own = from_study.preferred("LEAP-007")
    nobody = replace(own, study="")
    pair = ("lenva_pembro", "pbo_pembro", Endpoint.OS)
    assert components.predict(own, *pair, altered) == components.predict(own, *pair, KNOWN)
    assert (
        components.predict(nobody, *pair, altered).latent
        != components.predict(nobody, *pair, KNOWN).latent
    )
    assert components.predict(replace(own, study="leap 007"), *pair).left_out == "LEAP-007"


@pytest.mark.parametrize("name", ["LEAP-007", "IMpower150", "KEYNOTE-024", "HARMONi-A"])
def test_swapped_arms_have_the_other_sign(name: str) -> None:
    """By components and by what stands in for them (KEYNOTE-024, HARMONi-A), which knows a control only by the protocol."""
    trial = from_study.preferred(name)
    for contrast in trial.contrasts:
        for endpoint in (Endpoint.PFS, Endpoint.OS):
            one = components.predict(
                trial, contrast.experimental, contrast.control, endpoint, KNOWN
            )
            other = components.predict(
                trial, contrast.control, contrast.experimental, endpoint, KNOWN
            )
            assert other.latent.mean == -one.latent.mean
            assert other.latent.spread == one.latent.spread
            assert (other.by, other.left_out) == (one.by, one.left_out)
    both = replace(
        trial, contrasts=(*trial.contrasts, Contrast(contrast.control, contrast.experimental))
    )
    assert components.predict(both, contrast.experimental, contrast.control, endpoint, KNOWN) == one


def test_arms_of_the_same_components_differ_by_heterogeneity_alone() -> None:
    trial = from_study.preferred("KEYNOTE-010")
    found = components.predict(trial, "pembro2", "pembro10", Endpoint.OS, KNOWN)
    assert (found.latent.mean, found.latent.variance) == (0.0, 0.0)
    assert found.latent.tau2 > 0


def test_drugs_have_the_words_of_the_registry() -> None:
    """Each arm of each locked study: what its protocol's drugs are called is what the registry calls the arm."""
    words = registry_evidence.arms_of(LOCK, registry())
    for study in LOCK.studies:
        for arm in from_study.preferred(study).arms:
            assert components.parts(arm) == words[study, arm.id].parts, (study, arm.id)


@pytest.mark.parametrize(
    ("drug", "word"),
    [
        ("ivonescimab", "bispecific"),
        ("hb0025", "bispecific"),
        ("cadonilimab", "ICI"),
        ("ipilimumab", "CTLA-4 antibody"),
        ("durvalumab", "ICI"),
        ("ramucirumab", "VEGF antibody"),
        ("hlx04", "VEGF antibody"),
        ("sitravatinib", "VEGFR TKI"),
        ("rh_endostatin", "endostatin"),
        ("docetaxel", "docetaxel"),
        ("nab_paclitaxel", "chemotherapy"),
    ],
)
def test_drugs_no_study_gave_are_called_by_what_they_block(drug: str, word: str) -> None:
    assert components.part(pharmacology.read(drug)) == word


def test_a_drug_that_fits_no_word_is_a_component_of_its_own() -> None:
    other = replace(pharmacology.read("anlotinib"), name="osimertinib", targets=("EGFR",))
    assert components.part(other) == "osimertinib"


def test_docetaxel_beside_platinum_is_chemotherapy() -> None:
    arm = from_study.preferred("OAK").arm("docetaxel")
    assert components.parts(arm) == {"docetaxel"}
    doublet = replace(arm, regimen=regimen("carboplatin AUC 5 q3w x4 + docetaxel 75 mg/m2 q3w x4"))
    assert components.parts(doublet) == {"chemotherapy"}


def test_an_arm_the_trial_does_not_have_is_named() -> None:
    with pytest.raises(UnknownName, match="pembro"):
        components.predict(from_study.preferred("OAK"), "pembro", "docetaxel", Endpoint.OS, KNOWN)
