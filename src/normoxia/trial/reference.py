"""The page of the designs that are predicted blind, written from their documents.

python -m normoxia.trial.reference > docs/reference/forecasts.md
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from normoxia.pharmacology import Regimen
from normoxia.survival.data import DAYS_PER_MONTH
from normoxia.trial import files
from normoxia.trial.making import designs
from normoxia.trial.making.designs import TrialDesign
from normoxia.trial.protocol import Trial

_HEAD = """# Designs predicted blind

Written from `src/normoxia/library/forecasts/` by `python -m normoxia.trial.reference`; [how they were made](../method/forecasts.md).
"""


def page() -> str:
    """`docs/reference/forecasts.md`: every design with its arms and regimens, what weakens it, and what is assumed."""
    known = designs.forecasts()
    protocols = {name: designs.read(name) for one in known for name in one.protocols}
    common = [
        note
        for note in next(iter(protocols.values())).notes
        if all(note in protocol.notes for protocol in protocols.values())
    ]
    parts = [_HEAD, "Said of every protocol below:\n", _list(common)]
    parts += [_section(one, [protocols[name] for name in one.protocols], common) for one in known]
    return "\n".join(parts)


def _section(one: TrialDesign, protocols: Sequence[Trial], common: Sequence[str]) -> str:
    title = f"## {one.id}" + (f" ({', '.join(one.registered)})" if one.registered else "")
    lines = [title, "", f"Asks: {one.asks}.", ""]
    if one.refused:
        return "\n".join([*lines, f"Refused: {one.refused}.", ""])
    if one.limits:
        lines += [f"Weakened by: {'; '.join(one.limits)}.", ""]
    if one.pooled:
        lines += ["Its arms are those of its protocols taken together.", ""]
    lines += [
        "| protocol | eligible | arm | patients | regimen | after progression |",
        "|---|---|---|---|---|---|",
    ]
    for protocol in protocols:
        name, eligible = (
            f"`{files.FORECAST}{protocol.id}`",
            str(protocol.eligibility) or "everybody",
        )
        for arm in protocol.arms:
            later = "; ".join(f"{line.title} {100 * line.share:.0f} %" for line in arm.next_lines)
            lines.append(
                f"| {name} | {eligible} | {arm.id} | {arm.n} | {_words(arm.regimen)} | {later} |"
            )
            name = eligible = ""
    return "\n".join(
        [*lines, "", _list(dict.fromkeys(n for p in protocols for n in p.notes if n not in common))]
    )


def _words(regimen: Regimen) -> str:
    """A regimen in the words of its notation, its ends in months where they are whole ones."""

    def months(match: re.Match[str]) -> str:
        count = float(match[1]) / DAYS_PER_MONTH
        return f"until {round(count)} months" if abs(count - round(count)) < 1e-6 else match[0]

    return (
        re.sub(r"until ([\d.]+) days", months, str(regimen)) if regimen.courses else files.PLACEBO
    )


def _list(notes: Sequence[str] | dict[str, None]) -> str:
    return "".join(f"- {note}\n" for note in notes)


if __name__ == "__main__":
    sys.stdout.write(page())
