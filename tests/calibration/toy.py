"""A small calibration whose truth can be drawn: three hyperparameters, one structure, four trials with surfaces written down."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.fitting.emulator import Surfaces
from normoxia.calibration.fitting.hyperparameters import (
    Hyperparameter,
    Space,
    Structure,
    TrialEffect,
)
from normoxia.calibration.fitting.observations import Observation, ObservationBlock
from normoxia.calibration.fitting.posterior import Posterior, layout
from normoxia.calibration.fitting.summaries import Kind, Statistic
from normoxia.outcome import Endpoint

Floats = NDArray[np.float64]

SPACE = Space(
    parameters=tuple(
        Hyperparameter(name=name, scale="log", centre=1.0, sd=sd, source="calibrated", status="")
        for name, sd in (("a", 0.5), ("b", 0.4), ("c", 1.0))
    ),
    structures=(Structure("s", {"on": 1.0}, {"on": 0.0}, {}),),
    trial_effects=(TrialEffect("a", {}), TrialEffect("c", {})),
    spread_randomised=0.25,
    spread_single_arm=0.5,
    simulated_shift=0.35,
)
LAYOUT = layout(SPACE)
STUDIES = ("one", "two", "three", "four")
RATIO = (Kind.RATIO, Endpoint.PFS, "x", "y")
RESPONSE = (Kind.RESPONSE, Endpoint.ORR, "x", "")
CURVE = (Kind.CURVE, Endpoint.OS, "y", "")
KINDS = (RATIO, RESPONSE, CURVE)


def observation(study: str, kind: tuple[Kind, Endpoint, str, str], se: float) -> Observation:
    what, endpoint, arm, comparator = kind
    figure = Statistic(
        study=study,
        kind=what,
        endpoint=endpoint,
        set="all",
        arm=arm,
        comparator=comparator,
        months=12.0 if what is Kind.CURVE else -1.0,
    )
    return Observation(
        figure=figure, y=0.0, se=se, n=100.0, share=0.5, target=None, value=math.nan, source=""
    )


def chance(seed: int) -> Floats:
    """A covariance of three figures with standard errors near 0.1 to 0.2 and some correlation."""
    rng = np.random.default_rng(seed)
    factor = np.diag([0.1, 0.2, 0.15]) @ (np.eye(3) + 0.3 * rng.standard_normal((3, 3)))
    return np.asarray(factor @ factor.T)


def surfaces(seed: int, *, error: float = 0.03, bent: bool = True) -> Surfaces:
    """Surfaces of three figures: linear in what trials shift (a and c), and bent in b and the structure where asked."""
    rng = np.random.default_rng(seed)
    linear = 0.4 * rng.standard_normal((3, SPACE.n_coordinates))
    # a structure that the trials leave in some doubt
    linear[:, SPACE.coordinate("s")] *= 0.2
    quadratic = np.zeros((3, SPACE.n_coordinates, SPACE.n_coordinates))
    if bent:
        quadratic[:, 1, 1] = 0.1 * rng.standard_normal(3)
        quadratic[:, 1, 3] = quadratic[:, 3, 1] = 0.05 * rng.standard_normal(3)
    return Surfaces(
        constant=0.2 * rng.standard_normal(3),
        linear=linear,
        quadratic=quadratic,
        noise=np.full(3, 0.3),
        error=np.full(3, error),
    )


SURFACES = {study: surfaces(i) for i, study in enumerate(STUDIES)}


def block(study: str, y: Floats | None = None) -> ObservationBlock:
    """A trial's figures; the last trial has a single arm."""
    covariance = chance(STUDIES.index(study) + 10)
    seen = tuple(
        observation(study, kind, math.sqrt(covariance[i, i])) for i, kind in enumerate(KINDS)
    )
    return ObservationBlock(
        study=study,
        single_arm=study == STUDIES[-1],
        observations=seen,
        y=np.zeros(3) if y is None else y,
        covariance=covariance,
    )


BLOCKS = {study: block(study) for study in STUDIES}


def posterior(published: Sequence[Floats]) -> Posterior:
    """The posterior of what the four trials published."""
    blocks = tuple(block(study, y) for study, y in zip(STUDIES, published, strict=True))
    return Posterior(SPACE, LAYOUT, blocks, SURFACES)


def published(
    state: Floats, rng: np.random.Generator, studies: Sequence[str] = STUDIES
) -> list[Floats]:
    """What trials publish under a state, step by step: shifts, the surfaces at shifted points, errors, chance."""
    n = SPACE.n_coordinates
    sd = dict(zip(LAYOUT.spreads, np.exp(state[n:]), strict=True))
    found = []
    for study in studies:
        own = BLOCKS[study]
        at = state[:n].copy()
        for effect in SPACE.trial_effects:
            i = SPACE.coordinate(effect.name)
            shift = sd[effect.name] * rng.standard_normal()
            if own.single_arm:
                shift += sd["single arm"] * rng.standard_normal()
            at[i] += shift / SPACE.parameters[i].sd
        s = SURFACES[study]
        mean = [s.constant[j] + s.linear[j] @ at + at @ s.quadratic[j] @ at for j in range(3)]
        structural = np.array([sd["ratio"], sd["response"], sd["curve"]])
        found.append(
            np.array(mean)
            + structural * rng.standard_normal(3)
            + s.error * rng.standard_normal(3)
            + np.linalg.cholesky(own.covariance) @ rng.standard_normal(3)
        )
    return found


def truth(rng: np.random.Generator) -> Floats:
    """A state of the prior: normals, an even coin, half-normals (those the posterior holds impossible drawn anew)."""
    spreads = []
    for scale in LAYOUT.scales:
        value = 0.0
        while value <= math.exp(-6.0):
            value = scale * abs(rng.standard_normal())
        spreads.append(math.log(value))
    return np.array([*rng.standard_normal(3), rng.choice([-1.0, 1.0]), *spreads])
