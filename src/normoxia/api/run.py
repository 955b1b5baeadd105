"""What a run gives: its tables as data frames, its figures, its provenance, and its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from normoxia.api.frames import contrasts_frame, outcomes_frame, patients_frame
from normoxia.api.names import one_of
from normoxia.api.writing import provenance_of, write_outputs
from normoxia.errors import InvalidArgument
from normoxia.notebook import heading_html, ratio_text, table_html
from normoxia.outcome import Endpoint
from normoxia.population import Acceptance
from normoxia.trial.analysis import PublishedComparison
from normoxia.trial.combined import CombinedRatio
from normoxia.trial.folder import RunFolder, chunk_identity, plain_config
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult
from normoxia.trial.subgroups import Subgroups, subgroups
from normoxia.trial.summary import summary

if TYPE_CHECKING:
    import polars

    from normoxia.report.figures.figure import Figure
    from normoxia.report.pages.document import Page

#: kinds of figures that `Run.plot` draws
PLOTS = ("km", "subgroups")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A chunk of a run: its file name, how many rows it has, and how its patients were accepted."""

    name: str
    n_rows: int
    acceptance: Acceptance


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Run:
    """A simulated trial; `normoxia.run` and `normoxia.open_run` give it.

    Attributes
    ----------
    trial
        The protocol, with the numbers of patients of the run.
    result
        Every patient, scan and state.
    comparisons
        Each simulated outcome with the published one, where there is one.
    combined
        Hazard ratios by the mechanism, by the component model, and combined; empty for uncalibrated and ablated runs.
    provenance
        Versions, seed, digests and machine: what a run needs to be repeated.
    config
        The configuration as it goes into the folder.
    parts
        The chunks the run consists of, in the order of the rows.
    began
        Wall-clock and processor time, s, when the run began.
    folder
        Where the run is kept; None for a run in memory.
    """

    trial: Trial
    result: TrialResult
    comparisons: tuple[PublishedComparison, ...]
    combined: tuple[CombinedRatio, ...]
    provenance: Mapping[str, Any]
    config: Mapping[str, object]
    parts: tuple[Part, ...]
    began: tuple[float, float]
    folder: Path | None = None

    def patients(self) -> polars.DataFrame:
        """One row for each simulated patient and arm, ordered by arm, replicate and patient.

        Returns
        -------
        polars.DataFrame
            Columns `replicate`, `arm`, `patient` (the same number in two arms is the same patient treated twice),
            `pfs_months`, `pfs_event`, `pfs_reason`, `os_months`, `os_event`, `os_reason` (months from enrolment;
            False is censored; the reason is that of the event or of censoring), `immune_pfs_months` and
            `immune_pfs_event` (iRECIST), `best_response` (CR, PR, SD, PD, NE), `response_months`, `duration_months`,
            `duration_event` (null without a response), `treatment_months`, `treatment_ended`, `treatment_reason` (end
            of the arm's last drug), `clinical_progression_months`, `next_line` and `next_line_months`,
            `toxicity_grade3` (a treatment-related event of grade 3 or more), `failed` (the solver stopped; censored at
            the last scan), for each drug `DRUG_end_months` and `DRUG_end_reason` (null in arms without it and while
            it is given), and one column for each covariate.
        """
        return patients_frame(self.result, self.trial)

    def outcomes(self) -> polars.DataFrame:
        """One row for each outcome of each analysis population.

        Returns
        -------
        polars.DataFrame
            Columns `population`, `endpoint`, `measure`, `month` (of a landmark), `arm`, `comparator` (of a contrast),
            `n`, `value`, `low`, `high` (95 % prediction interval), `published`, `published_low`, `published_high`,
            `inside` (whether the published value lies in the interval), `source`. Months, percent, hazard ratios;
            infinite is not reached, null is not available.
        """
        return outcomes_frame(self.comparisons)

    def contrasts(self) -> polars.DataFrame:
        """One row for each hazard ratio.

        Returns
        -------
        polars.DataFrame
            Columns `population`, `endpoint`, `experimental`, `control`, then `value` (simulated), `component_model`,
            `combined` and `published`, each with its `low` and `high`, and `inside`.
        """
        return contrasts_frame(self.comparisons, self.combined)

    def subgroups(self, endpoint: str = "PFS") -> polars.DataFrame:
        """One row for each contrast, covariate and level.

        Parameters
        ----------
        endpoint
            "PFS" or "OS".

        Returns
        -------
        polars.DataFrame
            Columns `experimental`, `control`, `covariate`, `level`, `n` (patients of both arms in one trial), `value`, `low`, `high`
            (hazard ratio with its 95 % prediction interval), `interaction` (share of trials whose test of interaction falls below 5 %;
            0.05 is chance).
        """
        import polars as pl

        chosen = Endpoint(one_of("endpoint", endpoint, (Endpoint.PFS.value, Endpoint.OS.value)))
        return pl.DataFrame(
            [
                {
                    "experimental": one.experimental,
                    "control": one.control,
                    "covariate": one.covariate,
                    "level": level.level,
                    "n": level.n,
                    "value": level.ratio.value,
                    "low": level.ratio.low,
                    "high": level.ratio.high,
                    "interaction": one.interaction,
                }
                for one in subgroups(self.result, self.trial, chosen)
                for level in one.levels
            ]
        )

    def summary(self) -> dict[str, object]:
        """The run as one plain object: what `normoxia run --json` prints."""
        return summary(self.result, self.trial, self.comparisons, self.provenance, self.combined)

    def plot(
        self,
        kind: str = "km",
        *,
        endpoint: str = "OS",
        population: str | None = None,
        lang: str = "en",
    ) -> Figure:
        """Draw a figure of the run.

        Parameters
        ----------
        kind
            "km": Kaplan-Meier curves with their prediction bands, and the published values; "subgroups": hazard ratios of
            the first contrast by PD-L1, histology, EGFR, line, sex, age, ECOG and smoking.
        endpoint
            "PFS" or "OS".
        population
            An analysis population of the trial; the first when omitted.
        lang
            "en" or "zh".
        """
        from normoxia.report.pages.run import survival_figure
        from normoxia.report.views.subgroups import subgroup_figure

        drawn = one_of("figure", kind, PLOTS)
        chosen = Endpoint(one_of("endpoint", endpoint, (Endpoint.PFS.value, Endpoint.OS.value)))
        if drawn == "subgroups":
            found = subgroups(self.result, self.trial, chosen)
            first = found[:1]
            own = [s for s in found if _pair(s) == _pair(first[0])] if first else []
            return subgroup_figure(own, lang)
        names = [analysis_set.id for analysis_set in self.trial.sets]
        name = one_of("population", population, names) if population is not None else names[0]
        return survival_figure(self.result, self.trial, self.comparisons, chosen, name, lang=lang)

    def page(self, lang: str = "en") -> tuple[Page, tuple[Figure, ...]]:
        """Return the report in one language, and its figures.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        from normoxia.report.pages.run import page

        return page(
            self.result, self.trial, self.comparisons, self.provenance, self.combined, lang=lang
        )

    def save(self, folder: str | Path, *, report: bool = True, lang: str = "en") -> Path:
        """Write the run into a new folder, as `normoxia run --out` does; return its path.

        Parameters
        ----------
        folder
            Must not exist, or be empty.
        report, lang
            Whether to draw the figures and the HTML report, and in which language ("en" or "zh").

        Raises
        ------
        OutputExists
            The folder holds something.
        InvalidArgument
            The run was read from a folder of an earlier version, which cannot be written again.
        """
        if not self.parts:
            raise InvalidArgument(
                f"{self.folder} was written by an earlier version of normoxia; copy the folder instead of saving it"
            )
        path = Path(folder)
        identity = plain_config(self.config)
        with RunFolder.begun(path, self.config) as place:
            for part, content in self._chunks():
                place.write_chunk(part.name, content.to_bytes(chunk_identity(identity, part.name)))
            write_outputs(
                place,
                self.result,
                self.trial,
                self.comparisons,
                self.combined,
                provenance_of(self.result, self.config, path),
                report=report,
                lang=lang,
                began=self.began,
                note=_ignore,
            )
        return path

    def _chunks(self) -> Iterator[tuple[Part, TrialResult]]:
        """The chunks of the run, cut out of the whole."""
        first = 0
        for part in self.parts:
            rows = np.arange(first, first + part.n_rows)
            yield part, replace(self.result.take(rows), acceptance=part.acceptance)
            first += part.n_rows

    def __repr__(self) -> str:
        arms = ", ".join(f"{arm.id} {arm.n}" for arm in self.trial.arms)
        parameters = "calibrated" if self.trial.calibrated else "uncalibrated"
        return (
            f"<Run of {self.trial.id}: {arms} patients, replicates={self.result.n_replicates}, "
            f"seed={self.config.get('seed')}, {parameters}>"
        )

    def _repr_html_(self) -> str:
        """Title, hazard ratios of the first population, and its Kaplan-Meier figure of overall survival."""
        figure = self.plot("km", endpoint="OS").svg()
        head = heading_html(self.trial.title("en"), *self._warnings())
        return f"<div>{head}{self._ratios_html()}{figure}</div>"

    def _warnings(self) -> list[str]:
        """That the result is simulated, and whether the trial was among those the ensemble was fitted to."""
        from normoxia.language import language
        from normoxia.report.pages.run import is_fitted

        text, trial = language("en"), self.trial
        if not trial.calibrated:
            return [f"{text.say('badge.simulated')} [{text.say('badge.not_calibrated')}]"]
        if not trial.study:
            return [text.say("badge.simulated")]
        key = "run.fitted" if is_fitted(self.result, trial) else "run.left_out"
        return [text.say("badge.simulated"), text.say(key, study=trial.study)]

    def _ratios_html(self) -> str:
        frame = self.contrasts()
        rows = [
            row for row in frame.iter_rows(named=True) if row["population"] == self.trial.sets[0].id
        ]
        if not rows:
            return ""
        kinds = [
            "value",
            *(
                name
                for name in ("component_model", "combined", "published")
                if any(r[name] is not None for r in rows)
            ),
        ]
        titles = {"value": "simulated", "component_model": "component model"}
        heads = ["endpoint", "hazard ratio", *(titles.get(kind, kind) for kind in kinds)]
        cells = [
            [
                r["endpoint"],
                f"{r['experimental']} / {r['control']}",
                *(ratio_text(r, "" if kind == "value" else kind) or "–" for kind in kinds),
            ]
            for r in rows
        ]
        return table_html(heads, cells)


def _pair(one: Subgroups) -> tuple[str, str]:
    return one.experimental, one.control


def _ignore(text: str) -> None:
    """Discard a line about what is being done."""
