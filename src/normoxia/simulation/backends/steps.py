"""One trial step of the Rosenbrock method for every lane, and its acceptance, lane by lane."""

from __future__ import annotations

from normoxia.simulation.backends import NO_VALUE, NOT_FINITE, STEP_TOO_SMALL, UNKNOWN_SIGN
from normoxia.simulation.backends.blueprint import Blueprint
from normoxia.simulation.backends.lanes import Lanes
from normoxia.simulation.backends.looking import Look, precise_bound, signed_end
from normoxia.simulation.rosenbrock import ERROR_ORDER, GAMMA, NODES, SLOPES, A, C

#: step control: safety factor, and how much a step may shrink and grow
SAFETY, SHRINK, GROW = 0.9, 0.2, 8.0


def step_function(b: Blueprint) -> str:
    """One trial step of every lane that has not reached the end of its interval."""
    out, row, n = Lanes("step", b.width), b.layout.names, len(b.core)
    one = out.constant(1.0)
    t, length, step = out.load(row["t"]), out.load(row["length"]), out.load(row["step"])
    rest = out.sub(length, t)
    active = out.compare("ogt", rest, out.constant(0.0))
    # as many equal steps as the remembered size asks for
    pieces = out.function("ceil", out.sub(out.div(rest, step), out.constant(0.01)))
    pieces = out.larger(pieces, one)
    h = out.select(active, out.div(rest, pieces), one)
    last = out.compare("ole", pieces, one)
    if b.watched.watches:  # on the way to a switch, steps are as long as it asks for
        aim = out.load(row["aim"])
        aimed = out.both(active, out.compare("ogt", aim, out.constant(0.0)))
        reaches = out.compare("oge", aim, rest)
        h = out.select(aimed, out.select(reaches, rest, aim), h)
        last = out.either(out.both(aimed, reaches), out.both(out.no(aimed), last))
    inverse = out.div(one, h)
    out.store(out.mul(inverse, out.constant(1.0 / GAMMA)), row["drive"])
    begin = out.load(row["begin"])
    out.store(out.add(begin, t), row["moment"])
    out.do("call void @first(ptr %m)")
    if b.is_partial:
        active = _judged(b, out, active)
    for stage in range(8):
        if stage and NODES[stage] != NODES[stage - 1]:
            at = out.fma(h, out.constant(NODES[stage]), t)
            out.store(out.add(begin, at), row["moment"])
            if b.inputs:
                out.store(at, row["trial"])
                out.do(f"call void @inputs{'_end' if NODES[stage] == 1.0 else ''}(ptr %m)")
                if NODES[stage] == 1.0:
                    for s in b.inputs:
                        out.store(out.load(b.row("next", s)), b.row("stage", s))
        _combine(b, out, stage, inverse, h)
        if stage:
            out.do("call void @rates(ptr %m)")
        out.do(f"call void @solve(ptr %m, i64 {row['u'] + stage * n})")
    _control(b, out, active, last, t, h, step, length)
    return out.text()


def _judged(b: Blueprint, out: Lanes, active: str) -> str:
    """Where a formula may have no value at the start of the step, the host judges; lanes it finds so are failed.

    The host gets the address of the workspace and answers in the row `verdict`.
    """
    row = b.layout.names
    doubtful = out.both(active, out.compare("une", out.load(row["doubt"]), out.constant(0.0)))
    out.store(out.number(doubtful), row["doubt"])
    out.store(out.constant(0.0), row["verdict"])
    out.do(f"br i1 {out.any(doubtful)}, label %doubtful, label %judged")
    out.label("doubtful")
    judge = out.new(f"load ptr, ptr {out.at(row['judge'])}")
    out.do(f"call void {judge}(ptr %m)")
    out.do("br label %judged")
    out.label("judged")
    lost = out.compare("une", out.load(row["verdict"]), out.constant(0.0))
    fail(b, out, lost, out.constant(float(NO_VALUE)))
    return out.both(active, out.no(lost))


def _combine(b: Blueprint, out: Lanes, stage: int, inverse: str, h: str) -> None:
    """The argument of the rates at a stage, and the part of its right-hand side that is known before them."""
    row, n = b.layout.names, len(b.core)
    slope = out.mul(h, out.constant(SLOPES[stage])) if SLOPES[stage] else ""
    weights = [out.mul(inverse, out.constant(c)) for c in C[stage]]
    with out.rows(n) as here:
        u = [out.near(here, row["u"] + j * n) for j in range(stage)]
        if 0 < stage < 6:
            y = out.near(here, row["state"])
            for a, value in zip(A[stage], u, strict=True):
                y = out.fma(out.constant(a), value, y)
            out.put(y, here, row["stage"])
        elif stage:  # the last two arguments each add one more solution to the one before
            out.put(out.add(out.near(here, row["stage"]), u[-1]), here, row["stage"])
        total = out.near(here, row["flow"])
        for weight, value in zip(weights, u, strict=True):
            total = out.fma(weight, value, total)
        if slope:
            total = out.fma(slope, out.near(here, row["drift"]), total)
        out.put(total, here, row["right"])


