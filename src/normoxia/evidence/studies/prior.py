"""What patients had before a study, read from its words: whether a checkpoint inhibitor was among it."""

from __future__ import annotations

import functools
import re

from normoxia.errors import NormoxiaError

_INHIBITOR = re.compile(
    r"anti[- ]?pd|\bpd-?\(?l?\)?-?1\b|\bicis?\b|checkpoint|immunotherap|immuno-oncolog|\b\w+(?:lim|lizum|lum|lyzum)ab\b|免疫|检查点",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:no|not|non|without|never|na[iï]ve|excluded|exclud\w*|free of)\b|[无未]|除外",
    re.IGNORECASE,
)
#: words by which only some of the patients had it
_PARTLY = re.compile(
    r"%|\b(?:allowed|permitted|optional|some|part\w*|may|if|either|with or without|±|and/or|mixed|possible|eligible)\b|允许|部分",
    re.IGNORECASE,
)
#: all words of which a text without a checkpoint inhibitor may consist
_OTHER = frozenset(
    [
        "a",
        "adjuvant",
        "after",
        "alk",
        "an",
        "and",
        "anti",
        "any",
        "at",
        "based",
        "before",
        "cancer",
        "chemo",
        "chemoradiotherapy",
        "chemotherapy",
        "chemotherapies",
        "contained",
        "containing",
        "concurrent",
        "course",
        "cycle",
        "cycles",
        "cytotoxic",
        "definitive",
        "disease",
        "doublet",
        "doublets",
        "egfr",
        "failure",
        "first",
        "for",
        "from",
        "generation",
        "in",
        "inc",
        "incl",
        "including",
        "inhibitor",
        "inhibitors",
        "least",
        "line",
        "lines",
        "local",
        "locally",
        "advanced",
        "metastatic",
        "more",
        "naive",
        "naïve",
        "neoadjuvant",
        "no",
        "none",
        "not",
        "of",
        "on",
        "one",
        "only",
        "or",
        "osimertinib",
        "other",
        "palliative",
        "patients",
        "platinum",
        "previous",
        "previously",
        "prior",
        "progressed",
        "progression",
        "radiation",
        "radiotherapy",
        "received",
        "regimen",
        "regimens",
        "second",
        "sequential",
        "setting",
        "surgery",
        "systemic",
        "targeted",
        "than",
        "the",
        "therapies",
        "therapy",
        "third",
        "tki",
        "tkis",
        "to",
        "treated",
        "treatment",
        "treatments",
        "two",
        "tyrosine",
        "kinase",
        "untreated",
        "up",
        "was",
        "were",
        "with",
        "without",
        "disease",
        "stage",
        "iii",
        "iv",
        "gefitinib",
        "erlotinib",
        "icotinib",
        "afatinib",
        "dacomitinib",
        "gemcitabine",
        "pemetrexed",
        "docetaxel",
        "paclitaxel",
        "carboplatin",
        "cisplatin",
        "bevacizumab",
        "ramucirumab",
        "anlotinib",
        "lenvatinib",
        "nothing",
        "null",
        "never",
        "nsclc",
        "exposure",
        "unstated",
        "unknown",
        "ros1",
        "kras",
        "nab",
    ]
)
_THERAPY = re.compile(
    r"none|nothing|naive|naïve|untreated|chemo|platinum|tki|therap|treat|regimen|line|surgery|radi|tinib|mab|taxel|platin|pemetrexed|无|化疗",
    re.IGNORECASE,
)
_UNSAID = ("", "unstated", "unknown")


def prior_inhibitor(text: str) -> bool | None:
    """Whether everybody had a checkpoint inhibitor before (True), nobody had (False), or the words do not say (None).

    Nothing said is nobody, as for every other therapy before a first line.
    """
    if text.strip().lower() in _UNSAID:
        return False
    parts = [part for part in re.split(r"[;,，；。.]|\bbut\b", text.lower()) if part.strip()]
    found: set[bool] = set()
    said = False
    for part in parts:
        if _INHIBITOR.search(part) or _names_inhibitor(part):
            negated = _NEGATED.search(part) is not None
            if _PARTLY.search(part) or not (negated or _are_all_inhibitors(part)):
                return None
            found.add(not negated)
        elif not _is_other(part):
            return None
        said = said or bool(_THERAPY.search(part))
    if len(found) > 1 or not (found or said):
        return None
    return found.pop() if found else False


def _are_all_inhibitors(part: str) -> bool:
    """Whether every alternative of a part is a checkpoint inhibitor."""
    return all(_INHIBITOR.search(one) or _names_inhibitor(one) for one in re.split(r"\bor\b", part))


def _is_other(part: str) -> bool:
    """Whether a part speaks of other therapies, in words that are known, and of nothing else."""
    if re.search(r"[\u4e00-\u9fff]", part):
        return bool(_THERAPY.search(part)) and not re.search(r"[a-z]", part.lower())
    return all(word in _OTHER for word in re.findall(r"[^\W\d_]+\d*", part.lower()))


def _names_inhibitor(part: str) -> bool:
    words = re.findall(r"[\w-]{5,}", part.lower())
    return any(_is_inhibitor(word) for word in words if word not in _OTHER)


@functools.lru_cache(maxsize=256)
def _is_inhibitor(word: str) -> bool:
    from normoxia.pharmacology import read

    if word.endswith((".yaml", ".yml")):
        return False
    try:
        return read(word).blockade is not None
    except NormoxiaError:
        return False
