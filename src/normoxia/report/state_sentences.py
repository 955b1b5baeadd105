"""What a state figure shows, in a sentence an arm, and whether that is what the review states of anti-angiogenic drugs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from normoxia import pharmacology
from normoxia.language import Language
from normoxia.report.bands import BandArm
from normoxia.trial.protocol import Arm

#: slots of drugs that act on vessels
_ANTI_ANGIOGENIC = ("vegf_trap_ratio", "vegfr_ratio")
#: direction in which the review states that anti-angiogenic drugs move a state: they normalise vessels
#: (C11 to C13), so that blood flow returns, hypoxia falls, pericytes cover more and more T cells arrive
STATED = {"perfusion": 1, "hypoxic_fraction": -1, "pericyte_coverage": 1, "cd8_density": 1}
#: relative change that counts as one
_CHANGE = 0.05


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Course:
    """The median of a state in an arm at the start and at the first scan.

    month  of the first scan
    """

    arm: str
    start: float
    first: float
    month: float
    anti_angiogenic: bool

    @property
    def direction(self) -> int:
        """1 when the median rose by a twentieth or more, -1 when it fell so, else 0."""
        change = self.first - self.start
        return int(np.sign(change)) if abs(change) >= _CHANGE * max(abs(self.start), 1e-12) else 0


def acts_on_vessels(arm: Arm) -> bool:
    """Whether a drug of the arm's first regimen traps VEGF or blocks its receptors."""
    effects = (effect for name in arm.regimen.drugs for effect in pharmacology.read(name).effects)
    return any(effect.slot in _ANTI_ANGIOGENIC for effect in effects)


def courses(arms: Sequence[BandArm], anti_angiogenic: set[str]) -> list[Course]:
    """The course of each arm that was followed to a first scan."""
    return [
        Course(
            arm=arm.name,
            start=float(arm.quantiles[2, 0]),
            first=float(arm.quantiles[2, 1]),
            month=float(arm.months[1]),
            anti_angiogenic=arm.name in anti_angiogenic,
        )
        for arm in arms
        if len(arm.months) > 1
    ]


def state_sentences(state: str, title: str, arm_courses: Sequence[Course], text: Language) -> list[str]:
    """A sentence on every arm's course to the first scan; a second one that holds it against the review's statement."""
    if not arm_courses:
        return []
    say = text.say
    parts = [
        say(
            f"states.{_WORDS[course.direction]}",
            arm=course.arm,
            start=_number(course.start),
            first=_number(course.first),
        )
        for course in arm_courses
    ]
    sentences = [
        say(
            "states.seen",
            state=title,
            month=f"{arm_courses[0].month:.1f}",
            arms=say("pool.comma").join(parts),
        )
    ]
    treated = [course for course in arm_courses if course.anti_angiogenic]
    if state in STATED and treated:
        agree = [course.arm for course in treated if course.direction == STATED[state]]
        differ = [course.arm for course in treated if course.direction != STATED[state]]
        comma = say("pool.comma")
        if agree:
            sentences.append(say(f"states.agrees.{state}", arms=comma.join(agree)))
        if differ:
            sentences.append(say(f"states.differs.{state}", arms=comma.join(differ)))
    return sentences


_WORDS = {1: "rose", 0: "stayed", -1: "fell"}


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 1000 else f"{value:.3g}"
