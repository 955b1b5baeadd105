"""Published rates of events of grade 3 or more by arm, with the classes of drugs of the arm, from the registry.

Arms that hold anything but the classes below, or nothing, are left out, as are arms without a number of patients. Treatment-related events come
before events of any cause; where only the latter were published, the model adds a hazard of what is not related to treatment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from normoxia.evidence.studies.registry import registry
from normoxia.evidence.studies.reported import Arm
from normoxia.evidence.studies.study import Study
from normoxia.outcome import Endpoint, Measure, Outcome

#: classes whose hazards are estimated
CLASSES = (
    "ICI",
    "CTLA-4 antibody",
    "VEGF antibody",
    "VEGFR TKI",
    "bispecific",
    "endostatin",
    "EGFR TKI",
    "platinum doublet",
    "docetaxel",
    "single agent",
)
#: classes that act on vessels
ANTI_ANGIOGENIC = ("VEGF antibody", "VEGFR TKI", "endostatin")
#: what a backbone of the registry counts as
_BACKBONES = {
    "platinum doublet": "platinum doublet",
    "platinum-taxane": "platinum doublet",
    "platinum-pemetrexed": "platinum doublet",
    "platinum-gemcitabine": "platinum doublet",
    "docetaxel": "docetaxel",
    "single agent": "single agent",
}
#: words of further facts that say of which kind an event is, by what they are taken for
_KINDS = {
    "immune": ("immune-related", "special interest for atezolizumab"),
    "vessel": ("hypertension", "proteinuria", "bleeding", "haemoptysis", "VEGF-related"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRate:
    """A rate of events of grade 3 or more of one arm.

    Attributes
    ----------
    study, arm
        Ids.
    classes
        Of `CLASSES`, without repetition.
    n, events
        Patients, and how many had an event (from the percentage).
    any_cause
        Whether events of any cause were counted, not those related to treatment.
    source
        Where it was read.
    """

    study: str
    arm: str
    classes: tuple[str, ...]
    n: int
    events: int
    any_cause: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRate:
    """A published rate of one kind of event.

    Attributes
    ----------
    study, arm
        Ids.
    kind
        "immune" or "vessel".
    what
        In the words of the registry.
    percent
        As published.
    classes
        Of the arm, as the registry names them.
    """

    study: str
    arm: str
    kind: str
    what: str
    percent: float
    classes: tuple[str, ...]


def classes_of(arm: Arm) -> tuple[str, ...] | None:
    """Return the classes of an arm; None when it holds anything else."""
    found = []
    for component in sorted(arm.components):
        if component == "chemotherapy":
            if arm.backbone not in _BACKBONES:
                return None
            found.append(_BACKBONES[arm.backbone])
        elif component in CLASSES:
            found.append(component)
        else:
            return None
    return tuple(found)


def published_rates(studies: Iterable[Study] | None = None) -> tuple[ArmRate, ...]:
    """Return every usable rate of the registry, one for each arm, by study.

    Parameters
    ----------
    studies
        The registry when omitted.
    """
    found = []
    for study in registry() if studies is None else studies:
        best: dict[str, tuple[int, Outcome]] = {}
        for position, o in enumerate(study.published()):
            if o.measure is not Measure.PERCENT or o.comparator:
                continue
            if o.endpoint not in (Endpoint.TRAE3, Endpoint.AE3):
                continue
            rank = position + (10_000 if o.endpoint is Endpoint.AE3 else 0)
            if o.arm not in best or rank < best[o.arm][0]:
                best[o.arm] = (rank, o)
        for arm in study.arms:
            if arm.id not in best:
                continue
            outcome = best[arm.id][1]
            classes, n = classes_of(arm), outcome.n or arm.n
            if not classes or n < 1:
                continue
            found.append(
                ArmRate(
                    study=study.id,
                    arm=arm.id,
                    classes=classes,
                    n=n,
                    events=round(outcome.estimate.value / 100.0 * n),
                    any_cause=outcome.endpoint is Endpoint.AE3,
                    source=outcome.source.reference if outcome.source else "",
                )
            )
    return tuple(found)


def kind_rates(studies: Iterable[Study] | None = None) -> tuple[KindRate, ...]:
    """Return the rates of immune-related events and of events of vessels that the registry holds.

    Parameters
    ----------
    studies
        The registry when omitted.
    """
    found = []
    for study in registry() if studies is None else studies:
        arms = {arm.id: arm for arm in study.arms}
        for population in study.populations:
            for fact in population.facts:
                kind = next((k for k, words in _KINDS.items() if _names(words, fact.what)), "")
                if not kind or fact.unit != "%" or isinstance(fact.value, str):
                    continue
                if fact.arm in arms:
                    found.append(
                        KindRate(
                            study=study.id,
                            arm=fact.arm,
                            kind=kind,
                            what=fact.what,
                            percent=float(fact.value),
                            classes=tuple(sorted(arms[fact.arm].components)),
                        )
                    )
    return tuple(found)


def _names(words: tuple[str, ...], what: str) -> bool:
    return any(word in what for word in words)
