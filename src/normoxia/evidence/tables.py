"""Any network from a file: contrast tables and arm tables, long or wide, and every fault in them with its line.

A row that cannot be used is left out and listed, never dropped in silence; a file that gives nothing at all is an error
with all its findings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from normoxia.documents import Finding, Findings, Place
from normoxia.errors import InvalidDocument, UnknownName
from normoxia.evidence import columns as names
from normoxia.evidence import intake
from normoxia.evidence.contrasts import Arm, Contrast, Effect
from normoxia.evidence.delimited import Sheet, parse_sheet, read_sheet
from normoxia.evidence.meta import normal_quantile

_MISSING = {"", "na", "n/a", "nan", "null", "none", ".", "-", "--", "nr", "无", "缺失"}
_THOUSANDS = re.compile(r"^\d{1,3}(,\d{3})+$")
_DECIMAL_COMMA = re.compile(r"^[-+]?\d*,\d+(e[-+]?\d+)?$", re.IGNORECASE)
#: estimates and standard errors beyond this (or errors below its inverse) are typing mistakes, or in an unfit unit
_LARGEST = 1e6
_MOST_PATIENTS = 1e8

_SIGNS = str.maketrans({"−": "-", "–": "-", "·": ".", "．": ".", "％": "%", "\u00a0": "", "，": ","})


@dataclass(frozen=True, slots=True)
class NetworkTable:
    """What a file holds for a network.

    layout      "contrasts", "arms", "arms, wide" or "two arms, wide"
    effect      the measure the columns name, if they do
    contrasts   on the analysis scale; arms where the table gives counts or means
    sizes       patients by (study, treatment), where given
    mapping     role to column, as understood: what to correct when it is wrong
    findings    every fault and assumption, with its line; left_out the lines not used
    """

    file: str
    layout: str
    effect: Effect | None
    contrasts: tuple[Contrast, ...]
    arms: tuple[Arm, ...]
    sizes: Mapping[tuple[str, str], float]
    mapping: Mapping[str, str]
    findings: tuple[Finding, ...]
    left_out: tuple[int, ...]
    n_rows: int
    encoding: str
    delimiter: str


def read_network(
    path: str | Path, *, columns: Mapping[str, str] | None = None, effect: Effect | str | None = None
) -> NetworkTable:
    """A network table from a text file.

    columns  role to column name, for columns whose names say too little; roles are those of `columns.ROLES`
    effect   the measure, when the file does not name it; a ratio printed as such is then taken as one
    raises   InvalidDocument when the file is not a table, the roles cannot be found, or no row is usable; UnknownName for a
             column or a role that does not exist
    """
    return interpret(read_sheet(path), columns=columns, effect=effect)


def parse_network(
    raw: bytes | str,
    *,
    file: str = "<text>",
    columns: Mapping[str, str] | None = None,
    effect: Effect | str | None = None,
) -> NetworkTable:
    """A network table from bytes or text, as `read_network`."""
    return interpret(
        parse_sheet(raw.encode() if isinstance(raw, str) else raw, file), columns=columns, effect=effect
    )


def interpret(
    sheet: Sheet, *, columns: Mapping[str, str] | None = None, effect: Effect | str | None = None
) -> NetworkTable:
    """A network table from the cells of a sheet."""
    reader = _Reader(sheet, dict(columns or {}), Effect(effect) if effect is not None else None)
    return reader.read()


@dataclass(slots=True)
class _Reader:
    sheet: Sheet
    given: dict[str, str]
    effect: Effect | None
    findings: Findings = field(default_factory=Findings)
    left_out: list[int] = field(default_factory=list)
    at: dict[str, int] = field(default_factory=dict)
    spelling: dict[str, str] = field(default_factory=dict)
    decimal_commas: int = 0

    def read(self) -> NetworkTable:
        self.at = {name: i for i, name in enumerate(self.sheet.header)}
        for note in self.sheet.notes:
            self.findings.note(Place(self.sheet.file), note)
        for name in {n for n in self.sheet.header if self.sheet.header.count(n) > 1}:
            self.findings.note(
                Place(self.sheet.file, 1, name),
                "two columns of this name",
                "the last one is read; rename one",
            )
        for role, column in self.given.items():
            if role not in names.ROLES and role != "ratio":
                raise UnknownName("role", role, [*names.ROLES, "ratio"])
            if column not in self.at:
                raise UnknownName("column", column, self.sheet.header)
        layout, rows, mapping = self._layout()
        contrasts, arms = rows()
        contrasts, arms = self._without_duplicates(contrasts, arms)
        if self.decimal_commas:
            self.findings.note(
                Place(self.sheet.file),
                f"{self.decimal_commas} numbers with a decimal comma",
                "read as decimal points",
            )
        if not contrasts and not arms:
            self.findings.note(Place(self.sheet.file), "no usable row", "correct the rows above")
            self.findings.raise_any()
        self._lonely(arms)
        self._say_what_was_not_read(mapping)
        if contrasts and not arms and self.effect is None:
            self.findings.note(
                Place(self.sheet.file),
                "effects whose measure the table does not name",
                "taken as differences (MD); logarithms of ratios need their measure, such as --effect HR",
            )
        return NetworkTable(
            file=self.sheet.file,
            layout=layout,
            effect=self.effect or _default_effect(arms),
            contrasts=tuple(c for _, c in contrasts),
            arms=tuple(a for _, a in arms),
            sizes={(a.study, a.treatment): a.n for _, a in arms if not math.isnan(a.n)},
            mapping=mapping,
            findings=tuple(sorted(self.findings.items, key=lambda f: f.place.line)),
            left_out=tuple(sorted(set(self.left_out))),
            n_rows=len(self.sheet.rows),
            encoding=self.sheet.encoding,
            delimiter=self.sheet.delimiter,
        )

    def _say_what_was_not_read(self, mapping: Mapping[str, str]) -> None:
        unread = [
            column
            for column in self.sheet.header
            if column and column not in mapping.values() and self._has_values(column)
        ]
        if unread:
            self.findings.note(
                Place(self.sheet.file, 1), f"not read: {', '.join(unread)}", "if one matters, name its role"
            )

    # -- which layout ------------------------------------------------------------------------------------------------

    def _layout(
        self,
    ) -> tuple[str, Callable[[], tuple[list[_NumberedContrast], list[_NumberedArm]]], dict[str, str]]:
        wide = {
            i: roles
            for i, roles in names.indexed(self.sheet.header).items()
            if len(roles) > 1 and "treatment" in roles
        }
        roles = self._long_roles()
        if len(wide) >= 2 and not self.given:
            study = roles.get("study")
            mapping = {
                f"{role} {i}": column for i, own in sorted(wide.items()) for role, column in own.items()
            }
            if study:
                mapping["study"] = study
            return "arms, wide", lambda: ([], self._wide_arms(study, wide)), mapping
        paired = self._paired_roles()
        if paired:
            mapping = {f"{role} {i}": column for (role, i), column in paired.items()}
            mapping |= {role: roles[role] for role in ("study", "treatment", "comparator") if role in roles}
            return "two arms, wide", lambda: ([], self._paired_arms(roles, paired)), mapping
        has_effect = any(role in roles for role in ("estimate", "ratio"))
        counted = any(role in roles for role in ("events", "mean", "percent"))
        if has_effect and not (counted and "comparator" not in roles):
            self._drop_unused(roles)
            return "contrasts", lambda: (self._contrasts(roles), []), roles
        if counted and "treatment" in roles and "study" in roles:
            return "arms", lambda: ([], self._long_arms(roles)), roles
        self._explain(roles)
        raise AssertionError("unreachable: _explain raises")

    def _long_roles(self) -> dict[str, str]:
        roles: dict[str, str] = {}
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
            if role is not None and role not in roles and self._has_values(column):
                roles[role] = column
        roles.update(self.given)
        needs = {"study", "treatment", "comparator", "estimate", "se", "low", "high"} - set(roles)
        for column in self.sheet.header:
            if (
                column not in roles.values()
                and (near := names.nearest_role(column)) in needs
                and near is not None
            ):
                roles[near] = column
                needs.discard(near)
                self.findings.note(
                    Place(self.sheet.file, 1, column),
                    f'taken as "{near}"',
                    f'name it with columns={{"{near}": ...}} if not',
                )
        if "effect" in roles and self.effect is None:
            said = {row[self.at[roles["effect"]]].strip().upper() for row in self.sheet.rows} - {""}
            if len(said) == 1 and (word := said.pop()) in {str(e) for e in Effect}:
                self.effect = Effect(word)
        return roles

    def _drop_unused(self, roles: dict[str, str]) -> None:
        for role in ("mean", "sd", "events", "percent", "person_time"):
            roles.pop(role, None)

    def _paired_roles(self) -> dict[tuple[str, int], str]:
        found: dict[tuple[str, int], str] = {}
        for key, words in names.PAIRED.items():
            for column in self.sheet.header:
                if names.plain(column) in words:
                    found.setdefault(key, column)
        for i in (1, 2):
            counts = ("events", i) in found and (("n", i) in found or ("rest", i) in found)
            means = all((role, i) in found for role in ("mean", "sd", "n"))
            if not counts and not means:
                return {}
        return found

    def _has_values(self, column: str) -> bool:
        i = self.at[column]
        return any(row[i].casefold() not in _MISSING for row in self.sheet.rows)

    def _explain(self, roles: Mapping[str, str]) -> None:
        found = ", ".join(f'{role} = "{column}"' for role, column in roles.items()) or "none"
        raise InvalidDocument(
            f"{self.sheet.file}: the columns ({', '.join(self.sheet.header)}) do not make a network table; recognised: {found}. "
            "Expected either contrasts (study, treatment, comparator, and an estimate with its standard error, or HR/OR/RR with "
            "lower and upper) or arms (study, treatment, and events with n, or mean with sd and n). "
            'Name columns with columns={"study": ..., "treatment": ..., ...}',
            self.findings.items,
        )

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _contrasts(self, roles: Mapping[str, str]) -> list[_NumberedContrast]:
        named = "treatment" in roles and "comparator" in roles
        if not named:
            self.findings.note(
                Place(self.sheet.file),
                "no columns name the two arms",
                'every row is taken as "treatment" against "comparator"',
            )
        scale = self._printed_scale(roles)
        found = []
        for line, row in zip(self.sheet.lines, self.sheet.rows, strict=True):
            study = self._text(row, roles.get("study")) or f"row {line}"
            a = self._arm(row, roles.get("treatment"), line) if named else "treatment"
            b = self._arm(row, roles.get("comparator"), line) if named else "comparator"
            if not a or not b:
                self._refuse(
                    line,
                    roles.get("treatment" if not a else "comparator", ""),
                    "no name of an arm",
                    "name both arms",
                )
                continue
            if a == b:
                self._refuse(
                    line, roles["treatment"], f'"{a}" is compared with itself', "correct one of the arms"
                )
                continue
            value = self._effect_of(row, line, roles, scale)
            if value is not None and not (abs(value[0]) <= _LARGEST and 1 / _LARGEST <= value[1] <= _LARGEST):
                shown = f"estimate {value[0]:g} with standard error {value[1]:g}"
                self._refuse(
                    line, roles.get("estimate", roles.get("ratio", "")), shown, "expected 1e-6 to 1e6"
                )
            elif value is not None:
                found.append((line, Contrast(study, a, b, *value)))
        return found

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
        for row in self.sheet.rows[:500]:
            e, lo, hi = (_peek(row[self.at[roles[role]]]) for role in ("estimate", "low", "high"))
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
                "intervals are symmetric on the log scale",
                "taken as ratios and analysed as logarithms",
            )
            self.effect = self.effect or Effect.HR
            return "ratio"
        return "analysis"

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
                self._refuse(
                    line,
                    roles.get("se", roles.get("variance", "")),
                    f"standard error {se:g}",
                    "expected above 0",
                )
                return None
            return value, se
        if low is not None and high is not None:
            if not low <= value <= high or low == high:
                self._refuse(
                    line,
                    column,
                    f"estimate {value:g} outside its interval {low:g} to {high:g}",
                    "correct one of them",
                )
                return None
            centre, width = (low + high) / 2, high - low
            if abs(value - centre) > 0.05 * width:
                self.findings.note(
                    Place(self.sheet.file, line, column),
                    f"interval {low:g} to {high:g} is not symmetric around {value:g} (its centre is {centre:g})",
                    "kept, with the standard error from its width; check for a misprint",
                )
            return value, width / (2 * normal_quantile(0.95))
        self._refuse(line, column, "no standard error, variance or interval", "add one")
        return None

    def _ratio(
        self, row: tuple[str, ...], line: int, roles: Mapping[str, str], column: str,
        value: float, low: float | None, high: float | None, se: float | None,
    ) -> tuple[float, float] | None:  # fmt: skip
        if low is not None and high is not None:
            cells = (_clean(row[self.at[c]]) for c in (column, roles["low"], roles["high"]))
            reading = intake.from_interval(*cells)
        elif se is not None and se > 0 and value > 0:
            return math.log(value), se
        elif "p" in roles and row[self.at[roles["p"]]]:
            reading = intake.from_p_value(_clean(row[self.at[column]]), _clean(row[self.at[roles["p"]]]))
        else:
            self._refuse(
                line, column, "a ratio without interval, standard error of its logarithm, or p", "add one"
            )
            return None
        for problem in reading.problems:
            self.findings.note(
                Place(self.sheet.file, line, column), problem, "" if reading.is_usable else "row left out"
            )
        if not reading.is_usable or math.isnan(reading.se):
            self.left_out.append(line)
            return None
        return reading.estimate, reading.se

    def _long_arms(self, roles: Mapping[str, str]) -> list[_NumberedArm]:
        found = []
        for line, row in zip(self.sheet.lines, self.sheet.rows, strict=True):
            study = self._text(row, roles.get("study"))
            name = self._arm(row, roles["treatment"], line)
            if not study or not name:
                self._refuse(
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
    ) -> list[_NumberedArm]:
        found = []
        for line, row in zip(self.sheet.lines, self.sheet.rows, strict=True):
            study = self._text(row, study_column) or f"row {line}"
            for _, roles in sorted(wide.items()):
                if all(row[self.at[column]].casefold() in _MISSING for column in roles.values()):
                    continue
                name = self._arm(row, roles["treatment"], line)
                if not name:
                    self._refuse(line, roles["treatment"], "numbers without the arm's name", "name the arm")
                    continue
                arm = self._arm_of(row, line, study, name, roles)
                if arm is not None:
                    found.append((line, arm))
        return found

    def _paired_arms(
        self, roles: Mapping[str, str], paired: Mapping[tuple[str, int], str]
    ) -> list[_NumberedArm]:
        found = []
        labels = ("treatment", "comparator") if "treatment" in roles and "comparator" in roles else ()
        for line, row in zip(self.sheet.lines, self.sheet.rows, strict=True):
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
            self._refuse(line, column, f'{study}, "{name}": {problem[0]}', problem[1])
            return None
        if values.get("events") is None and values.get("percent") is not None:
            values["events"] = round((values["percent"] or 0.0) * (values["n"] or 0.0) / 100.0)
        number = {role: math.nan if v is None else v for role, v in values.items() if role != "percent"}
        return Arm(study, name, **number)

    # -- cells --------------------------------------------------------------------------------------------------------

    def _text(self, row: tuple[str, ...], column: str | None) -> str:
        return " ".join(row[self.at[column]].split()) if column else ""

    def _arm(self, row: tuple[str, ...], column: str | None, line: int) -> str:
        name = self._text(row, column)
        if name.casefold() in _MISSING:
            return ""
        known = self.spelling.setdefault(name.casefold(), name)
        if known != name and name not in self.spelling:
            self.spelling[name] = known
            self.findings.note(
                Place(self.sheet.file, line, column or ""),
                f'"{name}" and "{known}"',
                f'taken as one arm, "{known}"',
            )
        return known

    def _number(
        self, row: tuple[str, ...], line: int, column: str, *, optional: bool = False
    ) -> float | None:
        cell = row[self.at[column]]
        try:
            value = float(cell)
        except ValueError:
            if cell.casefold() in _MISSING:
                if not optional:
                    self._refuse(line, column, "empty", "fill in the number")
                return None
            parsed = _peek(cell)
            if parsed is None:
                self._refuse(line, column, f'"{cell}"', "expected a number")
                return None
            self.decimal_commas += bool(_DECIMAL_COMMA.match(cell.translate(_SIGNS)))
            return parsed
        if not math.isfinite(value):
            if not (optional and math.isnan(value)):
                self._refuse(line, column, cell, "expected a finite number")
            return None
        return value

    def _refuse(self, line: int, column: str, found: str, expected: str) -> None:
        self.left_out.append(line)
        self.findings.note(Place(self.sheet.file, line, column), found, f"{expected}; row left out")

    def _without_duplicates(
        self, contrasts: list[_NumberedContrast], arms: list[_NumberedArm]
    ) -> tuple[list[_NumberedContrast], list[_NumberedArm]]:
        first: dict[tuple[str, frozenset[str]], int] = {}
        kept_contrasts, kept_arms = [], []
        for line, c in contrasts:
            key = (c.study, frozenset((c.treatment, c.comparator)))
            if self._is_repeated(first, key, line, c.study, f"{c.treatment} against {c.comparator}"):
                continue
            kept_contrasts.append((line, c))
        for line, a in arms:
            if self._is_repeated(
                first, (a.study, frozenset((a.treatment,))), line, a.study, f'arm "{a.treatment}"'
            ):
                continue
            kept_arms.append((line, a))
        return kept_contrasts, kept_arms

    def _is_repeated(
        self,
        first: dict[tuple[str, frozenset[str]], int],
        key: tuple[str, frozenset[str]],
        line: int,
        study: str,
        what: str,
    ) -> bool:
        if key not in first:
            first[key] = line
            return False
        self._refuse(
            line,
            "study",
            f'study "{study}" gives {what} a second time (first in line {first[key]})',
            "name the studies apart, or delete one",
        )
        return True

    def _lonely(self, arms: Iterable[_NumberedArm]) -> None:
        seen: dict[str, list[int]] = {}
        for line, arm in arms:
            seen.setdefault(arm.study, []).append(line)
        for study, lines in seen.items():
            if len(lines) == 1:
                self.findings.note(
                    Place(self.sheet.file, lines[0], "study"),
                    f'study "{study}" has one usable arm',
                    "a contrast needs two; it adds nothing",
                )


_NumberedContrast = tuple[int, Contrast]
_NumberedArm = tuple[int, Arm]


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


def _default_effect(arms: list[_NumberedArm]) -> Effect | None:
    if not arms:
        return None
    first = arms[0][1]
    if not math.isnan(first.person_time):
        return Effect.IRR
    return Effect.MD if not math.isnan(first.mean) else Effect.OR


def _clean(cell: str) -> str:
    text = cell.translate(_SIGNS).strip().rstrip("%").strip()
    return text.replace(",", ".") if _DECIMAL_COMMA.match(text) else text


def _peek(cell: str) -> float | None:
    """A number as people print them, or None: decimal commas, raised points, typographic minus, percent signs."""
    text = cell.translate(_SIGNS).strip().rstrip("%").strip()
    if _DECIMAL_COMMA.match(text) and not (_THOUSANDS.match(text) and not text.startswith("0")):
        text = text.replace(",", ".")
    elif _THOUSANDS.match(text):
        text = text.replace(",", "")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
