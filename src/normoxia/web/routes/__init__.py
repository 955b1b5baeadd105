"""Routes of the API: each parses and bounds what is asked, and calls one task or the queue of jobs."""

from normoxia.web.routes import (
    documents,
    evidence,
    first,
    jobs,
    library,
    mechanism,
    questions,
    runs,
)

ROUTERS = (
    library.router,
    documents.router,
    evidence.router,
    first.router,
    jobs.router,
    mechanism.router,
    questions.router,
    runs.router,
)
