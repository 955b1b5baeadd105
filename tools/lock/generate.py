"""Write the list of lock version 2 from its rule: `python tools/lock/generate.py > src/normoxia/library/calibrations/lock-2.yaml`.

Everything above `failures:` is the text of `head.yaml` beside this file. Run once; afterwards the lock is frozen, and `tests/library/test_lock_two.py`
compares it with the rule.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

from normoxia.calibration.scoring import classes, lock_rule
from normoxia.calibration.scoring.lock_rule import LockedStudy
from normoxia.calibration.scoring.study_list import calibration_studies
from normoxia.evidence.studies.registry import registry
from normoxia.outcome import Endpoint, Measure

SEEN = ("IMpower150", "LEAP-007", "CONTACT-01", "ORIENT-31", "HARMONi-A")
#: failures that the first lock names: futile, or without a gain in the primary endpoint
FIRST = (
    ("LEAP-007", "OS", "lenva_pembro", "pbo_pembro"),
    ("LEAP-008", "OS", "lenva_pembro", "docetaxel"),
    ("CONTACT-01", "OS", "atezo_cabo", "docetaxel"),
    ("IMpower151", "PFS", "ABCPem_Pac", "BCPem_Pac"),
)
#: published hazard ratio of OS above which a trial counts as a failure of the field
FAILED = 0.95


def say(line: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(line + "\n")


def main() -> None:
    """Write the document to standard output."""
    found = {s.id: lock_rule.scored_study(s) for s in calibration_studies()}
    scored = [one for one in found.values() if isinstance(one, LockedStudy)]
    say(Path(__file__).with_name("head.yaml").read_text(encoding="utf-8").rstrip("\n"))
    say("\nfailures:")
    for name, endpoint, arm, comparator in failures(scored):
        say(f"  - {{study: {name}, endpoint: {endpoint}, arm: {arm}, comparator: {comparator}}}")
    say("\nnot_scored:")
    for name, reason in found.items():
        if isinstance(reason, str):
            say(f"  {name}: {reason}")
    say("\nstudies:")
    for one in scored:
        entry(one, seen=one.study in SEEN)
    say("\nfurther:")
    others = [s for s in registry() if not isinstance(found.get(s.id), LockedStudy)]
    for study in others:
        one = lock_rule.informative_study(study)
        if isinstance(one, LockedStudy):
            entry(one, seen=False)


def failures(scored: list[LockedStudy]) -> list[tuple[str, str, str, str]]:
    """The failures of the first lock, then contrasts of OS that a new treatment did not win."""
    kept = list(FIRST)
    for one in scored:
        for row in one.contrasts:
            key = (one.study, row["endpoint"], row["arm"], row["comparator"])
            lost = row["endpoint"] == "OS" and value(one, row) > FAILED
            if lost and row["class"] != classes.CHEMOTHERAPY_COMPARED and key not in kept:
                kept.append(key)
    return kept


def value(one: LockedStudy, row: dict[str, str]) -> float:
    """The published hazard ratio of OS of a contrast, at its cut."""
    study = registry()[one.study]
    for o in study.population(row["population"]).reported:
        named = (o.endpoint, o.measure, o.arm, o.comparator)
        plain = o.estimate.has_interval and not (o.derived or o.adjusted or o.superseded)
        if plain and named == (Endpoint.OS, Measure.HAZARD_RATIO, row["arm"], row["comparator"]):
            return o.estimate.value
    return math.nan


def entry(one: LockedStudy, *, seen: bool) -> None:
    """Write one study."""
    say(f"  - study: {one.study}\n    set: {quoted(one.set)}\n    seen: {str(seen).lower()}")
    for name, rows in (("contrasts", one.contrasts), ("strata", one.strata)):
        if rows:
            say(f"    {name}:")
        for row in rows:
            words = ", ".join(f"{key}: {quoted(text)}" for key, text in row.items())
            say(f"      - {{{words}}}")
    for name, arms in one.rates.items():
        say(f"    {name}: [{', '.join(map(quoted, arms))}]")


def quoted(text: str) -> str:
    """A text as YAML, quoted where it has to be."""
    plain = text.replace("_", "").replace("-", "").replace(" ", "").isalnum()
    return (
        text
        if plain and text not in ("all", "no", "yes") and not text[0].isdigit()
        else f"'{text}'"
    )


if __name__ == "__main__":
    main()
