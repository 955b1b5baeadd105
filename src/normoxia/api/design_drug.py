"""`design_drug`: a molecule from its properties to its place among the known ones, and which property matters most."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from normoxia.api.asking import Asking, answer_json, credibility_of, refuse_occupied
from normoxia.api.names import one_of
from normoxia.api.run import Run
from normoxia.calibration.credibility.standings import UseCredibility
from normoxia.design import drug_designs, molecule, placement, stage
from normoxia.design.drug_designs import DESIGNED, DrugDesign
from normoxia.design.placement import Placement
from normoxia.errors import NormoxiaError
from normoxia.progress import Progress

if TYPE_CHECKING:
    import polars

    from normoxia.api.plan import Plan
    from normoxia.report.figures.figure import Figure
    from normoxia.report.pages.document import Page

#: the run of the design beside the known regimens, and the folder of molecules
PLACE, DRUGS = "place", "drugs"
#: of every molecule, so that all draw the same random numbers
MOLECULE = "designed"
#: months of follow-up; restricted mean survival runs to 24
_MONTHS = 28.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class DesignedDrug:
    """A designed molecule; `normoxia.design_drug` gives it.

    Attributes
    ----------
    design
        What was asked.
    runs
        Simulated trials: "place" beside the known regimens, then one for each end of each property.
    found
        The place, and what each property changes.
    documents
        The molecule as a drug document, by run.
    """

    design: DrugDesign
    runs: Mapping[str, Run]
    found: Placement
    documents: Mapping[str, str]

    def regimens(self) -> polars.DataFrame:
        """One row for each regimen.

        Returns
        -------
        polars.DataFrame
            Columns `regimen`, `pfs`, `pfs_low`, `pfs_high` (months of restricted mean), `hazard_ratio`, `hazard_ratio_low`,
            `hazard_ratio_high` (the design against it) and `better` (probability that the design is better).
        """
        import polars as pl

        from normoxia.design.regimens import over_draws

        ratios = {c.control: c for c in self.found.contrasts}
        rows = []
        for name, values in self.found.months.items():
            mean, ratio = over_draws(values), ratios.get(name)
            rows.append(
                {
                    "regimen": name,
                    "pfs": mean.value,
                    "pfs_low": mean.low,
                    "pfs_high": mean.high,
                    "hazard_ratio": ratio and ratio.estimate.value,
                    "hazard_ratio_low": ratio and ratio.estimate.low,
                    "hazard_ratio_high": ratio and ratio.estimate.high,
                    "better": ratio and ratio.better,
                }
            )
        return pl.DataFrame(rows, infer_schema_length=None)

    def properties(self) -> polars.DataFrame:
        """One row for each property, the largest change first.

        Returns
        -------
        polars.DataFrame
            Columns `property`, `value`, `low`, `high` (of the property), and `change`, `change_low`, `change_high`: months of
            restricted mean from its low to its high value.
        """
        import polars as pl

        return pl.DataFrame(
            [
                {
                    "property": e.varied.id,
                    "value": e.varied.value,
                    "low": e.varied.low,
                    "high": e.varied.high,
                    "change": e.change.value,
                    "change_low": e.change.low,
                    "change_high": e.change.high,
                }
                for e in self.found.effects
            ]
        )

    @property
    def credibility(self) -> UseCredibility:
        """How far the model may be used for such a question, and what the answer rests on."""
        return credibility_of("new_molecule", "mechanism", self.runs[PLACE])

    def answer(self, lang: str = "en") -> str:
        """Return the answer in words.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        sentences = placement.answer(self.design, self.found)
        return sentences[one_of("language", lang, tuple(sentences))]

    def summary(self) -> dict[str, object]:
        """Return the design as one plain object: what `normoxia design-drug --json` prints."""
        return answer_json(
            placement.SCHEMA,
            placement.content(self.design, self.found),
            placement.answer(self.design, self.found),
            is_certain=self.found.is_certain,
            credibility=self.credibility,
            manifest=self.runs[PLACE].provenance,
        )

    def page(self, lang: str = "en") -> tuple[Page, tuple[Figure, ...]]:
        """Return the report in one language, and its figures.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        from normoxia.report.pages import drug_design

        run = self.runs[PLACE]
        return drug_design.page(
            self.design,
            self.found,
            self.credibility,
            run.provenance,
            n_patients=run.trial.arms[0].n,
            lang=lang,
        )

    def plot(self, kind: str = "place", *, lang: str = "en") -> Figure:
        """Draw a figure of the design.

        Parameters
        ----------
        kind
            "place" (against each known regimen) or "properties" (what each changes).
        lang
            "en" or "zh".
        """
        from normoxia.report.pages.drug_design import FIGURES

        return FIGURES[one_of("figure", kind, tuple(FIGURES))](self.design, self.found, lang)

    def __repr__(self) -> str:
        run = self.runs[PLACE]
        return (
            f"<DesignedDrug {self.design.name}: {len(self.design.properties)} properties, "
            f"patients={run.trial.arms[0].n}, draws={run.result.n_replicates}>"
        )

    def _repr_html_(self) -> str:
        """Answer and forest plot, for notebooks."""
        import html

        return f"<div><p>{html.escape(self.answer())}</p>{self.plot().svg()}</div>"


def design_drug(
    design: str | Path | DrugDesign,
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
) -> DesignedDrug:
    """Simulate a molecule from its properties beside known regimens, and each property at the ends of its range.

    Parameters
    ----------
    design
        Name of a shipped design, in any spelling, the path of a document, or a `DrugDesign`.
    patients
        Of each draw; as the document says when omitted.
    draws
        Of the calibrated ensemble; as the document says when omitted. At least 8.
    seed, workers, out, resume, report, lang, progress, note
        As in `compare`.

    Returns
    -------
    DesignedDrug
        The place among known regimens, what each property changes, and the molecule as a drug document.

    Raises
    ------
    UnknownName
        There is no such design, stage, set of patients or drug.
    InvalidDocument
        The design has faults; all are listed.
    InvalidArgument
        A property that the base does not have, too few draws, or a run that does not fit into memory.
    OutputExists
        The folder holds something, and `resume` is False.
    """
    asked = design if isinstance(design, DrugDesign) else read_drug_design(design)
    folder = Path(out) if out is not None else None
    asking = Asking(
        command="design-drug",
        name=asked.name,
        draws=draws or asked.comparison.draws,
        seed=seed,
        workers=workers,
        out=folder,
        resume=resume,
        report=report,
        lang=lang,
        progress=progress,
        note=note or (lambda _: None),
    )
    variants = _variants(asked)
    written = {name: molecule.document(asked, own, MOLECULE) for name, own in variants.items()}
    if folder is not None and not resume:
        refuse_occupied(folder)
    with _drugs(folder) as place:
        plans = _plans(asked, asking, variants, place, patients)
        runs = asking.simulate_all(plans, begun=True)
        found = _found(asked, runs)
    finished = DesignedDrug(design=asked, runs=runs, found=found, documents=written)
    kept = () if folder is None else tuple(sorted((folder / DRUGS).rglob("*.yaml")))
    asking.keep("drug-design", finished.summary(), asked.text, finished.page, runs, also=kept)
    return finished


def read_drug_design(name: str | Path) -> DrugDesign:
    """Read a design of a drug by name, in any spelling, or from a document (.yaml)."""
    if isinstance(name, Path) or Path(name).suffix in (".yaml", ".yml"):
        return drug_designs.read(name)
    return drug_designs.read(one_of("design of a drug", name.strip(), drug_designs.names()))


def _variants(design: DrugDesign) -> dict[str, dict[str, float]]:
    """Values of the properties in every run: the design's, then each property at both ends."""
    variants = {PLACE: design.values}
    for p in design.properties:
        for end, value in (("low", p.low), ("high", p.high)):
            variants[f"{p.id}-{end}"] = {**design.values, p.id: value}
    return variants


