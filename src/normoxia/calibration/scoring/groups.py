"""Hazard ratios of a scoreboard by kind of trial: class of comparison, line, histology, PD-L1 and region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from normoxia.calibration.scoring.baselines import CLASS_MEAN
from normoxia.calibration.scoring.lock import Target
from normoxia.calibration.scoring.registry_evidence import evidence
from normoxia.calibration.scoring.score_summary import ScoreSummary, summarise
from normoxia.calibration.scoring.scoreboard import PredictorScores, Scoreboard
from normoxia.evidence.studies import characteristics
from normoxia.evidence.studies.registry import registry
from normoxia.evidence.studies.study import Study

CLASS = "class"
_OF_STUDIES: dict[str, Callable[[Study], str]] = {
    "line": lambda study: study.setting.line,
    "histology": lambda study: study.setting.histology,
    "pdl1": lambda study: study.setting.pdl1,
    "region": characteristics.region,
}
DIMENSIONS = (CLASS, *_OF_STUDIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupScores:
    """Measures of one group of trials.

    Attributes
    ----------
    name
        A class, or a word of the registry.
    predictor, class_mean
        Measures of the predictor asked about and of the mean of the class on the same hazard ratios.
    """

    name: str
    predictor: ScoreSummary
    class_mean: ScoreSummary


def grouped(board: Scoreboard, by: str, predictor: str = "") -> tuple[GroupScores, ...]:
    """Measures of hazard ratios of everybody by group, in the order of names.

    Parameters
    ----------
    board
        Finished scoreboard.
    by
        One of `DIMENSIONS`.
    predictor
        The primary one by default.
    """
    label = _labels(board, by)
    own = board.predictors[predictor] if predictor else board.primary_scores
    names = sorted({label(row.observed.target) for row in own.rows if row.observed.target.is_ratio})
    rival = board.baselines.get(CLASS_MEAN)
    return tuple(
        GroupScores(
            name=name,
            predictor=_summary(own, label, name),
            class_mean=_summary(rival, label, name) if rival else summarise(()),
        )
        for name in names
    )


def _summary(scores: PredictorScores, label: Callable[[Target], str], name: str) -> ScoreSummary:
    return summarise(
        [
            row
            for row in scores.rows
            if row.observed.target.is_ratio and label(row.observed.target) == name
        ]
    )


def _labels(board: Scoreboard, by: str) -> Callable[[Target], str]:
    if by == CLASS:
        return evidence(board.lock).kind
    known, word = registry(), _OF_STUDIES[by]
    return lambda target: word(known[target.study])
