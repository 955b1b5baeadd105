"""The house stands as ARCHITECTURE.md draws it: imports point down, modules say what they hold, nothing prints."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "normoxia"

FLOORS = {
    "errors": 0,
    "memory": 0,
    "storage": 0,
    "values": 0,
    "units": 0,
    "documents": 0,
    "digests": 0,
    "sheets": 0,
    "outcome": 0,
    "seeding": 0,
    "progress": 0,
    "library": 0,
    "language": 0,
    "mechanism": 1,
    "survival": 1,
    "pharmacology": 2,
    "simulation": 2,
    "population": 3,
    "evidence": 3,
    "trial": 4,
    "calibration": 5,
    "design": 5,
    "report": 6,
    "api": 7,
    "cli": 8,
    "web": 8,
}

#: large rooms have floors of their own; what is on one line does not import one another, and none imports the package
INNER_FLOORS = {
    "evidence": {"studies": 0, "auditing": 1, "synthesis": 1, "reports": 2, "export": 2},
    "calibration": {
        "scoring": 0,
        "fitting": 1,
        "combined": 2,
        "stacking": 2,
        "matching": 2,
        "validation": 3,
        "forecast": 3,
        "credibility": 3,
        "forecast_scoring": 4,
        "calibrate": 4,
    },
}

#: rooms of floor 0 may use one another in this order only
GROUND = (
    "errors",
    "memory",
    "storage",
    "values",
    "units",
    "documents",
    "digests",
    "sheets",
    "outcome",
    "seeding",
    "progress",
    "library",
    "language",
)

MODULES = sorted(SOURCE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported_names(path: Path) -> set[str]:
    """What a file imports, dotted, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imported_rooms(path: Path) -> set[str]:
    return {
        name.split(".")[1] for name in imported_names(path) if name.startswith("normoxia.")
    } & set(FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_down(path: Path) -> None:
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return
    assert room in FLOORS, f"{room} has no floor: add it to ARCHITECTURE.md and to this test"
    for other in imported_rooms(path) - {room}:
        if room in GROUND and other in GROUND:
            assert GROUND.index(other) < GROUND.index(room), f"{room} imports {other}"
        else:
            assert FLOORS[other] < FLOORS[room], (
                f"{path.relative_to(SOURCE)} imports {other}, which is not below {room}"
            )


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in MODULES
        if room_of(path) in INNER_FLOORS and path != SOURCE / room_of(path) / "__init__.py"
    ],
    ids=lambda p: str(p.relative_to(SOURCE)),
)
def test_imports_inside_a_large_room_point_down(path: Path) -> None:
    room, name, *_ = path.relative_to(SOURCE).with_suffix("").parts
    floors = INNER_FLOORS[room]
    assert name in floors, f"{name} has no floor in {room}: add it to its map and to this test"
    inside = (
        found.split(".")
        for found in imported_names(path)
        if f"{found}.".startswith(f"normoxia.{room}.")
    )
    for _, _, *names in inside:
        other = names[0] if names else ""
        assert other in floors, f"{name} imports the package {room}, which stands above it"
        assert other == name or floors[other] < floors[name], (
            f"{path.relative_to(SOURCE)} imports {other}, which is not below {name}"
        )


def test_no_relative_imports_and_no_printing_outside_the_edges() -> None:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path}: relative import"
            prints = (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "print"
            )
            assert not prints or room_of(path) == "cli", f"{path}:{node.lineno} prints"


def test_every_module_says_what_it_holds() -> None:
    silent = [
        str(path.relative_to(SOURCE))
        for path in MODULES
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []
