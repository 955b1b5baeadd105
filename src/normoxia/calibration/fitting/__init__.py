"""Fitting: from numbers that may move and trials simulated under them to draws, with and without a study.

hyperparameters  what may move, with priors; structures; how trials differ
experiments      every trial simulated under many points of that space
summaries        figures of a trial that simulation and print both give
observations     published figures that enter the likelihood, with the covariance of chance
emulator         quadratic surfaces through simulated figures       emulated   those of every trial, in one file
posterior        prior and likelihood of what trials share          likelihood  its figures all at once
covariance_kernel, products_kernel  compiled parts of the likelihood      vector_code  how they are written
discrepancy      what components leave over
sampler          draws of it                                        pareto     health of re-weighting
leave_out        draws that have not seen a study                   prediction  what that study would print
ensemble         the shipped draws, as settings for a new trial
fitted_inputs    what an ensemble was fitted with, and what changed since
processes        tasks in processes of their own, workers that end with their parent
threads          one thread for matrix products
"""
