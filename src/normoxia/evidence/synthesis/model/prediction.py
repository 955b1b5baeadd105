"""Where the effect of a new study would lie, with what is not known of tau2 carried along.

The usual interval, estimate +- t sqrt(se2 + tau2), takes an estimate of tau2 for the truth; in networks of 8 to 14 studies
with moderate heterogeneity it covered 89 to 91 in a hundred new effects. The generalised Q, however, has a chi-squared
distribution at the true tau2 whatever that is, which makes P(chi2 > Q(tau2)) a distribution of confidence over tau2 >= 0,
exact but for the lump at 0. For every tau2 the effect in a new study is normal around that tau2's estimate; mixed over the
confidence distribution these give one predictive distribution, of which the interval takes the quantiles. No draws, no seed.

Sources: Viechtbauer 2007, Stat Med 26:37 (the pivot); Iyer, Wang & Mathew 2004, JASA 99:1060 (generalised pivotal quantities
in the same model); Nagashima, Noma & Furukawa 2019, Stat Methods Med Res 28:1689 (prediction intervals from a confidence
distribution; they use an unweighted Q and a bootstrap). Assumes normal study effects with one tau2 and known sampling variances.
"""

from __future__ import annotations

import numpy as np

from normoxia.evidence.synthesis.model.heterogeneity import Array

#: tau2 is followed from and to these multiples of the median sampling variance; with one degree of freedom the upper tail
#: still holds a share of about 1e-5 there
_LOWEST, _HIGHEST = 1e-4, 1e10
_NODES = 160  # twice as many move an end by less than 1e-3 of the width
_HALVINGS = 44
_AT_ONCE = 2_000_000  # weights held in memory together: nodes times rows
#: beyond so many treatments, or degrees of freedom of Q, Student's interval is taken: the mixture would cost seconds, and
#: tau2 is known to a tenth
MOST_TREATMENTS, MOST_DF = 50, 300


def predictive_intervals(
    y: Array, v: Array, x: Array, contrasts: Array, level: float = 0.95
) -> tuple[Array, Array]:
    """Ends of the prediction interval of several linear combinations of the coefficients.

    Parameters
    ----------
    y, v, x
        Estimates, sampling variances, design of full column rank; more rows than columns.
    contrasts
        One combination a row; each with its own draw of the between-study effect; shape (n,
        n_coefficients).

    Returns
    -------
    tuple[Array, Array]
        (low, high), each of shape (n,).
    """
    tau2, share = confidence_distribution(y, v, x)
    mean, variance = _effects(y, v, x, contrasts, tau2)
    sd = np.sqrt(variance + tau2[:, None])
    tail = (1.0 - level) / 2.0
    return mixture_quantile(mean, sd, share, tail), mixture_quantile(mean, sd, share, 1.0 - tail)


def confidence_distribution(y: Array, v: Array, x: Array) -> tuple[Array, Array]:
    """Values of tau2 from 0 up and the confidence that each stands for, summing to 1; shapes (n_nodes,)."""
    from scipy.special import chdtrc

    edges = float(np.median(v)) * np.geomspace(_LOWEST, _HIGHEST, _NODES)
    below = chdtrc(len(y) - x.shape[1], _generalised_q(y, v, x, np.concatenate([[0.0], edges])))
    nodes = np.concatenate([[0.0, edges[0] / 2.0], np.sqrt(edges[:-1] * edges[1:]), [edges[-1]]])
    return nodes, np.diff(np.concatenate([[0.0], below, [1.0]]))


def _generalised_q(y: Array, v: Array, x: Array, tau2: Array) -> Array:
    found = []
    for part in in_parts(tau2, len(y)):
        coefficients, _, weights = solve_at(y, v, x, part)
        found.append((weights * (y - coefficients @ x.T) ** 2).sum(axis=1))
    return np.concatenate(found)


def _effects(y: Array, v: Array, x: Array, contrasts: Array, tau2: Array) -> tuple[Array, Array]:
    """Estimate and variance of each combination at each tau2; shapes (n_nodes, n)."""
    means, variances = [], []
    for part in in_parts(tau2, len(y)):
        coefficients, covariance, _ = solve_at(y, v, x, part)
        means.append(coefficients @ contrasts.T)
        variances.append(((contrasts @ covariance) * contrasts).sum(axis=2))
    return np.concatenate(means), np.concatenate(variances)


def in_parts(tau2: Array, n_rows: int) -> list[Array]:
    """Values of tau2 in parts whose weights for so many rows fit into memory together."""
    return np.array_split(tau2, -(-len(tau2) * n_rows // _AT_ONCE))


def solve_at(y: Array, v: Array, x: Array, tau2: Array) -> tuple[Array, Array, Array]:
    """Weighted least squares at several tau2 at once.

    Parameters
    ----------
    y, v, x
        Estimates, sampling variances, design of full column rank; shapes (n,), (n,), (n, p).
    tau2
        Shape (t,).

    Returns
    -------
    tuple of Array
        Coefficients (t, p), their covariance (t, p, p), weights (t, n).
    """
    weights = 1.0 / (v + tau2[:, None])
    covariance = np.linalg.inv(np.einsum("np,tn,nq->tpq", x, weights, x, optimize=True))
    return np.einsum("tpq,tq->tp", covariance, (weights * y) @ x), covariance, weights


def mixture_quantile(mean: Array, sd: Array, share: Array, p: float) -> Array:
    """The p-quantile of mixtures of normal distributions, by halving.

    Parameters
    ----------
    mean, sd
        Of the parts; shape (n_parts, n).
    share
        Of the parts, summing to 1; shape (n_parts,).
    p
        Between 0 and 1.

    Returns
    -------
    Array
        Shape (n,).
    """
    from scipy.special import ndtr, ndtri

    ends = mean + sd * float(ndtri(p))  # the mixture's quantile lies between those of its parts
    low, high = ends.min(axis=0), ends.max(axis=0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        short = share @ ndtr((middle - mean) / sd) < p
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.asarray((low + high) / 2.0, dtype=np.float64)
