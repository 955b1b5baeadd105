"""Reports as JSON: sections of paragraphs, tables and figures, which the page lays out itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from normoxia.report.figures.figure import Figure
from normoxia.report.pages.document import Block, Page, Prose
from normoxia.report.views.tables import Table
from normoxia.web.replies import without_folders


def view(page: Page, numbers: Mapping[str, int]) -> dict[str, Any]:
    """A report as JSON has it.

    Parameters
    ----------
    page
        In one language.
    numbers
        By the name of a figure, the number by which it is asked for.

    Returns
    -------
    dict
        `title`, `lead`, `badges`, `warnings`, `highlights` and `sections`, each with `title` and `blocks`: `kind` "prose"
        (`text`, `warning`), "table" (`title`, `columns`, `rows`, `note`, `emphasis`, `groups`, `tones`, `csv`) or "figure"
        (`name`, `number`, `title`, `alt`).
    """
    return {
        "title": page.title,
        "lead": page.lead,
        "badges": list(page.badges),
        "warnings": list(page.warnings),
        "highlights": [
            {"label": one.label, "value": one.value, "detail": one.detail}
            for one in page.highlights
        ],
        "sections": [
            {"title": section.title, "blocks": [_block(block, numbers) for block in section.blocks]}
            for section in page.sections
        ],
        "provenance": {key: without_folders(str(v)) for key, v in page.provenance.items()},
    }


def _block(block: Block, numbers: Mapping[str, int]) -> dict[str, Any]:
    match block:
        case Prose():
            return {"kind": "prose", "text": block.text, "warning": block.warning}
        case Table():
            return {
                "kind": "table",
                "name": block.name,
                "title": block.title,
                "columns": list(block.columns),
                "rows": [list(row) for row in block.rows],
                "note": block.note,
                "emphasis": sorted(map(list, block.emphasis)),
                "groups": sorted(block.groups),
                "tones": [[row, column, tone] for (row, column), tone in block.tones.items()],
                "csv": block.csv(),
            }
        case Figure():
            return {
                "kind": "figure",
                "name": block.name,
                "number": numbers.get(block.name),
                "title": block.title,
                "alt": block.description,
            }


def run_id(folder: Path) -> str:
    """What a run is called by the API: its folder is not told to anybody."""
    return hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
