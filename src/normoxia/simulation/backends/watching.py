"""Conditions in the compiled core: held while a step is taken, looked at within it, switched after it.

A step that leaves a mode is taken again, shorter, until one ends just behind the switch; only then the mode changes.
Where a solution is pushed back to a condition from both sides, the mode becomes a steep ramp of the gap, between its
values on both sides, and the solution stays on the condition to well within the tolerance.
Source: Filippov 1988, Differential Equations with Discontinuous Righthand Sides, section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from normoxia.simulation.backends import TOO_MANY_SWITCHES
from normoxia.simulation.backends.algebra import nodes
from normoxia.simulation.backends.blueprint import Blueprint, HeldMode
from normoxia.simulation.backends.lanes import Lanes

#: a switch is located to this share of the time reached and of the interval's length
LOCATED = 1e-11
#: half the width of a ramp, in errors of the gap at the tolerance held
_RAMP = 0.25
#: a ramp is no narrower than at this tolerance
_LEAST = 8e-10
#: rounding errors of species, relative to their size, that a ramp does not answer
_ROUNDING = 16 * 2.3e-16
#: a share this near to an end has left when another has
_TOGETHER = 1e-3
#: switches that a patient's conditions may have in one interval
MOST_SWITCHES = 5_000
#: a species is small below so many of its absolute errors of a step, since errors of steps add up
_SMALL = 5.0
#: the size, in scales, below which the sign of a species is not known even where its error is relative
UNKNOWN = 1e-175


def open_function(b: Blueprint) -> str:
    """The modes at the start of an interval: those of time as they are in its middle, the others as they are now."""
    out, row = Lanes("open", b.width), b.layout.names
    begin, length, zero = out.load(row["begin"]), out.load(row["length"]), out.constant(0.0)
    for k, mode in enumerate(b.watched.modes):
        at = out.fma(length, out.constant(0.5), begin) if mode.of_time else begin
        out.store(at, row["moment"])
        out.store(zero, row["ramp"] + k)
        of = nodes(b, out, [mode.test], lambda s: b.row("state", s), row["moment"])
        out.store(of(mode.test), row["mode"] + k)
        out.store(zero, row["level"] + k)
    if b.watched.watches:
        size = out.add(out.function("fabs", begin), length)
        out.store(out.mul(size, out.constant(LOCATED)), row["located"])
        for name in ("aim", "near", "tries", "switches", "precise"):
            out.store(zero, row[name])
    return out.text()


def watch_function(b: Blueprint) -> str:
    """By how much each mode of species is left at the arguments of the rates (above 0), whether it is; and the bends.

    Rows `noise` hold how much of either may be an error within the tolerance.
    """
    out, row = Lanes("watch", b.width), b.layout.names
    watched, one = b.watched, out.constant(1.0)
    tolerance = out.load(row["tolerance"])
    undecided, lost = out.compare("une", one, one), out.constant(0.0)
    roots = [
        x
        for k in watched.of_species
        for x in (*watched.modes[k].nodes[:3], *(node for _, node in watched.modes[k].slopes))
    ]
    roots += [x for bend in watched.bends for x in bend]
    of = nodes(b, out, roots, lambda s: b.row("stage", s), row["moment"])
    for k in watched.of_species:
        mode = watched.modes[k]
        gap, held, ramp = of(mode.gap), out.load(row["mode"] + k), out.load(row["ramp"] + k)
        left = out.compare("une", of(mode.test), held)
        if mode.counts:
            below, above = out.sub(held, gap), out.sub(gap, out.add(held, one))
            excess = out.select(out.compare("ogt", below, above), below, above)
        else:
            excess = out.select(
                out.compare("oeq", held, one), gap, out.sub(out.constant(-0.0), gap)
            )
        share = out.sub(out.fma(ramp, gap, held), out.load(row["level"] + k))
        below, above = out.sub(out.constant(-0.0), share), out.sub(share, one)
        outside = out.select(out.compare("ogt", below, above), below, above)
        outside = out.sub(outside, ramp_margin(b, out))
        on_it = out.compare("une", ramp, out.constant(0.0))
        excess = out.select(on_it, outside, excess)
        beyond = out.number(out.compare("ogt", outside, out.constant(0.0)))
        left = out.compare("une", out.select(on_it, beyond, out.number(left)), out.constant(0.0))
        read, free = [s for s, _ in mode.slopes], out.no(on_it)
        least = out.mul(tolerance, out.constant(_SMALL))
        small = _decided_by_small(b, out, mode, of, least, read)
        undecided = out.either(undecided, out.both(small, free))
        unsigned = [s for s in read if s not in watched.signed]
        unknown = _decided_by_small(b, out, mode, of, out.constant(UNKNOWN), unsigned)
        unknown = out.both(unknown, out.both(left, free))
        lost = out.select(unknown, out.constant(float(k + 1)), lost)
        noise = out.mul(tolerance, of(mode.error))
        noise = out.select(on_it, out.constant(0.5 / _RAMP), noise)
        out.store(noise, row["noise"] + k)
        out.store(excess, row["excess"] + k)
        out.store(out.number(left), row["left"] + k)
    for j, (bend, error) in enumerate(watched.bends):
        out.store(of(bend), row["bend"] + j)
        out.store(out.mul(tolerance, of(error)), row["bend_noise"] + j)
    out.store(out.number(undecided), row["undecided"])
    out.store(lost, row["lost"])
    return out.text()


def _decided_by_small(
    b: Blueprint,
    out: Lanes,
    mode: HeldMode,
    of: Callable[[int], str],
    error: str,
    species: Sequence[int],
) -> str:
    """The mask of lanes in which some species, smaller than an error in scales, may give a gap its sign.

    Species that are exactly 0 are known, and decide as they are.
    """
    total = out.constant(0.0)
    for s, slope in mode.slopes:
        if s not in species:
            continue
        size = out.function("fabs", out.load(b.row("stage", s)))
        least = out.mul(error, out.constant(b.scales[s]))
        small = out.both(
            out.compare("ole", size, least), out.compare("ogt", size, out.constant(0.0))
        )
        change = out.mul(out.function("fabs", of(slope)), least)
        total = out.add(total, out.select(small, change, out.constant(0.0)))
    gap = of(mode.gap)
    if mode.counts:
        whole = out.function("floor", out.add(gap, out.constant(0.5)))
        gap = out.sub(gap, whole)
    near = out.compare("ole", out.function("fabs", gap), total)
    return out.both(near, out.compare("ogt", total, out.constant(0.0)))


def hold_function(b: Blueprint) -> str:
    """The modes of species after a step; where one has switched, whether both sides push back."""
    out, row = Lanes("hold", b.width), b.layout.names
    zero, one = out.constant(0.0), out.constant(1.0)
    out.store(out.add(out.load(row["begin"]), out.load(row["t"])), row["moment"])
    running = out.compare("ogt", out.load(row["length"]), zero)
    any_switch, any_fresh = out.compare("une", zero, zero), out.compare("une", zero, zero)
    culprit = out.load(row["culprit"])
    any_leaves = out.compare("une", zero, zero)
    for k in b.watched.of_species:
        mode = b.watched.modes[k]
        of = nodes(b, out, [mode.gap], lambda s: b.row("state", s), row["moment"])
        held, ramp, level = (
            out.load(row["mode"] + k),
            out.load(row["ramp"] + k),
            out.load(row["level"] + k),
        )
        share = out.sub(out.fma(ramp, of(mode.gap), held), level)
        beyond = out.larger(out.sub(zero, share), out.sub(share, one))
        far = out.compare("ogt", beyond, ramp_margin(b, out))
        any_leaves = out.either(any_leaves, out.both(out.compare("une", ramp, zero), far))
    for k in b.watched.of_species:
        mode = b.watched.modes[k]
        of = nodes(b, out, [mode.test, mode.gap], lambda s: b.row("state", s), row["moment"])
        held, ramp, level = (
            out.load(row["mode"] + k),
            out.load(row["ramp"] + k),
            out.load(row["level"] + k),
        )
        truth = of(mode.test)
        on_it = out.compare("une", ramp, zero)
        share = out.sub(out.fma(ramp, of(mode.gap), held), level)
        margin = ramp_margin(b, out)
        beyond = out.larger(out.sub(zero, share), out.sub(share, one))
        # those that belong to one condition leave it together, whatever rounding says
        limit = out.select(any_leaves, out.constant(-_TOGETHER), margin)
        leaves = out.both(on_it, out.compare("ogt", beyond, limit))
        fresh = out.both(running, out.both(out.no(on_it), out.compare("une", truth, held)))
        side = out.add(level, out.number(out.compare("ogt", share, out.constant(0.5))))
        free = out.select(leaves, side, truth)
        out.store(out.select(out.both(on_it, out.no(leaves)), held, free), row["mode"] + k)
        out.store(out.select(leaves, zero, ramp), row["ramp"] + k)
        out.store(out.number(fresh), row["fresh"] + k)
        out.store(held, row["old"] + k)
        if mode.counts:
            lower = out.smaller(truth, held)
            out.store(out.select(fresh, lower, level), row["level"] + k)
        any_fresh = out.either(any_fresh, fresh)
        switched = out.both(running, out.either(fresh, leaves))
        any_switch = out.either(any_switch, switched)
        culprit = out.select(switched, out.constant(float(k)), culprit)
    out.store(culprit, row["culprit"])
    switches = out.add(out.load(row["switches"]), out.number(any_switch))
    out.store(switches, row["switches"])
    many = out.both(running, out.compare("ogt", switches, out.constant(float(MOST_SWITCHES))))
    # failing is written out here, since steps.py reads this file
    now = out.load(row["moment"])
    out.store(out.select(many, now, out.load(row["failed_at"])), row["failed_at"])
    out.store(
        out.select(many, out.constant(float(TOO_MANY_SWITCHES)), out.load(row["status"])),
        row["status"],
    )
    for name in ("length", "t"):
        out.store(out.select(many, zero, out.load(row[name])), row[name])
    out.do(f"br i1 {out.any(any_fresh)}, label %fresh, label %held")
    out.label("fresh")
    out.do("call void @sides(ptr %m)")
    out.do("br label %held")
    out.label("held")
    return out.text()


def _ramp_tolerance(b: Blueprint, out: Lanes) -> str:
    """The tolerance held, or the smallest at which rounding leaves a ramp its use."""
    return out.larger(out.load(b.layout["tolerance"]), out.constant(_LEAST))


def ramp_margin(b: Blueprint, out: Lanes) -> str:
    """How far rounding of the species may carry a ramp beyond its ends."""
    return out.div(out.constant(_ROUNDING * 0.5 / _RAMP), _ramp_tolerance(b, out))


def sides_function(b: Blueprint) -> str:
    """Where a condition has just switched and the rates on both sides push back to it, its mode becomes a ramp."""
    out, row = Lanes("sides", b.width), b.layout.names
    zero, one, n = out.constant(0.0), out.constant(1.0), len(b.core)
    with out.rows(n) as here:
        out.put(out.near(here, row["state"]), here, row["stage"])
    for s in b.inputs:
        out.store(out.load(b.row("here", s)), b.row("stage", s))
    modes = [(k, b.watched.modes[k]) for k in b.watched.of_species]
    fresh = {k: out.compare("une", out.load(row["fresh"] + k), zero) for k, _ in modes}
    new = {k: out.load(row["mode"] + k) for k, _ in modes}
    old = {k: out.load(row["old"] + k) for k, _ in modes}
    speeds: list[dict[int, str]] = []
    # those that have switched together, like X < a and X >= a, belong to one condition
    for side in (old, new):
        for k, _ in modes:
            out.store(out.select(fresh[k], side[k], new[k]), row["mode"] + k)
        out.do("call void @rates(ptr %m)")
        speeds.append({k: _speed(b, out, mode) for k, mode in modes})
    for k, mode in modes:
        of = nodes(b, out, [mode.gap, mode.error], lambda s: b.row("stage", s), row["moment"])
        lower_is_below = out.compare("olt" if mode.counts else "ogt", old[k], new[k])
        below = out.select(lower_is_below, speeds[0][k], speeds[1][k])
        above = out.select(lower_is_below, speeds[1][k], speeds[0][k])
        stays = out.both(out.compare("ogt", below, zero), out.compare("olt", above, zero))
        share = out.div(below, out.sub(below, above))
        if not mode.counts:  # a floor is higher above its level, a comparison 0 there
            share = out.sub(one, share)
        width = out.mul(out.mul(_ramp_tolerance(b, out), of(mode.error)), out.constant(_RAMP))
        ramp = out.div(out.constant(0.5 if mode.counts else -0.5), width)
        base = out.sub(out.add(out.load(row["level"] + k), share), out.mul(ramp, of(mode.gap)))
        usable = out.compare("olt", out.function("fabs", base), out.constant(float("inf")))
        stays = out.both(out.both(fresh[k], stays), usable)
        out.store(out.select(stays, base, new[k]), row["mode"] + k)
        out.store(out.select(stays, ramp, out.load(row["ramp"] + k)), row["ramp"] + k)
    return out.text()


def _speed(b: Blueprint, out: Lanes, mode: HeldMode) -> str:
    """How fast a gap changes at the rates just computed."""
    row = b.layout.names
    roots = [*(node for _, node in mode.slopes), mode.drift]
    of = nodes(b, out, roots, lambda s: b.row("stage", s), row["moment"])
    speed = of(mode.drift)
    for s, node in mode.slopes:
        i = b.place[s]
        change = out.add(out.load(row["rate"] + i), out.load(row["flow"] + i))
        speed = out.fma(of(node), change, speed)
    return speed
