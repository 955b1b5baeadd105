"""What the second reader asks of a study that is not shipped, as discrepancies: printed numbers that cannot all be right.

The shipped studies were read against their sources, and what the checks ask of them stands on their pages; a user's study
was not, and an impossible number in it must not pass because nobody opened its page.
"""

from __future__ import annotations

from collections.abc import Iterator

from normoxia.evidence.auditing.discrepancy import Discrepancy, Outline, Rule, Words
from normoxia.evidence.studies import checks
from normoxia.evidence.studies.registry import Registry, is_shipped

#: the rule's name
NAME = "second-reader"
#: what each check asks, in Chinese; the finding itself, with its numbers, stands beside it
_ASKED = {
    "quoted_numbers": "引文中没有该数字",
    "interval_contains": "数值不在其区间内，或区间颠倒",
    "interval_symmetric": "区间在对数尺度上不对称",
    "possible_fractions": "百分比不对应整数例数",
    "within_bounds": "数值超出可能范围",
    "medians_fit_ratio": "中位时间与风险比矛盾",
    "arms_add_up": "各组例数之和不符",
    "no_row_twice": "同一数值重复出现",
    "dates_in_order": "日期先后矛盾",
    "endpoints_agree": "各终点之间矛盾",
    "medians_fit_landmarks": "中位时间与时点生存率矛盾",
    "p_fits_interval": "P值与区间矛盾",
    "curves_fall": "生存曲线不应上升",
    "regimens_read": "方案无法读懂",
    "prior_therapy_reads": "既往治疗未说明是否用过免疫检查点抑制剂",
}
_CONSEQUENCE = "settle it against the source before the study enters an analysis"
_CONSEQUENCE_ZH = "纳入分析前须与来源核对"


def second_reader(registry: Registry, _outline: Outline) -> Iterator[Discrepancy]:
    """Every question of the checks about studies that are not shipped."""
    for study in registry:
        if is_shipped(study):
            continue
        for check in checks.CHECKS:
            for finding in check(study):
                line = f", line {finding.place.line}" if finding.place.line else ""
                line_zh = f"，第{finding.place.line}行" if finding.place.line else ""
                yield Discrepancy(
                    study=study.id,
                    item=finding.place.key,
                    values=(Words(finding.found, f"{_ASKED[check.__name__]}（{finding.found}）"),),
                    places=(Words(f"{study.file}{line}", f"{study.file}{line_zh}"),),
                    consequence=Words(f"{finding.expected}; {_CONSEQUENCE}", _CONSEQUENCE_ZH),
                    found_by=f"rule:{NAME}",
                )


RULES: tuple[Rule, ...] = (second_reader,)
