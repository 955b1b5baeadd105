"""What toxicity does to treatment in a simulated comparison: who has an event, who stops which drug for it and when, who dies of it.

Values are means over the patients of a draw, with the middle 95 % over draws of the ensemble; what patients of a draw leave to chance is in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.design.regimens import RegimenContrast, RegimenOutcome, analyse
from normoxia.outcome import Endpoint, Estimate, Measure
from normoxia.survival.data import DAYS_PER_MONTH
from normoxia.trial.conduct.courses import EndReason
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugBurden:
    """How long a drug of a regimen is given, and how often toxicity ends it.

    Attributes
    ----------
    drug
        Its name.
    months
        Mean time from the first dose to its end, follow-up counted at most.
    stopped
        Percent in whom toxicity ended it.
    """

    drug: str
    months: Estimate
    stopped: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimenBurden:
    """The toxicity of one simulated regimen.

    Attributes
    ----------
    regimen
        Its id.
    percent
        With a treatment-related event of grade 3 or more; as in `RegimenOutcome`, structural error included.
    died
        Percent who died of an event.
    drugs
        Of the regimen.
    """

    regimen: str
    percent: Estimate
    died: Estimate
    drugs: tuple[DrugBurden, ...]


def burdens(
    result: TrialResult, trial: Trial
) -> tuple[tuple[RegimenBurden, ...], tuple[RegimenContrast, ...]]:
    """Return the burden of each regimen, and the differences of percentages of the contrasts.

    Raises
    ------
    InvalidArgument
        The run was not under an ensemble, or had too few draws.
    """
    outcomes, contrasts = analyse(result, trial)
    found = tuple(_burden(result, trial, arm.id, outcomes) for arm in trial.arms)
    kept = tuple(
        c for c in contrasts if c.endpoint is Endpoint.TRAE3 and c.measure is Measure.PERCENT
    )
    return found, kept


def _burden(
    result: TrialResult, trial: Trial, arm: str, outcomes: tuple[RegimenOutcome, ...]
) -> RegimenBurden:
    rows = result.rows(arm).reshape(result.n_replicates, -1)
    percent = next(
        o.estimate for o in outcomes if o.regimen == arm and o.endpoint is Endpoint.TRAE3
    )
    columns = result.columns
    followed = np.minimum(columns["survival_cut"], columns["death"])
    drugs = []
    for drug in trial.arm(arm).regimen.drugs:
        name = drug.rsplit("/", 1)[-1]
        end, reason = result.drug_end[name][rows], result.drug_end_reason[name][rows]
        months = np.minimum(end, followed[rows]).mean(axis=1) / DAYS_PER_MONTH
        stopped = 100.0 * (reason == EndReason.TOXICITY).mean(axis=1)
        drugs.append(DrugBurden(drug=name, months=over(months), stopped=over(stopped)))
    died = 100.0 * (columns["toxic_death"][rows] <= columns["death"][rows]).astype(float)
    died *= np.isfinite(columns["toxic_death"][rows])
    return RegimenBurden(
        regimen=arm, percent=percent, died=over(died.mean(axis=1)), drugs=tuple(drugs)
    )


def over(draws: Floats) -> Estimate:
    """Mean of draws, with the interval that holds their middle 95 %."""
    low, high = (float(q) for q in np.quantile(draws, [0.025, 0.975]))
    mean = float(draws.mean())
    return Estimate(mean, min(low, mean), max(high, mean), 0.95)
