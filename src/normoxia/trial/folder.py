"""A run is a folder: what was asked, what is finished, and what it came to.

    config.yaml       everything asked, fully resolved
    manifest.json     versions, machine, seed, digests of inputs and outputs, times, sealed; written last
    chunks/           one file per finished chunk, each written whole or not at all, each sealed
    log.jsonl         one line per event
    figures/, report.html

A chunk's seal says of which configuration, seed and place in the run it is, and holds a checksum of its bytes, so that a resumed
run goes on from the chunks that are its own and whole, and from no other. One process at a time writes a folder.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from normoxia import __version__, documents, storage
from normoxia.digests import digest, digest_of, open_seal, sealed
from normoxia.errors import InvalidArgument, InvalidDocument, OutputExists, with_path
from normoxia.storage import write_whole

__all__ = ["RunFolder", "chunk_identity", "digest", "manifest_identity", "versions", "write_whole"]

CONFIG, MANIFEST, LOG, CHUNKS = "config.yaml", "manifest.json", "log.jsonl", "chunks"
#: of the configuration and the manifest; folders without it were written before chunks had seals
CONFIG_SCHEMA, MANIFEST_SCHEMA = "normoxia.config/2", "normoxia.manifest/2"
#: characters of a value that a message shows
LONGEST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder that holds one run; made by `create` or `resume`, which `begun` does while the folder is claimed."""

    path: Path

    @classmethod
    @contextmanager
    def begun(
        cls, path: Path, config: Mapping[str, object], *, resume: bool = False
    ) -> Iterator[RunFolder]:
        """`create` or `resume`, and within it no other process writes the folder. Raises OutputExists when one does."""
        if not resume:
            cls._refuse(path)
        elif not path.is_dir():
            raise _nothing(path)
        with storage.claimed(path):
            yield cls.resume(path, config) if resume else cls.create(path, config)

    @classmethod
    def create(cls, path: Path, config: Mapping[str, object]) -> RunFolder:
        """A new folder with its configuration. Raises OutputExists when there is one that holds anything.

        What a run leaves that was killed before its configuration was written counts as nothing.
        """
        cls._refuse(path)
        (path / CHUNKS).mkdir(parents=True, exist_ok=True)
        storage.tidy(path)
        write_whole(path / CONFIG, documents.write(dict(config)).encode())
        folder = cls(path)
        folder.log("started")
        return folder

    @classmethod
    def resume(cls, path: Path, config: Mapping[str, object]) -> RunFolder:
        """The folder of an interrupted run. Raises InvalidArgument, naming what differs, when the configuration changed."""
        written = path / CONFIG
        if not written.is_file() and not storage.occupants(path / CHUNKS):
            raise _nothing(path)
        asked = plain_config(config)
        if not written.is_file() or storage.is_blank(written):
            # nothing can be compared; chunks of another configuration are known by their seals
            write_whole(written, documents.write(dict(config)).encode())
        else:
            had = read_config(path)
            if "schema" in asked and had.get("schema") != asked["schema"]:
                raise InvalidArgument(
                    f"{path} was begun by another version of normoxia, {_version(had)}, whose chunks cannot be checked; "
                    "finish it with that version, or start the run again in another folder"
                )
            changed = sorted(key for key in {*had, *asked} if had.get(key) != asked.get(key))
            if changed:
                told = "; ".join(_changed(key, had.get(key), asked.get(key)) for key in changed)
                raise InvalidArgument(
                    f"{path} was started with another configuration ({told}); use the same or a new --out"
                )
        folder = cls(path)
        folder.chunk("").mkdir(exist_ok=True)
        for place in (path, folder.chunk("")):
            storage.tidy(place)
        folder.log("resumed")
        return folder

    @staticmethod
    def _refuse(path: Path) -> None:
        """Raises OutputExists unless there is nothing at a path that anybody would miss."""
        if not path.exists() or (path.is_dir() and not _holds(path)):
            return
        raise OutputExists(
            f"{path} exists; name another folder with --out, or add --resume to go on with it"
        )

    def chunk(self, name: str) -> Path:
        """Where a chunk of that name stands or will stand."""
        return self.path / CHUNKS / name

    def strays(self, names: Iterable[str]) -> list[str]:
        """What stands beside the chunks of those names and is none of them, sorted."""
        known = {*names}
        return [
            entry.name for entry in storage.occupants(self.path / CHUNKS) if entry.name not in known
        ]

    def has_chunk(self, name: str) -> bool:
        """Whether a chunk of that name has been written."""
        return self.chunk(name).is_file()

    def write_chunk(self, name: str, content: bytes) -> None:
        """Write a finished chunk, whole or not at all. Raises OSError with its name when the folder has vanished."""
        write_whole(self.chunk(name), content, make_folder=False)
        self.log("chunk", name=name, bytes=len(content))

    def log(self, event: str, **details: object) -> None:
        """Append one line to the log."""
        line = json.dumps(
            {"time": datetime.now(UTC).isoformat(timespec="seconds"), "event": event, **details}
        )
        path = self.path / LOG
        with with_path(path), path.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    def write_manifest(
        self, manifest: Mapping[str, object], outputs: Iterable[Path]
    ) -> dict[str, object]:
        """Write the manifest, with the digests of configuration and outputs, as the last act of a run; returns what was written."""
        whole = {
            "schema": MANIFEST_SCHEMA,
            **manifest,
            "config_sha256": hashlib.sha256((self.path / CONFIG).read_bytes()).hexdigest(),
            "log": log_so_far(self.path),
            "outputs": {
                p.relative_to(self.path).as_posix(): digest(p.read_bytes()) for p in outputs
            },
        }
        content = sealed_manifest(whole)
        write_whole(self.path / MANIFEST, content, make_folder=False)
        self.log("finished")
        written: dict[str, object] = json.loads(content)
        return written


