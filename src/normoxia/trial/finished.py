"""A finished run read back from its folder: every part held against what the manifest and the configuration say of it.

read            the run, when manifest, configuration and chunks fit together (what a report needs)
faults          files that are not as the run left them
said_otherwise  entries of manifest and configuration that a run of the same configuration does not say
sampled         patients of a chunk to run again
differing       where they come out otherwise
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from normoxia.digests import digest, is_whole
from normoxia.errors import InvalidArgument, InvalidDocument, NormoxiaError
from normoxia.storage import is_leftover, write_whole
from normoxia.trial import analysis, runner
from normoxia.trial.files import documents_in
from normoxia.trial.folder import (
    CHUNKS,
    CONFIG,
    CONFIG_SCHEMA,
    LOG,
    MANIFEST,
    MANIFEST_SCHEMA,
    chunk_identity,
    manifest_identity,
    read_config,
    sealed_manifest,
)
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult, concatenate
from normoxia.trial.runner import Chunk

#: faults that a message lists
SHOWN = 8
#: entries that manifests of earlier versions do not have
_OF_SEALED = frozenset(["schema", "config_sha256", "seal", "log", "inputs", "machine"])


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """A finished run.

    is_sealed   False for a folder of an earlier version, whose chunks carry no seals: only the manifest's digests speak for it
    trial       its protocol, with the arms' sizes of the run
    """

    path: Path
    manifest: Mapping[str, Any]
    config: Mapping[str, Any]
    trial: Trial
    result: TrialResult
    chunks: tuple[Chunk, ...]
    is_sealed: bool

    def chunk(self, chunk: Chunk) -> TrialResult:
        """A chunk of the run. Raises InvalidDocument when it does not fit."""
        identity = chunk_identity(self.config, chunk.name) if self.is_sealed else None
        return TrialResult.read(self.path / CHUNKS / chunk.name, identity)


def read(path: Path) -> Finished:
    """The finished run in a folder.

    raises  InvalidDocument that names every part that is missing, damaged, of another run, or not as the manifest says
    """
    manifest = _manifest(path)
    config = read_config(path)
    is_sealed = bool(_OF_SEALED & {*manifest})
    faults = list(_unlike_manifest(path, manifest, config)) if is_sealed else []
    _refuse(path, faults)
    names = sorted(name for name in manifest["outputs"] if name.startswith(f"{CHUNKS}/"))
    if not names:
        raise InvalidDocument(
            f"{path}: the manifest names no chunk; run it again in another folder"
        )
    parts: list[TrialResult] = []
    for name in names:
        try:
            parts.append(
                _chunk(path, name, manifest["outputs"][name], config if is_sealed else None)
            )
        except InvalidDocument as error:
            faults.append(str(error).removeprefix(f"{path}/"))
    planned: tuple[Chunk, ...] = ()
    if parts and is_sealed:
        planned = runner.chunks(_protocol(path, manifest, parts[0]), int(str(config["replicates"])))
        wanted = {f"{CHUNKS}/{chunk.name}" for chunk in planned}
        present = {entry.relative_to(path).as_posix() for entry in _files(path / CHUNKS)}
        faults += [f"{name} is missing from the run" for name in sorted(wanted - {*names})]
        faults += [f"{name} is no part of the run" for name in sorted(present - wanted)]
    _refuse(path, faults)
    result = concatenate(parts)
    return Finished(
        path, manifest, config, _protocol(path, manifest, result), result, planned, is_sealed
    )


def _protocol(path: Path, manifest: Mapping[str, Any], result: TrialResult) -> Trial:
    """The protocol of a run, with documents it names by path from where they stood, or else from the working folder."""
    names = documents_in(str(result.manifest.get("protocol", "")))
    stood = manifest.get("documents")
    if not names:
        return analysis.protocol_of(result)
    try:
        if isinstance(stood, str) and all((Path(stood) / name).is_file() for name in names):
            return analysis.protocol_of(result, Path(stood))
        return analysis.protocol_of(result)
    except NormoxiaError as error:
        where = f" in {stood} or" if isinstance(stood, str) else ""
        raise InvalidDocument(
            f"{path}: its protocol names documents of your own ({', '.join(names)}), which cannot be read{where} in the working "
            f"folder: {error}; put them back, or run this from a folder that holds them"
        ) from None


def faults(run: Finished) -> tuple[str, ...]:
    """Files of a run that are changed, missing, or were added, in words."""
    outputs: Mapping[str, str] = run.manifest["outputs"]
    found = []
    for name, had in outputs.items():
        place = run.path / name
        if not place.is_file():
            found.append(f"{name} not as the manifest says (it is missing)")
        elif digest(place.read_bytes()) != had:
            found.append(f"{name} not as the manifest says")
    if not _is_log(run.path / LOG, run.manifest.get("log")):
        found.append(f"{LOG} not as the manifest says")
    known = {*outputs, CONFIG, MANIFEST, LOG}
    found += [
        f"{name} was added after the run"
        for entry in _files(run.path)
        if (name := entry.relative_to(run.path).as_posix()) not in known
    ]
    return tuple(found)


def record(run: Finished, written: Path) -> None:
    """Keep the digest of a file written into the run's folder after the run, such as its report drawn again."""
    try:
        name = written.resolve().relative_to(run.path.resolve()).as_posix()
    except ValueError:
        return  # it lies elsewhere
    outputs = {**run.manifest["outputs"], name: digest(written.read_bytes())}
    told = {key: value for key, value in run.manifest.items() if key != "seal"} | {
        "outputs": outputs
    }
    write_whole(run.path / MANIFEST, sealed_manifest(told))


