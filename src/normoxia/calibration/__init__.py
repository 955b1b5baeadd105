"""Fitting the model to published evidence, and being judged by it.

Of the judging half, read in this order:

    lock         what is scored and how, as written before the first calibration, with the published figures attached
    scoring      the rules: CRPS, intervals, coverage, noise floor, responses, failures
    baselines    what statistics alone predict with the same study left out
    scoreboard   all of it together: rows worst first, summaries, thresholds met or missed
"""
