"""Drugs as modules: sound, composable, and with the kinetics and effects the documents say."""

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from normoxia.mechanism import check, compose, parse_module
from normoxia.mechanism.expression import Expression, evaluate, symbols
from normoxia.mechanism.model import Model
from normoxia.pharmacology import calvert, library, module, modules, read, regimen, schedule
from normoxia.pharmacology.covariates import typical
from normoxia.pharmacology.drug import SLOTS
from normoxia.pharmacology.exposure import is_linear, parameters, simulated

BIOLOGY = "\n".join(
    [
        "model: biology",
        "title: reads every slot a drug may add to",
        "time_unit: day",
        "slots:",
        *(f"  {slot}: {{unit: 1, title: {slot}}}" for slot in SLOTS),
        "observables:",
        f"  total: {{expression: {' + '.join(SLOTS)}, unit: 1, title: all}}",
    ]
)


def composed(*names: str) -> Model:
    return compose([parse_module(BIOLOGY), *modules([read(name) for name in names])])


@pytest.mark.parametrize("name", library())
def test_each_drug_composes_with_a_biology_without_a_finding(name: str) -> None:
    assert [str(finding) for finding in check(composed(name))] == []


def test_all_drugs_compose_together() -> None:
    model = composed(*library())
    assert [str(finding) for finding in check(model)] == []
    assert len([p for p in model.parameters if p.name == "weight"]) == 1


@pytest.mark.parametrize("name", library())
def test_doses_enter_a_species_of_the_module(name: str) -> None:
    drug = read(name)
    assert drug.dose_target in {species.name for species in module(drug).species}


def test_modules_bring_the_covariates_their_drugs_read_and_no_others() -> None:
    assert modules([read("anlotinib")]) == (module(read("anlotinib")),)
    patient = modules([read("bevacizumab"), read("carboplatin"), read("bevacizumab")])[0]
    plain = {p.name for p in patient.parameters if not p.name.startswith("one_")}
    assert plain == {"weight", "sex_female", "albumin", "alkaline_phosphatase", "gfr"}
    assert len(modules([read("bevacizumab"), read("carboplatin"), read("bevacizumab")])) == 3


class Run:
    """A composed model integrated by SciPy with its own formulas, slowly and without an engine."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.formulas: dict[str, Expression] = {a.name: a.expression for a in model.assignments}
        self.terms = {slot.name: slot.terms for slot in model.slots}
        self.states = [species.name for species in model.species]

    def value(self, name: str, known: dict[str, float]) -> float:
        if name not in known:
            if name in self.terms:
                known[name] = sum(self.evaluated(term, known) for term in self.terms[name])
            else:
                known[name] = self.evaluated(self.formulas[name], known)
        return known[name]

    def evaluated(self, tree: Expression, known: dict[str, float]) -> float:
        for name in symbols(tree):
            self.value(name, known)
        return evaluate(tree, known)

    def known(self, time: float, state: np.ndarray, values: dict[str, float]) -> dict[str, float]:
        return {
            **self.model.defaults,
            **values,
            "time": time,
            **dict(zip(self.states, state, strict=True)),
        }

    def solve(self, inputs: object, times: np.ndarray, wanted: str, **values: float) -> np.ndarray:
        """A quantity at times after the doses of a schedule."""
        state, out = np.zeros(len(self.states)), []
        entries = [self.states.index(target) for target in inputs.target]
        ends = inputs.time + inputs.duration
        breaks = np.unique(np.concatenate([[0.0], inputs.time, ends, times]))
        for first, last in itertools.pairwise(breaks):
            flow = np.zeros(state.size)
            for entry, time, end, amount in zip(
                entries, inputs.time, ends, inputs.amount, strict=True
            ):
                if time == end == first:
                    state[entry] += amount
                elif time <= first < end:
                    flow[entry] += amount / (end - time)

            def rates(time: float, y: np.ndarray, flow: np.ndarray = flow) -> np.ndarray:
                known = self.known(time, y, values)
                change = flow.copy()
                for process in self.model.processes:
                    rate = self.evaluated(process.rate, known)
                    for species, factor in process.changes.items():
                        change[self.states.index(species)] += rate * self.evaluated(factor, known)
                return change

            state = solve_ivp(rates, (first, last), state, "LSODA", [last], rtol=1e-8, atol=1e-8).y[
                :, -1
            ]
            if last in times:
                out.append(self.value(wanted, self.known(last, state, values)))
        return np.array(out)


@pytest.mark.parametrize("name", [n for n in library() if read(n).kind != "chemotherapy"])
def test_a_module_gives_the_concentration_of_the_closed_form_or_of_an_independent_integration(
    name: str,
) -> None:
    """The module's text, interpreted here, against kinetics.py (linear drugs) or exposure.py's own equations."""
    drug = read(name)
    text = drug.labels[0].text
    times = np.array([0.5, 3.0, 7.5])
    doses = schedule(
        regimen(f"{name} {text}"),
        0.0,
        7.5,
        **{k: typical()[k] for k in ("weight", "body_surface", "gfr")},
    )
    run = Run(composed(name))
    found = run.solve(doses, times, f"{name}_concentration")
    np.testing.assert_allclose(found, simulated(drug, text, times), rtol=2e-5)


def test_covariates_act_on_the_patient_as_published() -> None:
    """Bevacizumab's clearance in a man of 100 kg over that in a woman of 70: (100/70)^0.589 x 1.14 (Han 2016, table 3)."""
    run = Run(composed("bevacizumab"))
    state = np.zeros(2)

    def clearance(**patient: float) -> float:
        return run.value(
            "bevacizumab_patient_clearance", run.known(0.0, state, {"albumin": 39.0, **patient})
        )

    woman = clearance(weight=70.0, sex_female=1.0)
    assert woman == pytest.approx(0.2064)
    assert clearance(weight=100.0, sex_female=0.0) / woman == pytest.approx(
        (100 / 70) ** 0.589 * 1.14
    )


