"""Published studies and models by name."""

from __future__ import annotations

from pathlib import Path

from normoxia import library, mechanism
from normoxia.api.names import one_of
from normoxia.evidence.studies import files
from normoxia.evidence.studies.registry import registry
from normoxia.evidence.studies.study import Study
from normoxia.mechanism.model import Model


def studies() -> tuple[str, ...]:
    """Names of the published studies of the registry, in its order."""
    return tuple(study.id for study in registry())


def read_study(name: str | Path) -> Study:
    """Read a published study by name, in any spelling, or from a study document (.yaml).

    Raises
    ------
    UnknownName
        The registry has no study of the name; the message proposes the nearest.
    InvalidDocument
        The document has faults; all are listed.
    """
    text = str(name).strip().removeprefix("study:")
    if isinstance(name, Path) or Path(text).suffix in (".yaml", ".yml"):
        return files.read(Path(text))
    return registry()[one_of("study", text, studies())]


def read_model(name: str | Path) -> Model:
    """Read a mechanistic model by the name of a shipped one, such as "nsclc", or from a document (.yaml).

    Raises
    ------
    UnknownName
        There is no shipped model of the name.
    InvalidModel
        The document does not give a model; all faults are listed.
    """
    if isinstance(name, Path) or Path(name).suffix in (".yaml", ".yml"):
        return mechanism.read(Path(name))
    return mechanism.read(
        library.path("models", one_of("model", name.strip(), library.names("models")))
    )
