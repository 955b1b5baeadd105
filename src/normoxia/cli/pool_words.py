"""What `normoxia pool` prints of tables and questions alike, and its words in the language of the reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from normoxia.cli.table import print_lines, print_table

if TYPE_CHECKING:
    from normoxia.documents import Finding
    from normoxia.language import Language
    from normoxia.report.views.pooled import NetworkSections
    from normoxia.report.views.tables import Table


def print_pooled(told: NetworkSections) -> None:
    """A synthesis on the terminal: network, effects, heterogeneity, ranking, inconsistency, certainty."""
    print_lines([told.network_words()])
    show_table(told.effects_table())
    print_lines([told.heterogeneity_words()])
    show_table(told.ranking_table())
    print_lines([told.inconsistency_words()])
    show_table(told.splits_table())
    show_table(told.certainty_table())


def show_table(table: Table | None) -> None:
    """A table of a report on the terminal, what is emphasised with a star; nothing for None."""
    if table is None:
        return
    rows = [
        [f"{cell} *" if (r, c) in table.emphasis else cell for c, cell in enumerate(row)]
        for r, row in enumerate(table.rows)
    ]
    print_table(table.title, table.columns, rows)
    if table.note:
        print_lines([table.note])


def finding_words(finding: Finding, speech: Language) -> str:
    """A finding about a table, its place as it is."""
    told = speech.say("pool.semicolon").join(
        speech.render(x) for x in (finding.found, finding.expected) if x
    )
    return f"{finding.place}: {told}"


def translated(
    whole: dict[str, Any], lang: str, findings: Sequence[Finding] = ()
) -> dict[str, Any]:
    """A dictionary for --json with its notes, findings and reasons in the language asked; its keys stay."""
    from normoxia.language import language

    speech = language(lang)
    placed = {str(finding): finding_words(finding, speech) for finding in findings}

    def told(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: told(held, name) for name, held in value.items()}
        if isinstance(value, (list, tuple)):
            return [told(held, key) for held in value]
        if isinstance(value, str) and key in ("reason", "notes", "found", "expected"):
            return placed.get(value) or speech.render(value)
        return value

    return cast("dict[str, Any]", told(whole, ""))
