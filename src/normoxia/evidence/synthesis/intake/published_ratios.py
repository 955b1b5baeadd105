"""A hazard ratio from whatever was published, and the arithmetic when what was published cannot be.

Every function gives a `Reading`: the log hazard ratio, its standard error, how they were come by, and what looked wrong.
Nothing is rejected in silence; a reading that cannot be used says why in numbers. Sources: Parmar 1998, Stat Med 17:2815;
Tierney 2007, Trials 8:16 (eqs. 3-13); Tudur 2001.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.model.meta import normal_quantile
from normoxia.language import Message
from normoxia.sheets.numbers import printed

if TYPE_CHECKING:
    from normoxia.survival.digitised import DigitisedCurve

#: an interval narrower than this share of what its events allow is a finding: se >= 2 / sqrt(events) for equal arms,
#: less only by covariate adjustment, hardly by a fifth
_TOO_NARROW = 0.8


@dataclass(frozen=True, slots=True)
class ExtractedRatio:
    """A log hazard ratio (treatment against comparator) as read from a publication.

    estimate, se  on the log scale; nan when nothing can be computed
    how           which published numbers and which assumption
    problems      what cannot be or was assumed, with the arithmetic
    is_usable     False when the published numbers contradict each other so that no value follows
    """

    estimate: float
    se: float
    how: str
    problems: tuple[str, ...] = ()
    is_usable: bool = True

    @property
    def hazard_ratio(self) -> float:
        """On the natural scale."""
        return math.exp(self.estimate)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval on the natural scale."""
        half = normal_quantile(level) * self.se
        return math.exp(self.estimate - half), math.exp(self.estimate + half)


Number = float | str


def from_interval(
    ratio: Number,
    low: Number,
    high: Number,
    *,
    level: float = 0.95,
    events: tuple[int, int] | int | None = None,
) -> ExtractedRatio:
    """From a ratio and its interval; also right for odds and risk ratios.

    Numbers may be given as printed ("0.80"), which fixes how much rounding may explain. The standard error is the log width
    over twice the normal quantile.
    events  in both arms together or per arm; tells an interval too narrow to be true
    """
    (hr, hr_slack), (lo, lo_slack), (hi, hi_slack) = (_printed(x) for x in (ratio, low, high))
    # one number of decimals for all three: spreadsheets drop the last zero of 0.80
    hr_slack = lo_slack = hi_slack = min(hr_slack, lo_slack, hi_slack)
    if not 0 < lo < hi:
        return ExtractedRatio(
            math.nan,
            math.nan,
            "ratio and interval",
            (Message("ratio.interval_order", low=low, high=high),),
            False,
        )
    if not hr > 0:
        return ExtractedRatio(
            math.nan,
            math.nan,
            "ratio and interval",
            (Message("ratio.positive", ratio=ratio),),
            False,
        )
    z = normal_quantile(level)
    se = (math.log(hi) - math.log(lo)) / (2.0 * z)
    problems: list[Message] = []
    how = f"ratio and {100 * level:g}% interval"
    if hr + hr_slack < lo - lo_slack or hr - hr_slack > hi + hi_slack:
        centre = math.sqrt(lo * hi)
        problems.append(
            Message(
                "ratio.outside",
                ratio=ratio,
                low=low,
                high=high,
                lo=lo,
                hi=hi,
                centre=centre,
                hr=hr,
                inverse=1 / hr,
            )
        )
        return ExtractedRatio(math.nan, math.nan, how, tuple(problems), False)
    problems += _asymmetry(hr, lo, hi, hr_slack / hr + 0.5 * (lo_slack / lo + hi_slack / hi))
    problems += _narrowness(se, events)
    return ExtractedRatio(math.log(hr), se, how, tuple(problems))


