"""`toxicity`: how the toxicities of classes of drugs add up, by published rates and by simulation."""

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
from normoxia.design import stage
from normoxia.design.toxicity import (
    adding_up,
    burden,
    class_hazards,
    published_rates,
    toxicity_summary,
)
from normoxia.design.toxicity.adding_up import ToxicityDesign
from normoxia.design.toxicity.toxicity_summary import ToxicityFindings
from normoxia.progress import Progress

if TYPE_CHECKING:
    import polars

    from normoxia.report.figures.figure import Figure
    from normoxia.report.pages.document import Page


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ToxicityAnswer:
    """How toxicities add up; `normoxia.toxicity` gives it.

    Attributes
    ----------
    found
        Class hazards, their check, simulated burden.
    run
        The simulated trial behind it.
    """

    found: ToxicityFindings
    run: Run

    def regimens(self) -> polars.DataFrame:
        """One row for each regimen.

        Returns
        -------
        polars.DataFrame
            Columns `regimen`, `published`, `published_low`, `published_high` (by the fit to published rates), `simulated`,
            `simulated_low`, `simulated_high`, `died`; percent.
        """
        import polars as pl

        rows = []
        for b in self.found.burdens:
            published = self.found.published(b.regimen)
            rows.append(
                {
                    "regimen": b.regimen,
                    "published": published.value,
                    "published_low": published.low,
                    "published_high": published.high,
                    "simulated": b.percent.value,
                    "simulated_low": b.percent.low,
                    "simulated_high": b.percent.high,
                    "died": b.died.value,
                }
            )
        return pl.DataFrame(rows)

    def checked(self) -> polars.DataFrame:
        """One row for each published rate, beside its prediction from the other studies.

        Returns
        -------
        polars.DataFrame
            Columns `study`, `arm`, `n`, `published`, `predicted`, `low`, `high`, `inside`; percent.
        """
        import polars as pl

        return pl.DataFrame(
            [
                {
                    "study": one.rate.study,
                    "arm": one.rate.arm,
                    "n": one.rate.n,
                    "published": 100.0 * one.rate.events / one.rate.n,
                    "predicted": one.predicted.value,
                    "low": one.predicted.low,
                    "high": one.predicted.high,
                    "inside": one.inside,
                }
                for one in self.found.checked
            ]
        )

    def answer(self, lang: str = "en") -> str:
        """Return the answer in words.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        sentences = toxicity_summary.answer(self.found)
        return sentences[one_of("language", lang, tuple(sentences))]

    @property
    def credibility(self) -> UseCredibility:
        """How far the model may be used for such a question, and what the answer rests on."""
        return credibility_of("forecast", "both", self.run)

    def summary(self) -> dict[str, object]:
        """Return the findings as one plain object: what `normoxia toxicity --json` prints."""
        return answer_json(
            toxicity_summary.SCHEMA,
            toxicity_summary.summary(self.found),
            toxicity_summary.answer(self.found),
            is_certain=self.found.is_certain,
            credibility=self.credibility,
            manifest=self.run.provenance,
        )

    def page(self, lang: str = "en") -> tuple[Page, tuple[Figure, ...]]:
        """Return the report in one language, and its figures.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        from normoxia.report.pages import toxicity as pages

        return pages.page(self.found, self.credibility, self.run.provenance, lang=lang)

    def plot(self, *, lang: str = "en") -> Figure:
        """Draw published and simulated differences of the contrasts.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        from normoxia.report.pages import toxicity as pages

        return pages.contrasts_figure(self.found, lang)

    def __repr__(self) -> str:
        return (
            f"<ToxicityAnswer {self.found.design.name}: {len(self.found.hazards.rates)} published rates, "
            f"{len(self.found.burdens)} regimens>"
        )

    def _repr_html_(self) -> str:
        """Answer and figure, for notebooks."""
        import html

        return f"<div><p>{html.escape(self.answer())}</p>{self.plot().svg()}</div>"


def toxicity(
    question: str | Path | ToxicityDesign,
    *,
    patients: int | None = None,
    draws: int | None = None,
    seed: int = 1,
    workers: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    report: bool = True,
    lang: str = "en",
    progress: AbstractContextManager[Progress] | None = None,
    note: Callable[[str], None] | None = None,
) -> ToxicityAnswer:
    """Ask how the toxicities of classes of drugs add up, of the published rates and of a simulation.

    Parameters
    ----------
    question
        Name of a shipped question about toxicity, in any spelling, the path of a document, or a `ToxicityDesign`.
    patients
        Of each draw; as the document says when omitted.
    draws
        Of the calibrated ensemble; as the document says when omitted. At least 8.
    seed, workers, out, resume, report, lang, progress, note
        As in `compare`.

    Returns
    -------
    ToxicityAnswer
        Class hazards, their check on left-out studies, and the simulated burden of each regimen.

    Raises
    ------
    UnknownName
        There is no such question, stage, set of patients or drug.
    InvalidDocument
        The document has faults; all are listed.
    InvalidArgument
        Too few draws, or a run that does not fit into memory.
    OutputExists
        The folder holds something, and `resume` is False.
    """
    design = question if isinstance(question, ToxicityDesign) else read_toxicity(question)
    asking = Asking(
        command="toxicity",
        name=design.name,
        draws=draws or design.comparison.draws,
        seed=seed,
        workers=workers,
        out=Path(out) if out is not None else None,
        resume=resume,
        report=report,
        lang=lang,
        progress=progress,
        note=note or _ignore,
    )
    run = asking.simulate(stage.trial_of(design.comparison, patients))
    hazards = class_hazards.fitted(published_rates.published_rates(), seed=seed)
    burdens, contrasts = burden.burdens(run.result, run.trial)
    finished = ToxicityAnswer(
        found=ToxicityFindings(
            design=design,
            hazards=hazards,
            checked=class_hazards.left_out(hazards, seed=seed),
            kinds=published_rates.kind_rates(),
            burdens=burdens,
            contrasts=contrasts,
        ),
        run=run,
    )
    asking.keep("toxicity", finished.summary(), design.text, finished.page)
    return finished


def read_toxicity(name: str | Path) -> ToxicityDesign:
    """Read a question about toxicity by name, in any spelling, or from a document (.yaml)."""
    if isinstance(name, Path) or Path(name).suffix in (".yaml", ".yml"):
        return adding_up.read(name)
    return adding_up.read(one_of("question about toxicity", name.strip(), adding_up.names()))


def _ignore(text: str) -> None:
    """Discard a line about what is being done."""