def test_nivolumabs_clearance_falls_to_its_late_value() -> None:
    """exp(-0.24) of the first one in the end, exp(-0.12) at 91.7 days (Zhang 2019, table 2)."""
    run = Run(composed("nivolumab"))

    def clearance(day: float) -> float:
        return run.value("nivolumab_clearance_now", run.known(day, np.zeros(2), {}))

    assert clearance(-50.0) == clearance(0.0)
    assert clearance(91.7) / clearance(0.0) == pytest.approx(math.exp(-0.12))
    assert clearance(1e5) / clearance(0.0) == pytest.approx(math.exp(-0.24), rel=1e-4)


@pytest.mark.parametrize(
    ("name", "late", "half_time"),
    [
        ("avelumab", 1.0 - 0.08533, 99.24),  # Masters 2022, table 1
        ("cemiplimab", 0.840, 73.7),  # Nguyen 2022, table 1: exp(-0.174)
        ("sugemalimab", 0.590, 53.6),  # Wang 2025, table 3: a fall by 41.0 %
        ("tremelimumab", 0.829, 95.1),  # Hwang 2023: by about 17 % with durvalumab
        ("toripalimab", 9.5 / 14.9, 73.7),  # label
        ("retifanlimab", 1.0 - 0.23, 73.7),  # label
    ],
)
def test_a_clearance_falls_to_the_published_part_of_the_first(
    name: str, late: float, half_time: float
) -> None:
    """Late over first, to the three figures of the publications; half of the fall, on the log scale, at the half-time."""
    run = Run(composed(name))

    def clearance(day: float) -> float:
        return run.value(f"{name}_clearance_now", run.known(day, np.zeros(len(run.states)), {}))

    assert clearance(1e6) / clearance(0.0) == pytest.approx(late, rel=1e-3)
    assert clearance(half_time) / clearance(0.0) == pytest.approx(math.sqrt(late), rel=1e-3)


def test_correlated_parameters_are_bivariate_log_normal() -> None:
    """Nivolumab: CV 41.2 % and 40.5 %, correlation 0.386 on the log scale (Zhang 2019, table 2)."""
    run = Run(composed("nivolumab"))
    spread = {
        p.name: p.distribution.spread for p in run.model.parameters if p.distribution is not None
    }
    stream = np.random.default_rng(0)
    z = stream.standard_normal((4000, 2))
    logs = []
    for first, second in z:
        values = {
            "nivolumab_clearance": 0.2592 * math.exp(spread["nivolumab_clearance"] * first),
            "nivolumab_central_volume": 4.27
            * math.exp(spread["nivolumab_central_volume"] * second),
            "weight": 80.0,
        }
        known = run.known(0.0, np.zeros(2), values)
        logs.append(
            [
                math.log(run.value(f"nivolumab_patient_{part}", known))
                for part in ("clearance", "central_volume")
            ]
        )
    found = np.array(logs)
    # standard errors at n = 4000: sd/sqrt(2n) = 1.1 % of it, (1 - r^2)/sqrt(n) = 0.013
    np.testing.assert_allclose(found.std(axis=0), [0.396, 0.390], rtol=0.04)
    assert np.corrcoef(found.T)[0, 1] == pytest.approx(0.386, abs=0.05)


def test_pembrolizumabs_exchange_shares_the_deviation_of_its_clearance() -> None:
    model = composed("pembrolizumab")
    assert {p.name for p in model.parameters if p.kind == "sampled"} == {
        "pembrolizumab_clearance",
        "pembrolizumab_central_volume",
    }
    run = Run(model)
    known = run.known(0.0, np.zeros(2), {"pembrolizumab_clearance": 0.44})
    assert run.value("pembrolizumab_patient_intercompartmental_clearance", known) == pytest.approx(
        2 * 0.795 * (70.0 / 76.8) ** 0.595
    )


