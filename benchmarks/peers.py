"""Other engines on the same equations, doses and tolerances. Each is a function of a tolerance giving trajectories.

All get the same plan of break points and restart at each, as every solver must where a rate jumps. Compiling and
loading are done beforehand and not timed. Absolute tolerances are the relative one times 0.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import scenario
from normoxia.mechanism.expression import Call, Expression, Number, Symbol, show
from normoxia.simulation.evaluation import Code
from normoxia.simulation.plan import Doses, intervals
from normoxia.simulation.system import System, system_of

Run = Callable[[float, int], scenario.Array]
ABSOLUTE = 0.1


def equations() -> System:
    return system_of(scenario.model())


def breaks(system: System, daily: bool) -> Any:
    """Interval lengths (n,), what is added to each species at the start (n, S), inflow rates (n, S), outputs (n,)."""
    inputs = scenario.doses(daily)
    _, days, _ = scenario.reference()
    targets = tuple(system.species.index(name) for name in inputs.target)
    plan = intervals(
        0.0,
        float(days[-1]),
        days,
        Doses(inputs.time, targets, inputs.amount[None], inputs.duration),
        range(inputs.n_doses),
        system.species,
    )
    n = len(system.species)
    jumps, flows = np.zeros((len(plan), n)), np.zeros((len(plan), n))
    flow = np.zeros(n)
    for k, interval in enumerate(plan):
        for entry in interval.entries:
            amount = 0.0 if entry.dose < 0 else inputs.amount[entry.dose] * entry.scale
            if not entry.rate:
                jumps[k, entry.species] += amount
            else:
                flow[entry.species] = amount + (0.0 if entry.fresh else flow[entry.species])
        flows[k] = flow
    return np.array([i.length for i in plan]), jumps, flows, np.array([i.save for i in plan])


def parameter_rows(system: System) -> scenario.Array:
    table, typical = scenario.patients(), scenario.model().defaults
    n = len(next(iter(table.values())))
    return np.stack(
        [table.get(name, np.full(n, typical[name])) for name in system.parameters], axis=1
    )


def start_rows(system: System, parameters: scenario.Array) -> scenario.Array:
    from normoxia import simulation

    simulator = simulation.compile(scenario.model(), "reference", ())
    given = {name: parameters[:, k] for k, name in enumerate(system.parameters)}
    return simulator.start(given).values


def _python_rates(
    system: System, arguments: str, state: str, parameter: str, flow: str, result: str
) -> str:
    symbols = {name: f"{parameter}[{k}]" for k, name in enumerate(system.parameters)}
    symbols |= {name: f"{state}[{k}]" for k, name in enumerate(system.species)}
    code, lines = Code(symbols), []
    for k, (name, expression) in enumerate(system.needed(system.rates)):
        lines.append(f"    a{k} = {code.text(expression)}")
        symbols[name] = f"a{k}"
    lines += [
        f"    {result}[{k}] = {code.text(r)} + {flow.format(k)}" for k, r in enumerate(system.rates)
    ]
    return f"def rates({arguments}):\n" + "\n".join(lines) + "\n"


def numbalsoda(daily: bool) -> Run:
    """LSODA in C++ with a right-hand side compiled by numba, and the loop over intervals compiled too."""
    import numba
    from numbalsoda import lsoda, lsoda_sig

    system = equations()
    length, jumps, flows, saves = breaks(system, daily)
    parameters = parameter_rows(system)
    n, m = len(system.species), len(system.parameters)
    text = _python_rates(system, "t, u_, du_, p_", "u", "p", f"p[{m} + {{0}}]", "du")
    head, body = text.split("\n", 1)
    views = f"    u = carray(u_, ({n},)); du = carray(du_, ({n},)); p = carray(p_, ({m + n},))\n"
    space: dict[str, Any] = {"carray": numba.carray, "power": _power()}
    exec(f"{head}\n{views}{body}", space)
    address = numba.cfunc(lsoda_sig, cache=False)(space["rates"]).address

    @numba.njit
    def carry(y0: Any, p: Any, tolerance: float, n_saves: int) -> Any:
        saved = np.empty((n_saves, n))
        y, whole = y0.copy(), np.empty(m + n)
        whole[:m] = p
        for k in range(len(length)):
            y += jumps[k]
            whole[m:] = flows[k]
            found, _ = lsoda(
                address,
                y,
                np.array([0.0, length[k]]),
                data=whole,
                rtol=tolerance,
                atol=tolerance * ABSOLUTE,
            )
            y = found[-1].copy()
            if saves[k] >= 0:
                saved[saves[k]] = y
        return saved

    start = start_rows(system, parameters)
    n_saves = int(saves.max()) + 1
    carry(start[0], parameters[0], 1e-2, n_saves)
    return lambda tolerance, count: np.stack(
        [carry(start[i], parameters[i], tolerance, n_saves) for i in range(count)]
    )


def scipy_lsoda(daily: bool) -> Run:
    """SciPy's solve_ivp with LSODA and a right-hand side compiled by numba."""
    import numba
    from scipy.integrate import solve_ivp

    system = equations()
    length, jumps, flows, saves = breaks(system, daily)
    parameters = parameter_rows(system)
    start = start_rows(system, parameters)
    text = _python_rates(system, "t, u, p, flow, du", "u", "p", "flow[{0}]", "du")
    space: dict[str, Any] = {"power": _power()}
    exec(text, space)
    rates = numba.njit(space["rates"])

    def right(t: float, u: Any, p: Any, flow: Any) -> Any:
        du = np.empty_like(u)
        rates(t, u, p, flow, du)
        return du

    right(0.0, start[0], parameters[0], flows[0])

    def run(tolerance: float, count: int) -> scenario.Array:
        saved = np.empty((count, int(saves.max()) + 1, len(system.species)))
        for i in range(count):
            y = start[i].copy()
            for k in range(len(length)):
                found = solve_ivp(
                    right,
                    (0.0, length[k]),
                    y + jumps[k],
                    method="LSODA",
                    rtol=tolerance,
                    atol=tolerance * ABSOLUTE,
                    args=(parameters[i], flows[k]),
                )
                y = found.y[:, -1]
                if saves[k] >= 0:
                    saved[i, saves[k]] = y
        return saved

    return run


