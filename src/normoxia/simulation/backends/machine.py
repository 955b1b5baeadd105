"""From LLVM IR to a function in memory, with compiled objects kept on disk.

An object is found again by the hash of the IR, the LLVM version and the processor with its features: its key, which is stored in
the file with a digest of key and object, so that a damaged object, or one of another kernel, is known for what it is and built
again. Files are written beside their place and renamed, so that a reader never sees half of one.
The folder is that of `normoxia.cache`. An object is code that will be run, so a
folder or file that others can write to is not used; then, and when the folder cannot be written, nothing is kept.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import logging
import os
import threading
from pathlib import Path
from typing import Any

from normoxia import cache
from normoxia.storage import write_whole

log = logging.getLogger(__name__)

#: Effort of code generation (LLVM's 0 to 3). The IR is written as it should run, so passes over it gain nothing, and
#: more effort than 1 neither: measured on the benchmark model, 385 patients/s at 1, 246 at 0, 390 to 396 above and with
#: passes, at more than twice the time to compile.
EFFORT = 1
#: lines of IR above which compiling at that effort takes longer than most runs; such kernels get effort 0
LARGE = 40_000
_ONE_AT_A_TIME = threading.Lock()


@functools.cache
def processor() -> tuple[str, str]:
    """Name of this processor and its features, as LLVM writes them."""
    import llvmlite.binding as llvm

    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def lanes_here() -> int:
    """Patients per vector that this processor computes fastest: 8 where it has 512-bit vectors, else 4."""
    return 8 if "+avx512f" in processor()[1] else 4


class Machine:
    """Compiled IR. `function` gives what it defines; the code lives as long as this object."""

    def __init__(self, text: str) -> None:
        import llvmlite
        import llvmlite.binding as llvm

        name, features = processor()
        said = "\n".join(
            (
                text,
                llvmlite.__version__,
                str(llvm.llvm_version_info),
                name,
                features,
                f"effort {EFFORT}",
            )
        )
        key = hashlib.sha256(said.encode()).digest()
        path = cache.folder() / f"{key.hex()[:40]}.o"
        with _ONE_AT_A_TIME:
            _initialise()
            is_safe = _is_safe(path.parent)
            code = _read(path, key) if is_safe else None
            if code is None:
                code = _built(text)
                if is_safe:
                    _write(path, key, code)
            self._engine: Any = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target(EFFORT))
            self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
            self._engine.finalize_object()

    def function(self, name: str, n_pointers: int, n_integers: int = 0) -> Any:
        """A callable of addresses and integers; it releases the interpreter lock while it runs."""
        address = self._engine.get_function_address(name)
        types = [ctypes.c_void_p] * n_pointers + [ctypes.c_int64] * n_integers
        return ctypes.CFUNCTYPE(None, *types)(address)


def _target(effort: int) -> Any:
    import llvmlite.binding as llvm

    name, features = processor()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=name, features=features, opt=effort, jit=True
    )


def _built(text: str) -> bytes:
    import llvmlite.binding as llvm

    module = llvm.parse_assembly(text)
    module.verify()
    target = _target(EFFORT if text.count("\n") <= LARGE else 0)
    return bytes(target.emit_object(module))


@functools.cache
def _initialise() -> None:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


#: every stored object starts with this, its key, and a digest of both that and itself
MARK = b"normoxia kernel 2\n"
_KEY = _DIGEST = 32


def _is_safe(folder: Path) -> bool:
    """Whether nobody else can put an object into the folder, which is made, for its owner alone, when it is missing."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        log.info("compiled kernels are not kept: %s", error)
        return False
    if cache.is_private(status):
        return True
    _warn_of(folder)
    return False


@functools.cache
def _warn_of(folder: Path) -> None:
    """Once for each folder."""
    log.warning(
        "the folder of compiled kernels, %s, is not used: others can write to it, or own it, and its content would be run; kernels "
        "are compiled anew in each session until you set its rights (chmod go-w) or name another with NORMOXIA_CACHE",
        folder,
    )


def _read(path: Path, key: bytes) -> bytes | None:
    """The object of a key; None when it is not there, not whole, of another key, or others can write it."""
    try:
        with path.open("rb") as file:
            is_ours = cache.is_private(os.fstat(file.fileno()))
            stored = file.read()
    except OSError:
        return None
    start = len(MARK) + _KEY
    body = stored[start + _DIGEST :]
    if (
        is_ours
        and stored[:start] == MARK + key
        and stored[start : start + _DIGEST] == _digest(key, body)
    ):
        return body
    log.warning(
        "the compiled kernel %s is damaged, of another model or not yours alone; it is built again",
        path,
    )
    return None


def _write(path: Path, key: bytes, code: bytes) -> None:
    try:
        write_whole(path, MARK + key + _digest(key, code) + code, make_folder=False, mode=0o600)
    except OSError as error:
        log.info("the compiled kernel is not kept: %s", error)


def _digest(key: bytes, code: bytes) -> bytes:
    return hashlib.sha256(key + code).digest()
