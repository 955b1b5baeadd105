"""What was published: studies as values and as documents, each number with the words or the table it was read in.

Read in this order:

    study      a published study as a value, and how its numbers become outcomes
    reported   its parts: arms, reported numbers, figures and claims of the review, curves, references
    files      the study document: read whole, all findings at once
    registry   every study, filtered; the best published value of a study
    regimens   an arm's regimen as pharmacology reads it
    checks     the second reader: what in a study cannot be right
    rounding   what a printed number can have been before it was rounded
    curves     patients rebuilt from the digitised landmarks
    context    sourced figures outside the registry, tumour dynamics
"""
