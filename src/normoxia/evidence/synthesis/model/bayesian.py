"""Bayesian network meta-analysis with an informative prior of the heterogeneity, integrated exactly: no sampler, no seed.

Contrasts are normal with known variances, study effects normal around consistent treatment effects with one tau (correlation one half
in multi-arm studies), treatment effects have a flat prior. Given tau everything is then normal, so that the posterior is a mixture of normal
distributions over tau alone. `multiarm` turns every study into independent rows to which tau adds tau2, so the marginal
likelihood of tau is the restricted one:

    p(tau | y)  ~  p(tau) |X'WX|^(-1/2) prod (v + tau2)^(-1/2) exp(-Q(tau)/2),   W = diag(1 / (v + tau2))

It is integrated over log(tau) by the trapezoidal rule, whose error falls exponentially for such integrands (Trefethen & Weideman 2014, SIAM
Review 56:385). Sources: Higgins 2009, JRSS A 172:137; Dias 2013, Med Decis Making 33:607 (NICE DSU TSD 2); Turner 2015, Stat Med
34:984 (informative priors in the same model); Roever 2020, J Stat Softw 93(6) (the same mixture for pairs). Assumes what
`network` assumes, and that the prior's meta-analyses are like this one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from normoxia.errors import ComputationFailed
from normoxia.evidence.synthesis.model.heterogeneity import Array
from normoxia.evidence.synthesis.model.meta import checked_level
from normoxia.evidence.synthesis.model.network import Network, full_rank_design
from normoxia.evidence.synthesis.model.prediction import in_parts, mixture_quantile, solve_at
from normoxia.evidence.synthesis.model.priors import HeterogeneityPrior, prior_of
from normoxia.evidence.synthesis.model.ranking import SmallValues, direction
from normoxia.outcome import exponential

#: log(tau) is searched between these multiples of the smallest and the largest standard error
_BELOW, _ABOVE = 1e-12, 1e6
_SEARCH = 600  # points of the search
_MOST_ZOOMS = 30  # of the search, each to the part that is not negligible
_NODES = 641  # of the integral; half as many move quantiles of tau by 1e-5 of themselves, and intervals of effects less
#: what is this much below the highest log density is left out
_NEGLIGIBLE = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PosteriorEffect:
    """Treatment against comparator on the analysis scale; nan where no path of studies connects them.

    Parameters
    ----------
    treatment, comparator
        The contrast.
    mean, sd, median
        Of its posterior.
    low, high
        Ends of the central credible interval.
    prediction
        Ends of the central interval of the effect in a new study.
    probability_below
        Posterior probability that the effect is below 0 (a ratio below 1).
    """

    treatment: str
    comparator: str
    mean: float
    sd: float
    median: float
    low: float
    high: float
    prediction: tuple[float, float]
    probability_below: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PosteriorTau:
    """Posterior of the standard deviation between studies: mean, median and central credible interval."""

    mean: float
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PosteriorRank:
    """A treatment's expected place among those it can be compared with.

    Parameters
    ----------
    treatment
        The treatment.
    sucra
        Mean posterior probability of being better than another treatment; exact.
    mean_rank
        Posterior mean of the rank, 1 is best; exact.
    """

    treatment: str
    sucra: float
    mean_rank: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BayesianFit:
    """A posterior as a mixture of normal distributions over tau.

    Parameters
    ----------
    network
        The evidence.
    prior
        Of tau.
    level
        Of every interval.
    tau, share
        Values of tau and the posterior probability each stands for; shape (n_nodes,).
    theta
        Treatment effects at each tau, 0 for the first treatment of each connected part; shape (n_nodes, n_treatments).
    covariance
        Of theta; shape (n_nodes, n_treatments, n_treatments).
    """

    network: Network
    prior: HeterogeneityPrior
    level: float
    tau: Array
    share: Array
    theta: Array
    covariance: Array

    def effect(self, treatment: str, comparator: str) -> PosteriorEffect:
        """One contrast. Raises UnknownName for a treatment the network does not hold."""
        i, j = self.network.index(treatment), self.network.index(comparator)
        return self._effects([(i, j)])[0]

    def effects(self, reference: str | None = None) -> tuple[PosteriorEffect, ...]:
        """Every treatment against a reference, or every pair once (earlier name against later) without one."""
        n = len(self.network.treatments)
        if reference is None:
            return self._effects(list(combinations(range(n), 2)))
        at = self.network.index(reference)
        return self._effects([(i, at) for i in range(n) if i != at])

    def heterogeneity(self) -> PosteriorTau:
        """The posterior of tau."""
        lower, upper = self._tails()
        return PosteriorTau(
            mean=float(self.share @ self.tau),
            median=self._tau_quantile(0.5),
            low=self._tau_quantile(lower),
            high=self._tau_quantile(upper),
        )

    def ranks(self, small_values: SmallValues = "good") -> tuple[PosteriorRank, ...]:
        """Every treatment's expected rank within its connected part, best first.

        Parameters
        ----------
        small_values
            "good" when a small effect helps the patient, "bad" when it harms.
        """
        from scipy.special import ndtr

        sign = direction(small_values)
        part = self.network.part
        ranks = []
        for i, name in enumerate(self.network.treatments):
            others = np.flatnonzero((part == part[i]) & (np.arange(len(part)) != i))
            if not len(others):
                continue
            mean, sd = self._moments([(i, int(j)) for j in others])
            better = self.share @ ndtr(-sign * mean / sd)
            sucra = float(better.mean())
            rank = 1.0 + len(others) - float(better.sum())
            ranks.append(PosteriorRank(treatment=name, sucra=sucra, mean_rank=rank))
        return tuple(sorted(ranks, key=lambda r: -r.sucra))

    def to_json(self, reference: str, small_values: SmallValues = "good") -> dict[str, Any]:
        """Plain dictionaries and lists; effects on the analysis scale, those of ratios also as ratios."""
        is_ratio = self.network.effect.is_ratio
        tau = self.heterogeneity()
        return {
            "prior": {
                "distribution": self.prior.label,
                "name": self.prior.name or None,
                "measure": self.prior.measure or None,
                "source": self.prior.source or None,
            },
            "level": self.level,
            "tau": {"mean": tau.mean, "median": tau.median, "interval": [tau.low, tau.high]},
            "effects": [_effect_json(e, is_ratio) for e in self.effects(reference)],
            "ranking": [
                {"treatment": r.treatment, "sucra": r.sucra, "mean_rank": r.mean_rank}
                for r in self.ranks(small_values)
            ],
        }

    def _tails(self) -> tuple[float, float]:
        return 0.5 - self.level / 2.0, 0.5 + self.level / 2.0

    def _moments(self, pairs: list[tuple[int, int]]) -> tuple[Array, Array]:
        """Mean and standard deviation of contrasts at each tau; shapes (n_nodes, n_pairs)."""
        one, other = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
        variance = (
            self.covariance[:, one, one]
            + self.covariance[:, other, other]
            - 2.0 * self.covariance[:, one, other]
        )
        return self.theta[:, one] - self.theta[:, other], np.sqrt(np.maximum(variance, 0.0))

    def _effects(self, pairs: list[tuple[int, int]]) -> tuple[PosteriorEffect, ...]:
        from scipy.special import ndtr

        part, names = self.network.part, self.network.treatments
        joined = [(i, j) for i, j in pairs if part[i] == part[j] and i != j]
        found: dict[tuple[int, int], PosteriorEffect] = {}
        if joined:
            mean, sd = self._moments(joined)
            spread = np.sqrt(sd**2 + self.tau[:, None] ** 2)
            low, high = (mixture_quantile(mean, sd, self.share, p) for p in self._tails())
            first, last = (mixture_quantile(mean, spread, self.share, p) for p in self._tails())
            median = mixture_quantile(mean, sd, self.share, 0.5)
            centre = self.share @ mean
            variance = self.share @ (sd**2 + (mean - centre) ** 2)
            below = self.share @ ndtr(-mean / sd)
            for k, (i, j) in enumerate(joined):
                found[i, j] = PosteriorEffect(
                    treatment=names[i],
                    comparator=names[j],
                    mean=float(centre[k]),
                    sd=math.sqrt(variance[k]),
                    median=float(median[k]),
                    low=float(low[k]),
                    high=float(high[k]),
                    prediction=(float(first[k]), float(last[k])),
                    probability_below=float(below[k]),
                )
        return tuple(found.get((i, j)) or _unconnected(names[i], names[j]) for i, j in pairs)

    def _tau_quantile(self, p: float) -> float:
        """A quantile of tau: the distribution function is summed at the nodes and joined there by a cubic with its density."""
        log_tau = np.log(self.tau)
        step = float(log_tau[1] - log_tau[0])
        upto = _integral(self.share)
        k = int(np.clip(np.searchsorted(upto, p) - 1, 0, len(upto) - 2))
        low, high = 0.0, 1.0
        for _ in range(60):
            t = (low + high) / 2.0
            value = (
                upto[k] * (1 + 2 * t) * (1 - t) ** 2
                + upto[k + 1] * t**2 * (3 - 2 * t)
                + self.share[k] * t * (1 - t) ** 2
                - self.share[k + 1] * t**2 * (1 - t)
            )
            low, high = (t, high) if value < p else (low, t)
        return math.exp(float(log_tau[k]) + step * (low + high) / 2.0)


def fit_bayesian(
    network: Network, prior: HeterogeneityPrior | str | None = None, *, level: float = 0.95
) -> BayesianFit:
    """The posterior of every treatment effect and of the heterogeneity.

    Parameters
    ----------
    network
        Contrasts of studies; disconnected parts share tau.
    prior
        Of tau; a name or a text as in `priors.prior_of`, None for the general setting of Turner 2012 or Rhodes 2015.
    level
        Of every interval.

    Returns
    -------
    BayesianFit
        Effects, intervals and ranks without sampling error.

    Raises
    ------
    UnknownName, InvalidArgument
        A prior that does not exist or does not fit the measure.
    ComputationFailed
        A posterior of tau that cannot be normalised: the studies and the prior leave large values of tau equally likely.
    """
    checked_level(level)
    chosen = prior_of(prior, network.effect)
    x, kept = full_rank_design(network)
    y, v = network.estimate, network.variance
    log_tau, density = _posterior_of_log_tau(y, v, x, chosen)
    share = np.exp(density - density.max())
    share /= share.sum()
    tau = np.exp(log_tau)
    solved = [solve_at(y, v, x, tau2)[:2] for tau2 in in_parts(tau**2, len(y))]
    coefficients, covariance = (np.concatenate(parts) for parts in zip(*solved, strict=True))
    n = len(network.treatments)
    theta, spread = np.zeros((len(tau), n)), np.zeros((len(tau), n, n))
    theta[:, kept] = coefficients
    spread[np.ix_(np.arange(len(tau)), kept, kept)] = covariance
    return BayesianFit(
        network=network,
        prior=chosen,
        level=level,
        tau=tau,
        share=share,
        theta=theta,
        covariance=spread,
    )


def _posterior_of_log_tau(
    y: Array, v: Array, x: Array, prior: HeterogeneityPrior
) -> tuple[Array, Array]:
    """Equally spaced log(tau) that cover the posterior, and its log density there up to a constant; shapes (n_nodes,)."""
    ses = np.sqrt(v)
    low, high = math.log(_BELOW * float(ses.min())), math.log(_ABOVE * float(ses.max()))
    for _ in range(_MOST_ZOOMS):
        search = np.linspace(low, high, _SEARCH)
        density = _log_density(y, v, x, prior, search)
        inside = np.flatnonzero(density > density.max() - _NEGLIGIBLE)
        if search[inside[-1]] == high:
            raise ComputationFailed(
                f"{len(y)} contrasts for {x.shape[1]} effects and the prior {prior.label} leave arbitrarily large heterogeneity possible; "
                "use a prior with lighter tails, such as half-normal 0.5"
            )
        low, high = float(search[max(inside[0] - 1, 0)]), float(search[inside[-1] + 1])
        if len(inside) > _SEARCH // 4:
            break
    nodes = np.linspace(low, high, _NODES)
    return nodes, _log_density(y, v, x, prior, nodes)


def _log_density(y: Array, v: Array, x: Array, prior: HeterogeneityPrior, log_tau: Array) -> Array:
    """Log of prior times restricted likelihood at some log(tau); shape (n,)."""
    likelihood = []
    for tau2 in in_parts(np.exp(2.0 * log_tau), len(y)):
        coefficients, covariance, weights = solve_at(y, v, x, tau2)
        q = (weights * (y - coefficients @ x.T) ** 2).sum(axis=1)
        log_determinant = np.linalg.slogdet(covariance)[1]
        likelihood.append(0.5 * (np.log(weights).sum(axis=1) + log_determinant - q))
    return np.asarray(np.concatenate(likelihood) + prior.log_density(log_tau), dtype=np.float64)


def _integral(share: Array) -> Array:
    """The integral up to each node from equally spaced density times step: the trapezoidal sum, corrected at its end.

    Euler and Maclaurin's corrections by first and third derivative, from central differences; the density is negligible at both ends.
    """
    padded = np.pad(share, 2)
    before2, before, after, after2 = padded[:-4], padded[1:-3], padded[3:-1], padded[4:]
    first = (before2 - 8.0 * before + 8.0 * after - after2) / 12.0
    third = (after2 - 2.0 * after + 2.0 * before - before2) / 2.0
    return np.asarray(
        np.cumsum(share) - share / 2.0 - first / 12.0 + third / 720.0, dtype=np.float64
    )


def _unconnected(treatment: str, comparator: str) -> PosteriorEffect:
    nan = math.nan
    return PosteriorEffect(
        treatment=treatment,
        comparator=comparator,
        mean=nan,
        sd=nan,
        median=nan,
        low=nan,
        high=nan,
        prediction=(nan, nan),
        probability_below=nan,
    )


def _effect_json(e: PosteriorEffect, is_ratio: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "treatment": e.treatment,
        "comparator": e.comparator,
        "mean": _finite(e.mean),
        "sd": _finite(e.sd),
        "median": _finite(e.median),
        "interval": [_finite(e.low), _finite(e.high)],
        "prediction_interval": [_finite(end) for end in e.prediction],
        "probability_below": _finite(e.probability_below),
    }
    if is_ratio:
        found["ratio"] = {
            "median": _finite(exponential(e.median)),
            "interval": [_finite(exponential(e.low)), _finite(exponential(e.high))],
            "prediction_interval": [_finite(exponential(end)) for end in e.prediction],
        }
    return found


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
