"""The values a drug document is read into. Frozen; units are canonical (day, mg, L, mg/L, nM, mg/nmol, kg, m2, mL/min).

Every number is a `Quantity`: it knows its unit, its between-patient variation, its range, where it was read and
whether it was read there (`source.verified`). What nobody published is `assumed`, and says so in its source.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from normoxia.documents import Place
from normoxia.mechanism.expression import Expression
from normoxia.outcome import Source
from normoxia.values import Value

Kind = Literal["antibody", "bispecific", "kinase inhibitor", "endostatin", "chemotherapy"]
KINDS: tuple[Kind, ...] = (
    "antibody",
    "bispecific",
    "kinase inhibitor",
    "endostatin",
    "chemotherapy",
)

Route = Literal["iv", "sc", "oral"]
ROUTES: tuple[Route, ...] = ("iv", "sc", "oral")

Basis = Literal["mg", "mg/kg", "mg/m2", "AUC"]
#: what a dose's amount is written in; AUC is mg*min/mL by the Calvert formula
BASES: tuple[Basis, ...] = ("mg", "mg/kg", "mg/m2", "AUC")

#: pharmacokinetic parameters a document may give, with their canonical units
PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        "clearance": "L/day",
        "central_volume": "L",
        "intercompartmental_clearance": "L/day",
        "peripheral_volume": "L",
        "deep_clearance": "L/day",
        "deep_volume": "L",
        "absorption_rate": "1/day",
        "bioavailability": "1",
        "maximum_elimination": "mg/day",
        "half_saturation": "mg/L",
    }
)

#: slots the biology declares and a drug may add to; every one has unit 1
SLOTS: tuple[str, ...] = (
    "checkpoint_ratio",
    "ligand_ratio",
    "ctla4_ratio",
    "vegf_trap_ratio",
    "vegfr_ratio",
    "offtarget_ratio",
    "chemo_effect",
    "cooperative_reach",
)

#: groups of classes of toxicity that calibration moves together (`Clinic.toxicity_...` in trial documents)
TOXICITY_GROUPS = ("checkpoint", "vegf_antibody", "kinase_inhibitor", "chemotherapy", "docetaxel")

#: slots of drugs that block the PD-1 pathway
CHECKPOINT_SLOTS = ("checkpoint_ratio", "ligand_ratio")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quantity(Value):
    """A number with unit and source.

    variation  between-patient coefficient of variation of the log-normal quantity, as a fraction; nan when none
    deviation  between-patient standard deviation of a normal quantity, in its unit; nan when none
    low, high  range of plausible typical values; nan when none
    variation_source  where the variation was read, when not where the value was
    """

    value: float
    unit: str
    source: Source
    variation: float = math.nan
    deviation: float = math.nan
    low: float = math.nan
    high: float = math.nan
    note: str = ""
    variation_source: Source | None = None

    @property
    def spread(self) -> float:
        """Standard deviation on the log scale, sqrt(log(1 + CV^2)); 0 when nothing is said of variation."""
        return 0.0 if math.isnan(self.variation) else math.sqrt(math.log1p(self.variation**2))


@dataclass(frozen=True, slots=True, kw_only=True)
class KineticParameter:
    """A pharmacokinetic parameter of the typical patient, and how it differs between patients.

    covariates   factor by which a patient's value differs from the typical one, over covariates written as plain
                 numbers in canonical units, such as `(weight/77)**0.808`; None when there is none
    follows      another parameter whose between-patient deviation this one shares
    correlation  with `follows`: 1 shares it wholly, less leaves a deviation of its own
    """

    name: str
    quantity: Quantity
    covariates: Expression | None = None
    follows: str = ""
    correlation: float = 1.0


@dataclass(frozen=True, slots=True)
class ClearanceOverTime:
    """Clearance times exp(maximum * t**steepness / (half_time**steepness + t**steepness)), t days since the first dose."""

    maximum: Quantity
    half_time: Quantity
    steepness: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugEffect:
    """What a drug adds to one slot.

    An exposure ratio is concentration at the target over `affinity`, times `potency` (a scale that absorbs what a
    test tube does not tell), divided by `selectivity` for off-target arms. `of` names the effect of the same drug that
    this one is derived from: off-target from `vegfr_ratio`, cooperative reach from `vegf_trap_ratio`.
    Chemotherapy has `strength` at `reference_dose`, which decays with rate `loss`.
    """

    slot: str
    affinity: Quantity | None = None
    potency: Quantity | None = None
    selectivity: Quantity | None = None
    cooperativity: Quantity | None = None
    strength: Quantity | None = None
    reference_dose: Quantity | None = None
    loss: Quantity | None = None
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toxicity:
    """Hazard of adverse events of grade 3 or more that a drug's class adds [C32].

    toxicity_class  drugs of one class share one hazard; different classes add
    cumulative      integral of the hazard over a typical course, so that P = 1 - exp(-sum of the classes)
    course          length of that course, days; the hazard is constant within it
    late_ratio      hazard after the course over the hazard within it
    fatal_share     share of the events that are grade 5
    group           classes whose hazards calibration moves together, "" for one that it leaves alone
    """

    toxicity_class: str
    cumulative: Quantity
    course: Quantity
    late_ratio: Quantity
    fatal_share: Quantity
    group: str = ""

    @property
    def hazard(self) -> float:
        """Events per day on the drug at full dose, within the course."""
        return self.cumulative.value / self.course.value

    def cumulative_by(self, days: float) -> float:
        """Integral of the hazard over the first days on the drug."""
        course = self.course.value
        return self.hazard * (min(days, course) + self.late_ratio.value * max(0.0, days - course))


@dataclass(frozen=True, slots=True)
class LabelDose:
    """A licensed or protocol regimen, as text of the regimen notation without the drug's name."""

    text: str
    source: Source


