"""Hazard ratios predicted by the mechanism, by components, and by both combined, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from normoxia.language import language
from normoxia.outcome import Estimate, Measure
from normoxia.report.views.tables import Table
from normoxia.trial.analysis import PublishedComparison
from normoxia.trial.combined import CombinedRatio
from normoxia.trial.protocol import Trial

#: head of the column of combined ratios where all are combined one way
_BOTH = {"combined": "both_combined", "by_class": "both_by_class"}


def combined_table(
    ratios: Sequence[CombinedRatio],
    trial: Trial,
    comparisons: Sequence[PublishedComparison] = (),
    *,
    lang: str = "en",
    name: str = "joined",
) -> Table:
    """Table of each hazard ratio: three predictions, source of the second, and the published value.

    Parameters
    ----------
    ratios
        Predictions of the run.
    trial
        Protocol, whose analysis sets head the groups of rows.
    comparisons
        Of the same run; a column of published values is added when any of them has one.
    lang
        Code of the language, "en" or "zh".
    name
        File name without ending.
    """
    text = language(lang)
    published = _published(comparisons)
    heads = ["mechanism", "components", "answered", "both", *(["published"] if published else [])]
    cells: list[tuple[str, ...]] = []
    bold, groups = set(), set()
    for analysis_set in trial.sets:
        set_ratios = [ratio for ratio in ratios if ratio.mechanism.population == analysis_set.id]
        if set_ratios:
            groups.add(len(cells))
            cells.append((analysis_set.title(lang), *[""] * len(heads)))
        for ratio in set_ratios:
            outcome = ratio.mechanism
            bold.add((len(cells), 4))
            row = [
                f"{text.word('endpoint', outcome.endpoint)}, {outcome.arm} / {outcome.comparator}",
                text.interval(outcome.estimate, 2),
                text.interval(ratio.components, 2),
                text.say(f"joined.by_{ratio.by}", kind=text.word("contrast", ratio.kind)),
                text.interval(ratio.joined, 2),
            ]
            if published:
                row.append(
                    text.interval(published[ratio.key], 2) if ratio.key in published else "–"
                )
            cells.append(tuple(row))
    ways = {ratio.way for ratio in ratios}
    heads[heads.index("both")] = (
        _BOTH.get(next(iter(ways), ""), "both") if len(ways) <= 1 else "both"
    )
    columns = [text.say("table.quantity"), *(text.say(f"joined.{head}") for head in heads)]
    return Table(
        name=name,
        title=text.say("joined.title"),
        columns=tuple(columns),
        rows=tuple(cells),
        emphasis=frozenset(bold),
        groups=frozenset(groups),
    )


def combined_sentences(
    ratios: Sequence[CombinedRatio], study: str, *, fitted: bool, lang: str = "en"
) -> tuple[str, ...]:
    """Sentences on what the three predictions are, and on their limitations.

    Parameters
    ----------
    ratios
        Predictions of the run.
    study
        Study that the trial follows, "" for none.
    fitted
        Whether the mechanism was calibrated on it.
    lang
        Code of the language, "en" or "zh".
    """
    say = language(lang).say
    sentences = [say("joined.note")]
    for way in sorted({ratio.way for ratio in ratios}):
        named = dict.fromkeys(r.mechanism.endpoint.value for r in ratios if r.way == way)
        endpoints = language(lang).say("pool.comma").join(named)
        sentences.append(say(f"joined.note_{way}", endpoints=endpoints))
    if any(ratio.left_out for ratio in ratios):
        sentences.append(say("joined.half_seen" if fitted else "joined.left_out", study=study))
    if any(ratio.by != "component_nma" and ratio.way == "combined" for ratio in ratios):
        sentences.append(say("joined.stand_in"))
    return tuple(sentences)


def _published(comparisons: Sequence[PublishedComparison]) -> Mapping[tuple[object, ...], Estimate]:
    """Published hazard ratios by population, endpoint and arms."""
    return {
        (
            c.simulated.population,
            c.simulated.endpoint,
            c.simulated.arm,
            c.simulated.comparator,
        ): c.published.estimate
        for c in comparisons
        if c.published is not None and c.simulated.measure is Measure.HAZARD_RATIO
    }
