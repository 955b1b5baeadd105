"""Which measurements predict who gains from adding a drug, and trials that enrol by them.

who_gains      the question as a document: regimens, what each contrast adds, markers
measured       markers and each virtual patient's own gain as arrays
interaction    cut-offs learnt on some patients and judged on others: interaction, prognosis, discrimination
enrichment     power of a trial of everybody and of one that enrols by a marker
marker_summary the answer, and everything as plain values
"""
