"""Which runs have their hazard ratios combined with the component model's (shared by runs and redrawn reports)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from normoxia.trial.combined import CombinedRatio
    from normoxia.trial.protocol import Trial
    from normoxia.trial.result import TrialResult


def combined_of(
    result: TrialResult, trial: Trial, manifest: Mapping[str, object]
) -> tuple[CombinedRatio, ...]:
    """A run's hazard ratios in three ways; none of an ablated run, which is an experiment on the model and no forecast."""
    from normoxia.calibration import combined

    return () if manifest.get("ablated") else combined.of_run(result, trial)
