"""A comparison as a trial: the protocol of its stage with the regimens as arms, so that it runs, resumes and verifies as any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from normoxia import documents
from normoxia.design.comparisons import ComparisonDesign
from normoxia.errors import InvalidArgument, UnknownName
from normoxia.trial import files
from normoxia.trial.protocol import Trial

#: the set of patients of a comparison
EVERYBODY = "all"
_DROPPED = ("study", "baseline", "sets", "arms", "contrasts")


def trial_of(
    design: ComparisonDesign,
    patients: int | None = None,
    *,
    months: float | None = None,
    keep: Sequence[str] = (),
) -> Trial:
    """Return the trial that simulates a comparison.

    Patients of all regimens are the same people with the same random numbers, so that differences
    between regimens are due to treatment alone.

    Parameters
    ----------
    design
        The comparison.
    patients
        Of each draw; as the document says when omitted.
    months
        Follow every patient this long from entry, in place of the accrual and cuts of the stage.
    keep
        Outputs of the model to keep at visits beside those that every run keeps.

    Raises
    ------
    UnknownName
        The stage has no such set, or no such arm whose later lines should follow.
    InvalidDocument
        The arms have faults (unknown drugs, unreadable doses); all are listed.
    InvalidArgument
        The stage has no document.
    """
    stage = files.read(design.stage)
    plain = documents.parse(stage.text, stage.file).plain()
    if not isinstance(plain, dict):
        raise InvalidArgument(f"{stage.id}: has no document; name a trial that is read from one")
    protocol: dict[str, Any] = {k: v for k, v in plain.items() if k not in _DROPPED}
    protocol["trial"] = f"compare-{design.name}"
    protocol["title"] = dict(design.titles)
    protocol["eligibility"] = _eligibility(design, stage, plain)
    arms: dict[str, Any] = plain["arms"]
    protocol["arms"] = {
        regimen.id: _arm(design, regimen.id, arms, patients or design.patients)
        for regimen in design.regimens
    }
    protocol["sets"] = {EVERYBODY: {"title": {"en": "all patients", "zh": "全部患者"}}}
    protocol["contrasts"] = [
        {"experimental": one, "control": other} for one, other in design.contrasts
    ]
    protocol["notes"] = [
        *plain.get("notes", ()),
        f"Regimens of the comparison {design.name} on the stage of {stage.id}; no published trial stands beside it.",
    ]
    if months is not None:
        cut = f"{months:g} months"
        protocol["follow_up"] = {
            "accrual": "0 months",
            "progression_cut": cut,
            "survival_cut": cut,
            "source": "every patient is followed alike; accrual is that of the drawn trials",
        }
    if keep:
        protocol["keep"] = list(keep)
    text = documents.write(protocol)
    return files.parse(documents.parse(text, f"{protocol['trial']}.yaml"), text)


def _eligibility(design: ComparisonDesign, stage: Trial, plain: dict[str, Any]) -> dict[str, Any]:
    """Return the eligibility of the stage, narrowed to the set of patients that is asked about."""
    eligibility = dict(plain.get("eligibility") or {})
    if design.within:
        sets: dict[str, Any] = plain.get("sets") or {}
        if design.within not in sets:
            raise UnknownName(f"set of patients of {stage.id}", design.within, sets)
        eligibility |= sets[design.within].get("where") or {}
    return eligibility


def _arm(
    design: ComparisonDesign, name: str, stage_arms: dict[str, Any], patients: int
) -> dict[str, Any]:
    """Return the entry of one regimen, with the later lines of the arm of the stage that it names."""
    regimen = design.regimen(name)
    entry: dict[str, Any] = {
        "title": dict(regimen.titles),
        "n": patients,
        "regimen": list(regimen.courses),
        "source": f"comparison {design.name}",
    }
    if regimen.next_line:
        entry["next_line"] = list(regimen.next_line)
    if not regimen.later:
        return entry
    if regimen.later not in stage_arms:
        raise UnknownName(f"arm of {design.stage}", regimen.later, stage_arms)
    following = stage_arms[regimen.later]
    if "next_line" in following and not regimen.next_line:
        entry["next_line"] = following["next_line"]
    beyond = following.get("beyond_progression")
    if beyond and all(_gives(regimen.courses, drug) for drug in beyond["drugs"]):
        entry["beyond_progression"] = beyond
    return entry


def _gives(courses: tuple[str, ...], drug: str) -> bool:
    return any(course.split()[0] == drug for course in courses)
