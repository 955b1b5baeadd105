"""Predict each randomised trial of the registry from the others, and compare the predictions with the published results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normoxia import calibration
from normoxia.api.limits import worker_count
from normoxia.api.names import one_of
from normoxia.api.plain import plain, read_json
from normoxia.calibration.scoring import scoreboard_json
from normoxia.calibration.scoring.scoreboard_json import SCHEMA
from normoxia.errors import InvalidArgument, OutputExists
from normoxia.notebook import escaped, frame_html
from normoxia.progress import Progress, silent
from normoxia.storage import write_whole

if TYPE_CHECKING:
    import polars

    from normoxia.calibration.scoring.scoreboard import Scoreboard
    from normoxia.calibration.validation import Validation
    from normoxia.report.figures.figure import Figure
    from normoxia.report.pages.document import Page


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ValidationResult:
    """Predictions of left-out trials beside their results; `normoxia.validate` gives it.

    Attributes
    ----------
    content
        The scoreboard as plain dictionaries and lists.
    validation
        The scoreboard as a value, with the posterior, the left-out studies and the attempts behind it; None for a
        validation that was read back.
    """

    content: Mapping[str, Any]
    validation: Validation | None = None

    @property
    def board(self) -> Scoreboard:
        """The scoreboard as a value. Raises InvalidArgument for a validation that was read back."""
        return self._whole().board

    def _whole(self) -> Validation:
        if self.validation is None:
            raise InvalidArgument(
                "a validation that was read back has its tables, not the posterior behind them; run validate() for that"
            )
        return self.validation

    def predictions(self) -> polars.DataFrame:
        """One row for each scored figure, worst first.

        Returns
        -------
        polars.DataFrame
            Columns `study`, `population`, `endpoint`, `measure`, `contrast`, `seen` (whether its result was known when the
            model was built), `observed`, `observed_low`, `observed_high`, `predicted`, `predicted_low`, `predicted_high`
            (median and 95 % prediction interval), `inside`, and the prediction of each baseline. Hazard ratios, percent,
            months.
        """
        import polars as pl

        rows = [_prediction_row(row) for row in self.to_json()["studies"]]
        return pl.DataFrame(rows, infer_schema_length=None)

    def scores(self) -> polars.DataFrame:
        """One row for each predictor and baseline.

        Returns
        -------
        polars.DataFrame
            Columns `predictor`, `kind` ("model" or "baseline"), then its scores: coverage of intervals, mean absolute errors
            of log hazard ratios, continuous ranked probability score (`crps`), ...
        """
        import polars as pl

        content = self.to_json()
        rows = [
            {"predictor": name, "kind": kind, **_numbers(scores)}
            for kind, key in (("model", "predictors"), ("baseline", "baselines"))
            for name, scores in content[key].items()
        ]
        return pl.DataFrame(rows, infer_schema_length=None)

    def thresholds(self) -> polars.DataFrame:
        """One row for each threshold of the lock, with the value reached and whether it is met."""
        import polars as pl

        return pl.DataFrame(self.to_json()["thresholds"], infer_schema_length=None)

    def page(self, lang: str = "en") -> tuple[Page, tuple[Figure, ...]]:
        """Return the report in one language, and its figures.

        Parameters
        ----------
        lang
            "en" or "zh".

        Raises
        ------
        InvalidArgument
            The validation was read back.
        """
        from normoxia.report.figures.figure import Figure
        from normoxia.report.pages.scoreboard import pages

        validation = self._whole()
        built, _ = pages(validation.board, **_sections(validation), first=lang)
        page = next(one for one in built if one.language == one_of("language", lang, ("en", "zh")))
        blocks = (block for section in page.sections for block in section.blocks)
        return page, tuple(block for block in blocks if isinstance(block, Figure))

    def to_json(self) -> dict[str, Any]:
        """The scoreboard as plain dictionaries and lists: what `normoxia validate --json` prints."""
        return dict(self.content)

    def save(self, folder: str | Path, *, lang: str = "en") -> Path:
        """Write the report, its figures and the scoreboard into a new folder; return the path of the report.

        Parameters
        ----------
        folder
            Must not exist.
        lang
            Language of the first page of the report.

        Raises
        ------
        OutputExists
            The folder exists.
        InvalidArgument
            The validation was read back.
        """
        from normoxia.report.figures.figure import save_all
        from normoxia.report.pages.document import write_document
        from normoxia.report.pages.scoreboard import pages

        path, validation = Path(folder), self._whole()
        refuse_existing(path)
        built, figures = pages(
            validation.board,
            **_sections(validation),
            provenance={"command": f"normoxia validate --out {path.name}"},
            first=lang,
        )
        save_all(figures, path / "figures")
        self.save_json(path / "scoreboard.json")
        return write_document(built, path / "report.html")

    def save_json(self, file: str | Path) -> Path:
        """Write the scoreboard alone into a new file; return its path.

        Parameters
        ----------
        file
            Must not exist; JSON.

        Raises
        ------
        OutputExists
            The file exists.
        """
        path = Path(file)
        refuse_existing(path)
        text = json.dumps(plain(self.to_json()), ensure_ascii=False, indent=1, allow_nan=False)
        write_whole(path, (text + "\n").encode())
        return path

    def __repr__(self) -> str:
        thresholds = self.to_json()["thresholds"]
        met = sum(bool(one["met"]) for one in thresholds)
        n = len(self.to_json()["studies"])
        return f"<ValidationResult: {n} figures, {met} of {len(thresholds)} thresholds met>"

    def _repr_html_(self) -> str:
        return f"<p>{escaped(repr(self))}</p>{frame_html(self.thresholds())}{frame_html(self.predictions())}"


def validate(*, workers: int = 0, progress: Progress = silent) -> ValidationResult:
    """Predict each randomised trial of the registry from the others and compare it with its results; takes minutes.

    Parameters
    ----------
    workers
        Processes; 0 uses every core.
    progress
        Called after each piece of work with a `normoxia.progress.Step`; it may raise to cancel.

    Returns
    -------
    ValidationResult
        Predictions, scores, and which thresholds are met.
    """
    validation = calibration.validate(workers=worker_count(workers), progress=progress)
    return ValidationResult(
        content=scoreboard_json.document(validation.board), validation=validation
    )


def open_validation(path: str | Path) -> ValidationResult:
    """Read a validation back from the folder or the file it was saved in.

    Parameters
    ----------
    path
        A folder with `scoreboard.json`, or that file.

    Returns
    -------
    ValidationResult
        Its tables, without the posterior behind them.

    Raises
    ------
    InvalidDocument
        There is no scoreboard at the path.
    """
    return ValidationResult(content=read_json(Path(path), "scoreboard.json", SCHEMA))


def refuse_existing(path: Path, option: str = "out (--out)") -> None:
    """Raise OutputExists when there is anything at a path."""
    if path.exists():
        raise OutputExists(f"{path} exists; name another one with {option}")


def _sections(validation: Validation) -> dict[str, Any]:
    """What made the board: each part is a section of the report."""
    from normoxia.calibration.fitting import hyperparameters
    from normoxia.report.views.fitting import separate_structures

    learned, structures = separate_structures(validation.identifiability, hyperparameters.read())
    stacked = validation.stacked
    return {
        "learned": learned,
        "structures": tuple(replace(s, weight=stacked[s.name].weight) for s in structures),
        "left_out": validation.left_out,
        "attempts": validation.attempts,
    }


def _prediction_row(row: Mapping[str, Any]) -> dict[str, Any]:
    observed, predicted = row["observed"], row["predicted"]
    return {
        **{
            key: row[key]
            for key in ("study", "population", "endpoint", "measure", "contrast", "seen")
        },
        **_ends("observed", observed["value"], observed["interval"]),
        **_ends("predicted", predicted["median"], predicted["interval95"]),
        "inside": row["inside95"],
        **row["baselines"],
    }


def _ends(
    name: str, value: float | None, interval: Iterable[float | None] | None
) -> dict[str, Any]:
    low, high = interval or (None, None)
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def _numbers(scores: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in scores.items() if not isinstance(value, (dict, list))}
