"""Sentences about a state figure: change up to the first scan, and agreement with the review on anti-angiogenic drugs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia import pharmacology
from normoxia.language import Language
from normoxia.report.figures.bands import BandArm
from normoxia.trial.protocol import Arm
from normoxia.trial.result import TrialResult

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
#: smallest number of patients of an arm for which delivery and blood flow are described
_FEWEST = 15


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


def state_changes(
    arms: Sequence[BandArm], anti_angiogenic: set[str], first_scan: float
) -> list[StateChange]:
    """Changes of the arms that have a first scan.

    Parameters
    ----------
    arms
        Percentiles over time, the first time being randomisation.
    anti_angiogenic
        Names of the arms with a drug that acts on vessels.
    first_scan
        Time of the first scan in months.
    """
    return [
        StateChange(
            arm=arm.name,
            start=float(arm.quantiles[2, 0]),
            first=float(arm.quantiles[2, at]),
            month=float(arm.months[at]),
            anti_angiogenic=arm.name in anti_angiogenic,
        )
        for arm in arms
        for at in np.flatnonzero(np.isclose(arm.months, first_scan))
    ]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class EarlyCourse:
    """Delivery and blood flow of an arm's patients up to the first scan, each over its own start.

    Attributes
    ----------
    arm
        Name of the arm.
    days
        From 1 to the first scan; shape (n_days,).
    delivery, flow
        Shape (n_patients, n_days).
    """

    arm: str
    days: NDArray[np.float64]
    delivery: NDArray[np.float64]
    flow: NDArray[np.float64]


def early_courses(result: TrialResult, rows: Mapping[str, NDArray[np.intp]]) -> list[EarlyCourse]:
    """Delivery and blood flow up to the first scan, of patients followed to it.

    Parameters
    ----------
    result
        One without days before the first scan, of an earlier version, gives none; nor does one without these states.
    rows
        Rows of the result by arm, of the arms wanted.
    """
    first = len(result.state_days) - len(result.visit_days)
    if first == 1 or not {"perfusion", "blood_flow"} <= set(result.state_names):
        return []
    delivery, flow = (result.state_names.index(name) for name in ("perfusion", "blood_flow"))
    courses = []
    for arm, chosen in rows.items():
        values = result.states[chosen][:, : first + 1].astype(np.float64)
        values = values[np.isfinite(values).all(axis=(1, 2))]
        if len(values) >= _FEWEST:
            over_start = values[:, 1:] / values[:, :1]
            courses.append(
                EarlyCourse(
                    arm=arm,
                    days=result.state_days[1 : first + 1],
                    delivery=over_start[:, :, delivery],
                    flow=over_start[:, :, flow],
                )
            )
    return courses


def delivery_sentences(courses: Sequence[EarlyCourse], text: Language) -> list[str]:
    """When delivery exceeds its start before the first scan, beside the blood flow that a scan would see.

    Parameters
    ----------
    courses
        Of the arms with an anti-angiogenic drug; no sentences without any.
    text
        Texts of the language.
    """
    sentences = [line for course in courses for line in _delivery_and_flow(course, text)]
    return [*sentences, text.say("states.flow_note")] if sentences else []


def _delivery_and_flow(course: EarlyCourse, text: Language) -> list[str]:
    delivery, flow = np.median(course.delivery, axis=0), np.median(course.flow, axis=0)
    above, lowest = np.flatnonzero(delivery > 1.0), int(np.argmin(flow))
    shares = 100 * np.mean(course.delivery > 1.0, axis=0)
    words = {"arm": course.arm, "scan": f"{course.days[-1]:.0f}", "at_scan": f"{shares[-1]:.0f}"}
    if above.size:
        best = int(np.argmax(delivery))
        words |= {
            "first": f"{course.days[above[0]]:.0f}",
            "last": f"{course.days[above[-1]]:.0f}",
            "best": f"{course.days[best]:.0f}",
            "most": _number(float(delivery[best])),
            "share": f"{shares[best]:.0f}",
        }
    below = "flow_below" if np.all(flow < 1.0) else "flow_not_below"
    return [
        text.say("states.delivery_gains" if above.size else "states.delivery_never", **words),
        text.say(
            "states.flow",
            arm=course.arm,
            least=_number(float(flow[lowest])),
            lowest=f"{course.days[lowest]:.0f}",
            below=text.say(f"states.{below}"),
        ),
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
