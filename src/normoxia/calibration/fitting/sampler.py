"""Draws from a posterior: many Hamiltonian chains at once, with every structure offered to be switched between moves.

Hamiltonian Monte Carlo (Neal 2011, Handbook of MCMC, ch. 5) in coordinates whitened by the chains' own covariance, which with the
step size adapts while warming up, then stands still. The slope need not be the exact gradient: the leapfrog is reversible and keeps
volume for any function of position, and acceptance uses the exact density. So it does for switches: coordinates move along with a
structure as they were seen to differ by it, a linear move that keeps volume and that the switch back undoes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.fitting.posterior import StateIndex
from normoxia.calibration.fitting.threads import one_thread
from normoxia.errors import InvalidArgument
from normoxia.progress import Progress, Step, silent

Floats = NDArray[np.float64]
Density = Callable[[Floats], tuple[Floats, Floats]]
Value = Callable[[Floats], Floats]

#: acceptance the step size is steered to (Neal 2011, 5.4.4.1)
ACCEPTANCE = 0.7
LEAPS = 7
#: the shortest step a chain may come down to
SHORTEST = 1e-5
#: share of the diagonal that the chains' covariance is drawn towards
TOWARDS_DIAGONAL = 0.1
#: rounds of warm-up between two looks at how coordinates spread, each at the later half of the rounds so far
LOOK = 10
#: rounds before the first look where a tuning was given: fewer would tell less than it does
TRUSTED = 40
#: draws without any association that are added to those from which is told how coordinates go with structures; assumed
SCEPTICAL = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Tuning:
    """What adapts while warming up.

    step    size of a leap
    factor  Cholesky factor of the covariance that whitens, given the structures; shape (n_moving, n_moving)
    along   what moves with a structure, per unit of it; shape (n_structures, n_moving), nothing when omitted
    """

    step: float
    factor: Floats
    along: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PosteriorDraws:
    """States drawn; the chains' draws of shape (n_rounds, n_chains, width).

    acceptance  mean over the rounds kept
    tuning      what was adapted, for a sampler of a posterior nearby to begin with
    """

    chains: Floats
    acceptance: float
    tuning: Tuning

    @property
    def states(self) -> Floats:
        """All draws, round by round; shape (n_rounds*n_chains, width)."""
        return self.chains.reshape(-1, self.chains.shape[2])

    def effective(self) -> Floats:
        """Effective number of draws of each entry, from the spread of chains' means; shape (width,).

        Chains are many and short, so the variance of their means over that of the draws counts independent draws a chain
        (Gelman 2013, Bayesian Data Analysis, 11.5, at lag-free resolution); at most the number of draws.
        """
        rounds, n, _ = self.chains.shape
        within = self.chains.reshape(rounds * n, -1).var(axis=0)
        between = self.chains.mean(axis=0).var(axis=0, ddof=1)
        ratio = within / np.maximum(between, 1e-300)
        return np.asarray(
            np.where(between > 0, np.minimum(ratio, rounds) * n, rounds * n), dtype=np.float64
        )

    def shrinkage(self) -> Floats:
        """Split R-hat of each entry (Gelman 2013, 11.4); shape (width,)."""
        half = len(self.chains) // 2
        parts = np.concatenate([self.chains[:half], self.chains[half : 2 * half]], axis=1)
        within = parts.var(axis=0, ddof=1).mean(axis=0)
        between = half * parts.mean(axis=0).var(axis=0, ddof=1)
        total = (half - 1) / half * within + between / half
        return np.where(within > 0, np.sqrt(total / np.maximum(within, 1e-300)), 1.0)


def sample(
    density: Density,
    own: StateIndex,
    start: Floats,
    seed: int,
    *,
    value: Value | None = None,
    warm_up: int = 60,
    rounds: int = 40,
    every: int = 1,
    tuning: Tuning | None = None,
    progress: Progress = silent,
) -> PosteriorDraws:
    """Draws of a density over states.

    density  gives log densities (n,) and slopes (n, width) of states (n, width)
    start    one state a chain; shape (n_chains, width)
    value    the log densities alone, where that is less work
    warm_up  rounds thrown away, in which step size and covariance adapt
    rounds   that are kept, one of `every` so many
    tuning   of a posterior nearby, to begin with
    raises   InvalidArgument for a chain that begins where the density is 0
    """
    with one_thread():
        return _sample(
            density,
            value or (lambda states: density(states)[0]),
            own,
            start,
            np.random.default_rng(seed),
            warm_up,
            rounds,
            every,
            tuning,
            progress,
        )


def _sample(
    density: Density,
    value: Value,
    own: StateIndex,
    start: Floats,
    rng: np.random.Generator,
    warm_up: int,
    rounds: int,
    every: int,
    tuning: Tuning | None,
    progress: Progress,
) -> PosteriorDraws:
    moving = own.moving
    states = start.copy()
    here, slope = density(states)
    if not np.isfinite(here).all():
        lost = int((~np.isfinite(here)).sum())
        raise InvalidArgument(
            f"{lost} of {len(here)} chains begin where the density is 0; begin them elsewhere"
        )
    known = tuning or Tuning(0.15, np.eye(len(moving)))
    factor, along = known.factor, known.along
    if along is None:
        along = np.zeros((own.n_structures, len(moving)))
    # while warming up each chain has a step of its own: one that begins where the density is steep would never move at the others'
    step = np.full(len(states), known.step)
    kept, accepted = np.zeros((rounds, *states.shape)), []
    recent: list[Floats] = []
    total = warm_up + rounds * every
    for i in range(total):
        chance, states, here, slope = _move(density, moving, factor, step, states, here, slope, rng)
        for which, moved in enumerate(along, own.n_continuous):
            states, here = _flip(value, which, moving, moved, states, here, rng)
        if own.n_structures:
            here, slope = density(states)
        if i < warm_up:
            step = np.clip(step * np.exp(0.5 * (chance - ACCEPTANCE)), SHORTEST, 1.0)
            recent.append(states)
            enough = len(recent) % LOOK == 0 and len(recent) >= (TRUSTED if tuning else LOOK)
            if enough and warm_up - i > LOOK // 2:
                factor, along = _looked_at(np.concatenate(recent[len(recent) // 2 :]), own)
            if i == warm_up - 1:
                step[:] = np.median(step)
        else:
            kept[(i - warm_up) // every] = states
            accepted.append(float(chance.mean()))
        progress(Step("sampling", i + 1, total, "rounds"))
    return PosteriorDraws(kept, float(np.mean(accepted)), Tuning(float(step[0]), factor, along))


def _looked_at(states: Floats, own: StateIndex) -> tuple[Floats, Floats]:
    """The whitening factor given the structures, and how coordinates go with structures: a linear regression."""
    structures = states[:, own.n_continuous : own.n_coordinates]
    moving = states[:, own.moving]
    signs = structures - structures.mean(axis=0)
    precision = signs.T @ signs + SCEPTICAL * np.eye(own.n_structures)
    along = np.linalg.solve(precision, signs.T @ (moving - moving.mean(axis=0)))
    return _whitening(moving - structures @ along), along


def _whitening(states: Floats) -> Floats:
    """Cholesky factor of the states' covariance, drawn a little towards its diagonal."""
    covariance = np.atleast_2d(np.cov(states.T))
    diagonal = np.diag(np.maximum(np.diag(covariance), 1e-4))
    return np.asarray(
        np.linalg.cholesky((1.0 - TOWARDS_DIAGONAL) * covariance + TOWARDS_DIAGONAL * diagonal)
    )


