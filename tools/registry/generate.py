"""Study documents from a file of extracted trials: `python tools/registry/generate.py FILE --out FOLDER`.

Facts are carried over, sentences are not: titles, definitions and designs are composed from closed words (`words.yaml`), notes
are dropped, and what is not printed is absent. The same file gives the same bytes. What becomes no document, and why, is
printed. See README.md.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from arms import arm_rows
from rows import PopulationRows, populations

Plain = dict[str, Any]
WORDS: Plain = yaml.safe_load((Path(__file__).parent / "words.yaml").read_text(encoding="utf-8"))
#: group of the registry to which every generated study belongs
GROUP = "randomised"


def main(arguments: list[str] | None = None) -> int:
    """Write one document a trial; prints what was left out. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="YAML with `sources` and `studies`")
    parser.add_argument("--out", type=Path, required=True, help="folder for the documents")
    parser.add_argument("--only", nargs="*", help="ids of the trials to write; all without it")
    parser.add_argument("--not-in", type=Path, help="YAML of designs whose trials must not appear")
    given = parser.parse_args(arguments)
    extracted = yaml.load(given.file.read_text(encoding="utf-8"), Loader=_LOADER)
    _refuse_forecast_trials(extracted, given.not_in)
    given.out.mkdir(parents=True, exist_ok=True)
    for trial in extracted["studies"]:
        if given.only and trial["id"] not in given.only:
            continue
        if why := WORDS["left_out"].get(trial["id"]):
            sys.stdout.write(f"left out: {trial['id']}: {why}\n")
            continue
        text, notes = document(trial, extracted)
        (given.out / f"{file_name(trial['id'])}.yaml").write_text(text, encoding="utf-8")
        for note in notes:
            sys.stdout.write(f"{trial['id']}: {note}\n")
    return 0


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def document(trial: Plain, extracted: Plain) -> tuple[str, tuple[str, ...]]:
    """The text of a trial's document, and what of it was left out."""
    rows = populations(trial, extracted.get("supplement", ()), WORDS)
    references = _references(rows, extracted)
    arms = arm_rows(trial, WORDS)
    lines = [
        f"study: {_scalar(trial['id'])}",
        f"title: {_scalar(_title(arms))}",
        f"group: {GROUP}",
        f"phase: {_scalar(trial['phase'])}" if trial.get("phase") else "",
        f"design: {_scalar(_design(trial))}",
    ]
    if identifiers := _identifiers(trial):
        lines.append(f"identifiers: {_flow(identifiers)}")
    if endpoints := _endpoints(trial):
        lines.append(f"primary_endpoints: {_flow(endpoints)}")
    met = {True: "met", False: "not met"}.get(trial["primary_endpoint_met"])
    lines.append(f"primary_endpoint_met: {met}" if met else "")
    lines.append("setting:")
    lines += [f"  {key}: {_flow(value)}" for key, value in _setting(trial).items()]
    lines.append("sources:")
    lines += [f"  {_scalar(key)}: {_flow(value)}" for key, value in references.items()]
    lines.append("arms:")
    for name, arm in arms.items():
        lines += [f"  {_scalar(name)}:", *(f"    {k}: {_flow(v)}" for k, v in arm.items())]
    lines.append("populations:")
    for population in rows.populations:
        lines += _population(population)
    return "\n".join(line for line in lines if line) + "\n", rows.left_out


