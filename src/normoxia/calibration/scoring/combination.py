"""A combination of the mechanism with class means, its weight learned across trials: a hierarchical regression.

For contrast i of class c, with published log hazard ratio y and the mechanism's prediction m made without the study,

    y_i = mu_c + beta (m_i - mean of m over the class) + u_i + e_i
    mu_c ~ N(mu, omega^2),  mu ~ N(0, 1),  beta ~ N(1/2, 1/2^2),  u_i ~ N(0, tau^2),  e_i ~ N(0, s_i^2)
    tau ~ half-normal(0.2),  omega ~ half-normal(0.3)

each endpoint by itself; contrasts without a prediction inform the class means. beta says how much of the mechanism's differences between trials of one class is seen in print: 0 none of
them, 1 all. Given tau and omega everything is normal in closed form; these two are integrated on a grid. Contrasts that share a
control arm have errors and trial effects correlated by one half, as for arms of equal size. Without predictions it is class means with partial
pooling. A study is left out in closed form.

Partial pooling of class means: Gelman & Hill 2007, Data Analysis Using Regression and Multilevel/Hierarchical Models, ch. 12.
Half-normal priors on heterogeneity: Roever et al. 2021, Res Synth Methods 12:448. Scales and the prior of beta are assumed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.scoring.lock import Observed, Target
from normoxia.calibration.scoring.registry_evidence import ENOUGH_STUDIES, RegistryEvidence
from normoxia.calibration.scoring.scores import Predictive, SampledPredictive
from normoxia.errors import InvalidArgument
from normoxia.outcome import Endpoint

Floats = NDArray[np.float64]

#: prior of the mean over classes, and of beta: mean and standard deviation; assumed
MEAN_PRIOR, BETA_PRIOR = (0.0, 1.0), (0.5, 0.5)
#: scales of the half-normal priors of tau and omega, on the log hazard ratio; assumed
TAU_SCALE, OMEGA_SCALE = 0.2, 0.3
#: correlation of contrasts that share their control arm
SHARED = 0.5
#: nodes of the grid in either direction, out to so many prior scales
_NODES, _FARTHEST = 24, 3.5
#: quantiles that stand for each normal of a mixture, and the weight below which a node is left out
_QUANTILES, _LEAST = 201, 1e-4
#: weight below which a node is forgotten, though another study left out might raise it
_FORGOTTEN = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedWeight:
    """What was learned across the trials of an endpoint.

    Attributes
    ----------
    n
        Contrasts.
    beta, tau
        Posterior median and central 95 % interval (value, low, high).
    """

    n: int
    beta: tuple[float, float, float]
    tau: tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ContrastRegression:
    """The posterior of one endpoint's regression: a mixture of normals over nodes of (tau, omega).

    Attributes
    ----------
    classes
        Classes with contrasts, in the order of the coefficients.
    centres
        Mean of the mechanism's predictions by class; under "" the mean of all.
    weights
        Of the nodes; shape (n_nodes,), sum 1.
    tau, omega
        At the nodes; shape (n_nodes,).
    mean, covariance
        Of mu, the mu_c and beta at each node; shapes (n_nodes, k) and (n_nodes, k, k), k = 2 + number of classes.
    studies
        Of the contrasts, in their order.
    cross
        What a contrast's residual moves the coefficients by; shape (n_nodes, k, n).
    inverse, solved
        Inverse of the contrasts' marginal covariance, and its product with their residuals; shapes (n_nodes, n, n) and (n_nodes, n).
    left_out
        The study that was left out, or "".
    """

    classes: tuple[str, ...]
    centres: Mapping[str, float]
    weights: Floats
    tau: Floats
    omega: Floats
    mean: Floats
    covariance: Floats
    studies: tuple[str, ...]
    cross: Floats
    inverse: Floats
    solved: Floats
    left_out: str = ""

    def without(self, study: str) -> ContrastRegression:
        """The regression to the contrasts of all other studies, in closed form.

        Centres remain those of all contrasts: a prediction is no outcome. A row of the inverse that belongs to the study gives
        the predictive density of its contrasts given the others, by which each node's weight is divided.
        """
        rows = np.flatnonzero(np.array(self.studies) == study)
        if not len(rows):
            return self
        if self.left_out:
            raise InvalidArgument(
                f"{self.left_out} is left out already; leave {study} out of the regression to everything"
            )
        precision = self.inverse[:, rows[:, None], rows]
        own = self.solved[:, rows]
        shift = np.linalg.solve(precision, own[..., None])[..., 0]
        log_density = 0.5 * (np.linalg.slogdet(precision)[1] - np.einsum("ni,ni->n", own, shift))
        columns = self.cross[:, :, rows]
        spread = np.linalg.solve(precision, columns.transpose(0, 2, 1))
        log_weight = np.log(self.weights) - log_density
        return replace(
            self,
            weights=_normalised(log_weight),
            mean=self.mean - np.einsum("nki,ni->nk", columns, shift),
            covariance=self.covariance + columns @ spread,
            left_out=study,
        )

    def moments(self, kind: str, mechanism: float = math.nan) -> tuple[float, float, float]:
        """Mean of a new trial's log hazard ratio, the variance of that mean, and the mean of tau squared."""
        mean, variance = self._at(kind, mechanism)
        between = float(self.weights @ self.tau**2)
        centre = float(self.weights @ mean)
        return centre, float(self.weights @ (variance + (mean - centre) ** 2)), between

    def _at(self, kind: str, mechanism: float) -> tuple[Floats, Floats]:
        """Mean and variance at each node of what a trial's effect is about; without a prediction, the class mean's."""
        row = np.zeros(self.mean.shape[1])
        if not math.isnan(mechanism):
            row[-1] = mechanism - self.centres.get(kind, self.centres[""])
        known = kind in self.classes
        row[1 + self.classes.index(kind) if known else 0] = 1.0
        variance = np.einsum("i,nij,j->n", row, self.covariance, row)
        return self.mean @ row, variance if known else variance + self.omega**2

    def predict(self, kind: str, mechanism: float, se: float = 0.0) -> SampledPredictive:
        """The log hazard ratio of a new trial.

        Parameters
        ----------
        kind
            Class of the contrast; for one that no trial of the regression has, mu_c is drawn from its distribution.
        mechanism
            The mechanism's predicted log hazard ratio.
        se
            Standard error of the trial's own log hazard ratio; 0 leaves sampling out.
        """
        mean, variance = self._at(kind, mechanism)
        sd = np.sqrt(variance + self.tau**2 + se**2)
        kept = self.weights > _LEAST
        weights = self.weights[kept] / self.weights[kept].sum()
        return _mixture(mean[kept], sd[kept], weights, se)

    @property
    def beta(self) -> SampledPredictive:
        """Posterior of the weight of the mechanism."""
        kept = self.weights > _LEAST
        weights = self.weights[kept] / self.weights[kept].sum()
        sd = np.sqrt(self.covariance[kept, -1, -1])
        return _mixture(self.mean[kept, -1], sd, weights, 0.0)


