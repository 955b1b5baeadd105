"""The verbs, and how an error becomes a message and an exit code."""

from __future__ import annotations

import errno
import functools
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
    biomarkers,
    calibrate,
    check,
    compare,
    credibility,
    design_drug,
    design_trial,
    doctor,
    evidence,
    explain,
    export,
    forecast,
    listing,
    mechanism,
    optimise,
    personalise,
    pool,
    protocol,
    review,
    revisit,
    run,
    runs,
    serve,
    simulate,
    streams,
    toxicity,
    validate,
)
from normoxia.cli.groups import CommandsByTask
from normoxia.cli.options import examples
from normoxia.errors import Interrupted, InvalidArgument, InvalidDocument, NormoxiaError, shortened

app = typer.Typer(
    name="normoxia",
    cls=CommandsByTask,
    epilog=examples(
        "normoxia list                 # everything that has a name",
        "normoxia run impower150       # a virtual trial, in about a minute",
        "normoxia pool first-line-wt   # a network meta-analysis",
        "normoxia run --help           # options and examples of a command",
    ),
    help=(
        "Virtual trials and evidence synthesis of immune checkpoint inhibitors with anti-angiogenic drugs in "
        "advanced non-small-cell lung cancer. For research only: it gives no medical advice."
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


app.command("run", epilog=run.EXAMPLES)(run.run)
app.command("protocol", epilog=protocol.EXAMPLES)(protocol.protocol)
app.command("runs", epilog=runs.EXAMPLES)(runs.runs)
app.command("report", epilog=revisit.EXAMPLES_REPORT)(revisit.report)
app.command("verify", epilog=revisit.EXAMPLES_VERIFY)(revisit.verify)
app.command("forecast", epilog=forecast.EXAMPLES)(forecast.forecast)
app.command("compare", epilog=compare.EXAMPLES)(compare.compare)
app.command("design-trial", epilog=design_trial.EXAMPLES)(design_trial.design_trial)
app.command("review", epilog=review.EXAMPLES)(review.review)
app.command("serve", epilog=serve.EXAMPLES)(serve.serve)
app.command("explain", epilog=explain.EXAMPLES)(explain.explain)
app.command("optimise", epilog=optimise.EXAMPLES)(optimise.optimise)
app.command("design-drug", epilog=design_drug.EXAMPLES)(design_drug.design_drug)
app.command("personalise", epilog=personalise.EXAMPLES)(personalise.personalise)
app.command("biomarkers", epilog=biomarkers.EXAMPLES)(biomarkers.biomarkers)
app.command("toxicity", epilog=toxicity.EXAMPLES)(toxicity.toxicity)
app.command("list", epilog=listing.EXAMPLES)(listing.listing)
app.add_typer(evidence.app, name="evidence")
app.command("pool", epilog=pool.EXAMPLES)(pool.pool)
app.command("mechanism", epilog=mechanism.EXAMPLES)(mechanism.mechanism)
app.command("simulate", epilog=simulate.EXAMPLES)(simulate.simulate)
app.command("export", epilog=export.EXAMPLES)(export.export)
app.command("calibrate", epilog=calibrate.EXAMPLES)(calibrate.calibrate)
app.command("validate", epilog=validate.EXAMPLES)(validate.validate)
app.command("credibility", epilog=credibility.EXAMPLES)(credibility.credibility)
app.command("check", epilog=check.EXAMPLES)(check.check)
app.command("doctor")(doctor.doctor)


#: exit code of a program whose reader has gone: 128 and the number of that signal
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


@functools.cache
def _parser() -> typer.core.TyperGroup:
    """The commands as the parser takes them, made once a process."""
    parser = typer.main.get_command(app)
    assert isinstance(parser, typer.core.TyperGroup)
    return parser


def _executed(arguments: list[str]) -> int:
    try:
        code = _parser().main(args=arguments, prog_name="normoxia", standalone_mode=False)
        sys.stdout.flush()
    except typer.Exit as stop:
        return int(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        return _interrupted(arguments)
    except OSError as error:
        if streams.is_closed_pipe(error):
            streams.abandon_output()
            return _CLOSED_PIPE
        return _failed(error, arguments)
    except (NormoxiaError, RecursionError, MemoryError) as error:
        return _failed(error, arguments)
    except Exception as error:  # noqa: BLE001 - the parser vendors its own exception classes
        return _usage_or_raise(error)
    if code == Interrupted.exit_code:  # the parser's answer to Ctrl-C, which it does not print
        return _interrupted(arguments)
    return int(code) if isinstance(code, int) else 0


def _failed(error: Exception, arguments: list[str]) -> int:
    """Print what an error says and return its exit code; with --debug it keeps its traceback."""
    if "--debug" in arguments:
        raise error
    message, code = _explained(error, arguments)
    sys.stderr.write(f"normoxia: {message}\n")
    return code


def _explained(error: Exception, arguments: list[str]) -> tuple[str, int]:
    """The message and the exit code of an error."""
    match error:
        case NormoxiaError():
            return str(error), error.exit_code
        case RecursionError():
            return (
                "a document is nested too deeply; write it flatter, with shorter formulas",
                InvalidDocument.exit_code,
            )
        case MemoryError():
            return (
                f"not enough memory ({error or 'none left'}); {_KEPT}; "
                f"ask for fewer patients, times or outputs, then {_again(arguments)}",
                1,
            )
        case OSError(errno=errno.ENAMETOOLONG):
            name = shortened(str(error.filename or ""))
            return (
                f'"{name}" is too long for the name of a file; check what was asked for',
                InvalidArgument.exit_code,
            )
        case OSError():
            where = f" ({error.filename})" if error.filename else ""
            return (
                f"{error.strerror or error}{where}; {_KEPT}; "
                f"free space or choose another folder, then {_again(arguments)}",
                1,
            )
    raise error


def _usage_or_raise(error: Exception) -> int:
    """Usage errors of the parser show themselves; anything else is a defect of ours and keeps its traceback."""
    shows = getattr(error, "show", None)
    if shows is None:
        raise error
    shows()
    return int(getattr(error, "exit_code", 2))
