"""Who the patients were and what became of them: Table 1 beside the published baseline, and the flow through the arms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from normoxia.outcome import Endpoint
from normoxia.population import Population, TableOneRow, table_one
from normoxia.trial.analysis import study_of
from normoxia.trial.conduct.courses import EndReason
from normoxia.trial.protocol import Arm, Trial
from normoxia.trial.result import TrialResult


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterLine:
    """How many patients of an arm began a next line, beside the protocol's share.

    Attributes
    ----------
    title
        Of the next line.
    begun
        Patients who began it before death, loss and the cut of OS.
    share
        The protocol's, of everybody randomised or of those who progressed.
    share_of
        Which of the two.
    """

    title: str
    begun: int
    share: float
    share_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmFlow:
    """Patients of an arm, over all replicates, at the cut for survival.

    Attributes
    ----------
    arm
        Its id.
    randomised
        Everybody.
    failed
        Those who could not be simulated to the end.
    progressed
        A scan showed progression, treatment beyond it or not.
    clinical
        Disease progressed clinically and no scan showed it.
    withdrawn
        Consent to scans and treatment was withdrawn before progression.
    next_lines
        Realised beside published, line by line.
    drug_ends
        By drug, patients by reason its giving ended (`EndReason` names in lower case).
    stopped_by_toxicity
        At least one drug was.
    published_discontinuation
        Percent whose treatment an adverse event ended, as published; nan when not.
    died, lost, followed
        At the cut for survival: dead, out of contact, alive under observation.
    """

    arm: str
    randomised: int
    failed: int
    progressed: int
    clinical: int
    withdrawn: int
    next_lines: tuple[LaterLine, ...]
    drug_ends: dict[str, dict[str, int]]
    stopped_by_toxicity: int
    published_discontinuation: float
    died: int
    lost: int
    followed: int

    @property
    def next_line(self) -> int:
        """Patients who began any next line."""
        return sum(line.begun for line in self.next_lines)


def flow(result: TrialResult, trial: Trial) -> tuple[ArmFlow, ...]:
    """Count the patients of every arm as in a CONSORT diagram.

    Died, lost, followed and failed add up to randomised.

    Parameters
    ----------
    result
        Every patient of a run.
    trial
        Its protocol, whose study gives the published numbers.
    """
    return tuple(_arm_flow(result, trial, trial.arm(arm)) for arm in result.arms)


def _arm_flow(result: TrialResult, trial: Trial, arm: Arm) -> ArmFlow:
    rows = result.rows(arm.id)
    column = {name: np.asarray(values)[rows] for name, values in result.columns.items()}
    failed = column["status"] != 0
    end = np.minimum(column["survival_cut"], column["survival_loss"])
    died = ~failed & (column["death"] <= end)
    lost = ~failed & ~died & (column["survival_loss"] < column["survival_cut"])
    alive_until = np.minimum(column["death"], end)
    progressed = column["progression"] <= alive_until
    clinical = ~progressed & (column["clinical_progression"] <= alive_until)
    withdrawn = column["scan_withdrawal"] < np.minimum(
        alive_until, np.minimum(column["progression"], column["clinical_progression"])
    )
    begun = np.where(column["next_start"] < alive_until, column["next_line"], -1)
    drug_ends, toxic = {}, np.zeros(len(rows), dtype=bool)
    for drug in arm.regimen.drugs:
        name = Path(drug).name  # of a document that is named by path
        if name not in result.drug_end:
            continue  # a result of an earlier version
        reason = np.where(
            result.drug_end[name][rows] > end, EndReason.ONGOING, result.drug_end_reason[name][rows]
        )
        toxic |= reason == EndReason.TOXICITY
        drug_ends[name] = {one.name.lower(): int((reason == one).sum()) for one in EndReason}
    return ArmFlow(
        arm=arm.id,
        randomised=len(rows),
        failed=int(failed.sum()),
        progressed=int(progressed.sum()),
        clinical=int(clinical.sum()),
        withdrawn=int(withdrawn.sum()),
        next_lines=_later_lines(arm, begun),
        drug_ends=drug_ends,
        stopped_by_toxicity=int(toxic.sum()),
        published_discontinuation=_discontinuation(trial, arm.id),
        died=int(died.sum()),
        lost=int(lost.sum()),
        followed=int((~failed & ~died & ~lost).sum()),
    )


def _later_lines(arm: Arm, begun: NDArray[np.int64]) -> tuple[LaterLine, ...]:
    """Count who began which of an arm's next lines (-1 for none)."""
    return tuple(
        LaterLine(
            title=line.title,
            begun=int((begun == position).sum()),
            share=line.share,
            share_of=line.share_of,
        )
        for position, line in enumerate(arm.next_lines)
    )


def _discontinuation(trial: Trial, arm: str) -> float:
    """Percent of an arm whose treatment an adverse event ended, the latest published; nan when none is."""
    if not trial.study:
        return math.nan
    values = [
        row.estimate.value
        for row in study_of(trial).outcomes()
        if row.endpoint is Endpoint.DISCONTINUATION and row.arm == arm and not row.comparator
    ]
    return values[-1] if values else math.nan


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
