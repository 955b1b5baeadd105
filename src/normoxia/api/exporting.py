"""Write a model, or an arm of a trial with its doses, as SBML for other programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from normoxia import mechanism, pharmacology, simulation
from normoxia.api.names import find_trial
from normoxia.api.sources import read_model
from normoxia.errors import ComputationFailed, InvalidArgument, OutputExists
from normoxia.mechanism.model import Model
from normoxia.notebook import heading_html
from normoxia.storage import write_whole
from normoxia.trial import runner
from normoxia.trial.protocol import Trial

if TYPE_CHECKING:
    from normoxia.mechanism.inputs import Inputs


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ExportResult:
    """A model as SBML; `normoxia.export` gives it.

    Attributes
    ----------
    model
        Name of the model.
    text
        The document.
    n_species, n_doses
        How many it has.
    """

    model: str
    text: str
    n_species: int
    n_doses: int

    def save(self, file: str | Path, *, overwrite: bool = False) -> Path:
        """Write the document into a file; return its path.

        Parameters
        ----------
        file
            Where to write.
        overwrite
            Whether to replace the file.

        Raises
        ------
        OutputExists
            The file exists, and `overwrite` is False.
        """
        path = Path(file)
        refuse_existing(path, overwrite=overwrite)
        write_whole(path, self.text.encode())
        return path

    def _repr_html_(self) -> str:
        return heading_html(self.model, f"{self.n_species} species, {self.n_doses} doses")

    def __repr__(self) -> str:
        return f"<ExportResult of {self.model}: {self.n_species} species, {self.n_doses} doses>"


#: the typical patient: 70 kg and 1.8 m2 are those of the drug documents, 90 mL/min a normal filtration
_WEIGHT, _BODY_SURFACE, _GFR = 70.0, 1.8, 90.0


def export(
    source: Model | Trial | str | Path,
    *,
    arm: str | None = None,
    days: float = 728.0,
    ablate: str | Iterable[str] = (),
) -> ExportResult:
    """Give a model as SBML Level 3 Version 2: equilibrated, for the typical patient, with an arm's doses as events.

    Parameters
    ----------
    source
        A model or what `read_model` takes; with `arm`, a trial or what `read_trial` takes.
    arm
        The arm of the trial whose doses are exported.
    days
        Doses of so many days.
    ablate
        Causal statements to remove, such as "C26".

    Returns
    -------
    ExportResult
        The document, which `save` writes into a file.

    Raises
    ------
    InvalidArgument
        A trial without an arm, or a model with an arm.
    ComputationFailed
        The model could not be equilibrated for its typical patient.
    MissingExtra
        The SBML library is not installed.
    """
    model, inputs = (_model(source), None) if arm is None else _trial_arm(source, arm, days)
    tags = [ablate] if isinstance(ablate, str) else list(ablate)
    model = mechanism.ablate(model, tags) if tags else model
    text = mechanism.export(model, inputs, _equilibrated(model) if model.equilibration else None)
    return ExportResult(
        model=model.name,
        text=text,
        n_species=len(model.species),
        n_doses=inputs.n_doses if inputs else 0,
    )


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Raise OutputExists for a file that is there and must not be replaced."""
    if path.exists() and not overwrite:
        raise OutputExists(
            f"{path} exists; name another file, or replace it with overwrite=True (--force)"
        )


def _model(source: Model | Trial | str | Path) -> Model:
    if isinstance(source, Model):
        return source
    named_otherwise = isinstance(source, str) and not (
        Path(source).exists() or source.casefold().endswith((".yaml", ".yml"))
    )
    if isinstance(source, Trial) or (named_otherwise and not _is_shipped(str(source))):
        name = source.id if isinstance(source, Trial) else source
        raise InvalidArgument(
            f'"{name}" is no model document; if it is a trial, name one of its arms with arm (--arm)'
        )
    return read_model(source)


def _is_shipped(name: str) -> bool:
    from normoxia import library
    from normoxia.api.names import spelling

    return spelling(name) in {spelling(model) for model in library.names("models")}


def _trial_arm(source: Model | Trial | str | Path, arm: str, days: float) -> tuple[Model, Inputs]:
    if isinstance(source, Model):
        raise InvalidArgument(f'arm "{arm}": a model has no arms; give the trial')
    trial = source if isinstance(source, Trial) else find_trial(source)
    inputs = pharmacology.schedule(
        trial.arm(arm).regimen, 0.0, days, weight=_WEIGHT, body_surface=_BODY_SURFACE, gfr=_GFR
    )
    return runner.compose(trial), inputs


def _equilibrated(model: Model) -> dict[str, float]:
    """Species and derived parameters of the typical patient after equilibration, by the reference backend."""
    state = simulation.compile(model, backend="reference", outputs=()).start({}, 1)
    if state.reason:
        raise ComputationFailed(
            f'"{model.name}" could not be settled for its typical patient: {state.reason[0]}; SBML needs the settled '
            "values, so change the parameters or the equilibration"
        )
    derived = {d.name for d in model.equilibration.derived} if model.equilibration else set()
    parameters = dict(zip(state.parameters, state.parameter_values[0], strict=True))
    return {
        name: float(value) for name, value in zip(state.species, state.values[0], strict=True)
    } | {name: float(parameters[name]) for name in derived}
