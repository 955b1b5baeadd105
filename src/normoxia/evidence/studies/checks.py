"""The second reader: what in a study cannot be right, found without knowing the study.

Each check is a small function of one study that yields findings and can be read alone. A finding names the row; it does not
say which of two numbers is wrong, because arithmetic cannot.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from statistics import NormalDist

from normoxia.documents import Finding, Place
from normoxia.evidence.studies.prior import prior_inhibitor
from normoxia.evidence.studies.regimens import unreadable
from normoxia.evidence.studies.reported import ReportedOutcome
from normoxia.evidence.studies.rounding import decimals, half_unit, is_possible
from normoxia.evidence.studies.study import Population, Study
from normoxia.language import Message
from normoxia.outcome import Endpoint, Measure

#: by how much the ratio of medians may differ from the hazard ratio before the two cannot describe the same curves;
#: assumed: curves of checkpoint inhibitors depart far from exponential ones, so only gross contradictions are named
_MEDIAN_SLACK = 1.6
#: a recomputed p value within this factor of the printed one is taken as the same (stratification, rounding); assumed
_P_FACTOR = 4.0
#: standard errors from the middle of a 95 % interval to its ends
_HALF_WIDTH = NormalDist().inv_cdf(0.975)
#: toxicity is counted in the treated, who are at least this share of the randomised; assumed
_TREATED = 0.9
_TOXICITY = (Endpoint.TRAE3, Endpoint.AE3, Endpoint.DISCONTINUATION)


def check(study: Study) -> tuple[Finding, ...]:
    """Everything a second reader would ask about, in the order of the document."""
    found = [finding for each in CHECKS for finding in each(study)]
    return tuple(sorted(found, key=lambda f: f.place.line))


def quoted_numbers(study: Study) -> Iterator[Finding]:
    """A figure of the review stands in the words quoted for it."""
    for figure in study.review.figures:
        number = figure.value if isinstance(figure.value, float) else None
        text = str(figure.value) if number is None else f"{number:g}"
        if not figure.quote or not re.fullmatch(r"[<>]?\d+(\.\d+)?", text):
            continue
        if text not in _digits(figure.quote):
            yield Finding(
                Place(study.file, 0, f"review.figures: {figure.what}"),
                Message("check.not_quoted", value=text, quote=figure.quote),
                Message("check.quote_it"),
            )


def interval_contains(study: Study) -> Iterator[Finding]:
    """An estimate lies in its interval, and the interval is the right way round."""
    for row in study.reported():
        e = row.estimate
        if not e.has_interval or math.isnan(e.value):
            continue
        if e.low > e.high:
            yield _about(
                study,
                row,
                Message("check.wrong_way", low=e.low, high=e.high),
                Message("check.low_high"),
            )
        elif not e.contains(e.value):
            yield _about(
                study,
                row,
                Message("check.outside", value=e.value, low=e.low, high=e.high),
                Message("check.read_again"),
            )


def interval_symmetric(study: Study) -> Iterator[Finding]:
    """A ratio's interval is symmetric about it on the log scale, as far as rounding allows."""
    for row in study.reported():
        e = row.estimate
        if not row.comparator or not e.contains(e.value) or e.low <= 0.0 or math.isinf(e.high):
            continue
        half = half_unit(e.value, e.low, e.high)
        lowest = 0.5 * (math.log(max(e.low - half, 1e-3)) + math.log(e.high - half))
        highest = 0.5 * (math.log(e.low + half) + math.log(e.high + half))
        if math.log(e.value + half) < lowest or math.log(max(e.value - half, 1e-3)) > highest:
            middle = math.sqrt(e.low * e.high)
            yield _about(
                study,
                row,
                Message("check.asymmetric", value=e.value, low=e.low, high=e.high, middle=middle),
                Message("check.one_misprinted"),
            )


def possible_fractions(study: Study) -> Iterator[Finding]:
    """A percentage of patients is a whole number of them; of toxicity, of as many or somewhat fewer who were treated."""
    for group in _same_print(study):
        shown = decimals(*(row.estimate.value for row in group))
        for row in group:
            n = row.n or study.size(row)
            fewest = math.ceil(_TREATED * n) if row.endpoint in _TOXICITY else n
            if n and not any(
                is_possible(row.estimate.value, m, shown) for m in range(fewest, n + 1)
            ):
                yield _about(
                    study,
                    row,
                    Message("check.no_whole", percent=row.estimate.value, n=n),
                    Message("check.fewer"),
                )


def within_bounds(study: Study) -> Iterator[Finding]:
    """Percentages lie between 0 and 100, months and ratios above 0."""
    for row in study.reported():
        for value in (row.estimate.value, row.estimate.low, row.estimate.high):
            if row.measure in (Measure.PERCENT, Measure.LANDMARK_PERCENT) and value > 100.0:
                yield _about(
                    study, row, Message("check.above", value=value), Message("check.read_it_again")
                )
            elif value < 0.0 and not math.isinf(value):
                yield _about(
                    study, row, Message("check.below", value=value), Message("check.read_it_again")
                )


