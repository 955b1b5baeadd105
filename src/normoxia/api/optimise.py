"""`optimise`: dose, interval, order and gap of a regimen under a declared utility and a limit of toxicity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from normoxia.api.asking import Asking, answer_json, credibility_of
from normoxia.api.ensemble_draws import parameter_sets_of
from normoxia.api.names import one_of
from normoxia.api.run import Run
from normoxia.calibration.credibility.standings import UseCredibility
from normoxia.calibration.fitting import ensemble
from normoxia.design import optimisations, optimum, optimum_words, stage
from normoxia.design.optimisations import OptimisationDesign
from normoxia.design.optimum import Optimum
from normoxia.errors import UnknownName
from normoxia.progress import Progress

if TYPE_CHECKING:
    import polars

    from normoxia.api.plan import Plan
    from normoxia.report.figures.figure import Figure
    from normoxia.report.pages.document import Page

#: schedules that are run together; a finished block is kept when an optimisation is interrupted
TOGETHER = 20
#: months beyond the longest horizon, so that a scan stands there
_BEYOND = 4.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Optimisation:
    """A finished optimisation; `normoxia.optimise` gives it.

    Attributes
    ----------
    design
        What was asked.
    runs
        Simulated trials, each with some of the schedules.
    found
        Utilities, the recommendation, its rivals, the Pareto front, regrets.
    """

    design: OptimisationDesign
    runs: Mapping[str, Run]
    found: Optimum

    def schedules(self) -> polars.DataFrame:
        """One row for each schedule.

        Returns
        -------
        polars.DataFrame
            A column for each axis, then `utility`, `benefit`, `pfs` (months), `os` where it is weighed, `response`, `toxicity` (percent), means over
            draws, `feasible`, `best_share` (share of draws in which it is best), `rival` (not distinguishable from the
            recommendation) and `front`.
        """
        import polars as pl

        found = self.found
        rows = []
        for k, values in enumerate(self.design.schedules):
            row: dict[str, object] = {
                axis.id: value for axis, value in zip(self.design.axes, values, strict=True)
            }
            row |= {"utility": found.utility[k].mean(), "benefit": found.benefit[k].mean()}
            row |= {name: values[k].mean() for name, values in found.outcomes.items()}
            row |= {
                "feasible": bool(found.feasible[k]),
                "best_share": float(found.best_share[k]),
                "rival": k in found.rivals,
                "front": k in found.front,
            }
            rows.append(row)
        return pl.DataFrame(rows)

    @property
    def best(self) -> dict[str, float]:
        """Values of the axes of the recommended schedule."""
        values = self.design.schedules[self.found.best]
        return {axis.id: value for axis, value in zip(self.design.axes, values, strict=True)}

    @property
    def credibility(self) -> UseCredibility:
        """How far the model may be used for such a question, and what the answer rests on."""
        return credibility_of("dose_and_order", "mechanism", self._first)

    @property
    def _first(self) -> Run:
        return next(iter(self.runs.values()))

    def answer(self, lang: str = "en") -> str:
        """Return the answer in words.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        sentences = optimum_words.answer(self.design, self.found, variant_titles())
        return sentences[one_of("language", lang, tuple(sentences))]

    def summary(self) -> dict[str, object]:
        """Return the optimisation as one plain object: what `normoxia optimise --json` prints."""
        return answer_json(
            optimum_words.SCHEMA,
            optimum_words.content(self.design, self.found),
            optimum_words.answer(self.design, self.found, variant_titles()),
            is_certain=optimum_words.is_certain(self.design, self.found),
            credibility=self.credibility,
            manifest=self._first.provenance,
        )

    def page(self, lang: str = "en") -> tuple[Page, tuple[Figure, ...]]:
        """Return the report in one language, and its figures.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        from normoxia.report.pages import optimisation

        return optimisation.page(
            self.design,
            self.found,
            variant_titles(),
            self.credibility,
            self._first.provenance,
            n_patients=self._first.trial.arms[0].n,
            lang=lang,
        )

    def plot(self, kind: str = "surface", *, lang: str = "en") -> Figure:
        """Draw a figure of the optimisation.

        Parameters
        ----------
        kind
            "surface" (utility by schedule) or "front" (benefit against toxicity).
        lang
            "en" or "zh".
        """
        from normoxia.report.pages.optimisation import FIGURES

        return FIGURES[one_of("figure", kind, tuple(FIGURES))](self.design, self.found, lang)

    def __repr__(self) -> str:
        return (
            f"<Optimisation {self.design.name}: {len(self.design.schedules)} schedules, "
            f"patients={self._first.trial.arms[0].n}, draws={self._first.result.n_replicates}>"
        )

    def _repr_html_(self) -> str:
        """Answer and heat map, for notebooks."""
        import html

        return f"<div><p>{html.escape(self.answer())}</p>{self.plot().svg()}</div>"


def optimise(
    optimisation: str | Path | OptimisationDesign,
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
) -> Optimisation:
    """Simulate every schedule of a regimen in one population and recommend one.

    Parameters
    ----------
    optimisation
        Name of a shipped optimisation, in any spelling, the path of a document, or an `OptimisationDesign`.
    patients
        Of each draw; as the document says when omitted.
    draws
        Of the calibrated ensemble; as the document says when omitted. At least 8.
    seed, workers, out, resume, report, lang, progress, note
        As in `compare`.

    Returns
    -------
    Optimisation
        The recommendation, what cannot be distinguished from it, its regret in each structural variant, the Pareto front.

    Raises
    ------
    UnknownName
        There is no such optimisation, stage, set of patients, drug or structural variant.
    InvalidDocument
        The document has faults; all are listed.
    InvalidArgument
        Too few draws, a run that does not fit into memory, or a limit that no schedule keeps.
    OutputExists
        The folder holds something, and `resume` is False.
    """
    design = (
        optimisation
        if isinstance(optimisation, OptimisationDesign)
        else read_optimisation(optimisation)
    )
    asking = Asking(
        command="optimise",
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
    _refuse_unknown_variants(design)
    runs = asking.simulate_all(_plans(design, asking, patients))
    finished = Optimisation(design=design, runs=runs, found=_found(design, runs))
    asking.keep("optimisation", finished.summary(), design.text, finished.page, runs)
    return finished


def read_optimisation(name: str | Path) -> OptimisationDesign:
    """Read an optimisation by name, in any spelling, or from a document (.yaml)."""
    if isinstance(name, Path) or Path(name).suffix in (".yaml", ".yml"):
        return optimisations.read(name)
    return optimisations.read(one_of("optimisation", name.strip(), optimisations.names()))


def variant_titles() -> dict[str, Mapping[str, str]]:
    """Titles of the structural variants of the ensemble, by name."""
    return {s.name: s.titles for s in ensemble.read().space.structures}


def variants_of(run: Run) -> dict[str, list[bool]]:
    """Whether each structural variant of the ensemble is on in each draw of a run."""
    calibrated = ensemble.read()
    settings = parameter_sets_of(
        calibrated, run.trial, run.result.n_replicates, int(str(run.config["seed"])), ()
    )
    return {
        s.name: [all(own.values.get(name) == v for name, v in s.on.items()) for own in settings]
        for s in calibrated.space.structures
        if s.on
    }


def _refuse_unknown_variants(design: OptimisationDesign) -> None:
    known = [s.name for s in ensemble.read().space.structures if s.on]
    for name in design.by:
        if name not in known:
            raise UnknownName("structural variant", name, known)


def _plans(design: OptimisationDesign, asking: Asking, patients: int | None) -> dict[str, Plan]:
    """Blocks of schedules, none of one alone: a trial of one arm is drawn otherwise."""
    regimens = design.comparison.regimens
    count = -(-len(regimens) // TOGETHER)
    months = optimum.longest(design) + _BEYOND
    plans = {}
    for number, block in enumerate(np.array_split(np.arange(len(regimens)), count)):
        part = replace(design.comparison, regimens=tuple(regimens[i] for i in block))
        trial = stage.trial_of(part, patients, months=months)
        plans[f"block-{number:03d}"] = asking.planned(trial)
    return plans


def _found(design: OptimisationDesign, runs: Mapping[str, Run]) -> Optimum:
    parts = [optimum.outcomes(run.result, run.trial, design) for run in runs.values()]
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return optimum.optimum(design, found, variants_of(next(iter(runs.values()))))
