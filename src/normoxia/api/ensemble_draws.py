"""Assign ensemble draws to replicates (shared by `run` and `verify`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from normoxia.calibration.fitting.ensemble import Ensemble
    from normoxia.trial.protocol import Trial
    from normoxia.trial.setting import ParameterSet


def parameter_sets_of(
    calibrated: Ensemble | None, trial: Trial, count: int, seed: int, ablated: Sequence[str]
) -> list[ParameterSet]:
    """Draws of the ensemble for each replicate, as far as they concern the trial; none without an ensemble."""
    from normoxia.trial.ablation import removed
    from normoxia.trial.making.borrowed_parameters import fill_borrowed

    if calibrated is None:
        return []
    spared = removed(trial, ablated)
    drawn = calibrated.settings(count, seed, single_arm=len(trial.arms) == 1)
    return [fill_borrowed(setting).restricted(trial, spared) for setting in drawn]
