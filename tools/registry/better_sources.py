"""Name the publication where a figure was read on a page of news or in a copy: `python tools/registry/better_sources.py FILE FOLDER`.

FILE lists figures with a better source, with what they replace and whether the value agrees; FOLDER holds study documents. Only
rows whose value agrees are changed: the better source stands first, the former one under `also`. Prints what it could not place.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

Plain = dict[str, Any]
_KINDS = (
    ("conference abstract", "conference abstract"),
    ("trial registry", "registry"),
    ("regulator", "regulator review"),
    ("journal article (table)", "full text"),
    ("journal table", "review table"),
    ("journal a", "journal abstract"),
    ("PubMed", "journal abstract"),
)
_ENDPOINTS = {"median_PFS": "PFS", "median_OS": "OS", "HR_PFS": "PFS", "HR_OS": "OS", "ORR": "ORR"}


def main(file: Path, folder: Path) -> None:
    """Change the documents of a folder in place."""
    placed = 0
    for figure in yaml.safe_load(file.read_text(encoding="utf-8")):
        path = folder / f"{figure['study'].lower()}.yaml"
        if not (figure["agrees"] and figure["replaces"] and path.exists()):
            continue
        if _apply(figure, path):
            placed += 1
        else:
            sys.stdout.write(
                f"not placed: {figure['study']} {figure['arm_or_contrast']} {figure['endpoint']}\n"
            )
    sys.stdout.write(f"{placed} figures\n")


def _apply(figure: Plain, path: Path) -> bool:
    kind = next((word for start, word in _KINDS if figure["source"]["kind"].startswith(start)), "")
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [i for i, line in enumerate(lines) if kind and _is_row(figure, line)]
    replaced = [i for i in rows if _is_replaced(figure, lines[i], lines)]
    if not replaced:
        return False
    key = _key(figure["source"])
    for i in replaced:
        lines[i] = _with_source(lines[i], key)
    if not any(line.startswith(f"  {key}: {{") for line in lines):
        lines.insert(
            lines.index("sources:") + 1, f"  {key}: {_flow(_reference(figure['source'], kind))}"
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return True


def _is_row(figure: Plain, line: str) -> bool:
    if not line.startswith("      - {"):
        return False
    row = yaml.safe_load(line.strip()[2:])
    arm, _, comparator = figure["arm_or_contrast"].partition(" vs ")
    metric = figure["endpoint"]
    month = re.fullmatch(r"(PFS|OS) rate (\d+) mo", metric)
    endpoint = (
        month[1] if month else _ENDPOINTS.get(metric) or ("G3+ TRAE" if "TRAE" in metric else "")
    )
    return (
        row.get("arm") == arm
        and row.get("comparator", "") == comparator
        and row.get("endpoint") == endpoint
        and row.get("value") == figure["value"]
        and str(row.get("month", "")) == (month[2] if month else "")
        and "superseded" not in row
        and (figure["ci95"] is None or row.get("interval") in (None, figure["ci95"]))
    )


def _is_replaced(figure: Plain, line: str, lines: list[str]) -> bool:
    """Whether a row stands on the source that the better one replaces, by its key or the host of its page."""
    key = yaml.safe_load(line.strip()[2:])["source"]
    declared = next((other for other in lines if other.startswith(f"  {key}: {{")), "")
    named = re.findall(r"\[([\w]+)\]", figure["replaces"])
    hosts = re.findall(r"[\w.-]+\.[a-z]{2,}", figure["replaces"])
    return key in named or any(host.removeprefix("www.") in declared for host in hosts)


def _with_source(line: str, key: str) -> str:
    row = yaml.safe_load(line.strip()[2:])
    if row["source"] == key:
        return line
    former = [*([row["source"]] if row["source"] != "review" else []), *row.get("also", ())]
    row["source"], row["also"] = key, [name for name in dict.fromkeys(former) if name != key]
    return f"      - {_flow(row)}"


def _reference(source: Plain, kind: str) -> Plain:
    title = re.sub(
        r"[;,(] ?(?:article title|abstract number) .*? not in the stored copy\)?",
        "",
        source["title"],
    )
    where = " ".join(str(part) for part in (source["journal"], source["year"]) if part)
    if source["year"] and str(source["year"]) in (source["journal"] or ""):
        where = source["journal"]
    reference: Plain = {"citation": f"{title}. {where}" if where else title, "kind": kind}
    for name in ("pmid", "doi"):
        if source[name]:
            reference[name] = source[name]
    return reference | {"read_at": source["read_at"].partition(" ")[0]}


def _key(source: Plain) -> str:
    words = (
        source["pmcid"]
        or source["pmid"]
        or source["doi"]
        or re.sub(r"^https?://(?:www\.)?", "", source["read_at"])
    )
    return "better_" + re.sub(r"\W+", "_", str(words)).strip("_").lower()[:40]


def _flow(value: object) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**9
    )
    return text.strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
