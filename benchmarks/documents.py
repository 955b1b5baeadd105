"""How long documents take to be read: the shipped mechanism, all drugs, all studies of the registry.

python -m benchmarks.documents > benchmarks/results/documents.md
"""

from __future__ import annotations

import time
from collections.abc import Callable

from normoxia import evidence, library, mechanism, pharmacology

REPEATS = 3


def seconds(work: Callable[[], object]) -> float:
    """The least processor seconds of some repeats; one run warms up."""
    work()
    found = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def studies() -> list[object]:
    """Every study document, read from its file."""
    return [evidence.read(library.path("studies", name)) for name in library.names("studies")]


def composed() -> object:
    """The mechanism with every drug of the library, from their files."""
    biology = mechanism.read(library.path("models", "nsclc"))
    return mechanism.compose(
        [biology, *pharmacology.modules(pharmacology.read(name) for name in pharmacology.library())]
    )


def report() -> list[str]:
    """Lines of a page."""
    return [
        "# Documents read",
        "",
        f"Made by `python -m benchmarks.documents`; processor seconds, least of {REPEATS}, warm.",
        "",
        "| documents | CPU-s |",
        "|---|---|",
        f"| the registry, {len(library.names('studies'))} studies | {seconds(studies):.2f} |",
        f"| the mechanism | {seconds(lambda: mechanism.read(library.path('models', 'nsclc'))):.2f} |",
        f"| the mechanism composed with {len(pharmacology.library())} drugs (these read before) | {seconds(composed):.2f} |",
    ]


if __name__ == "__main__":
    print("\n".join(report()))
