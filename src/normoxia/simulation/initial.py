"""What an ensemble starts from: a table of parameters, and initial values read from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.mechanism.expression import Expression, Number, Symbol, symbols
from normoxia.mechanism.model import Model
from normoxia.simulation.domain import Domain
from normoxia.simulation.evaluation import over_patients
from normoxia.simulation.state import Array
from normoxia.simulation.system import System, in_order, lowered


def parameter_table(
    names: Sequence[str],
    typical: Mapping[str, float],
    given: Mapping[str, ArrayLike],
    n_patients: int | None,
) -> Array:
    """Parameters of all patients, shape (n_patients, n_parameters): those given, else the typical ones.

    given       by name, a number or an array of shape (n_patients,)
    n_patients  default: the length of the arrays given, or 1
    raises      UnknownName, InvalidArgument
    """
    arrays = {name: np.asarray(value, float) for name, value in given.items()}
    for name, array in arrays.items():
        if name not in names:
            raise UnknownName("parameter", name, names)
        if array.ndim > 1:
            raise InvalidArgument(
                f'parameter "{name}" has {array.ndim} axes; give a number or one per patient'
            )
        if not np.all(np.isfinite(array)):
            raise InvalidArgument(f'parameter "{name}" holds a value that is not a finite number')
    lengths = {len(array) for array in arrays.values() if array.ndim == 1}
    n = n_patients if n_patients is not None else max(lengths, default=1)
    if n < 1:
        raise InvalidArgument(f"{n} patients were asked for; give at least one")
    for name, array in arrays.items():
        if array.ndim == 1 and len(array) != n:
            raise InvalidArgument(f'parameter "{name}" has {len(array)} values for {n} patients')
    table = np.empty((n, len(names)))
    for k, name in enumerate(names):
        table[:, k] = arrays.get(name, typical[name])
    return table


def initial_values(
    model: Model, system: System, names: Sequence[str], table: Array, time: float
) -> tuple[Array, dict[int, str]]:
    """Initial values, shape (n_patients, n_species), and by patient what in them has no value.

    system  the one that begins: of the settling, where there is one
    They may read parameters, assignments and one another. A species that only an algebraic rule determines starts
    from the parameter of its name, or from 1.
    """
    typical = model.defaults
    initial: dict[str, Expression] = {
        name: Number(typical.get(name, 1.0)) for name in system.species
    }
    initial |= {species.name: lowered(model, species.initial) for species in model.species}
    wanted = set(system.species)
    kept = []
    for name, expression in reversed(in_order({**dict(system.assignments), **initial})):
        if name in wanted:
            kept.append((name, expression))
            wanted |= symbols(expression)
    kept.reverse()
    results = tuple(Symbol(name) for name in system.species)
    nobody = np.zeros((table.shape[0], 0))
    values, doubtful = over_patients(((), names), tuple(kept), results).noted(nobody, table, time)
    doubtful |= ~np.isfinite(values).all(axis=1)
    if not doubtful.any():
        return values, {}
    rows = np.flatnonzero(doubtful)
    labelled = [(f'the initial value of "{result.name}"', result) for result in results]
    found = Domain((), (), names, kept, labelled).faults(nobody[rows], table[rows], time)
    return values, {int(rows[k]): f"{what} (at the start)" for k, what in found.items()}
