"""Tables of scored outcomes: published value, prediction, verdict, and the baselines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from normoxia.calibration.scoring.baselines import NAMES
from normoxia.calibration.scoring.lock import Observed
from normoxia.calibration.scoring.scoreboard import Scoreboard
from normoxia.calibration.scoring.scored_contrasts import PredictionScore, ScoredContrast
from normoxia.language import Language
from normoxia.outcome import Endpoint, Estimate, Measure
from normoxia.report.figures.prediction import SEEN, Prediction
from normoxia.report.views.tables import Table

Tone = Literal["good", "bad"]

#: mark of a baseline replaced by a simpler one that could predict the outcome
_SIMPLER = "°"


def rows_of(
    board: Scoreboard, measure: Measure, study: str = "", *, endpoints: Sequence[Endpoint] = ()
) -> list[ScoredContrast]:
    """Return the primary predictor's rows of one measure, largest error first.

    Parameters
    ----------
    board
        Finished scoreboard.
    measure
        Kind of outcome.
    study
        Name of one study; all when empty.
    endpoints
        Endpoints; all when empty.
    """
    return [
        row
        for row in board.primary_scores.rows
        if row.observed.target.measure is measure
        and study in ("", row.observed.target.study)
        and (not endpoints or row.observed.target.endpoint in endpoints)
    ]


def is_predicted(row: ScoredContrast) -> bool:
    """Whether an outcome counts as predicted: a response by the rule of the lock, others inside the central 95 %."""
    return row.inside95 if row.predicted.within is None else row.predicted.within


def prediction(row: ScoredContrast, baseline: str = "") -> Prediction:
    """Return a row as figures draw it, on the published scale.

    Parameters
    ----------
    row
        Scored outcome.
    baseline
        Name of the baseline predictor whose median is included; none when empty.
    """
    observed = row.observed
    baseline_cell = row.baselines.get(baseline)
    return Prediction(
        study=observed.target.study,
        label=observed.target.contrast,
        predicted=_estimate(row.predicted, observed),
        middle=(
            _natural(row.predicted.interval50[0], observed),
            _natural(row.predicted.interval50[1], observed),
        ),
        published=Estimate(observed.value, observed.low, observed.high, observed.level),
        is_inside=is_predicted(row),
        is_seen=observed.seen,
        baseline=_natural(baseline_cell.median, observed) if baseline_cell else math.nan,
    )


def row_table(
    rows: Sequence[ScoredContrast],
    key: str,
    text: Language,
    *,
    populations: bool = False,
    baselines: bool = True,
) -> Table:
    """Table of rows in the order given: published, predicted, inside or not, and the medians of baselines.

    Parameters
    ----------
    rows
        Scored outcomes.
    key
        Names the table and its title: "ratios", "responses", "medians", "strata".
    text
        Texts of the language.
    populations
        Whether the population is printed beside the endpoint.
    baselines
        Whether the medians of baselines are printed.
    """
    names = dict.fromkeys((*NAMES, *(name for row in rows for name in row.baselines)))
    baseline_names = [
        name for name in names if baselines and any(name in row.baselines for row in rows)
    ]
    heads = [
        "study",
        "population" if populations else "endpoint",
        "contrast",
        "published",
        "predicted",
        "inside",
    ]
    tones: dict[tuple[int, int], Tone] = {
        (i, 5): "good" if is_predicted(row) else "bad" for i, row in enumerate(rows)
    }
    cells = tuple(
        (
            study_of(row.observed),
            _endpoint(row.observed, populations),
            row.observed.target.contrast,
            published(row.observed, text),
            text.interval(_estimate(row.predicted, row.observed), _digits(row.observed)),
            "✓" if is_predicted(row) else "✗",
            *(
                _baseline_cell(row.baselines.get(name), row.observed, text)
                for name in baseline_names
            ),
        )
        for row in rows
    )
    notes = [text.say("board.rows_note")] if baseline_names else []
    notes += [text.say("board.responses_note")] if key in ("responses", "rates") else []
    notes += [text.say("board.seen_note")] if any(row.observed.seen for row in rows) else []
    columns = (
        *(text.say(f"board.{head}") for head in heads),
        *(text.known(f"board.short_{name}", name) for name in baseline_names),
    )
    title = text.say(f"board.{key}_table")
    return Table(
        name=f"{key}-{text.code}",
        title=title,
        columns=columns,
        rows=cells,
        note=" ".join(notes),
        tones=tones,
    )


def direction_table(board: Scoreboard, text: Language) -> Table:
    """Table of trials that failed, and of successes that were not predicted, with the predicted probability of significance."""
    judged = board.primary_scores
    missed_successes = tuple(c for c in judged.successes if not c.correct)

    def title(key: str, k: int, n: int) -> str:
        return text.say(f"board.group_{key}", n=text.say("board.of", k=k, n=n))

    groups, rows, tones = set(), list[tuple[str, ...]](), dict[tuple[int, int], Tone]()
    for head, calls in (
        (title("failures", judged.failures_predicted, len(judged.failures)), judged.failures),
        (title("successes", len(missed_successes), len(judged.successes)), missed_successes),
    ):
        groups.add(len(rows))
        rows.append((head, "", "", "", "", ""))
        for c in calls:
            observed = board.lock.of(c.target)
            tones[len(rows), 5] = "good" if c.correct else "bad"
            rows.append(
                (
                    study_of(observed),
                    c.target.endpoint.value,
                    c.target.contrast,
                    published(observed, text),
                    "–" if math.isnan(c.win) else f"{100 * c.win:.0f}%",
                    text.say("board.yes" if c.correct else "board.no"),
                )
            )
    heads = ("study", "endpoint", "contrast", "published", "chance", "foreseen")
    return Table(
        name=f"failures-{text.code}",
        title=text.say("board.called"),
        columns=tuple(text.say(f"board.{h}") for h in heads),
        rows=tuple(rows),
        note=text.say("board.called_note"),
        groups=frozenset(groups),
        tones=tones,
    )


def study_of(observed: Observed) -> str:
    """Return the study of an outcome, marked when its result had been seen before."""
    return observed.target.study + (SEEN if observed.seen else "")


def published(observed: Observed, text: Language) -> str:
    """Return a published outcome with its interval."""
    return text.interval(
        Estimate(observed.value, observed.low, observed.high, observed.level), _digits(observed)
    )


def _endpoint(observed: Observed, populations: bool) -> str:
    return (
        f"{observed.target.endpoint.value}: {observed.target.population}"
        if populations
        else observed.target.endpoint.value
    )


def _estimate(cell: PredictionScore, observed: Observed) -> Estimate:
    return Estimate(
        _natural(cell.median, observed), *(_natural(end, observed) for end in cell.interval95)
    )


def _baseline_cell(cell: PredictionScore | None, observed: Observed, text: Language) -> str:
    if cell is None:
        return "–"
    return text.number(_natural(cell.median, observed), _digits(observed)) + (
        _SIMPLER if cell.fallback else ""
    )


def _digits(observed: Observed) -> int:
    return 2 if observed.target.is_ratio else 1


def _natural(value: float, observed: Observed) -> float:
    """A prediction on the published scale."""
    return math.exp(min(value, 700.0)) if observed.target.is_ratio else value
