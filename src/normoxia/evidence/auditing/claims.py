"""Rules that hold what the review claims against the registry: arms, selection, toxicity, design, status, strata."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from normoxia.evidence.auditing.discrepancy import (
    Discrepancy,
    Outline,
    Words,
    describe,
    in_registry,
    of_claim,
    of_source,
)
from normoxia.evidence.studies.registry import Registry
from normoxia.evidence.studies.reported import Arm, ReportedOutcome
from normoxia.evidence.studies.study import Study
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
                    study.id,
                    "regimen",
                    (Words(" + ".join(sorted(parts))), Words(" + ".join(sorted(nearest)))),
                    (of_claim(claim), in_registry(study, f"arm {own[nearest].id}")),
                    Words(
                        "The study has no such arm; pooled by the review's wording it would enter the wrong node of the network.",
                        "该研究并无此治疗组；按综述的写法合并会进入网络中的错误节点。",
                    ),
                    "rule:regimen-differs",
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
                study.id,
                "PD-L1 selection",
                (Words(described), Words(study.setting.stated.get("pdl1", study.setting.pdl1))),
                (
                    of_claim(claim),
                    of_source(study, study.setting.sources[0])
                    if study.setting.sources
                    else in_registry(study),
                ),
                Words(
                    "Response and survival belong to selected patients; a calibration to all comers would be biased upward.",
                    "疗效与生存来自经选择的患者；用于未经选择人群的校准会偏高。",
                ),
                "rule:selection-omitted",
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
                    study.id,
                    str(claim.says["what"]),
                    (
                        Words("about equal", "大致相等"),
                        Words(f"{describe(first)} vs {describe(second)}, grade {first.grades}"),
                    ),
                    (of_claim(claim), of_source(study, first.source)),
                    Words(
                        "Severe toxicity differs by more than chance; the added drug has a cost the review does not show.",
                        "严重不良反应的差别超出偶然；加用药物的代价在综述中未体现。",
                    ),
                    "rule:claimed-equal",
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
                    study.id,
                    f"{claim.says['marker']} cut-off",
                    (
                        Words(" or ".join(f">={cut:g}" for cut in cuts)),
                        Words(study.setting.selection),
                    ),
                    (of_claim(claim), of_source(study, study.setting.sources[0])),
                    Words(
                        "The result belongs to the cut-off of eligibility; at the other one it is not known.",
                        "结果对应入组界值；在另一界值下未知。",
                    ),
                    "rule:cut-off-differs",
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
                    study.id,
                    "design",
                    (Words(word, "回顾性" if word == "retrospective" else "前瞻性"), Words(own)),
                    (of_claim(claim), in_registry(study, "design")),
                    Words(
                        "Risk of bias cannot be judged from the review's word for the design.",
                        "不能依据综述的设计描述判断偏倚风险。",
                    ),
                    "rule:design-differs",
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
            value = f": {proof.endpoint} HR {describe(proof)}, p {proof.p}" if proof else ""
            yield Discrepancy(
                study.id,
                "primary endpoint",
                (
                    Words("met" if said else "not reached"),
                    Words(("met" if known else "not met") + value),
                ),
                (of_claim(claim), of_source(study, proof.source) if proof else in_registry(study)),
                Words(
                    "Randomised evidence exists that the review's conclusion leaves out.",
                    "已有随机对照证据，综述结论未予体现。",
                ),
                "rule:status-differs",
            )


def subgroup_without_comparison(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review says one stratum of a marker benefits more in a study that enrolled only that stratum."""
    for study in registry:
        for claim in study.review.claims:
            if claim.kind != "subgroup" or claim.says.get("level") != study.setting.pdl1:
                continue
            yield Discrepancy(
                study.id,
                "claim on PD-L1",
                (
                    Words(f"{claim.says['level']} benefits more"),
                    Words(f"only {study.setting.pdl1} enrolled; {study.design}"),
                ),
                (of_claim(claim), of_source(study, study.setting.sources[0])),
                Words(
                    "No comparison across strata was possible; the study informs no interaction.",
                    "无法作分层比较；该研究不提供交互作用的信息。",
                ),
                "rule:subgroup-without-comparison",
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
                study.id,
                "comparison",
                (
                    Words(f"effect of {drugs}"),
                    Words(f"{arm.backbone} against {comparator.backbone}"),
                ),
                (of_claim(claim), in_registry(study, f"arms {arm.id} and {comparator.id}")),
                Words(
                    "The contrast mixes the added drugs with a change of chemotherapy; it is no single-component effect.",
                    "该对比同时包含加用药物与化疗方案的更换；不可作为单一成分的效应。",
                ),
                "rule:backbone-confounded",
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
