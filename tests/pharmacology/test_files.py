"""The drug library, read; and drug documents that are wrong."""

import csv
import math
from pathlib import Path

import pytest

from normoxia.errors import InvalidDocument, UnknownName
from normoxia.pharmacology import library, module, read, regimen, schedule, toxicity_classes
from normoxia.pharmacology.drug import Drug, Quantity
from normoxia.pharmacology.files import LIBRARY
from normoxia.units import convert

#: the drugs of the review and of the trials around it, those of the designs predicted blind, and those of the wider registry
NAMES = (
    "aflibercept",
    "anlotinib",
    "apatinib",
    "atezolizumab",
    "avelumab",
    "benmelstobart",
    "bevacizumab",
    "cabozantinib",
    "cadonilimab",
    "camrelizumab",
    "carboplatin",
    "cediranib",
    "cemiplimab",
    "cisplatin",
    "docetaxel",
    "durvalumab",
    "envafolimab",
    "famitinib",
    "fruquintinib",
    "gemcitabine",
    "hb0025",
    "hlx04",
    "ibi305",
    "ipilimumab",
    "ivonescimab",
    "lenvatinib",
    "motesanib",
    "nab_paclitaxel",
    "nintedanib",
    "nivolumab",
    "paclitaxel",
    "pembrolizumab",
    "pemetrexed",
    "penpulimab",
    "pm8002",
    "ramucirumab",
    "retifanlimab",
    "rh_endostatin",
    "sctb14",
    "serplulimab",
    "sintilimab",
    "sitravatinib",
    "sorafenib",
    "ssgj707",
    "sugemalimab",
    "tislelizumab",
    "toripalimab",
    "tremelimumab",
    "vandetanib",
)
#: drugs of whose kinetics and binding nothing was read, and those they borrow from
BORROWED = {
    "cadonilimab": "ivonescimab",
    "hb0025": "pm8002",
    "penpulimab": "cemiplimab",
    "sctb14": "ivonescimab",
    "ssgj707": "ivonescimab",
}


def test_the_library_holds_the_drugs_of_the_review() -> None:
    assert library() == NAMES


def quantities(drug: Drug) -> list[Quantity]:
    """Every number of a drug."""
    found = (
        [p.quantity for p in drug.parameters]
        + [e.quantity for e in drug.exposures]
        + [drug.molecular_weight]
    )
    for effect in drug.effects:
        parts = (
            effect.affinity,
            effect.potency,
            effect.selectivity,
            effect.cooperativity,
            effect.strength,
            effect.loss,
        )
        found += [part for part in (*parts, effect.reference_dose) if part is not None]
    found += [q for q in (drug.penetration, drug.free_fraction, drug.infusion) if q is not None]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_number_has_a_source_and_what_was_not_read_says_so(name: str) -> None:
    drug = read(name)
    for quantity in quantities(drug):
        assert quantity.source.reference
        assert math.isfinite(quantity.value)
        assert quantity.source.verified != quantity.source.reference.startswith(
            ("assumed", "recalled")
        )
        if not math.isnan(quantity.low):
            assert quantity.low <= quantity.high


@pytest.mark.parametrize("name", NAMES)
def test_a_drug_is_found_by_each_of_its_names(name: str) -> None:
    drug = read(name)
    assert set(drug.names) == {"en", "zh"}
    for other in (
        name.upper(),
        name.replace("_", ""),
        name.replace("_", "-"),
        *drug.names.values(),
        *drug.aliases,
    ):
        assert read(other).name == name


def test_no_two_drugs_share_a_name() -> None:
    owners: dict[str, str] = {}
    for name in NAMES:
        for other in {name, *read(name).aliases, *read(name).names.values()}:
            assert owners.setdefault(other.lower(), name) == name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Bavencio", "avelumab"),
        ("REGN-2810", "cemiplimab"),
        ("择捷美", "sugemalimab"),
        ("JS001", "toripalimab"),
        ("AK105", "penpulimab"),
        ("CP-675,206".replace(",", ""), "tremelimumab"),
        ("MGA012", "retifanlimab"),
        ("多吉美", "sorafenib"),
        ("ZD6474", "vandetanib"),
        ("BIBF1120", "nintedanib"),
        ("AZD2171", "cediranib"),
        ("AMG706", "motesanib"),
        ("爱优特", "fruquintinib"),
        ("VEGF-Trap", "aflibercept"),
    ],
)
def test_the_drugs_of_the_wider_registry_are_found_as_papers_write_them(
    written: str, name: str
) -> None:
    assert read(written).name == name


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("pembrolizumap", "pembrolizumab"),
        ("Keytruta", "Keytruda"),
        ("贝伐珠单扛", "贝伐珠单抗"),
        ("pembrolizmuab", "pembrolizumab"),
    ],
)
def test_an_unknown_drug_is_answered_with_the_nearest_name(wrong: str, near: str) -> None:
    with pytest.raises(UnknownName, match=f'did you mean "{near}"'):
        read(wrong)


