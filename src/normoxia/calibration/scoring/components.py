"""What the component network meta-analysis predicts of a trial that is planned: of two arms, known by the drugs they give.

It is the baseline of the scoreboard asked about a protocol instead of a scored study. The words for what an arm gives are those of
`library/questions/components.yaml`; a drug that no study of the registry gave has its word from what its document says it hits, which
assumes that it does as much as others of its kind.
"""

from __future__ import annotations

from dataclasses import dataclass

from normoxia import pharmacology
from normoxia.calibration.scoring import baselines
from normoxia.calibration.scoring import lock as locked
from normoxia.calibration.scoring.baselines import LatentPrediction, Parts, RegistryEvidence
from normoxia.evidence.studies.registry import plain_name
from normoxia.outcome import Endpoint
from normoxia.pharmacology import Drug
from normoxia.trial.protocol import Arm, Contrast, Trial

_CHECKPOINTS = frozenset({"PD-1", "PD-L1", "CTLA-4"})
_BLOCKERS_OF_VEGF = {"antibody": "VEGF antibody", "kinase inhibitor": "VEGFR TKI"}
_CHEMOTHERAPY, _DOCETAXEL = "chemotherapy", "docetaxel"


@dataclass(frozen=True, slots=True)
class ComponentPrediction:
    """A predicted log hazard ratio of two arms without sampling error.

    latent    mean, variance of that mean, heterogeneity
    by        the baseline that answered: "component_nma", or the next simpler one where components do not identify it
    kind      class of the contrast
    left_out  the trial's own study, when it is among the evidence; else ""
    """

    latent: LatentPrediction
    by: str
    kind: str
    left_out: str = ""


def part(drug: Drug) -> str:
    """The component a drug is: by its kind, and by what it blocks.

    A bispecific counts as one only when it blocks a checkpoint and VEGF; one that blocks two checkpoints is an ICI. What
    fits no word is a component of its own, which no study identifies.
    """
    if drug.kind == "chemotherapy":
        return _DOCETAXEL if drug.name == _DOCETAXEL else _CHEMOTHERAPY
    if drug.kind == "endostatin":
        return "endostatin"
    on_checkpoint = bool(_CHECKPOINTS & set(drug.targets))
    on_vegf = any(target.startswith("VEGF") for target in drug.targets)
    if on_checkpoint:
        return "bispecific" if on_vegf else "ICI"
    return _BLOCKERS_OF_VEGF.get(drug.kind, drug.name) if on_vegf else drug.name


def parts(arm: Arm) -> Parts:
    """The components an arm gives, later lines aside. Docetaxel beside other chemotherapy is chemotherapy, as in the registry."""
    found = frozenset(part(pharmacology.read(name)) for name in arm.regimen.drugs)
    return found - {_DOCETAXEL} if _CHEMOTHERAPY in found else found


def predict(
    trial: Trial,
    experimental: str,
    control: str,
    endpoint: Endpoint,
    known: RegistryEvidence | None = None,
) -> ComponentPrediction:
    """What components add up to for two arms of a trial, without the study the trial follows.

    known    the evidence; by default the locked contrasts of the shipped registry
    raises   UnknownName for an arm the trial does not have; InvalidArgument when no other study prints the endpoint

    Swapping the arms changes the sign. The simpler baselines know of an experimental arm and a control, not of drugs, so that
    they answer for the contrast as the protocol has it, and the swapped one is theirs with the other sign.
    """
    asked, turned = Contrast(experimental, control), Contrast(control, experimental)
    if turned in trial.contrasts and asked not in trial.contrasts:
        swapped = predict(trial, control, experimental, endpoint, known)
        x = swapped.latent
        return ComponentPrediction(
            LatentPrediction(-x.mean, x.variance, x.tau2),
            swapped.by,
            swapped.kind,
            swapped.left_out,
        )
    known = known if known is not None else baselines.evidence(locked.read())
    own = next((name for name in known.studies if plain_name(name) == plain_name(trial.study)), "")
    arm, comparator = parts(trial.arm(experimental)), parts(trial.arm(control))
    answered = baselines.ratio(known, endpoint, arm, comparator, without=own)
    by, latent = baselines.first(answered, baselines.COMPONENT)
    return ComponentPrediction(latent, by, baselines.class_of(arm, comparator), own)
