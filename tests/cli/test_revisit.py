"""`normoxia verify`, `report` and `run --resume` on folders that are not as their run left them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.conftest import Answer

from normoxia import documents
from normoxia.cli.app import execute
from normoxia.errors import InvalidDocument
from normoxia.trial import finished, runner
from normoxia.trial.folder import RunFolder, chunk_identity, read_config, sealed_manifest
from normoxia.trial.result import TrialResult

SOURCE = Path(__file__).parents[2] / "src"
#: a chunk each replicate: 2 patients an arm, 3 replicates
ASKED = (
    "run",
    "impower150",
    "--uncalibrated",
    "--patients",
    "2",
    "--replicates",
    "3",
    "--no-report",
    "--quiet",
)
CHUNKS = ("000000.parquet", "000001.parquet", "000002.parquet")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of finished runs: `run`, the same with another seed, and the same of another size."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "CHUNK_PATIENTS", 2)
        assert execute([*ASKED, "--out", str(folder / "run")]) == 0
        assert execute([*ASKED, "--seed", "2", "--out", str(folder / "seed")]) == 0
        assert execute([*ASKED, "--tolerance", "0.002", "--out", str(folder / "other")]) == 0
    return folder


@pytest.fixture
def run(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the finished run, in the folder where the command line works."""
    monkeypatch.setattr(runner, "CHUNK_PATIENTS", 2)
    shutil.copytree(runs / "run", tmp_path / "run")
    return tmp_path / "run"


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


# --- chunks ---


@given(data=st.data())
def test_a_chunk_with_any_bit_flipped_is_never_read_as_good(
    runs: Path, data: st.DataObject
) -> None:
    content = (runs / "run" / "chunks" / CHUNKS[0]).read_bytes()
    identity = chunk_identity(read_config(runs / "run"), CHUNKS[0])
    changed = flipped(content, data.draw(st.integers(0, 8 * len(content) - 1)))
    for wanted in (identity, None):
        with pytest.raises(InvalidDocument):
            TrialResult.from_bytes(changed, "chunk", wanted)


@given(data=st.data())
def test_a_chunk_cut_or_changed_in_a_stretch_is_never_read_as_good(
    runs: Path, data: st.DataObject
) -> None:
    content = (runs / "run" / "chunks" / CHUNKS[0]).read_bytes()
    identity = chunk_identity(read_config(runs / "run"), CHUNKS[0])
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(content))] * 2)))
    changed = content[:start] + data.draw(st.binary(max_size=40)) + content[end:]
    if changed != content:
        with pytest.raises(InvalidDocument):
            TrialResult.from_bytes(changed, "chunk", identity)


