"""The folder of a meta-analysis: report, figures, tables, the whole analysis, and how to make it again.

report.html        both languages
figures/           each figure as SVG, CSV and its Vega-Lite specification
effects*.csv       every pair, unrounded, on the analysis scale; one file per endpoint of a question
league*.csv        the league table
synthesis.json     what `normoxia pool --json` prints
input.*            the table or question document that was read, byte by byte
options.json       the options, for `normoxia.open_pool`
rerun.sh, rerun.py the command, and the same in Python

While it is written the folder holds a mark; a folder with that mark is unfinished, and is written anew.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normoxia import __version__, storage
from normoxia.api.plain import plain
from normoxia.api.synthesis_options import PoolOptions, pool_options
from normoxia.errors import OutputExists
from normoxia.storage import write_whole

if TYPE_CHECKING:
    from normoxia.api.synthesis import MetaAnalysis
    from normoxia.evidence.synthesis.pooling import Synthesis
    from normoxia.report.figures.figure import Figure
    from normoxia.report.pages.document import Page
    from normoxia.report.pages.synthesis import ReportParts

OPTIONS, SCHEMA = "options.json", "normoxia.pool-options/1"
#: marks a folder that is being written
UNFINISHED = ".unfinished"
#: what the folder holds
CONTENTS = (
    "report.html",
    "figures/*",
    "effects*.csv",
    "league*.csv",
    "synthesis.json",
    "input.*",
    "options.json",
    "rerun.sh",
    "rerun.py",
)
#: options that the command spells out in any case
_ALWAYS = ("model", "tau", "seed")
#: options whose name on the command line is another, because they are repeated
_REPEATED = {"endpoints": "endpoint", "columns": "column"}


def write_folder(folder: Path, pooled: MetaAnalysis, *, lang: str, rmtl_ratio: bool) -> Path:
    """Write a meta-analysis into a folder; `MetaAnalysis.save` describes the parameters."""
    with _begun(folder):
        copy = "input.yaml" if pooled.table is None else f"input{pooled.source.suffix or '.csv'}"
        content = pooled.source.read_bytes()
        write_whole(folder / copy, content)
        command = _command(copy, pooled.options, lang, rmtl_ratio=rmtl_ratio)
        provenance = _provenance(command, pooled.options, pooled.source.name, content)
        parts = _pages(pooled, provenance, lang, rmtl_ratio=rmtl_ratio)
        _write_tables(folder, parts, _file_suffixes(pooled), pooled.to_json(lang))
        kept = {"schema": SCHEMA, "input": copy, "options": dict(_given(pooled.options))}
        _write_text(folder / OPTIONS, json.dumps(kept, ensure_ascii=False, indent=1) + "\n")
        _write_text(folder / "rerun.sh", f'#!/bin/sh\ncd "$(dirname "$0")" || exit 1\n{command}\n')
        _write_text(folder / "rerun.py", f"{command!r}\n\n{_snippet(copy, pooled.options)}")
    return folder


def report_page(pooled: MetaAnalysis, lang: str) -> tuple[Page, tuple[Figure, ...]]:
    """The report of a meta-analysis in one language, and its figures; `MetaAnalysis.page` describes it."""
    from normoxia.report.figures.figure import Figure

    content = pooled.source.read_bytes()
    provenance = _provenance("", pooled.options, pooled.source.name, content)
    pages = _pages(pooled, provenance, lang, rmtl_ratio=False)[0]
    page = next(one for one in pages if one.language == lang)
    blocks = (block for section in page.sections for block in section.blocks)
    return page, tuple(block for block in blocks if isinstance(block, Figure))


@contextmanager
def _begun(folder: Path) -> Iterator[None]:
    """Within it the folder is there, empty, this process's alone, and marked as unfinished until it is left without an error."""
    _refuse(folder)
    with storage.claimed(folder):
        _refuse(folder)
        _clear(folder)
        write_whole(folder / UNFINISHED, b"")
        yield
        (folder / UNFINISHED).unlink()


def _refuse(folder: Path) -> None:
    """Raise OutputExists when the folder holds anything but what an unfinished one holds."""
    if not folder.exists() or (
        folder.is_dir() and (not storage.occupants(folder) or (folder / UNFINISHED).is_file())
    ):
        return
    raise OutputExists(f"{folder} exists; name another folder (--out)")


def _clear(folder: Path) -> None:
    """Remove what an unfinished folder holds of ours; anything else stays."""
    storage.tidy(folder)
    for pattern in CONTENTS:
        for path in folder.glob(pattern):
            if path.is_file() or path.is_symlink():
                path.unlink()


