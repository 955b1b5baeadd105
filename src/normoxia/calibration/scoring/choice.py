"""Which combination is shipped, of each endpoint by itself, by the rule that the lock wrote before any score of it was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from normoxia.calibration.scoring.lock import Lock, Target
from normoxia.calibration.scoring.score_summary import PairedDifference, paired_difference
from normoxia.calibration.scoring.scored_contrasts import ScoredContrast, cell
from normoxia.calibration.scoring.scores import Predictive
from normoxia.outcome import Endpoint

COMBINED, BY_CLASS, CHOSEN = "combined", "by_class", "chosen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The combination of one endpoint.

    Attributes
    ----------
    way
        "by_class", the weight learned across trials, or "combined", half and half.
    paired
        CRPS of half and half less that of the learned weight, over the contrasts that both predict.
    """

    way: str
    paired: PairedDifference


def choose(
    lock: Lock, half: Mapping[Target, Predictive], learned: Mapping[Target, Predictive]
) -> dict[Endpoint, Choice]:
    """The learned weight, unless half and half has the lower CRPS and the interval of the difference excludes 0.

    Parameters
    ----------
    lock
        The contrasts scored.
    half, learned
        Predictions of both ways without the study.
    """
    found = {}
    for endpoint in (Endpoint.PFS, Endpoint.OS):
        rows = [
            ScoredContrast(o, cell(o, half[o.target]), {BY_CLASS: cell(o, learned[o.target])})
            for o in lock.contrasts
            if o.target.endpoint is endpoint and o.target in half and o.target in learned
        ]
        paired = paired_difference(rows, BY_CLASS, "crps")
        found[endpoint] = Choice(way=COMBINED if paired.high < 0.0 else BY_CLASS, paired=paired)
    return found


def chosen(
    choices: Mapping[Endpoint, Choice],
    half: Mapping[Target, Predictive],
    learned: Mapping[Target, Predictive],
) -> dict[Target, Predictive]:
    """Predictions of the ways chosen; a target that the way does not predict is left out."""
    ways = {COMBINED: half, BY_CLASS: learned}
    return {
        target: prediction
        for endpoint, choice in choices.items()
        for target, prediction in ways[choice.way].items()
        if target.endpoint is endpoint
    }
