"""`normoxia calibrate`: the ensemble from a seed, resumable."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from normoxia.api.limits import LARGEST_SEED
from normoxia.cli.options import Json, Quiet, Resume, Workers, examples
from normoxia.cli.show import print_json, progress_bar, say
from normoxia.errors import InvalidArgument

#: the plan behind the shipped ensemble
SEED, POINTS, PATIENTS = 20261130, "640,512", 40
EXAMPLES = examples(
    "normoxia calibrate --small --out trial-of-it",
    "normoxia calibrate --out calibration",
    "normoxia calibrate --out calibration --resume",
)


def calibrate(
    out: Annotated[Path, typer.Option("--out", help="Folder of the calibration.")] = Path(
        "calibration"
    ),
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            min=0,
            max=LARGEST_SEED,
            help="Same seed, same ensemble, for any number of workers.",
        ),
    ] = SEED,
    points: Annotated[
        str, typer.Option("--points", help="Points simulated in each round.")
    ] = POINTS,
    patients: Annotated[
        int, typer.Option("--patients", help="In every arm at every point.")
    ] = PATIENTS,
    small: Annotated[
        bool,
        typer.Option(
            "--small",
            help="Four trials and few points: a trial of the machinery, in a minute or two.",
        ),
    ] = False,
    workers: Workers = 0,
    resume: Resume = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit the ensemble to the published studies: hours on two cores, resumable."""
    import normoxia as nx

    try:
        rounds = tuple(int(part) for part in points.split(","))
    except ValueError:
        raise InvalidArgument(
            f'--points "{points}": expected whole numbers, one a round, such as 640,512'
        ) from None
    with progress_bar(quiet=quiet) as progress:
        result = nx.calibrate(
            out,
            seed=seed,
            points=rounds,
            patients=patients,
            small=small,
            workers=workers,
            resume=resume,
            progress=progress,
        )
    if json:
        print_json(result.to_json())
    else:
        say(str(result), quiet=False)
