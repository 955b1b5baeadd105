"""`normoxia simulate`: any model in the language, for any table of parameters and doses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import (
    Decimal,
    Force,
    OldFile,
    Quiet,
    Workers,
    choice,
    examples,
    file_option,
    required_file,
)
from normoxia.cli.show import progress_bar, say

#: failed patients that are listed
_LISTED = 5
BACKENDS = ("auto", "fast", "reference")
EXAMPLES = examples(
    "normoxia simulate model.yaml --times 0:728:7 --file states.csv",
    "normoxia simulate model.yaml --patients p.csv --doses d.csv \\\n"
    "      --times 0,42,84 --outputs diameter,VEGF --file states.parquet",
)


def simulate(
    model: Annotated[
        str,
        typer.Argument(
            autocompletion=completion.models,
            help="A model document, or a shipped model such as nsclc-levels.",
        ),
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
    import normoxia as nx
    from normoxia.api.simulating import refuse_output

    path = required_file(file, out, "states.csv")
    refuse_output(path, overwrite=force)
    with progress_bar(quiet=quiet) as progress:
        result = nx.simulate(
            model,
            times,
            patients=patients,
            doses=doses,
            outputs=outputs,
            tolerance=tolerance,
            backend=backend,
            decimal=decimal,
            ablate=ablate or (),
            workers=workers,
            progress=progress,
        )
    for note in result.notes:
        say(str(note), quiet=quiet)
    result.save(path, overwrite=force)
    for name, reason in list(result.failed.items())[:_LISTED]:
        say(f'patient "{name}" failed: {reason}', quiet=quiet)
    n, failed, n_times = len(result.patients), len(result.failed), len(result.times)
    say(f"{n} patients, {failed} failed, {n_times} times -> {path}", quiet=quiet)
    if failed:
        raise typer.Exit(1)