Measure = Literal["trough", "peak", "average", "auc", "half_life", "time_to_peak", "occupancy"]
MEASURES: tuple[Measure, ...] = (
    "trough",
    "peak",
    "average",
    "auc",
    "half_life",
    "time_to_peak",
    "occupancy",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A published exposure that the kinetics must reproduce.

    measure   trough, peak, average (mg/L), auc over the dosing interval (mg*day/L), half_life (terminal) and
              time_to_peak (days), occupancy (share of PD-1 or PD-L1 in blood at the trough)
    regimen   text of the notation without the drug's name; "" for a half-life
    cycle     after which dose: 1 is the first; 0 is steady state
    value     with `low` and `high` the published interval; `variation` the published between-patient CV
    factor    where no interval was published, or the model misses it: the ratio that is tolerated
    finding   what is wrong, where the typical patient lies outside the published interval or 1.25-fold
    patient   covariates of the typical patient of the publication, where they differ from the default ones
    by_construction  whether a parameter was set to meet it, so that agreement shows nothing
    """

    measure: Measure
    regimen: str
    cycle: int
    quantity: Quantity
    factor: float = 1.25
    finding: str = ""
    patient: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    by_construction: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    """A drug: what it is called, how the body handles it, what it hits, what it harms.

    names           by language, "en" and "zh"; `aliases` hold trade, code and biosimilar names
    infusion        usual duration of an infusion, days; 0 for what is not infused
    labels          licensed and protocol doses; ten times the largest is refused as a slip of the pen
    penetration     concentration in the tumour's interstitium over plasma, free or not as `free_fraction` says
    """

    name: str
    names: Mapping[str, str]
    aliases: tuple[str, ...]
    kind: Kind
    drug_class: str
    targets: tuple[str, ...]
    route: Route
    infusion: Quantity | None
    labels: tuple[LabelDose, ...]
    molecular_weight: Quantity
    parameters: tuple[KineticParameter, ...]
    effects: tuple[DrugEffect, ...]
    toxicity: Toxicity
    exposures: tuple[Exposure, ...] = ()
    clearance_over_time: ClearanceOverTime | None = None
    penetration: Quantity | None = None
    free_fraction: Quantity | None = None
    structure: str = ""
    notes: tuple[str, ...] = ()
    place: Place = field(default_factory=lambda: Place(""))

    def parameter(self, name: str) -> KineticParameter | None:
        """A pharmacokinetic parameter by its name in `PARAMETERS`, or None."""
        return next((p for p in self.parameters if p.name == name), None)

    def effect(self, slot: str) -> DrugEffect | None:
        """What the drug adds to a slot, or None."""
        return next((e for e in self.effects if e.slot == slot), None)

    @property
    def blockade(self) -> DrugEffect | None:
        """What the drug adds to the blockade of PD-1 or of PD-L1, or None."""
        return next((e for e in self.effects if e.slot in CHECKPOINT_SLOTS), None)

    @property
    def is_absorbed(self) -> bool:
        """Whether doses enter a depot first."""
        return self.route != "iv"

    @property
    def dose_target(self) -> str:
        """The species of the drug's module that doses enter."""
        if self.kind == "chemotherapy":
            return f"{self.name}_effect"
        return f"{self.name}_depot" if self.is_absorbed else f"{self.name}_central"

    @property
    def infusion_days(self) -> float:
        """Usual duration of an infusion in days; 0 when there is none."""
        return self.infusion.value if self.infusion else 0.0
