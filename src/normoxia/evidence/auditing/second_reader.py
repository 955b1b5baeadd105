"""What the second reader asks of a study that is not shipped, as discrepancies: printed numbers that cannot all be right.

The shipped studies were read against their sources, and what the checks ask of them stands on their pages; a user's study
was not, and an impossible number in it must not pass because nobody opened its page.
"""

from __future__ import annotations

from collections.abc import Iterator

from normoxia.evidence.auditing.discrepancy import Discrepancy, Outline, Rule
from normoxia.evidence.studies import checks
from normoxia.evidence.studies.registry import Registry, is_shipped
from normoxia.language import Message

#: the rule's name
NAME = "second-reader"


def second_reader(registry: Registry, _outline: Outline) -> Iterator[Discrepancy]:
    """Every question of the checks about studies that are not shipped."""
    for study in registry:
        if is_shipped(study):
            continue
        for check in checks.CHECKS:
            for finding in check(study):
                where = (
                    Message("audit.place.line", file=study.file, line=finding.place.line)
                    if finding.place.line
                    else study.file
                )
                yield Discrepancy(
                    study=study.id,
                    item=finding.place.key,
                    values=(finding.found,),
                    places=(where,),
                    consequence=Message("audit.second_reader", expected=finding.expected),
                    found_by=f"rule:{NAME}",
                )


RULES: tuple[Rule, ...] = (second_reader,)
