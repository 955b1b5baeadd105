"""The whole mechanism under IMpower150's three-drug arm: patients, doses, and runs to time and judge."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.scenario import Array
from normoxia import mechanism, pharmacology, simulation
from normoxia.mechanism.inputs import Inputs
from normoxia.mechanism.model import Model, Parameter
from normoxia.simulation import Simulator

REGIMEN = (
    "atezolizumab 1200 mg q3w",
    "bevacizumab 15 mg/kg q3w",
    "carboplatin AUC 6 q3w x4",
    "paclitaxel 200 mg/m2 q3w x4",
)
DAYS = 728
OUTPUTS = ("tumour_volume", "perfusion", "hypoxic_fraction", "vessel_fraction", "cd8_density")


def model() -> Model:
    """The shipped mechanism with the four drugs."""
    from normoxia.library import __path__ as folders

    whole = mechanism.read(f"{next(iter(folders))}/models/nsclc.yaml")
    drugs = [pharmacology.read(text.split()[0]) for text in REGIMEN]
    return mechanism.compose([whole, *pharmacology.modules(drugs)])


def drawn(parameter: Parameter, z: Array) -> Array:
    """A parameter's values for standard normal deviates."""
    law, typical = parameter.distribution, parameter.value
    if law is None:
        return np.full(len(z), typical)
    if law.kind == "lognormal":
        return np.asarray(typical * np.exp(law.spread * z))
    if law.kind == "logitnormal":
        return np.asarray(1 / (1 + (1 / typical - 1) * np.exp(-law.spread * z)))
    return np.asarray(typical + law.spread * z)


def patients(whole: Model, n: int) -> dict[str, Array]:
    """Sampled parameters of n patients, drawn independently."""
    random = np.random.default_rng(20261122)
    return {
        p.name: drawn(p, random.standard_normal(n)) for p in whole.parameters if p.kind == "sampled"
    }


def doses() -> Inputs:
    regimen = pharmacology.regimen(REGIMEN)
    return pharmacology.schedule(regimen, 0.0, DAYS, weight=70.0, body_surface=1.8, gfr=90.0)


def run(
    simulator: Simulator, given: dict[str, Array], tolerance: float
) -> tuple[Array, int, float]:
    """Outputs every six weeks (n, n_times, n_outputs), patients failed, and CPU seconds, equilibration included."""
    inputs = doses()
    before = time.process_time()
    state = simulator.start(given, tolerance=tolerance)
    result = simulator.run(state, inputs, np.arange(42.0, DAYS + 1, 42.0), tolerance=tolerance)
    return result.values, result.n_failed, time.process_time() - before


def error(values: Array, right: Array) -> Array:
    """Largest error of each patient relative to the output, or to a thousandth of its median over patients."""
    floor = 1e-3 * np.nanmedian(np.abs(right), axis=(0, 1))
    found: Array = np.nanmax(np.abs(values - right) / (np.abs(right) + floor), axis=(1, 2))
    return found


def report(n: int = 256) -> list[str]:
    """Lines of a page: speed and error of the fast backend, and that the reference backend agrees."""
    whole = model()
    simulator = simulation.compile(whole, "fast", OUTPUTS)
    given = patients(whole, n)
    right, _, _ = run(simulator, given, 1e-9)
    lines = [
        "| tolerance | largest error | median error | patients/s/core | failed |",
        "|---|---|---|---|---|",
    ]
    for tolerance in (1e-3, 1e-4, 1e-5):
        values, failed, spent = min(
            (run(simulator, given, tolerance) for _ in range(3)), key=lambda r: r[2]
        )
        worst = error(values, right)
        lines.append(
            f"| {tolerance:g} | {worst.max():.1e} | {np.median(worst):.1e} | {float(f'{n / spent:.3g}'):,.0f} | {failed} |"
        )
    slow = simulation.compile(whole, "reference", OUTPUTS)
    other, _, spent = run(slow, {name: values[:2] for name, values in given.items()}, 1e-6)
    apart = error(other, right[:2]).max()
    return [
        f"The shipped mechanism with four drugs ({len(whole.species)} states; atezolizumab, bevacizumab, carboplatin and "
        f"paclitaxel; equilibration, then {DAYS} days, outputs every six weeks), {n} patients, errors against the same "
        f"backend at 1e-9; the reference backend at 1e-6 differs from that by {apart:.1e} and solves {2 / spent:.2g} "
        "patients/s:",
        "",
        *lines,
    ]


if __name__ == "__main__":
    print("\n".join(report()))