def _pages(
    pooled: MetaAnalysis, provenance: Mapping[str, str], lang: str, *, rmtl_ratio: bool
) -> ReportParts:
    from normoxia.report.pages import synthesis as report

    if pooled.answer is not None:
        return report.answer_pages(
            pooled.answer, provenance=provenance, first=lang, time_lost=rmtl_ratio
        )
    analysis = pooled.table
    assert analysis is not None
    return report.table_pages(
        analysis.synthesis,
        file=pooled.source.name,
        certainty=analysis.certainty,
        contributions=analysis.contributions,
        findings=analysis.table.findings,
        notes=analysis.synthesis.network.notes,
        assumed_direction=pooled.options.small_values is None,
        over_time=analysis.over_time,
        provenance=provenance,
        first=lang,
        without=analysis.without,
        parts=analysis.component_fit,
        time_lost=rmtl_ratio,
        arms=analysis.table.arms,
    )


def _write_tables(
    folder: Path, parts: ReportParts, pooled: Mapping[str, Synthesis], content: Mapping[str, Any]
) -> None:
    """The report, its figures, the tables, and the whole analysis."""
    from normoxia.report.figures.figure import save_all
    from normoxia.report.pages.document import document
    from normoxia.report.views.pooled import effect_rows
    from normoxia.sheets import csv_text

    pages, figures, leagues = parts
    _write_text(folder / "report.html", document(pages))
    save_all(figures, folder / "figures")
    names = storage.file_names(league.name for league in leagues)
    for league in leagues:
        _write_text(folder / f"{names[league.name]}.csv", league.csv())
    for suffix, synthesis in pooled.items():
        columns, rows = effect_rows(synthesis)
        _write_text(folder / f"effects{suffix}.csv", csv_text(columns, rows))
    text = json.dumps(plain(dict(content)), ensure_ascii=False, indent=1, allow_nan=False)
    _write_text(folder / "synthesis.json", text + "\n")


def _file_suffixes(pooled: MetaAnalysis) -> dict[str, Synthesis]:
    """The fitted networks by what the names of their files end in."""
    if pooled.answer is None:
        return dict(pooled.syntheses)
    names = endpoint_file_names(pooled.answer.analyses)
    return {f"-{names[name]}": synthesis for name, synthesis in pooled.syntheses.items()}


def _given(options: PoolOptions) -> Iterator[tuple[str, Any]]:
    """Options that are not the default ones, and those that are always spelt out, in their order."""
    default = pool_options()
    for name in (field.name for field in fields(options)):
        value = getattr(options, name)
        if name == "studies":
            value = tuple(str(path.resolve()) for path in value)
        if name in _ALWAYS or value != getattr(default, name):
            yield name, value


def _command(file: str, options: PoolOptions, lang: str, *, rmtl_ratio: bool) -> str:
    """The exact command, to be given in the folder."""
    words = ["normoxia", "pool", file]
    for name, value in _given(options):
        option = f"--{_REPEATED.get(name, name).replace('_', '-')}"
        if value is True:
            words.append(option)
        elif isinstance(value, Mapping):
            for role, column in value.items():
                words += [option, f"{role}={column}"]
        elif isinstance(value, tuple):
            for item in value:
                words += [option, item]
        else:
            words += [option, value if isinstance(value, str) else repr(value)]
    words += ["--rmtl-ratio"] if rmtl_ratio else []
    return shlex.join([*words, "--lang", lang])


def _snippet(file: str, options: PoolOptions) -> str:
    """The same in Python."""
    given = "".join(f", {name}={value!r}" for name, value in _given(options))
    return (
        "from pathlib import Path\n\n"
        "import normoxia as nx\n\n"
        f"pooled = nx.pool(Path(__file__).parent / {file!r}{given})\n"
        "for endpoint, synthesis in pooled.syntheses.items():\n"
        "    for effect in synthesis.forest():\n"
        "        print(endpoint, effect.treatment, effect.comparator, effect.estimate, effect.se)\n"
    )


def _provenance(command: str, options: PoolOptions, name: str, content: bytes) -> dict[str, str]:
    return {
        "command": command,
        "input": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "model": options.model,
        "tau": options.tau if options.model == "random" else "–",
        "seed": str(options.seed),
        "normoxia": __version__,
    }


def _write_text(path: Path, text: str) -> None:
    write_whole(path, text.encode())


def endpoint_file_names(endpoints: Iterable[str]) -> dict[str, str]:
    """Endpoints as parts of file names, different even where capitals do not count."""
    endpoints = list(endpoints)
    names = {
        name: "".join(c if c.isalnum() else "-" for c in name).strip("-") for name in endpoints
    }
    counts = Counter(text.casefold() for text in names.values())
    safe = storage.file_names(endpoints)
    return {
        name: text
        if text and counts[text.casefold()] == 1 and storage.file_name(text) == text
        else safe[name]
        for name, text in names.items()
    }
