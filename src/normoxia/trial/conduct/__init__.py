"""How a trial is conducted: visits, scans, doses, toxicity, later lines and deaths of simulated patients.

engine      one arm of a trial from first dose to data cut
draws       random numbers of each patient, the same in every arm
lesions     target lesions of a patient and their measured diameters
recist      RECIST 1.1: response at each visit, best response, progression
toxicity    adverse events of drug classes
dispensing  doses given, held, reduced and stopped
policy      what follows progression: treatment beyond it, later lines
mortality   hazard of death before and after progression
clinical    constants of clinical conduct, from the library
"""
