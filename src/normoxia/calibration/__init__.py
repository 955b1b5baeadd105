"""Calibration: the mechanism held against the evidence.

Read in this order:

    hyperparameters  what may move, with priors; structures; how trials differ
    experiments      every trial simulated under many points of that space
"""
