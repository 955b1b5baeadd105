"""The command line: one module a verb, each of which parses, calls one verb of the library, and shows.

Data goes to standard output, notes and progress to standard error. Read `app.py` first: it names the verbs and
turns errors into messages and exit codes (0 well, 1 computation failed, 2 usage, 3 invalid document, 4 not
converged or a criterion unmet, 5 a missing extra, 130 interrupted with finished work kept).
"""

from __future__ import annotations


def main() -> None:
    """Run the command line and exit with its code."""
    from normoxia.cli.app import execute

    raise SystemExit(execute())
