"""`normoxia export`: a model, or an arm of a trial with its doses, as SBML for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from normoxia.cli.options import Ablate
from normoxia.cli.show import say
from normoxia.errors import ComputationFailed, InvalidArgument, OutputExists

if TYPE_CHECKING:
    from normoxia.mechanism.inputs import Inputs
    from normoxia.mechanism.model import Model

#: the typical patient of an export: 70 kg and 1.8 m2 are those of the drug documents, 90 mL/min a normal filtration
_WEIGHT, _BODY_SURFACE, _GFR = 70.0, 1.8, 90.0


def export(
    what: Annotated[str, typer.Argument(help="A model document, or a trial (then name an --arm).")],
    out: Annotated[
        Path, typer.Option("--out", help="Where to write the SBML (Level 3 Version 2).")
    ],
    arm: Annotated[
        str, typer.Option("--arm", help="The arm of the trial whose doses are exported.")
    ] = "",
    days: Annotated[float, typer.Option("--days", min=0, help="Doses of so many days.")] = 728.0,
    ablate: Ablate = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the output file.")] = False,
) -> None:
    """Write a model as SBML: settled, for the typical patient, with an arm's doses as events."""
    from normoxia import mechanism
    from normoxia.trial.folder import write_whole

    if out.exists() and not force:
        raise OutputExists(f"{out} exists; name another file, or add --force to replace it")
    if not arm and not Path(what).exists() and not what.endswith((".yaml", ".yml")):
        raise InvalidArgument(
            f'"{what}" is no model document; if it is a trial, name one of its arms with --arm'
        )
    model, inputs = _trial_arm(what, arm, days) if arm else (mechanism.read(Path(what)), None)
    if ablate:
        model = mechanism.ablate(model, ablate)
    values = _settled(model) if model.equilibration else None
    write_whole(out, mechanism.export(model, inputs, values).encode())
    say(f"{len(model.species)} species, {inputs.n_doses if inputs else 0} doses -> {out}")


def _trial_arm(name: str, arm: str, days: float) -> tuple[Model, Inputs]:
    from normoxia import pharmacology
    from normoxia.trial import files, runner

    trial = files.read(name)
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
