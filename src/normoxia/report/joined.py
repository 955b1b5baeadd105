"""Hazard ratios predicted by the mechanism, by components, and by both joined, told side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from normoxia.language import language
from normoxia.outcome import Estimate, Measure
from normoxia.report.tables import Table
from normoxia.trial.analysis import Comparison
from normoxia.trial.joined import Joined
from normoxia.trial.protocol import Trial


def joined_table(
    joined: Sequence[Joined], trial: Trial, comparisons: Sequence[Comparison] = (), *,
    lang: str = "en", name: str = "joined",
) -> Table:  # fmt: skip
    """A row for each hazard ratio under its set of patients: three predictions, who gave the second, and what was published.

    comparisons  of the same run; a column of published values is added when any of them has one
    """
    speech = language(lang)
    printed = _published(comparisons)
    heads = ["mechanism", "components", "answered", "both", *(["published"] if printed else [])]
    cells: list[tuple[str, ...]] = []
    bold, groups = set(), set()
    for chosen in trial.sets:
        own = [one for one in joined if one.mechanism.population == chosen.id]
        if own:
            groups.add(len(cells))
            cells.append((chosen.title(lang), *[""] * len(heads)))
        for one in own:
            o = one.mechanism
            bold.add((len(cells), 4))
            row = [
                f"{speech.word('endpoint', o.endpoint)}, {o.arm} / {o.comparator}",
                speech.interval(o.estimate, 2),
                speech.interval(one.components, 2),
                speech.say(f"joined.by_{one.by}", kind=speech.word("contrast", one.kind)),
                speech.interval(one.joined, 2),
            ]
            if printed:
                row.append(speech.interval(printed[one.key], 2) if one.key in printed else "–")
            cells.append(tuple(row))
    columns = [speech.say("table.quantity"), *(speech.say(f"joined.{head}") for head in heads)]
    return Table(
        name, speech.say("joined.title"), tuple(columns), tuple(cells), "", frozenset(bold), frozenset(groups)
    )


def joined_words(joined: Sequence[Joined], study: str, *, fitted: bool, lang: str = "en") -> tuple[str, ...]:
    """What the three predictions are, and what the reader must know of these.

    study   that the trial follows, "" for none
    fitted  whether the mechanism was calibrated on it
    """
    say = language(lang).say
    told = [say("joined.note")]
    if any(one.left_out for one in joined):
        told.append(say("joined.half_seen" if fitted else "joined.left_out", study=study))
    if any(one.by != "component_nma" for one in joined):
        told.append(say("joined.stand_in"))
    return tuple(told)


def _published(comparisons: Sequence[Comparison]) -> Mapping[tuple[object, ...], Estimate]:
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
