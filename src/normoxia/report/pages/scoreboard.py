"""Page of a scoreboard: predictions of trials beside their published results, in English and Chinese."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

import numpy as np

from normoxia import __version__
from normoxia.calibration.scoring.attempts import Attempt
from normoxia.calibration.scoring.baselines import COMPONENT
from normoxia.calibration.scoring.groups import DIMENSIONS
from normoxia.calibration.scoring.score_summary import crps_gain
from normoxia.calibration.scoring.scoreboard import Scoreboard
from normoxia.calibration.scoring.scored_contrasts import ScoredContrast
from normoxia.language import Language, language
from normoxia.outcome import Endpoint, Estimate, Measure
from normoxia.report.figures.contraction import ParameterContraction, contraction_figure
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.interval_calibration import Transforms, interval_calibration_figure
from normoxia.report.figures.predicted_observed import ScatterPanel, predicted_observed_figure
from normoxia.report.figures.prediction import Prediction, prediction_forest
from normoxia.report.figures.score_comparison import Score, score_figure
from normoxia.report.pages.document import Block, Highlight, Page, Prose, Section
from normoxia.report.views.fitting import (
    StructureOdds,
    StudyLeftOut,
    attempt_table,
    left_out_table,
    structure_table,
)
from normoxia.report.views.score_groups import group_table, paired_table
from normoxia.report.views.scoreboard_text import ScoreboardText
from normoxia.report.views.scored_rows import direction_table, prediction, row_table, rows_of

LANGUAGES = ("en", "zh")

#: two-sided normal quantile of the intervals of gains over studies
_Z = 1.959964
#: half-width in points of the band in which a response rate counts as predicted, as the lock writes it
_POINTS = 6.0


def pages(
    board: Scoreboard,
    *,
    learned: Sequence[ParameterContraction] = (),
    structures: Sequence[StructureOdds] = (),
    left_out: Mapping[str, StudyLeftOut] | None = None,
    attempts: Sequence[Attempt] = (),
    provenance: Mapping[str, str] | None = None,
    first: str = "en",
) -> tuple[tuple[Page, ...], tuple[Figure, ...]]:
    """Return the report of a scoreboard, one page per language, and all its figures.

    Parameters
    ----------
    board
        Finished scoreboard.
    learned, structures, left_out, attempts
        Contractions of parameters, odds of structures, leave-one-study-out diagnostics, attempts; each adds a section
        when given.
    provenance
        How the predictions were made: names to values, printed at the end with the digest of the lock.
    first
        Code of the language of the first page.
    """
    page_provenance = {
        "predictor": board.primary,
        "lock": board.lock.date,
        "lock_sha256": board.lock.digest,
        **(provenance or {}),
        "normoxia": __version__,
    }
    build_page = partial(
        _ScoreboardPage,
        board,
        learned=learned,
        structures=structures,
        left_out=left_out or {},
        attempts=attempts,
        provenance=page_provenance,
    )
    order = sorted(LANGUAGES, key=lambda code: code != first)
    reports = [build_page(language(code)) for code in order]
    built = tuple(report.page() for report in reports)
    return built, tuple(figure for report in reports for figure in report.figures)


class _ScoreboardPage:
    """Page of a scoreboard in one language."""

    def __init__(
        self,
        board: Scoreboard,
        text: Language,
        *,
        learned: Sequence[ParameterContraction],
        structures: Sequence[StructureOdds],
        left_out: Mapping[str, StudyLeftOut],
        attempts: Sequence[Attempt],
        provenance: Mapping[str, str],
    ) -> None:
        self.board, self.text, self.board_text = board, text, ScoreboardText(board, text)
        self.learned, self.structures, self.left_out = learned, structures, left_out
        self.attempts, self.provenance = attempts, provenance
        self.figures: list[Figure] = []

    def page(self) -> Page:
        say, board_text = self._say, self.board_text
        sections = [
            Section(say("section_verdict"), tuple(self.verdict())),
            Section(say("section_scores"), tuple(self.scores())),
            Section(say("section_ratios"), tuple(self.ratios())),
            Section(say("section_groups"), tuple(self.kinds())),
            Section(say("section_responses"), tuple(self.responses())),
            Section(say("section_rates"), tuple(self.rates())),
            Section(say("section_medians"), tuple(self.medians())),
            Section(say("section_intervals"), tuple(self.intervals())),
            Section(say("section_strata"), tuple(self.strata())),
            Section(say("section_left_out"), tuple(self.leaving_out())),
            Section(say("section_structures"), tuple(self.structure())),
            Section(say("section_learned"), tuple(self.contraction())),
            Section(say("section_attempts"), tuple(self.attempts_made())),
            Section(say("section_blind"), tuple(self.blind())),
            Section(say("section_limits"), (Prose(say("limits")),)),
        ]
        met = sum(v.met for v in self.board.thresholds)
        badge = say("badge", met=met, n=len(self.board.thresholds))
        return Page(
            language=self.text.code,
            title=say("title"),
            lead=board_text.lead(),
            sections=tuple(s for s in sections if s.blocks),
            highlights=self.highlights(),
            badges=(badge,),
            provenance=self.provenance,
            version=__version__,
            date=date.today().isoformat(),
        )

    def _say(self, key: str, **values: object) -> str:
        return self.text.say(f"board.{key}", **values)

    def add_figure(self, figure: Figure) -> Figure:
        self.figures.append(figure)
        return figure

    def name(self, stem: str) -> str:
        return f"{stem}-{self.text.code}"

    # head of the page

    def highlights(self) -> tuple[Highlight, ...]:
        """One number per threshold with its limit, the lowest where there are several."""
        table = self.board_text.verdict_table()
        lowest: dict[str, float] = {}
        for verdict in self.board.thresholds:
            lowest[verdict.name] = min(verdict.limit, lowest.get(verdict.name, math.inf))
        highlights: dict[str, Highlight] = {}
        for verdict, row in zip(self.board.thresholds, table.rows, strict=True):
            if verdict.limit == lowest[verdict.name]:
                shown = Highlight(row[0], row[2], f"{row[1]} · {row[3]}")
                highlights.setdefault(verdict.name, shown)
        return tuple(highlights.values())

    def verdict(self) -> list[Block]:
        board_text = self.board_text
        blocks: list[Block] = [Prose(board_text.standing(), warning=not self.board.met)]
        if board_text.missing():
            blocks.append(Prose(board_text.missing(), warning=True))
        return [
            *blocks,
            *(Prose(words) for words in (board_text.against_class(), board_text.chosen()) if words),
            board_text.verdict_table(),
            Prose(board_text.attainable()),
            direction_table(self.board, self.text),
        ]

    def scores(self) -> list[Block]:
        title, note = self._say("scores_title"), self._say("scores_note")
        score_lines = self.score_lines()
        blocks: list[Block] = []
        if any(math.isfinite(score.value) for score in score_lines):
            figure = score_figure(
                score_lines, title=title, note=note, lang=self.text.code, name=self.name("crps")
            )
            blocks = [self.add_figure(figure)]
        learned = self.board_text.learned()
        blocks += [
            self.board_text.predictor_table(),
            paired_table(self.board, self.text),
            self.board_text.summary_table(),
        ]
        return [*blocks, Prose(learned)] if learned else blocks

    def score_lines(self) -> list[Score]:
        """The primary predictor, the others, and the baselines with the difference from each."""
        board, board_text = self.board, self.board_text
        primary = board.primary_scores
        others = [
            predictor for name, predictor in board.predictors.items() if name != board.primary
        ]
        lines = [
            Score(
                name=board_text.predictor_name(predictor.name),
                value=predictor.summary.crps,
                unseen=predictor.unseen.crps,
            )
            for predictor in (primary, *others)
        ]
        for name, predictor in board.baselines.items():
            mean, error = crps_gain(primary.rows, name)
            gain = Estimate(mean, mean - _Z * error, mean + _Z * error)
            lines.append(
                Score(
                    name=board_text.predictor_name(name),
                    value=predictor.summary.crps,
                    unseen=predictor.unseen.crps,
                    gain=gain,
                    is_baseline=True,
                )
            )
        return lines

    # rows

    def ratios(self) -> list[Block]:
        rows = rows_of(self.board, Measure.HAZARD_RATIO)
        blocks: list[Block] = []
        for endpoint in (Endpoint.PFS, Endpoint.OS):
            predictions = [
                prediction(r, COMPONENT) for r in rows if r.observed.target.endpoint is endpoint
            ]
            if predictions:
                endpoint_name = self.text.known(f"endpoint.{endpoint}", str(endpoint))
                figure = prediction_forest(
                    predictions,
                    title=self._say("forest", endpoint=endpoint_name),
                    baseline=self.board_text.predictor_name(COMPONENT),
                    lang=self.text.code,
                    name=self.name(f"hazard-ratios-{endpoint.lower()}"),
                )
                blocks.append(self.add_figure(figure))
        return [*blocks, row_table(rows, "ratios", self.text)] if rows else blocks

    def kinds(self) -> list[Block]:
        if not rows_of(self.board, Measure.HAZARD_RATIO):
            return []
        return [group_table(self.board, by, self.text) for by in DIMENSIONS]

    def responses(self) -> list[Block]:
        return self._shares("response", "responses", (Endpoint.ORR,))

    def rates(self) -> list[Block]:
        return self._shares("rates", "rates", (Endpoint.DCR, Endpoint.TRAE3))

    def _shares(self, key: str, table: str, endpoints: tuple[Endpoint, ...]) -> list[Block]:
        """Shares of patients predicted and published, as a figure and as rows."""
        rows = rows_of(self.board, Measure.PERCENT, endpoints=endpoints)
        if not rows:
            return []
        panel = ScatterPanel(self._say(f"{key}_axis"), self._points(rows), band=_POINTS)
        figure = predicted_observed_figure(
            [panel],
            title=self._say(key),
            note=self._say(f"{key}_note"),
            lang=self.text.code,
            name=self.name(key),
        )
        return [self.add_figure(figure), row_table(rows, table, self.text)]

    def medians(self) -> list[Block]:
        rows = rows_of(self.board, Measure.MEDIAN_MONTHS)
        if not rows:
            return []
        panels = [
            ScatterPanel(
                self._say("medians_axis", endpoint=endpoint),
                self._points([r for r in rows if r.observed.target.endpoint is endpoint]),
                is_log=True,
            )
            for endpoint in (Endpoint.PFS, Endpoint.OS)
        ]
        figure = predicted_observed_figure(
            panels,
            title=self._say("medians"),
            note=self._say("medians_note"),
            lang=self.text.code,
            name=self.name("medians"),
        )
        return [self.add_figure(figure), row_table(rows, "medians", self.text)]

    def _points(self, rows: Sequence[ScoredContrast]) -> tuple[Prediction, ...]:
        return tuple(prediction(row) for row in rows)

    def intervals(self) -> list[Block]:
        groups = [
            Transforms(
                self._say(f"group_{key}"),
                np.array([r.predicted.pit for r in rows_of(self.board, measure)]),
            )
            for key, measure in (
                ("ratios", Measure.HAZARD_RATIO),
                ("responses", Measure.PERCENT),
                ("medians", Measure.MEDIAN_MONTHS),
            )
        ]
        if not any(len(group.values) for group in groups):
            return []
        figure = interval_calibration_figure(
            groups, lang=self.text.code, name=self.name("intervals")
        )
        return [self.add_figure(figure)]

    def strata(self) -> list[Block]:
        rows = self.board.primary_scores.strata
        if not rows:
            return []
        return [
            Prose(self.board_text.strata_words()),
            row_table(rows, "strata", self.text, populations=True),
        ]

    # the fit

    def leaving_out(self) -> list[Block]:
        sentence, warning = self.board_text.ensemble(), self.board_text.outdated()
        blocks: list[Block] = [Prose(warning, warning=True)] if warning else []
        blocks += [Prose(sentence)] if sentence else []
        if self.left_out:
            blocks.append(left_out_table(self.left_out, self.text))
        return blocks

    def structure(self) -> list[Block]:
        return [structure_table(self.structures, self.text)] if self.structures else []

    def contraction(self) -> list[Block]:
        if not self.learned:
            return []
        return [
            self.add_figure(
                contraction_figure(self.learned, lang=self.text.code, name=self.name("contraction"))
            )
        ]

    def attempts_made(self) -> list[Block]:
        return [attempt_table(self.attempts, self.text)] if self.attempts else []

    def blind(self) -> list[Block]:
        """The log of the lock in this language, entry by entry, and its amendments as they were written."""
        lock = self.board.lock
        seen = self.text.say("pool.comma").join(
            dict.fromkeys(o.target.study for o in lock.contrasts if o.seen)
        )
        blocks: list[Block] = [Prose(self._say("blind", studies=seen))]
        blocks += [
            Prose(self.text.known(f"board.blind_{i}", entry)) for i, entry in enumerate(lock.log, 1)
        ]
        if lock.amendments:
            blocks.append(Prose(f"{self._say('amendments')}:"))
            blocks += [Prose(entry) for entry in lock.amendments]
        return blocks
