"""Everything the calibration is fitted to, figure by figure, with its source and what it weighs."""

from __future__ import annotations

import functools
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from normoxia.calibration.credibility.verification import CheckResult
from normoxia.calibration.fitting import observations
from normoxia.calibration.fitting.hyperparameters import Space
from normoxia.calibration.fitting.observations import Observation, ObservationBlock
from normoxia.calibration.fitting.summaries import Kind
from normoxia.calibration.scoring.lock import Lock
from normoxia.calibration.scoring.study_list import calibration_studies
from normoxia.trial.making import from_study
from normoxia.trial.protocol import Trial

#: how a source is named that only the review states
ONLY_REVIEW = "the review"


@dataclass(frozen=True, slots=True)
class WeighedTarget:
    """A figure of the likelihood.

    weight  its share of the information (1/se^2) that all figures of its kind carry by themselves
    scored  whether predictions of it are scored when its study is left out
    """

    observation: Observation
    weight: float
    single_arm: bool
    scored: bool


@functools.cache
def protocols() -> Mapping[str, Trial]:
    """The protocol of every study of the registry that can be run, by study; made once a process."""
    studies = calibration_studies()
    refused = from_study.obstacles(studies)
    by_hand = from_study.written_by_hand()
    names = [s.id for s in studies if s.id not in refused or s.id in by_hand]
    return MappingProxyType({name: from_study.preferred(name) for name in names})


def blocks(trials: Mapping[str, Trial], lock: Lock) -> tuple[ObservationBlock, ...]:
    """The likelihood's blocks of all studies that print something usable."""
    return observations.blocks(trials, lock)


def weighed(held: Sequence[ObservationBlock], lock: Lock) -> tuple[WeighedTarget, ...]:
    """Every figure of the likelihood, in the order of its blocks."""
    responses = {(o.target.study, o.target.arm) for o in lock.responses}
    total: dict[Kind, float] = {}
    for block in held:
        for o in block.observations:
            total[o.figure.kind] = total.get(o.figure.kind, 0.0) + 1.0 / o.se**2
    return tuple(
        WeighedTarget(
            o, 1.0 / o.se**2 / total[o.figure.kind], block.single_arm, _is_scored(o, responses)
        )
        for block in held
        for o in block.observations
    )


def _is_scored(o: Observation, responses: Container[tuple[str, str]]) -> bool:
    if o.figure.kind is Kind.RESPONSE:
        return (o.figure.study, o.figure.arm) in responses
    return o.target is not None


def checks(held: Sequence[ObservationBlock], space: Space) -> dict[str, CheckResult]:
    """What can be said of targets and priors before any fit, by claim."""
    seen = [o for block in held for o in block.observations]
    silent = [o for o in seen if not o.source.strip(", ") or o.source.startswith(ONLY_REVIEW)]
    repeated = len(seen) - len({o.figure for o in seen})
    smallest = min(
        float(np.linalg.eigvalsh(block.covariance)[0] / np.max(np.diag(block.covariance)))
        for block in held
    )
    assumed = [p for p in space.parameters if "assumed" in p.source]
    return {
        "targets_sourced": CheckResult(
            not silent, {"targets": len(seen), "studies": len(held), "silent": len(silent)}
        ),
        "targets_once": CheckResult(
            not repeated and smallest > 0, {"repeated": repeated, "smallest": smallest}
        ),
        "priors_sourced": CheckResult(
            not assumed, {"assumed": len(assumed), "parameters": len(space.parameters)}
        ),
    }
