"""Scoring: predictions compared with what was published, whatever made them.

lock          what is scored, fixed first             attempts    every attempt, with its scores
scores        rules of scoring                        baselines   statistics alone
lock_rule     how the list of version 2 was made       classes     of comparisons
registry_evidence   what statistics know of trials    surrogate   OS from PFS
components    the component model asked about a protocol
combination   class means with a learned share of the mechanism's differences
choice        which combination is shipped             groups      scores by kind of trial
attainable    scores of a predictor that knows the mean of each class exactly
scoreboard    all scores; scored_contrasts, score_summary, scoreboard_json
"""
