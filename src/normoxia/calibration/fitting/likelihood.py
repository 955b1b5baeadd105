"""Normal log likelihoods of every study's figures at once, for many states, and their slopes.

The mean of a figure is a quadratic surface; its covariance with the study's others is chance + what the trial's own shifts move
along the surfaces + independent errors. All surfaces are evaluated in one matrix product, and the covariances are solved by compiled
code (`covariance_kernel`). `Posterior.moments` gives the same study by study, slowly and clearly.

Slopes are evaluated in single precision: a sampler may be steered by any function of position, and accepts by `values`, which are
in double precision. Along a line the mean is a parabola, so that a state moved along it costs no product over all surfaces (`Line`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.fitting import covariance_kernel, products_kernel
from normoxia.calibration.fitting.emulator import Surfaces
from normoxia.calibration.fitting.vector_code import padded

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Places = NDArray[np.intp]

#: states taken together: few enough for a processor's cache, many enough that Python's own time does not count
TOGETHER = 128


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StudyData:
    """A study's m figures as the likelihood needs them.

    Attributes
    ----------
    y
        Published values; shape (m,).
    chance
        Their covariance by chance alone; shape (m, m).
    surfaces
        What simulated trials give for them.
    discrepancy
        How often each component's discrepancy counts; shape (m, n_shifts).
    structural
        Which spread is their structural error; shape (m,).
    scale
        Factor of that spread; shape (m,).
    single_arm
        Whether the study's trial effects have the wider spread of single arms.
    """

    y: Floats
    chance: Floats
    surfaces: Surfaces
    discrepancy: Floats
    structural: Places
    scale: Floats
    single_arm: bool


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Slopes:
    """Slopes of the sum of log likelihoods; shapes (n, n_coordinates), (n, n_spreads) and (n, n_shifts)."""

    coordinates: Floats
    log_spreads: Floats
    shifts: Floats


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Line:
    """How the means of M figures change along a direction: by step*(rise [1, x]) + step^2*bend from coordinates x.

    Attributes
    ----------
    rise
        Shape (M, 1 + n_coordinates).
    bend
        Shape (M,).
    """

    rise: Floats
    bend: Floats


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Likelihood:
    """The figures of all studies, one study's after another's.

    Attributes
    ----------
    first
        Row of each study's first figure, and the number M of all figures; n_studies + 1 entries.
    y
        Published values; shape (M,).
    mean
        Coefficients of 1, coordinates, discrepancies and products of coordinates; shape (M, n_features).
    quadratic
        Those of products as symmetric matrices; shape (M, n_coordinates, n_coordinates).
    steep
        Those of 1 and coordinates in a figure's change per unit of a trial's shift; shape (n_effects, M, 1 + n_coordinates).
    chance
        Covariances by chance, entry by entry, one study's m^2 after another's.
    error2
        Variance of the surface itself; shape (M,).
    structural, scale2
        Which spread is a figure's structural error, and its factor squared; shape (M,).
    single_arm
        Whether a study has the spread of single arms; shape (n_studies,).
    single
        Position of the single arms' spread; those of the trial effects are the first.
    """

    first: tuple[int, ...]
    y: Floats
    mean: Floats
    quadratic: Floats
    steep: Floats
    chance: Floats
    error2: Floats
    structural: Places
    scale2: Floats
    single_arm: NDArray[np.bool_]
    single: int
    single_precision: Singles = field(repr=False)

    @property
    def n_coordinates(self) -> int:
        """Number of coordinates."""
        return int(self.steep.shape[2]) - 1

    @property
    def n_studies(self) -> int:
        """Number of studies."""
        return len(self.first) - 1

    def means(self, coordinates: Floats, shifts: Floats) -> Floats:
        """Means of all figures, shape (n, M), at states of shapes (n, d) and (n, n_shifts)."""
        found = np.zeros((len(coordinates), len(self.y)))
        for part in _parts(len(coordinates)):
            found[part] = (self.mean @ self._features(coordinates[part].T, shifts[part].T)).T
        return found

    def values(self, means: Floats, coordinates: Floats, log_spreads: Floats) -> Floats:
        """Log likelihood of each study, shape (n, n_studies), given the figures' means, shape (n, M)."""
        found = np.zeros((len(coordinates), self.n_studies))
        for part in _parts(len(coordinates)):
            found[part] = self._solve(
                means[part].T, coordinates[part], log_spreads[part], slopes=False
            ).values
        return found

    def line(self, coordinates: Floats, shifts: Floats) -> Line:
        """How means change along a direction of shapes (d,) and (n_shifts,)."""
        d = self.n_coordinates
        constant = self.mean[:, 1 : 1 + d] @ coordinates
        constant += self.mean[:, 1 + d : 1 + d + len(shifts)] @ shifts
        bent = self.quadratic @ coordinates
        return Line(
            rise=np.concatenate([constant[:, None], 2.0 * bent], axis=1), bend=bent @ coordinates
        )

    def slopes(self, coordinates: Floats, log_spreads: Floats, shifts: Floats) -> Slopes:
        """Slopes of the sum of log likelihoods; those along coordinates leave out how the covariance changes."""
        found = Slopes(
            coordinates=np.zeros(coordinates.shape),
            log_spreads=np.zeros(log_spreads.shape),
            shifts=np.zeros(shifts.shape),
        )
        for part in _parts(len(coordinates)):
            n = len(coordinates[part])
            features = self._single_features(coordinates[part].T, shifts[part].T)
            means = self.single_precision @ features
            solved = self._solve(means[:, :n], coordinates[part], log_spreads[part], slopes=True)
            along = self._along_mean(features, solved.pulled.astype(np.float32))[:, :n]
            found.coordinates[part] = along[: self.n_coordinates].T
            found.shifts[part] = along[self.n_coordinates :].T
            found.log_spreads[part] = self._along_spreads(solved, n).T
        return found

    def _solve(
        self,
        means: NDArray[np.floating[Any]],
        coordinates: Floats,
        log_spreads: Floats,
        *,
        slopes: bool,
    ) -> _Solved:
        """Every study's covariance at every state; means of shape (M, n)."""
        n, total, effects = len(coordinates), len(self.y), len(self.steep)
        full = padded(n)
        residual, errors = np.zeros((total, full)), np.ones((total, full))
        np.subtract(self.y[:, None], means, out=residual[:, :n])
        variances = np.exp(2.0 * log_spreads.T)
        structural = self.scale2[:, None] * variances[self.structural]
        np.add(structural, self.error2[:, None], out=errors[:, :n])
        sd = np.zeros((2, effects, full))
        sd[0, :, :n] = variances[:effects]
        sd[1, :, :n] = variances[:effects] + variances[self.single]
        np.sqrt(sd, out=sd)
        ones = np.zeros((1 + self.n_coordinates, full))
        ones[0], ones[1:, :n] = 1.0, coordinates.T
        steep = self.steep.reshape(effects * total, len(ones)) @ ones
        steep = steep.reshape(effects, total, full)
        solved = covariance_kernel.solve(
            covariance_kernel.Given(residual=residual, own=errors, steep=steep, sd=sd),
            self.chance,
            self.first,
            self.single_arm.tolist(),
            slopes=slopes,
        )
        sizes = np.diff(self.first)[:, None] * np.log(2.0 * np.pi)
        values = -0.5 * (solved.squares[:, :n] + np.log(solved.determinant[:, :n]) + sizes)
        return _Solved(
            values=values.T,
            pulled=solved.pulled,
            precision=solved.precision,
            gain=solved.gain,
            variances=variances,
            structural=structural,
        )

    def _features(self, x: Floats, shifts: Floats) -> Floats:
        """What `mean` multiplies; shape (n_features, n)."""
        d, n = x.shape
        found = np.ones((self.mean.shape[1], n))
        found[1 : 1 + d] = x
        start = 1 + d + len(shifts)
        found[1 + d : start] = shifts
        for i in range(d):
            np.multiply(x[i], x[i:], out=found[start : start + d - i])
            start += d - i
        return found

    def _single_features(self, x: Floats, shifts: Floats) -> Singles:
        """`_features` in single precision, states padded to whole vectors."""
        d, n = x.shape
        found = np.zeros((self.mean.shape[1], padded(n)), dtype=np.float32)
        start = 1 + d + len(shifts)
        found[0], found[1 : 1 + d, :n], found[1 + d : start, :n] = 1.0, x, shifts
        products_kernel.products(found[1 : 1 + d], found[start:])
        return found

    def _along_mean(self, features: Singles, pulled: Singles) -> Singles:
        """Slopes along coordinates, then discrepancies, through the figures' means; one row each."""
        d = self.n_coordinates
        steered = self.single_precision.T @ pulled
        start = len(steered) - d * (d + 1) // 2
        along = np.ascontiguousarray(steered[1:start])
        products_kernel.along(features[1 : 1 + d], steered[start:], along[:d])
        return along

    def _along_spreads(self, solved: _Solved, n: int) -> Floats:
        """0.5*(pulled' dC pulled - tr(C^-1 dC)) for each log spread; shape (n_spreads, n)."""
        effects, variances = len(self.steep), solved.variances
        slope = np.zeros_like(variances)
        trial, gain = variances[:effects], solved.gain[:, :, :n]
        both = trial + variances[self.single]
        # a single arm's variance is the sum of two, of which each log spread moves its own
        alone = gain[:, self.single_arm].sum(axis=1) / both
        slope[:effects] = gain[:, ~self.single_arm].sum(axis=1) + trial * alone
        slope[self.single] = variances[self.single] * alone.sum(axis=0)
        own = solved.structural * (solved.pulled**2 - solved.precision)[:, :n]
        for k in np.unique(self.structural):
            slope[k] += own[self.structural == k].sum(axis=0)
        return slope


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Solved:
    """Covariances C solved at n states; `pulled`, `precision` and `gain` are empty where slopes were not asked for.

    Attributes
    ----------
    values
        Log likelihoods; shape (n, n_studies).
    pulled, precision
        C^-1 times residuals, and the diagonal of C^-1; shape (M, n padded).
    gain
        Of each trial effect, (moved' C^-1 residual)^2 - moved' C^-1 moved; shape (n_effects, n_studies, n padded).
    variances
        Of the spreads; shape (n_spreads, n).
    structural
        Variance of the figures' structural error; shape (M, n).
    """

    values: Floats
    pulled: Floats
    precision: Floats
    gain: Floats
    variances: Floats
    structural: Floats


