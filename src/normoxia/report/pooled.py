"""A synthesis told in one language: its sentences, its tables and its figures, for the terminal and for the page alike.

Effects are shown as they are read: ratios on their own scale, differences as they are. A ranking never stands without
its uncertainty, and a treatment that nothing connects to the reference is shown against the reference of its own part.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

from normoxia.evidence.synthesis.certainty import LEVELS, Certainty
from normoxia.evidence.synthesis.components import ComponentEffect, ComponentFit
from normoxia.evidence.synthesis.meta import normal_quantile
from normoxia.evidence.synthesis.network import NetworkEffect, agrees_exactly, standing
from normoxia.evidence.synthesis.pooling import Synthesis
from normoxia.evidence.synthesis.ranking import Rank
from normoxia.language import Language
from normoxia.outcome import Estimate
from normoxia.report.figure import Figure
from normoxia.report.forest import ForestRow, forest_figure
from normoxia.report.network import (
    DirectComparison,
    RankingRow,
    Treatment,
    league_table,
    network_figure,
    ranking_figure,
)
from normoxia.report.tables import Table

Shares = Mapping[tuple[str, str], Mapping[str, float]]

#: the largest league table a page can hold
_WIDEST = 12
#: the largest network whose order on the circle is searched
_MOST_UNTANGLED = 14
#: a study's share of an estimate below which it is not named, in percent
_SMALLEST_SHARE = 5.0
#: the most columns of effects beside the names of studies left out
_WIDEST_WITHOUT = 6


class Pooled:
    """One synthesis in one language.

    certainty      of its contrasts, where judged
    contributions  share of each study in each estimate
    translated     whether names of treatments are words of the catalogue (a question's are, a user's are not)
    suffix         ends the names of figures and tables, such as "-PFS"
    without        effects against the reference with each study left out; None where the network breaks then
    parts          the component model of the treatments
    """

    def __init__(
        self,
        synthesis: Synthesis,
        speech: Language,
        *,
        certainty: Sequence[Certainty] = (),
        contributions: Shares | None = None,
        translated: bool = False,
        suffix: str = "",
        without: Mapping[str, Sequence[NetworkEffect] | None] | None = None,
        parts: ComponentFit | None = None,
    ) -> None:
        self.synthesis, self.speech, self.suffix = synthesis, speech, suffix
        self.translated = translated
        self.without, self.parts = without or {}, parts
        self.judged = {frozenset((c.treatment, c.comparator)): c for c in certainty}
        self.contributions = contributions or {}
        self.network, self.fit = synthesis.network, synthesis.fit
        self.is_ratio = self.network.effect.is_ratio
        self.measure = str(self.network.effect)
        self.forests = self._forests()

    # names and numbers

    def say(self, key: str, /, **values: object) -> str:
        """A text of this language; what speaks of intervals has the level of this fit."""
        return self.speech.say(key, level=percent(self.fit.level), **values)

    def called(self, treatment: str) -> str:
        """A treatment's name in this language, part by part."""
        return treatment_in(self.speech, treatment) if self.translated else treatment

    def pair(self, treatment: str, comparator: str) -> str:
        """Two treatments, one against the other."""
        return self.speech.say("pool.pair", one=self.called(treatment), other=self.called(comparator))

    def natural(self, value: float) -> float:
        """A value of the analysis scale as it is read; beyond what a float holds it is infinite."""
        if not self.is_ratio:
            return value
        return math.exp(value) if not value >= 700 else math.inf

    def shown(self, e: NetworkEffect) -> Estimate:
        """An effect with its interval as it is read."""
        return Estimate(
            self.natural(e.estimate), self.natural(e.low), self.natural(e.high), level=self.fit.level
        )

    def predicted(self, e: NetworkEffect) -> str:
        """A prediction interval in words, or a dash."""
        low, high = (self.natural(end) for end in e.prediction)
        if math.isnan(low):
            return "–"
        return self.speech.say(
            "pool.interval", low=self.speech.number(low, 2), high=self.speech.number(high, 2)
        )

    def name(self, stem: str) -> str:
        """A file name of this language."""
        return f"{stem}{self.suffix}-{self.speech.code}"

    def _forests(self) -> list[tuple[str, list[NetworkEffect]]]:
        """Each connected part's reference and the effects against it; the part of the reference first."""
        held = standing(self.network)
        found = []
        for part in self.network.parts():
            own = self.synthesis.reference in part
            at = self.synthesis.reference if own else max(part, key=lambda t: held[t])
            effects = sorted(
                (self.fit.effect(t, at) for t in part if t != at), key=lambda e: self._order(e.treatment)
            )
            found.append((not own, at, effects))
        return [(at, effects) for _, at, effects in sorted(found, key=lambda item: item[0])]

    def _order(self, treatment: str) -> int:
        return next((i for i, r in enumerate(self.synthesis.ranking) if r.treatment == treatment), 0)

    # sentences

    def network_words(self) -> str:
        """Studies, treatments, comparisons, and whether they hang together."""
        say, network = self.say, self.network
        arms = sum(len(m.arms) > 2 for m in network.members)
        told = say(
            "pool.network", studies=len(network.studies), treatments=len(network.treatments),
            comparisons=len(self.compared()), multi=arms, measure=self.measure,
            reference=self.called(self.synthesis.reference),
        )  # fmt: skip
        if network.is_connected:
            return told
        join, bar = say("pool.comma"), say("pool.semicolon")
        parts = bar.join(join.join(self.called(t) for t in part) for part in network.parts())
        return told + say("pool.parts", n=network.n_parts, parts=parts)

    def heterogeneity_words(self) -> str:
        """tau with its interval, I-squared, Q."""
        fit, say, number = self.fit, self.say, self.speech.number
        if fit.df == 0:
            return say("pool.no_heterogeneity")
        low, high = (math.sqrt(end) for end in fit.tau2_interval())
        i2, i2_low, i2_high = (100.0 * share for share in fit.i2)
        return say(
            "pool.heterogeneity" if fit.model == "random" else "pool.heterogeneity_common",
            tau=number(fit.tau, 3), low=number(low, 3), high=number(high, 3), method=fit.tau_method,
            i2=number(i2, 0), i2_low=number(i2_low, 0), i2_high=number(i2_high, 0),
            q=number(fit.q), df=fit.df, p=self.speech.p_value(fit.q_p_value),
        )  # fmt: skip

    def inconsistency_words(self) -> str:
        """The design-by-treatment test, or why there is none."""
        d, say = self.synthesis.interaction, self.say
        if d.between_df == 0:
            return say("pool.no_inconsistency")
        told = say(
            "pool.design", q=self.speech.number(d.between_q), df=d.between_df,
            p=self.speech.p_value(d.between_p_value), random_q=self.speech.number(d.random_q),
            random_p=self.speech.p_value(d.random_p_value), tau=self.speech.number(d.tau_within, 3),
        )  # fmt: skip
        if not math.isnan(d.f_p_value):
            told += say(
                "pool.design_f", f=self.speech.number(d.f_ratio, 2), p=self.speech.p_value(d.f_p_value)
            )
        return told

    def limit_words(self) -> list[str]:
        """What this evidence cannot say: its gaps in sentences of this language."""
        say, fit, network = self.say, self.fit, self.network
        lines = []
        if not network.is_connected:
            lines.append(say("pool.limit_parts"))
        if len(network.studies) == 1:
            lines.append(say("pool.limit_one_study"))
        elif fit.df == 0:
            lines.append(say("pool.limit_no_spare"))
        if fit.df and len(self.compared()) == len(network.treatments) - network.n_parts:
            lines.append(say("pool.limit_no_loop"))
        if fit.tau_is_outside():
            lines.append(say("pool.limit_tau_outside", method=fit.tau_method))
        if fit.hartung_knapp and agrees_exactly(fit):
            lines.append(say("pool.limit_agree"))
        if fit.model == "random" and 0 < fit.df < 5:
            lines.append(say("pool.limit_few", df=fit.df))
        if self.synthesis.method != "inverse-variance":
            lines += [
                say(f"pool.method_{self.synthesis.method.replace('-', '_')}"),
                say("pool.method_splits"),
            ]
        return lines

    def compared(self) -> dict[tuple[str, str], int]:
        """Pairs that studies compared head to head, and in how many."""
        return {(s.treatment, s.comparator): s.n_studies for s in self.synthesis.splits}

    # tables

    def effects_table(self) -> Table:
        """Every treatment against the reference of its part."""
        say = self.say
        rows: list[tuple[str, ...]] = []
        bold, groups = set(), set()
        heads = ["treatment", "estimate", "prediction", "p", *(["certainty"] if self.judged else [])]
        for at, effects in self.forests:
            if len(self.forests) > 1:
                groups.add(len(rows))
                rows.append((say("pool.against", reference=self.called(at)), *[""] * (len(heads) - 1)))
            for e in effects:
                if not e.low <= 0.0 <= e.high:
                    bold.add((len(rows), 1))
                cells = [
                    self.called(e.treatment), self.speech.interval(self.shown(e), 2), self.predicted(e),
                    self.speech.p_value(e.p_value),
                ]  # fmt: skip
                rows.append((*cells, *([self.level(e.treatment, e.comparator)] if self.judged else [])))
        return Table(
            self.name("effects"),
            say("pool.effects", reference=self.called(self.synthesis.reference)),
            tuple(say(f"pool.{head}", measure=self.measure) for head in heads),
            tuple(rows), say(f"pool.model_{self.fit.model}"), frozenset(bold), frozenset(groups),
        )  # fmt: skip

    def level(self, treatment: str, comparator: str) -> str:
        """How certain a contrast is, in a word."""
        found = self.judged.get(frozenset((treatment, comparator)))
        if found is None:
            return "–"
        word = self.speech.known(f"pool.level_{found.level.replace(' ', '_')}", found.level)
        if not (n := len(found.not_judged)):
            return word
        key = "pool.level_not_judged" if found.level == LEVELS[-1] else "pool.level_at_most"
        return self.say(key, word=word, n=n, of=len(found.judgements))

    def ranking_table(self) -> Table:
        """P-scores, SUCRA and ranks, each with what is not known of it."""
        say = self.say
        rows: list[tuple[str, ...]] = []
        groups = set()
        heads = ("treatment", "p_score", "sucra", "mean_rank", "p_best")
        for at, effects in self.forests:
            if len(self.forests) > 1:
                groups.add(len(rows))
                rows.append((say("pool.connected", reference=self.called(at)), *[""] * (len(heads) - 1)))
            inside = {at, *(e.treatment for e in effects)}
            rows += [self._standing(r) for r in self.synthesis.ranking if r.treatment in inside]
        note = say("pool.small_good" if self.synthesis.small_values == "good" else "pool.small_bad")
        columns = tuple(say(f"pool.{h}") for h in heads)
        return Table(
            self.name("ranking-table"), say("pool.ranking"), columns, tuple(rows), note, groups=frozenset(groups)
        )  # fmt: skip

    def _standing(self, r: Rank) -> tuple[str, ...]:
        return (
            self.called(r.treatment),
            self.speech.interval(Estimate(r.p_score, *r.p_score_interval), 2),
            self.speech.number(r.sucra, 2),
            self.speech.say(
                "pool.rank_range", mean=self.speech.number(r.mean_rank), low=r.rank_interval[0], high=r.rank_interval[1]
            ),
            f"{100 * r.p_best:.0f}%",
        )  # fmt: skip

    def splits_table(self) -> Table | None:
        """Direct against indirect, wherever both exist."""
        say, number = self.say, self.speech.number
        splits = [s for s in self.synthesis.splits if not math.isnan(s.p_value)]
        if not splits:
            return None
        splits.sort(key=lambda s: s.p_value)
        rows = tuple(
            (
                self.pair(s.treatment, s.comparator), str(s.n_studies), f"{100 * s.proportion:.0f}%",
                self._side(s.direct, s.direct_se), self._side(s.indirect, s.indirect_se),
                number(self.natural(s.difference), 2), self.speech.p_value(s.p_value),
            )
            for s in splits
        )  # fmt: skip
        bold = frozenset((i, 6) for i, s in enumerate(splits) if s.p_value < 0.10)
        heads = ("comparison", "studies", "proportion", "direct", "indirect", "gap", "p")
        key = "pool.gap_ratio" if self.is_ratio else "pool.gap_difference"
        return Table(
            self.name("splits"), say("pool.splits"), tuple(say(f"pool.{h}") for h in heads), rows, say(key), bold
        )  # fmt: skip

    def _side(self, estimate: float, se: float) -> str:
        half = normal_quantile(self.fit.level) * se  # normal, as the split's own p value
        ends = (self.natural(x) for x in (estimate, estimate - half, estimate + half))
        return self.speech.interval(Estimate(*ends), 2)

    def league(self) -> Table | None:
        """Every pair, best first; None when it would be too wide for a page (the CSV holds it)."""
        return self.league_whole() if len(self.network.treatments) <= _WIDEST else None

    def league_whole(self) -> Table:
        """Every pair, however many."""
        order = [r.treatment for r in self.synthesis.ranking]
        order += [t for t in self.network.treatments if t not in order]
        effects = {
            (self.called(a), self.called(b)): self.shown(self.fit.effect(a, b))
            for a in order
            for b in order
            if a != b and self.network.part[self.network.index(a)] == self.network.part[self.network.index(b)]
        }
        return league_table(
            [self.called(t) for t in order], effects, null=1.0 if self.is_ratio else 0.0,
            lang=self.speech.code, name=self.name("league"),
        )  # fmt: skip

    def certainty_table(self) -> Table | None:
        """The six domains of each contrast against the reference, and the level they come to."""
        say, rows = self.say, []
        for _, effects in self.forests:
            for e in effects:
                found = self.judged.get(frozenset((e.treatment, e.comparator)))
                if found is None:
                    continue
                marks = [say(f"pool.concern_{j.word.replace(' ', '_')}") for j in found.judgements]
                rows.append(
                    (
                        self.pair(e.treatment, e.comparator),
                        *marks,
                        self.level(found.treatment, found.comparator),
                    )
                )
        if not rows:
            return None
        domains = next(iter(self.judged.values())).judgements
        heads = [self.speech.known(f"pool.domain_{j.domain.replace(' ', '_')}", j.domain) for j in domains]
        bold = frozenset((i, len(heads) + 1) for i in range(len(rows)))
        return Table(
            self.name("certainty"), say("pool.certainty_title"),
            (say("pool.comparison"), *heads, say("pool.certainty")), tuple(rows),
            say("pool.certainty_note" if self.translated else "pool.certainty_note_table"), bold,
        )  # fmt: skip

    def contribution_table(self) -> Table | None:
        """Which studies an estimate rests on."""
        say, rows = self.say, []
        join = say("pool.comma")
        for _, effects in self.forests:
            for e in effects:
                own = self.contributions.get((e.treatment, e.comparator)) or self.contributions.get(
                    (e.comparator, e.treatment), {}
                )
                shares = sorted(own.items(), key=lambda item: -item[1])
                named = [f"{study} {100 * s:.0f}%" for study, s in shares if 100 * s >= _SMALLEST_SHARE]
                rest = 100 * sum(s for _, s in shares if 100 * s < _SMALLEST_SHARE)
                if rest >= 0.5:
                    named.append(
                        say("pool.others", n=sum(100 * s < _SMALLEST_SHARE for _, s in shares), share=f"{rest:.0f}")
                    )  # fmt: skip
                if named:
                    rows.append((self.pair(e.treatment, e.comparator), join.join(named)))
        if not rows:
            return None
        heads = (say("pool.comparison"), say("pool.contribution"))
        return Table(
            self.name("contributions"), say("pool.contributions"), heads, tuple(rows), say("pool.contributions_note")
        )  # fmt: skip

    def without_table(self) -> Table | None:
        """Effects against the reference with each study left out; None when nobody asked or it would be too wide for a page."""
        names = [e.treatment for e in self.forests[0][1]]
        if not self.without or not 1 <= len(names) <= _WIDEST_WITHOUT:
            return None
        broken, rows = self.say("pool.without_broken"), []
        for study, effects in self.without.items():
            found = {e.treatment: self.speech.interval(self.shown(e), 2) for e in effects or ()}
            rows.append((study, *(found.get(name, broken) for name in names)))
        columns = (self.say("pool.study"), *(self.pair(name, self.forests[0][0]) for name in names))
        return Table(self.name("without"), self.say("pool.without"), columns, tuple(rows))

    def parts_words(self) -> list[str]:
        """How the additive model fits; nothing without one."""
        fit = self.parts
        if fit is None or fit.difference_df <= 0:
            return []
        return [
            self.say(
                "pool.misfit", q=self.speech.number(fit.difference_q), df=fit.difference_df,
                p=self.speech.p_value(fit.difference_p_value),
            )
        ]  # fmt: skip

    def parts_table(self) -> Table | None:
        """What each component of the treatments adds, and each treatment against the reference by their sums."""
        fit = self.parts
        if fit is None:
            return None
        rows = [(e.component, self._part(e), self.speech.p_value(e.p_value)) for e in fit.effects()]
        groups = {len(rows)}
        at = self.synthesis.reference
        rows.append((self.say("pool.parts_sums", reference=self.called(at)), "", ""))
        for name in self.network.treatments:
            if name != at:
                e = fit.combination(name, at)
                rows.append((self.called(name), self._part(e), self.speech.p_value(e.p_value)))
        heads = ("component", "estimate", "p")
        return Table(
            self.name("components"), self.say("pool.components"),
            tuple(self.say(f"pool.{head}", measure=self.measure) for head in heads), tuple(rows),
            self.say("pool.parts_note"), groups=frozenset(groups),
        )  # fmt: skip

    def _part(self, e: ComponentEffect) -> str:
        if not e.is_estimable:
            return self.say("pool.not_estimable")
        return self.speech.interval(Estimate(*(self.natural(x) for x in (e.estimate, e.low, e.high))), 2)

    # figures

    def figures(self) -> list[Figure]:
        """Network graph, forest, and a ranking for each connected part."""
        return [self.graph(), self.forest(), *self.rankings()]

    def graph(self) -> Figure:
        """Who was compared with whom."""
        patients = dict.fromkeys(self.network.treatments, 0.0)
        for (_, arm), n in self.network.sizes.items():
            if arm in patients:
                patients[arm] += n
        order = untangled([t for part in self.network.parts() for t in part], list(self.compared()))
        part_of = dict(zip(self.network.treatments, self.network.part, strict=True))
        nodes = [Treatment(self.called(t), patients[t] or math.nan, int(part_of[t])) for t in order]
        edges = [DirectComparison(self.called(a), self.called(b), n) for (a, b), n in self.compared().items()]
        return network_figure(nodes, edges, lang=self.speech.code, name=self.name("network"))

    def forest(self) -> Figure:
        """Every treatment against the reference of its part, with prediction intervals where they differ."""
        say, rows = self.say, []
        for at, effects in self.forests:
            if len(self.forests) > 1:
                rows.append(ForestRow(say("pool.against", reference=self.called(at)), kind="heading"))
            for e in effects:
                rows.append(ForestRow(self.called(e.treatment), self.shown(e)))
                low, high = e.prediction
                if self.fit.model == "random" and not math.isnan(low):
                    shown = Estimate(self.natural(e.estimate), self.natural(low), self.natural(high))
                    rows.append(ForestRow(f"  {say('pool.prediction_row')}", shown, "prediction"))
        better, worse = say("pool.favours_first"), say("pool.favours_reference")
        if self.synthesis.small_values == "bad":
            better, worse = worse, better
        return forest_figure(
            rows, measure=self.measure, left=better, right=worse, note=self.heterogeneity_words(),
            ratio=self.is_ratio, lang=self.speech.code, name=self.name("forest"), level=percent(self.fit.level),
            title=say("pool.effects", reference=self.called(self.synthesis.reference)),
        )  # fmt: skip

    def rankings(self) -> list[Figure]:
        """P-scores with intervals and the probability of every rank, part by part."""
        found = []
        for i, (at, effects) in enumerate(self.forests):
            inside = {at, *(e.treatment for e in effects)}
            rows = [
                RankingRow(
                    self.called(r.treatment), Estimate(r.p_score, *r.p_score_interval), r.probabilities
                )
                for r in self.synthesis.ranking
                if r.treatment in inside
            ]
            stem = "ranking" if len(self.forests) == 1 else f"ranking-part-{i + 1}"
            found.append(
                ranking_figure(
                    rows,
                    score=self.say("pool.score"),
                    lang=self.speech.code,
                    name=self.name(stem),
                    level=percent(self.fit.level),
                )
            )
        return found


