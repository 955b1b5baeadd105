"""What a virtual trial gave: one row a patient and arm, with scans, states at visits, failures and a manifest."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from normoxia import digests
from normoxia.errors import InvalidArgument, InvalidDocument
from normoxia.population import Acceptance
from normoxia.population.covariates import Column
from normoxia.storage import write_whole
from normoxia.trial.protocol import EARLY_DAYS

if TYPE_CHECKING:
    import polars

Floats = NDArray[np.float64]

#: results of the second kind are sealed; those of the first are still read
SCHEMA = "normoxia.trial-result/3"
#: schemas of earlier versions that are still read, the sealed one first
EARLIER = SEALED, UNSEALED = "normoxia.trial-result/2", "normoxia.trial-result/1"

#: what columns of drugs begin with in a file
_END, _END_REASON = "drug_end_", "drug_reason_"

#: numbers every patient has; days are from entry, infinite for what did not happen
COLUMNS = (
    "arm",
    "replicate",
    "patient",
    "status",
    "progression_cut",
    "survival_cut",
    "survival_loss",
    "scan_withdrawal",
    "discontinuation",
    "death",
    "toxic_death",
    "new_lesion",
    "clinical_progression",
    "progression",
    "off_protocol",
    "treatment_end",
    "next_line",
    "next_start",
    "baseline_sum",
    "first_toxicity",
)


@dataclass(frozen=True, slots=True, eq=False)
class TrialResult:
    """A virtual trial's patients.

    arms        ids; the column `arm` counts them from 0
    columns     `COLUMNS`, each of shape (n_rows,)
    covariates  as drawn, each of shape (n_rows,)
    visit_days  nominal days of the scans; shape (n_visits,)
    scan_day    nan where not done; scan_sum mm; overall `Response` codes; shape (n_rows, n_visits)
    states      outputs of the engine on `state_days`, nan after a patient left; shape (n_rows, n_state_days, n_states)
    reasons     why a patient failed, by row
    acceptance  candidates drawn and accepted when sampling
    manifest    versions, seed, digests; `calibrated` says whether the parameters are
    drug_end    by drug of the protocol, the day it ended, infinite while given, nan in arms without it; shape (n_rows,)
    drug_end_reason   by drug, `courses.EndReason` codes, -1 in arms without it; shape (n_rows,)
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
    drug_end: Mapping[str, Floats] = field(default_factory=dict)
    drug_end_reason: Mapping[str, NDArray[np.int8]] = field(default_factory=dict)

    @property
    def n_rows(self) -> int:
        """Rows of all arms and replicates."""
        return len(self.columns["arm"])

    @property
    def n_replicates(self) -> int:
        """Replicates that were run."""
        return len(np.unique(self.columns["replicate"]))

    @property
    def failed(self) -> Mapping[str, int]:
        """Patients the engine could not carry to the end, by arm."""
        broken = self.columns["status"] != 0
        return {
            arm: int((broken & (self.columns["arm"] == i)).sum()) for i, arm in enumerate(self.arms)
        }

    @property
    def state_days(self) -> Floats:
        """Days of the states: the start, those of `EARLY_DAYS` before the first scan, each scan; shape (n_state_days,).

        Results of earlier versions have none of the early ones.
        """
        n_early = self.states.shape[1] - 1 - len(self.visit_days)
        return np.concatenate([[0.0], EARLY_DAYS[:n_early], self.visit_days])

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
            drug_end={drug: day[rows] for drug, day in self.drug_end.items()},
            drug_end_reason={drug: code[rows] for drug, code in self.drug_end_reason.items()},
            reasons={
                new: self.reasons[old]
                for new, old in enumerate(positions.tolist())
                if old in self.reasons
            },
        )

    def visit_table(self) -> polars.DataFrame:
        """One row a scan that was done: arm, replicate, patient, visit, day, sum (mm), change from baseline (%), response."""
        import polars as pl

        from normoxia.trial.conduct.recist import Response

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

    def state_table(
        self, quantiles: Sequence[float] = (0.1, 0.25, 0.5, 0.75, 0.9)
    ) -> polars.DataFrame:
        """Quantiles over the patients still followed of each state on `state_days`, by arm."""
        import polars as pl

        days = self.state_days
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
                    row |= {
                        f"p{round(100 * q):02d}": float(v)
                        for q, v in zip(quantiles, held, strict=True)
                    }
                    found.append(row)
        return pl.DataFrame(found)

    # files

    def to_bytes(self, identity: Mapping[str, object] | None = None) -> bytes:
        """The whole result as one Parquet file: a row a patient, what is not per patient as JSON in its metadata.

        identity  what the result belongs to, such as a chunk to its run; the file is sealed with it and a checksum of its bytes
        """
        import polars as pl

        data: dict[str, object] = {name: self.columns[name] for name in COLUMNS}
        data |= {f"covariate_{name}": values for name, values in self.covariates.items()}
        data |= {"scan_day": self.scan_day, "scan_sum": self.scan_sum, "overall": self.overall}
        data |= {f"state_{name}": self.states[:, :, i] for i, name in enumerate(self.state_names)}
        data |= {f"{_END}{drug}": day for drug, day in self.drug_end.items()}
        data |= {f"{_END_REASON}{drug}": code for drug, code in self.drug_end_reason.items()}
        header = {
            "schema": SCHEMA,
            "trial": self.trial,
            "arms": list(self.arms),
            "visit_days": self.visit_days.tolist(),
            "reasons": {str(row): why for row, why in self.reasons.items()},
            "acceptance": [
                self.acceptance.drawn,
                self.acceptance.accepted,
                dict(self.acceptance.refused),
            ],
            "manifest": dict(self.manifest),
            "identity": dict(identity or {}),
        }
        buffer = io.BytesIO()
        pl.DataFrame(data).write_parquet(
            buffer,
            metadata={
                "normoxia": json.dumps(header, ensure_ascii=False),
                "normoxia_seal": digests.open_seal(identity or {}),
            },
        )
        return digests.sealed(buffer.getvalue(), identity or {})

    def write(self, path: str | Path) -> None:
        """Write `to_bytes` to a file, whole or not at all."""
        write_whole(Path(path), self.to_bytes())

    @classmethod
    def from_bytes(
        cls, content: bytes, name: str = "<bytes>", identity: Mapping[str, object] | None = None
    ) -> TrialResult:
        """The result that `to_bytes` wrote.

        identity  what the result must belong to; any when omitted
        raises    InvalidDocument when the bytes are none, are not as they were written, or belong to something else
        """
        is_sealed = digests.has_seal(content)
        if is_sealed or identity is not None:
            _refuse_unfit(content, name, identity)
        header, frame = _opened(content, name)
        if header.get("schema") not in (SCHEMA, *EARLIER):
            raise InvalidDocument(
                f"{name}: schema {header.get('schema')}; expected {SCHEMA}, written by another version"
            )
        if header["schema"] != UNSEALED and not is_sealed:
            raise InvalidDocument(f"{name}: is damaged, its seal is gone; run it again")
        array = {column: frame[column].to_numpy() for column in frame.columns}
        if header["schema"] in EARLIER and "dropout" in array:
            array |= _upgraded(array)
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
            _by_drug(array, _END),
            _by_drug(array, _END_REASON),
        )

    @classmethod
    def read(cls, path: str | Path, identity: Mapping[str, object] | None = None) -> TrialResult:
        """The result in a file, see `from_bytes`. Raises InvalidDocument when it is none."""
        if Path(path).exists() and not Path(path).is_file():
            # a pipe or a device would be waited for without end
            raise InvalidDocument(f"{path}: is no file; run this part again")
        try:
            return cls.from_bytes(Path(path).read_bytes(), str(path), identity)
        except OSError as error:
            raise InvalidDocument(
                f"{path}: cannot be read ({error.strerror}); check the name"
            ) from None