def from_p_value(
    ratio: Number, p: Number, *, sides: int = 2, events: tuple[int, int] | int | None = None
) -> ExtractedRatio:
    """From a ratio and its p value: se = |log ratio| / z.

    "<0.001" is read as 0.001, which makes the standard error too large rather than too small. A ratio of 1 has no
    standard error to find this way.
    """
    hr, slack = _printed(ratio)
    text = str(p).strip()
    bound = text.startswith("<")
    value, p_slack = _printed(text.lstrip("<= "))
    if not 0 < value < 1 or not hr > 0:
        return ExtractedRatio(
            math.nan,
            math.nan,
            "ratio and p",
            (Message("ratio.ratio_and_p", ratio=ratio, p=p),),
            False,
        )
    z = _z_of(value, sides)
    effect = math.log(hr)
    if abs(effect) <= slack / hr or z == 0:
        return ExtractedRatio(
            effect,
            math.nan,
            "ratio and p",
            (Message("ratio.no_information", hr=hr, effect=effect, z=z),),
            False,
        )
    se = abs(effect) / z
    problems = []
    if bound:
        problems.append(Message("ratio.upper_bound", p=p, hr=hr, z=z, se=se))
    widths = [
        abs(effect) / _z_of(min(0.999, max(1e-12, value + s * p_slack)), sides) for s in (-1, 1)
    ]
    widths += [(abs(effect) + s * slack / hr) / z for s in (-1, 1)]
    if max(widths) > 1.25 * min(widths):
        problems.append(Message("ratio.rounded", low=min(widths), high=max(widths)))
    problems += _narrowness(se, events)
    return ExtractedRatio(effect, se, "ratio and p value", tuple(problems))


def from_p_and_events(
    p: Number, events: int, *, favours_treatment: bool, sides: int = 2, allocation: float = 1.0
) -> ExtractedRatio:
    """From a log-rank p value and the events in both arms: log ratio = z / sqrt(V), V = events x share x (1 - share).

    allocation  treatment to comparator, 1 for equal arms
    Assumes proportional hazards and few events per patient between arms of different size (Parmar 1998, eq. 8).
    """
    value, _ = _printed(str(p).strip().lstrip("<= "))
    if not 0 < value < 1 or events < 1 or not allocation > 0:
        return ExtractedRatio(
            math.nan,
            math.nan,
            "p and events",
            (Message("ratio.p_and_events", p=p, events=events),),
            False,
        )
    share = allocation / (1.0 + allocation)
    information = events * share * (1.0 - share)
    z = _z_of(value, sides)
    effect = (-1.0 if favours_treatment else 1.0) * z / math.sqrt(information)
    problems = (Message("ratio.lower_bound", p=p),) if str(p).strip().startswith("<") else ()
    return ExtractedRatio(
        effect, 1.0 / math.sqrt(information), "log-rank p and events (Parmar 1998)", problems
    )


def from_observed_expected(observed: float, expected: float, variance: float) -> ExtractedRatio:
    """From a log-rank O, E and V: log ratio = (O - E) / V (Yusuf 1985; Peto's one step)."""
    if not variance > 0:
        return ExtractedRatio(
            math.nan,
            math.nan,
            "O - E and V",
            (Message("ratio.variance", variance=variance),),
            False,
        )
    return ExtractedRatio(
        (observed - expected) / variance, 1.0 / math.sqrt(variance), "log-rank O - E and V"
    )


def from_medians(
    median: float, comparator_median: float, events: tuple[int, int] | int
) -> ExtractedRatio:
    """From two medians and the events: ratio = comparator median / treatment median.

    Assumes exponential survival in both arms, which a delayed effect or a plateau breaks; a last resort, marked as such.
    """
    if not (
        median > 0
        and comparator_median > 0
        and math.isfinite(median)
        and math.isfinite(comparator_median)
    ):
        return ExtractedRatio(
            math.nan,
            math.nan,
            "medians and events",
            (Message("ratio.medians", a=median, b=comparator_median),),
            False,
        )
    a, b = events if isinstance(events, tuple) else (events / 2.0, events / 2.0)
    if not (a > 0 and b > 0):
        return ExtractedRatio(
            math.nan, math.nan, "medians and events", (Message("ratio.no_events", a=a, b=b),), False
        )
    return ExtractedRatio(
        math.log(comparator_median / median),
        math.sqrt(1.0 / a + 1.0 / b),
        "medians and events",
        (Message("ratio.exponential"),),
    )


