"""The figures and the report of a virtual trial: simulated beside published, curves, responses, states,
patients.

The only file of this room that knows a trial's result; it turns one into the plain values the builders take.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.outcome import Endpoint, Estimate, Measure
from normoxia.population import Population
from normoxia.population import table_one as baseline_rows
from normoxia.report.bands import LEVELS, BandArm, bands_figure
from normoxia.report.comparison import ComparisonPanel, ComparisonRow, comparison_figure
from normoxia.report.document import Block, Highlight, Page, Prose, Section
from normoxia.report.figure import Figure
from normoxia.report.kaplan_meier import Band, HazardRatioLine, KaplanMeierArm, kaplan_meier_figure
from normoxia.report.language import Language, language
from normoxia.report.response import SpiderArm, WaterfallArm, spider_figure, waterfall_figure
from normoxia.report.swimmer import Lane, swimmer_figure
from normoxia.report.tables import comparison_table, table_one
from normoxia.survival import (
    DAYS_PER_MONTH,
    TimeToEvent,
    hazard_ratio,
    kaplan_meier,
    kaplan_meier_many,
    log_rank,
)
from normoxia.trial.analysis import Comparison, analyse, compare, protocol_of, published
from normoxia.trial.endpoints import Endpoints, evaluate
from normoxia.trial.protocol import AnalysisSet, Trial
from normoxia.trial.recist import Response
from normoxia.trial.result import TrialResult

#: panels shown even where nothing was published, in the order of the figure
_MAIN = (
    (Endpoint.ORR, Measure.PERCENT), (Endpoint.PFS, Measure.MEDIAN_MONTHS), (Endpoint.OS, Measure.MEDIAN_MONTHS),
    (Endpoint.PFS, Measure.HAZARD_RATIO), (Endpoint.OS, Measure.HAZARD_RATIO), (Endpoint.TRAE3, Measure.PERCENT),
)  # fmt: skip

#: replicates from which a band of curves is read; fewer leave the confidence interval of one trial's size
_ENOUGH_REPLICATES = 20

#: a state is drawn while this share of the arm is still followed
_FOLLOWED = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class _Material:
    """What every part of the report draws from."""

    result: TrialResult
    trial: Trial
    endpoints: Endpoints
    comparisons: tuple[Comparison, ...]
    speech: Language
    theme: str

    def rows(self, chosen: AnalysisSet, arm: str, first_replicate: bool = False) -> NDArray[np.intp]:
        rows = self.result.rows(arm)
        member = chosen.where.holds(self.result.covariates, self.result.n_rows)[rows]
        if first_replicate:
            replicate = self.result.columns["replicate"]
            member &= replicate[rows] == replicate[rows].min()
        return rows[member]

    def title(self, chosen: AnalysisSet) -> str:
        return chosen.titles.get(self.speech.code, chosen.titles.get("en", chosen.id))

    def found(
        self, chosen: AnalysisSet, endpoint: Endpoint, measure: Measure, arm: str, comparator: str = ""
    ) -> Comparison | None:
        for held in self.comparisons:
            o = held.simulated
            key = (o.population, o.endpoint, o.measure, o.arm, o.comparator)
            if key == (chosen.id, endpoint, measure, arm, comparator):
                return held
        return None

    @property
    def sets(self) -> list[AnalysisSet]:
        """Sets with patients in every arm, the one with most published values first."""
        filled = [s for s in self.trial.sets if all(len(self.rows(s, arm)) for arm in self.result.arms)]
        counts = {s.id: 0 for s in filled}
        for held in self.comparisons:
            if held.published is not None and held.simulated.population in counts:
                counts[held.simulated.population] += 1
        return sorted(filled, key=lambda s: -counts[s.id])


def trial_page(
    result: TrialResult,
    *,
    trial: Trial | None = None,
    comparisons: Sequence[Comparison] | None = None,
    lang: str = "en",
    date: str = "",
    provenance: Mapping[str, str] | None = None,
) -> Page:
    """The report of a virtual trial in one language; `document` makes one file of several languages' pages.

    trial        the protocol; read back from the result when omitted
    comparisons  simulated beside published outcomes; analysed here when omitted (pass them when they are
    known)
    provenance   added to what the result's manifest says: command, wall time, digests
    """
    held = _material(result, trial, comparisons, lang, "light")
    say = held.speech.say
    sets = held.sets
    sections = [Section(say("trial.outcomes"), tuple(_warnings(held)) + tuple(_outcome_blocks(held, sets)))]
    sections.append(Section(say("trial.survival"), tuple(f for s in sets for f in _survival(held, s))))
    sections.append(Section(say("trial.response"), tuple(_responses(held, sets[0]))))
    states = _states(held, sets[0])
    if states:
        sections.append(Section(say("trial.mechanism"), (Prose(say("trial.mechanism_note")), *states)))
    sections.append(Section(say("trial.patients"), tuple(_patients(held))))
    manifest = {key: str(value) for key, value in result.manifest.items() if key != "protocol"}
    badges = () if result.manifest.get("calibration") == "calibrated" else (say("badge.not_calibrated"),)
    names = held.trial.titles
    return Page(
        lang, names.get(lang, names.get("en", held.trial.id)), _lead(held), tuple(sections),
        tuple(_highlights(held, sets[0])), badges, {**manifest, **(provenance or {})},
        str(result.manifest.get("normoxia", "")), date,
    )  # fmt: skip


def trial_figures(
    result: TrialResult,
    *,
    trial: Trial | None = None,
    comparisons: Sequence[Comparison] | None = None,
    lang: str = "en",
    theme: str = "light",
) -> tuple[Figure, ...]:
    """Every figure of the report, for files: names tell endpoint and set, such as "km-pfs-itt-wt"."""
    held = _material(result, trial, comparisons, lang, theme)
    sets = held.sets
    figures = [b for b in _outcome_blocks(held, sets) if isinstance(b, Figure)]
    figures += [figure for chosen in sets for figure in _survival(held, chosen)]
    return (*figures, *_responses(held, sets[0]), *_states(held, sets[0]))


def _material(
    result: TrialResult, trial: Trial | None, comparisons: Sequence[Comparison] | None, lang: str, theme: str
) -> _Material:
    protocol = protocol_of(result) if trial is None else trial
    if comparisons is None:
        comparisons = compare(analyse(result, protocol), published(protocol))
    endpoints = evaluate(result, protocol.criteria)
    return _Material(result, protocol, endpoints, tuple(comparisons), language(lang), theme)


def _lead(held: _Material) -> str:
    code = held.speech.code
    arms = [
        f"{arm.id}: {arm.titles.get(code, arm.titles.get('en', arm.id))} (n = {arm.n})"
        for arm in held.trial.arms
    ]
    joined = ("; " if code == "en" else "；").join(arms)
    return held.speech.say("trial.lead", arms=joined, replicates=held.result.n_replicates)


def _warnings(held: _Material) -> list[Prose]:
    found = []
    if held.result.manifest.get("calibration") != "calibrated":
        found.append(Prose(held.speech.say("trial.not_calibrated"), warning=True))
    broken = sum(held.result.failed.values())
    if broken:
        found.append(Prose(held.speech.say("trial.failed", n=broken, total=held.result.n_rows), warning=True))
    return found


def _outcome_blocks(held: _Material, sets: Sequence[AnalysisSet]) -> list[Block]:
    blocks: list[Block] = []
    for chosen in sets:
        panels, sources = _panels(held, chosen)
        if not panels:
            continue
        title = f"{held.speech.say('comparison.title')} – {held.title(chosen)}"
        name = f"simulated-published-{chosen.id.lower()}"
        options = {"lang": held.speech.code, "title": title}
        blocks.append(comparison_figure(panels, theme=held.theme, name=name, **options))
        blocks.append(comparison_table(panels, sources=sources, name=f"table-{name}", **options))
    return blocks


def _panels(held: _Material, chosen: AnalysisSet) -> tuple[list[ComparisonPanel], list[list[str]]]:
    groups: dict[tuple[Endpoint, Measure, float], list[Comparison]] = {}
    for c in held.comparisons:
        o = c.simulated
        if o.population == chosen.id and not math.isnan(o.estimate.value):
            groups.setdefault((o.endpoint, o.measure, -1.0 if math.isnan(o.months) else o.months), []).append(
                c
            )
    wanted = [key for key in groups if key[:2] in _MAIN or any(c.published for c in groups[key])]
    wanted.sort(key=lambda k: (_MAIN.index(k[:2]) if k[:2] in _MAIN else len(_MAIN), k[0], k[2]))
    panels, sources = [], []
    for endpoint, measure, month in wanted:
        own = groups[endpoint, measure, month]
        rows, places = [], []
        for c in own:
            label = (
                f"{c.simulated.arm} : {c.simulated.comparator}" if c.simulated.comparator else c.simulated.arm
            )
            rows.append(
                ComparisonRow(label, c.simulated.estimate, c.published.estimate if c.published else None)
            )
            source = c.published.source if c.published else None
            places.append(
                "" if source is None else ", ".join(t for t in (source.reference, source.place) if t)
            )
        ratio = measure in (Measure.HAZARD_RATIO, Measure.ODDS_RATIO, Measure.RISK_RATIO)
        panels.append(
            ComparisonPanel(
                _panel_title(held, endpoint, measure, month), tuple(rows), 2 if ratio else 1, ratio
            )
        )
        sources.append(places)
    return panels, sources


def _panel_title(held: _Material, endpoint: Endpoint, measure: Measure, month: float) -> str:
    speech = held.speech
    named = speech.known(f"endpoint.{endpoint}", str(endpoint))
    if month >= 0:
        return speech.say("trial.landmark", endpoint=named, month=f"{month:g}")
    joiner = ", " if speech.code == "en" else "，"
    return named + joiner + speech.known(f"measure.{measure}", str(measure))


def _survival(held: _Material, chosen: AnalysisSet) -> list[Figure]:
    e = held.endpoints
    figures = []
    for endpoint, time, observed in (
        (Endpoint.PFS, e.pfs, e.pfs_observed),
        (Endpoint.OS, e.os, e.os_observed),
    ):
        arms = [_curve(held, chosen, endpoint, arm, time, observed) for arm in held.result.arms]
        ratios = [
            line
            for contrast in held.trial.contrasts
            if (
                line := _ratio(
                    held, chosen, endpoint, contrast.experimental, contrast.control, time, observed
                )
            )
        ]
        figures.append(
            kaplan_meier_figure(
                arms, str(endpoint), ratios=ratios, lang=held.speech.code, theme=held.theme,
                name=f"km-{endpoint.lower()}-{chosen.id.lower()}", population=held.title(chosen),
            )
        )  # fmt: skip
    return figures


def _curve(
    held: _Material,
    chosen: AnalysisSet,
    endpoint: Endpoint,
    arm: str,
    time: NDArray[np.float64],
    observed: NDArray[np.bool_],
) -> KaplanMeierArm:
    rows, replicates = held.rows(chosen, arm), held.result.n_replicates
    # each patient of R replicates counts for 1/R, so that numbers at risk and intervals are those of one
    # trial
    weight = None if replicates == 1 else np.full(len(rows), 1.0 / replicates)
    curve = kaplan_meier(TimeToEvent(time[rows], observed[rows], weight=weight))
    held_median = held.found(chosen, endpoint, Measure.MEDIAN_MONTHS, arm)
    median = band = reported = None
    if held_median is not None:
        reported = held_median.published.estimate if held_median.published else None
        median = held_median.simulated.estimate if replicates > 1 else None
    if replicates >= _ENOUGH_REPLICATES:
        band = _band(held, rows, time, observed)
    landmarks = tuple(
        (c.published.months, c.published.estimate)
        for c in held.comparisons
        if c.published is not None
        and (c.simulated.population, c.simulated.endpoint, c.simulated.arm) == (chosen.id, endpoint, arm)
        and c.simulated.measure is Measure.LANDMARK_PERCENT
    )
    return KaplanMeierArm(arm, curve, median, band, reported, landmarks)


def _band(
    held: _Material, rows: NDArray[np.intp], time: NDArray[np.float64], observed: NDArray[np.bool_]
) -> Band:
    """Where the middle 95 % of the replicates' curves lie, month by month."""
    label, place = np.unique(held.result.columns["replicate"][rows], return_inverse=True)
    within = np.zeros(len(rows), dtype=np.intp)
    for r in range(len(label)):
        own = place == r
        within[own] = np.arange(own.sum())
    shape = (len(label), int(within.max()) + 1)
    days, seen, there = np.zeros(shape), np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    days[place, within], seen[place, within], there[place, within] = time[rows], observed[rows], True
    months = np.arange(0.0, float(time[rows].max()) / DAYS_PER_MONTH, 0.5)
    survival = kaplan_meier_many(days, seen, there).at(months * DAYS_PER_MONTH, extend=True)
    low, high = np.quantile(100.0 * survival, [0.025, 0.975], axis=0)
    return Band(months, low, high, 0.95, len(label))


