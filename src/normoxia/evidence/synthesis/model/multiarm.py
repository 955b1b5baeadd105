"""Multi-arm studies: from pairwise standard errors to one covariance, and to independent contrasts.

A study with k arms publishes up to k(k-1)/2 contrasts, but carries k-1 pieces of information. Read as resistances of a
graph, the pairwise variances determine the covariance of the arms up to a common shift (Gutman & Xiao 2004; Ruecker 2012,
Res Synth Methods 3:312). Its eigenvectors are k-1 contrasts that are independent, and stay so when arms share a
between-study variance (any two arms' effects then differ with variance tau2, correlation one half): every study becomes
rows of one ordinary weighted regression.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from normoxia.evidence.synthesis.model.contrasts import Contrast
from normoxia.evidence.synthesis.model.heterogeneity import Array
from normoxia.language import Message

#: contrasts of one study that miss closing a triangle by more than this many standard errors are a finding
INCONSISTENT_SE = 0.1
#: an eigenvalue below this share of the largest means that the published intervals cannot all be right
_POSSIBLE = 1e-6
#: weight of a guess beside published variances: enough to choose among solutions that fit alike, too little to move a unique one
_PULL = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class StudyArms:
    """A study's arms with the covariance of their effects.

    effects     arm effects, centred at 0; shape (n_arms,)
    covariance  centred: rows sum to 0; shape (n_arms, n_arms)
    variances   what each arm adds to its contrasts, so that var(i - j) = variances[i] + variances[j] where that is
                possible; negative when the published intervals contradict each other
    notes       what was impossible, missing or assumed, with the arithmetic
    published   the contrasts as published (estimate, variance) by arm positions, first below second
    """

    study: str
    arms: tuple[str, ...]
    effects: Array
    covariance: Array
    variances: Array
    notes: tuple[str, ...] = ()
    published: Mapping[tuple[int, int], tuple[float, float]] = field(default_factory=dict)

    def rotated(self) -> tuple[Array, Array, Array]:
        """Independent contrasts: design rows (n_arms - 1, n_arms), estimates, sampling variances.

        Each row is scaled so that a between-study variance tau2 adds exactly tau2 to its variance.
        """
        values, vectors = np.linalg.eigh(self.covariance)
        rows = math.sqrt(2.0) * vectors[:, 1:].T  # the smallest eigenvalue, 0, is the common shift
        return rows, rows @ self.effects, 2.0 * values[1:]

    def contrast(self, i: int, j: int) -> tuple[float, float]:
        """Arm i minus arm j, i before j: estimate and variance, as published or else from the arms."""
        if (i, j) in self.published:
            return self.published[i, j]
        return _of_arms(self.effects, self.covariance, i, j)


def study_arms(
    contrasts: Sequence[Contrast], sizes: Mapping[str, float] | None = None
) -> StudyArms:
    """The arms of one study from its contrasts.

    sizes    patients (or events) per arm; used only where contrasts against a shared arm leave its variance open
    With every pairwise contrast given, the covariance is exact. With some missing, arm variances are solved from those
    given; where they leave the split open it is shared in proportion to 1/size, or equally, and a note says which.
    """
    study = contrasts[0].study
    arms = tuple(dict.fromkeys(name for c in contrasts for name in (c.treatment, c.comparator)))
    at = {name: i for i, name in enumerate(arms)}
    k = len(arms)
    edges = np.zeros((len(contrasts), k))
    for row, c in enumerate(contrasts):
        edges[row, at[c.treatment]], edges[row, at[c.comparator]] = 1.0, -1.0
    y = np.array([c.estimate for c in contrasts])
    v = np.array([c.se**2 for c in contrasts])
    pairs = {
        (min(at[c.treatment], at[c.comparator]), max(at[c.treatment], at[c.comparator]))
        for c in contrasts
    }
    notes: list[Message] = []
    resistance = np.zeros((k, k))
    if len(pairs) == k * (k - 1) // 2:
        for (i, j), variance in _mean_by_pair(contrasts, at).items():
            resistance[i, j] = resistance[j, i] = variance
    else:
        own = _split(study, edges, v, arms, sizes, notes)
        resistance = own[:, None] + own[None, :]
        np.fill_diagonal(resistance, 0.0)
    covariance = published_covariance = _centred(resistance)
    own = _own_variances(resistance)
    if k > 2:
        covariance, own = _possible(study, arms, resistance, covariance, own, notes)
    repaired = covariance is not published_covariance
    effects = _project(edges, y, v, covariance)
    misfit = np.abs(edges @ effects - y) / np.sqrt(v)
    for late in np.flatnonzero(misfit > INCONSISTENT_SE):
        row = int(late)
        c = contrasts[row]
        notes.append(
            Message(
                "evidence.published_twice",
                study=study,
                one=c.treatment,
                other=c.comparator,
                published=c.estimate,
                implied=float(edges[row] @ effects),
                gap=float(misfit[row]),
            )
        )
    published = {}
    for c in contrasts:
        i, j = at[c.treatment], at[c.comparator]
        pair = min(i, j), max(i, j)
        if pair in published:  # given twice: neither alone, but what both come to
            published[pair] = _of_arms(effects, covariance, *pair)
        else:
            published[pair] = (c.estimate if i < j else -c.estimate, c.se**2)
    return StudyArms(
        study, arms, effects, covariance, own, tuple(notes), {} if repaired else published
    )


def _of_arms(effects: Array, covariance: Array, i: int, j: int) -> tuple[float, float]:
    variance = covariance[i, i] + covariance[j, j] - 2.0 * covariance[i, j]
    return float(effects[i] - effects[j]), float(variance)


def centred_study(
    study: str, arms: tuple[str, ...], effects: Array, covariance: Array
) -> StudyArms:
    """A study whose arms' effects and covariance are known, both with their common shift taken out."""
    own = np.diag(covariance)
    resistance = own[:, None] + own[None, :] - 2.0 * covariance
    return StudyArms(study, arms, effects, covariance, _own_variances(resistance))


