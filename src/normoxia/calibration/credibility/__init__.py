"""The credibility file, as reviewers ask for it.

file           questions, claims with their status and proof, as one value: read it first
wording        what is asked and claimed, and what was measured elsewhere, read from `library/credibility`
verification   whether the model is solved as it is written
targets        what is fitted to, with source and weight
applicability  how much of what is scored bears on a question
checks         the rest: inputs, posterior, identifiability, thresholds
standings      how far the model may be used for a question, from the shipped record of the claims
as_json        the file as plain dictionaries
"""
