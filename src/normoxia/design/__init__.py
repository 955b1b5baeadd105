"""Open questions of treatment, answered by simulation: which regimen, for whom, in which order.

comparisons  a comparison as a document: regimens, contrasts, stage, evidence to set beside
stage        a comparison as a trial that can be run: the stage's protocol with other arms
regimens     outcomes and contrasts of a simulated comparison, draw by draw
verdicts     what the contrasts and the evidence allow to be said, or why nothing can be
"""
