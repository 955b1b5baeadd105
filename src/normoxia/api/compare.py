"""`compare`: regimens head to head in one population, beside the published evidence."""

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
from normoxia.design import comparisons, regimens, stage, verdicts
from normoxia.design.comparisons import ComparisonDesign
from normoxia.design.regimens import RegimenOutcome
from normoxia.design.summary import SCHEMA, summary
from normoxia.design.verdicts import JudgedContrast, Verdict
from normoxia.evidence.synthesis import answers
from normoxia.progress import Progress

if TYPE_CHECKING:
    import polars

    from normoxia.report.figures.figure import Figure
    from normoxia.report.pages.document import Page


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Comparison:
    """A finished comparison; `normoxia.compare` gives it.

    Attributes
    ----------
    design
        What was asked.
    run
        The simulated trial behind it: every patient under every regimen.
    results
        Outcomes of each regimen.
    judged
        Contrasts, each beside the network estimate where there is one.
    verdict
        The answer, or that it cannot be told.
    """

    design: ComparisonDesign
    run: Run
    results: tuple[RegimenOutcome, ...]
    judged: tuple[JudgedContrast, ...]
    verdict: Verdict

    def outcomes(self) -> polars.DataFrame:
        """One row for each outcome of each regimen.

        Returns
        -------
        polars.DataFrame
            Columns `regimen`, `endpoint`, `measure`, `months` (horizon of a restricted mean), `value`, `low`, `high`
            (95 % interval over draws); months and percent.
        """
        import polars as pl

        return pl.DataFrame(
            [
                {
                    "regimen": o.regimen,
                    "endpoint": str(o.endpoint),
                    "measure": str(o.measure),
                    "months": o.months,
                    "value": o.estimate.value,
                    "low": o.estimate.low,
                    "high": o.estimate.high,
                }
                for o in self.results
            ]
        )

    def contrasts(self) -> polars.DataFrame:
        """One row for each contrast.

        Returns
        -------
        polars.DataFrame
            Columns `experimental`, `control`, `endpoint`, `measure`, `value`, `low`, `high`, `better` (probability that
            the experimental regimen is better), `network`, `network_low`, `network_high` (network meta-analysis; null
            without one) and `agreement`. Ratios; months and percentage points for differences.
        """
        import polars as pl

        rows = []
        for j in self.judged:
            c, evidence = j.contrast, j.evidence
            network = None if evidence is None else evidence.estimate
            rows.append(
                {
                    "experimental": c.experimental,
                    "control": c.control,
                    "endpoint": str(c.endpoint),
                    "measure": str(c.measure),
                    "value": c.estimate.value,
                    "low": c.estimate.low,
                    "high": c.estimate.high,
                    "better": c.better,
                    "network": network and network.value,
                    "network_low": network and network.low,
                    "network_high": network and network.high,
                    "agreement": j.agreement,
                }
            )
        return pl.DataFrame(rows, infer_schema_length=None)

    def answer(self, lang: str = "en") -> str:
        """Return the answer in words.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        return self.verdict.sentences[one_of("language", lang, tuple(self.verdict.sentences))]

    def summary(self) -> dict[str, object]:
        """Return the comparison as one plain object: what `normoxia compare --json` prints."""
        return answer_json(
            SCHEMA,
            summary(self.design, self.results, self.judged),
            self.verdict.sentences,
            is_certain=self.verdict.is_certain,
            credibility=self.credibility,
            manifest=self.run.provenance,
        )

    @property
    def credibility(self) -> UseCredibility:
        """How far the model may be used for such a question, and what the answer rests on."""
        beside = any(j.evidence is not None for j in self.judged)
        return credibility_of("forecast", "both" if beside else "mechanism", self.run)

    def page(self, lang: str = "en") -> tuple[Page, tuple[Figure, ...]]:
        """Return the report in one language, and its figures.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        from normoxia.report.pages import comparison

        return comparison.page(
            self.design,
            self.results,
            self.judged,
            self.verdict,
            self.credibility,
            self.run.provenance,
            lang=lang,
        )

    def plot(self, kind: str = "forest", *, lang: str = "en") -> Figure:
        """Draw a figure of the comparison.

        Parameters
        ----------
        kind
            "forest" (contrasts beside the network meta-analysis) or "balance" (survival gained against toxicity).
        lang
            "en" or "zh".
        """
        from normoxia.report.pages.comparison import FIGURES

        return FIGURES[one_of("figure", kind, tuple(FIGURES))](self.design, self.judged, lang)

    def __repr__(self) -> str:
        return (
            f"<Comparison {self.design.name}: {len(self.design.regimens)} regimens, "
            f"patients={self.run.trial.arms[0].n}, draws={self.run.result.n_replicates}>"
        )

    def _repr_html_(self) -> str:
        """Answer and forest plot, for notebooks."""
        import html

        return f"<div><p>{html.escape(self.answer())}</p>{self.plot('forest').svg()}</div>"


def compare(
    comparison: str | Path | ComparisonDesign,
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
) -> Comparison:
    """Simulate regimens head to head in one population and set them beside the published evidence.

    Parameters
    ----------
    comparison
        Name of a shipped comparison, in any spelling, the path of a document, or a `ComparisonDesign`.
    patients
        Of each draw; as the document says when omitted.
    draws
        Of the calibrated ensemble; as the document says when omitted. At least 8.
    seed, workers
        As in `run`.
    out
        Folder to keep the run in, with `comparison.json` and `comparison.html`; nothing is written when omitted.
    resume
        Whether to use finished chunks of an interrupted comparison in the folder.
    report, lang
        Whether to draw the report into the folder, and its language.
    progress, note
        Gives the progress callback; called with lines about what is being done.

    Returns
    -------
    Comparison
        Frames, figures, answer and the run behind it.

    Raises
    ------
    UnknownName
        There is no such comparison, stage, set of patients or drug.
    InvalidDocument
        The comparison has faults; all are listed.
    InvalidArgument
        Too few draws, or a run that does not fit into memory.
    OutputExists
        The folder holds something, and `resume` is False.
    """
    design = comparison if isinstance(comparison, ComparisonDesign) else read_comparison(comparison)
    asking = Asking(
        command="compare",
        name=design.name,
        draws=draws or design.draws,
        seed=seed,
        workers=workers,
        out=Path(out) if out is not None else None,
        resume=resume,
        report=report,
        lang=lang,
        progress=progress,
        note=note or _ignore,
    )
    finished = compared(design, asking.simulate(stage.trial_of(design, patients)))
    asking.keep("comparison", finished.summary(), design.text, finished.page)
    return finished


def read_comparison(name: str | Path) -> ComparisonDesign:
    """Read a comparison by name, in any spelling, or from a document (.yaml)."""
    if isinstance(name, Path) or Path(name).suffix in (".yaml", ".yml"):
        return comparisons.read(name)
    return comparisons.read(one_of("comparison", name.strip(), comparisons.names()))


def compared(design: ComparisonDesign, run: Run) -> Comparison:
    """Return the comparison of a finished run."""
    results, contrasts = regimens.analyse(run.result, run.trial)
    answer = answers.answer(design.question) if design.question else None
    judged = verdicts.beside_evidence(contrasts, design, answer)
    return Comparison(
        design=design,
        run=run,
        results=results,
        judged=judged,
        verdict=verdicts.verdict(design, judged),
    )


def _ignore(text: str) -> None:
    """Discard a line about what is being done."""
