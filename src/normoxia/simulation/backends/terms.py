"""Closed-form kinetics: the coefficients of an interval, and species at a time within it."""

from __future__ import annotations

from collections.abc import Sequence

from normoxia.simulation.backends.blueprint import Blueprint, terms_of
from normoxia.simulation.backends.lanes import Lanes

#: values nearer to zero than this become zero, before they get slow to compute with
FLUSH = 1e-280


def terms_function(b: Blueprint) -> str:
    """Coefficients of all terms from the states and inflows at the start of an interval."""
    out = Lanes("terms", b.width)
    entry, term, source = b.layout["entry"], b.layout["term"], b.layout["source"]
    for component in b.components:
        start = [out.load(b.row("state", s)) for s in component.species]
        start += [
            out.add(out.load(b.row("flow", s)), out.load(source + k))
            for k, s in enumerate(component.species)
        ]
        sums: dict[tuple[int, tuple[int, int]], str] = {}
        for k, (row, mode, column) in enumerate(component.entries):
            coefficient = out.load(entry + k)
            if (row, mode) in sums:
                sums[row, mode] = out.fma(coefficient, start[column], sums[row, mode])
            else:
                sums[row, mode] = out.mul(coefficient, start[column])
        for k, key in enumerate(terms_of(component)):
            out.store(sums[key], term + k)
        entry, term, source = entry + len(component.entries), term + len(sums), source + component.n
    return out.text()


def inputs_function(
    b: Blueprint, name: str, wanted: Sequence[int], to: str, slopes: str = "", masked: bool = False
) -> str:
    """Closed-form species at the local time in row `trial`, and their slopes, into rows."""
    out = Lanes(name, b.width)
    t = out.load(b.layout["trial"])
    term, eigenvalue = b.layout["term"], b.layout["eigenvalue"]
    active = out.compare("ogt", out.load(b.layout["length"]), out.constant(0.0)) if masked else ""
    for component in b.components:
        keys = terms_of(component)
        rows = {r for r, s in enumerate(component.species) if s in wanted}
        used = sorted({mode[0] for r, mode in keys if r in rows})
        speed = {e: out.load(eigenvalue + e) for e in used if e}
        shape = {e: out.exp(out.mul(speed[e], t)) for e in used if e}
        for row in sorted(rows):
            species, value, slope = component.species[row], "", ""
            for e in used:
                powers = {
                    mode[1]: k for k, (r, mode) in enumerate(keys) if r == row and mode[0] == e
                }
                if not powers:
                    continue
                polynomial, derivative = out.constant(0.0), out.constant(0.0)
                for power in range(max(powers), -1, -1):
                    if slopes and power < max(powers):
                        derivative = out.fma(derivative, t, polynomial)
                    held = out.load(term + powers[power]) if power in powers else out.constant(0.0)
                    polynomial = held if power == max(powers) else out.fma(polynomial, t, held)
                value = _plus(out, value, polynomial, shape.get(e))
                if slopes:
                    whole = out.fma(speed[e], polynomial, derivative) if e else derivative
                    slope = _plus(out, slope, whole, shape.get(e))
            if masked:
                near = out.compare("olt", out.function("fabs", value), out.constant(FLUSH))
                value = out.select(near, out.constant(0.0), value)
                value = out.select(active, value, out.load(b.row(to, species)))
            out.store(value, b.row(to, species))
            if slopes:
                out.store(slope, b.row(slopes, species))
        term, eigenvalue = term + len(keys), eigenvalue + component.n_eigenvalues
    return out.text()


def _plus(out: Lanes, total: str, value: str, factor: str | None) -> str:
    """Total + value * factor, where an empty total is nothing and no factor is one."""
    if factor is None:
        return out.add(total, value) if total else value
    return out.fma(value, factor, total) if total else out.mul(value, factor)
