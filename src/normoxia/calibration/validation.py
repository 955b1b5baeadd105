"""The whole validation in one verb: posterior, every study left out in turn, predictions, their combinations, scoreboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from normoxia import library
from normoxia.calibration import combined, stacking
from normoxia.calibration.fitting import (
    ensemble,
    hyperparameters,
    leave_out,
    observations,
    posterior,
    prediction,
    sampler,
)
from normoxia.calibration.fitting.emulated import EmulatedStudies
from normoxia.calibration.fitting.hyperparameters import Space
from normoxia.calibration.fitting.leave_out import LeftOutStudies
from normoxia.calibration.fitting.observations import ObservationBlock
from normoxia.calibration.fitting.posterior import Posterior
from normoxia.calibration.fitting.prediction import StudyPrediction
from normoxia.calibration.fitting.processes import run_in_processes
from normoxia.calibration.fitting.sampler import PosteriorDraws
from normoxia.calibration.fitting.threads import one_thread
from normoxia.calibration.scoring import attempts, baselines, choice, combination, registry_evidence
from normoxia.calibration.scoring import lock as locked
from normoxia.calibration.scoring.attempts import Attempt
from normoxia.calibration.scoring.lock import Lock, Target
from normoxia.calibration.scoring.scoreboard import EnsembleDiagnostics, Scoreboard, scoreboard
from normoxia.calibration.scoring.scores import Predictive, SampledPredictive
from normoxia.calibration.stacking import StackedStructures
from normoxia.progress import Progress, Step, silent

Floats = NDArray[np.float64]

#: rounds of a fit that are kept, of EVERY so many: chains have to go on for that long to agree (R-hat near 1.05)
CHAINS, WARM_UP, ROUNDS, EVERY = 128, 200, 80, 2
#: the seed of printed scores; and the file of the shipped emulators, beside the lock
SEED, EMULATORS = 1, "emulated.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A posterior and its draws, and figures of the evidence that could not be emulated and so do not count."""

    posterior: Posterior
    draws: PosteriorDraws
    not_emulated: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Predictor:
    """One way to predict: its fit to everything, and what it says of each scored study without it."""

    fit: Fit
    left_out: Mapping[str, LeftOutStudies]
    predicted: Mapping[Target, StudyPrediction]


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """A scoreboard with what made it.

    mechanism    by itself
    discrepancy  with components that may differ from it in every trial alike
    attempts     every attempt, with its scores
    ensemble     digest of the ensemble that was validated, "" where it is none that is shipped
    """

    board: Scoreboard
    mechanism: Predictor
    discrepancy: Predictor
    attempts: tuple[Attempt, ...]
    ensemble: str = ""

    @property
    def left_out(self) -> Mapping[str, LeftOutStudies]:
        """How each study was left out of the mechanism."""
        return self.mechanism.left_out

    @property
    def identifiability(self) -> tuple[tuple[str, float, float, float], ...]:
        """What the evidence determines of each entry of a state, as `contraction`."""
        return contraction(self.mechanism.fit)

    @property
    def stacked(self) -> Mapping[str, StackedStructures]:
        """The weight of each structure by predictions of left-out contrasts."""
        return stacking.stack(
            self.board.lock, self.mechanism.fit.posterior, self.left_out, self.mechanism.predicted
        )


def prepare(
    space: Space, emulated: EmulatedStudies, lock: Lock, *, discrepant: bool = False
) -> tuple[Posterior, tuple[str, ...]]:
    """The posterior of everything emulated, and the figures left out because simulation gives the same of them everywhere or nothing."""
    kept, lost = [], []
    for block in observations.blocks(emulated.figures, lock):
        known = emulated.varying(block.study)
        places = [i for i, o in enumerate(block.observations) if o.figure in known]
        lost += [str(o) for o in block.observations if o.figure not in known]
        if places:
            kept.append(_part(block, places))
    surfaces = {
        block.study: emulated.of(block.study, [o.figure for o in block.observations])
        for block in kept
    }
    own = posterior.layout(space, discrepant=discrepant)
    return Posterior(space, own, tuple(kept), surfaces), tuple(lost)


def _part(block: ObservationBlock, places: list[int]) -> ObservationBlock:
    chosen = tuple(block.observations[i] for i in places)
    return ObservationBlock(
        study=block.study,
        single_arm=block.single_arm,
        observations=chosen,
        y=block.y[places],
        covariance=block.covariance[np.ix_(places, places)],
    )


def fit(
    space: Space,
    emulated: EmulatedStudies,
    lock: Lock,
    seed: int,
    *,
    discrepant: bool = False,
    every: int = EVERY,
    progress: Progress = silent,
) -> Fit:
    """Draws of the posterior given every study; `discrepant` lets components depart from the mechanism.

    every  rounds of which one is kept; more make the draws agree better between chains
    """
    whole, lost = prepare(space, emulated, lock, discrepant=discrepant)
    start = posterior.prior_states(whole.layout, CHAINS, seed)
    start[:, : whole.layout.n_continuous] *= 0.3
    draws = sampler.sample(
        whole,
        whole.layout,
        start,
        seed,
        warm_up=WARM_UP,
        rounds=ROUNDS,
        every=every,
        progress=progress,
    )
    return Fit(whole, draws, lost)


