"""Which components a figure's shift concerns."""

from __future__ import annotations

from normoxia.calibration.fitting import discrepancy
from normoxia.calibration.fitting.summaries import Kind, Statistic
from normoxia.outcome import Endpoint


def row(
    study: str, arm: str, comparator: str, endpoint: Endpoint, kind: Kind = Kind.RATIO
) -> dict[str, float]:
    found = discrepancy.design(
        (
            Statistic(
                study=study, kind=kind, endpoint=endpoint, set="all", arm=arm, comparator=comparator
            ),
        )
    )[0]
    return {name: value for name, value in zip(discrepancy.names(), found, strict=True) if value}


def test_added_and_dropped_components_count_with_their_sign() -> None:
    assert row("OAK", "atezo", "docetaxel", Endpoint.OS) == {"OS ICI": 1.0, "OS docetaxel": -1.0}
    assert row("KEYNOTE-189", "pembro_chemo", "pbo_chemo", Endpoint.PFS) == {"PFS ICI": 1.0}


def test_a_bispecific_counts_as_its_two_parts() -> None:
    assert row("HARMONi-A", "ivo_chemo", "pbo_chemo", Endpoint.PFS) == {
        "PFS ICI": 1.0,
        "PFS VEGF antibody": 1.0,
    }


def test_what_is_no_ratio_of_a_whole_set_does_not_shift() -> None:
    assert row("OAK", "atezo", "docetaxel", Endpoint.OS, Kind.STRATUM) == {}
    assert row("OAK", "atezo", "", Endpoint.ORR, Kind.RESPONSE) == {}
