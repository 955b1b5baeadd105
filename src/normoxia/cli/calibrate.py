"""`normoxia calibrate`: the ensemble from a seed, resumable."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from normoxia.cli.options import LARGEST_SEED, Json, Quiet, Resume, Workers, examples, worker_count
from normoxia.cli.show import print_json, progress_bar, say
from normoxia.errors import Interrupted, InvalidArgument

#: the plan behind the shipped ensemble
SEED, POINTS, PATIENTS = 20261129, "640,448", 40
#: bytes that a patient at a point takes at most, while a round's chunks are read together
_POINT = 2_000
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
    from normoxia import memory
    from normoxia.calibration import calibrate as verb

    try:
        rounds = tuple(int(part) for part in points.split(","))
    except ValueError:
        raise InvalidArgument(
            f'--points "{points}": expected whole numbers, one a round, such as 640,448'
        ) from None
    if patients < 1 or min(rounds) < 1:
        raise InvalidArgument(
            f"--points {points} --patients {patients}: expected 1 or more of each"
        )
    memory.refuse_beyond(
        float(_POINT) * max(rounds) * patients,
        f"{max(rounds):,} points of {patients:,} patients",
        "ask for fewer with --points or --patients",
    )
    plan = verb.SMALL if small else verb.Plan(seed, rounds, patients)
    try:
        with progress_bar(quiet=quiet) as progress:
            found = verb.calibrate(
                plan, out, workers=worker_count(workers), resume=resume, progress=progress
            )
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted; finished chunks are in {out}; go on with the same options and --resume"
        ) from None
    if json:
        print_json(
            {
                "schema": "normoxia.calibrate/1",
                "folder": str(out),
                "digest": found.digest,
                **found.manifest,
            }
        )
        return
    sampling = found.manifest["sampling"]
    say(
        f"{out / verb.ENSEMBLE}: {found.n_draws} of {sampling['draws']} draws, "
        f"effective sample size {sampling['effective_sample_size']}, largest R-hat {sampling['largest_r_hat']}",
        quiet=False,
    )
