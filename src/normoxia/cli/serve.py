"""`normoxia serve`: the page in a browser, and the API behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from normoxia.cli.options import examples
from normoxia.cli.show import say

EXAMPLES = examples(
    "normoxia serve",
    "normoxia serve --port 9000 --no-browser",
    "normoxia serve --host 0.0.0.0 --token A-LONG-RANDOM-WORD",
)


def serve(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")
    ] = 8722,
    host: Annotated[
        str, typer.Option("--host", help="Address; one that others can reach needs --token.")
    ] = "127.0.0.1",
    token: Annotated[
        str,
        typer.Option(
            "--token",
            envvar="NORMOXIA_TOKEN",
            help="Secret of 16 characters or more that requests must have.",
        ),
    ] = "",
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="For jobs and their runs; default: the user's data folder."),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
) -> None:
    """Serve the page: run trials, look into the mechanism, question the evidence. Stop it with Ctrl-C."""
    from normoxia.api import run_index
    from normoxia.web.serving import serve as serving
    from normoxia.web.settings import ServerSettings

    settings = ServerSettings(
        folder=folder or run_index.data_folder() / "page", host=host, port=port, token=token
    )
    serving(settings, browser=browser, note=say)
