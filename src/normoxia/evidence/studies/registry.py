"""The registry: every shipped study and the user's own, read once, filtered by what a reader asks for."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from normoxia import library
from normoxia.documents import Finding, Place
from normoxia.errors import InvalidDocument, UnknownName
from normoxia.evidence.studies import files
from normoxia.evidence.studies.reported import Arm
from normoxia.evidence.studies.study import Study
from normoxia.outcome import Outcome

#: environment variable naming folders of further studies, separated as in PATH
FOLDERS = "NORMOXIA_STUDIES"


@dataclass(frozen=True, slots=True)
class Registry:
    """Studies in a fixed order: those of the review as it names them, then the context, then the user's."""

    studies: tuple[Study, ...]

    def __len__(self) -> int:
        return len(self.studies)

    def __iter__(self) -> Iterator[Study]:
        return iter(self.studies)

    def __getitem__(self, name: str) -> Study:
        """The study with an id; capitals and hyphens do not matter. Raises UnknownName."""
        for study in self.studies:
            if plain_name(study.id) == plain_name(name):
                return study
        some = ", ".join(study.id for study in self.studies[:3])
        remedy = f"expected an id such as {some}; `normoxia evidence list` shows all {len(self)}"
        raise UnknownName("study", name, (study.id for study in self.studies), remedy)

    def select(
        self,
        *,
        drug: str | None = None,
        component: str | None = None,
        line: str | None = None,
        egfr: str | None = None,
        pdl1: str | None = None,
        group: str | None = None,
    ) -> Registry:
        """The studies that fit every filter given.

        drug       a drug some arm contains, such as "atezolizumab"
        component  a component or class of some arm: "ICI", "VEGFR TKI", "ICI/PD-1", "chemotherapy"
        line       "first", "second or later", "third or later", "after TKI"; a population of that line counts
        egfr       "mutant", "wild-type", "mixed", "unstated"; a population of that kind counts
        pdl1       such as ">=50%"; the study's selection or a reported stratum
        group      "review", "context", "context_extra", "user"
        raises     UnknownName when a word is none the registry uses
        """
        tests: list[Callable[[Study], bool]] = []
        for kind, asked, read in (
            ("drug", drug, lambda s: {name for arm in s.arms for name in arm.drugs}),
            ("class", component, lambda s: {name for arm in s.arms for name in _class_words(arm)}),
            ("line", line, lambda s: _strata(s, "line")),
            ("EGFR status", egfr, lambda s: _strata(s, "driver")),
            ("PD-L1 stratum", pdl1, lambda s: _strata(s, "pdl1")),
            ("group", group, lambda s: {s.group}),
        ):
            if asked is None:
                continue
            known = {word.casefold(): word for study in self.studies for word in read(study)}
            if asked.casefold() not in known:
                raise UnknownName(kind, asked, known.values())
            tests.append(functools.partial(_has, read, known[asked.casefold()]))
        return Registry(
            tuple(study for study in self.studies if all(test(study) for test in tests))
        )


def registry(*folders: str | Path) -> Registry:
    """Every study: the shipped ones, those of the folders named, and those of the folders in NORMOXIA_STUDIES.

    A study is added by adding a file; its findings are raised together with those of every other file.
    raises  InvalidDocument for a folder without study documents, an unreadable document, an id used twice
    """
    named = [Path(folder) for folder in folders]
    named += [Path(folder) for folder in os.environ.get(FOLDERS, "").split(os.pathsep) if folder]
    if not named:
        return _shipped()
    studies, findings = list(_shipped().studies), list[object]()
    for folder in named:
        paths = sorted(folder.glob("*.y*ml")) if folder.is_dir() else [folder]
        if not paths:
            findings.append(
                Finding(Place(str(folder)), "no study document here", "a study is a .yaml file")
            )
        for path in paths:
            try:
                studies.append(files.read(path))
            except InvalidDocument as error:
                findings += error.findings or (error,)
    findings += _twice(studies)
    if findings:
        raise InvalidDocument(
            "\n".join(
                [
                    f"{len(findings)} finding{'s' if len(findings) > 1 else ''}:",
                    *(f"  {f}" for f in findings),
                ]
            ),
            findings,
        )
    return Registry(tuple(studies))


def is_shipped(study: Study) -> bool:
    """Whether a study's document is one of the library's, which were read against their sources."""
    return Path(study.file).parent == library.path("studies", library.names("studies")[0]).parent


def published(study_id: str) -> tuple[Outcome, ...]:
    """The best published value of a study for each arm or contrast, set of patients, endpoint and landmark.

    Hazard ratios name the experimental arm in `arm` and the control in `comparator`. How "best" is chosen is said at
    `Study.published`. Raises UnknownName for a study the registry does not hold.
    """
    return registry()[study_id].published()


@functools.cache
def _shipped() -> Registry:
    studies = [files.read(library.path("studies", name)) for name in library.names("studies")]
    order = {"review": 0, "context": 1, "context_extra": 2}
    return Registry(
        tuple(
            sorted(studies, key=lambda s: (order.get(s.group, 3), _reference(s), s.id.casefold()))
        )
    )


def _reference(study: Study) -> int:
    """Number under which the review first cites a study, so that the registry follows the review."""
    numbers = (c.says["reference"] for c in study.review.claims if c.kind == "cited")
    return min((n for n in numbers if isinstance(n, int)), default=999)


def _twice(studies: list[Study]) -> list[Finding]:
    seen: dict[str, Study] = {}
    found = []
    for study in studies:
        first = seen.setdefault(plain_name(study.id), study)
        if first is not study:
            found.append(
                Finding(
                    Place(study.file),
                    f'study "{study.id}" is already described',
                    f"in {first.file}; use another id",
                )
            )
    return found


def plain_name(name: str) -> str:
    """A study's name without capitals, hyphens and blanks, as names are compared."""
    return "".join(character for character in name.casefold() if character.isalnum())


def _strata(study: Study, name: str) -> set[str]:
    return {
        getattr(study.setting, name),
        *(p.strata[name] for p in study.populations if name in p.strata),
    }


def _class_words(arm: Arm) -> set[str]:
    return {*arm.classes, *arm.components, *(name.partition("/")[0] for name in arm.classes)}


def _has(read: Callable[[Study], set[str]], word: str, study: Study) -> bool:
    return word in read(study)
