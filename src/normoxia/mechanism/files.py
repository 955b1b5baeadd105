"""Models read from YAML documents and the modules they name; every finding of every file is raised together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from normoxia import documents
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidDocument, InvalidModel
from normoxia.mechanism.checks import check_into
from normoxia.mechanism.compose import united
from normoxia.mechanism.model import Model
from normoxia.mechanism.reading import model_of
from normoxia.mechanism.statements import switch


def read(path: str | Path, *, switches: Mapping[str, bool] | None = None) -> Model:
    """The model in a YAML file, with its modules composed into it, its switches set and every check passed.

    path      a file; the modules it names are files beside it
    switches  structural variants to turn on or off, by name
    raises    InvalidModel with all findings of all files; UnknownName for a switch the model has not
    """
    findings = Findings()
    model = united(_with_modules(Path(path), findings), findings)
    return _finished(model, findings, switches)


def parse(text: str, *, file: str = "<text>", switches: Mapping[str, bool] | None = None) -> Model:
    """As `read`, of a text; it may name no modules, for there is no folder to look in."""
    findings = Findings()
    model, modules = model_of(documents.parse(text, file), findings)
    for module in modules:
        findings.note(
            module.place,
            "a text names a module",
            "read it from a file, or compose the modules yourself",
        )
    return _finished(united((model,), findings), findings, switches)


def read_module(path: str | Path) -> Model:
    """One file by itself: its own modules left out, nothing composed, only what stands in it judged.

    For a part that makes sense only beside others, such as a drug; pass it to `compose`, and the result to `check`.
    raises  InvalidModel with all findings
    """
    findings = Findings()
    model, _ = model_of(documents.load(path), findings)
    findings.raise_any(InvalidModel)
    return model


def parse_module(text: str, *, file: str = "<text>") -> Model:
    """As `read_module`, of a text."""
    findings = Findings()
    model, _ = model_of(documents.parse(text, file), findings)
    findings.raise_any(InvalidModel)
    return model


def _with_modules(path: Path, findings: Findings) -> list[Model]:
    """The models of a file and of every module below it, each file once, in the order they are named."""
    models: list[Model] = []
    seen: set[Path] = set()
    missing: list[Path] = []

    def visit(at: Path, named_by: Node | None) -> None:
        if at.resolve() in seen:
            return
        seen.add(at.resolve())
        try:
            document = documents.load(at)
        except InvalidDocument as error:
            if named_by is None:
                raise InvalidModel(str(error), error.findings) from None
            findings.note(named_by.place, f"module cannot be read: {error}")
            missing.append(at)
            return
        model, modules = model_of(document, findings)
        models.append(model)
        for module in modules:
            visit(at.parent / module.text(findings), module)

    visit(path, None)
    if missing:
        findings.raise_any(InvalidModel)  # half a model would only seem full of undefined names
    return models


def _finished(model: Model, findings: Findings, switches: Mapping[str, bool] | None) -> Model:
    if switches:
        model = switch(model, switches)
    check_into(findings, model)
    findings.raise_any(InvalidModel)
    return model
