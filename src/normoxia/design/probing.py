"""Questions to the typical patient: the normalisation window by dose and time, what an outcome is sensitive to, a loop's gain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from normoxia.design.explanations import LoopQuestion, SensitivityQuestion, WindowQuestion
from normoxia.design.regimens import over_draws
from normoxia.design.typical import TypicalPatient, typical_patient
from normoxia.errors import UnknownName
from normoxia.outcome import Estimate

Floats = NDArray[np.float64]

#: the observable whose rise is a window
PERFUSION = "perfusion"
#: days between points of a window
_STEP = 7
#: resamples of the interval of an index
_RESAMPLES = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Window:
    """The normalisation window of the typical patient as a function of dose and time.

    Attributes
    ----------
    variant
        "on" or "off" for draws of one side of a structural variant, "" for all.
    n_draws
        Of this window.
    amounts
        Doses; shape (n_doses,).
    days
        Shape (n_days,).
    perfusion
        Median over draws of perfusion over that before treatment; shape (n_doses, n_days).
    open_share
        Share of draws in which perfusion is above its start; shape (n_doses, n_days).
    open_days
        Days of an open window by dose and draw; shape (n_doses, n_draws).
    """

    variant: str
    n_draws: int
    amounts: Floats
    days: Floats
    perfusion: Floats
    open_share: Floats
    open_days: Floats

    @property
    def widest(self) -> float:
        """Dose whose window is open longest, by the mean over draws."""
        return float(self.amounts[int(np.argmax(self.open_days.mean(axis=1)))])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SensitivityIndex:
    """Share of an outcome's variance that one number explains: alone, and with its interactions."""

    parameter: str
    first: Estimate
    total: Estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoopGain:
    """Gain of a feedback loop.

    Attributes
    ----------
    gain
        1 - open response / closed response of the logarithm of the observable: the part of the response that the loop gives back.
        Above 0 it amplifies; 1 would be a runaway.
    closed, opened
        Ratio of the observable to its untreated course, with the loop closed and open.
    """

    gain: Estimate
    closed: Estimate
    opened: Estimate


def columns(settings: Sequence[Mapping[str, float]]) -> dict[str, Floats]:
    """Return draws as one array for each name."""
    return {name: np.array([s[name] for s in settings]) for name in settings[0]}


def windows(
    model: str,
    question: WindowQuestion,
    settings: Sequence[Mapping[str, float]],
    is_on: Mapping[str, Sequence[bool]],
) -> tuple[Window, ...]:
    """Return perfusion of the typical patient by dose and time: one window, or one for each side of a structural variant.

    Parameters
    ----------
    model
        Biology of the stage.
    question
        Doses and how long they are followed.
    settings
        Parameters of each draw.
    is_on
        By structural variant: whether it is on in each draw.

    Raises
    ------
    UnknownName
        There is no such variant.
    """
    if question.by and question.by not in is_on:
        raise UnknownName("structural variant", question.by, is_on)
    regimens = ["", *(question.course.format(amount=f"{a:g}") for a in question.amounts)]
    patient = typical_patient(model, regimens, [PERFUSION])
    days = np.arange(_STEP, question.days + 1.0, _STEP)
    values = patient.course(regimens, list(days), columns(settings), len(settings))[..., 0]
    relative = values[1:] / values[:1]
    if not question.by:
        return (_window("", question, days, relative),)
    on = np.array(is_on[question.by])
    sides = (("on", relative[:, on]), ("off", relative[:, ~on]))
    return tuple(_window(side, question, days, own) for side, own in sides if own.shape[1])


def _window(variant: str, question: WindowQuestion, days: Floats, relative: Floats) -> Window:
    is_open = relative > 1.0
    return Window(
        variant=variant,
        n_draws=relative.shape[1],
        amounts=np.array(question.amounts),
        days=days,
        perfusion=np.median(relative, axis=1),
        open_share=is_open.mean(axis=1),
        open_days=_STEP * is_open.sum(axis=2).astype(np.float64),
    )


