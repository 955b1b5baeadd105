"""Everything that can be run, pooled, shown or calibrated, by kind: a name, a title, and the command that takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from normoxia import documents, library
from normoxia.documents import Findings
from normoxia.errors import UnknownName


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A name with its titles.

    Attributes
    ----------
    name
        As a command takes it.
    titles
        By language; English alone for what was published.
    """

    name: str
    titles: Mapping[str, str]

    def title(self, lang: str) -> str:
        """The title in a language, in English where there is none."""
        return self.titles.get(lang) or self.titles.get("en", "")


@dataclass(frozen=True, slots=True)
class CatalogueKind:
    """One kind of things.

    Attributes
    ----------
    name
        Such as "trials"; the catalogue of texts has it under `list.KIND`.
    command
        What takes a name of it, with NAME for the name.
    entries
        Sorted by name, studies by id.
    """

    name: str
    command: str
    entries: tuple[CatalogueEntry, ...]


#: kinds in the order in which they are printed, and the command for one of their names
COMMANDS: Mapping[str, str] = {
    "trials": "normoxia run NAME",
    "planned": "normoxia run forecast:NAME",
    "studies": "normoxia run study:NAME",
    "comparisons": "normoxia compare NAME",
    "explanations": "normoxia explain NAME",
    "optimisations": "normoxia optimise NAME",
    "drug_designs": "normoxia design-drug NAME",
    "designs": "normoxia design-trial NAME",
    "biomarkers": "normoxia biomarkers NAME",
    "toxicities": "normoxia toxicity NAME",
    "patients": "normoxia personalise NAME",
    "questions": "normoxia pool NAME",
    "drugs": "normoxia run PROTOCOL.yaml",
    "statements": "normoxia run TRIAL --ablate NAME",
    "models": "normoxia mechanism",
    "populations": "normoxia run PROTOCOL.yaml",
    "ensembles": "normoxia calibrate",
}


def kinds(name: str | None = None) -> tuple[CatalogueKind, ...]:
    """Every kind with its names, or the one asked for.

    Raises
    ------
    UnknownName
        There is no kind of the name.
    """
    if name is not None and name not in COMMANDS:
        raise UnknownName("kind", name, COMMANDS)
    chosen = COMMANDS if name is None else (name,)
    return tuple(CatalogueKind(kind, COMMANDS[kind], _entries(kind)) for kind in chosen)


def _entries(kind: str) -> tuple[CatalogueEntry, ...]:
    match kind:
        case "studies":
            return _studies()
        case "statements":
            return _statements()
        case "ensembles":
            return _ensembles()
        case "drugs":
            return tuple(_entry("drugs", name, "names") for name in library.names("drugs"))
        case "planned":
            return tuple(_entry("forecasts", name, "title") for name in library.names("forecasts"))
        case "models":
            return (_entry("models", "nsclc", "title"),)
        case _:
            return tuple(_entry(kind, name, "title") for name in library.names(kind))


def _entry(kind: str, name: str, key: str) -> CatalogueEntry:
    """A document's name with its title, an English one or one in each language."""
    findings = Findings()
    fields = documents.load(library.path(kind, name)).entries(findings)
    value = fields[key].plain() if key in fields else ""
    titles = value if isinstance(value, Mapping) else {"en": value}
    return CatalogueEntry(name, {str(lang): str(text) for lang, text in titles.items()})


def _studies() -> tuple[CatalogueEntry, ...]:
    from normoxia.evidence.studies.registry import registry

    return tuple(CatalogueEntry(study.id, {"en": study.title}) for study in registry())


def _statements() -> tuple[CatalogueEntry, ...]:
    from normoxia import mechanism

    model = mechanism.read(library.path("models", "nsclc"))
    return tuple(CatalogueEntry(statement.tag, statement.says) for statement in model.statements)


def _ensembles() -> tuple[CatalogueEntry, ...]:
    from normoxia.calibration.fitting import ensemble

    if ensemble.SHIPPED not in library.names("calibrations"):
        return ()
    shipped = ensemble.read()
    title = f"{shipped.n_draws} draws, sha256 {shipped.digest[:16]}"
    return (CatalogueEntry(ensemble.SHIPPED, {"en": title}),)
