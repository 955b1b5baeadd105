"""Forest plot and table of subgroups of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from normoxia.errors import InvalidArgument
from normoxia.language import Language, language
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.forest import ForestRow, forest_figure
from normoxia.report.views.tables import Table
from normoxia.trial.subgroups import Subgroups


def subgroup_figure(found: Sequence[Subgroups], lang: str = "en", name: str = "") -> Figure:
    """Draw the hazard ratios of subgroups of one contrast and endpoint. Raises InvalidArgument without any.

    Parameters
    ----------
    found
        Of one contrast and endpoint.
    lang
        "en" or "zh".
    name
        File name without ending.
    """
    if not found:
        raise InvalidArgument("found no subgroup with enough patients; ask for more patients")
    text, first = language(lang), found[0]
    rows: list[ForestRow] = []
    for one in found:
        heading = covariate_title(one.covariate, text)
        if not math.isnan(one.interaction):
            heading += text.say("subgroups.interaction", share=f"{100 * one.interaction:.0f}")
        rows.append(ForestRow(label=heading, kind="heading"))
        rows += [
            ForestRow(
                label=level_title(one.covariate, level.level, text),
                estimate=level.ratio,
                detail=text.say("subgroups.n", n=f"{level.n:.0f}"),
            )
            for level in one.levels
            if level.ratio.has_interval
        ]
    title = text.say(
        "subgroups.title",
        endpoint=text.known(f"endpoint.{first.endpoint}", str(first.endpoint)),
        experimental=first.experimental,
        control=first.control,
    )
    return forest_figure(
        rows,
        measure="HR",
        left=text.say("subgroups.favours", arm=first.experimental),
        right=text.say("subgroups.favours", arm=first.control),
        note=text.say("subgroups.note"),
        lang=lang,
        name=name or f"subgroups-{lang}",
        title=title,
    )


def subgroup_table(found: Sequence[Subgroups], text: Language, name: str = "") -> Table:
    """Table of the same numbers.

    Parameters
    ----------
    found
        Of one contrast and endpoint.
    text
        The language.
    name
        File name without ending.
    """
    rows = []
    for one in found:
        for position, level in enumerate(one.levels):
            share = "–" if math.isnan(one.interaction) else f"{100 * one.interaction:.0f}"
            rows.append(
                (
                    covariate_title(one.covariate, text) if position == 0 else "",
                    level_title(one.covariate, level.level, text),
                    f"{level.n:.0f}",
                    text.interval(level.ratio, 2),
                    share if position == 0 else "",
                )
            )
    heads = ("covariate", "level", "patients", "ratio", "share")
    return Table(
        name=name or f"subgroups-table-{text.code}",
        title=text.say("subgroups.section"),
        columns=tuple(text.say(f"subgroups.{h}") for h in heads),
        rows=tuple(rows),
        note=text.say("subgroups.note"),
    )


def covariate_title(name: str, text: Language) -> str:
    """Return what a covariate is called."""
    return text.known(f"subgroups.of_{name}", name.replace("_", " "))


def level_title(covariate: str, level: str, text: Language) -> str:
    """Return what a level is called."""
    key = level.replace("-", "_").replace(" ", "_")
    return text.known(f"subgroups.{covariate}_{key}", level)