def roadrunner(daily: bool) -> Run:
    """libRoadRunner (CVODE, its own compiled SBML), doses given between simulations."""
    import roadrunner as rr

    system = equations()
    length, jumps, flows, saves = breaks(system, daily)
    parameters = parameter_rows(system)
    start = start_rows(system, parameters)
    engine = rr.RoadRunner(_sbml(system))
    engine.setIntegrator("cvode")
    engine.timeCourseSelections = ["time", *system.species]
    ids = list(engine.model.getGlobalParameterIds())
    places = [
        ids.index(name) for name in (*system.parameters, *(f"flow_{s}" for s in system.species))
    ]
    dosed = np.flatnonzero(np.any(flows != 0.0, axis=0))
    species_at = [ids.index(name) for name in system.species]
    flow_at = [ids.index(f"flow_{system.species[s]}") for s in dosed]

    def run(tolerance: float, count: int) -> scenario.Array:
        engine.integrator.relative_tolerance = tolerance
        engine.integrator.absolute_tolerance = tolerance * ABSOLUTE
        saved = np.empty((count, int(saves.max()) + 1, len(system.species)))
        model = engine.model
        for i in range(count):
            engine.reset()
            model.setGlobalParameterValues(places[: parameters.shape[1]], parameters[i])
            y = start[i].copy()
            for k in range(len(length)):
                model.setGlobalParameterValues(species_at, y + jumps[k])
                model.setGlobalParameterValues(flow_at, flows[k, dosed])
                y = np.array(engine.simulate(0.0, length[k], 2))[-1, 1:]
                if saves[k] >= 0:
                    saved[i, saves[k]] = y
        return saved

    return run


def _power() -> Any:
    import numba

    return numba.njit(lambda x, y: x**y)


def _sbml(system: System) -> str:
    """The equations as rate rules of an SBML model."""
    import libsbml

    document = libsbml.SBMLDocument(3, 2)
    model = document.createModel()

    def quantity(name: str, constant: bool) -> None:
        made = model.createParameter()
        made.setId(name)
        made.setValue(0.0)
        made.setConstant(constant)

    def formula(expression: Expression) -> Any:
        text = show(_plain(expression)).replace("**", "^")
        found = libsbml.parseL3Formula(text)
        if found is None:
            raise ValueError(f"{text}: {libsbml.getLastParseL3Error()}")
        return found

    for name in system.parameters:
        quantity(name, True)
    for name in system.species:
        quantity(name, False)
        quantity(f"flow_{name}", True)
    for name, expression in system.needed(system.rates):
        quantity(name, False)
        rule = model.createAssignmentRule()
        rule.setVariable(name)
        rule.setMath(formula(expression))
    for name, rate in zip(system.species, system.rates, strict=True):
        rule = model.createRateRule()
        rule.setVariable(name)
        rule.setMath(formula(Call("add", (rate, Symbol(f"flow_{name}")))))
    return str(libsbml.writeSBMLToString(document))


def _plain(expression: Expression) -> Expression:
    """Without the factors 1 that a process's stoichiometry leaves."""
    if isinstance(expression, Call):
        parts = tuple(_plain(argument) for argument in expression.arguments)
        if expression.function == "multiply" and parts[0] == Number(1.0):
            return parts[1]
        return Call(expression.function, parts)
    return expression
