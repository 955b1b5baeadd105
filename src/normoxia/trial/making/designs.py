"""Designs that are predicted before their results are looked at, and the protocols that predict them.

A design is known by facts of its plan alone. `library/forecasts/shared/designs.yaml` lists them; beside it stands a protocol
for each, or one for each cohort where cohorts differ in whom they enrol and what they give, every assumption in its
notes. docs/method/forecasts.md tells them all.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from normoxia import documents, library
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidArgument, InvalidDocument, UnknownName
from normoxia.trial import files, result
from normoxia.trial.protocol import AnalysisSet, Trial
from normoxia.trial.result import TrialResult

KIND = "forecasts"


@dataclass(frozen=True, slots=True)
class TrialDesign:
    """A planned trial that is predicted blind.

    asks        what a contrast of its arms tells
    protocols   names of its documents, one a cohort; () when it is refused
    registered  numbers of trial registers
    pooled      its arms are those of its protocols taken together, see `together`
    ratios_only contrasts alone are predicted, neither times nor rates of an arm
    limits      what weakens a prediction of it, beside the assumptions in each protocol's notes
    refused     why it has no protocol, "" when it has
    """

    id: str
    asks: str
    protocols: tuple[str, ...]
    registered: tuple[str, ...] = ()
    pooled: bool = False
    ratios_only: bool = False
    limits: tuple[str, ...] = ()
    refused: str = ""


@functools.cache
def forecasts() -> tuple[TrialDesign, ...]:
    """Every design that is predicted, or refused with a reason, in the order of their list."""
    return parse(documents.load(library.path(KIND, "shared/designs")))


def parse(root: Node) -> tuple[TrialDesign, ...]:
    """Designs from the root of their list. Raises InvalidDocument with every finding."""
    findings = Findings()
    got = root.fields(findings, ("designs",))
    found = (
        tuple(_design(entry, findings) for entry in got["designs"].items(findings)) if got else ()
    )
    names = [_plain(design.id) for design in found]
    for design in found:
        if names.count(_plain(design.id)) > 1:
            findings.note(root.place, f'design "{design.id}" stands twice', "keep one")
    findings.raise_any(InvalidDocument)
    return found


def design(name: str) -> TrialDesign:
    """The design with an id; capitals, hyphens and spaces do not matter. Raises UnknownName with the nearest."""
    for one in forecasts():
        if _plain(one.id) == _plain(name):
            return one
    raise UnknownName("design", name, (one.id for one in forecasts()))


def read(name: str) -> Trial:
    """The protocol that predicts a design, by the design's id or, where it has several, by the protocol's own name.

    raises  UnknownName with the nearest; InvalidArgument for a design that is refused, with the reason, and for one of
            several protocols, with their names
    """
    names = {_plain(own): own for own in library.names(KIND)}
    if _plain(name) in names:
        return files.read(library.path(KIND, names[_plain(name)]))
    ids = {_plain(one.id) for one in forecasts()}
    if _plain(name) not in ids:
        raise UnknownName(
            "forecast", name, (*library.names(KIND), *(one.id for one in forecasts()))
        )
    one = design(name)
    if one.refused:
        raise InvalidArgument(f'design "{one.id}" has no protocol: {one.refused}')
    if len(one.protocols) > 1:
        choices = " or ".join(files.FORECAST + own for own in one.protocols)
        raise InvalidArgument(
            f'design "{one.id}" has a protocol for each cohort; ask for {choices}'
        )
    return files.read(library.path(KIND, one.protocols[0]))


def together(
    cohorts: Sequence[Trial], results: Sequence[TrialResult], name: str = ""
) -> tuple[Trial, TrialResult]:
    """The cohorts of a pooled design as one trial with one result, to be analysed by `analyse(result, trial)`.

    cohorts  protocols with the same arms, visits and follow-up; an arm's patients are those of all of them
    results  one for each, of as many replicates, with the cohorts' planned sizes or all in one proportion to them
    name     of the trial made; that of the first cohort when omitted
    returns  the trial keeps the first cohort's regimens and text, which are not those of everybody: it is for analysis
             alone. Arms' sizes are sums of those run
    raises   InvalidArgument when the cohorts cannot be taken together
    """
    _check_alike(cohorts, results)
    first = cohorts[0]
    parts = []
    offset = {arm.id: 0 for arm in first.arms}
    for part in results:
        position = part.columns["arm"].astype(np.intp)
        shift = np.array([offset[arm] for arm in part.arms])[position]
        parts.append(
            replace(part, columns={**part.columns, "patient": part.columns["patient"] + shift})
        )
        for arm in part.arms:
            offset[arm] += len(part.rows(arm)) // part.n_replicates
    name = name or first.id
    whole = result.concatenate(parts)
    manifest: dict[str, object] = {
        "trial": name,
        "seed": results[0].manifest.get("seed", 0),
        "calibration": results[0].manifest.get("calibration", "not calibrated"),
        "patients": dict(offset),
        "cohorts": [dict(part.manifest) for part in results],
    }
    if "ensemble" in results[0].manifest:
        manifest["ensemble"] = results[0].manifest["ensemble"]
    everybody = AnalysisSet(
        "ITT", {"en": "all cohorts", "zh": "全部队列"}, first.sets[0].where, ("ITT",)
    )
    trial = replace(
        first,
        id=name,
        arms=tuple(replace(arm, n=offset[arm.id]) for arm in first.arms),
        sets=(everybody,),
        notes=tuple(dict.fromkeys(note for cohort in cohorts for note in cohort.notes)),
    )
    return trial, replace(whole, trial=name, manifest=manifest)


def _check_alike(cohorts: Sequence[Trial], results: Sequence[TrialResult]) -> None:
    if not cohorts or len(cohorts) != len(results):
        raise InvalidArgument(
            f"found {len(cohorts)} protocols and {len(results)} results; expected one result for each"
        )
    first = cohorts[0]
    for cohort in cohorts[1:]:
        for what, one, other in (
            ("arms", [arm.id for arm in first.arms], [arm.id for arm in cohort.arms]),
            ("visits", first.visits, cohort.visits),
            ("follow-up", first.follow_up, cohort.follow_up),
            ("rules of response", first.criteria, cohort.criteria),
        ):
            if one != other:
                raise InvalidArgument(
                    f'"{first.id}" and "{cohort.id}" differ in {what}; they are no single trial'
                )
    if len({part.n_replicates for part in results}) > 1:
        raise InvalidArgument(
            f"found {[part.n_replicates for part in results]} replicates; run every cohort equally often"
        )
    for arm in first.arms:
        ran = [len(part.rows(arm.id)) / part.n_replicates for part in results]
        shares = [n / cohort.arm(arm.id).n for n, cohort in zip(ran, cohorts, strict=True)]
        # a patient more or less, by rounding, is still the same proportion
        slack = max(1.0 / cohort.arm(arm.id).n for cohort in cohorts)
        if max(shares) - min(shares) > slack:
            raise InvalidArgument(
                f'arm "{arm.id}" was run with {ran} patients, not in the proportion of the cohorts; run them as planned'
            )


def _design(node: Node, findings: Findings) -> TrialDesign:
    got = node.fields(
        findings,
        ("design", "asks"),
        ("protocols", "registered", "pooled", "ratios_only", "limits", "refused"),
    )

    def texts(key: str) -> tuple[str, ...]:
        return (
            tuple(entry.text(findings) for entry in got[key].items(findings)) if key in got else ()
        )

    def text(key: str) -> str:
        return got[key].text(findings) if key in got else ""

    def is_set(key: str) -> bool:
        return key in got and got[key].boolean(findings)

    one = TrialDesign(
        text("design"),
        text("asks"),
        texts("protocols"),
        texts("registered"),
        is_set("pooled"),
        is_set("ratios_only"),
        texts("limits"),
        text("refused"),
    )
    if bool(one.protocols) == bool(one.refused):
        findings.note(
            node.place,
            f'design "{one.id}": found both or neither of protocols and refused',
            "expected one of them",
        )
    for name in one.protocols:
        if name not in library.names(KIND):
            findings.note(
                node.place,
                f'protocol "{name}" is not in library/{KIND}',
                "write it, or say why not in refused",
            )
    return one


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
