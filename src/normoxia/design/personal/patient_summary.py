"""A patient's prediction as a sentence and as plain values: what is expected, or that the patient lies outside and why."""

from __future__ import annotations

from collections.abc import Sequence

from normoxia.design.comparisons import LANGUAGES
from normoxia.design.personal.bank import RATIO
from normoxia.design.personal.courses import PredictedCourse
from normoxia.design.personal.informative import Informative
from normoxia.design.personal.patients import DIAMETER, PatientDesign
from normoxia.design.personal.weighting import FEWEST, LEAST_PROBABLE, Support
from normoxia.language import language
from normoxia.outcome import Estimate

SCHEMA = "normoxia.personalise/1"
#: probability from which one regimen is said to do better for the patient
CERTAIN = 0.95


def better(courses: Sequence[PredictedCourse]) -> tuple[PredictedCourse, ...]:
    """Return the regimens that surely do better or worse than the one received."""
    return tuple(c for c in courses if c.longer >= CERTAIN or c.longer <= 1.0 - CERTAIN)


def answer(
    design: PatientDesign,
    support: Support,
    courses: Sequence[PredictedCourse],
    further: Sequence[Informative],
) -> dict[str, str]:
    """Return the answer in each language."""
    return {code: _sentence(design, support, courses, further, code) for code in LANGUAGES}


def _sentence(
    design: PatientDesign,
    support: Support,
    courses: Sequence[PredictedCourse],
    further: Sequence[Informative],
    code: str,
) -> str:
    text = language(code)
    if not support.inside:
        return text.say(
            "personal.outside",
            effective=text.number(support.effective_draws, 0),
            fewest=f"{FEWEST:.0f}",
            candidates=support.candidates,
            share=text.number(100.0 * support.less_probable, 1),
            least=text.number(100.0 * LEAST_PROBABLE, 0),
        )
    base = next((c for c in courses if c.received), courses[0])
    said = text.say(
        "personal.expected",
        regimen=design.comparison.regimen(base.regimen).title(code),
        month=text.number(design.now / 30.4375, 1),
        pfs=text.interval(base.pfs, 1),
        os=text.interval(base.os, 1),
    )
    for course in courses:
        if course is base:
            continue
        key = "unclear"
        if course.longer >= CERTAIN:
            key = "longer"
        elif course.longer <= 1.0 - CERTAIN:
            key = "shorter"
        said += text.say(
            f"personal.{key}",
            regimen=design.comparison.regimen(course.regimen).title(code),
            pfs=text.interval(course.pfs, 1),
            share=f"{100.0 * course.longer:.0f}",
        )
    if further:
        best = further[0]
        said += text.say(
            "personal.further",
            what=marker_title(best.what, code),
            month=text.number(best.day / 30.4375, 1),
            share=f"{100.0 * best.explained:.0f}",
        )
    return said


def marker_title(what: str, code: str) -> str:
    """Return what a measurement is called in a language."""
    text = language(code)
    if what in (DIAMETER, RATIO):
        return text.say("personal.scan")
    if what.endswith("_concentration"):
        return text.say("personal.concentration", drug=what.removesuffix("_concentration"))
    return text.known(f"state.{what}", what.replace("_", " "))


def summary(
    design: PatientDesign,
    support: Support,
    courses: Sequence[PredictedCourse],
    further: Sequence[Informative],
) -> dict[str, object]:
    """Return the prediction as plain values, without answer and manifest.

    Returns
    -------
    dict
        `patient`, `title`, `covariates`, `measurements`, `support` {effective_draws, inside, candidates, less_probable}, `regimens`
        (each {id, title, received, pfs, os, probabilities, response, toxicity, longer, course}; numbers are null outside the support),
        `further` (each {what, day, explained}).
    """
    known = {course.regimen: course for course in courses}
    return {
        "patient": design.name,
        "title": dict(design.comparison.titles),
        "asks": dict(design.comparison.asks),
        "place": design.comparison.place,
        "covariates": dict(design.covariates),
        "measurements": [
            {"day": m.day, "what": m.what, "value": m.value, "unit": m.unit, "error": m.error}
            for m in design.measurements
        ],
        "support": {
            "effective_draws": support.effective_draws,
            "inside": support.inside,
            "candidates": support.candidates,
            "less_probable": support.less_probable,
        },
        "regimens": [
            {
                "id": regimen.id,
                "title": dict(regimen.titles),
                "received": regimen.id == design.receives,
                **_course(known.get(regimen.id)),
            }
            for regimen in design.comparison.regimens
        ],
        "further": [
            {"what": one.what, "day": one.day, "explained": one.explained} for one in further
        ],
    }


def _course(course: PredictedCourse | None) -> dict[str, object]:
    if course is None:
        keys = ("pfs", "os", "probabilities", "response", "toxicity", "longer", "course")
        return dict.fromkeys(keys)
    return {
        "pfs": _estimate(course.pfs),
        "os": _estimate(course.os),
        "probabilities": [
            {"endpoint": endpoint.upper(), "months_from_now": months, **_estimate(estimate)}
            for (endpoint, months), estimate in course.probabilities.items()
        ],
        "response": course.response,
        "toxicity": course.toxicity,
        "longer": course.longer,
        "course": [
            {"month": p.month, "diameter_mm": list(p.diameters), "alive": p.alive}
            for p in course.points
        ],
    }


def _estimate(estimate: Estimate) -> dict[str, object]:
    return {
        "value": estimate.value,
        "interval": [estimate.low, estimate.high],
        "level": estimate.level,
    }
