"""A virtual trial analysed as a published one is, and set beside it.

Estimates use every simulated patient. Intervals say where a trial of the planned size would fall if the model were true
(sampling of patients; not the parameters, which are taken as given): replicated trials themselves when there are at least
100, else trials of the planned size drawn again from the simulated patients (for hazard ratios, Cox's standard error at
that size), widened for the simulation being finite. Shares of fewer replicates are predicted in closed form instead:
drawing again from patients of whom none responded would promise that none ever will.
Where each replicate was run under numbers of its own (a calibrated ensemble), a replicate is one possible trial: values are
middles over replicates, and intervals hold the parameters' uncertainty and structural error too.
Arms share their patients' draws, which makes differences precise; for intervals of contrasts the arms are taken from
different replicates or drawn apart, as the arms of a real trial hold different people.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from normoxia import documents, library, seeding
from normoxia.errors import InvalidDocument
from normoxia.outcome import Endpoint, Estimate, Measure, Outcome, Source
from normoxia.survival.data import DAYS_PER_MONTH
from normoxia.survival.inference import half_width
from normoxia.survival.replicates import HazardRatios, hazard_ratio_many, kaplan_meier_many
from normoxia.trial import files, predictive
from normoxia.trial.endpoints import PatientEndpoints, evaluate
from normoxia.trial.protocol import AnalysisSet, Trial
from normoxia.trial.result import TrialResult

if TYPE_CHECKING:
    from normoxia.evidence.studies.reported import Curve
    from normoxia.evidence.studies.study import Population as StudyPopulation
    from normoxia.evidence.studies.study import Study

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

LEVEL = 0.95
#: replicated trials from which their own spread is read; its 2.5 % end then rests on two or three of them
ENOUGH_REPLICATES = 100
#: trials drawn again from the patients of fewer replicates
DRAWN_TRIALS = 200
#: months at which event-free shares are reported, where follow-up allows
PFS_MONTHS, OS_MONTHS = (6.0, 12.0), (12.0, 24.0)


@dataclass(frozen=True, slots=True)
class PublishedComparison:
    """A simulated outcome and the published one it answers to, None when nothing was published."""

    simulated: Outcome
    published: Outcome | None

    @property
    def inside(self) -> bool | None:
        """Whether the published value lies in the simulated interval; None when there is none to ask about."""
        if self.published is None or not self.simulated.estimate.has_interval:
            return None
        return self.simulated.estimate.contains(self.published.estimate.value)


def analyse(result: TrialResult, trial: Trial | None = None) -> tuple[Outcome, ...]:
    """The outcomes of a virtual trial: per set of patients, every arm's own, then the contrasts.

    trial   the protocol; read back from the result when omitted
    returns medians in months, shares in percent, hazard ratios; intervals as the module says. A median or landmark
            that follow-up does not reach is infinite or nan, as it would be in print
    """
    protocol = protocol_of(result) if trial is None else trial
    return _Analysis(result, protocol).outcomes()


@dataclass(frozen=True, slots=True)
class Replicated:
    """A hazard ratio of a run under an ensemble, its replicates' spread told apart from chance.

    outcome       the ratio with its prediction interval, structural error included
    middle        log hazard ratio
    variance      of the log hazard ratio between replicates, as of trials whose arms hold different people; chance included
    error2        of that the chance: mean square of Cox's standard error at the size run
    n_replicates  those with a finite ratio
    """

    outcome: Outcome
    middle: float
    variance: float
    error2: float
    n_replicates: int


def replicated(result: TrialResult, trial: Trial | None = None) -> tuple[Replicated, ...]:
    """The hazard ratios of a run under an ensemble, set by set; () without an ensemble, ratios of fewer than two replicates left out.

    trial   the protocol; read back from the result when omitted
    """
    protocol = protocol_of(result) if trial is None else trial
    return (
        _Analysis(result, protocol).replicated_ratios() if ensemble_of(result) is not None else ()
    )


@dataclass(frozen=True, slots=True, eq=False)
class PredictedCurve:
    """Where the Kaplan-Meier curve of an arm would lie in a trial of the size that was run.

    months          from 0, half a month apart; shape (n,)
    value           percent without event; shape (n,)
    low, high       prediction interval at each month, percent; shape (n,)
    """

    population: str
    endpoint: Endpoint
    arm: str
    months: Floats
    value: Floats
    low: Floats
    high: Floats
    level: float = LEVEL


def predicted_curves(
    result: TrialResult, trial: Trial | None = None, *, step: float = 0.5
) -> tuple[PredictedCurve, ...]:
    """Pointwise prediction intervals of PFS and OS of every arm and set of patients, by the rules of the landmarks of `analyse`.

    trial   the protocol; read back from the result when omitted
    step    months between two points
    """
    protocol = protocol_of(result) if trial is None else trial
    return _Analysis(result, protocol).predicted_curves(step)


def ensemble_of(result: TrialResult) -> Mapping[str, float] | None:
    """Structural error of the ensemble a result's replicates were run under, by kind of outcome; None without one."""
    calibration = result.manifest.get("ensemble")
    if not isinstance(calibration, Mapping) or not isinstance(
        calibration.get("structural"), Mapping
    ):
        return None
    return {str(kind): float(sd) for kind, sd in calibration["structural"].items()}


