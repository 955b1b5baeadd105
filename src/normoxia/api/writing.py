"""The files of a run's folder beside its chunks: tables, figures, report, summary, and the manifest, which is written last."""

from __future__ import annotations

import csv
import io
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normoxia import memory
from normoxia.api.plain import plain
from normoxia.trial.folder import RunFolder, described, machine, write_whole

if TYPE_CHECKING:
    from normoxia.outcome import Outcome
    from normoxia.trial.analysis import PublishedComparison
    from normoxia.trial.combined import CombinedRatio
    from normoxia.trial.protocol import Trial
    from normoxia.trial.result import TrialResult


def provenance_of(
    result: TrialResult, config: Mapping[str, object], folder: Path | None = None
) -> dict[str, Any]:
    """What a run must carry to be repeated: versions, seed, digests, machine, and its folder when it has one."""
    provenance: dict[str, Any] = {**described(result.manifest, config), "machine": machine()}
    return provenance if folder is None else {**provenance, "folder": str(folder)}


def write_outputs(
    folder: RunFolder,
    result: TrialResult,
    trial: Trial,
    comparisons: Sequence[PublishedComparison],
    combined: Sequence[CombinedRatio],
    provenance: Mapping[str, Any],
    *,
    report: bool,
    lang: str,
    began: tuple[float, float],
    note: Callable[[str], None],
) -> dict[str, Any]:
    """Write everything but the chunks, which must be there; return the manifest as written.

    Parameters
    ----------
    trial
        The protocol with the sizes of the run.
    report
        Whether to draw the figures and the HTML report, in the language `lang`.
    began
        Wall-clock and processor time, s, when the run began.
    note
        Called with a line about what is being done.
    """
    from normoxia.trial import runner
    from normoxia.trial.files import documents_in
    from normoxia.trial.summary import summary

    if documents_in(trial.text):
        provenance = {**provenance, "documents": str(Path(trial.file).resolve().parent)}
    chunks = [folder.chunk(chunk.name) for chunk in runner.chunks(trial, result.n_replicates)]
    outputs = [*chunks, *_write_tables(folder, result, trial, comparisons)]
    if report:
        note("drawing the figures and the report ...")
        outputs += _draw(folder, result, trial, comparisons, provenance, combined, lang)
    content = summary(result, trial, comparisons, provenance, combined)
    summary_path = folder.path / "summary.json"
    write_whole(
        summary_path, (json.dumps(plain(content), ensure_ascii=False, indent=1) + "\n").encode()
    )
    timing = {
        "wall_seconds": round(time.monotonic() - began[0], 3),
        "cpu_seconds": round(time.process_time() - began[1], 3),
    }
    return folder.write_manifest({**provenance, **timing}, [*outputs, summary_path])


def _write_tables(
    folder: RunFolder, result: TrialResult, trial: Trial, comparisons: Sequence[PublishedComparison]
) -> list[Path]:
    """The table of patients (Parquet) and that of outcomes (CSV)."""
    from normoxia.api.frames import patients_frame
    from normoxia.sheets import safe_cell

    patients = folder.path / "patients.parquet"
    buffer = io.BytesIO()
    patients_frame(result, trial).write_parquet(buffer)
    write_whole(patients, buffer.getvalue())
    outcomes = folder.path / "outcomes.csv"
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        (
            "population",
            "endpoint",
            "measure",
            "month",
            "arm",
            "comparator",
            "n",
            "simulated",
            "low",
            "high",
            "published",
            "published_low",
            "published_high",
            "inside",
            "source",
        )
    )
    for comparison in comparisons:
        s, p = comparison.simulated, comparison.published
        cells = (
            s.population,
            s.endpoint,
            s.measure,
            _cell(s.months),
            s.arm,
            s.comparator,
            s.n,
            s.estimate.value,
            s.estimate.low,
            s.estimate.high,
            *_published_cells(p),
            "" if comparison.inside is None else comparison.inside,
            p.source.reference if p and p.source else "",
        )
        writer.writerow([safe_cell(cell) for cell in cells])
    write_whole(outcomes, text.getvalue().encode())
    return [patients, outcomes]


def _published_cells(published: Outcome | None) -> tuple[object, object, object]:
    if published is None:
        return ("", "", "")
    return (published.estimate.value, _cell(published.estimate.low), _cell(published.estimate.high))


def _cell(value: float) -> object:
    return "" if math.isnan(value) else value


def _draw(
    folder: RunFolder,
    result: TrialResult,
    trial: Trial,
    comparisons: Sequence[PublishedComparison],
    provenance: Mapping[str, Any],
    combined: Sequence[CombinedRatio],
    lang: str,
) -> list[Path]:
    """The figures and the report."""
    from normoxia.report.figures.figure import save_all
    from normoxia.report.pages import run as run_report

    page, figures = run_report.page(result, trial, comparisons, provenance, combined, lang=lang)
    memory.give_back()  # the renderer of figures takes 170 MiB of its own
    paths = save_all(figures, folder.path / "figures")
    report = folder.path / "report.html"
    write_whole(report, run_report.html(page).encode())
    return [*paths, report]