def _control(
    b: Blueprint, out: Lanes, active: str, last: str, t: str, h: str, step: str, length: str
) -> None:
    """Accept or reject, lane by lane, and choose the next step."""
    row, n = b.layout.names, len(b.core)
    one, zero = out.constant(1.0), out.constant(0.0)
    tolerance = out.load(row["tolerance"])
    total = zero
    ends: list[str] = []
    for i, s in enumerate(b.core):
        u = out.load(row["u"] + 7 * n + i)
        start = out.load(row["state"] + i)
        y = out.add(out.load(row["stage"] + i), u)
        size = out.larger(out.function("fabs", y), out.function("fabs", start))
        size = precise_bound(b, out, s, y, out.add(size, out.constant(b.scales[s])))
        y = signed_end(b, out, s, y, start)
        out.store(y, row["stage"] + i)
        ends.append(y)
        bound = out.mul(tolerance, size)
        ratio = out.div(u, bound)
        square = out.mul(ratio, ratio)
        total = out.fma(square, square, total)
    # total**(1/4) lies between the largest ratio and n**(1/4) times it; the error goes with h**5
    factor = out.exp(out.mul(out.constant(-1.0 / (4 * ERROR_ORDER)), out.log(total)))
    factor = out.mul(out.constant(SAFETY), factor)
    finite = out.compare("olt", total, out.constant(float("inf")))
    factor = out.select(finite, factor, out.constant(SHRINK))
    factor = out.larger(out.smaller(factor, out.constant(GROW)), out.constant(SHRINK))
    good = out.compare("ole", total, one)
    accepted = out.both(active, good)
    rejected = out.both(active, out.no(good))
    aimed = again = ""
    if b.watched.watches:
        aimed = out.both(accepted, out.compare("ogt", out.load(row["aim"]), zero))
        look = Look(b, out, t, h, ends)
        again = look.decide(accepted)
        accepted = out.both(accepted, out.no(again))
        for i, y in enumerate(ends):
            out.store(y, row["stage"] + i)
    with out.rows(n) as here:
        kept = out.select(accepted, out.near(here, row["stage"]), out.near(here, row["state"]))
        out.put(kept, here, row["state"])
    for s in b.inputs:
        for name, new in (("here", "next"), ("slope", "next_slope")):
            kept = out.select(accepted, out.load(b.row(new, s)), out.load(b.row(name, s)))
            out.store(kept, b.row(name, s))
    moved = out.select(last, length, out.add(t, h))
    out.store(out.select(accepted, moved, t), row["t"])
    following = out.mul(h, factor)
    # a step cut short by the end of the interval says nothing against the size remembered
    short = out.both(out.compare("olt", h, step), out.compare("oge", factor, out.constant(GROW)))
    following = out.select(out.both(accepted, short), out.larger(following, step), following)
    if b.watched.watches:
        following = out.select(out.either(aimed, again), step, following)
    out.store(out.select(active, following, step), row["step"])
    first = out.load(row["first"])
    unset = out.compare("ole", first, zero)
    out.store(out.select(out.both(accepted, unset), following, first), row["first"])
    repeated = out.either(rejected, again) if again else rejected
    for name, mask in (("accepted", accepted), ("rejected", repeated)):
        out.store(out.add(out.load(row[name]), out.number(mask)), row[name])
    tiny = out.mul(
        out.add(out.function("fabs", out.load(row["begin"])), length), out.constant(1e-15)
    )
    lost = out.both(rejected, out.compare("ole", h, tiny))
    code = out.select(finite, out.constant(float(STEP_TOO_SMALL)), out.constant(float(NOT_FINITE)))
    fail(b, out, lost, code)
    if b.watched.of_species:
        culprit = out.sub(look.ending["lost"], one)
        out.store(out.select(look.lost, culprit, out.load(row["culprit"])), row["culprit"])
        fail(b, out, look.lost, out.constant(float(UNKNOWN_SIGN)))
        out.do("call void @hold(ptr %m)")


def fail(b: Blueprint, out: Lanes, mask: str, code: str) -> None:
    """Lanes that failed get a status and have nothing left to do."""
    row = b.layout.names
    now = out.add(out.load(row["begin"]), out.load(row["t"]))
    out.store(out.select(mask, now, out.load(row["failed_at"])), row["failed_at"])
    out.store(out.select(mask, code, out.load(row["status"])), row["status"])
    out.store(out.select(mask, out.constant(0.0), out.load(row["length"])), row["length"])
    out.store(out.select(mask, out.constant(0.0), out.load(row["t"])), row["t"])
