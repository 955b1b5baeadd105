"""What a run does before its first patient, done for a document alone: whatever passes here, `run` begins.

The sizes fit into memory; the biology and the drugs compose and compile; patients of the population can be drawn and are
those the protocol asks for; and the first visit comes before the cut of PFS.
"""

from __future__ import annotations

import math
import warnings

import numpy as np

from normoxia import memory
from normoxia.documents import Findings, Place
from normoxia.errors import InvalidDocument
from normoxia.mechanism.model import Model
from normoxia.population import sample
from normoxia.trial import runner
from normoxia.trial.conduct import clinical
from normoxia.trial.conduct.draws import draw
from normoxia.trial.protocol import Trial

#: numbers kept of every patient, beside what visits add
_COLUMNS = 40
#: numbers kept of every patient at every visit, states included, and those that only a chunk's patients have
_AT_VISITS, _DRAWN_AT_VISITS = 3 + len(runner.STATES), 40
#: bytes of a replicate beside its patients: its setting and its place in the plan
_REPLICATE = 8_000
#: copies of the whole while parts are joined and written
_COPIES = 3
#: patients drawn to see whether there are any
_TRIED = 4


def estimate(trial: Trial, replicates: int = 1) -> float:
    """Bytes that a run's results take at their largest, roughly: patients of all arms and replicates, by visits."""
    visits = trial.visits.count(trial.horizon)
    patients = float(sum(arm.n for arm in trial.arms)) * replicates
    chunk = min(patients, float(runner.CHUNK_PATIENTS * len(trial.arms)))
    kept = 8.0 * patients * (_COLUMNS + _AT_VISITS * visits)
    return _COPIES * kept + 8.0 * chunk * _DRAWN_AT_VISITS * visits + float(_REPLICATE) * replicates


def refuse_too_large(trial: Trial, replicates: int = 1) -> None:
    """Nothing for a run that fits into memory. Raises InvalidArgument with the estimate for one that does not."""
    patients = sum(arm.n for arm in trial.arms)
    visits = trial.visits.count(trial.horizon)
    memory.refuse_beyond(
        estimate(trial, replicates),
        f"{trial.id}: {_count(patients)} patients with {_count(visits)} visits in {_count(replicates)} replicates",
        "ask for fewer patients (--patients), replicates, or a shorter follow-up",
    )


def preflight(
    trial: Trial, *, replicates: int = 1, model: Model | None = None, seed: int = 1
) -> None:
    """Nothing for a trial that can begin.

    model   instead of the trial's own, as `runner.run` takes it
    raises  InvalidArgument for one that is too large; InvalidDocument with every finding about the protocol; whatever
            composing, compiling and drawing raise, each of which is an error of ours
    """
    refuse_too_large(trial, replicates)
    findings = Findings()
    _looks(trial, findings)
    findings.raise_any(InvalidDocument)
    bench = runner.prepare(trial, "reference", model=model)
    pieces = ((0, 0, _TRIED),)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        patients = sample(
            trial.population, bench.model, _TRIED, seed, eligibility=trial.eligibility
        )
        clinical.individual(
            trial.clinic, patients, draw(trial, seed, pieces).normal["frailty"][:, 0]
        )
    _has_sizes(trial, frozenset(patients.covariates), findings)
    findings.raise_any(InvalidDocument)


def _looks(trial: Trial, findings: Findings) -> None:
    """Note a follow-up of no length, and a first visit that nobody reaches before the cut of PFS."""
    last = trial.follow_up.accrual + trial.follow_up.progression_cut
    place = Place(trial.file, 0, "visits.first")
    if not trial.horizon > 0.0:
        findings.note(
            Place(trial.file, 0, "follow_up"), "a follow-up of 0 days", "expected a later cut"
        )
    elif trial.visits.first - trial.visits.window >= last:
        what = f"the first visit on day {trial.visits.first:g}, the cut of PFS on day {last:g} at the latest"
        findings.note(
            place, what, "scan earlier or cut later, so that somebody is scanned before the cut"
        )


def _has_sizes(trial: Trial, covariates: frozenset[str], findings: Findings) -> None:
    """Doses by weight, surface or filtration need patients who have one."""
    needed = {"mg/kg": "weight", "mg/m2": "body_surface", "AUC": "gfr"}
    for arm in trial.arms:
        for regimen in (arm.regimen, *(line.regimen for line in arm.next_lines)):
            for course in regimen.courses:
                name = needed.get(course.dose.basis, "")
                if name and name not in covariates:
                    found = f"{course.dose.drug} is given in {course.dose.basis}, and patients have no {name}"
                    findings.note(arm.place, found, "add it to the population, or dose in mg")


def _count(number: float) -> str:
    return f"{number:,.0f}" if number < 1e9 and math.isfinite(number) else f"{number:.3g}"
