"""Rows into contrasts and arms: every cell read, every row that cannot be used left out with its line and its reason."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from normoxia.documents import Findings, Place
from normoxia.evidence.synthesis.intake import published_ratios
from normoxia.evidence.synthesis.intake.columns import names_totals
from normoxia.evidence.synthesis.intake.layout import TableLayout
from normoxia.evidence.synthesis.model.contrasts import Arm, Contrast
from normoxia.evidence.synthesis.model.meta import normal_quantile
from normoxia.language import Message
from normoxia.sheets import numbers

#: estimates and standard errors beyond this (or errors below its inverse) are typing mistakes, or in an unfit unit
_LARGEST = 1e6
_MOST_PATIENTS = 1e8
#: how far from a whole number a count may lie that a spreadsheet computed
_WHOLE = 1e-9

NumberedContrast = tuple[int, Contrast]
NumberedArm = tuple[int, Arm]


@dataclass(slots=True)
class Rows:
    """The rows of a sheet, read one by one.

    findings        where every fault goes; left_out the lines not used
    decimal_commas  numbers read with a decimal comma; grouped those whose thousands were parted, with the first of them
    """

    layout: TableLayout
    findings: Findings
    left_out: list[int] = field(default_factory=list)
    decimal_commas: int = 0
    grouped: int = 0
    first_grouped: tuple[str, str] = ("", "")
    _at: dict[str, int] = field(default_factory=dict)
    _words: set[str] = field(default_factory=set)
    _faults: int = 0
    _names: dict[str, str] = field(default_factory=dict)
    _spelling: dict[str, str] = field(default_factory=dict)

    def read(self) -> tuple[list[NumberedContrast], list[NumberedArm]]:
        """Contrasts or arms, each with its line."""
        self._at = {name: i for i, name in enumerate(self.layout.sheet.header)}
        match self.layout.kind:
            case "contrasts":
                return self._contrasts(self.layout.roles), []
            case "arms":
                return [], self._long_arms(self.layout.roles)
            case "arms, wide":
                return [], self._wide_arms(self.layout.roles.get("study"), self.layout.wide)
            case _:
                return [], self._paired_arms(self.layout.roles, self.layout.paired)

    def refuse(self, line: int, column: str, found: str, expected: Message) -> None:
        """A row is left out, and why."""
        self.left_out.append(line)
        self._faults += 1
        place = Place(self.layout.sheet.file, line, column)
        self.findings.note(place, found, Message("note.and_left_out", advice=expected))

    def _contrasts(self, roles: Mapping[str, str]) -> list[NumberedContrast]:
        named = "treatment" in roles and "comparator" in roles
        if not named:
            self.findings.note(
                Place(self.layout.sheet.file),
                Message("note.no_arm_columns"),
                Message("note.default_arms"),
            )
        scale = self.layout.scale
        found = []
        for line, row in self._filled_rows():
            study = self._study(row, roles.get("study"), line)
            if study is None:
                continue
            a = self._arm(row, roles.get("treatment"), line) if named else "treatment"
            b = self._arm(row, roles.get("comparator"), line) if named else "comparator"
            if not a or not b:
                column = roles["treatment" if not a else "comparator"]
                self._refuse_nameless(row, line, column, Message("note.name_arms"))
                continue
            if a == b:
                self.refuse(
                    line,
                    roles["treatment"],
                    Message("note.with_itself", arm=a),
                    Message("note.correct_arm"),
                )
                continue
            if line in self.layout.unclear:
                column, cell, reason = self.layout.unclear[line]
                self.refuse(line, column, f'"{cell}"', reason)
                continue
            before = self._faults
            value = self._effect_of(row, line, roles, scale)
            if self._faults > before:
                continue  # a cell of it cannot be read, even if the others would do
            if value is not None and not (
                abs(value[0]) <= _LARGEST and 1 / _LARGEST <= value[1] <= _LARGEST
            ):
                shown = Message("note.estimate_and_se", value=value[0], se=value[1])
                self.refuse(
                    line,
                    roles.get("estimate", roles.get("ratio", "")),
                    shown,
                    Message("note.largest"),
                )
            elif value is not None:
                found.append((line, Contrast(study, a, b, *value)))
        return found

    def _effect_of(
        self, row: tuple[str, ...], line: int, roles: Mapping[str, str], scale: str
    ) -> tuple[float, float] | None:
        column = roles.get(
            "estimate" if "estimate" in roles and scale == "analysis" else "ratio",
            roles.get("estimate", ""),
        )
        value = self._number(row, line, column)
        if value is None:
            return None
        low = self._number(row, line, roles["low"], optional=True) if "low" in roles else None
        high = self._number(row, line, roles["high"], optional=True) if "high" in roles else None
        se = self._number(row, line, roles["se"], optional=True) if "se" in roles else None
        if se is None and "variance" in roles:
            variance = self._number(row, line, roles["variance"], optional=True)
            se = math.sqrt(variance) if variance is not None and variance >= 0 else variance
        if scale == "ratio":
            return self._ratio(row, line, roles, column, value, low, high, se)
        if se is not None:
            if not se > 0:
                self.refuse(
                    line,
                    roles.get("se", roles.get("variance", "")),
                    Message("note.se", se=se),
                    Message("note.above_zero"),
                )
                return None
            return value, se
        if low is not None and high is not None:
            if not low <= value <= high or low == high:
                self.refuse(
                    line,
                    column,
                    Message("note.outside", value=value, low=low, high=high),
                    Message("note.correct_one"),
                )
                return None
            centre, width = (low + high) / 2, high - low
            if abs(value - centre) > 0.05 * width:
                self.findings.note(
                    Place(self.layout.sheet.file, line, column),
                    Message("note.asymmetric", low=low, high=high, value=value, centre=centre),
                    Message("note.kept_from_width"),
                )
            return value, width / (2 * normal_quantile(self.layout.level))
        self.refuse(line, column, Message("note.no_error"), Message("note.add_one"))
        return None

    def _ratio(
        self,
        row: tuple[str, ...],
        line: int,
        roles: Mapping[str, str],
        column: str,
        value: float,
        low: float | None,
        high: float | None,
        se: float | None,
    ) -> tuple[float, float] | None:
        if low is not None and high is not None:
            printed = (self._clean(row, c) for c in (column, roles["low"], roles["high"]))
            reading = published_ratios.from_interval(*printed, level=self.layout.level)
        elif se is not None and se > 0 and value > 0:
            return math.log(value), se
        elif "p" in roles and not numbers.is_missing(row[self._at[roles["p"]]]):
            p = self._p_value(row, line, roles["p"])
            if p is None:
                return None
            reading = published_ratios.from_p_value(self._clean(row, column), p)
        else:
            self.refuse(line, column, Message("note.ratio_without_error"), Message("note.add_one"))
            return None
        for problem in reading.problems:
            self.findings.note(
                Place(self.layout.sheet.file, line, column),
                problem,
                Message("note.kept" if reading.is_usable else "note.left_out"),
            )
        if not reading.is_usable or math.isnan(reading.se):
            self.left_out.append(line)
            return None
        return reading.estimate, reading.se

    def _long_arms(self, roles: Mapping[str, str]) -> list[NumberedArm]:
        found = []
        for line, row in self._filled_rows():
            study = self._study(row, roles["study"], line, needed=True)
            if study is None:
                continue
            name = self._arm(row, roles["treatment"], line)
            if not name:
                self._refuse_nameless(
                    row, line, roles["treatment"], Message("note.name_study_and_arm")
                )
                continue
            arm = self._arm_of(row, line, study, name, roles)
            if arm is not None:
                found.append((line, arm))
        return found

    def _wide_arms(
        self, study_column: str | None, wide: Mapping[int, Mapping[str, str]]
    ) -> list[NumberedArm]:
        found = []
        arms = [roles for _, roles in sorted(wide.items())]
        for line, row in self._filled_rows():
            study = self._study(row, study_column, line)
            if study is None:
                continue
            for roles in arms:
                if all(numbers.is_missing(row[self._at[column]]) for column in roles.values()):
                    continue
                name = self._arm(row, roles["treatment"], line)
                if not name:
                    self._refuse_nameless(row, line, roles["treatment"], Message("note.name_arm"))
                    continue
                arm = self._arm_of(row, line, study, name, roles)
                if arm is not None:
                    found.append((line, arm))
        return found

    def _paired_arms(
        self, roles: Mapping[str, str], paired: Mapping[tuple[str, int], str]
    ) -> list[NumberedArm]:
        found = []
        labels = (
            ("treatment", "comparator") if "treatment" in roles and "comparator" in roles else ()
        )
        for line, row in self._filled_rows():
            study = self._study(row, roles.get("study"), line)
            if study is None:
                continue
            for i in (1, 2):
                own = {role: column for (role, side), column in paired.items() if side == i}
                name = (
                    self._arm(row, roles[labels[i - 1]], line)
                    if labels
                    else ("treatment", "control")[i - 1]
                )
                if not name:
                    self._refuse_nameless(
                        row, line, roles[labels[i - 1]], Message("note.name_arms")
                    )
                    continue
                rest = own.pop("rest", None)
                arm = self._arm_of(row, line, study, name, own, rest)
                if arm is not None:
                    found.append((line, arm))
        return found

    def _arm_of(
        self,
        row: tuple[str, ...],
        line: int,
        study: str,
        name: str,
        roles: Mapping[str, str],
        rest: str | None = None,
    ) -> Arm | None:
        before = self._faults
        values = {
            role: self._number(row, line, roles[role], optional=True)
            for role in ("n", "events", "percent", "mean", "sd", "person_time")
            if role in roles
        }
        if rest is not None and values.get("events") is not None:
            other = self._number(row, line, rest)
            values["n"] = None if other is None else (values["events"] or 0.0) + other
        if self._faults > before:
            return None
        problem = _arm_problem(values)
        if problem:
            column = next(
                (roles[r] for r in (problem[2], "events", "percent", "mean") if r in roles), ""
            )
            found = Message("note.of_arm", study=study, arm=name, problem=problem[0])
            self.refuse(line, column, found, problem[1])
            return None
        if values.get("events") is None and values.get("percent") is not None:
            values["events"] = round((values["percent"] or 0.0) * (values["n"] or 0.0) / 100.0)
        number = {
            role: math.nan if v is None else v for role, v in values.items() if role != "percent"
        }
        return Arm(study, name, **number)

    def _text(self, row: tuple[str, ...], column: str | None) -> str:
        return " ".join(row[self._at[column]].split()) if column else ""

    def _filled_rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Every row with its line; one in which each cell says that it is empty is noted and passed over."""
        for line, row in zip(self.layout.sheet.lines, self.layout.sheet.rows, strict=True):
            if numbers.is_missing(row[0]) and all(map(numbers.is_missing, row)):
                self.findings.note(
                    Place(self.layout.sheet.file, line),
                    Message("note.empty_row", cell=row[0]),
                    Message("note.taken_for_empty"),
                )
                continue
            yield line, row

    def _study(
        self, row: tuple[str, ...], column: str | None, line: int, *, needed: bool = False
    ) -> str | None:
        """The study of a row; None, and the row left out, where its cell names none."""
        name = self._text(row, column)
        if not name:
            if not needed:
                return f"row {line}"
            self.refuse(
                line, column or "", Message("note.empty"), Message("note.name_study_and_arm")
            )
            return None
        if numbers.is_missing(name):
            self._refuse_nameless(row, line, column or "", Message("note.name_study"))
            return None
        if names_totals(name):
            self.refuse(
                line, column or "", Message("note.totals", name=name), Message("note.delete_totals")
            )
            return None
        return name

    def _refuse_nameless(
        self, row: tuple[str, ...], line: int, column: str, advice: Message
    ) -> None:
        """A row without a name is left out; a word that means an empty cell is quoted."""
        name = self._text(row, column)
        if name:
            self.refuse(
                line,
                column,
                Message("note.means_empty", cell=name),
                Message("note.word_beside", advice=advice, name=name),
            )
        else:
            self.refuse(line, column, Message("note.no_arm_name"), advice)

    def _arm(self, row: tuple[str, ...], column: str | None, line: int) -> str:
        """The name of an arm as it was first spelt, or "" where the cell names none.

        None and NA stand for no treatment or for an empty cell: in a column of names they are read as names, and said so.
        """
        name = self._text(row, column)
        if (known := self._names.get(name)) is not None:
            return known
        if numbers.is_missing(name):
            if name.casefold() not in numbers.NAMES_TOO:
                return ""
            if name.casefold() not in self._words:
                self._words.add(name.casefold())
                self.findings.note(
                    Place(self.layout.sheet.file, line, column or ""),
                    Message("note.name_like_empty", name=name),
                    Message("note.leave_empty"),
                )
        # letters of another width or composition look alike on paper
        alike = name if name.isascii() else " ".join(unicodedata.normalize("NFKC", name).split())
        known = self._spelling.setdefault(alike.casefold(), name)
        self._names[name] = known
        if known != name:
            self.findings.note(
                Place(self.layout.sheet.file, line, column or ""),
                Message("note.two_spellings", name=name, known=known),
                Message("note.one_arm", known=known),
            )
        return known

    def _number(
        self, row: tuple[str, ...], line: int, column: str, *, optional: bool = False
    ) -> float | None:
        cell = row[self._at[column]]
        mark = self.layout.marks.get(column, ".")
        if (
            mark == "."
            and (plain := numbers.plain_value(cell)) is not None
            and math.isfinite(plain)
        ):
            return plain
        if numbers.is_missing(cell):
            if not optional:
                self.refuse(
                    line,
                    column,
                    Message("note.means_empty", cell=cell) if cell else Message("note.empty"),
                    Message("note.fill_in"),
                )
            return None
        found = numbers.printed(cell, mark)
        if isinstance(found, Message):
            self.refuse(line, column, f'"{cell}"', found)
            return None
        if found.percent and column not in self.layout.percents:
            self.refuse(line, column, f'"{cell}"', Message("note.no_percent_sign"))
            return None
        value = float(found.text)
        if not math.isfinite(value):
            self.refuse(line, column, f'"{cell}"', Message("note.finite"))
            return None
        self.decimal_commas += found.comma
        if found.grouped:
            self.grouped += 1
            self.first_grouped = self.first_grouped if self.first_grouped[0] else (cell, found.text)
        return value

    def _clean(self, row: tuple[str, ...], column: str) -> str:
        """A number as printed, with a decimal point; it has been read before."""
        return numbers.clean(row[self._at[column]], self.layout.marks.get(column, "."))

    def _p_value(self, row: tuple[str, ...], line: int, column: str) -> str | None:
        """A p value as printed, perhaps with < before it; None, and the row left out, where it is none."""
        cell = row[self._at[column]]
        text = numbers.alike(cell).removeprefix("p").lstrip(" =")
        bound = "<" if text.startswith(("<", "≤")) else ""
        found = numbers.printed(text.lstrip("<≤= "), self.layout.marks.get(column, "."))
        if isinstance(found, Message) or found.percent:
            self.refuse(line, column, f'"{cell}"', Message("note.p_value"))
            return None
        return bound + found.text


