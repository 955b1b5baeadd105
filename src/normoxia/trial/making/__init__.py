"""How a trial is made: from a published study, a named design, or a document, with borrowed parameters filled in.

from_study           a published study as a trial that can be run
designs              trials by name: shipped protocols, studies, forecasts
enrolled             the published baseline of a study as a population
cuts                 data cuts of a trial, from published follow-up
borrowed_parameters  parameters that an arm without its own takes from a related drug
"""
