"""`design_trial`: power, assurance and size of a randomised trial, by simulation on the calibrated ensemble."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from normoxia.api import running
from normoxia.api.names import one_of
from normoxia.api.plan import plan
from normoxia.api.run import Run
from normoxia.design import plan_summary, power, stage, trial_designs
from normoxia.design.power import TRIALS, Characteristics
from normoxia.design.trial_designs import TrialDesign
from normoxia.progress import Progress, silent

if TYPE_CHECKING:
    import polars

    from normoxia.report.figures.figure import Figure


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PlannedTrial:
    """A planned trial; `normoxia.design_trial` gives it.

    Attributes
    ----------
    design
        What was asked.
    run
        The virtual patients that trials were drawn from.
    sizes
        Operating characteristics of each size.
    """

    design: TrialDesign
    run: Run
    sizes: tuple[Characteristics, ...]

    @property
    def smallest(self) -> int | None:
        """Patients of the smallest size whose assurance reaches the target; None when none does."""
        found = plan_summary.smallest(self.design, self.sizes)
        return found.patients if found else None

    def table(self) -> polars.DataFrame:
        """One row for each size.

        Returns
        -------
        polars.DataFrame
            Columns `patients`, `events` (of the last look), `assurance`, `standard_error`, `power_median`, `power_p10`,
            `power_p90` (over draws), `early` (share stopped for success before the last look), `months` (mean duration),
            `events_at_end`. Shares of 1.
        """
        import numpy as np
        import polars as pl

        rows = []
        for size in self.sizes:
            low, middle, high = (float(q) for q in np.quantile(size.power, [0.1, 0.5, 0.9]))
            rows.append(
                {
                    "patients": size.patients,
                    "events": size.events,
                    "assurance": size.assurance,
                    "standard_error": size.error,
                    "power_median": middle,
                    "power_p10": low,
                    "power_p90": high,
                    "early": float(size.stops[:-1].sum()),
                    "months": size.months,
                    "events_at_end": size.n_events,
                }
            )
        return pl.DataFrame(rows)

    def answer(self, lang: str = "en") -> str:
        """Return the answer in a language, "en" or "zh"."""
        sentences = plan_summary.answer(self.design, self.sizes)
        return sentences[one_of("language", lang, tuple(sentences))]

    def summary(self) -> dict[str, object]:
        """Return the plan as one plain object: what `normoxia design-trial --json` prints."""
        return plan_summary.summary(self.design, self.sizes, self.run.provenance)

    def plot(self, *, lang: str = "en") -> Figure:
        """Draw assurance and power by size."""
        from normoxia.report.pages.trial_design import power as drawn

        return drawn(self.design, self.sizes, lang)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{s.patients}: {100 * s.assurance:.0f}%" for s in self.sizes)
        return f"<PlannedTrial {self.design.name}: assurance {sizes}>"

    def _repr_html_(self) -> str:
        """Answer and figure, for notebooks."""
        import html

        return f"<div><p>{html.escape(self.answer())}</p>{self.plot().svg()}</div>"


def design_trial(
    design: str | Path | TrialDesign,
    *,
    patients: int | None = None,
    draws: int | None = None,
    trials: int = TRIALS,
    seed: int = 1,
    workers: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    report: bool = True,
    lang: str = "en",
    progress: AbstractContextManager[Progress] | None = None,
    note: Callable[[str], None] | None = None,
) -> PlannedTrial:
    """Plan a two-arm randomised trial: power, assurance, size and duration.

    Parameters
    ----------
    design
        Name of a shipped design, in any spelling, the path of a document, or a `TrialDesign`.
    patients
        Virtual patients simulated in each draw; as the document says when omitted.
    draws
        Of the calibrated ensemble; as the document says when omitted. At least 8.
    trials
        Drawn from the virtual patients for each draw of the ensemble and each size.
    seed, workers, out, resume, report, lang, progress, note
        As in `compare`.

    Returns
    -------
    PlannedTrial
        Operating characteristics of every size, and the answer.

    Raises
    ------
    UnknownName
        There is no such design, stage, set of patients or drug.
    InvalidDocument
        The design has faults; all are listed.
    InvalidArgument
        Too few draws, or a run that does not fit into memory.
    OutputExists
        The folder holds something, and `resume` is False.
    """
    asked = design if isinstance(design, TrialDesign) else read_design(design)
    trial = stage.trial_of(asked.comparison, patients, months=asked.accrual + asked.longest)
    planned = plan(trial, seed=seed, replicates=draws or asked.comparison.draws)
    watch = progress if progress is not None else nullcontext(silent)
    say = note or (lambda _: None)
    if out is None:
        run = running.in_memory(planned, workers=workers, watch=watch)
    else:
        run = running.in_folder(
            planned,
            Path(out),
            resume=resume,
            workers=workers,
            report=False,
            lang=lang,
            watch=watch,
            note=say,
            warn=say,
            go_on=f"normoxia design-trial {asked.name} --out {out} --resume and the same options",
        )
    say("drawing trials ...")
    arms = power.simulated_arms(run.result, run.trial, asked, seed)
    sizes = tuple(
        power.characteristics(asked, *arms, n, seed=seed, trials=trials) for n in asked.patients
    )
    finished = PlannedTrial(design=asked, run=run, sizes=sizes)
    if out is not None:
        _write(finished, Path(out), report=report, lang=lang)
    return finished


def read_design(name: str | Path) -> TrialDesign:
    """Read a trial design by name, in any spelling, or from a document (.yaml)."""
    if isinstance(name, Path) or Path(name).suffix in (".yaml", ".yml"):
        return trial_designs.read(name)
    return trial_designs.read(one_of("design", name.strip(), trial_designs.names()))


def _write(finished: PlannedTrial, folder: Path, *, report: bool, lang: str) -> None:
    """Write `trial-design.json`, the document and the report into the folder of the run."""
    from normoxia.report.pages.trial_design import write_page
    from normoxia.storage import write_whole
    from normoxia.trial.finished import add_outputs

    written = [folder / "trial-design.json", folder / "trial-design.yaml"]
    whole = json.dumps(finished.summary(), ensure_ascii=False, indent=1, default=str)
    write_whole(written[0], whole.encode())
    write_whole(written[1], finished.design.text.encode())
    if report:
        written += write_page(
            folder, finished.design, finished.sizes, finished.run.provenance, lang=lang
        )
    add_outputs(folder, written)
