"""Which way a network of counts is pooled: by inverse variance, or by a method that keeps to the counts themselves.

    inverse-variance     log ratios with standard errors; half an event added to studies with an empty cell
    mantel-haenszel      odds ratios within designs, inverse variance between them; one effect per comparison (`rare`)
    penalised-logistic   logistic regression with Firth's penalty; one effect per comparison, finite whatever is empty (`rare`)
    binomial-normal      exact binomial likelihood with random effects, tau by maximum likelihood (`binomial`)

With few events prefer binomial-normal where studies may differ, penalised-logistic where some treatment has no event at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import (
    Arm,
    Contrast,
    EffectMeasure,
    contrasts_from_arms,
)
from normoxia.evidence.synthesis.model.network import Network, NetworkFit
from normoxia.language import Message

if TYPE_CHECKING:
    from normoxia.evidence.synthesis.intake.tables import NetworkTable
    from normoxia.evidence.synthesis.model.meta import Model

    Evidence = NetworkTable | Network | Sequence[Arm | Contrast]


class Method(StrEnum):
    """How counts (or contrasts) become network estimates."""

    INVERSE_VARIANCE = "inverse-variance"
    MANTEL_HAENSZEL = "mantel-haenszel"
    PENALISED_LOGISTIC = "penalised-logistic"
    BINOMIAL_NORMAL = "binomial-normal"

    @classmethod
    def _missing_(cls, value: object) -> Method:
        raise UnknownName("method", str(value), list(cls))


def fit_counts(
    evidence: Evidence, network: Network, method: Method | str, *, model: Model, level: float
) -> tuple[NetworkFit, NetworkFit, list[str]]:
    """The fit by a method of counts, the same with a common effect, and what to say of it.

    evidence  a table, or arms
    network   of the same evidence by inverse variance: which studies tell anything, and what the fits are shown with
    raises    InvalidArgument for another effect than OR, or where a study has a contrast but no counts
    """
    from normoxia.evidence.synthesis.model import rare
    from normoxia.evidence.synthesis.model.binomial import network_binomial

    method = Method(method)
    if network.effect is not EffectMeasure.OR:
        raise InvalidArgument(
            f"{method} estimates odds ratios, {network.effect} was asked for; use effect OR"
        )
    informative = set(network.studies)
    arms = [arm for arm in _arms(evidence, method) if arm.study in informative]
    notes: list[str] = [Message("evidence.by_variance")]
    if method is Method.BINOMIAL_NORMAL:
        common = network_binomial(arms, model="common", level=level)
        fitted = common if model == "common" else network_binomial(arms, level=level)
        return replace(fitted, network=network), replace(common, network=network), notes
    if model == "random":
        notes.append(Message("evidence.no_random", method=str(method)))
    if method is Method.PENALISED_LOGISTIC:
        fitted = replace(rare.network_logistic(arms, level=level), network=network)
        return fitted, fitted, notes
    fitted = rare.network_mantel_haenszel(arms, level=level)
    designs, _ = rare.odds_designs(arms)
    pooled = [arm for design in designs for study in design.studies for arm in study]
    contrasts, _ = contrasts_from_arms(
        pooled, EffectMeasure.OR
    )  # without the arms that the designs lost
    notes += fitted.network.notes
    fitted = replace(fitted, network=net.build(contrasts, EffectMeasure.OR, network.sizes))
    return fitted, fitted, notes


def _arms(evidence: Evidence, method: Method) -> tuple[Arm, ...]:
    from normoxia.evidence.synthesis.intake.tables import NetworkTable

    if isinstance(evidence, NetworkTable):
        rows: tuple[Arm | Contrast, ...] = (*evidence.arms, *evidence.contrasts)
    else:
        rows = () if isinstance(evidence, Network) else tuple(evidence)
    arms = tuple(row for row in rows if isinstance(row, Arm) and row.events >= 0)
    if not arms or len(arms) < len(rows):
        raise InvalidArgument(
            f"{method} needs the events and patients of every arm; pool contrasts by inverse-variance"
        )
    return arms
