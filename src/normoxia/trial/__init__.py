"""Virtual trials: a protocol is read, run on virtual patients, and analysed into the outcomes a publication would give.

Read in this order:

    protocol     what a trial prescribes, as values       files     the documents that say it
    conduct      patients stepped from visit to visit     runner    models, populations, chunks
    recist       what a scan says (RECIST 1.1)            lesions   from one burden to target lesions
    toxicity     class hazards that add                   mortality death from burden and new lesions
    draws        everything random beside parameters       dispensing  who gets which dose
    policy       what follows progression                 endpoints PFS, OS, response, toxicity
    result       what a run gave                          analysis  simulated outcomes beside published ones
    from_study   a protocol made from the registry         enrolled, cuts   whom a study enrolled, when it was analysed
    combined     a hazard ratio as simulated, by components, and by both; `calibration.combined` makes it
    designs      trials predicted blind, from their designs alone; borrowed_parameters: numbers that their drugs
                 take from others; reference: their page
    ablation     a trial without some causal statements
    flow         Table 1 and the flow of patients          folder    a run as a folder on disk
"""

from normoxia.trial.ablation import ablate
from normoxia.trial.analysis import PublishedComparison, analyse, compare, protocol_of, published
from normoxia.trial.files import library, read
from normoxia.trial.making.designs import TrialDesign, forecasts
from normoxia.trial.protocol import Arm, Trial
from normoxia.trial.result import TrialResult
from normoxia.trial.runner import Chunk, chunks, prepare, run

__all__ = [
    "Arm",
    "Chunk",
    "PublishedComparison",
    "Trial",
    "TrialDesign",
    "TrialResult",
    "ablate",
    "analyse",
    "chunks",
    "compare",
    "forecasts",
    "library",
    "prepare",
    "protocol_of",
    "published",
    "read",
    "run",
]
