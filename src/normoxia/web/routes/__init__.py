"""Routes of the API: each parses and bounds what is asked, and calls one task or the queue of jobs."""

from normoxia.web.routes import first, library, mechanism

ROUTERS = (library.router, first.router, mechanism.router)