def _ratio(
    held: _Material, chosen: AnalysisSet, endpoint: Endpoint, experimental: str, control: str,
    time: NDArray[np.float64], observed: NDArray[np.bool_],
) -> HazardRatioLine | None:  # fmt: skip
    held_ratio = held.found(chosen, endpoint, Measure.HAZARD_RATIO, experimental, control)
    if held_ratio is None or math.isnan(held_ratio.simulated.estimate.value):
        return None
    reported = held_ratio.published.estimate if held_ratio.published else None
    if held.result.n_replicates > 1:
        return HazardRatioLine(experimental, control, held_ratio.simulated.estimate, published=reported)
    groups = [
        TimeToEvent(time[r], observed[r]) for r in (held.rows(chosen, a) for a in (experimental, control))
    ]
    estimate: Estimate = hazard_ratio(*groups).estimate()
    return HazardRatioLine(experimental, control, estimate, "log-rank", log_rank(groups).p, reported)


def _responses(held: _Material, chosen: AnalysisSet) -> list[Figure]:
    """Waterfall, spider and swimmer of the first replicate."""
    result, e = held.result, held.endpoints
    falls, threads, lanes = [], [], []
    for arm in result.arms:
        rows = held.rows(chosen, arm, first_replicate=True)
        answers = [Response(int(code)).name for code in e.response[rows]]
        change = 100.0 * (result.scan_sum[rows] / result.columns["baseline_sum"][rows][:, None] - 1.0)
        scanned = np.isfinite(change) & (result.scan_day[rows] <= e.pfs[rows][:, None])
        best = np.where(scanned.any(axis=1), np.where(scanned, change, np.inf).min(axis=1), np.nan)
        falls.append(WaterfallArm(arm, best, answers))
        months = [
            np.concatenate([[0.0], result.scan_day[row][own] / DAYS_PER_MONTH])
            for row, own in zip(rows, scanned, strict=True)
        ]
        courses = [np.concatenate([[0.0], c[own]]) for c, own in zip(change, scanned, strict=True)]
        threads.append(SpiderArm(arm, months, courses, answers))
        for row in rows:
            progressed = e.pfs_observed[row] and not (e.os_observed[row] and e.os[row] <= e.pfs[row])
            lanes.append(
                Lane(
                    str(result.columns["patient"][row]), arm, float(e.os[row]) / DAYS_PER_MONTH,
                    float(e.response_day[row]) / DAYS_PER_MONTH if e.responded[row] else math.nan,
                    float(e.pfs[row]) / DAYS_PER_MONTH if progressed else math.nan,
                    float(e.os[row]) / DAYS_PER_MONTH if e.os_observed[row] else math.nan,
                    bool(not e.os_observed[row]),
                )
            )  # fmt: skip
    lang, theme = held.speech.code, held.theme
    return [
        waterfall_figure(falls, lang=lang, theme=theme),
        spider_figure(threads, lang=lang, theme=theme),
        swimmer_figure(lanes, lang=lang, theme=theme),
    ]


