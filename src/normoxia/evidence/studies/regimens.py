"""An arm's regimen as pharmacology reads it, so that a published arm can be simulated in its own words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from normoxia.errors import InvalidArgument
from normoxia.evidence.studies.reported import Arm, drug_names

if TYPE_CHECKING:
    from normoxia.pharmacology import Regimen


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
    """The items of an arm that say a dose which pharmacology does not read, each with the reason."""
    from normoxia.errors import NormoxiaError
    from normoxia.pharmacology import regimen

    found = []
    for part in (part for item in arm.regimen if is_dosed(item) for part in re.split(" or ", item)):
        try:
            regimen(part)
        except NormoxiaError as error:
            found.append((part, str(error)))
    return tuple(found)