def protocol_of(result: TrialResult, folder: Path | None = None) -> Trial:
    """The protocol a result was run by, with the arms' sizes of that run.

    folder  where documents stand that the protocol names by path; the working folder when omitted
    raises  InvalidDocument when the result holds no protocol, or names documents that are not there
    """
    text, file = (
        result.manifest.get("protocol"),
        str(result.manifest.get("protocol_file", result.trial)),
    )
    if not isinstance(text, str) or not text:
        raise InvalidDocument(
            f"{result.trial}: the result holds no protocol; pass the trial to analyse"
        )
    place = file if folder is None else str(folder / file)
    return performed(result, files.parse(documents.parse(text, place), text))


def performed(result: TrialResult, trial: Trial) -> Trial:
    """A protocol with the sizes of the run that gave a result, and calibrated if that was."""
    sizes = result.manifest.get("patients")
    assert isinstance(sizes, dict)
    arms = tuple(replace(arm, n=int(sizes[arm.id])) for arm in trial.arms)
    return replace(trial, arms=arms, calibrated=ensemble_of(result) is not None)


def published(trial: Trial, *, same_cut: bool = False) -> tuple[Outcome, ...]:
    """What the registry holds of the study the trial follows, its populations named as the trial's sets; () without one.

    Values that another kind of assessor read than the trial's are left out. A set may stand for several published populations; the first that reports a value gives it.

    same_cut  medians of PFS and OS are those of the data cut of the hazard ratio, where that cut prints them; else the
              latest ones printed with an interval, which may be of an earlier cut
    """
    if not trial.study:
        return ()
    study = study_of(trial)
    reported, every = study.published(trial.assessment.assessor), study.outcomes()
    outcomes: dict[tuple[object, ...], Outcome] = {}
    for chosen in trial.sets:
        for name in chosen.published:
            of_set = [outcome for outcome in reported if outcome.population == name]
            cuts = {
                o.endpoint: _cut(o) for o in reversed(of_set) if o.measure is Measure.HAZARD_RATIO
            }
            for outcome in of_set:
                is_median = outcome.measure is Measure.MEDIAN_MONTHS
                kept = (
                    _at_cut(outcome, cuts.get(outcome.endpoint, ""), every)
                    if same_cut and is_median
                    else outcome
                )
                renamed = replace(kept, population=chosen.id)
                outcomes.setdefault(_key(renamed), renamed)
    return tuple(outcomes.values())


def _cut(outcome: Outcome) -> str:
    """The population and data cut in which the registry has a published number."""
    return outcome.source.place.split("; ")[0] if outcome.source else ""


def _at_cut(median: Outcome, cut: str, every: Iterable[Outcome]) -> Outcome:
    """The median of an arm at a data cut; as given when that cut prints none."""
    if not cut or _cut(median) == cut:
        return median
    alike = (
        o
        for o in every
        if o.population == cut
        and (o.endpoint, o.measure, o.arm) == (median.endpoint, median.measure, median.arm)
    )
    return next(alike, median)


@dataclass(frozen=True, slots=True)
class PublishedCurve:
    """A digitised Kaplan-Meier curve of the registry, its population named as the trial's set.

    points  months and percent without event, from (0, 100); on constant hazards between what was read
    at     what was analysed, in the registry's words ("ITT, primary analysis")
    """

    population: str
    endpoint: Endpoint
    arm: str
    points: tuple[tuple[float, float], ...]
    at: str
    source: Source


