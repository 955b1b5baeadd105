"""Report of one patient: support, the course to be expected under each regimen, and what would narrow the prediction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from normoxia.calibration.credibility.standings import UseCredibility
from normoxia.design.personal.courses import PredictedCourse
from normoxia.design.personal.informative import Informative
from normoxia.design.personal.patient_summary import answer, better, marker_title
from normoxia.design.personal.patients import PatientDesign
from normoxia.design.personal.weighting import Support
from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.outcome import Estimate
from normoxia.report.figures.bands import BandArm, bands_figure
from normoxia.report.figures.figure import Figure
from normoxia.report.pages.answer import answer_page
from normoxia.report.pages.document import Page, Prose, Section
from normoxia.report.views.tables import Table

#: months from now of the probabilities in the table
_LANDMARK = 12.0


def course_figure(courses: Sequence[PredictedCourse], lang: str = "en") -> Figure:
    """Draw the predicted sum of diameters, one panel for each regimen. Raises InvalidArgument without a prediction."""
    if not courses:
        raise InvalidArgument("found no prediction to draw: the patient is outside the support")
    text = language(lang)
    arms = [
        BandArm(
            c.regimen,  # titles are too long for panels side by side
            np.array([p.month for p in c.points]),
            np.array([p.diameters for p in c.points]).T,
        )
        for c in courses
        if c.points
    ]
    return bands_figure(
        arms, text.say("personal.diameter"), unit="mm", lang=lang, name=f"course-{lang}"
    )


def courses_table(
    design: PatientDesign, courses: Sequence[PredictedCourse], text: Language
) -> Table:
    """Table of what is predicted under each regimen."""
    landmarks = [(endpoint, _LANDMARK) for endpoint in ("pfs", "os")]
    heads = [
        "regimen",
        "pfs",
        "os",
        *(f"landmark_{endpoint}" for endpoint, _ in landmarks),
        "response",
        "toxicity",
        "longer_column",
    ]
    months = {f"landmark_{endpoint}": f"{month:.0f}" for endpoint, month in landmarks}
    rows = []
    for c in courses:
        probabilities = [c.probabilities.get(key) for key in landmarks]
        rows.append(
            (
                design.comparison.regimen(c.regimen).title(text.code),
                text.interval(c.pfs, 1),
                text.interval(c.os, 1),
                *("–" if p is None else text.interval(_percent(p), 0) for p in probabilities),
                f"{100 * c.response:.0f}",
                f"{100 * c.toxicity:.0f}",
                "–" if math.isnan(c.longer) else f"{100 * c.longer:.0f}",
            )
        )
    return Table(
        name=f"courses-{text.code}",
        title=text.say("personal.section_courses"),
        columns=tuple(text.say(f"personal.{h}", months=months.get(h, "")) for h in heads),
        rows=tuple(rows),
        note=text.say("personal.courses_note"),
    )


def further_table(further: Sequence[Informative], text: Language) -> Table:
    """Table of the measurements that would narrow the prediction most."""
    rows = tuple(
        (
            marker_title(one.what, text.code),
            text.number(one.day / 30.4375, 1),
            f"{100 * one.explained:.0f}",
        )
        for one in further[:6]
    )
    heads = ("measurement", "month", "explained")
    return Table(
        name=f"further-{text.code}",
        title=text.say("personal.section_further"),
        columns=tuple(text.say(f"personal.{h}") for h in heads),
        rows=rows,
        note=text.say("personal.further_note"),
    )


def page(
    design: PatientDesign,
    support: Support,
    courses: Sequence[PredictedCourse],
    further: Sequence[Informative],
    credibility: UseCredibility,
    provenance: Mapping[str, object],
    *,
    lang: str = "en",
) -> tuple[Page, tuple[Figure, ...]]:
    """Return the report of a patient in one language, and its figures."""
    text = language(lang)
    figures = [course_figure(courses, lang)] if courses else []
    sections = [
        Section(
            text.say("personal.section_support"),
            (Prose(support_words(support, text), warning=not support.inside),),
        )
    ]
    if courses:
        sections += [
            Section(
                text.say("personal.section_courses"),
                (figures[0], courses_table(design, courses, text)),
            ),
            Section(text.say("personal.section_further"), (further_table(further, text),)),
        ]
    limits = [limit.get(lang) or limit.get("en", "") for limit in design.comparison.limits]
    limits += [text.say("personal.limit_counterfactual"), text.say("personal.limit_given")]
    made = answer_page(
        lang=lang,
        title=design.comparison.title(lang),
        lead=f"{design.comparison.asks.get(lang, '')} {text.say('personal.research')}",
        answer=answer(design, support, courses, further)[lang],
        is_certain=support.inside and bool(better(courses)),
        credibility=credibility,
        sections=sections,
        limits=limits,
        provenance=provenance,
    )
    return made, tuple(figures)


def support_words(support: Support, text: Language) -> str:
    """Return the support of a patient in words."""
    return text.say(
        "personal.support",
        effective=text.number(support.effective_draws, 0),
        candidates=support.candidates,
        share=text.number(100.0 * support.less_probable, 0),
    )


def _percent(estimate: Estimate) -> Estimate:
    return Estimate(
        100.0 * estimate.value, 100.0 * estimate.low, 100.0 * estimate.high, estimate.level
    )
