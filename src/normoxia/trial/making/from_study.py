"""A protocol made from a published study, every assumption written on it, so that any study of the registry can be run.

The regimens are the study's own words. What it leaves open (a dose, the rhythm of scans, accrual, later lines) comes from
`library/trials/shared/from-study.yaml` and is said in the trial's notes. Protocols written by hand know more and are
preferred where there is one. The document made here reads back like any other: its text is the trial's text.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import NormalDist
from typing import Any

from normoxia import documents, library, population
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidArgument, NormoxiaError
from normoxia.evidence.studies.regimens import is_dosed
from normoxia.evidence.studies.registry import registry
from normoxia.evidence.studies.reported import Arm, Fact, drug_names
from normoxia.evidence.studies.study import Study
from normoxia.outcome import Estimate, Measure
from normoxia.trial import files
from normoxia.trial.making import cuts
from normoxia.trial.making.enrolled import enrolled, is_asian
from normoxia.trial.protocol import RANDOMISED, Trial

MODEL, POPULATION = "nsclc", "advanced-nsclc"
_ALLOCATION = re.compile(r"\b\d+(?::\d+)+\b")
_LATER_ICI = re.compile(
    r"later anti-PD|subsequent immunotherapy|crossover to \w+mab", re.IGNORECASE
)
_LATER_ANY = re.compile(r"any subsequent therapy|subsequent systemic therapy", re.IGNORECASE)
#: where a dose differs from the usual one
_INSTEAD = ("in_asia", "with_taxane", "with_platinum")
#: what a rule on later lines may ask of an arm and its study
_ASKED = ("line", "ici", "platinum", "docetaxel", "before")
_CHECKPOINT = ("ICI", "bispecific")
SQUAMOUS, NON_SQUAMOUS, PEMETREXED = "squamous", "non-squamous", "pemetrexed"
#: partners of a first platinum doublet, which ends after some cycles
_BACKBONE = ("carboplatin", "cisplatin", "paclitaxel", "nab-paclitaxel", "gemcitabine", "docetaxel")
#: year from which maintenance with pemetrexed was authorised (2009), so that trials enrolling later had it
_MAINTENANCE_SINCE = 2010
#: years from the first patient to the first publication where enrolment is not known; assumed
_YEARS_TO_PRINT = 3


def preferred(name: str) -> Trial:
    """The protocol of a study written by hand where the library has one, else the one made from the registry.

    name    the study's, as the registry takes it
    raises  UnknownName for a study the registry does not hold; InvalidArgument for a path, and with the reason when it cannot be
            run
    """
    path = Path(name)
    if path.is_file():
        raise InvalidArgument(
            f'"{name}" is a file, and a study goes by its id: set NORMOXIA_STUDIES={path.parent} (the folder of your studies) '
            "and give the id that stands in the file"
        )
    study = registry()[name]
    by_hand = written_by_hand().get(study.id)
    return files.read(by_hand) if by_hand else build(study)


@functools.cache
def written_by_hand() -> Mapping[str, str]:
    """Ids of studies to the shipped trial documents that follow them."""
    return {trial.study: name for name in files.library() if (trial := files.read(name)).study}


def build(study: Study, choose: int = 0) -> Trial:
    """The trial a study of the registry was, as far as the registry and the shared assumptions tell.

    choose  which alternative to take of an item such as "carboplatin AUC 5 q3w x4 or cisplatin 75 mg/m2 q3w x4"
    raises  InvalidArgument with the reason when it cannot be run
    """
    text = documents.write(document(study, choose))
    try:
        return files.parse(documents.parse(text, files.STUDY + study.id), text)
    except NormoxiaError as error:
        raise _refused(study, str(error)) from error


def obstacles(studies: Iterable[Study]) -> dict[str, str]:
    """Why studies cannot be run, by study; those that can are not in it."""
    found = {}
    for study in studies:
        try:
            build(study)
        except InvalidArgument as error:
            found[study.id] = str(error)
    return found


def document(study: Study, choose: int = 0) -> dict[str, object]:
    """The trial document of a study, as plain values. Raises InvalidArgument with the reason when there cannot be one."""
    return _Protocol(study, choose).document()


def _events(hazard_ratio: Estimate) -> float:
    """Events of two equal arms by the interval of their hazard ratio: its log has variance 4/events."""
    width = math.log(hazard_ratio.high / hazard_ratio.low)
    return 4.0 * (2.0 * NormalDist().inv_cdf(0.5 + hazard_ratio.level / 2) / width) ** 2


def _refused(study: Study, reason: str) -> InvalidArgument:
    return InvalidArgument(
        f'study "{study.id}" cannot be run as the registry holds it: {reason}; write a protocol for it'
    )


@functools.cache
def _shared() -> Any:
    """What is assumed of every study, as plain values. Raises InvalidDocument when the document lacks a part of it."""
    root = documents.load(library.path("trials", "shared/from-study"))
    findings = Findings()
    got = root.fields(findings, ("doses", "classes", "visits", "follow_up", "next_lines"))
    findings.raise_any()
    for node in got["doses"].entries(findings).values():
        dose = node.fields(findings, ("dose", "source"), ("cycles", *_INSTEAD))
        _read(dose, findings, texts=("dose", "source", *_INSTEAD), wholes=("cycles",))
    for node in got["classes"].entries(findings).values():
        group = node.fields(findings, ("drugs", "source"), ("squamous", "maintained"))
        _read(group, findings, texts=("source",), lists=("drugs", "squamous", "maintained"))
    follow_up = got["follow_up"].fields(findings, ("accrual", "progression", "survival", "source"))
    _read(follow_up, findings, texts=("source",), numbers=("accrual", "progression", "survival"))
    for node in got["next_lines"].items(findings):
        rule = node.fields(findings, ("when", "gives"))
        asked = rule["when"].fields(findings, (), _ASKED) if "when" in rule else {}
        _read(asked, findings, texts=("line",), numbers=("before",))
        for key in asked.keys() & {"ici", "platinum", "docetaxel"}:
            asked[key].boolean(findings)
        for entry in rule["gives"].items(findings) if "gives" in rule else ():
            line = entry.fields(findings, ("title", "regimen", "share"))
            _read(line, findings, texts=("title",), numbers=("share",))
    if not any(
        not node.entries(findings).get("when", node).entries(findings)
        for node in got["next_lines"].items(findings)
    ):
        findings.note(
            got["next_lines"].place, "no line is for everybody else", "add one with an empty when"
        )
    findings.raise_any()
    return root.plain()


def _read(
    fields: Mapping[str, Node],
    findings: Findings,
    texts: Iterable[str] = (),
    numbers: Iterable[str] = (),
    wholes: Iterable[str] = (),
    lists: Iterable[str] = (),
) -> None:
    """Note each field that is not of its kind; those that are not there are left out."""
    for key in fields.keys() & set(texts):
        fields[key].text(findings)
    for key in fields.keys() & set(numbers):
        fields[key].number(findings, 0.0)
    for key in fields.keys() & set(wholes):
        fields[key].whole(findings, 1)
    for key in fields.keys() & set(lists):
        for item in fields[key].items(findings):
            item.text(findings)


class _Protocol:
    """One study being made into a document; notes gather what is assumed."""

    def __init__(self, study: Study, choose: int) -> None:
        self.study, self.choose = study, choose
        self.shared = _shared()
        self.notes: list[str] = [
            "made from the registry's record of the study, not from its protocol"
        ]

    def document(self) -> dict[str, object]:
        study = self.study
        if not study.arms:
            raise _refused(study, "no arm is described")
        sizes = self.sizes()
        arms = {arm.id: self.arm(arm, sizes[arm.id]) for arm in study.arms}
        try:
            who = enrolled(study, population.read(POPULATION))
        except InvalidArgument as error:
            raise _refused(study, str(error)) from None
        when = cuts.cuts(study, self.shared["follow_up"])
        self.notes += [
            *who.notes,
            *when.notes,
            "scans every 6 weeks to week 48, then every 9; assumed",
        ]
        self.notes.append("shares of later lines are of everybody randomised")
        return {
            "trial": f"study-{study.id.lower()}",
            "title": {"en": f"{study.id}: {study.title}", "zh": f"{study.id}：{study.title}"},
            "study": study.id,
            "model": MODEL,
            "notes": list(dict.fromkeys(self.notes)),
            "population": {"document": POPULATION, "covariates": who.covariates},
            "eligibility": who.eligibility,
            "arms": arms,
            "sets": who.sets,
            "contrasts": self.contrasts(),
            "visits": self.shared["visits"],
            "response": {
                "confirmation": "28 days",
                "stable": "35 days",
                **self.assessor(),
                "source": "assumed: RECIST 1.1 with confirmation; stable from the earliest day of the first scan",
            },
            "follow_up": {
                "accrual": f"{when.accrual} months",
                "progression_cut": f"{when.progression} months",
                "survival_cut": f"{when.survival} months",
                "source": "; ".join(when.notes),
            },
        }

    def assessor(self) -> dict[str, object]:
        """Whose reading most published values are of; nothing where none says."""
        kinds = [row.assessed_by for row in self.study.reported() if row.assessed_by]
        return {"assessor": max(sorted(set(kinds)), key=kinds.count)} if kinds else {}

    # arms

    def sizes(self) -> dict[str, int]:
        """Patients of each arm; where the registry has only their sum, divided as the design allocates."""
        study = self.study
        sizes = {arm.id: arm.n or self.analysed(arm) for arm in study.arms}
        if all(sizes.values()):
            return sizes
        total, ratio = cuts.size(study), _ALLOCATION.search(study.design)
        parts = [int(part) for part in ratio[0].split(":")] if ratio else []
        if len(parts) != len(study.arms) and study.design.startswith("randomised"):
            parts = [1] * len(study.arms)
            self.notes.append("allocated evenly; assumed")
        if not total or len(parts) != len(study.arms):
            return self.sizes_by_events(sizes)
        self.notes.append(
            f"{total} patients divided {ratio[0] if ratio else ''} between the arms; assumed"
        )
        ends = [round(total * sum(parts[: i + 1]) / sum(parts)) for i in range(len(parts))]
        return {
            arm.id: end - begin
            for arm, begin, end in zip(study.arms, [0, *ends], ends, strict=False)
        }

    def analysed(self, arm: Arm) -> int:
        """Patients of an arm whose size is not printed: the most that any of its figures counts; 0 when none does."""
        found = max(
            (
                row.n
                for p in self.study.populations
                for row in p.reported
                if row.arm == arm.id and not row.comparator
            ),
            default=0,
        )
        if found:
            self.notes.append(f"{found} patients in {arm.id}, as its figures count")
        return found

    def sizes_by_events(self, known: Mapping[str, int]) -> dict[str, int]:
        """Sizes at least as large as the events that the narrowest interval of a hazard ratio implies, 4/se² of two equal arms.

        How many patients a run has is chosen apart; these are what it has when nobody chooses.
        """
        events = [
            _events(row.estimate)
            for p in self.study.populations
            for row in p.reported
            if row.measure is Measure.HAZARD_RATIO and row.estimate.has_interval and not row.derived
        ]
        if not events:
            raise _refused(self.study, "the number of patients of its arms is not known")
        half = math.ceil(max(events) / 2)
        self.notes.append(
            f"{half} patients in arms whose size is not known: as many as the events that a hazard ratio's interval implies "
            "(Schoenfeld 1981, Biometrika 68:316); assumed"
        )
        return {arm: n or half for arm, n in known.items()}

    def arm(self, arm: Arm, n: int) -> dict[str, object]:
        items = [
            given
            for item in arm.regimen
            if item != files.PLACEBO
            for given in self.items(arm, item)
        ]
        reference = self.study.sources.get(arm.source)
        limited = self.given_to(arm)
        return {
            "title": {"en": arm.label, "zh": arm.label},
            "n": n,
            "regimen": items or files.PLACEBO,
            **({"given_to": limited} if limited else {}),
            "next_line": [{**line, "share_of": RANDOMISED} for line in self.next_lines(arm)],
            "source": reference.citation if reference else "the registry",
        }

    def items(self, arm: Arm, item: str) -> list[str]:
        """An item of the published regimen as doses: one alternative, with the usual dose where none is printed."""
        alternatives = item.split(" or ")
        words = alternatives[min(self.choose, len(alternatives) - 1)]
        if len(alternatives) > 1:
            self.notes.append(f'"{item}" is taken as "{words}" for everybody; assumed')
        if is_dosed(words):
            return [self.maintained(arm, words)]
        group = self.shared["classes"].get(words)
        drugs = self.of_class(words) if group else [words]
        if group:
            self.notes.append(f'"{words}" is taken as {" + ".join(drugs)}; {group["source"]}')
        maintained = group.get("maintained", ()) if group else ()
        return [
            self.usual(
                arm,
                drug,
                words,
                maintained=drug in maintained
                or drug in arm.maintenance
                or (drug == PEMETREXED and self.goes_on_with_pemetrexed(arm)),
            )
            for drug in drugs
        ]

    def of_class(self, words: str) -> list[str]:
        """The drugs of a word for more than one, by the study's histology; where that is mixed, those of both."""
        group = self.shared["classes"][words]
        usual, squamous = group["drugs"], group.get("squamous", group["drugs"])
        if self.study.setting.histology == SQUAMOUS:
            return list(squamous)
        if self.study.setting.histology == NON_SQUAMOUS:
            return list(usual)
        return list(dict.fromkeys([*usual, *squamous]))

    def given_to(self, arm: Arm) -> dict[str, object]:
        """Drugs of classes that only patients of one histology get, in a study of both."""
        found: dict[str, object] = {}
        if self.study.setting.histology in (SQUAMOUS, NON_SQUAMOUS):
            return found
        for item in arm.regimen:
            group = self.shared["classes"].get(item, {})
            usual, squamous = group.get("drugs", ()), group.get("squamous", group.get("drugs", ()))
            found |= {d: {"histology": NON_SQUAMOUS} for d in usual if d not in squamous}
            found |= {d: {"histology": SQUAMOUS} for d in squamous if d not in usual}
        return found

    def goes_on_with_pemetrexed(self, arm: Arm) -> bool:
        """Whether pemetrexed beside platinum is maintenance too where the registry says nothing of maintenance."""
        began = self.began()
        goes_on = (
            self.study.setting.histology == NON_SQUAMOUS
            and not arm.maintenance
            and arm.backbone == "platinum-pemetrexed"
            and began is not None
            and began >= _MAINTENANCE_SINCE
        )
        if goes_on:
            self.notes.append(
                f"pemetrexed of {arm.id} goes on until progression, as has been usual since {_MAINTENANCE_SINCE}; assumed"
            )
        return goes_on

    def began(self) -> int | None:
        """Year enrolment began; where that is not known, three years before the first publication (assumed); None without one."""
        stated = re.search(r"\d{4}", self.study.setting.enrolment)
        if stated:
            return int(stated[0])
        printed = [
            int(year)
            for reference in self.study.sources.values()
            for year in re.findall(r"\b(?:19|20)\d\d\b", reference.citation)
        ]
        return min(printed) - _YEARS_TO_PRINT if printed else None

    def usual(self, arm: Arm, drug: str, words: str, *, maintained: bool) -> str:
        known = self.shared["doses"].get(drug)
        if known is None:
            raise _refused(self.study, f'arm "{arm.id}" gives {drug} without a dose')
        asked = {
            "with_platinum": arm.backbone.startswith("platinum"),
            "with_taxane": arm.backbone == "platinum-taxane",
            "in_asia": is_asian(self.study.setting.country),
        }
        dose = next((known[key] for key in _INSTEAD if asked[key] and key in known), known["dose"])
        text = f"{drug} {dose}"
        if "cycles" in known and not maintained:
            text += f" x{self.cycles(arm, drug, words) or known['cycles']}"
        self.notes.append(
            f"dose of {drug} not published here: {text} assumed, as {known['source']}"
        )
        return self.limited(arm, text)

    def cycles(self, arm: Arm, drug: str, words: str) -> int:
        """How many cycles the arm's text gives a drug, the fewest where it leaves a choice; 0 when it does not say."""
        for part in arm.cycles.split(";"):
            name, _, text = part.partition(":")
            number = re.search(r"\d+", text)
            if number and (drug in name or words in name):
                return int(number[0])
        return 0

    def maintained(self, arm: Arm, text: str) -> str:
        """A dosed item, without its number of cycles where the published maintenance names the drug."""
        drug = drug_names(text)[0]
        endless = re.sub(r" x\d+$", "", text)
        if drug == PEMETREXED and endless != text and drug in arm.maintenance:
            self.notes.append(f'"{text}" goes on until progression: the maintenance names {drug}')
            return self.limited(arm, endless)
        known = self.shared["doses"].get(drug, {})
        is_backbone = drug in _BACKBONE or (drug == PEMETREXED and not arm.maintenance)
        if (
            is_backbone
            and endless == text
            and arm.backbone.startswith("platinum")
            and drug not in arm.maintenance
            and not (drug == PEMETREXED and self.goes_on_with_pemetrexed(arm))
        ):
            cycles = self.cycles(arm, drug, text) or known.get("cycles", 4)
            self.notes.append(f'"{text}" for {cycles} cycles: none are published here; assumed')
            # weekly doses are counted by cycles of three weeks
            return f"{text.replace(' weekly', ' d1,8,15 q3w')} x{cycles}"
        return self.limited(arm, text)

    def limited(self, arm: Arm, text: str) -> str:
        """A dosed item stopped after the months or years the publication allows."""
        drug = drug_names(text)[0]
        if re.search(r" x\d+$", text):
            return text
        for part in (*arm.cycles.split(";"), arm.maintenance):
            limit = re.search(r"(?:up to|total) (\d+) (months|years)", part)
            if limit and drug in part and not re.search(r"\b(?:until|up to|for) ", text):
                months = int(limit[1]) * (12 if limit[2] == "years" else 1)
                return f"{text} until {months} months"
        return text

    # later lines

    def next_lines(self, arm: Arm) -> list[dict[str, object]]:
        rule = next(rule for rule in self.shared["next_lines"] if self.fits(arm, rule["when"]))
        lines = [{**line, "source": "assumed"} for line in rule["gives"]]
        immune, any_line = self.fact(arm, _LATER_ICI), self.fact(arm, _LATER_ANY)
        if any_line and len(lines) == 1 and self.has_checkpoint(arm):
            self.notes.append(
                f"later lines of {arm.id}: {100 * any_line[0]:g} %, {any_line[1]}; which drug is assumed"
            )
            return [{**lines[0], "share": any_line[0], "source": any_line[1]}]
        if immune is None or self.has_checkpoint(arm):
            self.notes.append(f"later lines of {arm.id}: shares assumed")
            return lines
        share, source = immune
        rest = [line for line in lines if "checkpoint" not in line["title"]]
        left = max(0.0, (any_line[0] if any_line else 1.0) - share)
        checkpoint = {
            "title": "checkpoint inhibitor",
            "regimen": self.immune(),
            "share": share,
            "source": source,
        }
        found = [checkpoint]
        for line in rest:
            part = round(left if any_line else min(left, line["share"], 0.15), 3)
            found.append({**line, "share": part, "source": any_line[1] if any_line else "assumed"})
        self.notes.append(
            f"later lines of {arm.id}: {100 * share:g} % a checkpoint inhibitor, {source}"
        )
        return found

    def immune(self) -> str:
        """The checkpoint inhibitor that patients cross over to: the study's own, else pembrolizumab."""
        for arm in self.study.arms:
            if self.has_checkpoint(arm):
                given = [
                    text
                    for item in arm.regimen
                    for text in self.items(arm, item)
                    if drug_names(text)[0].endswith("mab")
                ]
                own = [
                    text
                    for text in given
                    if drug_names(text)[0] not in ("bevacizumab", "ramucirumab")
                ]
                if own:
                    return own[0]
        return "pembrolizumab 200 mg q3w x35"

    def fits(self, arm: Arm, when: Mapping[str, object]) -> bool:
        began = self.began()
        has = {
            "line": self.study.setting.line,
            "ici": self.has_checkpoint(arm),
            "platinum": arm.backbone.startswith("platinum"),
            "docetaxel": "docetaxel" in arm.drugs,
        }
        before = when.get("before")
        early = not isinstance(before, int) or (began is not None and began < before)
        return early and all(has[key] == value for key, value in when.items() if key != "before")

    @staticmethod
    def has_checkpoint(arm: Arm) -> bool:
        return any(name.startswith(_CHECKPOINT) for name in arm.classes)

    def fact(self, arm: Arm, pattern: re.Pattern[str]) -> tuple[float, str] | None:
        """The latest share of an arm's patients that a fact gives, and where it was read."""
        found: list[Fact] = [
            fact
            for p in self.study.populations
            for fact in p.facts
            if fact.arm == arm.id
            and pattern.search(fact.what)
            and fact.unit == "%"
            and isinstance(fact.value, (int, float))
        ]
        if not found:
            return None
        # the largest: cross-over in the study is part of all later use
        best = max(found, key=lambda fact: float(fact.value))
        reference = self.study.sources.get(best.source)
        return float(
            best.value
        ) / 100, f"{best.what}: {reference.citation if reference else best.source}"

    # comparisons

    def contrasts(self) -> list[dict[str, object]]:
        """The pairs of arms the study printed hazard ratios of; without any, every arm against the last."""
        study = self.study
        ids = [arm.id for arm in study.arms]
        printed = [
            (row.arm, row.comparator)
            for row in study.reported()
            if row.measure is Measure.HAZARD_RATIO and row.arm in ids and row.comparator in ids
        ]
        pairs = dict.fromkeys(printed or [(arm, ids[-1]) for arm in ids[:-1]])
        return [{"experimental": arm, "control": control} for arm, control in pairs]
