"""Report of a virtual trial: every figure and table of a run in one language, as one HTML file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.outcome import Endpoint, Measure, Outcome, Source
from normoxia.population import Population, table_one
from normoxia.report.figures.bands import BandArm, bands_figure
from normoxia.report.figures.comparison import ComparisonPanel, ComparisonRow, comparison_figure
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.kaplan_meier import (
    Band,
    HazardRatioLine,
    KaplanMeierArm,
    kaplan_meier_figure,
)
from normoxia.report.figures.response import (
    SpiderArm,
    WaterfallArm,
    spider_figure,
    waterfall_figure,
)
from normoxia.report.figures.swimmer import Lane, swimmer_figure
from normoxia.report.pages.document import Block, Highlight, Page, Prose, Section, document
from normoxia.report.views.combined import combined_sentences, combined_table
from normoxia.report.views.flow import estimand, flow_table
from normoxia.report.views.outdated import outdated_inputs, outdated_sentence
from normoxia.report.views.replicates import mean_curve
from normoxia.report.views.state_sentences import (
    acts_on_vessels,
    delivery_sentences,
    early_courses,
    state_changes,
    state_sentences,
)
from normoxia.report.views.subgroups import subgroup_figure
from normoxia.report.views.tables import comparison_table
from normoxia.report.views.tables import table_one as baseline_table
from normoxia.survival import DAYS_PER_MONTH
from normoxia.trial.analysis import PublishedComparison, predicted_curves, published_curves
from normoxia.trial.combined import CombinedRatio
from normoxia.trial.conduct import recist
from normoxia.trial.endpoints import End, PatientEndpoints, evaluate
from normoxia.trial.flow import flow
from normoxia.trial.protocol import AnalysisSet, Trial
from normoxia.trial.result import TrialResult
from normoxia.trial.subgroups import subgroups

#: states drawn over time, with the unit to print and whether the axis is logarithmic
STATES: Mapping[str, tuple[str, bool]] = {
    "perfusion": ("×", False),
    "blood_flow": ("1/min", False),
    "hypoxic_fraction": ("", False),
    "pericyte_coverage": ("", False),
    "vessel_fraction": ("", False),
    "cd8_density": ("/mL", True),
    "treg_density": ("/mL", True),
}

#: smallest number of patients of a set in an arm for which curves are drawn
_FEWEST = 15

Rows = NDArray[np.intp]


def html(page: Page) -> str:
    """Return the report as one self-contained HTML text."""
    return document(page)


def page(
    result: TrialResult,
    trial: Trial,
    comparisons: Sequence[PublishedComparison],
    manifest: Mapping[str, object],
    joined: Sequence[CombinedRatio] = (),
    *,
    lang: str = "en",
) -> tuple[Page, tuple[Figure, ...]]:
    """Return the report of a run in a language, and its figures.

    Parameters
    ----------
    result
        Simulated patients.
    trial
        Protocol of the run.
    comparisons
        Simulated outcomes, with published values where there are any.
    manifest
        Provenance of the run.
    joined
        Hazard ratios predicted by mechanism, components and both combined; a section shows them when there are any.
    lang
        Code of the language, "en" or "zh".
    """
    report = _RunPage(result, trial, comparisons, manifest, joined, language(lang))
    return report.page(), tuple(report.figures)


def survival_figure(
    result: TrialResult,
    trial: Trial,
    comparisons: Sequence[PublishedComparison],
    endpoint: Endpoint,
    population: str,
    *,
    lang: str = "en",
) -> Figure:
    """The Kaplan-Meier figure of one endpoint and analysis population of a run.

    Parameters
    ----------
    endpoint
        `Endpoint.PFS` or `Endpoint.OS`.
    population
        The id of an analysis set of the trial.
    lang
        "en" or "zh".

    Raises
    ------
    InvalidArgument
        An arm has no patient of the population.
    """
    report = _RunPage(result, trial, comparisons, {}, (), language(lang))
    chosen = next(own for own in trial.sets if own.id == population)
    member = chosen.where.holds(result.covariates, result.n_rows)
    arms = {arm.id: rows[member[rows]] for arm in trial.arms for rows in (result.rows(arm.id),)}
    empty = [arm for arm, rows in arms.items() if not len(rows)]
    if empty:
        raise InvalidArgument(
            f'population "{population}": no patient in {", ".join(empty)}; run more patients or take another population'
        )
    return report.kaplan_meier(chosen, arms, endpoint)


def label_of(outcome: Outcome, lang: str) -> str:
    """Return what an outcome measures, in words: "PFS, median, months"."""
    return _label(outcome, language(lang))


def number_of(outcome: Outcome, lang: str) -> str:
    """Return value and interval of an outcome as they are printed."""
    return language(lang).interval(outcome.estimate, _digits(outcome))


def source_words(source: Source, text: Language) -> str:
    """Return the source of a published value: a citation as it is, the review in the language of the reader."""
    return text.say("registry.the_review") if source.reference == "the review" else source.reference


def is_fitted(result: TrialResult, trial: Trial) -> bool:
    """Whether the trial's published outcomes were among those that the ensemble of its run was calibrated on."""
    ensemble = result.manifest.get("ensemble")
    studies = ensemble.get("studies", ()) if isinstance(ensemble, Mapping) else ()
    return bool(trial.study) and trial.study in studies


