"""Sentences about a state figure: change up to the first scan, and agreement with the review on anti-angiogenic drugs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from normoxia import pharmacology
from normoxia.language import Language
from normoxia.report.figures.bands import BandArm
from normoxia.trial.protocol import Arm

#: effect slots of drugs that act on vessels
_ANTI_ANGIOGENIC = ("vegf_trap_ratio", "vegfr_ratio")
#: direction of change under anti-angiogenic drugs stated by the review (C11 to C13, normalisation of vessels):
#: perfusion, pericyte coverage and T cell density rise, hypoxia falls
REVIEW_DIRECTION = {
    "perfusion": 1,
    "hypoxic_fraction": -1,
    "pericyte_coverage": 1,
    "cd8_density": 1,
}
#: smallest relative change of a median that is reported as one
_CHANGE = 0.05


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class StateChange:
    """Median of a state in an arm at the start and at the first scan.

    Attributes
    ----------
    arm
        Name of the arm.
    start, first
        Medians at randomisation and at the first scan, in the unit of the state.
    month
        Time of the first scan.
    anti_angiogenic
        Whether a drug of the arm acts on vessels.
    """

    arm: str
    start: float
    first: float
    month: float
    anti_angiogenic: bool

    @property
    def direction(self) -> int:
        """1 when the median rose by at least 5 %, -1 when it fell by as much, else 0."""
        change = self.first - self.start
        return int(np.sign(change)) if abs(change) >= _CHANGE * max(abs(self.start), 1e-12) else 0


def acts_on_vessels(arm: Arm) -> bool:
    """Whether a drug of the arm's first regimen traps VEGF or blocks its receptors."""
    effects = (effect for name in arm.regimen.drugs for effect in pharmacology.read(name).effects)
    return any(effect.slot in _ANTI_ANGIOGENIC for effect in effects)


def state_changes(arms: Sequence[BandArm], anti_angiogenic: set[str]) -> list[StateChange]:
    """Changes of the arms that have a first scan.

    Parameters
    ----------
    arms
        Percentiles over time, the first time being randomisation.
    anti_angiogenic
        Names of the arms with a drug that acts on vessels.
    """
    return [
        StateChange(
            arm=arm.name,
            start=float(arm.quantiles[2, 0]),
            first=float(arm.quantiles[2, 1]),
            month=float(arm.months[1]),
            anti_angiogenic=arm.name in anti_angiogenic,
        )
        for arm in arms
        if len(arm.months) > 1
    ]


def state_sentences(
    state: str, title: str, changes: Sequence[StateChange], text: Language
) -> list[str]:
    """One sentence on the change of a state in every arm, then whether it agrees with the review.

    Parameters
    ----------
    state
        Name of the state in the model, such as "perfusion".
    title
        Its name in the language of `text`.
    changes
        One per arm; no sentences without any.
    text
        Texts of the language.
    """
    if not changes:
        return []
    say = text.say
    parts = [
        say(
            f"states.{_DIRECTION_KEYS[change.direction]}",
            arm=change.arm,
            start=_number(change.start),
            first=_number(change.first),
        )
        for change in changes
    ]
    sentences = [
        say(
            "states.seen",
            state=title,
            month=f"{changes[0].month:.1f}",
            arms=say("pool.comma").join(parts),
        )
    ]
    treated = [change for change in changes if change.anti_angiogenic]
    if state in REVIEW_DIRECTION and treated:
        agree = [change.arm for change in treated if change.direction == REVIEW_DIRECTION[state]]
        differ = [change.arm for change in treated if change.direction != REVIEW_DIRECTION[state]]
        comma = say("pool.comma")
        if agree:
            sentences.append(say(f"states.agrees.{state}", arms=comma.join(agree)))
        if differ:
            sentences.append(say(f"states.differs.{state}", arms=comma.join(differ)))
    return sentences


_DIRECTION_KEYS = {1: "rose", 0: "stayed", -1: "fell"}


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 1000 else f"{value:.3g}"
