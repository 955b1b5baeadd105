"""The audit: where the review disagrees with itself, with its sources, or with arithmetic.

discrepancy     a disagreement as a value: both readings, both places, what follows; read this first
auditor         every rule over a registry, and what a reader found that no rule does
review          rules that hold the review against itself
figures         its figures against the sources
claims          what it claims of arms, selection, toxicity, design
numbers         the sources against one another and against arithmetic
second_reader   what the second reader asks of a study that is not shipped
"""
