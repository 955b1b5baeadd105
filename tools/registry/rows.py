"""Populations of a trial with their outcomes, contrasts, facts and curves, as rows of a study document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Plain = dict[str, Any]
_MEDIANS = {"pfs_median_mo": "PFS", "os_median_mo": "OS", "dor_median_mo": "DoR"}
_RATES = {"orr_pct": "ORR", "dcr_pct": "DCR"}
_LANDMARKS = {"pfs_rates_pct": "PFS", "os_rates_pct": "OS"}
_TOXICITY = {
    "g3plus_trae_pct": "G3+ TRAE",
    "g3plus_ae_pct": "G3+ AE",
    "discontinuation_ae_pct": "discontinuation",
}
_COUNTS = {
    "ORR": "orr_count",
    "DCR": "dcr_count",
    "G3+ TRAE": "g3plus_trae_count",
    "G3+ AE": "g3plus_ae_count",
}
_CUT_ENDING = re.compile(
    r"_(?:primary|final(?:_OS)?|OS|interim|IA\d*(?:_\d{4})?|\d+(?:\.\d+)?(?:y|m|mo)?|wk\d+|update(?:d|_\d{4})?|late|ap|table|split_\w+)$"
)
_BASELINE = {
    "median_age_y": ("median age", "years"),
    "male_pct": ("male", "%"),
    "ecog0_pct": ("ECOG 0", "%"),
    "squamous_pct": ("squamous", "%"),
    "stage_iv_pct": ("stage IV", "%"),
    "smoker_pct": ("smoker", "%"),
    "brain_mets_pct": ("brain metastases", "%"),
    "liver_mets_pct": ("liver metastases", "%"),
    "egfr_mut_pct": ("EGFR mutation", "%"),
    "alk_pct": ("ALK", "%"),
    "pdl1_ge1_pct": ("PD-L1 >=1%", "%"),
    "pdl1_ge50_pct": ("PD-L1 >=50%", "%"),
    "pdl1_lt1_pct": ("PD-L1 <1%", "%"),
}


@dataclass(slots=True)
class PopulationRows:
    """Populations in order, the keys of the sources they name, and what was left out."""

    populations: list[Plain]
    sources: list[str] = field(default_factory=list)
    supplementary: dict[str, Plain] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def populations(trial: Plain, supplement: Iterable[Plain], words: Plain) -> PopulationRows:
    """The populations of a trial, subgroups of which a contrast is printed among them."""
    left: list[str] = []
    found: list[Plain] = []
    for population in trial["populations"]:
        why = words["left_out_populations"].get(trial["id"], {}).get(population["id"])
        if why:
            left.append(f"population {population['id']}: {why}")
            continue
        found += _of(trial, population, words, left)
    result = PopulationRows([p for p in found if _has_rows(p)])
    _supplement(trial, supplement, words, result)
    for population in result.populations:
        population["outcomes"] = _merged(population["outcomes"])
        population["contrasts"] = _merged(population["contrasts"])
    result.sources = _sources(trial, result.populations)
    result.left_out = tuple(left)
    return result


def _of(trial: Plain, population: Plain, words: Plain, left: list[str]) -> list[Plain]:
    name = population["id"]
    base = _base(name)
    if base not in words["sets"]:
        raise SystemExit(
            f"{trial['id']}: population {name}: no words for {base}; add them to words.yaml"
        )
    set_name, definition, strata = words["sets"][base]
    clauses = [definition, *_cuts(population, words)]
    row: Plain = {
        "id": name,
        "definition": ", ".join(dict.fromkeys(clauses)),
        "set": set_name,
        "n": population["n"],
        "follow_up": population["median_follow_up_mo"],
        "cutoff": _date(population["data_cutoff"]),
        "strata": dict(strata),
        "outcomes": [],
        "contrasts": [],
        "facts": [],
        "curves": [],
    }
    for outcome in population["outcomes"]:
        row["outcomes"] += _outcomes(trial, outcome, words)
        row["facts"] += _facts(outcome)
    for baseline in population["baseline"]:
        row["facts"] += _baseline(baseline)
    row["curves"] = [_curve(curve) for curve in population["km_landmarks"]]
    rows = {name: row}
    for contrast in population["contrasts"]:
        _place(contrast, row, rows, words, left)
    return list(rows.values())


def _place(
    contrast: Plain, row: Plain, rows: dict[str, Plain], words: Plain, left: list[str]
) -> None:
    """Put a contrast into its population, or into the subgroup it is of."""
    made = _contrast(contrast, left)
    if made is None:
        return
    group = contrast.get("subgroup") or ""
    if not group and contrast["note"] in words["subgroups"]:
        group = contrast["note"]
    if not group:
        row["contrasts"].append(made)
        return
    kind, size, adjusted = _subgroup(group)
    if adjusted or contrast["note"] == "adjusted":
        made["adjusted"] = "covariates"
    where = row
    if kind:
        key = f"{row['id']}_{re.sub(r'[^A-Za-z0-9]+', '_', kind.replace('>=', 'ge').replace('<', 'lt')).strip('_')}"
        strata = {**row["strata"], **words["subgroups"].get(kind, {"selection": kind})}
        where = rows.setdefault(
            key,
            {
                "id": key,
                "definition": ", ".join([kind, *row["definition"].split(", ")[1:]]),
                "set": kind,
                "n": size,
                "follow_up": row["follow_up"],
                "cutoff": row["cutoff"],
                "strata": strata,
                "outcomes": [],
                "contrasts": [],
                "facts": [],
                "curves": [],
            },
        )
    where["contrasts"].append(made)


def _subgroup(text: str) -> tuple[str, int, bool]:
    """A subgroup's words without its size, the size, and whether the contrast is adjusted."""
    size = re.search(r"n ?= ?(\d+)", text)
    adjusted = text.endswith(", adjusted")
    kind = re.sub(r"\s*\(n ?= ?\d+\)|, n ?= ?\d+|, adjusted|, updated|^pretreated ", "", text)
    return kind, int(size[1]) if size else 0, adjusted


