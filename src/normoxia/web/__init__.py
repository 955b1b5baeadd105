"""The server behind the page: an HTTP interface to the library's verbs, jobs in processes of their own, and the built page.

It has no analysis of its own: every number comes from the functions that `import normoxia as nx` offers.

app          the application: routes, and what goes around them      settings   address, token, folders
security     headers, host and origin checks, sizes of requests      replies    errors and results as JSON
requests     what a request may contain, with its bounds
workers      warm processes that carry out tasks one at a time       worker     the program of such a process
tasks/       what they carry out: one function a view, values as JSON has them
jobs/        long work: a queue that survives restarts, one process a job
static/      the built page (made from `web/` at the root of the repository)
"""
