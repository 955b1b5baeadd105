"""`normoxia simulate`: any model in the language, for any table of parameters and doses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import (
    Decimal,
    Force,
    OldFile,
    Quiet,
    Workers,
    checked_tolerance,
    choice,
    examples,
    file_option,
    match_word,
    required_file,
    worker_count,
)
from normoxia.cli.show import progress_bar, say
from normoxia.errors import InvalidArgument, OutputExists
from normoxia.progress import Step

if TYPE_CHECKING:
    from normoxia.documents import Finding

#: patients whose doses differ, solved together
_TOGETHER = 256
BACKENDS = ("auto", "fast", "reference")
EXAMPLES = examples(
    "normoxia simulate model.yaml --times 0:728:7 --file states.csv",
    "normoxia simulate model.yaml --patients p.csv --doses d.csv \\\n"
    "      --times 0,42,84 --outputs diameter,VEGF --file states.parquet",
)


def simulate(
    model: Annotated[
        Path, typer.Argument(autocompletion=completion.models, help="A model document.")
    ],
    times: Annotated[
        str, typer.Option("--times", help="Such as 0,42,84 or 0:728:7, in the model's time unit.")
    ],
    file: Annotated[Path | None, file_option("The table to write: .csv or .parquet.")] = None,
    out: OldFile = None,
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
    backend: Annotated[
        str, choice("--backend", "backend", BACKENDS, "Solver: auto, fast or reference.")
    ] = "auto",
    decimal: Decimal = None,
    ablate: Annotated[
        list[str] | None,
        typer.Option(
            "--ablate",
            help="Remove a causal statement of the model by its tag; may be given several times.",
        ),
    ] = None,
    force: Force = False,
    workers: Workers = 0,
    quiet: Quiet = False,
) -> None:
    """Solve any model for a table of patients and doses."""
    import numpy as np

    from normoxia import mechanism, memory, simulation
    from normoxia.mechanism.inputs import none
    from normoxia.simulation import tables

    path = required_file(file, out, "states.csv")
    if path.suffix not in (".csv", ".parquet"):
        raise InvalidArgument(
            f'"{path}" ends in neither .csv nor .parquet; the ending chooses the format'
        )
    if path.exists() and not force:
        raise OutputExists(f"{path} exists; name another file, or add --force to replace it")
    tolerance = checked_tolerance(tolerance)
    grid = tables.read_times(times)
    whole = mechanism.read(model)
    if ablate:
        tags = tuple(statement.tag for statement in whole.statements)
        whole = mechanism.ablate(whole, [match_word("statement", tag, tags) for tag in ablate])
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
    tables.write_rows(path, names, grid, simulator.outputs, np.concatenate(values))
    for row, reason in list(failed.items())[:5]:
        say(f'patient "{names[row]}" failed: {reason}', quiet=quiet)
    say(f"{len(names)} patients, {len(failed)} failed, {len(grid)} times -> {path}", quiet=quiet)
    if failed:
        raise typer.Exit(1)
