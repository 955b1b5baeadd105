"""Break points of a patient's run, worked by hand."""

from __future__ import annotations

import numpy as np

from normoxia.simulation.plan import Doses, StateEntry, intervals

NAMES = ("gut", "central")


def plan(
    start: float,
    end: float,
    times: list[float],
    rows: list[tuple[float, int, float]],
    given: list[int] | None = None,
) -> list[tuple[float, float, str, tuple[StateEntry, ...], int]]:
    time, species, duration = zip(*rows, strict=True) if rows else ((), (), ())
    doses = Doses(
        np.array(time, float), tuple(species), np.ones((1, len(rows))), np.array(duration, float)
    )
    chosen = range(len(rows)) if given is None else given
    return [tuple(i) for i in intervals(start, end, np.array(times), doses, list(chosen), NAMES)]  # type: ignore[misc]


def test_nothing_given_is_cut_at_outputs_alone() -> None:
    assert plan(0, 4, [0, 1, 4], []) == [(0, 1, "", (), 1), (1, 3, "", (), 2)]


def test_a_bolus_starts_an_interval_of_its_kind() -> None:
    assert plan(0, 4, [4], [(1, 0, 0)]) == [
        (0, 1, "", (), -1),
        (1, 3, "bolus gut", (StateEntry(0, 0, 1.0, False, False),), 0),
    ]


def test_overlapping_infusions_set_the_rate_anew_at_each_turn() -> None:
    found = plan(0, 8, [8], [(0, 1, 4), (2, 1, 4)])
    assert [(start, length, kind) for start, length, kind, _, _ in found] == [
        (0, 2, "flow central"),
        (2, 2, "flow central"),
        (4, 2, "flow central"),
        (6, 2, "stop central"),
    ]
    assert found[1][3] == (StateEntry(1, 0, 0.25, True, True), StateEntry(1, 1, 0.25, True, False))
    assert found[2][3] == (StateEntry(1, 1, 0.25, True, True),)
    assert found[3][3] == (StateEntry(1, -1, 0.0, True, True),)


def test_a_dose_at_the_end_belongs_to_the_next_run() -> None:
    assert plan(0, 4, [4], [(4, 0, 0)]) == [(0, 4, "", (), 0)]


def test_an_infusion_begun_before_goes_on_without_being_news() -> None:
    found = plan(1, 5, [5], [(0, 1, 2)])
    assert found[0] == (1, 1, "", (StateEntry(1, 0, 0.5, True, True),), -1)
    assert found[1] == (2, 3, "stop central", (StateEntry(1, -1, 0.0, True, True),), 0)


def test_doses_not_given_make_no_break() -> None:
    assert plan(0, 4, [4], [(1, 0, 0), (2, 1, 0.5)], given=[]) == [(0, 4, "", (), 0)]
