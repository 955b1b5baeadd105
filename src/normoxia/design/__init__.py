"""Open questions of treatment, answered by simulation: which regimen, for whom, in which order, in which trial.

    comparisons    a comparison as a document: regimens, contrasts, stage, evidence to set beside
    stage          a comparison as a trial that can be run: the stage's protocol with other arms
    regimens       outcomes and contrasts of a simulated comparison, draw by draw
    verdicts       what the contrasts and the evidence allow to be said, or why nothing can be
    summary        a comparison as plain values

and for trials that are planned:

    trial_designs  a design as a document: regimens, endpoint, sizes, accrual, looks, test
    sequential     group-sequential boundaries and crossing probabilities
    power          power of each draw and assurance, by drawing trials from virtual patients
    plan_summary   the answer, and a plan as plain values

and in folders of their own:

    markers        who gains: markers, own gains, interactions, enrichment
    toxicity       how the toxicities of classes add up
    personal       one patient on the ensemble
"""
