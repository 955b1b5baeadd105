"""`personalise`: one patient on the calibrated ensemble, with the course to be expected under each regimen. Research use only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from normoxia import __version__, cache
from normoxia.api.asking import Asking, answer_json
from normoxia.api.names import one_of
from normoxia.api.plan import Plan
from normoxia.calibration.credibility import standings
from normoxia.calibration.credibility.standings import UseCredibility
from normoxia.design.personal import bank as banks
from normoxia.design.personal import courses, informative, patient_summary, patients, weighting
from normoxia.design.personal.bank import PatientBank
from normoxia.design.personal.courses import PredictedCourse
from normoxia.design.personal.informative import Informative
from normoxia.design.personal.patients import PatientDesign
from normoxia.design.personal.weighting import Support
from normoxia.digests import digest_of
from normoxia.progress import Progress

if TYPE_CHECKING:
    import polars

    from normoxia.report.figures.figure import Figure
    from normoxia.report.pages.document import Page


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PatientPrediction:
    """What is predicted for one patient; `normoxia.personalise` gives it. Research use only.

    Attributes
    ----------
    design
        What is known of the patient, measurements in the units of the model.
    bank
        The virtual patients.
    support
        Whether they support the patient.
    courses
        Of each regimen; none outside the support.
    further
        Possible measurements, the most informative first; none outside the support.
    manifest
        What was simulated, with which versions and seed.
    """

    design: PatientDesign
    bank: PatientBank
    support: Support
    courses: tuple[PredictedCourse, ...]
    further: tuple[Informative, ...]
    manifest: Mapping[str, object]

    def table(self) -> polars.DataFrame:
        """One row for each regimen; none outside the support.

        Returns
        -------
        polars.DataFrame
            Columns `regimen`, `received`, `pfs`, `pfs_low`, `pfs_high`, `os`, `os_low`, `os_high` (months from the first dose,
            median and 80 % interval of such patients), `response`, `toxicity`, `longer` (probabilities).
        """
        import polars as pl

        return pl.DataFrame(
            [
                {
                    "regimen": c.regimen,
                    "received": c.received,
                    "pfs": c.pfs.value,
                    "pfs_low": c.pfs.low,
                    "pfs_high": c.pfs.high,
                    "os": c.os.value,
                    "os_low": c.os.low,
                    "os_high": c.os.high,
                    "response": c.response,
                    "toxicity": c.toxicity,
                    "longer": c.longer,
                }
                for c in self.courses
            ]
        )

    def answer(self, lang: str = "en") -> str:
        """Return the answer in words.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        sentences = patient_summary.answer(self.design, self.support, self.courses, self.further)
        return sentences[one_of("language", lang, tuple(sentences))]

    @property
    def is_certain(self) -> bool:
        """Whether another regimen surely does better or worse for the patient than the one received."""
        return bool(patient_summary.better(self.courses))

    def summary(self) -> dict[str, object]:
        """Return the prediction as one plain object: what `normoxia personalise --json` prints."""
        return answer_json(
            patient_summary.SCHEMA,
            patient_summary.summary(self.design, self.support, self.courses, self.further),
            patient_summary.answer(self.design, self.support, self.courses, self.further),
            is_certain=self.is_certain,
            credibility=self.credibility,
            manifest=self.manifest,
        )

    @property
    def credibility(self) -> UseCredibility:
        """How far the model may be used for such a question, and what the answer rests on."""
        return standings.use("strata", "mechanism", str(self.manifest["ensemble"]))

    def page(self, lang: str = "en") -> tuple[Page, tuple[Figure, ...]]:
        """Return the report in one language, and its figures.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        from normoxia.report.pages import patient

        return patient.page(
            self.design,
            self.support,
            self.courses,
            self.further,
            self.credibility,
            self.manifest,
            lang=lang,
        )

    def plot(self, *, lang: str = "en") -> Figure:
        """Draw the predicted sum of diameters under each regimen. Raises InvalidArgument outside the support.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        from normoxia.report.pages import patient

        return patient.course_figure(self.courses, lang)

    def __repr__(self) -> str:
        state = "inside" if self.support.inside else "outside"
        return (
            f"<PatientPrediction {self.design.name}: {state} the support, "
            f"{self.support.effective_draws:.0f} effective of {self.bank.n} virtual patients>"
        )

    def _repr_html_(self) -> str:
        """Answer, for notebooks."""
        import html

        return f"<div><p>{html.escape(self.answer())}</p></div>"


