"""Write `library/calibrations/studies.yaml` by a rule that looks at designs and at what is printed, never at results.

    python -m tools.calibration_studies

A study is in when all of this is so; what keeps one out is printed to standard error.

1. A protocol can be made of it (a dose is known for every drug, the library has the drug, sizes are known).
2. It is randomised, and at least one contrast of its arms has a hazard ratio of PFS or OS with its interval.
3. It gives a treatment of advanced disease from its beginning: no maintenance after induction, no stopping of what went well.
4. Its arms differ in drugs that the model has.
5. At least 20 patients are in every compared arm.
6. Its patients are some that the population has (`BY_NAME`).

Studies of the list before stay, so that old figures remain comparable.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from normoxia import documents
from normoxia.errors import InvalidArgument
from normoxia.evidence.studies.registry import registry
from normoxia.evidence.studies.study import Study
from normoxia.outcome import Endpoint, Measure
from normoxia.trial.making import from_study
from normoxia.trial.protocol import Trial

LIST = Path("src/normoxia/library/calibrations/studies.yaml")
FEWEST = 20
HEAD = """\
# The studies that calibration and lock version 2 draw on, written by tools/calibration_studies.py, which states the rule. A study
# that is added to the registry enters no fit and no score by itself; it has to be added here, with a new calibration and a new lock.
title: Studies of the calibration and of lock version 2
date: 2026-11-30
studies:
"""
#: what the record says in a title or not at all
BY_NAME = {
    "CheckMate-153": "randomised after a year of treatment that went well",
    "PEM-PS2": "performance status 2, which the population does not have",
    "IPI-CP-SQ": "ipilimumab from the third cycle on, then every twelve weeks (recalled), where the record has every three weeks",
    "MYSTIC": "its hazard ratios are of PD-L1 of 25 % or more, a cut that the population does not have",
    "BFAST-C": "selected by mutations in blood, which the population does not have",
}


def contrasts(study: Study) -> list[tuple[str, str, str]]:
    """Endpoint, arm and comparator of the scored hazard ratios of everybody randomised."""
    arms = {arm.id for arm in study.arms}
    found = {
        (row.endpoint.value, row.arm, row.comparator)
        for population in study.populations
        for row in population.reported
        if row.measure is Measure.HAZARD_RATIO
        and row.endpoint in (Endpoint.PFS, Endpoint.OS)
        and row.estimate.has_interval
        and not (row.derived or row.adjusted or row.superseded)
        and {row.arm, row.comparator} <= arms
    }
    return sorted(found)


def obstacle(study: Study) -> str:
    """Why a study is not in; "" for one that is."""
    try:
        trial: Trial = from_study.preferred(study.id)
    except InvalidArgument as error:
        return str(error).partition("holds it: ")[2].partition("; write a protocol")[0] or str(
            error
        )
    compared = contrasts(study)
    if (
        not study.is_randomised
        and study.design != "not stated"
        and "randomised" not in study.design
    ):
        return "not randomised"
    if not compared:
        return "no hazard ratio of PFS or OS with its interval"
    if study.id in BY_NAME:
        return BY_NAME[study.id]
    if study.setting.line == "maintenance":
        return "randomised after an induction that went well"
    pairs = {(arm, other) for _, arm, other in compared}
    if all(trial.arm(a).regimen == trial.arm(b).regimen for a, b in pairs):
        return "its arms differ in nothing that the model has"
    if min(trial.arm(arm).n for pair in pairs for arm in pair) < FEWEST:
        return f"fewer than {FEWEST} patients in an arm"
    return ""


def main() -> None:
    """Write the list; reasons of those left out go to standard error."""
    before = {str(name) for name in documents.load(LIST).plain()["studies"]}  # type: ignore[index]
    listed, n = [], 0
    for study in registry():
        reason = obstacle(study)
        if not reason:
            n += len(contrasts(study))
        elif study.id not in before:
            sys.stderr.write(f"{study.id}: {reason}\n")
            continue
        listed.append(study.id)
    sys.stderr.write(f"{len(listed)} studies, {n} contrasts\n")
    names = textwrap.fill(", ".join(listed), 118, break_on_hyphens=False, break_long_words=False)
    LIST.write_text(HEAD + textwrap.indent(f"[{names}]", "  ") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
