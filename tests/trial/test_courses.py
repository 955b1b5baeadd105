"""When and why each drug ended, worked by hand."""

from __future__ import annotations

import numpy as np
from tests.trial import toy

from normoxia.pharmacology import regimen
from normoxia.trial.conduct.courses import EndCauses, EndReason, drug_ends, planned_end

NEVER = np.inf


def test_planned_ends_are_those_of_the_last_dose() -> None:
    given = regimen("carboplatin AUC 5 q3w x4 + pembrolizumab 200 mg q3w")
    assert planned_end(given, "carboplatin", 720.0) == 63.0
    assert planned_end(given, "pembrolizumab", 720.0) == NEVER
    assert planned_end(given, "carboplatin", 60.0) == NEVER


def test_the_first_of_all_causes_ends_a_drug() -> None:
    #   0 completes chemotherapy, progresses on day 100      1 progresses, goes on with pembrolizumab, again on day 150
    #   2 toxicity stops carboplatin on day 21               3 consent withdrawn on day 40
    #   4 dies on day 30                                     5 stops by decision on day 50
    #   6 clinical progression on day 45
    causes = EndCauses(
        progression=np.array([100.0, 42.0, 200.0, NEVER, NEVER, 90.0, NEVER]),
        off_protocol=np.array([100.0, 150.0, 200.0, 40.0, NEVER, 90.0, 45.0]),
        clinical_progression=np.array([NEVER] * 6 + [45.0]),
        discontinuation=np.array([NEVER] * 5 + [50.0, NEVER]),
        withdrawal=np.array([NEVER] * 3 + [40.0] + [NEVER] * 3),
        death=np.array([300.0, 300.0, 300.0, 300.0, 30.0, 300.0, 60.0]),
        continued=np.array([False, True] + [False] * 5),
    )
    stop = np.full(7, NEVER)
    carboplatin = np.array([NEVER, NEVER, 21.0, NEVER, NEVER, NEVER, NEVER])
    toxic = {
        "carboplatin": carboplatin,
        "pembrolizumab": stop,
        "bevacizumab": stop,
        "paclitaxel": stop,
    }
    ends = drug_ends(toy.protocol().arm("combination"), 720.0, toxic, causes)
    assert ends["carboplatin"].day.tolist() == [63.0, 42.0, 21.0, 40.0, 30.0, 50.0, 45.0]
    assert [EndReason(code).name for code in ends["carboplatin"].reason] == [
        "COMPLETED",
        "PROGRESSION",
        "TOXICITY",
        "WITHDRAWAL",
        "DEATH",
        "DECISION",
        "CLINICAL_PROGRESSION",
    ]
    assert ends["pembrolizumab"].day.tolist() == [100.0, 150.0, 200.0, 40.0, 30.0, 50.0, 45.0]
    assert ends["bevacizumab"].day[1] == 42.0