def percent(level: float) -> str:
    """A level in percent, without a decimal that says nothing."""
    return f"{100.0 * level:.4g}"


def untangled(treatments: Sequence[str], pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Treatments in an order on a circle whose lines cross little: swaps of two, as long as one helps.

    Large networks stay as they are; there the lines cross whatever the order.
    """
    order = list(treatments)
    if len(order) > _MOST_UNTANGLED:
        return order

    def crossings() -> int:
        at = {t: i for i, t in enumerate(order)}
        chords = [tuple(sorted((at[a], at[b]))) for a, b in pairs]
        return sum(a < c < b < d or c < a < d < b for (a, b), (c, d) in combinations(chords, 2))

    fewest, improved = crossings(), True
    while improved and fewest:
        improved = False
        for i, j in combinations(range(len(order)), 2):
            order[i], order[j] = order[j], order[i]
            found = crossings()
            if found < fewest:
                fewest, improved = found, True
            else:
                order[i], order[j] = order[j], order[i]
    return order


def treatment_in(speech: Language, treatment: str) -> str:
    """A combination's name in a language: "ICI + chemotherapy" part by part, unknown parts as they are."""
    return " + ".join(
        speech.known(f"pool.drug_{part.replace(' ', '_')}", part) for part in treatment.split(" + ")
    )


def effect_rows(synthesis: Synthesis) -> tuple[tuple[str, ...], tuple[tuple[object, ...], ...]]:
    """Every estimable pair once per model as rows for a file, unrounded, on the analysis scale; columns first."""
    columns = (
        "treatment", "comparator", "model", "estimate", "se", "low", "high", "prediction_low", "prediction_high",
        "p_value",
    )  # fmt: skip
    fits = [synthesis.fit] if synthesis.fit.model == "common" else [synthesis.fit, synthesis.common]
    rows = tuple(
        (e.treatment, e.comparator, fit.model, e.estimate, e.se, e.low, e.high, *e.prediction, e.p_value)
        for fit in fits
        for e in fit.effects()
        if not math.isnan(e.estimate)
    )
    return columns, rows