def from_curves(
    treatment: DigitisedCurve, comparator: DigitisedCurve, *, draws: int = 20, seed: int = 0
) -> ExtractedRatio:
    """From two digitised curves: Cox on patients rebuilt several times, combined by Rubin's rules."""
    import numpy as np

    from normoxia.survival import cox
    from normoxia.survival.data import pooled
    from normoxia.survival.digitised import combine, impute

    estimates, variances = [], []
    arms = impute(treatment, draws=draws, seed=seed), impute(comparator, draws=draws, seed=seed + 1)
    for ours, theirs in zip(*arms, strict=True):
        together, group = pooled((theirs.patients, ours.patients))
        fitted = cox(together, np.asarray(group, dtype=float))
        estimates.append(float(fitted.coefficients[0]))
        variances.append(float(fitted.standard_errors[0]) ** 2)
    joined = combine(estimates, variances)
    notes = arms[0][0].notes + arms[1][0].notes
    how = f"Cox on {draws} reconstructions; {100 * joined.share_unknown:.1f}% of the variance is the figure's"
    return ExtractedRatio(joined.estimate, joined.se, how, notes)


def agreement(readings: Sequence[ExtractedRatio]) -> tuple[str, ...]:
    """Where readings of one comparison differ by more than they should, one line each pair.

    They share the patients, so a difference of a quarter of the larger standard error is already more than rounding.
    """
    usable = [r for r in readings if r.is_usable]
    lines = []
    for i, a in enumerate(usable):
        for b in usable[i + 1 :]:
            gap, scale = abs(a.estimate - b.estimate), max(a.se, b.se)
            if gap > 0.25 * scale:
                lines.append(
                    Message(
                        "ratio.disagree",
                        one=a.how,
                        a=a.hazard_ratio,
                        other=b.how,
                        b=b.hazard_ratio,
                        gap=gap / scale,
                    )
                )
    return tuple(lines)


def _printed(value: Number) -> tuple[float, float]:
    """A number and half a unit of its last printed decimal."""
    if isinstance(value, str):
        # a comma with three digits behind it may part thousands: it is not guessed at
        found = printed(value, "" if "," in value else ".")
        if isinstance(found, Message) or found.percent:
            reason = found if isinstance(found, Message) else Message("note.no_percent_sign_short")
            raise InvalidArgument(f'"{value}" is not a number such as 0.80; {reason}')
        text = found.text
    else:
        text = repr(float(value))
    number = float(text)
    decimals = len(text.split(".")[1]) if "." in text and "e" not in text.lower() else 0
    if isinstance(value, float):
        decimals = max(decimals, 2) if decimals <= 2 else decimals
    return number, 0.5 * 10.0**-decimals


def _asymmetry(hr: float, lo: float, hi: float, slack: float) -> list[Message]:
    off = math.log(hr) - 0.5 * (math.log(lo) + math.log(hi))
    if abs(off) <= slack:
        return []
    return [
        Message(
            "ratio.asymmetric",
            hr=hr,
            log=math.log(hr),
            lo=lo,
            hi=hi,
            centre=math.log(hr) - off,
            off=abs(off),
            slack=slack,
        )
    ]


def _narrowness(se: float, events: tuple[int, int] | int | None) -> list[Message]:
    if events is None:
        return []
    least = (
        math.sqrt(1 / events[0] + 1 / events[1])
        if isinstance(events, tuple) and min(events) > 0
        else 0.0
    )
    if isinstance(events, int) and events > 0:
        least = 2.0 / math.sqrt(events)
    if se >= _TOO_NARROW * least:
        return []
    return [Message("ratio.too_narrow", se=se, least=least)]


def _z_of(p: float, sides: int) -> float:
    from scipy.special import ndtri

    return float(-ndtri(p / sides))
