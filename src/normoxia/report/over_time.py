"""What a reader meets before a constant hazard ratio: studies whose hazards do not stay proportional, told over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from normoxia.evidence.synthesis.over_time import Period
from normoxia.evidence.synthesis.proportionality import PairOverTime, Proportionality, months
from normoxia.language import Language
from normoxia.report.document import Highlight
from normoxia.report.pooled import Shares, treatment_in
from normoxia.report.tables import Table
from normoxia.survival import DAYS_PER_MONTH

#: studies shown at the head of a page; the table holds them all
_MOST_HIGHLIGHTS = 3


def warning_words(held: Proportionality, speech: Language) -> str:
    """The first sentence of an answer, naming the studies; "" where no study is known to have such hazards."""
    return speech.say("pool.over_time", studies=_names(held.violated, speech)) if held.violated else ""


def further_words(held: Proportionality, speech: Language) -> list[str]:
    """Of which studies the hazards look proportional, and of which nothing is known."""
    lines = []
    if held.steady:
        lines.append(speech.say("pool.over_time_steady", studies=_names(held.steady, speech)))
    if held.unseen:
        lines.append(speech.say("pool.over_time_unseen", studies=_names(held.unseen, speech)))
    if held.elsewhere:
        lines.append(speech.say("pool.over_time_elsewhere", studies=_names(held.elsewhere, speech)))
    return lines


def table_words(held: Proportionality | None, speech: Language) -> list[str]:
    """The first sentence above a table's network, and that it goes by the names of its studies; nothing without one."""
    if held is None or not held.violated:
        return []
    return [
        warning_words(held, speech),
        speech.say("pool.over_time_table", studies=_names(held.violated, speech)),
    ]


def share_words(
    held: Proportionality, shares: Shares, pairs: Iterable[tuple[str, str]], speech: Language
) -> list[str]:
    """How much of each of some estimates rests on the studies whose hazards do not stay proportional."""
    lines = []
    for treatment, comparator in pairs:
        own = shares.get((treatment, comparator)) or shares.get((comparator, treatment), {})
        resting = sum(own.get(study, 0.0) for study in held.violated)
        if resting >= 0.005:
            pair = _pair(treatment, comparator, speech)
            lines.append(speech.say("pool.over_time_share", share=f"{100 * resting:.0f}%", pair=pair))
    return lines


def over_time_table(
    held: Proportionality, speech: Language, name: str, *, translated: bool = True, time_lost: bool = False
) -> Table | None:
    """Every pair of curves of the studies named, by study: restricted mean, periods, constant ratio; None without one.

    time_lost  the ratio of the restricted mean times lost under each restricted mean difference
    """
    rows: list[tuple[str, ...]] = []
    groups, bold = set(), set()
    study = ""
    several = len({pair.endpoint for pair in held.told()}) > 1
    for pair in held.told():
        if pair.study != study:
            study = pair.study
            groups.add(len(rows))
            rows.append((study, "", "", "", ""))
        if not pair.is_proportional:
            bold.add((len(rows), 4))
        rows.append(_row(pair, speech, translated, several, time_lost))
    if not rows:
        return None
    heads = ("curves_of", "restricted_mean", "by_period", "constant_ratio", "proportional_p")
    return Table(
        name, speech.say("pool.over_time_title"), tuple(speech.say(f"pool.{head}") for head in heads), tuple(rows),
        speech.say("pool.over_time_note") + (speech.say("pool.time_lost_note") if time_lost else ""),
        frozenset(bold), frozenset(groups),
    )  # fmt: skip


def difference_highlights(held: Proportionality, speech: Language) -> list[Highlight]:
    """The restricted mean difference of each study named, of its first curves that do not stay proportional."""
    first: dict[str, PairOverTime] = {}
    for pair in held.told():
        if not pair.is_proportional:
            first.setdefault(pair.study, pair)
    return [
        Highlight(
            speech.say("pool.difference_label", endpoint=pair.endpoint),
            speech.interval(pair.effect.difference.estimate(1.0 / DAYS_PER_MONTH), 1),
            speech.say(
                "pool.difference_beside", study=pair.study, of=speech.phrase(pair.of), pair=_pair(pair.treatment, pair.control, speech),
                months=_month(pair.effect.horizon, speech),
            ),
        )
        for pair in list(first.values())[:_MOST_HIGHLIGHTS]
    ]  # fmt: skip


def _row(
    pair: PairOverTime, speech: Language, translated: bool, with_endpoint: bool, time_lost: bool
) -> tuple[str, ...]:
    effect = pair.effect
    who = (
        _pair(pair.treatment, pair.control, speech)
        if translated
        else speech.say("pool.pair", one=pair.treatment, other=pair.control)
    )
    difference = speech.interval(effect.difference.estimate(1.0 / DAYS_PER_MONTH), 1)
    lost = ""
    if time_lost:
        value = speech.interval(effect.time_lost.estimate(), 2) if effect.time_lost else "–"
        lost = "\n" + speech.say("pool.time_lost", value=value)
    endpoint = pair.endpoint + speech.say("pool.comma") if with_endpoint else ""
    return (
        f"{endpoint}{speech.phrase(pair.of)}{speech.say('pool.semicolon')}{who}",
        speech.say("pool.to_horizon", value=difference, months=_month(effect.horizon, speech)) + lost,
        "\n".join(_period(period, speech) for period in effect.periods),
        speech.interval(effect.ratio.estimate(), 2),
        speech.p_value(effect.proportional_p),
    )


def _period(period: Period, speech: Language) -> str:
    value = (
        speech.interval(period.ratio.estimate(), 2) if period.ratio else speech.say("pool.few_events")
    )  # fmt: skip
    start, stop = _month(period.start, speech), _month(period.stop, speech)
    return speech.say("pool.period", start=start, stop=stop, value=value)


def _month(days: float, speech: Language) -> str:
    """Days in months, without a decimal that says nothing."""
    return speech.number(months(days), 1).removesuffix(".0")


def _pair(treatment: str, comparator: str, speech: Language) -> str:
    one, other = treatment_in(speech, treatment), treatment_in(speech, comparator)
    return speech.say("pool.pair", one=one, other=other)


def _names(studies: Sequence[str], speech: Language) -> str:
    return speech.say("pool.comma").join(studies)
