"""Which marker predicts who gains: cut-offs learnt on half of the virtual patients of each draw, judged on the other half.

The interaction of a marker is the difference of the mean own gain above and below its cut-off; exp of it is a ratio of time ratios, 1 when
both gain alike. The same is asked of hazard ratios, as a trial sees them: the hazard ratio above over that below. Prognosis is the difference of
log progression-free survival under the control. Intervals are over draws of the ensemble: what patients of a draw leave to chance is taken
out of the spread between draws (method of moments) and kept in the error of the mean. The cut-off is the one of largest |t| on the learning
half; its interval is from resampled draws. Many markers are asked at once: p values are adjusted by Holm's method (1979, Scand J Stat 6:65).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from normoxia import seeding
from normoxia.design.markers.measured import MeasuredContrast
from normoxia.design.markers.who_gains import Marker, MarkerDesign
from normoxia.errors import InvalidArgument
from normoxia.outcome import Estimate
from normoxia.survival.replicates import hazard_ratio_many

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Array = TypeVar("Array", Floats, Bools)

LEVEL, ALPHA = 0.95, 0.05
#: shares of patients below a cut-off that are tried
_SHARES = np.arange(0.2, 0.81, 0.1)
#: resamples of the draws for the interval of a cut-off
_RESAMPLES = 200
#: patients on each side of a cut-off of a draw that still give a difference
_FEWEST = 3
#: patients of a draw that are enough to ask about markers
FEWEST_PATIENTS = 20
#: own gain from which a patient is said to gain: a quarter longer
GAINS = math.log(1.25)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarkerEffect:
    """What a marker says of who gains from what a contrast adds.

    Attributes
    ----------
    marker, adds
        Id; what the contrast adds.
    cut
        Values at or above it are high, with its interval.
    share
        Of patients who are high.
    ratio
        Ratio of time ratios, high over low; above 1 when who is high gains more.
    hazards
        Hazard ratio of those who are high over that of those who are low; below 1 when who is high gains more.
    prognosis
        Time ratio of high over low under the control.
    high, low
        Time ratio of the addition in each group.
    discrimination
        Probability that of two patients, one who gains a quarter or more and one who does not, the former has the higher marker.
    p, adjusted
        Of the interaction, and adjusted for all that were asked.
    """

    marker: str
    adds: str
    cut: Estimate
    share: float
    ratio: Estimate
    hazards: Estimate
    prognosis: Estimate
    high: Estimate
    low: Estimate
    discrimination: float
    p: float
    adjusted: float = math.nan

    @property
    def predicts(self) -> bool:
        """Whether the interaction excludes chance after adjustment."""
        return self.adjusted < ALPHA


def check_size(patients: int) -> None:
    """Raise InvalidArgument for too few patients of a draw to learn on one half and judge on the other."""
    if patients < FEWEST_PATIENTS:
        raise InvalidArgument(
            f"found {patients} patients of each draw; learning and judging markers needs {FEWEST_PATIENTS} or more"
        )


def effects(
    design: MarkerDesign, contrasts: Sequence[MeasuredContrast], *, seed: int = 1
) -> tuple[MarkerEffect, ...]:
    """Return what every marker says of every contrast, p values adjusted over all of them."""
    found = [
        effect(marker, contrast, seed=seed) for contrast in contrasts for marker in design.markers
    ]
    adjusted = holm([one.p for one in found])
    return tuple(replace(one, adjusted=p) for one, p in zip(found, adjusted, strict=True))


def effect(marker: Marker, contrast: MeasuredContrast, *, seed: int = 1) -> MarkerEffect:
    """Return what one marker says of one contrast: learnt on the first half of patients, judged on the second."""
    values, gain = contrast.markers[marker.id], contrast.gain
    half = values.shape[1] // 2
    cut = learnt(values[:, :half], gain[:, :half], is_level=bool(marker.levels), seed=seed)
    x, y = judging(values), judging(gain)
    is_high = x >= cut.value
    known = np.isfinite(x) & np.isfinite(y)
    difference, error = differences(is_high, known, y)
    ratio, p = over_draws(difference, error)
    prognosis = judging(contrast.prognosis)
    known_prognosis = np.isfinite(x) & np.isfinite(prognosis)
    shift, shift_error = differences(is_high, known_prognosis, prognosis)
    measured = np.isfinite(x)
    return MarkerEffect(
        marker=marker.id,
        adds=contrast.adds,
        cut=cut,
        share=float(is_high[measured].mean()) if measured.any() else math.nan,
        ratio=exponential(ratio),
        hazards=exponential(_hazard_ratios(contrast, slice(half, None), is_high, measured)),
        prognosis=exponential(over_draws(shift, shift_error)[0]),
        high=exponential(_mean_gain(y, known & is_high)),
        low=exponential(_mean_gain(y, known & ~is_high)),
        discrimination=discrimination(x, y, known),
        p=p,
    )


def judging(values: Array) -> Array:
    """Return the patients on whom markers are judged: the second half of the last axis."""
    return values[..., values.shape[-1] // 2 :]


def exponential(estimate: Estimate) -> Estimate:
    """An estimate of a logarithm as a ratio."""
    ends = [math.exp(min(v, 50.0)) for v in (estimate.value, estimate.low, estimate.high)]
    return Estimate(ends[0], ends[1], ends[2], estimate.level)


def learnt(values: Floats, gain: Floats, *, is_level: bool, seed: int = 1) -> Estimate:
    """Return the cut-off of largest |t| over draws, with the interval of those that resampled draws give.

    Parameters
    ----------
    values, gain
        Shape (n_draws, n).
    is_level
        Whether values are positions of levels, so that every level but the lowest may be a cut-off.
    seed
        Of the resamples.
    """
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Estimate(math.nan)
    cuts = np.unique(finite)[1:] if is_level else np.unique(np.quantile(finite, _SHARES))
    if not len(cuts):
        return Estimate(float(finite[0]))
    known = np.isfinite(values) & np.isfinite(gain)
    table = np.stack([differences(values >= cut, known, gain)[0] for cut in cuts], axis=1)
    best = float(cuts[int(_largest(table[None])[0])])
    n = len(table)
    u = seeding.uniforms(seed, "design/markers/resamples", _RESAMPLES, n)
    again = cuts[_largest(table[np.minimum((u * n).astype(int), n - 1)])]
    low, high = (float(q) for q in np.quantile(again, [0.025, 0.975], method="nearest"))
    return Estimate(best, min(low, best), max(high, best), LEVEL)


def _largest(tables: Floats) -> NDArray[np.intp]:
    """Column of largest |t| of the mean over draws in each table; shape (n_tables,) of (n_tables, n_draws, n_columns)."""
    known = np.isfinite(tables)
    n = known.sum(axis=1)
    values = np.where(known, tables, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = values.sum(axis=1) / n
        square = (np.where(known, tables - mean[:, None], 0.0) ** 2).sum(axis=1) / (n - 1)
        score = np.abs(mean) * np.sqrt(n / square)
    usable = (n > 2) & np.isfinite(score)
    return np.asarray(np.argmax(np.where(usable, score, -1.0), axis=1))


def differences(is_high: Bools, known: Bools, y: Floats) -> tuple[Floats, Floats]:
    """Difference of means, high less low, and its variance in each draw; nan with too few on a side; shape (n_draws,)."""
    value = np.where(known, y, 0.0)
    means, variances, enough = [], [], np.ones(len(y), dtype=bool)
    for group in (is_high & known, ~is_high & known):
        n = group.sum(axis=1)
        enough &= n >= _FEWEST
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = (value * group).sum(axis=1) / n
            square = (np.where(group, value - mean[:, None], 0.0) ** 2).sum(axis=1) / (n - 1)
            means.append(mean)
            variances.append(square / n)
    difference = np.where(enough, means[0] - means[1], np.nan)
    return difference, np.where(enough, variances[0] + variances[1], np.nan)


def over_draws(values: Floats, variances: Floats | None = None) -> tuple[Estimate, float]:
    """Mean over draws with the interval of its value in a draw of the ensemble, and the p value of none.

    The spread between draws less what sampling patients makes of it (`variances`) is that of the truth; the error of the mean is added.
    """
    from scipy.special import stdtr, stdtrit

    known = np.isfinite(values)
    x = values[known]
    if len(x) < 3:
        return Estimate(math.nan, level=LEVEL), 1.0
    mean, variance = float(x.mean()), float(x.var(ddof=1))
    sampling = 0.0 if variances is None else float(variances[known].mean())
    scale = math.sqrt(max(variance - sampling, 0.0) + variance / len(x))
    if scale == 0.0:
        return Estimate(mean, mean, mean, LEVEL), 0.0 if mean else 1.0
    half = float(stdtrit(len(x) - 1, 0.5 + LEVEL / 2.0)) * scale
    p = 2.0 * float(stdtr(len(x) - 1, -abs(mean) / scale))
    return Estimate(mean, mean - half, mean + half, LEVEL), p


def _mean_gain(y: Floats, group: Bools) -> Estimate:
    n = group.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.where(group, y, 0.0).sum(axis=1) / n
        square = (np.where(group, y - means[:, None], 0.0) ** 2).sum(axis=1) / (n - 1) / n
    enough = n >= _FEWEST
    return over_draws(np.where(enough, means, np.nan), np.where(enough, square, np.nan))[0]


def hazard_ratio_of_groups(contrast: MeasuredContrast, one: Bools, other: Bools) -> Estimate:
    """Hazard ratio of the contrast in one group of patients over that in another, with its interval over draws.

    Parameters
    ----------
    contrast
        Both regimens.
    one, other
        Members; shape (n_draws, n).
    """
    logs = [_log_ratio(contrast, slice(None), group) for group in (one, other)]
    return exponential(over_draws(logs[0] - logs[1])[0])


def _hazard_ratios(
    contrast: MeasuredContrast, patients: slice, is_high: Bools, measured: Bools
) -> Estimate:
    high = _log_ratio(contrast, patients, is_high & measured)
    low = _log_ratio(contrast, patients, ~is_high & measured)
    return over_draws(high - low)[0]


def _log_ratio(contrast: MeasuredContrast, patients: slice, members: Bools) -> Floats:
    """Log hazard ratio in a group of each draw; nan where it has too few; shape (n_draws,)."""
    time = np.concatenate(list(contrast.times[:, :, patients]), axis=1)
    observed = np.concatenate(list(contrast.observed[:, :, patients]), axis=1)
    included = np.concatenate([members, members], axis=1)
    in_first = np.arange(time.shape[1]) < members.shape[1]
    enough = members.sum(axis=1) >= _FEWEST
    found = np.full(len(time), np.nan)
    if enough.any():
        ratios = hazard_ratio_many(
            time[enough], observed[enough], in_first, included=included[enough]
        )
        found[enough] = ratios.log_hazard_ratio
    return found


def discrimination(x: Floats, y: Floats, known: Bools) -> float:
    """Mean over draws of the area under the curve of the marker for an own gain of a quarter or more; 0.5 is chance."""
    from scipy.stats import rankdata

    areas = []
    for values, gain, kept in zip(x, y, known, strict=True):
        gains = gain[kept] >= GAINS
        n_gain, n_rest = int(gains.sum()), int((~gains).sum())
        if n_gain and n_rest:
            ranks = rankdata(values[kept])
            areas.append((ranks[gains].sum() - n_gain * (n_gain + 1) / 2.0) / (n_gain * n_rest))
    return float(np.mean(areas)) if areas else math.nan


def holm(p: Sequence[float]) -> list[float]:
    """P values adjusted by Holm's step-down method."""
    order = np.argsort(p, kind="stable")
    adjusted, largest = [1.0] * len(p), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(p) - rank) * p[place]))
        adjusted[int(place)] = largest
    return adjusted