def validate(*, seed: int = SEED, workers: int = 1, progress: Progress = silent) -> Validation:
    """The shipped calibration validated, from the shipped emulators on; see `cross_validate`."""
    emulated, shipped = EmulatedStudies.read(shipped_emulators()), ensemble.read()
    validation = cross_validate(
        hyperparameters.read(),
        emulated,
        seed,
        outdated=shipped.outdated,
        workers=workers,
        progress=progress,
    )
    return replace(validation, ensemble=shipped.digest)


def shipped_emulators() -> Path:
    """Where the shipped emulators stand."""
    return library.path("calibrations", "nsclc").with_name(EMULATORS)


def cross_validate(
    space: Space,
    emulated: EmulatedStudies,
    seed: int,
    *,
    lock: Lock | None = None,
    outdated: tuple[str, ...] = (),
    workers: int = 1,
    progress: Progress = silent,
) -> Validation:
    """Every scored study predicted without itself, and the scoreboard of all ways to predict it beside the baselines.

    workers  processes, see `run_in_processes`; the scores are the same for any number
    """
    known = locked.read() if lock is None else lock
    fits = run_in_processes(
        [
            partial(fit, space, emulated, known, seed, discrepant=discrepant)
            for discrepant in (False, True)
        ],
        workers=workers,
        progress=progress,
    )
    studies = tuple(study for study in known.studies if study in emulated.figures)
    left = [
        leave_out.leave_out(
            f.posterior, f.draws, studies, seed + 1, workers=workers, progress=progress
        )
        for f in fits
    ]
    ways = ((fits[0], left[0], False), (fits[1], left[1], False), (fits[0], left[0], True))
    alone, with_discrepancy, anchored = run_in_processes(
        [
            partial(_predicted, fitted.posterior, own, emulated, known, seed, anchored=anchored)
            for fitted, own, anchored in ways
        ],
        workers=workers,
        progress=progress,
    )
    mechanism = Predictor(fits[0], left[0], alone)
    discrepancy = Predictor(fits[1], left[1], with_discrepancy)
    draws = mechanism.fit.draws
    rivals = baselines.baselines(known)
    combined_ratios = combined.combine(
        known, mechanism.predicted, rivals["component_nma"].predictions, seed
    )
    own = _ensembles(known, mechanism.predicted)
    medians = {o.target: own[o.target].median for o in known.contrasts if o.target in own}
    by_class, learned = combination.combine(registry_evidence.evidence(known), medians)
    choices = choice.choose(known, combined_ratios, by_class)
    board = scoreboard(
        known,
        {
            "mechanism": own,
            "combined": {**own, **combined_ratios},
            "discrepancy": _ensembles(known, discrepancy.predicted),
            "anchored": _ensembles(known, anchored),
            "by_class": {**own, **by_class},
            "chosen": {**own, **choice.chosen(choices, combined_ratios, by_class)},
        },
        baselines=rivals,
        learned=learned,
        choices=choices,
        diagnostics=EnsembleDiagnostics(
            draws=len(draws.states),
            effective_sample_size=float(draws.effective().min()),
            max_pareto_k=float(
                max((o.k for o in mechanism.left_out.values() if not o.refitted), default=-np.inf)
            ),
            largest_r_hat=float(draws.shrinkage().max()),
            outdated=outdated,
        ),
    )
    return Validation(board, mechanism, discrepancy, attempts.read())


def _predicted(
    whole: Posterior,
    left: Mapping[str, LeftOutStudies],
    emulated: EmulatedStudies,
    lock: Lock,
    seed: int,
    *,
    anchored: bool,
    progress: Progress,
) -> dict[Target, StudyPrediction]:
    found: dict[Target, StudyPrediction] = {}
    with one_thread():
        for i, (study, own) in enumerate(left.items(), 1):
            found |= prediction.predict(
                whole, own.states, own.weights, study, emulated, lock, seed, anchored=anchored
            )
            progress(Step("predicting", i, len(left), "studies"))
    return found


def _ensembles(lock: Lock, predicted: Mapping[Target, StudyPrediction]) -> dict[Target, Predictive]:
    errors = {o.target: o.se for o in lock.observed}
    found: dict[Target, Predictive] = {}
    for target, p in predicted.items():
        se = np.full(len(p.draws), errors[target]) if target.is_ratio else None
        found[target] = SampledPredictive(p.draws, p.weights, standard_errors=se)
    return found


def contraction(fitted: Fit) -> tuple[tuple[str, float, float, float], ...]:
    """Identifiability: of each entry of a state its posterior mean, sd, and 1 - (posterior over prior variance).

    0 is what only the prior knows, 1 what the evidence fixes. For structures the mean is 2 x probability - 1.
    """
    states = fitted.draws.states
    own = fitted.posterior.layout
    prior = posterior.prior_states(own, 4000, 1)
    found = []
    for i, name in enumerate(posterior.names(fitted.posterior.space, own)):
        shrunk = 1.0 - states[:, i].var() / prior[:, i].var()
        found.append((name, float(states[:, i].mean()), float(states[:, i].std()), float(shrunk)))
    return tuple(found)
