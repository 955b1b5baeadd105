"""A system as LLVM IR: rates, Jacobian and its factors, closed-form kinetics, and the loop over intervals and steps.

One workspace holds everything of a group of patients, one vector per row; `Layout` says which row is what. The
functions of the kernel read and write rows: `first` (rates, factors and time derivative at the start of a step),
`rates` (at a stage), `solve` (with the factors), `terms` and `inputs...` (closed form), and `carry`, which the
host calls: every lane goes through its own intervals with its own step size and its own acceptance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from normoxia.simulation.backends import NOT_FINITE, STEP_TOO_SMALL, TOO_MANY_STEPS
from normoxia.simulation.backends.lanes import Lanes, declarations, double
from normoxia.simulation.graph import FIXED, MOVING, Graph
from normoxia.simulation.kinetics import Component
from normoxia.simulation.rosenbrock import ERROR_ORDER, GAMMA, NODES, SLOPES, A, C

#: step control: safety factor, the most a step may shrink and grow, and the share of an interval first tried
SAFETY, SHRINK, GROW, FIRST_TRY = 0.9, 0.2, 8.0, 1e-3
#: values of closed-form species nearer to zero than this become zero, before they get slow to compute with
FLUSH = 1e-280

#: columns of the table of intervals, as the host passes them
TABLE = ("length", "start", "kind", "save", "entries_from", "entries_to")
ENTRY = ("entry_row", "entry_dose", "entry_fresh", "entry_scale")


@dataclass(slots=True)
class Layout:
    """Rows of the workspace."""

    rows: int = 0
    names: dict[str, int] = field(default_factory=dict)

    def take(self, name: str, n: int = 1) -> int:
        self.names[name] = self.rows
        self.rows += n
        return self.names[name]

    def __getitem__(self, name: str) -> int:
        return self.names[name]


@dataclass(frozen=True, slots=True)
class Kernel:
    """The text, and what the host must know: rows, and the nodes to compute once per patient, in order."""

    text: str
    layout: Layout
    fixed: tuple[int, ...]
    components: tuple[Component, ...]
    core: tuple[int, ...]
    place: dict[int, int]


class Emitter:
    """Writes the kernel of rates over species, some of which are known in closed form."""

    def __init__(
        self, graph: Graph, rates: Sequence[int], scales: Sequence[float], components: Sequence[Component],
        width: int,
    ) -> None:  # fmt: skip
        self.graph, self.rates, self.scales, self.width = graph, rates, scales, width
        self.components = tuple(components)
        closed = {s for component in components for s in component.species}
        self.core = tuple(s for s in range(len(rates)) if s not in closed)
        self.moves = bool(self.core)
        #: where a species stands in the workspace: those of the core first, side by side
        self.place = {s: k for k, s in enumerate((*self.core, *sorted(closed)))}
        leaves = {s: graph.node("state", (s,)) for s in range(len(rates))}
        reads = {leaf for s in self.core for leaf in graph.reach(rates[s])}
        self.inputs = tuple(s for s in sorted(closed) if leaves[s] in reads)
        self.timed = graph.node("time") in reads
        #: -J, by (row, column) of core species
        self.weights = {
            (i, j): graph.negated(node)
            for i, s in enumerate(self.core)
            for j, other in enumerate(self.core)
            if (node := graph.derivative(rates[s], leaves[other])) != graph.zero
        }
        self.drift = [
            graph.sum(
                [graph.derivative(rates[s], graph.node("time"))]
                + [
                    graph.mul(graph.derivative(rates[s], leaves[c]), graph.node("slope", (c,)))
                    for c in self.inputs
                ]
            )
            for s in self.core
        ]
        self.ordering = elimination_order(len(self.core), set(self.weights))
        self.filled = filled(self.ordering, set(self.weights), len(self.core))
        self.fixed = self._fixed()
        self.layout = self._lay_out()

    def _fixed(self) -> tuple[int, ...]:
        """Nodes of parameters alone that moving nodes read, and what closed form needs."""
        graph = self.graph
        roots = [self.rates[s] for s in self.core] + list(self.weights.values()) + self.drift
        used = {node for node in roots if graph.kinds[node] == FIXED}
        for node in graph.order(roots, (MOVING,)):
            if graph.ops[node] not in ("state", "slope", "time"):
                used |= {a for a in graph.arguments[node] if graph.kinds[a] == FIXED}
        return tuple(sorted(used))

    def _lay_out(self) -> Layout:
        layout, n = Layout(), len(self.rates)
        layout.take("state", n)
        layout.take("flow", n)
        layout.take("fixed", len(self.fixed))
        layout.take("source", sum(c.n for c in self.components))
        layout.take("eigenvalue", sum(c.n_eigenvalues for c in self.components))
        layout.take("entry", sum(len(c.entries) for c in self.components))
        layout.take("term", sum(len(self._terms(c)) for c in self.components))
        layout.take("tolerance")
        layout.take("status")
        layout.take("accepted")
        layout.take("rejected")
        for name in ("t", "length", "begin", "step", "trial", "first", "moment", "drive"):
            layout.take(name)
        layout.take("stage", n)  # arguments of the rates: core species and closed-form ones at a stage
        layout.take("here", n)  # closed-form species and their slopes at the start of a step
        layout.take("slope", n)
        layout.take("next", n)  # and at its end
        layout.take("next_slope", n)
        layout.take("rate", len(self.core))
        layout.take("drift", len(self.core))
        layout.take("factor", len(self.filled))
        layout.take("right", len(self.core))
        layout.take("u", 8 * len(self.core))
        return layout

    def row(self, name: str, species: int) -> int:
        return self.layout[name] + self.place[species]

    @staticmethod
    def _terms(component: Component) -> list[tuple[int, tuple[int, int]]]:
        return sorted({(r, mode) for r, mode, _ in component.entries})

    # nodes ---------------------------------------------------------------------------------------------------

    def nodes(self, out: Lanes, roots: Sequence[int], state: Callable[[int], int], time: int | None) -> Callable[[int], str]:
        """Writes moving nodes; returns a function from node to value. `state` gives the row of a species."""
        graph, values = self.graph, dict[int, str]()
        fixed_row = {node: self.layout["fixed"] + k for k, node in enumerate(self.fixed)}

        def of(a: int) -> str:
            if a not in values:
                if graph.ops[a] == "const":
                    return out.constant(graph.values[a])
                values[a] = out.load(fixed_row[a])
            return values[a]

        for a in graph.order(roots, (MOVING,)):
            op, arguments = graph.ops[a], graph.arguments[a]
            match op:
                case "state":
                    values[a] = out.load(state(arguments[0]))
                case "slope":
                    values[a] = out.load(self.row("slope", arguments[0]))
                case "time":
                    assert time is not None
                    values[a] = out.load(time)
                case "sum":
                    values[a] = self._sum(out, arguments, of)
                case "mul":
                    values[a] = out.mul(of(arguments[0]), of(arguments[1]))
                case "recip":
                    values[a] = out.div(out.constant(1.0), of(arguments[0]))
                case _:
                    values[a] = _apply(out, op, [of(b) for b in arguments])
        return of

    def _sum(self, out: Lanes, arguments: tuple[int, ...], of: Callable[[int], str]) -> str:
        graph = self.graph
        total = None if graph.is_const(arguments[0], 0.0) else of(arguments[0])
        pairs = list(zip(arguments[1::2], arguments[2::2], strict=True))
        pairs.sort(key=lambda pair: not graph.is_const(pair[0], 1.0))
        for fixed, moving in pairs:
            if graph.is_const(fixed, 1.0):
                total = of(moving) if total is None else out.add(total, of(moving))
            elif graph.is_const(fixed, -1.0) and total is not None:
                total = out.sub(total, of(moving))
            elif total is None:
                total = out.mul(of(fixed), of(moving))
            else:
                total = out.fma(of(fixed), of(moving), total)
        assert total is not None
        return total

    # the parts of a step -------------------------------------------------------------------------------------

    def rates_function(self) -> str:
        out = Lanes("rates", self.width)
        roots = [self.rates[s] for s in self.core]
        of = self.nodes(out, roots, lambda s: self.row("stage", s), self.layout["moment"])
        for i, root in enumerate(roots):
            out.store(of(root), self.layout["rate"] + i)
        return out.text()

    def first_function(self) -> str:
        """Rates and time derivative at the start of a step, and the factors of W = drive*I - J."""
        out = Lanes("first", self.width)
        roots = [self.rates[s] for s in self.core]
        all_roots = [*roots, *self.drift, *self.weights.values()]
        of = self.nodes(out, all_roots, lambda s: self.row("stage", s), self.layout["moment"])
        for i, root in enumerate(roots):
            out.store(of(root), self.layout["rate"] + i)
            out.store(of(self.drift[i]), self.layout["drift"] + i)
        drive = out.load(self.layout["drive"])
        w: dict[tuple[int, int], str] = {}
        for i, j in self.filled:
            if i == j:
                w[i, j] = out.add(drive, of(self.weights[i, i])) if (i, i) in self.weights else drive
            elif (i, j) in self.weights:
                w[i, j] = of(self.weights[i, j])
        for step, k in enumerate(self.ordering):
            later = self.ordering[step + 1 :]
            w[k, k] = out.div(out.constant(1.0), w[k, k])
            for i in later:
                if (i, k) in self.filled:
                    w[i, k] = out.mul(w[i, k], w[k, k])
                    for j in later:
                        if (k, j) in self.filled:
                            part = out.mul(w[i, k], w[k, j])
                            w[i, j] = out.sub(w[i, j], part) if (i, j) in w else out.sub(out.constant(-0.0), part)
        for (i, j), row in self.filled.items():
            out.store(w[i, j], self.layout["factor"] + row)
        return out.text()

    def solve_function(self) -> str:
        """right := W^-1 right, by the factors."""
        out = Lanes("solve", self.width)
        right, factor = self.layout["right"], self.layout["factor"]
        x = [out.load(right + i) for i in range(len(self.core))]
        for step, k in enumerate(self.ordering):
            for i in self.ordering[step + 1 :]:
                if (i, k) in self.filled:
                    x[i] = out.sub(x[i], out.mul(out.load(factor + self.filled[i, k]), x[k]))
        for step in range(len(self.ordering) - 1, -1, -1):
            k = self.ordering[step]
            for j in self.ordering[step + 1 :]:
                if (k, j) in self.filled:
                    x[k] = out.sub(x[k], out.mul(out.load(factor + self.filled[k, j]), x[j]))
            x[k] = out.mul(x[k], out.load(factor + self.filled[k, k]))
        for i, value in enumerate(x):
            out.store(value, right + i)
        return out.text()

    # closed form ---------------------------------------------------------------------------------------------

    def terms_function(self) -> str:
        """Coefficients of all terms from the states and inflows at the start of an interval."""
        out = Lanes("terms", self.width)
        entry, term, source = self.layout["entry"], self.layout["term"], self.layout["source"]
        for component in self.components:
            start = [out.load(self.row("state", s)) for s in component.species]
            start += [
                out.add(out.load(self.row("flow", s)), out.load(source + k))
                for k, s in enumerate(component.species)
            ]
            sums: dict[tuple[int, tuple[int, int]], str] = {}
            for k, (row, mode, column) in enumerate(component.entries):
                coefficient = out.load(entry + k)
                if (row, mode) in sums:
                    sums[row, mode] = out.fma(coefficient, start[column], sums[row, mode])
                else:
                    sums[row, mode] = out.mul(coefficient, start[column])
            for k, key in enumerate(self._terms(component)):
                out.store(sums[key], term + k)
            entry, term, source = entry + len(component.entries), term + len(sums), source + component.n
        return out.text()

    def inputs_function(self, name: str, wanted: Sequence[int], to: str, slopes: str = "", masked: bool = False) -> str:
        """Closed-form species at the local time in row `trial`, and their slopes, into rows."""
        out = Lanes(name, self.width)
        t = out.load(self.layout["trial"])
        term, eigenvalue = self.layout["term"], self.layout["eigenvalue"]
        active = out.compare("ogt", out.load(self.layout["length"]), out.constant(0.0)) if masked else ""
        for component in self.components:
            keys = self._terms(component)
            rows = {r for r, s in enumerate(component.species) if s in wanted}
            used = sorted({mode[0] for r, mode in keys if r in rows})
            speed = {e: out.load(eigenvalue + e) for e in used if e}
            shape = {e: out.exp(out.mul(speed[e], t)) for e in used if e}
            for row in sorted(rows):
                species, value, slope = component.species[row], "", ""
                for e in used:
                    powers = {mode[1]: k for k, (r, mode) in enumerate(keys) if r == row and mode[0] == e}
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
                    value = out.select(active, value, out.load(self.row(to, species)))
                out.store(value, self.row(to, species))
                if slopes:
                    out.store(slope, self.row(slopes, species))
            term, eigenvalue = term + len(keys), eigenvalue + component.n_eigenvalues
        return out.text()

    def step_function(self) -> str:
        """One trial step of every lane that has not reached the end of its interval."""
        out, row, n = Lanes("step", self.width), self.layout.names, len(self.core)
        one = out.constant(1.0)
        t, length, step = out.load(row["t"]), out.load(row["length"]), out.load(row["step"])
        rest = out.sub(length, t)
        active = out.compare("ogt", rest, out.constant(0.0))
        # as many equal steps as the remembered size asks for
        pieces = out.function("ceil", out.sub(out.div(rest, step), out.constant(0.01)))
        pieces = out.larger(pieces, one)
        h = out.select(active, out.div(rest, pieces), one)
        last = out.compare("ole", pieces, one)
        inverse = out.div(one, h)
        out.store(out.mul(inverse, out.constant(1.0 / GAMMA)), row["drive"])
        begin = out.load(row["begin"])
        out.store(out.add(begin, t), row["moment"])
        with out.rows(n) as here:
            out.put(out.near(here, row["state"]), here, row["stage"])
        for s in self.inputs:
            out.store(out.load(self.row("here", s)), self.row("stage", s))
        out.do("call void @first(ptr %m)")
        for stage in range(8):
            if stage and NODES[stage] != NODES[stage - 1]:
                at = out.fma(h, out.constant(NODES[stage]), t)
                out.store(out.add(begin, at), row["moment"])
                if self.inputs:
                    out.store(at, row["trial"])
                    out.do(f"call void @inputs{'_end' if NODES[stage] == 1.0 else ''}(ptr %m)")
                    if NODES[stage] == 1.0:
                        for s in self.inputs:
                            out.store(out.load(self.row("next", s)), self.row("stage", s))
            self._combine(out, stage, inverse, h)
            if stage:
                out.do("call void @rates(ptr %m)")
            with out.rows(n) as here:
                total = out.add(out.near(here, row["right"]), out.near(here, row["rate"]))
                out.put(total, here, row["right"])
            out.do("call void @solve(ptr %m)")
            with out.rows(n) as here:
                out.put(out.near(here, row["right"]), here, row["u"] + stage * n)
        self._control(out, active, last, t, h, step, length)
        return out.text()

    def _combine(self, out: Lanes, stage: int, inverse: str, h: str) -> None:
        """The argument of the rates at a stage, and the part of its right-hand side that is known before them."""
        row, n = self.layout.names, len(self.core)
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
        self, out: Lanes, active: str, last: str, t: str, h: str, step: str, length: str
    ) -> None:
        """Accept or reject, lane by lane, and choose the next step."""
        row, n = self.layout.names, len(self.core)
        one, zero = out.constant(1.0), out.constant(0.0)
        tolerance = out.load(row["tolerance"])
        total = zero
        for i, s in enumerate(self.core):
            u = out.load(row["u"] + 7 * n + i)
            y = out.add(out.load(row["stage"] + i), u)
            out.store(y, row["stage"] + i)
            size = out.larger(out.function("fabs", y), out.function("fabs", out.load(row["state"] + i)))
            bound = out.mul(tolerance, out.add(size, out.constant(self.scales[s])))
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
        with out.rows(n) as here:
            kept = out.select(accepted, out.near(here, row["stage"]), out.near(here, row["state"]))
            out.put(kept, here, row["state"])
        for s in self.inputs:
            for name, new in (("here", "next"), ("slope", "next_slope")):
                kept = out.select(accepted, out.load(self.row(new, s)), out.load(self.row(name, s)))
                out.store(kept, self.row(name, s))
        moved = out.select(last, length, out.add(t, h))
        out.store(out.select(accepted, moved, t), row["t"])
        following = out.mul(h, factor)
        # a step cut short by the end of the interval says nothing against the size remembered
        short = out.both(out.compare("olt", h, step), out.compare("oge", factor, out.constant(GROW)))
        following = out.select(out.both(accepted, short), out.larger(following, step), following)
        out.store(out.select(active, following, step), row["step"])
        first = out.load(row["first"])
        unset = out.compare("ole", first, zero)
        out.store(out.select(out.both(accepted, unset), following, first), row["first"])
        for name, mask in (("accepted", accepted), ("rejected", rejected)):
            out.store(out.add(out.load(row[name]), out.number(mask)), row[name])
        tiny = out.mul(out.add(out.function("fabs", out.load(row["begin"])), length), out.constant(1e-15))
        lost = out.both(rejected, out.compare("ole", h, tiny))
        code = out.select(finite, out.constant(float(STEP_TOO_SMALL)), out.constant(float(NOT_FINITE)))
        self.fail(out, lost, code)

    def fail(self, out: Lanes, mask: str, code: str) -> None:
        """Lanes that failed get a status and have nothing left to do."""
        row = self.layout.names
        out.store(out.select(mask, code, out.load(row["status"])), row["status"])
        out.store(out.select(mask, out.constant(0.0), out.load(row["length"])), row["length"])
        out.store(out.select(mask, out.constant(0.0), out.load(row["t"])), row["t"])

    def text(self) -> str:
        parts = [declarations(self.width)]
        if self.components:
            closed = [s for component in self.components for s in component.species]
            parts += [self.terms_function(), self.inputs_function("closed", closed, "state", masked=True)]
        if self.inputs:
            parts.append(self.inputs_function("inputs", self.inputs, "stage"))
            parts.append(self.inputs_function("inputs_end", self.inputs, "next", "next_slope"))
        if self.moves:
            parts += [self.rates_function(), self.first_function(), self.solve_function(), self.step_function()]
        parts.append(carry_function(self))
        return "\n".join(parts)

    def kernel(self) -> Kernel:
        return Kernel(self.text(), self.layout, self.fixed, self.components, self.core, self.place)


def carry_function(emitter: Emitter) -> str:
    """The function the host calls: every interval of every lane, with all steps in it."""
    width, row, n = emitter.width, emitter.layout.names, len(emitter.rates)
    pointers = ("lane_from", "lane_count", *TABLE, *ENTRY, "amounts", "steps", "saved")
    arguments = "ptr noalias %m, " + ", ".join(f"ptr %{name}" for name in pointers) + ", i64 %most, i64 %limit"
    out = Lanes("carry", width, arguments, linkage="")

    def number(table: str, index: str, kind: str = "i64") -> str:
        return out.new(f"load {kind}, ptr {out.new(f'getelementptr {kind}, ptr %{table}, i64 {index}')}")

    def spot(table: str, index: str, lane: str) -> str:
        """The address of a lane of a vector in a table of vectors."""
        at = out.new(f"add i64 {out.new(f'mul i64 {index}, {width}')}, {lane}")
        return out.new(f"getelementptr double, ptr %{table}, i64 {at}")

    def lane_of(name: str, lane: str) -> str:
        return out.new(f"getelementptr double, ptr %m, i64 {out.new(f'add i64 {row[name] * width}, {lane}')}")

    def lanes(name: str, after: str, body: Callable[[str, str], None]) -> None:
        """For each lane with an interval to go through: body(lane, index of the interval)."""
        before = out.block
        out.do(f"br label %{name}")
        out.label(name)
        lane, following = f"%{name}.lane", f"%{name}.following"
        out.do(f"{lane} = phi i64 [ 0, %{before} ], [ {following}, %{name}.next ]")
        status = out.new(f"load double, ptr {lane_of('status', lane)}")
        here = out.new(f"icmp slt i64 %k, {number('lane_count', lane)}")
        well = out.new(f"fcmp oeq double {status}, {double(0.0)}")
        out.do(f"br i1 {out.new(f'and i1 {here}, {well}')}, label %{name}.on, label %{name}.off")
        out.label(f"{name}.off")
        out.do(f"store double {double(0.0)}, ptr {lane_of('length', lane)}")
        out.do(f"store double {double(0.0)}, ptr {lane_of('t', lane)}")
        out.do(f"br label %{name}.next")
        out.label(f"{name}.on")
        body(lane, out.new(f"add i64 %k, {number('lane_from', lane)}"))
        out.do(f"br label %{name}.next")
        out.label(f"{name}.next")
        out.do(f"{following} = add i64 {lane}, 1")
        more = out.new(f"icmp slt i64 {following}, {width}")
        out.do(f"br i1 {more}, label %{name}, label %{after}")
        out.label(after)

    def begin(lane: str, index: str) -> None:
        length = number("length", index, "double")
        out.do(f"store double {length}, ptr {lane_of('length', lane)}")
        out.do(f"store double {number('start', index, 'double')}, ptr {lane_of('begin', lane)}")
        out.do(f"store double {double(0.0)}, ptr {lane_of('t', lane)}")
        out.do(f"store double {double(0.0)}, ptr {lane_of('first', lane)}")
        known = out.new(f"load double, ptr {spot('steps', number('kind', index), lane)}")
        guess = out.new(f"fmul double {length}, {double(FIRST_TRY)}")
        is_known = out.new(f"fcmp ogt double {known}, {double(0.0)}")
        step = out.new(f"select i1 {is_known}, double {known}, double {guess}")
        out.do(f"store double {step}, ptr {lane_of('step', lane)}")
        entry, end = number("entries_from", index), number("entries_to", index)
        before = out.block
        out.do("br label %entries")
        out.label("entries")
        out.do(f"%e = phi i64 [ {entry}, %{before} ], [ %e.next, %enter ]")
        more = out.new(f"icmp slt i64 %e, {end}")
        out.do(f"br i1 {more}, label %enter, label %entered")
        out.label("enter")
        dose = number("entry_dose", "%e")
        is_dose = out.new(f"icmp sge i64 {dose}, 0")
        index_of = out.new(f"select i1 {is_dose}, i64 {dose}, i64 0")
        amount = out.new(f"load double, ptr {spot('amounts', index_of, lane)}")
        scaled = out.new(f"fmul double {amount}, {number('entry_scale', '%e', 'double')}")
        added = out.new(f"select i1 {is_dose}, double {scaled}, double {double(0.0)}")
        place = spot("m", number("entry_row", "%e"), lane)
        old = out.new(f"load double, ptr {place}")
        fresh = out.new(f"icmp ne i64 {number('entry_fresh', '%e')}, 0")
        base = out.new(f"select i1 {fresh}, double {double(0.0)}, double {old}")
        out.do(f"store double {out.new(f'fadd double {base}, {added}')}, ptr {place}")
        out.do("%e.next = add i64 %e, 1")
        out.do("br label %entries")
        out.label("entered")

    def end(lane: str, index: str) -> None:
        kind = number("kind", index)
        for name, where in (("first", kind), ("step", "0")):
            value = out.new(f"load double, ptr {lane_of(name, lane)}")
            out.do(f"store double {value}, ptr {spot('steps', where, lane)}")
        save = number("save", index)
        out.do(f"br i1 {out.new(f'icmp sge i64 {save}, 0')}, label %saving, label %kept")
        out.label("saving")
        base = out.new(f"mul i64 {save}, {n}")
        for k in range(n):
            value = out.new(f"load double, ptr {spot('m', str(row['state'] + k), lane)}")
            out.do(f"store double {value}, ptr {spot('saved', out.new(f'add i64 {base}, {k}'), lane)}")
        out.do("br label %kept")
        out.label("kept")

    out.do("br label %interval")
    out.label("interval")
    out.do("%k = phi i64 [ 0, %entry ], [ %k.next, %interval.end ]")
    more = out.new("icmp slt i64 %k, %most")
    out.do(f"br i1 {more}, label %interval.begin, label %done")
    out.label("interval.begin")
    lanes("opening", "crossing", begin)
    if emitter.components:
        out.do("call void @terms(ptr %m)")
    if emitter.inputs:
        out.store(out.constant(0.0), row["trial"])
        out.do("call void @inputs_end(ptr %m)")
        for s in emitter.inputs:
            for name, new in (("here", "next"), ("slope", "next_slope")):
                out.store(out.load(emitter.row(new, s)), emitter.row(name, s))
    if emitter.moves:
        before = out.block
        out.do("br label %stepping")
        out.label("stepping")
        out.do(f"%c = phi i64 [ 0, %{before} ], [ %c.next, %stepped ]")
        active = out.compare("ogt", out.sub(out.load(row["length"]), out.load(row["t"])), out.constant(0.0))
        out.do(f"br i1 {out.any(active)}, label %again, label %arrived")
        out.label("again")
        out.do(f"br i1 {out.new('icmp slt i64 %c, %limit')}, label %stepped, label %exhausted")
        out.label("stepped")
        out.do("call void @step(ptr %m)")
        out.do("%c.next = add i64 %c, 1")
        out.do("br label %stepping")
        out.label("exhausted")
        emitter.fail(out, active, out.constant(float(TOO_MANY_STEPS)))
        out.do("br label %arrived")
        out.label("arrived")
    if emitter.components:
        out.store(out.load(row["length"]), row["trial"])
        out.do("call void @closed(ptr %m)")
    lanes("closing", "interval.end", end)
    out.do("%k.next = add i64 %k, 1")
    out.do("br label %interval")
    out.label("done")
    return out.text()


def elimination_order(n: int, pattern: set[tuple[int, int]]) -> tuple[int, ...]:
    """Pivots on the diagonal, each the one that costs least when it is taken (Markowitz 1957, Manage Sci 3:255)."""
    rows = {i: {j for a, j in pattern if a == i} | {i} for i in range(n)}
    columns = {j: {i for i, b in pattern if b == j} | {j} for j in range(n)}
    left, order = set(range(n)), []
    while left:
        k = min(left, key=lambda i: ((len(rows[i]) - 1) * (len(columns[i]) - 1), i))
        left.discard(k)
        order.append(k)
        for i in columns[k] - {k}:
            rows[i] |= rows[k] - {k}
            rows[i].discard(k)
        for j in rows[k] - {k}:
            columns[j] |= columns[k] - {k}
            columns[j].discard(k)
    return tuple(order)


def filled(order: Sequence[int], pattern: set[tuple[int, int]], n: int) -> dict[tuple[int, int], int]:
    """Entries of the factors, in an order of storage, with those that elimination fills in."""
    entries = set(pattern) | {(i, i) for i in range(n)}
    for step, k in enumerate(order):
        later = order[step + 1 :]
        for i in later:
            if (i, k) in entries:
                entries |= {(i, j) for j in later if (k, j) in entries}
    return {at: row for row, at in enumerate(sorted(entries))}


def _plus(out: Lanes, total: str, value: str, factor: str | None) -> str:
    """total + value * factor, where an empty total is nothing and no factor is one."""
    if factor is None:
        return out.add(total, value) if total else value
    return out.fma(value, factor, total) if total else out.mul(value, factor)


def _apply(out: Lanes, op: str, parts: list[str]) -> str:
    zero = out.constant(0.0)
    match op:
        case "exp":
            return out.exp(parts[0])
        case "log":
            return out.log(parts[0])
        case "tanh":
            return out.tanh(parts[0])
        case "sqrt":
            return out.function("sqrt", out.select(out.compare("ole", parts[0], zero), zero, parts[0]))
        case "abs":
            return out.function("fabs", parts[0])
        case "floor":
            return out.function("floor", parts[0])
        case "min":
            return out.select(out.compare("ult", parts[0], parts[1]), parts[0], parts[1])
        case "max":
            return out.select(out.compare("ugt", parts[0], parts[1]), parts[0], parts[1])
        case "where":
            return out.select(out.compare("une", parts[0], zero), parts[1], parts[2])
        case "less" | "less_equal" | "equal":
            test = {"less": "olt", "less_equal": "ole", "equal": "oeq"}[op]
            return out.number(out.compare(test, parts[0], parts[1]))
        case "and" | "or":
            masks = [out.compare("une", part, zero) for part in parts]
            return out.number(out.both(*masks) if op == "and" else out.either(*masks))
        case "not":
            return out.number(out.compare("oeq", parts[0], zero))
    raise ValueError(op)
