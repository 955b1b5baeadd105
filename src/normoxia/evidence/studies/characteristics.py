"""What a trial was like, read from the words of its document: masking, assessment, region, years, cross-over.

Each is a word of a closed list, or "unstated": what is not printed is not guessed.
"""

from __future__ import annotations

import re

from normoxia.evidence.studies.study import Study

UNSTATED = "unstated"
MASKINGS = ("double blind", "single blind", "partly blinded", "open label", UNSTATED)
ASSESSMENTS = ("independent", "investigator", "both", UNSTATED)
REGIONS = ("Asia", "Europe", "North America", "international", UNSTATED)

_INDEPENDENT = re.compile(
    r"independent|\b(?:BICR|BIRC|IRC|IRRC)\b|central review|extramural", re.IGNORECASE
)
_INVESTIGATOR = re.compile(r"investigator|\bINV", re.IGNORECASE)
_ASIA = re.compile(r"China|Japan|Korea|Taiwan|Hong Kong|Asia|Singapore", re.IGNORECASE)
_EUROPE = re.compile(
    r"Europe|France|Italy|\bUK\b|Netherlands|Germany|Spain|Sweden|Nordic", re.IGNORECASE
)
_NORTH_AMERICA = re.compile(r"\bUSA?\b|United States|Canada|North America|Mexico", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"Australia|New Zealand|Brazil|South America|Russia|\d+ countries|international|global|multinational",
    re.IGNORECASE,
)
#: a year in a citation; what follows a colon or a dash is a page
_YEAR = re.compile(r"(?<![:\-–\d.])\b(?:19[89]\d|20[0-4]\d)\b(?!\d)")


def is_randomised(study: Study) -> bool:
    """Whether arms were randomised: as the design says, of part of the study too; phase 3 with no design stated counts."""
    stated = study.is_randomised or "; part 2 randomised" in study.design
    return stated or (study.design == "not stated" and study.phase == "3")


def masking(study: Study) -> str:
    """Who knew the treatment, one of `MASKINGS`."""
    design = study.design.lower().replace("-", " ")
    return next((word for word in MASKINGS if word in design), UNSTATED)


def assessment(study: Study) -> str:
    """Who assessed progression and response, one of `ASSESSMENTS`: of the primary endpoints, else of the rows."""
    words = " ".join(study.primary_endpoints)
    if not (_INDEPENDENT.search(words) or _INVESTIGATOR.search(words)):
        words = " ".join(row.assessor for row in study.reported())
    independent = _INDEPENDENT.search(words) is not None
    investigator = _INVESTIGATOR.search(words) is not None
    if independent and investigator:
        return "both"
    return "independent" if independent else "investigator" if investigator else UNSTATED


def region(study: Study) -> str:
    """Where patients were enrolled, one of `REGIONS`; more than one part of the world is international."""
    country = study.setting.country
    parts = [
        name
        for name, pattern in (
            ("Asia", _ASIA),
            ("Europe", _EUROPE),
            ("North America", _NORTH_AMERICA),
            ("international", _ELSEWHERE),
        )
        if pattern.search(country)
    ]
    if not parts:
        return UNSTATED
    return parts[0] if len(parts) == 1 else "international"


def year(study: Study) -> int:
    """The year of the study's first publication among its sources, else the last year of enrolment; 0 when neither is given."""
    published = [
        int(found)
        for reference in study.sources.values()
        for found in _YEAR.findall(reference.citation)
    ]
    if published:
        return min(published)
    enrolled = [int(found) for found in _YEAR.findall(study.setting.enrolment)]
    return max(enrolled, default=0)


def crossover(study: Study) -> str:
    """Whether the control arm could change to the experimental treatment: as printed, else "unstated"."""
    if study.setting.crossover:
        return study.setting.crossover
    return "allowed" if "crossover" in study.design.replace("-", "") else UNSTATED
