"""An arm's regimen as pharmacology reads it, so that a published arm can be simulated in its own words."""

from __future__ import annotations

import difflib
import functools
import re
from typing import TYPE_CHECKING

from normoxia.errors import InvalidArgument
from normoxia.evidence.studies.reported import Arm, drug_names

if TYPE_CHECKING:
    from normoxia.pharmacology import Regimen

#: likeness (0 to 1, of `difflib`) from which a drug's name is one of the library's misspelt; assumed: erlotinib and sorafenib,
#: two drugs, are alike by 0.67, afatinib and apatinib by 0.875, bevacizumab without one letter by 0.95
_MISSPELT = 0.88


def is_dosed(item: str) -> bool:
    """Whether an item of a regimen says a dose: "pemetrexed 500 mg/m2 q3w" does, "platinum doublet" does not."""
    return all(
        len(part) > len(name)
        for part, name in zip(item.split(" or "), drug_names(item), strict=True)
    )


def regimen_of(arm: Arm, choose: int = 0) -> Regimen:
    """The regimen of an arm.

    choose  which alternative to take of an item such as "carboplatin AUC 5 q3w x4 or cisplatin 75 mg/m2 q3w x4"
    raises  InvalidArgument naming the drugs for which the publication gives no dose; placebo is nothing
    """
    from normoxia.pharmacology import regimen

    items = [item for item in arm.regimen if item != "placebo"]
    silent = [item for item in items if not is_dosed(item)]
    if silent:
        raise InvalidArgument(
            f'arm "{arm.id}": no dose is published for {", ".join(silent)}; write a trial protocol with doses of your own'
        )
    alternatives = [item.split(" or ") for item in items]
    return regimen([parts[min(choose, len(parts) - 1)] for parts in alternatives])


def unreadable(arm: Arm) -> tuple[tuple[str, str], ...]:
    """The items of an arm that say a dose which pharmacology does not read, each with the reason.

    A drug that the library does not describe, and whose name is near to none that it does, is passed over: its trials are
    evidence, and cannot be simulated.
    """
    parts = (part for item in arm.regimen if is_dosed(item) for part in re.split(" or ", item))
    return tuple((part, reason) for part in parts if (reason := _reason(part)))


@functools.lru_cache(maxsize=1024)
def _reason(item: str) -> str:
    """Why an item cannot be read; "" where it can, and for a drug that the library does not describe."""
    from normoxia.errors import NormoxiaError
    from normoxia.pharmacology import library, regimen

    try:
        regimen(item)
    except NormoxiaError as error:
        name = drug_names(item)[0].replace("-", "_")
        is_described = difflib.get_close_matches(name, library(), n=1, cutoff=_MISSPELT)
        return str(error) if is_described else ""
    return ""