@pytest.mark.parametrize("name", ["hlx04", "ibi305"])
def test_a_biosimilar_takes_what_it_does_not_say_from_bevacizumab(name: str) -> None:
    biosimilar, reference = read(name), read("bevacizumab")
    assert biosimilar.parameters == reference.parameters
    assert biosimilar.effects == reference.effects
    assert "avastin" not in {alias.lower() for alias in biosimilar.aliases}


@pytest.mark.parametrize(("name", "lender"), BORROWED.items())
def test_a_borrowed_number_is_the_lenders_and_says_so(name: str, lender: str) -> None:
    borrower, owner = read(name), read(lender)
    compared = [exposure.quantity for exposure in borrower.exposures]
    labelled = [borrower.infusion]
    assert not any(q.source.verified for q in quantities(borrower) if q not in compared + labelled)
    assert [p.name for p in borrower.parameters] == [p.name for p in owner.parameters]
    for parameter in borrower.parameters:
        assert parameter.quantity.source.reference.startswith("assumed: borrowed from")
        assert parameter.quantity.value == owner.parameter(parameter.name).quantity.value


def test_units_are_converted_at_the_border() -> None:
    """10.8 mL/h is 0.2592 L/day, 407.4 g/mol is 4.074e-4 mg/nmol, 1.02 per hour 24.48 per day."""
    assert read("nivolumab").parameter("clearance").quantity.value == pytest.approx(0.2592)
    assert read("anlotinib").molecular_weight.value == pytest.approx(4.074e-4)
    assert read("lenvatinib").parameter("absorption_rate").quantity.value == pytest.approx(24.48)


def collected() -> list[dict[str, str]]:
    """Rows of the independent collection of kinetic parameters."""
    path = Path(__file__).resolve().parents[1] / "oracles" / "pharmacology" / "parameters.csv"
    lines = [
        line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    ]
    return list(csv.DictReader(lines))


@pytest.mark.parametrize("row", collected(), ids=lambda row: f"{row['drug']}-{row['parameter']}")
def test_what_counts_as_read_is_what_was_read(row: dict[str, str]) -> None:
    """Value, unit and CV of every parameter marked as read, to the four figures that unit conversions leave."""
    quantity = read(row["drug"]).parameter(row["parameter"]).quantity
    assert quantity.value == pytest.approx(
        convert(float(row["value"]), row["unit"], quantity.unit), rel=1e-3
    )
    assert quantity.source.verified
    if row["cv"]:
        assert quantity.variation == pytest.approx(float(row["cv"]) / 100.0)
    else:
        assert math.isnan(quantity.variation) or not quantity.variation_source.verified


def test_nothing_else_counts_as_read() -> None:
    """Beyond the collection: cisplatin's range of 15-16 and 11-12 per m2 and the biosimilars' shared values."""
    known = {(row["drug"], row["parameter"]) for row in collected()}
    marked = {
        (name, p.name)
        for name in NAMES
        for p in read(name).parameters
        if p.quantity.source.verified
    }
    assert {drug for drug, _ in marked - known} == {"cisplatin", "hlx04", "ibi305"}


def test_classes_of_toxicity_sum_to_what_was_fitted_to_doublets() -> None:
    """0.47 for carboplatin with a taxane, 0.57 for platinum with pemetrexed, 0.14 for PD-(L)1, 0.17 for bevacizumab."""

    def total(*drugs: str) -> float:
        classes = {read(name).toxicity.toxicity_class: read(name).toxicity for name in drugs}
        return sum(toxicity.cumulative.value for toxicity in classes.values())

    assert total("carboplatin", "paclitaxel") == pytest.approx(0.47)
    assert total("cisplatin", "pemetrexed") == pytest.approx(0.57)
    assert total("atezolizumab", "bevacizumab", "carboplatin", "nab_paclitaxel") == pytest.approx(
        0.78
    )
    assert total("nivolumab", "pembrolizumab") == pytest.approx(0.14)


def test_sitravatinib_alone_has_the_published_rate_of_severe_events() -> None:
    """Grade 3 or more in 53.4 % of 193 patients (Bauer 2022), where cabozantinib's hazard gave 31 %."""
    assert -math.expm1(-read("sitravatinib").toxicity.cumulative.value) == pytest.approx(
        0.534, abs=0.003
    )


