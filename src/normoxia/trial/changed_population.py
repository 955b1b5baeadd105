"""Another population, other covariates or other eligibility for a trial, read as in a protocol document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from normoxia import documents, population
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidArgument, did_you_mean
from normoxia.population import Condition, PopulationDocument
from normoxia.population.files import check_levels, read_condition, read_covariates

#: source of a covariate that is given without one
ASSUMED = "assumed"


def with_sources(covariates: Mapping[str, Any]) -> dict[str, Any]:
    """Covariates as a document has them, those without a source as assumed."""
    return {
        name: {"source": ASSUMED, **entry} if isinstance(entry, Mapping) else entry
        for name, entry in covariates.items()
    }


def changed_covariates(
    document: PopulationDocument, covariates: Mapping[str, Any]
) -> PopulationDocument:
    """A population with other laws for some of its covariates.

    Parameters
    ----------
    document
        The population.
    covariates
        For each covariate to change, what a protocol says under `population: covariates:`.

    Raises
    ------
    InvalidDocument
        A law that cannot be read; every finding is listed.
    InvalidArgument
        A covariate that the population does not have.
    """
    known = tuple(covariate.name for covariate in document.covariates)
    unknown = [name for name in covariates if name not in known]
    if unknown:
        raise InvalidArgument(f'unknown covariate "{unknown[0]}"{did_you_mean(unknown[0], known)}')
    findings = Findings()
    node = _node(covariates, "covariates")
    changed = read_covariates(node, findings, known=known, latents=document.latents)
    findings.raise_any()
    return document.with_covariates({covariate.name: covariate for covariate in changed})


def read_eligibility(document: PopulationDocument, eligibility: Mapping[str, Any]) -> Condition:
    """A condition on the covariates of a population. Raises InvalidDocument with every finding."""
    findings = Findings()
    node = _node(eligibility, "eligibility")
    known = tuple(covariate.name for covariate in document.covariates)
    condition = read_condition(node, findings, known)
    check_levels(condition, node, document, findings)
    findings.raise_any()
    return condition


def read_population(name: str, conditions: Iterable[Condition]) -> PopulationDocument:
    """Another population, which must have the covariates of some conditions. Raises InvalidArgument with those it lacks."""
    document = population.read(name)
    needed = {clause.covariate for condition in conditions for clause in condition.clauses}
    missing = sorted(needed - {covariate.name for covariate in document.covariates})
    if missing:
        raise InvalidArgument(
            f'population "{name}" has no {", ".join(missing)}, which eligibility, analysis sets or the clinic need'
        )
    return document


def _node(content: Mapping[str, Any], name: str) -> Node:
    return documents.parse(documents.write(dict(content)), name)