def _is_whole(count: float) -> bool:
    return abs(count - round(count)) <= _WHOLE * max(1.0, abs(count))


def _arm_problem(values: Mapping[str, float | None]) -> tuple[Message, Message, str] | None:
    """What cannot be true of an arm's numbers, what was expected, and the role it concerns."""
    n, events, percent = values.get("n"), values.get("events"), values.get("percent")
    mean, sd, time = values.get("mean"), values.get("sd"), values.get("person_time")
    if n is not None and not 1 <= n <= _MOST_PATIENTS:
        expected = Message("note.between", low=1.0, high=_MOST_PATIENTS)
        return Message("note.patients", n=n), expected, "n"
    if n is not None and not _is_whole(n):
        return Message("note.patients", n=n), Message("note.whole"), "n"
    if events is not None and events < 0:
        return Message("note.events", n=events), Message("note.at_least", low=0.0), "events"
    if events is not None and n is not None and events > n:
        found = Message("note.events_of", events=events, n=n)
        return found, Message("note.events_at_most_n"), "events"
    if events is not None and not _is_whole(events):
        return Message("note.events", n=events), Message("note.whole"), "events"
    if any(x is not None and abs(x) > _LARGEST for x in (mean, sd, time)):
        return Message("note.too_large"), Message("note.other_unit"), "mean"
    if percent is not None and not 0 <= percent <= 100:
        expected = Message("note.between", low=0.0, high=100.0)
        return Message("note.percent", n=percent), expected, "percent"
    if sd is not None and sd < 1 / _LARGEST:
        return Message("note.sd", sd=sd), Message("note.above_zero"), "sd"
    if time is not None and time < 1 / _LARGEST:
        return Message("note.person_time", time=time), Message("note.above_zero"), "person_time"
    counted = events is not None and (n is not None or time is not None)
    shared = percent is not None and n is not None
    measured = mean is not None and sd is not None and n is not None
    if not (counted or shared or measured):
        return Message("note.not_enough"), Message("note.give_numbers"), ""
    return None
