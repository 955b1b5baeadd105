"""Whether the model is solved as it is written: checks that take seconds, done on the model as it stands now.

Each check takes a `Specimen` and gives a `Found`: met or not, and the numbers that say so. A check that cannot be carried
out, because the model does not compile or a solve fails, is not met and says why.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from normoxia import library, mechanism, pharmacology, population, simulation
from normoxia.documents import Findings
from normoxia.errors import NormoxiaError
from normoxia.mechanism import expression as ex
from normoxia.mechanism.arrows import arrows
from normoxia.mechanism.checks import units_balance
from normoxia.mechanism.inputs import Inputs
from normoxia.mechanism.model import Model, Process, Species
from normoxia.mechanism.scope import formulas
from normoxia.simulation import Simulator

Floats = NDArray[np.float64]

#: antibodies into the blood, cytotoxics that act through an effect, and a tablet a day through a depot
REGIMEN = (
    "atezolizumab 1200 mg q3w",
    "bevacizumab 15 mg/kg q3w",
    "carboplatin AUC 6 q3w x4",
    "paclitaxel 200 mg/m2 q3w x4",
    "lenvatinib 8 mg qd",
)
DIAMETER = "tumour_diameter"
DAYS = (42.0, 84.0, 168.0, 365.0)
N_PATIENTS = 16
SEED = 20261122

#: relative tolerance that trials run at (`trial.runner.run`), and what halving it may change of a diameter: a tenth of the
#: 20 % that RECIST 1.1 calls progression would already matter, a hundredth does not
TRIAL_TOLERANCE, CHANGE_LIMIT = 1e-3, 0.01
#: two solvers are asked for the first and may differ by the second: their errors add up over a year of daily doses
SOLVER_TOLERANCE, SOLVER_LIMIT = 1e-6, 1e-5
#: drug that is unaccounted for, relative to all that entered, at the tolerance above
BALANCE_LIMIT = 1e-5
#: how far below zero a state may step, in units of its scale, at the tolerance of trials
NEGATIVE_LIMIT = 1e-3


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found.

    met      whether its criterion holds; None where the check was not done
    numbers  by name, to be put into words
    problem  why it could not be carried out, "" otherwise
    """

    met: bool | None
    numbers: Mapping[str, float | int | str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, eq=False)
class ModelUnderTest:
    """A biology with drugs and patients, on which solving is tested; `whole` has every shipped drug, for checks of the text."""

    biology: Model

    @functools.cached_property
    def whole(self) -> Model:
        """The biology with every drug of the library."""
        drugs = [pharmacology.read(name) for name in pharmacology.library()]
        return mechanism.compose([self.biology, *pharmacology.modules(drugs)])

    @functools.cached_property
    def treated(self) -> Model:
        """The biology with the drugs of the regimen."""
        drugs = [pharmacology.read(name) for name in pharmacology.regimen(REGIMEN).drugs]
        return mechanism.compose([self.biology, *pharmacology.modules(drugs)])

    @functools.cached_property
    def patients(self) -> population.Population:
        """Virtual patients of the shipped population."""
        return population.sample(population.read("advanced-nsclc"), self.treated, N_PATIENTS, SEED)

    @functools.cached_property
    def doses(self) -> Inputs:
        """The regimen to the last day, by each patient's own size and kidneys."""
        weight, surface, gfr = (
            np.asarray(self.patients.covariates[name], np.float64)
            for name in ("weight", "body_surface", "gfr")
        )
        regimen = pharmacology.regimen(REGIMEN)
        return pharmacology.schedule(
            regimen, 0.0, DAYS[-1], weight=weight, body_surface=surface, gfr=gfr
        )

    @functools.cached_property
    def simulator(self) -> Simulator:
        """The fast engine, with every species and the diameter as outputs."""
        return simulation.compile(self.treated, "fast", self.outputs)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What a solve gives: the diameter, then every species."""
        return (DIAMETER, *(species.name for species in self.treated.species))

    def solve(
        self,
        tolerance: float,
        *,
        simulator: Simulator | None = None,
        rows: NDArray[np.intp] | None = None,
        days: tuple[float, ...] = DAYS,
        workers: int = 1,
    ) -> Floats:
        """Outputs of patients under the regimen, shape (n_patients, n_times, n_outputs); raises for a failed patient."""
        own = self.simulator if simulator is None else simulator
        chosen = np.arange(N_PATIENTS) if rows is None else rows
        given = {name: values[chosen] for name, values in self.patients.parameters.items()}
        doses = self.doses
        amount = np.broadcast_to(doses.amount, (N_PATIENTS, doses.n_doses))[chosen]
        state = own.start(given, len(chosen), tolerance=tolerance, workers=workers)
        inputs = Inputs(doses.time, doses.target, np.ascontiguousarray(amount), doses.duration)
        found = own.run(state, inputs, days, tolerance=tolerance, workers=workers)
        if found.n_failed:
            raise simulation_failed(found.n_failed, next(iter(found.reason.values()), ""))
        return found.values


def simulation_failed(n: int, reason: str) -> NormoxiaError:
    """The error of a solve in which patients failed."""
    return NormoxiaError(f"{n} patients could not be solved: {reason}")


def units(specimen: ModelUnderTest) -> CheckResult:
    """Every term of every formula of the model with all drugs balances in its units."""
    findings = Findings()
    units_balance(specimen.whole, findings)
    first = str(findings.items[0]) if findings.items else ""
    n = sum(1 for _ in formulas(specimen.whole))
    return CheckResult(
        not findings.items,
        {"formulas": n, "findings": len(findings.items), "drugs": len(pharmacology.library())},
        first,
    )


def soundness(specimen: ModelUnderTest) -> CheckResult:
    """Names, use, circles, statements and sources of the model with all drugs: no finding."""
    found = mechanism.check(specimen.whole)
    numbers = {
        "species": len(specimen.whole.species),
        "parameters": len(specimen.whole.parameters),
        "findings": len(found),
    }
    return CheckResult(not found, numbers, str(found[0]) if found else "")


def convergence(specimen: ModelUnderTest) -> CheckResult:
    """Halving the tolerance of trials changes no patient's diameter by more than `CHANGE_LIMIT`."""
    diameter = [specimen.solve(t)[:, :, 0] for t in (TRIAL_TOLERANCE, TRIAL_TOLERANCE / 2, 1e-8)]
    change = _apart(diameter[0], diameter[1])
    numbers = {
        "patients": N_PATIENTS,
        "tolerance": TRIAL_TOLERANCE,
        "change": change,
        "error": _apart(diameter[0], diameter[2]),
    }
    return CheckResult(change <= CHANGE_LIMIT, numbers)


