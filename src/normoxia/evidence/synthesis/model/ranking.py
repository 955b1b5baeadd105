"""Which treatment may be best, and how little that is known.

A ranking hides precision, so none is given here without its uncertainty: P-scores and SUCRA come with intervals, a
rankogram with the distribution of every rank. Sources: Ruecker & Schwarzer 2015, BMC Med Res Methodol 15:58 (P-score);
Salanti 2011, J Clin Epidemiol 64:163 (SUCRA, rankogram); Salanti 2022, BMJ Med (uncertainty of hierarchies).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from normoxia import seeding
from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.model.heterogeneity import Array
from normoxia.evidence.synthesis.model.network import NetworkFit

SmallValues = Literal["good", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """One treatment's standing among the treatments it can be compared with.

    Parameters
    ----------
    p_score
        Mean certainty of being better than another treatment; interval by drawing the
        effects.
    sucra
        Surface under the cumulative ranking; equals the expected P-score up to Monte-Carlo
        error.
    mean_rank
        1 is best; rank_interval holds the fit's level of the draws, 95 % by default.
    probabilities
        Of each rank, best first.
    """

    treatment: str
    p_score: float
    p_score_interval: tuple[float, float]
    sucra: float
    sucra_se: float
    mean_rank: float
    rank_interval: tuple[int, int]
    probabilities: tuple[float, ...]

    @property
    def p_best(self) -> float:
        """Probability of being the best."""
        return self.probabilities[0]


def p_scores(fit: NetworkFit, *, small_values: SmallValues = "good") -> dict[str, float]:
    """P-score of each treatment within its connected part; nan for one that stands alone."""
    scores = _p_scores(fit.theta[None, :], fit, direction(small_values))[0]
    return dict(zip(fit.network.treatments, scores.tolist(), strict=True))


def rank(
    fit: NetworkFit, *, small_values: SmallValues = "good", draws: int = 10_000, seed: int = 0
) -> tuple[Rank, ...]:
    """Every treatment's ranking, best P-score first; ranks count within connected parts.

    Parameters
    ----------
    small_values
        "good" when a small effect helps the patient (HR of death), "bad" when it harms
        (odds of response).
    draws
        Of all effects from their joint normal distribution; Monte-Carlo error of SUCRA is
        `sucra_se`.
    """
    sign = direction(small_values)
    if draws < 2:
        raise InvalidArgument(f"{draws} draws; a distribution of ranks needs at least 2")
    scores = _p_scores(fit.theta[None, :], fit, sign)[0]
    sampled = _draw(fit, draws, seed)
    few = _p_scores(sampled[: min(draws, 1000)], fit, sign)
    ends = [0.5 - fit.level / 2.0, 0.5 + fit.level / 2.0]
    ranks = []
    for part in range(fit.network.n_parts):
        inside = np.flatnonzero(fit.network.part == part)
        n = len(inside)
        ranks_drawn = np.empty((draws, n), dtype=np.int64)
        order = np.argsort(sign * sampled[:, inside], axis=1)
        np.put_along_axis(ranks_drawn, order, np.arange(1, n + 1)[None, :], axis=1)
        for column, i in enumerate(inside):
            own = ranks_drawn[:, column]
            share = np.bincount(own, minlength=n + 1)[1:] / draws
            surface = (n - own) / (n - 1)
            low, high = np.quantile(few[:, i], ends)
            first, last = np.quantile(own, ends, method="nearest")
            ranks.append(
                Rank(
                    treatment=fit.network.treatments[i],
                    p_score=float(scores[i]),
                    p_score_interval=(float(low), float(high)),
                    sucra=float(surface.mean()),
                    sucra_se=float(surface.std(ddof=1) / np.sqrt(draws)),
                    mean_rank=float(own.mean()),
                    rank_interval=(int(first), int(last)),
                    probabilities=tuple(share.tolist()),
                )
            )
    return tuple(sorted(ranks, key=lambda r: -r.p_score))


def direction(small_values: str) -> float:
    """1 where small values are good for the patient, -1 where they are bad."""
    if small_values not in ("good", "bad"):
        raise InvalidArgument(
            f'small_values "{small_values}"; expected "good" (less is better) or "bad"'
        )
    return 1.0 if small_values == "good" else -1.0


def _p_scores(theta: Array, fit: NetworkFit, sign: float) -> Array:
    """P-scores for rows of effects, with the fit's standard errors; shape (n_rows, n_treatments)."""
    from scipy.special import ndtr

    part = fit.network.part
    same = (part[:, None] == part[None, :]) & ~np.eye(len(part), dtype=bool)
    se = np.where(same, fit.se(), 1.0)
    better = ndtr(sign * (theta[:, None, :] - theta[:, :, None]) / se)  # row i better than column j
    others = same.sum(axis=1)
    return np.asarray(
        (better * same).sum(axis=2) / np.where(others > 0, others, np.nan), dtype=np.float64
    )


def _draw(fit: NetworkFit, draws: int, seed: int) -> Array:
    """Effects from their joint distribution, against the first treatment of each part in an order that no name decides."""
    order = _by_effect(fit)
    first: dict[int, int] = {}
    for i in order:
        first.setdefault(int(fit.network.part[i]), i)
    moving = np.array([i for i in order if i not in first.values()], dtype=np.int64)
    against = np.eye(len(order))
    against[np.arange(len(order)), [first[int(p)] for p in fit.network.part]] -= 1.0
    sampled = np.tile(against @ fit.theta, (draws, 1))
    covariance = against @ fit.covariance @ against.T
    factor = np.linalg.cholesky(covariance[np.ix_(moving, moving)])
    noise = seeding.normals(seed, "evidence/ranking", draws, len(moving))
    sampled[:, moving] += noise @ factor.T
    return sampled


def _by_effect(fit: NetworkFit) -> list[int]:
    """Positions of the treatments by effect against the mean of their part, then by its variance; rounding does not decide."""
    part = fit.network.part
    same = (part[:, None] == part[None, :]).astype(float)
    centre = np.eye(len(part)) - same / same.sum(axis=1, keepdims=True)
    effect, variance = centre @ fit.theta, np.diag(centre @ fit.covariance @ centre.T)
    scale = float(variance.max()) or 1.0
    keys = zip(np.round(effect / np.sqrt(scale), 9), np.round(variance / scale, 9), strict=True)
    return [i for i, _ in sorted(enumerate(keys), key=lambda item: item[1])]
