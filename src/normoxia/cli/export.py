"""`normoxia export`: a model, or an arm of a trial with its doses, as SBML for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Ablate, Force, OldFile, Quiet, examples, file_option, required_file
from normoxia.cli.show import say
from normoxia.errors import ComputationFailed, InvalidArgument, OutputExists

if TYPE_CHECKING:
    from normoxia.mechanism.inputs import Inputs
    from normoxia.mechanism.model import Model

#: the typical patient of an export: 70 kg and 1.8 m2 are those of the drug documents, 90 mL/min a normal filtration
_WEIGHT, _BODY_SURFACE, _GFR = 70.0, 1.8, 90.0
EXAMPLES = examples(
    "normoxia export model.yaml --file model.xml",
    "normoxia export impower150 --arm ABCP --days 365 --file abcp.xml",
)


def export(
    what: Annotated[
        str,
        typer.Argument(
            autocompletion=completion.trials,
            help="A model document, or a trial (then name an --arm).",
        ),
    ],
    file: Annotated[
        Path | None, file_option("The document to write, SBML Level 3 Version 2.")
    ] = None,
    out: OldFile = None,
    arm: Annotated[
        str, typer.Option("--arm", help="The arm of the trial whose doses are exported.")
    ] = "",
    days: Annotated[float, typer.Option("--days", min=0, help="Doses of so many days.")] = 728.0,
    ablate: Ablate = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Write a model, or an arm of a trial with its doses, as SBML."""
    from normoxia import mechanism
    from normoxia.trial.folder import write_whole

    path = required_file(file, out, "model.xml")
    if path.exists() and not force:
        raise OutputExists(f"{path} exists; name another file, or add --force to replace it")
    if not arm and not Path(what).exists() and not what.endswith((".yaml", ".yml")):
        raise InvalidArgument(
            f'"{what}" is no model document; if it is a trial, name one of its arms with --arm'
        )
    model, inputs = _trial_arm(what, arm, days) if arm else (mechanism.read(Path(what)), None)
    if ablate:
        model = mechanism.ablate(model, ablate)
    values = _settled(model) if model.equilibration else None
    write_whole(path, mechanism.export(model, inputs, values).encode())
    say(
        f"{len(model.species)} species, {inputs.n_doses if inputs else 0} doses -> {path}",
        quiet=quiet,
    )


def _trial_arm(name: str, arm: str, days: float) -> tuple[Model, Inputs]:
    from normoxia import pharmacology
    from normoxia.api.trials import read_trial
    from normoxia.trial import runner

    trial = read_trial(name)
    regimen = trial.arm(arm).regimen
    inputs = pharmacology.schedule(
        regimen, 0.0, days, weight=_WEIGHT, body_surface=_BODY_SURFACE, gfr=_GFR
    )
    return runner.compose(trial), inputs


def _settled(model: Model) -> dict[str, float]:
    """Species and derived parameters of the typical patient after equilibration, by the reference backend."""
    from normoxia import simulation

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
