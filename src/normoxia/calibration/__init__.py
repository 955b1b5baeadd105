"""Calibration: the mechanism held against the evidence.

Read in this order:

    hyperparameters  what may move, with priors; structures; how trials differ
    experiments      every trial simulated under many points of that space
    summaries        figures of a trial that simulation and print both give
    observations     published figures that enter the likelihood, with the covariance of chance
    emulator         quadratic surfaces through simulated figures       emulated  those of every trial, in one file
    posterior        prior and likelihood of what trials share          discrepancy  what components leave over
    sampler          draws of it                                        pareto    health of re-weighting
    leave_out        draws that have not seen a study                   prediction  what that study would print
    lock             what is scored, fixed first                        attempts  everything tried, with its scores
    scoring          rules of scoring                                   baselines  statistics alone
    components       the component model asked about a protocol         hybrid    mechanism and component model joined
    stacking         structures by what they predict
    scoreboard       the judgement; rows, figures, board_document
    validation       all of it in one verb                              calibrate  from seed to ensemble
    ensemble         the shipped draws, as settings for a new trial     forecast  planned trials, before their results

and of what a reviewer asks for:

    credibility           questions, claims with their status and proof, as one value; _json, _document: out and in
    verification          whether the model is solved as it is written
    targets               what is fitted to, with source and weight
    applicability         how much of what is scored bears on a question
    credibility_checks    the rest: inputs, posterior, identifiability, thresholds
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from normoxia.calibration.calibrate import Plan as Plan
    from normoxia.calibration.ensemble import Calibrated as Calibrated
    from normoxia.calibration.forecast import Forecast as Forecast
    from normoxia.calibration.validation import Validation as Validation
    from normoxia.calibration.validation import validate as validate

#: where each public name lives; a name is also imported above for those who read types
_HOMES = {
    "Calibrated": "ensemble",
    "Forecast": "forecast",
    "Plan": "calibrate",
    "Validation": "validation",
    "validate": "validation",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(f"normoxia.calibration.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