def medians_fit_ratio(study: Study) -> Iterator[Finding]:
    """The medians of two arms and their hazard ratio do not point in opposite directions by far.

    With proportional hazards and exponential curves the ratio of medians is the inverse of the hazard ratio.
    """
    medians = {
        (r.population, r.endpoint, r.arm): r.estimate.value
        for r in study.reported()
        if r.measure is Measure.MEDIAN_MONTHS
        and not r.superseded
        and 0.0 < r.estimate.value < math.inf
    }
    for row in study.reported():
        if (
            row.measure is not Measure.HAZARD_RATIO
            or row.superseded
            or not row.estimate.value > 0.0
        ):
            continue
        mine = medians.get((row.population, row.endpoint, row.arm))
        other = medians.get((row.population, row.endpoint, row.comparator))
        if not mine or not other:
            continue
        implied, e = other / mine, row.estimate
        low, high = (e.low, e.high) if e.has_interval else (e.value / 1.3, e.value * 1.3)
        if not low / _MEDIAN_SLACK <= implied <= high * _MEDIAN_SLACK:
            yield _about(
                study,
                row,
                Message("check.medians", a=mine, b=other, ratio=implied, value=e.value),
                Message("check.swapped_or_crossing"),
            )


def arms_add_up(study: Study) -> Iterator[Finding]:
    """The arms of a population of all patients add up to it."""
    sizes = [arm.n for arm in study.arms]
    if len(sizes) < 2 or not all(sizes):
        return
    whole = [
        p
        for p in study.populations
        if p.n and p.set.startswith(("ITT", "all")) and "WT" not in p.set
    ]
    if whole and all(p.n != sum(sizes) for p in whole):
        yield Finding(
            Place(study.file, 0, f"populations.{whole[0].id}"),
            Message(
                "check.arms_add_up",
                sizes=" + ".join(map(str, sizes)),
                total=sum(sizes),
                n=whole[0].n,
            ),
            Message("check.other_set"),
        )


def no_row_twice(study: Study) -> Iterator[Finding]:
    """No number stands twice."""
    seen: set[tuple[object, ...]] = set()
    for r in study.reported():
        e = r.estimate
        key = (
            r.population,
            r.endpoint,
            r.measure,
            r.arm,
            r.comparator,
            str(r.months),
            e.value,
            str(e.low),
            r.source,
            r.grades,
            r.adjusted,
            r.derived,
        )
        if key in seen:
            yield _about(study, r, Message("check.twice", value=e.value), Message("check.keep_one"))
        seen.add(key)


def dates_in_order(study: Study) -> Iterator[Finding]:
    """Data cuts of the same patients follow one another, and none precedes enrolment."""
    began = re.search(r"\d{4}(-\d{2}){0,2}", study.setting.enrolment)
    cuts = defaultdict[str, list[tuple[Population, str]]](list)
    for population in study.populations:
        if date := re.match(r"\d{4}(-\d{2}){0,2}", population.cutoff):
            cuts[population.set].append((population, date[0]))
            if began and date[0] < began[0]:
                place = Place(study.file, 0, f"populations.{population.id}.cutoff")
                yield Finding(
                    place,
                    Message("check.cut_before", date=date[0], began=began[0]),
                    Message("check.read_both"),
                )
    for members in cuts.values():
        for (first, earlier), (second, later) in pairwise(members):
            if later < earlier:
                place = Place(study.file, 0, f"populations.{second.id}.cutoff")
                yield Finding(
                    place,
                    Message("check.cut_order", later=later, earlier=earlier, population=first.id),
                    Message("check.order_cuts"),
                )


def endpoints_agree(study: Study) -> Iterator[Finding]:
    """Survival falls with time, progression-free survival stays below survival, response below disease control."""
    for (_, arm), rows in _by_arm(study).items():
        for endpoint in (Endpoint.PFS, Endpoint.OS):
            points = sorted(
                (r for r in rows if r.endpoint is endpoint and r.months > 0.0),
                key=lambda r: r.months,
            )
            for early, late in pairwise(points):
                if late.months > early.months and late.estimate.value > early.estimate.value + 0.5:
                    yield _about(
                        study,
                        late,
                        Message(
                            "check.rises",
                            endpoint=endpoint.value,
                            arm=arm,
                            percent=early.estimate.value,
                            months=early.months,
                        ),
                        Message("check.cannot_rise"),
                    )
        for lower, upper, measure in (
            (Endpoint.PFS, Endpoint.OS, Measure.MEDIAN_MONTHS),
            (Endpoint.ORR, Endpoint.DCR, Measure.PERCENT),
        ):
            small = [r for r in rows if r.endpoint is lower and r.measure is measure]
            large = [r for r in rows if r.endpoint is upper and r.measure is measure]
            for a in small:
                for b in large:
                    if a.estimate.value > b.estimate.value:
                        yield _about(
                            study,
                            a,
                            Message(
                                "check.exceeds",
                                lower=lower.value,
                                a=a.estimate.value,
                                upper=upper.value,
                                b=b.estimate.value,
                            ),
                            Message("check.cannot_be"),
                        )


