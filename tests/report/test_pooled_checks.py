"""Diagnostic figures of a synthesis agree with its numbers."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.oracles import networks

from normoxia import evidence
from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.judgement import consistency, contribution
from normoxia.evidence.synthesis.model.contrasts import Contrast
from normoxia.report import language
from normoxia.report.figures.funnel import funnel_figure
from normoxia.report.figures.heat_map import contribution_figure, net_heat_figure
from normoxia.report.views.pooled import NetworkSections
from normoxia.report.views.pooled_checks import contribution_map, funnel, net_heat_map


def senn(model: str = "common", lang: str = "en") -> NetworkSections:
    return NetworkSections(
        evidence.pool(networks()["senn2013"], model=model, small_values="good"), language(lang)
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_contribution_map_has_the_matrix_against_the_reference(lang: str) -> None:
    pooled = senn(lang=lang)
    figure = contribution_map(pooled)
    assert figure is not None
    matrix = contribution.contributions(pooled.fit)
    assert len(figure.rows) == 9 * len(
        matrix.direct
    )  # ten treatments: only those against the reference
    share = {(row[0], row[1]): row[2] for row in figure.rows}
    pair = pooled.comparison_name("rosi", "plac")
    assert share[pair, pooled.comparison_name("plac", "rosi")] == pytest.approx(
        matrix.of("plac", "rosi")["plac", "rosi"]
    )
    for name in {row[0] for row in figure.rows}:
        assert sum(v for (row, _), v in share.items() if row == name) == pytest.approx(1.0)


def test_the_net_heat_plot_has_designs_in_loops_most_inconsistent_first() -> None:
    figure = net_heat_map(senn())
    assert figure is not None
    expected = consistency.net_heat(networks()["senn2013"])
    designs = list(dict.fromkeys(row[0] for row in figure.rows))
    assert designs[0] == "rosi : sulf"  # as netmeta::netheat: its largest part of Q
    assert not {"benf : plac", "migl : plac", "plac : sita", "plac : vild"} & set(designs)
    q_by_design = {row[0]: row[2] for row in figure.rows}
    assert sum(q_by_design.values()) == pytest.approx(expected.residual.sum())
    random = net_heat_map(senn("random"))
    assert random is not None
    assert sum({r[0]: r[2] for r in random.rows}.values()) < 0.2 * expected.residual.sum()


def test_the_funnel_names_studies_outside_and_gives_the_test() -> None:
    figure = funnel(senn())
    assert figure is not None
    assert "De Fronzo" in figure.svg()
    assert "Egger" in figure.description
    assert len(figure.rows) == 28  # 25 two-arm studies and the three pairs of one of three arms


def test_a_star_has_no_net_heat_and_few_studies_no_funnel() -> None:
    rows = [Contrast(str(k), t, "p", 0.1 * k, 0.2) for k, t in enumerate("abc")]
    pooled = NetworkSections(evidence.pool(rows, small_values="good"), language("en"))
    assert net_heat_map(pooled) is None
    assert funnel(pooled) is None
    assert contribution_map(pooled) is not None


def test_empty_input_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="every direct comparison"):
        contribution_figure([], ["a against b"])
    with pytest.raises(InvalidArgument, match="two designs"):
        net_heat_figure(["a : b"], [1.0], np.ones((1, 1)), np.ones((1, 1)))
    with pytest.raises(InvalidArgument, match="no contrasts"):
        funnel_figure([], measure="HR")
