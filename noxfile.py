"""What a developer runs, each in an environment of its own: `nox -s check`, `nox -s tests`, ... (`nox -l` lists them)."""

from __future__ import annotations

import nox

nox.options.sessions = ["check", "tests"]
nox.options.reuse_existing_virtualenvs = True


def install(session: nox.Session) -> None:
    """Install the locked requirements and the package."""
    session.install("--require-hashes", "-r", "requirements/dev.txt")
    session.install("--no-deps", "--no-build-isolation", ".")


@nox.session
def check(session: nox.Session) -> None:
    """Lint, format, spelling, types."""
    install(session)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("codespell")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """The everyday tests; arguments after `--` go to pytest."""
    install(session)
    session.run("pytest", "-n", "auto", "--dist", "loadfile", "-m", "not slow", *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """Every test; needs Chromium."""
    install(session)
    session.run("pytest", "-n", "auto", "--dist", "loadfile", *session.posargs)


@nox.session
def lowest(session: nox.Session) -> None:
    """The tests that depend on versions, with the lowest ones that pyproject.toml allows."""
    session.install("--require-hashes", "-r", "requirements/lowest.txt")
    session.install("--no-deps", "--no-build-isolation", ".")
    session.run(
        "pytest",
        "-n",
        "auto",
        "-m",
        "not slow",
        "@requirements/version-tests.txt",
        *session.posargs,
    )


@nox.session
def bench(session: nox.Session) -> None:
    """One benchmark, such as `nox -s bench -- engine`."""
    install(session)
    session.run("python", "-m", f"benchmarks.{session.posargs[0]}", *session.posargs[1:])
