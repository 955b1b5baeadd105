"""How the toxicities of classes of drugs add up: published rates, class hazards fitted to them, and simulated burden.

adding_up        the question as a document: regimens, contrasts, stage
published_rates  arms of the registry with a rate of events of grade 3 or more, and the few rates by kind of event
class_hazards    hazards of classes that add, with a departure from adding when ICI and anti-angiogenic are given together
burden           what toxicity does to treatment in a simulated comparison
toxicity_summary the answer, and everything as plain values
"""
