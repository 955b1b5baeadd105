"""The flow of patients through the arms as a table, realised beside published numbers, and the estimand in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from normoxia.language import Language, language
from normoxia.report.views.tables import Table
from normoxia.trial.flow import ArmFlow
from normoxia.trial.protocol import RANDOMISED, Trial


def flow_table(arms: Sequence[ArmFlow], *, lang: str = "en", name: str = "flow") -> Table:
    """Table of what became of the patients of each arm.

    Cells are percent of the randomised; a published number follows in brackets.

    Parameters
    ----------
    arms
        As `trial.flow.flow` counts them.
    lang
        Code of the language, "en" or "zh".
    name
        File name without ending.
    """
    text = language(lang)
    rows: list[tuple[str, ...]] = [
        (text.say("flow.randomised"), *(str(arm.randomised) for arm in arms))
    ]
    for key in ("progressed", "clinical", "withdrawn"):
        rows.append((text.say(f"flow.{key}"), *(_share(getattr(a, key), a, text) for a in arms)))
    groups = {len(rows)}
    rows.append((text.say("flow.next_lines"), *[""] * len(arms)))
    rows += _next_line_rows(arms, text)
    groups.add(len(rows))
    rows.append((text.say("flow.treatment"), *[""] * len(arms)))
    rows.append(
        (
            text.say("flow.stopped_by_toxicity"),
            *(
                _beside(_share(a.stopped_by_toxicity, a, text), a.published_discontinuation, text)
                for a in arms
            ),
        )
    )
    rows += _drug_rows(arms, text)
    groups.add(len(rows))
    rows.append((text.say("flow.at_cut"), *[""] * len(arms)))
    for key in ("died", "lost", "followed", "failed"):
        rows.append((text.say(f"flow.{key}"), *(_share(getattr(a, key), a, text) for a in arms)))
    return Table(
        name=name,
        title=text.say("flow.title"),
        columns=(text.say("table.quantity"), *(arm.arm for arm in arms)),
        rows=tuple(rows),
        groups=frozenset(groups),
        note=text.say("flow.note"),
    )


def _next_line_rows(arms: Sequence[ArmFlow], text: Language) -> list[tuple[str, ...]]:
    titles = dict.fromkeys(line.title for arm in arms for line in arm.next_lines)
    rows = []
    for title in titles:
        cells = []
        for arm in arms:
            line = next((line for line in arm.next_lines if line.title == title), None)
            if line is None:
                cells.append("–")
                continue
            share = 100.0 * line.share if line.share_of == RANDOMISED else math.nan
            cells.append(_beside(_share(line.begun, arm, text), share, text))
        rows.append((text.term(title), *cells))
    return rows


def _drug_rows(arms: Sequence[ArmFlow], text: Language) -> list[tuple[str, ...]]:
    """One row a drug and reason that ended it in somebody."""
    rows = []
    for drug in dict.fromkeys(drug for arm in arms for drug in arm.drug_ends):
        reasons = dict.fromkeys(r for arm in arms for r in arm.drug_ends.get(drug, {}))
        for reason in reasons:
            counts = [arm.drug_ends.get(drug, {}).get(reason) for arm in arms]
            if any(counts):
                label = f"{text.term(drug)}: {text.say(f'flow.reason_{reason}')}"
                cells = (
                    "–" if count is None else _share(count, arm, text)
                    for count, arm in zip(counts, arms, strict=True)
                )
                rows.append((label, *cells))
    return rows


def estimand(trial: Trial, text: Language) -> str:
    """Say in a sentence or two what PFS and OS estimate under the protocol's rules (ICH E9(R1))."""
    rule = trial.plan.censoring
    return text.say(
        "flow.estimand",
        trial=trial.title(text.code),
        rule=text.say(f"flow.rule_{rule.name.lower()}"),
    )


def _share(count: int, arm: ArmFlow, text: Language) -> str:
    return f"{text.number(100.0 * count / arm.randomised, 1)} %" if arm.randomised else "–"


def _beside(simulated: str, published: float, text: Language) -> str:
    if math.isnan(published):
        return simulated
    return text.say("flow.beside", simulated=simulated, published=text.number(published, 1))
