"""The verbs, and how an error becomes a message and an exit code."""

from __future__ import annotations

import errno
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from normoxia import __version__
from normoxia.cli import (
    check,
    credibility,
    doctor,
    evidence,
    export,
    mechanism,
    revisit,
    simulate,
    streams,
)
from normoxia.cli.calibrate import calibrate
from normoxia.cli.compare import compare
from normoxia.cli.design_trial import design_trial
from normoxia.cli.forecast import forecast
from normoxia.cli.pool import pool
from normoxia.cli.protocol import protocol
from normoxia.cli.run import run as run_verb
from normoxia.cli.validate import validate
from normoxia.errors import Interrupted, InvalidArgument, InvalidDocument, NormoxiaError, shortened

app = typer.Typer(
    name="normoxia",
    help=(
        "Virtual trials and evidence synthesis of immune checkpoint inhibitors with anti-angiogenic drugs in "
        "advanced non-small-cell lung cancer. Research use only: never medical advice."
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        sys.stdout.write(f"normoxia {__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the verb."""


app.command("run")(run_verb)
app.command("compare")(compare)
app.command("design-trial")(design_trial)
app.command("protocol")(protocol)
app.command("simulate")(simulate.simulate)
app.command("mechanism")(mechanism.mechanism)
app.command("check")(check.check)
app.command("calibrate")(calibrate)
app.command("forecast")(forecast)
app.command("pool")(pool)
app.command("validate")(validate)
app.command("credibility")(credibility.credibility)
app.command("report")(revisit.report)
app.command("verify")(revisit.verify)
app.command("export")(export.export)
app.command("doctor")(doctor.doctor)
app.add_typer(evidence.app, name="evidence")


#: what a shell says of a program whose reader has gone: 128 and the number of that signal
_CLOSED_PIPE = 141
_KEPT = "what was finished is kept"


def _again(arguments: list[str]) -> str:
    """How to go on: only a run or a calibration leaves something to go on with."""
    resumable = "run" in arguments or "calibrate" in arguments
    return "run again with --resume and the same --out" if resumable else "run again"


def _interrupted(arguments: list[str]) -> int:
    sys.stderr.write(f"interrupted; {_KEPT}; to go on, {_again(arguments)}\n")
    return Interrupted.exit_code


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Within it a request to terminate (SIGTERM: a scheduler, a service manager) is taken as Ctrl-C is."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        # once is enough: another request while the work is being put away changes nothing
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        # a worker whose waiting main thread was torn away in the middle of a lock is of no use to the reader
        logging.getLogger("concurrent.futures").disabled = True
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def execute(arguments: list[str] | None = None) -> int:
    """Run the command line on arguments (default: the process's own) and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    streams.open_streams()
    with _terminated_as_interrupted():
        return _executed(arguments)


def _executed(arguments: list[str]) -> int:
    try:
        code = typer.main.get_command(app).main(
            args=arguments, prog_name="normoxia", standalone_mode=False
        )
        sys.stdout.flush()
    except typer.Exit as stop:
        return int(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        return _interrupted(arguments)
    except NormoxiaError as error:
        if "--debug" in arguments:
            raise
        sys.stderr.write(f"normoxia: {error}\n")
        return error.exit_code
    except OSError as error:
        if streams.is_closed_pipe(error):
            streams.abandon_output()
            return _CLOSED_PIPE
        if error.errno == errno.ENAMETOOLONG:
            name = shortened(str(error.filename or ""))
            sys.stderr.write(
                f'normoxia: "{name}" is too long for the name of a file; check what was asked for\n'
            )
            return InvalidArgument.exit_code
        if "--debug" in arguments:
            raise
        where = f" ({error.filename})" if error.filename else ""
        sys.stderr.write(
            f"normoxia: {error.strerror or error}{where}; {_KEPT}; "
            f"free space or choose another folder, then {_again(arguments)}\n"
        )
        return 1
    except RecursionError:
        if "--debug" in arguments:
            raise
        sys.stderr.write(
            "normoxia: a document is deeper than it can be read; write it flatter, with shorter formulas\n"
        )
        return InvalidDocument.exit_code
    except MemoryError as error:
        if "--debug" in arguments:
            raise
        sys.stderr.write(
            f"normoxia: not enough memory ({error or 'none left'}); {_KEPT}; "
            f"ask for fewer patients, times or outputs, then {_again(arguments)}\n"
        )
        return 1
    except Exception as error:  # noqa: BLE001 - the parser vendors its own exception classes
        return _usage_or_raise(error)
    if code == Interrupted.exit_code:  # the parser's answer to Ctrl-C, which it leaves untold
        return _interrupted(arguments)
    return int(code) if isinstance(code, int) else 0


def _usage_or_raise(error: Exception) -> int:
    """Usage errors of the parser show themselves; anything else is a defect of ours and keeps its traceback."""
    shows = getattr(error, "show", None)
    if shows is None:
        raise error
    shows()
    return int(getattr(error, "exit_code", 2))
