"""Finished runs: their tables, figures and pages."""

from __future__ import annotations

import normoxia as nx
from normoxia.language import language
from normoxia.report.pages.run import is_fitted
from normoxia.report.views.outdated import outdated_inputs, outdated_sentence


def warnings(run: nx.Run, lang: str) -> list[str]:
    """What must be read before any number of a run."""
    text = language(lang)
    sentences = []
    if not run.trial.calibrated:
        sentences.append(text.say("run.not_calibrated"))
    elif is_fitted(run.result, run.trial):
        sentences.append(text.say("run.fitted", study=run.trial.study))
    outdated = outdated_sentence(outdated_inputs(run.result), text)
    return [*sentences, outdated] if outdated else sentences
