"""`normoxia evidence list / show / audit / export`: the registry, what does not agree in it, and tables for other programs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from normoxia.cli.options import Json, Lang
from normoxia.cli.show import print_json, say
from normoxia.cli.table import print_table
from normoxia.errors import InvalidArgument, UnknownName

if TYPE_CHECKING:
    from normoxia.evidence.export import Row
    from normoxia.evidence.studies.registry import Registry

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The published evidence: 249 studies, what does not agree in them, and exports.",
)

Drug = Annotated[
    str | None, typer.Option("--drug", help="A drug in some arm, such as atezolizumab.")
]
Component = Annotated[
    str | None,
    typer.Option("--class", help="A class in some arm: ICI, VEGFR TKI, chemotherapy ..."),
]
Line = Annotated[
    str | None, typer.Option("--line", help="first, maintenance, second or later, after TKI ...")
]
Histology = Annotated[
    str | None, typer.Option("--histology", help="squamous, non-squamous, any, unstated.")
]
Region = Annotated[
    str | None, typer.Option("--region", help="Asia, Europe, North America, international.")
]
Masking = Annotated[
    str | None, typer.Option("--masking", help="double blind, single blind, open label ...")
]
Assessment = Annotated[
    str | None, typer.Option("--assessment", help="independent, investigator, both, unstated.")
]
Year = Annotated[
    str | None,
    typer.Option("--year", help="Of the first publication: 2018, 2015-2020, 2015- or -2020."),
]
Egfr = Annotated[str | None, typer.Option("--egfr", help="mutant, wild-type, mixed, unstated.")]
Pdl1 = Annotated[str | None, typer.Option("--pdl1", help="Such as >=50%.")]
Group = Annotated[
    str | None, typer.Option("--group", help="review, context, context_extra, randomised or user.")
]
Studies = Annotated[
    list[Path] | None,
    typer.Option("--studies", help="A folder with your own study documents; may be repeated."),
]


@app.command("list")
def listing(
    drug: Drug = None,
    component: Component = None,
    line: Line = None,
    histology: Histology = None,
    egfr: Egfr = None,
    pdl1: Pdl1 = None,
    region: Region = None,
    year: Year = None,
    masking: Masking = None,
    assessment: Assessment = None,
    group: Group = None,
    studies: Studies = None,
    lang: Lang = "en",
    json: Json = False,
) -> None:
    """List the studies that fit every filter given."""
    from normoxia.evidence import reports
    from normoxia.language import language

    found = reports.listing(
        _registry(studies),
        drug=drug,
        component=component,
        line=line,
        histology=histology,
        egfr=egfr,
        pdl1=pdl1,
        region=region,
        year=year,
        masking=masking,
        assessment=assessment,
        group=group,
        language=lang,
        questions=json,
    )
    if json:
        print_json(found)
        return
    rows = found["studies"]
    assert isinstance(rows, list)
    say_word = language(lang).say
    heads = ("study", "line", "driver", "n", "arms", "findings")  # as many as 80 columns hold
    print_table(
        say_word("registry.list_title", n=len(rows)),
        [say_word(f"registry.list_{head}") for head in heads],
        [
            (
                row["id"],
                str(row["line"]),
                str(row["egfr"]),
                str(row["n"] or ""),
                " | ".join(arm["label"] for arm in row["arms"]),
                str(row["discrepancies"]),
            )
            for row in rows
        ],
        numeric=(3, 5),
    )
    for row in rows:
        for question in row["questions"] if not row["is_shipped"] else ():
            sys.stdout.write(say_word("registry.asks", study=row["id"], question=question) + "\n")


@app.command()
def show(
    study: Annotated[str, typer.Argument(help="A study's id, such as IMpower150.")],
    lang: Lang = "en",
    studies: Studies = None,
) -> None:
    """Show a study: setting, arms, every number with its source, what is unverified, and what does not agree."""
    from normoxia.evidence import reports

    for text in reports.show(_registry(studies)[study], lang):
        sys.stdout.write(text + "\n")


@app.command()
def audit(lang: Lang = "en", studies: Studies = None, json: Json = False) -> None:
    """List where the review disagrees with itself, with its sources, or with arithmetic, and what follows."""
    from normoxia.evidence import reports
    from normoxia.language import language

    found = reports.audit_report(_registry(studies), lang)
    if json:
        print_json(found)
        return
    rows = found["findings"]
    assert isinstance(rows, list)
    speech = language(lang)
    print_table(
        speech.say("registry.audit_title", n=len(rows)),
        [
            speech.say(f"registry.{key}")
            for key in (
                "list_study",
                "audit_item",
                "audit_values",
                "audit_consequence",
                "audit_found_by",
            )
        ],
        [
            (
                speech.say("registry.the_review") if r["study"] == "review" else r["study"],
                r["item"],
                " | ".join(r["values"]),
                r["consequence"],
                reports.found_by(r["found_by"], lang),
            )
            for r in rows
        ],
    )


@app.command()
def export(
    table: Annotated[
        str,
        typer.Argument(
            help="outcomes, best, contrasts (netmeta), arms (netmeta), revman-contrasts, revman-rates, curves, "
            "individual (patients rebuilt from the curves: derived), audit."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Where to write: .csv or .parquet.")],
    endpoint: Annotated[str, typer.Option("--endpoint", help="PFS, OS, ORR, DCR ...")] = "PFS",
    drug: Drug = None,
    component: Component = None,
    line: Line = None,
    histology: Histology = None,
    egfr: Egfr = None,
    pdl1: Pdl1 = None,
    region: Region = None,
    year: Year = None,
    masking: Masking = None,
    assessment: Assessment = None,
    group: Group = None,
    studies: Studies = None,
    lang: Lang = "en",
) -> None:
    """Write a table of the registry for another program."""
    from normoxia.evidence import export as tables
    from normoxia.language import language

    speech = language(lang)
    chosen = _registry(studies).select(
        drug=drug,
        component=component,
        line=line,
        histology=histology,
        egfr=egfr,
        pdl1=pdl1,
        region=region,
        year=year,
        masking=masking,
        assessment=assessment,
        group=group,
    )
    rows = _rows(table, chosen, endpoint, lang)
    if not rows and table in ("arms", "revman-rates"):
        rates = sorted(
            {
                o.endpoint.value
                for s in chosen
                for o in s.published()
                if o.measure == "percent" and o.n
            }
        )
        raise InvalidArgument(
            f"no study has counts of {endpoint}; ask for a rate: --endpoint {', '.join(rates) or 'ORR'}"
        )
    tables.write(rows, out)
    if table == "contrasts":
        derived = sum(row["origin"] == "derived" for row in rows)
        if derived:
            say(speech.say("registry.exported_derived", n=derived))
        for study, why in tables.netmeta_table(chosen, endpoint).refused.items():
            say(speech.say("registry.exported_without", study=study, why=speech.render(why)))
    say(speech.say("registry.exported", n=len(rows), file=out))


def _rows(table: str, registry: Registry, endpoint: str, lang: str) -> Sequence[Row]:
    from normoxia.evidence import export as tables
    from normoxia.evidence import reports

    match table:
        case "outcomes":
            return tables.outcome_rows(registry, derived=True)
        case "best":
            return tables.outcome_rows(registry, best=True)
        case "contrasts":
            return tables.netmeta_contrasts(registry, endpoint)
        case "arms":
            return tables.netmeta_arms(registry, endpoint)
        case "revman-contrasts":
            return tables.revman_contrasts(registry, endpoint)
        case "revman-rates":
            return tables.revman_rates(registry, endpoint)
        case "curves":
            return tables.curve_rows(registry)
        case "individual":
            from normoxia.evidence.studies.curves import individual_rows

            return individual_rows(registry)
        case "audit":
            findings = reports.audit_report(registry, lang)["findings"]
            assert isinstance(findings, list)
            return [
                {key: " | ".join(v) if isinstance(v, list) else v for key, v in row.items()}
                for row in findings
            ]
    names = (
        "outcomes",
        "best",
        "contrasts",
        "arms",
        "revman-contrasts",
        "revman-rates",
        "curves",
        "individual",
        "audit",
    )
    raise UnknownName("table", table, names)


def _registry(folders: list[Path] | None) -> Registry:
    from normoxia import evidence

    return evidence.registry(*(folders or ()))
