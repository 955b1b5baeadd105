"""The log partial likelihood of a Cox model with its score and information, plain or with Firth's penalty."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from normoxia.survival.data import Floats
from normoxia.survival.design import RiskDesign, Ties, event_moments, event_weights, third_moments
from normoxia.survival.exact_ties import exact_terms

#: coefficients -> (log likelihood, score, information)
Terms = Callable[[Floats], tuple[float, Floats, Floats]]

#: a step, in units of 1 over the square root of the information at 0, that changes nothing
_SETTLED = 1e-11
_PASSES, _STRIDE = 40, 20.0
#: the same unit's share by which a score is differenced
_SHIFT = 1e-4


def plain(design: RiskDesign, ties: Ties) -> Terms:
    """The partial likelihood; -inf where the numbers overflow."""
    x, own = design.x[design.event], design.weight[design.event]
    at_events = event_weights(design) if ties != "exact" else None

    def terms(coefficients: Floats) -> tuple[float, Floats, Floats]:
        with np.errstate(all="ignore"):
            if ties == "exact":
                likelihood, score, information, _ = exact_terms(
                    design.x, design.first, design.end, design.event, design.group, coefficients
                )
            else:
                weight, total, mean, covariance = event_moments(
                    design, coefficients, ties, at_events
                )
                likelihood = float(own @ (x @ coefficients) - weight @ np.log(total))
                score = own @ x - weight @ mean
                information = np.einsum("e,eij->ij", weight, covariance)
        return likelihood if math.isfinite(likelihood) else -math.inf, score, information

    return terms


def penalised(design: RiskDesign, ties: Ties) -> Terms:
    """The partial likelihood with Jeffreys' invariant prior: half the log determinant of the information is added.

    source  Firth 1993, Biometrika 80:27; for Cox's model Heinze & Schemper 2001, Biometrics 57:114
    """

    def terms(coefficients: Floats) -> tuple[float, Floats, Floats]:
        with np.errstate(all="ignore"):
            if ties == "exact":
                likelihood, score, information, slopes = exact_terms(
                    design.x,
                    design.first,
                    design.end,
                    design.event,
                    design.group,
                    coefficients,
                    third=True,
                )
            else:
                likelihood, score, information = plain(design, ties)(coefficients)
                slopes = third_moments(design, coefficients, ties)
            sign, log_determinant = np.linalg.slogdet(information)
        if not (math.isfinite(likelihood) and sign > 0 and math.isfinite(log_determinant)):
            return -math.inf, score, information
        pull = 0.5 * np.einsum("ij,ijk->k", np.linalg.inv(information), slopes)
        return likelihood + 0.5 * float(log_determinant), score + pull, information

    return terms


def ascend(
    terms: Terms,
    start: Floats,
    spread: Floats,
    free: NDArray[np.bool_] | None = None,
    bent: bool = False,
    at_start: tuple[float, Floats, Floats] | None = None,
) -> tuple[Floats, tuple[float, Floats, Floats], bool]:
    """Newton's method with halved steps: coefficients, terms there, whether it came to rest.

    Parameters
    ----------
    spread
        Square roots of the information at 0: unit of a step.
    free
        False for coefficients that stay where they are.
    bent
        The information is not the curvature (a penalty bends as well): difference the score
        instead, and go no further than twenty units at once.
    at_start
        The terms at the start, where they are there already.
    """
    beta, current = start, terms(start) if at_start is None else at_start
    moving = np.ones(len(beta), dtype=np.bool_) if free is None else free
    chosen = np.ix_(moving, moving)
    for _ in range(5 * _PASSES if bent else _PASSES):
        likelihood, score, information = current
        step = np.zeros(len(beta))
        curvature = (
            _curvature(terms, beta, spread, moving, information[chosen])
            if bent
            else information[chosen]
        )
        try:
            step[moving] = np.linalg.solve(curvature, score[moving])
        except np.linalg.LinAlgError:
            return beta, current, False
        longest = float(np.abs(step * spread).max(initial=0.0))
        if not math.isfinite(longest):
            return beta, current, False
        if bent and longest > _STRIDE:
            step = step * (_STRIDE / longest)
        while True:
            proposed = terms(beta + step)
            if proposed[0] >= likelihood - 1e-10 * abs(likelihood) or np.abs(step).max() < 1e-12:
                break
            step = step / 2.0
        beta, current = beta + step, proposed
        # against the information where the step began, as the step was made there
        if (
            float(step @ information @ step) < 1e-18 * max(1.0, abs(likelihood))
            or np.abs(step * spread).max() < _SETTLED
        ):
            return beta, current, True
    return beta, current, False


def _curvature(
    terms: Terms, beta: Floats, spread: Floats, moving: NDArray[np.bool_], information: Floats
) -> Floats:
    """Minus the derivative of the score by differences; the information where that is no hill."""
    rows = []
    for i in np.flatnonzero(moving):
        shift = np.zeros(len(beta))
        shift[i] = _SHIFT / spread[i]
        ahead, behind = (terms(beta + side * shift)[1] for side in (1.0, -1.0))
        rows.append((behind - ahead)[moving] / (2.0 * shift[i]))
    found = np.array(rows)
    found = 0.5 * (found + found.T)
    if (
        np.isfinite(found).all()
        and (np.linalg.eigvalsh(found) > 1e-6 * np.diag(information).max()).all()
    ):
        return np.asarray(found, dtype=np.float64)
    return information
