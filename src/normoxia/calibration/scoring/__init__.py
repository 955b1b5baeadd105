"""Scoring: predictions compared with what was published, whatever made them.

lock          what is scored, fixed first             attempts    everything tried, with its scores
scoring       rules of scoring                        baselines   statistics alone
components    the component model asked about a protocol
attainable    scores of a predictor that knows the mean of each class exactly
scoreboard    all scores; scored_contrasts, score_summary, scoreboard_json
"""
