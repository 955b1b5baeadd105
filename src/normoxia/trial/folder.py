"""A run is a folder: what was asked, what is finished, and what it came to.

    config.yaml       everything asked, fully resolved
    manifest.json     versions, platform, seed, digests of inputs and outputs, times; written last
    chunks/           one file per finished chunk, each written whole or not at all
    log.jsonl         one line per event
    figures/, report.html

A chunk is written to a temporary name, flushed to the disk and renamed, so that a full disk, an interruption or
a crash leaves only whole chunks behind, and a resumed run goes on from them.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from normoxia import __version__, documents
from normoxia.errors import InvalidArgument, InvalidDocument, OutputExists, naming


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder that holds one run; made by `create` or `resume`."""

    path: Path

    @classmethod
    def create(cls, path: Path, config: Mapping[str, object]) -> RunFolder:
        """A new folder with its configuration. Raises OutputExists when there is one that is not empty."""
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise OutputExists(
                f"{path} exists; name another folder with --out, or add --resume to go on with it"
            )
        (path / "chunks").mkdir(parents=True, exist_ok=True)
        write_whole(path / "config.yaml", documents.write(dict(config)).encode())
        folder = cls(path)
        folder.log("started")
        return folder

    @classmethod
    def resume(cls, path: Path, config: Mapping[str, object]) -> RunFolder:
        """The folder of an interrupted run. Raises InvalidArgument, naming what differs, when the configuration changed."""
        written = path / "config.yaml"
        if not written.is_file():
            raise InvalidArgument(
                f"{path} holds no run to resume (no config.yaml); leave out --resume to start one"
            )
        had = documents.load(written).plain()
        if not isinstance(had, dict):
            raise InvalidDocument(f"{written}: is not a configuration; start the run again in another folder")
        asked = documents.parse(documents.write(dict(config))).plain()
        assert isinstance(asked, dict)
        changed = sorted(key for key in {*had, *asked} if had.get(key) != asked.get(key))
        if changed:
            told = "; ".join(f"{key} was {had.get(key)!r}, is {asked.get(key)!r}" for key in changed)
            raise InvalidArgument(
                f"{path} was started with another configuration ({told}); use the same or a new --out"
            )
        folder = cls(path)
        folder.log("resumed")
        return folder

    def chunk(self, name: str) -> Path:
        """Where a chunk of that name stands or will stand."""
        return self.path / "chunks" / name

    def has_chunk(self, name: str) -> bool:
        return self.chunk(name).is_file()

    def write_chunk(self, name: str, content: bytes) -> None:
        """Write a finished chunk, whole or not at all."""
        write_whole(self.chunk(name), content)
        self.log("chunk", name=name, bytes=len(content))

    def log(self, event: str, **details: object) -> None:
        """Append one line to the log."""
        line = json.dumps(
            {"time": datetime.now(UTC).isoformat(timespec="seconds"), "event": event, **details}
        )
        path = self.path / "log.jsonl"
        with naming(path), path.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    def write_manifest(self, manifest: Mapping[str, object], outputs: Iterable[Path]) -> dict[str, object]:
        """Write the manifest, with the digests of the outputs, as the last act of a run; returns what was written."""
        whole = {
            **manifest,
            "outputs": {str(p.relative_to(self.path)): digest(p.read_bytes()) for p in outputs},
        }
        write_whole(
            self.path / "manifest.json", (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode()
        )
        self.log("finished")
        return whole


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all; the folder is made when it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with naming(path), temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def digest(content: bytes) -> str:
    """A short name for a content: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def versions() -> dict[str, str]:
    """Versions of what a result depends on, for a manifest."""
    from importlib.metadata import version

    libraries = ("numpy", "scipy", "llvmlite", "polars")
    return {
        "normoxia": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }
