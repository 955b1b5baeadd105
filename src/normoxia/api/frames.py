"""The tables of a run as data frames (polars)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from normoxia.outcome import Estimate, Measure
from normoxia.survival.data import DAYS_PER_MONTH
from normoxia.trial.conduct.recist import Response
from normoxia.trial.endpoints import evaluate

if TYPE_CHECKING:
    import polars

    from normoxia.trial.analysis import PublishedComparison
    from normoxia.trial.combined import CombinedRatio
    from normoxia.trial.protocol import Trial
    from normoxia.trial.result import TrialResult


def patients_frame(result: TrialResult, trial: Trial) -> polars.DataFrame:
    """One row for each patient and arm; see `Run.patients` for the columns."""
    import polars as pl

    endpoints = evaluate(result, trial.criteria, trial.plan.censoring)
    rows = np.concatenate([result.rows(arm) for arm in result.arms])
    names = np.array([response.name for response in Response])

    def months(days: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.maximum(days[rows], 0.0) / DAYS_PER_MONTH)

    data: dict[str, Any] = {
        "replicate": result.columns["replicate"][rows].astype(np.int64),
        "arm": np.array(result.arms)[result.columns["arm"][rows].astype(np.intp)],
        "patient": result.columns["patient"][rows].astype(np.int64),
        "pfs_months": months(endpoints.pfs),
        "pfs_event": endpoints.pfs_observed[rows],
        "os_months": months(endpoints.os),
        "os_event": endpoints.os_observed[rows],
        "best_response": names[endpoints.response[rows]],
        "response_months": months(endpoints.response_day),
        "duration_months": months(endpoints.duration),
        "duration_event": endpoints.duration_observed[rows],
        "toxicity_grade3": endpoints.toxic[rows],
        "failed": (result.columns["status"] != 0)[rows],
    }
    for name, values in result.covariates.items():
        data[f"covariate_{name}" if name in data else name] = values[rows]
    frame = pl.DataFrame(data)
    responded = pl.Series(endpoints.responded[rows])
    return frame.with_columns(
        pl.when(responded).then(pl.col(name)).alias(name)
        for name in ("response_months", "duration_months", "duration_event")
    )


def outcomes_frame(comparisons: Iterable[PublishedComparison]) -> polars.DataFrame:
    """One row for each simulated outcome, with the published value; see `Run.outcomes` for the columns."""
    rows = [
        {
            "population": str(c.simulated.population),
            "endpoint": str(c.simulated.endpoint),
            "measure": str(c.simulated.measure),
            "month": _known(c.simulated.months),
            "arm": c.simulated.arm,
            "comparator": c.simulated.comparator or None,
            "n": c.simulated.n,
            **_columns("", c.simulated.estimate),
            **_columns("published", c.published.estimate if c.published else None),
            "inside": c.inside,
            "source": c.published.source.reference if c.published and c.published.source else None,
        }
        for c in comparisons
    ]
    return _frame(rows)


def contrasts_frame(
    comparisons: Iterable[PublishedComparison], joined: Sequence[CombinedRatio]
) -> polars.DataFrame:
    """One row for each hazard ratio; see `Run.contrasts` for the columns."""
    combined = {one.key: one for one in joined}
    rows = []
    for c in comparisons:
        s = c.simulated
        if s.measure is not Measure.HAZARD_RATIO:
            continue
        one = combined.get((s.population, s.endpoint, s.arm, s.comparator))
        rows.append(
            {
                "population": str(s.population),
                "endpoint": str(s.endpoint),
                "experimental": s.arm,
                "control": s.comparator,
                **_columns("", s.estimate),
                **_columns("component_model", one.components if one else None),
                **_columns("combined", one.joined if one else None),
                **_columns("published", c.published.estimate if c.published else None),
                "inside": c.inside,
            }
        )
    return _frame(rows)


_NUMBERS = (
    "month",
    "value",
    "low",
    "high",
    *(
        f"{name}{end}"
        for name in ("published", "component_model", "combined")
        for end in ("", "_low", "_high")
    ),
)


def _frame(rows: list[dict[str, Any]]) -> polars.DataFrame:
    """Rows as a frame whose columns have one type, also where every value is unknown."""
    import polars as pl

    kinds = dict.fromkeys(_NUMBERS, pl.Float64()) | {
        "comparator": pl.String(),
        "source": pl.String(),
        "inside": pl.Boolean(),
    }
    present = {name: kind for name, kind in kinds.items() if rows and name in rows[0]}
    return pl.DataFrame(rows, schema_overrides=present, infer_schema_length=None)


def _columns(name: str, estimate: Estimate | None) -> dict[str, float | None]:
    """Value and interval of an estimate under the column names of its kind."""
    keys = (name, f"{name}_low", f"{name}_high") if name else ("value", "low", "high")
    numbers = (estimate.value, estimate.low, estimate.high) if estimate else (math.nan,) * 3
    return dict(zip(keys, map(_known, numbers), strict=True))


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