def arm_arithmetic(arms: Sequence[str], resistance: Array) -> tuple[Message, ...]:
    """One line an arm of a three-arm study: its variance from the three published ones, written out."""
    lines = []
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        value = (resistance[i, j] + resistance[i, k] - resistance[j, k]) / 2.0
        lines.append(
            Message(
                "evidence.arm_variance",
                arm=arms[i],
                a=float(resistance[i, j]),
                b=float(resistance[i, k]),
                c=float(resistance[j, k]),
                value=float(value),
            )
        )
    return tuple(lines)


def _mean_by_pair(
    contrasts: Sequence[Contrast], at: Mapping[str, int]
) -> dict[tuple[int, int], float]:
    found: dict[tuple[int, int], list[float]] = {}
    for c in contrasts:
        i, j = sorted((at[c.treatment], at[c.comparator]))
        found.setdefault((i, j), []).append(c.se**2)
    return {pair: sum(values) / len(values) for pair, values in found.items()}


def _centred(resistance: Array) -> Array:
    """-1/2 J R J, the covariance of the arms with their common shift taken out."""
    k = len(resistance)
    centre = np.eye(k) - 1.0 / k
    covariance = -0.5 * centre @ resistance @ centre
    return np.asarray((covariance + covariance.T) / 2.0, dtype=np.float64)


def _own_variances(resistance: Array) -> Array:
    """Least-squares arm variances from pairwise ones: exact for three arms, and for any number when they add up."""
    k = len(resistance)
    if k == 2:
        return np.full(2, resistance[0, 1] / 2.0)
    total = float(np.sum(resistance)) / 2.0 / (k - 1)
    return np.asarray((resistance.sum(axis=1) - total) / (k - 2), dtype=np.float64)


