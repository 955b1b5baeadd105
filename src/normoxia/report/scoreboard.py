"""The page of a scoreboard: what was predicted of trials not seen, held against what was published, in English and Chinese."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

import numpy as np

from normoxia import __version__
from normoxia.calibration.judging.attempts import Attempt
from normoxia.calibration.judging.baselines import COMPONENT
from normoxia.calibration.judging.figures import crps_gain
from normoxia.calibration.judging.rows import Row
from normoxia.calibration.judging.scoreboard import Scoreboard
from normoxia.language import Language, language
from normoxia.outcome import Endpoint, Estimate, Measure
from normoxia.report.contraction import Learned, contraction_figure
from normoxia.report.document import Block, Highlight, Page, Prose, Section
from normoxia.report.figure import Figure
from normoxia.report.fitting import (
    StructureOdds,
    StudyLeftOut,
    attempt_table,
    left_out_table,
    structure_table,
)
from normoxia.report.interval_calibration import Transforms, interval_calibration_figure
from normoxia.report.judged import Told
from normoxia.report.predicted_observed import ScatterPanel, predicted_observed_figure
from normoxia.report.prediction import Prediction, prediction_forest
from normoxia.report.score_comparison import Score, score_figure
from normoxia.report.scored_rows import called_table, prediction, row_table, rows_of

LANGUAGES = ("en", "zh")

#: two-sided normal quantile of the intervals of gains over studies
_Z = 1.959964
#: half-width in points of the band in which a response rate counts as predicted, as the lock writes it
_POINTS = 6.0


def pages(
    board: Scoreboard,
    *,
    learned: Sequence[Learned] = (),
    structures: Sequence[StructureOdds] = (),
    left_out: Mapping[str, StudyLeftOut] | None = None,
    attempts: Sequence[Attempt] = (),
    provenance: Mapping[str, str] | None = None,
    first: str = "en",
) -> tuple[tuple[Page, ...], tuple[Figure, ...]]:
    """The report of a scoreboard, a page in each language with `first` first, and all its figures.

    learned, structures, left_out, attempts   each makes a section when given
    provenance  what made the predictions: names to values, shown at the end with the lock's digest
    """
    whole = {
        "predictor": board.primary, "lock": board.lock.date, "lock_sha256": board.lock.digest,
        **(provenance or {}), "normoxia": __version__,
    }  # fmt: skip
    made = partial(
        _Report, board, learned=learned, structures=structures, left_out=left_out or {},
        attempts=attempts, provenance=whole,
    )  # fmt: skip
    order = sorted(LANGUAGES, key=lambda code: code != first)
    reports = [made(language(code)) for code in order]
    told = tuple(report.page() for report in reports)
    return told, tuple(figure for report in reports for figure in report.figures)


class _Report:
    """A scoreboard's page in one language."""

    def __init__(
        self,
        board: Scoreboard,
        speech: Language,
        *,
        learned: Sequence[Learned],
        structures: Sequence[StructureOdds],
        left_out: Mapping[str, StudyLeftOut],
        attempts: Sequence[Attempt],
        provenance: Mapping[str, str],
    ) -> None:
        self.board, self.speech, self.told = board, speech, Told(board, speech)
        self.learned, self.structures, self.left_out = learned, structures, left_out
        self.attempts, self.provenance = attempts, provenance
        self.figures: list[Figure] = []

    def page(self) -> Page:
        say, told = self._say, self.told
        sections = [
            Section(say("section_verdict"), tuple(self.verdict())),
            Section(say("section_scores"), tuple(self.scores())),
            Section(say("section_ratios"), tuple(self.ratios())),
            Section(say("section_responses"), tuple(self.responses())),
            Section(say("section_medians"), tuple(self.medians())),
            Section(say("section_intervals"), tuple(self.intervals())),
            Section(say("section_strata"), tuple(self.strata())),
            Section(say("section_left_out"), tuple(self.leaving_out())),
            Section(say("section_structures"), tuple(self.structure())),
            Section(say("section_learned"), tuple(self.learning())),
            Section(say("section_attempts"), tuple(self.attempted())),
            Section(say("section_blind"), tuple(self.blind())),
            Section(say("section_limits"), (Prose(say("limits")),)),
        ]
        met = sum(v.met for v in self.board.thresholds)
        badge = say("badge", met=met, n=len(self.board.thresholds))
        return Page(
            self.speech.code, say("title"), told.lead(), tuple(s for s in sections if s.blocks), self.highlights(),
            (badge,), self.provenance, __version__, date.today().isoformat(),
        )  # fmt: skip

    def _say(self, key: str, **values: object) -> str:
        return self.speech.say(f"board.{key}", **values)

    def keep(self, figure: Figure) -> Figure:
        self.figures.append(figure)
        return figure

    def name(self, stem: str) -> str:
        return f"{stem}-{self.speech.code}"

    # what stands first

    def highlights(self) -> tuple[Highlight, ...]:
        """A number a threshold with its limit beside it; of the CRPS, against the best baseline alone."""
        table = self.told.verdict_table()
        hardest = min(self.board.baselines.values(), key=lambda one: one.summary.crps, default=None)
        found = []
        for verdict, row in zip(self.board.thresholds, table.rows, strict=True):
            if verdict.name != "crps" or (hardest is not None and verdict.against == hardest.name):
                found.append(Highlight(row[0], row[2], f"{row[1]} · {row[3]}"))
        return tuple(found)

    def verdict(self) -> list[Block]:
        told = self.told
        blocks: list[Block] = [Prose(told.standing(), warning=not self.board.met)]
        if told.missing():
            blocks.append(Prose(told.missing(), warning=True))
        return [
            *blocks, told.verdict_table(), Prose(told.reach()), called_table(self.board, self.speech),
        ]  # fmt: skip

    def scores(self) -> list[Block]:
        title, note = self._say("scores_title"), self._say("scores_note")
        drawn = self.score_lines()
        blocks: list[Block] = []
        if any(math.isfinite(score.value) for score in drawn):
            figure = score_figure(
                drawn, title=title, note=note, lang=self.speech.code, name=self.name("crps")
            )
            blocks = [self.keep(figure)]
        return [*blocks, self.told.summary_table(), self.told.predictor_table()]

    def score_lines(self) -> list[Score]:
        """The primary predictor, the other ones, and the baselines with the gain over each."""
        board, told = self.board, self.told
        primary = board.judged
        others = [one for name, one in board.predictors.items() if name != board.primary]
        lines = [Score(told.named(one.name), one.summary.crps, one.unseen.crps) for one in (primary, *others)]
        for name, one in board.baselines.items():
            mean, error = crps_gain(primary.rows, name)
            gain = Estimate(mean, mean - _Z * error, mean + _Z * error)
            lines.append(Score(told.named(name), one.summary.crps, one.unseen.crps, gain, is_rival=True))
        return lines

    # rows

    def ratios(self) -> list[Block]:
        rows = rows_of(self.board, Measure.HAZARD_RATIO)
        blocks: list[Block] = []
        for endpoint in (Endpoint.PFS, Endpoint.OS):
            own = [prediction(r, COMPONENT) for r in rows if r.observed.target.endpoint is endpoint]
            if own:
                words = self.speech.known(f"endpoint.{endpoint}", str(endpoint))
                figure = prediction_forest(
                    own, title=self._say("forest", endpoint=words), rival=self.told.named(COMPONENT),
                    lang=self.speech.code, name=self.name(f"hazard-ratios-{endpoint.lower()}"),
                )  # fmt: skip
                blocks.append(self.keep(figure))
        return [*blocks, row_table(rows, "ratios", self.speech)] if rows else blocks

    def responses(self) -> list[Block]:
        rows = rows_of(self.board, Measure.PERCENT)
        if not rows:
            return []
        panel = ScatterPanel(self._say("response_axis"), self._points(rows), band=_POINTS)
        figure = predicted_observed_figure(
            [panel], title=self._say("response"), note=self._say("response_note"), lang=self.speech.code,
            name=self.name("response"),
        )  # fmt: skip
        return [self.keep(figure), row_table(rows, "responses", self.speech)]

    def medians(self) -> list[Block]:
        rows = rows_of(self.board, Measure.MEDIAN_MONTHS)
        if not rows:
            return []
        panels = [
            ScatterPanel(
                self._say("medians_axis", endpoint=endpoint),
                self._points([r for r in rows if r.observed.target.endpoint is endpoint]), is_log=True,
            )
            for endpoint in (Endpoint.PFS, Endpoint.OS)
        ]  # fmt: skip
        figure = predicted_observed_figure(
            panels, title=self._say("medians"), note=self._say("medians_note"), lang=self.speech.code,
            name=self.name("medians"),
        )  # fmt: skip
        return [self.keep(figure), row_table(rows, "medians", self.speech)]

    def _points(self, rows: Sequence[Row]) -> tuple[Prediction, ...]:
        return tuple(prediction(row) for row in rows)

    def intervals(self) -> list[Block]:
        groups = [
            Transforms(self._say(f"group_{key}"), np.array([r.predicted.pit for r in rows_of(self.board, measure)]))
            for key, measure in (
                ("ratios", Measure.HAZARD_RATIO), ("responses", Measure.PERCENT), ("medians", Measure.MEDIAN_MONTHS)
            )
        ]  # fmt: skip
        if not any(len(group.values) for group in groups):
            return []
        figure = interval_calibration_figure(groups, lang=self.speech.code, name=self.name("intervals"))
        return [self.keep(figure)]

    def strata(self) -> list[Block]:
        rows = self.board.judged.strata
        if not rows:
            return []
        return [Prose(self.told.strata_words()), row_table(rows, "strata", self.speech, populations=True)]

    # what lies behind

    def leaving_out(self) -> list[Block]:
        words = self.told.ensemble()
        blocks: list[Block] = [Prose(words)] if words else []
        if self.left_out:
            blocks.append(left_out_table(self.left_out, self.speech))
        return blocks

    def structure(self) -> list[Block]:
        return [structure_table(self.structures, self.speech)] if self.structures else []

    def learning(self) -> list[Block]:
        if not self.learned:
            return []
        return [
            self.keep(contraction_figure(self.learned, lang=self.speech.code, name=self.name("contraction")))
        ]

    def attempted(self) -> list[Block]:
        return [attempt_table(self.attempts, self.speech)] if self.attempts else []

    def blind(self) -> list[Block]:
        """The lock's log in this language, entry by entry, and what was amended since in the words of the lock."""
        lock = self.board.lock
        seen = self.speech.say("pool.comma").join(
            dict.fromkeys(o.target.study for o in lock.contrasts if o.seen)
        )
        blocks: list[Block] = [Prose(self._say("blind", studies=seen))]
        blocks += [Prose(self.speech.known(f"board.blind_{i}", entry)) for i, entry in enumerate(lock.log, 1)]
        if lock.amendments:
            blocks.append(Prose(f"{self._say('amendments')}:"))
            blocks += [Prose(entry) for entry in lock.amendments]
        return blocks
