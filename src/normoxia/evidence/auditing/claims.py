"""Rules that hold what the review claims against the registry: arms, selection, toxicity, design, status, strata."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from normoxia.evidence.auditing.discrepancy import (
    Discrepancy,
    Outline,
    describe,
    in_registry,
    of_claim,
    of_source,
)
from normoxia.evidence.studies.registry import Registry
from normoxia.evidence.studies.reported import Arm, ReportedOutcome
from normoxia.evidence.studies.study import Study
from normoxia.language import Message, Wording
from normoxia.outcome import Endpoint, Measure

#: words that all name the chemotherapy of a regimen
_CHEMOTHERAPY = frozenset(
    (
        "chemotherapy",
        "platinum doublet",
        "platinum chemotherapy",
        "platinum",
        "carboplatin",
        "cisplatin",
        "pemetrexed",
        "paclitaxel",
        "gemcitabine",
        "docetaxel",
    )
)
#: normal quantile beyond which two rates are told apart (two-sided 5%)
_DIFFERENT = 1.96
_ENDPOINTS_MET = {"yes": True, "met": True, "no": False, "not met": False}


def regimen_differs(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """An arm as the review names it contains other drugs than any arm of the study."""
    for study in registry:
        own = {_parts_of(arm): arm for arm in study.arms}
        for claim in study.review.claims:
            listed = claim.says.get("arms")
            if claim.kind != "arms" or not isinstance(listed, list):
                continue
            for names in listed:
                parts = _parts(str(name) for name in names)
                if parts in own or not own:
                    continue
                nearest = min(own, key=lambda other: len(other ^ parts))
                yield Discrepancy(
                    study=study.id,
                    item="regimen",
                    values=(
                        Wording(" + ".join(sorted(parts))),
                        Wording(" + ".join(sorted(nearest))),
                    ),
                    places=(of_claim(claim), in_registry(study, f"arm {own[nearest].id}")),
                    consequence=Message("audit.regimen_differs"),
                    found_by="rule:regimen-differs",
                )


def selection_omitted(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The study selected patients by a marker, the review's description of the patients does not say so."""
    for study in registry:
        for claim in study.review.claims:
            if (
                claim.kind != "patients"
                or "pdl1" in claim.says
                or study.setting.pdl1 in ("unselected", "unstated")
            ):
                continue
            described = ", ".join(str(value) for value in claim.says.values())
            yield Discrepancy(
                study=study.id,
                item="PD-L1 selection",
                values=(
                    Wording(described),
                    Wording(study.setting.stated.get("pdl1", study.setting.pdl1)),
                ),
                places=(
                    of_claim(claim),
                    of_source(study, study.setting.sources[0])
                    if study.setting.sources
                    else in_registry(study),
                ),
                consequence=Message("audit.selection_omitted"),
                found_by="rule:selection-omitted",
            )