def test_a_hazard_integrates_to_its_course_and_slows_after_it() -> None:
    toxicity = read("bevacizumab").toxicity
    assert toxicity.cumulative_by(toxicity.course.value) == pytest.approx(toxicity.cumulative.value)
    assert toxicity.cumulative_by(360.0) == pytest.approx(0.17 + 0.5 * 0.17)
    assert toxicity.cumulative_by(0.0) == 0.0


def test_every_class_of_toxicity_has_a_drug() -> None:
    assert {read(name).toxicity.toxicity_class for name in NAMES} == set(toxicity_classes())


def broken(tmp_path: Path, *changes: tuple[str, str], name: str = "sintilimab") -> Path:
    """A library document with some of its text replaced."""
    text = (LIBRARY / "drugs" / f"{name}.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "clearance: {value: 0.2,",
            "clearence: {value: 0.2,",
            r'unknown key "clearence"; did you mean "clearance"',
        ),
        ("unit: kg/mol", "unit: kg", r'found unit "kg"; expected one of the kind of mg/nmol'),
        ("value: 0.2, unit: L/day", "value: two, unit: L/day", r'found "two"; expected a number'),
        (
            "value: 3.5, unit: L,",
            "value: -3.5, unit: L,",
            r"kinetics.parameters.central_volume: found -3.5; expected more than 0",
        ),
        ("range: [2, 4]", "range: [4, 2]", r"expected \[low, high\]"),
        (
            "source: affinity",
            "source: afinity",
            r'found source "afinity"; expected a key of `sources`',
        ),
        (
            "checkpoint_ratio:",
            "chekpoint_ratio:",
            r'unknown key "chekpoint_ratio"; did you mean "checkpoint_ratio"',
        ),
        ("kind: antibody", "kind: antibodies", r'found "antibodies"; expected one of antibody'),
        ("dose: 200 mg q3w", "dose: 200 q3w", r"labels: regimen .*no unit after 200"),
        ("toxicity: PD-(L)1 antibody", "toxicity: PD1", r'found "PD1"; expected one of'),
        ("route: iv", "route: sc", r'missing parameter "absorption_rate"'),
        (
            "drug: sintilimab",
            "drug: sinti",
            r'the drug is called "sinti" in a file called "sintilimab"',
        ),
        ("zh: 信迪利单抗", "cn: 信迪利单抗", r'missing key "zh"'),
    ],
)
def test_a_wrong_document_is_told_where_and_what(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = broken(tmp_path, (old, new))
    with pytest.raises(InvalidDocument, match=message) as caught:
        read(path)
    assert f"{path}:" in str(caught.value)


def test_all_findings_of_a_document_are_told_together(tmp_path: Path) -> None:
    path = broken(
        tmp_path,
        ("kind: antibody", "kind: x"),
        ("unit: kg/mol", "unit: kg"),
        ("source: affinity", "source: nowhere"),
    )
    with pytest.raises(InvalidDocument, match="3 findings") as caught:
        read(path)
    assert [finding.place.line for finding in caught.value.findings] == sorted(
        f.place.line for f in caught.value.findings
    )


def test_covariates_that_are_not_known_are_told(tmp_path: Path) -> None:
    path = broken(tmp_path, ("(weight/77)", "(wieght/77)"), name="atezolizumab")
    with pytest.raises(InvalidDocument, match=r'covariate "wieght" is not known'):
        read(path)


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    path = broken(tmp_path)
    assert read(path).parameter("clearance").quantity.value == 0.2
    text = path.read_text(encoding="utf-8").replace(
        "clearance: {value: 0.2,", "clearance: {value: 0.25,"
    )
    path.write_text(text, encoding="utf-8")
    assert read(path).parameter("clearance").quantity.value == 0.25


def test_a_drug_of_ones_own_is_given_by_the_path_of_its_document(tmp_path: Path) -> None:
    path = tmp_path / "newmab.yaml"
    path.write_text(
        "drug: newmab\nlike: sintilimab\nnames: {en: newmab, zh: 新单抗}\nclass: anti-PD-1 IgG4\n"
        "labels: [{dose: 300 mg q3w, source: assumed}]\n",
        encoding="utf-8",
    )
    given = regimen(f"{path} 300 mg q3w x2 + bevacizumab 15 mg/kg q3w x2")
    assert given.drugs == tuple(sorted(["bevacizumab", str(path)]))
    assert regimen(str(given)) == given
    assert "newmab_central" in schedule(given, 0.0, 21.0, weight=70.0).target
    assert module(read(path)).name == "newmab"


def test_a_drug_like_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "newmab.yaml"
    path.write_text("drug: newmab\nlike: sintilimap\n", encoding="utf-8")
    with pytest.raises(
        InvalidDocument, match=r'found "sintilimap"; expected a drug of.*did you mean "sintilimab"'
    ):
        read(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="no such file"):
        read(tmp_path / "none.yaml")
