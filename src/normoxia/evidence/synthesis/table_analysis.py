"""The whole analysis of a table of contrasts or arms: pooled, graded, and checked; `answers` does the same for a question."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from normoxia.errors import InvalidArgument, InvalidDocument
from normoxia.evidence.synthesis.intake import tables
from normoxia.evidence.synthesis.intake.tables import NetworkTable
from normoxia.evidence.synthesis.judgement.certainty import Certainty, certainty
from normoxia.evidence.synthesis.judgement.contribution import shares_left_out, study_contributions
from normoxia.evidence.synthesis.judgement.proportionality import (
    Proportionality,
    proportionality_of_registry,
)
from normoxia.evidence.synthesis.model.components import ComponentFit, fit_components, named_parts
from normoxia.evidence.synthesis.model.contrasts import EffectMeasure
from normoxia.evidence.synthesis.model.counts import Method
from normoxia.evidence.synthesis.model.meta import Model
from normoxia.evidence.synthesis.model.network import NetworkEffect, Prediction
from normoxia.evidence.synthesis.model.priors import HeterogeneityPrior
from normoxia.evidence.synthesis.model.ranking import SmallValues
from normoxia.evidence.synthesis.pooling import Synthesis, effect_json, pool
from normoxia.evidence.synthesis.without import without_each_study

#: lines of rows with faults that a message lists
_LISTED = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableAnalysis:
    """A table with everything that was estimated from it.

    Attributes
    ----------
    table
        The rows as read, with what was assumed about them.
    synthesis
        The network meta-analysis.
    certainty
        Of each contrast; empty for differences without a smallest effect that matters.
    contributions
        Share of each study in each estimate; empty where there are too many to list.
    over_time
        Tests of proportional hazards of registry studies with the names of the table; None where there are none.
    without
        Effects against the reference with each study left out, None for a study without which the network is
        disconnected; None when not asked for.
    component_fit
        The component model of treatments named as sums; None when not asked for.
    """

    table: NetworkTable
    synthesis: Synthesis
    certainty: tuple[Certainty, ...]
    contributions: Mapping[tuple[str, str], Mapping[str, float]]
    over_time: Proportionality | None
    without: Mapping[str, tuple[NetworkEffect, ...] | None] | None
    component_fit: ComponentFit | None

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and lists: those of the `Synthesis`, with certainty, contributions and the table."""
        content = self.synthesis.to_json()
        if note := shares_left_out(self.synthesis.network):
            content["notes"].append(note)
        first = {
            "schema": content["schema"],
            "over_time": self.over_time.to_json() if self.over_time is not None else None,
        }
        return (first | content) | {
            "certainty": [one.to_json() for one in self.certainty],
            "contributions": [
                {"treatment": treatment, "comparator": comparator, "studies": dict(shares)}
                for (treatment, comparator), shares in self.contributions.items()
            ],
            "table": _table_json(self.table),
            **self._optional_json(),
        }

    def _optional_json(self) -> dict[str, Any]:
        content: dict[str, Any] = {}
        synthesis = self.synthesis
        if self.without is not None:
            is_ratio = synthesis.network.effect.is_ratio
            content["leave_one_out"] = [
                {
                    "study": study,
                    "effects": None
                    if effects is None
                    else [effect_json(e, synthesis.fit.model, is_ratio) for e in effects],
                }
                for study, effects in self.without.items()
            ]
        if self.component_fit is not None:
            content["components"] = self.component_fit.to_json(
                (treatment, synthesis.reference)
                for treatment in synthesis.network.treatments
                if treatment != synthesis.reference
            )
        return content


