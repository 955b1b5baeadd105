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

for why a difference arose:

    explanations   an explanation as a document: two regimens, groups of causal statements, questions to the typical patient
    shapley        contributions of groups to a value, from every subset or from sampled orders
    attribution    the difference attributed to groups; statements removed one at a time
    typical        the typical patient under regimens
    probing        the normalisation window, sensitivity, the gain of a loop
    explanation_words  the answer, and an explanation as plain values

for schedules and molecules:

    optimisations  an optimisation as a document: regimen with places, axes, utility, limit
    optimum        recommendation, rivals, regret, Pareto front
    optimum_words  the answer, and an optimisation as plain values
    drug_designs   a molecule as a document: a known drug, properties, known regimens
    molecule       its drug document
    placement      its place, what each property changes, the answer

    asked          what documents of questions have in common
for the review in its own order:

    review_plan    groups of studies, facts, open questions, as a document
    reviewed_statements, reviewed_studies  what removing a statement changes; figures printed, published, simulated
    review_summary the review as plain values

and in folders of their own:
    markers        who gains: markers, own gains, interactions, enrichment
    toxicity       how the toxicities of classes add up
    personal       one patient on the ensemble
"""
