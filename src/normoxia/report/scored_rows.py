"""The rows of a scoreboard in words: what was published, what was predicted, whether it counts, what the baselines said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from normoxia.calibration.judging.baselines import NAMES
from normoxia.calibration.judging.lock import Observed
from normoxia.calibration.judging.rows import Cell, Row
from normoxia.calibration.judging.scoreboard import Scoreboard
from normoxia.language import Language
from normoxia.outcome import Estimate, Measure
from normoxia.report.prediction import SEEN, Prediction
from normoxia.report.tables import Table

Tone = Literal["good", "bad"]

#: marks a baseline's cell that a simpler baseline answered
_SIMPLER = "°"


def rows_of(board: Scoreboard, measure: Measure, study: str = "") -> list[Row]:
    """The primary predictor's rows of one measure, worst first; of one study when named."""
    return [
        row
        for row in board.judged.rows
        if row.observed.target.measure is measure and study in ("", row.observed.target.study)
    ]


def holds(row: Row) -> bool:
    """Whether a row counts as predicted: a response by the lock's rule, everything else inside the central 95 %."""
    return row.inside95 if row.predicted.within is None else row.predicted.within


def prediction(row: Row, rival: str = "") -> Prediction:
    """A row as figures draw it, on the published scale; `rival` names the baseline whose median goes along."""
    o = row.observed
    other = row.baselines.get(rival)
    return Prediction(
        o.target.study, o.target.contrast, _estimate(row.predicted, o),
        (_natural(row.predicted.interval50[0], o), _natural(row.predicted.interval50[1], o)),
        Estimate(o.value, o.low, o.high, o.level), holds(row), o.seen, _natural(other.median, o) if other else math.nan,
    )  # fmt: skip


def row_table(
    rows: Sequence[Row], key: str, speech: Language, *, populations: bool = False, baselines: bool = True
) -> Table:
    """Rows in the order given: published, predicted, inside or not, and the baselines' medians where there are any.

    key          names the table and its title: "ratios", "responses", "medians", "strata"
    populations  whether the population stands beside the endpoint
    baselines    whether their medians are told
    """
    known = dict.fromkeys((*NAMES, *(name for row in rows for name in row.baselines)))
    rivals = [name for name in known if baselines and any(name in row.baselines for row in rows)]
    heads = [
        "study",
        "population" if populations else "endpoint",
        "contrast",
        "published",
        "predicted",
        "inside",
    ]
    tones: dict[tuple[int, int], Tone] = {
        (i, 5): "good" if holds(row) else "bad" for i, row in enumerate(rows)
    }
    cells = tuple(
        (
            study_of(row.observed), _endpoint(row.observed, populations), row.observed.target.contrast,
            published(row.observed, speech),
            speech.interval(_estimate(row.predicted, row.observed), _digits(row.observed)),
            "✓" if holds(row) else "✗", *(_rival(row.baselines.get(name), row.observed, speech) for name in rivals),
        )
        for row in rows
    )  # fmt: skip
    notes = [speech.say("board.rows_note")] if rivals else []
    notes += [speech.say("board.responses_note")] if key == "responses" else []
    notes += [speech.say("board.seen_note")] if any(row.observed.seen for row in rows) else []
    columns = (
        *(speech.say(f"board.{head}") for head in heads),
        *(speech.known(f"board.short_{name}", name) for name in rivals),
    )
    title = speech.say(f"board.{key}_table")
    return Table(f"{key}-{speech.code}", title, columns, cells, " ".join(notes), tones=tones)


def called_table(board: Scoreboard, speech: Language) -> Table:
    """The failures of the field, and the successes that were not foreseen: what chance of significance was predicted."""
    judged = board.judged
    lost = tuple(c for c in judged.successes if not c.foreseen)

    def title(key: str, k: int, n: int) -> str:
        return speech.say(f"board.group_{key}", n=speech.say("board.of", k=k, n=n))

    groups, rows, tones = set(), list[tuple[str, ...]](), dict[tuple[int, int], Tone]()
    for head, called in (
        (title("failures", judged.failures_predicted, len(judged.failures)), judged.failures),
        (title("successes", len(lost), len(judged.successes)), lost),
    ):
        groups.add(len(rows))
        rows.append((head, "", "", "", "", ""))
        for c in called:
            o = board.lock.of(c.target)
            tones[len(rows), 5] = "good" if c.foreseen else "bad"
            rows.append(
                (
                    study_of(o), c.target.endpoint.value, c.target.contrast, published(o, speech),
                    "–" if math.isnan(c.win) else f"{100 * c.win:.0f}%",
                    speech.say("board.yes" if c.foreseen else "board.no"),
                )
            )  # fmt: skip
    heads = ("study", "endpoint", "contrast", "published", "chance", "foreseen")
    return Table(
        f"failures-{speech.code}", speech.say("board.called"), tuple(speech.say(f"board.{h}") for h in heads),
        tuple(rows), speech.say("board.called_note"), groups=frozenset(groups), tones=tones,
    )  # fmt: skip


def study_of(o: Observed) -> str:
    """A figure's study, marked when its result had been seen."""
    return o.target.study + (SEEN if o.seen else "")


def published(o: Observed, speech: Language) -> str:
    """A published figure with its interval."""
    return speech.interval(Estimate(o.value, o.low, o.high, o.level), _digits(o))


def _endpoint(o: Observed, populations: bool) -> str:
    return f"{o.target.endpoint.value}: {o.target.population}" if populations else o.target.endpoint.value


def _estimate(cell: Cell, o: Observed) -> Estimate:
    return Estimate(_natural(cell.median, o), *(_natural(end, o) for end in cell.interval95))


def _rival(cell: Cell | None, o: Observed, speech: Language) -> str:
    if cell is None:
        return "–"
    return speech.number(_natural(cell.median, o), _digits(o)) + (_SIMPLER if cell.fallback else "")


def _digits(o: Observed) -> int:
    return 2 if o.target.is_ratio else 1


def _natural(value: float, o: Observed) -> float:
    """A prediction on the published scale."""
    return math.exp(min(value, 700.0)) if o.target.is_ratio else value
