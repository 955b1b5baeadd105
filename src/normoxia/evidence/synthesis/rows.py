"""Rows into contrasts and arms: every cell read, every row that cannot be used left out with its line and its reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from normoxia.documents import Findings, Place
from normoxia.evidence.synthesis import cells, intake
from normoxia.evidence.synthesis.contrasts import Arm, Contrast
from normoxia.evidence.synthesis.layout import Layout
from normoxia.evidence.synthesis.meta import normal_quantile

#: estimates and standard errors beyond this (or errors below its inverse) are typing mistakes, or in an unfit unit
_LARGEST = 1e6
_MOST_PATIENTS = 1e8

NumberedContrast = tuple[int, Contrast]
NumberedArm = tuple[int, Arm]


@dataclass(slots=True)
class Rows:
    """The rows of a sheet, read one by one.

    findings        where every fault goes; left_out the lines not used
    decimal_commas  numbers read with a decimal comma
    """

    layout: Layout
    findings: Findings
    left_out: list[int] = field(default_factory=list)
    decimal_commas: int = 0
    _at: dict[str, int] = field(default_factory=dict)
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

    def refuse(self, line: int, column: str, found: str, expected: str) -> None:
        """A row is left out, and why."""
        self.left_out.append(line)
        self.findings.note(Place(self.layout.sheet.file, line, column), found, f"{expected}; row left out")

    def _contrasts(self, roles: Mapping[str, str]) -> list[NumberedContrast]:
        named = "treatment" in roles and "comparator" in roles
        if not named:
            self.findings.note(
                Place(self.layout.sheet.file),
                "no columns name the two arms",
                'every row is taken as "treatment" against "comparator"',
            )
        scale = self.layout.scale
        found = []
        for line, row in zip(self.layout.sheet.lines, self.layout.sheet.rows, strict=True):
            study = self._text(row, roles.get("study")) or f"row {line}"
            a = self._arm(row, roles.get("treatment"), line) if named else "treatment"
            b = self._arm(row, roles.get("comparator"), line) if named else "comparator"
            if not a or not b:
                self.refuse(
                    line,
                    roles.get("treatment" if not a else "comparator", ""),
                    "no name of an arm",
                    "name both arms",
                )
                continue
            if a == b:
                self.refuse(
                    line, roles["treatment"], f'"{a}" is compared with itself', "correct one of the arms"
                )
                continue
            if line in self.layout.unclear:
                column, cell, reason = self.layout.unclear[line]
                self.refuse(line, column, f'"{cell}"', reason)
                continue
            value = self._effect_of(row, line, roles, scale)
            if value is not None and not (abs(value[0]) <= _LARGEST and 1 / _LARGEST <= value[1] <= _LARGEST):
                shown = f"estimate {value[0]:g} with standard error {value[1]:g}"
                self.refuse(
                    line, roles.get("estimate", roles.get("ratio", "")), shown, "expected 1e-6 to 1e6"
                )
            elif value is not None:
                found.append((line, Contrast(study, a, b, *value)))
        return found

    def _effect_of(
        self, row: tuple[str, ...], line: int, roles: Mapping[str, str], scale: str
    ) -> tuple[float, float] | None:
        column = roles.get(
            "estimate" if "estimate" in roles and scale == "analysis" else "ratio", roles.get("estimate", "")
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
                    f"standard error {se:g}",
                    "expected above 0",
                )
                return None
            return value, se
        if low is not None and high is not None:
            if not low <= value <= high or low == high:
                self.refuse(
                    line,
                    column,
                    f"estimate {value:g} outside its interval {low:g} to {high:g}",
                    "correct one of them",
                )
                return None
            centre, width = (low + high) / 2, high - low
            if abs(value - centre) > 0.05 * width:
                self.findings.note(
                    Place(self.layout.sheet.file, line, column),
                    f"interval {low:g} to {high:g} is not symmetric around {value:g} (its centre is {centre:g})",
                    "kept, with the standard error from its width; check for a misprint",
                )
            return value, width / (2 * normal_quantile(self.layout.level))
        self.refuse(line, column, "no standard error, variance or interval", "add one")
        return None

    def _ratio(
        self, row: tuple[str, ...], line: int, roles: Mapping[str, str], column: str,
        value: float, low: float | None, high: float | None, se: float | None,
    ) -> tuple[float, float] | None:  # fmt: skip
        if low is not None and high is not None:
            printed = (cells.clean(row[self._at[c]]) for c in (column, roles["low"], roles["high"]))
            reading = intake.from_interval(*printed, level=self.layout.level)
        elif se is not None and se > 0 and value > 0:
            return math.log(value), se
        elif "p" in roles and row[self._at[roles["p"]]]:
            reading = intake.from_p_value(
                cells.clean(row[self._at[column]]), cells.clean(row[self._at[roles["p"]]])
            )
        else:
            self.refuse(
                line, column, "a ratio without interval, standard error of its logarithm, or p", "add one"
            )
            return None
        for problem in reading.problems:
            self.findings.note(
                Place(self.layout.sheet.file, line, column),
                problem,
                "kept" if reading.is_usable else "row left out",
            )
        if not reading.is_usable or math.isnan(reading.se):
            self.left_out.append(line)
            return None
        return reading.estimate, reading.se

    def _long_arms(self, roles: Mapping[str, str]) -> list[NumberedArm]:
        found = []
        for line, row in zip(self.layout.sheet.lines, self.layout.sheet.rows, strict=True):
            study = self._text(row, roles.get("study"))
            name = self._arm(row, roles["treatment"], line)
            if not study or not name:
                self.refuse(
                    line,
                    roles["treatment"] if study else roles["study"],
                    "empty",
                    "name the study and the arm",
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
        for line, row in zip(self.layout.sheet.lines, self.layout.sheet.rows, strict=True):
            study = self._text(row, study_column) or f"row {line}"
            for _, roles in sorted(wide.items()):
                if all(row[self._at[column]].casefold() in cells.MISSING for column in roles.values()):
                    continue
                name = self._arm(row, roles["treatment"], line)
                if not name:
                    self.refuse(line, roles["treatment"], "numbers without the arm's name", "name the arm")
                    continue
                arm = self._arm_of(row, line, study, name, roles)
                if arm is not None:
                    found.append((line, arm))
        return found

    def _paired_arms(
        self, roles: Mapping[str, str], paired: Mapping[tuple[str, int], str]
    ) -> list[NumberedArm]:
        found = []
        labels = ("treatment", "comparator") if "treatment" in roles and "comparator" in roles else ()
        for line, row in zip(self.layout.sheet.lines, self.layout.sheet.rows, strict=True):
            study = self._text(row, roles.get("study")) or f"row {line}"
            for i in (1, 2):
                own = {role: column for (role, side), column in paired.items() if side == i}
                name = (
                    self._arm(row, roles[labels[i - 1]], line) if labels else ("treatment", "control")[i - 1]
                )
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
        values = {
            role: self._number(row, line, roles[role], optional=True)
            for role in ("n", "events", "percent", "mean", "sd", "person_time")
            if role in roles
        }
        if rest is not None and values.get("events") is not None:
            other = self._number(row, line, rest)
            values["n"] = None if other is None else (values["events"] or 0.0) + other
        problem = _arm_problem(values)
        if problem:
            column = next((roles[r] for r in ("events", "percent", "mean") if r in roles), "")
            self.refuse(line, column, f'{study}, "{name}": {problem[0]}', problem[1])
            return None
        if values.get("events") is None and values.get("percent") is not None:
            values["events"] = round((values["percent"] or 0.0) * (values["n"] or 0.0) / 100.0)
        number = {role: math.nan if v is None else v for role, v in values.items() if role != "percent"}
        return Arm(study, name, **number)

    def _text(self, row: tuple[str, ...], column: str | None) -> str:
        return " ".join(row[self._at[column]].split()) if column else ""

    def _arm(self, row: tuple[str, ...], column: str | None, line: int) -> str:
        name = self._text(row, column)
        if name.casefold() in cells.MISSING:
            return ""
        known = self._spelling.setdefault(name.casefold(), name)
        if known != name and name not in self._spelling:
            self._spelling[name] = known
            self.findings.note(
                Place(self.layout.sheet.file, line, column or ""),
                f'"{name}" and "{known}"',
                f'taken as one arm, "{known}"',
            )
        return known

    def _number(
        self, row: tuple[str, ...], line: int, column: str, *, optional: bool = False
    ) -> float | None:
        cell = row[self._at[column]]
        try:
            value = float(cell)
        except ValueError:
            if cell.casefold() in cells.MISSING:
                if not optional:
                    self.refuse(line, column, "empty", "fill in the number")
                return None
            parsed = cells.number(cell)
            if parsed is None:
                self.refuse(line, column, f'"{cell}"', "expected a number")
                return None
            self.decimal_commas += cells.has_decimal_comma(cell)
            return parsed
        if not math.isfinite(value):
            if not (optional and math.isnan(value)):
                self.refuse(line, column, cell, "expected a finite number")
            return None
        return value


def _arm_problem(values: Mapping[str, float | None]) -> tuple[str, str] | None:
    n, events, percent = values.get("n"), values.get("events"), values.get("percent")
    mean, sd, time = values.get("mean"), values.get("sd"), values.get("person_time")
    if n is not None and not 1 <= n <= _MOST_PATIENTS:
        return f"{n:g} patients", f"expected 1 to {_MOST_PATIENTS:g}"
    if events is not None and events < 0:
        return f"{events:g} events", "expected 0 or more"
    if events is not None and n is not None and events > n:
        return f"{events:g} events in {n:g} patients", "expected events <= n"
    if events is not None and any(0 < cell < 0.5 for cell in (events, math.inf if n is None else n - events)):
        return f"{events:g} events", "expected a whole number"
    if any(x is not None and abs(x) > _LARGEST for x in (mean, sd, time)):
        return "a number beyond 1e6", "write it in a unit that keeps it smaller, or correct it"
    if percent is not None and not 0 <= percent <= 100:
        return f"{percent:g} percent", "expected 0 to 100"
    if sd is not None and sd < 1 / _LARGEST:
        return f"standard deviation {sd:g}", "expected above 0"
    if time is not None and time < 1 / _LARGEST:
        return f"person-time {time:g}", "expected above 0"
    counted = events is not None and (n is not None or time is not None)
    shared = percent is not None and n is not None
    measured = mean is not None and sd is not None and n is not None
    if not (counted or shared or measured):
        return (
            "not enough numbers",
            "give events with n (or person-time), percent with n, or mean with sd and n",
        )
    return None
