"""normoxia: virtual trials of immune checkpoint inhibitors with anti-angiogenic drugs in advanced NSCLC, and evidence synthesis.

    import normoxia as nx

    trials, read_trial, run           what can be run; a trial by name or from a protocol; its simulation
    compare, design_trial             regimens head to head; size and power of a planned trial
    review                            the review in its own order, every number beside what was published
    explain                           which causal statements make the difference between two regimens
    optimise                          dose, order and gap of a regimen under a utility
    design_drug                       a molecule from its properties to its place among the known ones
    biomarkers                        which measurements predict who gains from adding a drug
    toxicity                          how the toxicities of classes of drugs add up
    personalise                       one patient: the course to be expected under each regimen
    open_run, verify, redraw          a finished run read back, compared with its manifest, its report drawn again
    open_pool, open_validation, ...   what other functions saved, read back
    pool, questions                   network meta-analysis of a table or of a shipped question
    studies, read_study               published studies; evidence_table and audit show the whole registry
    validate, credibility             how well left-out trials are predicted; which uses are supported
    forecast, make_forecast           planned trials, predicted before their results
    calibrate                         the ensemble of parameter draws fitted to the registry
    play, read_causal_map             the causal map over time under a trial's arms; mechanism_player shows it in a notebook
    read_model, simulate, export      a mechanistic model as a value, solved, and as SBML
    drugs, read_drug, read_population what a protocol can name
    check                             every finding in a document

docs/reference/api.md describes each. The names are loaded when first used, so importing the package costs little. The packages
behind them, from the lowest layer up, are `mechanism` and `survival`; `pharmacology` and `simulation`; `population` and
`evidence`; `trial`; `calibration`; `report`; `api`. ARCHITECTURE.md describes them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from normoxia.api.biomarkers import BiomarkerAnswer as BiomarkerAnswer
    from normoxia.api.biomarkers import biomarkers as biomarkers
    from normoxia.api.calibrating import CalibrationResult as CalibrationResult
    from normoxia.api.calibrating import calibrate as calibrate
    from normoxia.api.calibrating import open_calibration as open_calibration
    from normoxia.api.checking import CheckedDocument as CheckedDocument
    from normoxia.api.checking import check as check
    from normoxia.api.compare import Comparison as Comparison
    from normoxia.api.compare import compare as compare
    from normoxia.api.credibility import CredibilityResult as CredibilityResult
    from normoxia.api.credibility import credibility as credibility
    from normoxia.api.credibility import open_credibility as open_credibility
    from normoxia.api.design_drug import DesignedDrug as DesignedDrug
    from normoxia.api.design_drug import design_drug as design_drug
    from normoxia.api.design_trial import PlannedTrial as PlannedTrial
    from normoxia.api.design_trial import design_trial as design_trial
    from normoxia.api.explain import Explanation as Explanation
    from normoxia.api.explain import explain as explain
    from normoxia.api.exporting import ExportResult as ExportResult
    from normoxia.api.exporting import export as export
    from normoxia.api.finished_runs import VerificationResult as VerificationResult
    from normoxia.api.finished_runs import redraw as redraw
    from normoxia.api.finished_runs import verify as verify
    from normoxia.api.forecasting import ForecastResult as ForecastResult
    from normoxia.api.forecasting import ForecastScore as ForecastScore
    from normoxia.api.forecasting import forecast as forecast
    from normoxia.api.forecasting import make_forecast as make_forecast
    from normoxia.api.forecasting import open_forecast as open_forecast
    from normoxia.api.optimise import Optimisation as Optimisation
    from normoxia.api.optimise import optimise as optimise
    from normoxia.api.personalise import PatientPrediction as PatientPrediction
    from normoxia.api.personalise import personalise as personalise
    from normoxia.api.player import mechanism_player as mechanism_player
    from normoxia.api.playing import MechanismPlay as MechanismPlay
    from normoxia.api.playing import play as play
    from normoxia.api.playing import read_causal_map as read_causal_map
    from normoxia.api.registry import EvidenceAudit as EvidenceAudit
    from normoxia.api.registry import audit as audit
    from normoxia.api.registry import evidence_table as evidence_table
    from normoxia.api.review import LivingReview as LivingReview
    from normoxia.api.review import review as review
    from normoxia.api.run import Run as Run
    from normoxia.api.simulating import SimulationResult as SimulationResult
    from normoxia.api.simulating import simulate as simulate
    from normoxia.api.sources import drugs as drugs
    from normoxia.api.sources import questions as questions
    from normoxia.api.sources import read_drug as read_drug
    from normoxia.api.sources import read_model as read_model
    from normoxia.api.sources import read_population as read_population
    from normoxia.api.sources import read_study as read_study
    from normoxia.api.sources import studies as studies
    from normoxia.api.synthesis import MetaAnalysis as MetaAnalysis
    from normoxia.api.synthesis import open_pool as open_pool
    from normoxia.api.synthesis import pool as pool
    from normoxia.api.toxicity import ToxicityAnswer as ToxicityAnswer
    from normoxia.api.toxicity import toxicity as toxicity
    from normoxia.api.trials import open_run as open_run
    from normoxia.api.trials import read_trial as read_trial
    from normoxia.api.trials import run as run
    from normoxia.api.trials import trials as trials
    from normoxia.api.validating import ValidationResult as ValidationResult
    from normoxia.api.validating import open_validation as open_validation
    from normoxia.api.validating import validate as validate

__version__ = "0.1.0"

#: module that defines each public name; a name is also imported above for type checkers
_MODULES = {
    "BiomarkerAnswer": "api.biomarkers",
    "CalibrationResult": "api.calibrating",
    "CheckedDocument": "api.checking",
    "Comparison": "api.compare",
    "CredibilityResult": "api.credibility",
    "DesignedDrug": "api.design_drug",
    "EvidenceAudit": "api.registry",
    "Explanation": "api.explain",
    "ExportResult": "api.exporting",
    "ForecastResult": "api.forecasting",
    "ForecastScore": "api.forecasting",
    "LivingReview": "api.review",
    "MechanismPlay": "api.playing",
    "MetaAnalysis": "api.synthesis",
    "Optimisation": "api.optimise",
    "PatientPrediction": "api.personalise",
    "PlannedTrial": "api.design_trial",
    "Run": "api.run",
    "SimulationResult": "api.simulating",
    "ToxicityAnswer": "api.toxicity",
    "ValidationResult": "api.validating",
    "VerificationResult": "api.finished_runs",
    "audit": "api.registry",
    "biomarkers": "api.biomarkers",
    "calibrate": "api.calibrating",
    "check": "api.checking",
    "compare": "api.compare",
    "credibility": "api.credibility",
    "design_drug": "api.design_drug",
    "design_trial": "api.design_trial",
    "drugs": "api.sources",
    "evidence_table": "api.registry",
    "explain": "api.explain",
    "export": "api.exporting",
    "forecast": "api.forecasting",
    "make_forecast": "api.forecasting",
    "mechanism_player": "api.player",
    "open_calibration": "api.calibrating",
    "open_credibility": "api.credibility",
    "open_forecast": "api.forecasting",
    "open_pool": "api.synthesis",
    "open_run": "api.trials",
    "open_validation": "api.validating",
    "optimise": "api.optimise",
    "personalise": "api.personalise",
    "play": "api.playing",
    "pool": "api.synthesis",
    "questions": "api.sources",
    "read_causal_map": "api.playing",
    "read_drug": "api.sources",
    "read_model": "api.sources",
    "read_population": "api.sources",
    "read_study": "api.sources",
    "read_trial": "api.trials",
    "redraw": "api.finished_runs",
    "review": "api.review",
    "run": "api.trials",
    "simulate": "api.simulating",
    "studies": "api.sources",
    "toxicity": "api.toxicity",
    "trials": "api.trials",
    "validate": "api.validating",
    "verify": "api.finished_runs",
}

__all__ = [
    "BiomarkerAnswer",
    "CalibrationResult",
    "CheckedDocument",
    "Comparison",
    "CredibilityResult",
    "DesignedDrug",
    "EvidenceAudit",
    "Explanation",
    "ExportResult",
    "ForecastResult",
    "ForecastScore",
    "LivingReview",
    "MechanismPlay",
    "MetaAnalysis",
    "Optimisation",
    "PatientPrediction",
    "PlannedTrial",
    "Run",
    "SimulationResult",
    "ToxicityAnswer",
    "ValidationResult",
    "VerificationResult",
    "audit",
    "biomarkers",
    "calibrate",
    "check",
    "compare",
    "credibility",
    "design_drug",
    "design_trial",
    "drugs",
    "evidence_table",
    "explain",
    "export",
    "forecast",
    "make_forecast",
    "mechanism_player",
    "open_calibration",
    "open_credibility",
    "open_forecast",
    "open_pool",
    "open_run",
    "open_validation",
    "optimise",
    "personalise",
    "play",
    "pool",
    "questions",
    "read_causal_map",
    "read_drug",
    "read_model",
    "read_population",
    "read_study",
    "read_trial",
    "redraw",
    "review",
    "run",
    "simulate",
    "studies",
    "toxicity",
    "trials",
    "validate",
    "verify",
]


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return getattr(importlib.import_module(f"normoxia.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
