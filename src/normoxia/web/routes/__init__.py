"""Routes of the API: each parses and bounds what is asked, and calls one task or the queue of jobs."""

from normoxia.web.routes import documents, first, jobs, library, runs

ROUTERS = (library.router, documents.router, first.router, jobs.router, runs.router)
