"""A trial conducted: an arm's patients stepped from visit to visit as arrays, the protocol's rules applied to all at once.

A window runs from the end of one visit's window to the end of the next. In it, cycle by cycle, toxicity decides who
gets which dose; the ensemble is solved; hazards of new lesions and death are accumulated; the scan is read; the rules
say who goes on. The dose due on a visit's day is given before its scan is read. Randomness is addressed by replicate,
patient and purpose, never by arm: patient i of one arm is the twin of patient i of another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from normoxia.pharmacology import read as read_drug
from normoxia.population import Population
from normoxia.simulation import Simulator, State
from normoxia.trial.conduct import lesions, mortality, policy, recist, toxicity
from normoxia.trial.conduct.clinical import Clinical
from normoxia.trial.conduct.dispensing import Dispenser
from normoxia.trial.conduct.draws import PatientDraws
from normoxia.trial.conduct.policy import Phase
from normoxia.trial.protocol import CYCLE_DAYS, EARLY_DAYS, Arm, Trial

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: what the engine must give, and what it may; the rest of its outputs are states kept at visits
DIAMETER, NEW_LESION, IMMUNE_GAIN = "tumour_diameter", "new_lesion_hazard", "immune_gain"
READ = (DIAMETER, NEW_LESION, IMMUNE_GAIN)

#: the model's share of PD-1 signalling that full blockade removes, lowered in a later line
BLOCKADE = "E_pd1"

#: the kind of drug whose taking `Clinic.death_on_inhibitor` is about
INHIBITOR = "kinase inhibitor"

#: status in the engine's state of a patient who is followed no longer: carried no further, and no failure
LEFT = 1000

#: share of the state's patients still followed below which the others are taken out of it
_FULL_ENOUGH = 0.4


@dataclass(slots=True, eq=False)
class Record:
    """What is written down of an arm's patients as the trial goes on; rows stay, patients leave.

    days are infinite for what did not happen, nan for scans not done
    """

    entry_end: Floats
    progression_cut: Floats
    dropout: Floats
    death: Floats
    new_lesion: Floats
    treatment_end: Floats
    next_line: NDArray[np.int64]
    next_start: Floats
    baseline_sum: Floats
    scan_day: Floats
    scan_sum: Floats
    overall: NDArray[np.int8]
    states: NDArray[np.float32]
    status: NDArray[np.int64]
    reason: dict[int, str] = field(default_factory=dict)
    toxicity: toxicity.Ledger | None = None


def conduct(
    trial: Trial,
    arm: Arm,
    simulator: Simulator,
    start: State,
    population: Population,
    draws: PatientDraws,
    clinical: Clinical,
    *,
    workers: int = 1,
    tolerance: float = 1e-3,
    step: Callable[[float, int], None] = lambda day, left: None,
) -> Record:
    """One arm's patients from entry to the last cut.

    start       the ensemble at day 0, one row a patient as in `population`
    clinical    each patient's hazard of death, and the clinic's other numbers
    tolerance   of the engine, relative; 1e-3 moves no diameter by a tenth of the reader's error
    step        called after each window with its last day and how many are still followed
    """
    return _Conduct(
        trial, arm, simulator, start, population, draws, clinical, workers, tolerance
    ).all(step)


class _Conduct:
    """One arm under way. Arrays over all rows; `rows` are those still followed.

    The state holds more patients than are followed: who left stands still in it, at a status of their own, until most
    have left. So the engine meets the same blocks of patients at every visit and remembers what it has prepared for them.
    `seats` are the places of `rows` in the state.
    """

    def __init__(
        self,
        trial: Trial,
        arm: Arm,
        simulator: Simulator,
        start: State,
        population: Population,
        draws: PatientDraws,
        clinical: Clinical,
        workers: int,
        tolerance: float,
    ) -> None:
        self.trial, self.arm, self.simulator, self.state = trial, arm, simulator, start
        self.population, self.draws, self.workers, self.tolerance = (
            population,
            draws,
            workers,
            tolerance,
        )
        clinic, follow_up, u = trial.clinic, trial.follow_up, draws.uniform
        n = population.n_patients
        self.n, self.clinic = n, clinic
        self.visit_days = trial.visits.days(trial.horizon)
        n_visits = len(self.visit_days)
        first = simulator.evaluate(start, simulator.outputs)
        self.column = {name: i for i, name in enumerate(simulator.outputs)}
        self.kept = [i for name, i in self.column.items() if name not in READ]
        total = first[:, self.column[DIAMETER]]
        failed = (start.status != 0) | ~np.isfinite(total)
        self.initial = np.where(failed, 1.0, total)
        counts = population.covariates.get("target_lesions", np.ones(n)).astype(np.float64)
        self.lesions = lesions.draw(
            clinic,
            counts,
            self.initial,
            draws.normal["lesion share"],
            u["node"],
            draws.normal["lesion spread"],
        )
        read = lesions.read_diameters(
            self.lesions.baseline, self.lesions.nodal, clinic, draws.normal["first reading"]
        )
        self.memory = recist.begin(read, self.lesions.nodal)
        self.phase = np.full(n, Phase.ON_TREATMENT, dtype=np.int8)
        self.mortality = clinical.mortality
        self.later_blockade = clinical.later_blockade
        self.blocking = [
            position
            for position, line in enumerate(arm.next_lines)
            if any(read_drug(drug).blockade for drug in line.regimen.drugs)
        ]
        self.inhibitors = [drug for drug in arm.regimen.drugs if read_drug(drug).kind == INHIBITOR]
        self.death_left = -np.log(u["death"][:, 0])
        self.lesion_threshold = -np.log(u["new lesion"][:, 0])
        self.lesion_sum, self.gain = np.zeros(n), np.zeros(n)
        self.last = self.initial.copy()
        classes = toxicity.classes_of(arm.regimen.drugs)
        self.ledger = toxicity.Ledger(
            clinic,
            classes,
            {name: -np.log(u[f"toxicity/{name}/gap"]) for name in classes},
            {name: u[f"toxicity/{name}/action"] for name in classes},
            {name: u[f"toxicity/{name}/fatal"] for name in classes},
            clinical.toxicity,
            n,
        )
        entry = u["entry"][:, 0]
        self.early = np.array([day for day in EARLY_DAYS if day < min(self.visit_days, default=0)])
        n_days = 1 + len(self.early) + n_visits
        states = np.full((n, n_days, len(self.kept)), np.nan, dtype=np.float32)
        states[:, 0] = first[:, self.kept]
        self.record = Record(
            policy.follow_up_ends(follow_up, entry, follow_up.survival_cut),
            policy.follow_up_ends(follow_up, entry, follow_up.progression_cut),
            policy.dropout_days(clinic, u["dropout"][:, 0]),
            np.full(n, np.inf),
            np.full(n, np.inf),
            np.full(n, np.inf),
            policy.choose_next_line(arm, u["next line"][:, 0]),
            np.full(n, np.inf),
            self.memory.baseline,
            np.full((n, n_visits), np.nan),
            np.full((n, n_visits), np.nan),
            np.zeros((n, n_visits), dtype=np.int8),
            states,
            start.status.copy(),
            dict(start.reason),
            self.ledger,
        )
        record = self.record
        self.dispenser = Dispenser(
            arm, population, self.ledger, self.phase, record.next_line, record.next_start
        )
        self.record.status[failed & (self.record.status == 0)] = 1
        for row in np.flatnonzero(failed & (start.status == 0)).tolist():
            self.record.reason[row] = "the tumour's size at the start is not a number"
        self.leaves = np.minimum(
            np.maximum(self.record.entry_end, self.record.progression_cut), self.record.dropout
        )
        self.rows = self.seats = np.flatnonzero(~failed)
        self.state = replace(
            start, status=np.where(failed & (start.status == 0), LEFT, start.status)
        )

    def all(self, step: Callable[[float, int], None]) -> Record:
        day = 0.0
        for visit, nominal in enumerate(self.visit_days):
            if not len(self.rows):
                break
            end = nominal + self.trial.visits.window
            self.window(day, end, nominal, visit)
            day = end
            step(day, len(self.rows))
        self.record.death = np.minimum(self.record.death, self.ledger.death)
        return self.record

    def window(self, start: float, end: float, nominal: float, visit: int) -> None:
        """From the end of one visit's window to the end of the next."""
        inputs = self.dispenser.inputs(start, end, self.rows, self.seats, self.state.n_patients)
        times = self.output_times(start, end, nominal)
        early = self.early if start == 0.0 else self.early[:0]
        asked = np.union1d(times, early)
        result = self.simulator.run(
            self.state, inputs, asked, tolerance=self.tolerance, workers=self.workers
        )
        rows, every = self.rows, result.values[self.seats]
        values = every[:, np.isin(asked, times)]
        first = every[:, np.isin(asked, early)][:, :, self.kept]
        self.record.states[rows, 1 : 1 + len(early)] = first
        self.note_failures(result.status, result.reason)
        nodes = np.concatenate([[start], times])
        # nothing is believed of a window in which a patient's solve failed
        well = (self.record.status[rows] == 0)[:, None] & np.isfinite(values).all(axis=2)
        totals = self.from_last(self.last, values[:, :, self.column[DIAMETER]], well)
        dissemination = self.from_last(self.lesion_sum, values[:, :, self.column[NEW_LESION]], well)
        gain = None
        if IMMUNE_GAIN in self.column:
            gain = self.from_last(self.gain, values[:, :, self.column[IMMUNE_GAIN]], well)
        self.hazards(nodes, np.maximum(totals, 1e-6), dissemination, gain)
        at = int(np.searchsorted(times, nominal))
        self.record.states[rows, 1 + len(self.early) + visit] = values[:, at][:, self.kept]
        self.state = result.state
        self.scan(nodes, np.maximum(totals, 1e-6), nominal, end, visit)
        self.leave(end, self.state)

    def from_last(self, last: Floats, values: Floats, well: Bools) -> Floats:
        """An output over the window, the value it began with first; that value throughout for who is not well."""
        before = last[self.rows, None]
        whole = np.concatenate([before, np.where(well, values, before)], axis=1)
        last[self.rows] = whole[:, -1]
        return whole

    def hazards(
        self, nodes: Floats, totals: Floats, dissemination: Floats, gain: Floats | None
    ) -> None:
        """New lesions and deaths of a window."""
        rows, record = self.rows, self.record
        well = record.status[rows] == 0
        lesion = mortality.crossing(nodes, dissemination, self.lesion_threshold[rows])
        record.new_lesion[rows] = np.minimum(record.new_lesion[rows], lesion)
        own = self.mortality.take(rows)
        rates = mortality.rate(own, nodes, totals, self.initial[rows], gain)
        rates += own.on_inhibitor[:, None] * self.on_inhibitor(nodes)
        summed = mortality.accumulate(nodes, rates, own.new_lesion, record.new_lesion[rows])
        death = np.where(well, mortality.crossing(nodes, summed, self.death_left[rows]), np.inf)
        record.death[rows] = np.minimum(death, self.ledger.death[rows])
        self.death_left[rows] -= summed[:, -1]

    def on_inhibitor(self, nodes: Floats) -> Bools:
        """Who is under a VEGFR inhibitor of the arm at which time; shape (n_followed, n_nodes)."""
        on = np.zeros((len(self.rows), len(nodes)), dtype=bool)
        for drug in self.inhibitors:
            until = np.where(self.dispenser.gets(drug), self.ledger.stopped[drug], 0.0)[self.rows]
            on |= nodes[None, :] < until[:, None]
        return on

    def scan(self, nodes: Floats, totals: Floats, nominal: float, end: float, visit: int) -> None:
        """Read the visit's scans and apply the rules."""
        rows, record, u = self.rows, self.record, self.draws.uniform
        day = nominal + self.trial.visits.window * (2.0 * u["scan day"][rows, visit] - 1.0)
        done = (self.phase[rows] != Phase.OFF_TREATMENT) & (
            u["missed"][rows, visit] >= self.clinic.missed_scan
        )
        done &= (day < record.death[rows]) & (day < self.leaves[rows]) & (record.status[rows] == 0)
        ratio = np.exp(_between(nodes, np.log(totals), day)) / self.initial[rows]
        own = self.lesions.take(rows)
        true = lesions.true_diameters(own, self.clinic, ratio, day)
        width = lesions.MAX_LESIONS
        error = self.draws.normal["reading"][rows, visit * width : (visit + 1) * width]
        read = lesions.read_diameters(true, own.nodal, self.clinic, error)
        read = np.where(done[:, None], read, np.nan)
        first_course = self.phase[rows] == Phase.ON_TREATMENT
        new = done & first_course & (record.new_lesion[rows] <= day)
        memory = self.memory.take(rows)
        reading, memory = recist.assess(memory, read, new, criteria=self.trial.criteria)
        progressed = done & (reading.overall == recist.Response.PD)
        # who goes on beyond progression is judged against the size then
        nadir = np.where(progressed & np.isfinite(reading.total), reading.total, memory.nadir)
        self.memory.nadir[rows], self.memory.was_complete[rows] = (
            nadir,
            memory.was_complete & ~progressed,
        )
        record.scan_day[rows, visit] = np.where(done, day, np.nan)
        record.scan_sum[rows, visit] = np.where(done, reading.total, np.nan)
        record.overall[rows, visit] = np.where(done, reading.overall, recist.Response.NE)
        before = self.phase[rows]
        after = policy.after_progression(self.arm, before, progressed, u["beyond"][rows, 0])
        self.phase[rows] = after
        ended = (after == Phase.OFF_TREATMENT) & (before != Phase.OFF_TREATMENT)
        record.treatment_end[rows[ended]] = day[ended]
        record.next_start[rows[ended]] = policy.next_line_start(self.clinic, end, day[ended])
        self.weaken(rows[ended], self.seats[ended])

    def weaken(self, rows: NDArray[np.intp], seats: NDArray[np.intp]) -> None:
        """Lower what the checkpoint inhibitor of a next line will block, from the end of the window on."""
        given = np.isin(self.record.next_line[rows], self.blocking)
        if given.any() and BLOCKADE in self.state.parameters:
            blocked = self.state[BLOCKADE].copy()
            blocked[seats[given]] *= self.later_blockade[rows[given]]
            self.state = self.state.with_values(**{BLOCKADE: blocked})

    def leave(self, day: float, state: State) -> None:
        """Patients who died, dropped out, reached the last cut or failed are followed no longer."""
        rows, record = self.rows, self.record
        stay = (record.death[rows] > day) & (self.leaves[rows] > day) & (record.status[rows] == 0)
        if stay.all():
            self.state = state
            return
        gone = self.seats[~stay]
        self.rows, self.seats = rows[stay], self.seats[stay]
        if len(self.seats) < _FULL_ENOUGH * state.n_patients:
            self.state, self.seats = state.take(self.seats), np.arange(len(self.rows))
            return
        status = state.status.copy()
        status[gone] = np.where(status[gone] == 0, LEFT, status[gone])
        self.state = replace(state, status=status)

    def note_failures(self, status: NDArray[np.int64], reason: Mapping[int, str]) -> None:
        own = status[self.seats]
        for place in np.flatnonzero(own != 0).tolist():
            row = int(self.rows[place])
            self.record.status[row] = own[place]
            self.record.reason[row] = reason.get(int(self.seats[place]), "the solver gave up")

    def output_times(self, start: float, end: float, nominal: float) -> Floats:
        """Days at which the engine gives its outputs: each cycle's start, and about the scan for its day to lie between."""
        window = self.trial.visits.window
        cycles = np.arange(np.floor(start / CYCLE_DAYS) + 1, np.ceil(end / CYCLE_DAYS)) * CYCLE_DAYS
        times = np.unique(np.concatenate([cycles, [nominal - window, nominal, end]]))
        return np.asarray(times[(times > start) & (times <= end)])


def _between(nodes: Floats, values: Floats, day: Floats) -> Floats:
    """Each row's values at its own day, linear between nodes; shape (n_patients,)."""
    after = np.clip(np.searchsorted(nodes, day), 1, len(nodes) - 1)
    rows = np.arange(len(values))
    share = (day - nodes[after - 1]) / (nodes[after] - nodes[after - 1])
    return np.asarray(values[rows, after - 1] * (1.0 - share) + values[rows, after] * share)
