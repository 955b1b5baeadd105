"""The posterior of the hyperparameters, structures and spreads, given published figures and emulated trials.

Given a point, a study's figures are normal: mean = emulated values; covariance = chance + the trial's own shifts passed through
the emulators' slopes + the emulators' error + structural error. So trials' shifts are integrated out, exactly where
the emulators are linear in them. Structures are +1 or -1 at even odds; spreads are half-normal a priori.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.fitting import discrepancy
from normoxia.calibration.fitting.emulator import Surfaces
from normoxia.calibration.fitting.hyperparameters import Space
from normoxia.calibration.fitting.likelihood import Likelihood, Line, StudyData, of_studies
from normoxia.calibration.fitting.observations import ObservationBlock
from normoxia.calibration.fitting.summaries import Kind

Floats = NDArray[np.float64]

#: scale of the half-normal priors of structural error, on the scales of ratios, responses and curves; assumed
STRUCTURAL = {"ratio": 0.1, "response": 0.25, "curve": 0.25}
#: log standard deviations are held from here up
SMALLEST = -6.0
#: log prior density, up to its constant, below which a state is taken as impossible: some 140 standard deviations out
IMPOSSIBLE = -1e4
#: Weibull shape of survival curves about their median, which turns the error of a log cumulative hazard into that of a log median; assumed
SHAPE = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class StateIndex:
    """Where what stands in a state: coordinates (continuous, then structures), then log spreads, then discrepancies.

    spreads  names: one a trial effect, "single arm", and those of structural error
    scales   of their half-normal priors; shape (n_spreads,)
    shifts   names of the components' discrepancies; () for the mechanism by itself
    """

    n_continuous: int
    n_structures: int
    spreads: tuple[str, ...]
    scales: tuple[float, ...]
    shifts: tuple[str, ...] = ()

    @property
    def n_coordinates(self) -> int:
        """Number of coordinates, structures included."""
        return self.n_continuous + self.n_structures

    @property
    def width(self) -> int:
        """Number of entries of a state."""
        return self.n_coordinates + len(self.spreads) + len(self.shifts)

    @property
    def moving(self) -> NDArray[np.intp]:
        """Positions that move continuously: all but the structures."""
        return np.concatenate(
            [np.arange(self.n_continuous), np.arange(self.n_coordinates, self.width)]
        )

    def logs(self, states: Floats) -> Floats:
        """Log spreads of each state; shape (n, n_spreads)."""
        return states[:, self.n_coordinates : self.n_coordinates + len(self.spreads)]

    def shift(self, states: Floats) -> Floats:
        """Discrepancies of each state; shape (n, n_shifts)."""
        return states[:, self.n_coordinates + len(self.spreads) :]

    def spread(self, states: Floats, name: str) -> Floats:
        """A standard deviation of each state."""
        return np.asarray(np.exp(states[:, self.n_coordinates + self.spreads.index(name)]))


def layout(space: Space, *, discrepant: bool = False) -> StateIndex:
    """The layout of a space's states; `discrepant` lets components depart from the mechanism."""
    effects = tuple(effect.name for effect in space.trial_effects)
    scales = [space.spread_randomised] * len(effects) + [
        space.spread_single_arm,
        *STRUCTURAL.values(),
    ]
    return StateIndex(
        n_continuous=len(space.parameters),
        n_structures=len(space.structures),
        spreads=(*effects, "single arm", *STRUCTURAL),
        scales=tuple(scales),
        shifts=discrepancy.names() if discrepant else (),
    )