def _outcomes(trial: Plain, printed: Plain, words: Plain) -> Iterator[Plain]:
    source = _key(printed["source"])
    note = printed["note"] or ""
    for column, endpoint in (*_MEDIANS.items(), *_RATES.items(), *_TOXICITY.items()):
        value = printed[column]
        if value is None:
            continue
        plain = value if isinstance(value, dict) else {"value": value, "ci95": None}
        row = {"arm": printed["arm"], "endpoint": endpoint}
        yield (
            row
            | _estimate(plain)
            | _who(printed, endpoint)
            | _marks(trial, endpoint, note, words)
            | {"source": source}
        )
    for column, endpoint in _LANDMARKS.items():
        for point in printed[column]:
            row = {"arm": printed["arm"], "endpoint": endpoint, "month": point["month"]}
            yield row | _estimate(point) | _who(printed, endpoint) | {"source": source}


def _estimate(plain: Plain) -> Plain:
    row: Plain = {"value": "NR" if plain["value"] in ("NR", "NE", None) else plain["value"]}
    ends = plain.get("ci95")
    if ends:
        row["interval"] = ["NR" if end in (None, "NE", "NR") else end for end in ends]
    return row


def _who(printed: Plain, endpoint: str) -> Plain:
    """Patients behind a row, grades of toxicity, and who assessed it."""
    row: Plain = {}
    count = printed.get(_COUNTS.get(endpoint, ""))
    if count:
        row["n"] = count[1]
    elif printed["n"]:
        row["n"] = printed["n"]
    if endpoint in ("G3+ TRAE", "G3+ AE"):
        row["grades"] = "3" if "grade 3 treatment" in (printed["note"] or "") else ">=3"
    if endpoint in ("PFS", "ORR", "DCR", "DoR") and (
        who := _assessor(printed["assessor"] or "", endpoint)
    ):
        row["assessor"] = who
    return row


def _assessor(text: str, endpoint: str) -> str:
    """Who assessed an endpoint, of words such as "BICR (ORR), investigator (PFS)"."""
    named = re.findall(r"([A-Za-z ]+?) \((ORR|PFS)\)", text)
    if named:
        text = next((who for who, of in named if of == ("PFS" if endpoint == "PFS" else "ORR")), "")
    elif text.startswith("PFS "):
        text = "investigator" if endpoint == "PFS" else "IRC"
    if not text:
        return ""
    return "investigator" if "investigator" in text.lower() else "independent"


def _marks(trial: Plain, endpoint: str, note: str, words: Plain) -> Plain:
    for entry in words["not_the_endpoint"]:
        of_trial = entry.get("study", trial["id"]) == trial["id"]
        if of_trial and endpoint == entry["endpoint"] and entry.get("note", "") in note:
            return {"superseded": entry["why"]}
    return {}


def _facts(printed: Plain) -> Iterator[Plain]:
    if printed["g5_trae_pct"] is not None:
        yield {
            "arm": printed["arm"],
            "what": "grade 5 TRAE",
            "value": printed["g5_trae_pct"],
            "unit": "%",
            "source": _key(printed["source"]),
        }


def _baseline(printed: Plain) -> Iterator[Plain]:
    source = _key(printed["source"])
    rows = (
        [(printed["characteristic"], printed["value_pct"], "%")]
        if "characteristic" in printed
        else [(what, printed[column], unit) for column, (what, unit) in _BASELINE.items()]
    )
    for what, value, unit in rows:
        if value is not None:
            arm = {"arm": printed["arm"]} if printed["arm"] not in (None, "all") else {}
            yield arm | {"what": what, "value": value, "unit": unit, "source": source}