def two_solvers(specimen: ModelUnderTest) -> CheckResult:
    """The fast engine and the reference engine (another method, other code) agree on one patient."""
    slow = simulation.compile(specimen.treated, "reference", specimen.outputs)
    first = np.arange(1)
    days = DAYS[:2]  # the reference engine takes most of a second for a month of daily tablets
    ours, theirs = (
        specimen.solve(SOLVER_TOLERANCE, rows=first, simulator=simulator, days=days)[:, :, 0]
        for simulator in (specimen.simulator, slow)
    )
    difference = _apart(ours, theirs)
    return CheckResult(difference <= SOLVER_LIMIT, {"days": days[-1], "difference": difference})


def conservation(specimen: ModelUnderTest) -> CheckResult:
    """What entered of each drug is in the body or was eliminated, counted by a species of its own for what leaves."""
    amounts = [
        s
        for s in specimen.treated.species
        if any(s.name.startswith(f"{d}_") for d in _drugs()) and s.unit == "mg"
    ]
    counted = _with_losses(specimen.treated, [s.name for s in amounts])
    names = tuple(s.name for s in amounts)
    losses = tuple(f"{drug}_lost" for drug in _drugs())
    simulator = simulation.compile(counted, "fast", (*names, *losses))
    values = specimen.solve(SOLVER_TOLERANCE, simulator=simulator)[:, -1, :]
    worst, drugs = 0.0, 0
    for drug in _drugs():
        own = [i for i, name in enumerate((*names, *losses)) if name.startswith(f"{drug}_")]
        entered = _entered(specimen.doses, drug, names)
        if not entered.any():
            continue
        drugs += 1
        worst = max(worst, float(np.max(np.abs(values[:, own].sum(axis=1) / entered - 1.0))))
    numbers = {"drugs": drugs, "patients": N_PATIENTS, "difference": worst}
    return CheckResult(drugs > 0 and worst <= BALANCE_LIMIT, numbers)


def positivity(specimen: ModelUnderTest) -> CheckResult:
    """No state is negative beyond the tolerance of trials, in units of its scale."""
    values = specimen.solve(TRIAL_TOLERANCE)[:, :, 1:]
    scales = np.array([s.scale for s in specimen.treated.species])
    lowest = float(np.min(values / scales))
    return CheckResult(
        lowest >= -NEGATIVE_LIMIT,
        {"species": len(scales), "patients": N_PATIENTS, "lowest": lowest},
    )


def reproducibility(specimen: ModelUnderTest) -> CheckResult:
    """The same patients in reverse, alone, and in two threads: the same bytes."""
    whole = specimen.solve(TRIAL_TOLERANCE)
    turned = specimen.solve(TRIAL_TOLERANCE, rows=np.arange(N_PATIENTS)[::-1].copy(), workers=2)[
        ::-1
    ]
    alone = specimen.solve(TRIAL_TOLERANCE, rows=np.arange(3, 4))
    same = (
        whole.tobytes() == np.ascontiguousarray(turned).tobytes()
        and whole[3:4].tobytes() == alone.tobytes()
    )
    return CheckResult(same, {"patients": N_PATIENTS})


