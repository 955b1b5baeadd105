"""One thread for matrix products, and the threads given back."""

from __future__ import annotations

import numpy as np
import pytest

from normoxia.calibration.fitting import threads
from normoxia.calibration.fitting.threads import one_thread


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A library with five threads; the list holds every number it was set to."""
    said = [5]
    library = threads._OpenBLAS(lambda: said[-1], said.append)
    monkeypatch.setattr(threads, "_openblas", lambda: library)
    return said


def test_the_last_to_leave_gives_the_threads_back(counted: list[int]) -> None:
    with one_thread():
        with one_thread():
            assert counted[-1] == 1
        assert counted[-1] == 1
    assert counted == [5, 1, 5]


def test_threads_are_given_back_after_an_error(counted: list[int]) -> None:
    with pytest.raises(KeyError), one_thread():
        raise KeyError("wrong")
    assert counted == [5, 1, 5]


def test_another_library_keeps_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_openblas", lambda: None)
    with one_thread():
        pass


def test_the_library_of_this_numpy_is_found_if_it_is_openblas() -> None:
    """NumPy says what it was built with; its own number of threads is 1 within, and as before afterwards."""
    built_with = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    library = threads._openblas()
    if built_with != "scipy-openblas":
        assert library is None
        return
    assert library is not None
    before = library._get()
    with one_thread():
        assert library._get() == 1
    assert library._get() == before