def published_curves(trial: Trial) -> tuple[PublishedCurve, ...]:
    """The digitised curves of the study the trial follows, for the sets and arms of the trial; the longest follow-up of each.

    Where several cuts of one set were digitised, arms of one endpoint are taken from the same cut.
    """
    if not trial.study:
        return ()
    from normoxia.evidence.studies.curves import digitised

    study, arms = study_of(trial), {arm.id for arm in trial.arms}
    found: list[PublishedCurve] = []
    for chosen in trial.sets:
        cuts: dict[tuple[Endpoint, str, str], list[PublishedCurve]] = {}
        for population in study.populations:
            if population.id not in chosen.published and population.set not in chosen.published:
                continue
            for curve in population.curves:
                if curve.arm not in arms or not _is_whole(curve, population, study):
                    continue
                readings = digitised(curve)
                reference = study.sources.get(curve.source)
                points = zip(readings.time / DAYS_PER_MONTH, 100.0 * readings.survival, strict=True)
                cuts.setdefault((curve.endpoint, population.id, curve.population), []).append(
                    PublishedCurve(
                        chosen.id,
                        curve.endpoint,
                        curve.arm,
                        tuple((float(m), float(s)) for m, s in points),
                        curve.population,
                        Source(reference.citation if reference else curve.source, curve.dataset),
                    )
                )
        for endpoint in (Endpoint.PFS, Endpoint.OS):
            alike = [curves for key, curves in cuts.items() if key[0] is endpoint]
            if alike:
                longest = max(alike, key=_reach)
                found += longest
    return tuple(found)


def _reach(curves: list[PublishedCurve]) -> tuple[int, float]:
    """More arms first, then the longer follow-up."""
    return len(curves), curves[0].points[-1][0]


def _is_whole(curve: Curve, population: StudyPopulation, study: Study) -> bool:
    """Whether a digitised curve is of all patients of its arm in a population, by their number (3 % apart at most)."""
    reported = (
        row for cut in study.populations if cut.set == population.set for row in cut.reported
    )
    sizes = {row.n for row in reported if row.arm == curve.arm and not row.comparator and row.n}
    if population.n == sum(arm.n for arm in study.arms):
        sizes |= {arm.n for arm in study.arms if arm.id == curve.arm}
    return any(abs(curve.n - size) <= 0.03 * size for size in sizes)


def study_of(trial: Trial) -> Study:
    """Give the published study that a trial follows, which it must name."""
    from normoxia.evidence.studies.files import read as read_study
    from normoxia.evidence.studies.registry import registry

    slug = trial.study.lower()
    if slug in library.names("studies"):
        return read_study(library.path("studies", slug))
    return registry()[trial.study]


def compare(
    simulated: Iterable[Outcome], reported: Iterable[Outcome]
) -> tuple[PublishedComparison, ...]:
    """Every simulated outcome with the published one of the same set, endpoint, measure, arms and month."""
    known = {_key(outcome): outcome for outcome in reported}
    return tuple(PublishedComparison(outcome, known.get(_key(outcome))) for outcome in simulated)


