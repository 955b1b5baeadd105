"""Draws from a posterior: many Hamiltonian chains at once, with every structure offered to be switched between moves.

Hamiltonian Monte Carlo (Neal 2011, Handbook of MCMC, ch. 5) in coordinates whitened by the chains' own covariance, which with the
step size adapts while warming up, then stands still. The slope need not be the exact gradient: the leapfrog is reversible and keeps
volume for any function of position, and acceptance uses the exact density. So it does for switches: coordinates move along with a
structure as they were seen to differ by it, a linear move that keeps volume and that the switch back undoes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.fitting.posterior import StateIndex
from normoxia.calibration.fitting.threads import one_thread
from normoxia.errors import InvalidArgument
from normoxia.progress import Progress, Step, silent

Floats = NDArray[np.float64]
#: log densities (n,) and slopes (n, width) of states (n, width)
Density = Callable[[Floats], tuple[Floats, Floats]]

#: acceptance the step size is steered to (Neal 2011, 5.4.4.1)
ACCEPTANCE = 0.7
#: leaps of a trajectory, and the step the first one begins with where no tuning was given
LEAPS, FIRST_STEP = 7, 0.15
#: the shortest step a chain may come down to
SHORTEST = 1e-5
#: share of the diagonal that the chains' covariance is drawn towards
TOWARDS_DIAGONAL = 0.1
#: rounds of warm-up between two looks at how coordinates spread, each at the later half of the rounds so far
LOOK = 10
#: rounds before the first look where a tuning was given: fewer would estimate worse than it
TRUSTED = 40
#: draws without any association that are added to those from which the association of coordinates with structures is estimated; assumed
SCEPTICAL = 10.0


class SampledDensity(Protocol):
    """A density that a sampler draws from.

    What `value` and `moved` give beside the density (`carried`, one row a state) is handed to the next `moved`, so that a state
    that lies along a known line from another may cost less than one from nowhere.
    """

    def slope(self, states: Floats) -> Floats:
        """What steers trajectories, any function of position, shape (n, width) as the states."""
        ...

    def value(self, states: Floats) -> tuple[Floats, Floats]:
        """Log densities, shape (n,), and what is carried on."""
        ...

    def line(self, direction: Floats) -> object:
        """What `moved` needs to know of a direction, shape (width,)."""
        ...

    def moved(
        self, states: Floats, before: Floats, carried: Floats, line: object, step: Floats
    ) -> tuple[Floats, Floats]:
        """`value` at states that lie `step` (n,) along the line from those `before`."""
        ...


@dataclass(frozen=True, slots=True)
class FunctionTarget:
    """A density that is a plain function."""

    density: Density

    def slope(self, states: Floats) -> Floats:
        """The function's slope; 0 where the density is 0."""
        value, slope = self.density(states)
        return np.where(np.isfinite(value)[:, None], slope, 0.0)

    def value(self, states: Floats) -> tuple[Floats, Floats]:
        """The function's value, and nothing to carry on."""
        return self.density(states)[0], np.zeros((len(states), 0))

    def line(self, direction: Floats) -> object:
        """Nothing."""
        del direction
        return None

    def moved(
        self, states: Floats, before: Floats, carried: Floats, line: object, step: Floats
    ) -> tuple[Floats, Floats]:
        """The function's value."""
        del before, line, step
        return self.density(states)[0], carried


@dataclass(frozen=True, slots=True, eq=False)
class _Chains:
    """Where chains are: states, shape (n, width), their log densities, and what the target carries on."""

    states: Floats
    value: Floats
    carried: Floats

    def where(self, take: NDArray[np.bool_], other: _Chains) -> _Chains:
        """These chains, with those of another where `take` says so."""
        return _Chains(
            np.where(take[:, None], other.states, self.states),
            np.where(take, other.value, self.value),
            np.where(take[:, None], other.carried, self.carried),
        )


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
    target: SampledDensity | Density,
    own: StateIndex,
    start: Floats,
    seed: int,
    *,
    warm_up: int = 60,
    rounds: int = 40,
    every: int = 1,
    tuning: Tuning | None = None,
    progress: Progress = silent,
) -> PosteriorDraws:
    """Draws of a density over states.

    Parameters
    ----------
    target
        The density; a plain function gives log densities (n,) and slopes (n, width).
    own
        What stands where in a state.
    start
        One state a chain; shape (n_chains, width).
    seed
        Of every random number.
    warm_up
        Rounds thrown away, in which step size and covariance adapt.
    rounds, every
        Rounds that are kept, one of `every` so many.
    tuning
        Of a posterior nearby, to begin with.
    progress
        Is called after each round.

    Raises
    ------
    InvalidArgument
        A chain begins where the density is 0.
    """
    drawn_from = FunctionTarget(target) if callable(target) else target
    with one_thread():
        return _Sampler(drawn_from, own, np.random.default_rng(seed), tuning).sample(
            start, warm_up, rounds, every, progress
        )


