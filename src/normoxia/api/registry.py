"""The registry of published evidence as data frames, and what does not agree in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from normoxia import evidence, library
from normoxia.api.names import one_of
from normoxia.errors import InvalidArgument
from normoxia.evidence import export as exported
from normoxia.evidence import reports
from normoxia.evidence.studies.curves import individual_rows
from normoxia.notebook import escaped, frame_html

if TYPE_CHECKING:
    import polars

    from normoxia.evidence.export import Row
    from normoxia.evidence.studies.registry import Registry

#: tables that need an endpoint
_BY_ENDPOINT: Mapping[str, Callable[[Any, str], Sequence[Row]]] = {
    "contrasts": exported.netmeta_contrasts,
    "arms": exported.netmeta_arms,
    "revman-contrasts": exported.revman_contrasts,
    "revman-rates": exported.revman_rates,
}
#: tables of counts, which only rates have
_OF_RATES = ("arms", "revman-rates")
#: every table of the registry
TABLES = ("outcomes", "best", *_BY_ENDPOINT, "curves", "individual", "audit")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class EvidenceAudit:
    """Where studies disagree with themselves, with their sources, or with arithmetic; `normoxia.audit` gives it.

    Attributes
    ----------
    content
        The audit as plain dictionaries and lists, as `normoxia evidence audit --json` prints it.
    """

    content: Mapping[str, Any]

    def frame(self) -> polars.DataFrame:
        """One row for each discrepancy.

        Returns
        -------
        polars.DataFrame
            Columns `study`, `item`, `values`, `places`, `consequence` and `found_by`; several values are parted by " | ".
        """
        import polars as pl

        return pl.DataFrame(list(_joined_rows(self.content["findings"])))

    def __repr__(self) -> str:
        return f"<EvidenceAudit: {len(self.content['findings'])} discrepancies>"

    def _repr_html_(self) -> str:
        return f"<p>{escaped(repr(self))}</p>{frame_html(self.frame())}"


def audit(studies: str | Path | Iterable[str | Path] = (), *, lang: str = "en") -> EvidenceAudit:
    """List where the review and the studies disagree with themselves, with their sources, or with arithmetic.

    Parameters
    ----------
    studies
        Folders with study documents to add to the registry.
    lang
        "en" or "zh".

    Returns
    -------
    EvidenceAudit
        Every discrepancy with its consequence.

    Raises
    ------
    InvalidDocument
        A study document has faults; all are listed.
    """
    lang = one_of("language", lang, library.names("languages"))
    return EvidenceAudit(content=reports.audit_report(registry_with(studies), lang))


def evidence_table(
    name: str = "outcomes",
    *,
    endpoint: str = "PFS",
    drug: str | None = None,
    component: str | None = None,
    line: str | None = None,
    egfr: str | None = None,
    pdl1: str | None = None,
    group: str | None = None,
    studies: str | Path | Iterable[str | Path] = (),
) -> polars.DataFrame:
    """A table of the registry.

    Parameters
    ----------
    name
        "outcomes", "best" (the best published value of each outcome), "contrasts" and "arms" (for netmeta),
        "revman-contrasts", "revman-rates", "curves", "individual" (patients rebuilt from digitised curves), "audit".
    endpoint
        Of contrasts, arms and rates: "PFS", "OS", "ORR", ...
    drug, component, line, egfr, pdl1, group
        Only studies of a drug, a class of drugs, a line of treatment, an EGFR status, a PD-L1 stratum, or a group of the
        registry; all when omitted.
    studies
        Folders with study documents to add to the registry.

    Returns
    -------
    polars.DataFrame
        One row for each outcome, contrast, arm, point or patient.

    Raises
    ------
    UnknownName
        There is no table or endpoint of the name.
    InvalidArgument
        No study has counts of the endpoint.
    """
    import polars as pl

    chosen = registry_with(studies).select(
        drug=drug, component=component, line=line, egfr=egfr, pdl1=pdl1, group=group
    )
    return pl.DataFrame(list(table_rows(chosen, name, endpoint)), infer_schema_length=None)


def registry_with(folders: str | Path | Iterable[str | Path] = ()) -> Registry:
    """The registry with the study documents of some folders."""
    paths = [folders] if isinstance(folders, (str, Path)) else list(folders)
    return evidence.registry(*map(Path, paths))


def table_rows(registry: Registry, name: str, endpoint: str, lang: str = "en") -> Sequence[Row]:
    """Rows of a table of some studies; `evidence_table` describes the parameters."""
    table = one_of("table", name, TABLES)
    if table in _BY_ENDPOINT:
        rows = _BY_ENDPOINT[table](registry, endpoint)
        if not rows and table in _OF_RATES:
            raise InvalidArgument(
                f"no study has counts of {endpoint}; ask for a rate: endpoint {', '.join(_rates(registry)) or 'ORR'}"
            )
        return rows
    match table:
        case "curves":
            return exported.curve_rows(registry)
        case "individual":
            return individual_rows(registry)
        case "audit":
            findings = cast("Any", reports.audit_report(registry, lang)["findings"])
            return tuple(_joined_rows(findings))
        case _:
            return exported.outcome_rows(
                registry, derived=table == "outcomes", best=table == "best"
            )


def _rates(registry: Registry) -> list[str]:
    """Endpoints that are printed as a rate with the number of patients."""
    return sorted(
        {
            outcome.endpoint.value
            for study in registry
            for outcome in study.published()
            if outcome.measure == "percent" and outcome.n
        }
    )


def _joined_rows(findings: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """Discrepancies as flat rows."""
    for row in findings:
        yield {
            key: " | ".join(value) if isinstance(value, list) else value
            for key, value in row.items()
        }