def analyse_table(
    path: Path,
    *,
    effect: str | None = None,
    model: Model = "random",
    method: str = "inverse-variance",
    tau: str = "REML",
    reference: str | None = None,
    small_values: SmallValues | None = None,
    columns: Mapping[str, str] | None = None,
    decimal: str | None = None,
    equivalence: float | None = None,
    leave_out_faulty: bool = False,
    hartung_knapp: bool = False,
    prediction: Prediction | None = None,
    level: float = 0.95,
    leave_one_out: bool = False,
    components: bool = False,
    inactive: str | None = None,
    seed: int = 0,
    prior: HeterogeneityPrior | str | None = None,
) -> TableAnalysis:
    """Read a table, pool it, grade it and check it; `normoxia.pool` describes the parameters.

    Raises
    ------
    InvalidDocument
        The table cannot be read, or has rows that cannot be used and `leave_out_faulty` is False; all are listed.
    InvalidArgument
        Options that exclude one another, or no study that gives a contrast.
    UnknownName
        The reference is not in the network.
    """
    _check_options(method, hartung_knapp=hartung_knapp, components=components, inactive=inactive)
    table = tables.read_network(path, columns=dict(columns or {}), effect=effect, decimal=decimal)
    if not leave_out_faulty:
        _refuse_faults(table)
    synthesis = pool(
        table,
        effect=effect,
        model=model,
        tau=tau,
        reference=reference,
        small_values=small_values,
        seed=seed,
        method=method,
        hartung_knapp=hartung_knapp,
        level=level,
        prediction=prediction,
        prior=prior,
    )
    network = synthesis.network
    shares = {} if shares_left_out(network) else study_contributions(synthesis.fit)
    return TableAnalysis(
        table=table,
        synthesis=synthesis,
        certainty=_certainty(table, synthesis, equivalence, shares),
        contributions=shares,
        over_time=_over_time(synthesis),
        without=without_each_study(synthesis, model=model, tau=tau, arms=table.arms)
        if leave_one_out
        else None,
        component_fit=fit_components(
            network, parts_of=named_parts(network, inactive), model=model, tau=tau, level=level
        )
        if components
        else None,
    )


def _check_options(
    method: str, *, hartung_knapp: bool, components: bool, inactive: str | None
) -> None:
    """Refuse options that exclude one another before any work is done."""
    if inactive is not None and not components:
        raise InvalidArgument(
            f'inactive "{inactive}" belongs to components; ask for those too, or leave it out'
        )
    if components and (Method(method) is not Method.INVERSE_VARIANCE or hartung_knapp):
        raise InvalidArgument(
            "components are fitted by inverse variance, with normal intervals: leave out method and hartung-knapp"
        )


def _refuse_faults(table: NetworkTable) -> None:
    """Refuse a table with rows that cannot be used, all of them listed."""
    if not table.left_out:
        return
    n = len(table.left_out)
    lines = ", ".join(map(str, table.left_out[:_LISTED])) + (" ..." if n > _LISTED else "")
    raise InvalidDocument(
        "\n".join(
            [
                f"{table.file}: {n} of {table.n_rows} rows cannot be used (line{'s' if n > 1 else ''} {lines}):",
                *tables.listed(table.findings),
                "correct them, or pool the others with leave_out_faulty=True (--leave-out-faulty)",
            ]
        ),
        table.findings,
    )


def _certainty(
    table: NetworkTable,
    synthesis: Synthesis,
    equivalence: float | None,
    shares: Mapping[tuple[str, str], Mapping[str, float]],
) -> tuple[Certainty, ...]:
    """Certainty by the general rules and the judgements of the table; a difference needs the smallest effect that matters."""
    is_ratio = synthesis.network.effect.is_ratio
    if equivalence is None and not is_ratio:
        return ()
    smallest = equivalence
    if smallest is not None:
        if not (1.0 if is_ratio else 0.0) < smallest < math.inf:
            raise InvalidArgument(
                f"equivalence {smallest:g}: expected above {1 if is_ratio else 0}, the smallest effect that matters"
            )
        smallest = math.log(smallest) if is_ratio else smallest
    return certainty(
        synthesis.fit,
        equivalence=smallest,
        shares=shares,
        splits=synthesis.splits,
        **table.judgements,
    )


def _over_time(synthesis: Synthesis) -> Proportionality | None:
    """Tests of proportional hazards from the registry's curves of studies with the same names; None without any."""
    if synthesis.network.effect is not EffectMeasure.HR:
        return None
    tests = proportionality_of_registry(synthesis.network.studies)
    return tests if tests.pairs else None


def _table_json(table: NetworkTable) -> dict[str, Any]:
    return {
        "file": table.file,
        "layout": table.layout,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "columns": dict(table.mapping),
        "rows": table.n_rows,
        "left_out": list(table.left_out),
        "findings": [
            {
                "line": finding.place.line or None,
                "column": finding.place.key or None,
                "found": finding.found,
                "expected": finding.expected,
            }
            for finding in table.findings
        ],
    }
