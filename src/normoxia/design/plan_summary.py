"""A planned trial as one plain object and as a sentence: what size reaches the target, or that none does and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from normoxia.design.comparisons import LANGUAGES
from normoxia.design.power import Characteristics
from normoxia.design.trial_designs import TrialDesign
from normoxia.language import language

SCHEMA = "normoxia.trial-design/1"


def smallest(design: TrialDesign, sizes: Sequence[Characteristics]) -> Characteristics | None:
    """Return the smallest size whose assurance reaches the target; None when none does."""
    return next((size for size in sizes if size.assurance >= design.target), None)


def answer(design: TrialDesign, sizes: Sequence[Characteristics]) -> dict[str, str]:
    """Return the answer in each language."""
    found, largest = smallest(design, sizes), sizes[-1]
    sentences = {}
    for code in LANGUAGES:
        text = language(code)
        sure = float((largest.power > 0.5).mean())
        size = found or largest
        sentences[code] = text.say(
            "plan.enough" if found else "plan.not_enough",
            patients=size.patients,
            events=size.events,
            endpoint=design.endpoint,
            assurance=f"{100 * size.assurance:.0f}",
            target=f"{100 * design.target:.0f}",
            months=text.number(size.months, 0),
            early=f"{100 * float(size.stops[:-1].sum()):.0f}",
        ) + text.say("plan.limit", share=f"{100 * sure:.0f}", patients=largest.patients)
    return sentences


def summary(design: TrialDesign, sizes: Sequence[Characteristics]) -> dict[str, object]:
    """Return a planned trial as plain values, without answer and manifest.

    Returns
    -------
    dict
        `design`, `title`, `endpoint`, `test`, `looks` (each {fraction, z, alpha_spent}), `sizes` (each
        {patients, events, assurance, standard_error, power {median, p10, p90}, stops, months, events_at_end}),
        `smallest` (patients, or null when no size reaches the target).
    """
    limits, found = design.boundaries, smallest(design, sizes)
    return {
        "design": design.name,
        "title": dict(design.comparison.titles),
        "endpoint": str(design.endpoint),
        "test": design.test,
        "target": design.target,
        "looks": [
            {"fraction": float(t), "z": float(z), "alpha_spent": float(a)}
            for t, z, a in zip(limits.fractions, limits.z, limits.spent, strict=True)
        ],
        "sizes": [_size(size) for size in sizes],
        "smallest": found.patients if found else None,
    }


def _size(size: Characteristics) -> dict[str, object]:
    low, middle, high = (float(q) for q in np.quantile(size.power, [0.1, 0.5, 0.9]))
    return {
        "patients": size.patients,
        "events": size.events,
        "assurance": size.assurance,
        "standard_error": size.error,
        "power": {"median": middle, "p10": low, "p90": high},
        "stops": [float(share) for share in size.stops],
        "months": size.months,
        "events_at_end": size.n_events,
    }
