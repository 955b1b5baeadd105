"""A designed molecule placed among known regimens, and what each of its properties changes.

Progression-free time is a restricted mean by Kaplan-Meier in each draw; the same patients with the same random numbers receive
every regimen, so that changes of a property are paired by draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.design import regimens
from normoxia.design.comparisons import LANGUAGES
from normoxia.design.drug_designs import DESIGNED, DrugDesign, DrugProperty
from normoxia.design.explanation_words import plain_estimate
from normoxia.design.regimens import RegimenContrast, RegimenOutcome, over_draws, restricted_means
from normoxia.language import Language, language
from normoxia.outcome import Endpoint, Estimate, Measure
from normoxia.survival.replicates import kaplan_meier_many
from normoxia.trial.endpoints import evaluate
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult

Floats = NDArray[np.float64]

SCHEMA = "normoxia.drug-design/1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PropertyEffect:
    """What a property changes: months of restricted mean against the design, and from its low to its high value."""

    varied: DrugProperty
    at_low: Estimate
    at_high: Estimate
    change: Estimate

    @property
    def is_clear(self) -> bool:
        """Whether the interval of the change excludes none."""
        return self.change.has_interval and not self.change.contains(0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placement:
    """What a design came to.

    Attributes
    ----------
    outcomes
        Of every regimen.
    contrasts
        Hazard ratio of progression against each known regimen.
    months
        Restricted mean progression-free time by regimen and draw.
    rank
        Place of the design among all regimens in each draw, 1 for the longest; shape (n_draws,).
    effects
        One a property, the largest change first.
    """

    outcomes: tuple[RegimenOutcome, ...]
    contrasts: tuple[RegimenContrast, ...]
    months: Mapping[str, Floats]
    rank: Floats
    effects: tuple[PropertyEffect, ...]

    @property
    def leading(self) -> PropertyEffect | None:
        """The property with the largest change whose interval excludes none; None without one."""
        return next((effect for effect in self.effects if effect.is_clear), None)

    @property
    def is_certain(self) -> bool:
        """Whether the design differs from any known regimen, or a property matters."""
        return self.leading is not None or any(c.excludes_null for c in self.contrasts)


def pfs_months(result: TrialResult, trial: Trial, horizon: float) -> dict[str, Floats]:
    """Return the restricted mean progression-free time of each regimen in each draw."""
    e = evaluate(result, trial.criteria, trial.plan.censoring)
    none = np.zeros(result.n_replicates)
    months = {}
    for arm in trial.arms:
        rows = result.rows(arm.id).reshape(result.n_replicates, arm.n)
        curves = kaplan_meier_many(e.pfs[rows], e.pfs_observed[rows])
        months[arm.id] = restricted_means(curves, horizon, none)
    return months


def place(
    design: DrugDesign, result: TrialResult, trial: Trial, changed: Mapping[tuple[str, str], Floats]
) -> Placement:
    """Return the place of a design.

    Parameters
    ----------
    design
        What was asked.
    result, trial
        The run of the design beside the known regimens.
    changed
        Months of the design with one property at its "low" or "high" value, by property and end.
    """
    outcomes, contrasts = regimens.analyse(result, trial)
    months = pfs_months(result, trial, design.horizon)
    own = months[DESIGNED]
    longer = [values > own for name, values in months.items() if name != DESIGNED]
    effects = []
    for p in design.properties:
        low, high = changed[p.id, "low"], changed[p.id, "high"]
        effects.append(
            PropertyEffect(
                varied=p,
                at_low=over_draws(low - own),
                at_high=over_draws(high - own),
                change=over_draws(high - low),
            )
        )
    return Placement(
        outcomes=tuple(outcomes),
        contrasts=tuple(
            c for c in contrasts if (c.endpoint, c.measure) == (Endpoint.PFS, Measure.HAZARD_RATIO)
        ),
        months=months,
        rank=1.0 + np.sum(longer, axis=0),
        effects=tuple(sorted(effects, key=lambda effect: -abs(effect.change.value))),
    )


def answer(design: DrugDesign, found: Placement) -> dict[str, str]:
    """Return the answer in each language."""
    return {code: _answer(design, found, language(code)) for code in LANGUAGES}


def _answer(design: DrugDesign, found: Placement, text: Language) -> str:
    parts = []
    for c in found.contrasts:
        relation = "unclear"
        if c.excludes_null:
            relation = "longer" if c.estimate.value < 1.0 else "shorter"
        parts.append(
            text.say(
                "drug_design.against",
                other=design.comparison.regimen(c.control).title(text.code),
                relation=text.say(f"drug_design.{relation}"),
                ratio=text.interval(c.estimate, 2),
            )
        )
    low, middle, high = (float(q) for q in np.quantile(found.rank, [0.025, 0.5, 0.975]))
    sentence = text.say(
        "drug_design.answer",
        design=design.comparison.title(text.code),
        pfs=text.interval(over_draws(found.months[DESIGNED]), 1),
        horizon=f"{design.horizon:g}",
        rank=f"{middle:.0f}",
        low=f"{low:.0f}",
        high=f"{high:.0f}",
        n=len(found.months),
        parts=text.say("drug_design.join").join(parts),
    )
    effect = found.leading or found.effects[0]
    return sentence + text.say(
        "drug_design.matters" if found.leading else "drug_design.none_matters",
        name=effect.varied.title(text.code),
        low=f"{effect.varied.low:g}",
        high=f"{effect.varied.high:g}",
        unit=effect.varied.shown_unit,
        change=text.interval(effect.change, 2),
    )


def content(design: DrugDesign, found: Placement) -> dict[str, object]:
    """Return a placement as plain values, without answer and manifest.

    Returns
    -------
    dict
        `drug_design`, `title`, `asks`, `place`, `base`, `regimens` (each {id, title, pfs_months, contrast}), `rank`
        {median, interval}, `properties` (each {id, title, place, unit, value, low, high, at_low, at_high, change}).
    """
    ratios = {c.control: c for c in found.contrasts}
    ends: Sequence[float] = [float(q) for q in np.quantile(found.rank, [0.025, 0.975])]
    titles = {r.id: dict(r.titles) for r in design.comparison.regimens}
    return {
        "drug_design": design.name,
        "title": dict(design.comparison.titles),
        "asks": dict(design.comparison.asks),
        "place": design.comparison.place,
        "base": design.base,
        "regimens": [
            {
                "id": name,
                "title": titles.get(name, dict(design.comparison.titles)),
                "pfs_months": plain_estimate(over_draws(values)),
                "hazard_ratio": plain_estimate(ratios[name].estimate) if name in ratios else None,
                "better": ratios[name].better if name in ratios else None,
            }
            for name, values in found.months.items()
        ],
        "rank": {"median": float(np.median(found.rank)), "interval": list(ends)},
        "properties": [
            {
                "id": e.varied.id,
                "title": dict(e.varied.titles),
                "place": e.varied.place,
                "unit": e.varied.unit,
                "value": e.varied.value,
                "low": e.varied.low,
                "high": e.varied.high,
                "at_low": plain_estimate(e.at_low),
                "at_high": plain_estimate(e.at_high),
                "change": plain_estimate(e.change),
            }
            for e in found.effects
        ],
    }