def classes_of(evidence: RegistryEvidence, targets: Sequence[Target]) -> dict[Target, str]:
    """The class of each contrast: the one the lock writes beside it, in the first lock that of `baselines.class_of`."""
    return {t: evidence.kind(t) for t in targets}


def regress(
    contrasts: Sequence[Observed], kinds: Mapping[Target, str], mechanism: Mapping[Target, float]
) -> ContrastRegression:
    """Fit the regression to the contrasts of one endpoint.

    Parameters
    ----------
    contrasts
        Published hazard ratios with their standard errors.
    kinds
        Class of each.
    mechanism
        The mechanism's predicted log hazard ratio of each, made without its study; contrasts that are not in it inform the
        class means alone.

    Raises
    ------
    InvalidArgument
        There are no contrasts.
    """
    if not contrasts:
        raise InvalidArgument("a combination needs at least one published hazard ratio; found none")
    classes = tuple(sorted({kinds[o.target] for o in contrasts}))
    centres = _centres(contrasts, kinds, mechanism)
    y, se = np.array([o.y for o in contrasts]), np.array([o.se for o in contrasts])
    design = np.zeros((len(y), 2 + len(classes)))
    for i, o in enumerate(contrasts):
        kind = kinds[o.target]
        design[i, 1 + classes.index(kind)] = 1.0
        if o.target in mechanism:
            design[i, -1] = mechanism[o.target] - centres.get(kind, centres[""])
    alike = _correlation([o.target for o in contrasts])
    tau, omega = (
        grid.ravel() for grid in np.meshgrid(_grid(TAU_SCALE), _grid(OMEGA_SCALE), indexing="ij")
    )
    covariance = alike * np.outer(se, se) + tau[:, None, None] ** 2 * alike
    joint = _joint(y, design, covariance, omega)
    log_weight = joint.log_likelihood - 0.5 * ((tau / TAU_SCALE) ** 2 + (omega / OMEGA_SCALE) ** 2)
    weights = _normalised(log_weight)
    kept = weights > _FORGOTTEN
    return ContrastRegression(
        classes=classes,
        centres=centres,
        weights=weights[kept] / weights[kept].sum(),
        tau=tau[kept],
        omega=omega[kept],
        mean=joint.mean[kept],
        covariance=joint.covariance[kept],
        studies=tuple(o.target.study for o in contrasts),
        cross=joint.cross[kept],
        inverse=joint.inverse[kept],
        solved=joint.solved[kept],
    )


