"""The Python interface: one function for each task, with values as results. `import normoxia as nx` offers its names.

names       a trial, study or question by name, in any spelling
sources     published studies and models by name
trials      read, run, and open a run
plan        a run before its first patient: validated, with everything that was asked
ensemble_draws  the parameter draws of its replicates      combined  which runs get the combined prediction
running     carry a plan out, in memory or in a folder
run         what a run gives: frames, figures, files
frames      its tables as data frames                      writing  the files of its folder
synthesis   network meta-analysis of a table or a question
workers     how many threads
"""
