"""Meta-analyses in Python: the numbers of the synthesis, and of the command line."""

from __future__ import annotations

import json
import math
from pathlib import Path

import polars as pl
import pytest

import normoxia as nx
from normoxia.cli.app import execute
from normoxia.errors import InvalidArgument, InvalidDocument, UnknownName

TABLE = "study,treatment,comparator,HR,lower,upper\nA,x,z,0.8,0.6,1.0666666667\nB,x,z,0.8,0.6,1.0666666667\nC,y,z,0.5,0.4,0.625\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "network.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_a_table_is_pooled_as_in_closed_form(table: Path) -> None:
    pooled = nx.pool(table, model="common", reference="z")
    effects = pooled.effects()
    row = effects.filter(treatment="x", comparator="z").row(0, named=True)
    # two equal studies: the same estimate, the standard error over the square root of two
    half = math.log(1.0 / 0.75) / math.sqrt(2.0)
    assert row["value"] == pytest.approx(0.8, rel=1e-6)
    assert row["low"] == pytest.approx(0.8 * math.exp(-half), rel=1e-6)
    assert row["high"] == pytest.approx(0.8 * math.exp(half), rel=1e-6)
    indirect = effects.filter(treatment="x", comparator="y").row(0, named=True)
    assert indirect["value"] == pytest.approx(0.8 / 0.5, rel=1e-6)
    assert len(effects) == 6
    assert effects["endpoint"].is_null().all()
    league = pooled.league()
    assert league["treatment"].to_list() == ["y", "x", "z"]
    assert league.filter(treatment="x")["z"].item().startswith("0.80 (")
    assert league.filter(treatment="x")["x"].item() is None
    assert "<table>" in pooled._repr_html_()
    assert repr(pooled) == "<MetaAnalysis network.csv: 3 treatments>"


def test_a_table_has_the_numbers_of_the_command_line(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["pool", str(table), "--json", "--quiet"]) == 0
    printed = json.loads(capsys.readouterr().out)
    own = nx.pool(str(table)).to_json()
    for key in ("effects", "heterogeneity", "ranking"):
        assert json.loads(json.dumps(own[key])) == printed[key]


def test_a_question_is_answered_by_any_spelling(capsys: pytest.CaptureFixture[str]) -> None:
    pooled = nx.pool("TKI or antibody")
    assert execute(["pool", "tki-or-antibody", "--json", "--quiet"]) == 0
    printed = json.loads(capsys.readouterr().out)
    frame = pooled.effects()
    for endpoint, analysis in printed["analyses"].items():
        expected = {
            (e["treatment"], e["comparator"]): e.get("ratio", e)["estimate"]
            for e in analysis.get("effects", ())
            if e["model"] == analysis["heterogeneity"]["model"]
        }
        rows = frame.filter(pl.col("endpoint") == endpoint)
        assert {
            (r["treatment"], r["comparator"]): r["value"] for r in rows.iter_rows(named=True)
        } == expected
    with pytest.raises(InvalidArgument, match="give endpoint="):
        pooled.league()
    assert pooled.league("pfs").width == pooled.league("PFS").width > 2


def test_what_cannot_be_pooled_is_refused(table: Path) -> None:
    table.write_text(TABLE + "D,y,z,-1,0.4,0.6\n", encoding="utf-8")
    with pytest.raises(InvalidDocument, match="leave_out_faulty=True"):
        nx.pool(table)
    assert len(nx.pool(table, leave_out_faulty=True).effects()) == 6
    with pytest.raises(UnknownName, match="question"):
        nx.pool("no such question")
    for wrong in ({"effect": "XX"}, {"tau": "YY"}, {"reference": "w"}):
        with pytest.raises(UnknownName):
            nx.pool(table, **wrong, leave_out_faulty=True)
    assert nx.pool(table, effect="hr", tau="reml", leave_out_faulty=True).effects().height == 6
    with pytest.raises(UnknownName, match="random"):
        nx.pool(table, model="fixed")
    with pytest.raises(InvalidArgument, match="belong to tables"):
        nx.pool("components", effect="HR")


@pytest.mark.parametrize("source", ["table", "question"])
def test_a_saved_analysis_is_read_back_with_its_options(
    table: Path, tmp_path: Path, source: str
) -> None:
    options = {"model": "common", "level": 0.9, "seed": 3}
    pooled = (
        nx.pool(table, reference="z", small_values="good", leave_one_out=True, **options)
        if source == "table"
        else nx.pool("egfr-post-tki", endpoints="PFS", **options)
    )
    folder = pooled.save(tmp_path / "pooled")
    opened = nx.open_pool(folder)
    assert opened.options == pooled.options
    assert opened.effects().equals(pooled.effects())
    assert opened.ranking().equals(pooled.ranking())
    for kind in ("forest", "network", "ranking"):
        assert pooled.plot(kind).svg().startswith("<svg")
    with pytest.raises(InvalidDocument, match=r"options\.json"):
        nx.open_pool(tmp_path)
    with pytest.raises(UnknownName, match="forest"):
        pooled.plot("forrest")


def test_options_of_the_command_are_options_of_the_function() -> None:
    """Every option of `normoxia pool` that is no matter of printing has an argument of the same name."""
    from inspect import signature

    from normoxia.cli.pool import pool as command

    printing = {"out", "lang", "json", "quiet", "rmtl_ratio"}
    names = {"what": "source", "endpoint": "endpoints", "column": "columns", "bayesian": "prior"}
    asked = {names.get(name, name) for name in signature(command).parameters} - printing
    assert asked <= set(signature(nx.pool).parameters)
