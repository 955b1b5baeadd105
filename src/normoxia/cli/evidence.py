"""`normoxia evidence list / show / audit / export`: the registry, what does not agree in it, and tables for other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import (
    Json,
    Lang,
    OldFile,
    Quiet,
    choice,
    file_option,
    match_word,
    required_file,
)
from normoxia.cli.show import print_json, say
from normoxia.cli.table import print_table

if TYPE_CHECKING:
    pass

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The registry of published studies: list and show them, audit what disagrees, export tables.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

CLASSES = ("ICI", "ICI/PD-1", "ICI/PD-L1", "VEGF antibody", "VEGFR TKI", "chemotherapy")
LINES = ("first", "maintenance", "second or later", "third or later", "after TKI")
EGFR = ("mutant", "wild-type", "mixed", "unstated")
GROUPS = ("review", "context", "context_extra", "randomised", "user")
ENDPOINTS = ("PFS", "OS", "ORR", "DCR", "DoR", "G3+ TRAE", "G3+ AE", "discontinuation")
TABLES = (
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

Drug = Annotated[
    str | None,
    typer.Option(
        "--drug", autocompletion=completion.drugs, help="A drug in some arm, such as atezolizumab."
    ),
]
Component = Annotated[
    str | None,
    typer.Option(
        "--class",
        autocompletion=completion.words(CLASSES),
        help="A class in some arm: ICI, VEGFR TKI, chemotherapy ...",
    ),
]
Line = Annotated[
    str | None,
    typer.Option(
        "--line",
        autocompletion=completion.words(LINES),
        help="first, second or later, after TKI ...",
    ),
]
Egfr = Annotated[
    str | None, choice("--egfr", "EGFR status", EGFR, "mutant, wild-type, mixed, unstated.")
]
Histology = Annotated[
    str | None,
    typer.Option(
        "--histology",
        autocompletion=completion.words(("squamous", "non-squamous", "any", "unstated")),
        help="squamous, non-squamous, any, unstated.",
    ),
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
Pdl1 = Annotated[str | None, typer.Option("--pdl1", help="Such as >=50%.")]
Group = Annotated[
    str | None,
    choice("--group", "group", GROUPS, "review, context, context_extra, randomised or user."),
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
    from normoxia.api.registry import registry_with
    from normoxia.evidence import reports
    from normoxia.language import language

    found = reports.listing(
        registry_with(studies or ()),
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
    study: Annotated[
        str,
        typer.Argument(autocompletion=completion.studies, help="A study's id, such as IMpower150."),
    ],
    lang: Lang = "en",
    studies: Studies = None,
) -> None:
    """Show a study: setting, arms, every number with its source, what is unverified, and what does not agree."""
    from normoxia.api.registry import registry_with
    from normoxia.evidence import reports

    for text in reports.show(registry_with(studies or ())[study], lang):
        sys.stdout.write(text + "\n")


@app.command()
def audit(lang: Lang = "en", studies: Studies = None, json: Json = False) -> None:
    """List where the review disagrees with itself, with its sources, or with arithmetic, and what follows."""
    import normoxia as nx
    from normoxia.evidence import reports
    from normoxia.language import language

    audited = nx.audit(studies or (), lang=lang)
    if json:
        print_json(audited.content)
        return
    rows = audited.content["findings"]
    text = language(lang)
    print_table(
        text.say("registry.audit_title", n=len(rows)),
        [
            text.say(f"registry.{key}")
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
                text.say("registry.the_review") if r["study"] == "review" else r["study"],
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
            autocompletion=completion.words(TABLES),
            help="outcomes, best, contrasts (netmeta), arms (netmeta), revman-contrasts, revman-rates, curves, "
            "individual (patients rebuilt from the curves: derived), audit.",
        ),
    ],
    file: Annotated[Path | None, file_option("The table to write: .csv or .parquet.")] = None,
    out: OldFile = None,
    endpoint: Annotated[
        str, choice("--endpoint", "endpoint", ENDPOINTS, "PFS, OS, ORR, DCR ...")
    ] = "PFS",
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
    quiet: Quiet = False,
) -> None:
    """Write a table of the registry for another program."""
    from normoxia.api.registry import registry_with, table_rows
    from normoxia.evidence import export as tables
    from normoxia.language import language

    path, name = required_file(file, out, f"{table}.csv"), match_word("table", table, TABLES)
    text = language(lang)
    chosen = registry_with(studies or ()).select(
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
    rows = table_rows(chosen, name, endpoint, lang)
    tables.write(rows, path)
    if name == "contrasts":
        if derived := sum(row["origin"] == "derived" for row in rows):
            say(text.say("registry.exported_derived", n=derived), quiet=quiet)
        for study, why in tables.netmeta_table(chosen, endpoint).refused.items():
            words = text.say("registry.exported_without", study=study, why=text.render(why))
            say(words, quiet=quiet)
    say(text.say("registry.exported", n=len(rows), file=path), quiet=quiet)