def add_outputs(folder: Path, written: Iterable[Path]) -> None:
    """Add files that were written into a finished run's folder afterwards to its manifest, with their digests."""
    manifest = _manifest(folder)
    added = {
        path.resolve().relative_to(folder.resolve()).as_posix(): digest(path.read_bytes())
        for path in written
    }
    entries = {key: value for key, value in manifest.items() if key != "seal"}
    entries["outputs"] = {**manifest["outputs"], **added}
    write_whole(folder / MANIFEST, sealed_manifest(entries))


def said_otherwise(run: Finished, described: Mapping[str, object]) -> tuple[str, ...]:
    """Entries of manifest and configuration that a run of the same configuration does not say, in words.

    described  what it says, see `folder.described`; versions are those of who ran it, and are compared within the folder alone
    """
    expected = json.loads(json.dumps({**described, "versions": run.config["versions"]}))
    known = {
        "schema",
        "log",
        "machine",
        "folder",
        "config_sha256",
        "outputs",
        "seal",
        "wall_seconds",
        "cpu_seconds",
        *expected,
    }
    if "documents" in run.manifest:
        known.add("documents")
    found = list(_apart(run.manifest, expected))
    found += [
        f'{MANIFEST}: "{key}" is no entry of a run' for key in run.manifest if key not in known
    ]
    found += [f'{MANIFEST}: "{key}" is missing' for key in sorted(known - {*run.manifest})]
    for key in ("wall_seconds", "cpu_seconds"):
        seconds = run.manifest.get(key, 0.0)
        if (
            isinstance(seconds, bool)
            or not isinstance(seconds, (int, float))
            or not 0 <= seconds < math.inf
        ):
            found.append(f"{MANIFEST}: {key} is {_short(seconds)}, expected seconds")
    return tuple(found)


