"""Each scored study predicted from all others: by re-weighting the posterior's draws where that is sound, by drawing anew where not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration import sampler
from normoxia.calibration.pareto import smoothed
from normoxia.calibration.posterior import Posterior
from normoxia.calibration.sampler import Draws
from normoxia.progress import Progress, Step, silent

Floats = NDArray[np.float64]

#: rounds of a new fit, which begins where the whole posterior's chains ended
WARM_UP, ROUNDS = 20, 24


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """Draws that have not seen a study.

    states     shape (n, width); weights sum to 1
    k          shape of the tail of re-weighting, whether or not it was used
    effective  number of draws, of the weights where re-weighted, of the chains where drawn anew
    refitted   whether they were drawn anew
    """

    study: str
    states: Floats
    weights: Floats
    k: float
    effective: float
    refitted: bool


def leave_out(
    posterior: Posterior, draws: Draws, studies: tuple[str, ...], seed: int, *, progress: Progress = silent
) -> Mapping[str, LeftOut]:
    """Draws without each of some studies; a study without a block keeps all draws as they are."""
    states = draws.states
    values, _ = posterior.log_likelihood(states)
    position = {block.study: i for i, block in enumerate(posterior.blocks)}
    found = {}
    for i, study in enumerate(studies):
        even = np.full(len(states), 1.0 / len(states))
        if study not in position:
            found[study] = LeftOut(study, states, even, -np.inf, float(draws.effective().min()), False)
        else:
            weights = smoothed(-values[:, position[study]])
            if weights.reliable:
                found[study] = LeftOut(study, states, weights.values, weights.k, weights.effective, False)
            else:
                found[study] = _anew(posterior, draws, study, weights.k, seed + i)
        progress(Step("leaving out", i + 1, len(studies), "studies"))
    return found


def _anew(posterior: Posterior, draws: Draws, study: str, k: float, seed: int) -> LeftOut:
    others = posterior.without(study)
    fresh = sampler.sample(
        others.log_density, posterior.layout, draws.chains[-1], seed,
        warm_up=WARM_UP, rounds=ROUNDS, tuning=draws.tuning,
    )  # fmt: skip
    states = fresh.states
    even = np.full(len(states), 1.0 / len(states))
    return LeftOut(study, states, even, k, float(fresh.effective().min()), True)
