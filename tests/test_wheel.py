"""The package as it is installed: built into a wheel and put into a fresh environment, where it runs without the sources."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the build backend without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    code = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return folder / built.stdout.split()[-1]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in an environment that has the wheel, and the dependencies of the one that runs the tests."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    asked = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run(
        [scripts / "python", "-m", "pip", "install", "--quiet", "--no-deps", wheel],
        env={**os.environ, **asked},
        check=True,
    )
    packages = subprocess.run(
        [scripts / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    # after the environment's own, so that the wheel comes first
    (Path(packages) / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return scripts / "normoxia"


def call(program: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed program in a folder, without the path of the sources."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [program, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def test_the_wheel_holds_every_document_of_the_library(wheel: Path) -> None:
    source = ROOT / "src"
    expected = {
        path.relative_to(source).as_posix()
        for path in (source / "normoxia").rglob("*")
        if path.suffix in (".py", ".yaml", ".json", ".npz", ".gz", ".typed", ".html", ".css", ".js")
        or path.name == "py.typed"
    }
    with zipfile.ZipFile(wheel) as archive:
        assert expected <= {*archive.namelist()}


def test_a_trial_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    asked = ("--patients", "4", "--replicates", "8", "--out", "run", "--json")
    answer = call(installed, tmp_path, "run", "impower150", *asked)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["manifest"]["seed"] == 1
    for name in ("patients.parquet", "report.html", "manifest.json", "figures"):
        assert (tmp_path / "run" / name).exists(), name
    where = call(installed.with_name("python"), tmp_path, "-c", "import normoxia; print(normoxia)")
    assert "site-packages" in where.stdout
    assert str(ROOT) not in where.stdout


def test_doctor_and_the_list_run_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    answer = call(installed, tmp_path, "doctor", "--json")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert found["normoxia"] == call(installed, tmp_path, "--version").stdout.split()[1]
    assert "missing" not in found["numpy"]
    listed = json.loads(call(installed, tmp_path, "list", "--json").stdout)
    assert sum(len(kind["entries"]) for kind in listed["kinds"]) > 150


def test_the_page_is_served_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """In the environment's own Python, by the application itself: the page, its assets, and the stored first screen."""
    code = (
        "import asyncio, re, sys; from pathlib import Path; from normoxia.web.page import BuiltPage; "
        "from normoxia.web import stored; from normoxia.web.settings import ServerSettings; "
        "page = BuiltPage(ServerSettings(folder=Path('.')).static); ask = lambda p: asyncio.run(page.reply(p)).body; "
        "first = ask('').decode(); names = re.findall(r'(?:src|href)=\"/(assets/[^\"]+)\"', first); "
        "print(len(names), min(len(ask(name)) for name in names), len(stored.read('first-zh')))"
    )
    answer = call(installed.with_name("python"), tmp_path, "-c", code)
    assert answer.returncode == 0, answer.stderr
    n_assets, smallest, n_sets = map(int, answer.stdout.split())
    assert (n_assets >= 2, smallest > 100, n_sets) == (True, True, 3)


def test_a_pool_runs_from_the_wheel_in_chinese(installed: Path, tmp_path: Path) -> None:
    answer = call(installed, tmp_path, "pool", "First Line WT", "--endpoint", "os", "--lang", "ZH")
    assert answer.returncode == 0, answer.stderr
    assert "网状" in answer.stdout or "异质性" in answer.stdout
