"""Normal log likelihoods of every study's figures at once, for many states, and their slopes.

The mean of a figure is a quadratic surface; its covariance with the study's others is chance + what the trial's own shifts move along
the surfaces + independent errors. All surfaces are evaluated in one matrix product, and the covariances of all studies and states are
inverted together, figure by figure: a study with few figures drops out of later rows, so that nothing is spent on padding.
`Posterior.moments` says the same study by study, slowly and clearly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.fitting.emulator import Surfaces

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

#: states taken together: few enough for a processor's cache, many enough that Python's own time does not count
TOGETHER = 128


@dataclass(frozen=True, slots=True, eq=False)
class StudyData:
    """A study's m figures as the likelihood needs them.

    y           published values; shape (m,)
    chance      their covariance by chance alone; shape (m, m)
    surfaces    what simulated trials say of them
    departing   how often each discrepancy counts; shape (m, n_shifts)
    structural  which spread is their structural error, times what `scale`; shapes (m,)
    """

    y: Floats
    chance: Floats
    surfaces: Surfaces
    departing: Floats
    structural: Places
    scale: Floats
    single_arm: bool


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """Slopes of the sum of log likelihoods; shapes (n, n_coordinates), (n, n_spreads) and (n, n_shifts)."""

    coordinates: Floats
    log_spreads: Floats
    shifts: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """The figures of all studies side by side: every study's first, then the second of those that have two, and so on.

    Studies stand by their number of figures, most first, so that row i is of the first `active[i]` studies.

    order       the studies' positions as they came; shape (n_studies,)
    row, study  of each of all M figures; shape (M,)
    mean        coefficients of 1, coordinates, discrepancies and products of coordinates; shape (M, n_features)
    steep       those of 1 and coordinates in a figure's change per unit of a trial's shift; shape (n_effects, M, 1 + n_coordinates)
    chance      shape (n_rows, n_rows, n_studies), 0 beyond a study's figures
    error2      variance of the surface itself; shape (M,)
    structural  which spread is a figure's structural error, and `scale2`, its factor squared; shape (M,)
    single      position of the single arms' spread; those of the trial effects are the first
    """

    order: Places
    active: tuple[int, ...]
    row: Places
    study: Places
    y: Floats
    mean: Floats
    steep: Floats
    chance: Floats
    error2: Floats
    structural: Places
    scale2: Floats
    single_arm: NDArray[np.bool_]
    single: int

    @property
    def n_coordinates(self) -> int:
        return int(self.steep.shape[2]) - 1

    def values(self, coordinates: Floats, log_spreads: Floats, shifts: Floats) -> Floats:
        """Log likelihood of each study, shape (n, n_studies), at states of shapes (n, d), (n, n_spreads) and (n, n_shifts)."""
        found = np.zeros((len(coordinates), len(self.order)))
        for part in _parts(len(coordinates)):
            found[part] = self._values(
                self._solve(coordinates[part], log_spreads[part], shifts[part])
            )
        return found

    def with_slopes(
        self, coordinates: Floats, log_spreads: Floats, shifts: Floats
    ) -> tuple[Floats, Slopes]:
        """`values`, and slopes of their sum; those along coordinates leave out how the covariance changes."""
        found = np.zeros((len(coordinates), len(self.order)))
        slopes = Slopes(
            np.zeros(coordinates.shape), np.zeros(log_spreads.shape), np.zeros(shifts.shape)
        )
        for part in _parts(len(coordinates)):
            solved = self._solve(coordinates[part], log_spreads[part], shifts[part])
            found[part] = self._values(solved)
            pulled, precision = np.zeros_like(solved.turned), np.zeros_like(solved.turned)
            for row, turned in zip(solved.roots, solved.turned, strict=True):
                k, a, _ = row.shape
                pulled[:k, :a] += row * turned[:a]
                precision[:k, :a] += row**2
            slopes.coordinates[part], slopes.shifts[part] = self._along_mean(
                coordinates[part], pulled
            )
            slopes.log_spreads[part] = self._along_spreads(solved, pulled, precision).T
        return found, slopes

    def _solve(self, coordinates: Floats, log_spreads: Floats, shifts: Floats) -> _Solved:
        """Roots of the inverse covariances, row by row: each figure given those before it."""
        m, b, n = len(self.active), len(self.order), len(coordinates)
        features, linear = self._features(coordinates.T, shifts.T), 1 + self.n_coordinates
        residual = np.zeros((m, b, n))
        residual[self.row, self.study] = self.y[:, None] - self.mean @ features
        variances = np.exp(2.0 * log_spreads.T)
        effects = len(self.steep)
        trial = variances[:effects, None] + self.single_arm[:, None] * variances[self.single]
        moved = np.zeros((effects, m, b, n))
        steep = (self.steep.reshape(-1, linear) @ features[:linear]).reshape(effects, -1, n)
        moved[:, self.row, self.study] = steep * np.sqrt(trial)[:, self.study]
        structural = self.scale2[:, None] * variances[self.structural]
        own = np.zeros((m, b, n))
        own[self.row, self.study] = self.error2[:, None] + structural
        roots: list[Floats] = []
        turned, log_determinant = np.zeros((m, b, n)), np.zeros((b, n))
        for i, a in enumerate(self.active):
            shared = self.chance[i, : i + 1, :a, None] + np.einsum(
                "tbn,tkbn->kbn", moved[:, i, :a], moved[:, : i + 1, :a]
            )
            left = shared[i] + own[i, :a]
            row = np.zeros((i + 1, a, n))
            for j, known in enumerate(roots):
                told = np.einsum("kbn,kbn->bn", known[:, :a], shared[: j + 1])
                row[: j + 1] -= told * known[:, :a]
                left -= told**2
            row[i] = 1.0
            row /= np.sqrt(left)
            roots.append(row)
            turned[i, :a] = np.einsum("kbn,kbn->bn", row, residual[: i + 1, :a])
            log_determinant[:a] += np.log(left)
        return _Solved(roots, turned, log_determinant, moved, trial, variances, structural)

    def _features(self, x: Floats, shifts: Floats) -> Floats:
        """What `mean` multiplies; shape (n_features, n)."""
        d, n = x.shape
        found = np.ones((self.mean.shape[1], n))
        found[1 : 1 + d] = x
        first = 1 + d + len(shifts)
        found[1 + d : first] = shifts
        for i in range(d):
            np.multiply(x[i], x[i:], out=found[first : first + d - i])
            first += d - i
        return found

    def _values(self, solved: _Solved) -> Floats:
        sizes = np.bincount(self.study, minlength=len(self.order))
        squares = np.einsum("ibn,ibn->bn", solved.turned, solved.turned)
        values = -0.5 * (squares + solved.log_determinant + (sizes * np.log(2.0 * np.pi))[:, None])
        found = np.zeros(values.T.shape)
        found[:, self.order] = values.T
        return found

    def _along_mean(self, coordinates: Floats, pulled: Floats) -> tuple[Floats, Floats]:
        """Slopes along coordinates and discrepancies, through the figures' means."""
        d, x = self.n_coordinates, coordinates.T
        steered = self.mean.T @ pulled[self.row, self.study]
        along = steered[1 : 1 + d].copy()
        shifts = steered[1 + d : len(steered) - d * (d + 1) // 2]
        first = 1 + d + len(shifts)
        for i in range(d):
            # a product's slope along one coordinate is the other; a square counts on both lines, being twice its coordinate
            products = steered[first : first + d - i]
            along[i] += np.einsum("kn,kn->n", products, x[i:])
            along[i:] += products * x[i]
            first += d - i
        return along.T, shifts.T

    def _along_spreads(self, solved: _Solved, pulled: Floats, precision: Floats) -> Floats:
        """0.5*(pulled' dC pulled - tr(C^-1 dC)) for each log spread; shape (n_spreads, n)."""
        slope = np.zeros_like(solved.variances)
        effects = len(self.steep)
        across = np.zeros_like(solved.trial)
        for row in solved.roots:
            k, a, _ = row.shape
            across[:, :a] += np.einsum("kbn,tkbn->tbn", row, solved.moved[:, :k, :a]) ** 2
        gain = (np.einsum("tkbn,kbn->tbn", solved.moved, pulled) ** 2 - across) / solved.trial
        slope[:effects] = solved.variances[:effects] * gain.sum(axis=1)
        slope[self.single] = solved.variances[self.single] * gain[:, self.single_arm].sum(
            axis=(0, 1)
        )
        own = solved.structural * (pulled**2 - precision)[self.row, self.study]
        np.add.at(slope, self.structural, own)
        return slope


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    """Covariances C solved at n states, what both values and slopes need; shapes end in (n_studies, n) where not said otherwise.

    roots       rows of lower triangles with root' root = C^-1; row i has the shape (i + 1, active[i], n)
    turned      root times residuals
    moved       what one standard deviation of each trial effect moves; shape (n_effects, n_rows, n_studies, n)
    trial       variances of the trial effects
    variances   of the spreads, shape (n_spreads, n), and of the figures' structural errors, shape (M, n)
    """

    roots: list[Floats]
    turned: Floats
    log_determinant: Floats
    moved: Floats
    trial: Floats
    variances: Floats
    structural: Floats


def side_by_side(
    studies: Sequence[StudyData],
    shifted: Sequence[int],
    units: Floats,
    single: int,
    n_coordinates: int,
) -> Likelihood:
    """The likelihood of some studies.

    shifted  coordinates that trials shift, and `units`, how far a unit of a shift moves them; shapes (n_effects,)
    single   position of the single arms' spread among the spreads
    """
    sizes = np.array([len(s.y) for s in studies], dtype=np.intp)
    order = np.argsort(-sizes, kind="stable")
    ranked = [studies[i] for i in order]
    active = tuple(int((sizes > i).sum()) for i in range(max(sizes, default=0)))
    places = [(i, j) for i, a in enumerate(active) for j in range(a)]
    row, study = np.array(places, dtype=np.intp).reshape(-1, 2).T
    pairs = _pairs(n_coordinates)
    n_shifts = studies[0].departing.shape[1] if studies else 0
    mean = np.zeros((len(row), 1 + n_coordinates + n_shifts + len(pairs[0])))
    steep = np.zeros((len(shifted), len(row), 1 + n_coordinates))
    chance = np.zeros((len(active), len(active), len(ranked)))
    y, error2, scale2, structural = (np.zeros(len(row)) for _ in range(4))
    for j, own in enumerate(ranked):
        mine, m, s = study == j, len(own.y), own.surfaces
        # products stand once for both orders, squares once
        products = s.quadratic[:, *pairs] * np.where(pairs[0] == pairs[1], 1.0, 2.0)
        mean[mine] = np.concatenate(
            [s.constant[:, None], s.linear, own.departing, products], axis=1
        )
        for k, (at, unit) in enumerate(zip(shifted, units, strict=True)):
            steep[k, mine] = unit * np.concatenate(
                [s.linear[:, [at]], 2.0 * s.quadratic[:, at]], axis=1
            )
        chance[:m, :m, j] = own.chance
        y[mine], error2[mine], scale2[mine], structural[mine] = (
            own.y,
            s.error**2,
            own.scale**2,
            own.structural,
        )
    return Likelihood(
        order,
        active,
        row,
        study,
        y,
        mean,
        steep,
        chance,
        error2,
        structural.astype(np.intp),
        scale2,
        np.array([s.single_arm for s in ranked], dtype=bool),
        single,
    )


def _pairs(d: int) -> tuple[Places, Places]:
    """Every pair of coordinates once, each with itself too."""
    first, second = np.triu_indices(d)
    return first, second


def _parts(n: int) -> list[slice]:
    return [slice(i, i + TOGETHER) for i in range(0, n, TOGETHER)]
