"""`normoxia simulate`: any model in the language, for any table of parameters and doses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from normoxia.cli.options import Ablate, Quiet, Workers
from normoxia.cli.show import progress_bar, say

#: failed patients that are listed
_LISTED = 5


def simulate(
    model: Annotated[Path, typer.Argument(help="A model document.")],
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
    import normoxia as nx
    from normoxia.api.simulating import refuse_output

    refuse_output(out, overwrite=force)
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
    result.save(out, overwrite=force)
    for name, reason in list(result.failed.items())[:_LISTED]:
        say(f'patient "{name}" failed: {reason}', quiet=quiet)
    n, failed, n_times = len(result.patients), len(result.failed), len(result.times)
    say(f"{n} patients, {failed} failed, {n_times} times -> {out}", quiet=quiet)
    if failed:
        raise typer.Exit(1)
