"""`normoxia forecast`: stored sets by their day."""

from __future__ import annotations

import json
from collections.abc import Callable


def test_an_older_set_is_shown_by_its_day(normoxia: Callable) -> None:
    answer = normoxia("forecast", "--made", "2026-11-22", "HARMONi-2", "--json")
    assert answer.code == 0
    whole = json.loads(answer.out)
    assert whole["date"] == "2026-11-22"
    assert [one["design"] for one in whole["designs"]] == ["HARMONi-2"]


def test_a_day_without_forecasts_names_those_there_are(normoxia: Callable) -> None:
    answer = normoxia("forecast", "--made", "2025-01-01")
    assert answer.code == 2
    assert "2026-11-22" in answer.err
