"""Whom a published study enrolled, as the covariates, eligibility and sets of a protocol."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from normoxia.errors import InvalidArgument
from normoxia.evidence.studies.prior import prior_inhibitor
from normoxia.evidence.studies.reported import Fact
from normoxia.evidence.studies.study import Population, Study
from normoxia.population import PopulationDocument
from normoxia.population.covariates import Continuous, Quantiles
from normoxia.trial.making import cuts

_TPS = ("<1%", "1-49%", ">=50%")
#: the registry's strata of PD-L1 as classes of the population document
TPS_CLASSES = {
    "<1%": ("<1%",),
    "1-49%": ("1-49%",),
    ">=50%": (">=50%",),
    ">=1%": ("1-49%", ">=50%"),
    "<50%": ("<1%", "1-49%"),
}
_DRIVERS = {"mutant": "mutant", "wild-type": "wild-type"}
#: names of strata in English and Chinese
_NAMES = {
    "mutant": ("EGFR mutant", "EGFR突变"),
    "wild-type": ("EGFR wild type", "EGFR野生型"),
    "squamous": ("squamous", "鳞状"),
    "non-squamous": ("non-squamous", "非鳞状"),
    "after TKI": ("after TKI", "EGFR-TKI治疗后"),
}
_ASIAN = ("China", "Japan", "Korea")
_EAST_ASIA = (*_ASIAN, "Taiwan", "Hong Kong")
#: definitions of populations that are restricted by what their strata say and by nothing else
_NOTHING_ELSE = re.compile(
    r"^(?:PD-L1 )?TPS|^PD-L1 >=1%|^(?:non-)?squamous|^EGFR|^driver|^TPS", re.IGNORECASE
)
_SOMETHING_ELSE = re.compile(r"KRAS|Teff|as the review|exon|after a|editorial", re.IGNORECASE)


@dataclass(slots=True)
class Enrolled:
    """Parts of a protocol's document, and what was assumed in making them."""

    covariates: dict[str, object] = field(default_factory=dict)
    eligibility: dict[str, object] = field(default_factory=dict)
    sets: dict[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def enrolled(study: Study, document: PopulationDocument) -> Enrolled:
    """The study's patients in terms of a population document's covariates.

    What the study does not say keeps the document's shares; a note tells which.
    """
    found = Enrolled()
    _line(study, found)
    _histology(study, found)
    _driver(study, found)
    _prior_inhibitor_of_egfr(study, found)
    _programmed_death_ligand(study, document, found)
    _ancestry(study, found)
    _people(study, document, found)
    _sets(study, found)
    missing = [name for name in ("age", "sex_female", "ecog") if name not in found.covariates]
    if missing:
        found.notes.append(
            f"{', '.join(missing)}: shares of the population document, the study's are not known"
        )
    return found


def _levels(shares: dict[object, float], source: str) -> dict[str, object]:
    return {"levels": {str(k): round(v, 4) for k, v in shares.items()}, "source": source}


def _setting(study: Study, what: str) -> str:
    return f"{what} ({study.id}, the registry's setting)"


def _line(study: Study, found: Enrolled) -> None:
    later = study.setting.line in ("second or later", "third or later")
    found.covariates["line"] = _levels(
        {1: 1 - later, 2: later}, _setting(study, study.setting.line)
    )
    if study.setting.line == "third or later":
        found.notes.append("third line and later counts as the model's second line")
    prior = prior_inhibitor(study.setting.prior_therapy)
    if prior is None:
        raise InvalidArgument(
            f'prior therapy "{study.setting.prior_therapy}" does not say whether patients had a checkpoint inhibitor; '
            'say so in words such as "anti-PD-(L)1 and platinum" or "platinum, no prior ICI"'
        )
    found.covariates["prior_ici"] = _levels(
        {0: 1 - prior, 1: prior},
        _setting(study, study.setting.prior_therapy or "no prior therapy is stated"),
    )
    if later:
        found.eligibility["line"] = 2
    if study.setting.stage in ("IV", "metastatic", "metastatic (IV)"):
        found.covariates["stage"] = _levels(
            {"III": 0, "IV": 1}, _setting(study, study.setting.stage)
        )


def _histology(study: Study, found: Enrolled) -> None:
    histology = study.setting.histology
    if histology == "unstated" and study.setting.driver == "mutant":
        histology = "non-squamous"
        found.notes.append(
            "histology is not stated; non-squamous is assumed, as the patients are EGFR mutant"
        )
    if histology in ("non-squamous", "squamous"):
        shares: dict[object, float] = {
            name: float(name == histology) for name in ("non-squamous", "squamous")
        }
        found.covariates["histology"] = _levels(shares, _setting(study, histology))
        found.eligibility["histology"] = histology
    elif (share := _share(study, "squamous")) is not None:
        value, source = share
        found.covariates["histology"] = _levels(
            {"non-squamous": 1 - value, "squamous": value}, source
        )


def _driver(study: Study, found: Enrolled) -> None:
    driver = study.setting.driver
    if driver in _DRIVERS:
        found.covariates["egfr"] = _levels(
            {"wild-type": float(driver == "wild-type"), "mutant": float(driver == "mutant")},
            _setting(study, driver),
        )
        found.eligibility["egfr"] = driver
        return
    share = (
        _share(study, "EGFR mutated")
        or _share(study, "EGFR sensitive mutation")
        or _share_of_strata(study)
    )
    if share is not None:
        value, source = share
        found.covariates["egfr"] = _levels({"wild-type": 1 - value, "mutant": value}, source)
    else:
        found.notes.append(
            "EGFR mutants: the share of the population document, the study's is not known"
        )


def _prior_inhibitor_of_egfr(study: Study, found: Enrolled) -> None:
    """First-line mutants have had no inhibitor of EGFR where the study does not say that it took driver-positive patients after one."""
    if study.setting.line == "first" and study.setting.driver == "unstated":
        found.covariates["prior_tki"] = _levels(
            {0: 1.0, 1: 0.0}, f"assumed: {study.id} does not mention one, and is of the first line"
        )


def _share_of_strata(study: Study) -> tuple[float, str] | None:
    """Share of mutants where the sizes of both strata are printed; ALK counts with EGFR, as in the strata."""
    sizes = {p.strata["driver"]: p.n for p in study.populations if "driver" in p.strata and p.n}
    if not {"mutant", "wild-type"} <= set(sizes):
        return None
    share = sizes["mutant"] / (sizes["mutant"] + sizes["wild-type"])
    return (
        share,
        f"{sizes['mutant']} driver positive, {sizes['wild-type']} negative ({study.id}); all taken as EGFR mutant",
    )


def _programmed_death_ligand(study: Study, document: PopulationDocument, found: Enrolled) -> None:
    chosen = TPS_CLASSES.get(study.setting.pdl1)
    if chosen:
        found.eligibility["pdl1_tps"] = list(chosen)
    elif study.setting.pdl1 not in ("unselected", "unstated"):
        found.notes.append(f'selection by PD-L1 "{study.setting.pdl1}" is not represented')
    covariate = document.covariate("pdl1_tps")
    if (
        covariate is None
        or not isinstance(covariate.law, Quantiles)
        or study.setting.driver == "mutant"
    ):
        return  # the mutants' classes follow from the effect of EGFR on the latent value
    known = {name: _share(study, f"PD-L1 TPS {name}") for name in _TPS}
    shares: dict[object, float] = {}
    source = ""
    if all(known.values()):
        total = sum(share[0] for share in known.values() if share)
        shares = {name: share[0] / total for name, share in known.items() if share}
        source = f"{next(share[1] for share in known.values() if share)}; unknown ones left out"
    elif study.setting.pdl1 == ">=1%" and (high := known[">=50%"] or _share(study, "PD-L1 >=50%")):
        below = covariate.law.shares["<1%"]
        shares = {
            "<1%": below,
            "1-49%": (1 - below) * (1 - high[0]),
            ">=50%": (1 - below) * high[0],
        }
        source = f"{high[1]}, of those with 1 % or more"
    if shares:
        last = {name: round(share, 4) for name, share in shares.items()}
        last[">=50%"] = round(1 - last["<1%"] - last["1-49%"], 4)
        found.covariates["pdl1_tps"] = {
            "quantiles": {"latent": covariate.law.latent, "shares": last},
            "source": source,
        }


def _ancestry(study: Study, found: Enrolled) -> None:
    country = study.setting.country
    part = re.search(r"(\d+)% East Asia", country)
    if part:
        share = int(part[1]) / 100
    elif any(name in country for name in _ASIAN):
        share = 1.0
    elif (known := _share(study, "Asian")) is not None:
        found.covariates["asian"] = _levels({0: 1 - known[0], 1: known[0]}, known[1])
        return
    else:
        return
    found.covariates["asian"] = _levels({0: 1 - share, 1: share}, _setting(study, country))


def is_asian(country: str) -> bool:
    """Whether all of a study's countries are of East Asia."""
    parts = [part for part in country.split(",") if part]
    return bool(parts) and all(any(name in part for name in _EAST_ASIA) for part in parts)


def _people(study: Study, document: PopulationDocument, found: Enrolled) -> None:
    if (male := _share(study, "male")) is not None:
        found.covariates["sex_female"] = _levels({0: male[0], 1: 1 - male[0]}, male[1])
    elif (female := _share(study, "female")) is not None:
        found.covariates["sex_female"] = _levels({0: 1 - female[0], 1: female[0]}, female[1])
    if (well := _share(study, "ECOG 0")) is not None:
        found.covariates["ecog"] = _levels({0: well[0], 1: 1 - well[0]}, well[1])
    age = _value(study, "median age") or _value(study, "mean age")
    covariate = document.covariate("age")
    if age is not None and covariate is not None and isinstance(covariate.law, Continuous):
        found.covariates["age"] = {
            "normal": {"mean": age[0], "sd": covariate.law.spread},
            "bounds": [covariate.law.low, covariate.law.high],
            "unit": covariate.unit,
            "source": f"{age[1]}; spread of the population document",
        }


def _sets(study: Study, found: Enrolled) -> None:
    whole = list(cuts.whole_sets(study))
    safety = [p.set for p in study.populations if p.set == "safety"]
    main = cuts.main_set(study)
    of_main = [p for p in study.populations if p.set == main]
    if main and main not in whole and not any(_is_part(p, found.eligibility) for p in of_main):
        whole.append(main)
        if all(p.strata.get("driver") == "wild-type" for p in of_main):
            found.eligibility["egfr"] = "wild-type"
        found.notes.append(
            f"hazard ratios are printed of {main} ({of_main[0].definition}) and not of everybody; taken as everybody enrolled here"
        )
    found.sets["all"] = {
        "title": {"en": "all randomised", "zh": "全部随机患者"},
        "published": list(dict.fromkeys([*whole, *safety])),
    }
    for population in study.populations:
        where = where_of(population)
        if not where or population.set in whole or _is_everybody(where, found.eligibility):
            continue
        name = " ".join(_NAMES.get(value, (value, ""))[0] for value in population.strata.values())
        titles = {
            language: ", ".join(
                _NAMES.get(value, (f"PD-L1 TPS {value}",) * 2)[i]
                for value in population.strata.values()
            )
            for i, language in enumerate(("en", "zh"))
        }
        entry = found.sets.setdefault(name, {"title": titles, "where": where, "published": []})
        assert isinstance(entry, dict)
        if population.set not in entry["published"]:
            entry["published"].append(population.set)


def where_of(population: Population) -> dict[str, object]:
    """A published stratum as a condition on covariates; {} when it is none or cannot be said in them."""
    text = population.definition
    if not population.strata or not _NOTHING_ELSE.search(text) or _SOMETHING_ELSE.search(text):
        return {}
    where: dict[str, object] = {}
    for name, value in population.strata.items():
        if name == "driver" and value in _DRIVERS:
            where["egfr"] = _DRIVERS[value]
        elif name == "histology" and value in ("squamous", "non-squamous"):
            where["histology"] = value
        elif name == "pdl1" and value in TPS_CLASSES:
            where["pdl1_tps"] = list(TPS_CLASSES[value])
        elif not (name == "line" and "egfr" in where):
            return {}
    return where


def _is_part(population: Population, eligibility: dict[str, object]) -> bool:
    """Whether a population is a part of those enrolled that conditions on covariates tell."""
    where = where_of(population)
    return bool(where) and not _is_everybody(where, eligibility)


def _is_everybody(where: dict[str, object], eligibility: dict[str, object]) -> bool:
    return all(eligibility.get(name) == value for name, value in where.items())


def _share(study: Study, what: str) -> tuple[float, str] | None:
    """A baseline share of the whole study as printed, of all patients or weighted over the arms; and its source."""
    found = _value(study, what, "%")
    return (found[0] / 100, found[1]) if found else None


def _value(study: Study, what: str, unit: str = "years") -> tuple[float, str] | None:
    sets = cuts.whole_sets(study)
    facts = [
        fact
        for p in study.populations
        if p.set in sets or "ITT" in p.set
        for fact in p.facts
        if fact.what in (what, f"{what} or adenosquamous")
        and fact.unit == unit
        and isinstance(fact.value, (int, float))
    ]
    together = [fact for fact in facts if not fact.arm]
    if together:
        return float(together[0].value), _source(study, together[0])
    arms: dict[str, Fact] = {}
    for fact in facts:
        arms.setdefault(fact.arm, fact)
    weights = {arm.id: max(arm.n, 1) for arm in study.arms if arm.id in arms}
    if not weights:
        return None
    mean = sum(float(arms[arm].value) * n for arm, n in weights.items()) / sum(weights.values())
    return round(mean, 2), _source(study, next(iter(arms.values())))


def _source(study: Study, fact: Fact) -> str:
    reference = study.sources.get(fact.source)
    return f"{fact.what} of {study.id}: {reference.citation if reference else fact.source}"
