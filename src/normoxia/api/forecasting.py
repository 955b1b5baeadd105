"""Forecasts of planned trials under the calibrated ensemble: stored ones read, new ones made, published results scored."""

from __future__ import annotations

import datetime
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normoxia import __version__
from normoxia.api.limits import worker_count
from normoxia.api.plain import plain
from normoxia.api.sources import read_study
from normoxia.calibration import forecast as forecasts
from normoxia.calibration import forecast_scoring
from normoxia.calibration.fitting import ensemble
from normoxia.errors import OutputExists
from normoxia.notebook import escaped, frame_html
from normoxia.progress import Progress, silent
from normoxia.storage import write_whole
from normoxia.trial.making import designs

if TYPE_CHECKING:
    import polars

    from normoxia.calibration.forecast import Forecast, Forecasts
    from normoxia.calibration.forecast_scoring import ScoredOutcome
    from normoxia.evidence.studies.study import Study
    from normoxia.outcome import Outcome

#: the seed of the shipped forecasts, and the possible trials one is read from
SEED, REPLICATES = 20261122, forecasts.REPLICATES


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ForecastResult:
    """Forecasts of planned trials; `normoxia.forecast` and `normoxia.make_forecast` give it.

    Attributes
    ----------
    forecasts
        One for each design.
    date
        When they were made, as ISO 8601.
    ensemble
        Digest of the ensemble.
    made_with
        Version, seed and replicates.
    document
        The forecasts as they are stored; "" for those read from the library.
    stored
        The set they were read from, against which a study is scored; None for new ones.
    """

    forecasts: tuple[Forecast, ...]
    date: str
    ensemble: str
    made_with: Mapping[str, Any]
    document: str = ""
    stored: Forecasts | None = None

    def frame(self) -> polars.DataFrame:
        """One row for each forecast outcome.

        Returns
        -------
        polars.DataFrame
            Columns `design`, `population`, `endpoint`, `measure`, `month` (of a landmark), `arm`, `comparator`, `n`,
            `value`, `low`, `high` (95 % prediction interval), and `origin`: "simulated", or "joined" for a hazard ratio
            combined with the component model's. Months, percent, hazard ratios; infinite is not reached.
        """
        import polars as pl

        rows = [
            {"design": one.design, **_outcome_row(outcome)}
            for one in self.forecasts
            for outcome in one.outcomes
        ]
        kinds = {"month": pl.Float64(), "comparator": pl.String()}
        return pl.DataFrame(
            rows, schema_overrides=kinds if rows else None, infer_schema_length=None
        )

    def score(self, study: Study | str | Path) -> ForecastScore:
        """Compare a study's published results with its forecast.

        Parameters
        ----------
        study
            A study, or what `read_study` takes; matched by its id or register number.

        Returns
        -------
        ForecastScore
            What was scored, what was not and why, and what is still awaited.

        Raises
        ------
        UnknownName
            The study is no planned trial.
        InvalidArgument
            Its arms are not those of the forecast, or it prints none of the forecast figures.
        """
        value = read_study(study) if isinstance(study, (str, Path)) else study
        stored = self.stored or forecasts.Forecasts(
            self.date, self.ensemble, self.made_with, self.forecasts
        )
        return ForecastScore(
            study=value.id, date=self.date, comparison=forecast_scoring.score_study(stored, value)
        )

    def save(self, file: str | Path) -> Path:
        """Write new forecasts into a new file, as they are stored; return its path.

        Parameters
        ----------
        file
            Must not exist.

        Raises
        ------
        OutputExists
            The file exists.
        """
        path = Path(file)
        if path.exists():
            raise OutputExists(f"{path} exists; name another file (--file)")
        write_whole(path, self.document.encode())
        return path

    @property
    def digest(self) -> str:
        """SHA-256 of the document of new forecasts."""
        return hashlib.sha256(self.document.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """The forecasts as plain dictionaries and lists: what `normoxia forecast --json` prints."""
        return {
            "schema": forecasts.SCHEMA,
            "date": self.date,
            "ensemble_sha256": self.ensemble,
            "ensemble_outdated": list(ensemble.read().outdated),
            "made_with": dict(self.made_with),
            "designs": [_forecast_json(one) for one in self.forecasts],
        }

    def __repr__(self) -> str:
        names = ", ".join(one.design for one in self.forecasts)
        return f"<ForecastResult of {self.date}: {names}>"

    def _repr_html_(self) -> str:
        return f"<p>{escaped(repr(self))}</p>{frame_html(self.frame())}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ForecastScore:
    """A study's published results beside their forecast; `ForecastResult.score` gives it.

    Attributes
    ----------
    study
        Its id.
    date
        When the forecast was made.
    comparison
        What was scored, left out, and is awaited.
    """

    study: str
    date: str
    comparison: forecast_scoring.ScoredStudy

    def frame(self) -> polars.DataFrame:
        """One row for each scored figure.

        Returns
        -------
        polars.DataFrame
            The columns of `ForecastResult.frame`, then `published`, `published_low`, `published_high`, `inside`, `z`
            (standard deviations from the median) and `crps`, both on the scale of the forecast.
        """
        import polars as pl

        rows = [
            {
                **_outcome_row(scored.predicted),
                **_ends("published", scored.published),
                "inside": scored.inside,
                "z": _finite(scored.z),
                "crps": _finite(scored.crps),
            }
            for scored in self.comparison.scored
        ]
        return pl.DataFrame(rows, infer_schema_length=None)

    def to_json(self) -> dict[str, Any]:
        """The score as plain dictionaries and lists: what `normoxia forecast --score --json` prints."""
        return {
            "schema": "normoxia.forecast-score/1",
            "study": self.study,
            "forecast_date": self.date,
            "scored": [_scored_json(one) for one in self.comparison.scored],
            "left_out": [
                {"published": plain(outcome_json(one.published)), "reason": one.reason}
                for one in self.comparison.left_out
            ],
            "awaited": [plain(outcome_json(one)) for one in self.comparison.awaited],
        }

    def __repr__(self) -> str:
        scored = self.comparison.scored
        inside = sum(one.inside for one in scored)
        return f"<ForecastScore of {self.study}: {inside} of {len(scored)} figures inside>"

    def _repr_html_(self) -> str:
        return f"<p>{escaped(repr(self))}</p>{frame_html(self.frame())}"


def forecast(design: str | None = None, *, made: str | None = None) -> ForecastResult:
    """Read stored forecasts of planned trials, made before their results were known.

    Parameters
    ----------
    design
        A planned trial, such as "HARMONi-2", in any spelling; all when omitted.
    made
        The day of a stored set, such as "2026-11-22"; the latest when omitted.

    Returns
    -------
    ForecastResult
        Each outcome with its 95 % prediction interval.

    Raises
    ------
    UnknownName
        There is no forecast of the design, or none of that day.
    """
    return _of_stored(forecasts.read(forecasts.of_day(made)), design)


def open_forecast(file: str | Path) -> ForecastResult:
    """Read forecasts back from the file they were saved in.

    Parameters
    ----------
    file
        As `ForecastResult.save` wrote it.

    Returns
    -------
    ForecastResult
        Each outcome with its 95 % prediction interval.

    Raises
    ------
    InvalidDocument
        The file holds no forecasts, or one was changed after it was made.
    """
    return _of_stored(forecasts.read(Path(file)))


def make_forecast(
    design: str | None = None,
    *,
    seed: int = SEED,
    replicates: int = REPLICATES,
    workers: int = 0,
    progress: Progress = silent,
) -> ForecastResult:
    """Forecast planned trials now, under the shipped ensemble; half an hour for all of them on two cores.

    Parameters
    ----------
    design
        A planned trial, such as "HARMONi-2", in any spelling; every one that can be simulated when omitted.
    seed
        The same seed gives the same forecasts, for any number of workers.
    replicates
        Possible trials a forecast is read from; at least eight.
    workers
        Threads; 0 uses every core.
    progress
        Called after each piece of work with a `normoxia.progress.Step`; it may raise to cancel.

    Returns
    -------
    ForecastResult
        Each outcome with its 95 % prediction interval.

    Raises
    ------
    UnknownName
        There is no such design.
    InvalidArgument
        A design that cannot be simulated, with the reason, or fewer than eight replicates.
    """
    calibrated = ensemble.read()
    made = forecasts.all_of(
        calibrated,
        seed,
        replicates=replicates,
        workers=worker_count(workers),
        chosen=[designs.design(design)] if design is not None else [],
        progress=progress,
    )
    date = datetime.date.today().isoformat()
    return ForecastResult(
        forecasts=made,
        date=date,
        ensemble=calibrated.digest,
        made_with={"normoxia": __version__, "seed": seed, "replicates": replicates},
        document=forecasts.document(made, calibrated, seed, replicates, date),
    )


def outcome_json(o: Outcome) -> dict[str, object]:
    """A forecast or published outcome as a plain dictionary."""
    return {
        "population": o.population,
        "endpoint": o.endpoint.value,
        "measure": o.measure.value,
        "arm": o.arm,
        "comparator": o.comparator,
        "months": o.months,
        "value": o.estimate.value,
        "interval": [o.estimate.low, o.estimate.high],
        "n": o.n,
        "origin": o.origin,
    }


def _of_stored(stored: Forecasts, design: str | None = None) -> ForecastResult:
    """Stored forecasts, or the one of a design."""
    return ForecastResult(
        forecasts=stored.forecasts if design is None else (stored.of(design),),
        date=stored.date,
        ensemble=stored.ensemble,
        made_with=stored.made_with,
        stored=stored,
    )


def _forecast_json(one: Forecast) -> dict[str, object]:
    return {
        "design": one.design,
        "limits": list(one.limits),
        "sha256": one.digest,
        "outcomes": [plain(outcome_json(outcome)) for outcome in one.outcomes],
    }


def _scored_json(scored: ScoredOutcome) -> dict[str, object]:
    published = scored.published.estimate
    return {
        "foreseen": plain(outcome_json(scored.predicted)),
        "published": plain({"value": published.value, "interval": [published.low, published.high]}),
        "inside95": scored.inside,
        "z": plain(scored.z),
        "crps": plain(scored.crps),
    }


def _outcome_row(o: Outcome) -> dict[str, Any]:
    return {
        "population": o.population,
        "endpoint": o.endpoint.value,
        "measure": o.measure.value,
        "month": _finite(o.months),
        "arm": o.arm,
        "comparator": o.comparator or None,
        "n": o.n,
        **_ends("", o),
        "origin": o.origin,
    }


def _ends(name: str, o: Outcome) -> dict[str, float | None]:
    """Value and interval of an outcome under column names; None for what is not known."""
    keys = (name, f"{name}_low", f"{name}_high") if name else ("value", "low", "high")
    numbers = (o.estimate.value, o.estimate.low, o.estimate.high)
    return {key: None if math.isnan(x) else x for key, x in zip(keys, numbers, strict=True)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
