"""Designs predicted blind: each has its protocol, says what the design says, reads, runs, and holds no result."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from normoxia import documents, library, mechanism, pharmacology, trial
from normoxia.errors import InvalidArgument, InvalidDocument, UnknownName
from normoxia.trial import reference, runner
from normoxia.trial.making import designs

ORACLE = Path(__file__).parents[1] / "oracles" / "forecasts" / "designs.csv"
NAMES = library.names("forecasts")
DESIGNS = trial.forecasts()

#: run in the everyday suite: cross-over, three arms, own classes of PD-L1, a mixture, stage III with placebo, one arm
EVERYDAY = ("astrum-002", "sctb14-vs-pembro", "th-138", "r-alps", "ak104-anlo-doc", "saffron-301")

#: what a design leaves to a physician or to histology, and what may stand for it
CHOICES: Mapping[str, tuple[str, ...]] = {
    "paclitaxel or nab-paclitaxel": ("paclitaxel", "nab_paclitaxel"),
    "carboplatin or cisplatin": ("carboplatin", "cisplatin"),
    "cisplatin or carboplatin": ("carboplatin", "cisplatin"),
    "platinum": ("carboplatin", "cisplatin"),
    "platinum doublet": ("carboplatin", "cisplatin"),
    "platinum-based chemotherapy": ("carboplatin", "cisplatin"),
    "chemotherapy": ("carboplatin", "cisplatin"),
    "histology-specific chemotherapy": ("carboplatin", "cisplatin"),
    "standard chemotherapy": ("docetaxel", "gemcitabine", "pemetrexed"),
    "investigator choice": ("docetaxel", "gemcitabine", "pemetrexed"),
}


@functools.cache
def rows() -> tuple[dict[str, str], ...]:
    with ORACLE.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@functools.cache
def protocols(name: str) -> tuple[trial.Trial, ...]:
    return tuple(trial.read(f"forecast:{own}") for own in designs.design(name).protocols)


IDS = tuple(dict.fromkeys(row["design"] for row in rows()))


def test_every_design_has_a_protocol_or_a_reason_why_not() -> None:
    assert len(IDS) == 32
    assert tuple(design.id for design in DESIGNS) == IDS
    for design in DESIGNS:
        assert design.asks
        assert bool(design.protocols) != bool(design.refused)


def test_every_protocol_belongs_to_one_design() -> None:
    assert sorted(name for design in DESIGNS for name in design.protocols) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_protocol_reads_and_says_what_it_assumes(name: str) -> None:
    protocol = trial.read(f"forecast:{name}")
    assert protocol.id == name
    assert not protocol.study
    assert not trial.published(protocol)
    assert "assumed" in " ".join(protocol.notes)
    assert "design of" in str(protocol.arms[0].source)
    for titles in (protocol.titles, *(arm.titles for arm in protocol.arms)):
        assert {"en", "zh"} <= set(titles)
    assert protocol.follow_up.progression_cut <= protocol.follow_up.survival_cut
    for arm in protocol.arms:
        assert arm.next_lines


@pytest.mark.parametrize("name", IDS)
def test_arms_and_size_are_those_of_the_design(name: str) -> None:
    own = [row for row in rows() if row["design"] == name]
    arms = {row["arm"] for row in own}
    assert {arm.id for protocol in protocols(name) for arm in protocol.arms} == arms
    if own[0]["n_total"]:
        assert sum(arm.n for protocol in protocols(name) for arm in protocol.arms) == int(
            own[0]["n_total"]
        )
    randomised = own[0]["randomised"] == "yes"
    assert all(bool(protocol.contrasts) == randomised for protocol in protocols(name))
    # arms that stand in several protocols are cohorts of one arm, and then the design is pooled
    twice = sum(len(protocol.arms) for protocol in protocols(name)) > len(arms)
    assert designs.design(name).pooled == twice


@pytest.mark.parametrize(
    "row", rows(), ids=lambda row: f"{row['design']}-{row['arm']}-{row['drug']}"
)
def test_every_drug_is_given_as_printed(row: dict[str, str]) -> None:
    if "placebo" in row["drug"]:
        return
    printed = row["drug"].split(" (")[0].removesuffix(" malate")
    wanted = CHOICES[printed] if printed in CHOICES else (pharmacology.read(printed).name,)
    for protocol in protocols(row["design"]):
        for arm in protocol.arms:
            if arm.id != row["arm"]:
                continue
            given = [drug for drug in wanted if drug in arm.regimen.drugs]
            assert len(given) == 1, (protocol.id, arm.id)
            (course,) = arm.regimen.of(given[0]).courses
            text = f"{course.dose.amount:g} {course.dose.basis}"
            if re.match(r"AUC (\d+)", row["dose"]):
                assert row["dose"] == f"{course.dose.basis} {course.dose.amount:g}"
            elif span := re.match(r"(\d+)-(\d+) (\S+)", row["dose"]):
                assert float(span[1]) <= course.dose.amount <= float(span[2])
                assert course.dose.basis == span[3]
            elif row["dose"]:
                assert row["dose"].removesuffix(" once daily") == text
            if row["schedule"].startswith("every"):
                assert course.cycle_days == 7.0 * int(row["schedule"].split()[1])
            if row["schedule"].startswith("once daily"):
                assert course.cycle_days == 1.0
            if "1-14 of 21" in row["schedule"] or "2 weeks on" in row["schedule"]:
                assert (course.cycle_days, course.days) == (
                    21.0,
                    tuple(float(d) for d in range(14)),
                )


@pytest.mark.parametrize("name", IDS)
def test_nothing_is_given_that_the_design_does_not_name(name: str) -> None:
    for protocol in protocols(name):
        for arm in protocol.arms:
            printed = [
                row["drug"].split(" (")[0].removesuffix(" malate")
                for row in rows()
                if (row["design"], row["arm"]) == (name, arm.id) and "placebo" not in row["drug"]
            ]
            if any(drug in CHOICES for drug in printed):
                continue
            assert set(arm.regimen.drugs) == {pharmacology.read(drug).name for drug in printed}


@pytest.mark.parametrize("name", IDS)
def test_who_is_enrolled_follows_the_design(name: str) -> None:
    row = next(row for row in rows() if row["design"] == name)
    for protocol in protocols(name):
        eligible = str(protocol.eligibility)
        if row["histology"] in ("squamous", "non-squamous"):
            assert f"histology {row['histology']}" in eligible
        if row["egfr"].startswith(("EGFR activating", "EGFR sensitising", "EGFR mutation")):
            mutant = "egfr mutant" if "excluded" not in row["egfr"] else "egfr wild-type"
            assert mutant in eligible
        if "wild type" in row["egfr"] or "no actionable" in row["egfr"]:
            assert "egfr wild-type" in eligible
        if re.search(r">=?50", row["pdl1"]):
            assert "pdl1_tps >=50%" in eligible
        elif ">=10" in row["pdl1"]:
            assert "10-49%" in eligible
        elif ">=1%" in row["pdl1"] or row["pdl1"].startswith("PD-L1 positive"):
            assert "1-49%" in eligible
        else:
            assert "pdl1_tps" not in eligible


def test_a_forecast_is_a_trial_by_its_name() -> None:
    assert trial.read("forecast:HARMONi") == trial.read("forecast:harmoni")
    assert trial.read("forecast:harmoni 3 squamous").id == "harmoni-3-squamous"
    assert trial.read("forecast:R-ALPS").arm("pbo").regimen == pharmacology.regimen("nothing")


@pytest.mark.parametrize(
    ("wrong", "near"), [("HARMNi-2", "HARMONi-2"), ("asturm-002", "ASTRUM-002")]
)
def test_a_wrong_name_is_answered_with_the_nearest(wrong: str, near: str) -> None:
    with pytest.raises(UnknownName, match=f'did you mean "{near}"'):
        trial.read(f"forecast:{wrong}")


def test_a_design_of_cohorts_names_its_protocols() -> None:
    with pytest.raises(
        InvalidArgument, match="forecast:harmoni-3-squamous or forecast:harmoni-3-non-squamous"
    ):
        trial.read("forecast:HARMONi-3")
    with pytest.raises(UnknownName, match='did you mean "HARMONi"'):
        designs.design("HARMOMi")


@pytest.mark.parametrize(
    ("entry", "finding"),
    [
        ("{design: X, asks: a}", "both or neither"),
        ("{design: X, asks: a, protocols: [harmoni], refused: b}", "both or neither"),
        ("{design: X, asks: a, protocols: [harmony]}", 'protocol "harmony" is not in'),
        ("{design: X, asks: a, refused: b}, {design: x, asks: a, refused: b}", "stands twice"),
        ("{design: X, refused: b}", 'missing key "asks"'),
    ],
)
def test_a_wrong_list_of_designs_is_found_out(entry: str, finding: str) -> None:
    with pytest.raises(InvalidDocument, match=finding):
        designs.parse(documents.parse(f"designs: [{entry}]", "designs.yaml"))


def test_consolidation_is_predicted_by_ratios_only() -> None:
    assert [design.id for design in DESIGNS if design.ratios_only] == ["R-ALPS", "ROSETTA-Lung-201"]
    for design in DESIGNS:
        assert not design.ratios_only or "no radiotherapy" in " ".join(design.limits)


def test_the_page_of_designs_is_up_to_date() -> None:
    path = Path(__file__).parents[2] / "docs" / "reference" / "forecasts.md"
    command = "python -m normoxia.trial.reference > docs/reference/forecasts.md"
    assert path.read_text(encoding="utf-8") == reference.page(), f"run {command}"


def test_a_refused_design_answers_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = designs.parse(
        documents.parse(
            "designs: [{design: X-1, asks: a, refused: no drug is known}]", "designs.yaml"
        )
    )
    monkeypatch.setattr(designs, "forecasts", lambda: refused)
    with pytest.raises(InvalidArgument, match="no drug is known"):
        designs.read("x1")


# runs


@functools.cache
def kitchen() -> runner.PreparedTrial:
    """One compiled model with the drugs of every design: one compilation instead of thirty."""
    trials = [trial.read(f"forecast:{name}") for name in NAMES]
    drugs = sorted({drug for t in trials for drug in t.drugs})
    biology = mechanism.read(library.path("models", "nsclc"))
    model = mechanism.compose(
        [biology, *pharmacology.modules(pharmacology.read(name) for name in drugs)]
    )
    return runner.prepare(trials[0], model=model)


def run(protocol: trial.Trial, seed: int = 1, replicates: int = 1) -> trial.TrialResult:
    bench = runner.PreparedTrial(protocol, kitchen().model, kitchen().simulator)
    (chunk,) = runner.chunks(protocol, replicates)
    return runner.run_chunk(bench, chunk, seed)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in EVERYDAY else pytest.mark.slow) for name in NAMES],
)
def test_a_protocol_runs(name: str) -> None:
    protocol = trial.read(f"forecast:{name}").with_patients(4)
    result = run(protocol)
    assert result.n_rows == 4 * len(protocol.arms)
    assert not any(result.failed.values())
    assert (result.columns["baseline_sum"] > 0).all()
    assert trial.analyse(result, protocol)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_protocol_runs_on_a_model_of_its_own_drugs(name: str) -> None:
    protocol = trial.read(f"forecast:{name}")
    result = trial.run(protocol, seed=1, patients=4)
    assert not any(result.failed.values())
    performed = trial.protocol_of(result)
    assert (performed.text, performed.sets, performed.notes) == (
        protocol.text,
        protocol.sets,
        protocol.notes,
    )


# cohorts together


def cohorts(sizes: tuple[int, int] = (4, 12)) -> list[trial.Trial]:
    return [
        protocol.with_patients(n)
        for protocol, n in zip(protocols("PF-08634404-NSCLC-1L"), sizes, strict=True)
    ]


def test_pooled_cohorts_are_one_trial_of_all_their_patients() -> None:
    parts = cohorts()
    results = [run(part, replicates=2) for part in parts]
    protocol, whole = designs.together(parts, results, "pf")
    assert [arm.n for arm in protocol.arms] == [16, 16]
    assert whole.trial == "pf"
    for arm in whole.arms:
        rows = whole.rows(arm)
        # a replicate's patients stand together, each once
        assert whole.columns["patient"][rows].tolist() == [*range(16), *range(16)]
        assert whole.columns["replicate"][rows].tolist() == [0] * 16 + [1] * 16
        squamous = whole.covariates["histology"][rows] == "squamous"
        assert squamous.tolist() == ([True] * 4 + [False] * 12) * 2
    shares = [
        next(
            o.estimate.value
            for o in trial.analyse(r, t)
            if (o.arm, str(o.endpoint)) == ("pf", "ORR")
        )
        for t, r in [*zip(parts, results, strict=True), (protocol, whole)]
    ]
    assert shares[2] == pytest.approx((4 * shares[0] + 12 * shares[1]) / 16)


def test_cohorts_that_are_no_single_trial_are_refused() -> None:
    parts = cohorts()
    results = [run(part) for part in parts]
    with pytest.raises(InvalidArgument, match="one result for each"):
        designs.together(parts, results[:1])
    other = trial.read("forecast:harmoni").with_patients(4)
    with pytest.raises(InvalidArgument, match="differ in arms"):
        designs.together([parts[0], other], results)
    with pytest.raises(InvalidArgument, match="replicates"):
        designs.together(parts, [results[0], run(parts[1], replicates=2)])
    with pytest.raises(InvalidArgument, match="not in the proportion"):
        designs.together(protocols("PF-08634404-NSCLC-1L"), [run(part) for part in cohorts((8, 4))])
    assert np.isfinite(results[0].scan_sum[:, 0]).any()
