"""Which column means what: names in use for the parts of a network table, in English, netmeta's, RevMan's and Chinese."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping

from normoxia.evidence.synthesis.model.contrasts import EffectMeasure

#: words for each role; compared after lower-casing and dropping everything but letters, digits and Chinese characters
ROLES: Mapping[str, tuple[str, ...]] = {
    "study": (
        "study",
        "studlab",
        "studyid",
        "studyname",
        "study label",
        "studies",
        "study or subgroup",
        "trial",
        "trial name",
        "trial id",
        "id",
        "author",
        "author year",
        "author and year",
        "publication",
        "研究",
        "试验",
        "研究名称",
        "试验名称",
        "文献",
        "作者",
    ),
    "treatment": (
        "treat1",
        "treatment1",
        "treat",
        "treatment",
        "t1",
        "t",
        "arm",
        "arm1",
        "intervention",
        "experimental",
        "trt",
        "trt1",
        "drug",
        "group",
        "regimen",
        "therapy",
        "experimental arm",
        "experimental treatment",
        "intervention1",
        "治疗",
        "干预",
        "试验组",
        "治疗组",
        "治疗1",
        "药物",
        "组别",
    ),
    "comparator": (
        "treat2",
        "treatment2",
        "t2",
        "comparator",
        "control",
        "trt2",
        "arm2",
        "versus",
        "reference",
        "control arm",
        "control treatment",
        "intervention2",
        "对照",
        "对照组",
        "治疗2",
    ),
    "estimate": (
        "te",
        "estimate",
        "effect",
        "yi",
        "es",
        "effectsize",
        "diff",
        "y",
        "效应值",
        "估计值",
    ),
    "se": ("sete", "se", "sei", "stderr", "standarderror", "seestimate", "标准误"),
    "variance": ("vi", "var", "variance", "方差"),
    "low": (
        "lower",
        "low",
        "lcl",
        "cilower",
        "lowerci",
        "lci",
        "cilb",
        "lower95",
        "ll",
        "95lcl",
        "low95",
        "lower limit",
        "lower bound",
        "lower cl",
        "95% ci lower",
        "ci95 lower",
        "lower 95% ci",
        "95% lower",
        "ci low",
        "下限",
        "置信区间下限",
    ),
    "high": (
        "upper",
        "high",
        "ucl",
        "ciupper",
        "upperci",
        "uci",
        "ciub",
        "upper95",
        "ul",
        "95ucl",
        "high95",
        "upper limit",
        "upper bound",
        "upper cl",
        "95% ci upper",
        "ci95 upper",
        "upper 95% ci",
        "95% upper",
        "ci high",
        "上限",
        "置信区间上限",
    ),
    "interval": ("confidence interval", "credible interval", "confint", "置信区间", "可信区间"),
    "p": ("p", "pvalue", "pval", "p值"),
    "n": (
        "n",
        "ni",
        "total",
        "samplesize",
        "patients",
        "size",
        "number",
        "randomised",
        "randomized",
        "n patients",
        "n total",
        "no of patients",
        "no of participants",
        "no randomised",
        "no randomized",
        "total patients",
        "total number",
        "sample",
        "total n",
        "number of patients",
        "participants",
        "subjects",
        "n randomised",
        "n randomized",
        "number randomised",
        "number randomized",
        "样本量",
        "例数",
        "总数",
        "人数",
        "患者数",
        "病例数",
        "受试者数",
    ),
    "events": (
        "events",
        "event",
        "r",
        "ei",
        "cases",
        "responders",
        "responses",
        "deaths",
        "death",
        "died",
        "dead",
        "n events",
        "number of events",
        "no of events",
        "no of deaths",
        "n deaths",
        "number of deaths",
        "n responders",
        "xi",
        "事件",
        "事件数",
        "发生数",
        "死亡",
        "死亡数",
        "死亡例数",
        "死亡人数",
        "缓解数",
        "缓解例数",
    ),
    "percent": ("percent", "pct", "proportion percent", "orr", "百分比", "发生率"),
    "mean": ("mean", "mi", "m", "均值", "均数", "平均值"),
    "sd": ("sd", "sdi", "stddev", "stdev", "std", "standarddeviation", "标准差"),
    "person_time": (
        "time",
        "persontime",
        "exposure",
        "personyears",
        "patientyears",
        "person time",
        "person years at risk",
        "patient months",
        "person months",
        "人时",
        "人年",
    ),
    "effect": ("sm", "measure", "effectmeasure", "效应指标"),
}

#: how the two arms of a row are called, the letters only behind a dot as in R's `meta`: event.e, n.c
_SIDES = (
    (
        "experimental",
        "exp",
        "treatment",
        "treated",
        "intervention",
        "active",
        "e",
        "t",
        "trt",
        "试验组",
        "治疗组",
        "干预组",
        "实验组",
    ),
    ("control", "ctrl", "ctl", "comparator", "placebo", "c", "对照组", "安慰剂组"),
)
#: what stands beside the name of an arm: RevMan's "Experimental events", "Events (control)", meta's "mean.e"
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "events": (
        "events",
        "event",
        "deaths",
        "death",
        "cases",
        "responders",
        "事件数",
        "事件",
        "死亡数",
        "死亡例数",
        "发生数",
        "缓解数",
    ),
    "n": (
        "total",
        "n",
        "patients",
        "size",
        "samplesize",
        "number",
        "participants",
        "样本量",
        "例数",
        "总数",
        "人数",
    ),
    "mean": ("mean", "均值", "均数", "平均值"),
    "sd": ("sd", "stddev", "stdev", "standarddeviation", "标准差"),
    "person_time": (
        "time",
        "persontime",
        "personyears",
        "patientyears",
        "exposure",
        "人时",
        "人年",
    ),
}
#: names of their own, metafor's among them
_PAIRED_TOO: Mapping[tuple[str, int], tuple[str, ...]] = {
    ("events", 1): ("ai", "tpos", "eventse", "x1i"),
    ("events", 2): ("ci", "cpos", "eventsc", "x2i"),
    ("rest", 1): ("bi", "tneg"),
    ("rest", 2): ("di", "cneg"),
    ("n", 1): ("n1i", "ntreat"),
    ("n", 2): ("n2i", "ncontrol"),
    ("mean", 1): ("m1i",),
    ("mean", 2): ("m2i",),
    ("sd", 1): ("sd1i",),
    ("sd", 2): ("sd2i",),
    ("person_time", 1): ("t1i",),
    ("person_time", 2): ("t2i",),
}

#: columns of two fixed arms side by side: role, then 1 for the experimental and 2 for the control arm
PAIRED: Mapping[tuple[str, int], frozenset[str]] = {
    (role, side): frozenset(_PAIRED_TOO.get((role, side), ()))
    | {
        whole
        for word in _BESIDE.get(role, ())
        for arm in _SIDES[side - 1]
        for whole in (word + arm, arm + word)
        if len(arm) > 1 or whole == word + arm
    }
    for role in ("events", "rest", "n", "mean", "sd", "person_time")
    for side in (1, 2)
}

#: column names that carry the measure; the log forms are on the analysis scale
RATIOS: Mapping[str, EffectMeasure] = {
    "hr": EffectMeasure.HR,
    "hazardratio": EffectMeasure.HR,
    "hazardratiohr": EffectMeasure.HR,
    "风险比": EffectMeasure.HR,
    "风险比hr": EffectMeasure.HR,
    "or": EffectMeasure.OR,
    "oddsratio": EffectMeasure.OR,
    "oddsratioor": EffectMeasure.OR,
    "比值比": EffectMeasure.OR,
    "比值比or": EffectMeasure.OR,
    "rr": EffectMeasure.RR,
    "riskratio": EffectMeasure.RR,
    "riskratiorr": EffectMeasure.RR,
    "relativerisk": EffectMeasure.RR,
    "relativeriskrr": EffectMeasure.RR,
    "相对危险度": EffectMeasure.RR,
    "相对危险度rr": EffectMeasure.RR,
    "irr": EffectMeasure.IRR,
    "rateratio": EffectMeasure.IRR,
    "incidencerateratio": EffectMeasure.IRR,
    "rateratioirr": EffectMeasure.IRR,
    "incidencerateratioirr": EffectMeasure.IRR,
}
DIFFERENCES: Mapping[str, EffectMeasure] = {
    "md": EffectMeasure.MD,
    "meandifference": EffectMeasure.MD,
    "smd": EffectMeasure.SMD,
    "hedgesg": EffectMeasure.SMD,
    "rd": EffectMeasure.RD,
    "riskdifference": EffectMeasure.RD,
}

#: an interval in one column: "CI", "95% CI", "CI (95%)", or behind its estimate, "HR (95% CI)"
_INTERVAL = re.compile(
    r"^(?P<measure>.*?)(?P<level>\d\d)?(?:ci|cri|confint|confidenceinterval|credibleinterval|置信区间|可信区间)(?P<after>\d\d)?$"
)

#: what stands where a study is named in a row of totals
_TOTALS = re.compile(
    r"(?:(?:sub|grand )?totals?|overall|pooled|summary|sum|合计|总计|小计|合并)(?: effect)?(?: \(.*\))?\Z",
    re.IGNORECASE,
)

#: what an arm's index looks like at the end of a wide table's column
_INDEXED = re.compile(r"^(.*?)[\s._-]*(\d+)$")


def plain(name: str) -> str:
    """A column name without case, blanks and punctuation."""
    return re.sub(r"[^0-9a-z\u4e00-\u9fff]", "", unicodedata.normalize("NFKC", name).casefold())


def role_of(name: str) -> str | None:
    """The role a column name means in a long table, or None."""
    bare = plain(name)
    for role, words in ROLES.items():
        if bare in {plain(word) for word in words}:
            return role
    return None


def interval_of(name: str) -> tuple[str, int] | None:
    """Measure ("" when none is named) and level in percent (95 unless said) of a column that holds intervals, or None."""
    found = _INTERVAL.match(plain(name))
    if found is None:
        return None
    measure = found["measure"]
    if measure not in ("", *RATIOS, *DIFFERENCES) and role_of(measure) != "estimate":
        return None
    return measure, int(found["level"] or found["after"] or 95)


def log_measure(name: str) -> tuple[str, EffectMeasure] | None:
    """("estimate" | "se", measure) for names such as lnOR, logHR, selnOR, se_log_hr."""
    bare = plain(name)
    role = "estimate"
    for prefix in ("se", "standarderror"):
        if bare.startswith(prefix) and bare[len(prefix) :].startswith(("ln", "log")):
            role, bare = "se", bare[len(prefix) :]
    for prefix in ("ln", "log"):
        if bare.startswith(prefix):
            rest = bare[len(prefix) :]
            if role == "estimate" and rest.endswith("se"):
                role, rest = "se", rest[:-2]
            if rest in RATIOS:
                return role, RATIOS[rest]
    return None


def indexed(header: Iterable[str]) -> dict[int, dict[str, str]]:
    """Columns of a wide arm table by arm number: {1: {"treatment": "Treatment1", "n": "n1", ...}, ...}."""
    arms: dict[int, dict[str, str]] = {}
    for name in header:
        found = _INDEXED.match(name.strip())
        if not found:
            continue
        role = role_of(found.group(1))
        if role is None and plain(found.group(1)) == "y":
            role = "estimate"
        if role is not None:
            arms.setdefault(int(found.group(2)), {})[{"estimate": "mean"}.get(role, role)] = name
    return arms


def paired_role(name: str) -> tuple[str, int] | None:
    """What a column name means in a table of two fixed arms a row, or None."""
    bare = plain(name)
    return next((key for key, words in PAIRED.items() if bare in words), None)


def holds_counts(name: str) -> bool:
    """Whether the name of a column says that whole numbers stand in it, in whatever layout."""
    roles = {role_of(name), (paired_role(name) or ("", 0))[0]}
    roles |= {role for arm in indexed((name,)).values() for role in arm}
    return bool(roles & {"n", "events", "rest"})


def holds_names(name: str) -> bool:
    """Whether the name of a column says that names of studies, arms or measures stand in it."""
    roles = {role_of(name)} | {role for arm in indexed((name,)).values() for role in arm}
    return bool(roles & {"study", "treatment", "comparator", "effect"})


def names_totals(study: str) -> bool:
    """Whether what stands where a study is named heads a row of totals."""
    return bool(_TOTALS.match(study))


def nearest_role(name: str) -> str | None:
    """The role whose words look most like a column name; None when nothing is near."""
    words = {
        plain(word): role for role, known in ROLES.items() for word in known if len(plain(word)) > 3
    }
    words |= {word: "ratio" for word in RATIOS if len(word) > 3}
    near = difflib.get_close_matches(plain(name), words, n=1, cutoff=0.8)
    return words[near[0]] if near else None
