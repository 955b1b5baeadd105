"""Effect of each change in the conduct of virtual trials: the trial as it is, and with one change undone.

    python -m benchmarks.conduct_changes 4 impower150

prints the rows of docs/method/conduct-changes.md for some trials (all three when none is named), with so many replicates.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from normoxia import trial
from normoxia.outcome import Endpoint, Measure
from normoxia.trial.conduct import lesions, recist
from normoxia.trial.conduct.recist import Response
from normoxia.trial.endpoints import End, evaluate
from normoxia.trial.flow import flow
from normoxia.trial.protocol import PROGRESSED, Assessment, Clinic, Trial

TRIALS = ("impower150", "study:KEYNOTE-024", "study:KEYNOTE-189")
SEED = 20261130


def with_clinic(**numbers: float) -> Callable[[Trial], Trial]:
    """Change numbers of the clinic."""
    return lambda protocol: replace(protocol, clinic=replace(protocol.clinic, **numbers))


def shares_of_progressed(protocol: Trial) -> Trial:
    """Take the shares of next lines of those who progressed, whatever their prognosis."""
    arms = tuple(
        replace(
            arm, next_lines=tuple(replace(line, share_of=PROGRESSED) for line in arm.next_lines)
        )
        for arm in protocol.arms
    )
    return with_clinic(later_line_prognosis=0.0)(replace(protocol, arms=arms))


def one_rule(protocol: Trial) -> Trial:
    """Hold, reduce and stop every drug in the same shares after grade 3 or more alone."""
    clinic: Clinic = protocol.clinic
    rules = {
        group: replace(
            rule,
            hold=0.5,
            reduce=0.3,
            stop=0.2,
            grade2_ratio=0.0,
            hold_mean=21.0,
            maximum_delay=np.inf,
            reduced_dose=0.75,
        )
        for group, rule in clinic.dose_rules.items()
    }
    return replace(protocol, clinic=replace(clinic, dose_rules=rules))


def stable_from_day_42(protocol: Trial) -> Trial:
    """Ask for 42 actual days of stable disease."""
    return replace(protocol, criteria=replace(protocol.criteria, stable_days=42.0))


def same_reader(protocol: Trial) -> Trial:
    """Read every scan with the same error, whoever reads."""
    return replace(protocol, assessment=Assessment())


UNDONE: Mapping[str, Callable[[Trial], Trial]] = {
    "as it is": lambda protocol: protocol,
    "1 later lines of those progressed": shares_of_progressed,
    "2 loss of 0.25 a year": with_clinic(
        survival_loss=0.25 / 365.25, scan_withdrawal=0.0, discontinuation=0.0
    ),
    "4 stable from day 42": stable_from_day_42,
    "5 one dose rule for all": one_rule,
    "6 targets of any size": lambda protocol: protocol,
    "8 one reader": same_reader,
    "10 no clinical progression": with_clinic(clinical_progression=0.0),
}


@contextmanager
def targets_of_any_size() -> Iterator[None]:
    """Draw target lesions without a least size."""
    kept = (
        lesions.TARGET_MM,
        lesions.TARGET_NODE_MM,
        lesions.MAX_NODES,
        recist.TARGET_MM,
        recist.TARGET_NODE_MM,
    )
    lesions.TARGET_MM, lesions.TARGET_NODE_MM, lesions.MAX_NODES = 1e-9, 2e-9, 5
    recist.TARGET_MM, recist.TARGET_NODE_MM = 1e-9, 2e-9
    try:
        yield
    finally:
        lesions.TARGET_MM, lesions.TARGET_NODE_MM, lesions.MAX_NODES = kept[:3]
        recist.TARGET_MM, recist.TARGET_NODE_MM = kept[3:]


def row(name: str, protocol: Trial, replicates: int) -> str:
    """One row of the page: hazard ratios, then each arm's numbers."""
    result = trial.run(protocol, seed=SEED, replicates=replicates)
    e = evaluate(result, protocol.criteria)
    outcomes = [o for o in trial.analyse(result, protocol) if o.population == protocol.sets[0].id]
    first = protocol.contrasts[0]
    ratios = {
        o.endpoint: o.estimate.value
        for o in outcomes
        if o.measure is Measure.HAZARD_RATIO
        and (o.arm, o.comparator) == (first.experimental, first.control)
    }
    cells = [f"{ratios[Endpoint.PFS]:.2f}", f"{ratios[Endpoint.OS]:.2f}"]
    counted = {arm.arm: arm for arm in flow(result, protocol)}
    columns: list[list[float]] = []
    for arm in (first.experimental, first.control):
        rows = result.rows(arm)
        medians = {
            o.endpoint: o.estimate.value
            for o in outcomes
            if o.measure is Measure.MEDIAN_MONTHS and o.arm == arm
        }
        own = counted[arm]
        events = e.pfs_observed[rows]
        share = 100.0 / own.randomised
        columns.append(
            [
                100.0 * e.responded[rows].mean(),
                100.0 * e.controlled[rows].mean(),
                100.0 * (e.response[rows] == Response.NE).mean(),
                medians[Endpoint.PFS],
                medians[Endpoint.OS],
                share * own.next_line,
                share * own.lost,
                share * own.stopped_by_toxicity,
                100.0 * (e.pfs_end[rows][events] == End.DEATH).mean(),
            ]
        )
    cells += [f"{one:.1f} / {other:.1f}" for one, other in zip(*columns, strict=True)]
    return f"| {name} | " + " | ".join(cells) + " |"


def main(replicates: int, names: Sequence[str] = TRIALS) -> None:
    """Print a table for each trial."""
    for name in names:
        protocol = trial.read(name)
        pair = protocol.contrasts[0]
        sys.stdout.write(f"\n{name}: {pair.experimental} / {pair.control}\n\n")
        for change, undo in UNDONE.items():
            if change.startswith("6"):
                with targets_of_any_size():
                    line = row(change, undo(protocol), replicates)
            else:
                line = row(change, undo(protocol), replicates)
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4, sys.argv[2:] or TRIALS)
