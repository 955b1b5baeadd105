"""The files that a finished job leaves for the page: its summary, its page in both languages, and its figures.

`result.json` has the summary and pages; `figures/LANG/N.json` one figure each, in the light theme. A run leaves none of these:
its own folder is read, as that of any run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import normoxia as nx
from normoxia import library
from normoxia.report.pages.document import document
from normoxia.storage import write_whole
from normoxia.web.replies import encoded
from normoxia.web.tasks import figures, pages

_FILE = "result.json"
#: the same as one file of HTML, which needs no server
REPORT = "report.html"


def write(folder: Path, verb: str, value: Any) -> None:
    """Write what the page shows of a finished job."""
    content: dict[str, Any] = {"verb": verb}
    codes = library.names("languages")
    if isinstance(value, nx.Run):
        content["run"] = pages.run_id(folder / "run")
    else:
        drawn = {lang: value.page(lang) for lang in codes}
        content["pages"] = {lang: _page(folder, lang, *drawn[lang]) for lang in codes}
        report = document([page for page, _ in drawn.values()])
        write_whole(folder / REPORT, report.encode())
        if isinstance(value, nx.MetaAnalysis):
            content["summary"] = value.to_json()
        else:
            content["summary"] = value.summary()
            content["answer"] = {lang: value.answer(lang) for lang in codes}
    # where the server keeps its files is nobody's business
    text = encoded(content).replace(json.dumps(str(folder))[1:-1].encode(), b"job")
    write_whole(folder / _FILE, text)


def read(folder: Path, lang: str) -> dict[str, Any]:
    """The result of a finished job in a language."""
    content: dict[str, Any] = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    for key in ("pages", "answer"):
        if key in content:
            content["page" if key == "pages" else key] = content.pop(key)[lang]
    return content


def figure(folder: Path, number: int, lang: str, theme: str) -> dict[str, Any] | None:
    """A figure of a finished job; None when it has no such."""
    path = folder / "figures" / lang / f"{number}.json"
    if not path.is_file():
        return None
    return figures.in_other_theme(json.loads(path.read_text(encoding="utf-8")), theme)


def _page(folder: Path, lang: str, page: Any, drawn: Any) -> dict[str, Any]:
    numbers = {}
    for number, one in enumerate(drawn):
        numbers[one.name] = number
        write_whole(folder / "figures" / lang / f"{number}.json", encoded(figures.view(one)))
    return pages.view(page, numbers)
