"""Files are there whole or not at all; a folder has one writer, whose lock dies with it; no name leads out of a folder."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from normoxia import storage
from normoxia.errors import OutputExists
from normoxia.storage import claimed, file_name, file_names, fresh, whole_file, write_whole

SOURCE = Path(__file__).parents[1] / "src"

#: names that have led programs astray: separators, parents, devices of Windows, what ends in a dot, what differs in case alone
NASTY = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        [
            "..",
            ".",
            "",
            "/",
            "../../x",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "C:\\x",
            "C:x",
            "con",
            "NUL",
            "com1.txt",
            "aux.",
            "a\0b",
            "x" * 400,
            "肺" * 200,
            "name.",
            "name ",
            "-rf",
            "~",
            "$HOME",
            "a\nb",
            ".hidden",
            "\ud800",
            "é",
            "e\u0301",
            "PFS",
            "pfs",
            "CON.tar.gz",
            "LPT9",
            "lpt¹",
            "‮evil",
        ]
    ),
)


@given(NASTY)
@example("..")
def test_a_name_is_one_harmless_part_of_a_path(name: str) -> None:
    plain = file_name(name)
    assert plain
    assert Path(plain).name == plain
    assert plain not in (".", "..")
    assert not {*plain} & {*'/\\:*?"<>|\0\n\r\t '}
    assert plain.isprintable()
    # as a Windows disk reads it: no device before the first dot, no dot or blank at the end
    assert plain.split(".")[0].casefold() not in {
        "con",
        "prn",
        "aux",
        "nul",
        "com1",
        "lpt9",
        "lpt¹",
    }
    assert not plain.endswith((".", " "))
    assert not plain.startswith((".", "-", "~"))
    assert len(plain.encode()) <= 160
    assert file_name(plain) == plain


@given(st.lists(NASTY, max_size=12))
@example(["PFS", "pfs", "Pfs", "PFS"])
@example(["é", "e\u0301"])
def test_different_names_stay_different_where_capitals_do_not_count(names: list[str]) -> None:
    plain = file_names(names)
    assert {*plain} == {*names}
    spelt = [unicodedata.normalize("NFC", text).casefold() for text in plain.values()]
    assert len({*spelt}) == len({*names})


def test_a_plain_name_stays_as_it_is() -> None:
    for name in ("IMpower150", "km-pfs-ITT-WT-en", "KEYNOTE-189", "x_1.5+y", "无进展生存"):
        assert file_name(name) == name


def test_a_file_is_replaced_whole_or_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    write_whole(path, b"first")
    with pytest.raises(ZeroDivisionError), whole_file(path) as stream:
        _ = stream.write(b"half") // 0
    assert path.read_bytes() == b"first"
    assert [p.name for p in path.parent.iterdir()] == ["b.txt"]
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"


def test_a_long_name_leaves_room_for_the_temporary_one(tmp_path: Path) -> None:
    write_whole(tmp_path / ("x" * 250), b"1")
    write_whole(tmp_path / ("肺" * 80), b"1")
    assert len([*tmp_path.iterdir()]) == 2


def test_new_files_have_the_rights_of_others_and_not_those_of_temporary_ones(
    tmp_path: Path,
) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "a", b"1")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_many_threads_write_one_file_and_it_is_always_whole(tmp_path: Path) -> None:
    path, contents = tmp_path / "a", [bytes([i]) * 20_000 for i in range(8)]
    threads = [threading.Thread(target=write_whole, args=(path, content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_link_at_a_temporary_name_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / ".a.trap.part"
    trap.symlink_to(tmp_path / "precious")
    monkeypatch.setattr(storage, "temporary_beside", lambda path: trap)
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "a", b"1")
    assert not (tmp_path / "precious").exists()


def test_a_vanished_folder_is_not_made_again_where_that_would_hide_a_loss(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "000.parquet"
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(path, b"1", make_folder=False)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOENT, str(path))
    assert not path.parent.exists()


def test_a_folder_is_claimed_once(tmp_path: Path) -> None:
    with claimed(tmp_path / "run"):
        with (
            pytest.raises(OutputExists, match=rf"another process \(number {os.getpid()}\)"),
            claimed(tmp_path / "run"),
        ):
            pass
        with claimed(tmp_path / "other"):
            pass
    with claimed(tmp_path / "run"):
        (tmp_path / "run" / "a").touch()
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["a"]


def test_a_folder_that_was_made_for_nothing_goes_again(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), claimed(tmp_path / "a" / "b"):
        raise RuntimeError
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_claim_ends_with_its_owner_however_it_ends(tmp_path: Path, end: signal.Signals) -> None:
    script = (
        "import pathlib, sys, time\nfrom normoxia.storage import claimed\n"
        "with claimed(pathlib.Path(sys.argv[1])):\n    print('mine', flush=True)\n    time.sleep(60)\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "run")],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "mine\n"
        with pytest.raises(OutputExists, match=rf"number {owner.pid}"), claimed(tmp_path / "run"):
            pass
        owner.send_signal(end)
        owner.wait(30)
    with claimed(tmp_path / "run"):
        pass


def test_of_many_threads_one_has_the_folder_at_a_time(tmp_path: Path) -> None:
    inside, worst, guard = [0], [0], threading.Lock()

    def work() -> None:
        for _ in range(30):
            try:
                with claimed(tmp_path / "run"):
                    with guard:
                        inside[0] += 1
                        worst[0] = max(worst[0], inside[0])
                    time.sleep(0.0005)
                    with guard:
                        inside[0] -= 1
            except (
                OutputExists,
                FileNotFoundError,
            ):  # the folder may go, empty, between its making and its lock
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worst == [1]


def test_fresh_folders_are_counted_up_and_lie_in_their_root(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    assert [fresh(root, "a").name for _ in range(3)] == ["a-001", "a-002", "a-003"]
    for name in ("../../a", "/etc/x", "..", ""):
        assert fresh(root, name).parent == root
    assert [p.name for p in tmp_path.iterdir()] == ["runs"]
