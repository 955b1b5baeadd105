"""The parts of a study: references, setting, arms, reported numbers, facts, curves, what was recalled, what the review says.

Every reported number keeps its printed form, its source, and the marks that decide whether it may enter an analysis.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from normoxia.outcome import Endpoint, Estimate, Measure
from normoxia.values import Value

#: where a drug's name ends and its dose begins
_DOSE = re.compile(r"\d|AUC$|daily$|q\d+[wd]$|d\d")

#: key of the review itself among the sources of a study
REVIEW = "review"

#: how a source reaches us, from the nearest to the trial to the farthest; ties in `published` are broken by it
SOURCE_KINDS = (
    "full text",
    "journal abstract",
    "regulator review",
    "label",
    "conference abstract",
    "registry",
    "meta-analysis table",
    "review table",
    "secondary table",
    "digitised curves",
    "computed from a published patient table",
    "meta-analysis abstract",
    "secondary copy of an abstract",
    "conference report",
    "citing text",
    "secondary summary",
    "press release",
    "news",
    "review",
)


@dataclass(frozen=True, slots=True)
class Reference:
    """Where figures of a study were read."""

    key: str
    citation: str
    kind: str
    pmid: str = ""
    doi: str = ""
    url: str = ""
    read_at: str = ""

    @property
    def locator(self) -> str:
        """The shortest way to the document: PMID, DOI, else its address; "" when only a copy was read."""
        if self.pmid:
            return f"PMID {self.pmid}"
        return f"doi:{self.doi}" if self.doi else self.url

    @property
    def shown(self) -> str:
        """The publication as a reader sees it: citation and, where there is one, locator."""
        return f"{self.citation} ({self.locator})" if self.locator else self.citation

    @property
    def rank(self) -> int:
        """Distance from the trial; 0 is nearest."""
        return SOURCE_KINDS.index(self.kind) if self.kind in SOURCE_KINDS else len(SOURCE_KINDS)


@dataclass(frozen=True, slots=True)
class Setting:
    """Who was treated. `line`, `histology`, `driver` and `pdl1` are words of a closed list; `stated` keeps the wording."""

    line: str = "unstated"
    histology: str = "unstated"
    driver: str = "unstated"
    pdl1: str = "unstated"
    selection: str = ""
    stage: str = ""
    prior_therapy: str = ""
    enrolment: str = ""
    country: str = ""
    crossover: str = ""
    scan_interval: str = ""
    stated: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arm:
    """A treatment arm; `regimen` is written as in a trial protocol, one drug an item (alternatives joined by "or")."""

    id: str
    label: str
    regimen: tuple[str, ...]
    classes: tuple[str, ...]
    n: int = 0
    cycles: str = ""
    maintenance: str = ""
    note: str = ""
    source: str = ""

    @property
    def drugs(self) -> tuple[str, ...]:
        """Names of the drugs, without doses, alternatives one by one."""
        return tuple(name for item in self.regimen for name in drug_names(item))

    @property
    def components(self) -> frozenset[str]:
        """The parts of the regimen that a component model tells apart: ICI, VEGF antibody, VEGFR TKI, endostatin, ..."""
        return frozenset(_component(name) for name in self.classes if name != "placebo")

    @property
    def backbone(self) -> str:
        """The chemotherapy, such as "platinum-pemetrexed", or ""."""
        return next(
            (name.partition("/")[2] for name in self.classes if name.startswith("chemotherapy/")),
            "",
        )


@dataclass(frozen=True, slots=True, eq=False)
class ReportedOutcome(Value):
    """One published number about an arm or a contrast of two arms, as printed.

    estimate    nan value where only a p value was printed; an end that was not reached is infinite
    months      month of a landmark; nan for medians and rates of response or toxicity
    grades      of toxicity, such as ">=3" or "3-4"
    derived     computed from published data, not printed by anyone
    superseded  why a later or nearer reading replaces it; "" while it stands
    recalled    whether it "agrees" or "differs" with what had been recalled before it was read; "" when nothing had
    adjusted    what a contrast was adjusted for (cross-over, covariates); "" for the plain analysis
    """

    population: str
    endpoint: Endpoint
    measure: Measure
    estimate: Estimate
    arm: str
    comparator: str = ""
    months: float = math.nan
    n: int = 0
    p: str = ""
    grades: str = ""
    assessor: str = ""
    adjusted: str = ""
    derived: bool = False
    superseded: str = ""
    source: str = ""
    also: tuple[str, ...] = ()
    recalled: str = ""
    note: str = ""
    line: int = 0

    @property
    def assessed_by(self) -> str:
        """ "investigator", "independent" (a blinded or central review), or "" when not given."""
        if not self.assessor:
            return ""
        return "investigator" if "investigator" in self.assessor.lower() else "independent"


@dataclass(frozen=True, slots=True, eq=False)
class Fact(Value):
    """A further sourced value: a baseline share, a size, a cross-over rate, a side effect. Not an outcome."""

    arm: str
    what: str
    value: float | str
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    source: str = ""
    recalled: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Curve(Value):
    """A Kaplan-Meier curve recomputed from digitised public data: derived, never a reported figure.

    points  (month, survival in percent, at risk)
    """

    arm: str
    endpoint: Endpoint
    population: str
    n: int
    events: int
    median: float
    points: tuple[tuple[float, float, int], ...]
    dataset: str
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Recalled(Value):
    """A value from memory. It has no source and cannot become an outcome; it is shown as unverified.

    settled  what a document read since then said of it: "agrees" or "differs", and where; "" while nothing did
    """

    what: str
    value: float | str
    arm: str = ""
    population: str = ""
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    note: str = ""
    settled: str = ""


@dataclass(frozen=True, slots=True)
class ReviewFigure:
    """A figure as the review prints it, with its place, a short literal quote and the line of the review's text."""

    what: str
    value: float | str
    place: str
    line: int
    arm: str = ""
    population: str = ""
    unit: str = ""
    quote: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReviewClaim:
    """A statement of the review without a figure, in a form that rules can read.

    kind     one of `CLAIM_KINDS`
    says     the claim in structured words; what each kind expects is said in docs/reference/evidence.md
    """

    kind: str
    says: Mapping[str, object]
    place: str
    line: int
    quote: str = ""


#: what each kind of claim has to say
CLAIM_KEYS: Mapping[str, tuple[str, ...]] = {
    "cited": ("reference",),
    "patients": (),
    "arms": ("arms",),
    "design": ("word",),
    "equal": ("what", "arm", "comparator"),
    "superior": ("endpoints", "arm", "comparator"),
    "subgroup": ("marker", "level"),
    "cut-off": ("marker", "cuts"),
    "status": ("primary_endpoint",),
    "ambiguous": ("what", "value", "may_concern"),
}
CLAIM_KINDS = tuple(CLAIM_KEYS)


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """What the review says of a study."""

    figures: tuple[ReviewFigure, ...] = ()
    claims: tuple[ReviewClaim, ...] = ()


def drug_names(item: str) -> tuple[str, ...]:
    """The drugs an item of a regimen names: "carboplatin AUC 5 q3w x4 or cisplatin 75 mg/m2" has two."""
    names = []
    for part in item.split(" or "):
        words = []
        for word in part.split():
            if _DOSE.match(word):
                break
            words.append(word)
        if words:
            names.append(" ".join(words))
    return tuple(names)


def _component(name: str) -> str:
    family, _, kind = name.partition("/")
    return kind if family in ("anti-angiogenic", "targeted") else family
