"""RECIST 1.1 as arrays: what each scan says, and what the patient's best response was.

Read `assess` first (one scan of all patients), then `classify` (all scans) and `best_response`.
Source: Eisenhauer 2009, Eur J Cancer 45:228 (doi:10.1016/j.ejca.2008.10.026), tables 1 and 3, section 4.3;
questions the text leaves open are settled as in Schwartz 2016, Eur J Cancer 62:132 (doi:10.1016/j.ejca.2016.03.081).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int8]

#: least sizes of target lesions: longest diameter, and short axis of a lymph node (section 3.1), mm
TARGET_MM, TARGET_NODE_MM = 10.0, 15.0
#: a sum of read diameters is compared with a threshold up to this, mm: rounding of floats, not of readers
_SLACK = 1e-9


class Response(IntEnum):
    """What a scan, or a patient's course, amounts to; a larger number is a better response."""

    NE = 0
    PD = 1
    SD = 2
    PR = 3
    CR = 4


class NonTarget(IntEnum):
    """State of the lesions that are followed but not measured."""

    NE = 0
    PD = 1
    PRESENT = 2
    CR = 4
    NONE = 5


@dataclass(frozen=True, slots=True)
class Criteria:
    """Thresholds, as in RECIST 1.1 unless a protocol says otherwise.

    shrinkage          share of the baseline sum lost for a partial response
    growth             share of the nadir gained for progression
    growth_mm          absolute gain over the nadir also needed for progression, mm
    node_mm            a lymph node below this short axis is not disease, mm
    confirmation_days  a response must be seen again this long after; 0 when no confirmation is required
    stable_days        disease must be seen stable at least this long after the start to count as stable
    """

    shrinkage: float = 0.30
    growth: float = 0.20
    growth_mm: float = 5.0
    node_mm: float = 10.0
    confirmation_days: float = 28.0
    stable_days: float = 42.0


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """What a reader must remember of each patient between scans.

    present      lesion slots in use at baseline; shape (n_patients, n_lesions)
    nodal        slots that are lymph nodes (short axis); shape (n_patients, n_lesions)
    baseline     sum of diameters at baseline, mm; shape (n_patients,)
    nadir        smallest sum so far, baseline included, mm; shape (n_patients,)
    was_complete whether a complete response has been seen; shape (n_patients,)
    """

    present: Bools
    nodal: Bools
    baseline: Floats
    nadir: Floats
    was_complete: Bools

    def take(self, rows: NDArray[np.intp] | Bools) -> Memory:
        """The memory of some patients."""
        return Memory(
            self.present[rows],
            self.nodal[rows],
            self.baseline[rows],
            self.nadir[rows],
            self.was_complete[rows],
        )


@dataclass(frozen=True, slots=True, eq=False)
class ScanReading:
    """What one scan, or a course of scans, says: sum in mm (nan when nothing was measured), target and overall response."""

    total: Floats
    target: Codes
    overall: Codes


def begin(diameters: Floats, nodal: Bools | None = None) -> Memory:
    """The memory after the baseline scan.

    diameters  mm; shape (n_patients, n_lesions); nan marks a slot the patient does not use
    nodal      which slots are lymph nodes; none when omitted
    raises     InvalidArgument when a patient has no target lesion, or one of no size
    """
    present = ~np.isnan(diameters)
    if not present.any(axis=1).all():
        patient = int(np.flatnonzero(~present.any(axis=1))[0])
        raise InvalidArgument(
            f"patient {patient} has no target lesion at baseline; RECIST needs at least one measurable lesion"
        )
    total = np.nansum(diameters, axis=1)
    if not (total > 0).all():
        raise InvalidArgument("a baseline sum of diameters is not positive; give diameters in mm")
    nodes = np.zeros_like(present) if nodal is None else np.asarray(nodal, dtype=bool) & present
    _refuse_small(diameters, nodes)
    return Memory(present, nodes, total, total.copy(), np.zeros(len(total), dtype=bool))


