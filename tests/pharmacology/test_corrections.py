"""Corrected drug documents that the next calibration adopts: whole, of shipped drugs, and different from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from normoxia import library, pharmacology

FOLDER = library.path("drugs", "docetaxel").parent / "corrections"
CORRECTED = sorted(FOLDER.glob("*.yaml"))


def test_there_are_some() -> None:
    assert len(CORRECTED) == 15


@pytest.mark.parametrize("path", CORRECTED, ids=lambda path: path.stem)
def test_a_correction_is_a_whole_document_of_a_shipped_drug(path: Path) -> None:
    corrected, shipped = pharmacology.read(str(path)), pharmacology.read(path.stem)
    assert corrected.name == shipped.name
    assert corrected != shipped
    assert pharmacology.library().count(path.stem) == 1


def test_docetaxels_correction_has_the_published_exposure_that_the_shipped_one_misses() -> None:
    """Area under the curve and peak after 100 mg/m2, as on the page of corrections: ratios 2.17 and 2.42 become 1.10 and 0.95."""
    from normoxia.pharmacology import exposure

    for name, within in (("docetaxel", False), (str(FOLDER / "docetaxel.yaml"), True)):
        compared = exposure.comparisons([pharmacology.read(name)])
        ratios = {
            c.exposure.measure: c.ratio for c in compared if c.exposure.measure in ("auc", "peak")
        }
        assert ratios.keys() == {"auc", "peak"}
        assert all(0.8 <= ratio <= 1.25 for ratio in ratios.values()) is within
