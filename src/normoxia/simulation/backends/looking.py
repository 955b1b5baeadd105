"""What looks for switches within a trial step: on the step's polynomial, at eight places and at the tops between them.

A step that passes a switch is taken again, shorter, until one ends just behind it. A step at whose end a species smaller
than its absolute error may decide a condition is taken again with relative errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from normoxia.simulation.backends.blueprint import Blueprint
from normoxia.simulation.backends.lanes import Lanes
from normoxia.simulation.backends.watching import UNKNOWN, ramp_margin
from normoxia.simulation.rosenbrock import DENSE

#: how far a curve may rise above the parabola through three looks, in bows of it
_PARABOLA = 0.5
#: something hidden within a step is looked for no nearer to its ends than this share of it
_NEAR = 1e-3
#: trials after which steps towards a switch become as short as they may be
_MOST_TRIALS = 100.0
#: steps so many times as long as a switch is located are short enough to reach 0 as any other level
_SHORT = 10.0
#: a step is looked at in so many places besides its start
_LOOKS = 8
#: absolute errors, in scales, of species whose signs decide, and the size at which a species that keeps its sign stays
_PRECISE, _LEAST_SIZE = 1e-180, 1e-195


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
    tiny = out.both(_is_precise(b, out), out.compare("olt", size, out.constant(UNKNOWN * scale)))
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
        margin = ramp_margin(b, out)
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
        highest = self.at(at)
        found = out.both(near, out.compare("ogt", highest.excess[k], highest.noises[k]))
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