class _Sampler:
    """Chains on their way: the target, what adapts, and the random numbers."""

    def __init__(
        self,
        target: SampledDensity,
        own: StateIndex,
        rng: np.random.Generator,
        tuning: Tuning | None,
    ) -> None:
        self.target, self.own, self.rng = target, own, rng
        self.moving = own.moving
        begun = tuning or Tuning(FIRST_STEP, np.eye(len(self.moving)))
        along = begun.along
        if along is None:
            along = np.zeros((own.n_structures, len(self.moving)))
        self.first_look = TRUSTED if tuning else LOOK
        self.first_step = begun.step
        self._tune(begun.factor, along)

    def _tune(self, factor: Floats, along: Floats) -> None:
        """Take a whitening factor, and what moves along with each structure."""
        self.factor, self.along = factor, along
        directions = np.zeros((self.own.n_structures, self.own.width))
        directions[:, self.moving] = along
        for k in range(self.own.n_structures):
            directions[k, self.own.n_continuous + k] = 1.0
        self.directions = directions
        self.lines = [self.target.line(direction) for direction in directions]

    def sample(
        self, start: Floats, warm_up: int, rounds: int, every: int, progress: Progress
    ) -> PosteriorDraws:
        here = self._begin(start)
        # while warming up each chain has a step of its own: one that begins where the density is steep would never move at the others'
        step = np.full(len(start), self.first_step)
        kept, accepted = np.zeros((rounds, *start.shape)), []
        recent: list[Floats] = []
        total = warm_up + rounds * every
        for i in range(total):
            chance, here = self._move(here, step)
            for structure in range(self.own.n_structures):
                here = self._switch(here, structure)
            if i < warm_up:
                step = np.clip(step * np.exp(0.5 * (chance - ACCEPTANCE)), SHORTEST, 1.0)
                recent.append(here.states)
                enough = len(recent) % LOOK == 0 and len(recent) >= self.first_look
                if enough and warm_up - i > LOOK // 2:
                    latest = np.concatenate(recent[len(recent) // 2 :])
                    self._tune(*_looked_at(latest, self.own))
                if i == warm_up - 1:
                    step[:] = np.median(step)
            else:
                kept[(i - warm_up) // every] = here.states
                accepted.append(float(chance.mean()))
            progress(Step("sampling", i + 1, total, "rounds"))
        tuned = Tuning(float(step[0]), self.factor, self.along)
        return PosteriorDraws(kept, float(np.mean(accepted)), tuned)

    def _begin(self, start: Floats) -> _Chains:
        states = start.copy()
        value, carried = self.target.value(states)
        if not np.isfinite(value).all():
            lost = int((~np.isfinite(value)).sum())
            raise InvalidArgument(
                f"{lost} of {len(value)} chains begin where the density is 0; begin them elsewhere"
            )
        return _Chains(states, value, carried)

    def _move(self, here: _Chains, step: Floats) -> tuple[Floats, _Chains]:
        """One trajectory of every chain; their chances of acceptance, and where the chains are then."""
        n, moving, factor = len(here.states), self.moving, self.factor
        momentum = self.rng.standard_normal((n, len(moving)))
        # each chain has its own step, so that none runs in circles
        length = (step * self.rng.uniform(0.6, 1.2, n))[:, None]
        new, p = here.states.copy(), momentum
        # a trajectory that runs away overflows, and is rejected
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            slope = self._whitened(new)
            for _ in range(LEAPS):
                p = p + 0.5 * length * slope
                new[:, moving] += length * (p @ factor.T)
                slope = self._whitened(new)
                p = p + 0.5 * length * slope
            value, carried = self.target.value(new)
            gain = value - 0.5 * (p**2).sum(axis=1) - here.value + 0.5 * (momentum**2).sum(axis=1)
        chance = np.exp(np.minimum(np.where(np.isfinite(gain), gain, -np.inf), 0.0))
        return chance, here.where(self.rng.random(n) < chance, _Chains(new, value, carried))

    def _whitened(self, states: Floats) -> Floats:
        slope = self.target.slope(states)[:, self.moving]
        return np.asarray(np.where(np.isfinite(slope), slope, 0.0) @ self.factor)

    def _switch(self, here: _Chains, structure: int) -> _Chains:
        """One structure offered to be switched in every chain, with what goes along."""
        which = self.own.n_continuous + structure
        step = -2.0 * here.states[:, which]
        new = here.states + step[:, None] * self.directions[structure]
        new[:, which] = -here.states[:, which]
        value, carried = self.target.moved(
            new, here.states, here.carried, self.lines[structure], step
        )
        take = np.log(self.rng.random(len(new))) < value - here.value
        return here.where(take, _Chains(new, value, carried))


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
