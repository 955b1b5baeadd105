"""What `normoxia pool --out` leaves: the report, its figures and tables, the whole answer, and how to make it again.

report.html        both languages
figures/           each figure as SVG, CSV and its Vega-Lite specification
effects*.csv       every pair, unrounded, on the analysis scale; one file per endpoint of a question
league*.csv        every pair as it is read
synthesis.json     what --json prints
input.*            the table or question document that was read, byte by byte
rerun.sh, rerun.py the command, and the same in Python
"""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normoxia import __version__
from normoxia.cli.show import plain
from normoxia.errors import OutputExists, naming

if TYPE_CHECKING:
    from normoxia.cli.pool_options import Options
    from normoxia.evidence.synthesis.answers import Answer
    from normoxia.evidence.synthesis.certainty import Certainty
    from normoxia.evidence.synthesis.components import ComponentFit
    from normoxia.evidence.synthesis.network import NetworkEffect
    from normoxia.evidence.synthesis.pooling import Synthesis
    from normoxia.evidence.synthesis.proportionality import Proportionality
    from normoxia.evidence.synthesis.tables import NetworkTable
    from normoxia.report.pooled import Shares
    from normoxia.report.synthesis import Told


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
    """The folder of a table. Raises OutputExists when it is there and not empty."""
    from normoxia.report.synthesis import table_pages

    _make(out)
    copy = out / f"input{path.suffix or '.csv'}"
    with naming(copy):
        shutil.copyfile(path, copy)
    command = _command(copy.name, asked)
    told = table_pages(
        synthesis, file=path.name, certainty=judged, contributions=contributions, findings=table.findings,
        notes=synthesis.network.notes, assumed_direction=asked.small_values is None, over_time=over_time,
        provenance=_provenance(command, asked, path), first=asked.lang, without=without, parts=parts,
        time_lost=asked.rmtl_ratio,
    )  # fmt: skip
    _write(out, told, whole, {"": synthesis})
    options = {
        "effect": asked.effect, "model": asked.model, "tau": asked.tau, "reference": asked.reference,
        "small_values": asked.small_values, "seed": asked.seed, "method": asked.method, **_fitting(asked),
    }  # fmt: skip
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


def write_answer(out: Path, what: str, asked: Options, answered: Answer, whole: Mapping[str, Any]) -> None:
    """The folder of a question. Raises OutputExists when it is there and not empty."""
    from normoxia import library
    from normoxia.report.synthesis import answer_pages

    _make(out)
    document = library.find("questions", what)
    with naming(out / "input.yaml"):
        shutil.copyfile(document, out / "input.yaml")
    command = _command("input.yaml", asked)
    told = answer_pages(
        answered,
        provenance=_provenance(command, asked, document),
        first=asked.lang,
        time_lost=asked.rmtl_ratio,
    )
    pooled = {
        f"-{_plain_name(name)}": a.synthesis
        for name, a in answered.analyses.items()
        if a.synthesis is not None
    }
    _write(out, told, whole, pooled)
    changes = []
    if asked.endpoint:
        changes.append(f"asked=tuple(a for a in question.asked if a.endpoint in {asked.endpoint!r})")
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


def _make(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputExists(f"{out} exists; name another folder with --out")
    out.mkdir(parents=True, exist_ok=True)


def _command(what: str, asked: Options) -> str:
    """The exact command, every option spelt out, to be given in the folder."""
    words = ["normoxia", "pool", what, "--model", asked.model, "--tau", asked.tau, "--seed", str(asked.seed)]
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


def _write(out: Path, told: Told, whole: Mapping[str, Any], pooled: Mapping[str, Synthesis]) -> None:
    from normoxia.report.document import document
    from normoxia.report.pooled import effect_rows
    from normoxia.sheets import csv_text

    pages, figures, leagues = told
    _text(out / "report.html", document(pages))
    for figure in figures:
        figure.save(out / "figures")
    for league in leagues:
        _text(out / f"{league.name}.csv", league.csv())
    for suffix, synthesis in pooled.items():
        columns, rows = effect_rows(synthesis)
        _text(out / f"effects{suffix}.csv", csv_text(columns, rows))
    text = json.dumps(plain(dict(whole)), ensure_ascii=False, indent=1, allow_nan=False)
    _text(out / "synthesis.json", text + "\n")


def _write_session(out: Path, command: str, snippet: str) -> None:
    _text(out / "rerun.sh", f'#!/bin/sh\ncd "$(dirname "$0")" || exit 1\n{command}\n')
    _text(out / "rerun.py", f'"""{command}"""\n\n{snippet}')


def _text(path: Path, text: str) -> None:
    with naming(path):
        path.write_text(text, encoding="utf-8")


def _plain_name(endpoint: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in endpoint).strip("-")
