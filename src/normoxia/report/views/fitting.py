"""Tables of the fit: leave-one-study-out diagnostics, probabilities of structures, parameters, attempts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from normoxia.calibration.fitting.hyperparameters import Space
from normoxia.calibration.scoring.attempts import Attempt
from normoxia.language import Language
from normoxia.report.figures.contraction import ParameterContraction
from normoxia.report.views.tables import Table
from normoxia.values import Value

#: scores of an attempt in the order of the columns, with their digits; 0 digits for shares, printed in percent
SCORES: Mapping[str, int] = {
    "coverage95": 0,
    "mean_abs_log_hr_pfs": 3,
    "mean_abs_log_hr_os": 3,
    "crps": 3,
    "orr_within_6_points": 0,
}
_HEADS = {
    "coverage95": "head_coverage95",
    "mean_abs_log_hr_pfs": "head_pfs",
    "mean_abs_log_hr_os": "head_os",
    "crps": "head_crps",
    "orr_within_6_points": "head_orr",
}


@dataclass(frozen=True, slots=True, eq=False)
class StructureOdds(Value):
    """Posterior probability of a model structure that is on or off in every draw.

    Attributes
    ----------
    name
        Name of the structure.
    probability
        Of on, given all studies; the prior is one half.
    weight
        Stacking weight of on, from predictions of left-out studies; nan where that was not done.
    titles
        Name in words, by code of the language.
    """

    name: str
    probability: float
    weight: float = math.nan
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def odds(self) -> float:
        """Posterior odds of on against off; the prior odds are 1."""
        return self.probability / (1.0 - self.probability) if self.probability < 1.0 else math.inf


def separate_structures(
    rows: Iterable[tuple[str, float, float, float]], space: Space
) -> tuple[tuple[ParameterContraction, ...], tuple[StructureOdds, ...]]:
    """Separate the posterior of continuous parameters from that of structures.

    Parameters
    ----------
    rows
        Name, posterior mean, sd and contraction, as `calibration.validation.contraction` gives them: parameters in
        standard deviations of the prior, structures as 1 for on and -1 for off. Other entries (standard deviations,
        discrepancies) have scales of their own, so only their contraction is kept.
    space
        Priors of parameters and structures.

    Returns
    -------
    tuple
        Contraction of each parameter, and odds of each structure.
    """
    titles = {structure.name: structure.titles for structure in space.structures}
    standard = {parameter.name for parameter in space.parameters}
    parameters, odds = list[ParameterContraction](), list[StructureOdds]()
    for name, mean, sd, contraction in rows:
        if name in titles:
            odds.append(StructureOdds(name, (mean + 1.0) / 2.0, titles=titles[name]))
        else:
            posterior = (mean, sd) if name in standard else (math.nan, math.nan)
            parameters.append(ParameterContraction(name, *posterior, contraction))
    return tuple(parameters), tuple(odds)


class StudyLeftOut(Protocol):
    """Diagnostics of one left-out study: `calibration.fitting.leave_out.LeftOutStudies` is one."""

    @property
    def k(self) -> float:
        """Pareto k of the re-weighting."""
        ...

    @property
    def effective(self) -> float:
        """Effective sample size."""
        ...

    @property
    def refitted(self) -> bool:
        """Whether the draws were sampled again without the study."""
        ...


def left_out_table(studies: Mapping[str, StudyLeftOut], text: Language) -> Table:
    """Table of leave-one-study-out diagnostics, largest Pareto k first.

    Parameters
    ----------
    studies
        Diagnostics by name of the study.
    text
        Texts of the language.
    """
    order = sorted(studies, key=lambda name: -studies[name].k)
    rows = tuple(
        (
            name,
            text.number(studies[name].k, 2) if math.isfinite(studies[name].k) else "–",
            text.number(studies[name].effective, 0),
            text.say("board.by_fit" if studies[name].refitted else "board.by_weights"),
        )
        for name in order
    )
    heads = ["study", "pareto", "effective", "redrawn"]
    return Table(
        name=f"left-out-{text.code}",
        title=text.say("board.left_out"),
        columns=tuple(text.say(f"board.{h}") for h in heads),
        rows=rows,
        note=text.say("board.left_out_note"),
    )


def structure_table(structures: Sequence[StructureOdds], text: Language) -> Table:
    """Table of posterior odds and stacking weight of each structure."""
    rows = tuple(
        (
            s.titles.get(text.code, s.name),
            text.number(s.probability, 2),
            text.number(s.odds, 2),
            text.number(s.weight, 2),
        )
        for s in structures
    )
    heads = ("structure", "probability", "odds", "weight")
    return Table(
        name=f"structures-{text.code}",
        title=text.say("board.structures"),
        columns=tuple(text.say(f"board.{h}") for h in heads),
        rows=rows,
        note=text.say("board.structures_note"),
    )


def attempt_table(attempts: Sequence[Attempt], text: Language) -> Table:
    """Table of every attempt in the order given, the accepted ones in bold."""
    score_names = [name for name in SCORES if any(name in a.scores for a in attempts)]
    rows, bold = [], set()
    for i, a in enumerate(attempts):
        if a.kept:
            bold |= {(i, c) for c in range(1, len(score_names) + 3)}
        rows.append(
            (
                a.date,
                a.says.get(text.code, next(iter(a.says.values()), "–")),
                *(_score(a.scores.get(name, math.nan), name, text) for name in score_names),
                text.say("board.yes") if a.kept else "–",
            )
        )
    heads = ["date", "attempt", *(_HEADS[name] for name in score_names), "kept"]
    return Table(
        name=f"attempts-{text.code}",
        title=text.say("board.attempts"),
        columns=tuple(text.say(f"board.{h}") for h in heads),
        rows=tuple(rows),
        emphasis=frozenset(bold),
    )


def _score(value: float, name: str, text: Language) -> str:
    if SCORES[name]:
        return text.number(value, SCORES[name])
    return "–" if math.isnan(value) else f"{100 * value:.0f}%"
