"""Arms of a trial: labels, regimens in the notation of trial protocols, classes."""

from __future__ import annotations

import re
from typing import Any

from normoxia import pharmacology
from normoxia.errors import NormoxiaError

Plain = dict[str, Any]


def arm_rows(trial: Plain, words: Plain) -> dict[str, Plain]:
    """The arms by id, each with label, size, regimen and classes."""
    named: dict[str, Plain] = {}
    for arm in trial["arms"]:
        row: Plain = {"label": label(arm["label"], words)}
        if arm["n"]:
            row["n"] = arm["n"]
        row["regimen"] = regimen(arm, words)
        row["classes"] = classes(arm, words)
        if key := re.search(r"\[([^\]]+)\]", arm["source"] or ""):
            row["source"] = key[1]
        named[arm["id"]] = row
    return named


def label(text: str, words: Plain) -> str:
    """An arm's label without remarks on how it was printed."""
    text = re.sub(r"\s*\((?!PD-L1)[^()]*\)", "", text)
    for printed, name in words["drug_names"].items():
        text = text.replace(printed, name)
    return re.sub(r":.*|, three arms", "", text).strip()


def regimen(arm: Plain, words: Plain) -> list[str]:
    """One drug an item, with its dose where one is printed and the notation reads it."""
    printed = {
        _name(entry["drug"], words): entry for entry in arm["drugs"] if _is_drug(entry["drug"])
    }
    named = [_name(part, words) for part in _parts(label(arm["label"], words))]
    items = [_dosed(name, entry) for name, entry in printed.items()]
    if not items:
        items = [name for name in named if name]
    return items or ["placebo"]


def classes(arm: Plain, words: Plain) -> list[str]:
    """The registry's words for the classes of an arm's drugs."""
    found = [words["classes"].get(name, words["other_class"]) for name in arm["component_classes"]]
    return list(dict.fromkeys(found)) or ["placebo"]


def _parts(text: str) -> list[str]:
    text = re.sub(r"\+/-.*", "", text)
    text = re.sub(
        r" \d[\d.]* ?m\S+( (?:once|twice) daily)?| days \d+-\d+| q\dw| maintenance|^maintenance ",
        "",
        text,
    )
    text = text.replace("/", " + ")
    parts = [
        re.sub(r"^same ", "", part.strip())
        for part in re.split(r" \+ |, then |-(?=pemetrexed|gemcitabine)", text)
    ]
    return [part for part in parts if part and not part.startswith("placebo")] or ["placebo"]


def _is_drug(name: str) -> bool:
    return re.search("[A-Za-z]", name) is not None and not name.startswith("placebo")


def _name(text: str, words: Plain) -> str:
    text = re.sub(r"\s*\([^()]*\)| patch", "", text)
    text = re.sub(r" \d[\d.]* mg/m2", "", text)
    return str(words["drug_names"].get(text, text))


def _dosed(name: str, entry: Plain) -> str:
    """A drug with dose, rhythm and cycles, as far as the notation of protocols has them."""
    dose = re.sub(r"\s*\(.*\)", "", entry["dose"] or "")
    schedule = (entry["schedule"] or "").partition(",")[0]
    if re.match(r"days? ", entry["schedule"] or "") and "," in (entry["schedule"] or ""):
        schedule = entry["schedule"]
    schedule = re.sub(r"^every 21 days?.*|^21-day cycle", "q3w", schedule)
    cycles = re.fullmatch(r"(?:up to )?(\d+)", entry["cycles"] or "")
    if not dose or not schedule or " or " in dose or "-" in dose or " or " in name:
        return name
    ends = ([f" x{cycles[1]}"] if cycles else []) + [""]
    for end in ends:
        text = f"{name} {dose} {_rhythm(schedule)}{end}"
        if _reads(text, name):
            return text
    return name


def _rhythm(schedule: str) -> str:
    text = re.sub(r"every (\d+) weeks?", r"q\1w", schedule)
    text = re.sub(r"once daily", "daily", text)
    text = re.sub(r"days 1 and 8(?:,? every 3 weeks|,? q3w| of 21)?$", "d1,8 q3w", text)
    text = re.sub(r"days 1, 8, 15(?: every 21 days)?$", "d1,8,15 q3w", text)
    text = re.sub(r"d1, d8 q3w", "d1,8 q3w", text)
    text = re.sub(r"d1, d8, d15 q4w", "d1,8,15 q4w", text)
    return re.sub(r"^d1 q", "q", text)


def _reads(text: str, name: str) -> bool:
    """Whether the notation reads a text; for a drug without a model, as if it were one with."""
    known = name if name in pharmacology.library() or name == "nab-paclitaxel" else None
    stand_in = "carboplatin" if "AUC" in text else "lenvatinib" if " mg " in text else "docetaxel"
    try:
        pharmacology.regimen(text if known else text.replace(name, stand_in, 1))
    except NormoxiaError:
        return False
    return True