def medians_fit_landmarks(study: Study) -> Iterator[Finding]:
    """More than half survive before the median, fewer after it."""
    for (_, arm), rows in _by_arm(study).items():
        for median in (r for r in rows if r.measure is Measure.MEDIAN_MONTHS):
            for mark in (r for r in rows if r.endpoint is median.endpoint and r.months > 0.0):
                before = mark.months < median.estimate.value - 0.5
                after = mark.months > median.estimate.value + 0.5
                if (before and mark.estimate.value < 49.0) or (
                    after and mark.estimate.value > 51.0
                ):
                    yield _about(
                        study,
                        mark,
                        Message(
                            "check.landmark",
                            percent=mark.estimate.value,
                            arm=arm,
                            months=mark.months,
                            median=median.estimate.value,
                        ),
                        Message("check.one_curve"),
                    )


def p_fits_interval(study: Study) -> Iterator[Finding]:
    """A printed two-sided p value is about the one its interval implies (Altman & Bland 2011, BMJ 343:d2304)."""
    for row in study.reported():
        e = row.estimate
        if (
            not row.comparator
            or row.superseded
            or not e.has_interval
            or not 0.0 < e.low < e.high < math.inf
        ):
            continue
        if not re.fullmatch(r"0\.\d+", row.p) or not e.value > 0.0:
            continue
        quantile = NormalDist().inv_cdf(0.5 + 0.5 * e.level)
        error = (math.log(e.high) - math.log(e.low)) / (2.0 * quantile)
        implied = math.erfc(abs(math.log(e.value)) / error / math.sqrt(2.0))
        if not implied / _P_FACTOR <= float(row.p) <= max(implied * _P_FACTOR, 1e-4):
            yield _about(
                study,
                row,
                Message(
                    "check.p_value", p=row.p, value=e.value, low=e.low, high=e.high, implied=implied
                ),
                Message("check.one_sided"),
            )


def curves_fall(study: Study) -> Iterator[Finding]:
    """A digitised curve never rises, its risk set never grows, and it has no more events than patients."""
    for population in study.populations:
        for curve in population.curves:
            place = Place(
                study.file, 0, f"populations.{population.id}.curves: {curve.arm} {curve.endpoint}"
            )
            if curve.events > curve.n:
                yield Finding(
                    place,
                    Message("check.events", events=curve.events, n=curve.n),
                    Message("check.read_both"),
                )
            for (m0, s0, r0), (m1, s1, r1) in pairwise(curve.points):
                if m1 <= m0 or s1 > s0 or r1 > r0:
                    yield Finding(
                        place,
                        Message("check.curve_rises", a=m0, b=m1),
                        Message("check.curve_cannot_rise"),
                    )


def regimens_read(study: Study) -> Iterator[Finding]:
    """A dose is written as trial protocols write it, of a drug of the library."""
    for arm in study.arms:
        for item, reason in unreadable(arm):
            yield Finding(
                Place(study.file, 0, f"arms.{arm.id}.regimen"),
                Message("check.unreadable", item=item),
                reason,
            )


#: the checks, in the order of their findings
def prior_therapy_reads(study: Study) -> Iterator[Finding]:
    """What was given before says whether a checkpoint inhibitor was among it: patients who had one respond less."""
    text = study.setting.prior_therapy
    if prior_inhibitor(text) is None:
        yield Finding(
            Place(study.file, 0, "setting.prior_therapy"),
            Message("check.prior", text=text),
            Message("check.prior_say"),
        )


CHECKS: tuple[Callable[[Study], Iterator[Finding]], ...] = (
    quoted_numbers,
    interval_contains,
    interval_symmetric,
    possible_fractions,
    within_bounds,
    medians_fit_ratio,
    arms_add_up,
    no_row_twice,
    dates_in_order,
    endpoints_agree,
    medians_fit_landmarks,
    p_fits_interval,
    curves_fall,
    regimens_read,
    prior_therapy_reads,
)


def _about(study: Study, row: ReportedOutcome, found: str, expected: str) -> Finding:
    who = f"{row.arm} vs {row.comparator}" if row.comparator else row.arm
    when = "" if math.isnan(row.months) else f" at month {row.months:g}"
    return Finding(
        Place(study.file, row.line, f"{row.population}: {row.endpoint}{when}, {who}"),
        found,
        expected,
    )


def _digits(text: str) -> str:
    """The quote as it is compared: width folded, spaces out ("1 202" is 1202)."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def _same_print(study: Study) -> list[list[ReportedOutcome]]:
    """Percentages of patients that one source prints side by side, so with as many decimals."""
    groups = defaultdict[tuple[object, ...], list[ReportedOutcome]](list)
    for row in study.reported():
        if row.measure is Measure.PERCENT and not row.comparator and not row.superseded:
            groups[row.population, row.endpoint, row.source].append(row)
    return list(groups.values())


def _by_arm(study: Study) -> dict[tuple[str, str], list[ReportedOutcome]]:
    """The standing arm rows by population and arm."""
    groups = defaultdict[tuple[str, str], list[ReportedOutcome]](list)
    for row in study.reported():
        if not row.comparator and not row.superseded and not math.isnan(row.estimate.value):
            groups[row.population, row.arm].append(row)
    return dict(groups)