def _contrast(printed: Plain, left: list[str]) -> Plain | None:
    if printed["endpoint"] not in ("PFS", "OS", "ORR_risk_ratio"):
        left.append(f"contrast of {printed['endpoint']}: not an endpoint of the registry")
        return None
    note = printed["note"] or ""
    if "pooled over two trials" in note:
        left.append(f"contrast of {printed['endpoint']}: pooled over two trials")
        return None
    row: Plain = {"endpoint": printed["endpoint"].partition("_")[0]}
    row |= {"arm": printed["experimental"], "comparator": printed["control"]}
    if printed["endpoint"] == "ORR_risk_ratio":
        row["measure"] = "RR"
    if printed["hr"] is not None:
        row["value"] = printed["hr"]
    if printed["ci"]:
        row["interval"] = printed["ci"]
        if printed["ci_level_pct"] not in (95, None):
            row["level"] = printed["ci_level_pct"]
    if printed["p"] is not None:
        row["p"] = _p(printed["p"])
    if "value" not in row and "p" not in row:
        return None
    if "adjusted" in note:
        row["adjusted"] = "cross-over" if "crossover" in note else "covariates"
    if who := _assessor(
        note if re.search("investigator|IRRC|BIRC|IRC|independent", note) else "", "PFS"
    ):
        row["assessor"] = who
    if re.search("level not printed|level 90 % is recalled", note):
        row["superseded"] = "level of the interval not printed"
    return row | {"source": _key(printed["source"])}


def _p(text: object) -> str:
    value = re.sub(r"\s*\(nonsignificant\)", "", str(text))
    value = re.sub(r"(?<!\d)\.(\d)", r"0.\1", value)
    return re.sub(r"\s*\(?one-sided\)?", ", one-sided", value)


def _curve(curve: Plain) -> Plain:
    median = {"median": curve["median_mo"]} if curve["median_mo"] else {}
    return {
        "arm": curve["arm"],
        "endpoint": curve["endpoint"],
        "derived": True,
        "population": curve["population"],
        "n": curve["n"],
        "events": curve["events"],
        **median,
        "points": [[p["month"], p["survival_pct"], p["at_risk"]] for p in curve["points"]],
        "dataset": curve["dataset"],
        "source": _key(curve["source"]),
    }


def _base(name: str) -> str:
    while (shorter := _CUT_ENDING.sub("", name)) != name and shorter:
        name = shorter
    return {"final": "final", "IA4": "IA", "update": "update"}.get(name, name)


def _cuts(population: Plain, words: Plain) -> Iterator[str]:
    text = " ".join((population["definition"] or "", population["follow_up_note"] or "")).lower()
    for pattern, clause in words["cuts"]:
        if found := re.search(pattern, text):
            if clause.startswith("median follow-up") and population["median_follow_up_mo"]:
                continue
            yield clause.format(*found.groups())
            if not clause.endswith("months"):
                return


def _date(text: object) -> str:
    found = re.fullmatch(r"\d{4}(?:-\d{2}){0,2}", str(text or ""))
    return found[0] if found else ""


def _key(source: str) -> str:
    return re.findall(r"\[([^\]]+)\]", source)[0]


def _merged(rows: list[Plain]) -> list[Plain]:
    """Rows that print the same figure as one, the other sources under `also`; the one that prints most stands."""
    kept: list[Plain] = []
    for row in rows:
        twin = next((other for other in kept if _prints(row, other)), None)
        if twin is None:
            kept.append(row)
            continue
        more, less = (row, twin) if len(row) > len(twin) else (twin, row)
        sources = [*twin.get("also", ()), twin["source"], row["source"]]
        also = [key for key in dict.fromkeys(sources) if key != more["source"]]
        merged = less | more
        merged.pop("also", None)
        kept[kept.index(twin)] = merged | ({"also": also} if also else {})
    return kept


def _prints(one: Plain, other: Plain) -> bool:
    """Whether two rows print one figure: alike in whatever both say but the source."""
    both = (one.keys() & other.keys()) - {"source", "also", "n", "assessor"}
    keys = {
        "arm",
        "comparator",
        "endpoint",
        "month",
        "value",
        "grades",
        "level",
        "adjusted",
        "measure",
        "superseded",
    }
    same = all(one.get(key) == other.get(key) for key in keys)
    who = one.get("assessor", "") == other.get("assessor", "") or "assessor" not in (
        one.keys() & other.keys()
    )
    return same and who and "value" in one and all(one[key] == other[key] for key in both)