def _refuse_small(diameters: Floats, nodes: Bools) -> None:
    """Raise InvalidArgument for a target lesion that RECIST 1.1 does not allow."""
    least = np.where(nodes, TARGET_NODE_MM, TARGET_MM)
    too_small = np.argwhere(diameters < least - _SLACK)
    if len(too_small):
        patient, lesion = (int(i) for i in too_small[0])
        kind = "a lymph node's short axis" if nodes[patient, lesion] else "a diameter"
        raise InvalidArgument(
            f"patient {patient}, target lesion {lesion + 1}: found {kind} of {diameters[patient, lesion]:.3g} mm at "
            f"baseline; RECIST 1.1 needs {least[patient, lesion]:g} mm or more, so follow it as a non-target lesion"
        )


def assess(
    memory: Memory,
    diameters: Floats,
    new_lesion: Bools,
    non_target: Codes | None = None,
    criteria: Criteria = Criteria(),
) -> tuple[ScanReading, Memory]:
    """One scan read against what is remembered.

    diameters   mm, 0 = gone, nan = not evaluated; shape (n_patients, n_lesions)
    new_lesion  unequivocal new lesion on this scan or an earlier one; shape (n_patients,)
    non_target  `NonTarget` codes; nobody has non-target lesions when omitted; shape (n_patients,)
    returns     the reading and the memory for the next scan
    """
    present = memory.present
    measured = present & ~np.isnan(diameters)
    complete_set = (measured == present).all(axis=1)
    total = np.where(measured, diameters, 0.0).sum(axis=1)

    gone = np.where(memory.nodal, diameters < criteria.node_mm, diameters <= 0.0) | ~present
    target_gone = complete_set & gone.all(axis=1)
    grown = total - memory.nadir
    progressed = (grown >= criteria.growth * memory.nadir - _SLACK) & (
        grown >= criteria.growth_mm - _SLACK
    )
    back = memory.was_complete & (measured & ~memory.nodal & (diameters > 0.0)).any(axis=1)

    target = np.full(len(total), Response.SD, dtype=np.int8)
    target[total <= (1.0 - criteria.shrinkage) * memory.baseline + _SLACK] = Response.PR
    target[target_gone] = Response.CR
    target[~complete_set] = Response.NE
    # a sum that is too large already with lesions unread can only be larger
    target[progressed | back] = Response.PD

    others = (
        np.full(len(total), NonTarget.NONE, dtype=np.int8) if non_target is None else non_target
    )
    overall = target.copy()
    lingering = (others == NonTarget.PRESENT) | (others == NonTarget.NE)
    overall[(target == Response.CR) & lingering] = Response.PR
    overall[(others == NonTarget.PD) | np.asarray(new_lesion, dtype=bool)] = Response.PD

    nadir = np.where(complete_set, np.minimum(memory.nadir, total), memory.nadir)
    was_complete = memory.was_complete | (overall == Response.CR)
    reading = ScanReading(np.where(measured.any(axis=1), total, np.nan), target, overall)
    return reading, Memory(present, memory.nodal, memory.baseline, nadir, was_complete)


def classify(
    baseline: Floats,
    diameters: Floats,
    new_lesion: Bools,
    non_target: Codes | None = None,
    nodal: Bools | None = None,
    criteria: Criteria = Criteria(),
) -> ScanReading:
    """All scans of all patients, in order.

    baseline    mm; shape (n_patients, n_lesions), nan marks an unused slot
    diameters   mm; shape (n_patients, n_visits, n_lesions); a missed scan is nan throughout
    new_lesion  shape (n_patients, n_visits)
    non_target  `NonTarget` codes; shape (n_patients, n_visits)
    returns     arrays of shape (n_patients, n_visits)
    """
    memory = begin(baseline, nodal)
    readings = []
    for visit in range(diameters.shape[1]):
        others = None if non_target is None else non_target[:, visit]
        reading, memory = assess(
            memory, diameters[:, visit], new_lesion[:, visit], others, criteria
        )
        readings.append(reading)
    columns = ("total", "target", "overall")
    return ScanReading(
        *(np.stack([getattr(r, name) for r in readings], axis=1) for name in columns)
    )


