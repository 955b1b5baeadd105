"""`normoxia doctor`: versions, cores, fonts and missing extras, for a bug report or a first look."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from normoxia import __version__
from normoxia.api.limits import worker_count
from normoxia.cli.options import Json
from normoxia.cli.show import print_json
from normoxia.cli.table import print_table

_LIBRARIES = {
    "numpy": "",
    "scipy": "",
    "polars": "",
    "llvmlite": "",
    "pint": "",
    "pyyaml": "",
    "altair": "",
    "vl-convert-python": "",
    "jinja2": "",
    "python-libsbml": "sbml",
    "libroadrunner": "dev",
    "lifelines": "dev",
}


def doctor(json: Json = False) -> None:
    """Print versions, cores, processor, and which optional libraries are missing."""
    rows: dict[str, str] = {
        "normoxia": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": str(worker_count(0)),
        "cpu": _cpu(),
    }
    rows |= {library: _version_of(library, extra) for library, extra in _LIBRARIES.items()}
    if json:
        print_json({"schema": "normoxia.doctor/1", **rows})
    else:
        print_table("", ("what", "found"), rows.items())


def _version_of(library: str, extra: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return f'missing; pip install "normoxia[{extra}]"' if extra else "missing"


def _cpu() -> str:
    from llvmlite import binding  # noqa: TID251 - asks the compiler what it will compile for

    return str(binding.get_host_cpu_name())
