"""A combination of the mechanism with class means, its weight learned across trials: a hierarchical regression.

For contrast i of class c, with published log hazard ratio y and the mechanism's prediction m made without the study,

    y_i = mu_c + beta (m_i - mean of m over the class) + u_i + e_i
    mu_c ~ N(mu, omega^2),  mu ~ N(0, 1),  beta ~ N(1/2, 1/2^2),  u_i ~ N(0, tau^2),  e_i ~ N(0, s_i^2)
    tau ~ half-normal(0.2),  omega ~ half-normal(0.3)

each endpoint by itself. beta says how much of the mechanism's differences between trials of one class is seen in print: 0 none of
them, 1 all. Given tau and omega everything is normal in closed form; these two are integrated on a grid. Contrasts that share a
control arm have errors and trial effects correlated by one half, as for arms of equal size.

Partial pooling of class means: Gelman & Hill 2007, Data Analysis Using Regression and Multilevel/Hierarchical Models, ch. 12.
Half-normal priors on heterogeneity: Roever et al. 2021, Res Synth Methods 12:448. Scales and the prior of beta are assumed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.scoring import baselines
from normoxia.calibration.scoring.baselines import ENOUGH_STUDIES, RegistryEvidence
from normoxia.calibration.scoring.lock import Observed, Target
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
    """

    classes: tuple[str, ...]
    centres: Mapping[str, float]
    weights: Floats
    tau: Floats
    omega: Floats
    mean: Floats
    covariance: Floats

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
        row = np.zeros(self.mean.shape[1])
        row[-1] = mechanism - self.centres.get(kind, self.centres[""])
        known = kind in self.classes
        row[1 + self.classes.index(kind) if known else 0] = 1.0
        variance = np.einsum("i,nij,j->n", row, self.covariance, row) + self.tau**2 + se**2
        if not known:
            variance = variance + self.omega**2
        return _mixture(self.mean @ row, np.sqrt(variance), self.weights, se)

    @property
    def beta(self) -> SampledPredictive:
        """Posterior of the weight of the mechanism."""
        sd = np.sqrt(self.covariance[:, -1, -1])
        return _mixture(self.mean[:, -1], sd, self.weights, 0.0)


def classes_of(evidence: RegistryEvidence, targets: Sequence[Target]) -> dict[Target, str]:
    """The class of each contrast, see `baselines.class_of`."""
    arms = evidence.arms
    return {
        t: baselines.class_of(*(arms[t.study, name].parts for name in (t.arm, t.comparator)))
        for t in targets
    }


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
        The mechanism's predicted log hazard ratio of each, made without its study.

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
        design[i, -1] = mechanism[o.target] - centres.get(kind, centres[""])
    alike = _correlation([o.target for o in contrasts])
    tau, omega = (
        grid.ravel() for grid in np.meshgrid(_grid(TAU_SCALE), _grid(OMEGA_SCALE), indexing="ij")
    )
    covariance = alike * np.outer(se, se) + tau[:, None, None] ** 2 * alike
    log_likelihood, mean, coefficient_covariance = conditional(y, design, covariance, omega)
    log_weight = log_likelihood - 0.5 * ((tau / TAU_SCALE) ** 2 + (omega / OMEGA_SCALE) ** 2)
    weights = np.exp(log_weight - log_weight.max())
    weights /= weights.sum()
    kept = weights > _LEAST
    return ContrastRegression(
        classes=classes,
        centres=centres,
        weights=weights[kept] / weights[kept].sum(),
        tau=tau[kept],
        omega=omega[kept],
        mean=mean[kept],
        covariance=coefficient_covariance[kept],
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
    contrasts = [o for o in evidence.contrasts if o.target in mechanism]
    kinds = classes_of(evidence, [o.target for o in contrasts])
    predicted: dict[Target, Predictive] = {}
    learned: dict[Endpoint, LearnedWeight] = {}
    for endpoint in (Endpoint.PFS, Endpoint.OS):
        mine = [o for o in contrasts if o.target.endpoint is endpoint]
        if not mine:
            continue
        learned[endpoint] = learned_weight(regress(mine, kinds, mechanism), len(mine))
        for study in dict.fromkeys(o.target.study for o in mine):
            others = [o for o in mine if o.target.study != study]
            if not others:
                continue
            without = regress(others, kinds, mechanism)
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
    centres = {"": float(np.mean([mechanism[o.target] for o in contrasts]))}
    for kind in {kinds[o.target] for o in contrasts}:
        alike = [o.target for o in contrasts if kinds[o.target] == kind]
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
    gain = np.linalg.solve(marginal, across.transpose(0, 2, 1)).transpose(0, 2, 1)
    solved = np.linalg.solve(marginal, np.broadcast_to(residual[:, None], (len(omega), len(y), 1)))
    log_likelihood = -0.5 * (residual @ solved[..., 0].T + np.linalg.slogdet(marginal)[1])
    return (log_likelihood, centre + gain @ residual, prior - gain @ across.transpose(0, 2, 1))


def _mixture(mean: Floats, sd: Floats, weights: Floats, se: float) -> SampledPredictive:
    """A mixture of normals as weighted draws: the same quantiles of each."""
    from scipy.special import ndtri

    levels = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    z = ndtri(levels)
    z /= math.sqrt(float(np.mean(z**2)))  # few quantiles have a little too little variance
    values = (mean[:, None] + sd[:, None] * z).ravel()
    errors = np.full(len(values), se) if se > 0 else None
    return SampledPredictive(values, np.repeat(weights / _QUANTILES, _QUANTILES), errors)
