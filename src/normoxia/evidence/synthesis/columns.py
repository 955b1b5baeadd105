"""Which column means what: names in use for the parts of a network table, in English, netmeta's, RevMan's and Chinese."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from normoxia.evidence.synthesis.contrasts import Effect

#: words for each role; compared after lower-casing and dropping everything but letters, digits and Chinese characters
ROLES: Mapping[str, tuple[str, ...]] = {
    "study": ("study", "studlab", "studyid", "studyname", "trial", "id", "author", "author year", "研究", "试验", "研究名称", "文献"),
    "treatment": ("treat1", "treatment1", "treat", "treatment", "t1", "t", "arm", "arm1", "intervention", "experimental",
                  "trt", "trt1", "drug", "group", "治疗", "干预", "试验组", "治疗组", "治疗1", "药物", "组别"),
    "comparator": ("treat2", "treatment2", "t2", "comparator", "control", "trt2", "arm2", "versus", "reference", "对照", "对照组", "治疗2"),
    "estimate": ("te", "estimate", "effect", "yi", "es", "effectsize", "diff", "y", "效应值", "估计值"),
    "se": ("sete", "se", "sei", "stderr", "standarderror", "seestimate", "标准误"),
    "variance": ("vi", "var", "variance", "方差"),
    "low": ("lower", "low", "lcl", "cilower", "lowerci", "lci", "cilb", "lower95", "ll", "95lcl", "low95", "下限", "置信区间下限"),
    "high": ("upper", "high", "ucl", "ciupper", "upperci", "uci", "ciub", "upper95", "ul", "95ucl", "high95", "上限", "置信区间上限"),
    "interval": ("confidence interval", "credible interval", "confint", "置信区间", "可信区间"),
    "p": ("p", "pvalue", "pval", "p值"),
    "n": ("n", "ni", "total", "samplesize", "patients", "size", "number", "randomised", "randomized", "样本量", "例数", "总数"),
    "events": ("events", "event", "r", "ei", "cases", "responders", "deaths", "xi", "事件", "事件数", "发生数"),
    "percent": ("percent", "pct", "proportion percent", "orr", "百分比", "发生率"),
    "mean": ("mean", "mi", "m", "均值", "均数", "平均值"),
    "sd": ("sd", "sdi", "stddev", "standarddeviation", "标准差"),
    "person_time": ("time", "persontime", "exposure", "personyears", "patientyears", "人时", "人年"),
    "effect": ("sm", "measure", "effectmeasure", "效应指标"),
}  # fmt: skip

#: columns of two fixed arms side by side: role, then 1 for the experimental and 2 for the control arm
PAIRED: Mapping[tuple[str, int], tuple[str, ...]] = {
    ("events", 1): (
        "evente",
        "eventse",
        "experimentalevents",
        "eventsexperimental",
        "ai",
        "tpos",
        "eventst",
        "试验组事件数",
    ),
    ("events", 2): ("eventc", "eventsc", "controlevents", "eventscontrol", "ci", "cpos", "对照组事件数"),
    ("rest", 1): ("bi", "tneg"),
    ("rest", 2): ("di", "cneg"),
    ("n", 1): (
        "ne",
        "n1i",
        "experimentaltotal",
        "totalexperimental",
        "nt",
        "ntreat",
        "试验组样本量",
        "试验组例数",
    ),
    ("n", 2): ("nc", "n2i", "controltotal", "totalcontrol", "ncontrol", "对照组样本量", "对照组例数"),
    ("mean", 1): ("meane", "m1i", "experimentalmean", "meanexperimental"),
    ("mean", 2): ("meanc", "m2i", "controlmean", "meancontrol"),
    ("sd", 1): ("sde", "sd1i", "experimentalsd", "sdexperimental"),
    ("sd", 2): ("sdc", "sd2i", "controlsd", "sdcontrol"),
}

#: column names that carry the measure; the log forms are on the analysis scale
RATIOS: Mapping[str, Effect] = {
    "hr": Effect.HR, "hazardratio": Effect.HR, "风险比": Effect.HR,
    "or": Effect.OR, "oddsratio": Effect.OR, "比值比": Effect.OR,
    "rr": Effect.RR, "riskratio": Effect.RR, "relativerisk": Effect.RR, "相对危险度": Effect.RR,
    "irr": Effect.IRR, "rateratio": Effect.IRR,
}  # fmt: skip
DIFFERENCES: Mapping[str, Effect] = {
    "md": Effect.MD, "meandifference": Effect.MD, "smd": Effect.SMD, "hedgesg": Effect.SMD, "rd": Effect.RD, "riskdifference": Effect.RD,
}  # fmt: skip

#: an interval in one column: "CI", "95% CI", "CI (95%)", or behind its estimate, "HR (95% CI)"
_INTERVAL = re.compile(
    r"^(?P<measure>.*?)(?P<level>\d\d)?(?:ci|cri|confint|confidenceinterval|credibleinterval|置信区间|可信区间)(?P<after>\d\d)?$"
)

#: what an arm's index looks like at the end of a wide table's column
_INDEXED = re.compile(r"^(.*?)[\s._-]*(\d+)$")


def plain(name: str) -> str:
    """A column name without case, blanks and punctuation."""
    return re.sub(r"[^0-9a-z\u4e00-\u9fff]", "", name.casefold())


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


def log_measure(name: str) -> tuple[str, Effect] | None:
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


def nearest_role(name: str) -> str | None:
    """The role whose words look most like a column name; None when nothing is near."""
    words = {plain(word): role for role, known in ROLES.items() for word in known if len(plain(word)) > 3}
    words |= {word: "ratio" for word in RATIOS if len(word) > 3}
    near = difflib.get_close_matches(plain(name), words, n=1, cutoff=0.8)
    return words[near[0]] if near else None
