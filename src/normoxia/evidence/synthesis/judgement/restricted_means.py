"""Restricted mean differences of several studies pooled to one horizon, for hazards that need not stay proportional.

Every two digitised curves of a study give patients (`digitised`), these the difference of restricted means to a horizon that all studies
reach, in months; a network of such differences is pooled like any other (Wei 2015, Stat Med 34:2823, for reconstructed patients; Weir 2021,
Res Synth Methods 12:741, for networks). Sampling variances hold the chance of sampling, not the error of reading a figure. A
horizon that only some studies reach would compare different times, and is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.evidence.studies.curves import rebuilt
from normoxia.evidence.synthesis.judgement.proportionality import ContrastQuery, curve_pairs, months
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import Contrast, EffectMeasure
from normoxia.evidence.synthesis.model.network import Network
from normoxia.survival import (
    DAYS_PER_MONTH,
    SurvivalCurve,
    kaplan_meier,
    restricted_mean_difference,
)


def restricted_mean_network(
    queries: Iterable[ContrastQuery],
    *,
    horizon_months: float | None = None,
    figures: Mapping[str, str] | None = None,
) -> tuple[Network, float]:
    """The network of restricted mean differences, treatment minus control, in months.

    Parameters
    ----------
    queries
        Contrasts of studies; those without digitised curves of the endpoint add nothing.
    horizon_months
        By default the longest that every curve reaches.
    figures
        Study to the words of its figure ("PD-L1 <1%"), where curves of several groups of patients fit its contrast.

    Returns
    -------
    tuple[Network, float]
        The network (mean differences in months) and its horizon in months. `pooling.pool` pools it.

    Raises
    ------
    InvalidArgument
        No query has curves; curves of several groups of patients fit one and `figures` does not choose; or a horizon that is not above 0 or that some curve does not reach (it names the study).
    """
    compared = list(_curves(queries, figures or {}))
    if not compared:
        raise InvalidArgument("no contrast has two digitised curves; restricted means need curves")
    shortest, study = min(
        (min(one.last, other.last), query.study.id) for query, _, _, one, other in compared
    )
    horizon = shortest if horizon_months is None else horizon_months * DAYS_PER_MONTH
    if not 0.0 < horizon <= shortest:
        raise InvalidArgument(
            f"a horizon of {horizon_months:g} months; curves of {study} end at {months(shortest):.4g} months, and the horizon must "
            "lie above 0 and within every curve: give a shorter one, or leave the study out"
        )
    contrasts = []
    for query, treatment, control, one, other in compared:
        difference = restricted_mean_difference(one, other, horizon)
        contrasts.append(
            Contrast(
                query.study.id,
                treatment,
                control,
                months(difference.value),
                months(difference.standard_error),
            )
        )
    return net.build(contrasts, EffectMeasure.MD), months(horizon)


def _curves(
    queries: Iterable[ContrastQuery], figures: Mapping[str, str]
) -> Iterator[tuple[ContrastQuery, str, str, SurvivalCurve, SurvivalCurve]]:
    """Each contrast with its two curves, as Kaplan-Meier curves of reconstructed patients."""
    for query in queries:
        chosen = figures.get(query.study.id)
        fitting = [
            pair for pair in curve_pairs(query) if chosen is None or pair[1].population == chosen
        ]
        groups = list(dict.fromkeys(ours.population for _, ours, *_ in fitting))
        if len(groups) > 1:
            raise InvalidArgument(
                f"{query.study.id} has curves of {len(groups)} groups of patients ({'; '.join(groups)}); choose one, such as "
                f"figures={{{query.study.id!r}: {groups[0]!r}}}"
            )
        if not fitting:
            if chosen is not None:
                every = {ours.population for _, ours, *_ in curve_pairs(query)}
                raise UnknownName(f"figure of {query.study.id}", chosen, every)
            continue
        _, ours, theirs, treatment, control = fitting[0]
        one, other = (kaplan_meier(rebuilt(curve).patients) for curve in (ours, theirs))
        yield query, treatment, control, one, other
