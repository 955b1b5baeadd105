"""What is given, to whom, when, and what becomes of it.

Read `regimen` first: doses, courses and how they combine. Then

    notation     regimens as text, read and printed: `bevacizumab 15 mg/kg q3w`; one course of it in `course_text`, `course_terms`, `words`
    schedule     a regimen and patients to the `Inputs` of a window of days
    drug         the values of a drug document: kinetics, effects, toxicity, published exposures
    files        drug documents read, the shipped library found by any name; section by section in `reading`
    checks       what a drug document must have
    module       a drug as a module of a model: its kinetics and its terms of slots
    covariates   weight, sex, albumin and so on, declared once for all drugs of a model
    kinetics     concentrations in closed form, the oracle of every solve
    exposure     simulated against published exposures, for the typical patient and a population
    reference    the reference pages, written from the documents
    body         body surface, creatinine clearance, Calvert's dose
"""

from normoxia.pharmacology.body import (
    body_surface,
    body_surface_du_bois,
    calvert,
    creatinine_clearance,
)
from normoxia.pharmacology.drug import Drug, Toxicity
from normoxia.pharmacology.files import library, read, toxicity_classes
from normoxia.pharmacology.module import module, modules
from normoxia.pharmacology.notation import regimen
from normoxia.pharmacology.regimen import NOTHING, Course, Dose, Regimen, give
from normoxia.pharmacology.schedule import schedule

__all__ = [
    "NOTHING",
    "Course",
    "Dose",
    "Drug",
    "Regimen",
    "Toxicity",
    "body_surface",
    "body_surface_du_bois",
    "calvert",
    "creatinine_clearance",
    "give",
    "library",
    "module",
    "modules",
    "read",
    "regimen",
    "schedule",
    "toxicity_classes",
]
