"""Small models built by hand, for trying engines."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from normoxia.mechanism.expression import parse
from normoxia.mechanism.inputs import Inputs
from normoxia.mechanism.model import (
    Assignment,
    Equilibration,
    Event,
    Model,
    Parameter,
    Process,
    Species,
)


def model(
    species: Mapping[str, tuple[float | str, str]],
    parameters: Mapping[str, float] | None = None,
    assignments: Mapping[str, str] | None = None,
    events: tuple[Event, ...] = (),
    equilibration: Equilibration | None = None,
    scales: Mapping[str, float] | None = None,
) -> Model:
    """A model from species as name -> (initial, rate)."""
    return Model(
        name="toy",
        species=tuple(
            Species(name, parse(initial), "1", scale=(scales or {}).get(name, 1.0))
            for name, (initial, _) in species.items()
        ),
        parameters=tuple(Parameter(name, value, "1") for name, value in (parameters or {}).items()),
        assignments=tuple(
            Assignment(name, parse(text), "1") for name, text in (assignments or {}).items()
        ),
        processes=tuple(
            Process(f"change_of_{name}", parse(rate), "1", {name: parse(1)})
            for name, (_, rate) in species.items()
        ),
        events=events,
        equilibration=equilibration,
    )


def doses(*rows: tuple[float, str, float, float]) -> Inputs:
    """Inputs from rows (time, target, amount, duration)."""
    time, target, amount, duration = zip(*rows, strict=True)
    return Inputs(
        np.array(time, float), tuple(target), np.array(amount, float), np.array(duration, float)
    )


ONE_COMPARTMENT = model(
    {"central": (0, "-CL/V*central")}, {"CL": 0.2, "V": 3.0}, {"C": "central/V"}
)

ORAL = model(
    {"gut": (0, "-KA*gut"), "central": (0, "KA*gut - CL/V*central")},
    {"KA": 5.0, "CL": 2.0, "V": 30.0},
)

TWO_COMPARTMENTS = model(
    {
        "central": (0, "-(CL + Q)/V1*central + Q/V2*peripheral"),
        "peripheral": (0, "Q/V1*central - Q/V2*peripheral"),
    },
    {"CL": 0.22, "V1": 3.5, "Q": 0.8, "V2": 2.8},
)

THREE_COMPARTMENTS = model(
    {
        "central": (0, "-(CL + Q2 + Q3)/V1*central + Q2/V2*second + Q3/V3*third"),
        "second": (0, "Q2/V1*central - Q2/V2*second"),
        "third": (0, "Q3/V1*central - Q3/V3*third"),
    },
    {"CL": 500.0, "V1": 12.0, "Q2": 300.0, "V2": 30.0, "Q3": 200.0, "V3": 250.0},
)

#: a drug that is linear, an effect that is not
INDIRECT = model(
    {
        "central": (0, "-CL/V*central"),
        "response": ("kin/kout", "kin*(1 - C**n/(IC50**n + C**n)) - kout*response"),
        "tumour": (1.0, "kg*tumour*(1 - tumour/K)*response"),
    },
    {"CL": 1.0, "V": 4.0, "kin": 3.0, "kout": 2.5, "IC50": 2.0, "n": 1.7, "kg": 0.05, "K": 8.0},
    {"C": "central/V"},
)

#: Robertson 1966, the classic stiff problem
ROBERTSON = model(
    {
        "a": (1.0, "-0.04*a + 1e4*b*c"),
        "b": (0.0, "0.04*a - 1e4*b*c - 3e7*b**2"),
        "c": (0.0, "3e7*b**2"),
    },
    scales={"b": 1e-5},
)

#: driven by time itself; y = exp(sin(w*time)/w) from 1
DRIVEN = model({"y": (1.0, "y*cos_wt")}, {"w": 2.0}, {"cos_wt": "1 - 2*tanh(time - 3)**2"})
