"""The generated study documents are what the kept script makes: the same bytes from the same extraction."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from normoxia import library

ROOT = Path(__file__).parents[3]
TOOL = ROOT / "tools" / "registry"


def generate(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(TOOL / "generate.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{TOOL}"},
        check=False,
    )


def test_the_sample_gives_the_library_s_documents(tmp_path: Path) -> None:
    made = generate(TOOL / "sample.yaml", "--out", tmp_path)
    assert made.returncode == 0, made.stderr
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["empower-lung-3.yaml", "paramount.yaml"]
    for name in names:
        shipped = library.folder("studies") / name
        assert (tmp_path / name).read_bytes() == shipped.read_bytes(), name


def test_a_trial_of_the_sealed_forecasts_is_refused(tmp_path: Path) -> None:
    designs = tmp_path / "designs.yaml"
    designs.write_text("studies: [{id: empower_lung-3}]\n", encoding="utf-8")
    refused = generate(TOOL / "sample.yaml", "--out", tmp_path / "out", "--not-in", designs)
    assert refused.returncode != 0
    assert "forecast designs must stay without results: empower-lung-3" in refused.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("word", ["line", "histology", "egfr_alk", "pdl1_selection"])
def test_what_is_not_printed_is_unstated(tmp_path: Path, word: str) -> None:
    sample = yaml.safe_load((TOOL / "sample.yaml").read_text(encoding="utf-8"))
    trial = sample["studies"][0]
    trial["setting"][word] = None
    (tmp_path / "trial.yaml").write_text(yaml.safe_dump(sample), encoding="utf-8")
    made = generate(tmp_path / "trial.yaml", "--out", tmp_path / "out", "--only", trial["id"])
    assert made.returncode == 0, made.stderr
    (path,) = (tmp_path / "out").iterdir()
    setting = yaml.safe_load(path.read_text(encoding="utf-8"))["setting"]
    field = {"egfr_alk": "driver", "pdl1_selection": "pdl1"}.get(word, word)
    assert setting[field] == "unstated"