def damaged(runs: Path, kind: str) -> bytes:
    """What stands in the place of the second chunk."""
    own, first = (runs / "run" / "chunks" / name for name in (CHUNKS[1], CHUNKS[0]))
    content = own.read_bytes()
    return {
        "flipped": lambda: flipped(content, 8 * (len(content) // 2)),
        "flipped in a number": lambda: flipped(content, 8 * 60 + 3),
        "cut short": lambda: content[: len(content) // 2],
        "empty": lambda: b"",
        "of another seed": lambda: (runs / "seed" / "chunks" / own.name).read_bytes(),
        "of another run": lambda: (runs / "other" / "chunks" / own.name).read_bytes(),
        "of another place": first.read_bytes,
        "without a seal": lambda: _unsealed(content),
    }[kind]()


def _unsealed(content: bytes) -> bytes:
    """The same table as another program would write it."""
    frame = pl.read_parquet(content)
    told = pl.read_parquet_metadata(content)["normoxia"]
    buffer = io.BytesIO()
    frame.write_parquet(buffer, metadata={"normoxia": told})
    return buffer.getvalue()


KINDS = (
    "flipped",
    "flipped in a number",
    "cut short",
    "empty",
    "of another seed",
    "of another run",
    "of another place",
    "without a seal",
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_chunk_that_does_not_fit_is_named_and_run_again(
    normoxia: Callable[..., Answer], runs: Path, run: Path, kind: str
) -> None:
    chunk = run / "chunks" / CHUNKS[1]
    whole = chunk.read_bytes()
    chunk.write_bytes(damaged(runs, kind))
    for verb in ("report", "verify"):
        answer = normoxia(verb, "run")
        assert answer.code == 3, answer.err
        assert f"chunks/{chunk.name}" in answer.err
        assert CHUNKS[0] not in answer.err
    assert not (run / "report.html").exists()
    answer = normoxia(*ASKED, "--out", "run", "--resume")
    assert answer.code == 0
    assert f"chunks/{chunk.name}: " in answer.err
    assert "this part is run again" in answer.err
    assert chunk.read_bytes() == whole
    if (
        kind == KINDS[0]
    ):  # the same folder, whatever stood there: running it all again once is enough
        assert normoxia("verify", "run", "--whole", "--quiet").code == 0


def test_manifest_and_digests_made_to_fit_a_foreign_chunk_do_not_help_it(
    normoxia: Callable[..., Answer], runs: Path, run: Path
) -> None:
    chunk = run / "chunks" / CHUNKS[1]
    chunk.write_bytes((runs / "seed" / "chunks" / CHUNKS[1]).read_bytes())
    rewrite(run, lambda told: told["outputs"].update({f"chunks/{chunk.name}": short(chunk)}))
    answer = normoxia("verify", "run", "--quiet")
    assert answer.code == 3
    assert f"chunks/{chunk.name}: belongs to another run, seed or place" in answer.err


def test_numbers_changed_and_sealed_again_are_found_by_running_again(
    normoxia: Callable[..., Answer], run: Path
) -> None:
    """Whoever seals a chunk anew with patients lost a day later is found out by the patients that are run again."""
    chunk = run / "chunks" / CHUNKS[2]
    identity = chunk_identity(read_config(run), chunk.name)
    result = TrialResult.read(chunk, identity)
    moved = {**result.columns, "survival_loss": result.columns["survival_loss"] + 1.0}
    chunk.write_bytes(replace(result, columns=moved).to_bytes(identity))
    rewrite(run, lambda told: told["outputs"].update({f"chunks/{chunk.name}": short(chunk)}))
    answer = normoxia("verify", "run", "--quiet")
    assert answer.code == 1
    assert f"chunks/{chunk.name} came out otherwise than in the run (survival_loss)" in answer.err


def test_a_chunk_too_many_or_too_few_is_named(normoxia: Callable[..., Answer], run: Path) -> None:
    shutil.copyfile(run / "chunks" / CHUNKS[0], run / "chunks" / "000003.parquet")
    for verb in ("report", "verify"):
        answer = normoxia(verb, "run")
        assert (answer.code, "chunks/000003.parquet is no part of the run" in answer.err) == (
            3,
            True,
        )
    (run / "chunks" / "000003.parquet").unlink()
    (run / "chunks" / CHUNKS[2]).unlink()
    for verb in ("report", "verify"):
        answer = normoxia(verb, "run")
        assert (answer.code, f"chunks/{CHUNKS[2]}" in answer.err) == (3, True)


@given(data=st.data())
def test_a_manifest_or_configuration_with_any_bit_flipped_is_never_taken(
    runs: Path, data: st.DataObject
) -> None:
    path = runs / "run" / data.draw(st.sampled_from(["manifest.json", "config.yaml"]))
    whole = path.read_bytes()
    try:
        path.write_bytes(flipped(whole, data.draw(st.integers(0, 8 * len(whole) - 1))))
        with pytest.raises(InvalidDocument):
            finished.read(runs / "run")
    finally:
        path.write_bytes(whole)


def test_a_folder_that_vanishes_under_a_run_is_named(
    normoxia: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "CHUNK_PATIENTS", 2)
    write = RunFolder.write_chunk

    def vanish(self: RunFolder, name: str, content: bytes) -> None:
        if name == CHUNKS[1]:
            shutil.rmtree(self.path)
        write(self, name, content)

    monkeypatch.setattr(RunFolder, "write_chunk", vanish)
    answer = normoxia(*ASKED, "--out", "run")
    assert answer.code == 1
    assert f"No such file or directory (run/chunks/{CHUNKS[1]})" in answer.err
    assert [*tmp_path.iterdir()] == []


# --- verify ---


def short(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def rewrite(run: Path, change: Callable[[dict], object]) -> None:
    """Change the manifest and seal it again, as somebody would who knows how."""
    path = run / "manifest.json"
    told = json.loads(path.read_text())
    change(told)
    told.pop("seal", None)
    path.write_bytes(sealed_manifest(told))


@pytest.mark.slow
def test_verify_compares_every_entry_of_the_manifest(
    normoxia: Callable[..., Answer], run: Path
) -> None:
    """Changed, left out, or added, whether the manifest is sealed again or not; times and the folder's name are nobody's to repeat."""
    path = run / "manifest.json"
    original = path.read_bytes()
    told = json.loads(original)
    unrepeatable = {"wall_seconds", "cpu_seconds", "folder", "machine"}
    for key in told:
        if key == "seal":
            continue
        for changed in ({**told, key: "another"}, {k: v for k, v in told.items() if k != key}):
            path.write_text(json.dumps(changed))
            assert normoxia("verify", "run", "--quiet").code == 3, key
            if key not in unrepeatable:
                changed.pop("seal")
                path.write_bytes(sealed_manifest(changed))
                answer = normoxia("verify", "run", "--quiet")
                assert answer.code == 3, key
                assert answer.err.startswith("normoxia: "), key
    path.write_bytes(original)
    rewrite(run, lambda told: told.update({"approved": True}))
    assert '"approved" is no entry of a run' in normoxia("verify", "run", "--quiet").err
    path.write_bytes(original)
    assert normoxia("verify", "run", "--quiet").code == 0


@pytest.mark.parametrize("entry", ["versions", "inputs", "patients", "regimens"])
def test_verify_compares_the_entries_within_an_entry(
    normoxia: Callable[..., Answer], run: Path, entry: str
) -> None:
    rewrite(run, lambda told: told[entry].update({next(iter(told[entry])): "another"}))
    answer = normoxia("verify", "run", "--quiet")
    assert (answer.code, f"manifest.json: {entry}." in answer.err) == (3, True)


@pytest.mark.slow
def test_verify_compares_every_entry_of_the_configuration(
    normoxia: Callable[..., Answer], run: Path
) -> None:
    """Even when manifest and configuration are changed together, since the chunks say what they are of."""
    path = run / "config.yaml"
    config = read_config(run)
    for key, value in config.items():
        other = {"int": 7, "float": 0.5, "str": "another", "list": ["C21"], "dict": {"x": "y"}}[
            type(value).__name__
        ]
        for changed in ({**config, key: other}, {k: v for k, v in config.items() if k != key}):
            path.write_text(documents.write(changed))
            answer = normoxia("verify", "run", "--quiet")
            assert (answer.code, "config.yaml" in answer.err) == (3, True), key
            told = json.loads((run / "manifest.json").read_text())
            rewrite(
                run,
                lambda told: told.update(
                    {"config_sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
                ),
            )
            assert normoxia("verify", "run", "--quiet").code == 3, key
            rewrite(run, lambda new, told=told: new.update(told))


def test_verify_names_files_that_are_missing_changed_or_added(
    normoxia: Callable[..., Answer], run: Path
) -> None:
    (run / "notes.txt").write_text("mine")
    (run / "figures").mkdir()
    (run / "figures" / "x.svg").write_text("mine")
    (run / "patients.parquet").unlink()
    (run / "outcomes.csv").write_text("mine")
    log = run / "log.jsonl"
    log.write_text(log.read_text().replace("started", "STARTED"))
    answer = normoxia("verify", "run", "--quiet")
    assert answer.code == 3
    for words in (
        "notes.txt was added",
        "figures/x.svg was added",
        "patients.parquet not as the manifest says (it is missing)",
        "outcomes.csv not as the manifest says",
        "log.jsonl not as the manifest says",
    ):
        assert words in answer.err


def drawn(path: Path) -> bytes:
    """A report without the numbers of clip paths, which count on within a process."""
    return re.sub(rb"clip\d+", b"clip", path.read_bytes())


def test_a_report_drawn_again_is_part_of_the_run(
    normoxia: Callable[..., Answer], run: Path
) -> None:
    """That it is drawn the same again is a test of the full suite."""
    assert normoxia("report", "run").code == 0
    assert normoxia("verify", "run", "--quiet").code == 0


@pytest.mark.slow
def test_the_report_drawn_again_is_the_one_of_the_run(
    normoxia: Callable[..., Answer], tmp_path: Path
) -> None:
    asked = [word for word in ASKED if word != "--no-report"]
    assert normoxia(*asked, "--out", "run").code == 0
    first = drawn(tmp_path / "run" / "report.html")
    assert normoxia("report", "run", "--file", "again.html").code == 0
    assert drawn(tmp_path / "again.html") == first
    assert normoxia("verify", "run", "--quiet").code == 0
    assert normoxia("report", "run", "--force").code == 0
    assert drawn(tmp_path / "run" / "report.html") == first
    assert normoxia("verify", "run", "--quiet").code == 0


@pytest.mark.parametrize("share", ["0", "-0.1", "1.1", "nan", "inf"])
def test_a_share_that_cannot_be_meant_is_refused(
    normoxia: Callable[..., Answer], run: Path, share: str
) -> None:
    answer = normoxia("verify", "run", "--share", share)
    assert (answer.code, f"share {float(share):g}: expected" in answer.err) == (2, True)


def test_a_share_of_every_chunk_is_run_again(
    normoxia: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """40 patients in each of 3 arms, in chunks of 20: a quarter is above the least of 10, a tenth is not."""
    monkeypatch.setattr(runner, "CHUNK_PATIENTS", 20)
    asked = (
        "run",
        "impower150",
        "--uncalibrated",
        "--patients",
        "40",
        "--no-report",
        "--quiet",
        "--out",
        "run",
    )
    assert normoxia(*asked).code == 0
    for options, n in ((("--share", "0.75"), 90), ((), 60), (("--whole",), 120)):
        answer = normoxia("verify", "run", *options)
        assert answer.code == 0
        assert f"{n} of 120 patients, of all 2 chunks" in answer.err


def test_verify_succeeds_from_the_same_code_elsewhere(run: Path, tmp_path: Path) -> None:
    """No digest holds where the documents lie, nor how this version of Python prints a value or orders a set."""
    shutil.copytree(SOURCE, tmp_path / "other place", ignore=shutil.ignore_patterns("__pycache__"))
    script = "from normoxia.trial import runner\nrunner.CHUNK_PATIENTS = 2\nfrom normoxia.cli import main\nmain()\n"
    answer = subprocess.run(
        [sys.executable, "-c", script, "verify", str(run), "--whole", "--quiet"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "other place"), "PYTHONHASHSEED": "7"},
        check=False,
    )
    assert (answer.returncode, answer.stderr) == (
        0,
        f"{run}: 6 outputs as written; 18 of 18 patients, of all 3 chunks, came out the same, to the byte\n",
    )


# --- folders of others ---


def test_a_folder_of_an_earlier_version_is_reported_and_said_to_be_one(
    normoxia: Callable[..., Answer], run: Path
) -> None:
    """As version 0.1 left them: chunks without seals, digests of the outputs in the manifest, and no more."""
    for path in (run / "chunks").iterdir():
        content = path.read_bytes()
        told = json.loads(pl.read_parquet_metadata(content)["normoxia"])
        del told["identity"]
        told["schema"] = "normoxia.trial-result/1"
        pl.read_parquet(content).write_parquet(path, metadata={"normoxia": json.dumps(told)})
    manifest = json.loads((run / "manifest.json").read_text())
    for key in ("schema", "seal", "config_sha256", "inputs", "machine", "log"):
        del manifest[key]
    manifest["outputs"] = {name: short(run / name) for name in manifest["outputs"]}
    (run / "manifest.json").write_text(json.dumps(manifest))
    config = read_config(run)
    del config["inputs"]
    (run / "config.yaml").write_text(documents.write({**config, "schema": "normoxia.config/1"}))
    answer = normoxia("report", "run")
    assert (answer.code, "is of an earlier version" in answer.err) == (0, True)
    answer = normoxia("verify", "run")
    assert (answer.code, "written by an earlier version of normoxia" in answer.err) == (3, True)
    answer = normoxia(*ASKED, "--out", "run", "--resume")
    assert (answer.code, "begun by another version of normoxia" in answer.err) == (2, True)
    # what it can be held against, it is held against
    chunk = run / "chunks" / CHUNKS[1]
    chunk.write_bytes(flipped(chunk.read_bytes(), 999))
    answer = normoxia("report", "run", "--force")
    assert (answer.code, f"chunks/{CHUNKS[1]}: not as the manifest says" in answer.err) == (3, True)


@pytest.mark.parametrize("file", ["manifest.json", "config.yaml"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"outputs": 3}',
        b'{"outputs": {"../x": "1"}}',
        b"\0" * 50,
    ],
)
def test_no_content_of_a_folders_files_gives_a_traceback(
    normoxia: Callable[..., Answer], run: Path, file: str, content: bytes
) -> None:
    (run / file).write_bytes(content)
    for verb in ("report", "verify"):
        answer = normoxia(verb, "run")
        assert answer.code == 3
        assert str(Path("run") / file) in answer.err or file in answer.err
    if file == "config.yaml":
        answer = normoxia(*ASKED, "--out", "run", "--resume")
        assert answer.code in (0, 2, 3)
        assert (answer.code == 0) == (not content.strip(b"\0"))


def test_what_is_no_folder_of_a_run_is_named(
    normoxia: Callable[..., Answer], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    for name in ("file", "empty", "missing"):
        for verb in ("report", "verify"):
            answer = normoxia(verb, name)
            assert (answer.code, name in answer.err) == (3, True)


# --- begun and ended ---


def test_what_a_killed_run_leaves_before_it_began_locks_nobody_out(
    normoxia: Callable[..., Answer], tmp_path: Path
) -> None:
    for name, resume in (("a", ()), ("b", ("--resume",))):
        folder = tmp_path / name
        (folder / "chunks").mkdir(parents=True)
        (folder / "config.yaml").touch()
        (folder / ".lock").write_text("99\n")
        (folder / ".config.yaml.99-abc.part").write_text("half")
        assert normoxia(*ASKED, "--out", name, *resume).code == 0
        assert normoxia("verify", name, "--quiet").code == 0
        assert not (folder / ".config.yaml.99-abc.part").exists()


def test_two_processes_do_not_write_one_folder(
    normoxia: Callable[..., Answer], tmp_path: Path, run: Path
) -> None:
    from normoxia.storage import claimed

    with claimed(run):
        answer = normoxia(*ASKED, "--out", "run", "--resume")
    assert (answer.code, "is being written by another process" in answer.err) == (2, True)


@pytest.mark.parametrize(
    "options",
    [("--tolerance", value) for value in ("0", "-1e-3", "1", "2", "nan", "inf", "-inf", "1e-300")]
    + [
        ("--patients", "0"),
        ("--patients", "-3"),
        ("--replicates", "-1"),
        ("--workers", "-1"),
        ("--lang", "xx"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_a_folder_is_made(
    normoxia: Callable[..., Answer], tmp_path: Path, options: tuple[str, ...]
) -> None:
    for out in (("--out", "run"), ()):
        answer = normoxia("run", "impower150", "--uncalibrated", "--patients", "2", *options, *out)
        assert answer.code == 2
        assert options[0] in answer.err or options[1] in answer.err
    assert [*tmp_path.iterdir()] == []


def test_a_configuration_that_is_gone_or_blank_costs_no_chunk(
    normoxia: Callable[..., Answer], run: Path
) -> None:
    """Chunks say themselves which configuration they are of."""
    chunks = {
        path.name: (path.stat().st_ino, path.read_bytes()) for path in (run / "chunks").iterdir()
    }
    for content in (None, b"\0" * 4096):  # an empty one is among the contents above
        (run / "config.yaml").unlink()
        if content is not None:
            (run / "config.yaml").write_bytes(content)
        assert normoxia(*ASKED, "--out", "run", "--resume").code == 0
        assert {
            path.name: (path.stat().st_ino, path.read_bytes())
            for path in (run / "chunks").iterdir()
        } == chunks
        assert normoxia("verify", "run", "--quiet").code == 0


@pytest.mark.parametrize(
    "name",
    [
        # with figures, whose names are made of those of sets: drawing them takes four seconds
        pytest.param("../../up", marks=pytest.mark.slow),
        "/tmp/normoxia-escaped",
        "a/b",
        pytest.param("CON", marks=pytest.mark.slow),
        "x" * 300,
        "..",
        pytest.param("a\\b", marks=pytest.mark.slow),
    ],
)
def test_no_name_in_a_protocol_leads_out_of_the_folder(
    normoxia: Callable[..., Answer], tmp_path: Path, name: str
) -> None:
    """The trial's own, its arms', and those of its sets, which name figures."""
    text = (SOURCE / "normoxia" / "library" / "trials" / "impower150.yaml").read_text()
    quoted = json.dumps(name)
    for old, new in (
        ("trial: impower150", f"trial: {quoted}"),
        ("  ABCP:\n", f"  {quoted}:\n"),
        ("ABCP, control", f"{quoted}, control"),
        ("study: IMpower150\n", ""),
        ("  EGFR-mutant:", f"  {quoted}:"),
    ):
        text = text.replace(old, new)
    work = tmp_path / "in" / "here"
    work.mkdir(parents=True)
    (work / "mine.yaml").write_text(text)
    os.chdir(work)
    drawing = () if name == "../../up" else ("--no-report",)
    answer = normoxia("run", "mine.yaml", "--uncalibrated", "--patients", "2", "--quiet", *drawing)
    assert answer.code == 0, answer.err
    assert {p.name for p in tmp_path.iterdir()} == {"in"}
    assert {p.name for p in (tmp_path / "in").iterdir()} == {"here"}
    assert {p.name for p in work.iterdir()} == {"mine.yaml", "runs"}
    (folder,) = (work / "runs").iterdir()
    assert (folder / "manifest.json").is_file()
    assert normoxia("verify", folder, "--quiet").code == 0
    assert not Path("/tmp/normoxia-escaped").exists()


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_terminate_is_taken_as_an_interruption(
    tmp_path: Path, end: signal.Signals
) -> None:
    command = [
        sys.executable,
        "-m",
        "normoxia",
        "run",
        "impower150",
        "--patients",
        "300",
        "--replicates",
        "8",
        "--no-report",
        "--quiet",
    ]
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    process = subprocess.Popen(
        [*command, "--out", "cut"],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    chunks = tmp_path / "cut" / "chunks"
    deadline = time.monotonic() + 120
    while not (chunks.is_dir() and any(chunks.glob("*.parquet"))):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(end)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert (
        "finished chunks are in cut; go on with: normoxia run impower150 --out cut --resume" in err
    )
    assert not (tmp_path / "cut" / ".lock").exists()
    again = subprocess.run(
        [*command, "--out", "cut", "--resume"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        check=False,
    )
    assert again.returncode == 0


# --- documents that the protocol names by path ---


def own_protocol(normoxia: Callable[..., Answer], folder: Path) -> Path:
    """A protocol that names a drug and a population of its own, which stand beside it."""
    folder.mkdir()
    library = SOURCE / "normoxia" / "library"
    drug = (library / "drugs" / "anlotinib.yaml").read_text(encoding="utf-8")
    (folder / "tested.yaml").write_text(
        re.sub("(?m)^drug: .*", "drug: tested", drug), encoding="utf-8"
    )
    shutil.copy(library / "populations" / "advanced-nsclc.yaml", folder / "patients.yaml")
    assert normoxia("protocol", "impower150", "--file", folder / "base.yaml").code == 0
    text = (folder / "base.yaml").read_text(encoding="utf-8")
    for was, becomes in (
        ("trial: impower150", "trial: own"),
        ("study: IMpower150\n", ""),
        ("atezolizumab 1200 mg q3w", "tested.yaml 12 mg daily d1-14 q3w"),
        ("[atezolizumab]", "[tested.yaml]"),
        ("document: advanced-nsclc", "document: patients.yaml"),
    ):
        assert was in text
        text = text.replace(was, becomes)
    (folder / "own.yaml").write_text(text, encoding="utf-8")
    return folder / "own.yaml"


def test_documents_named_by_path_are_found_from_every_folder(
    normoxia: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protocol = own_protocol(normoxia, tmp_path / "plan")
    asked = ("--uncalibrated", "--patients", "2", "--no-report", "--quiet")
    for folder, name in ((tmp_path, "plan/own.yaml"), (protocol.parent, "own.yaml")):
        monkeypatch.chdir(folder)
        answer = normoxia("run", name, *asked, "--out", tmp_path / f"by-{folder.name}")
        assert answer.code == 0, answer.err
    one, other = tmp_path / f"by-{tmp_path.name}", tmp_path / "by-plan"
    # neither the numbers nor what is kept of the inputs depends on where the documents stood
    assert (one / "chunks" / CHUNKS[0]).read_bytes() == (other / "chunks" / CHUNKS[0]).read_bytes()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other.rename(elsewhere / "moved")
    monkeypatch.chdir(elsewhere)
    for run in (one, elsewhere / "moved"):
        answer = normoxia("verify", run, "--whole", "--quiet")
        assert answer.code == 0, answer.err
    assert normoxia("report", "moved").code == 0

    # another document in its place is found out
    drug = protocol.with_name("tested.yaml")
    kept = drug.read_text(encoding="utf-8")
    drug.write_text(kept.replace("12 mg daily", "10 mg daily", 1), encoding="utf-8")
    assert drug.read_text(encoding="utf-8") != kept
    answer = normoxia("verify", "moved", "--quiet")
    assert answer.code == 3
    assert "inputs.drugs" in answer.err

    # one that is gone is named, with where it was, and a copy in the working folder does
    drug.unlink()
    for command in ("verify", "report"):
        answer = normoxia(command, "moved", *(["--force"] if command == "report" else []))
        assert answer.code == 3
        assert "tested.yaml" in answer.err
        assert str(protocol.parent) in answer.err
    drug.with_name("patients.yaml").rename(elsewhere / "patients.yaml")
    (elsewhere / "tested.yaml").write_text(kept, encoding="utf-8")
    answer = normoxia("verify", "moved", "--whole", "--quiet")
    assert answer.code == 0, answer.err


# --- what is no file, and what is too many ---


def test_a_pipe_in_place_of_a_chunk_is_named_and_not_waited_for(
    normoxia: Callable[..., Answer], run: Path
) -> None:
    whole = (run / "chunks" / CHUNKS[1]).read_bytes()
    (run / "chunks" / CHUNKS[1]).unlink()
    os.mkfifo(run / "chunks" / CHUNKS[1])
    for command in ("verify", "report"):
        answer = normoxia(command, run)
        assert answer.code == 3
        assert f"{CHUNKS[1]}: is no file" in answer.err
    answer = normoxia(*ASKED, "--out", run, "--resume")
    assert answer.code == 0, answer.err
    assert (run / "chunks" / CHUNKS[1]).read_bytes() == whole


def test_a_resumed_run_names_what_stands_among_its_chunks(
    normoxia: Callable[..., Answer], run: Path
) -> None:
    (run / "chunks" / "000003.parquet").write_bytes((run / "chunks" / CHUNKS[0]).read_bytes())
    (run / "chunks" / "more").mkdir()
    (run / "chunks" / "more" / "notes").touch()
    answer = normoxia(*ASKED, "--out", run, "--resume")
    assert answer.code == 0
    assert "chunks/000003.parquet, chunks/more are no part of the run" in answer.err
    answer = normoxia("verify", run)
    assert answer.code == 3
    assert "chunks/000003.parquet is no part" in answer.err
    assert "chunks/more/notes is no part" in answer.err
