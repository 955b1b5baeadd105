"""Make what the page ships because it takes minutes: the finished IMpower150 and the scoreboard.

    python tools/page/make_stored.py first          # about a minute
    python tools/page/make_stored.py scoreboard     # some ten minutes: every trial predicted without itself

Run it after a new calibration, and after a change of the model, of figures or of the texts in them.
"""

from __future__ import annotations

import argparse

import normoxia as nx
from normoxia.api.plain import plain
from normoxia.web import controls, stored
from normoxia.web.controls import Choice
from normoxia.web.tasks import figures, first, pages


def make_first() -> None:
    """Run IMpower150 as the command line does, and store what the first screen shows of it."""
    run = nx.run(controls.TRIAL)
    for lang in ("en", "zh"):
        sets = {}
        for population, name in controls.stored_sets().items():
            choice = Choice(
                regimen=controls.DEFAULT.regimen, population=population, dose=controls.DEFAULT.dose
            )
            sets[name] = plain(first.payload(run, choice, name, lang))
        print(stored.write(f"first-{lang}", sets))


def make_scoreboard() -> None:
    """Predict every trial without itself; store the scoreboard and its report."""
    result = nx.validate()
    content = plain(result.to_json())
    for lang in ("en", "zh"):
        page, drawn = result.page(lang)
        numbers = {one.name: i for i, one in enumerate(drawn)}
        views = [figures.view(one) for one in drawn]
        whole = {"content": content, "page": pages.view(page, numbers), "figures": views}
        print(stored.write(f"scoreboard-{lang}", plain(whole)))


MAKERS = {"first": make_first, "scoreboard": make_scoreboard}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=MAKERS)
    MAKERS[parser.parse_args().what]()