def _states(held: _Material, chosen: AnalysisSet) -> list[Figure]:
    months = np.concatenate([[0.0], held.result.visit_days]) / DAYS_PER_MONTH
    figures = []
    for position, name in enumerate(held.result.state_names):
        arms = []
        for arm in held.result.arms:
            values = held.result.states[held.rows(chosen, arm)][:, :, position].astype(np.float64)
            kept = np.isfinite(values).sum(axis=0) >= max(5.0, _FOLLOWED * len(values))
            kept = np.logical_and.accumulate(kept)
            if kept.sum() > 1:
                arms.append(BandArm(arm, months[kept], np.nanquantile(values[:, kept], LEVELS, axis=0)))
        if len(arms) == len(held.result.arms):
            title = held.speech.known(f"state.{name}", name.replace("_", " "))
            figures.append(
                bands_figure(
                    arms,
                    title,
                    lang=held.speech.code,
                    theme=held.theme,
                    name=f"state-{name.replace('_', '-')}",
                )
            )
    return figures


def _patients(held: _Material) -> list[Block]:
    result, blocks = held.result, []
    rows = np.concatenate([held.result.rows(arm) for arm in result.arms])
    population = Population(
        result.columns["patient"][rows].astype(np.int64), result.columns["replicate"][rows].astype(np.int64),
        {name: column[rows] for name, column in result.covariates.items()}, {}, np.ones(len(rows)),
        int(str(result.manifest.get("seed", 0))), result.acceptance,
    )  # fmt: skip
    whole = [line for line in held.trial.baseline if not line.arm]
    if whole:
        blocks.append(table_one(baseline_rows(population, whole), lang=held.speech.code))
    acceptance = result.acceptance
    text = held.speech.say("trial.acceptance", drawn=acceptance.drawn, accepted=acceptance.accepted)
    return [*blocks, Prose(text)]


def _highlights(held: _Material, chosen: AnalysisSet) -> list[Highlight]:
    speech, cards = held.speech, []
    contrast = held.trial.contrasts[0] if held.trial.contrasts else None
    arm, control = (contrast.experimental, contrast.control) if contrast else (held.result.arms[0], "")
    for endpoint, measure, comparator, digits, key in (
        (Endpoint.ORR, Measure.PERCENT, "", 0, "percent"),
        (Endpoint.PFS, Measure.MEDIAN_MONTHS, "", 1, "months"),
        (Endpoint.OS, Measure.MEDIAN_MONTHS, "", 1, "months"),
        (Endpoint.PFS, Measure.HAZARD_RATIO, control, 2, "ratio"),
    ):
        found = held.found(chosen, endpoint, measure, arm, comparator)
        if found is None or math.isnan(found.simulated.estimate.value):
            continue
        label = speech.say(f"trial.card_{key}", endpoint=str(endpoint), arm=arm, control=control)
        beside = ""
        if found.published is not None:
            beside = speech.say("km.published_ratio", value=speech.interval(found.published.estimate, digits))
        cards.append(Highlight(label, speech.interval(found.simulated.estimate, digits), beside))
    return cards