def _by_drug(array: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    """Columns of a file that are kept for each drug."""
    return {name.removeprefix(prefix): array[name] for name in array if name.startswith(prefix)}


def _upgraded(array: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Columns that results of earlier versions do not have: one loss ended survival, scans and treatment alike."""
    never = np.full(len(array["dropout"]), np.inf)
    return {
        "survival_loss": array["dropout"],
        "scan_withdrawal": array["dropout"],
        "discontinuation": never,
        "clinical_progression": never,
        "progression": array["treatment_end"],
        "off_protocol": array["treatment_end"],
    }


def _refuse_unfit(content: bytes, name: str, identity: Mapping[str, object] | None) -> None:
    """Raises InvalidDocument unless a content is as it was sealed, and belongs where it should."""
    if digests.is_whole(content, identity):
        return
    if digests.is_whole(content):
        raise InvalidDocument(
            f"{name}: belongs to another run, seed or place in the run (its seal says so); run this part again"
        )
    if not content:
        raise InvalidDocument(f"{name}: is empty; run this part again")
    if not digests.has_seal(content):
        raise InvalidDocument(
            f"{name}: carries no seal, so it is cut short, damaged or of an earlier version; run this part again"
        )
    raise InvalidDocument(
        f"{name}: is damaged, its checksum is not that of its bytes; run this part again"
    )


def _opened(content: bytes, name: str) -> tuple[dict[str, Any], polars.DataFrame]:
    """Header and table of a result's file. Raises InvalidDocument when the bytes are none."""
    import polars as pl

    try:
        header = json.loads(pl.read_parquet_metadata(content)["normoxia"])
        frame = pl.read_parquet(content)
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        KeyError,
        ValueError,
        OSError,
        MemoryError,
    ) as error:
        raise InvalidDocument(
            f"{name}: not a trial result ({error}); it may be cut short, run it again"
        ) from None
    if not isinstance(header, dict):
        raise InvalidDocument(f"{name}: not a trial result; run it again")
    return header, frame


def concatenate(parts: Sequence[TrialResult]) -> TrialResult:
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
        _of_all_drugs([(part.n_rows, part.drug_end) for part in parts], np.nan),
        _of_all_drugs([(part.n_rows, part.drug_end_reason) for part in parts], np.int8(-1)),
    )


def _of_all_drugs(
    parts: Sequence[tuple[int, Mapping[str, NDArray[Any]]]], missing: float | np.int8
) -> dict[str, NDArray[Any]]:
    """Join what parts (rows, values by drug) have of each drug, `missing` where a part does not give it."""
    drugs = dict.fromkeys(drug for _, values in parts for drug in values)
    return {
        drug: np.concatenate(
            [values[drug] if drug in values else np.full(n, missing) for n, values in parts]
        )
        for drug in drugs
    }


def _column(values: NDArray[np.generic]) -> Column:
    return values.astype(np.float64) if values.dtype.kind in "fiu" else values.astype(np.str_)
