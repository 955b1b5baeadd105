"""`biomarkers`: which measurements predict who gains from adding a drug, on the calibrated ensemble beside the registry."""

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
from normoxia.design.markers import enrichment, interaction, marker_summary, measured, who_gains
from normoxia.design.markers.marker_summary import MarkerFindings
from normoxia.design.markers.who_gains import MarkerDesign
from normoxia.evidence.synthesis import answers
from normoxia.progress import Progress

if TYPE_CHECKING:
    import polars

    from normoxia.report.figures.figure import Figure
    from normoxia.report.pages.document import Page


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class BiomarkerAnswer:
    """Who gains; `normoxia.biomarkers` gives it.

    Attributes
    ----------
    found
        Effect of every marker on every addition, enrichment, what registry and review say.
    run
        The simulated trial behind it: every patient under every regimen.
    """

    found: MarkerFindings
    run: Run

    def effects(self) -> polars.DataFrame:
        """One row for each marker and addition.

        Returns
        -------
        polars.DataFrame
            Columns `marker`, `adds`, `cut`, `share` (of patients at or above it), `ratio`, `low`, `high` (ratio of time ratios, high over
            low), `hazard_ratios` (ratio of hazard ratios), `prognosis`, `discrimination`, `p`, `adjusted`, `predicts`.
        """
        import polars as pl

        return pl.DataFrame(
            [
                {
                    "marker": e.marker,
                    "adds": e.adds,
                    "cut": e.cut.value,
                    "share": e.share,
                    "ratio": e.ratio.value,
                    "low": e.ratio.low,
                    "high": e.ratio.high,
                    "hazard_ratios": e.hazards.value,
                    "prognosis": e.prognosis.value,
                    "discrimination": e.discrimination,
                    "p": e.p,
                    "adjusted": e.adjusted,
                    "predicts": e.predicts,
                }
                for e in self.found.effects
            ]
        )

    def answer(self, lang: str = "en") -> str:
        """Return the answer in words.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        sentences = marker_summary.answer(self.found)
        return sentences[one_of("language", lang, tuple(sentences))]

    @property
    def credibility(self) -> UseCredibility:
        """How far the model may be used for such a question, and what the answer rests on."""
        return credibility_of("strata", "both" if self.found.published else "mechanism", self.run)

    def summary(self) -> dict[str, object]:
        """Return the findings as one plain object: what `normoxia biomarkers --json` prints."""
        return answer_json(
            marker_summary.SCHEMA,
            marker_summary.summary(self.found),
            marker_summary.answer(self.found),
            is_certain=bool(self.found.predictive),
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
        from normoxia.report.pages import biomarkers as pages

        return pages.page(self.found, self.credibility, self.run.provenance, lang=lang)

    def plot(self, *, lang: str = "en") -> Figure:
        """Draw the interaction of every marker with every addition.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        from normoxia.report.pages import biomarkers as pages

        return pages.interactions_figure(self.found, lang)

    def __repr__(self) -> str:
        return (
            f"<BiomarkerAnswer {self.found.design.name}: {len(self.found.design.markers)} markers, "
            f"{len(self.found.predictive)} predict>"
        )

    def _repr_html_(self) -> str:
        """Answer and figure, for notebooks."""
        import html

        return f"<div><p>{html.escape(self.answer())}</p>{self.plot().svg()}</div>"


def biomarkers(
    question: str | Path | MarkerDesign,
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
) -> BiomarkerAnswer:
    """Ask which measurement predicts who gains from adding a drug.

    Every virtual patient is followed with and without the addition, so that each one's own gain is known; cut-offs are learnt on half of
    the patients and judged on the others.

    Parameters
    ----------
    question
        Name of a shipped question about markers, in any spelling, the path of a document, or a `MarkerDesign`.
    patients
        Of each draw; as the document says when omitted. At least 20.
    draws
        Of the calibrated ensemble; as the document says when omitted. At least 8.
    seed, workers, out, resume, report, lang, progress, note
        As in `compare`.

    Returns
    -------
    BiomarkerAnswer
        Effects, enrichment and answer, beside registry and review.

    Raises
    ------
    UnknownName
        There is no such question, stage, drug or marker.
    InvalidDocument
        The document has faults; all are listed.
    InvalidArgument
        Too few patients or draws, a marker on a day without states, or a run that does not fit into memory.
    OutputExists
        The folder holds something, and `resume` is False.
    """
    design = question if isinstance(question, MarkerDesign) else read_biomarkers(question)
    n = patients or design.comparison.patients
    interaction.check_size(n)
    asking = Asking(
        command="biomarkers",
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
    run = asking.simulate(measured.trial_of(design, n))
    asked = answers.answer(design.comparison.question) if design.comparison.question else None
    contrasts = measured.measured(run.result, run.trial, design, seed=seed)
    effects = interaction.effects(design, contrasts, seed=seed)
    finished = BiomarkerAnswer(
        found=MarkerFindings(
            design=design,
            effects=effects,
            power=enrichment.enriched_power(design, contrasts, effects, seed=seed),
            published=marker_summary.beside_registry(design, contrasts, asked),
        ),
        run=run,
    )
    asking.keep("biomarkers", finished.summary(), design.text, finished.page)
    return finished


def read_biomarkers(name: str | Path) -> MarkerDesign:
    """Read a question about markers by name, in any spelling, or from a document (.yaml)."""
    if isinstance(name, Path) or Path(name).suffix in (".yaml", ".yml"):
        return who_gains.read(name)
    return who_gains.read(one_of("question about markers", name.strip(), who_gains.names()))


def _ignore(text: str) -> None:
    """Discard a line about what is being done."""
