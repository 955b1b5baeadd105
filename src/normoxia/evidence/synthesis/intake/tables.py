"""Any network from a file: contrast tables and arm tables, long or wide, and every fault in them with its line.

A row that cannot be used is left out and listed, never dropped in silence; a file that gives nothing at all is an error
with all its findings. `layout` says what the columns mean, `rows` reads what stands in them, `cells` the single number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from normoxia.documents import Finding, Findings, Place
from normoxia.errors import InvalidDocument
from normoxia.evidence.synthesis.intake import judgements
from normoxia.evidence.synthesis.intake.layout import TableLayout, understood
from normoxia.evidence.synthesis.intake.rows import NumberedArm, NumberedContrast, Rows
from normoxia.evidence.synthesis.model.contrasts import FEWEST_DF, Arm, Contrast, EffectMeasure
from normoxia.language import Message
from normoxia.sheets import Sheet, parse_sheet, read_sheet
from normoxia.sheets.notation import DecimalMark
from normoxia.sheets.numbers import is_missing, number

#: findings a message lists; how many more there are is said
_MOST_LISTED = 10_000


def listed(findings: Sequence[Finding]) -> list[str]:
    """Findings as the lines of a message, and how many more there are where they are very many."""
    lines = [f"  {finding}" for finding in findings[:_MOST_LISTED]]
    if len(findings) > _MOST_LISTED:
        lines.append(f"  and {len(findings) - _MOST_LISTED} more findings")
    return lines


@dataclass(frozen=True, slots=True)
class NetworkTable:
    """What a file holds for a network.

    layout      "contrasts", "arms", "arms, wide" or "two arms, wide"
    effect      the measure the columns name, if they do
    contrasts   on the analysis scale; arms where the table gives counts or means
    sizes       patients by (study, treatment), where given
    mapping     role to column, as understood: what to correct when it is wrong
    findings    every fault and assumption, with its line; left_out the lines not used
    judgements  by domain (`judgements.DOMAINS`) and study: 1 low, 2 some, 3 high; for `certainty`
    """

    file: str
    layout: str
    effect: EffectMeasure | None
    contrasts: tuple[Contrast, ...]
    arms: tuple[Arm, ...]
    sizes: Mapping[tuple[str, str], float]
    mapping: Mapping[str, str]
    findings: tuple[Finding, ...]
    left_out: tuple[int, ...]
    n_rows: int
    encoding: str
    delimiter: str
    judgements: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def read_network(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    effect: EffectMeasure | str | None = None,
    decimal: DecimalMark | str | None = None,
) -> NetworkTable:
    """A network table from a text file.

    columns  role to column name, for columns whose names say too little; roles are those of `columns.ROLES`
    effect   the measure, when the file does not name it; a ratio printed as such is then taken as one
    decimal  "point" or "comma", where the numbers do not tell the decimal mark
    raises   InvalidDocument when the file is not a table, the roles cannot be found, or no row is usable; UnknownName for a
             column or a role that does not exist
    """
    return interpret(read_sheet(path), columns=columns, effect=effect, decimal=decimal)


def parse_network(
    raw: bytes | str,
    *,
    file: str = "<text>",
    columns: Mapping[str, str] | None = None,
    effect: EffectMeasure | str | None = None,
    decimal: DecimalMark | str | None = None,
) -> NetworkTable:
    """A network table from bytes or text, as `read_network`."""
    sheet = parse_sheet(raw.encode() if isinstance(raw, str) else raw, file)
    return interpret(sheet, columns=columns, effect=effect, decimal=decimal)


def interpret(
    sheet: Sheet,
    *,
    columns: Mapping[str, str] | None = None,
    effect: EffectMeasure | str | None = None,
    decimal: DecimalMark | str | None = None,
) -> NetworkTable:
    """A network table from the cells of a sheet."""
    findings = Findings([*sheet.notes, *sheet.faults])
    if not sheet.rows:
        findings.raise_any()
    measure = EffectMeasure(effect) if effect is not None else None
    given, judged = judgements.parted(columns or {})
    layout = understood(sheet, given, measure, findings, decimal=decimal)
    rows = Rows(layout, findings, [fault.place.line for fault in sheet.faults])
    contrasts, arms = _without_duplicates(rows, *rows.read())
    arms = _with_degrees_of_freedom(rows, arms, layout.effect)
    scores = judgements.read(sheet, layout.roles.get("study"), judged, findings)
    mapping = {**layout.mapping, **scores.columns}
    if rows.decimal_commas:
        findings.note(
            Place(sheet.file),
            Message("note.decimal_commas", n=rows.decimal_commas),
            Message("note.decimal_points"),
        )
    if rows.grouped:
        printed, meant = rows.first_grouped
        findings.note(
            Place(sheet.file),
            Message("note.thousands", n=rows.grouped, cell=printed),
            Message("note.read_as", number=meant),
        )
    if not contrasts and not arms:
        first = Finding(Place(sheet.file), Message("note.no_row"), Message("note.correct_these"))
        found = sorted(findings.items, key=lambda f: f.place.line)
        raise InvalidDocument("\n".join([str(first), *listed(found)]), [first, *found])
    _report_single_arm_studies(arms, sheet.file, findings)
    _small_percents(sheet, layout, findings)
    _say_what_was_not_read(sheet, mapping, findings)
    if contrasts and not arms and layout.effect is None:
        findings.note(Place(sheet.file), Message("note.no_measure"), Message("note.taken_as_md"))
    return NetworkTable(
        file=sheet.file,
        layout=layout.kind,
        effect=layout.effect or _default_effect(arms),
        contrasts=tuple(c for _, c in contrasts),
        arms=tuple(a for _, a in arms),
        sizes={(a.study, a.treatment): a.n for _, a in arms if not math.isnan(a.n)},
        mapping=mapping,
        findings=tuple(sorted(findings.items, key=lambda f: f.place.line)),
        left_out=tuple(sorted(set(rows.left_out))),
        n_rows=len(sheet.rows) + len(sheet.faults),
        encoding=sheet.encoding,
        delimiter=sheet.delimiter,
        judgements=scores.scores,
    )


def _say_what_was_not_read(sheet: Sheet, mapping: Mapping[str, str], findings: Findings) -> None:
    unread = [
        column
        for i, column in enumerate(sheet.header)
        if column
        and column not in mapping.values()
        and any(not is_missing(row[i]) for row in sheet.rows)
    ]
    if unread:
        findings.note(
            Place(sheet.file, 1),
            Message("note.not_read", columns=", ".join(unread)),
            Message("note.name_role"),
        )


def _small_percents(sheet: Sheet, layout: TableLayout, findings: Findings) -> None:
    """Percents that are all at most 1 may be shares; they are read as the column says."""
    column = layout.roles.get("percent", "")
    if layout.kind != "arms" or not column or "events" in layout.roles:
        return
    values = [
        number(cell, layout.marks.get(column, "."))
        for cell in sheet.column(column)
        if "%" not in cell
    ]
    read = [value for value in values if value is not None]
    if read and 0 < max(read) <= 1:
        findings.note(
            Place(sheet.file, 1, column), Message("note.small_percents"), Message("note.shares")
        )


def _without_duplicates(
    rows: Rows, contrasts: list[NumberedContrast], arms: list[NumberedArm]
) -> tuple[list[NumberedContrast], list[NumberedArm]]:
    first: dict[tuple[str, str, str], int] = {}
    kept_contrasts, kept_arms = [], []
    for line, c in contrasts:
        key = (c.study, min(c.treatment, c.comparator), max(c.treatment, c.comparator))
        pair = Message("note.pair", one=c.treatment, other=c.comparator)
        if _is_repeated(rows, first, key, line, c.study, pair):
            continue
        kept_contrasts.append((line, c))
    for line, a in arms:
        key = (a.study, a.treatment, a.treatment)
        if _is_repeated(rows, first, key, line, a.study, Message("note.arm", arm=a.treatment)):
            continue
        kept_arms.append((line, a))
    return kept_contrasts, kept_arms


def _is_repeated(
    rows: Rows,
    first: dict[tuple[str, str, str], int],
    key: tuple[str, str, str],
    line: int,
    study: str,
    what: Message,
) -> bool:
    if key not in first:
        first[key] = line
        return False
    rows.refuse(
        line,
        "study",
        Message("note.second_time", study=study, what=what, line=first[key]),
        Message("note.name_apart"),
    )
    return True


def _with_degrees_of_freedom(
    rows: Rows, arms: list[NumberedArm], effect: EffectMeasure | None
) -> list[NumberedArm]:
    """Arms of studies that can have a standardised difference; all of them for another measure."""
    if effect is not EffectMeasure.SMD:
        return arms
    df: dict[str, float] = {}
    for _, arm in arms:
        df[arm.study] = df.get(arm.study, 0.0) + arm.n - 1.0
    for line, arm in arms:
        if df[arm.study] < FEWEST_DF:
            rows.refuse(
                line,
                "n",
                Message("note.few_patients", study=arm.study, arm=arm.treatment, n=arm.n),
                Message("note.no_pooled_sd"),
            )
    return [(line, arm) for line, arm in arms if df[arm.study] >= FEWEST_DF]


def _report_single_arm_studies(arms: Iterable[NumberedArm], file: str, findings: Findings) -> None:
    seen: dict[str, list[int]] = {}
    for line, arm in arms:
        seen.setdefault(arm.study, []).append(line)
    for study, lines in seen.items():
        if len(lines) == 1:
            findings.note(
                Place(file, lines[0], "study"),
                Message("note.one_usable_arm", study=study),
                Message("note.needs_two"),
            )


def _default_effect(arms: list[NumberedArm]) -> EffectMeasure | None:
    if not arms:
        return None
    first = arms[0][1]
    if not math.isnan(first.person_time):
        return EffectMeasure.IRR
    return EffectMeasure.MD if not math.isnan(first.mean) else EffectMeasure.OR