def combine(
    evidence: RegistryEvidence, mechanism: Mapping[Target, float]
) -> tuple[dict[Target, Predictive], dict[Endpoint, LearnedWeight]]:
    """Predictions of every contrast by the regression on the other studies, and what all studies together say of beta.

    Parameters
    ----------
    evidence
        The scored contrasts and their arms.
    mechanism
        Median predicted log hazard ratio of each contrast, made without its study. Those of the other studies have seen the study
        that is left out here; what that lends beta is neglected.
    """
    known = [*evidence.contrasts, *evidence.further]
    kinds = classes_of(evidence, [o.target for o in known])
    predicted: dict[Target, Predictive] = {}
    learned: dict[Endpoint, LearnedWeight] = {}
    for endpoint in (Endpoint.PFS, Endpoint.OS):
        used = [o for o in known if o.target.endpoint is endpoint]
        mine = [o for o in used if o.target in mechanism]
        if len({o.target.study for o in mine}) <= 1:
            continue
        whole = regress(used, kinds, mechanism)
        learned[endpoint] = learned_weight(whole, len(mine))
        for study in dict.fromkeys(o.target.study for o in mine):
            without = whole.without(study)
            predicted |= {
                o.target: without.predict(kinds[o.target], mechanism[o.target], o.se)
                for o in mine
                if o.target.study == study
            }
    return predicted, learned


def learned_weight(regression: ContrastRegression, n: int) -> LearnedWeight:
    """The posterior of a regression to n contrasts in short."""
    tau = SampledPredictive(regression.tau, regression.weights)
    ends = ((p.median, *p.interval(0.95)) for p in (regression.beta, tau))
    beta, spread = ends
    return LearnedWeight(n=n, beta=beta, tau=spread)


def _centres(
    contrasts: Sequence[Observed], kinds: Mapping[Target, str], mechanism: Mapping[Target, float]
) -> dict[str, float]:
    """Mean of the mechanism over each class that has enough studies, and over everything under ""."""
    predicted = [o.target for o in contrasts if o.target in mechanism]
    centres = {"": float(np.mean([mechanism[t] for t in predicted])) if predicted else 0.0}
    for kind in {kinds[t] for t in predicted}:
        alike = [t for t in predicted if kinds[t] == kind]
        if len({t.study for t in alike}) >= ENOUGH_STUDIES:
            centres[kind] = float(np.mean([mechanism[t] for t in alike]))
    return centres


