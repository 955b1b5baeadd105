"""Published studies, questions, models, drugs and populations by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from normoxia import library, mechanism, pharmacology, population
from normoxia.api.names import one_of
from normoxia.evidence.studies import files
from normoxia.evidence.studies.registry import registry

if TYPE_CHECKING:
    from normoxia.evidence.studies.study import Study
    from normoxia.mechanism.model import Model
    from normoxia.pharmacology.drug import Drug
    from normoxia.population import PopulationDocument


def studies() -> tuple[str, ...]:
    """Names of the published studies of the registry, for `read_study`.

    Returns
    -------
    tuple of str
        In the order of the registry.
    """
    return tuple(study.id for study in registry())


def read_study(name: str | Path) -> Study:
    """Read a published study.

    Parameters
    ----------
    name
        A study of the registry in any spelling, with or without "study:", or the path of a study document (.yaml).

    Returns
    -------
    Study
        Setting, arms, and every reported number with its source.

    Raises
    ------
    UnknownName
        The registry has no study of the name; the message proposes the nearest.
    InvalidDocument
        The document has faults; all are listed.
    """
    text = str(name).strip()
    if _is_document(name):
        return files.read(Path(text))
    prefix, colon, rest = text.partition(":")
    if colon and prefix.strip().casefold() == "study":
        text = rest
    return registry()[one_of("study", text, studies())]


def read_model(name: str | Path) -> Model:
    """Read a mechanistic model.

    Parameters
    ----------
    name
        A shipped model, such as "nsclc", in any spelling, or the path of a model document (.yaml).

    Returns
    -------
    Model
        Species, processes, parameters with sources, and causal statements.

    Raises
    ------
    UnknownName
        There is no shipped model of the name.
    InvalidModel
        The document does not give a model; all faults are listed.
    """
    if _is_document(name):
        return mechanism.read(Path(name))
    return mechanism.read(
        library.path("models", one_of("model", str(name), library.names("models")))
    )


def drugs() -> tuple[str, ...]:
    """Names of the shipped drugs, for `read_drug`.

    Returns
    -------
    tuple of str
        Sorted.
    """
    return pharmacology.library()


def read_drug(name: str | Path) -> Drug:
    """Read a drug.

    Parameters
    ----------
    name
        A shipped drug by its name, a trade or a code name, or the path of a drug document (.yaml).

    Returns
    -------
    Drug
        Kinetics, effects and toxicity, each number with its source.

    Raises
    ------
    UnknownName
        There is no drug of the name; the message proposes the nearest.
    InvalidDocument
        The document has faults; all are listed.
    """
    return pharmacology.read(name)


def read_population(name: str | Path) -> PopulationDocument:
    """Read a population, from which virtual patients are drawn.

    Parameters
    ----------
    name
        A shipped population, such as "advanced-nsclc", in any spelling, or the path of a population document (.yaml).

    Returns
    -------
    PopulationDocument
        Covariates, correlations and effects on parameters.

    Raises
    ------
    UnknownName
        There is no shipped population of the name.
    InvalidDocument
        The document has faults; all are listed.
    """
    if _is_document(name):
        return population.read(Path(name))
    return population.read(one_of("population", str(name), population.library()))


def questions() -> tuple[str, ...]:
    """Names of the shipped questions, for `pool`.

    Returns
    -------
    tuple of str
        Sorted.
    """
    return library.names("questions")


def _is_document(name: str | Path) -> bool:
    return isinstance(name, Path) or Path(name).suffix.casefold() in (".yaml", ".yml")
