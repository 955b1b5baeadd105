"""The registry: every shipped study and the user's own, read once, filtered by what a reader asks for."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from normoxia import library
from normoxia.documents import Finding, Place
from normoxia.errors import InvalidArgument, InvalidDocument, UnknownName
from normoxia.evidence.studies import characteristics, files
from normoxia.evidence.studies.reported import Arm
from normoxia.evidence.studies.stored import shipped
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

    def select(self, **filters: str | None) -> Registry:
        """The studies that fit every filter given.

        Capitals, hyphens and blanks do not matter: "Wild Type" is "wild-type", "VEGFR-TKI" is "VEGFR TKI".

        Parameters
        ----------
        **filters
            Each a word, or None for no filter:

            - ``drug``: a drug some arm contains, such as "atezolizumab"
            - ``component``: a component or class of some arm: "ICI", "VEGFR TKI", "ICI/PD-1", "chemotherapy"
            - ``line``: "first", "maintenance", "second or later", "third or later", "after TKI"; a population of that line counts
            - ``histology``: "squamous", "non-squamous", "any"; a population of that histology counts
            - ``egfr``: "mutant", "wild-type", "mixed", "unstated"; a population of that kind counts
            - ``pdl1``: such as ">=50%"; the study's selection or a reported stratum
            - ``region``, ``masking``, ``assessment``: one of the words of `characteristics`
            - ``year``: of the first publication, "2018" or "2015-2020", either end may be missing
            - ``group``: "review", "context", "context_extra", "randomised", "user"

        Returns
        -------
        Registry
            In the same order.

        Raises
        ------
        UnknownName
            For a filter that does not exist, and for a word that none of the studies uses.
        InvalidArgument
            For years that cannot be read.
        """
        chosen = self.studies
        for name, asked in filters.items():
            if name not in FILTERS:
                raise UnknownName("filter", name, FILTERS)
            if asked is not None:
                chosen = tuple(filter(_test(name, asked, self.studies), chosen))
        return Registry(chosen)


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
    return Path(study.file).parent == library.folder("studies")


def published(study_id: str) -> tuple[Outcome, ...]:
    """The best published value of a study for each arm or contrast, set of patients, endpoint and landmark.

    Hazard ratios name the experimental arm in `arm` and the control in `comparator`. How "best" is chosen is said at
    `Study.published`. Raises UnknownName for a study the registry does not hold.
    """
    return registry()[study_id].published()


@functools.cache
def _shipped() -> Registry:
    studies = shipped(library.path("studies", name) for name in library.names("studies"))
    order = {"review": 0, "context": 1, "context_extra": 2, "randomised": 3}
    return Registry(
        tuple(
            sorted(
                studies,
                key=lambda s: (order.get(s.group, len(order)), _reference(s), s.id.casefold()),
            )
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


def _classes(study: Study) -> set[str]:
    """Classes of a study's arms in every word by which one may ask for them."""
    return {word for arm in study.arms for word in _class_words(arm)}


def _class_words(arm: Arm) -> set[str]:
    return {*arm.classes, *arm.components, *(name.partition("/")[0] for name in arm.classes)}


_Words = Callable[[Study], set[str]]

#: what a study says to each filter: how an error calls it, and the words that fit
FILTERS: Mapping[str, tuple[str, _Words]] = {
    "drug": ("drug", lambda s: {name for arm in s.arms for name in arm.drugs}),
    "component": ("class", _classes),
    "line": ("line", lambda s: _strata(s, "line")),
    "histology": ("histology", lambda s: _strata(s, "histology")),
    "egfr": ("EGFR status", lambda s: _strata(s, "driver")),
    "pdl1": ("PD-L1 stratum", lambda s: _strata(s, "pdl1")),
    "region": ("region", lambda s: {characteristics.region(s)}),
    "masking": ("masking", lambda s: {characteristics.masking(s)}),
    "assessment": ("assessment", lambda s: {characteristics.assessment(s)}),
    "year": ("year", lambda s: {str(characteristics.year(s))}),
    "group": ("group", lambda s: {s.group}),
}
_YEARS = re.compile(r"\s*(\d{4})?\s*([-–]|to)?\s*(\d{4})?\s*")


def _test(name: str, asked: str, studies: tuple[Study, ...]) -> Callable[[Study], bool]:
    """Whether a study fits a filter. Raises UnknownName for a word that no study uses."""
    kind, words = FILTERS[name]
    if name == "year":
        first, last = _years(asked)
        return lambda study: first <= characteristics.year(study) <= last
    spelt = {_spelling(word): word for study in studies for word in words(study)}
    if _spelling(asked) not in spelt:
        raise UnknownName(kind, asked, spelt.values())
    return lambda study: _spelling(asked) in map(_spelling, words(study))


def _years(asked: str) -> tuple[int, int]:
    found = _YEARS.fullmatch(asked)
    if found is None or not (found[1] or found[3]):
        raise InvalidArgument(
            f'"{asked}" is no year and no range of years; write 2018, 2015-2020, 2015- or -2020'
        )
    first, last = int(found[1] or 1), int(found[3] or 9999)
    return (first, last) if found[2] else (first, first)


def _spelling(word: str) -> str:
    """A word without capitals, blanks and hyphens, the signs of a PD-L1 threshold kept."""
    plain = word.casefold().replace("≥", ">=")
    return "".join(c for c in plain if c.isalnum() or c in "<>=%/+.")
