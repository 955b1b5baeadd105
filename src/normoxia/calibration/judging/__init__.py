"""Judging: what is predicted held against what was published, knowing nothing of how it is predicted.

lock          what is scored, fixed first             attempts    everything tried, with its scores
scoring       rules of scoring                        baselines   statistics alone
components    the component model asked about a protocol
reach         what knowing each class exactly would reach
scoreboard    the judgement; rows, figures, board_document
"""
