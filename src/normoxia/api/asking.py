"""What the verbs that answer a question share: simulate in memory or in a folder, say how far the answer may be used, keep it.

    asking = Asking(command="compare", name="chemo-free", out=Path("folder"), ...)
    run = asking.simulate(trial)                       # one run: the folder of the question is the folder of the run
    runs = asking.simulate_all({"both": trial, ...})   # several: each in `runs/NAME` of the folder
    asking.keep("comparison", content, text, page)     # comparison.json, comparison.yaml, comparison.html, figures

A folder with several runs has `question.json`, which names them and holds the digests of all other files; `normoxia verify`
verifies the files and then every run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from normoxia import library
from normoxia.api import question_folder, running
from normoxia.api.names import one_of
from normoxia.api.plain import plain
from normoxia.api.plan import Plan, plan
from normoxia.calibration.credibility import standings
from normoxia.calibration.credibility.standings import Basis, UseCredibility
from normoxia.design import asked
from normoxia.errors import OutputExists
from normoxia.progress import Progress, Step, silent
from normoxia.storage import write_whole
from normoxia.trial.finished import add_outputs

if TYPE_CHECKING:
    from normoxia.api.run import Run
    from normoxia.report.figures.figure import Figure
    from normoxia.report.pages.document import Page
    from normoxia.trial.protocol import Trial

#: gives the page in a language, and its figures
DrawPage = Callable[[str], "tuple[Page, Sequence[Figure]]"]


def _ignore(text: str) -> None:
    """Discard a line about what is being done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How a question is simulated and where its answer is kept: options that every such verb has.

    Attributes
    ----------
    command, name
        Of the verb, and of the document.
    draws
        Of the ensemble.
    seed, workers
        As in `run`.
    out, resume
        Folder to keep everything in, and whether to go on with what it holds; nothing is written without one.
    report, lang
        Whether to draw the report into the folder, and the language that it opens in.
    progress, note
        Gives the progress callback; called with lines about what is being done.
    """

    command: str
    name: str
    draws: int
    seed: int = 1
    workers: int = 0
    out: Path | None = None
    resume: bool = False
    report: bool = True
    lang: str = "en"
    progress: AbstractContextManager[Progress] | None = None
    note: Callable[[str], None] = _ignore

    def __post_init__(self) -> None:
        one_of("language", self.lang, library.names("languages"))

    def planned(self, trial: Trial, *, ablate: Sequence[str] = ()) -> Plan:
        """Return the plan of one run; see `normoxia.api.plan.plan` for what it raises."""
        return plan(trial, seed=self.seed, replicates=self.draws, ablate=ablate)

    def simulate(self, trial: Trial) -> Run:
        """Return the one run behind an answer, kept in the folder when there is one."""
        watch = self.progress if self.progress is not None else nullcontext(silent)
        return self._run(self.planned(trial), self.out, watch, resume=self.resume)

    def simulate_all(self, plans: Mapping[str, Plan], *, begun: bool = False) -> dict[str, Run]:
        """Return several runs by name, each kept in a folder of its own below that of the question.

        Parameters
        ----------
        plans
            By name, which is that of the folder.
        begun
            Whether the folder was found empty, and something was written into it since.

        Raises
        ------
        OutputExists
            The folder holds something, and `resume` is False.
        """
        if self.out is not None and not self.resume and not begun:
            refuse_occupied(self.out)
        runs: dict[str, Run] = {}
        with self.progress if self.progress is not None else nullcontext(silent) as progress:
            for number, (name, planned) in enumerate(plans.items()):
                place = None if self.out is None else self.out / question_folder.RUNS / name
                watch = nullcontext(_part(progress, number, len(plans)))
                resume = self.resume and place is not None and place.is_dir()
                runs[name] = self._run(planned, place, watch, resume=resume)
        return runs

    def _run(
        self,
        planned: Plan,
        place: Path | None,
        watch: AbstractContextManager[Progress],
        *,
        resume: bool,
    ) -> Run:
        if place is None:
            return running.in_memory(planned, workers=self.workers, watch=watch)
        return running.in_folder(
            planned,
            place,
            resume=resume,
            workers=self.workers,
            report=False,
            lang=self.lang,
            watch=watch,
            note=self.note,
            warn=self.note,
            go_on=f"normoxia {self.command} {self.name} --out {self.out} --resume and the same options",
        )

    def keep(
        self,
        stem: str,
        content: Mapping[str, object],
        text: str,
        page: DrawPage,
        runs: Mapping[str, Run] | None = None,
        also: Sequence[Path] = (),
    ) -> None:
        """Write an answer into the folder, if there is one: `STEM.json`, `STEM.yaml` (the document), `STEM.html` and figures.

        Parameters
        ----------
        stem
            Name of the files.
        content
            What `--json` prints.
        text
            The document as written.
        page
            Gives the page in a language, and its figures.
        runs
            As `simulate_all` gave them; None where the folder is that of one run.
        also
            Other files of the folder that belong to the answer.
        """
        if self.out is None:
            return
        written = [self.out / f"{stem}.json", self.out / f"{stem}.yaml", *also]
        write_whole(written[0], as_json(content).encode())
        write_whole(written[1], text.encode())
        if self.report:
            self.note("drawing the figures and the report ...")
            written += _write_page(self.out, stem, page, self.lang)
        if runs is None:
            add_outputs(self.out, written)
            return
        about = {"command": self.command, "name": self.name}
        question_folder.write(self.out, written, tuple(runs), about)


def refuse_occupied(folder: Path) -> None:
    """Raise OutputExists when a folder holds anything."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputExists(
            f"{folder} exists; name another folder with --out, or add --resume to go on with it"
        )


def credibility_of(question: str, rests_on: Basis, run: Run) -> UseCredibility:
    """Return how far a run may be used for a question of the credibility file."""
    return standings.use(question, rests_on, str(run.config["ensemble"]))


def answer_json(
    schema: str,
    content: Mapping[str, object],
    sentences: Mapping[str, str],
    *,
    is_certain: bool,
    credibility: UseCredibility,
    manifest: Mapping[str, object],
) -> dict[str, object]:
    """Return an answer as one plain object, in the order and with the entries that every verb has.

    Returns
    -------
    dict
        `schema`, the verb's own content, `answer` (see `design.asked`), `credibility` {question, standing, missing, risk,
        rests_on, date, is_current, says}, `manifest`.
    """
    whole = plain(
        {
            "schema": schema,
            **content,
            "answer": asked.answer_entry(sentences, is_certain=is_certain),
            "credibility": credibility.to_json(),
            "manifest": dict(manifest),
        }
    )
    assert isinstance(whole, dict)
    return whole


def as_json(content: Mapping[str, object]) -> str:
    """Return a plain object as the text of a file."""
    return json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n"


def _write_page(folder: Path, stem: str, page: DrawPage, lang: str) -> list[Path]:
    """Write the page in every language, the one that is asked for first, and its figures."""
    from normoxia.report.figures.figure import save_all
    from normoxia.report.pages.document import document

    codes = [lang, *(code for code in library.names("languages") if code != lang)]
    drawn = [page(code) for code in codes]
    figures = [figure for _, own in drawn for figure in own]
    written = save_all(figures, folder / "figures")
    path = folder / f"{stem}.html"
    write_whole(path, document([made for made, _ in drawn]).encode())
    return [*written, path]


def _part(progress: Progress, number: int, total: int) -> Progress:
    """Progress of one run of several, counted as a share of all of them."""

    def step(one: Step, /) -> None:
        count = max(one.total, 1)
        progress(Step(one.label, number * count + one.done, total * count, one.unit))

    return step
