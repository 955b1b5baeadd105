"""What `normoxia run` prints: the hazard ratios beside the published ones first, every outcome on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from normoxia.cli.show import say
from normoxia.cli.table import print_lines, print_paragraph, print_table, terminal_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from normoxia.language import Language
    from normoxia.trial.analysis import PublishedComparison
    from normoxia.trial.combined import CombinedRatio
    from normoxia.trial.protocol import Trial
    from normoxia.trial.result import TrialResult

#: characters of a source in a column; outcomes.csv has it whole
_SOURCE = 60
#: columns of the report's table of three predictions that a terminal shows, and those that 80 columns hold
_WIDE, _NARROW = (0, 1, 2, 4, 5), (0, 1, 4, 5)
#: columns of a terminal from which the wide ones fit
_WIDE_FROM = 92


def print_run(
    trial: Trial,
    comparisons: Sequence[PublishedComparison],
    result: TrialResult,
    joined: Sequence[CombinedRatio],
    lang: str,
    *,
    everything: bool,
) -> None:
    """Print a run: what it is, its hazard ratios with intervals and published values, and how many agree.

    everything  also medians, landmarks, response, toxicity and sources
    """
    from normoxia.language import language
    from normoxia.report.pages.run import is_fitted
    from normoxia.report.views.combined import combined_sentences
    from normoxia.report.views.outdated import outdated_inputs, outdated_sentence

    text, fitted = language(lang), is_fitted(result, trial)
    state = "" if trial.calibrated else f" [{text.say('badge.not_calibrated')}]"
    print_lines([trial.title(lang), f"{text.say('badge.simulated')}{state}", ""])
    titles = [(arm.id, arm.titles.get(lang, "")) for arm in trial.arms]
    print_lines([*(f"{arm}: {title}" for arm, title in titles if title not in ("", arm)), ""])
    if trial.calibrated and trial.study:
        print_paragraph(text.say("run.fitted" if fitted else "run.left_out", study=trial.study))
    outdated = outdated_sentence(outdated_inputs(result), text)
    if outdated:
        print_paragraph(outdated)
    if joined:
        _print_three_ways(trial, comparisons, joined, lang)
        for sentence in combined_sentences(joined, trial.study, fitted=fitted, lang=lang):
            say(sentence)
    else:
        _print_ratios(trial, comparisons, text)
    if everything:
        _print_outcomes(trial, comparisons, text)
    judged = [c.inside for c in comparisons if c.inside is not None]
    if judged:
        say(text.say("comparison.count", inside=sum(judged), n=len(judged)))
    if not everything:
        say(text.say("run.more"))


def _print_ratios(trial: Trial, comparisons: Sequence[PublishedComparison], text: Language) -> None:
    from normoxia.outcome import Measure

    heads = [text.say(f"run.{head}") for head in ("endpoint", "arm", "simulated", "published")]
    for chosen in trial.sets:
        rows = [
            _row(comparison, text)[:4]
            for comparison in comparisons
            if comparison.simulated.population == chosen.id
            and comparison.simulated.measure is Measure.HAZARD_RATIO
        ]
        if rows:
            print_table(chosen.title(text.code), heads, rows, numeric=(2, 3))


def _print_outcomes(
    trial: Trial, comparisons: Sequence[PublishedComparison], text: Language
) -> None:
    heads = [
        text.say(f"run.{head}")
        for head in ("endpoint", "arm", "simulated", "published", "inside", "source")
    ]
    for chosen in trial.sets:
        rows = [
            _row(comparison, text)
            for comparison in comparisons
            if comparison.simulated.population == chosen.id and _is_shown(comparison)
        ]
        print_table(chosen.title(text.code), heads, rows, numeric=(2, 3))


def _print_three_ways(
    trial: Trial,
    comparisons: Sequence[PublishedComparison],
    joined: Sequence[CombinedRatio],
    lang: str,
) -> None:
    """Each ratio by the mechanism, by the component model, and by both, beside the published one."""
    from normoxia.report.views.combined import combined_table

    table = combined_table(joined, trial, comparisons, lang=lang)
    wanted = _WIDE if terminal_width() >= _WIDE_FROM else _NARROW
    kept = [c for c in wanted if c < len(table.columns)]
    starts = sorted(table.groups) or [-1]
    for start, end in zip(starts, [*starts[1:], len(table.rows)], strict=True):
        title = table.rows[start][0] if start >= 0 else ""
        rows = [[row[c] for c in kept] for row in table.rows[start + 1 : end]]
        print_table(title, [table.columns[c] for c in kept], rows, numeric=range(1, len(kept)))


def _is_shown(comparison: PublishedComparison) -> bool:
    from normoxia.outcome import Endpoint, Measure

    outcome = comparison.simulated
    if outcome.measure is Measure.HAZARD_RATIO:
        return False  # printed before
    if outcome.measure is Measure.LANDMARK_PERCENT:
        return outcome.months == 12.0 or comparison.published is not None
    return outcome.endpoint is not Endpoint.DOR or comparison.published is not None


def _row(comparison: PublishedComparison, text: Language) -> tuple[str, ...]:
    from normoxia.report.pages.run import label_of, number_of, source_words

    outcome, published = comparison.simulated, comparison.published
    source = source_words(published.source, text) if published and published.source else ""
    return (
        label_of(outcome, text.code),
        f"{outcome.arm} / {outcome.comparator}" if outcome.comparator else outcome.arm,
        number_of(outcome, text.code),
        number_of(published, text.code) if published else "–",
        {True: "✓", False: "✗", None: ""}[comparison.inside],
        _short(source),
    )


def _short(reference: str) -> str:
    """A reference short enough for a column: without an address that follows a citation."""
    text = reference.split(" (http", maxsplit=1)[0]
    return text if len(text) <= _SOURCE else text[: _SOURCE - 1] + "…"
