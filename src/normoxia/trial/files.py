"""Trial documents: YAML read into protocols, every mistake found at once."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

from normoxia import documents, population, units
from normoxia import library as shipped
from normoxia.documents import Findings, Node
from normoxia.errors import (
    InvalidDocument,
    NormoxiaError,
    UnknownName,
    did_you_mean,
    nearest_name,
    shortened,
)
from normoxia.outcome import Source
from normoxia.pharmacology import NOTHING, Regimen, regimen
from normoxia.population import EVERYBODY, Condition, PopulationDocument, TableOne
from normoxia.population.files import check_levels, read_condition, read_covariates, read_source
from normoxia.trial.clinic_document import ClinicReader
from normoxia.trial.conduct.recist import Criteria
from normoxia.trial.protocol import (
    INDEPENDENT,
    INVESTIGATOR,
    PROGRESSED,
    RANDOMISED,
    AnalysisPlan,
    AnalysisSet,
    Arm,
    Assessment,
    BeyondProgression,
    Censoring,
    Contrast,
    FollowUp,
    NextLine,
    Trial,
    Visits,
)

#: what the name of a study of the registry is preceded by, where a trial is asked for
STUDY = "study:"
#: what the name of a design that is predicted blind is preceded by
FORECAST = "forecast:"
#: the regimen of an arm without a drug
PLACEBO = "placebo"
_PATH = re.compile(r"[^\s()]+\.ya?ml(?![^\s()])")
#: keys of the rules of response
_RESPONSE = ("confirmation", "stable", "assessor", "masked", "source", "verified")
#: days of the longest time of a protocol, and visits of the longest follow-up
_LONGEST, _MOST_VISITS = 36525.0, 5_000


def library() -> tuple[str, ...]:
    """Names of the trials that are shipped, sorted."""
    return shipped.names("trials")


def read(name: str | Path) -> Trial:
    """A trial by its shipped name, from a YAML file, as `study:NAME` of a study of the registry, or as `forecast:NAME`.

    raises  UnknownName with the nearest name; InvalidDocument with every finding of the file; InvalidArgument for a
            study or design that cannot be run, with the reason
    """
    if str(name).startswith(STUDY):
        from normoxia.trial.making import from_study

        return from_study.preferred(str(name).removeprefix(STUDY))
    if str(name).startswith(FORECAST):
        from normoxia.trial.making import designs

        return designs.read(str(name).removeprefix(FORECAST))
    try:
        path = shipped.find("trials", name)
    except UnknownName as error:
        raise _with_prefix(error) from None
    text = documents.text_of(path)
    return parse(documents.parse(text, str(path)), text)


def _with_prefix(error: UnknownName) -> UnknownName:
    """The same error; where the name is a study's or a design's, with the prefix that asks for it."""
    from normoxia.evidence.studies.registry import plain_name

    wanted = plain_name(error.name)
    kinds = ((STUDY, "studies"), (FORECAST, "forecasts"))
    meant = [
        prefix + n
        for prefix, kind in kinds
        for n in shipped.names(kind)
        if plain_name(n).startswith(wanted)
    ]
    if not wanted or not meant:
        return error
    return UnknownName(
        error.kind, error.name, error.known, remedy=f"ask for {' or '.join(meant[:4])}"
    )


def parse(root: Node, text: str = "") -> Trial:
    """A trial from its document's root. Raises InvalidDocument with every finding."""
    return _Reader().trial(root, text)


def beside(node: Node, name: str) -> str:
    """A document a protocol names: the path of a file that stands beside the protocol, else the name as it is."""
    if not name.endswith((".yaml", ".yml")):
        return name
    path = str(Path(node.place.file).parent / name)
    return path if _is_file(path) else name


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # no name of a file: too long
        return False


def documents_in(text: str) -> tuple[str, ...]:
    """Paths of documents that a protocol's text names: drugs, a population, a model, sorted."""
    return tuple(sorted({match[0].strip("\"'[]{},") for match in _PATH.finditer(text)}))


def _with_paths(node: Node, text: str) -> str:
    """A regimen whose drugs that are named by a path beside the protocol are named by one that can be opened."""
    if ".y" not in text:
        return text
    return _PATH.sub(lambda match: beside(node, match[0]), text)


