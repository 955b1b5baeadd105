"""Tables and sentences on three predictions of a hazard ratio."""

from __future__ import annotations

from dataclasses import replace

from tests.trial import toy

from normoxia.outcome import Endpoint, Estimate, Measure, Outcome
from normoxia.report.views.combined import combined_sentences, combined_table
from normoxia.trial.analysis import PublishedComparison
from normoxia.trial.combined import CombinedRatio

TRIAL = toy.protocol()
CONTRAST = TRIAL.contrasts[0]


def ratio(endpoint: Endpoint, value: float, origin: str = "simulated") -> Outcome:
    return Outcome(
        "t",
        TRIAL.sets[0].id,
        endpoint,
        Measure.HAZARD_RATIO,
        Estimate(value, value / 2, value * 2),
        CONTRAST.experimental,
        CONTRAST.control,
        origin=origin,
    )


def joined(endpoint: Endpoint, by: str = "component_nma", left_out: str = "") -> CombinedRatio:
    return CombinedRatio(
        ratio(endpoint, 0.8),
        Estimate(0.6, 0.3, 1.2),
        Estimate(0.7, 0.4, 1.1),
        by,
        "ICI added",
        left_out,
    )


def test_a_row_has_mechanism_components_and_combination() -> None:
    table = combined_table([joined(Endpoint.PFS), joined(Endpoint.OS, "class_mean")], TRIAL)
    pair = f"{CONTRAST.experimental} / {CONTRAST.control}"
    assert table.rows[1:] == (
        (
            f"PFS, {pair}",
            "0.80 (0.40–1.60)",
            "0.60 (0.30–1.20)",
            "its components",
            "0.70 (0.40–1.10)",
        ),
        (
            f"OS, {pair}",
            "0.80 (0.40–1.60)",
            "0.60 (0.30–1.20)",
            "mean of the class: ICI added",
            "0.70 (0.40–1.10)",
        ),
    )
    assert table.groups == {0}


def test_the_published_ratio_is_the_last_column_when_there_is_one() -> None:
    os = PublishedComparison(ratio(Endpoint.OS, 0.8), ratio(Endpoint.OS, 0.9, "published"))
    table = combined_table([joined(Endpoint.PFS), joined(Endpoint.OS)], TRIAL, [os])
    assert [row[-1] for row in table.rows] == ["", "–", "0.90 (0.45–1.80)"]


def test_a_sentence_says_which_half_used_the_study() -> None:
    ratios = [joined(Endpoint.OS, left_out="LEAP-007")]
    note, way, *about = combined_sentences(ratios, "LEAP-007", fitted=True)
    assert len(about) == 1
    assert "its part of the combined prediction depends on the published result" in about[0]
    assert combined_sentences(ratios, "LEAP-007", fitted=False) == (
        note,
        way,
        "The component NMA does not use LEAP-007.",
    )
    # what the three predictions are, and how they were combined
    assert combined_sentences([joined(Endpoint.OS)], "", fitted=False) == (note, way)
    assert not any(
        "replaces it" in line for line in combined_sentences(ratios, "LEAP-007", fitted=False)
    )


def test_the_way_of_combining_is_said_and_heads_the_column() -> None:
    half, learned = joined(Endpoint.OS), replace(joined(Endpoint.PFS), way="by_class")
    assert combined_table([half], TRIAL).columns[4] == "combined, half of each"
    assert combined_table([learned], TRIAL).columns[4] == "combined, learned weight"
    assert combined_table([half, learned], TRIAL).columns[4] == "combined"
    said = combined_sentences([half, learned], "", fitted=False)
    assert "PFS: the mean of the class" in said[1]
    assert "OS: half of each" in said[2]


def test_replaced_components_are_noted_in_both_languages() -> None:
    ratios = [joined(Endpoint.OS, "constant")]
    assert "replaces it" in combined_sentences(ratios, "", fitted=False)[-1]
    assert combined_table(ratios, TRIAL, lang="zh").rows[1][3] == "全部研究的均值"
    assert "代替" in combined_sentences(ratios, "", fitted=False, lang="zh")[-1]
