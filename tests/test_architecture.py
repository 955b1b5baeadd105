"""The package is as ARCHITECTURE.md draws it: imports point down, files form no circle, modules say what they hold, nothing prints."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "normoxia"

FLOORS = {
    "errors": 0,
    "memory": 0,
    "storage": 0,
    "cache": 0,
    "values": 0,
    "units": 0,
    "documents": 0,
    "digests": 0,
    "sheets": 0,
    "outcome": 0,
    "seeding": 0,
    "progress": 0,
    "notebook": 0,
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
    "web": 8,
    "cli": 9,
}

#: large rooms have floors of their own; what is on one line does not import one another, and none imports the package
INNER_FLOORS = {
    "evidence": {"studies": 0, "auditing": 1, "synthesis": 1, "reports": 2, "export": 2},
    "calibration": {
        "scoring": 0,
        "fitting": 1,
        "learned_weights": 1,
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
    "cache",
    "values",
    "units",
    "documents",
    "digests",
    "outcome",
    "seeding",
    "progress",
    "notebook",
    "library",
    "language",
    "sheets",
)

MODULES = sorted(SOURCE.rglob("*.py"))

#: imports that close a circle of files; the list may only shrink: cut one, and take its line away
CLOSING_IMPORTS = {
    ("pharmacology.regimen", "pharmacology.notation"),
    ("pharmacology.files", "pharmacology.checks"),
    ("trial.files", "trial.making.designs"),
    ("trial.files", "trial.making.from_study"),
}


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@functools.cache
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


def module_name(path: Path) -> str:
    """A file as it is imported, without the package's own name."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def nodes_that_run(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node, inside functions too, but for what only a type checker reads."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from nodes_that_run(child)


@functools.cache
def imported_files() -> dict[str, set[str]]:
    """Which file imports which, at its head or when a function runs."""
    names = {module_name(path): path for path in MODULES}
    graph: dict[str, set[str]] = {name: set() for name in names}
    for name, path in names.items():
        for node in nodes_that_run(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            room = node.module.removeprefix("normoxia").removeprefix(".")
            if not node.module.startswith("normoxia"):
                continue
            for alias in node.names:
                whole = f"{room}.{alias.name}".strip(".")
                target = whole if whole in names else room
                if target != name and target in names:
                    graph[name].add(target)
    return graph


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """The files of some circle; none when there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [str(name) for name in error.args[1]]
    return []


def test_files_form_no_circle_even_by_imports_inside_functions() -> None:
    graph = imported_files()
    assert sum(map(len, graph.values())) > 500
    without = {
        name: {other for other in others if (name, other) not in CLOSING_IMPORTS}
        for name, others in graph.items()
    }
    assert circle_in(without) == []


@pytest.mark.parametrize("closing", sorted(CLOSING_IMPORTS))
def test_the_list_of_closing_imports_only_shrinks(closing: tuple[str, str]) -> None:
    """Each of them alone still closes a circle; one that does not any more leaves the list."""
    graph = imported_files()
    others = CLOSING_IMPORTS - {closing}
    without = {
        name: {other for other in found if (name, other) not in others}
        for name, found in graph.items()
    }
    assert closing[1] in graph[closing[0]], "this import is gone: take its line away"
    assert circle_in(without), "this import closes no circle any more: take its line away"


def test_a_circle_is_seen_and_named() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert set(circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == {"a", "b", "c"}


def test_the_map_draws_the_rooms_that_exist() -> None:
    """ARCHITECTURE.md names every room and file beside them, and no other."""
    text = (SOURCE.parents[1] / "ARCHITECTURE.md").read_text(encoding="utf-8")
    drawn = text.split("\n\n    ", 1)[1].split("\n\n", 1)[0]
    floors = {}
    for line in drawn.splitlines():
        floor, rest = line.strip().split("  ", 1)
        names = rest if floor == "0" else rest[:25]  # what a room is for stands in the next column
        floors |= {name: int(floor) for name in names.split()}
    rooms = {room_of(path) for path in MODULES} - {"__init__", "__main__", "library"}
    assert set(floors) == rooms
    assert floors == {room: FLOORS[room] for room in rooms}