class _Reader:
    """Reads one document and collects its findings."""

    def __init__(self) -> None:
        self.findings = Findings()
        self.known: tuple[str, ...] | None = None
        self.document = PopulationDocument("", "", ())

    def trial(self, root: Node, text: str) -> Trial:
        required = ("trial", "title", "model", "population", "arms", "visits", "follow_up")
        optional = (
            "study",
            "eligibility",
            "sets",
            "contrasts",
            "response",
            "clinic",
            "baseline",
            "notes",
            "analysis",
            "keep",
        )
        got = root.fields(self.findings, required, optional)

        def part(key: str) -> Node:
            return got.get(key, Node(None, replace(root.place, key=key)))

        self.document = self.population(part("population"))
        # a population that cannot be read is one finding; names of covariates are then nobody's to judge
        self.known = tuple(c.name for c in self.document.covariates) or None
        arms = self.arms(part("arms"))
        visits = self.visits(part("visits"), arms)
        trial = Trial(
            self.text(part("trial")),
            self.titles(part("title")),
            self.study(part("study")) if "study" in got else "",
            beside(part("model"), self.text(part("model"))),
            self.document,
            self.condition(part("eligibility")) if "eligibility" in got else EVERYBODY,
            arms,
            self.sets(part("sets"))
            if "sets" in got
            else (AnalysisSet("all", {"en": "all patients", "zh": "全部患者"}, EVERYBODY),),
            self.contrasts(part("contrasts"), arms),
            visits,
            self.criteria(part("response"), visits),
            self.follow_up(part("follow_up")),
            ClinicReader(self.findings, self.document, self.known).read(part("clinic")),
            self.baseline(part("baseline")),
            text=text,
            file=root.place.file,
            notes=tuple(entry.text(self.findings) for entry in part("notes").items(self.findings)),
            plan=self.plan(part("analysis")),
            assessment=self.assessment(part("response")),
            kept=tuple(entry.text(self.findings) for entry in part("keep").items(self.findings)),
        )
        self.model(part("model"), trial.model)
        self.visit_count(part("visits"), trial)
        self.findings.raise_any(InvalidDocument)
        return trial

    def visit_count(self, node: Node, trial: Trial) -> None:
        """Note visits that are too many to keep for every patient."""
        count = trial.visits.count(trial.horizon)
        if count > _MOST_VISITS:
            self.note(
                node,
                f"{count:,.0f} visits up to the last cut",
                f"expected {_MOST_VISITS:,} at most",
            )

    # small parts

    def study(self, node: Node) -> str:
        """The name of the published study, which the registry must hold."""
        name = self.text(node)
        if name.lower() not in shipped.names("studies"):
            from normoxia.evidence.studies.registry import registry

            try:
                registry()[name]
            except NormoxiaError as error:
                self.note(node, str(error))
        return name

    def note(self, node: Node, found: str, expected: str = "") -> None:
        self.findings.note(node.place, found, expected)

    def text(self, node: Node) -> str:
        return node.text(self.findings) if node.value is not None else ""

    def titles(self, node: Node) -> dict[str, str]:
        if node.is_mapping:
            return {
                language: entry.text(self.findings)
                for language, entry in node.entries(self.findings).items()
            }
        return {"en": self.text(node)}

    def days(self, node: Node, minimum: float = 0.0) -> float:
        """A time with its unit, such as "6 weeks", in days."""
        if node.is_mapping or node.is_list or node.value is None:
            self.note(node, "found no time", 'expected one with its unit, such as "6 weeks"')
            return math.nan
        words = str(node.value).split()
        if len(words) != 2:
            self.note(
                node,
                f'found "{shortened(str(node.value))}"',
                'expected a number and a unit, such as "6 weeks" or "12 months"',
            )
            return math.nan
        try:
            days = units.convert(float(words[0]), words[1], "day")
        except ValueError as error:
            self.note(node, f'found "{node.value}" ({error})', 'expected a time, such as "6 weeks"')
            return math.nan
        if not minimum <= days <= _LONGEST:
            expected = (
                f"expected at least {minimum:g} days"
                if days < minimum
                else "expected 100 years at most"
            )
            self.note(node, f"found {node.value}", expected)
            return math.nan
        return days

    def condition(self, node: Node) -> Condition:
        condition = read_condition(node, self.findings, self.known)
        check_levels(condition, node, self.document, self.findings)
        return condition

    def share(self, node: Node) -> float:
        return node.number(self.findings, 0.0, 1.0)

    def source(self, node: Node, got: dict[str, Node]) -> Source:
        return read_source(node, got, self.findings)

    # sections

    def population(self, node: Node) -> PopulationDocument:
        got = node.fields(self.findings, ("document",), ("covariates",))
        if "document" not in got:
            return self.document
        name = got["document"].text(self.findings)
        try:
            document = population.read(beside(node, name))
        except NormoxiaError as error:
            self.note(got["document"], str(error))
            return self.document
        if "covariates" not in got:
            return document
        known = tuple(c.name for c in document.covariates)
        changed = read_covariates(
            got["covariates"], self.findings, known=known, latents=document.latents
        )
        for covariate, entry in zip(
            changed, got["covariates"].entries(self.findings).values(), strict=True
        ):
            if covariate.name not in known:
                self.note(
                    entry,
                    f'unknown covariate "{covariate.name}"',
                    did_you_mean(covariate.name, known).removeprefix("; "),
                )
        return document.with_covariates({c.name: c for c in changed if c.name in known})

    def regimen(self, node: Node) -> Regimen:
        """Courses given together, one text or several; "placebo" is nothing; every wrong one is a finding."""
        together = NOTHING
        entries = node.items(self.findings) if node.is_list else [node]
        for entry in entries:
            if entry.value is None or entry.value == PLACEBO:
                continue
            try:
                together = together + regimen(_with_paths(entry, entry.text(self.findings)))
            except NormoxiaError as error:
                self.note(entry, str(error))
        if not self.findings.items and len(entries) > 1:
            try:
                regimen([_with_paths(entry, entry.text(self.findings)) for entry in entries])
            except NormoxiaError as error:
                self.note(node, str(error))
        return together

    def arms(self, node: Node) -> tuple[Arm, ...]:
        entries = node.entries(self.findings)
        if not entries:
            self.note(node, "no arm", "expected at least one")
        return tuple(self.arm(name, entry) for name, entry in entries.items())

    def arm(self, name: str, node: Node) -> Arm:
        required, optional = (
            ("n", "regimen"),
            ("title", "given_to", "beyond_progression", "next_line", "source", "verified", "note"),
        )
        got = node.fields(self.findings, required, optional)
        given, understood = NOTHING, False
        if "regimen" in got:
            before = len(self.findings.items)
            given = self.regimen(got["regimen"])
            none = not given.courses and got["regimen"].value != PLACEBO
            understood = len(self.findings.items) == before
            if none and understood:
                self.note(
                    got["regimen"],
                    f'arm "{name}" gives no drug',
                    "name at least one, with its dose, or placebo",
                )
        n = got["n"].whole(self.findings, 1) if "n" in got else 0
        lines = (
            tuple(self.next_line(entry) for entry in got["next_line"].items(self.findings))
            if "next_line" in got
            else ()
        )
        if sum(line.share for line in lines) > 1.0 + 1e-9:
            self.note(
                got["next_line"],
                f"the shares sum to {sum(line.share for line in lines):g}",
                "expected 1 at most",
            )
        if len({line.share_of for line in lines}) > 1:
            self.note(
                got["next_line"],
                "shares of the randomised beside shares of the progressed",
                f"expected one share_of for all next lines of an arm: {RANDOMISED} or {PROGRESSED}",
            )
        beyond = (
            self.beyond(got["beyond_progression"], given if understood else None)
            if "beyond_progression" in got
            else None
        )
        titles = self.titles(got["title"]) if "title" in got else {"en": name}
        limited = (
            self.given_to(got["given_to"], given if understood else None)
            if "given_to" in got
            else {}
        )
        source = self.source(node, got)
        return Arm(name, titles, n, given, lines, beyond, source, node.place, limited)

    def given_to(self, node: Node, given: Regimen | None) -> dict[str, Condition]:
        """By drug of the arm, the patients who get it."""
        found = {}
        for drug, entry in node.entries(self.findings).items():
            name = _with_paths(entry, drug)
            if given is not None and name not in given.drugs:
                self.not_given(entry, name, given)
            found[name] = self.condition(entry)
        return found

    def not_given(self, node: Node, drug: str, given: Regimen) -> None:
        """Note a drug that an arm says more of and does not give."""
        self.note(
            node,
            f'"{drug}" is not given by the arm',
            did_you_mean(drug, given.drugs, nearest_name).removeprefix("; "),
        )

    def next_line(self, node: Node) -> NextLine:
        got = node.fields(
            self.findings, ("title", "regimen", "share"), ("share_of", "source", "verified")
        )
        given = self.regimen(got["regimen"]) if "regimen" in got else NOTHING
        title = got["title"].text(self.findings) if "title" in got else ""
        share_of = RANDOMISED
        if "share_of" in got:
            share_of = got["share_of"].text(self.findings, (RANDOMISED, PROGRESSED))
        return NextLine(
            title,
            given,
            self.share(got["share"]) if "share" in got else 0.0,
            self.source(node, got),
            share_of,
        )

    def beyond(self, node: Node, given: Regimen | None) -> BeyondProgression:
        """Treatment past progression; drugs are not held against a regimen that was not understood (None)."""
        got = node.fields(self.findings, ("share", "drugs"), ("source", "verified"))
        drugs = (
            tuple(entry.text(self.findings) for entry in got["drugs"].items(self.findings))
            if "drugs" in got
            else ()
        )
        drugs = tuple(_with_paths(node, drug) for drug in drugs)
        for drug in drugs:
            if given is not None and drug not in given.drugs:
                self.not_given(got["drugs"], drug, given)
        return BeyondProgression(
            self.share(got["share"]) if "share" in got else 0.0, drugs, self.source(node, got)
        )

    def visits(self, node: Node, arms: tuple[Arm, ...]) -> Visits:
        got = node.fields(
            self.findings, ("first", "every", "window"), ("later", "source", "verified")
        )
        first = self.days(got["first"]) if "first" in got else math.nan
        every = self.days(got["every"], 1.0) if "every" in got else math.nan
        window = self.days(got["window"]) if "window" in got else 0.0
        changes = []
        for entry in got["later"].items(self.findings) if "later" in got else []:
            parts = entry.fields(self.findings, ("from", "every"))
            if len(parts) == 2:
                changes.append((self.days(parts["from"]), self.days(parts["every"], 1.0)))
        if "first" in got:
            for arm in arms:
                begins = min(
                    (course.start + course.days[0] for course in arm.regimen.courses), default=0.0
                )
                if first - window <= begins:
                    self.note(
                        got["first"],
                        f'a visit as early as day {first - window:g}, not after the first dose of arm "{arm.id}" on day {begins:g}',
                        "the baseline scan needs no visit; begin later",
                    )
        if math.isfinite(every) and 2 * window >= every:
            self.note(
                got["window"],
                f"a window of {window:g} days about visits {every:g} days apart",
                "make it shorter: visits overlap",
            )
        if not math.isfinite(first + every + window):
            return Visits(
                21.0, 21.0
            )  # a finding was made; what depends on visits is not judged by them
        return Visits(
            first, every, tuple(sorted(c for c in changes if math.isfinite(c[0] + c[1]))), window
        )

    def criteria(self, node: Node, visits: Visits) -> Criteria:
        """Read the rules of response; disease counts as stable from the earliest day of the first scan."""
        got = node.fields(self.findings, (), _RESPONSE)
        default = Criteria()
        return Criteria(
            confirmation_days=self.days(got["confirmation"])
            if "confirmation" in got
            else default.confirmation_days,
            stable_days=self.days(got["stable"])
            if "stable" in got
            else visits.first - visits.window,
        )

    def assessment(self, node: Node) -> Assessment:
        """Read who reads the scans that count, from the rules of response."""
        got = node.fields(Findings(), (), _RESPONSE)  # their mistakes are noted by `criteria`
        assessor = ""
        if "assessor" in got:
            assessor = got["assessor"].text(self.findings, (INVESTIGATOR, INDEPENDENT))
        masked = "masked" in got and got["masked"].boolean(self.findings)
        return Assessment(assessor, masked)

    def plan(self, node: Node) -> AnalysisPlan:
        """Read how the trial is analysed."""
        keys = ("censoring", "strata", "rmst_months", "events", "source", "verified")
        got = node.fields(self.findings, (), keys)
        rule = Censoring.EMA
        if "censoring" in got:
            names = tuple(one.value for one in Censoring)
            name = got["censoring"].text(self.findings, names)
            rule = Censoring(name) if name in names else rule
        strata = tuple(
            entry.text(self.findings, self.known)
            for entry in (got["strata"].items(self.findings) if "strata" in got else ())
        )
        months = got["rmst_months"].number(self.findings, 0.0) if "rmst_months" in got else 0.0
        cuts = got["events"].fields(self.findings, (), ("PFS", "OS")) if "events" in got else {}
        events = {
            endpoint: tuple(
                sorted(entry.whole(self.findings, 1) for entry in numbers.items(self.findings))
            )
            for endpoint, numbers in cuts.items()
        }
        source = self.source(node, got) if got else None
        return AnalysisPlan(
            censoring=rule, strata=strata, rmst_months=months, events=events, source=source
        )

    def sets(self, node: Node) -> tuple[AnalysisSet, ...]:
        found = []
        for name, entry in node.entries(self.findings).items():
            got = entry.fields(self.findings, (), ("title", "where", "published"))
            where = self.condition(got["where"]) if "where" in got else EVERYBODY
            titles = self.titles(got["title"]) if "title" in got else {"en": name}
            names = got["published"].items(self.findings) if "published" in got else []
            found.append(
                AnalysisSet(name, titles, where, tuple(n.text(self.findings) for n in names))
            )
        return tuple(found)

    def contrasts(self, node: Node, arms: tuple[Arm, ...]) -> tuple[Contrast, ...]:
        names = tuple(arm.id for arm in arms)
        found = []
        for entry in node.items(self.findings):
            got = entry.fields(self.findings, ("experimental", "control"))
            if len(got) == 2:
                pair = [
                    got[key].text(self.findings, names or None)
                    for key in ("experimental", "control")
                ]
                if pair[0] == pair[1]:
                    self.note(entry, f'arm "{pair[0]}" is compared with itself', "name two arms")
                found.append(Contrast(pair[0], pair[1]))
        return tuple(found)

    def follow_up(self, node: Node) -> FollowUp:
        got = node.fields(
            self.findings, ("accrual", "progression_cut", "survival_cut", "source"), ("verified",)
        )
        times = [
            self.days(got[key]) if key in got else math.nan
            for key in ("accrual", "progression_cut", "survival_cut")
        ]
        return FollowUp(times[0], times[1], times[2], self.source(node, got))

    def baseline(self, node: Node) -> tuple[TableOne, ...]:
        found = []
        for entry in node.items(self.findings):
            got = entry.fields(
                self.findings,
                ("title", "published", "source"),
                ("share_of", "median_of", "arm", "verified"),
            )
            if ("share_of" in got) == ("median_of" in got):
                self.note(
                    entry, "found both or neither of share_of and median_of", "expected one of them"
                )
            median_of = (
                got["median_of"].text(self.findings, self.known) if "median_of" in got else ""
            )
            found.append(
                TableOne(
                    self.text(got["title"]) if "title" in got else "",
                    got["published"].number(self.findings) if "published" in got else math.nan,
                    self.condition(got["share_of"]) if "share_of" in got else None,
                    median_of,
                    got["arm"].text(self.findings) if "arm" in got else "",
                    self.source(entry, got),
                )
            )
        return tuple(found)

    def model(self, node: Node, name: str) -> None:
        if name.endswith((".yaml", ".yml")) and not _is_file(name):
            self.note(
                node,
                f'model "{name}": no such file',
                "check the name; it may stand beside the protocol",
            )
        elif name and not name.endswith((".yaml", ".yml")) and name not in shipped.names("models"):
            self.note(
                node,
                f'model "{name}" is not known',
                did_you_mean(name, shipped.names("models")).removeprefix("; "),
            )
