"""Studies behind a synthesis: weights against R's metafor, orientation, answer sentences."""

from __future__ import annotations

import math

import pytest

from normoxia.evidence.synthesis.model.contrasts import Arm, Contrast, EffectMeasure
from normoxia.evidence.synthesis.pooling import Synthesis, pool
from normoxia.language import language
from normoxia.report.views.pooled import NetworkSections
from normoxia.report.views.study_forest import (
    MOST_DRAWN,
    study_contrasts,
    study_forest,
    study_table,
)

# R 4.2, metafor: d <- escalc(measure="RR", ai=tpos, bi=tneg, ci=cpos, di=cneg, data=dat.bcg)
# r <- rma(yi, vi, data=d, method="REML"); d$yi; d$vi; weights(r)
LOG_RR = (
    (-0.8893113, 0.3255848, 5.0595),
    (-1.585389, 0.1945811, 6.3647),
    (-1.348073, 0.415368, 4.4360),
    (-1.441551, 0.02001003, 9.6987),
    (-0.2175473, 0.05121017, 8.8685),
    (-0.7861156, 0.006905618, 10.0957),
    (-1.620898, 0.2230172, 6.0272),
    (0.01195233, 0.003961579, 10.1894),
    (-0.4694176, 0.05643421, 8.7431),
    (-1.371345, 0.07302479, 8.3676),
    (-0.3393588, 0.01241221, 9.9250),
    (0.4459134, 0.5325058, 3.8216),
    (-0.01731395, 0.07140466, 8.4029),
)


def vaccine() -> Synthesis:
    contrasts = [
        Contrast(f"trial {i + 1}", "vaccine", "none", y, math.sqrt(v))
        for i, (y, v, _) in enumerate(LOG_RR)
    ]
    return pool(contrasts, effect="RR", reference="none", small_values="good")


def triangle() -> Synthesis:
    contrasts = [
        Contrast("S1", "A", "placebo", -0.4, 0.15),
        Contrast("S2", "placebo", "A", 0.2, 0.2),
        Contrast("S3", "B", "placebo", -0.6, 0.2),
        Contrast("S4", "B", "A", -0.15, 0.22),
    ]
    return pool(contrasts, effect="HR", reference="placebo", small_values="good")


def test_weights_are_those_of_metafor() -> None:
    pairs = study_contrasts(NetworkSections(vaccine(), language("en")))
    (contrasts,) = pairs.values()
    weights = {c.study: c.weight for c in contrasts}
    for i, (_, _, weight) in enumerate(LOG_RR):
        assert weights[f"trial {i + 1}"] == pytest.approx(weight, abs=2e-3)  # R's tau2 to 1e-4
    assert sum(weights.values()) == pytest.approx(100.0)


def test_contrasts_are_turned_towards_the_reference_whatever_the_input_says() -> None:
    pairs = study_contrasts(NetworkSections(triangle(), language("en")))
    assert list(pairs) == [("B", "placebo"), ("A", "placebo"), ("B", "A")]
    estimates = {c.study: c.estimate for c in pairs["A", "placebo"]}
    assert estimates == pytest.approx({"S1": -0.4, "S2": -0.2})


def test_a_network_draws_direct_and_network_estimates_of_each_pair() -> None:
    synthesis = triangle()
    figure = study_forest(NetworkSections(synthesis, language("en")))
    assert figure is not None
    kinds = [row[1] for row in figure.rows]
    assert kinds.count("heading") == 3
    assert kinds.count("study") == 4
    assert kinds.count("pooled") == 4  # one direct estimate of two studies, three of the network
    first_direct = next(row for row in figure.rows if row[0] == "direct estimate")
    # closed form: inverse-variance mean of S1 and S2 at the fitted tau2
    w1, w2 = (1.0 / (se**2 + synthesis.fit.tau2) for se in (0.15, 0.2))
    assert first_direct[2] == pytest.approx(math.exp((-0.4 * w1 - 0.2 * w2) / (w1 + w2)))


def test_counts_stand_beside_their_study_and_large_networks_have_the_table_alone() -> None:
    arms = [Arm("one", "drug", 20, 3), Arm("one", "none", 21, 9)]
    synthesis = pool(arms, effect="RR", reference="none", small_values="good")
    sections = NetworkSections(synthesis, language("en"))
    assert "3/20 : 9/21" in study_table(sections, arms).rows[0]
    many = [Contrast(f"S{i}", "A", "B", 0.1, 0.2) for i in range(MOST_DRAWN + 1)]
    large = NetworkSections(
        pool(many, effect=EffectMeasure.MD, small_values="good"), language("en")
    )
    assert study_forest(large) is None
    assert len(study_table(large).rows) == MOST_DRAWN + 1


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_answer_names_the_better_treatment_or_says_that_it_cannot_be_told(lang: str) -> None:
    answer = NetworkSections(vaccine(), language(lang)).answer_words()
    assert "0.49 (0.34–0.70)" in answer or "0.49（0.34–0.70）" in answer  # exp of R's estimate
    assert "vaccine" in answer
    unclear = pool(
        [Contrast("S1", "A", "B", 0.1, 0.2)], effect="HR", reference="B", small_values="good"
    )
    words = NetworkSections(unclear, language(lang)).answer_words()
    assert ("cannot be told" if lang == "en" else "无法判断") in words