def personalise(
    patient: str | Path | PatientDesign,
    *,
    patients: int | None = None,
    draws: int | None = None,
    seed: int = 1,
    workers: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    report: bool = True,
    lang: str = "en",
    progress: AbstractContextManager[Progress] | None = None,
    note: Callable[[str], None] | None = None,
) -> PatientPrediction:
    """Predict the course of one patient under each regimen from what a clinic knows. Research use only.

    Virtual patients with the covariates of the patient are simulated once and kept in the cache; a new scan needs no simulation.

    Parameters
    ----------
    patient
        Name of a shipped patient, in any spelling, the path of a document, or a `PatientDesign`.
    patients
        Virtual patients of each draw; as the document says when omitted.
    draws
        Of the calibrated ensemble; as the document says when omitted. At least 8.
    seed, workers, out, resume, report, lang, progress, note
        As in `compare`.

    Returns
    -------
    PatientPrediction
        Support, courses, answer, and which further measurement would narrow the prediction most.

    Raises
    ------
    UnknownName
        There is no such patient, stage, covariate, drug or marker.
    InvalidDocument
        The document has faults; all are listed.
    InvalidArgument
        A measurement in a unit of another kind, covariates that the stage does not enrol, too few draws.
    OutputExists
        The folder holds something, and `resume` is False.
    """
    given = patient if isinstance(patient, PatientDesign) else read_patient(patient)
    asking = Asking(
        command="personalise",
        name=given.name,
        draws=draws or given.draws,
        seed=seed,
        workers=workers,
        out=Path(out) if out is not None else None,
        resume=resume,
        report=report,
        lang=lang,
        progress=progress,
        note=note or _ignore,
    )
    planned = asking.planned(banks.trial_of(given, patients))
    design = banks.check_measurements(given, planned.model)
    finished = predicted(design, _bank(asking, planned), planned)
    asking.keep("patient", finished.summary(), design.text, finished.page)
    return finished


def read_patient(name: str | Path) -> PatientDesign:
    """Read a patient by name, in any spelling, or from a document (.yaml)."""
    if isinstance(name, Path) or Path(name).suffix in (".yaml", ".yml"):
        return patients.read(name)
    return patients.read(one_of("patient", name.strip(), patients.names()))


def predicted(design: PatientDesign, bank: PatientBank, planned: Plan) -> PatientPrediction:
    """Return the prediction for a patient from a bank."""
    posterior = weighting.weighted(design, bank)
    return PatientPrediction(
        design=design,
        bank=bank,
        support=posterior.support,
        courses=courses.courses(design, posterior),
        further=informative.informative(design, posterior),
        manifest=_manifest(planned),
    )


def _manifest(planned: Plan) -> dict[str, object]:
    config = dict(planned.config)
    protocol = str(config.pop("protocol"))
    inputs = config["inputs"]
    assert isinstance(inputs, Mapping)
    return {
        **config,
        "normoxia": __version__,
        "protocol_sha256": hashlib.sha256(protocol.encode()).hexdigest(),
        "model_sha256": inputs["model"],
    }


def _bank(asking: Asking, planned: Plan) -> PatientBank:
    """Return the bank: from the cache, else simulated and kept there; in a folder always simulated, so that it verifies."""
    key = bytes.fromhex(digest_of(dict(planned.config)))
    name = f"patient-{digest_of(asking.name)[:16]}.npz"
    kept = cache.read(name, key) if asking.out is None else None
    if kept is not None:
        return PatientBank.from_bytes(kept)
    run = asking.simulate(planned.written)
    made = banks.of_result(run.result, planned.trial)
    cache.write(name, key, made.to_bytes())
    return made


def _ignore(text: str) -> None:
    """Discard a line about what is being done."""
