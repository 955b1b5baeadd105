"""The list of commands in `normoxia --help`: by task, with whole summaries in the width of the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typer.core import TyperGroup

#: headings and the commands below them, in the order of a first visit
SECTIONS: Mapping[str, Sequence[str]] = {
    "Virtual trials": (
        "list",
        "run",
        "compare",
        "design-trial",
        "protocol",
        "runs",
        "report",
        "verify",
        "forecast",
    ),
    "The page": ("serve",),
    "Published evidence": ("evidence", "pool"),
    "Model": ("mechanism", "simulate", "export", "calibrate", "validate", "credibility"),
    "Files and machine": ("check", "doctor"),
}
#: of a summary, so that none is cut
_WHOLE = 1000


class CommandsByTask(TyperGroup):
    """A group of commands that is shown under headings."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each section; a command of no section stands at the end under "Commands"."""
        names = self.list_commands(ctx)
        listed = {name for section in SECTIONS.values() for name in section}
        rest = [name for name in names if name not in listed]
        for heading, section in {**SECTIONS, "Commands": rest}.items():
            rows = [(name, self._summary(ctx, name)) for name in section if name in names]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def _summary(self, ctx: Any, name: str) -> str:
        command = self.get_command(ctx, name)
        return "" if command is None else command.get_short_help_str(_WHOLE)