@contextmanager
def _drugs(folder: Path | None) -> Iterator[Path]:
    """Where the documents of the molecules stand: in the folder, or for the time of the simulation."""
    if folder is not None:
        yield folder / DRUGS
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        yield Path(place)


def _plans(
    design: DrugDesign,
    asking: Asking,
    variants: Mapping[str, Mapping[str, float]],
    place: Path,
    patients: int | None,
) -> dict[str, Plan]:
    """Every run; when one cannot be planned, what was written for it goes."""
    try:
        return {
            name: _plan(design, asking, own, place / name, patients, alone=name != PLACE)
            for name, own in variants.items()
        }
    except NormoxiaError:
        if not asking.resume:
            shutil.rmtree(place, ignore_errors=True)
            if asking.out is not None:
                with suppress(OSError):
                    asking.out.rmdir()
        raise


def _plan(
    design: DrugDesign,
    asking: Asking,
    values: Mapping[str, float],
    place: Path,
    patients: int | None,
    *,
    alone: bool,
) -> Plan:
    """The run of a molecule beside the known regimens, or beside the first of them."""
    path = molecule.write(design, values, place, MOLECULE)
    known = design.comparison.regimens[:1] if alone else design.comparison.regimens
    regimens = (design.regimen(str(path), values), *known)
    contrasts = tuple((DESIGNED, regimen.id) for regimen in known)
    part = replace(design.comparison, regimens=regimens, contrasts=contrasts)
    return asking.planned(stage.trial_of(part, patients, months=_MONTHS))


def _found(design: DrugDesign, runs: Mapping[str, Run]) -> Placement:
    changed = {}
    for p in design.properties:
        for end in ("low", "high"):
            run = runs[f"{p.id}-{end}"]
            months = placement.pfs_months(run.result, run.trial, design.horizon)
            changed[p.id, end] = months[DESIGNED]
    place = runs[PLACE]
    return placement.place(design, place.result, place.trial, changed)
