"""Classes of comparisons of the second lock."""

from __future__ import annotations

import pytest

from normoxia.calibration.scoring import classes, components, lock
from normoxia.calibration.scoring.classes import ComparedArms, class_of
from normoxia.trial.making import from_study

ICI, CHEMO, DOC, BEV, TKI, CTLA4 = (
    "ICI",
    "chemotherapy",
    "docetaxel",
    "VEGF antibody",
    "VEGFR TKI",
    "CTLA-4 antibody",
)


@pytest.mark.parametrize(
    ("arm", "comparator", "setting", "expected"),
    [
        ({ICI, CHEMO}, {CHEMO}, {"histology": "squamous"}, classes.ICI_ADDED_SQUAMOUS),
        ({ICI, CHEMO}, {CHEMO}, {"histology": "non-squamous"}, classes.ICI_ADDED),
        ({ICI, CTLA4, CHEMO}, {CHEMO}, {}, classes.ICI_ADDED),
        ({ICI, CHEMO}, {CHEMO}, {"line": "after TKI"}, classes.ICI_ADDED_AFTER_TKI),
        ({ICI, BEV, CHEMO}, {BEV, CHEMO}, {}, classes.ICI_ADDED_TO_VEGF),
        ({ICI, BEV, CHEMO}, {ICI, CHEMO}, {}, classes.ANTIBODY_ADDED),
        ({TKI, DOC}, {DOC}, {"single_agent": True}, classes.TKI_ADDED),
        ({TKI}, set(), {}, classes.TKI_FOR_PLACEBO),
        ({ICI}, {CHEMO}, {}, classes.ICI_FOR_PLATINUM),
        ({ICI, CTLA4}, {CHEMO}, {}, classes.ICI_FOR_PLATINUM),
        ({ICI}, {CHEMO}, {"line": "after TKI"}, classes.ICI_FOR_PLATINUM_AFTER_TKI),
        ({ICI}, {DOC}, {"single_agent": True}, classes.ICI_FOR_SINGLE_AGENT),
        ({ICI, TKI}, {DOC}, {"single_agent": True}, classes.BOTH_FOR_DOCETAXEL),
        ({ICI, BEV, CHEMO}, {CHEMO}, {}, classes.BOTH_ADDED),
        ({"bispecific", CHEMO}, {CHEMO}, {}, classes.BOTH_ADDED),
        ({"bispecific"}, {ICI}, {}, classes.BISPECIFIC_FOR_ICI),
        ({ICI, CTLA4}, {ICI}, {}, classes.CTLA4_ADDED),
        ({CTLA4, CHEMO}, {CHEMO}, {}, classes.CTLA4_ADDED),
        ({CHEMO}, {DOC}, {"single_agent": True}, classes.CHEMOTHERAPY_COMPARED),
        ({CHEMO}, {CHEMO}, {}, classes.CHEMOTHERAPY_COMPARED),
        ({ICI, CHEMO}, {ICI}, {}, classes.CHEMOTHERAPY_ADDED),
        ({ICI, CHEMO}, {ICI, CHEMO}, {}, classes.ALIKE),
        ({ICI, CHEMO}, {BEV, CHEMO}, {}, classes.OTHER),
        ({"EGFR TKI"}, {CHEMO}, {}, classes.OTHER),
    ],
)
def test_the_class_is_what_is_given_instead_of_what(
    arm: set[str], comparator: set[str], setting: dict, expected: str
) -> None:
    asked = ComparedArms(arm=frozenset(arm), comparator=frozenset(comparator), **setting)
    assert class_of(asked) == expected
    assert expected in classes.ALL


def test_protocols_have_the_class_that_the_lock_writes() -> None:
    """From the drugs of a protocol what the registry's words gave."""
    for o in lock.read().contrasts:
        trial = from_study.preferred(o.target.study)
        assert components.kind_of(trial, o.target.arm, o.target.comparator) == o.kind, o.target
