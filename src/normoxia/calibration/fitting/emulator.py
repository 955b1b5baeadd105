"""Emulators: what simulated trials say of published figures, as quadratic functions of the space's coordinates.

Each figure is a Gaussian process with the kernel a*linear + b*squares + c*products (a Bayesian quadratic regression; Rasmussen &
Williams 2006, Gaussian Processes for Machine Learning, 2.1 and 5.4.1), noise being the chance of simulated patients. The weights
come from the marginal likelihood. Assumes that a quadratic is enough where the posterior lives; `error` says how
uncertain the fitted surface is, and re-simulated draws say how wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument

Floats = NDArray[np.float64]

#: weights of squares and of products beside that of linear terms, each in turn
RELATIVE = ((0.03, 0.01), (0.1, 0.03), (0.3, 0.1))
#: signal over noise of a linear term, each in turn
SIGNAL = tuple(10.0**e for e in np.arange(-5.0, 1.01, 0.25))
#: points with an answer that a surface needs at least
FEWEST = 50
#: answers that differ by less are the same at every point (nobody responds to placebo, wherever)
SAME = 1e-6


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Surfaces:
    """Quadratic surfaces of m figures over d coordinates: value = constant + linear x + x' quadratic x.

    constant, noise, error  shape (m,); noise is the standard deviation of one simulated answer about the surface, error the
                            typical standard deviation of the surface itself
    linear                  shape (m, d); quadratic, symmetric, shape (m, d, d)
    """

    constant: Floats
    linear: Floats
    quadratic: Floats
    noise: Floats
    error: Floats

    @property
    def n_figures(self) -> int:
        """Number of figures."""
        return len(self.constant)

    @property
    def varies(self) -> NDArray[np.bool_]:
        """Which figures depend on where they are looked at; shape (m,)."""
        return np.asarray(self.noise > 0.0)

    def at(self, x: Floats) -> Floats:
        """Values at points of shape (n, d); shape (n, m)."""
        return self.with_slope(x)[0]

    def with_slope(self, x: Floats) -> tuple[Floats, Floats]:
        """Values, shape (n, m), and their slopes by coordinate, shape (n, m, d)."""
        n, d = x.shape
        bent = (x @ self.quadratic.transpose(1, 0, 2).reshape(d, -1)).reshape(n, self.n_figures, d)
        values = self.constant + x @ self.linear.T + np.einsum("nmd,nd->nm", bent, x)
        return values, self.linear + 2.0 * bent

    def take(self, rows: NDArray[np.intp]) -> Surfaces:
        """Some of the figures."""
        return Surfaces(
            constant=self.constant[rows],
            linear=self.linear[rows],
            quadratic=self.quadratic[rows],
            noise=self.noise[rows],
            error=self.error[rows],
        )


def fit(x: Floats, answers: Floats, continuous: int) -> Surfaces:
    """Surfaces through simulated answers.

    x           standardised coordinates; shape (n_points, d); the first `continuous` are normal, the others -1 or 1
    answers     shape (n_points, m), nan where a point has no answer
    raises      InvalidArgument for a figure with too few answers
    """
    m, d = answers.shape[1], x.shape[1]
    found = Surfaces(
        constant=np.zeros(m),
        linear=np.zeros((m, d)),
        quadratic=np.zeros((m, d, d)),
        noise=np.zeros(m),
        error=np.zeros(m),
    )
    gaps: dict[bytes, list[int]] = {}
    for j in range(m):
        known = answers[np.isfinite(answers[:, j]), j]
        if len(known) >= FEWEST and np.ptp(known) <= SAME:
            found.constant[j] = known[0]
            continue
        gaps.setdefault(np.isfinite(answers[:, j]).tobytes(), []).append(j)
    for pattern, members in gaps.items():
        rows = np.frombuffer(pattern, dtype=bool)
        if rows.sum() < FEWEST:
            raise InvalidArgument(
                f"{int(rows.sum())} of {len(rows)} simulated points have an answer; need {FEWEST}"
            )
        _fit_together(x[rows], answers[rows][:, members], continuous, found, members)
    return found


def _fit_together(
    x: Floats, answers: Floats, continuous: int, found: Surfaces, members: list[int]
) -> None:
    """Figures that share their points, best of the kernels for each.

    Features are centred on the points at hand, which gives the constant a flat prior wherever these lie: second rounds are about a
    posterior, and points without an answer are not missing at random.
    """
    upper = np.triu_indices(x.shape[1], 1)
    features = (x, x[:, :continuous] ** 2, x[:, upper[0]] * x[:, upper[1]])
    means = [part.mean(axis=0) for part in features]
    linear, squares, products = (part - mean for part, mean in zip(features, means, strict=True))
    grams = [part @ part.T for part in (linear, squares, products)]
    best = np.full(len(members), -np.inf)
    centre = answers.mean(axis=0)
    y = answers - centre
    for of_squares, of_products in RELATIVE:
        values, vectors = np.linalg.eigh(grams[0] + of_squares * grams[1] + of_products * grams[2])
        values = np.maximum(values, 0.0)
        turned = vectors.T @ y
        for k in range(len(members)):
            evidence, signal, noise2 = _evidence(values, turned[:, k])
            if evidence <= best[k]:
                continue
            best[k] = evidence
            weight = signal * (vectors @ (turned[:, k] / (signal * values + 1.0)))
            leverage = 1.0 / len(x) + (
                (vectors**2) * (signal * values / (signal * values + 1.0))
            ).sum(axis=1)
            error2 = noise2 * float(np.mean(leverage / np.maximum(1.0 - leverage, 0.05)))
            j = members[k]
            slope, square, product = (
                scale * (part.T @ weight)
                for scale, part in ((1.0, linear), (of_squares, squares), (of_products, products))
            )
            quadratic = np.zeros((x.shape[1], x.shape[1]))
            quadratic[upper] = 0.5 * product
            quadratic += quadratic.T
            quadratic[np.arange(continuous), np.arange(continuous)] = square
            found.constant[j] = centre[k] - sum(
                float(mean @ part)
                for mean, part in zip(means, (slope, square, product), strict=True)
            )
            found.linear[j] = slope
            found.quadratic[j] = quadratic
            found.noise[j], found.error[j] = np.sqrt(noise2), np.sqrt(error2)


def _evidence(values: Floats, turned: Floats) -> tuple[float, float, float]:
    """Best restricted log marginal likelihood (noise at its best), its signal-to-noise ratio and noise variance.

    The constant takes one degree of freedom.
    """
    n = len(values) - 1
    best = (-np.inf, 0.0, 1.0)
    for signal in SIGNAL:
        spread = signal * values + 1.0
        noise2 = float(np.sum(turned**2 / spread)) / n
        evidence = -0.5 * (n * np.log(noise2) + np.log(spread).sum())
        if evidence > best[0]:
            best = (float(evidence), float(signal), noise2)
    return best
