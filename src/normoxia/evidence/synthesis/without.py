"""A pooled table without each of its studies in turn, by the method it was pooled with."""

from __future__ import annotations

from collections.abc import Sequence

from normoxia.errors import InvalidArgument, NormoxiaError
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import Arm
from normoxia.evidence.synthesis.model.counts import Method, fit_counts
from normoxia.evidence.synthesis.model.heterogeneity import TauMethod
from normoxia.evidence.synthesis.model.meta import Model
from normoxia.evidence.synthesis.model.network import NetworkEffect, NetworkFit
from normoxia.evidence.synthesis.pooling import Synthesis

#: studies beyond which nobody waits for as many fits, nor reads them
MOST_STUDIES = 500


def without_each_study(
    synthesis: Synthesis,
    *,
    model: Model = "random",
    tau: TauMethod | str | float = TauMethod.REML,
    arms: Sequence[Arm] = (),
) -> dict[str, tuple[NetworkEffect, ...] | None]:
    """Every treatment against the reference with each study left out; None where the network breaks, or nothing can be fitted.

    Parameters
    ----------
    model, tau
        As the synthesis was made with.
    arms
        The counts of its studies, where it was made by a method of counts.

    Raises
    ------
    InvalidArgument
        With a single study, or more than `MOST_STUDIES`.
    """
    network, fit = synthesis.network, synthesis.fit
    n = len(network.studies)
    if not 2 <= n <= MOST_STUDIES:
        raise InvalidArgument(
            f"{n} studies; leaving each out needs 2 to {MOST_STUDIES} (one study: nothing is left; more: pool parts of them)"
        )
    if Method(synthesis.method) is Method.INVERSE_VARIANCE:
        fits = net.leave_one_out(
            network,
            model=model,
            tau=tau,
            hartung_knapp=fit.hartung_knapp,
            level=fit.level,
            prediction=fit.prediction,
        )
    else:
        fits = {study: _counted(synthesis, study, model, arms) for study in network.studies}
    return {
        study: None if one is None else one.effects(synthesis.reference)
        for study, one in fits.items()
    }


def _counted(
    synthesis: Synthesis, study: str, model: Model, arms: Sequence[Arm]
) -> NetworkFit | None:
    network = synthesis.network
    reduced = network.subset(s for s in network.studies if s != study)
    if reduced.treatments != network.treatments or reduced.n_parts != network.n_parts:
        return None
    left = [arm for arm in arms if arm.study != study]
    try:
        fitted, _, _ = fit_counts(
            left, reduced, synthesis.method, model=model, level=synthesis.fit.level
        )
    except NormoxiaError:
        return None
    return fitted if fitted.network.treatments == network.treatments else None
