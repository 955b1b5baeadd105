"""One patient on the ensemble: what a clinic knows of them, the virtual patients like them, and the course of each regimen.

    patients       a patient as a document: covariates, measurements so far, regimens to be predicted
    bank           virtual patients with the covariates of the patient, under every regimen, as arrays
    weighting      how well each virtual patient agrees with the measurements, and whether the bank supports them at all
    courses        what is predicted under each regimen, with uncertainty
    informative    which further measurement would narrow the prediction most
    patient_summary   the answer, and everything as plain values

Research use only: a prediction is a consequence of the model's assumptions and no advice for the care of any patient.
"""
