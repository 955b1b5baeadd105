"""A trial conducted: an arm's patients stepped from visit to visit as arrays, the protocol's rules applied to all at once.

A window runs from the end of one visit's window to the end of the next. In it, cycle by cycle, toxicity decides who
gets which dose; the ensemble is solved; hazards of new lesions and death are accumulated; the scan is read; the rules
say who goes on. The dose due on a visit's day is given before its scan is read. Randomness is addressed by replicate,
patient and purpose, never by arm: patient i of one arm is the twin of patient i of another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from normoxia.pharmacology import read as read_drug
from normoxia.population import Population
from normoxia.simulation import Simulator, State
from normoxia.trial.conduct import lesions, mortality, policy, recist, toxicity
from normoxia.trial.conduct.clinical import Clinical
from normoxia.trial.conduct.courses import EndCauses, drug_ends
from normoxia.trial.conduct.dispensing import Dispenser
from normoxia.trial.conduct.draws import PatientDraws
from normoxia.trial.conduct.policy import Phase
from normoxia.trial.conduct.record import Record
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
    step: Callable[[float, int], None] = lambda _day, _left: None,
) -> Record:
    """Carry one arm's patients from entry to the last cut.

    Parameters
    ----------
    trial, arm
        The protocol and one of its arms.
    simulator, start
        The compiled model, and the ensemble at day 0, one row a patient as in `population`.
    population, draws
        Patients and their random numbers.
    clinical
        Each patient's hazard of death, and the clinic's other numbers.
    workers
        Threads of the engine.
    tolerance
        Of the engine, relative; 1e-3 moves no diameter by a tenth of the reader's error.
    step
        Called after each window with its last day and how many are still followed.

    Returns
    -------
    Record
    """
    return _Conduct(
        trial, arm, simulator, start, population, draws, clinical, workers, tolerance
    ).all(step)


class _Conduct:
    """One arm in progress. Arrays over all rows; `rows` are those still followed.

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
        self.reader, self.reading_factor = lesions.reader(trial, arm)
        self.visit_days = trial.visits.days(trial.horizon)
        n_visits = len(self.visit_days)
        first = simulator.evaluate(start, simulator.outputs)
        self.column = {name: i for i, name in enumerate(simulator.outputs)}
        self.kept = [i for name, i in self.column.items() if name not in READ]
        total = first[:, self.column[DIAMETER]]
        failed = (start.status != 0) | ~(total >= recist.TARGET_MM)
        self.initial = np.where(failed, recist.TARGET_MM, total)
        counts = population.covariates.get("target_lesions", np.ones(n)).astype(np.float64)
        self.lesions = lesions.draw(
            clinic,
            counts,
            self.initial,
            draws.normal["lesion share"],
            u["node"],
            draws.normal["lesion spread"],
        )
        read = lesions.read_baseline(
            self.lesions.baseline, self.lesions.nodal, self.reader, draws.normal["first reading"]
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
        self.clinical_left = policy.clinical_threshold(
            clinic, self.death_left, u["clinical progression"][:, 0]
        )
        self.progressed = np.zeros(n, dtype=bool)
        self.continued = np.zeros(n, dtype=bool)
        self.lesion_threshold = -np.log(u["new lesion"][:, 0])
        self.lesion_sum, self.gain = np.zeros(n), np.zeros(n)
        self.last = self.initial.copy()
        classes = toxicity.classes_of(arm.regimen.drugs)
        self.ledger = toxicity.Ledger(
            clinic.dose_rules,
            classes,
            {
                name: {what: u[f"toxicity/{name}/{what}"] for what in toxicity.DRAWS}
                for name in classes
            },
            clinical.toxicity,
            n,
        )
        entry = u["entry"][:, 0]
        self.early = np.array([day for day in EARLY_DAYS if day < min(self.visit_days, default=0)])
        n_days = 1 + len(self.early) + n_visits
        states = np.full((n, n_days, len(self.kept)), np.nan, dtype=np.float32)
        states[:, 0] = first[:, self.kept]

        def never() -> Floats:
            return np.full(n, np.inf)

        self.record = Record(
            survival_cut=policy.follow_up_ends(follow_up, entry, follow_up.survival_cut),
            progression_cut=policy.follow_up_ends(follow_up, entry, follow_up.progression_cut),
            survival_loss=policy.exponential_days(clinic.survival_loss, u["survival loss"][:, 0]),
            scan_withdrawal=policy.exponential_days(
                clinic.scan_withdrawal, u["scan withdrawal"][:, 0]
            ),
            discontinuation=policy.exponential_days(
                clinic.discontinuation, u["discontinuation"][:, 0]
            ),
            death=never(),
            new_lesion=never(),
            clinical_progression=never(),
            progression=never(),
            off_protocol=never(),
            next_line=policy.choose_next_line(
                arm, clinic, u["next line"][:, 0], draws.normal["frailty"][:, 0]
            ),
            next_start=never(),
            baseline_sum=self.memory.baseline,
            scan_day=np.full((n, n_visits), np.nan),
            scan_sum=np.full((n, n_visits), np.nan),
            overall=np.zeros((n, n_visits), dtype=np.int8),
            states=states,
            status=start.status.copy(),
            first_toxicity=never(),
            toxic_death=never(),
            reason=dict(start.reason),
        )
        self.ledger.stop(np.minimum(self.record.discontinuation, self.record.scan_withdrawal))
        record = self.record
        self.dispenser = Dispenser(
            arm, population, self.ledger, self.phase, record.next_line, record.next_start
        )
        self.record.status[failed & (self.record.status == 0)] = 1
        for row in np.flatnonzero(failed & (start.status == 0)).tolist():
            self.record.reason[row] = (
                f"the sum of diameters at the start is {total[row]:.3g} mm; a target lesion has {recist.TARGET_MM:g} mm or more"
            )
        self.leaves = np.minimum(
            np.maximum(self.record.survival_cut, self.record.progression_cut),
            self.record.survival_loss,
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
        if len(self.rows) and day < self.trial.horizon:
            self.window(day, self.trial.horizon)
            step(self.trial.horizon, len(self.rows))
        self.finish()
        return self.record

    def finish(self) -> None:
        """Complete the record with toxicity and the end of each drug."""
        record, ledger = self.record, self.ledger
        record.death = np.minimum(record.death, ledger.death)
        record.first_toxicity, record.toxic_death = ledger.first_event, ledger.death
        causes = EndCauses(
            progression=record.progression,
            off_protocol=record.off_protocol,
            clinical_progression=record.clinical_progression,
            discontinuation=record.discontinuation,
            withdrawal=record.scan_withdrawal,
            death=record.death,
            continued=self.continued,
        )
        record.drug_ends = {
            drug: end.only(self.arm.is_given(drug, self.population))
            for drug, end in drug_ends(
                self.arm, self.trial.horizon, ledger.toxic_stop, causes
            ).items()
        }

    def window(
        self, start: float, end: float, nominal: float | None = None, visit: int = -1
    ) -> None:
        """Simulate from the end of one visit's window to the end of the next, or to the last cut.

        Parameters
        ----------
        start, end
            Days from entry.
        nominal, visit
            Day and number of the visit at the end; no scan is read without one.
        """
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
        self.state = result.state
        if nominal is not None:
            at = int(np.searchsorted(times, nominal))
            self.record.states[rows, 1 + len(self.early) + visit] = values[:, at][:, self.kept]
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
        patients = self.mortality.take(rows)
        rates = mortality.rate(patients, nodes, totals, self.initial[rows], gain)
        rates *= np.where(self.untreated(), patients.untreated, 1.0)[:, None]
        rates += patients.on_inhibitor[:, None] * self.on_inhibitor(nodes)
        summed = mortality.accumulate(nodes, rates, patients.new_lesion, record.new_lesion[rows])
        death = np.where(well, mortality.crossing(nodes, summed, self.death_left[rows]), np.inf)
        record.death[rows] = np.minimum(death, self.ledger.death[rows])
        self.death_left[rows] -= summed[:, -1]
        self.deteriorate(nodes, summed)

    def untreated(self) -> Bools:
        """Who progressed and gets no next line; shape (n_followed,)."""
        rows = self.rows
        off = self.phase[rows] == Phase.OFF_TREATMENT
        return np.asarray(off & self.progressed[rows] & (self.record.next_line[rows] < 0))

    def deteriorate(self, nodes: Floats, summed: Floats) -> None:
        """Note who progresses clinically in a window: the hazard of death accumulated comes near their threshold."""
        rows, record = self.rows, self.record
        day = mortality.crossing(nodes, summed, self.clinical_left[rows])
        self.clinical_left[rows] -= summed[:, -1]
        counts = (self.phase[rows] == Phase.ON_TREATMENT) & (record.status[rows] == 0)
        counts &= (day < record.death[rows]) & (day < record.scan_withdrawal[rows])
        record.clinical_progression[rows] = np.where(
            counts,
            np.minimum(record.clinical_progression[rows], day),
            record.clinical_progression[rows],
        )

    def on_inhibitor(self, nodes: Floats) -> Bools:
        """Who is under a VEGFR inhibitor of the arm at which time; shape (n_followed, n_nodes)."""
        on = np.zeros((len(self.rows), len(nodes)), dtype=bool)
        for drug in self.inhibitors:
            until = np.where(self.dispenser.gets(drug), self.ledger.stopped[drug], 0.0)[self.rows]
            on |= nodes[None, :] < until[:, None]
        return on

    def scan(self, nodes: Floats, totals: Floats, nominal: float, end: float, visit: int) -> None:
        """Read the visit's scans and apply the rules."""
        rows, record = self.rows, self.record
        day = self.scan_days(nodes, nominal, visit)
        done = self.is_scanned(day, visit)
        progressed = self.read_scans(nodes, totals, day, done, visit)
        record.progression[rows[progressed]] = np.minimum(
            record.progression[rows[progressed]], day[progressed]
        )
        self.progressed[rows] |= progressed
        before = self.phase[rows]
        choice = self.draws.uniform["beyond"][rows, 0]
        after = policy.after_progression(self.arm, before, progressed, choice)
        self.continued[rows] |= after == Phase.BEYOND_PROGRESSION
        off_day = day.copy()
        clinical = np.isfinite(record.clinical_progression[rows]) & (before != Phase.OFF_TREATMENT)
        clinical &= record.clinical_progression[rows] <= day
        self.progressed[rows] |= clinical
        withdrawn = (
            (after != Phase.OFF_TREATMENT) & ~clinical & (record.scan_withdrawal[rows] <= end)
        )
        off_day[withdrawn] = record.scan_withdrawal[rows[withdrawn]]
        after[clinical | withdrawn] = Phase.OFF_TREATMENT
        self.phase[rows] = after
        ended = (after == Phase.OFF_TREATMENT) & (before != Phase.OFF_TREATMENT)
        record.off_protocol[rows[ended]] = off_day[ended]
        record.next_start[rows[ended]] = policy.next_line_start(self.clinic, end, off_day[ended])
        self.weaken(rows[ended], self.seats[ended])

    def scan_days(self, nodes: Floats, nominal: float, visit: int) -> Floats:
        """Day of each patient's scan: drawn from the visit's window, or at once when disease progressed clinically."""
        rows, window = self.rows, self.trial.visits.window
        day = nominal + window * (2.0 * self.draws.uniform["scan day"][rows, visit] - 1.0)
        clinical = np.maximum(self.record.clinical_progression[rows], nodes[0])
        active = self.phase[rows] == Phase.ON_TREATMENT
        return np.asarray(np.where(active, np.minimum(day, clinical), day))

    def is_scanned(self, day: Floats, visit: int) -> Bools:
        """Whose scan is done: on protocol, alive and in contact; a share of planned scans is missed."""
        rows, record = self.rows, self.record
        missed = self.draws.uniform["missed"][rows, visit] < self.clinic.missed_scan
        done = (self.phase[rows] != Phase.OFF_TREATMENT) & (
            ~missed | (record.clinical_progression[rows] <= day)
        )
        done &= (day < record.death[rows]) & (day < self.leaves[rows]) & (record.status[rows] == 0)
        return np.asarray(done & (day < record.scan_withdrawal[rows]))

    def read_scans(
        self, nodes: Floats, totals: Floats, day: Floats, done: Bools, visit: int
    ) -> Bools:
        """Read the scans that were done, and find who progressed; shape (n_followed,)."""
        rows, record = self.rows, self.record
        ratio = np.exp(_between(nodes, np.log(totals), day)) / self.initial[rows]
        targets = self.lesions.take(rows)
        true = lesions.true_diameters(targets, self.clinic, ratio, day)
        width = lesions.MAX_LESIONS
        error = self.draws.normal["reading"][rows, visit * width : (visit + 1) * width]
        true = true * self.reading_factor
        read = lesions.read_diameters(true, targets.nodal, self.reader, error)
        read = np.where(done[:, None], read, np.nan)
        first_course = self.phase[rows] == Phase.ON_TREATMENT
        new = done & first_course & (record.new_lesion[rows] <= day)
        reading, memory = recist.assess(
            self.memory.take(rows),
            read,
            new,
            self.non_target(day, done),
            criteria=self.trial.criteria,
        )
        progressed = done & (reading.overall == recist.Response.PD)
        # who goes on beyond progression is judged against the size then
        nadir = np.where(progressed & np.isfinite(reading.total), reading.total, memory.nadir)
        self.memory.nadir[rows] = nadir
        self.memory.was_complete[rows] = memory.was_complete & ~progressed
        record.scan_day[rows, visit] = np.where(done, day, np.nan)
        record.scan_sum[rows, visit] = np.where(done, reading.total, np.nan)
        record.overall[rows, visit] = np.where(done, reading.overall, recist.Response.NE)
        return np.asarray(progressed)

    def non_target(self, day: Floats, done: Bools) -> NDArray[np.int8]:
        """State of non-target disease: none, but unequivocal progression in a share of clinical ones; `recist.NonTarget`."""
        rows = self.rows
        confirmed = self.draws.uniform["clinical progression seen"][rows, 0]
        progressed = done & (self.record.clinical_progression[rows] <= day)
        progressed &= confirmed < self.clinic.clinical_progression_seen
        codes = np.where(progressed, recist.NonTarget.PD, recist.NonTarget.NONE)
        return codes.astype(np.int8)

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

    def output_times(self, start: float, end: float, nominal: float | None) -> Floats:
        """Days at which the engine gives its outputs: each cycle's start, and about the scan for its day to lie between."""
        window = self.trial.visits.window
        cycles = np.arange(np.floor(start / CYCLE_DAYS) + 1, np.ceil(end / CYCLE_DAYS)) * CYCLE_DAYS
        about = [] if nominal is None else [nominal - window, nominal]
        times = np.unique(np.concatenate([cycles, [*about, end]]))
        return np.asarray(times[(times > start) & (times <= end)])


def _between(nodes: Floats, values: Floats, day: Floats) -> Floats:
    """Each row's values at its own day, linear between nodes; shape (n_patients,)."""
    after = np.clip(np.searchsorted(nodes, day), 1, len(nodes) - 1)
    rows = np.arange(len(values))
    share = (day - nodes[after - 1]) / (nodes[after] - nodes[after - 1])
    return np.asarray(values[rows, after - 1] * (1.0 - share) + values[rows, after] * share)
