"""From LLVM IR to a function in memory, with compiled objects kept on disk.

An object is found again by the hash of the IR, the LLVM version and the processor with its features. Files are written
beside their place and renamed, so that a reader never sees half of one; what cannot be loaded is built again.
The folder is $NORMOXIA_CACHE, else $XDG_CACHE_HOME/normoxia, else ~/.cache/normoxia; when it cannot be written,
nothing is kept.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

#: Effort of code generation (LLVM's 0 to 3). The IR is written as it should run, so passes over it gain nothing, and
#: more effort than 1 neither: measured on the benchmark model, 385 patients/s at 1, 246 at 0, 390 to 396 above and with
#: passes, at more than twice the time to compile.
EFFORT = 1
#: lines of IR above which compiling at that effort takes longer than most runs; such kernels get effort 0
LARGE = 40_000
_ONE_AT_A_TIME = threading.Lock()


@cache
def processor() -> tuple[str, str]:
    """Name of this processor and its features, as LLVM writes them."""
    import llvmlite.binding as llvm

    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def lanes_here() -> int:
    """Patients per vector that this processor computes fastest: 8 where it has 512-bit vectors, else 4."""
    return 8 if "+avx512f" in processor()[1] else 4


def cache_folder() -> Path:
    """Where compiled objects are kept."""
    if own := os.environ.get("NORMOXIA_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache") / "normoxia"


class Machine:
    """Compiled IR. `function` gives what it defines; the code lives as long as this object."""

    def __init__(self, text: str) -> None:
        import llvmlite
        import llvmlite.binding as llvm

        name, features = processor()
        key = "\n".join((text, llvmlite.__version__, str(llvm.llvm_version_info), name, features))
        path = cache_folder() / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.o"
        with _ONE_AT_A_TIME:
            _initialise()
            code = _read(path)
            if code is None:
                code = _built(text)
                _write(path, code)
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


@cache
def _initialise() -> None:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


#: every stored object starts with this and its own digest, so that a truncated file is known for one
MARK = b"normoxia kernel 1\n"


def _read(path: Path) -> bytes | None:
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    body = stored[len(MARK) + 32 :]
    if stored[: len(MARK)] != MARK or hashlib.sha256(body).digest() != stored[len(MARK) : len(MARK) + 32]:
        log.warning("the compiled kernel %s is damaged and is built again", path)
        return None
    return body


def _write(path: Path, code: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            file.write(MARK + hashlib.sha256(code).digest() + code)
        os.replace(file.name, path)
    except OSError as error:
        log.info("the compiled kernel is not kept: %s", error)
