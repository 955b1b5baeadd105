from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import Contrast
from normoxia.evidence.synthesis.model.regression import meta_regression, network_regression


def test_a_perfect_line_is_found_and_nothing_is_left() -> None:
    x = [0.0, 1.0, 2.0, 5.0]
    found = meta_regression([0.3 + 0.2 * v for v in x], [0.1, 0.2, 0.1, 0.3], {"dose": x})
    assert found["intercept"].estimate == pytest.approx(0.3)
    assert found["dose"].estimate == pytest.approx(0.2)
    assert found.tau2 == 0.0
    assert found.qe == pytest.approx(0.0, abs=1e-20)


def test_two_treatments_in_a_network_are_a_meta_regression() -> None:
    y, se, x = [0.1, 0.6, 0.4, 1.0], [0.2, 0.3, 0.2, 0.3], [0.0, 1.0, 2.0, 3.0]
    rows = [Contrast(str(i), "b", "a", *pair) for i, pair in enumerate(zip(y, se, strict=True))]
    found = network_regression(
        net.build(rows), {"x": {str(i): v for i, v in enumerate(x)}}, reference="a"
    )
    expected = meta_regression(y, se, {"x": x})
    assert found["b"].estimate == pytest.approx(expected["intercept"].estimate)
    assert found["x"].estimate == pytest.approx(expected["x"].estimate)
    assert found["x"].se == pytest.approx(expected["x"].se)


def test_the_slope_is_common_to_treatments_against_the_reference() -> None:
    rows = [
        Contrast("1", "b", "a", 1.0, 0.1),
        Contrast("2", "b", "a", 1.5, 0.1),
        Contrast("3", "c", "a", 2.5, 0.1),
        Contrast("4", "b", "c", -1.0, 0.1),
    ]
    found = network_regression(
        net.build(rows), {"dose": {"1": 0, "2": 1, "3": 1, "4": 7}}, reference="a"
    )
    assert [found[n].estimate for n in ("b", "c", "dose")] == pytest.approx([1.0, 2.0, 0.5])


def test_several_covariates_of_a_network_are_those_of_a_meta_regression_of_two_treatments() -> None:
    """metafor agrees with `meta_regression` on BCG (oracles); a network of two treatments is the same model."""
    path = Path(__file__).parents[2] / "oracles" / "synthesis" / "input_bcg.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    y, v, ablat, year = (
        np.array([float(r[c]) for r in rows]) for c in ("yi", "vi", "ablat", "year")
    )
    studies = [str(i) for i in range(len(rows))]
    network = net.build(
        Contrast(study, "vaccine", "none", float(effect), float(np.sqrt(variance)))
        for study, effect, variance in zip(studies, y, v, strict=True)
    )
    columns = {"ablat": ablat - 33.0, "year": year - 66.0}
    found = network_regression(
        network,
        {name: dict(zip(studies, map(float, c), strict=True)) for name, c in columns.items()},
        reference="none",
    )
    expected = meta_regression(y, np.sqrt(v), columns)
    for ours, theirs in (("vaccine", "intercept"), ("ablat", "ablat"), ("year", "year")):
        assert found[ours].estimate == pytest.approx(expected[theirs].estimate)
        assert found[ours].se == pytest.approx(expected[theirs].se)
    assert (found.tau2, found.qm, found.qm_df) == pytest.approx((expected.tau2, expected.qm, 2))


def test_slopes_of_several_covariates_are_found_in_a_network_without_noise() -> None:
    effects, dose, year = {"a": 0.0, "b": 1.0, "c": -0.5}, 0.3, -0.2
    pairs = [("b", "a"), ("c", "a"), ("b", "c"), ("b", "a"), ("c", "a"), ("b", "a")]
    at = {str(i): (float(i % 3), float(i * i % 5)) for i in range(len(pairs))}
    rows = [
        Contrast(
            study,
            t,
            c,
            effects[t] - effects[c] + (c == "a") * (dose * at[study][0] + year * at[study][1]),
            0.1,
        )
        for study, (t, c) in zip(at, pairs, strict=True)
    ]
    found = network_regression(
        net.build(rows),
        {"dose": {s: x for s, (x, _) in at.items()}, "year": {s: z for s, (_, z) in at.items()}},
        reference="a",
    )
    got = [found[name].estimate for name in ("b", "c", "dose", "year")]
    assert got == pytest.approx([1.0, -0.5, dose, year])


def test_a_network_regression_names_what_is_missing() -> None:
    rows = [Contrast("1", "b", "a", 1.0, 0.1), Contrast("2", "c", "d", 1.0, 0.1)]
    with pytest.raises(InvalidArgument, match="no covariate"):
        network_regression(net.build(rows), {})
    with pytest.raises(InvalidArgument, match="dose do not connect"):
        network_regression(net.build(rows), {"dose": {"1": 1.0, "2": 2.0}})


def test_collinear_and_missing_covariates_are_named() -> None:
    with pytest.raises(InvalidArgument, match="cannot be told apart"):
        meta_regression([1, 2, 3, 4], [1, 1, 1, 1], {"x": [1, 2, 3, 4], "y": [2, 4, 6, 8]})
    with pytest.raises(InvalidArgument, match='"x"'):
        meta_regression([1, 2, 3], [1, 1, 1], {"x": [1.0, 2.0]})
    with pytest.raises(InvalidArgument, match="add studies"):
        meta_regression([1, 2], [1, 1], {"x": [1.0, 2.0]})


def test_sidik_and_jonkman_start_around_the_mean_as_metafor_does() -> None:
    """metafor 3.8-1, November 2026: rma(yi, vi, mods = ~ ablat, data = input_bcg.csv, method = "SJ")."""
    path = Path(__file__).parents[2] / "oracles" / "synthesis" / "input_bcg.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    y, v, ablat = (np.array([float(r[c]) for r in rows]) for c in ("yi", "vi", "ablat"))
    fit = meta_regression(y, np.sqrt(v), {"ablat": ablat}, tau="SJ")
    found = (
        fit["intercept"].estimate,
        fit["ablat"].estimate,
        fit["intercept"].se,
        fit["ablat"].se,
        fit.tau2,
    )
    peer = (0.1982717291634, -0.0280713689568, 0.3887058462425, 0.0110142439804, 0.2318437161190)
    assert found == pytest.approx(peer, rel=1e-9)
