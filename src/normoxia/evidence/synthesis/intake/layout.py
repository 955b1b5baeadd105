"""Which columns of a sheet mean what: contrasts or arms, long or wide, differences or printed ratios.

An interval printed in one column ("0.50-0.98" under "95% CI"), or in brackets behind its estimate, is parted into columns
of its own first, so that everything below sees one form.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from normoxia.documents import Findings, Place
from normoxia.errors import InvalidDocument, UnknownName
from normoxia.evidence.synthesis.intake import columns as names
from normoxia.evidence.synthesis.model.contrasts import EffectMeasure
from normoxia.language import Message
from normoxia.sheets import numbers
from normoxia.sheets.notation import decimal_marks
from normoxia.sheets.reading import Sheet

#: rows looked at to tell what a column holds
_LOOKED_AT = 500
_LEVEL = 0.95
#: roles whose columns hold names
_NAMED = frozenset(("study", "treatment", "comparator"))


@dataclass(frozen=True, slots=True)
class TableLayout:
    """A sheet understood.

    sheet    the sheet, intervals parted into columns of their own
    kind     "contrasts", "arms", "arms, wide" or "two arms, wide"
    roles    role to column of what stands once a row; wide and paired those of several arms a row
    mapping  role to column as the user sees them
    effect   the measure the columns name, if they do
    scale    "ratio" for printed ratios, "analysis" for what is analysed as it stands
    level    of printed intervals
    unclear  line to column, cell and reason of every interval that cannot be read
    marks    column to its decimal mark, "" where numbers with two readings stay open
    percents columns in which a percent sign may stand
    """

    sheet: Sheet
    kind: str
    roles: Mapping[str, str]
    mapping: Mapping[str, str]
    effect: EffectMeasure | None
    wide: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    paired: Mapping[tuple[str, int], str] = field(default_factory=dict)
    scale: str = "analysis"
    level: float = _LEVEL
    unclear: Mapping[int, tuple[str, str, Message]] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    percents: frozenset[str] = frozenset()


def understood(
    sheet: Sheet,
    given: Mapping[str, str],
    effect: EffectMeasure | None,
    findings: Findings,
    *,
    decimal: str | None = None,
) -> TableLayout:
    """The layout of a sheet; assumptions go to `findings`.

    given    role to column, where the user said so
    decimal  "point" or "comma", where the user said so
    raises   InvalidDocument when the columns make no network; UnknownName for a role or column that does not exist
    """
    return _Layouts(sheet, dict(given), effect, findings, decimal).read()


@dataclass(slots=True)
class _Layouts:
    sheet: Sheet
    given: dict[str, str]
    effect: EffectMeasure | None
    findings: Findings
    decimal: str | None = None
    at: dict[str, int] = field(default_factory=dict)
    level: float = _LEVEL
    parted: str = ""
    unclear: dict[int, tuple[str, str, Message]] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)

    def read(self) -> TableLayout:
        self.at = {name: i for i, name in enumerate(self.sheet.header)}
        self._refuse_repeated_columns()
        for role, column in self.given.items():
            if role not in names.ROLES and role != "ratio":
                raise UnknownName("role", role, [*names.ROLES, "ratio"])
            if column not in self.at:
                raise UnknownName("column", column, self.sheet.header)
        self.marks = self._decimal_marks()
        self._part_intervals()
        return self._layout()

    def _refuse_repeated_columns(self) -> None:
        """Two columns of one name are one if their cells are alike; else nobody can say which is meant."""
        clash = Findings()
        for name in dict.fromkeys(n for n in self.sheet.header if self.sheet.header.count(n) > 1):
            same = [i for i, column in enumerate(self.sheet.header) if column == name]
            columns = ", ".join(str(i + 1) for i in same)
            if all(row[i] == row[same[0]] for row in self.sheet.rows for i in same):
                self.findings.note(
                    Place(self.sheet.file, 1, name),
                    Message("note.same_columns", columns=columns),
                    Message("note.read_once"),
                )
            else:
                clash.note(
                    Place(self.sheet.file, 1, name),
                    Message("note.different_columns", columns=columns),
                    Message("note.rename"),
                )
        clash.raise_any()

    def _decimal_marks(self) -> dict[str, str]:
        """The decimal mark of each column that may hold numbers."""
        named = {
            column
            for role, column in self.given.items()
            if role in ("study", "treatment", "comparator", "effect")
        }
        columns = {
            column: cells
            for column, cells in zip(
                self.sheet.header, zip(*self.sheet.rows, strict=True), strict=bool(self.sheet.rows)
            )
            if column not in named
            and (column in self.given.values() or not names.holds_names(column))
        }
        counts = {column for column in columns if names.holds_counts(column)}
        counts |= {column for role, column in self.given.items() if role in ("n", "events")}
        return decimal_marks(
            columns, delimiter=self.sheet.delimiter, counts=counts, given=self.decimal
        )

    def _percents(self, roles: Mapping[str, str]) -> frozenset[str]:
        """Columns in which a percent sign may stand: those of percents, and means and deviations that bear it throughout."""
        bearing = {roles["percent"]} if "percent" in roles else set()
        for column in self.sheet.header:
            said = {names.role_of(column), (names.paired_role(column) or ("", 0))[0]}
            said |= {role for arm in names.indexed((column,)).values() for role in arm}
            if said & {"mean", "sd"}:
                i = self.at[column]
                cells = [row[i] for row in self.sheet.rows if not numbers.is_missing(row[i])]
                if cells and all(numbers.alike(cell).endswith("%") for cell in cells):
                    bearing.add(column)
        return frozenset(bearing)

    def _layout(self) -> TableLayout:
        wide = {
            i: roles
            for i, roles in names.indexed(self.sheet.header).items()
            if len(roles) > 1 and "treatment" in roles
        }
        roles = self._long_roles()
        if len(wide) >= 2 and not self.given:
            mapping = {
                f"{role} {i}": column
                for i, own in sorted(wide.items())
                for role, column in own.items()
            }
            study = {"study": roles["study"]} if "study" in roles else {}
            return self._as("arms, wide", study, mapping | study, wide=wide)
        paired = self._paired_roles()
        if paired:
            mapping = {f"{role} {i}": column for (role, i), column in paired.items()}
            mapping |= {
                role: roles[role] for role in ("study", "treatment", "comparator") if role in roles
            }
            return self._as("two arms, wide", roles, mapping, paired=paired)
        has_effect = any(role in roles for role in ("estimate", "ratio"))
        counted = any(role in roles for role in ("events", "mean", "percent"))
        if has_effect and not (counted and "comparator" not in roles):
            for role in ("mean", "sd", "events", "percent", "person_time"):
                roles.pop(role, None)
            scale = self._printed_scale(roles)
            return replace(
                self._as("contrasts", roles, self._shown(roles)), scale=scale, effect=self.effect
            )
        if counted and "treatment" in roles and "study" in roles:
            return self._as("arms", roles, roles)
        self._explain(roles)
        raise AssertionError("unreachable: _explain raises")

    def _as(
        self,
        kind: str,
        roles: Mapping[str, str],
        mapping: Mapping[str, str],
        *,
        wide: Mapping[int, Mapping[str, str]] | None = None,
        paired: Mapping[tuple[str, int], str] | None = None,
    ) -> TableLayout:
        return TableLayout(
            self.sheet,
            kind,
            dict(roles),
            dict(mapping),
            self.effect,
            wide or {},
            paired or {},
            level=self.level,
            unclear=self.unclear,
            marks=self.marks,
            percents=self._percents(roles),
        )

    def _shown(self, roles: Mapping[str, str]) -> dict[str, str]:
        """Roles and columns as the file has them: an interval of one column is one column."""
        if not self.parted:
            return dict(roles)
        own = {
            role: column
            for role, column in roles.items()
            if not column.startswith(self.parted + ": ")
        }
        return own | {"interval": self.parted}

    # -- intervals in one column

    def _part_intervals(self) -> None:
        """An interval of one column becomes two, lower and upper; with its estimate in the same cell, three."""
        given = self.given.pop("interval", "")
        if {"low", "high"} & set(self.given):
            return
        have = {names.role_of(column) for column in self.sheet.header}
        if not given and {"low", "high"} <= have:
            return
        for column in [given] if given else self.sheet.header:
            found = names.interval_of(column)
            if given or (found is not None and self._holds_intervals(column)):
                measure, percent = found or ("", 0)
                self.level = percent / 100.0 if 50 <= percent < 100 else _LEVEL
                self._part(column, measure)
                return

    def _holds_intervals(self, column: str) -> bool:
        """Whether a column holds more than plain numbers: "ci" may also head the events of a control arm."""
        i = self.at[column]
        filled = [row[i] for row in self.sheet.rows[:_LOOKED_AT] if not numbers.is_missing(row[i])]
        return any(
            "," in cell or numbers.number(cell, self.marks.get(column, ".")) is None
            for cell in filled
        )

    def _part(self, column: str, measure: str) -> None:
        i = self.at[column]
        filled = [row[i] for row in self.sheet.rows[:_LOOKED_AT] if not numbers.is_missing(row[i])]
        mark = self.marks.get(column, ".")
        with_estimate = any(
            numbers.estimate_with_interval(cell, mark) is not None for cell in filled
        )
        parts: list[tuple[str, ...]] = []
        for line, row in zip(self.sheet.lines, self.sheet.rows, strict=True):
            parts.append(self._parts(column, row[i], line, with_estimate))
        self._say_thousands(column, [row[i] for row in self.sheet.rows], mark)
        self.parted = column
        ends = [f"{column}: lower", f"{column}: upper"]
        added = [f"{column}: estimate", *ends] if with_estimate else ends
        self.sheet = replace(
            self.sheet,
            header=(*self.sheet.header, *added),
            rows=tuple((*row, *part) for row, part in zip(self.sheet.rows, parts, strict=True)),
        )
        self.at = {name: k for k, name in enumerate(self.sheet.header)}
        self.marks |= dict.fromkeys(added, ".")
        self.given |= {"low": ends[0], "high": ends[1]}
        if not with_estimate:
            return
        if measure in names.RATIOS:
            self.effect = self.effect or names.RATIOS[measure]
            self.given["ratio"] = added[0]
        else:
            self.effect = self.effect or names.DIFFERENCES.get(measure)
            self.given["estimate"] = added[0]

    def _say_thousands(self, column: str, cells: list[str], mark: str) -> None:
        """A note on intervals with parted thousands, with the first as it was read."""
        grouped = [
            (line, cell)
            for line, cell in zip(self.sheet.lines, cells, strict=True)
            if any(
                isinstance(number := numbers.printed(piece, mark), numbers.Printed)
                and number.grouped
                for piece in numbers.pieces(cell)
            )
        ]
        if grouped:
            line, cell = grouped[0]
            low, high = (numbers.clean(piece, mark) for piece in numbers.pieces(cell)[-2:])
            self.findings.note(
                Place(self.sheet.file, line, column),
                Message("note.intervals_thousands", n=len(grouped), cell=cell),
                Message("note.read_as", number=Message("note.range", low=low, high=high)),
            )

    def _parts(self, column: str, cell: str, line: int, with_estimate: bool) -> tuple[str, ...]:
        empty = ("",) * (3 if with_estimate else 2)
        if numbers.is_missing(cell):
            return empty
        if with_estimate:
            found = numbers.estimate_with_interval(cell, self.marks.get(column, "."))
            if found is None:
                self.unclear[line] = (column, cell, Message("note.estimate_and_interval"))
            return found or empty
        ends = numbers.interval(cell, self.marks.get(column, "."))
        if isinstance(ends, Message):
            self.unclear[line] = column, cell, ends
            return empty
        return ends

    # -- roles of columns

    def _long_roles(self) -> dict[str, str]:
        roles: dict[str, str] = {}
        paired = self._paired_roles().values()
        words: dict[str, str] = {}
        for column in self.sheet.header:
            bare = names.plain(column)
            logged = names.log_measure(column)
            role = names.role_of(column)
            if logged is not None:
                role, measure = logged
                self.effect = self.effect or measure
            elif bare in names.RATIOS:
                role = "ratio"
                self.effect = self.effect or names.RATIOS[bare]
            elif bare in names.DIFFERENCES:
                role = "estimate"
                self.effect = self.effect or names.DIFFERENCES[bare]
            if role is None or role in roles or (column in paired and role not in _NAMED):
                continue
            if self._has_values(column):
                roles[role] = column
            elif role in _NAMED and any(row[self.at[column]] for row in self.sheet.rows):
                words.setdefault(
                    role, column
                )  # only words such as None and NA: names, where no other column has any
        roles = words | roles
        roles.update(self.given)
        needs = {"study", "treatment", "comparator", "estimate", "se", "low", "high"} - set(roles)
        for column in self.sheet.header:
            if (
                column not in roles.values()
                and column not in paired
                and (near := names.nearest_role(column)) in needs
                and near is not None
            ):
                roles[near] = column
                needs.discard(near)
                self.findings.note(
                    Place(self.sheet.file, 1, column),
                    Message("note.taken_as_role", role=near),
                    Message("note.name_column", role=near),
                )
        if "effect" in roles and self.effect is None:
            said = {row[self.at[roles["effect"]]].strip().upper() for row in self.sheet.rows} - {""}
            if len(said) == 1 and (word := said.pop()) in {str(e) for e in EffectMeasure}:
                self.effect = EffectMeasure(word)
        return roles

    def _paired_roles(self) -> dict[tuple[str, int], str]:
        found: dict[tuple[str, int], str] = {}
        for key, words in names.PAIRED.items():
            for column in self.sheet.header:
                if names.plain(column) in words:
                    found.setdefault(key, column)
        for i in (1, 2):
            counts = ("events", i) in found and any(
                (role, i) in found for role in ("n", "rest", "person_time")
            )
            means = all((role, i) in found for role in ("mean", "sd", "n"))
            if not counts and not means:
                return {}
        return found

    def _has_values(self, column: str) -> bool:
        i = self.at[column]
        return any(not numbers.is_missing(row[i]) for row in self.sheet.rows)

    def _explain(self, roles: Mapping[str, str]) -> None:
        header = [
            column
            for column in self.sheet.header
            if not self.parted or not column.startswith(f"{self.parted}: ")
        ]
        found = ", ".join(f'{role} = "{column}"' for role, column in roles.items()) or "none"
        raise InvalidDocument(
            f"{self.sheet.file}: the columns ({', '.join(header)}) do not make a network table; recognised: {found}. "
            "Expected either contrasts (study, treatment, comparator, and an estimate with its standard error, or HR/OR/RR with "
            "lower and upper, or both in one column such as 95% CI) or arms (study, treatment, and events with n, or mean with sd and n). "
            'Name columns with columns={"study": ..., "treatment": ..., ...}',
            self.findings.items,
        )

    def _printed_scale(self, roles: Mapping[str, str]) -> str:
        """Whether an "estimate" with an interval is a printed ratio: its interval is nearer to symmetric in logs."""
        if "ratio" in roles:
            return "ratio"
        if (
            "low" not in roles
            or "high" not in roles
            or "estimate" not in roles
            or "se" in roles
            or "variance" in roles
        ):
            return "analysis"
        if self.effect is not None and not self.effect.is_ratio:
            return "analysis"
        straight = logged = 0.0
        seen = 0
        for row in self.sheet.rows[:_LOOKED_AT]:
            e, lo, hi = (
                numbers.number(row[self.at[roles[role]]], self.marks.get(roles[role], "."))
                for role in ("estimate", "low", "high")
            )
            if e is None or lo is None or hi is None or not lo <= e <= hi:
                continue
            if lo <= 0:
                return "analysis"
            seen += 1
            straight += abs(e - (lo + hi) / 2) / (hi - lo)
            logged += abs(math.log(e) - (math.log(lo) + math.log(hi)) / 2) / math.log(hi / lo)
        if seen and logged < straight:
            self.findings.note(
                Place(self.sheet.file, 1, roles["estimate"]),
                Message("note.log_symmetric"),
                Message("note.taken_as_ratios"),
            )
            self.effect = self.effect or EffectMeasure.HR
            return "ratio"
        return "analysis"