@dataclass(frozen=True, slots=True, eq=False)
class ResponseCourse:
    """A patient's course in four numbers; days are nan when it did not happen.

    best            best overall response, `Response` codes; shape (n_patients,)
    response_day    first scan of the response that counts
    progression_day first scan with progression
    last_day        last evaluable scan up to progression (0, the baseline, when there is none)
    """

    best: Codes
    response_day: Floats
    progression_day: Floats
    last_day: Floats


def best_response(days: Floats, overall: Codes, criteria: Criteria = Criteria()) -> ResponseCourse:
    """Best overall response, with or without confirmation, and the days that matter.

    days     of each scan since the start, ascending, nan when not done; shape (n_patients, n_visits)
    overall  `Response` codes; shape (n_patients, n_visits)

    A response is confirmed by another at least as good `confirmation_days` later with no progression between;
    for a complete response nothing but complete or non-evaluable scans may lie between. An unconfirmed response
    counts as stable disease when it was seen late enough (table 3). Stable disease needs one scan without
    progression at or after `stable_days`; failing that the patient is PD or NE.
    """
    done = ~np.isnan(days)
    seen = np.where(done, overall, np.int8(Response.NE))
    when = np.where(done, days, np.inf)
    progression = _first_day(when, seen == Response.PD)
    counts = (seen > Response.PD) & (when < progression[:, None])

    responded = counts & (seen >= Response.PR)
    if criteria.confirmation_days > 0:
        last = np.where(responded, when, -np.inf).max(axis=1, initial=-np.inf)
        partial = responded & (last[:, None] - when >= criteria.confirmation_days - _SLACK)
        full = _confirmed_complete(when, seen, counts, criteria.confirmation_days)
    else:
        partial, full = responded, counts & (seen == Response.CR)

    stable = (counts & (when >= criteria.stable_days - _SLACK)).any(axis=1)
    best = np.full(len(seen), Response.NE, dtype=np.int8)
    best[np.isfinite(progression)] = Response.PD
    best[stable] = Response.SD
    best[partial.any(axis=1)] = Response.PR
    best[full.any(axis=1)] = Response.CR

    response_day = _first_day(when, partial | full)
    evaluable = done & (seen != Response.NE) & (when <= progression[:, None])
    last_day = np.where(evaluable, when, 0.0).max(axis=1, initial=0.0)
    return ResponseCourse(best, _nan_for_never(response_day), _nan_for_never(progression), last_day)


def _confirmed_complete(when: Floats, seen: Codes, counts: Bools, wait: float) -> Bools:
    """Complete responses seen again after the wait, in one run of complete and non-evaluable scans."""
    confirmed = np.zeros_like(counts)
    run_end = np.full(
        len(when), -np.inf
    )  # last day of the run of complete responses that a scan belongs to
    for visit in reversed(range(when.shape[1])):
        complete = counts[:, visit] & (seen[:, visit] == Response.CR)
        broken = (seen[:, visit] != Response.NE) & ~complete
        run_end[broken] = -np.inf
        run_end = np.where(complete, np.maximum(run_end, when[:, visit]), run_end)
        with np.errstate(invalid="ignore"):  # a missed scan stands at infinity
            confirmed[:, visit] = complete & (run_end - when[:, visit] >= wait - _SLACK)
    return confirmed


def _first_day(when: Floats, mask: Bools) -> Floats:
    return np.asarray(np.where(mask, when, np.inf).min(axis=1, initial=np.inf))


def _nan_for_never(day: Floats) -> Floats:
    return np.asarray(np.where(np.isfinite(day), day, np.nan))
