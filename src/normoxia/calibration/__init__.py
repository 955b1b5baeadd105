"""Calibration: the mechanism fitted to the evidence and compared with it. Three rooms, and what combines them.

scoring      the lock, rules of scoring, baselines, the scoreboard; it knows no model
fitting      the space, simulated and emulated trials, the posterior and its draws, predictions without a study

combined     mechanism and statistics combined          stacking    weights of structures by what they predict
learned_weights   what runs need of predictions without a study
validation   all of it in one verb                      calibrate   from seed to ensemble
forecast     planned trials, before their results       forecast_scoring   compared with them afterwards

credibility  which uses of the model are supported, and the run that tests each claim
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from normoxia.calibration.calibrate import Plan as Plan
    from normoxia.calibration.fitting.ensemble import Ensemble as Ensemble
    from normoxia.calibration.forecast import Forecast as Forecast
    from normoxia.calibration.validation import Validation as Validation
    from normoxia.calibration.validation import validate as validate

#: where each public name lives; a name is also imported above for those who read types
_HOMES = {
    "Ensemble": "fitting.ensemble",
    "Forecast": "forecast",
    "Plan": "calibrate",
    "Validation": "validation",
    "validate": "validation",
}

__all__ = ["Ensemble", "Forecast", "Plan", "Validation", "validate"]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(f"normoxia.calibration.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