def _correlation(targets: Sequence[Target]) -> Floats:
    """Correlation of contrasts: one half where they share a study and its control arm."""
    n = len(targets)
    found = np.eye(n)
    for i in range(n):
        for j in range(i):
            one, other = targets[i], targets[j]
            if (one.study, one.comparator) == (other.study, other.comparator):
                found[i, j] = found[j, i] = SHARED
    return found


def _grid(scale: float) -> Floats:
    """Midpoints of even steps from 0 to so many scales."""
    return (np.arange(_NODES) + 0.5) * _FARTHEST * scale / _NODES


def conditional(
    y: Floats, design: Floats, covariance: Floats, omega: Floats
) -> tuple[Floats, Floats, Floats]:
    """The regression given tau and omega, in closed form.

    Parameters
    ----------
    y, design
        Published values, and what coefficients (mu, every mu_c, beta) multiply; shapes (n,) and (n, k). The column of mu is 0,
        since each mu_c holds it.
    covariance
        Of errors and trial effects at each node; shape (n_nodes, n, n).
    omega
        Shape (n_nodes,).

    Returns
    -------
    tuple of arrays
        Log marginal likelihood up to a constant, (n_nodes,); mean and covariance of the coefficients, (n_nodes, k) and
        (n_nodes, k, k).
    """
    joint = _joint(y, design, covariance, omega)
    return joint.log_likelihood, joint.mean, joint.covariance


class _Joint(NamedTuple):
    """The regression given tau and omega at each node, and what leaving contrasts out of it needs."""

    log_likelihood: Floats
    mean: Floats
    covariance: Floats
    cross: Floats
    inverse: Floats
    solved: Floats


def _joint(y: Floats, design: Floats, covariance: Floats, omega: Floats) -> _Joint:
    k = design.shape[1]
    centre = np.full(k, MEAN_PRIOR[0])
    centre[-1] = BETA_PRIOR[0]
    prior = np.full((len(omega), k, k), MEAN_PRIOR[1] ** 2)
    classes = np.arange(1, k - 1)
    prior[:, classes, classes] += omega[:, None] ** 2
    prior[:, -1, :] = prior[:, :, -1] = 0.0
    prior[:, -1, -1] = BETA_PRIOR[1] ** 2
    across = prior @ design.T
    marginal = design @ across + covariance
    residual = y - design @ centre
    inverse = np.linalg.inv(marginal)
    # wide priors: solving loses fewer digits than the inverse, which serves to leave contrasts out
    cross = np.linalg.solve(marginal, across.transpose(0, 2, 1)).transpose(0, 2, 1)
    solved = np.linalg.solve(marginal, np.broadcast_to(residual[:, None], (len(omega), len(y), 1)))[
        ..., 0
    ]
    log_likelihood = -0.5 * (solved @ residual + np.linalg.slogdet(marginal)[1])
    return _Joint(
        log_likelihood=log_likelihood,
        mean=centre + cross @ residual,
        covariance=prior - cross @ across.transpose(0, 2, 1),
        cross=np.asarray(cross, dtype=np.float64),
        inverse=np.asarray(inverse, dtype=np.float64),
        solved=solved,
    )


def _normalised(log_weight: Floats) -> Floats:
    weights = np.exp(log_weight - log_weight.max())
    return np.asarray(weights / weights.sum())


def _mixture(mean: Floats, sd: Floats, weights: Floats, se: float) -> SampledPredictive:
    """A mixture of normals as weighted draws: the same quantiles of each."""
    from scipy.special import ndtri

    levels = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    z = ndtri(levels)
    z /= math.sqrt(float(np.mean(z**2)))  # few quantiles have a little too little variance
    values = (mean[:, None] + sd[:, None] * z).ravel()
    errors = np.full(len(values), se) if se > 0 else None
    return SampledPredictive(values, np.repeat(weights / _QUANTILES, _QUANTILES), errors)
