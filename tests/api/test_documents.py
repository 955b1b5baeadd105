"""Documents checked, studies and models shown, the registry as tables, models exported."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import polars as pl
import pytest

import normoxia as nx
from normoxia import library
from normoxia.cli.app import execute
from normoxia.errors import InvalidArgument, OutputExists, UnknownName
from normoxia.evidence import registry


def test_a_document_with_faults_lists_them_all(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = library.path("drugs", "bevacizumab").read_text(encoding="utf-8")
    path.write_text(text.replace("clearance:", "clearence:"), encoding="utf-8")
    checked = nx.check(path)
    assert not checked.is_valid
    assert any("clearence" in finding for finding in checked.findings)
    assert checked.findings[0] in str(checked)
    assert "&quot;" in checked._repr_html_()
    assert "findings>" in repr(checked)
    assert nx.check(library.path("drugs", "bevacizumab")).is_valid


def test_drugs_populations_and_questions_are_read_by_any_name() -> None:
    assert "bevacizumab" in nx.drugs()
    assert nx.read_drug("Avastin").name == nx.read_drug("bevacizumab").name == "bevacizumab"
    assert nx.read_population("Advanced NSCLC").name == "advanced-nsclc"
    assert {"first-line-wt", "components"} <= set(nx.questions())
    for read, name in ((nx.read_drug, "bevacizumb"), (nx.read_population, "advanced-nsclcc")):
        with pytest.raises(UnknownName, match="did you mean"):
            read(name)


def test_values_show_themselves_shortly_and_as_html() -> None:
    study, model, trial = (
        nx.read_study("IMpower150"),
        nx.read_model("nsclc"),
        nx.read_trial("impower150"),
    )
    for value in (study, model, trial):
        assert len(repr(value)) < 300
        assert "<table>" in value._repr_html_()
    assert "IMpower150" in repr(study)
    assert f"{len(model.species)} species" in repr(model)
    assert "ABCP 400" in repr(trial)
    tag = model.statements[0].tag
    assert f"<td>{tag}</td>" in model._repr_html_()


def test_the_audit_is_that_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["evidence", "audit", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    audit = nx.audit()
    assert audit.content == printed
    assert audit.frame()["study"].to_list() == [row["study"] for row in printed["findings"]]
    assert f"{len(printed['findings'])} discrepancies" in repr(audit)
    assert nx.audit(lang="zh").content["findings"] != printed["findings"]


def test_a_table_of_the_registry_is_the_file_of_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "contrasts.csv"
    options = ["--endpoint", "OS", "--drug", "atezolizumab", "--quiet"]
    assert execute(["evidence", "export", "contrasts", *options, "--file", str(path)]) == 0
    frame = nx.evidence_table("contrasts", endpoint="OS", drug="atezolizumab")
    written = pl.read_csv(path)
    assert frame.columns == written.columns
    assert frame["TE"].to_list() == pytest.approx(written["TE"].to_list(), rel=1e-12)
    outcomes = nx.evidence_table()
    assert set(outcomes["study"]) <= {study.id for study in registry()}
    with pytest.raises(UnknownName, match="contrasts"):
        nx.evidence_table("contrast")
    with pytest.raises(InvalidArgument, match="ask for a rate"):
        nx.evidence_table("arms", endpoint="OS")


def test_an_arm_is_exported_as_by_the_command_line(tmp_path: Path) -> None:
    pytest.importorskip("libsbml")
    path = tmp_path / "cli.xml"
    options = ["--arm", "BCP", "--days", "43", "--quiet", "--file", str(path)]
    assert execute(["export", "impower150", *options]) == 0
    exported = nx.export(nx.read_trial("IMpower150"), arm="BCP", days=43)
    assert exported.text == path.read_text(encoding="utf-8")
    # three drugs on days 0, 21 and 42
    assert exported.n_doses == 9
    assert ET.fromstring(exported.text).tag.endswith("sbml")
    with pytest.raises(OutputExists):
        exported.save(path)
    with pytest.raises(InvalidArgument, match="name one of its arms"):
        nx.export("impower150")
    with pytest.raises(InvalidArgument, match="has no arms"):
        nx.export(nx.read_model("nsclc"), arm="BCP")