def sensitivity(
    model: str,
    question: SensitivityQuestion,
    courses: Sequence[str],
    priors: Mapping[str, Callable[[Floats], Floats]],
    seed: int,
) -> tuple[SensitivityIndex, ...]:
    """Return Sobol' indices of the logarithm of an observable, the largest total first.

    Parameters
    ----------
    model
        Biology of the stage.
    question
        Outcome and numbers.
    courses
        What is given.
    priors
        Natural values of standard normal ones, by name.
    seed
        Of the sequence of points.

    References
    ----------
    Saltelli et al. 2010, Comput Phys Commun 181:259, as in `scipy.stats.sobol_indices`.
    """
    from scipy.special import ndtri
    from scipy.stats import qmc

    for name in question.parameters:
        if name not in priors:
            raise UnknownName("hyperparameter", name, priors)
    patient = typical_patient(model, [courses], [question.output])
    d, n = len(question.parameters), question.points
    points = qmc.Sobol(2 * d, rng=np.random.default_rng(seed)).random(n)
    first, second = points[:, :d], points[:, d:]
    mixed = [np.column_stack([*first.T[:k], second[:, k], *first.T[k + 1 :]]) for k in range(d)]
    normal = np.asarray(ndtri(np.clip(np.concatenate([first, second, *mixed]), 1e-9, 1.0 - 1e-9)))
    given = {name: priors[name](normal[:, k]) for k, name in enumerate(question.parameters)}
    values = patient.course([courses], [question.day], given, len(normal))[0, :, -1, 0]
    at = np.log(values).reshape(d + 2, n)
    rng = np.random.default_rng(seed)
    rows = [np.arange(n), *(rng.integers(0, n, n) for _ in range(_RESAMPLES))]
    found = np.array([_indices(at[:, own]) for own in rows])
    indices = [
        SensitivityIndex(parameter=name, first=_index(found[:, 0, i]), total=_index(found[:, 1, i]))
        for i, name in enumerate(question.parameters)
    ]
    return tuple(sorted(indices, key=lambda index: -index.total.value))


def _indices(at: Floats) -> Floats:
    """First-order and total indices from the outcome at both sets of points and at each mixed set; shape (2, d)."""
    from scipy.stats import sobol_indices

    outcome: dict[Literal["f_A", "f_B", "f_AB"], Floats] = {
        "f_A": at[:1],
        "f_B": at[1:2],
        "f_AB": at[2:, None, :],
    }
    found = sobol_indices(func=outcome, n=at.shape[1])
    return np.array([np.ravel(found.first_order), np.ravel(found.total_order)])


def _index(values: Floats) -> Estimate:
    """The estimate, first of the values, with the middle 95 % of the resamples."""
    low, high = (float(q) for q in np.quantile(values[1:], [0.025, 0.975]))
    return Estimate(float(values[0]), low, high, 0.95)


def loop_gain(
    model: str, question: LoopQuestion, settings: Sequence[Mapping[str, float]]
) -> LoopGain:
    """Return the gain of a feedback loop in the typical patient under each draw.

    Parameters
    ----------
    model
        Biology of the stage.
    question
        Statements that close the loop, and the response.
    settings
        Parameters of each draw.
    """
    draws = columns(settings)
    closed = _response(
        typical_patient(model, [question.course], [question.output]), question, draws
    )
    without = typical_patient(model, [question.course], [question.output], question.statements)
    removed = {
        name
        for s in without.model.statements
        if s.tag in question.statements
        for name in s.ablation
    }
    kept = {name: values for name, values in draws.items() if name not in removed}
    opened = _response(without, question, kept)
    return LoopGain(
        gain=over_draws(gain(closed, opened)),
        closed=over_draws(np.exp(closed), is_ratio=True),
        opened=over_draws(np.exp(opened), is_ratio=True),
    )


def gain(closed: Floats, opened: Floats) -> Floats:
    """Return the gain of a loop from the responses with it closed and open; nan where there is no response."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.abs(closed) > 1e-9, 1.0 - opened / closed, np.nan)


def _response(
    patient: TypicalPatient, question: LoopQuestion, draws: Mapping[str, Floats]
) -> Floats:
    n = len(next(iter(draws.values())))
    values = patient.course(["", question.course], [question.day], draws, n)[..., -1, 0]
    return np.asarray(np.log(values[1] / values[0]))