def test_an_antibodys_ratio_is_concentration_in_the_tumour_over_affinity() -> None:
    """Atezolizumab 120 mg in 3.28 L, 145 kg/mol, 0.15 into the tumour, 0.4 nM: 94.6 (a man of 77 kg with albumin 40)."""
    run = Run(composed("atezolizumab"))
    known = run.known(0.0, np.array([120.0, 0.0]), {"weight": 77.0})
    assert run.value("ligand_ratio", known) == pytest.approx(120 / 3.28 / 145 * 1000 * 0.15 / 0.4)


def test_each_kinase_inhibitor_is_as_strong_as_its_scale_was_set() -> None:
    """Average exposure at the dose over that of half effect: 6, 6, 4.5 and about 1, whatever the enzymes say; borrowers as lenders, later ones 6."""
    wanted = {
        "lenvatinib": (20 * 0.896, 6.56, 6.0),
        "cabozantinib": (40, 2.478, 6.0),
        "anlotinib": (12, 9.26, 4.5),
        "apatinib": (250, 56.7, 0.92),
        "sitravatinib": (100, 5.95, 6.0),
        "famitinib": (20, 18.6, 6.0),
        "sorafenib": (800, 8.13 * 0.502, 6.0),
        "vandetanib": (300, 13.2, 6.0),
        "nintedanib": (400, 897, 6.0),
        "cediranib": (30, 26.3, 6.0),
        "motesanib": (125, 62.7, 6.0),
        "fruquintinib": (5, 0.888, 6.0),
    }
    for name, (dose, clearance_per_hour, ratio) in wanted.items():
        run = Run(composed(name))
        drug = read(name)
        average = dose / (clearance_per_hour * 24)  # mg/L
        state = np.zeros(len(run.states))
        state[run.states.index(f"{name}_central")] = average * float(
            parameters(drug)["central_volume"]
        )
        known = run.known(0.0, state, {})
        assert run.value("vegfr_ratio", known) == pytest.approx(ratio, rel=0.02)
        selectivity = drug.effect("offtarget_ratio").selectivity.value
        assert run.value("offtarget_ratio", known) == pytest.approx(
            run.value("vegfr_ratio", known) / selectivity
        )


def test_a_platinum_doublet_at_its_reference_doses_counts_one() -> None:
    size = {"body_surface": 1.6, "gfr": 70.0}
    for platinum, partner in (
        ("carboplatin AUC 6", "paclitaxel 200 mg/m2"),
        ("cisplatin 75 mg/m2", "pemetrexed 500 mg/m2"),
    ):
        doses = schedule(
            regimen(f"{platinum} q3w + {partner} q3w"), 0.0, 1.0, bolus_below=1.0, **size
        )
        run = Run(composed(platinum.split()[0], partner.split()[0]))
        state = np.zeros(len(run.states))
        for target, amount in zip(doses.target, doses.amount, strict=True):
            state[run.states.index(target)] += amount
        assert run.value("chemo_effect", run.known(0.0, state, size)) == pytest.approx(1.0)


def test_carboplatins_effect_follows_its_auc_and_not_its_milligrams() -> None:
    run = Run(composed("carboplatin"))
    for gfr in (40.0, 120.0):
        known = run.known(0.0, np.array([calvert(6.0, gfr)]), {"gfr": gfr})
        assert run.value("chemo_effect", known) == pytest.approx(0.55)


def test_cooperative_binding_is_one_switch() -> None:
    model = module(read("ivonescimab"))
    (switch,) = model.switches
    assert switch.name == "ivonescimab_cooperative"
    run = Run(composed("ivonescimab"))
    state = np.array([1400.0, 0.0])
    on, off = (run.known(0.0, state, values) for values in ({}, dict(switch.off_values)))
    assert run.value("cooperative_reach", on) == pytest.approx(0.4, rel=1e-3)
    assert run.value("cooperative_reach", off) == 0.0
    assert run.value("checkpoint_ratio", on) / run.value("checkpoint_ratio", off) == pytest.approx(
        18.0
    )
    assert run.value("vegf_trap_ratio", on) / run.value("vegf_trap_ratio", off) == pytest.approx(
        4.0
    )


def test_without_a_dose_a_drug_adds_nothing() -> None:
    run = Run(composed(*library()))
    known = run.known(10.0, np.zeros(len(run.states)), {})
    assert [run.value(slot, known) for slot in SLOTS] == [0.0] * len(SLOTS)


def test_linear_drugs_are_those_without_saturation_or_change() -> None:
    assert {n for n in library() if not is_linear(read(n))} == {
        "nivolumab",
        "ipilimumab",
        "camrelizumab",
        "nab_paclitaxel",
        "durvalumab",
        "serplulimab",
        "avelumab",
        "cemiplimab",
        "retifanlimab",
        "sugemalimab",
        "toripalimab",
        "tremelimumab",
    }
