"""Calibration: the mechanism held against the evidence, and judged by it.

Read in this order:

    hyperparameters  what may move, with priors; structures; how trials differ
    experiments      every trial simulated under many points of that space

and of the judging, which the fitting does not touch:

    lock         what is scored and how, as written before the first calibration, with the published figures attached
    scoring      the rules: CRPS, intervals, coverage, noise floor, responses, failures
    baselines    what statistics alone predict with the same study left out
    rows         one published figure with what was predicted for it
    figures      what rows amount to: the measures of the lock
    scoreboard   all of it together: predictors and baselines, worst first, thresholds met or missed
    board_document   the scoreboard as plain dictionaries
"""
