"""`explain`: why one regimen did what it did and another did not, by causal statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from normoxia import library, mechanism
from normoxia.api.asking import Asking, answer_json, credibility_of
from normoxia.api.names import one_of
from normoxia.api.run import Run
from normoxia.calibration.credibility.standings import UseCredibility
from normoxia.calibration.fitting import ensemble
from normoxia.design import attribution, explanation_words, explanations, probing, stage
from normoxia.design.explanation_words import SCHEMA, ExplanationFindings
from normoxia.design.explanations import ExplanationDesign
from normoxia.design.shapley import Coalition
from normoxia.errors import InvalidArgument
from normoxia.progress import Progress

if TYPE_CHECKING:
    import polars

    from normoxia.api.plan import Plan
    from normoxia.design.attribution import PfsTimes
    from normoxia.report.figures.figure import Figure
    from normoxia.report.pages.document import Page
    from normoxia.trial.protocol import Trial

#: draws of the ensemble for the typical patient, who costs little
TYPICAL_DRAWS = 60
#: months beyond the horizon, so that a scan stands there
_BEYOND = 4.0
_WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Explanation:
    """A finished explanation; `normoxia.explain` gives it.

    Attributes
    ----------
    design
        What was asked.
    runs
        Simulated trials by what was ablated in them; "whole" is the intact mechanism.
    found
        Contributions, effects of statements, windows, sensitivity and gain.
    """

    design: ExplanationDesign
    runs: Mapping[str, Run]
    found: ExplanationFindings

    def contributions(self) -> polars.DataFrame:
        """One row for each group of statements, and the rest.

        Returns
        -------
        polars.DataFrame
            Columns `group`, `value`, `low`, `high` (months; 95 % interval over draws), `chance` (standard error from the number
            of patients) and `positive` (share of draws above 0). Values sum to the difference.
        """
        import polars as pl

        return pl.DataFrame(
            [
                {
                    "group": c.group,
                    "value": c.estimate.value,
                    "low": c.estimate.low,
                    "high": c.estimate.high,
                    "chance": c.chance,
                    "positive": float((c.draws > 0).mean()),
                }
                for c in self.found.attribution.contributions
            ]
        )

    def statements(self) -> polars.DataFrame:
        """One row for each statement that was removed alone.

        Returns
        -------
        polars.DataFrame
            Columns `statement`, and `difference`, `experimental`, `control` each with `_low` and `_high`: changes in months.
        """
        import polars as pl

        rows = []
        for e in self.found.attribution.effects:
            row: dict[str, object] = {"statement": e.tag}
            for name in ("difference", "experimental", "control"):
                estimate = getattr(e, name)
                row |= {
                    name: estimate.value,
                    f"{name}_low": estimate.low,
                    f"{name}_high": estimate.high,
                }
            rows.append(row)
        return pl.DataFrame(rows)

    def patients(self) -> polars.DataFrame:
        """One row for each virtual patient of each draw: what each group contributed to this patient's difference.

        Returns
        -------
        polars.DataFrame
            Columns `draw`, `patient`, `difference` and one for each group, and `rest`; months, null for patients lost before
            the horizon in any of the runs.
        """
        import numpy as np
        import polars as pl

        values = self.found.attribution.patients
        n_draws, n, _ = values.shape
        names = [c.group for c in self.found.attribution.contributions]
        columns = {
            "draw": np.repeat(np.arange(n_draws), n),
            "patient": np.tile(np.arange(n), n_draws),
            "difference": values.sum(axis=2).ravel(),
        }
        columns |= {name: values[:, :, k].ravel() for k, name in enumerate(names)}
        return pl.DataFrame(columns).with_columns(
            pl.col(name).fill_nan(None) for name in ("difference", *names)
        )

    @property
    def credibility(self) -> UseCredibility:
        """How far the model may be used for such a question, and what the answer rests on."""
        return credibility_of("attribution", "mechanism", self.runs[_WHOLE])

    def answer(self, lang: str = "en") -> str:
        """Return the answer in words.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        sentences = explanation_words.answer(self.design, self.found)
        return sentences[one_of("language", lang, tuple(sentences))]

    def summary(self) -> dict[str, object]:
        """Return the explanation as one plain object: what `normoxia explain --json` prints."""
        return answer_json(
            SCHEMA,
            explanation_words.content(self.design, self.found),
            explanation_words.answer(self.design, self.found),
            is_certain=self.found.leading is not None,
            credibility=self.credibility,
            manifest=self.runs[_WHOLE].provenance,
        )

    def page(self, lang: str = "en") -> tuple[Page, tuple[Figure, ...]]:
        """Return the report in one language, and its figures.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        from normoxia.report.pages import explanation

        whole = self.runs[_WHOLE]
        model = mechanism.read(library.find("models", whole.trial.model))
        return explanation.page(
            self.design,
            self.found,
            self.credibility,
            whole.provenance,
            n_patients=whole.trial.arms[0].n,
            says={s.tag: s.says for s in model.statements},
            lang=lang,
        )

    def plot(self, kind: str = "contributions", *, lang: str = "en") -> Figure:
        """Draw a figure of the explanation.

        Parameters
        ----------
        kind
            "contributions" or "window".
        lang
            "en" or "zh".
        """
        from normoxia.report.pages.explanation import FIGURES

        return FIGURES[one_of("figure", kind, tuple(FIGURES))](self.design, self.found, lang)

    def __repr__(self) -> str:
        whole = self.runs[_WHOLE]
        return (
            f"<Explanation {self.design.name}: {len(self.design.groups)} groups, {len(self.runs)} runs, "
            f"patients={whole.trial.arms[0].n}, draws={whole.result.n_replicates}>"
        )

    def _repr_html_(self) -> str:
        """Answer and contributions, for notebooks."""
        import html

        return f"<div><p>{html.escape(self.answer())}</p>{self.plot().svg()}</div>"


def explain(
    explanation: str | Path | ExplanationDesign,
    *,
    patients: int | None = None,
    draws: int | None = None,
    statements: bool = True,
    seed: int = 1,
    workers: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    report: bool = True,
    lang: str = "en",
    progress: AbstractContextManager[Progress] | None = None,
    note: Callable[[str], None] | None = None,
) -> Explanation:
    """Attribute the difference between two regimens to causal statements.

    Parameters
    ----------
    explanation
        Name of a shipped explanation, in any spelling, the path of a document, or an `ExplanationDesign`.
    patients
        Of each draw; as the document says when omitted.
    draws
        Of the calibrated ensemble; as the document says when omitted. At least 8.
    statements
        Whether every statement of the groups is also removed alone.
    seed, workers, out, resume, report, lang, progress, note
        As in `compare`.

    Returns
    -------
    Explanation
        Contributions that sum to the difference, effects of single statements, window, sensitivity and gain of a loop.

    Raises
    ------
    UnknownName
        There is no such explanation, stage, drug, statement, observable, hyperparameter or variant.
    InvalidDocument
        The document has faults; all are listed.
    InvalidArgument
        Too few draws, a statement without a term, or a run that does not fit into memory.
    OutputExists
        The folder holds something, and `resume` is False.
    """
    design = (
        explanation if isinstance(explanation, ExplanationDesign) else read_explanation(explanation)
    )
    trial = stage.trial_of(design.comparison, patients, months=design.horizon + _BEYOND)
    asking = Asking(
        command="explain",
        name=design.name,
        draws=draws or design.comparison.draws,
        seed=seed,
        workers=workers,
        out=Path(out) if out is not None else None,
        resume=resume,
        report=report,
        lang=lang,
        progress=progress,
        note=note or (lambda _: None),
    )
    subsets = attribution.coalitions(design, seed)
    plans = _plans(design, trial, asking, subsets, alone=statements)
    asking.note("solving the typical patient ...")
    probed = _probed(design, trial, seed)
    runs = asking.simulate_all(plans)
    finished = Explanation(
        design=design, runs=runs, found=_found(design, runs, subsets, probed, seed)
    )
    asking.keep("explanation", finished.summary(), design.text, finished.page, runs)
    return finished


def read_explanation(name: str | Path) -> ExplanationDesign:
    """Read an explanation by name, in any spelling, or from a document (.yaml)."""
    if isinstance(name, Path) or Path(name).suffix in (".yaml", ".yml"):
        return explanations.read(name)
    return explanations.read(one_of("explanation", name.strip(), explanations.names()))


def _plans(
    design: ExplanationDesign,
    trial: Trial,
    asking: Asking,
    subsets: tuple[Coalition, ...],
    *,
    alone: bool,
) -> dict[str, Plan]:
    """Every run, so that what is wrong is found before the first begins."""
    plans: dict[str, Plan] = {}
    for subset in sorted(subsets, key=len, reverse=True):
        plans[_name(design, subset)] = asking.planned(
            trial, ablate=attribution.ablated(design, subset)
        )
    if alone:
        for tag in design.statements:
            plans[f"without-{tag}"] = asking.planned(trial, ablate=[tag])
    if _WHOLE not in plans:
        raise InvalidArgument("no run has every group; expected the intact mechanism among them")
    return plans


def _name(design: ExplanationDesign, present: Coalition) -> str:
    missing = [group.id for group in design.groups if group.id not in present]
    return "groups-without-" + "+".join(missing) if missing else _WHOLE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Probed:
    """What the typical patient answered."""

    windows: tuple[probing.Window, ...] = ()
    sensitivity: tuple[probing.SensitivityIndex, ...] = ()
    loop: probing.LoopGain | None = None


def _probed(design: ExplanationDesign, trial: Trial, seed: int) -> _Probed:
    calibrated = ensemble.read()
    settings = [s.values for s in calibrated.settings(TYPICAL_DRAWS, seed)]
    is_on = {
        s.name: [all(own.get(name) == value for name, value in s.on.items()) for own in settings]
        for s in calibrated.space.structures
        if s.on
    }
    experimental = design.comparison.regimens[0].courses
    priors = {p.name: p.value for p in calibrated.space.parameters}
    return _Probed(
        windows=probing.windows(trial.model, design.window, settings, is_on)
        if design.window
        else (),
        sensitivity=probing.sensitivity(trial.model, design.sensitivity, experimental, priors, seed)
        if design.sensitivity
        else (),
        loop=probing.loop_gain(trial.model, design.loop, settings) if design.loop else None,
    )


def _found(
    design: ExplanationDesign,
    runs: Mapping[str, Run],
    subsets: tuple[Coalition, ...],
    probed: _Probed,
    seed: int,
) -> ExplanationFindings:
    def times(name: str) -> PfsTimes:
        run = runs[name]
        return attribution.pfs_times(run.result, run.trial, design.horizon)

    variants = {s.name: s.titles for s in ensemble.read().space.structures}
    return ExplanationFindings(
        attribution=attribution.attribute(
            design,
            {subset: times(_name(design, subset)) for subset in subsets},
            {t: times(f"without-{t}") for t in design.statements if f"without-{t}" in runs},
            seed,
        ),
        windows=probed.windows,
        sensitivity=probed.sensitivity,
        loop=probed.loop,
        variants=variants,
    )