def _label(outcome: Outcome, text: Language) -> str:
    endpoint = text.word("endpoint", outcome.endpoint)
    match outcome.measure:
        case Measure.MEDIAN_MONTHS:
            return text.say("run.median", endpoint=endpoint)
        case Measure.LANDMARK_PERCENT:
            return text.say("run.landmark", endpoint=endpoint, month=f"{outcome.months:g}")
        case Measure.HAZARD_RATIO:
            return text.say("run.ratio", endpoint=endpoint)
    return text.say("run.percent", endpoint=endpoint)


def _digits(outcome: Outcome) -> int:
    return 2 if outcome.measure is Measure.HAZARD_RATIO else 1


class _RunPage:
    """Report of one run in one language."""

    def __init__(
        self,
        result: TrialResult,
        trial: Trial,
        comparisons: Sequence[PublishedComparison],
        manifest: Mapping[str, object],
        joined: Sequence[CombinedRatio],
        text: Language,
    ) -> None:
        self.result, self.trial, self.comparisons = result, trial, comparisons
        self.joined = joined
        self.manifest, self.text, self.code = manifest, text, text.code
        self.endpoints: PatientEndpoints = evaluate(result, trial.criteria, trial.plan.censoring)
        self.titles = {arm.id: arm.titles.get(self.code, "") for arm in trial.arms}
        self.bands = {(c.population, c.endpoint, c.arm): c for c in predicted_curves(result, trial)}
        self.published_curves = {
            (c.population, c.endpoint, c.arm): c for c in published_curves(trial)
        }
        self.figures: list[Figure] = []

    def page(self) -> Page:
        say = self.text.say
        published = any(c.published is not None for c in self.comparisons)
        sections = [
            Section(say("run.section_survival"), (*self.warnings(), *self.curves())),
            Section(
                say("run.section_result" if published else "run.section_result_own"),
                tuple(self.compared()),
            ),
            Section(say("joined.title"), tuple(self.combined_ratios())),
            Section(say("subgroups.section"), tuple(self.subgroups())),
            Section(say("run.section_response"), tuple(self.responses())),
            Section(say("flow.section"), tuple(self.flow())),
            Section(say("run.section_states"), (Prose(say("run.states_note")), *self.states())),
            Section(say("run.section_patients"), tuple(self.patients())),
            Section(say("run.section_limits"), (Prose(say("run.limits")),)),
        ]
        lead = say(
            "run.lead" if self.trial.study else "run.lead_own",
            trials=say("run.trials", n=self.result.n_replicates)
            if self.result.n_replicates > 1
            else say("run.trial"),
            n=self.result.n_rows // self.result.n_replicates,
            seed=self.manifest.get("seed", ""),
            study=self.trial.study,
        )
        versions = self.manifest.get("versions", {})
        version = str(versions.get("normoxia", "")) if isinstance(versions, Mapping) else ""
        return Page(
            language=self.code,
            title=self.trial.title(self.code),
            lead=lead,
            sections=tuple(section for section in sections if section.blocks),
            highlights=self.highlights(),
            badges=() if self.trial.calibrated else (say("badge.not_calibrated"),),
            provenance={
                key: self.text.term(value) if key == "calibration" else value
                for key, value in (
                    (k, _plain_text(v)) for k, v in self.manifest.items() if k != "outputs"
                )
            },
            version=version,
            date=date.today().isoformat(),
            folded=True,
        )

    def subgroups(self) -> list[Block]:
        """A forest plot of subgroups for each contrast, of progression-free survival."""
        found = subgroups(self.result, self.trial)
        blocks: list[Block] = []
        for contrast in self.trial.contrasts:
            pair = (contrast.experimental, contrast.control)
            own = [one for one in found if (one.experimental, one.control) == pair]
            if own:
                name = self.name(f"subgroups-{'-'.join(pair)}")
                blocks.append(self.add_figure(subgroup_figure(own, self.code, name)))
        return blocks

    def add_figure(self, figure: Figure) -> Figure:
        self.figures.append(figure)
        return figure

    def name(self, stem: str) -> str:
        return f"{stem}-{self.code}"

    # head of the page

    def warnings(self) -> list[Prose]:
        say = self.text.say
        paragraphs = [Prose(say("run.calibrated", n=self.result.n_replicates))]
        if not self.trial.calibrated:
            paragraphs = [Prose(say("run.not_calibrated"), warning=True)]
        elif self.is_fitted():
            paragraphs.append(Prose(say("run.fitted", study=self.trial.study), warning=True))
        outdated = outdated_sentence(outdated_inputs(self.result), self.text)
        if outdated:
            paragraphs.append(Prose(outdated, warning=True))
        ablated = self.manifest.get("ablated")
        if isinstance(ablated, list) and ablated:
            paragraphs.append(Prose(say("run.ablated", tags=", ".join(ablated)), warning=True))
        failed = {arm: count for arm, count in self.result.failed.items() if count}
        if failed:
            failures = ", ".join(f"{arm} {count}" for arm, count in failed.items())
            paragraphs.append(Prose(say("run.failed", failed=failures), warning=True))
        return paragraphs

    def is_fitted(self) -> bool:
        return is_fitted(self.result, self.trial)

    def combined_ratios(self) -> list[Block]:
        if not self.joined:
            return []
        sentences = combined_sentences(
            self.joined, self.trial.study, fitted=self.is_fitted(), lang=self.code
        )
        name = self.name("joined")
        table = combined_table(self.joined, self.trial, self.comparisons, lang=self.code, name=name)
        return [*(Prose(sentence) for sentence in sentences), table]

    def highlights(self) -> tuple[Highlight, ...]:
        """Hazard ratios of the first contrast, and medians, of the set with most published ones, else of the first set."""
        survival = [
            c for c in self.comparisons if c.simulated.endpoint in (Endpoint.PFS, Endpoint.OS)
        ]
        medians = [c for c in survival if c.simulated.measure is Measure.MEDIAN_MONTHS]
        published_sets = [c.simulated.population for c in medians if c.published is not None]
        analysis_set = max(self.trial.sets, key=lambda s: published_sets.count(s.id)).id
        first = [(contrast.experimental, contrast.control) for contrast in self.trial.contrasts[:1]]
        ratios = [
            c
            for c in survival
            if c.simulated.measure is Measure.HAZARD_RATIO
            and (c.simulated.arm, c.simulated.comparator) in first
        ]
        comparisons = [c for c in (*ratios, *medians) if c.simulated.population == analysis_set]
        comparisons.sort(
            key=lambda c: (c.simulated.comparator == "", c.simulated.endpoint is Endpoint.OS)
        )
        return tuple(self.highlight(c) for c in comparisons)

    def highlight(self, c: PublishedComparison) -> Highlight:
        text, simulated, digits = self.text, c.simulated, _digits(c.simulated)
        arms = (
            f"{simulated.arm} / {simulated.comparator}" if simulated.comparator else simulated.arm
        )
        value, low, high = (
            text.number(x, digits)
            for x in (simulated.estimate.value, simulated.estimate.low, simulated.estimate.high)
        )
        details = [f"{low}–{high}"]
        if c.published is not None:
            published = text.interval(c.published.estimate, digits)
            details.append(text.say("km.published_ratio", value=published))
        return Highlight(
            text.say("run.of", arm=arms, what=_label(simulated, text)), value, " · ".join(details)
        )

    def compared(self) -> list[Block]:
        blocks: list[Block] = []
        for analysis_set in self.trial.sets:
            comparisons = [c for c in self.comparisons if c.simulated.population == analysis_set.id]
            panels, sources = self.panels([c for c in comparisons if c.published is not None])
            title = analysis_set.title(self.code)
            if panels:
                name = self.name(f"simulated-published-{analysis_set.id}")
                heading = self.text.say("comparison.of", set=title)
                blocks.append(
                    self.add_figure(
                        comparison_figure(panels, lang=self.code, name=name, title=heading)
                    )
                )
            panels, sources = self.panels(comparisons)
            if panels:
                name = self.name(f"outcomes-{analysis_set.id}")
                blocks.append(
                    comparison_table(
                        panels, sources=sources, lang=self.code, name=name, title=title
                    )
                )
        return blocks

    def panels(
        self, comparisons: Sequence[PublishedComparison]
    ) -> tuple[list[ComparisonPanel], list[list[str]]]:
        groups: dict[str, list[PublishedComparison]] = {}
        for comparison in comparisons:
            groups.setdefault(_label(comparison.simulated, self.text), []).append(comparison)
        panels, sources = [], []
        for title, members in groups.items():
            outcome = members[0].simulated
            rows = tuple(
                ComparisonRow(
                    f"{c.simulated.arm} / {c.simulated.comparator}"
                    if c.simulated.comparator
                    else c.simulated.arm,
                    c.simulated.estimate,
                    c.published.estimate if c.published else None,
                )
                for c in members
            )
            panels.append(
                ComparisonPanel(
                    title, rows, _digits(outcome), outcome.measure is Measure.HAZARD_RATIO
                )
            )
            sources.append(
                [
                    source_words(c.published.source, self.text)
                    if c.published and c.published.source
                    else ""
                    for c in members
                ]
            )
        return panels, sources

    # survival

    def curves(self) -> list[Block]:
        blocks: list[Block] = []
        for analysis_set in self.trial.sets:
            member = analysis_set.where.holds(self.result.covariates, self.result.n_rows)
            arms = {
                arm.id: rows[member[rows]]
                for arm in self.trial.arms
                if len(rows := self.rows(arm.id))
            }
            if min(len(rows) for rows in arms.values()) < _FEWEST:
                continue
            for endpoint in (Endpoint.PFS, Endpoint.OS):
                blocks.append(self.add_figure(self.kaplan_meier(analysis_set, arms, endpoint)))
                blocks += self.sources(analysis_set, endpoint)
        return blocks

    def sources(self, analysis_set: AnalysisSet, endpoint: Endpoint) -> list[Block]:
        """Sources of the dotted curves of a figure."""
        curves = [
            c
            for (p, e, _), c in self.published_curves.items()
            if (p, e) == (analysis_set.id, endpoint)
        ]
        sources = dict.fromkeys((c.at, source_words(c.source, self.text)) for c in curves)
        return [
            Prose(self.text.say("km.dots_source", what=at, source=source)) for at, source in sources
        ]

    def kaplan_meier(
        self, analysis_set: AnalysisSet, arms: Mapping[str, Rows], endpoint: Endpoint
    ) -> Figure:
        e = self.endpoints
        time, observed = (
            (e.pfs, e.pfs_observed) if endpoint is Endpoint.PFS else (e.os, e.os_observed)
        )
        drawn_arms = []
        for arm, rows in arms.items():
            replicate = self.result.columns["replicate"][rows].astype(np.int64)
            times = np.maximum(time[rows], 0.0), observed[rows], replicate
            curve, key = mean_curve(*times), (analysis_set.id, endpoint, arm)
            predicted, published_curve = self.bands.get(key), self.published_curves.get(key)
            band = None
            if predicted is not None:
                band = Band(
                    months=predicted.months,
                    low=predicted.low,
                    high=predicted.high,
                    level=predicted.level,
                    parameters=self.trial.calibrated,
                )
            median = self.median_of(analysis_set.id, endpoint, Measure.MEDIAN_MONTHS, arm)
            published_median = median.published.estimate if median and median.published else None
            landmarks = tuple(
                (c.simulated.months, c.published.estimate)
                for c in self.comparisons
                if c.published is not None
                and c.simulated.measure is Measure.LANDMARK_PERCENT
                and (c.simulated.population, c.simulated.endpoint, c.simulated.arm)
                == (analysis_set.id, endpoint, arm)
            )
            drawn_arms.append(
                KaplanMeierArm(
                    name=arm,
                    curve=curve,
                    median=median.simulated.estimate if median else None,
                    band=band,
                    published=published_median,
                    landmarks=landmarks,
                    title=self.titles[arm],
                    published_curve=published_curve.points if published_curve else (),
                )
            )
        ratios = [
            HazardRatioLine(
                experimental=c.simulated.arm,
                control=c.simulated.comparator,
                ratio=c.simulated.estimate,
                published=c.published.estimate if c.published else None,
            )
            for c in self.comparisons
            if c.simulated.measure is Measure.HAZARD_RATIO
            and (c.simulated.population, c.simulated.endpoint) == (analysis_set.id, endpoint)
        ]
        return kaplan_meier_figure(
            drawn_arms,
            str(endpoint),
            ratios=ratios,
            months=_axis_end(drawn_arms),
            lang=self.code,
            name=self.name(f"km-{endpoint.lower()}-{analysis_set.id}"),
            population=analysis_set.title(self.code),
        )

    def median_of(
        self, population: str, endpoint: Endpoint, measure: Measure, arm: str
    ) -> PublishedComparison | None:
        for comparison in self.comparisons:
            o = comparison.simulated
            if (o.population, o.endpoint, o.measure, o.arm) == (population, endpoint, measure, arm):
                return comparison
        return None

    # response

    def responses(self) -> list[Figure]:
        waterfall, spider = [], []
        for arm in self.trial.arms:
            rows = self.first_replicate(arm.id)
            change = 100.0 * (
                self.result.scan_sum[rows] / self.result.columns["baseline_sum"][rows][:, None]
                - 1.0
            )
            days = self.result.scan_day[rows]
            measured = np.isfinite(change) & (days <= self.scans_until(rows)[:, None])
            # best overall response counts scans up to progression, and so does the bar
            counted = measured & (days <= self.endpoints.pfs[rows][:, None])
            best = np.where(
                counted.any(axis=1), np.where(counted, change, np.inf).min(axis=1), math.nan
            )
            response = [recist.Response(int(r)).name for r in self.endpoints.response[rows]]
            waterfall.append(WaterfallArm(arm.id, best, response))
            months = [
                np.concatenate([[0.0], d[m] / DAYS_PER_MONTH])
                for d, m in zip(days, measured, strict=True)
            ]
            changes = [np.concatenate([[0.0], c[m]]) for c, m in zip(change, measured, strict=True)]
            spider.append(SpiderArm(arm.id, months, changes, response))
        return [
            self.add_figure(
                waterfall_figure(waterfall, lang=self.code, name=self.name("waterfall"))
            ),
            self.add_figure(spider_figure(spider, lang=self.code, name=self.name("spider"))),
            self.add_figure(
                swimmer_figure(self.lanes(), lang=self.code, name=self.name("swimmer"))
            ),
        ]

    def scans_until(self, rows: Rows) -> NDArray[np.float64]:
        """Day of the cut of PFS or loss of some patients, after which no scan is known."""
        column = self.result.columns
        return np.asarray(
            np.minimum(column["progression_cut"][rows], column["survival_loss"][rows])
        )

    def lanes(self) -> list[Lane]:
        """Events of the first replicate's patients."""
        e, lanes = self.endpoints, []
        for arm in self.trial.arms:
            for row in self.first_replicate(arm.id):
                died_first = e.os_observed[row] and e.os[row] <= e.pfs[row]
                lanes.append(
                    Lane(
                        patient=str(self.result.columns["patient"][row]),
                        arm=arm.id,
                        end=float(e.os[row]) / DAYS_PER_MONTH,
                        response=float(e.response_day[row]) / DAYS_PER_MONTH
                        if e.responded[row]
                        else math.nan,
                        progression=float(e.pfs[row]) / DAYS_PER_MONTH
                        if e.pfs_observed[row] and not died_first
                        else math.nan,
                        death=float(e.os[row]) / DAYS_PER_MONTH if e.os_observed[row] else math.nan,
                        ongoing=bool(e.os_end[row] == End.CUT),
                    )
                )
        return lanes

    def flow(self) -> list[Block]:
        """What became of the patients, and the rules by which they were counted."""
        arms = flow(self.result, self.trial)
        table = flow_table(arms, lang=self.code, name=self.name("flow"))
        return [table, Prose(estimand(self.trial, self.text))]

    # states

    def states(self) -> list[Block]:
        months = self.result.state_days / DAYS_PER_MONTH
        treated = {arm.id for arm in self.trial.arms if acts_on_vessels(arm)}
        blocks: list[Block] = []
        for state, (unit, log) in STATES.items():
            if state not in self.result.state_names:
                continue
            index = self.result.state_names.index(state)
            arms = [self.band(arm.id, months, index) for arm in self.trial.arms]
            title = self.text.known(f"state.{state}", state)
            name = self.name(f"state-{state}")
            blocks.append(
                self.add_figure(
                    bands_figure(arms, title, unit=unit, log=log, lang=self.code, name=name)
                )
            )
            changes = state_changes(arms, treated, self.result.visit_days[0] / DAYS_PER_MONTH)
            sentences = state_sentences(state, title, changes, self.text)
            if state == "blood_flow":
                rows = {arm: self.rows(arm) for arm in sorted(treated)}
                sentences += delivery_sentences(early_courses(self.result, rows), self.text)
            blocks += [Prose(sentence) for sentence in sentences]
        return blocks

    def band(self, arm: str, months: NDArray[np.float64], state: int) -> BandArm:
        """Percentiles at the visits with enough patients in follow-up."""
        values = self.result.states[self.rows(arm)][:, :, state].astype(np.float64)
        enough = np.isfinite(values).sum(axis=0) >= _FEWEST
        visits = enough if enough.sum() > 1 else np.isfinite(values).any(axis=0)
        return BandArm.of(arm, months[visits], values[:, visits])

    # patients

    def patients(self) -> list[Block]:
        say = self.text.say
        acceptance = self.result.acceptance
        refused = say("pool.comma").join(
            f"{self.text.term(rule.replace('_', ' '))} {n}"
            for rule, n in acceptance.refused.items()
            if n
        )
        sentence = say(
            "run.acceptance",
            accepted=acceptance.accepted,
            drawn=acceptance.drawn,
            refused=refused or say("run.no_refusal"),
        )
        blocks: list[Block] = [Prose(sentence)]
        if self.trial.baseline:
            rows = self.rows(max(self.trial.arms, key=lambda arm: arm.n).id)
            population = Population(
                self.result.columns["patient"][rows].astype(np.int64),
                self.result.columns["replicate"][rows].astype(np.int64),
                {name: column[rows] for name, column in self.result.covariates.items()},
                {},
                np.ones(len(rows)),
                int(str(self.manifest.get("seed", 0))),
                acceptance,
            )
            name = self.name("table-1")
            blocks.append(
                baseline_table(
                    table_one(population, self.trial.baseline), lang=self.code, name=name
                )
            )
        return blocks

    def rows(self, arm: str) -> Rows:
        return self.result.rows(arm)

    def first_replicate(self, arm: str) -> Rows:
        rows = self.rows(arm)
        replicate = self.result.columns["replicate"][rows]
        return np.asarray(rows[replicate == replicate.min()], dtype=np.intp)


def _plain_text(value: object) -> str:
    """A value of a manifest without brackets and quotes."""
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_plain_text(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain_text(item) for item in value) or "–"
    return str(value)


def _axis_end(arms: Sequence[KaplanMeierArm]) -> float:
    """End of the time axis in months: the last event while an arm had 5 % of its patients at risk."""
    ends = [
        float(arm.curve.times[arm.curve.n_at_risk >= 0.05 * arm.curve.n_at_risk[0]][-1])
        for arm in arms
        if len(arm.curve.times)
    ]
    return max(2.0, max(ends, default=60.0) / DAYS_PER_MONTH)
