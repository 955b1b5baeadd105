"""The tables of a run as data frames (polars)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from normoxia.outcome import Estimate, Measure
from normoxia.survival.data import DAYS_PER_MONTH
from normoxia.trial.conduct.courses import EndReason
from normoxia.trial.conduct.recist import Response
from normoxia.trial.endpoints import End, PatientEndpoints, evaluate

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

    def months(days: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(np.maximum(days[rows], 0.0) / DAYS_PER_MONTH)

    data: dict[str, Any] = {
        "replicate": result.columns["replicate"][rows].astype(np.int64),
        "arm": np.array(result.arms)[result.columns["arm"][rows].astype(np.intp)],
        "patient": result.columns["patient"][rows].astype(np.int64),
        "pfs_months": months(endpoints.pfs),
        "pfs_event": endpoints.pfs_observed[rows],
        "pfs_reason": _words(End, endpoints.pfs_end[rows]),
        "os_months": months(endpoints.os),
        "os_event": endpoints.os_observed[rows],
        "os_reason": _words(End, endpoints.os_end[rows]),
        "immune_pfs_months": months(endpoints.immune_pfs),
        "immune_pfs_event": endpoints.immune_pfs_observed[rows],
        "best_response": names[endpoints.response[rows]],
        "response_months": months(endpoints.response_day),
        "duration_months": months(endpoints.duration),
        "duration_event": endpoints.duration_observed[rows],
        "treatment_months": months(endpoints.treatment),
        "treatment_ended": endpoints.treatment_ended[rows],
        "treatment_reason": _last_reason(result, endpoints)[rows],
        "clinical_progression_months": months(result.columns["clinical_progression"]),
        "next_line": _next_lines(result, trial)[rows],
        "next_line_months": months(result.columns["next_start"]),
        "toxicity_grade3": endpoints.toxic[rows],
        "failed": (result.columns["status"] != 0)[rows],
    }
    for drug, day in result.drug_end.items():
        data[f"{drug}_end_months"] = months(day)
        data[f"{drug}_end_reason"] = _words(EndReason, result.drug_end_reason[drug][rows])
    for name, values in result.covariates.items():
        data[f"covariate_{name}" if name in data else name] = values[rows]
    frame = pl.DataFrame(data)
    responded = pl.Series(endpoints.responded[rows])
    frame = frame.with_columns(
        pl.when(responded).then(pl.col(name)).alias(name)
        for name in ("response_months", "duration_months", "duration_event")
    )
    happened = [name for name in frame.columns if name.endswith("_months")]
    texts = [name for name in frame.columns if name.endswith("_reason") or name == "next_line"]
    # what did not happen is null, neither infinite nor an empty text
    return frame.with_columns(
        *(pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in happened),
        *(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in texts),
    )


def _words(kind: type[IntEnum], codes: NDArray[np.int8]) -> NDArray[np.str_]:
    """Give the names of codes in words, "" for codes of no name."""
    names = {one.value: one.name.lower().replace("_", " ") for one in kind}
    return np.array([names.get(int(code), "") for code in codes], dtype=np.str_)


def _last_reason(result: TrialResult, endpoints: PatientEndpoints) -> NDArray[np.str_]:
    """Why the last drug of each patient's arm ended, "" while treatment goes on."""
    if not result.drug_end:
        return np.full(result.n_rows, "")
    days = np.stack(list(result.drug_end.values()))
    codes = np.stack(list(result.drug_end_reason.values()))
    last = np.where(np.isnan(days), -np.inf, days).argmax(axis=0)
    reasons = _words(EndReason, codes[last, np.arange(result.n_rows)])
    return np.where(endpoints.treatment_ended, reasons, "")


def _next_lines(result: TrialResult, trial: Trial) -> NDArray[np.str_]:
    """Title of the next line each patient began before death, loss and cut, "" without one."""
    column = result.columns
    end = np.minimum(np.minimum(column["survival_cut"], column["survival_loss"]), column["death"])
    begun = (column["next_line"] >= 0) & (column["next_start"] < end)
    titles = [[line.title for line in trial.arm(arm).next_lines] for arm in result.arms]
    return np.array(
        [
            titles[int(arm)][int(line)] if is_begun else ""
            for arm, line, is_begun in zip(column["arm"], column["next_line"], begun, strict=True)
        ],
        dtype=np.str_,
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
    comparisons: Iterable[PublishedComparison], ratios: Sequence[CombinedRatio]
) -> polars.DataFrame:
    """One row for each hazard ratio; see `Run.contrasts` for the columns."""
    combined = {one.key: one for one in ratios}
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
