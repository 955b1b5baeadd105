"""What the shell proposes when Tab is pressed: trials, studies, questions, drugs, statements, files, words of options.

Names are taken from the files of the library, without reading them and without the scientific libraries, so that an answer
takes as long as `normoxia --help`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

Complete = Callable[[str], list[str]]

#: prefixes that name the kind of a trial, and the kind of the library's documents with it
_PREFIXES = {"study:": "studies", "forecast:": "forecasts"}
_DOCUMENTS, _TABLES = (".yaml", ".yml"), (".csv", ".tsv", ".txt")
_MARKS = str.maketrans("", "", "-_ ")


def words(of: Iterable[str]) -> Complete:
    """Complete from a closed list."""
    listed = tuple(of)

    def complete(incomplete: str) -> list[str]:
        return matching(listed, incomplete)

    return complete


class Proposal(str):
    """A name that takes the place of what was typed in another case: Typer drops what does not begin with it."""

    __slots__ = ()

    def startswith(self, *_: object) -> bool:
        """Whatever was typed: `matching` has chosen."""
        return True


def matching(names: Iterable[str], incomplete: str) -> list[str]:
    """The names that begin as what was typed, whatever its case, hyphens and underscores."""
    typed = incomplete.casefold().translate(_MARKS)
    return [Proposal(name) for name in names if name.casefold().translate(_MARKS).startswith(typed)]


def trials(incomplete: str) -> list[str]:
    """Everything that `normoxia run` takes: shipped trials, studies, planned trials, protocols.

    Without a prefix where a name is of one kind alone, since bash breaks words at colons.
    """
    for prefix, kind in _PREFIXES.items():
        if incomplete.casefold().startswith(prefix):
            return [
                Proposal(prefix + name)
                for name in matching(_names(kind), incomplete[len(prefix) :])
            ]
    shipped = _names("trials")
    others = [name for kind in _PREFIXES.values() for name in _names(kind)]
    single = [name for name in others if others.count(name) == 1 and name not in shipped]
    return [
        *matching(shipped, incomplete),
        *matching(sorted(single), incomplete),
        *files(_DOCUMENTS)(incomplete),
        *([p for p in _PREFIXES if p.startswith(incomplete.casefold())] if incomplete else []),
    ]


def studies(incomplete: str) -> list[str]:
    """Studies of the registry, by the names of their documents, which differ from their ids by case alone."""
    return matching(_names("studies"), incomplete)


def designs(incomplete: str) -> list[str]:
    """Planned trials with a protocol."""
    return matching(_names("forecasts"), incomplete)


def questions(incomplete: str) -> list[str]:
    """Shipped questions, question documents and tables."""
    shipped = matching(_names("questions"), incomplete)
    return [*shipped, *files((*_DOCUMENTS, *_TABLES))(incomplete)]


def comparisons(incomplete: str) -> list[str]:
    """Shipped comparisons of regimens, and documents."""
    return [*matching(_names("comparisons"), incomplete), *files(_DOCUMENTS)(incomplete)]


def explanations(incomplete: str) -> list[str]:
    """Shipped explanations, and documents."""
    return [*matching(_names("explanations"), incomplete), *files(_DOCUMENTS)(incomplete)]


def optimisations(incomplete: str) -> list[str]:
    """Shipped optimisations, and documents."""
    return [*matching(_names("optimisations"), incomplete), *files(_DOCUMENTS)(incomplete)]


def drug_designs(incomplete: str) -> list[str]:
    """Shipped designs of drugs, and documents."""
    return [*matching(_names("drug_designs"), incomplete), *files(_DOCUMENTS)(incomplete)]


def patients(incomplete: str) -> list[str]:
    """Shipped patients, and documents."""
    return [*matching(_names("patients"), incomplete), *files(_DOCUMENTS)(incomplete)]


def toxicities(incomplete: str) -> list[str]:
    """Shipped questions about toxicity, and documents."""
    return [*matching(_names("toxicities"), incomplete), *files(_DOCUMENTS)(incomplete)]


def biomarker_questions(incomplete: str) -> list[str]:
    """Shipped questions about markers, and documents."""
    return [*matching(_names("biomarkers"), incomplete), *files(_DOCUMENTS)(incomplete)]


def trial_designs(incomplete: str) -> list[str]:
    """Shipped designs of trials, and documents."""
    return [*matching(_names("designs"), incomplete), *files(_DOCUMENTS)(incomplete)]


def drugs(incomplete: str) -> list[str]:
    """Drugs of the library."""
    return matching(_names("drugs"), incomplete)


def models(incomplete: str) -> list[str]:
    """Models of the library that stand alone, and documents."""
    return [*matching(["nsclc", "nsclc-levels"], incomplete), *files(_DOCUMENTS)(incomplete)]


def statements(incomplete: str) -> list[str]:
    """Tags of the causal statements, read from the lines of their document that begin with one."""
    import re

    from normoxia import library

    text = library.path("models", "statements").read_text(encoding="utf-8")
    return matching(re.findall(r"^  (C\d+[a-z]?):", text, re.MULTILINE), incomplete)


def files(endings: Sequence[str]) -> Complete:
    """Complete the names of files with one of the endings, and of folders on the way to them."""

    def complete(incomplete: str) -> list[str]:
        typed = Path(incomplete)
        folder = typed if incomplete.endswith("/") else typed.parent
        begin = "" if incomplete.endswith("/") else typed.name
        lead = incomplete[: len(incomplete) - len(begin)]
        try:
            entries = sorted(folder.iterdir())
        except OSError:
            return []
        return [
            f"{lead}{entry.name}{'/' if entry.is_dir() else ''}"
            for entry in entries
            if entry.name.startswith(begin)
            and (begin.startswith(".") or not entry.name.startswith("."))
            and (entry.is_dir() or entry.suffix.casefold() in endings)
        ]

    return complete


def runs(incomplete: str) -> list[str]:
    """Folders; those of finished runs that the index lists come first."""
    from normoxia.api import run_index

    listed = [str(run.path) for run in run_index.listed() if run.state == "finished"]
    near = [_relative(path) for path in listed]
    chosen = [path for path in near if path.startswith(incomplete)]
    return list(dict.fromkeys([*chosen, *files(())(incomplete)]))


def _relative(path: str) -> str:
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path


def _names(kind: str) -> tuple[str, ...]:
    from normoxia import library

    return library.names(kind)
