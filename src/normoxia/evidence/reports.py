"""The registry and its audit as plain dictionaries (for `--json`) and as lines of text (for a terminal), in two languages."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from normoxia.errors import InvalidArgument
from normoxia.evidence.auditor import audit
from normoxia.evidence.checks import check
from normoxia.evidence.discrepancy import describe, printed, say_item
from normoxia.evidence.reported import REVIEW, Arm
from normoxia.evidence.rules_reader import NAME as SECOND_READER
from normoxia.evidence.studies import Registry, is_shipped
from normoxia.evidence.study import Population, Study
from normoxia.outcome import Estimate

#: version of the shape of every dictionary made here
SCHEMA = 1
LANGUAGES = ("en", "zh")

_TEXTS: Mapping[str, tuple[str, str]] = {
    "setting": ("Setting", "研究人群"),
    "line": ("line", "治疗线数"),
    "histology": ("histology", "组织学"),
    "driver": ("driver genes", "驱动基因"),
    "pdl1": ("PD-L1", "PD-L1"),
    "selection": ("selection", "入选标志物"),
    "arms": ("Arms", "治疗组"),
    "results": ("Reported", "报告结果"),
    "derived": ("Derived, not reported by anyone", "推算值，非原文报告"),
    "over_time": (
        "Effect over time, of patients rebuilt from those curves (approximate)",
        "疗效随时间的变化，由上述曲线重建的个体数据估计（近似）",
    ),
    "crossing": (
        "the hazards do not stay proportional (p = {p}), so the restricted mean comes first",
        "风险不成比例（p = {p}），故先看限制平均生存时间",
    ),
    "cross": (
        "the curves cross (p of proportional hazards = {p}), so the restricted mean comes first",
        "曲线交叉（比例风险检验 p = {p}），故先看限制平均生存时间",
    ),
    "constant": ("nothing speaks against proportional hazards (p = {p})", "未见违反比例风险（p = {p}）"),
    "mean": (
        "restricted mean to {months} mo: difference {value} mo",
        "{months} 个月内限制平均时间之差：{value} 个月",
    ),
    "ratio": ("hazard ratio {value}", "风险比 {value}"),
    "period": ("{start} to {stop} mo: {value}", "{start} 至 {stop} 个月：{value}"),
    "few": ("too few events", "事件过少"),
    "unverified": ("Unverified, from memory; in no analysis", "未核实（记忆），不进入任何分析"),
    "review": ("The review says", "综述所述"),
    "audit": ("Discrepancies", "不一致之处"),
    "check": ("A second reader asks", "复核疑问"),
    "sources": ("Sources", "来源"),
    "superseded": ("superseded", "已被取代"),
    "primary": ("Primary endpoint", "主要终点"),
}


def listing(
    registry: Registry,
    *,
    drug: str | None = None,
    component: str | None = None,
    line: str | None = None,
    egfr: str | None = None,
    pdl1: str | None = None,
    group: str | None = None,
) -> dict[str, object]:
    """The studies that fit the filters (those of `Registry.select`), as `{schema, filters, studies[]}`."""
    given = {"drug": drug, "component": component, "line": line, "egfr": egfr, "pdl1": pdl1, "group": group}
    chosen = registry.select(drug=drug, component=component, line=line, egfr=egfr, pdl1=pdl1, group=group)
    counts = Counter(discrepancy.study for discrepancy in audit(chosen))
    return {
        "schema": SCHEMA,
        "filters": {name: value for name, value in given.items() if value is not None},
        "studies": [_row(study, counts[study.id]) for study in chosen],
    }


def audit_report(registry: Registry, language: str = "en") -> dict[str, object]:
    """Every discrepancy, as `{schema, language, counts, findings[] {study, item, values, places, consequence, found_by}}`."""
    _known(language)
    found = audit(registry)
    return {
        "schema": SCHEMA,
        "language": language,
        "counts": dict(sorted(Counter(discrepancy.found_by for discrepancy in found).items())),
        "findings": [
            {
                "study": discrepancy.study,
                "item": say_item(discrepancy.item, language),
                "values": [value.say(language) for value in discrepancy.values],
                "places": [place.say(language) for place in discrepancy.places],
                "consequence": discrepancy.consequence.say(language),
                "found_by": discrepancy.found_by,
            }
            for discrepancy in found
        ],
    }


def show(study: Study, language: str = "en") -> tuple[str, ...]:
    """A study as lines of text: setting, arms, what was reported, what is derived or unverified, what does not agree."""
    _known(language)
    own = Registry((study,))
    lines = [f"{study.id}  {study.title}", _headline(study)]
    lines += _section("setting", language, _setting(study, language))
    lines += _section("arms", language, [_arm(arm) for arm in study.arms])
    for population in study.populations:
        rows = _results(study, population, language)
        lines += (
            [f"{_text('results', language)}: {_population(population)}", *(f"  {row}" for row in rows)]
            if rows
            else []
        )
    lines += _section("derived", language, _curves(study))
    lines += _section("over_time", language, _over_time(study, language))
    lines += _section("unverified", language, _unverified(study))
    lines += _section("review", language, _review(study))
    found = [d for d in audit(own) if d.study == study.id and d.found_by != f"rule:{SECOND_READER}"]
    lines += _section(
        "audit", language,
        [f"{say_item(d.item, language)}: {' | '.join(v.say(language) for v in d.values)} -- {d.consequence.say(language)} [{d.found_by}]"
         for d in found],
    )  # fmt: skip
    lines += _section("check", language, [f"{f.place.key}: {f.found}" for f in check(study)])
    lines += _section(
        "sources", language, [f"{r.key}: {r.citation}. {r.locator}" for r in study.sources.values()]
    )
    return tuple(lines)


def _known(language: str) -> None:
    if language not in LANGUAGES:
        raise InvalidArgument(f'"{language}" is no language of the registry; use {" or ".join(LANGUAGES)}')


def _row(study: Study, discrepancies: int) -> dict[str, object]:
    setting = study.setting
    return {
        "id": study.id,
        "title": study.title,
        "group": study.group,
        "phase": study.phase,
        "design": study.design,
        "identifiers": list(study.identifiers),
        "line": setting.line,
        "histology": setting.histology,
        "egfr": setting.driver,
        "pdl1": setting.pdl1,
        "selection": setting.selection,
        "primary_endpoints": list(study.primary_endpoints),
        "primary_endpoint_met": study.primary_endpoint_met,
        "n": max((p.n for p in study.populations), default=0) or sum(arm.n for arm in study.arms),
        "arms": [
            {
                "id": arm.id,
                "label": arm.label,
                "n": arm.n,
                "regimen": list(arm.regimen),
                "classes": list(arm.classes),
            }
            for arm in study.arms
        ],
        "populations": [population.id for population in study.populations],
        "outcomes": len(study.outcomes()),
        "unverified": len(study.unverified),
        "discrepancies": discrepancies,
        "questions": [f"{finding.place.key}: {finding.found}" for finding in check(study)],
        "is_shipped": is_shipped(study),
    }


def _text(key: str, language: str) -> str:
    return _TEXTS[key][LANGUAGES.index(language)]


def _section(key: str, language: str, rows: list[str]) -> list[str]:
    return [f"{_text(key, language)}", *(f"  {row}" for row in rows)] if rows else []


def _headline(study: Study) -> str:
    parts = [f"phase {study.phase}" if study.phase else "", study.design, ", ".join(study.identifiers)]
    return "; ".join(part for part in parts if part)


def _setting(study: Study, language: str) -> list[str]:
    rows = []
    for key in ("line", "histology", "driver", "pdl1", "selection"):
        value = getattr(study.setting, key)
        if value:
            stated = study.setting.stated.get(key)
            rows.append(f"{_text(key, language)}: {value}" + (f" ({stated})" if stated else ""))
    if study.primary_endpoints:
        ends = ", ".join(study.primary_endpoints)
        rows.append(f"{_text('primary', language)}: {ends}: {study.primary_endpoint_met}")
    return rows


def _arm(arm: Arm) -> str:
    size = f" (n = {arm.n})" if arm.n else ""
    return f"{arm.id}{size}: {'; '.join(arm.regimen)}"


def _population(population: Population) -> str:
    size = f", n = {population.n}" if population.n else ""
    return f"{population.id} ({population.definition}{size})"


def _results(study: Study, population: Population, language: str) -> list[str]:
    rows = []
    for r in population.reported:
        who = f"{r.arm} vs {r.comparator}" if r.comparator else r.arm
        what = f"HR {r.endpoint}" if r.comparator else str(r.endpoint)
        what += "" if math.isnan(r.months) else f" at {r.months:g} mo"
        value = "" if math.isnan(r.estimate.value) else " " + describe(r)
        p = f", p {r.p}" if r.p else ""
        marks = [
            f"grade {r.grades}" if r.grades else "",
            f"adjusted for {r.adjusted}" if r.adjusted else "",
            _text("derived", language) if r.derived else "",
            f"{_text('superseded', language)}: {r.superseded}" if r.superseded else "",
            r.note,
        ]
        tail = "; ".join(mark for mark in marks if mark)
        source = "review" if r.source == REVIEW else r.source
        rows.append(f"{what} {who}:{value}{p} [{source}]" + (f" {tail}" if tail else ""))
    return rows


def _curves(study: Study) -> list[str]:
    rows = []
    for population in study.populations:
        for curve in population.curves:
            points = ", ".join(f"{percent:g}% at {month:g}" for month, percent, _ in curve.points)
            rows.append(
                f"{curve.endpoint} {curve.arm}, {curve.population} (n = {curve.n}): {points} mo [{curve.source}]"
            )
    return rows


def _over_time(study: Study, language: str) -> list[str]:
    """Two arms told by restricted mean, by periods and by one ratio; what to read first stands first."""
    from normoxia.evidence.curves import over_time
    from normoxia.survival import DAYS_PER_MONTH

    def months(days: float) -> str:
        return f"{days / DAYS_PER_MONTH:.3g}"

    rows = []
    for ours, theirs, effect in over_time(study):
        crossing = effect.first == "restricted mean"
        difference = effect.difference.estimate(1.0 / DAYS_PER_MONTH)
        mean = _text("mean", language).format(months=months(effect.horizon), value=_interval(difference))
        ratio = _text("ratio", language).format(value=_interval(effect.ratio.estimate()))
        periods = ", ".join(
            _text("period", language).format(
                start=months(period.start),
                stop=months(period.stop),
                value=_interval(period.ratio.estimate()) if period.ratio else _text("few", language),
            )
            for period in effect.periods
        )
        told = [mean, periods, ratio] if crossing else [ratio, periods, mean]
        key = "cross" if effect.crosses else "crossing" if crossing else "constant"
        why = _text(key, language).format(p=f"{effect.proportional_p:.2g}")
        rows.append(
            f"{ours.endpoint} {ours.arm} vs {theirs.arm}, {ours.population}: {'; '.join(told)}; {why}"
        )
    return rows


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} ({estimate.low:.2f} – {estimate.high:.2f})"


def _unverified(study: Study) -> list[str]:
    rows = []
    for r in study.unverified:
        who = " ".join(part for part in (r.arm, r.population) if part)
        interval = "" if math.isnan(r.low) else f" ({r.low:g}-{r.high:g})"
        tail = f"; {r.settled}" if r.settled else ""
        rows.append(f"{r.what} {who}: {printed(r.value, r.unit)}{interval}{tail}".replace(" :", ":"))
    return rows


def _review(study: Study) -> list[str]:
    rows = []
    for figure in study.review.figures:
        who = " ".join(part for part in (figure.arm, figure.population) if part)
        quote = f' "{figure.quote}"' if figure.quote else ""
        rows.append(
            f"{figure.what} {who}: {printed(figure.value, figure.unit)} ({figure.place}, line {figure.line}){quote}".replace(
                " :", ":"
            )
        )
    return rows