def file_name(name: str) -> str:
    """The name of a trial's file, without its ending."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _population(population: Plain) -> Iterator[str]:
    yield f"  {_scalar(population['id'])}:"
    for key in ("definition", "set", "n", "follow_up", "cutoff", "strata"):
        if population.get(key):
            yield f"    {key}: {_flow(population[key])}"
    for key in ("outcomes", "contrasts", "facts", "curves"):
        if population.get(key):
            yield f"    {key}:"
            yield from (f"      - {_flow(row)}" for row in population[key])


def _title(arms: Mapping[str, Plain]) -> str:
    labels = dict.fromkeys(arm["label"] for arm in arms.values())
    return " vs ".join(labels)


def _design(trial: Plain) -> str:
    text = trial["design"] or ""
    ratio = re.search(r"\b\d+(?::\d+)+\b", text)
    randomised = re.search(r"randomi[sz]ed", text) is not None
    first = "randomised" if randomised else "not stated"
    parts = [f"{first} {ratio[0]}" if ratio and randomised else first]
    parts += [word for pattern, word in WORDS["design"] if re.search(pattern, text)]
    return ", ".join(parts)


def _identifiers(trial: Plain) -> list[str]:
    """Registry numbers that were read; those from memory stay out."""
    if "id recalled" in (trial.get("notes") or ""):
        return []
    return [name for name in (trial["nct"], *trial["other_registry_ids"]) if name]


def _endpoints(trial: Plain) -> list[str]:
    """The primary endpoints by name, with who assessed them where that is printed."""
    named: dict[str, None] = {}
    for text in trial["primary_endpoints"]:
        for name in re.findall(r"\b(?:PFS|OS|ORR)\b", text):
            assessor = word_of(WORDS["assessors"], text)
            named[f"{name} ({assessor})" if assessor and name != "OS" else name] = None
    return list(named)


def _setting(trial: Plain) -> Plain:
    stated = trial["setting"]
    setting: Plain = {"line": word_of(WORDS["lines"], stated["line"]) or "unstated"}
    setting["histology"] = word_of(WORDS["histologies"], stated["histology"]) or "unstated"
    setting["driver"] = word_of(WORDS["drivers"], stated["egfr_alk"]) or "unstated"
    setting["pdl1"] = word_of(WORDS["pdl1"], stated["pdl1_selection"]) or "unstated"
    prior = stated["prior_therapy"] or ""
    if re.search(r"\bici\b|pd-\(l\)1|pd-1", prior.lower()):
        mixed = re.search(r"with or without|\d%|allowed|naive", prior.lower())
        setting["prior_therapy"] = _prior(prior) if mixed else "platinum and ICI"
    years = re.findall(r"\d{4}(?:-\d{2})?", stated["enrolment_years"] or "")
    if len(years) == 2:
        setting["enrolment"] = f"{years[0]} to {years[1]}"
    if stated["country"]:
        setting["country"] = _country(stated["country"])
    if crossing := stated.get("crossover"):
        setting["crossover"] = _crossover(crossing)
    if scans := stated.get("scan_interval"):
        setting["scan_interval"] = re.sub(
            r"two", "2", scans.partition(" in ")[0].partition(" dur")[0]
        )
    return setting


def _prior(text: str) -> str:
    if "naive" in text.lower():
        return "platinum, no prior ICI"
    return "platinum, ICI allowed"


def _country(text: str) -> str:
    """A country or countries, or how many; the number of centres is left to the source."""
    if many := re.search(r"\d+ countries", text):
        return many[0]
    return re.sub(r"\s*\(.*?\)|, \d+ (sites|centres).*|^mostly ", "", text)


def _crossover(text: str) -> str:
    word = word_of(WORDS["crossover"], text)
    share = re.search(r"(\d+(?:\.\d+)?)%", text)
    return f"{share[1]}%" if word == "share" and share else word or "unstated"


def _references(rows: PopulationRows, extracted: Plain) -> Plain:
    declared = {source["key"]: source for source in extracted["sources"]}
    found: Plain = {}
    for key in rows.sources:
        found[key] = _reference(declared[key]) if key in declared else rows.supplementary[key]
    return found


def _reference(source: Plain) -> Plain:
    kind = WORDS["source_kinds"][source["kind"]]
    name = WORDS["citations"].get(source["key"]) or citation(source["citation"])
    reference: Plain = {"citation": name, "kind": kind}
    for key in ("pmid", "doi"):
        if source[key]:
            reference[key] = source[key]
    if source["url"]:
        reference["read_at"] = source["url"]
    return reference


def citation(text: str) -> str:
    """The publication that a source's words name, without how its copy was come by."""
    inner = re.search(r"\(((?:N Engl|Lancet|J |Ann |Clin |Br |JAMA)[^()]*\d{4}[^()]*)\)", text)
    if inner:
        return inner[1]
    text = re.sub(
        r"\s*\((?:copy|stored|abstract|\w+ copy|evidence-inference|translated|\w+ mirror)[^()]*\)",
        "",
        text,
    )
    text = re.sub(r", open-access full text|-type open-access full text", "", text)
    text = re.sub(r", news copy| page(?= on )|^\S+ copy of ", "", text)
    return re.sub(
        r"; (?:abstract|stored|institutional|preprint|key points|ASCO Post)[^;]*$", "", text
    ).strip()


def word_of(table: Iterable[tuple[str, str]], text: str | None) -> str:
    """The word of the first pattern that is found in a text; "" when none is, or for no text."""
    lower = (text or "").lower()
    return next((word for pattern, word in table if lower and re.search(pattern, lower)), "")


def _refuse_forecast_trials(extracted: Plain, designs: Path | None) -> None:
    if designs is None:
        return
    listed = yaml.load(designs.read_text(encoding="utf-8"), Loader=_LOADER)
    sealed = {
        file_name(str(trial["id"]))
        for trial in listed["trials" if "trials" in listed else "studies"]
    }
    if both := sealed & {file_name(trial["id"]) for trial in extracted["studies"]}:
        raise SystemExit(f"forecast designs must stay without results: {', '.join(sorted(both))}")


def _scalar(value: object) -> str:
    return _flow(value)


def _flow(value: object) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**9
    )
    return text.removesuffix("\n").removesuffix("\n...").strip()


if __name__ == "__main__":
    raise SystemExit(main())