def _split(
    study: str,
    edges: Array,
    v: Array,
    arms: tuple[str, ...],
    sizes: Mapping[str, float] | None,
    notes: list[Message],
) -> Array:
    """Arm variances from an incomplete set of contrasts."""
    known = sizes is not None and all(sizes.get(arm, 0.0) > 0 for arm in arms)
    guess = (
        np.array([1.0 / sizes[arm] for arm in arms])
        if known and sizes is not None
        else np.ones(len(arms))
    )
    sums = np.abs(edges)
    guess = guess * float(v @ (sums @ guess)) / float((sums @ guess) @ (sums @ guess))
    own = guess + np.linalg.pinv(sums) @ (v - sums @ guess)
    if np.any(own <= 0):
        lowest = arms[int(np.argmin(own))]
        notes.append(
            Message(
                "evidence.negative_variance",
                study=study,
                variances=str(np.round(v, 5).tolist()),
                arm=lowest,
                value=float(own.min()),
            )
        )
        own = np.maximum(_nonnegative(sums, v, guess), 0.01 * guess)
    if np.linalg.matrix_rank(sums) < len(arms):
        key = "evidence.shared_by_size" if known else "evidence.shared_equally"
        values = ", ".join(f"{arm} {value:.4g}" for arm, value in zip(arms, own, strict=True))
        notes.append(Message(key, study=study, values=values))
    return own


def _possible(
    study: str,
    arms: tuple[str, ...],
    resistance: Array,
    covariance: Array,
    own: Array,
    notes: list[Message],
) -> tuple[Array, Array]:
    """The covariance, or the nearest possible one with a note that shows why the published one is not."""
    values = np.linalg.eigvalsh(covariance)[1:]
    if values[0] > _POSSIBLE * values[-1] and np.all(own > 0):
        return covariance, own
    arithmetic = (
        arm_arithmetic(arms, resistance)
        if len(arms) == 3
        else Message("evidence.arm_variances", values=str(np.round(own, 5).tolist()))
    )
    if values[0] > _POSSIBLE * values[-1]:
        notes.append(Message("evidence.not_one_analysis", study=study, arithmetic=arithmetic))
        return covariance, own
    pairs = list(combinations(range(len(arms)), 2))
    sums = np.zeros((len(pairs), len(arms)))
    for row, (i, j) in enumerate(pairs):
        sums[row, i] = sums[row, j] = 1.0
    published = np.array([resistance[i, j] for i, j in pairs])
    equal = np.full(len(arms), float(np.mean(published)) / 2.0)
    repaired = np.maximum(_nonnegative(sums, published, equal), 0.02 * equal)
    fitted = sums @ repaired
    worst = int(np.argmax(np.abs(np.log(published / fitted))))
    i, j = pairs[worst]
    notes.append(
        Message(
            "evidence.impossible",
            study=study,
            arithmetic=arithmetic,
            one=arms[i],
            other=arms[j],
            printed=float(published[worst]),
            fitted=float(fitted[worst]),
        )
    )
    nearest = repaired[:, None] + repaired[None, :]
    np.fill_diagonal(nearest, 0.0)
    return _centred(nearest), repaired


def _nonnegative(sums: Array, v: Array, guess: Array) -> Array:
    """Arm variances of at least 0 nearest to the published ones; of several alike, the nearest to a guess."""
    from scipy.optimize import nnls

    scale, pull = 1.0 / v, _PULL / guess
    rows = np.vstack([sums * scale[:, None], np.diag(pull)])
    return np.asarray(nnls(rows, np.concatenate([v * scale, pull * guess]))[0], dtype=np.float64)


def _project(edges: Array, y: Array, v: Array, covariance: Array) -> Array:
    """Centred arm effects: least squares over the published contrasts with the study's own weights."""
    laplacian = np.linalg.pinv(covariance, rcond=1e-9, hermitian=True)
    k = len(covariance)
    weights = np.array([-laplacian[np.argmax(e), np.argmin(e)] for e in edges])
    if len(edges) == k - 1 or np.any(weights <= 0):
        weights = 1.0 / v
    normal = (edges * weights[:, None]).T @ edges
    effects = np.linalg.solve(
        normal + 1.0 / k * np.mean(np.diag(normal)), (edges * weights[:, None]).T @ y
    )
    return np.asarray(effects - effects.mean(), dtype=np.float64)
