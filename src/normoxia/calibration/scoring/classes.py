"""The class of a comparison: what the experimental arm gives in place of, or in addition to, what the control gives.

The classes are those of lock version 2, which lists the class of every contrast; the first lock has coarser ones, in `baselines`.
"""

from __future__ import annotations

from dataclasses import dataclass

Parts = frozenset[str]

ICI_ADDED = "ICI added to chemotherapy, non-squamous or any"
ICI_ADDED_SQUAMOUS = "ICI added to chemotherapy, squamous"
ICI_ADDED_AFTER_TKI = "ICI added to chemotherapy after EGFR TKI"
ICI_ADDED_TO_VEGF = "ICI added to anti-angiogenic treatment"
CTLA4_ADDED = "CTLA-4 antibody added"
ICI_FOR_PLATINUM = "ICI instead of platinum chemotherapy"
ICI_FOR_PLATINUM_AFTER_TKI = "ICI instead of platinum chemotherapy after EGFR TKI"
ICI_FOR_SINGLE_AGENT = "ICI instead of docetaxel"
ANTIBODY_ADDED = "VEGF antibody added"
TKI_ADDED = "VEGFR TKI added"
TKI_FOR_PLACEBO = "VEGFR TKI instead of placebo"
BOTH_ADDED = "ICI and anti-angiogenic added to chemotherapy"
BOTH_FOR_DOCETAXEL = "ICI and anti-angiogenic instead of docetaxel"
BISPECIFIC_FOR_ICI = "bispecific instead of ICI"
CHEMOTHERAPY_COMPARED = "chemotherapy against chemotherapy"
CHEMOTHERAPY_ADDED = "chemotherapy added"
ALIKE = "like against like"
OTHER = "other"
ALL = (
    ICI_ADDED,
    ICI_ADDED_SQUAMOUS,
    ICI_ADDED_AFTER_TKI,
    ICI_ADDED_TO_VEGF,
    CTLA4_ADDED,
    ICI_FOR_PLATINUM,
    ICI_FOR_PLATINUM_AFTER_TKI,
    ICI_FOR_SINGLE_AGENT,
    ANTIBODY_ADDED,
    TKI_ADDED,
    TKI_FOR_PLACEBO,
    BOTH_ADDED,
    BOTH_FOR_DOCETAXEL,
    BISPECIFIC_FOR_ICI,
    CHEMOTHERAPY_COMPARED,
    CHEMOTHERAPY_ADDED,
    ALIKE,
    OTHER,
)

_ICI, _CTLA4, _BISPECIFIC, _TKI, _ANTIBODY = (
    "ICI",
    "CTLA-4 antibody",
    "bispecific",
    "VEGFR TKI",
    "VEGF antibody",
)
_ANTI_ANGIOGENIC = frozenset({_ANTIBODY, _TKI, "endostatin"})
_CHEMOTHERAPY = frozenset({"chemotherapy", "docetaxel"})
_KNOWN = frozenset({_ICI, _CTLA4, _BISPECIFIC}) | _ANTI_ANGIOGENIC | _CHEMOTHERAPY


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedArms:
    """What decides the class of a contrast.

    Attributes
    ----------
    arm, comparator
        Components of both arms, as the component model names them.
    line, histology
        Of the study, in the words of the registry.
    single_agent
        Whether the comparator is chemotherapy with one drug.
    """

    arm: Parts
    comparator: Parts
    line: str = "unstated"
    histology: str = "unstated"
    single_agent: bool = False


def class_of(asked: ComparedArms) -> str:
    """The class of a contrast, one of `ALL`.

    Parameters
    ----------
    asked
        The arms and the patients.

    Returns
    -------
    str
        "other" for what has no class, arms with drugs that are no checkpoint inhibitor, anti-angiogenic or chemotherapy among it.
    """
    if not asked.arm | asked.comparator <= _KNOWN:
        return OTHER
    arm, comparator = _immune(asked.arm), _immune(asked.comparator)
    added, dropped = arm - comparator, comparator - arm
    if not added and not dropped:
        both = asked.arm | asked.comparator
        if asked.arm != asked.comparator:
            return CTLA4_ADDED if asked.arm > asked.comparator else OTHER
        return CHEMOTHERAPY_COMPARED if both <= _CHEMOTHERAPY else ALIKE
    if dropped:
        return _replaced(asked, added, dropped)
    return _added(asked, comparator, added)


def _immune(parts: Parts) -> Parts:
    """A CTLA-4 antibody beside a checkpoint inhibitor of PD-1 or PD-L1 belongs to it."""
    return parts - {_CTLA4} if _ICI in parts else parts


def _replaced(asked: ComparedArms, added: Parts, dropped: Parts) -> str:
    if added <= _CHEMOTHERAPY and dropped <= _CHEMOTHERAPY:
        return CHEMOTHERAPY_COMPARED if added else OTHER
    if added == {_BISPECIFIC} and dropped == {_ICI}:
        return BISPECIFIC_FOR_ICI
    if not dropped <= _CHEMOTHERAPY:
        return OTHER
    if added == {_ICI}:
        if asked.single_agent:
            return ICI_FOR_SINGLE_AGENT
        return ICI_FOR_PLATINUM_AFTER_TKI if asked.line == "after TKI" else ICI_FOR_PLATINUM
    if _ICI in added and len(added) == 2 and added & _ANTI_ANGIOGENIC and asked.single_agent:
        return BOTH_FOR_DOCETAXEL
    return OTHER


def _added(asked: ComparedArms, comparator: Parts, added: Parts) -> str:
    on_chemotherapy = bool(comparator & _CHEMOTHERAPY)
    if added == {_BISPECIFIC} or (_ICI in added and len(added) == 2 and added & _ANTI_ANGIOGENIC):
        return BOTH_ADDED if on_chemotherapy else OTHER
    if added == {_ICI}:
        if comparator & _ANTI_ANGIOGENIC:
            return ICI_ADDED_TO_VEGF
        if not on_chemotherapy:
            return OTHER
        if asked.line == "after TKI":
            return ICI_ADDED_AFTER_TKI
        return ICI_ADDED_SQUAMOUS if asked.histology == "squamous" else ICI_ADDED
    if added == {_CTLA4}:
        return CTLA4_ADDED
    if added == {_ANTIBODY}:
        return ANTIBODY_ADDED
    if added == {_TKI}:
        return TKI_ADDED if comparator else TKI_FOR_PLACEBO
    return CHEMOTHERAPY_ADDED if added <= _CHEMOTHERAPY else OTHER
