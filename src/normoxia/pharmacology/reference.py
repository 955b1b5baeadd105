"""The reference page of the drug library, written from the documents so that it cannot lag behind them."""

from __future__ import annotations

import math

from normoxia.pharmacology import files
from normoxia.pharmacology.drug import Drug, Quantity
from normoxia.pharmacology.exposure import TOLERATED, ExposureComparison, comparisons, ratios

_UNITS = {"auc": "mg·day/L", "half_life": "day", "time_to_peak": "day", "occupancy": ""}
_MEASURES = {
    "trough": "trough",
    "peak": "peak",
    "average": "average",
    "auc": "AUC of an interval",
    "half_life": "half-life",
    "time_to_peak": "time to peak",
    "occupancy": "occupancy in blood",
}
_MEASURES_ZH = {
    "trough": "谷浓度",
    "peak": "峰浓度",
    "average": "平均浓度",
    "auc": "给药间隔AUC",
    "half_life": "半衰期",
    "time_to_peak": "达峰时间",
    "occupancy": "血中占有率",
}

_FORMAT = """Begin from the document of a drug like yours, in `src/normoxia/library/drugs/`; `like: sintilimab` takes every section that is not written
from that drug. In a regimen the path of a document stands where a drug's name does: `mydrugs/newmab.yaml 300 mg q3w`.

| key | holds |
| --- | --- |
| `drug`, `names`, `aliases` | the name in models (that of the file), English and Chinese names, trade, code and biosimilar names |
| `kind`, `class`, `targets`, `route` | antibody, bispecific, kinase inhibitor, endostatin or chemotherapy; words; iv, sc or oral |
| `infusion` | usual duration of an infusion |
| `sources` | short names of references, each with `place` and `verified`: whether the number was read there |
| `labels` | licensed and protocol doses in the notation of regimens |
| `kinetics` | `structure` in words; `parameters`, each with `value`, `unit`, `cv` (percent, log-normal between patients; `cv_source` when it stands elsewhere), `range`, `source` |
| `covariates` | in a parameter: the factor by which a patient differs, over weight (kg), body_surface (m2), sex_female, age (year), albumin (g/L), alkaline_phosphatase (U/L), gfr (mL/min), ecog, asian, as in the paper |
| `follows`, `correlation` | in a parameter: it shares the deviation of another, wholly or in part |
| `clearance_over_time` | `maximum` (log), `half_time`, `steepness` of a sigmoid change since the first dose |
| `penetration`, `free_fraction` | tumour over plasma, unbound share |
| `effects` | per slot: `affinity`, `potency`, `cooperativity`; `of` and `selectivity` or `strength`; for chemotherapy `strength`, `reference_dose`, `loss` |
| `toxicity` | a class of `toxicity.yaml` |
| `exposures` | published exposures the kinetics are compared with; a miss needs a `finding` and a `factor` |
| `notes` | what a reader should doubt |

A `source` is a key of `sources`, or begins with `assumed` or `recalled`; then it counts as not read. `normoxia check FILE` lists every finding."""


