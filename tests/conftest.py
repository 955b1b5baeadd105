"""What holds for every test: generated cases are not timed, and the index of past runs is a temporary one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test writes into the data folder of the user."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NORMOXIA_DATA", str(tmp_path_factory.mktemp("data")))
        yield
