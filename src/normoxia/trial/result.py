"""What a virtual trial gave: one row a patient and arm, with scans, states at visits, failures and a manifest."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument, InvalidDocument, naming
from normoxia.population import Acceptance
from normoxia.population.covariates import Column

if TYPE_CHECKING:
    import polars

Floats = NDArray[np.float64]

SCHEMA = "normoxia.trial-result/1"

#: numbers every patient has; days are from entry, infinite for what did not happen
COLUMNS = (
    "arm", "replicate", "patient", "status", "progression_cut", "survival_cut", "dropout", "death", "toxic_death",
    "new_lesion", "treatment_end", "next_line", "next_start", "baseline_sum", "first_toxicity",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class TrialResult:
    """A virtual trial's patients.

    arms        ids; the column `arm` counts them from 0
    columns     `COLUMNS`, each of shape (n_rows,)
    covariates  as drawn, each of shape (n_rows,)
    visit_days  nominal days of the scans; shape (n_visits,)
    scan_day    nan where not done; scan_sum mm; overall `Response` codes; shape (n_rows, n_visits)
    states      outputs of the engine at the start and each visit, nan after a patient left; shape (n_rows, n_visits + 1, n_states)
    reasons     why a patient failed, by row
    acceptance  candidates drawn and accepted when sampling
    manifest    versions, seed, digests; `calibrated` says whether the parameters are
    """

    trial: str
    arms: tuple[str, ...]
    columns: Mapping[str, NDArray[np.float64] | NDArray[np.int64]]
    covariates: Mapping[str, Column]
    visit_days: Floats
    scan_day: Floats
    scan_sum: Floats
    overall: NDArray[np.int8]
    state_names: tuple[str, ...]
    states: NDArray[np.float32]
    reasons: Mapping[int, str]
    acceptance: Acceptance
    manifest: Mapping[str, object]

    @property
    def n_rows(self) -> int:
        return len(self.columns["arm"])

    @property
    def n_replicates(self) -> int:
        return len(np.unique(self.columns["replicate"]))

    @property
    def failed(self) -> Mapping[str, int]:
        """Patients the engine could not carry to the end, by arm."""
        broken = self.columns["status"] != 0
        return {arm: int((broken & (self.columns["arm"] == i)).sum()) for i, arm in enumerate(self.arms)}

    def rows(self, arm: str) -> NDArray[np.intp]:
        """Rows of an arm, by replicate, then patient. Raises InvalidArgument for an arm the trial does not have."""
        if arm not in self.arms:
            raise InvalidArgument(f'the result has no arm "{arm}"; it has {", ".join(self.arms)}')
        own = np.flatnonzero(self.columns["arm"] == self.arms.index(arm))
        order = np.lexsort((self.columns["patient"][own], self.columns["replicate"][own]))
        return own[order]

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> TrialResult:
        """Some of the rows, by mask or position, in that order; acceptance and manifest stay those of the run."""
        positions = np.arange(self.n_rows)[rows]
        return replace(
            self,
            columns={name: values[rows] for name, values in self.columns.items()},
            covariates={name: values[rows] for name, values in self.covariates.items()},
            scan_day=self.scan_day[rows],
            scan_sum=self.scan_sum[rows],
            overall=self.overall[rows],
            states=self.states[rows],
            reasons={
                new: self.reasons[old] for new, old in enumerate(positions.tolist()) if old in self.reasons
            },
        )

    def patient_table(self) -> polars.DataFrame:
        """One row a patient: columns and covariates, the arm by name."""
        import polars as pl

        data: dict[str, object] = {"trial": [self.trial] * self.n_rows}
        data |= {name: values for name, values in self.columns.items() if name != "arm"}
        data["arm"] = np.array(self.arms)[self.columns["arm"].astype(int)]
        data |= {f"covariate_{name}": values for name, values in self.covariates.items()}
        return pl.DataFrame(data)

    def visit_table(self) -> polars.DataFrame:
        """One row a scan that was done: arm, replicate, patient, visit, day, sum (mm), change from baseline (%), response."""
        import polars as pl

        from normoxia.trial.recist import Response

        row, visit = np.nonzero(~np.isnan(self.scan_day))
        total = self.scan_sum[row, visit]
        names = np.array([r.name for r in Response])
        return pl.DataFrame(
            {
                "arm": np.array(self.arms)[self.columns["arm"].astype(int)[row]],
                "replicate": self.columns["replicate"][row],
                "patient": self.columns["patient"][row],
                "visit": visit + 1,
                "day": self.scan_day[row, visit],
                "sum_mm": total,
                "change_pct": 100.0 * (total / self.columns["baseline_sum"][row] - 1.0),
                "response": names[self.overall[row, visit]],
            }
        )

    def state_table(self, quantiles: Sequence[float] = (0.1, 0.25, 0.5, 0.75, 0.9)) -> polars.DataFrame:
        """Quantiles over the patients still followed of each state at the start and each visit, by arm."""
        import polars as pl

        days = np.concatenate([[0.0], self.visit_days])
        found: list[dict[str, object]] = []
        for arm in self.arms:
            values = self.states[self.rows(arm)]
            alive = np.isfinite(values).sum(axis=0)
            for i, name in enumerate(self.state_names):
                for j, day in enumerate(days):
                    if alive[j, i] == 0:
                        continue
                    held = np.nanquantile(values[:, j, i], quantiles)
                    row: dict[str, object] = {
                        "arm": arm,
                        "state": name,
                        "day": float(day),
                        "n": int(alive[j, i]),
                    }
                    row |= {f"p{round(100 * q):02d}": float(v) for q, v in zip(quantiles, held, strict=True)}
                    found.append(row)
        return pl.DataFrame(found)

    # files

    def to_bytes(self) -> bytes:
        """The whole result as one Parquet file: a row a patient, what is not per patient as JSON in its metadata."""
        import polars as pl

        data: dict[str, object] = {name: self.columns[name] for name in COLUMNS}
        data |= {f"covariate_{name}": values for name, values in self.covariates.items()}
        data |= {"scan_day": self.scan_day, "scan_sum": self.scan_sum, "overall": self.overall}
        data |= {f"state_{name}": self.states[:, :, i] for i, name in enumerate(self.state_names)}
        header = {
            "schema": SCHEMA,
            "trial": self.trial,
            "arms": list(self.arms),
            "visit_days": self.visit_days.tolist(),
            "reasons": {str(row): why for row, why in self.reasons.items()},
            "acceptance": [self.acceptance.drawn, self.acceptance.accepted, dict(self.acceptance.refused)],
            "manifest": dict(self.manifest),
        }
        buffer = io.BytesIO()
        pl.DataFrame(data).write_parquet(
            buffer, metadata={"normoxia": json.dumps(header, ensure_ascii=False)}
        )
        return buffer.getvalue()

    def write(self, path: str | Path) -> None:
        """Write `to_bytes` to a file."""
        with naming(path):
            Path(path).write_bytes(self.to_bytes())

    @classmethod
    def from_bytes(cls, content: bytes, name: str = "<bytes>") -> TrialResult:
        """The result that `to_bytes` wrote. Raises InvalidDocument when the bytes are not one, or are cut short."""
        import polars as pl

        try:
            header = json.loads(pl.read_parquet_metadata(content)["normoxia"])
            frame = pl.read_parquet(content)
        except (pl.exceptions.PolarsError, KeyError, ValueError, OSError) as error:
            raise InvalidDocument(
                f"{name}: not a trial result ({error}); it may be cut short, run it again"
            ) from None
        if header.get("schema") != SCHEMA:
            raise InvalidDocument(
                f"{name}: schema {header.get('schema')}; expected {SCHEMA}, written by another version"
            )
        array = {column: frame[column].to_numpy() for column in frame.columns}
        states = [column for column in frame.columns if column.startswith("state_")]
        n_days = len(header["visit_days"]) + 1
        stacked = (
            np.stack([array[c] for c in states], axis=2)
            if states
            else np.zeros((len(frame), n_days, 0), np.float32)
        )
        drawn, accepted, refused = header["acceptance"]
        return cls(
            header["trial"],
            tuple(header["arms"]),
            {column: array[column] for column in COLUMNS},
            {
                c.removeprefix("covariate_"): _column(array[c])
                for c in frame.columns
                if c.startswith("covariate_")
            },
            np.array(header["visit_days"]),
            array["scan_day"],
            array["scan_sum"],
            array["overall"],
            tuple(column.removeprefix("state_") for column in states),
            stacked,
            {int(row): why for row, why in header["reasons"].items()},
            Acceptance(drawn, accepted, refused),
            header["manifest"],
        )

    @classmethod
    def read(cls, path: str | Path) -> TrialResult:
        """The result in a file. Raises InvalidDocument when it is none."""
        try:
            return cls.from_bytes(Path(path).read_bytes(), str(path))
        except OSError as error:
            raise InvalidDocument(f"{path}: cannot be read ({error.strerror}); check the name") from None


def joined(parts: Sequence[TrialResult]) -> TrialResult:
    """Chunks of one trial and seed as one result, in the order given. Raises InvalidArgument when there is none."""
    if not parts:
        raise InvalidArgument("no chunk was given; expected at least one")
    first = parts[0]
    reasons: dict[int, str] = {}
    offset = 0
    refused: dict[str, int] = {}
    for part in parts:
        reasons |= {row + offset: why for row, why in part.reasons.items()}
        offset += part.n_rows
        for rule, count in part.acceptance.refused.items():
            refused[rule] = refused.get(rule, 0) + count
    acceptance = Acceptance(
        sum(p.acceptance.drawn for p in parts), sum(p.acceptance.accepted for p in parts), refused
    )
    return TrialResult(
        first.trial,
        first.arms,
        {name: np.concatenate([p.columns[name] for p in parts]) for name in first.columns},
        {name: np.concatenate([p.covariates[name] for p in parts]) for name in first.covariates},
        first.visit_days,
        np.concatenate([p.scan_day for p in parts]),
        np.concatenate([p.scan_sum for p in parts]),
        np.concatenate([p.overall for p in parts]),
        first.state_names,
        np.concatenate([p.states for p in parts]),
        reasons,
        acceptance,
        first.manifest,
    )


def _column(values: NDArray[np.generic]) -> Column:
    return values.astype(np.float64) if values.dtype.kind in "fiu" else values.astype(np.str_)
