"""Numbers of drugs that borrow, moved as those of their lenders are: without this a calibrated lender would leave them behind."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from normoxia import documents, library, pharmacology
from normoxia.documents import Findings
from normoxia.errors import InvalidDocument
from normoxia.trial.setting import SPREAD, ParameterSet


@functools.cache
def borrowed_drugs() -> Mapping[str, str]:
    """Names of drugs entered for a forecast to the names of those whose numbers they have."""
    findings = Findings()
    root = documents.load(library.path("forecasts", "shared/borrowed"))
    pairs = root.fields(findings, ("borrowed",))
    findings.raise_any(InvalidDocument)
    known = pharmacology.library()
    found = {
        name: entry.text(findings, known)
        for name, entry in pairs["borrowed"].entries(findings).items()
    }
    findings.raise_any(InvalidDocument)
    return found


def fill_borrowed(setting: ParameterSet) -> ParameterSet:
    """The setting, with each number of a lender given to its borrowers too.

    A borrower's own number in the setting stands. Another is the lender's times the ratio of the two documents' numbers
    (sitravatinib's potency is 0.0262 where cabozantinib's is 0.052, as its dose is larger); a spread is the lender's.
    """
    values = dict(setting.values)
    for borrower, lender in borrowed_drugs().items():
        for name, ratio in _ratios(borrower, lender).items():
            for suffix, times in (("", ratio), (SPREAD, 1.0)):
                own, theirs = f"{borrower}_{name}{suffix}", f"{lender}_{name}{suffix}"
                if theirs in setting.values and own not in setting.values:
                    values[own] = times * setting.values[theirs]
    return ParameterSet(values)


@functools.cache
def _ratios(borrower: str, lender: str) -> Mapping[str, float]:
    """Numbers both drugs have, as the borrower's over the lender's in their documents."""
    own, theirs = (
        {
            parameter.name.removeprefix(f"{name}_"): parameter.value
            for parameter in pharmacology.module(pharmacology.read(name)).parameters
        }
        for name in (borrower, lender)
    )
    return {name: own[name] / value for name, value in theirs.items() if name in own and value}
