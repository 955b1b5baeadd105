"""Study documents: reading one file into a `Study`, with every finding at once.

The form is described in docs/reference/evidence.md and, for editors, by `library/studies/study.schema.json`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from normoxia import documents
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidDocument, did_you_mean
from normoxia.evidence.studies.reported import (
    CLAIM_KEYS,
    CLAIM_KINDS,
    REVIEW,
    SOURCE_KINDS,
    Arm,
    Curve,
    Fact,
    Recalled,
    Reference,
    ReportedOutcome,
    ReviewClaim,
    ReviewEntry,
    ReviewFigure,
    Setting,
)
from normoxia.evidence.studies.study import Population, Study
from normoxia.outcome import Endpoint, Estimate, Measure

GROUPS = ("review", "context", "context_extra", "randomised", "user")
LINES = ("first", "maintenance", "second or later", "third or later", "after TKI", "unstated")
HISTOLOGIES = ("non-squamous", "squamous", "any", "unstated")
DRIVERS = ("wild-type", "mutant", "mixed", "unstated")
CLASSES = (
    "ICI/PD-1",
    "ICI/PD-L1",
    "ICI/unspecified",
    "anti-angiogenic/VEGF antibody",
    "anti-angiogenic/VEGFR TKI",
    "anti-angiogenic/endostatin",
    "bispecific/PD-1 x VEGF",
    "bispecific/PD-L1 x VEGF",
    "fusion protein/PD-L1 x TGF-beta",
    "chemotherapy/platinum-taxane",
    "chemotherapy/platinum-pemetrexed",
    "chemotherapy/platinum-gemcitabine",
    "chemotherapy/platinum doublet",
    "chemotherapy/docetaxel",
    "chemotherapy/single agent",
    "chemotherapy/unspecified",
    "targeted/EGFR TKI",
    "targeted/EGFR antibody",
    "targeted/other",
    "antibody-drug conjugate",
    "CTLA-4 antibody",
    "TIGIT antibody",
    "vascular agent",
    "other agent",
    "placebo",
)
SETTLED = ("agrees", "differs")
#: fields by which a reader finds a publication; `read_at` is the page where a copy of it was read
LOCATORS = ("pmid", "doi", "url")
#: what a document writes for "not reached" or "not estimable"
NOT_REACHED = ("NR", "NE")
#: endpoints that are times: without a month their value is a median
_TIMES = (Endpoint.PFS, Endpoint.OS, Endpoint.DOR)
_CONTRAST_MEASURES = {
    "HR": Measure.HAZARD_RATIO,
    "OR": Measure.ODDS_RATIO,
    "RR": Measure.RISK_RATIO,
}


def read(path: str | Path) -> Study:
    """The study a document describes.

    path    a YAML file in UTF-8 (a byte-order mark is tolerated)
    raises  InvalidDocument with every finding: not YAML, unknown keys, words outside the lists, numbers written with
            commas, arms or sources that are not declared, populations named twice
    """
    file = Path(path)
    if not file.exists():
        raise InvalidDocument(f"{file}: no such file or folder; check the name")
    if file.suffix.lower() not in (".yaml", ".yml"):
        raise InvalidDocument(
            f'{file}: a study document is a YAML file, this one ends in "{file.suffix}"; tables of effects go to `pool`'
        )
    _refuse_other_encodings(file)
    return study(documents.load(file))


def study(root: Node) -> Study:
    """The study a parsed document describes. Raises InvalidDocument with every finding."""
    findings = Findings()
    built = _Reader(findings).study(root)
    findings.raise_any()
    return built


def _refuse_other_encodings(file: Path) -> None:
    """Name the encoding when a file is not UTF-8, since "not UTF-8" alone does not say what to do."""
    try:
        raw = file.read_bytes()
    except OSError:
        return  # documents.load says what is wrong
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidDocument(f"{file}: is UTF-16 text; save it as UTF-8")
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        for encoding, name in (("gb18030", "GBK (GB18030)"), ("cp1252", "Windows-1252")):
            try:
                raw.decode(encoding)
            except UnicodeDecodeError:
                continue
            line = raw[: error.start].count(b"\n") + 1
            raise InvalidDocument(
                f"{file}:{line}: not UTF-8; it reads as {name}; save it as UTF-8"
            ) from None


class _Reader:
    """Walks a document's nodes and notes findings; one instance a document."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.arms: set[str] = set()
        self.sources: set[str] = {REVIEW}

    def study(self, root: Node) -> Study:
        f = root.fields(
            self.findings,
            ("study", "title", "group", "design", "setting"),
            (
                "phase",
                "identifiers",
                "identity",
                "primary_endpoints",
                "primary_endpoint_met",
                "isolates",
                "note",
                "sources",
                "arms",
                "pools",
                "populations",
                "unverified",
                "review",
            ),
        )
        references = {
            key: self.reference(key, node) for key, node in self.entries(f, "sources").items()
        }
        self.sources |= set(references)
        arms = tuple(self.arm(key, node) for key, node in self.entries(f, "arms").items())
        pools = {
            key: tuple(n.text(self.findings) for n in node.items(self.findings))
            for key, node in self.entries(f, "pools").items()
        }
        self.arms = {arm.id for arm in arms} | set(pools)
        for key, members in pools.items():
            for member in members:
                if member not in self.arms:
                    self.findings.note(
                        f["pools"].place,
                        f'pool "{key}" names arm "{member}"',
                        "which is not declared",
                    )
        return Study(
            id=self.word(f, "study"),
            title=self.word(f, "title"),
            group=self.word(f, "group", GROUPS),
            phase=self.word(f, "phase"),
            design=self.word(f, "design"),
            setting=self.setting(f["setting"]) if "setting" in f else Setting(),
            arms=arms,
            populations=tuple(
                self.population(key, node) for key, node in self.entries(f, "populations").items()
            ),
            sources=references,
            identifiers=self.words(f, "identifiers"),
            identity=self.word(f, "identity"),
            primary_endpoints=self.words(f, "primary_endpoints"),
            primary_endpoint_met=self.word(f, "primary_endpoint_met") or "unstated",
            isolates=self.word(f, "isolates"),
            note=self.word(f, "note"),
            pools=pools,
            unverified=tuple(self.recalled(node) for node in self.listed(f, "unverified")),
            review=self.review(f["review"]) if "review" in f else ReviewEntry(),
            file=root.place.file,
        )

    def reference(self, key: str, node: Node) -> Reference:
        f = node.fields(self.findings, ("citation", "kind"), (*LOCATORS, "read_at"))
        if not any(name in f for name in (*LOCATORS, "read_at")):
            self.findings.note(
                node.place,
                f'source "{key}" cannot be found by a reader',
                "give pmid, doi or url, or read_at: the page of a copy",
            )
        kind = self.word(f, "kind", SOURCE_KINDS)
        places = {name: self.word(f, name) for name in (*LOCATORS, "read_at")}
        return Reference(key, self.word(f, "citation"), kind, **places)

    def setting(self, node: Node) -> Setting:
        names = (
            "line",
            "histology",
            "driver",
            "pdl1",
            "selection",
            "stage",
            "prior_therapy",
            "enrolment",
            "country",
            "crossover",
            "scan_interval",
        )
        f = node.fields(self.findings, (), (*names, "stated", "sources"))
        legal = {"line": LINES, "histology": HISTOLOGIES, "driver": DRIVERS}
        values = {name: self.word(f, name, legal.get(name)) for name in names if name in f}
        stated = {key: n.text(self.findings) for key, n in self.entries(f, "stated").items()}
        return Setting(
            **values, stated=stated, sources=tuple(self.known(n) for n in self.listed(f, "sources"))
        )

    def arm(self, key: str, node: Node) -> Arm:
        f = node.fields(
            self.findings,
            ("label", "regimen", "classes"),
            ("n", "cycles", "maintenance", "note", "source"),
        )
        classes = tuple(n.text(self.findings, CLASSES) for n in self.listed(f, "classes"))
        if "regimen" in f and not f["regimen"].value:
            self.findings.note(
                f["regimen"].place, f'arm "{key}" gives no drug', "name at least one"
            )
        return Arm(
            id=key,
            label=self.word(f, "label"),
            regimen=self.words(f, "regimen"),
            classes=classes,
            n=self.size(f, "n"),
            cycles=self.word(f, "cycles"),
            maintenance=self.word(f, "maintenance"),
            note=self.word(f, "note"),
            source=self.source(f),
        )

    def population(self, key: str, node: Node) -> Population:
        f = node.fields(
            self.findings,
            ("definition",),
            (
                "set",
                "n",
                "follow_up",
                "follow_up_note",
                "cutoff",
                "strata",
                "outcomes",
                "contrasts",
                "facts",
                "curves",
            ),
        )
        strata = {name: n.text(self.findings) for name, n in self.entries(f, "strata").items()}
        for name in strata:
            if name not in ("line", "histology", "driver", "pdl1", "selection"):
                self.findings.note(
                    f["strata"].place,
                    f'unknown stratum "{name}"',
                    "expected line, histology, driver, pdl1",
                )
        return Population(
            id=key,
            definition=self.word(f, "definition"),
            set=self.word(f, "set") or key,
            n=self.size(f, "n"),
            follow_up=f["follow_up"].number(self.findings, 0.0) if "follow_up" in f else math.nan,
            follow_up_note=self.word(f, "follow_up_note"),
            cutoff=self.word(f, "cutoff"),
            strata=strata,
            reported=(
                *(self.outcome(key, n) for n in self.listed(f, "outcomes")),
                *(self.contrast(key, n) for n in self.listed(f, "contrasts")),
            ),
            facts=tuple(self.fact(n) for n in self.listed(f, "facts")),
            curves=tuple(self.curve(n) for n in self.listed(f, "curves")),
        )

    def outcome(self, population: str, node: Node) -> ReportedOutcome:
        f = node.fields(
            self.findings,
            ("arm", "endpoint", "value", "source"),
            (
                "interval",
                "level",
                "month",
                "n",
                "grades",
                "assessor",
                "derived",
                "superseded",
                "also",
                "recalled",
                "note",
            ),
        )
        endpoint = self.endpoint(f)
        month = f["month"].number(self.findings, 0.0) if "month" in f else math.nan
        measure = Measure.PERCENT
        if endpoint in _TIMES:
            measure = Measure.MEDIAN_MONTHS if math.isnan(month) else Measure.LANDMARK_PERCENT
        elif not math.isnan(month):
            self.findings.note(f["month"].place, f"{endpoint} has no landmark", "leave month out")
        top = math.inf if measure is Measure.MEDIAN_MONTHS else 100.0
        return ReportedOutcome(
            population=population,
            endpoint=endpoint,
            measure=measure,
            estimate=self.estimate(f, top),
            arm=self.arm_name(f, "arm"),
            months=month,
            n=self.size(f, "n"),
            grades=self.word(f, "grades"),
            assessor=self.word(f, "assessor"),
            derived="derived" in f and f["derived"].boolean(self.findings),
            superseded=self.word(f, "superseded"),
            source=self.source(f),
            also=self.also(f),
            recalled=self.word(f, "recalled", SETTLED),
            note=self.word(f, "note"),
            line=node.place.line,
        )

    def contrast(self, population: str, node: Node) -> ReportedOutcome:
        f = node.fields(
            self.findings,
            ("endpoint", "arm", "comparator", "source"),
            (
                "measure",
                "value",
                "interval",
                "level",
                "p",
                "assessor",
                "adjusted",
                "derived",
                "superseded",
                "also",
                "recalled",
                "note",
            ),
        )
        measure = _CONTRAST_MEASURES.get(
            self.word(f, "measure", _CONTRAST_MEASURES) or "HR", Measure.HAZARD_RATIO
        )
        if "value" not in f and "p" not in f:
            self.findings.note(
                node.place, "a contrast with neither value nor p", "give one of them"
            )
        return ReportedOutcome(
            population=population,
            endpoint=self.endpoint(f),
            measure=measure,
            estimate=self.estimate(f, math.inf),
            arm=self.arm_name(f, "arm"),
            comparator=self.arm_name(f, "comparator"),
            p=self.word(f, "p"),
            assessor=self.word(f, "assessor"),
            adjusted=self.word(f, "adjusted"),
            derived="derived" in f and f["derived"].boolean(self.findings),
            superseded=self.word(f, "superseded"),
            source=self.source(f),
            also=self.also(f),
            recalled=self.word(f, "recalled", SETTLED),
            note=self.word(f, "note"),
            line=node.place.line,
        )

    def estimate(self, f: dict[str, Node], top: float) -> Estimate:
        value = self.end(f["value"], math.inf, top) if "value" in f else math.nan
        low = high = math.nan
        if "interval" in f:
            ends = f["interval"].items(self.findings)
            if len(ends) != 2:
                self.findings.note(
                    f["interval"].place, f"an interval of {len(ends)} numbers", "write [low, high]"
                )
            else:
                low, high = self.end(ends[0], -math.inf, top), self.end(ends[1], math.inf, top)
        level = f["level"].number(self.findings, 50.0, 99.9) / 100.0 if "level" in f else 0.95
        return Estimate(value, low, high, level)

    def end(self, node: Node, not_reached: float, top: float) -> float:
        if isinstance(node.value, str):
            if node.value in NOT_REACHED:
                return not_reached
            if node.value.replace(",", "", 1).replace(".", "", 1).isdigit() and "," in node.value:
                self.findings.note(
                    node.place,
                    f'"{node.value}" is written with a comma',
                    "write decimals with a point",
                )
                return math.nan
        return node.number(self.findings, 0.0, top)

    def fact(self, node: Node) -> Fact:
        f = node.fields(
            self.findings,
            ("what", "value", "source"),
            ("arm", "interval", "unit", "recalled", "note"),
        )
        low = high = math.nan
        if "interval" in f and len(ends := f["interval"].items(self.findings)) == 2:
            low, high = (
                self.end(ends[0], -math.inf, math.inf),
                self.end(ends[1], math.inf, math.inf),
            )
        arm = self.arm_name(f, "arm") if "arm" in f and f["arm"].value != "all" else ""
        return Fact(
            arm,
            self.word(f, "what"),
            self.value(f),
            low,
            high,
            self.word(f, "unit"),
            self.source(f),
            self.word(f, "recalled", SETTLED),
            self.word(f, "note"),
        )

    def curve(self, node: Node) -> Curve:
        f = node.fields(
            self.findings,
            ("arm", "endpoint", "derived", "n", "events", "points", "dataset", "source"),
            ("population", "median"),
        )
        if "derived" in f and f["derived"].value is not True:
            self.findings.note(
                f["derived"].place, "a digitised curve not marked as derived", "write derived: true"
            )
        points = []
        for point in self.listed(f, "points"):
            row = point.items(self.findings)
            if len(row) != 3:
                self.findings.note(
                    point.place, f"a point of {len(row)} numbers", "write [month, percent, at risk]"
                )
            else:
                month, percent = (n.number(self.findings, 0.0) for n in row[:2])
                points.append((month, percent, row[2].whole(self.findings, 0)))
        return Curve(
            arm=self.arm_name(f, "arm"),
            endpoint=self.endpoint(f),
            population=self.word(f, "population"),
            n=self.size(f, "n"),
            events=self.size(f, "events"),
            median=f["median"].number(self.findings, 0.0) if "median" in f else math.nan,
            points=tuple(points),
            dataset=self.word(f, "dataset"),
            source=self.source(f),
        )

    def recalled(self, node: Node) -> Recalled:
        f = node.fields(
            self.findings,
            ("what", "value"),
            ("arm", "population", "interval", "unit", "note", "settled"),
        )
        low = high = math.nan
        if "interval" in f and len(ends := f["interval"].items(self.findings)) == 2:
            low, high = (
                self.end(ends[0], -math.inf, math.inf),
                self.end(ends[1], math.inf, math.inf),
            )
        return Recalled(
            self.word(f, "what"),
            self.value(f),
            self.word(f, "arm"),
            self.word(f, "population"),
            low,
            high,
            self.word(f, "unit"),
            self.word(f, "note"),
            self.word(f, "settled"),
        )

    def review(self, node: Node) -> ReviewEntry:
        f = node.fields(self.findings, (), ("figures", "claims"))
        return ReviewEntry(
            tuple(self.figure(n) for n in self.listed(f, "figures")),
            tuple(self.claim(n) for n in self.listed(f, "claims")),
        )

    def figure(self, node: Node) -> ReviewFigure:
        f = node.fields(
            self.findings,
            ("what", "value", "place", "line"),
            ("arm", "population", "unit", "quote", "note"),
        )
        arm = self.arm_name(f, "arm") if "arm" in f else ""
        return ReviewFigure(
            self.word(f, "what"),
            self.value(f),
            self.word(f, "place"),
            self.size(f, "line"),
            arm,
            *(self.word(f, key) for key in ("population", "unit", "quote", "note")),
        )

    def claim(self, node: Node) -> ReviewClaim:
        f = node.fields(self.findings, ("kind", "says", "place", "line"), ("quote",))
        said = self.entries(f, "says")
        kind = self.word(f, "kind", CLAIM_KINDS)
        for key in CLAIM_KEYS.get(kind, ()) if "says" in f else ():
            if key not in said:
                self.findings.note(
                    f["says"].place, f'a claim of kind "{kind}" without "{key}"', "say it"
                )
        for key in ("arm", "comparator"):
            if key in said:
                self.arm_name(said, key)
        for key in ("arms", "endpoints", "cuts", "may_concern"):
            if key in said and not said[key].is_list:
                self.findings.note(said[key].place, f'"{key}" is no list', "write [first, second]")
        says = {key: n.plain() for key, n in said.items()}
        return ReviewClaim(
            kind, says, self.word(f, "place"), self.size(f, "line"), self.word(f, "quote")
        )

    # what the fields have in common

    def entries(self, f: dict[str, Node], key: str) -> dict[str, Node]:
        return f[key].entries(self.findings) if key in f else {}

    def listed(self, f: dict[str, Node], key: str) -> list[Node]:
        return f[key].items(self.findings) if key in f else []

    def word(self, f: dict[str, Node], key: str, choices: Iterable[str] | None = None) -> str:
        if key not in f:
            return ""
        value = f[key].value
        if isinstance(value, bool):
            return "yes" if value else "no"
        return f[key].text(self.findings, choices)

    def words(self, f: dict[str, Node], key: str) -> tuple[str, ...]:
        return tuple(node.text(self.findings) for node in self.listed(f, key))

    def size(self, f: dict[str, Node], key: str) -> int:
        return f[key].whole(self.findings, 0) if key in f else 0

    def value(self, f: dict[str, Node]) -> float | str:
        if "value" not in f:
            return ""
        value = f["value"].value
        return (
            float(value)
            if isinstance(value, (int, float)) and not isinstance(value, bool)
            else self.word(f, "value")
        )

    def endpoint(self, f: dict[str, Node]) -> Endpoint:
        text = self.word(f, "endpoint", [e.value for e in Endpoint])
        return Endpoint(text) if text in {e.value for e in Endpoint} else Endpoint.ORR

    def arm_name(self, f: dict[str, Node], key: str) -> str:
        if key not in f:
            return ""
        name = f[key].text(self.findings)
        if name not in self.arms:
            self.findings.note(
                f[key].place,
                f'unknown arm "{name}"',
                did_you_mean(name, self.arms).removeprefix("; "),
            )
        return name

    def known(self, node: Node) -> str:
        key = node.text(self.findings)
        if key not in self.sources:
            expected = (
                did_you_mean(key, self.sources).removeprefix("; ") or "declare it under sources"
            )
            self.findings.note(node.place, f'unknown source "{key}"', expected)
        return key

    def source(self, f: dict[str, Node]) -> str:
        return self.known(f["source"]) if "source" in f and f["source"].value is not None else ""

    def also(self, f: dict[str, Node]) -> tuple[str, ...]:
        return tuple(self.known(node) for node in self.listed(f, "also"))