def page() -> str:
    """`docs/reference/drugs.md`: the library, its kinetics, what it adds to the model, its hazards, its checks."""
    drugs = [files.read(name) for name in files.library()]
    compared = comparisons(drugs)
    free = [c for c in compared if not c.exposure.by_construction]
    parts = [
        "# Drugs",
        f"The library describes {len(drugs)} drugs, one YAML document each, with a source for every number. This page is written from "
        "those documents: `python -m normoxia.pharmacology.reference` prints it. For research only.",
        "## How a document is written",
        _FORMAT,
        "## What is in the library",
        _table(
            ("name", "English", "中文", "also called", "class", "route", "doses known"),
            [
                (
                    f"`{d.name}`",
                    d.names["en"],
                    d.names["zh"],
                    ", ".join(d.aliases),
                    d.drug_class,
                    d.route,
                    "; ".join(x.text for x in d.labels),
                )
                for d in drugs
            ],
        ),
        "A dose above ten times the largest of these is refused as a slip of the pen.",
        "## Kinetics of the typical patient",
        "Clearance and volumes are over bioavailability for oral and subcutaneous drugs. CV is between patients. *Not read* marks a "
        "number that was recalled or assumed and awaits checking.",
        _table(
            ("drug", "structure", "parameter", "value", "CV %", "varies with", "source"),
            [row for d in drugs for row in _kinetics(d)],
        ),
        "## What each drug adds to the model",
        "An exposure ratio is the concentration in the tumour over the concentration of half effect. Enzyme inhibition does not order the doses "
        "of kinase inhibitors, so each has one scale of effective potency with a wide range. Chemotherapy counts 1 for the first cycle of a platinum "
        "doublet at its reference doses: 0.55 for a platinum and 0.45 for its partner, 0.6 for docetaxel alone, 0.45 for pemetrexed maintenance. "
        "These strengths are assumed.",
        _table(
            ("drug", "slot", "number", "value", "range", "source"),
            [row for d in drugs for row in _effects(d)],
        ),
        "Exposure ratios of the typical patient over one cycle, some eight months into the first regimen of the label; the share blocked or "
        "bound is r/(1 + r). Antibodies saturate: what varies between patients is how much of the tumour they reach, not how much they bind.",
        _table(
            ("drug", "regimen", "slot", "lowest", "highest"),
            [row for d in drugs for row in _ratios(d)],
        ),
        "## Hazard of adverse events of grade 3 or more",
        "Classes add: the chance of an event is 1 - exp(-sum of cumulative hazards). The fit behind them rests on 18 arms whose rates still need checking.",
        _table(
            (
                "class",
                "cumulative over a course",
                "course, days",
                "per day in it",
                "later, relative",
                "drugs",
                "source",
            ),
            [
                (
                    name,
                    f"{t.cumulative.value:g}",
                    f"{t.course.value:g}",
                    f"{t.hazard:.2g}",
                    f"{t.late_ratio.value:g}",
                    ", ".join(d.name for d in drugs if d.toxicity.toxicity_class == name),
                    _source(t.cumulative),
                )
                for name, t in files.toxicity_classes().items()
            ],
        ),
        "## Simulated against published exposure",
        "Every published trough, peak, average, AUC and half-life that was read stands here beside what the typical patient has. The limit is that of "
        f"bioequivalence: a ratio simulated over published of {1 / TOLERATED:g} to {TOLERATED:g}, and the published interval where there is one. What lies outside is "
        "called a miss and listed below; no number was changed to remove one. The last columns give 1000 simulated patients (5th to 95th percentile) where the "
        "kinetics are linear. The half-life of a drug whose clearance changes is that of the first dose or, at steady state, the one it reaches in the end.",
        _table(
            (
                "drug",
                "measure",
                "regimen",
                "published",
                "interval",
                "CV %",
                "typical",
                "ratio",
                "5-95 %",
                "CV %",
                "verdict",
                "source",
            ),
            [_comparison(c) for c in compared],
        ),
        "Where only an interval was published, its middle stands as the point. A number that comes from the publication of the kinetics themselves tests "
        "their transcription and structure; one that a parameter was set to meet agrees by construction and tests nothing.",
        f"{sum(c.agrees for c in free)} of the {len(free)} that were free to miss agree. What does not:",
        "\n".join(
            f"- **{c.drug}**, {_MEASURES[c.exposure.measure]}, ratio {c.ratio:.2g}: {c.exposure.finding.rstrip('.')}."
            for c in compared
            if not c.agrees
        ),
        f"Of these no published trough, peak, average, AUC or half-life was read: {', '.join(_without_exposure(drugs))}.",
        "## Notes",
        "\n".join(f"- **{d.name}**: {note}" for d in drugs for note in d.notes),
        "Clearance that changes over therapy (nivolumab, ipilimumab) changes with the time of the model, which begins with the first dose. A drug first given "
        "later in a sequence has then already its late clearance.",
    ]
    return "\n\n".join(parts) + "\n"


def chinese_page() -> str:
    """`docs/reference/drugs.zh.md`: names, classes, doses and the verdict of the exposure checks."""
    drugs = [files.read(name) for name in files.library()]
    compared = comparisons(drugs)
    verdict = {d.name: [c for c in compared if c.drug == d.name] for d in drugs}
    parts = [
        "# 药物",
        f"药物库收录 {len(drugs)} 种药物，每种一个 YAML 文件，每个数值均注明来源，并注明是否核对过原文。本页由这些文件生成，"
        "完整内容见[英文页](drugs.md)。仅供研究使用。",
        _table(
            (
                "名称",
                "中文",
                "靶点",
                "给药途径",
                "已知剂量",
                "暴露量核对（相符/总数，含按数据设定者）",
            ),
            [
                (
                    f"`{d.name}`",
                    d.names["zh"],
                    "、".join(d.targets),
                    {"iv": "静脉", "sc": "皮下", "oral": "口服"}[d.route],
                    "；".join(x.text for x in d.labels),
                    f"{sum(c.agrees for c in verdict[d.name])}/{len(verdict[d.name])}"
                    if verdict[d.name]
                    else "无已发表数据",
                )
                for d in drugs
            ],
        ),
        "核对限度：典型患者的模拟值与已发表值之比为0.8至1.25；有已发表区间者须同时位于区间内。下列不符，未为消除偏差而改动任何数值：",
        "\n".join(
            f"- **{files.read(c.drug).names['zh']}**，{_MEASURES_ZH[c.exposure.measure]}，比值{c.ratio:.2g}"
            for c in compared
            if not c.agrees
        ),
        f"未查到已发表谷浓度、峰浓度、平均浓度、AUC或半衰期者：{'、'.join(files.read(name).names['zh'] for name in _without_exposure(drugs))}。",
        "化疗以效应室描述：铂类双药方案第一周期计为 1（铂类 0.55，配伍药 0.45），多西他赛单药 0.6，培美曲塞维持 0.45，均为假设值。"
        "激酶抑制剂的体外半数抑制浓度不能排列临床剂量，故每药设一个有效效价系数，取值范围很宽。",
    ]
    return "\n\n".join(parts) + "\n"


