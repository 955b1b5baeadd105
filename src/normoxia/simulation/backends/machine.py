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

#: optimisation of the IR and of code generation; measured: more gains nothing on straight-line vector code
OPTIMISATION, CODE_GENERATION = 1, 2
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
    """Compiled IR. `address` gives a function; the code lives as long as this object."""

    def __init__(self, text: str) -> None:
        import llvmlite
        import llvmlite.binding as llvm

        name, features = processor()
        key = "\n".join((text, llvmlite.__version__, str(llvm.llvm_version_info), name, features))
        digest = hashlib.sha256(key.encode()).hexdigest()
        path = cache_folder() / f"{digest[:40]}.o"
        with _ONE_AT_A_TIME:
            _initialise()
            self._target: Any = llvm.Target.from_default_triple().create_target_machine(
                cpu=name, features=features, opt=CODE_GENERATION, jit=True
            )
            code = _read(path)
            if code is not None and self._load(code):
                return
            module = llvm.parse_assembly(text)
            module.verify()
            options = llvm.create_pipeline_tuning_options(speed_level=OPTIMISATION)
            builder = llvm.create_pass_builder(self._target, options)
            builder.getModulePassManager().run(module, builder)
            code = self._target.emit_object(module)
            if not self._load(code):
                raise RuntimeError("LLVM could not load the object it has just written")
            _write(path, code)

    def _load(self, code: bytes) -> bool:
        import llvmlite.binding as llvm

        if not hasattr(self, "_engine"):
            self._engine: Any = llvm.create_mcjit_compiler(llvm.parse_assembly(""), self._target)
        try:
            self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
            self._engine.finalize_object()
        except (RuntimeError, OSError) as error:
            log.warning("a compiled kernel in the cache could not be loaded and is built again: %s", error)
            return False
        return bool(self._engine.get_function_address("carry"))

    def function(self, name: str, n_pointers: int, n_integers: int) -> Any:
        """A callable of addresses and integers; it releases the interpreter lock while it runs."""
        address = self._engine.get_function_address(name)
        types = [ctypes.c_void_p] * n_pointers + [ctypes.c_int64] * n_integers
        return ctypes.CFUNCTYPE(None, *types)(address)


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
