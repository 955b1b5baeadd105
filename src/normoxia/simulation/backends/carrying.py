"""The function the host calls: every interval of every lane, with all steps in it."""

from __future__ import annotations

from collections.abc import Callable

from normoxia.simulation.backends import TOO_MANY_STEPS
from normoxia.simulation.backends.blueprint import Blueprint
from normoxia.simulation.backends.lanes import Lanes, double
from normoxia.simulation.backends.steps import fail

#: the share of an interval first tried as a step, where nothing is remembered
FIRST_TRY = 1e-3

#: columns of the table of intervals and of what enters at their starts, as the host passes them
TABLE = ("length", "start", "kind", "save", "entries_from", "entries_to")
ENTRY = ("entry_row", "entry_dose", "entry_fresh", "entry_scale")


def carry_function(b: Blueprint) -> str:
    """The function the host calls: every interval of every lane, with all steps in it."""
    width, row, n = b.width, b.layout.names, len(b.rates)
    pointers = ("lane_from", "lane_count", *TABLE, *ENTRY, "amounts", "steps", "saved")
    arguments = (
        "ptr noalias %m, "
        + ", ".join(f"ptr %{name}" for name in pointers)
        + ", i64 %most, i64 %limit"
    )
    out = Lanes("carry", width, arguments, linkage="")

    def number(table: str, index: str, kind: str = "i64") -> str:
        return out.new(
            f"load {kind}, ptr {out.new(f'getelementptr {kind}, ptr %{table}, i64 {index}')}"
        )

    def spot(table: str, index: str, lane: str) -> str:
        """The address of a lane of a vector in a table of vectors."""
        at = out.new(f"add i64 {out.new(f'mul i64 {index}, {width}')}, {lane}")
        return out.new(f"getelementptr double, ptr %{table}, i64 {at}")

    def lane_of(name: str, lane: str) -> str:
        return out.new(
            f"getelementptr double, ptr %m, i64 {out.new(f'add i64 {row[name] * width}, {lane}')}"
        )

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
            out.do(
                f"store double {value}, ptr {spot('saved', out.new(f'add i64 {base}, {k}'), lane)}"
            )
        out.do("br label %kept")
        out.label("kept")

    out.do("br label %interval")
    out.label("interval")
    out.do("%k = phi i64 [ 0, %entry ], [ %k.next, %interval.end ]")
    more = out.new("icmp slt i64 %k, %most")
    out.do(f"br i1 {more}, label %interval.begin, label %done")
    out.label("interval.begin")
    lanes("opening", "crossing", begin)
    if b.components:
        out.do("call void @terms(ptr %m)")
    if b.inputs:
        out.store(out.constant(0.0), row["trial"])
        out.do("call void @inputs_end(ptr %m)")
        for s in b.inputs:
            for name, new in (("here", "next"), ("slope", "next_slope")):
                out.store(out.load(b.row(new, s)), b.row(name, s))
    if b.watched.modes or b.watched.watches:
        out.do("call void @open(ptr %m)")
    if b.core:
        before = out.block
        out.do("br label %stepping")
        out.label("stepping")
        out.do(f"%c = phi i64 [ 0, %{before} ], [ %c.next, %stepped ]")
        active = out.compare(
            "ogt", out.sub(out.load(row["length"]), out.load(row["t"])), out.constant(0.0)
        )
        out.do(f"br i1 {out.any(active)}, label %again, label %arrived")
        out.label("again")
        out.do(f"br i1 {out.new('icmp slt i64 %c, %limit')}, label %stepped, label %exhausted")
        out.label("stepped")
        out.do("call void @step(ptr %m)")
        out.do("%c.next = add i64 %c, 1")
        out.do("br label %stepping")
        out.label("exhausted")
        fail(b, out, active, out.constant(float(TOO_MANY_STEPS)))
        out.do("br label %arrived")
        out.label("arrived")
    if b.components:
        out.store(out.load(row["length"]), row["trial"])
        out.do("call void @closed(ptr %m)")
    lanes("closing", "interval.end", end)
    out.do("%k.next = add i64 %k, 1")
    out.do("br label %interval")
    out.label("done")
    return out.text()