def claimed_equal(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review calls two rates about equal that differ beyond chance."""
    for study in registry:
        for claim in study.review.claims:
            if claim.kind != "equal":
                continue
            arm, comparator = (
                study.arm(str(claim.says["arm"])),
                study.arm(str(claim.says["comparator"])),
            )
            for first, second in _rates(study, Endpoint.TRAE3, arm, comparator):
                p, q = first.estimate.value / 100.0, second.estimate.value / 100.0
                pooled = (p * arm.n + q * comparator.n) / (arm.n + comparator.n)
                error = math.sqrt(pooled * (1.0 - pooled) * (1.0 / arm.n + 1.0 / comparator.n))
                if abs(p - q) <= _DIFFERENT * error:
                    continue
                yield Discrepancy(
                    study=study.id,
                    item=str(claim.says["what"]),
                    values=(
                        Message("audit.value.about_equal"),
                        Message(
                            "audit.value.rates",
                            one=describe(first),
                            other=describe(second),
                            grades=Wording(first.grades),
                        ),
                    ),
                    places=(of_claim(claim), of_source(study, first.source)),
                    consequence=Message("audit.claimed_equal"),
                    found_by="rule:claimed-equal",
                )
                break


def cutoff_differs(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review names a cut-off of a marker that the study's selection does not have."""
    for study in registry:
        for claim in study.review.claims:
            cuts = claim.says.get("cuts")
            if claim.kind != "cut-off" or not isinstance(cuts, list):
                continue
            own = [float(text) for text in re.findall(r"\d+(?:\.\d+)?", study.setting.selection)]
            extra = [cut for cut in cuts if float(cut) not in own]
            if own and extra and str(claim.says["marker"]) in study.setting.selection:
                yield Discrepancy(
                    study=study.id,
                    item=f"{claim.says['marker']} cut-off",
                    values=(
                        Wording(" or ".join(f">={cut:g}" for cut in cuts)),
                        Wording(study.setting.selection),
                    ),
                    places=(of_claim(claim), of_source(study, study.setting.sources[0])),
                    consequence=Message("audit.cutoff_differs"),
                    found_by="rule:cut-off-differs",
                )


def design_differs(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review calls a study retrospective whose source speaks of patients enrolled, or the other way round."""
    for study in registry:
        for claim in study.review.claims:
            if claim.kind != "design":
                continue
            word, own = str(claim.says["word"]), study.design
            backward = "retrospective" in own
            if (
                own != "not stated"
                and (word == "retrospective") != backward
                and "enrolled" in own + word
            ):
                yield Discrepancy(
                    study=study.id,
                    item="design",
                    values=(Wording(word), Wording(own)),
                    places=(of_claim(claim), in_registry(study, "design")),
                    consequence=Message("audit.design_differs"),
                    found_by="rule:design-differs",
                )


def status_differs(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review says a primary endpoint was not reached that was, or the other way round."""
    for study in registry:
        for claim in study.review.claims:
            said = _ENDPOINTS_MET.get(str(claim.says.get("primary_endpoint", "")))
            known = _ENDPOINTS_MET.get(study.primary_endpoint_met)
            if claim.kind != "status" or said is None or known is None or said == known:
                continue
            proof = next(
                (r for r in study.reported() if r.measure is Measure.HAZARD_RATIO and r.p), None
            )
            status = Wording("met" if known else "not met")
            value = (
                Message(
                    "audit.value.status",
                    status=status,
                    endpoint=proof.endpoint.value,
                    ratio=describe(proof),
                    p=Wording(proof.p),
                )
                if proof
                else status
            )
            yield Discrepancy(
                study=study.id,
                item="primary endpoint",
                values=(Wording("met" if said else "not reached"), value),
                places=(
                    of_claim(claim),
                    of_source(study, proof.source) if proof else in_registry(study),
                ),
                consequence=Message("audit.status_differs"),
                found_by="rule:status-differs",
            )


def subgroup_without_comparison(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review says one stratum of a marker benefits more in a study that enrolled only that stratum."""
    for study in registry:
        for claim in study.review.claims:
            if claim.kind != "subgroup" or claim.says.get("level") != study.setting.pdl1:
                continue
            yield Discrepancy(
                study=study.id,
                item="claim on PD-L1",
                values=(
                    Message("audit.value.benefits_more", level=Wording(str(claim.says["level"]))),
                    Message(
                        "audit.value.only_enrolled",
                        level=Wording(study.setting.pdl1),
                        design=Wording(study.design),
                    ),
                ),
                places=(of_claim(claim), of_source(study, study.setting.sources[0])),
                consequence=Message("audit.subgroup_without_comparison"),
                found_by="rule:subgroup-without-comparison",
            )


def backbone_confounded(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review credits added drugs with an effect between arms whose chemotherapy differs too."""
    for study in registry:
        for claim in study.review.claims:
            if claim.kind != "superior" or "attributed_to" not in claim.says:
                continue
            arm, comparator = (
                study.arm(str(claim.says["arm"])),
                study.arm(str(claim.says["comparator"])),
            )
            if not arm.backbone or not comparator.backbone or arm.backbone == comparator.backbone:
                continue
            added = claim.says["attributed_to"]
            drugs = (
                " + ".join(str(drug) for drug in added) if isinstance(added, list) else str(added)
            )
            yield Discrepancy(
                study=study.id,
                item="comparison",
                values=(
                    Message("audit.value.effect_of", drugs=Wording(drugs)),
                    Message(
                        "note.pair", one=Wording(arm.backbone), other=Wording(comparator.backbone)
                    ),
                ),
                places=(of_claim(claim), in_registry(study, f"arms {arm.id} and {comparator.id}")),
                consequence=Message("audit.backbone_confounded"),
                found_by="rule:backbone-confounded",
            )


RULES = (
    regimen_differs,
    selection_omitted,
    claimed_equal,
    cutoff_differs,
    design_differs,
    status_differs,
    subgroup_without_comparison,
    backbone_confounded,
)


def _parts(names: Iterator[str]) -> frozenset[str]:
    return frozenset("chemotherapy" if name in _CHEMOTHERAPY else name for name in names)


def _parts_of(arm: Arm) -> frozenset[str]:
    return _parts(iter(arm.drugs))


def _rates(
    study: Study, endpoint: Endpoint, arm: Arm, comparator: Arm
) -> Iterator[tuple[ReportedOutcome, ReportedOutcome]]:
    """Rates of two arms that one source prints together."""
    rows = [
        r
        for r in study.reported()
        if r.endpoint is endpoint and not r.superseded and not r.comparator
    ]
    for first in rows:
        for second in rows:
            same = (first.population, first.source, first.grades) == (
                second.population,
                second.source,
                second.grades,
            )
            if (
                same
                and first.arm == arm.id
                and second.arm == comparator.id
                and arm.n
                and comparator.n
            ):
                yield first, second
