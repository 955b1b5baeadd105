"""`normoxia simulate`: any model in the language, for any table of parameters and doses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from normoxia.cli.options import Ablate, Quiet, Workers, checked_tolerance, worker_count
from normoxia.cli.show import progress_bar, say
from normoxia.errors import InvalidArgument, OutputExists
from normoxia.progress import Step

if TYPE_CHECKING:
    from normoxia.documents import Finding

#: patients whose doses differ, solved together
_TOGETHER = 256


def simulate(
    model: Annotated[
        str, typer.Argument(help="A model document, or a shipped model such as nsclc-levels.")
    ],
    times: Annotated[
        str, typer.Option("--times", help="Such as 0,42,84 or 0:728:7, in the model's time unit.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Where to write: .csv or .parquet.")],
    patients: Annotated[
        Path | None,
        typer.Option(
            "--patients",
            help="A table: `patient`, then parameter names. Default: one typical patient.",
        ),
    ] = None,
    doses: Annotated[
        Path | None,
        typer.Option(
            "--doses", help="A table: time,target,amount,duration and optionally patient."
        ),
    ] = None,
    outputs: Annotated[
        str,
        typer.Option(
            "--outputs",
            help="Names to write, by commas; default: every observable, else every state.",
        ),
    ] = "",
    tolerance: Annotated[
        float, typer.Option("--tolerance", help="Relative tolerance of the solver.")
    ] = 1e-4,
    backend: Annotated[str, typer.Option("--backend", help="auto, fast or reference.")] = "auto",
    decimal: Annotated[
        str | None,
        typer.Option(
            "--decimal",
            help="point or comma, where the tables' numbers do not tell: 1.234 is 1234 or 1.234.",
        ),
    ] = None,
    ablate: Ablate = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the output file.")] = False,
    workers: Workers = 0,
    quiet: Quiet = False,
) -> None:
    """Solve a model for a table of patients and doses, and write `patient,time,<outputs>`."""
    import numpy as np

    from normoxia import library, mechanism, memory, simulation
    from normoxia.mechanism.inputs import none
    from normoxia.simulation import tables

    if out.suffix not in (".csv", ".parquet"):
        raise InvalidArgument(
            f'"{out}" ends in neither .csv nor .parquet; the ending chooses the format'
        )
    if out.exists() and not force:
        raise OutputExists(f"{out} exists; name another file, or add --force to replace it")
    tolerance = checked_tolerance(tolerance)
    grid = tables.read_times(times)
    whole = mechanism.read(library.find("models", model))
    if ablate:
        whole = mechanism.ablate(whole, ablate)
    notes: list[Finding] = []
    names, parameters = (
        tables.read_patients(
            patients, [p.name for p in whole.parameters], decimal=decimal, notes=notes
        )
        if patients
        else (["1"], {})
    )
    species = [s.name for s in whole.species]
    dosing = (
        tables.read_doses(doses, names, species, decimal=decimal, notes=notes) if doses else None
    )
    for note in notes:
        say(str(note), quiet=quiet)
    wanted = tuple(name.strip() for name in outputs.split(",") if name.strip()) or (
        tuple(o.name for o in whole.observables) or tuple(s.name for s in whole.species)
    )
    # values as solved and as written, and the columns of patient and time
    memory.refuse_beyond(
        8.0 * len(names) * len(grid) * (3 * len(wanted) + 4),
        f"{len(names):,} patients with {len(grid):,} times of {len(wanted)} outputs",
        "ask for fewer times, outputs or patients",
    )
    simulator = simulation.compile(whole, backend=backend, outputs=wanted)
    # patients whose doses differ are carried a few at a time, so that no table of everybody's doses is made
    size = _TOGETHER if dosing and dosing.patient is not None else max(len(names), 1)
    values = []
    failed: dict[int, str] = {}
    with progress_bar(quiet=quiet) as progress:
        for first in range(0, len(names), size):
            count = min(size, len(names) - first)
            own = {name: column[first : first + count] for name, column in parameters.items()}
            result = simulator.run(
                simulator.start(own, count),
                dosing.inputs(first, count) if dosing else none(),
                grid,
                tolerance=tolerance,
                workers=worker_count(workers),
                progress=lambda step, done=first: progress(
                    Step(step.label, done + step.done, len(names))
                ),
            )
            values.append(result.values)
            failed |= {first + row: reason for row, reason in result.reason.items()}
    tables.write_rows(out, names, grid, simulator.outputs, np.concatenate(values))
    for row, reason in list(failed.items())[:5]:
        say(f'patient "{names[row]}" failed: {reason}', quiet=quiet)
    say(f"{len(names)} patients, {len(failed)} failed, {len(grid)} times -> {out}", quiet=quiet)
    if failed:
        raise typer.Exit(1)
