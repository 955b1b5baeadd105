"""The Python interface: one function for each task, with values as results. `import normoxia as nx` offers its names.

names        a trial, study or question by name, in any spelling
sources      published studies, questions, models, drugs, populations       catalogue  everything that has a name, by kind

trials       read, run, and open a run
plan         a run before its first patient: validated, with everything that was asked
ensemble_draws  the parameter draws of its replicates      combined  which runs get the combined prediction
running      carry a plan out, in memory or in a folder
run          what a run gives: frames, figures, files
frames       its tables as data frames                     writing  the files of its folder
finished_runs   verify a run, draw its report again        run_index  past runs

compare      regimens head to head on the same patients        design_trial  size and power of a planned trial

synthesis    network meta-analysis of a table or a question
synthesis_options  its options, validated                  synthesis_folder  the files of its folder
translation  notes and findings in a language

registry     tables and audit of the published evidence
calibrating, validating, forecasting, credibility  the ensemble: fitted, tested, used, and what it supports
simulating   any model for any patients and doses          simulation_input  patients and doses of it
playing      states of the causal map over time             map_view     them as JSON
player       the mechanism player of a notebook
exporting    a model as SBML                               checking  findings in a document

limits       bounds of numbers, and how many threads       plain  values as JSON has them
reference    the reference page, written from docstrings
"""
