"""`compare`: regimens head to head in one population, beside the published evidence."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from normoxia.api import running
from normoxia.api.names import one_of
from normoxia.api.plan import plan
from normoxia.api.run import Run
from normoxia.design import comparisons, regimens, stage, verdicts
from normoxia.design.comparisons import ComparisonDesign
from normoxia.design.regimens import RegimenOutcome
from normoxia.design.summary import summary
from normoxia.design.verdicts import JudgedContrast, Verdict
from normoxia.evidence.synthesis import answers
from normoxia.progress import Progress, silent

if TYPE_CHECKING:
    import polars

    from normoxia.report.figures.figure import Figure


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
        """Return the answer in a language, "en" or "zh"."""
        return self.verdict.sentences[one_of("language", lang, tuple(self.verdict.sentences))]

    def summary(self) -> dict[str, object]:
        """Return the comparison as one plain object: what `normoxia compare --json` prints."""
        return summary(self.design, self.results, self.judged, self.verdict, self.run.provenance)

    def plot(self, kind: str = "forest", *, lang: str = "en") -> Figure:
        """Draw "forest" (contrasts beside the network meta-analysis) or "balance" (survival gained against toxicity)."""
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
    trial = stage.trial_of(design, patients)
    planned = plan(trial, seed=seed, replicates=draws or design.draws)
    watch = progress if progress is not None else nullcontext(silent)
    say = note or _ignore
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
            go_on=f"normoxia compare {design.name} --out {out} --resume and the same options",
        )
    finished = compared(design, run)
    if out is not None:
        write(finished, Path(out), report=report, lang=lang)
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


def write(finished: Comparison, folder: Path, *, report: bool = True, lang: str = "en") -> None:
    """Write `comparison.json`, the document, and the report into the folder of the run."""
    import json

    from normoxia.storage import write_whole
    from normoxia.trial.finished import add_outputs

    written = [folder / "comparison.json", folder / "comparison.yaml"]
    whole = json.dumps(finished.summary(), ensure_ascii=False, indent=1, default=str)
    write_whole(written[0], whole.encode())
    write_whole(written[1], finished.design.text.encode())
    if report:
        from normoxia.report.pages.comparison import write_page

        written += write_page(
            folder,
            finished.design,
            finished.results,
            finished.judged,
            finished.verdict,
            finished.run.provenance,
            lang=lang,
        )
    add_outputs(folder, written)


def _ignore(text: str) -> None:
    """Discard a line about what is being done."""
