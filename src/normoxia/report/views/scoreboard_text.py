"""Sentences and summary tables of a scoreboard in one language, for the terminal and for the page.

Misses are printed in the same words and places as hits. Numbers are those of the scoreboard; nothing is scored here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from normoxia.calibration.scoring.baselines import CLASS_MEAN
from normoxia.calibration.scoring.choice import CHOSEN
from normoxia.calibration.scoring.score_summary import (
    PairedDifference,
    ScoreSummary,
    paired_difference,
)
from normoxia.calibration.scoring.scoreboard import (
    DirectionCall,
    PredictorScores,
    Scoreboard,
    Verdict,
)
from normoxia.language import Language
from normoxia.outcome import Endpoint, Estimate
from normoxia.report.views.outdated import outdated_sentence
from normoxia.report.views.scored_rows import Tone
from normoxia.report.views.tables import Table


class ScoreboardText:
    """Text and tables of a scoreboard in one language.

    Parameters
    ----------
    board
        Finished scoreboard.
    text
        Texts of the language.
    """

    def __init__(self, board: Scoreboard, text: Language) -> None:
        self.board, self.text = board, text
        self.judged = board.primary_scores
        self.n_seen = len({o.target.study for o in board.lock.contrasts if o.seen})

    # names and numbers

    def predictor_name(self, predictor: str) -> str:
        """Return the name of a predictor or baseline in words."""
        kind = "baseline" if predictor in self.board.baselines else "predictor"
        return self.text.known(f"board.{kind}_{predictor}", predictor)

    def percent(self, share: float) -> str:
        """Return a share in percent."""
        return "–" if math.isnan(share) else f"{100 * share:.0f}%"

    def file_name(self, stem: str) -> str:
        """Return a file name with the code of the language."""
        return f"{stem}-{self.text.code}"

    def _say(self, key: str, **values: object) -> str:
        return self.text.say(f"board.{key}", **values)

    def _of(self, k: int, n: int) -> str:
        return self._say("of", k=k, n=n) if n else "–"

    # sentences

    def lead(self) -> str:
        """Return a sentence on what was predicted, and how much of it."""
        lock = self.board.lock
        return self._say(
            "lead",
            studies=len(lock.studies),
            primary=self.predictor_name(self.board.primary),
            ratios=len(lock.contrasts),
            responses=len(lock.responses),
            medians=len(lock.medians),
            date=lock.date,
        )

    def standing(self) -> str:
        """Return a sentence on how many thresholds are missed, and which."""
        verdicts = self.board.thresholds
        missed = [v for v in verdicts if not v.met]
        if not missed:
            return self._say("won", n=len(verdicts))
        names = self.text.say("pool.semicolon").join(self.threshold(v) for v in missed)
        return self._say("lost", k=len(missed), n=len(verdicts), names=names)

    def attainable(self) -> str:
        """Return a sentence on the scores attainable if the effect of each class of trial were known exactly."""
        number, attainable = self.text.number, self.board.attainable
        return self._say(
            "attainable",
            pfs=number(attainable.pfs, 3),
            os=number(attainable.os, 3),
            orr=self.percent(attainable.orr),
            tau_pfs=number(attainable.tau_pfs, 2),
            tau_os=number(attainable.tau_os, 2),
            tau_orr=number(attainable.tau_orr, 2),
        )

    def missing(self) -> str:
        """Return a sentence on scored outcomes that no predictor predicted; "" when there are none."""
        rows = self.text.say("pool.semicolon").join(map(str, self.judged.missing))
        return self._say("missing", rows=rows) if rows else ""

    def ensemble(self) -> str:
        """Return a sentence on the diagnostics of the draws; "" for predictors without draws."""
        c = self.board.diagnostics
        if not c.draws:
            return ""
        number = self.text.number
        # infinite when every study was refitted
        k = c.max_pareto_k if math.isfinite(c.max_pareto_k) else math.nan
        return self._say(
            "ensemble",
            draws=c.draws,
            effective=number(c.effective_sample_size, 0),
            k=number(k, 2),
            r_hat=number(c.largest_r_hat, 2),
        )

    def outdated(self) -> str:
        """Return a sentence on an ensemble fitted to an older model; "" for one of this model."""
        return outdated_sentence(self.board.diagnostics.outdated, self.text)

    def learned(self) -> str:
        """Return a sentence on the weight of the mechanism beside class means; "" where none was learned."""
        weights = [
            self._say(
                "learned_of",
                endpoint=endpoint,
                beta=self.text.interval(Estimate(*weight.beta), 2),
                n=weight.n,
                tau=self.text.number(weight.tau[0], 2),
            )
            for endpoint, weight in self.board.learned.items()
        ]
        return (
            self._say("learned", weights=self.text.say("pool.semicolon").join(weights))
            if weights
            else ""
        )

    def against_class(self) -> str:
        """Return a sentence on how the primary predictor differs from the mean of the class; "" without that baseline."""
        if CLASS_MEAN not in self.board.baselines or not self.judged.rows:
            return ""
        asked: dict[str, tuple[str, Endpoint | None]] = {
            "pfs": ("error", Endpoint.PFS),
            "os": ("error", Endpoint.OS),
            "crps": ("crps", None),
        }
        found = {
            key: self.difference(paired_difference(self.judged.rows, CLASS_MEAN, score, endpoint))
            for key, (score, endpoint) in asked.items()
        }
        return self._say("against_class", primary=self.predictor_name(self.board.primary), **found)

    def chosen(self) -> str:
        """Return a sentence on the combination that is shipped; "" where none was chosen."""
        if CHOSEN not in self.board.predictors:
            return ""
        ways = [
            self._say(
                "chosen_of",
                endpoint=endpoint,
                way=self._say(f"way_{one.way}"),
                paired=self.difference(one.paired),
            )
            for endpoint, one in self.board.choices.items()
        ]
        verdicts = self.board.verdicts(CHOSEN)
        return self._say(
            "chosen",
            ways=self.text.say("pool.semicolon").join(ways),
            met=sum(v.met for v in verdicts),
            n=len(verdicts),
        )

    def strata_words(self) -> str:
        """Return a sentence on the strata, which no other summary includes."""
        rows = self.judged.strata
        crps = self.text.number(self.judged.of_strata.crps, 3)
        return self._say(
            "strata_words", inside=sum(r.inside95 for r in rows), n=len(rows), crps=crps
        )

    # verdicts

    def threshold(self, verdict: Verdict) -> str:
        """Return the name of a threshold in words."""
        return self._say(
            f"name_{verdict.name}",
            against=self.predictor_name(verdict.against) if verdict.against else "",
        )

    def verdict_table(self) -> Table:
        """Table of every threshold: verdict, value, limit, and the value without the trials seen before."""
        rows: list[tuple[str, ...]] = []
        tones: dict[tuple[int, int], Tone] = {}
        for i, v in enumerate(self.board.thresholds):
            value, limit = self._value_and_limit(v, self.judged.summary)
            word = self._say("met" if v.met else "missed")
            tones[i, 1] = "good" if v.met else "bad"
            rows.append((self.threshold(v), word, value, limit, self._unseen(v)))
        heads = ("threshold", "verdict", "value", "limit", "unseen")
        return Table(
            name=self.file_name("thresholds"),
            title=self._say("verdicts"),
            columns=tuple(self._say(h) for h in heads),
            rows=tuple(rows),
            note=self._say("verdicts_note", n=self.n_seen),
            tones=tones,
        )

    def _value_and_limit(self, v: Verdict, figures: ScoreSummary) -> tuple[str, str]:
        number = self.text.number
        low, high = self.percent(v.limit), self.percent(v.upper)
        if v.name in ("coverage95", "orr_within_6_points"):
            between = self._say("between", low=low, high=high)
            return (
                self.percent(v.value),
                between if v.upper < 1.0 else self._say("at_least", limit=low),
            )
        if v.name == "failures_predicted":
            n, k = len(self.judged.failures), self.judged.failures_predicted
            if self.board.lock.version > 1:
                return self._of(k, n), self._say("half_or_more", n=n)
            return self._of(k, n), self._say("at_least", limit=self._of(int(v.limit), n))
        if v.name == "crps":
            return number(v.value, 3), self._say("below", limit=number(v.limit, 3))
        if v.against in self.board.baselines:
            return number(v.value, 3), self._against(v)
        floor = figures.noise_floor_pfs if v.name.endswith("pfs") else figures.noise_floor_os
        limit = self._say(
            "times_floor",
            limit=number(v.limit, 3),
            times=f"{v.limit / floor:.2g}" if floor > 0 else "–",
            floor=number(floor, 3),
        )
        return number(v.value, 3), limit

    def _against(self, v: Verdict) -> str:
        """Limit of an error that is compared with a baseline's."""
        number, limit = self.text.number, self.text.number(v.limit, 3)
        if not v.name.endswith("pfs"):
            return self._say("at_most", limit=limit)
        paired = paired_difference(self.judged.rows, v.against, "error", Endpoint.PFS)
        return self._say(
            "below_by",
            limit=limit,
            against=self.predictor_name(v.against),
            whole=number(self.board.baselines[v.against].summary.mean_abs_log_hr_pfs, 3),
            paired=self.difference(paired),
        )

    def difference(self, paired: PairedDifference) -> str:
        """A difference with its interval."""
        return self.text.interval(Estimate(paired.difference, paired.low, paired.high), 3)

    def _unseen(self, v: Verdict) -> str:
        """Value of a threshold without the trials seen before."""
        f, number = self.judged.unseen, self.text.number
        if v.name == "failures_predicted":
            failures = [c for c in self.judged.failures if not self.board.lock.of(c.target).seen]
            return self._of(sum(c.correct for c in failures), len(failures))
        if v.name in ("coverage95", "orr_within_6_points"):
            return self.percent(f.coverage95 if v.name == "coverage95" else f.orr_within)
        if v.name == "crps":
            value, limit = f.crps, self.board.baselines[v.against].unseen.crps
        elif v.against in self.board.baselines:
            is_pfs, rival = v.name.endswith("pfs"), self.board.baselines[v.against].unseen
            value = f.mean_abs_log_hr_pfs if is_pfs else f.mean_abs_log_hr_os
            limit = 0.9 * rival.mean_abs_log_hr_pfs if is_pfs else rival.mean_abs_log_hr_os
        else:
            value, floor, whole = (
                (f.mean_abs_log_hr_pfs, f.noise_floor_pfs, self.judged.summary.noise_floor_pfs)
                if v.name.endswith("pfs")
                else (f.mean_abs_log_hr_os, f.noise_floor_os, self.judged.summary.noise_floor_os)
            )
            limit = v.limit / whole * floor if whole > 0 else math.nan
        return self._say("with_limit", value=number(value, 3), limit=number(limit, 3))

    # summaries

    def summary_table(self) -> Table:
        """Table of every measure over all outcomes, without the trials seen before, and as means over studies."""
        judged = self.judged
        columns = (judged.summary, judged.unseen, judged.by_study, judged.unseen_by_study)
        rows = [
            (self._say(f"row_{key}"), *(value_of(f) for f in columns))
            for key, value_of in self._measures()
        ]
        position = next(i for i, row in enumerate(rows) if row[0] == self._say("row_orr"))
        rows[position:position] = [
            (
                self._say("row_crps", name=self.predictor_name(predictor.name)),
                *(self.text.number(f.crps, 3) for f in _each(predictor)),
            )
            for predictor in (judged, *self.board.baselines.values())
        ]
        for key, calls in (("row_failures", judged.failures), ("row_successes", judged.successes)):
            rows.append((self._say(key), *self._correct_counts(calls), "–", "–"))
        heads = ("measure", "all", "unseen", "by_study", "unseen_by_study")
        return Table(
            name=self.file_name("summary"),
            title=self._say("summary"),
            columns=tuple(self._say(h) for h in heads),
            rows=tuple(rows),
            note=self._say("summary_note"),
        )

    def _measures(self) -> list[tuple[str, Callable[[ScoreSummary], str]]]:
        number, percent = self.text.number, self.percent

        def with_floor(value: float, floor: float) -> str:
            return self._say("floor", value=number(value, 3), floor=number(floor, 3))

        return [
            ("number", lambda f: f"{f.n_pfs}, {f.n_os}"),
            ("coverage95", lambda f: percent(f.coverage95)),
            ("coverage50", lambda f: percent(f.coverage50)),
            ("error_pfs", lambda f: with_floor(f.mean_abs_log_hr_pfs, f.noise_floor_pfs)),
            ("error_os", lambda f: with_floor(f.mean_abs_log_hr_os, f.noise_floor_os)),
            ("ratio", lambda f: f"{number(f.ratio_pfs, 2)}, {number(f.ratio_os, 2)}"),
            ("orr", lambda f: percent(f.orr_within)),
            ("orr_error", lambda f: number(f.orr_mean_abs)),
            ("orr_coverage", lambda f: percent(f.coverage95_orr)),
            ("dcr", lambda f: percent(f.dcr_within)),
            ("toxicity", lambda f: percent(f.toxicity_within)),
            ("rates_coverage", lambda f: percent(f.coverage95_rates)),
            ("medians_coverage", lambda f: percent(f.coverage95_medians)),
            ("medians_error", lambda f: number(_factor(f.median_mean_abs_log), 2)),
        ]

    def _correct_counts(self, calls: Sequence[DirectionCall]) -> tuple[str, str]:
        unseen = [c for c in calls if not self.board.lock.of(c.target).seen]
        return self._of(sum(c.correct for c in calls), len(calls)), self._of(
            sum(c.correct for c in unseen), len(unseen)
        )

    def predictor_table(self) -> Table:
        """Table of all predictors and baselines on the same outcomes, the primary one first and in bold."""
        others = [
            predictor
            for name, predictor in self.board.predictors.items()
            if name != self.board.primary
        ]
        rows = [
            self._predictor_row(predictor)
            for predictor in (self.judged, *others, *self.board.baselines.values())
        ]
        fallbacks = [
            self._say("fallback", name=self.predictor_name(name), n=n)
            for name, n in self.board.fallbacks.items()
            if n
        ]
        fallback_text = self.text.say("pool.comma").join(fallbacks) or self._say("no_fallback")
        heads = ("coverage95", "pfs", "os", "crps", "crps_unseen", "orr", "failures", "successes")
        return Table(
            name=self.file_name("predictors"),
            title=self._say("predictors"),
            columns=(self._say("predictor"), *(self._say(f"head_{h}") for h in heads)),
            rows=tuple(rows),
            note=self._say("predictors_note", fallbacks=fallback_text),
            emphasis=frozenset((0, c) for c in range(1, len(heads) + 1)),
        )

    def _predictor_row(self, predictor: PredictorScores) -> tuple[str, ...]:
        summary, number = predictor.summary, self.text.number
        return (
            self.predictor_name(predictor.name),
            self.percent(summary.coverage95),
            number(summary.mean_abs_log_hr_pfs, 3),
            number(summary.mean_abs_log_hr_os, 3),
            number(summary.crps, 3),
            number(predictor.unseen.crps, 3),
            self.percent(summary.orr_within),
            self._of(predictor.failures_predicted, len(predictor.failures)),
            self._of(predictor.successes_predicted, len(predictor.successes)),
        )


def _each(predictor: PredictorScores) -> tuple[ScoreSummary, ...]:
    return predictor.summary, predictor.unseen, predictor.by_study, predictor.unseen_by_study


def _factor(log_error: float) -> float:
    return math.exp(log_error) if log_error < 700.0 else math.inf
