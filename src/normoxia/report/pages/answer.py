"""The page of a verb that answers a question: the answer, how far it may be used, the verb's own parts, limitations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from normoxia import __version__
from normoxia.calibration.credibility.standings import UseCredibility
from normoxia.language import language
from normoxia.report.pages.document import Page, Prose, Section

#: entries of a manifest that a page shows
_SHOWN = ("trial", "seed", "normoxia", "model_sha256", "protocol_sha256", "ensemble")


def answer_page(
    *,
    lang: str,
    title: str,
    lead: str,
    answer: str,
    is_certain: bool,
    credibility: UseCredibility,
    sections: Sequence[Section],
    limits: Sequence[str],
    provenance: Mapping[str, object],
) -> Page:
    """Return the page of an answer.

    Parameters
    ----------
    lang
        "en" or "zh".
    title, lead
        Heading, and the sentence under it.
    answer
        In words; marked when `is_certain` is False.
    is_certain
        Whether the question has an answer.
    credibility
        How far the model may be used for such a question.
    sections
        The verb's own.
    limits
        What the answer cannot say; that it is for research is added.
    provenance
        Manifest of the run.
    """
    text = language(lang)
    said = [*limits, text.say("compare.limit_mechanism"), text.say("compare.limit_research")]
    standing = credibility.standing
    return Page(
        language=lang,
        title=title,
        lead=lead,
        sections=(
            Section(text.say("compare.section_answer"), (Prose(answer, warning=not is_certain),)),
            Section(
                text.say("use.section"),
                (Prose(credibility.sentence(lang), warning=standing != "met"),),
            ),
            *sections,
            Section(text.say("compare.section_limits"), tuple(Prose(line) for line in said)),
        ),
        badges=(text.say(f"use.badge_{standing.replace(' ', '_')}"),),
        provenance={key: str(provenance[key]) for key in _SHOWN if key in provenance},
        version=__version__,
        date=date.today().isoformat(),
    )
