"""From all studies of the registry to those that enter an analysis: the flow as a table (after PRISMA 2020)."""

from __future__ import annotations

from normoxia.evidence.synthesis.answers import Answer
from normoxia.language import Language
from normoxia.report.views.tables import Table

#: studies that a row names before it says only how many
_NAMED = 12


def flow_table(answer: Answer, text: Language, name: str) -> Table:
    """The steps with how many studies stay out at each, and how many enter for each endpoint.

    Parameters
    ----------
    answer
        Analyses of a question.
    text
        Language of the table.
    name
        Name of the table's file.

    Returns
    -------
    Table
        Columns: step, number of studies, their names where they are few.
    """
    say, flow = text.say, answer.flow
    rows = [(say("pool.flow_identified"), str(flow.identified), "")]
    for step in flow.steps:
        reason = say("pool.flow_out", reason=text.render(step.reason))
        rows.append((reason, str(len(step.studies)), _named(step.studies, text)))
    rows.append(
        (say("pool.flow_considered"), str(len(flow.considered)), _named(flow.considered, text))
    )
    for endpoint, analysis in answer.analyses.items():
        label = say("pool.flow_entered", endpoint=text.known(f"endpoint.{endpoint}", endpoint))
        rows.append((label, str(len(analysis.studies)), _named(analysis.studies, text)))
    heads = tuple(say(f"pool.flow_{head}") for head in ("step", "n", "which"))
    return Table(name=name, title=say("pool.flow_title"), columns=heads, rows=tuple(rows))


def risk_of_bias(judged: int | None, text: Language) -> str:
    """The word of a judgement on risk of bias; "not judged" where nobody made one."""
    return text.say(f"pool.bias_{judged or 'none'}")


def _named(studies: tuple[str, ...], text: Language) -> str:
    return text.say("pool.comma").join(studies) if len(studies) <= _NAMED else ""
