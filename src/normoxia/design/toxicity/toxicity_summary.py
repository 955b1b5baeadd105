"""What published rates and the simulation say of toxicity together: a sentence, and plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from normoxia.design.comparisons import LANGUAGES
from normoxia.design.regimens import RegimenContrast
from normoxia.design.toxicity.adding_up import ToxicityDesign
from normoxia.design.toxicity.burden import DrugBurden, RegimenBurden
from normoxia.design.toxicity.class_hazards import ClassHazards, LeftOut, interval
from normoxia.design.toxicity.published_rates import ANTI_ANGIOGENIC, CLASSES, KindRate
from normoxia.language import language
from normoxia.outcome import Estimate

SCHEMA = "normoxia.toxicity/1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ToxicityFindings:
    """Everything that was found about toxicity.

    Attributes
    ----------
    design
        What was asked.
    hazards
        Fitted to published rates.
    checked
        Every published rate beside its prediction from the other studies.
    kinds
        The few published rates by kind of event.
    burdens, contrasts
        Simulated.
    """

    design: ToxicityDesign
    hazards: ClassHazards
    checked: tuple[LeftOut, ...]
    kinds: tuple[KindRate, ...]
    burdens: tuple[RegimenBurden, ...]
    contrasts: tuple[RegimenContrast, ...]

    @property
    def rho(self) -> Estimate:
        """Combined hazard of ICI and anti-angiogenic drug over the sum of both."""
        return interval(self.hazards.rho)

    @property
    def adds(self) -> bool | None:
        """Whether hazards add: False when the interval of rho excludes 1, None when it leaves open a quarter more or less."""
        if not self.rho.contains(1.0):
            return False
        return True if self.rho.low >= 0.75 and self.rho.high <= 1.25 else None

    def published(self, regimen: str) -> Estimate:
        """Rate of a regimen in an average study by the fit to published rates, percent."""
        return interval(self.hazards.percent(self.design.classes[regimen]))

    def difference(self, experimental: str, control: str) -> Estimate:
        """Difference of two regimens by the fit to published rates, percentage points."""
        one, other = (
            self.hazards.percent(self.design.classes[name]) for name in (experimental, control)
        )
        return interval(one - other)

    @property
    def is_certain(self) -> bool:
        """Whether published rates and simulation both put the first contrast on the same side of 0."""
        first = self.contrasts[0]
        published = self.difference(first.experimental, first.control)
        same_side = (published.value > 0) == (first.estimate.value > 0)
        return not published.contains(0.0) and first.excludes_null and same_side

    def joined_studies(self) -> int:
        """Studies with an arm that holds an ICI and an anti-angiogenic drug."""
        found: set[str] = set()
        for rate in self.hazards.rates:
            if "ICI" in rate.classes and any(c in ANTI_ANGIOGENIC for c in rate.classes):
                found.add(rate.study)
        return len(found)


def answer(found: ToxicityFindings) -> dict[str, str]:
    """Return the answer in each language."""
    return {code: _sentence(found, code) for code in LANGUAGES}


def _sentence(found: ToxicityFindings, code: str) -> str:
    text, design = language(code), found.design
    key = {True: "adds", False: "departs", None: "open"}[found.adds]
    said = text.say(
        f"toxicity.{key}", rho=text.interval(found.rho, 2), studies=found.joined_studies()
    )
    first = found.contrasts[0]
    one, other = (
        design.comparison.regimen(name).title(code) for name in (first.experimental, first.control)
    )
    said += text.say(
        "toxicity.first_certain" if found.is_certain else "toxicity.first_open",
        one=one,
        other=other,
        published=text.interval(found.difference(first.experimental, first.control), 0),
        simulated=text.interval(first.estimate, 0),
    )
    inside = sum(one.inside for one in found.checked)
    said += text.say("toxicity.checked", inside=inside, n=len(found.checked))
    return said + text.say(
        "toxicity.overlap", n=len(found.kinds), studies=len({k.study for k in found.kinds})
    )


def summary(found: ToxicityFindings) -> dict[str, object]:
    """Return the findings as plain values, without answer and manifest.

    Returns
    -------
    dict
        `toxicity`, `title`, `asks`, `place`, `classes` (each {id, hazard, percent_alone, arms, studies}), `adding` {ratio, between_studies,
        between_arms}, `regimens` (each {id, title, classes, published, simulated, died, drugs}), `contrasts` (each {experimental, control,
        published, simulated}), `checked` (each {study, arm, published, predicted, inside}), `kinds`.
    """
    design = found.design
    return {
        "toxicity": design.name,
        "title": dict(design.comparison.titles),
        "asks": dict(design.comparison.asks),
        "place": design.comparison.place,
        "classes": [
            {
                "id": name,
                "hazard": estimate_json(interval(found.hazards.hazards[:, i])),
                "percent_alone": estimate_json(interval(found.hazards.percent([name]))),
                "arms": found.hazards.n_arms(name),
                "studies": found.hazards.n_studies(name),
            }
            for i, name in enumerate(CLASSES)
        ],
        "adding": {
            "ratio": estimate_json(found.rho),
            "between_studies": estimate_json(interval(found.hazards.tau)),
            "between_arms": estimate_json(interval(found.hazards.omega)),
        },
        "regimens": [
            {
                "id": b.regimen,
                "title": dict(design.comparison.regimen(b.regimen).titles),
                "classes": list(design.classes[b.regimen]),
                "published": estimate_json(found.published(b.regimen)),
                "simulated": estimate_json(b.percent),
                "died": estimate_json(b.died),
                "drugs": [_drug(drug) for drug in b.drugs],
            }
            for b in found.burdens
        ],
        "contrasts": [
            {
                "experimental": c.experimental,
                "control": c.control,
                "published": estimate_json(found.difference(c.experimental, c.control)),
                "simulated": estimate_json(c.estimate),
            }
            for c in found.contrasts
        ],
        "checked": [
            {
                "study": one.rate.study,
                "arm": one.rate.arm,
                "classes": list(one.rate.classes),
                "any_cause": one.rate.any_cause,
                "published": 100.0 * one.rate.events / one.rate.n,
                "n": one.rate.n,
                "predicted": estimate_json(one.predicted),
                "inside": one.inside,
                "source": one.rate.source,
            }
            for one in found.checked
        ],
        "kinds": [
            {
                "study": k.study,
                "arm": k.arm,
                "kind": k.kind,
                "what": k.what,
                "percent": k.percent,
                "classes": list(k.classes),
            }
            for k in found.kinds
        ],
    }


def _drug(drug: DrugBurden) -> dict[str, object]:
    return {
        "drug": drug.drug,
        "months": estimate_json(drug.months),
        "stopped": estimate_json(drug.stopped),
    }


def estimate_json(estimate: Estimate) -> dict[str, object]:
    """Return an estimate as plain values; an interval that does not exist is null."""
    ends = [estimate.low, estimate.high] if estimate.has_interval else None
    return {"value": estimate.value, "interval": ends, "level": estimate.level}


def misses(found: Sequence[LeftOut]) -> float:
    """Root mean square difference of published and predicted rates, percentage points."""
    apart = [100.0 * one.rate.events / one.rate.n - one.predicted.value for one in found]
    return float(np.sqrt(np.mean(np.square(apart))))
