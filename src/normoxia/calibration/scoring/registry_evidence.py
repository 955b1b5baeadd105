"""What statistics know of trials: published contrasts, and each arm by its components, line and size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from normoxia.calibration.scoring import classes
from normoxia.calibration.scoring.classes import Parts
from normoxia.calibration.scoring.lock import Lock, Observed, Target
from normoxia.evidence.studies.registry import Registry, registry
from normoxia.evidence.studies.reported import Arm
from normoxia.evidence.synthesis.questions import Question, question

#: classes of a contrast, as the first lock names them
ICI_ADDED = "ICI added"
ANTIBODY_ADDED = "VEGF antibody added"
TKI_ADDED = "VEGFR TKI added"
BOTH_ADDED = "ICI and anti-angiogenic added"
ICI_INSTEAD = "ICI instead of chemotherapy"
OTHER = "other"

#: other studies a class has to have before its mean is used
ENOUGH_STUDIES = 2
_ANTI_ANGIOGENIC = frozenset({"VEGF antibody", "VEGFR TKI", "endostatin"})
_CHEMOTHERAPY = frozenset({"chemotherapy", "docetaxel"})
_ADDED = {
    frozenset({"ICI"}): ICI_ADDED,
    frozenset({"VEGF antibody"}): ANTIBODY_ADDED,
    frozenset({"VEGFR TKI"}): TKI_ADDED,
}
#: classes whose studies do not inform the component model: under additivity they would say what chemotherapy does, in those who need it least
_UNINFORMATIVE = (classes.ICI_FOR_PLATINUM, classes.ICI_FOR_PLATINUM_AFTER_TKI)


@dataclass(frozen=True, slots=True)
class ArmDescription:
    """What baselines know of an arm: its components, the line of its study, its size."""

    parts: Parts
    line: str
    n: int


@dataclass(frozen=True, slots=True)
class LatentPrediction:
    """A prediction before sampling: its mean, the variance of that mean, and the heterogeneity about it."""

    mean: float
    variance: float
    tau2: float

    @property
    def spread(self) -> float:
        """Variance of what a new study's patients would show if there were no end of them."""
        return self.variance + self.tau2


@dataclass(frozen=True, slots=True, eq=False)
class RegistryEvidence:
    """What the baselines of hazard ratios rest on.

    contrasts  published hazard ratios of everybody randomised
    arms       words of each arm, by study and arm
    excluded   studies that do not inform the component model
    further    contrasts of studies that are not scored
    version    of the lock, which has its own baselines
    kinds      classes of contrasts as the lock writes them; {} in the first
    """

    contrasts: tuple[Observed, ...]
    arms: Mapping[tuple[str, str], ArmDescription]
    kinds: Mapping[Target, str] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()
    further: tuple[Observed, ...] = ()
    version: int = 1

    @property
    def known(self) -> tuple[Observed, ...]:
        """Everything that may inform: scored contrasts, then further ones."""
        return (*self.contrasts, *self.further)

    def kind(self, target: Target) -> str:
        """The class of a contrast that is known: the one its lock writes, in the first lock that of `class_of`."""
        return self.kinds.get(target) or class_of(
            *(self.arms[target.study, name].parts for name in (target.arm, target.comparator))
        )

    @property
    def studies(self) -> tuple[str, ...]:
        """Ids of the studies, in the order of the lock."""
        return tuple(dict.fromkeys(o.target.study for o in self.contrasts))


def evidence(lock: Lock, studies: Registry | None = None) -> RegistryEvidence:
    """The scored contrasts of the lock with what is known of their arms.

    studies  the registry the lock was read with; the shipped one by default
    """
    known = (*lock.contrasts, *lock.further)
    excluded = {
        name for exclusion in question("components").exclusions for name in exclusion.studies
    }
    excluded |= {o.target.study for o in known if o.kind in _UNINFORMATIVE}
    return RegistryEvidence(
        contrasts=lock.contrasts,
        arms=arms_of(lock, studies if studies is not None else registry()),
        kinds={o.target: o.kind for o in (*known, *lock.strata) if o.kind},
        excluded=frozenset(excluded),
        further=lock.further,
        version=lock.version,
    )


def arms_of(lock: Lock, studies: Registry) -> dict[tuple[str, str], ArmDescription]:
    """Components, line and size of every arm of the locked studies, by study and arm.

    Components are those `library/questions/components.yaml` gives the arm; an arm it does not name has those of the
    registry, docetaxel again apart from other chemotherapy.
    """
    asked = question("components")
    found = {}
    for name in dict.fromkeys((*lock.studies, *(o.target.study for o in lock.further))):
        study = studies[name]
        for arm in study.arms:
            found[name, arm.id] = ArmDescription(
                parts_of(asked, name, arm), study.setting.line, arm.n
            )
    return found


def class_of(arm: Parts, comparator: Parts) -> str:
    """The class of what the experimental arm adds to the control, one of those the lock names.

    "Added" means that the control is kept whole; the one class that gives something up is an ICI in place of
    chemotherapy. A bispecific counts as both. Everything else, an ICI and a TKI in place of docetaxel among it, is "other".
    """
    added, dropped = arm - comparator, comparator - arm
    if dropped:
        return ICI_INSTEAD if added == {"ICI"} and dropped <= _CHEMOTHERAPY else OTHER
    if added == {"bispecific"} or ("ICI" in added and len(added) == 2 and added & _ANTI_ANGIOGENIC):
        return BOTH_ADDED
    return _ADDED.get(added, OTHER)


def parts_of(asked: Question, study: str, arm: Arm) -> Parts:
    """Components of an arm of a study: those the question names, else the registry's, docetaxel apart from other chemotherapy."""
    for entry in asked.entries:
        if entry.study == study and arm.id in entry.arms:
            return frozenset(asked.parts_of[entry.arms[arm.id]])
    return frozenset(
        "docetaxel" if p == "chemotherapy" and arm.backbone == "docetaxel" else p
        for p in arm.components
    )
