"""Synthesis: what studies contribute, pooled, split, ranked and weighed.

Read in this order:

    contrasts      what a study contributes: arms with counts or means, or contrasts on the analysis scale
    heterogeneity  one weighted regression and eight estimators of tau2, under everything below
    meta           pairwise pooling; small_studies, regression, indirect (Bucher, MAIC)
    multiarm       a study with several arms as independent contrasts; all_pairs completes what publications leave out
    network        the network and its fit; prediction, ranking, consistency, contribution, components, funnel, certainty
    bayesian       the posterior under an informative prior of the heterogeneity (priors), integrated exactly
    pooling        pool: all of it at once; without leaves out each study in turn

counts and time:

    counts         which way counts are pooled: rare (Mantel-Haenszel, its pairs in design_odds; penalised logistic), binomial (random
                   effects)
    over_time      two arms whose hazards need not stay proportional; proportionality says of which studies they do not;
                   restricted_means pools restricted mean differences to one horizon

and where the numbers come from:

    tables         any network from a text file: columns knows the names, layout says which column means what, rows reads
                   them; cells and numbers are the reader's of all tables, normoxia.sheets; judgements are what a table says
                   of the trust in its studies
    size           how large a network may be, with an estimate of what a larger one would need
    intake         a hazard ratio from whatever was published
    questions      a question to the registry as a document; extraction draws its numbers from the studies, answers pools them
"""