@dataclass(frozen=True, eq=False)
class Posterior:
    """Log densities of states, and slopes of them for a sampler to move along.

    surfaces  by study, of the figures of its block's observations in their order
    """

    space: Space
    layout: StateIndex
    blocks: tuple[ObservationBlock, ...]
    surfaces: Mapping[str, Surfaces]

    def without(self, study: str) -> Posterior:
        """The posterior with a study left out."""
        kept = tuple(block for block in self.blocks if block.study != study)
        return Posterior(self.space, self.layout, kept, self.surfaces)

    def log_prior(self, states: Floats) -> tuple[Floats, Floats]:
        """Log prior density, shape (n,), and its slope, shape (n, width); of log spreads with the Jacobian."""
        own = self.layout
        slope = np.zeros_like(states)
        z = states[:, : own.n_continuous]
        slope[:, : own.n_continuous] = -z
        logs, shifts = own.logs(states), own.shift(states)
        ratio2 = np.exp(2.0 * logs) / np.array(own.scales) ** 2
        slope[:, own.n_coordinates : own.n_coordinates + logs.shape[1]] = 1.0 - ratio2
        slope[:, own.n_coordinates + logs.shape[1] :] = -shifts / discrepancy.PRIOR_SD**2
        value = -0.5 * ((z**2).sum(axis=1) + ((shifts / discrepancy.PRIOR_SD) ** 2).sum(axis=1))
        value += (logs - 0.5 * ratio2).sum(axis=1)
        return np.where((logs > SMALLEST).all(axis=1), value, -np.inf), slope

    def log_likelihood(self, states: Floats) -> Floats:
        """Log likelihood of each block; shape (n, n_blocks)."""
        own = self.layout
        coordinates = states[:, : own.n_coordinates]
        means = self._likelihood.means(coordinates, own.shift(states))
        return self._likelihood.values(means, coordinates, own.logs(states))

    def likelihood_slope(self, states: Floats) -> Floats:
        """Slope of the sum of log likelihoods, in single precision; shape (n, width).

        It leaves out how the covariance changes with the coordinates, which steers a sampler well enough; it is no gradient to
        optimise by.
        """
        own = self.layout
        slopes = self._likelihood.slopes(
            states[:, : own.n_coordinates], own.logs(states), own.shift(states)
        )
        return np.concatenate([slopes.coordinates, slopes.log_spreads, slopes.shifts], axis=1)

    def log_density(self, states: Floats) -> Floats:
        """Log posterior density up to a constant, shape (n,).

        Where the prior all but vanishes (`IMPOSSIBLE`) the density is 0: covariances there may be singular to a computer.
        """
        return self.value(states)[0]

    # what a sampler asks, see `sampler.SampledDensity`

    def slope(self, states: Floats) -> Floats:
        """What steers a trajectory: slopes of prior and likelihood, of the prior alone where it all but vanishes."""
        prior, slope = self.log_prior(states)
        possible = prior > IMPOSSIBLE
        slope[possible] += self.likelihood_slope(states[possible])
        return slope

    def value(self, states: Floats) -> tuple[Floats, Floats]:
        """Log density, shape (n,), and the figures' means, shape (n, n_figures), from which `moved` goes on."""
        own = self.layout
        means = self._likelihood.means(states[:, : own.n_coordinates], own.shift(states))
        return self._density(states, means), means

    def line(self, direction: Floats) -> Line:
        """What `moved` needs to know of a direction of shape (width,)."""
        own = self.layout
        return self._likelihood.line(direction[: own.n_coordinates], own.shift(direction[None])[0])

    def moved(
        self, states: Floats, before: Floats, means: Floats, line: object, step: Floats
    ) -> tuple[Floats, Floats]:
        """`value` at states that lie `step` (n,) along a line from those `before`, whose means are given."""
        assert isinstance(line, Line)
        coordinates = before[:, : self.layout.n_coordinates]
        rise = line.rise[:, 0] + coordinates @ line.rise[:, 1:].T
        there = means + step[:, None] * rise + (step**2)[:, None] * line.bend
        return self._density(states, there), there

    def _density(self, states: Floats, means: Floats) -> Floats:
        own, (prior, _) = self.layout, self.log_prior(states)
        value = np.full(len(states), -np.inf)
        possible = prior > IMPOSSIBLE
        near = states[possible]
        likelihood = self._likelihood.values(
            means[possible], near[:, : own.n_coordinates], own.logs(near)
        )
        value[possible] = prior[possible] + likelihood.sum(axis=1)
        return value

    def moments(self, block: ObservationBlock, states: Floats) -> tuple[Floats, Floats, Floats]:
        """Mean, covariance and slopes of a study's figures: shapes (n, m), (n, m, m), (n, m, n_coordinates)."""
        own = self.layout
        surfaces = self.surfaces[block.study]
        mean, slopes = surfaces.with_slope(states[:, : own.n_coordinates])
        if own.shifts:
            mean = mean + own.shift(states) @ self._discrepancy(block).T
        shifts = (
            slopes[:, :, list(self.space.shifted)]
            * (self.shift_sd(block.single_arm, states) * self.space.shift_units)[:, None, :]
        )
        cov = np.einsum("nik,njk->nij", shifts, shifts) + block.covariance
        own_error = surfaces.error**2 + self.structural(block, states) ** 2
        diagonal = np.arange(len(block.y))
        cov[:, diagonal, diagonal] += own_error
        return mean, cov, slopes

    def _discrepancy(self, block: ObservationBlock) -> Floats:
        return discrepancy.design(tuple(o.figure for o in block.observations))

    def shift_sd(self, single_arm: bool, states: Floats) -> Floats:
        """Standard deviations of a trial's shifts on their scales; shape (n, n_trial_effects)."""
        own = self.layout
        sd = np.stack(
            [own.spread(states, effect.name) for effect in self.space.trial_effects], axis=1
        )
        if single_arm:
            sd = np.sqrt(sd**2 + own.spread(states, "single arm")[:, None] ** 2)
        return sd

    def structural(self, block: ObservationBlock, states: Floats) -> Floats:
        """Standard deviations of structural error of a study's figures; shape (n, m)."""
        parts = [_STRUCTURAL[o.figure.kind] for o in block.observations]
        return np.stack([scale * self.layout.spread(states, name) for name, scale in parts], axis=1)

    @cached_property
    def _likelihood(self) -> Likelihood:
        own = self.layout
        return of_studies(
            [self._figures(block) for block in self.blocks],
            self.space.shifted,
            self.space.shift_units,
            own.spreads.index("single arm"),
            own.n_coordinates,
        )

    def _figures(self, block: ObservationBlock) -> StudyData:
        parts = [_STRUCTURAL[o.figure.kind] for o in block.observations]
        return StudyData(
            y=block.y,
            chance=block.covariance,
            surfaces=self.surfaces[block.study],
            discrepancy=self._discrepancy(block)
            if self.layout.shifts
            else np.zeros((len(block.y), 0)),
            structural=np.array(
                [self.layout.spreads.index(name) for name, _ in parts], dtype=np.intp
            ),
            scale=np.array([scale for _, scale in parts]),
            single_arm=block.single_arm,
        )


