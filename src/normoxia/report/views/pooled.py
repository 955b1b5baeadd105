"""Sentences, tables and figures of a synthesis in one language, for the terminal and for the page.

Ratios are printed on their own scale, differences as they are. A ranking is always printed with its uncertainty, and
a treatment that is not connected to the reference is compared with the reference of its own connected component.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

from normoxia.evidence.synthesis.judgement.certainty import LEVELS, Certainty
from normoxia.evidence.synthesis.model.components import ComponentEffect, ComponentFit
from normoxia.evidence.synthesis.model.meta import normal_quantile
from normoxia.evidence.synthesis.model.network import NetworkEffect, agrees_exactly, standing
from normoxia.evidence.synthesis.model.ranking import Rank
from normoxia.evidence.synthesis.pooling import Synthesis
from normoxia.language import Language
from normoxia.outcome import Estimate
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.forest import ForestRow, forest_figure
from normoxia.report.figures.network import (
    DirectComparison,
    RankingRow,
    Treatment,
    league_table,
    network_figure,
    ranking_figure,
)
from normoxia.report.views.tables import Table

Shares = Mapping[tuple[str, str], Mapping[str, float]]

#: largest league table of a page, in treatments
_WIDEST = 12
#: largest network whose order on the circle is optimised
_MOST_ORDERED = 14
#: smallest share of a study in an estimate that is printed, in percent
_SMALLEST_SHARE = 5.0
#: largest number of effects in the leave-one-study-out table
_WIDEST_WITHOUT = 6


class NetworkSections:
    """Text, tables and figures of one synthesis in one language.

    Parameters
    ----------
    synthesis
        Fitted network.
    text
        Texts of the language.
    certainty
        Of its contrasts, where it was judged.
    contributions
        Share of each study in each estimate.
    translated
        Whether names of treatments are keys of the catalogue (those of a question are, those of a user's table are not).
    suffix
        Ending of the names of figures and tables, such as "-PFS".
    without
        Effects against the reference with each study left out; None where the network is disconnected without it.
    parts
        Component model of the treatments.
    """

    def __init__(
        self,
        synthesis: Synthesis,
        text: Language,
        *,
        certainty: Sequence[Certainty] = (),
        contributions: Shares | None = None,
        translated: bool = False,
        suffix: str = "",
        without: Mapping[str, Sequence[NetworkEffect] | None] | None = None,
        parts: ComponentFit | None = None,
    ) -> None:
        self.synthesis, self.text, self.suffix = synthesis, text, suffix
        self.translated = translated
        self.without, self.parts = without or {}, parts
        self.judgements_by_pair = {frozenset((c.treatment, c.comparator)): c for c in certainty}
        self.contributions = contributions or {}
        self.network, self.fit = synthesis.network, synthesis.fit
        self.is_ratio = self.network.effect.is_ratio
        self.measure = str(self.network.effect)
        self.forests = self._forests()

    # names and numbers

    def say(self, key: str, /, **values: object) -> str:
        """Return a text of this language; placeholders for the level of intervals get that of the fit."""
        return self.text.say(key, level=percent(self.fit.level), **values)

    def treatment_name(self, treatment: str) -> str:
        """Return the name of a treatment in this language, part by part."""
        return treatment_in(self.text, treatment) if self.translated else treatment

    def comparison_name(self, treatment: str, comparator: str) -> str:
        """Return the names of two treatments, one against the other."""
        return self.text.say(
            "pool.pair", one=self.treatment_name(treatment), other=self.treatment_name(comparator)
        )

    def natural(self, value: float) -> float:
        """Return a value of the analysis scale on its natural scale; infinite beyond the range of floats."""
        if not self.is_ratio:
            return value
        return math.exp(value) if not value >= 700 else math.inf

    def estimate_of(self, e: NetworkEffect) -> Estimate:
        """Return an effect with its interval on the natural scale."""
        return Estimate(
            self.natural(e.estimate),
            self.natural(e.low),
            self.natural(e.high),
            level=self.fit.level,
        )

    def prediction_interval(self, e: NetworkEffect) -> str:
        """Return a prediction interval as text, or a dash."""
        low, high = (self.natural(end) for end in e.prediction)
        if math.isnan(low):
            return "–"
        return self.text.say(
            "pool.interval", low=self.text.number(low, 2), high=self.text.number(high, 2)
        )

    def name(self, stem: str) -> str:
        """Return a file name with suffix and code of the language."""
        return f"{stem}{self.suffix}-{self.text.code}"

    def _forests(self) -> list[tuple[str, list[NetworkEffect]]]:
        """Each component's reference and the effects against it; the component of the main reference first."""
        n_studies = standing(self.network)
        forests = []
        for part in self.network.parts():
            is_main = self.synthesis.reference in part
            reference = (
                self.synthesis.reference if is_main else max(part, key=lambda t: n_studies[t])
            )
            effects = sorted(
                (self.fit.effect(t, reference) for t in part if t != reference),
                key=lambda e: self._order(e.treatment),
            )
            forests.append((not is_main, reference, effects))
        return [
            (reference, effects)
            for _, reference, effects in sorted(forests, key=lambda item: item[0])
        ]

    def _order(self, treatment: str) -> int:
        """Rank of a treatment."""
        return next(
            (i for i, r in enumerate(self.synthesis.ranking) if r.treatment == treatment), 0
        )

    # sentences

    def network_words(self) -> str:
        """Return a sentence on studies, treatments, comparisons and connectedness."""
        say, network = self.say, self.network
        n_multi_arm = sum(len(m.arms) > 2 for m in network.members)
        sentence = say(
            "pool.network",
            studies=len(network.studies),
            treatments=len(network.treatments),
            comparisons=len(self.compared()),
            multi=n_multi_arm,
            measure=self.measure,
            reference=self.treatment_name(self.synthesis.reference),
        )
        if network.is_connected:
            return sentence
        comma, semicolon = say("pool.comma"), say("pool.semicolon")
        parts = semicolon.join(
            comma.join(self.treatment_name(t) for t in part) for part in network.parts()
        )
        return sentence + say("pool.parts", n=network.n_parts, parts=parts)

    def heterogeneity_words(self) -> str:
        """Return a sentence on tau with its interval, I-squared and Q."""
        fit, say, number = self.fit, self.say, self.text.number
        if fit.df == 0:
            return say("pool.no_heterogeneity")
        low, high = (math.sqrt(end) for end in fit.tau2_interval())
        i2, i2_low, i2_high = (100.0 * share for share in fit.i2)
        return say(
            "pool.heterogeneity" if fit.model == "random" else "pool.heterogeneity_common",
            tau=number(fit.tau, 3),
            low=number(low, 3),
            high=number(high, 3),
            method=fit.tau_method,
            i2=number(i2, 0),
            i2_low=number(i2_low, 0),
            i2_high=number(i2_high, 0),
            q=number(fit.q),
            df=fit.df,
            p=self.text.p_value(fit.q_p_value),
        )

    def inconsistency_words(self) -> str:
        """Return the design-by-treatment test, or why there is none."""
        d, say = self.synthesis.interaction, self.say
        if d.between_df == 0:
            return say("pool.no_inconsistency")
        sentence = say(
            "pool.design",
            q=self.text.number(d.between_q),
            df=d.between_df,
            p=self.text.p_value(d.between_p_value),
            random_q=self.text.number(d.random_q),
            random_p=self.text.p_value(d.random_p_value),
            tau=self.text.number(d.tau_within, 3),
        )
        if not math.isnan(d.f_p_value):
            sentence += say(
                "pool.design_f", f=self.text.number(d.f_ratio, 2), p=self.text.p_value(d.f_p_value)
            )
        return sentence

    def answer_words(self) -> str:
        """Return what the network says: which treatments differ from the reference, and how sure the ranking is."""
        say = self.say
        reference, effects = self.forests[0]
        if not effects:
            return ""
        if len(effects) == 1:
            return self._answer_for_pair(effects[0])
        clear = [e for e in effects if not e.low <= 0.0 <= e.high]
        names = say("pool.comma").join(
            f"{self.treatment_name(e.treatment)} {self.text.interval(self.estimate_of(e), 2)}"
            for e in clear
        )
        sentence = say(
            "pool.answer_differ" if clear else "pool.answer_none_differs",
            reference=self.treatment_name(reference),
            k=len(clear),
            n=len(effects),
            names=names,
        )
        connected = {reference, *(e.treatment for e in effects)}
        best = next(r for r in self.synthesis.ranking if r.treatment in connected)
        return sentence + say(
            "pool.answer_best",
            treatment=self.treatment_name(best.treatment),
            score=self.text.number(best.p_score, 2),
            p=f"{100 * best.p_best:.0f}",
            low=best.rank_interval[0],
            high=best.rank_interval[1],
        )

    def _answer_for_pair(self, e: NetworkEffect) -> str:
        """Return the answer of a network of two treatments."""
        say = self.say
        sentence = say(
            "pool.answer_pair",
            treatment=self.treatment_name(e.treatment),
            reference=self.treatment_name(e.comparator),
            measure=self.measure,
            value=self.text.interval(self.estimate_of(e), 2),
        )
        if e.low <= 0.0 <= e.high:
            sentence += say("pool.answer_includes")
        else:
            is_first = (e.estimate < 0.0) == (self.synthesis.small_values == "good")
            better = e.treatment if is_first else e.comparator
            sentence += say("pool.answer_excludes", better=self.treatment_name(better))
        if self.fit.model == "random" and not math.isnan(e.prediction[0]):
            sentence += say("pool.answer_prediction", interval=self.prediction_interval(e))
        return sentence

    def limit_words(self) -> list[str]:
        """Return the limitations of this evidence as sentences."""
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
        """Return the pairs of treatments with direct comparisons, and the number of their studies."""
        return {(s.treatment, s.comparator): s.n_studies for s in self.synthesis.splits}

    # tables

    def effects_table(self) -> Table:
        """Table of every treatment against the reference of its component."""
        say = self.say
        rows: list[tuple[str, ...]] = []
        bold, groups = set(), set()
        heads = [
            "treatment",
            "estimate",
            "prediction",
            "p",
            *(["certainty"] if self.judgements_by_pair else []),
        ]
        for reference, effects in self.forests:
            if len(self.forests) > 1:
                groups.add(len(rows))
                rows.append(
                    (
                        say("pool.against", reference=self.treatment_name(reference)),
                        *[""] * (len(heads) - 1),
                    )
                )
            for e in effects:
                if not e.low <= 0.0 <= e.high:
                    bold.add((len(rows), 1))
                cells = [
                    self.treatment_name(e.treatment),
                    self.text.interval(self.estimate_of(e), 2),
                    self.prediction_interval(e),
                    self.text.p_value(e.p_value),
                ]
                rows.append(
                    (
                        *cells,
                        *(
                            [self.certainty_level(e.treatment, e.comparator)]
                            if self.judgements_by_pair
                            else []
                        ),
                    )
                )
        return Table(
            name=self.name("effects"),
            title=say("pool.effects", reference=self.treatment_name(self.synthesis.reference)),
            columns=tuple(say(f"pool.{head}", measure=self.measure) for head in heads),
            rows=tuple(rows),
            note=say(f"pool.model_{self.fit.model}"),
            emphasis=frozenset(bold),
            groups=frozenset(groups),
        )

    def certainty_level(self, treatment: str, comparator: str) -> str:
        """Return the certainty of a contrast as text, a dash where it was not judged."""
        certainty = self.judgements_by_pair.get(frozenset((treatment, comparator)))
        if certainty is None:
            return "–"
        word = self.text.known(f"pool.level_{certainty.level.replace(' ', '_')}", certainty.level)
        if not (n := len(certainty.not_judged)):
            return word
        key = "pool.level_not_judged" if certainty.level == LEVELS[-1] else "pool.level_at_most"
        return self.say(key, word=word, n=n, of=len(certainty.judgements))

    def ranking_table(self) -> Table:
        """Table of P-scores, SUCRA and ranks with their uncertainty."""
        say = self.say
        rows: list[tuple[str, ...]] = []
        groups = set()
        heads = ("treatment", "p_score", "sucra", "mean_rank", "p_best")
        for reference, effects in self.forests:
            if len(self.forests) > 1:
                groups.add(len(rows))
                rows.append(
                    (
                        say("pool.connected", reference=self.treatment_name(reference)),
                        *[""] * (len(heads) - 1),
                    )
                )
            treatments = {reference, *(e.treatment for e in effects)}
            rows += [
                self._ranking_row(r) for r in self.synthesis.ranking if r.treatment in treatments
            ]
        note = say("pool.small_good" if self.synthesis.small_values == "good" else "pool.small_bad")
        columns = tuple(say(f"pool.{h}") for h in heads)
        return Table(
            name=self.name("ranking-table"),
            title=say("pool.ranking"),
            columns=columns,
            rows=tuple(rows),
            note=note,
            groups=frozenset(groups),
        )

    def _ranking_row(self, r: Rank) -> tuple[str, ...]:
        return (
            self.treatment_name(r.treatment),
            self.text.interval(Estimate(r.p_score, *r.p_score_interval), 2),
            self.text.number(r.sucra, 2),
            self.text.say(
                "pool.rank_range",
                mean=self.text.number(r.mean_rank),
                low=r.rank_interval[0],
                high=r.rank_interval[1],
            ),
            f"{100 * r.p_best:.0f}%",
        )

    def splits_table(self) -> Table | None:
        """Table of direct against indirect estimates, wherever both exist; None where none do."""
        say, number = self.say, self.text.number
        splits = [s for s in self.synthesis.splits if not math.isnan(s.p_value)]
        if not splits:
            return None
        splits.sort(key=lambda s: s.p_value)
        rows = tuple(
            (
                self.comparison_name(s.treatment, s.comparator),
                str(s.n_studies),
                f"{100 * s.proportion:.0f}%",
                self._estimate_text(s.direct, s.direct_se),
                self._estimate_text(s.indirect, s.indirect_se),
                number(self.natural(s.difference), 2),
                self.text.p_value(s.p_value),
            )
            for s in splits
        )
        bold = frozenset((i, 6) for i, s in enumerate(splits) if s.p_value < 0.10)
        heads = ("comparison", "studies", "proportion", "direct", "indirect", "gap", "p")
        key = "pool.gap_ratio" if self.is_ratio else "pool.gap_difference"
        return Table(
            name=self.name("splits"),
            title=say("pool.splits"),
            columns=tuple(say(f"pool.{h}") for h in heads),
            rows=rows,
            note=say(key),
            emphasis=bold,
        )

    def _estimate_text(self, estimate: float, se: float) -> str:
        half = normal_quantile(self.fit.level) * se  # normal, as the p value of the split
        ends = (self.natural(x) for x in (estimate, estimate - half, estimate + half))
        return self.text.interval(Estimate(*ends), 2)

    def league(self) -> Table | None:
        """League table; None when it would be too wide for a page (the CSV has it)."""
        return self.full_league() if len(self.network.treatments) <= _WIDEST else None

    def full_league(self) -> Table:
        """League table of every pair, however many."""
        order = [r.treatment for r in self.synthesis.ranking]
        order += [t for t in self.network.treatments if t not in order]
        effects = {
            (self.treatment_name(a), self.treatment_name(b)): self.estimate_of(
                self.fit.effect(a, b)
            )
            for a in order
            for b in order
            if a != b
            and self.network.part[self.network.index(a)] == self.network.part[self.network.index(b)]
        }
        return league_table(
            [self.treatment_name(t) for t in order],
            effects,
            null=1.0 if self.is_ratio else 0.0,
            lang=self.text.code,
            name=self.name("league"),
        )

    def certainty_table(self) -> Table | None:
        """Table of the six domains of each contrast against the reference, and its level; None where nothing was judged."""
        say, rows = self.say, []
        for _, effects in self.forests:
            for e in effects:
                certainty = self.judgements_by_pair.get(frozenset((e.treatment, e.comparator)))
                if certainty is None:
                    continue
                marks = [
                    say(f"pool.concern_{j.word.replace(' ', '_')}") for j in certainty.judgements
                ]
                rows.append(
                    (
                        self.comparison_name(e.treatment, e.comparator),
                        *marks,
                        self.certainty_level(certainty.treatment, certainty.comparator),
                    )
                )
        if not rows:
            return None
        domains = next(iter(self.judgements_by_pair.values())).judgements
        heads = [
            self.text.known(f"pool.domain_{j.domain.replace(' ', '_')}", j.domain) for j in domains
        ]
        bold = frozenset((i, len(heads) + 1) for i in range(len(rows)))
        return Table(
            name=self.name("certainty"),
            title=say("pool.certainty_title"),
            columns=(say("pool.comparison"), *heads, say("pool.certainty")),
            rows=tuple(rows),
            note=say("pool.certainty_note" if self.translated else "pool.certainty_note_table"),
            emphasis=bold,
        )

    def contribution_table(self) -> Table | None:
        """Table of the studies that contribute to each estimate; None without contributions."""
        say, rows = self.say, []
        comma = say("pool.comma")
        for _, effects in self.forests:
            for e in effects:
                study_shares = self.contributions.get(
                    (e.treatment, e.comparator)
                ) or self.contributions.get((e.comparator, e.treatment), {})
                shares = sorted(study_shares.items(), key=lambda item: -item[1])
                parts = [
                    f"{study} {100 * s:.0f}%" for study, s in shares if 100 * s >= _SMALLEST_SHARE
                ]
                rest = 100 * sum(s for _, s in shares if 100 * s < _SMALLEST_SHARE)
                if rest >= 0.5:
                    parts.append(
                        say(
                            "pool.others",
                            n=sum(100 * s < _SMALLEST_SHARE for _, s in shares),
                            share=f"{rest:.0f}",
                        )
                    )
                if parts:
                    rows.append(
                        (self.comparison_name(e.treatment, e.comparator), comma.join(parts))
                    )
        if not rows:
            return None
        heads = (say("pool.comparison"), say("pool.contribution"))
        return Table(
            name=self.name("contributions"),
            title=say("pool.contributions"),
            columns=heads,
            rows=tuple(rows),
            note=say("pool.contributions_note"),
        )

    def without_table(self) -> Table | None:
        """Leave-one-study-out table against the reference; None without such analyses, or when too wide for a page."""
        names = [e.treatment for e in self.forests[0][1]]
        if not self.without or not 1 <= len(names) <= _WIDEST_WITHOUT:
            return None
        disconnected, rows = self.say("pool.without_broken"), []
        for study, effects in self.without.items():
            effect_texts = {
                e.treatment: self.text.interval(self.estimate_of(e), 2) for e in effects or ()
            }
            rows.append((study, *(effect_texts.get(name, disconnected) for name in names)))
        columns = (
            self.say("pool.study"),
            *(self.comparison_name(name, self.forests[0][0]) for name in names),
        )
        return Table(
            name=self.name("without"),
            title=self.say("pool.without"),
            columns=columns,
            rows=tuple(rows),
        )

    def parts_words(self) -> list[str]:
        """Return a sentence on the fit of the additive model; empty without one."""
        fit = self.parts
        if fit is None or fit.difference_df <= 0:
            return []
        return [
            self.say(
                "pool.misfit",
                q=self.text.number(fit.difference_q),
                df=fit.difference_df,
                p=self.text.p_value(fit.difference_p_value),
            )
        ]

    def parts_table(self) -> Table | None:
        """Table of component effects, and of each treatment against the reference as their sum; None without a component model."""
        fit = self.parts
        if fit is None:
            return None
        rows = [
            (e.component, self._component_effect(e), self.text.p_value(e.p_value))
            for e in fit.effects()
        ]
        groups = {len(rows)}
        reference = self.synthesis.reference
        rows.append((self.say("pool.parts_sums", reference=self.treatment_name(reference)), "", ""))
        for name in self.network.treatments:
            if name != reference:
                e = fit.combination(name, reference)
                rows.append(
                    (
                        self.treatment_name(name),
                        self._component_effect(e),
                        self.text.p_value(e.p_value),
                    )
                )
        heads = ("component", "estimate", "p")
        return Table(
            name=self.name("components"),
            title=self.say("pool.components"),
            columns=tuple(self.say(f"pool.{head}", measure=self.measure) for head in heads),
            rows=tuple(rows),
            note=self.say("pool.parts_note"),
            groups=frozenset(groups),
        )

    def _component_effect(self, e: ComponentEffect) -> str:
        """A component effect with its interval as text."""
        if not e.is_estimable:
            return self.say("pool.not_estimable")
        return self.text.interval(
            Estimate(*(self.natural(x) for x in (e.estimate, e.low, e.high))), 2
        )

    # figures

    def figures(self) -> list[Figure]:
        """Return network graph, forest plot, and a ranking of each connected component."""
        return [self.network_graph(), self.forest(), *self.rankings()]

    def network_graph(self) -> Figure:
        """Return the network graph."""
        patients = dict.fromkeys(self.network.treatments, 0.0)
        for (_, arm), n in self.network.sizes.items():
            if arm in patients:
                patients[arm] += n
        order = fewest_crossings(
            [t for part in self.network.parts() for t in part], list(self.compared())
        )
        part_of = dict(zip(self.network.treatments, self.network.part, strict=True))
        nodes = [
            Treatment(self.treatment_name(t), patients[t] or math.nan, int(part_of[t]))
            for t in order
        ]
        edges = [
            DirectComparison(self.treatment_name(a), self.treatment_name(b), n)
            for (a, b), n in self.compared().items()
        ]
        return network_figure(nodes, edges, lang=self.text.code, name=self.name("network"))

    def forest(self) -> Figure:
        """Return the forest plot against the reference of each component, with prediction intervals where they exist."""
        say, rows = self.say, []
        for reference, effects in self.forests:
            if len(self.forests) > 1:
                rows.append(
                    ForestRow(
                        label=say("pool.against", reference=self.treatment_name(reference)),
                        kind="heading",
                    )
                )
            for e in effects:
                rows.append(
                    ForestRow(label=self.treatment_name(e.treatment), estimate=self.estimate_of(e))
                )
                low, high = e.prediction
                if self.fit.model == "random" and not math.isnan(low):
                    interval = Estimate(
                        self.natural(e.estimate), self.natural(low), self.natural(high)
                    )
                    rows.append(
                        ForestRow(
                            label=f"  {say('pool.prediction_row')}",
                            estimate=interval,
                            kind="prediction",
                        )
                    )
        better, worse = say("pool.favours_first"), say("pool.favours_reference")
        if self.synthesis.small_values == "bad":
            better, worse = worse, better
        return forest_figure(
            rows,
            measure=self.measure,
            left=better,
            right=worse,
            note=self.heterogeneity_words(),
            ratio=self.is_ratio,
            lang=self.text.code,
            name=self.name("forest"),
            level=percent(self.fit.level),
            title=say("pool.effects", reference=self.treatment_name(self.synthesis.reference)),
        )

    def rankings(self) -> list[Figure]:
        """Return P-scores with intervals and rank probabilities, one figure per component."""
        figures = []
        for i, (reference, effects) in enumerate(self.forests):
            treatments = {reference, *(e.treatment for e in effects)}
            rows = [
                RankingRow(
                    self.treatment_name(r.treatment),
                    Estimate(r.p_score, *r.p_score_interval),
                    r.probabilities,
                )
                for r in self.synthesis.ranking
                if r.treatment in treatments
            ]
            stem = "ranking" if len(self.forests) == 1 else f"ranking-part-{i + 1}"
            figures.append(
                ranking_figure(
                    rows,
                    score=self.say("pool.score"),
                    lang=self.text.code,
                    name=self.name(stem),
                    level=percent(self.fit.level),
                )
            )
        return figures


def percent(level: float) -> str:
    """Return a level in percent, without trailing zeros."""
    return f"{100.0 * level:.4g}"


def fewest_crossings(treatments: Sequence[str], pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Order of treatments on a circle with few crossing lines, by pairwise swaps.

    Networks of more than 14 treatments are returned in the order given; there lines cross in any order.

    Parameters
    ----------
    treatments
        Names.
    pairs
        Compared treatments.
    """
    order = list(treatments)
    if len(order) > _MOST_ORDERED:
        return order

    def crossings() -> int:
        position = {t: i for i, t in enumerate(order)}
        chords = [tuple(sorted((position[a], position[b]))) for a, b in pairs]
        return sum(a < c < b < d or c < a < d < b for (a, b), (c, d) in combinations(chords, 2))

    fewest, improved = crossings(), True
    while improved and fewest:
        improved = False
        for i, j in combinations(range(len(order)), 2):
            order[i], order[j] = order[j], order[i]
            count = crossings()
            if count < fewest:
                fewest, improved = count, True
            else:
                order[i], order[j] = order[j], order[i]
    return order


def treatment_in(text: Language, treatment: str) -> str:
    """Return the name of a combination in a language: "ICI + chemotherapy" part by part, unknown parts as they are."""
    return " + ".join(
        text.known(f"pool.drug_{part.replace(' ', '_')}", part) for part in treatment.split(" + ")
    )


def effect_rows(synthesis: Synthesis) -> tuple[tuple[str, ...], tuple[tuple[object, ...], ...]]:
    """Return columns and rows of a file of effects: every estimable pair once per model, unrounded, on the analysis scale."""
    columns = (
        "treatment",
        "comparator",
        "model",
        "estimate",
        "se",
        "low",
        "high",
        "prediction_low",
        "prediction_high",
        "p_value",
    )
    fits = [synthesis.fit] if synthesis.fit.model == "common" else [synthesis.fit, synthesis.common]
    rows = tuple(
        (
            e.treatment,
            e.comparator,
            fit.model,
            e.estimate,
            e.se,
            e.low,
            e.high,
            *e.prediction,
            e.p_value,
        )
        for fit in fits
        for e in fit.effects()
        if not math.isnan(e.estimate)
    )
    return columns, rows
