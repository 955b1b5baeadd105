"""What documents of questions have in common: title, question, stage, set of patients, limits, patients and draws."""

from __future__ import annotations

from collections.abc import Mapping

from normoxia.design import comparisons
from normoxia.design.comparisons import ComparedRegimen, ComparisonDesign
from normoxia.documents import Findings, Node

#: entries beside the name of the document
REQUIRED = ("title", "asks", "stage")
OPTIONAL = ("place", "set", "limits", "patients", "draws")
#: draws that still make an interval
FEWEST = 8


def comparison_of(
    f: Mapping[str, Node],
    key: str,
    regimens: tuple[ComparedRegimen, ...],
    contrasts: tuple[tuple[str, str], ...],
    findings: Findings,
    *,
    patients: int,
    draws: int,
    text: str = "",
) -> ComparisonDesign:
    """Return the regimens of a document as a comparison on its stage.

    Parameters
    ----------
    f
        Fields of the document.
    key
        Field that holds its name.
    regimens, contrasts
        What is simulated.
    findings
        Collects what is wrong.
    patients, draws
        When the document does not say.
    text
        The document as written.
    """
    return ComparisonDesign(
        name=f[key].text(findings),
        titles=comparisons.text_of(f["title"], findings),
        asks=comparisons.text_of(f["asks"], findings),
        place=f["place"].text(findings) if "place" in f else "",
        stage=f["stage"].text(findings),
        within=f["set"].text(findings) if "set" in f else "",
        regimens=regimens,
        contrasts=contrasts,
        limits=tuple(comparisons.text_of(n, findings) for n in f["limits"].items(findings))
        if "limits" in f
        else (),
        patients=f["patients"].whole(findings, 1) if "patients" in f else patients,
        draws=f["draws"].whole(findings, FEWEST) if "draws" in f else draws,
        text=text,
        file=f[key].place.file,
    )


def answer_entry(sentences: Mapping[str, str], *, is_certain: bool) -> dict[str, object]:
    """Return the answer as every verb prints it: a sentence by language, and whether there is an answer.

    Returns
    -------
    dict
        `en`, `zh`, `can_be_told`.
    """
    return {**sentences, "can_be_told": is_certain}