def _move(
    density: Density,
    moving: NDArray[np.intp],
    factor: Floats,
    step: Floats,
    states: Floats,
    value: Floats,
    slope: Floats,
    rng: np.random.Generator,
) -> tuple[Floats, Floats, Floats, Floats]:
    """One trajectory of every chain; their chances of acceptance, and where the chains are then."""
    momentum = rng.standard_normal((len(states), len(moving)))
    kinetic = 0.5 * (momentum**2).sum(axis=1)
    # each chain has its own step, so that none runs in circles
    length = (step * rng.uniform(0.6, 1.2, len(states)))[:, None]
    new, new_value, new_slope, p = states.copy(), value, slope, momentum
    # a trajectory that runs away overflows, and is turned down
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        for _ in range(LEAPS):
            p = p + 0.5 * length * (new_slope[:, moving] @ factor)
            new[:, moving] += length * (p @ factor.T)
            new_value, new_slope = density(new)
            finite = np.isfinite(new_value)[:, None]
            p = p + 0.5 * length * (np.where(finite, new_slope[:, moving], 0.0) @ factor)
        gain = new_value - 0.5 * (p**2).sum(axis=1) - value + kinetic
    chance = np.exp(np.minimum(np.where(np.isfinite(gain), gain, -np.inf), 0.0))
    take = rng.random(len(states)) < chance
    return (
        chance,
        np.where(take[:, None], new, states),
        np.where(take, new_value, value),
        np.where(take[:, None], new_slope, slope),
    )


def _flip(
    value: Value,
    which: int,
    moving: NDArray[np.intp],
    along: Floats,
    states: Floats,
    here: Floats,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """One structure offered to be switched in every chain, with what goes along."""
    new = states.copy()
    new[:, moving] -= 2.0 * states[:, [which]] * along
    new[:, which] *= -1.0
    there = value(new)
    take = np.log(rng.random(len(states))) < there - here
    return np.where(take[:, None], new, states), np.where(take, there, here)
