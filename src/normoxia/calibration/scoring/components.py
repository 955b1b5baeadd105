"""What the component network meta-analysis predicts of a trial that is planned: of two arms, known by the drugs they give.

It is the baseline of the scoreboard asked about a protocol instead of a scored study. The words for what an arm gives are those of
`library/questions/components.yaml`; a drug that no study of the registry gave has its word from what its document says it hits, which
assumes that it does as much as others of its kind.
"""

from __future__ import annotations

from dataclasses import dataclass

from normoxia import pharmacology
from normoxia.calibration.scoring import baselines, classes
from normoxia.calibration.scoring import lock as locked
from normoxia.calibration.scoring.classes import ComparedArms, Parts
from normoxia.calibration.scoring.registry_evidence import (
    LatentPrediction,
    RegistryEvidence,
    class_of,
    evidence,
)
from normoxia.evidence.studies.registry import plain_name, registry
from normoxia.outcome import Endpoint
from normoxia.pharmacology import Drug
from normoxia.population.covariates import Levels
from normoxia.trial.protocol import Arm, Contrast, Trial

_CHECKPOINTS = frozenset({"PD-1", "PD-L1"})
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
    if "CTLA-4" in drug.targets and not on_checkpoint:
        return "CTLA-4 antibody"
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
    known = known if known is not None else evidence(locked.read())
    own = next((name for name in known.studies if plain_name(name) == plain_name(trial.study)), "")
    arm, comparator = parts(trial.arm(experimental)), parts(trial.arm(control))
    kind = (
        class_of(arm, comparator) if known.version == 1 else kind_of(trial, experimental, control)
    )
    answered = baselines.ratio(known, endpoint, arm, comparator, without=own, kind=kind)
    by, latent = baselines.first(answered, baselines.COMPONENT)
    return ComponentPrediction(latent, by, kind, own)


def kind_of(trial: Trial, experimental: str, control: str) -> str:
    """The class of two arms of a trial: by the study it follows where there is one, else by whom it enrols."""
    arm, comparator = trial.arm(experimental), trial.arm(control)
    chemotherapy = [
        name for name in comparator.regimen.drugs if pharmacology.read(name).kind == "chemotherapy"
    ]
    line, histology = _setting(trial)
    return classes.class_of(
        ComparedArms(
            arm=parts(arm),
            comparator=parts(comparator),
            line=line,
            histology=histology,
            single_agent=len(chemotherapy) == 1,
        )
    )


def _setting(trial: Trial) -> tuple[str, str]:
    """Line and histology of a trial in the registry's words."""
    asked = plain_name(trial.study)
    study = next((s for s in registry() if trial.study and plain_name(s.id) == asked), None)
    if study is not None:
        return study.setting.line, study.setting.histology
    line = "second or later" if _everybody(trial, "line") == "2" else "first"
    if _everybody(trial, "egfr") == "mutant":
        line = "after TKI"  # mutants have had an inhibitor, as the population document says
    return line, _everybody(trial, "histology") or "any"


def _everybody(trial: Trial, name: str) -> str:
    """The level of a covariate that every patient of a trial has; "" when there is none."""
    for clause in trial.eligibility.clauses:
        if clause.covariate == name and len(clause.levels) == 1:
            return clause.levels[0]
    covariate = trial.population.covariate(name)
    if covariate is None or not isinstance(covariate.law, Levels):
        return ""
    return next((level for level, share in covariate.law.shares.items() if share == 1.0), "")
