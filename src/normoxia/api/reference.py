"""The reference page of the Python interface, written from the docstrings.

python -m normoxia.api.reference > docs/reference/api.md
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator

import normoxia

_HEAD = """# Python interface

Written from the docstrings by `python -m normoxia.api.reference`. `import normoxia as nx` offers these names; everything else
may change. [A tutorial](../tutorials/python.md) shows how they go together.
"""
#: sections of the page, with the names in each
SECTIONS = {
    "Trials": (
        "trials",
        "read_trial",
        "run",
        "open_run",
        "compare",
        "explain",
        "optimise",
        "design_drug",
        "design_trial",
        "biomarkers",
        "toxicity",
        "personalise",
        "review",
        "verify",
        "redraw",
        "Run",
        "Comparison",
        "Explanation",
        "Optimisation",
        "DesignedDrug",
        "PlannedTrial",
        "BiomarkerAnswer",
        "ToxicityAnswer",
        "PatientPrediction",
        "LivingReview",
    ),
    "Changing a trial": (
        "Trial.with_dose",
        "Trial.with_arm",
        "Trial.with_population",
        "Trial.with_endpoint",
        "Trial.with_patients",
    ),
    "Meta-analysis": ("questions", "pool", "open_pool", "MetaAnalysis"),
    "Evidence": ("studies", "read_study", "evidence_table", "audit", "EvidenceAudit"),
    "Calibration and forecasts": (
        "calibrate",
        "open_calibration",
        "CalibrationResult",
        "validate",
        "open_validation",
        "ValidationResult",
        "forecast",
        "make_forecast",
        "open_forecast",
        "ForecastResult",
        "ForecastScore",
        "credibility",
        "open_credibility",
        "CredibilityResult",
    ),
    "Models, drugs and populations": (
        "read_model",
        "read_causal_map",
        "play",
        "MechanismPlay",
        "mechanism_player",
        "simulate",
        "SimulationResult",
        "export",
        "ExportResult",
        "drugs",
        "read_drug",
        "read_population",
    ),
    "Documents": ("check", "CheckedDocument", "VerificationResult"),
}
#: values that functions give, which are not exported themselves
_ELSEWHERE = {"Trial": "normoxia.trial.protocol"}
#: columns of a call on one line
_WIDEST = 100
_HEADING = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)


def page() -> str:
    """`docs/reference/api.md`."""
    parts = [_HEAD]
    for title, names in SECTIONS.items():
        parts.append(f"## {title}\n")
        parts += [_entry(name) for name in names]
    return "\n".join(parts)


def sections(docstring: str) -> dict[str, str]:
    """The sections of a numpydoc docstring: heading to text, the text before the first under ""."""
    parts = _HEADING.split(inspect.cleandoc(docstring))
    return {"": parts[0].strip()} | {
        heading: text.strip("\n") for heading, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def _entry(name: str) -> str:
    value = _named(name)
    if inspect.isclass(value):
        return _class_entry(name, value)
    shown = name if "." in name else f"nx.{name}"
    return "\n".join([f"### {shown}\n", _signature(name, value), _text(value.__doc__ or "")])


def _class_entry(name: str, value: type) -> str:
    parts = [f"### {name}\n", _text(value.__doc__ or "")]
    for method, content in _methods(value):
        shown = f"{name}.{method}"
        function = content.fget if isinstance(content, property) else content
        if function is None:
            continue
        parts.append(f"#### {shown}\n")
        if not isinstance(content, property):
            parts.append(_signature(method, function))
        parts.append(_text(function.__doc__ or ""))
    return "\n".join(parts)


def _methods(value: type) -> Iterator[tuple[str, property | Callable[..., object]]]:
    """Public methods and properties of a class, in the order of its text."""
    for name, content in vars(value).items():
        is_shown = isinstance(content, property) or inspect.isfunction(content)
        if is_shown and not name.startswith("_"):
            yield name, content


def _named(name: str) -> type | Callable[..., object]:
    first, *rest = name.split(".")
    if first in _ELSEWHERE:
        value: object = getattr(importlib.import_module(_ELSEWHERE[first]), first)
    else:
        value = getattr(normoxia, first)
    for part in rest:
        value = getattr(value, part)
    assert callable(value)
    return value


def _signature(name: str, function: Callable[..., object]) -> str:
    """The call with its parameters, one a line where one line is too long."""
    parameters = [
        _without_self(str(parameter).replace("'", ""))
        for parameter in _spelt(inspect.signature(function))
    ]
    shown = [parameter for parameter in parameters if parameter]
    short = name.rsplit(".", maxsplit=1)[-1]
    returned = str(inspect.signature(function).return_annotation).replace("'", "")
    line = f"{short}({', '.join(shown)}) -> {returned}"
    if len(line) > _WIDEST:
        lines = "".join(f"    {parameter},\n" for parameter in shown)
        line = f"{short}(\n{lines}) -> {returned}"
    return f"```text\n{line}\n```\n"


def _spelt(signature: inspect.Signature) -> Iterator[str]:
    """Parameters as they are written, with the star before those given by keyword."""
    has_star = False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            has_star = True
        if parameter.kind is parameter.KEYWORD_ONLY and not has_star:
            yield "*"
            has_star = True
        default = (
            "" if parameter.default is parameter.empty else f" = {_default(parameter.default)}"
        )
        star = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL else star
        annotation = "" if parameter.annotation is parameter.empty else f": {parameter.annotation}"
        yield f"{star}{parameter.name}{annotation}{default}"


def _default(value: object) -> str:
    """A default as it is written; a function by its name."""
    if callable(value):
        return getattr(value, "__name__", "...").replace("<lambda>", "...")
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _without_self(parameter: str) -> str:
    return "" if parameter == "self" else parameter


def _text(docstring: str) -> str:
    """A numpydoc docstring as Markdown."""
    parts = sections(docstring)
    lines = [_prose(parts.pop("")), ""]
    for heading, text in parts.items():
        lines += [f"**{heading}**", "", _entries(text), ""]
    return "\n".join(lines)


def _prose(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _entries(text: str) -> str:
    """Entries of a section: names, each with the indented text under it."""
    lines = []
    for entry in re.split(r"\n(?=\S)", text):
        name, _, description = entry.partition("\n")
        words = " ".join(description.split())
        names = ", ".join(f"`{part.strip()}`" for part in name.split(","))
        lines.append(f"- {names}: {words}" if words else f"- {name}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(page())