def _nothing(path: Path) -> InvalidArgument:
    return InvalidArgument(
        f"{path} holds no run to resume (no {CONFIG}); leave out --resume to start one"
    )


def _holds(path: Path) -> bool:
    """Whether a folder holds more than a run leaves that was killed before it began."""
    for entry in storage.occupants(path):
        is_empty = entry.is_file() and entry.name == CONFIG and storage.is_blank(entry)
        if not is_empty and not (
            entry.is_dir() and entry.name == CHUNKS and not storage.occupants(entry)
        ):
            return True
    return False


def _changed(key: str, had: object, asked: object) -> str:
    """What a value was and is, or that it changed when it is too long to be read in a line."""
    was, now = repr(had), repr(asked)
    if max(len(was), len(now)) > LONGEST_SHOWN:
        return f"{key} is another than it was"
    return f"{key} was {was}, is {now}"


def _version(config: Mapping[str, object]) -> str:
    found = config.get("versions")
    return str(found.get("normoxia", "unknown")) if isinstance(found, Mapping) else "unknown"


def read_config(path: Path) -> dict[str, object]:
    """The configuration in a run's folder. Raises InvalidDocument when it is none."""
    written = path / CONFIG
    config = documents.load(written).plain()
    if not isinstance(config, dict):
        raise InvalidDocument(
            f"{written}: is not a configuration; start the run again in another folder"
        )
    return config


def plain_config(config: Mapping[str, object]) -> dict[str, object]:
    """A configuration as it is when it was written and read again."""
    plain = documents.parse(documents.write(dict(config)), CONFIG).plain()
    assert isinstance(plain, dict)
    return plain


def chunk_identity(config: Mapping[str, object], name: str) -> dict[str, object]:
    """What a chunk belongs to: the configuration, the seed, and its place in the run.

    config  as `plain_config` or `read_config` gives it; the version of Python does not count, since no number depends on it
    """
    versions = config.get("versions")
    counted = (
        {k: v for k, v in versions.items() if k != "python"}
        if isinstance(versions, Mapping)
        else versions
    )
    return {
        "config_sha256": digest_of({**config, "versions": counted}),
        "seed": config.get("seed"),
        "chunk": name,
    }


def log_so_far(path: Path) -> dict[str, object]:
    """How long a run's log is, and its digest: later lines may follow, these may not change."""
    content = (path / LOG).read_bytes() if (path / LOG).is_file() else b""
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def described(told: Mapping[str, object], config: Mapping[str, object]) -> dict[str, object]:
    """The entries of a manifest that follow from a result's own and the configuration, so that they can be compared again."""
    shared = ("inputs", "replicates", "ablated", "relative_tolerance", "versions")
    return {key: value for key, value in told.items() if key != "protocol"} | {
        key: config[key] for key in shared
    }


def manifest_identity(manifest: Mapping[str, object]) -> dict[str, object]:
    """What a manifest belongs to."""
    return {"manifest": manifest.get("config_sha256")}


def sealed_manifest(manifest: Mapping[str, object]) -> bytes:
    """A manifest as JSON with its seal, which a change of any byte breaks."""
    identity = manifest_identity(manifest)
    whole = {**manifest, "seal": open_seal(identity)}
    return sealed((json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode(), identity)


def versions() -> dict[str, str]:
    """Versions of what a result depends on, for a manifest."""
    from importlib.metadata import version

    libraries = ("numpy", "scipy", "llvmlite", "polars")
    return {
        "normoxia": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }


def machine() -> dict[str, str]:
    """The kind of machine: what has to be the same for a run to come out the same, to the byte."""
    return {"system": platform.system(), "architecture": platform.machine()}
