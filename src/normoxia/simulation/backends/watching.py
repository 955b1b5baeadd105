"""Conditions in the compiled core: held while a step is taken, looked at within it, switched after it.

A step that leaves a mode is taken again, shorter, until one ends just behind the switch; only then the mode changes.
Where a solution is pushed back to a condition from both sides, the mode becomes a steep ramp of the gap, between its
values on both sides, and the solution stays on the condition to well within the tolerance.
Source: Filippov 1988, Differential Equations with Discontinuous Righthand Sides, section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from normoxia.simulation.backends import TOO_MANY_SWITCHES
from normoxia.simulation.backends.algebra import nodes
from normoxia.simulation.backends.blueprint import Blueprint, HeldMode, Watched
from normoxia.simulation.backends.lanes import Lanes
from normoxia.simulation.graph import MOVING, Graph, read_system
from normoxia.simulation.modes import Held
from normoxia.simulation.rosenbrock import DENSE
from normoxia.simulation.system import Named

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
#: how far a curve may rise above the parabola through three looks, in bows of it
_PARABOLA = 0.5
#: something hidden within a step is looked for no nearer to its ends than this share of it
_NEAR = 1e-3
#: trials after which steps towards a switch become as short as they may be
_MOST_TRIALS = 100.0
#: switches that a patient's conditions may have in one interval
MOST_SWITCHES = 5_000
#: what has no bounded slope where its argument is 0
_STEEP = {"sqrt", "log", "power_log"}
#: a species is small below so many of its absolute errors of a step, since errors of steps add up
_SMALL = 5.0
#: absolute errors, in scales, of species whose signs decide; the size below which even so a sign is not known; and that
#: at which a species that keeps its sign stays
_PRECISE, _UNKNOWN, _LEAST_SIZE = 1e-180, 1e-175, 1e-195
#: steps so many times as long as a switch is located are short enough to reach 0 as any other level
_SHORT = 10.0
#: a step is looked at in so many places besides its start
_LOOKS = 8


def read_held(
    graph: Graph, frozen: Held, needed: Sequence[Named]
) -> tuple[dict[str, int], Watched]:
    """Nodes of every name of a system whose conditions are held, and the conditions."""
    system = frozen.system
    if not frozen.modes and not frozen.bends:
        return read_system(graph, system.species, system.parameters, needed), Watched()
    names = read_system(graph, system.species, system.parameters, ())
    assigned = dict(system.needed([m.test for m in frozen.modes] + list(frozen.bends)))
    waiting = [
        (name, e) for name, e in system.assignments if name in {*assigned, *(n for n, _ in needed)}
    ]
    modes: list[HeldMode] = []

    def read_up() -> None:
        """Assignments whose modes are there by now."""
        for name, expression in list(waiting):
            try:
                names[name] = graph.read(expression, names)
            except KeyError:
                continue
            waiting.remove((name, expression))

    leaves = {graph.node("state", (s,)): s for s in range(len(system.species))}
    species: set[int] = set()

    def note(node: int) -> int:
        species.update(leaves[leaf] for leaf in graph.reach(node) if leaf in leaves)
        return node

    def error_of(gap: int) -> int:
        """How large the error of a node is per unit of tolerance, when species are as wrong as they may be."""
        return graph.sum(
            graph.mul(
                graph.call("abs", graph.derivative(gap, leaf)),
                graph.sum((graph.call("abs", leaf), graph.const(system.scales[s]))),
            )
            for leaf, s in leaves.items()
            if leaf in graph.reach(gap)
        )

    for k, mode in enumerate(frozen.modes):
        read_up()
        gap, test = graph.read(mode.gap, names), graph.read(mode.test, names)
        base = graph.node("mode", (k,))
        if mode.of_time:
            names[mode.name] = base
        else:
            names[mode.name] = graph.sum((base, graph.mul(graph.node("ramp", (k,)), note(gap))))
        error = graph.zero if mode.of_time else error_of(gap)
        reads = (
            []
            if mode.of_time
            else sorted((s, leaf) for leaf, s in leaves.items() if leaf in graph.reach(gap))
        )
        slopes = tuple((s, graph.derivative(gap, leaf)) for s, leaf in reads)
        drift = graph.zero if mode.of_time else graph.derivative(gap, graph.node("time"))
        modes.append(
            HeldMode(
                mode.of_time,
                mode.counts,
                test,
                gap if mode.of_time else note(gap),
                error,
                slopes,
                drift,
            )
        )
    read_up()
    bends = tuple(
        (gap, error_of(gap)) for gap in (note(graph.read(bend, names)) for bend in frozen.bends)
    )
    return names, Watched(tuple(modes), bends, frozenset(species))


def with_sources(graph: Graph, watched: Watched, rates: Sequence[int]) -> Watched:
    """The conditions, with the species that feed those they read, and which of all these keep their signs.

    A species keeps its sign when its rate vanishes with it and has a bounded slope there, so that no solution reaches 0.
    """
    leaves = {graph.node("state", (s,)): s for s in range(len(rates))}
    sources, waiting = set(watched.species), list(watched.species)
    while waiting:
        fed_by = {leaves[leaf] for leaf in graph.reach(rates[waiting.pop()]) if leaf in leaves}
        waiting += sorted(fed_by - sources)
        sources |= fed_by

    def keeps_sign(s: int) -> bool:
        leaf, rate = graph.node("state", (s,)), rates[s]
        steep = any(
            graph.ops[node] in _STEEP and leaf in graph.reach(node)
            for node in graph.order([rate], (MOVING,))
        )
        return not steep and graph.replaced(rate, {leaf: graph.zero}, {}) == graph.zero

    signed = frozenset(s for s in sources if keeps_sign(s))
    return replace(watched, sources=frozenset(sources), signed=signed)


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
        outside = out.sub(outside, _margin(b, out))
        on_it = out.compare("une", ramp, out.constant(0.0))
        excess = out.select(on_it, outside, excess)
        beyond = out.number(out.compare("ogt", outside, out.constant(0.0)))
        left = out.compare("une", out.select(on_it, beyond, out.number(left)), out.constant(0.0))
        read, free = [s for s, _ in mode.slopes], out.no(on_it)
        least = out.mul(tolerance, out.constant(_SMALL))
        small = _decided_by_small(b, out, mode, of, least, read)
        undecided = out.either(undecided, out.both(small, free))
        unsigned = [s for s in read if s not in watched.signed]
        unknown = _decided_by_small(b, out, mode, of, out.constant(_UNKNOWN), unsigned)
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
        far = out.compare("ogt", beyond, _margin(b, out))
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
        margin = _margin(b, out)
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


def _margin(b: Blueprint, out: Lanes) -> str:
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


def precise_bound(b: Blueprint, out: Lanes, species: int, end: str, usual: str) -> str:
    """The size to which the error of a species is relative: its own at the end of a step, where its sign decides."""
    if not b.watched.of_species or species not in b.watched.sources:
        return usual
    least = out.constant(_PRECISE * b.scales[species])
    return out.select(_is_precise(b, out), out.add(out.function("fabs", end), least), usual)


def signed_end(b: Blueprint, out: Lanes, species: int, end: str, start: str) -> str:
    """The end of a step with the sign of its start, where a species keeps it and is too small to be solved for."""
    if not b.watched.of_species or species not in b.watched.signed:
        return end
    scale, size = b.scales[species], out.function("fabs", end)
    tiny = out.both(_is_precise(b, out), out.compare("olt", size, out.constant(_UNKNOWN * scale)))
    tiny = out.both(tiny, out.compare("une", start, out.constant(0.0)))
    kept = out.larger(size, out.constant(_LEAST_SIZE * scale))
    negative = out.sub(out.constant(-0.0), kept)
    kept = out.select(out.compare("olt", start, out.constant(0.0)), negative, kept)
    return out.select(tiny, kept, end)


def _is_precise(b: Blueprint, out: Lanes) -> str:
    return out.compare("oeq", out.load(b.layout["precise"]), out.constant(1.0))


class Sample(NamedTuple):
    """What is watched at one place of a step: of each mode by how much it is left, whether, the error; and the bends."""

    excess: list[str]
    left: list[str]
    noises: list[str]
    bends: list[str]


class Look:
    """What a trial step passes: written into the step's function after its error is known."""

    def __init__(self, b: Blueprint, out: Lanes, t: str, h: str, ends: Sequence[str]) -> None:
        """`ends` are the values of the core species at the end of the step."""
        self.b, self.out, self.row = b, out, b.layout.names
        self.t, self.h, self._tops = t, h, 0
        self.begin = out.load(self.row["begin"])
        n = len(b.core)
        self.paths: list[tuple[int, str, str, tuple[str, str, str]]] = []
        for i, s in enumerate(b.core):
            if s in b.watched.species:
                u = [out.load(self.row["u"] + j * n + i) for j in range(8)]
                shapes = []
                for weights in DENSE:
                    total = out.mul(out.constant(weights[0]), u[0])
                    for weight, value in zip(weights[1:], u[1:], strict=True):
                        total = out.fma(out.constant(weight), value, total)
                    shapes.append(total)
                start = out.load(self.row["state"] + i)
                self.paths.append((i, start, ends[i], (shapes[0], shapes[1], shapes[2])))

    def at(self, share: str) -> Sample:
        """What is watched at a share of the step, on its polynomial."""
        b, out, row = self.b, self.out, self.row
        rest = out.sub(out.constant(1.0), share)
        for i, start, end, (d1, d2, d3) in self.paths:
            inner = out.fma(share, out.fma(share, d3, d2), d1)
            inner = out.fma(rest, inner, end)
            out.store(out.fma(share, inner, out.mul(rest, start)), row["stage"] + i)
        out.store(out.add(self.begin, out.fma(share, self.h, self.t)), row["moment"])
        out.do("call void @watch(ptr %m)")
        modes = b.watched.of_species
        excess = [out.load(row["excess"] + k) for k in modes]
        left = [out.load(row["left"] + k) for k in modes]
        noises = [out.load(row["noise"] + k) for k in modes]
        bends = [out.load(row["bend"] + j) for j in range(len(b.watched.bends))]
        return Sample(excess, left, noises, bends)

    def undecided(self, good: str) -> str:
        """Lanes that take a good step again with relative errors; after a look at its end.

        Those in which species smaller than their absolute errors may decide a condition there.
        """
        out, row = self.out, self.row
        small = out.compare("une", self.ending["undecided"], out.constant(0.0))
        usual = out.compare("oeq", out.load(row["precise"]), out.constant(0.0))
        return out.both(good, out.both(small, usual))

    def refine(self, repeated: str, good: str, went: str, aim: str) -> None:
        """Choose between absolute and relative errors for the next step, and find the lanes that are lost.

        `aim` is the length at which the step was aimed, 0 when errors chose it. Steps that errors make nearly as short as a switch is located reach 0 in finite time, as sqrt does, with absolute errors. A lane
        is lost when a condition switches though even relative errors do not give it a sign.
        """
        out, row = self.out, self.row
        zero, one, two = (out.constant(x) for x in (0.0, 1.0, 2.0))
        precise = out.load(row["precise"])
        was_precise = out.both(good, out.compare("oeq", precise, one))
        small = out.compare("une", self.ending["undecided"], zero)
        short = out.compare("ole", self.h, out.mul(out.load(row["located"]), out.constant(_SHORT)))
        short = out.both(short, out.no(out.compare("ogt", aim, zero)))
        short = out.both(out.both(was_precise, small), short)
        precise = out.select(out.both(went, out.no(small)), zero, precise)
        precise = out.select(short, two, out.select(repeated, one, precise))
        out.store(precise, row["precise"])
        self.lost = out.both(was_precise, out.compare("une", self.ending["lost"], zero))

    def decide(self, good: str) -> str:
        """The mask of lanes whose step is taken again, since it passes a switch; what is aimed at goes into rows."""
        b, out, row = self.b, self.out, self.row
        zero, one = out.constant(0.0), out.constant(1.0)
        samples = [self.at(out.constant(j / _LOOKS)) for j in range(_LOOKS + 1)]
        repeated = out.compare("une", zero, zero)
        if b.watched.of_species:
            self.ending = {name: out.load(row[name]) for name in ("undecided", "lost")}
            repeated = self.undecided(good)
            good = out.both(good, out.no(repeated))
        modes, no = range(len(b.watched.of_species)), out.compare("une", zero, zero)
        sizes = []
        for k in modes:
            size = out.constant(1e-300)
            for sample in samples:
                size = out.larger(out.function("fabs", sample.excess[k]), size)
            sizes.append(out.div(one, size))

        def worst(excess: list[str]) -> str:
            total = out.constant(-1.0)
            for k in modes:
                total = out.larger(out.mul(excess[k], sizes[k]), total)
            return total

        def any_left(left: list[str]) -> str:
            found = no
            for k in modes:
                found = out.either(found, out.compare("une", left[k], zero))
            return found

        self.bend_noises = [out.load(row["bend_noise"] + j) for j in range(len(b.watched.bends))]
        at_end = any_left(samples[_LOOKS].left)
        levels = [worst(sample.excess) for sample in samples]
        passed, low, high, f_low, f_high = no, zero, one, levels[0], one
        for j in range(_LOOKS, 0, -1):
            here = any_left(samples[j].left)
            if j < _LOOKS:  # within the step, only what the polynomial can tell
                clear = at_end
                for k in modes:
                    excess, noise = samples[j].excess[k], samples[j].noises[k]
                    clear = out.either(clear, out.compare("ogt", excess, noise))
                here = out.both(here, clear)
            passed = out.either(passed, here)
            low = out.select(here, out.constant((j - 1) / _LOOKS), low)
            high = out.select(here, out.constant(j / _LOOKS), high)
            f_low, f_high = (
                out.select(here, levels[j - 1], f_low),
                out.select(here, levels[j], f_high),
            )
        if modes:
            low, high = self._narrowed(low, high, f_low, f_high, worst, any_left)
        root = out.mul(out.constant(0.5), out.add(low, high))
        hidden, vertex = self._hidden(samples)
        hidden = out.both(hidden, out.no(passed))

        located = out.load(row["located"])
        near, tries = out.load(row["near"]), out.load(row["tries"])
        arrived = out.compare("ole", self.h, located)
        # leaving a condition on which the solution stayed, rates do not jump: a share beyond by rounding is enough
        slight = at_end
        margin = _margin(b, out)
        for k, mode in zip(modes, b.watched.of_species, strict=True):
            here = out.compare("oeq", samples[_LOOKS].left[k], zero)
            ramps = out.compare("une", out.load(row["ramp"] + mode), zero)
            little = out.both(ramps, out.compare("ole", samples[_LOOKS].excess[k], margin))
            slight = out.both(slight, out.either(here, little))
        arrived = out.either(arrived, slight)
        if (
            b.watched.of_species
        ):  # 0 was reached some of the shortest steps ago, and no step there is any better
            reached = out.compare("oeq", out.load(row["precise"]), out.constant(2.0))
            small = out.compare("une", self.ending["undecided"], zero)
            arrived = out.either(arrived, out.both(at_end, out.both(reached, small)))
        behind = out.both(good, out.both(passed, arrived))
        again = out.both(good, out.both(passed, out.no(arrived)))
        hidden = out.both(
            out.both(good, hidden), out.compare("ogt", self.h, out.mul(located, out.constant(1e3)))
        )
        # just before the switch, then across it by no more than allowed
        was_aimed = out.load(row["aim"])
        aim = out.fma(root, self.h, out.mul(located, out.constant(-0.5)))
        aim = out.smaller(aim, out.mul(self.h, out.constant(0.999)))
        slow = out.compare("oge", tries, out.constant(8.0))
        aim = out.select(slow, out.mul(self.h, out.constant(0.5)), aim)
        aim = out.select(out.compare("oge", tries, out.constant(_MOST_TRIALS)), located, aim)
        aim = out.larger(aim, located)
        short = out.select(hidden, out.mul(vertex, self.h), zero)
        went = out.both(good, out.no(out.either(again, hidden)))
        rest = out.larger(out.sub(near, self.h), zero)
        rest = out.select(out.both(went, out.no(behind)), rest, zero)
        aim = out.select(again, aim, out.select(hidden, short, rest))
        out.store(out.select(repeated, out.load(row["aim"]), aim), row["aim"])
        out.store(out.select(repeated, near, out.select(again, self.h, rest)), row["near"])
        out.store(
            out.select(again, out.add(tries, one), out.select(behind, zero, tries)), row["tries"]
        )
        if b.watched.of_species:
            self.refine(repeated, good, went, was_aimed)
        return out.either(out.either(again, hidden), repeated)

    def _narrowed(
        self,
        low: str,
        high: str,
        f_low: str,
        f_high: str,
        worst: Callable[[list[str]], str],
        any_left: Callable[[list[str]], str],
    ) -> tuple[str, str]:
        """The first departure on the step's polynomial between two shares of it: regula falsi, Illinois variant."""
        out = self.out
        half, last = out.constant(0.5), out.compare("une", out.constant(0.0), out.constant(0.0))
        before = out.no(last)  # neither side has moved yet: both masks say otherwise
        first = True
        for _ in range(5):
            width = out.sub(high, low)
            share = out.div(f_low, out.sub(f_low, f_high))
            share = out.larger(out.smaller(share, out.constant(0.98)), out.constant(0.02))
            middle = out.fma(width, share, low)
            sample = self.at(middle)
            beyond, level = any_left(sample.left), worst(sample.excess)
            again_high = out.both(beyond, last) if not first else out.compare("une", half, half)
            again_low = out.both(out.no(beyond), before) if not first else again_high
            f_low = out.select(beyond, out.select(again_high, out.mul(f_low, half), f_low), level)
            f_high = out.select(beyond, level, out.select(again_low, out.mul(f_high, half), f_high))
            low, high = out.select(beyond, low, middle), out.select(beyond, middle, high)
            last, before, first = beyond, out.no(beyond), False
        return low, high

    def _hidden(self, samples: list[Sample]) -> tuple[str, str]:
        """Whether something is passed and returned from within the step, and at which share of it."""
        out, zero = self.out, self.out.constant(0.0)
        hidden, share = out.compare("une", zero, zero), out.constant(0.5)
        for k in range(len(samples[0].excess)):
            crosses, place = self._hidden_switch(k, [sample.excess[k] for sample in samples])
            share = out.select(crosses, place, share)
            hidden = out.either(hidden, crosses)
        for j in range(len(samples[0].bends)):
            crosses, place = self._hidden_bend(j, [sample.bends[j] for sample in samples])
            share = out.select(crosses, place, share)
            hidden = out.either(hidden, crosses)
        share = out.larger(out.smaller(share, out.constant(1.0 - _NEAR)), out.constant(_NEAR))
        return hidden, share

    def _hidden_switch(self, k: int, values: list[str]) -> tuple[str, str]:
        """Where a mode is left for an instant between looks, by its largest excess on the step's polynomial.

        All looks are within the mode, or within its error. The parabola through three neighbours with the highest top
        is followed to the top of the curve when it comes near 0: three times, each on an eighth of the distance.
        """
        out, zero, minus = self.out, self.out.constant(0.0), self.out.constant(-1e300)
        best, place = minus, out.constant(0.5)
        for i in range(_LOOKS - 1, 0, -1):
            shift, top, bow = self._parabola(*values[i - 1 : i + 2])
            # beyond the outer looks the parabola only says that a top may lie between them and their neighbours
            first, last = (-2.0 if i == 1 else -1.0), (2.0 if i == _LOOKS - 1 else 1.0)
            within = out.both(
                out.compare("ogt", shift, out.constant(first)),
                out.compare("olt", shift, out.constant(last)),
            )
            within = out.both(within, out.compare("olt", bow, zero))
            # how far the curve may rise above the parabola
            reach = out.sub(top, out.mul(out.constant(_PARABOLA), bow))
            higher = out.both(within, out.compare("ogt", reach, best))
            at = out.mul(out.add(out.constant(float(i)), shift), out.constant(1.0 / _LOOKS))
            best, place = out.select(higher, reach, best), out.select(higher, at, place)
        near = out.compare("ogt", best, zero)
        self._tops += 1
        name = f"top{self._tops}"
        before = out.block
        out.do(f"br i1 {out.any(near)}, label %{name}, label %{name}.end")
        out.label(name)
        at, distance = place, 1.0 / _LOOKS
        for _ in range(3):
            distance /= 8.0
            at = out.larger(out.smaller(at, out.constant(1.0 - distance)), out.constant(distance))
            around = [
                self.at(out.add(at, out.constant(sign * distance))).excess[k]
                for sign in (-1.0, 0.0, 1.0)
            ]
            shift, _, bow = self._parabola(*around)
            usable = out.both(
                out.compare("olt", out.function("fabs", shift), out.constant(8.0)),
                out.compare("olt", bow, zero),
            )
            moved = out.fma(shift, out.constant(distance), at)
            at = out.select(usable, moved, at)
            at = out.larger(out.smaller(at, out.constant(1.0)), zero)
        top = self.at(at)
        found = out.both(near, out.compare("ogt", top.excess[k], top.noises[k]))
        after = out.block
        out.do(f"br label %{name}.end")
        out.label(f"{name}.end")
        crosses = out.new(f"phi {out.mask} [ zeroinitializer, %{before} ], [ {found}, %{after} ]")
        return crosses, out.new(f"phi {out.vector} [ {place}, %{before} ], [ {at}, %{after} ]")

    def _hidden_bend(self, j: int, values: list[str]) -> tuple[str, str]:
        """Where something bends and bends back between two ends on one side, or between two looks."""
        out, zero, noise = self.out, self.out.constant(0.0), self.bend_noises[j]
        hidden, share = out.compare("une", zero, zero), out.constant(0.5)
        for i in range(_LOOKS - 1, 0, -1):
            start, end = out.mul(values[0], values[i]), out.mul(values[_LOOKS], values[i])
            other = out.both(out.compare("olt", start, zero), out.compare("olt", end, zero))
            size = out.function("fabs", values[i])
            other = out.both(other, out.compare("ogt", size, noise))
            share = out.select(other, out.constant(i / _LOOKS), share)
            hidden = out.either(hidden, other)
        for i in range(_LOOKS - 1, 0, -1):
            before, here, after = values[i - 1 : i + 2]
            shift, top, _ = self._parabola(before, here, after)
            within = out.compare("olt", out.function("fabs", shift), out.constant(1.0))
            opposite = out.compare("olt", out.mul(top, here), zero)
            opposite = out.both(opposite, out.compare("ogt", out.function("fabs", top), noise))
            outer = out.compare("ogt", out.mul(before, here), zero)
            outer = out.both(outer, out.compare("ogt", out.mul(after, here), zero))
            other = out.both(within, out.both(opposite, outer))
            place = out.mul(out.add(out.constant(float(i)), shift), out.constant(1.0 / _LOOKS))
            share = out.select(other, place, share)
            hidden = out.either(hidden, other)
        return hidden, share

    def _parabola(self, before: str, here: str, after: str) -> tuple[str, str, str]:
        """Through three values, a distance of 1 apart: where its vertex lies from the middle, its value, its bow."""
        out = self.out
        rise = out.mul(out.constant(0.5), out.sub(after, before))
        bow = out.add(out.sub(before, out.add(here, here)), after)
        shift = out.div(out.sub(out.constant(-0.0), rise), bow)
        return shift, out.fma(out.mul(out.constant(0.5), rise), shift, here), bow
