"""What `normoxia pool --out` leaves: the report, its figures and tables, the whole answer, and how to make it again.

report.html        both languages
figures/           each figure as SVG, CSV and its Vega-Lite specification
effects*.csv       every pair, unrounded, on the analysis scale; one file per endpoint of a question
league*.csv        every pair as it is read
synthesis.json     what --json prints
input.*            the table or question document that was read, byte by byte
rerun.sh, rerun.py the command, and the same in Python

While it is being written the folder holds a mark; a folder with that mark is one that was never finished, and is written anew.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from normoxia import __version__, storage
from normoxia.cli.show import plain
from normoxia.errors import OutputExists
from normoxia.storage import write_whole

if TYPE_CHECKING:
    from normoxia.cli.pool_options import Options
    from normoxia.evidence.synthesis.answers import Answer
    from normoxia.evidence.synthesis.intake.tables import NetworkTable
    from normoxia.evidence.synthesis.judgement.certainty import Certainty
    from normoxia.evidence.synthesis.judgement.proportionality import Proportionality
    from normoxia.evidence.synthesis.model.components import ComponentFit
    from normoxia.evidence.synthesis.model.network import NetworkEffect
    from normoxia.evidence.synthesis.pooling import Synthesis
    from normoxia.report.pages.synthesis import ReportParts
    from normoxia.report.views.pooled import Shares

Rest = ParamSpec("Rest")
#: marks a folder that is being written
UNFINISHED = ".unfinished"
#: what the folder holds
OURS = (
    "report.html",
    "figures/*",
    "effects*.csv",
    "league*.csv",
    "synthesis.json",
    "input.*",
    "rerun.sh",
    "rerun.py",
)


@contextmanager
def _begun(out: Path) -> Iterator[None]:
    """Within it the folder is there, empty, this process's alone, and marked as unfinished; left without an error, it is finished.

    raises  OutputExists when it holds anything but what an unfinished one holds, or when another process writes it
    """
    _refuse(out)
    with storage.claimed(out):
        _refuse(out)
        _clear(out)
        write_whole(out / UNFINISHED, b"")
        yield
        (out / UNFINISHED).unlink()


def _refuse(out: Path) -> None:
    if not out.exists() or (
        out.is_dir() and (not storage.occupants(out) or (out / UNFINISHED).is_file())
    ):
        return
    raise OutputExists(f"{out} exists; name another folder with --out")


def _clear(out: Path) -> None:
    """Remove what an unfinished folder holds of ours; anything else stays."""
    storage.tidy(out)
    for pattern in OURS:
        for path in out.glob(pattern):
            if path.is_file() or path.is_symlink():
                path.unlink()


def _in_its_folder(
    write: Callable[Concatenate[Path, Rest], None],
) -> Callable[Concatenate[Path, Rest], None]:
    """A function that writes a folder, with all it does within `_begun`."""

    @wraps(write)
    def begun(out: Path, /, *args: Rest.args, **options: Rest.kwargs) -> None:
        with _begun(out):
            write(out, *args, **options)

    return begun


@_in_its_folder
def write_table(
    out: Path,
    path: Path,
    asked: Options,
    table: NetworkTable,
    synthesis: Synthesis,
    judged: tuple[Certainty, ...],
    contributions: Shares,
    over_time: Proportionality | None,
    whole: Mapping[str, Any],
    *,
    without: Mapping[str, tuple[NetworkEffect, ...] | None] | None = None,
    parts: ComponentFit | None = None,
) -> None:
    """The folder of a table. Raises OutputExists when it is there and holds anything but an unfinished one."""
    from normoxia.report.pages.synthesis import table_pages

    copy = out / f"input{path.suffix or '.csv'}"
    write_whole(copy, path.read_bytes())
    command = _command(copy.name, asked)
    told = table_pages(
        synthesis,
        file=path.name,
        certainty=judged,
        contributions=contributions,
        findings=table.findings,
        notes=synthesis.network.notes,
        assumed_direction=asked.small_values is None,
        over_time=over_time,
        provenance=_provenance(command, asked, path),
        first=asked.lang,
        without=without,
        parts=parts,
        time_lost=asked.rmtl_ratio,
        arms=table.arms,
    )
    _write(out, told, whole, {"": synthesis})
    options = {
        "effect": asked.effect,
        "model": asked.model,
        "tau": asked.tau,
        "reference": asked.reference,
        "small_values": asked.small_values,
        "seed": asked.seed,
        "method": asked.method,
        **_fitting(asked),
    }
    given = ", ".join(f"{key}={value!r}" for key, value in options.items() if value is not None)
    mark = f", decimal={asked.decimal!r}" if asked.decimal else ""
    snippet = (
        "from pathlib import Path\n\n"
        "from normoxia.evidence import pool, read_network\n\n"
        f"table = read_network(Path(__file__).parent / {copy.name!r}, columns={asked.columns!r}, "
        f"effect={asked.effect!r}{mark})\n"
        f"synthesis = pool(table, {given})\n"
        "for effect in synthesis.forest():\n"
        "    print(effect.treatment, effect.comparator, effect.estimate, effect.se)\n"
    )
    _write_session(out, command, snippet)


@_in_its_folder
def write_answer(
    out: Path, what: str, asked: Options, answered: Answer, whole: Mapping[str, Any]
) -> None:
    """The folder of a question. Raises OutputExists when it is there and holds anything but an unfinished one."""
    from normoxia import library
    from normoxia.report.pages.synthesis import answer_pages

    document = library.find("questions", what)
    write_whole(out / "input.yaml", document.read_bytes())
    command = _command("input.yaml", asked)
    told = answer_pages(
        answered,
        provenance=_provenance(command, asked, document),
        first=asked.lang,
        time_lost=asked.rmtl_ratio,
    )
    names = _plain_names(answered.analyses)
    pooled = {
        f"-{names[name]}": a.synthesis
        for name, a in answered.analyses.items()
        if a.synthesis is not None
    }
    _write(out, told, whole, pooled)
    changes = []
    if asked.endpoint:
        changes.append(
            f"asked=tuple(a for a in question.asked if a.endpoint in {asked.endpoint!r})"
        )
    if asked.reference:
        changes.append(f"reference={asked.reference!r}")
    lines = [
        "from dataclasses import replace",
        "from pathlib import Path",
        "",
        "from normoxia.evidence import answer, question, registry",
        "",
        'question = question(Path(__file__).parent / "input.yaml")',
        *(f"question = replace(question, {change})" for change in changes),
    ]
    if asked.small_values:
        lines.append(
            "question = replace(question, asked=tuple(replace(a, small_values="
            f"{asked.small_values!r}) for a in question.asked))"
        )
    folders = ", ".join(repr(str(folder.resolve())) for folder in asked.studies)
    lines += [
        f"found = answer(question, studies=registry({folders}), model={asked.model!r}, tau={asked.tau!r}, "
        f"seed={asked.seed}{''.join(f', {key}={value!r}' for key, value in _fitting(asked).items())})",
        "for endpoint, analysis in found.analyses.items():",
        "    if analysis.synthesis is not None:",
        "        for effect in analysis.synthesis.forest():",
        "            print(endpoint, effect.treatment, effect.comparator, effect.estimate, effect.se)",
    ]
    _write_session(out, command, "\n".join(lines) + "\n")


def _fitting(asked: Options) -> dict[str, object]:
    """Options of intervals that are not the default, under their names in Python."""
    found: dict[str, object] = {}
    if asked.hartung_knapp:
        found["hartung_knapp"] = True
    if asked.prediction is not None:
        found["prediction"] = asked.prediction
    if asked.level != 0.95:
        found["level"] = asked.level
    return found


def _command(what: str, asked: Options) -> str:
    """The exact command, every option spelt out, to be given in the folder."""
    words = [
        "normoxia",
        "pool",
        what,
        "--model",
        asked.model,
        "--tau",
        asked.tau,
        "--seed",
        str(asked.seed),
    ]
    for name, value in (
        ("--effect", asked.effect),
        ("--reference", asked.reference),
        ("--small-values", asked.small_values),
        ("--decimal", asked.decimal),
        ("--equivalence", None if asked.equivalence is None else repr(asked.equivalence)),
    ):
        if value is not None:
            words += [name, value]
    if asked.inactive is not None:
        words += ["--inactive", asked.inactive]
    if asked.prediction is not None:
        words += ["--prediction", asked.prediction]
    if asked.level != 0.95:
        words += ["--level", repr(asked.level)]
    for flag, given in (
        ("--hartung-knapp", asked.hartung_knapp),
        ("--leave-one-out", asked.leave_one_out),
        ("--components", asked.components),
        ("--rmtl-ratio", asked.rmtl_ratio),
    ):
        if given:
            words.append(flag)
    if asked.method != "inverse-variance":
        words += ["--method", asked.method]
    for endpoint in asked.endpoint:
        words += ["--endpoint", endpoint]
    for role, column in asked.columns.items():
        words += ["--column", f"{role}={column}"]
    for folder in asked.studies:
        words += ["--studies", str(folder.resolve())]
    if asked.leave_out_faulty:
        words.append("--leave-out-faulty")
    return shlex.join([*words, "--lang", asked.lang])


def _provenance(command: str, asked: Options, read: Path) -> dict[str, str]:
    digest = hashlib.sha256(read.read_bytes()).hexdigest()
    return {
        "command": command,
        "input": read.name,
        "sha256": digest,
        "model": asked.model,
        "tau": asked.tau if asked.model == "random" else "–",
        "seed": str(asked.seed),
        "normoxia": __version__,
    }


def _write(
    out: Path, told: ReportParts, whole: Mapping[str, Any], pooled: Mapping[str, Synthesis]
) -> None:
    from normoxia.report.figures.figure import save_all
    from normoxia.report.pages.document import document
    from normoxia.report.views.pooled import effect_rows
    from normoxia.sheets import csv_text

    pages, figures, leagues = told
    _text(out / "report.html", document(pages))
    save_all(figures, out / "figures")
    names = storage.file_names(league.name for league in leagues)
    for league in leagues:
        _text(out / f"{names[league.name]}.csv", league.csv())
    for suffix, synthesis in pooled.items():
        columns, rows = effect_rows(synthesis)
        _text(out / f"effects{suffix}.csv", csv_text(columns, rows))
    text = json.dumps(plain(dict(whole)), ensure_ascii=False, indent=1, allow_nan=False)
    _text(out / "synthesis.json", text + "\n")


def _write_session(out: Path, command: str, snippet: str) -> None:
    _text(out / "rerun.sh", f'#!/bin/sh\ncd "$(dirname "$0")" || exit 1\n{command}\n')
    _text(out / "rerun.py", f"{command!r}\n\n{snippet}")


def _text(path: Path, text: str) -> None:
    write_whole(path, text.encode())


def _plain_names(endpoints: Iterable[str]) -> dict[str, str]:
    """Endpoints as parts of file names, different even where capitals do not count."""
    endpoints = list(endpoints)
    plain = {
        name: "".join(c if c.isalnum() else "-" for c in name).strip("-") for name in endpoints
    }
    counts = Counter(text.casefold() for text in plain.values())
    safe = storage.file_names(endpoints)
    return {
        name: text
        if text and counts[text.casefold()] == 1 and storage.file_name(text) == text
        else safe[name]
        for name, text in plain.items()
    }