def null_dose(specimen: ModelUnderTest) -> CheckResult:
    """Doses of zero leave every patient as no dose does, to the byte."""
    state = specimen.simulator.start(
        specimen.patients.parameters, N_PATIENTS, tolerance=TRIAL_TOLERANCE
    )
    doses = specimen.doses
    zero = Inputs(doses.time, doses.target, np.zeros_like(doses.amount), doses.duration)
    given, none = (
        specimen.simulator.run(state, inputs, DAYS, tolerance=TRIAL_TOLERANCE).values
        for inputs in (zero, None)
    )
    return CheckResult(
        given.tobytes() == none.tobytes(), {"patients": N_PATIENTS, "doses": doses.n_doses}
    )


def signs(specimen: ModelUnderTest) -> CheckResult:
    """Each causal arrow points as the review says, at the reference patient with everything else held."""
    found = arrows(specimen.biology)
    wrong = [arrow.statement.tag for arrow in found if not arrow.points]
    return CheckResult(
        bool(found) and not wrong,
        {"arrows": len(found), "right": len(found) - len(wrong)},
        ", ".join(wrong),
    )


def ablations(specimen: ModelUnderTest) -> CheckResult:
    """Each arrow that can be ablated is silent once it is."""
    tested = [arrow for arrow in arrows(specimen.biology) if not math.isnan(arrow.left)]
    loud = [arrow.statement.tag for arrow in tested if not arrow.is_silenced]
    return CheckResult(
        bool(tested) and not loud,
        {"arrows": len(tested), "silent": len(tested) - len(loud)},
        ", ".join(loud),
    )


#: by the id of the claim each bears on, in the order of the report
CHECKS: Mapping[str, Callable[[ModelUnderTest], CheckResult]] = {
    "units": units,
    "soundness": soundness,
    "conservation": conservation,
    "convergence": convergence,
    "two_solvers": two_solvers,
    "positivity": positivity,
    "null_dose": null_dose,
    "reproducibility": reproducibility,
    "signs": signs,
    "ablations": ablations,
}


def verify(biology: Model | None = None) -> dict[str, CheckResult]:
    """Every check on a biology (the shipped one by default), by the id of its claim; nothing is raised."""
    specimen = ModelUnderTest(
        mechanism.read(library.path("models", "nsclc")) if biology is None else biology
    )
    return {name: _carried_out(check, specimen) for name, check in CHECKS.items()}


def _carried_out(
    check: Callable[[ModelUnderTest], CheckResult], specimen: ModelUnderTest
) -> CheckResult:
    try:
        return check(specimen)
    except (NormoxiaError, KeyError, ZeroDivisionError, FloatingPointError) as error:
        return CheckResult(False, {}, str(error) or type(error).__name__)


def _apart(one: Floats, other: Floats) -> float:
    return float(np.max(np.abs(one / other - 1.0)))


@functools.cache
def _drugs() -> tuple[str, ...]:
    return tuple(pharmacology.regimen(REGIMEN).drugs)


def _entered(doses: Inputs, drug: str, names: tuple[str, ...]) -> Floats:
    """All that was given into species of a drug by the last day; shape (n_patients,)."""
    targets = [
        i
        for i, target in enumerate(doses.target)
        if target in names and target.startswith(f"{drug}_")
    ]
    amount = np.broadcast_to(doses.amount, (N_PATIENTS, doses.n_doses))
    before = [i for i in targets if doses.time[i] < DAYS[-1]]
    return np.asarray(amount[:, before].sum(axis=1))


def _with_losses(model: Model, amounts: list[str]) -> Model:
    """The model with a species per drug that gathers what its processes take out of the amounts altogether."""
    lost = [
        Species(
            f"{drug}_lost",
            ex.ZERO,
            "mg",
            scale=max(s.scale for s in model.species if s.name in amounts),
        )
        for drug in _drugs()
    ]

    def counting(process: Process) -> Process:
        moved = [name for name in process.changes if name in amounts]
        if not moved:
            return process
        total: ex.Expression = ex.ZERO
        for name in moved:
            total = ex.Call("add", (total, process.changes[name]))
        drug = next(d for d in _drugs() if moved[0].startswith(f"{d}_"))
        return replace(
            process, changes={**process.changes, f"{drug}_lost": ex.Call("negate", (total,))}
        )

    return replace(
        model,
        species=(*model.species, *lost),
        processes=tuple(counting(process) for process in model.processes),
    )