def _key(outcome: Outcome) -> tuple[object, ...]:
    month = None if math.isnan(outcome.months) else round(outcome.months, 3)
    return (
        outcome.population,
        outcome.endpoint,
        outcome.measure,
        outcome.arm,
        outcome.comparator,
        month,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _ArmTrials:
    """An arm's patients as trials: positions into the endpoints; all of them once, and many trials of the planned size."""

    everyone: Rows
    trials: Rows


class _Analysis:
    """One result under analysis."""

    def __init__(self, result: TrialResult, trial: Trial) -> None:
        self.result, self.trial = result, trial
        self.endpoints: PatientEndpoints = evaluate(result, trial.criteria, trial.plan.censoring)
        self.ensemble = ensemble_of(result)
        self.replicated = self.ensemble is not None or result.n_replicates >= ENOUGH_REPLICATES
        self.arms = {
            arm.id: self.arm_trials(arm.id, position) for position, arm in enumerate(trial.arms)
        }
        self.widening = 1.0 if self.replicated else math.sqrt(1.0 + 1.0 / result.n_replicates)

    def arm_trials(self, arm: str, position: int) -> _ArmTrials:
        rows = self.result.rows(arm)
        size = self.trial.arm(arm).n
        if self.replicated:
            # under an ensemble, replicates differ in more than people, and a trial's arms must not
            apart = 0 if self.ensemble else position
            trials = np.roll(rows.reshape(self.result.n_replicates, size), apart, axis=0)
        else:
            seed = int(str(self.result.manifest.get("seed", 0)))
            u = seeding.uniforms(seed, f"analysis/{arm}", DRAWN_TRIALS, size)
            trials = rows[np.minimum((u * len(rows)).astype(np.intp), len(rows) - 1)]
        return _ArmTrials(rows, trials)

    def outcomes(self) -> tuple[Outcome, ...]:
        found: list[Outcome] = []
        for chosen in self.trial.sets:
            member = chosen.where.holds(self.result.covariates, self.result.n_rows)
            for arm in self.trial.arms:
                if member[self.arms[arm.id].everyone].any():
                    found += self.arm_outcomes(chosen, member, arm.id)
            for pair in self.pairs(member):
                found += self.contrast_outcomes(chosen, member, *pair)
        return tuple(found)

    def pairs(self, member: NDArray[np.bool_]) -> Iterator[tuple[str, str]]:
        """Arms to compare that both have patients of a set."""
        for contrast in self.trial.contrasts:
            pair = (contrast.experimental, contrast.control)
            if all(member[self.arms[arm].everyone].any() for arm in pair):
                yield pair

    def predicted_curves(self, step: float) -> tuple[PredictedCurve, ...]:
        e, found = self.endpoints, []
        for chosen in self.trial.sets:
            member = chosen.where.holds(self.result.covariates, self.result.n_rows)
            for arm in self.trial.arms:
                rows = self.arms[arm.id].everyone
                if not member[rows].any():
                    continue
                for endpoint, time, observed in (
                    (Endpoint.PFS, e.pfs, e.pfs_observed),
                    (Endpoint.OS, e.os, e.os_observed),
                ):
                    end = float(time[rows[member[rows]]].max()) / DAYS_PER_MONTH
                    grid = tuple(float(month) for month in np.arange(step, end, step))
                    outcomes = self.curve(chosen, member, arm.id, endpoint, time, observed, grid)
                    points = [(0.0, 100.0, 100.0, 100.0)] + [
                        (o.months, o.estimate.value, o.estimate.low, o.estimate.high)
                        for o in outcomes
                        if o.measure is Measure.LANDMARK_PERCENT and o.estimate.has_interval
                    ]
                    months, *heights = (np.array(column) for column in zip(*points, strict=True))
                    # curves never rise, nor do their quantiles; an interval from mean and spread may
                    value, low, high = (np.minimum.accumulate(height) for height in heights)
                    found.append(
                        PredictedCurve(chosen.id, endpoint, arm.id, months, value, low, high)
                    )
        return tuple(found)

    def replicated_ratios(self) -> tuple[Replicated, ...]:
        found = []
        for chosen in self.trial.sets:
            member = chosen.where.holds(self.result.covariates, self.result.n_rows)
            for experimental, control in self.pairs(member):
                one, other = self.arms[experimental], self.arms[control]
                for endpoint, ratios in self.ratios(member):
                    held = predictive.unpaired(ratios, one.trials, other.trials)
                    x = np.log(held.hazard_ratios)
                    x = x[np.isfinite(x)]
                    if len(x) < 2:
                        continue
                    outcome = self.outcome(
                        chosen,
                        member,
                        endpoint,
                        Measure.HAZARD_RATIO,
                        math.nan,
                        held.hazard_ratios,
                        experimental,
                        control,
                    )
                    found.append(
                        Replicated(
                            outcome,
                            predictive.middle_of(x),
                            float(x.var(ddof=1)),
                            held.error2,
                            len(x),
                        )
                    )
        return tuple(found)

    def arm_outcomes(
        self, chosen: AnalysisSet, member: NDArray[np.bool_], arm: str
    ) -> list[Outcome]:
        e = self.endpoints
        shares = (
            (Endpoint.ORR, e.responded),
            (Endpoint.DCR, e.controlled),
            (Endpoint.TRAE3, e.toxic),
        )
        found = [self.share(chosen, member, arm, endpoint, flags) for endpoint, flags in shares]
        found += self.curve(chosen, member, arm, Endpoint.PFS, e.pfs, e.pfs_observed, PFS_MONTHS)
        found += self.curve(chosen, member, arm, Endpoint.OS, e.os, e.os_observed, OS_MONTHS)
        responded = member & e.responded
        if responded[self.arms[arm].everyone].any():
            length = np.nan_to_num(e.duration)
            found += self.curve(
                chosen, responded, arm, Endpoint.DOR, length, e.duration_observed, ()
            )
        return found

    def outcome(
        self,
        chosen: AnalysisSet,
        member: NDArray[np.bool_],
        endpoint: Endpoint,
        measure: Measure,
        value: float,
        draws: Floats,
        arm: str,
        comparator: str = "",
        months: float = math.nan,
    ) -> Outcome:
        on_log = measure in (Measure.MEDIAN_MONTHS, Measure.HAZARD_RATIO)
        if self.ensemble is not None:
            estimate = predictive.interval(draws, measure, self.ensemble, LEVEL)
        else:
            estimate = _predicted(value, draws, self.widening, on_log)
        return self.simulated(chosen, member, endpoint, measure, estimate, arm, comparator, months)

    def simulated(
        self,
        chosen: AnalysisSet,
        member: NDArray[np.bool_],
        endpoint: Endpoint,
        measure: Measure,
        estimate: Estimate,
        arm: str,
        comparator: str = "",
        months: float = math.nan,
    ) -> Outcome:
        n = int(member[self.arms[arm].everyone].sum() // self.result.n_replicates)
        name = self.trial.study or self.trial.id
        return Outcome(
            name, chosen.id, endpoint, measure, estimate, arm, comparator, months, n, "simulated"
        )

    def share(
        self,
        chosen: AnalysisSet,
        member: NDArray[np.bool_],
        arm: str,
        endpoint: Endpoint,
        flags: NDArray[np.bool_],
    ) -> Outcome:
        def percent(rows: Rows) -> Floats:
            inside = member[rows]
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(100.0 * (flags[rows] & inside).sum(axis=-1) / inside.sum(axis=-1))

        own = self.arms[arm]
        value = float(percent(own.everyone))
        if self.replicated:
            return self.outcome(
                chosen, member, endpoint, Measure.PERCENT, value, percent(own.trials), arm
            )
        estimate = self.predicted_share(value, float(member[own.everyone].sum()))
        return self.simulated(chosen, member, endpoint, Measure.PERCENT, estimate, arm)

    def predicted_share(self, percent: float, n: float) -> Estimate:
        """Where a share of a trial of the planned size would fall, given that of n patients of all replicates."""
        return _predicted_share(percent, n, max(1, round(n / self.result.n_replicates)))

    def curve(
        self,
        chosen: AnalysisSet,
        member: NDArray[np.bool_],
        arm: str,
        endpoint: Endpoint,
        time: Floats,
        observed: NDArray[np.bool_],
        months: tuple[float, ...],
    ) -> list[Outcome]:
        own = self.arms[arm]
        whole, trials = (
            kaplan_meier_many(time[rows], observed[rows], member[rows])
            for rows in (own.everyone[None, :], own.trials)
        )
        median = Measure.MEDIAN_MONTHS
        value, draws = float(whole.median[0]) / DAYS_PER_MONTH, trials.median / DAYS_PER_MONTH
        found = [self.outcome(chosen, member, endpoint, median, value, draws, arm)]
        at = [month * DAYS_PER_MONTH for month in months]
        if not months:
            return found
        landmark = Measure.LANDMARK_PERCENT
        left, many = 100.0 * whole.at(at)[0], 100.0 * trials.at(at, extend=True)
        error = whole.standard_error_at(at)[0]
        for i, month in enumerate(months):
            value = float(left[i])
            if math.isnan(value):
                continue
            if self.replicated:
                found.append(
                    self.outcome(
                        chosen, member, endpoint, landmark, value, many[:, i], arm, months=month
                    )
                )
                continue
            rows = own.everyone[member[own.everyone]]
            known = observed[rows] | (time[rows] >= at[i])
            n = _patients_worth(value / 100.0, float(error[i]), int(known.sum()))
            estimate = self.predicted_share(value, n)
            found.append(
                self.simulated(chosen, member, endpoint, landmark, estimate, arm, months=month)
            )
        return found

    def ratios(
        self, member: NDArray[np.bool_]
    ) -> Iterator[tuple[Endpoint, Callable[[Rows, Rows], HazardRatios]]]:
        """For PFS and OS, what gives the hazard ratios of two arms' rows by trial."""
        e = self.endpoints
        for endpoint, time, observed in (
            (Endpoint.PFS, e.pfs, e.pfs_observed),
            (Endpoint.OS, e.os, e.os_observed),
        ):

            def ratios(
                first: Rows,
                second: Rows,
                time: Floats = time,
                observed: NDArray[np.bool_] = observed,
            ) -> HazardRatios:
                rows = np.concatenate([first, second], axis=1)
                arm = np.arange(rows.shape[1]) < first.shape[1]
                return hazard_ratio_many(time[rows], observed[rows], arm, included=member[rows])

            yield endpoint, ratios

    def contrast_outcomes(
        self, chosen: AnalysisSet, member: NDArray[np.bool_], experimental: str, control: str
    ) -> list[Outcome]:
        one, other = self.arms[experimental], self.arms[control]
        found = []
        for endpoint, ratios in self.ratios(member):
            whole = ratios(one.everyone[None, :], other.everyone[None, :])
            value = float(whole.hazard_ratio[0])
            if self.ensemble is not None:
                draws = predictive.unpaired(ratios, one.trials, other.trials).hazard_ratios
            elif self.replicated:
                draws = ratios(one.trials, other.trials).hazard_ratio
            else:
                # Cox's standard error is that of independent arms, for all replicates together; a trial of the
                # planned size has sqrt(replicates) times it, and the estimate has it too
                reach = (
                    half_width(LEVEL)
                    * float(whole.standard_error[0])
                    * math.sqrt(self.result.n_replicates)
                )
                draws = value * np.exp(np.array([-reach, reach]))
            found.append(
                self.outcome(
                    chosen,
                    member,
                    endpoint,
                    Measure.HAZARD_RATIO,
                    value,
                    draws,
                    experimental,
                    control,
                )
            )
        return found


def _predicted_share(percent: float, n: float, size: int) -> Estimate:
    """A share with the interval that holds that of a new trial at the level given: beta-binomial under Jeffreys's prior.

    percent  of the n patients simulated (n need not be whole: an effective number will do)
    size     patients of the new trial
    returns  percent; the interval has equal tails of at most half of 1 - LEVEL each under the predictive distribution

    Patients are independent given the model, so the count k of n is binomial with a share p nobody knows; with the prior
    Beta(1/2, 1/2) p is Beta(k + 1/2, n - k + 1/2) afterwards and the count of a new trial beta-binomial. That holds both
    what is left to chance in the new trial and what n patients leave open of p, at 0 and n too, where drawing again from
    the patients would give an interval without width. Jeffreys's prior covers near the level for any p (Brown, Cai &
    DasGupta 2001, Stat Sci 16:101); for prediction Meeker, Hahn & Escobar 2017, Statistical Intervals, chapter 6.
    """
    if math.isnan(percent) or not n > 0:
        return Estimate(percent, level=LEVEL)
    k = percent / 100.0 * n
    a, b, tail = k + 0.5, n - k + 0.5, (1.0 - LEVEL) / 2.0
    y = np.arange(size)
    # log of each probability over that of none, from the ratio of neighbours
    steps = np.log((size - y) * (a + y)) - np.log((y + 1.0) * (b + size - y - 1.0))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    mass = np.exp(logs - logs.max())
    below = np.cumsum(mass / mass.sum())
    low, high = (
        float(np.searchsorted(below, share, side="right")) for share in (tail, 1.0 - tail - 1e-12)
    )
    ends = (100.0 * low / size, 100.0 * min(high, size) / size)
    return Estimate(percent, min(ends[0], percent), max(ends[1], percent), LEVEL)


def _patients_worth(share: float, error: float, known: int) -> float:
    """Patients whose plain share would be known as well as a Kaplan-Meier one: s(1 - s) over Greenwood's variance.

    Without censoring that is their number. Where nobody or everybody had the event the variance is 0 and says nothing;
    then those `known` to have had the event or to have been followed past the month count.
    """
    return share * (1.0 - share) / error**2 if error > 0.0 and 0.0 < share < 1.0 else float(known)


def _predicted(value: float, draws: Floats, widening: float, on_log: bool) -> Estimate:
    """The value with the ends that hold the middle of the draws, widened about the value."""
    held = np.sort(draws[~np.isnan(draws)])
    if not len(held) or math.isnan(value):
        return Estimate(value, level=LEVEL)
    tail = (1.0 - LEVEL) / 2.0
    # order statistics, not interpolated: an infinite median in some trials gives an honest infinity
    ends = [float(held[min(int(share * len(held)), len(held) - 1)]) for share in (tail, 1.0 - tail)]
    if math.isinf(value):
        return Estimate(value, ends[0], math.inf, LEVEL)
    if on_log:
        low, high = (value * (end / value) ** widening if end > 0 else 0.0 for end in ends)
    else:
        low, high = (min(100.0, max(0.0, value + widening * (end - value))) for end in ends)
    return Estimate(value, min(low, value), max(high, value), LEVEL)
