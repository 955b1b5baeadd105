"""Tables of a scoreboard by kind of trial, and of differences from the baselines."""

from __future__ import annotations

from normoxia.calibration.scoring import groups
from normoxia.calibration.scoring.choice import CHOSEN
from normoxia.calibration.scoring.score_summary import paired_difference
from normoxia.calibration.scoring.scoreboard import Scoreboard
from normoxia.language import Language
from normoxia.outcome import Endpoint
from normoxia.report.views.scoreboard_text import ScoreboardText
from normoxia.report.views.tables import Table


def paired_table(board: Scoreboard, text: Language) -> Table:
    """Table of paired differences of the mechanism and of the shipped combination from each baseline.

    Parameters
    ----------
    board
        Finished scoreboard.
    text
        Texts of the language.
    """
    words = ScoreboardText(board, text)
    shown = [board.primary, *([CHOSEN] if CHOSEN in board.predictors else [])]
    rows: list[tuple[str, ...]] = []
    heads = ("baseline", "difference_crps", "difference_pfs", "difference_os")
    starts = set()
    for predictor in shown:
        starts.add(len(rows))
        rows.append((words.predictor_name(predictor), *[""] * (len(heads) - 1)))
        scored = board.predictors[predictor].rows
        for name in board.baselines:
            rows.append(
                (
                    words.predictor_name(name),
                    words.difference(paired_difference(scored, name, "crps")),
                    words.difference(paired_difference(scored, name, "error", Endpoint.PFS)),
                    words.difference(paired_difference(scored, name, "error", Endpoint.OS)),
                )
            )
    return Table(
        name=f"paired-{text.code}",
        title=text.say("board.paired"),
        columns=tuple(text.say(f"board.head_{head}") for head in heads),
        rows=tuple(rows),
        note=text.say("board.paired_note"),
        groups=frozenset(starts),
    )


def group_table(board: Scoreboard, by: str, text: Language) -> Table:
    """Table of the mechanism's errors and CRPS by kind of trial, those of the mean of the class beside.

    Parameters
    ----------
    board
        Finished scoreboard.
    by
        One of `groups.DIMENSIONS`.
    text
        Texts of the language.
    """
    number = text.number

    def pair(value: float, rival: float) -> str:
        return f"{number(value, 3)} ({number(rival, 3)})"

    rows = []
    for group in groups.grouped(board, by):
        own, rival = group.predictor, group.class_mean
        rows.append(
            (
                text.word("contrast" if by == groups.CLASS else by, group.name),
                f"{own.n_pfs}, {own.n_os}",
                f"{100 * own.coverage95:.0f}%",
                pair(own.mean_abs_log_hr_pfs, rival.mean_abs_log_hr_pfs),
                pair(own.mean_abs_log_hr_os, rival.mean_abs_log_hr_os),
                pair(own.crps, rival.crps),
            )
        )
    heads = ("group", "n", "coverage95", "group_pfs", "group_os", "group_crps")
    return Table(
        name=f"by-{by}-{text.code}",
        title=text.say(f"board.by_{by}"),
        columns=tuple(text.say(f"board.head_{head}") for head in heads),
        rows=tuple(rows),
        note=text.say("board.groups_note"),
    )
