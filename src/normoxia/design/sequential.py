"""Group-sequential boundaries by alpha spending, and probabilities of crossing them.

The standardised statistics of successive looks have the canonical joint distribution: with information fractions t_k,
Z_k sqrt(t_k) is Brownian motion at t_k with drift theta. Probabilities are integrated look by look (Armitage, McPherson & Rowe
1969, J R Stat Soc A 132:235; Jennison & Turnbull 2000, Group Sequential Methods, ch. 19) with Gauss-Legendre nodes.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument

Floats = NDArray[np.float64]

_NODES = 192
#: standard deviations beyond which a density is taken as 0
_FAR = 9.0


class Spending(StrEnum):
    """How the one-sided error is spent over information.

    Lan & DeMets 1983, Biometrika 70:659: like O'Brien and Fleming, 2 - 2 Phi(z_{1-alpha/2} / sqrt(t)); like Pocock,
    alpha log(1 + (e - 1) t).
    """

    OBRIEN_FLEMING = "obrien-fleming"
    POCOCK = "pocock"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Boundaries:
    """Upper boundaries of a one-sided group-sequential test.

    Attributes
    ----------
    fractions
        Information at each look over that of the last; shape (n_looks,).
    z
        Standardised statistic at which the hypothesis is rejected; shape (n_looks,).
    spent
        Error spent up to each look; shape (n_looks,).
    alpha
        One-sided level.
    """

    fractions: Floats
    z: Floats
    spent: Floats
    alpha: float

    def crossing(self, drift: float = 0.0) -> Floats:
        """Return the probability of crossing first at each look.

        Parameters
        ----------
        drift
            Mean of the statistic at full information: theta sqrt(information); for a log-rank test with D events,
            allocation shares a and 1 - a, -log(HR) sqrt(a (1 - a) D).
        """
        state = _State.at_start()
        before, probabilities = 0.0, []
        for fraction, z in zip(self.fractions, self.z, strict=True):
            crossed, state = state.look(fraction - before, float(z) * math.sqrt(fraction), drift)
            probabilities.append(crossed)
            before = fraction
        return np.array(probabilities)


def boundaries(
    fractions: Sequence[float], *, alpha: float = 0.025, spending: Spending | str = "obrien-fleming"
) -> Boundaries:
    """Return the boundaries of a one-sided test with looks at information fractions.

    Parameters
    ----------
    fractions
        Increasing, the last is 1.
    alpha
        One-sided level.
    spending
        "obrien-fleming" or "pocock".

    Raises
    ------
    InvalidArgument
        Fractions that do not increase to 1, or a level outside (0, 0.5).
    """
    from scipy.optimize import brentq

    t = np.asarray(fractions, dtype=np.float64)
    if t.ndim != 1 or not len(t) or (np.diff(t, prepend=0.0) <= 0).any() or abs(t[-1] - 1.0) > 1e-9:
        raise InvalidArgument(
            f"found looks at {', '.join(f'{x:g}' for x in np.atleast_1d(t))} of the information; "
            "expected fractions that increase to 1, such as 0.6, 0.8, 1"
        )
    if not 0.0 < alpha < 0.5:
        raise InvalidArgument(
            f"found a one-sided level of {alpha:g}; expected one between 0 and 0.5"
        )
    if spending not in tuple(Spending):
        raise InvalidArgument(f'found spending "{spending}"; expected one of {", ".join(Spending)}')
    spent = _spent(t, alpha, Spending(spending))
    state, before, before_spent, z = _State.at_start(), 0.0, 0.0, []
    for fraction, total in zip(t, spent, strict=True):
        root, target = math.sqrt(fraction), total - before_spent

        def excess(
            at: float,
            state: _State = state,
            step: float = fraction - before,
            root: float = root,
            target: float = target,
        ) -> float:
            return state.crossing(step, at * root, 0.0) - target

        found = float(brentq(excess, -1.0, 12.0, xtol=1e-10)) if target > 1e-14 else math.inf
        z.append(found)
        _, state = state.look(fraction - before, min(found, 12.0) * root, 0.0)
        before, before_spent = fraction, total
    return Boundaries(fractions=t, z=np.array(z), spent=spent, alpha=alpha)


def _spent(t: Floats, alpha: float, spending: Spending) -> Floats:
    from scipy.special import ndtr, ndtri

    if spending is Spending.POCOCK:
        return np.asarray(alpha * np.log1p((math.e - 1.0) * t))
    return np.asarray(2.0 * ndtr(-ndtri(1.0 - alpha / 2.0) / np.sqrt(t)))


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """Sub-density of the score process among trials that go on, at quadrature nodes."""

    nodes: Floats
    weights: Floats

    @classmethod
    def at_start(cls) -> _State:
        """All mass at 0."""
        return cls(np.zeros(1), np.ones(1))

    def crossing(self, step: float, bound: float, drift: float) -> float:
        """Probability of being above a bound after a step of information."""
        from scipy.special import ndtr

        z = (self.nodes + drift * step - bound) / math.sqrt(step)
        return float(self.weights @ ndtr(z))

    def look(self, step: float, bound: float, drift: float) -> tuple[float, _State]:
        """Probability of crossing at a look, and the state of the trials that go on."""
        crossed = self.crossing(step, bound, drift)
        sd = math.sqrt(step)
        low = float(self.nodes.min()) + drift * step - _FAR * sd
        x, w = _legendre()
        half = 0.5 * (bound - low)
        if half <= 0.0:
            return crossed, _State(np.array([bound]), np.zeros(1))
        nodes = low + half * (x + 1.0)
        z = (nodes[:, None] - self.nodes[None, :] - drift * step) / sd
        density = np.exp(-0.5 * z**2) / (sd * math.sqrt(2.0 * math.pi))
        return crossed, _State(nodes, half * w * (density @ self.weights))


@functools.cache
def _legendre() -> tuple[Floats, Floats]:
    """Nodes and weights on [-1, 1]."""
    x, w = np.polynomial.legendre.leggauss(_NODES)
    return np.asarray(x), np.asarray(w)
