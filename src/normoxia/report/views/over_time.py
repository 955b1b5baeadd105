"""Studies with non-proportional hazards in a synthesis: warnings, and effects over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from normoxia.evidence.synthesis.judgement.over_time import Period
from normoxia.evidence.synthesis.judgement.proportionality import (
    PairOverTime,
    Proportionality,
    months,
)
from normoxia.language import Language
from normoxia.report.pages.document import Highlight
from normoxia.report.views.pooled import Shares, treatment_in
from normoxia.report.views.tables import Table
from normoxia.survival import DAYS_PER_MONTH

#: largest number of studies at the head of a page; the table has all
_MOST_HIGHLIGHTS = 3


def warning_words(proportionality: Proportionality, text: Language) -> str:
    """First sentence of an answer, with the studies whose hazards are not proportional; "" without any.

    Parameters
    ----------
    proportionality
        Tests of the studies of a synthesis.
    text
        Texts of the language.
    """
    return (
        text.say("pool.over_time", studies=_names(proportionality.violated, text))
        if proportionality.violated
        else ""
    )


def further_words(proportionality: Proportionality, text: Language) -> list[str]:
    """Sentences on studies whose hazards look proportional, and on those without curves."""
    lines = []
    if proportionality.steady:
        lines.append(
            text.say("pool.over_time_steady", studies=_names(proportionality.steady, text))
        )
    if proportionality.unseen:
        lines.append(
            text.say("pool.over_time_unseen", studies=_names(proportionality.unseen, text))
        )
    if proportionality.elsewhere:
        lines.append(
            text.say("pool.over_time_elsewhere", studies=_names(proportionality.elsewhere, text))
        )
    return lines


def table_words(proportionality: Proportionality | None, text: Language) -> list[str]:
    """First sentences above the network of a user's table, whose studies are matched by name; empty without any."""
    if proportionality is None or not proportionality.violated:
        return []
    return [
        warning_words(proportionality, text),
        text.say("pool.over_time_table", studies=_names(proportionality.violated, text)),
    ]


def share_words(
    proportionality: Proportionality,
    shares: Shares,
    pairs: Iterable[tuple[str, str]],
    text: Language,
) -> list[str]:
    """Sentences on the share of estimates that comes from studies with non-proportional hazards.

    Parameters
    ----------
    proportionality
        Tests of the studies of a synthesis.
    shares
        Share of each study in each estimate.
    pairs
        (treatment, comparator) of the estimates.
    text
        Texts of the language.
    """
    lines = []
    for treatment, comparator in pairs:
        study_shares = shares.get((treatment, comparator)) or shares.get(
            (comparator, treatment), {}
        )
        share = sum(study_shares.get(study, 0.0) for study in proportionality.violated)
        if share >= 0.005:
            pair = _pair(treatment, comparator, text)
            lines.append(text.say("pool.over_time_share", share=f"{100 * share:.0f}%", pair=pair))
    return lines


def over_time_table(
    proportionality: Proportionality,
    text: Language,
    name: str,
    *,
    translated: bool = True,
    time_lost: bool = False,
) -> Table | None:
    """Table of every pair of curves of these studies: restricted mean, ratio by period, constant ratio; None without any.

    Parameters
    ----------
    proportionality
        Tests of the studies of a synthesis.
    text
        Texts of the language.
    name
        File name without ending.
    translated
        Whether names of treatments are keys of the catalogue.
    time_lost
        Whether the ratio of restricted mean times lost is printed under each difference.
    """
    rows: list[tuple[str, ...]] = []
    groups, bold = set(), set()
    study = ""
    with_endpoint = len({pair.endpoint for pair in proportionality.told()}) > 1
    for pair in proportionality.told():
        if pair.study != study:
            study = pair.study
            groups.add(len(rows))
            rows.append((study, "", "", "", ""))
        if not pair.is_proportional:
            bold.add((len(rows), 4))
        rows.append(_row(pair, text, translated, with_endpoint, time_lost))
    if not rows:
        return None
    heads = ("curves_of", "restricted_mean", "by_period", "constant_ratio", "proportional_p")
    return Table(
        name=name,
        title=text.say("pool.over_time_title"),
        columns=tuple(text.say(f"pool.{head}") for head in heads),
        rows=tuple(rows),
        note=text.say("pool.over_time_note")
        + (text.say("pool.time_lost_note") if time_lost else ""),
        emphasis=frozenset(bold),
        groups=frozenset(groups),
    )


def difference_highlights(proportionality: Proportionality, text: Language) -> list[Highlight]:
    """Restricted mean difference of each study, from its first curves with non-proportional hazards."""
    first: dict[str, PairOverTime] = {}
    for pair in proportionality.told():
        if not pair.is_proportional:
            first.setdefault(pair.study, pair)
    return [
        Highlight(
            text.say("pool.difference_label", endpoint=pair.endpoint),
            text.interval(pair.effect.difference.estimate(1.0 / DAYS_PER_MONTH), 1),
            text.say(
                "pool.difference_beside",
                study=pair.study,
                of=text.term(pair.of),
                pair=_pair(pair.treatment, pair.control, text),
                months=_month(pair.effect.horizon, text),
            ),
        )
        for pair in list(first.values())[:_MOST_HIGHLIGHTS]
    ]


def _row(
    pair: PairOverTime, text: Language, translated: bool, with_endpoint: bool, time_lost: bool
) -> tuple[str, ...]:
    effect = pair.effect
    arms = (
        _pair(pair.treatment, pair.control, text)
        if translated
        else text.say("pool.pair", one=pair.treatment, other=pair.control)
    )
    difference = text.interval(effect.difference.estimate(1.0 / DAYS_PER_MONTH), 1)
    lost = ""
    if time_lost:
        value = text.interval(effect.time_lost.estimate(), 2) if effect.time_lost else "–"
        lost = "\n" + text.say("pool.time_lost", value=value)
    endpoint = pair.endpoint + text.say("pool.comma") if with_endpoint else ""
    return (
        f"{endpoint}{text.term(pair.of)}{text.say('pool.semicolon')}{arms}",
        text.say("pool.to_horizon", value=difference, months=_month(effect.horizon, text)) + lost,
        "\n".join(_period(period, text) for period in effect.periods),
        text.interval(effect.ratio.estimate(), 2),
        text.p_value(effect.proportional_p),
    )


def _period(period: Period, text: Language) -> str:
    value = (
        text.interval(period.ratio.estimate(), 2) if period.ratio else text.say("pool.few_events")
    )
    start, stop = _month(period.start, text), _month(period.stop, text)
    return text.say("pool.period", start=start, stop=stop, value=value)


def _month(days: float, text: Language) -> str:
    """Days in months, without a decimal of zero."""
    return text.number(months(days), 1).removesuffix(".0")


def _pair(treatment: str, comparator: str, text: Language) -> str:
    one, other = treatment_in(text, treatment), treatment_in(text, comparator)
    return text.say("pool.pair", one=one, other=other)


def _names(studies: Sequence[str], text: Language) -> str:
    return text.say("pool.comma").join(studies)
