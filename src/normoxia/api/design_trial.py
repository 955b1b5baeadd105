"""`design_trial`: power, assurance and size of a randomised trial, by simulation on the calibrated ensemble."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from normoxia.api.asking import Asking, answer_json, credibility_of
from normoxia.api.names import one_of
from normoxia.api.run import Run
from normoxia.calibration.credibility.standings import UseCredibility
from normoxia.design import plan_summary, power, stage, trial_designs
from normoxia.design.power import TRIALS, Characteristics
from normoxia.design.trial_designs import TrialDesign
from normoxia.progress import Progress

if TYPE_CHECKING:
    import polars

    from normoxia.report.figures.figure import Figure
    from normoxia.report.pages.document import Page


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
        """Return the answer.

        Parameters
        ----------
        lang
            Language, "en" or "zh".
        """
        sentences = plan_summary.answer(self.design, self.sizes)
        return sentences[one_of("language", lang, tuple(sentences))]

    def summary(self) -> dict[str, object]:
        """Return the plan as one plain object: what `normoxia design-trial --json` prints."""
        return answer_json(
            plan_summary.SCHEMA,
            plan_summary.summary(self.design, self.sizes),
            plan_summary.answer(self.design, self.sizes),
            is_certain=self.smallest is not None,
            credibility=self.credibility,
            manifest=self.run.provenance,
        )

    @property
    def credibility(self) -> UseCredibility:
        """How far the model may be used for such a question, and what the answer rests on."""
        return credibility_of("forecast", "mechanism", self.run)

    def page(self, lang: str = "en") -> tuple[Page, tuple[Figure, ...]]:
        """Return the report in one language, and its figures.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        from normoxia.report.pages import trial_design

        return trial_design.page(
            self.design, self.sizes, self.credibility, self.run.provenance, lang=lang
        )

    def plot(self, *, lang: str = "en") -> Figure:
        """Draw assurance and power by size.

        Parameters
        ----------
        lang
            Language, "en" or "zh".
        """
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
    asking = Asking(
        command="design-trial",
        name=asked.name,
        draws=draws or asked.comparison.draws,
        seed=seed,
        workers=workers,
        out=Path(out) if out is not None else None,
        resume=resume,
        report=report,
        lang=lang,
        progress=progress,
        note=note or (lambda _: None),
    )
    run = asking.simulate(trial)
    asking.note("drawing trials ...")
    arms = power.simulated_arms(run.result, run.trial, asked, seed)
    sizes = tuple(
        power.characteristics(asked, *arms, n, seed=seed, trials=trials) for n in asked.patients
    )
    finished = PlannedTrial(design=asked, run=run, sizes=sizes)
    asking.keep("trial-design", finished.summary(), asked.text, finished.page)
    return finished


def read_design(name: str | Path) -> TrialDesign:
    """Read a trial design by name, in any spelling, or from a document (.yaml)."""
    if isinstance(name, Path) or Path(name).suffix in (".yaml", ".yml"):
        return trial_designs.read(name)
    return trial_designs.read(one_of("design", name.strip(), trial_designs.names()))
