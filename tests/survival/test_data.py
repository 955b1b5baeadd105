import numpy as np
import pytest

from normoxia.errors import InvalidArgument
from normoxia.survival import DAYS_PER_MONTH, TimeToEvent, pooled


def test_a_month_is_a_twelfth_of_a_julian_year():
    assert DAYS_PER_MONTH == 365.25 / 12
    assert TimeToEvent.from_months([2.0], [1]).time[0] == 60.875


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1.0, -2.0], [1, 0]), r"time\[1\] is -2"),
        (([1.0, np.nan], [1, 0]), r"time\[1\] is nan"),
        (([1.0, 2.0], [1]), r"observed has shape \(1,\)"),
        (([1.0, 2.0], [1, 2]), "other than 0 and 1"),
        (([], []), "at least one patient"),
        (([1.0, 2.0], [1, 0], [0.0, 2.0]), r"entry\[1\] is 2"),
        (([1.0, 2.0], [1, 0], None, [1.0, 0.0]), r"weight\[1\] is 0"),
        ((["a", "b"], [1, 0]), "not a number"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_patient_named(arguments, words):
    with pytest.raises(InvalidArgument, match=words):
        TimeToEvent(*arguments)


def test_arrays_are_copies_that_cannot_change():
    time = np.array([1.0, 2.0])
    data = TimeToEvent(time=time, observed=np.array([True, False]))
    time[0] = 9.0
    assert data.time[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        data.time[0] = 9.0


def test_pooling_keeps_entry_and_weight_of_those_who_have_them():
    plain = TimeToEvent(time=np.array([3.0]), observed=np.array([True]))
    late = TimeToEvent(
        time=np.array([5.0]),
        observed=np.array([False]),
        entry=np.array([2.0]),
        weight=np.array([0.5]),
    )
    together, group = pooled([plain, late])
    assert together.entry is not None
    assert list(together.entry) == [0.0, 2.0]
    assert list(together.weights) == [1.0, 0.5]
    assert list(group) == [0, 1]