def _has_rows(population: Plain) -> bool:
    return any(population[key] for key in ("outcomes", "contrasts", "facts", "curves"))


def _sources(trial: Plain, made: list[Plain]) -> list[str]:
    keys: dict[str, None] = {}
    for arm in trial["arms"]:
        for key in re.findall(r"\[([^\]]+)\]", arm["source"] or ""):
            keys.setdefault(key)
    for population in made:
        for kind in ("outcomes", "contrasts", "facts", "curves"):
            for row in population[kind]:
                for key in (row["source"], *row.get("also", ())):
                    keys.setdefault(key)
    return list(keys)


def _supplement(
    trial: Plain, supplement: Iterable[Plain], words: Plain, result: PopulationRows
) -> None:
    """Add the supplementary figures of a trial to the populations they are of."""
    places = words["supplement_populations"].get(trial["id"])
    arms = words["supplement"].get(trial["id"])
    if not places or not arms:
        return
    by_id = {population["id"]: population for population in result.populations}
    for figure in supplement:
        if figure["study"] != trial["id"] or figure["population"] not in places:
            continue
        name = places[figure["population"]]
        if (
            name.startswith("PDL1")
            and trial["id"] == "KEYNOTE-407"
            and "PMC10405997" in figure["source"]
        ):
            name += "_5y"
        key, reference = _supplementary_source(trial, figure, words)
        row = _supplementary_row(figure, arms, key)
        if row is None:
            continue
        result.supplementary[key] = reference
        if name not in by_id:
            set_name, definition, strata = (words["supplement_sets"] | words["sets"])[
                name.removesuffix("_5y")
            ]
            cut = ", five-year" if name.endswith("_5y") else ""
            by_id[name] = {
                "id": name,
                "definition": definition + cut,
                "set": set_name,
                "n": 0,
                "follow_up": None,
                "cutoff": "",
                "strata": dict(strata),
                "outcomes": [],
                "contrasts": [],
                "facts": [],
                "curves": [],
            }
            where = next(
                (i for i, p in enumerate(result.populations) if p["id"].endswith("_5y")),
                len(result.populations),
            )
            result.populations.insert(
                where if name == "ITT_updated" else len(result.populations), by_id[name]
            )
        place, plain = row
        by_id[name][place].append(plain)


def _supplementary_source(trial: Plain, figure: Plain, words: Plain) -> tuple[str, Plain]:
    source, kind = (
        figure["source"],
        words["source_kinds"].get(figure["source_kind"], figure["source_kind"]),
    )
    if source.startswith("doi:"):
        doi = source.removeprefix("doi:")
        return "report", {"citation": f"{trial['id']} primary report", "kind": kind, "doi": doi}
    if found := re.search(r"(PMC\d+)/table/(\S+)", source):
        return f"{found[1].lower()}_{found[2].lower()}", {
            "citation": f"{found[1]}, table {found[2]}",
            "kind": kind,
            "read_at": source,
        }
    host = re.sub(r"^https?://(?:www\.)?|/.*", "", source)
    return re.sub(r"\W+", "_", host), {
        "citation": words["hosts"].get(host, host),
        "kind": kind,
        "read_at": source,
    }


def _supplementary_row(figure: Plain, arms: Plain, key: str) -> tuple[str, Plain] | None:
    metric, arm = figure["metric"], figure["arm_or_contrast"]
    estimate = _estimate({"value": figure["value"], "ci95": figure["ci95"]})
    if metric.startswith("HR_"):
        one, _, other = arm.partition(" vs ")
        row = {"endpoint": metric.removeprefix("HR_"), "arm": arms[one], "comparator": arms[other]}
        return "contrasts", row | estimate | {"source": key}
    if metric == "n":
        if not isinstance(figure["value"], int):
            return None
        return "facts", {
            "arm": arms[arm],
            "what": "n",
            **estimate,
            "unit": "patients",
            "source": key,
        }
    if arm == "all":
        return "facts", {"what": metric, **estimate, "unit": figure["unit"], "source": key}
    row = {"arm": arms[arm]}
    if month := re.fullmatch(r"OS rate (\d+) mo", metric):
        return "outcomes", row | {"endpoint": "OS", "month": int(month[1])} | estimate | {
            "source": key
        }
    names = {
        "median_PFS": "PFS",
        "median_OS": "OS",
        "ORR": "ORR",
        "treatment discontinuation (AE)": "discontinuation",
    }
    if metric in names:
        return "outcomes", row | {"endpoint": names[metric]} | estimate | {"source": key}
    if metric == "grade 3-4 TRAE":
        return "outcomes", row | {"endpoint": "G3+ TRAE"} | estimate | {
            "grades": "3-4",
            "source": key,
        }
    return "facts", row | {"what": metric} | estimate | {"unit": figure["unit"], "source": key}
