"""The three controls of the first screen: which regimens, patients and doses there are, and the trial they make."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from normoxia import documents, library
from normoxia.documents import Findings
from normoxia.errors import UnknownName
from normoxia.trial.protocol import Trial

TRIAL = "impower150"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChoice:
    """A position of the three controls, each an id of `library/page/first.yaml`."""

    regimen: str
    population: str
    dose: str


#: what the screen shows when it opens, and what is stored
DEFAULT = ControlChoice(regimen="abcp", population="ITT-WT", dose="label")


@functools.cache
def _document() -> Mapping[str, Any]:
    findings = Findings()
    fields = documents.load(library.path("page", "first")).entries(findings)
    findings.raise_any()
    return {key: node.plain() for key, node in fields.items()}


def listed(lang: str) -> dict[str, Any]:
    """The controls with their titles in a language."""
    document = _document()
    return {
        "regimens": [
            {
                "id": name,
                "title": regimen["title"][lang],
                "arm": regimen["arm"],
                "doses": [
                    {"id": dose, "title": one["title"][lang], "regimen": one["regimen"]}
                    for dose, one in regimen["doses"].items()
                ],
            }
            for name, regimen in document["regimens"].items()
        ],
        "populations": [
            {"id": name, "title": one["title"][lang]}
            for name, one in document["populations"].items()
        ],
    }


def arm_of(choice: ControlChoice) -> str:
    """The arm that a choice of the regimen is about."""
    arm: str = _one("regimen", choice.regimen)["arm"]
    return arm


def stored_set(choice: ControlChoice) -> str:
    """The analysis set of the stored run that answers a choice; "" when none does."""
    if (choice.regimen, choice.dose) != (DEFAULT.regimen, DEFAULT.dose):
        return ""
    name: str = _one("population", choice.population)["set"]
    return name


def stored_sets() -> dict[str, str]:
    """The analysis set of the stored run by the population that it answers."""
    return {name: one["set"] for name, one in _document()["populations"].items() if one["set"]}


def treatment(choice: ControlChoice) -> str:
    """What the chosen arm is given."""
    regimen = _one("regimen", choice.regimen)
    doses = regimen["doses"]
    if choice.dose not in doses:
        raise UnknownName("dose", choice.dose, doses)
    return " + ".join([doses[choice.dose]["regimen"], *regimen["with"]])


def changed(trial: Trial, choice: ControlChoice) -> Trial:
    """The trial as chosen: a dose or an arm changed, and other patients.

    Raises
    ------
    UnknownName
        A control has no such position.
    """
    arm, given = arm_of(choice), treatment(choice)
    if arm in {one.id for one in trial.arms}:
        drug, _, course = given.split(" + ")[0].partition(" ")
        if choice.dose != DEFAULT.dose:
            trial = trial.with_dose(arm, **{drug: course})
    else:
        trial = trial.with_arm(arm, given, like=trial.arms[0].id, control=_control(trial))
    eligibility = _one("population", choice.population)["eligibility"]
    return trial.with_population(eligibility=eligibility)


def copies(choice: ControlChoice, trial: Trial, patients: int, replicates: int) -> dict[str, str]:
    """The same run as Python, as a command, and as a protocol."""
    query = f"regimen={choice.regimen}&population={choice.population}&dose={choice.dose}"
    if stored_set(choice):
        return {
            "link": "/",
            "python": f'import normoxia as nx\n\nrun = nx.run("{TRIAL}")\nprint(run.contrasts())\n',
            "command": f"normoxia run {TRIAL}",
            "yaml": trial.text,
        }
    return {
        "link": f"/?{query}",
        "python": (
            "import normoxia as nx\n\n"
            'trial = nx.read_trial("mine.yaml")  # the protocol, copied as YAML\n'
            f"run = nx.run(trial, patients={patients}, replicates={replicates})\n"
            "print(run.contrasts())\n"
        ),
        "command": f"normoxia run mine.yaml --patients {patients} --replicates {replicates}",
        "yaml": trial.text,
    }


def _control(trial: Trial) -> str:
    return trial.contrasts[0].control


def _one(control: str, name: str) -> Mapping[str, Any]:
    positions: Mapping[str, Any] = _document()[f"{control}s"]
    if name not in positions:
        raise UnknownName(control, name, positions)
    one: Mapping[str, Any] = positions[name]
    return one
