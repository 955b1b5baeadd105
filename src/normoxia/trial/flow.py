"""Who the patients were and what became of them: Table 1 beside the published baseline, and the flow through the arms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normoxia.population import Population, TableOneRow, table_one
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult


@dataclass(frozen=True, slots=True)
class ArmFlow:
    """Patients of an arm, over all replicates, at the cut for survival.

    randomised      everybody; `failed` could not be simulated to the end
    progressed      treatment ended by progression (of those, `next_line` began another treatment)
    died, lost, followed   at the cut for survival: dead, out of contact, alive under observation
    """

    arm: str
    randomised: int
    failed: int
    progressed: int
    next_line: int
    died: int
    lost: int
    followed: int


def flow(result: TrialResult) -> tuple[ArmFlow, ...]:
    """The patients of every arm, counted as in a CONSORT diagram; died, lost, followed and failed add up to randomised."""
    found = []
    for arm in result.arms:
        rows = result.rows(arm)
        column = {name: np.asarray(values)[rows] for name, values in result.columns.items()}
        failed = column["status"] != 0
        end = np.minimum(column["survival_cut"], column["survival_loss"])
        died = ~failed & (column["death"] <= end)
        lost = ~failed & ~died & (column["survival_loss"] < column["survival_cut"])
        begun = column["next_start"] < np.minimum(column["death"], end)
        found.append(
            ArmFlow(
                arm,
                len(rows),
                int(failed.sum()),
                int(np.isfinite(column["treatment_end"]).sum()),
                int(((column["next_line"] >= 0) & begun).sum()),
                int(died.sum()),
                int(lost.sum()),
                int((~failed & ~died & ~lost).sum()),
            )
        )
    return tuple(found)


def baseline(result: TrialResult, trial: Trial) -> tuple[TableOneRow, ...]:
    """Table 1 of the simulated patients beside the published baseline of the trial's document; () when it gives none.

    Arms hold twins, so the patients of the largest arm stand for all; a line published for one arm is compared with it.
    """
    largest = max(result.arms, key=lambda arm: len(result.rows(arm)))
    rows: list[TableOneRow] = []
    for line in trial.baseline:
        own = result.rows(line.arm or largest)
        patients = Population(
            np.asarray(result.columns["patient"][own], dtype=np.int64),
            np.asarray(result.columns["replicate"][own], dtype=np.int64),
            {name: values[own] for name, values in result.covariates.items()},
            {},
            np.ones(len(own)),
            0,
            result.acceptance,
        )
        rows += table_one(patients, [line])
    return tuple(rows)
