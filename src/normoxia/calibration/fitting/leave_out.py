"""Each scored study predicted from all others: by re-weighting the posterior's draws where that is sound, by drawing anew where not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.fitting import sampler
from normoxia.calibration.fitting.pareto import smoothed
from normoxia.calibration.fitting.posterior import Posterior
from normoxia.calibration.fitting.processes import run_in_processes
from normoxia.calibration.fitting.sampler import PosteriorDraws
from normoxia.calibration.fitting.threads import one_thread
from normoxia.progress import Progress, silent

Floats = NDArray[np.float64]

#: rounds of a new fit, which begins where the whole posterior's chains ended
WARM_UP, ROUNDS = 20, 24


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LeftOutStudies:
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
    posterior: Posterior,
    draws: PosteriorDraws,
    studies: tuple[str, ...],
    seed: int,
    *,
    workers: int = 1,
    progress: Progress = silent,
) -> Mapping[str, LeftOutStudies]:
    """Draws without each of some studies; a study without a block keeps all draws as they are.

    workers  processes, for studies that are drawn anew; the draws are the same for any number
    """
    with one_thread():
        values = posterior.log_likelihood(draws.states)
    position = {block.study: i for i, block in enumerate(posterior.blocks)}
    found: dict[str, LeftOutStudies | float] = {
        study: _weighted(draws, study, values[:, position[study]] if study in position else None)
        for study in studies
    }
    waiting = {study: own for study, own in found.items() if not isinstance(own, LeftOutStudies)}
    fresh = run_in_processes(
        [
            partial(_anew, posterior.without(study), draws, study, k, seed + studies.index(study))
            for study, k in waiting.items()
        ],
        workers=workers,
        label="leaving out",
        progress=progress,
    )
    anew = dict(zip(waiting, fresh, strict=True))
    return {
        study: own if isinstance(own, LeftOutStudies) else anew[study]
        for study, own in found.items()
    }


def _weighted(
    draws: PosteriorDraws, study: str, log_likelihood: Floats | None
) -> LeftOutStudies | float:
    """The draws as they are, or weighted so that they do not know the study; where that is unsound, the shape of the weights' tail."""
    n = len(draws.states)
    if log_likelihood is None:
        even = np.full(n, 1.0 / n)
        return LeftOutStudies(
            study=study,
            states=draws.states,
            weights=even,
            k=-np.inf,
            effective=float(draws.effective().min()),
            refitted=False,
        )
    weights = smoothed(-log_likelihood)
    if not weights.reliable:
        return weights.k
    return LeftOutStudies(
        study=study,
        states=draws.states,
        weights=weights.values,
        k=weights.k,
        effective=weights.effective,
        refitted=False,
    )


def _anew(
    others: Posterior, draws: PosteriorDraws, study: str, k: float, seed: int, *, progress: Progress
) -> LeftOutStudies:
    fresh = sampler.sample(
        others,
        others.layout,
        draws.chains[-1],
        seed,
        warm_up=WARM_UP,
        rounds=ROUNDS,
        tuning=draws.tuning,
        progress=progress,
    )
    states = fresh.states
    even = np.full(len(states), 1.0 / len(states))
    return LeftOutStudies(
        study=study,
        states=states,
        weights=even,
        k=k,
        effective=float(fresh.effective().min()),
        refitted=True,
    )