def _kinetics(drug: Drug) -> list[tuple[str, ...]]:
    from normoxia.mechanism.expression import show

    rows: list[tuple[str, ...]] = []
    for i, p in enumerate(drug.parameters):
        q = p.quantity
        variation = "" if math.isnan(q.variation) else f"{100 * q.variation:.3g}"
        if q.variation_source is not None:
            variation += "" if q.variation_source.verified else " *not read*"
        varies = f"`{show(p.covariates)}`" if p.covariates is not None else ""
        if p.follows:
            shared = "as" if p.correlation == 1.0 else f"correlation {p.correlation:g} with"
            varies = "; ".join(filter(None, [varies, f"{shared} {p.follows.replace('_', ' ')}"]))
        first = (drug.name, drug.structure) if i == 0 else ("", "")
        rows.append(
            (
                *first,
                p.name.replace("_", " "),
                f"{q.value:.4g} {q.unit}",
                variation,
                varies,
                _source(q),
            )
        )
    return rows


def _effects(drug: Drug) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    shared = (("tumour over plasma", drug.penetration), ("unbound fraction", drug.free_fraction))
    for name, quantity in shared:
        if quantity is not None:
            rows.append(
                (drug.name, "all", name, f"{quantity.value:g}", _range(quantity), _source(quantity))
            )
    for effect in drug.effects:
        for name in (
            "affinity",
            "potency",
            "selectivity",
            "cooperativity",
            "strength",
            "reference_dose",
            "loss",
        ):
            part: Quantity | None = getattr(effect, name)
            if part is not None:
                unit = "" if part.unit == "1" else f" {part.unit}"
                label = name.replace("_", " ")
                rows.append(
                    (
                        drug.name,
                        f"`{effect.slot}`",
                        label,
                        f"{part.value:.4g}{unit}",
                        _range(part),
                        _source(part),
                    )
                )
    return rows


def _ratios(drug: Drug) -> list[tuple[str, ...]]:
    if drug.kind == "chemotherapy":
        return []
    text = drug.labels[0].text
    found = ratios(drug, text)
    return [
        (drug.name, text, f"`{slot}`", _figure(low), _figure(high))
        for slot, (low, high) in found.items()
    ]


def _comparison(c: ExposureComparison) -> tuple[str, ...]:
    q, unit = c.exposure.quantity, _UNITS.get(c.exposure.measure, "mg/L")
    cycle = "steady state" if c.exposure.cycle == 0 else f"cycle {c.exposure.cycle}"
    regimen = c.exposure.regimen
    if c.exposure.measure != "half_life":
        regimen += f", {cycle}"
    elif files.read(c.drug).clearance_over_time is not None:
        regimen = "first dose" if c.exposure.cycle == 1 else cycle
    published_variation = q.variation if math.isnan(q.deviation) else q.deviation / q.value
    return (
        c.drug,
        _MEASURES[c.exposure.measure],
        regimen,
        f"{_figure(q.value)} {unit}".strip() + ("" if q.source.verified else " (*not read*)"),
        _range(q),
        "" if math.isnan(published_variation) else f"{100 * published_variation:.0f}",
        _figure(c.typical),
        f"{c.ratio:.2f}",
        "" if math.isnan(c.low) or c.variation == 0.0 else f"{_figure(c.low)}-{_figure(c.high)}",
        "" if math.isnan(c.variation) or c.variation == 0.0 else f"{100 * c.variation:.0f}",
        _verdict(c),
        _source(q),
    )


def _without_exposure(drugs: list[Drug]) -> list[str]:
    """Drugs for which no concentration or half-life was found to compare with."""
    return [
        d.name
        for d in drugs
        if all(e.measure in ("time_to_peak", "occupancy") for e in d.exposures)
    ]


def _verdict(c: ExposureComparison) -> str:
    if not c.agrees:
        return "misses, see below"
    return "by construction" if c.exposure.by_construction else "agrees"


def _figure(value: float) -> str:
    """Three significant figures, without an exponent for large ones."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _range(q: Quantity) -> str:
    return "" if math.isnan(q.low) else f"{_figure(q.low)}-{_figure(q.high)}"


def _source(q: Quantity) -> str:
    place = f", {q.source.place}" if q.source.place else ""
    note = f" ({q.note})" if q.note else ""
    return f"{q.source.reference}{place}{note}" + ("" if q.source.verified else " *not read*")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


if __name__ == "__main__":
    import sys

    sys.stdout.write(chinese_page() if "zh" in sys.argv[1:] else page())