def _apart(had: Mapping[str, Any], expected: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Entries that differ, in words, those of mappings one by one."""
    for key, value in expected.items():
        if isinstance(value, dict) and isinstance(had.get(key), dict):
            yield from _apart(had[key], value, f"{above}{key}.")
            yield from (
                f'{MANIFEST}: "{above}{key}.{name}" is no entry of a run'
                for name in had[key]
                if name not in value
            )
        elif had.get(key) != value:
            yield (
                f"{MANIFEST}: {above}{key} is {_short(had.get(key))}, a run of this configuration says {_short(value)}"
            )


def sampled(chunk: Chunk, share: float, least: int) -> Chunk:
    """A part of a chunk: of each replicate one stretch of patients, a share of them, at least so many; which, the name decides."""
    if share >= 1.0:
        return chunk
    pieces = []
    for replicate, first, n in chunk.pieces:
        some = min(n, max(math.ceil(share * n), least))
        place = int(
            hashlib.sha256(f"{chunk.name}/{replicate}/{first}".encode()).hexdigest()[:8], 16
        )
        pieces.append((replicate, first + place % (n - some + 1), some))
    return replace(chunk, pieces=tuple(pieces))


def differing(kept: TrialResult, again: TrialResult) -> tuple[str, ...]:
    """Names of what differs, to the byte, between a chunk and the same patients run again; () when nothing does.

    again   may hold a part of the chunk's patients
    """
    again = TrialResult.from_bytes(again.to_bytes())
    place = {key: row for row, key in enumerate(_keys(kept))}
    rows = [place.get(key, -1) for key in _keys(again)]
    if min(rows) < 0:
        return ("patient",)
    is_part = len(rows) < kept.n_rows
    part = kept.take(np.array(rows, dtype=np.intp))
    arrays: list[tuple[str, Any, Any]] = [
        (f"covariate {name}", part.covariates.get(name), values)
        for name, values in again.covariates.items()
    ]
    arrays += [(name, part.columns.get(name), values) for name, values in again.columns.items()]
    arrays += [
        (name, getattr(part, name), getattr(again, name))
        for name in ("visit_days", "scan_day", "scan_sum", "overall", "states")
    ]
    found = [name for name, one, other in arrays if not _is_same(one, other)]
    found += [
        name
        for name in ("trial", "arms", "state_names", "reasons", "manifest")
        if getattr(part, name) != getattr(again, name)
    ]
    if {*part.covariates} != {*again.covariates}:
        found.append("covariates")
    if not is_part and part.acceptance != again.acceptance:
        found.append("acceptance")
    return tuple(found)


def _is_log(path: Path, told: object) -> bool:
    """Whether a log begins with what it was when the manifest was written."""
    if not isinstance(told, dict) or not isinstance(told.get("bytes"), int) or not path.is_file():
        return False
    return hashlib.sha256(path.read_bytes()[: told["bytes"]]).hexdigest() == told.get("sha256")


def _keys(result: TrialResult) -> list[tuple[int, int, int]]:
    columns = [result.columns[name].tolist() for name in ("arm", "replicate", "patient")]
    return list(zip(*columns, strict=True))


def _is_same(one: Any, other: Any) -> bool:
    if one is None or one.shape != other.shape:
        return False
    if one.dtype.kind == "U":
        return bool((one == other).all())
    return bool(one.dtype == other.dtype and one.tobytes() == other.tobytes())


def _chunk(path: Path, name: str, had: str, config: Mapping[str, object] | None) -> TrialResult:
    """A chunk, by its seal; one of an earlier version, which has none, by the manifest's digest."""
    place = path / name
    if config is not None:
        return TrialResult.read(place, chunk_identity(config, place.name))
    try:
        content = place.read_bytes()
    except OSError as error:
        raise InvalidDocument(
            f"{place}: cannot be read ({error.strerror}); the folder was changed"
        ) from None
    if digest(content) != had:
        raise InvalidDocument(
            f"{place}: not as the manifest says; the folder was changed after the run"
        )
    return TrialResult.from_bytes(content, str(place))


def _unlike_manifest(
    path: Path, manifest: Mapping[str, Any], config: Mapping[str, Any]
) -> Iterator[str]:
    """Where manifest and configuration contradict themselves or each other, in words."""
    if manifest.get("schema") != MANIFEST_SCHEMA:
        yield f"{MANIFEST} has the schema {_short(manifest.get('schema'))}, expected {MANIFEST_SCHEMA}"
    if not is_whole((path / MANIFEST).read_bytes(), manifest_identity(manifest)):
        yield f"{MANIFEST} was changed after the run (its checksum is not that of its bytes)"
    written = (path / CONFIG).read_bytes()
    if hashlib.sha256(written).hexdigest() != manifest.get("config_sha256"):
        shared = [key for key in config if key in manifest and key not in ("schema", "ensemble")]
        apart = [
            f"{key} is {_short(config[key])}, the manifest says {_short(manifest[key])}"
            for key in shared
            if config[key] != manifest[key]
        ]
        yield f"{CONFIG} not as the manifest says" + (f" ({'; '.join(apart)})" if apart else "")
    missing = [
        key
        for key in (
            "trial",
            "seed",
            "replicates",
            "ablated",
            "relative_tolerance",
            "inputs",
            "versions",
            "ensemble",
        )
        if key not in config
    ]
    if config.get("schema") != CONFIG_SCHEMA or missing:
        yield f"{CONFIG} is not the configuration of a run" + (
            f" (without {', '.join(missing)})" if missing else ""
        )


def _manifest(path: Path) -> dict[str, Any]:
    place = path / MANIFEST
    if not path.is_dir():
        raise InvalidDocument(f"{path}: no such folder; name the folder of a finished run")
    if not place.is_file():
        raise InvalidDocument(
            f"{path}: no finished run (no {MANIFEST}); finish it with normoxia run --resume"
        )
    try:
        manifest: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidDocument(
            f"{place}: not readable as JSON ({error}); the file may be cut short"
        ) from None
    outputs = manifest.get("outputs") if isinstance(manifest, dict) else None
    if not isinstance(outputs, dict) or not all(isinstance(had, str) for had in outputs.values()):
        raise InvalidDocument(
            f"{place}: is not the manifest of a run; name the folder of a finished run"
        )
    for name in outputs:
        parts = Path(name).parts
        if Path(name).is_absolute() or ".." in parts or "\0" in name or not parts:
            raise InvalidDocument(
                f"{place}: output {name!r} lies outside the folder; the manifest was changed"
            )
    return manifest


def _files(folder: Path) -> list[Path]:
    """Files in a folder and those below, sorted; what a killed process leaves does not count."""
    return sorted(
        entry
        for entry in folder.rglob("*")
        if (entry.is_symlink() or not entry.is_dir()) and not is_leftover(entry)
    )


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:59] + "…"


def _refuse(path: Path, faults: list[str]) -> None:
    if faults:
        more = f" and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise InvalidDocument(
            f"{path}: {'; '.join(faults[:SHOWN])}{more}; the folder was changed after the run or belongs to several: "
            "restore it, or run the trial again in another folder",
            faults,
        )


def refuse(run: Finished, found: tuple[str, ...]) -> None:
    """Raises InvalidDocument that names all that was found, when anything was."""
    _refuse(run.path, list(found))


def checked_share(share: float) -> float:
    """A share of patients to run again. Raises InvalidArgument unless it is above 0 and at most 1."""
    if not 0.0 < share <= 1.0:
        raise InvalidArgument(
            f"--share {share:g}: expected a share of the patients above 0 and up to 1, such as 0.1"
        )
    return share