def of_studies(
    studies: Sequence[StudyData],
    shifted: Sequence[int],
    units: Floats,
    single: int,
    n_coordinates: int,
) -> Likelihood:
    """The likelihood of some studies.

    Parameters
    ----------
    studies
        Their figures.
    shifted, units
        Coordinates that trials shift, and how far a unit of a shift moves them; n_effects entries.
    single
        Position of the single arms' spread among the spreads.
    n_coordinates
        Of the surfaces.
    """
    sizes = [len(s.y) for s in studies]
    first, second = np.triu_indices(n_coordinates)
    n_shifts = studies[0].discrepancy.shape[1] if studies else 0
    d = n_coordinates
    constant, linear, quadratic, error = (
        _stacked([getattr(s.surfaces, name) for s in studies], shape)
        for name, shape in (
            ("constant", ()),
            ("linear", (d,)),
            ("quadratic", (d, d)),
            ("error", ()),
        )
    )
    # products stand once for both orders, squares once
    products = quadratic[:, first, second] * np.where(first == second, 1.0, 2.0)
    shifts = _stacked([s.discrepancy for s in studies], (n_shifts,))
    mean = np.concatenate([constant[:, None], linear, shifts, products], axis=1)
    steep = [
        unit * np.concatenate([linear[:, [at]], 2.0 * quadratic[:, at]], axis=1)
        for at, unit in zip(shifted, units, strict=True)
    ]
    return Likelihood(
        first=(0, *np.cumsum(sizes, dtype=int).tolist()),
        y=_stacked([s.y for s in studies], ()),
        mean=mean,
        quadratic=quadratic,
        steep=np.reshape(steep, (len(units), sum(sizes), 1 + d)),
        chance=np.concatenate([np.zeros(0), *(s.chance.ravel() for s in studies)]),
        error2=error**2,
        structural=_stacked([s.structural for s in studies], ()).astype(np.intp),
        scale2=_stacked([s.scale for s in studies], ()) ** 2,
        single_arm=np.array([s.single_arm for s in studies], dtype=bool),
        single=single,
        single_precision=mean.astype(np.float32),
    )


def _stacked(parts: Sequence[NDArray[np.generic]], shape: tuple[int, ...]) -> Floats:
    """Arrays one below another; an empty one of rows of that shape without any."""
    return np.concatenate([np.zeros((0, *shape)), *parts])


def _parts(n: int) -> list[slice]:
    return [slice(i, i + TOGETHER) for i in range(0, n, TOGETHER)]
