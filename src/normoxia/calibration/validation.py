"""The whole judgement in one verb: posterior, every study left out in turn, predictions, hybrid, scoreboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration import baselines, hybrid, leave_out, observations, posterior, prediction, sampler
from normoxia.calibration import lock as locked
from normoxia.calibration.emulated import Emulated
from normoxia.calibration.hyperparameters import Space
from normoxia.calibration.leave_out import LeftOut
from normoxia.calibration.lock import Lock, Target
from normoxia.calibration.observations import Block
from normoxia.calibration.posterior import Posterior
from normoxia.calibration.prediction import Predicted
from normoxia.calibration.sampler import Draws
from normoxia.calibration.scoreboard import Calibration, Scoreboard, scoreboard
from normoxia.calibration.scoring import Ensemble, Predictive
from normoxia.progress import Progress, silent

Floats = NDArray[np.float64]

CHAINS, WARM_UP, ROUNDS = 128, 120, 40


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A posterior and its draws, and figures of the evidence that could not be emulated and so do not speak."""

    posterior: Posterior
    draws: Draws
    silent: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """A scoreboard with what made it.

    left_out   the draws each study was predicted from
    predicted  the mechanism's predictions of every scored figure
    hybrid     the weight of the mechanism in the hybrid, by study
    """

    board: Scoreboard
    fit: Fit
    left_out: Mapping[str, LeftOut]
    predicted: Mapping[Target, Predicted]
    hybrid: Mapping[str, float]


def prepare(space: Space, emulated: Emulated, lock: Lock) -> tuple[Posterior, tuple[str, ...]]:
    """The posterior of everything emulated, and the figures left out because they could not be."""
    kept, lost = [], []
    for block in observations.blocks(emulated.figures, lock):
        known = set(emulated.figures[block.study])
        places = [i for i, o in enumerate(block.observations) if o.figure in known]
        lost += [str(o) for o in block.observations if o.figure not in known]
        if places:
            chosen = tuple(block.observations[i] for i in places)
            kept.append(
                Block(
                    block.study,
                    block.single_arm,
                    chosen,
                    block.y[places],
                    block.covariance[np.ix_(places, places)],
                )
            )
    surfaces = {
        block.study: emulated.of(block.study, [o.figure for o in block.observations]) for block in kept
    }
    return Posterior(space, posterior.layout(space), tuple(kept), surfaces), tuple(lost)


def fit(space: Space, emulated: Emulated, lock: Lock, seed: int, *, progress: Progress = silent) -> Fit:
    """Draws of the posterior given every study."""
    whole, lost = prepare(space, emulated, lock)
    start = posterior.prior_states(whole.layout, CHAINS, seed)
    start[:, : whole.layout.n_continuous] *= 0.3
    draws = sampler.sample(
        whole.log_density, whole.layout, start, seed, warm_up=WARM_UP, rounds=ROUNDS, progress=progress
    )
    return Fit(whole, draws, lost)


def validate(
    space: Space, emulated: Emulated, seed: int, *, lock: Lock | None = None, progress: Progress = silent
) -> Validation:
    """Every scored study predicted without itself, and the scoreboard of mechanism, hybrid, anchored predictions and baselines."""
    known = locked.read() if lock is None else lock
    fitted = fit(space, emulated, known, seed, progress=progress)
    studies = [s for s in known.studies if s in emulated.figures]
    left = leave_out.leave_out(fitted.posterior, fitted.draws, tuple(studies), seed + 1, progress=progress)
    plain = _predicted(fitted.posterior, left, emulated, known, seed, anchored=False)
    anchored = _predicted(fitted.posterior, left, emulated, known, seed, anchored=True)
    rivals = baselines.baselines(known)
    joined = hybrid.join(known, plain, rivals["component_nma"].predictions, seed)
    own = _ensembles(known, plain)
    board = scoreboard(
        known,
        {"mechanism": own, "hybrid": {**own, **joined.predictions}, "anchored": _ensembles(known, anchored)},
        baselines=rivals,
        calibration=Calibration(
            draws=len(fitted.draws.states),
            effective_sample_size=float(fitted.draws.effective().min()),
            max_pareto_k=float(max((o.k for o in left.values() if not o.refitted), default=-np.inf)),
        ),
    )
    return Validation(board, fitted, left, plain, joined.weights)


def _predicted(
    whole: Posterior,
    left: Mapping[str, LeftOut],
    emulated: Emulated,
    lock: Lock,
    seed: int,
    *,
    anchored: bool,
) -> dict[Target, Predicted]:
    found: dict[Target, Predicted] = {}
    for study, own in left.items():
        found |= prediction.predict(
            whole, own.states, own.weights, study, emulated, lock, seed, anchored=anchored
        )
    return found


def _ensembles(lock: Lock, predicted: Mapping[Target, Predicted]) -> dict[Target, Predictive]:
    errors = {o.target: o.se for o in lock.observed}
    found: dict[Target, Predictive] = {}
    for target, p in predicted.items():
        se = np.full(len(p.draws), errors[target]) if target.is_ratio else None
        found[target] = Ensemble(p.draws, p.weights, standard_errors=se)
    return found


def contraction(fitted: Fit) -> tuple[tuple[str, float, float, float], ...]:
    """Identifiability: of each entry of a state its posterior mean, sd, and 1 - (posterior over prior variance).

    0 is what only the prior knows, 1 what the evidence fixes. For structures the mean is 2 x probability - 1.
    """
    states = fitted.draws.states
    own = fitted.posterior.layout
    prior = posterior.prior_states(own, 4000, 1)
    found = []
    for i, name in enumerate(posterior.names(fitted.posterior.space)):
        shrunk = 1.0 - states[:, i].var() / prior[:, i].var()
        found.append((name, float(states[:, i].mean()), float(states[:, i].std()), float(shrunk)))
    return tuple(found)
