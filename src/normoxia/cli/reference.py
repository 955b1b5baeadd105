"""The reference page of all commands, from what they parse: `python -m normoxia.cli.reference > docs/reference/cli.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

COMMAND = "python -m normoxia.cli.reference"
#: options that mean the same in every command
SHARED = ("--json", "--lang", "--quiet", "--seed", "--workers", "--out", "--file", "--resume")
_HEAD = """\
# Commands

Made by `{command}` from the commands themselves; `normoxia COMMAND --help` prints the same.

Results go to standard output; notes and progress go to standard error. Exit codes: 0 done; 1 computation failed, or patients
failed; 2 usage; 3 invalid document or data; 4 not converged or a criterion unmet; 5 a missing optional library (the message names
it); 130 interrupted, with finished work kept. `--debug` before the command shows the traceback of an error.

Names of trials, studies, questions, drugs and statements are read in any spelling: `IMpower150`, `impower150` and
`impower 150` are one. Words of options (`--effect or`, `--endpoint os`) are read in upper or lower case. `--out` is a folder in
every command and `--file` one file. `normoxia list` prints all names; `normoxia --install-completion` makes the Tab key propose
them in bash, zsh, fish and PowerShell.

Tables fit the terminal, or as many columns as the variable `COLUMNS` has. `NORMOXIA_LANG` is the language (en or zh) where
`--lang` is not given; `NORMOXIA_DATA` is the folder of the index of runs; `NORMOXIA_STUDIES` names folders with study documents.

## Which command has which option
"""


def page() -> str:
    """The page, in Markdown."""
    commands = list(_commands())
    lines = [_HEAD.format(command=COMMAND)]
    lines.append("| command | " + " | ".join(f"`{flag}`" for flag in SHARED) + " |")
    lines.append("|---|" + "---|" * len(SHARED))
    for name, command in commands:
        flags = {flag for option in _options(command) for flag in option.opts}
        marks = " | ".join("✓" if flag in flags else "" for flag in SHARED)
        lines.append(f"| [`{name}`](#normoxia-{name.replace(' ', '-')}) | {marks} |")
    for name, command in commands:
        lines += ["", *_section(name, command)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _commands() -> Iterator[tuple[str, Any]]:
    """Every command with its whole name, in the order of `normoxia --help`."""
    from typer.main import get_command

    from normoxia.cli.app import app
    from normoxia.cli.groups import SECTIONS

    group: Any = get_command(app)
    for section in SECTIONS.values():
        for name in section:
            command = group.commands[name]
            inner = getattr(command, "commands", None)
            if inner is None:
                yield name, command
            else:
                for own, subcommand in inner.items():
                    yield f"{name} {own}", subcommand


def _options(command: Any) -> list[Any]:
    return [p for p in command.params if p.param_type_name == "option" and not p.hidden]


def _section(name: str, command: Any) -> Iterator[str]:
    yield f"## normoxia {name}"
    yield ""
    yield _sentence(command.help or "")
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    if command.epilog:
        yield ""
        yield "```sh"
        for line in command.epilog.split("\b\n")[1].splitlines():
            yield line.removeprefix("  ")
        yield "```"
    yield ""
    yield "| argument or option | meaning | default |"
    yield "|---|---|---|"
    for argument in arguments:
        label = f"`{argument.name.upper()}`"
        yield f"| {label} | {_cell(argument.help)} | {'required' if argument.required else ''} |"
    for option in _options(command):
        flags = ", ".join(f"`{flag}`" for flag in (*option.opts, *option.secondary_opts))
        yield f"| {flags} | {_cell(option.help)} | {_default(option)} |"


def _default(option: Any) -> str:
    value = option.default
    if option.required:
        return "required"
    if value is None or value is False or value == "":
        return ""
    if value is True:
        return f"`{option.opts[0]}`"
    return f"`{value}`"


def _sentence(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str | None) -> str:
    return _sentence(text or "").replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page())