#: structural error by kind: whose standard deviation, times what
_STRUCTURAL = {
    Kind.RATIO: ("ratio", 1.0),
    Kind.STRATUM: ("ratio", 1.0),
    Kind.RESPONSE: ("response", 1.0),
    Kind.CONTROL: ("response", 1.0),
    Kind.TOXICITY: ("response", 1.0),
    Kind.CURVE: ("curve", 1.0),
    Kind.MEDIAN: ("curve", 1.0 / SHAPE),
}


def prior_states(own: StateIndex, n: int, seed: int) -> Floats:
    """States drawn from the prior; shape (n, width)."""
    from scipy.special import erf, ndtri

    rng = np.random.default_rng(seed)
    states = np.zeros((n, own.width))
    states[:, : own.n_continuous] = rng.standard_normal((n, own.n_continuous))
    states[:, own.n_continuous : own.n_coordinates] = rng.choice([-1.0, 1.0], (n, own.n_structures))
    # half-normals beyond the smallest, by inversion
    scales = np.array(own.scales)
    least = erf(np.exp(SMALLEST) / (scales * np.sqrt(2.0)))
    shares = least + (1.0 - least) * rng.random((n, len(scales)))
    states[:, own.n_coordinates : own.n_coordinates + len(scales)] = np.log(
        scales * ndtri(0.5 + 0.5 * shares)
    )
    shifts = rng.standard_normal((n, len(own.shifts)))
    states[:, own.n_coordinates + len(scales) :] = discrepancy.PRIOR_SD * shifts
    return states


def names(space: Space, own: StateIndex) -> tuple[str, ...]:
    """Names of a state's entries; spreads with "sd" in front, discrepancies with "beyond the mechanism"."""
    return (
        *space.names,
        *(f"sd {name}" for name in own.spreads),
        *(f"beyond the mechanism: {name}" for name in own.shifts),
    )
