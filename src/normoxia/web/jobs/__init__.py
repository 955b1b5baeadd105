"""Long work: a queue in a file, one process a job, progress, cancelling, and going on after an interruption.

verbs       what a job can do: one line a verb       store    the queue: jobs as rows of SQLite
supervisor  starts and ends processes                runner   the program of such a process
results     the files that a finished job leaves
"""
