"""Which uses of the model are supported, and the test behind each claim."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normoxia import calibration, library
from normoxia.api.limits import worker_count
from normoxia.api.plain import plain, read_json
from normoxia.calibration.credibility import as_json
from normoxia.calibration.credibility import file as credibility_file
from normoxia.calibration.fitting import ensemble
from normoxia.errors import InvalidArgument, OutputExists
from normoxia.notebook import escaped, frame_html
from normoxia.progress import Progress, silent
from normoxia.sheets import csv_text
from normoxia.storage import write_whole
from normoxia.trial.folder import digest, versions

if TYPE_CHECKING:
    import polars

    from normoxia.calibration.credibility.file import CredibilityFile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CredibilityResult:
    """Questions that the model may be asked, and the claims they rest on; `normoxia.credibility` gives it.

    Attributes
    ----------
    content
        Questions, claims, targets of calibration and limitations as plain dictionaries and lists.
    file
        The same as values; None for a result that was read back.
    """

    content: Mapping[str, Any]
    file: CredibilityFile | None = None

    def claims(self, lang: str = "en") -> polars.DataFrame:
        """One row for each claim.

        Parameters
        ----------
        lang
            Language of the texts, "en" or "zh".

        Returns
        -------
        polars.DataFrame
            Columns `section`, `id`, `title`, `criterion`, `found` and `status` ("met", "not met", "not done").
        """
        import polars as pl

        rows = [
            {
                "section": section["title"].get(lang, ""),
                "id": claim["id"],
                **{key: claim[key].get(lang, "") for key in ("title", "criterion", "found")},
                "status": claim["status"],
            }
            for section in self.to_json()["sections"]
            for claim in section["claims"]
        ]
        return pl.DataFrame(rows, infer_schema_length=None)

    def questions(self, lang: str = "en") -> polars.DataFrame:
        """One row for each question that the model may be asked.

        Parameters
        ----------
        lang
            Language of the texts, "en" or "zh".

        Returns
        -------
        polars.DataFrame
            Columns `id`, `question`, `risk` and `standing`: "met" when every claim it rests on is met, "not met" when one is
            not, else "not done".
        """
        import polars as pl

        rows = [
            {
                "id": question["id"],
                "question": question["title"].get(lang, ""),
                "risk": question["risk"],
                "standing": question["standing"],
            }
            for question in self.to_json()["questions"]
        ]
        return pl.DataFrame(rows, infer_schema_length=None)

    def to_json(self) -> dict[str, Any]:
        """The whole file as plain dictionaries and lists: what `normoxia credibility --json` prints."""
        return dict(self.content)

    def save(self, folder: str | Path, *, lang: str = "en") -> Path:
        """Write the report and its tables into a new folder; return the path of the report.

        Parameters
        ----------
        folder
            Must not exist, or be empty.
        lang
            Language of the first page of the report.

        Raises
        ------
        OutputExists
            The folder holds something.
        InvalidArgument
            The result was read back.
        """
        path = Path(folder)
        refuse_occupied(path)
        if self.file is None:
            raise InvalidArgument("a result that was read back is written already; copy its folder")
        return _write(path, self.file, self.content, lang)

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {status}" for status, n in self.to_json()["summary"].items())
        return f"<CredibilityResult: claims {counts}>"

    def _repr_html_(self) -> str:
        return (
            f"<p>{escaped(repr(self))}</p>{frame_html(self.questions())}{frame_html(self.claims())}"
        )


def credibility(
    *,
    quick: bool = False,
    workers: int = 0,
    progress: Progress = silent,
    note: Callable[[str], None] = lambda _: None,
) -> CredibilityResult:
    """State which uses of the model are supported, by which tests.

    Parameters
    ----------
    quick
        Skip the prediction of left-out studies, some minutes of work; the claims of validation are then not done.
    workers
        Processes; 0 uses every core.
    progress
        Called after each piece of work with a `normoxia.progress.Step`; it may raise to cancel.
    note
        Called with a line about what is being done.

    Returns
    -------
    CredibilityResult
        Questions, claims and limitations.
    """
    note("checking the model, its inputs and the evidence it is compared with ...")
    if ensemble.SHIPPED not in library.names("calibrations"):
        return _result(credibility_file.credibility())
    board = None
    if not quick:
        board = calibration.validate(workers=worker_count(workers), progress=progress).board
    calibrated = ensemble.read()
    return _result(credibility_file.credibility(calibrated=calibrated, board=board))


def open_credibility(folder: str | Path) -> CredibilityResult:
    """Read the result of `credibility` back from its folder.

    Parameters
    ----------
    folder
        With `credibility.json`, or that file.

    Returns
    -------
    CredibilityResult
        Its questions and claims.

    Raises
    ------
    InvalidDocument
        There is no credibility file at the path.
    """
    content = read_json(Path(folder), "credibility.json", credibility_file.SCHEMA)
    return CredibilityResult(content=content)


def _result(file: CredibilityFile) -> CredibilityResult:
    return CredibilityResult(content=plain(as_json.document(file)), file=file)


def refuse_occupied(folder: Path) -> None:
    """Raise OutputExists when a folder holds anything."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputExists(f"{folder} exists; name another folder (--out)")


def _write(folder: Path, file: CredibilityFile, content: Mapping[str, Any], lang: str) -> Path:
    from normoxia.report.pages import credibility as report

    claims = [_claim_row(claim) for part in content["sections"] for claim in part["claims"]]
    scored = [{**row, "interval": _interval(row["interval"])} for row in content["scored"]]
    outputs = {
        "report.html": report.html(file, first=lang),
        "credibility.json": json.dumps(content, ensure_ascii=False, indent=1) + "\n",
        "claims.csv": _csv(claims),
        "targets.csv": _csv(content["targets"]),
        "scored.csv": _csv(scored),
    }
    for name, text in outputs.items():
        write_whole(folder / name, text.encode())
    manifest = {
        "schema": "normoxia.manifest/1",
        "command": "normoxia credibility",
        "date": file.date,
        "versions": versions(),
        "inputs": dict(file.digests),
        "outputs": {name: digest(text.encode()) for name, text in outputs.items()},
    }
    write_whole(folder / "manifest.json", (json.dumps(manifest, indent=1) + "\n").encode())
    return folder / "report.html"


def _claim_row(claim: Mapping[str, Any]) -> dict[str, Any]:
    """A claim as one row, in English; the JSON has both languages."""
    texts = {key: claim[key].get("en", "") for key in ("title", "statement", "criterion", "found")}
    return {
        "id": claim["id"],
        "factor": claim["factor"],
        **texts,
        "status": claim["status"],
        **claim["evidence"],
    }


def _interval(ends: Sequence[float | None]) -> str:
    if all(end is None for end in ends):
        return ""
    return " to ".join("" if end is None else f"{end:g}" for end in ends)


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    return csv_text(list(rows[0]), [list(row.values()) for row in rows])
