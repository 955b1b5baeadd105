"""Tables go out with the columns other programs expect, and only with numbers that stand."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from normoxia import evidence
from normoxia.errors import InvalidArgument, OutputExists
from normoxia.evidence import export


def test_contrasts_have_netmeta_s_columns_and_the_textbook_standard_error() -> None:
    rows = {row["studlab"]: row for row in export.netmeta_contrasts(evidence.registry(), "OS")}
    assert list(rows["CONTACT-01"])[:5] == ["studlab", "treat1", "treat2", "TE", "seTE"]
    assert (rows["CONTACT-01"]["origin"], rows["CONTACT-01"]["basis"]) == ("published", "interval")
    # by hand: log(0.88) = -0.12783; (log 1.16 - log 0.68) / 3.919928 = 0.13625
    assert rows["CONTACT-01"]["TE"] == pytest.approx(-0.12783, abs=1e-5)
    assert rows["CONTACT-01"]["seTE"] == pytest.approx(0.13625, abs=1e-5)
    assert (rows["CONTACT-01"]["treat1"], rows["CONTACT-01"]["treat2"]) == (
        "ICI + VEGFR TKI",
        "chemotherapy",
    )
    assert "HARMONi-A" not in rows  # its final hazard ratio has no interval


def test_another_population_and_other_nodes_can_be_asked_for() -> None:
    (row,) = export.netmeta_contrasts(
        evidence.registry().select(drug="ivonescimab"),
        "PFS",
        {"HARMONi-A": "brain_mets"},
        node=lambda arm: arm.id,
    )
    assert (row["treat1"], row["treat2"]) == ("ivo_chemo", "pbo_chemo")
    assert row["TE"] == pytest.approx(math.log(0.40))


def test_counts_of_responders_are_whole_patients_of_known_arms() -> None:
    rows = {
        (row["studlab"], row["treatment"]): row
        for row in export.netmeta_arms(evidence.registry(), "ORR")
    }
    # as the publications count them: 16 of 22 (Chu), 107 of 154 is 69.5% (ATTLAS), 66 of 151 ...
    assert rows["CHU-SINTI-ANLO", "ICI + VEGFR TKI"]["event"] == 16
    assert rows["ATTLAS", "ICI + VEGF antibody + chemotherapy"]["event"] == 107
    assert rows["HARMONi-A", "chemotherapy"]["event"] == 57
    assert rows["HARMONi-A", "bispecific + chemotherapy"]["exact"] == 0  # 50.6% of 161
    assert all(0 <= row["event"] <= row["n"] for row in rows.values())


def test_revman_s_columns() -> None:
    ratio = export.revman_contrasts(evidence.registry(), "OS")[0]
    assert list(ratio)[3:] == ["log[Hazard Ratio]", "SE", "Experimental Total", "Control Total"]
    (rate,) = export.revman_rates(evidence.registry().select(drug="lenvatinib", pdl1=">=1%"), "ORR")
    assert (rate["Experimental"], rate["Control"]) == ("lenva_pembro", "pbo_pembro")
    assert (rate["Experimental Events"], rate["Experimental Total"]) == (125, 309)


def test_derived_values_go_out_only_when_asked_and_say_so() -> None:
    registry = evidence.registry().select(drug="nivolumab")
    assert {row["origin"] for row in export.outcome_rows(registry)} == {"published"}
    assert {row["origin"] for row in export.outcome_rows(registry, derived=True)} == {
        "published",
        "derived",
    }
    assert {row["origin"] for row in export.curve_rows(registry)} == {"derived"}


def test_csv_and_parquet_hold_the_same_rows(tmp_path: Path) -> None:
    import polars

    rows = export.outcome_rows(evidence.registry())
    export.write(rows, tmp_path / "rows.csv")
    export.write(rows, tmp_path / "rows.parquet")
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    frame = polars.read_parquet(tmp_path / "rows.parquet")
    assert len(written) == frame.height == len(rows)
    assert written[0]["study"] == frame["study"][0] == rows[0]["study"]
    assert float(written[3]["value"]) == frame["value"][3] == rows[3]["value"]


def test_a_file_is_not_overwritten_and_another_ending_is_refused(tmp_path: Path) -> None:
    rows = export.curve_rows(evidence.registry())
    export.write(rows, tmp_path / "a.csv")
    with pytest.raises(OutputExists, match="exists"):
        export.write(rows, tmp_path / "a.csv")
    with pytest.raises(InvalidArgument, match=r"use \.csv or \.parquet"):
        export.write(rows, tmp_path / "a.xlsx")
    with pytest.raises(InvalidArgument, match="no rows"):
        export.write((), tmp_path / "b.csv")


def test_exported_contrasts_pool_as_they_are(tmp_path: Path) -> None:
    """AVAiL and KEYNOTE-010 have two doses against one control; a study may not give one contrast twice."""
    for endpoint in ("PFS", "OS"):
        rows = export.netmeta_contrasts(evidence.registry(), endpoint)
        pairs = [(row["studlab"], frozenset((row["treat1"], row["treat2"]))) for row in rows]
        assert len(set(pairs)) == len(pairs)
        assert all(len(pair) == 2 for _, pair in pairs)
        file = export.write(rows, tmp_path / f"{endpoint}.csv")
        evidence.read_network(file)


def test_what_is_not_known_is_empty_not_zero(tmp_path: Path) -> None:
    import polars

    rows = export.outcome_rows(evidence.registry())
    for name in ("rows.csv", "rows.parquet"):
        file = export.write(rows, tmp_path / name)
        table = (
            polars.read_csv(file, infer_schema_length=None)
            if name.endswith("csv")
            else polars.read_parquet(file)
        )
        assert table["n"].null_count() > 0
        assert (table["n"].drop_nulls() > 0).all()
    totals = {
        row["Study"]: row["Experimental Total"]
        for row in export.revman_contrasts(evidence.registry(), "PFS")
    }
    assert math.isnan(totals["IMpower150"])  # the hazard ratio is of the wild type, 400 is of all
    assert totals["LEAP-007"] == 309
