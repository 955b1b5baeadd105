"""Make what the page ships because it takes minutes: the finished IMpower150, the credibility file and the scoreboard.

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
from normoxia.web.tasks import first


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


def make_credibility() -> None:
    """Store which questions are supported, without the claims of validation, which then count as not done."""
    print(stored.write("credibility", plain(nx.credibility(quick=True).to_json())))


def make_scoreboard() -> None:
    """Predict every trial without itself; store the scoreboard, and the credibility that rests on it."""
    from normoxia.calibration.credibility import as_json
    from normoxia.calibration.credibility import file as credibility_file
    from normoxia.calibration.fitting import ensemble

    result = nx.validate()
    print(stored.write("scoreboard", plain(result.to_json())))
    file = credibility_file.credibility(calibrated=ensemble.read(), board=result.board)
    print(stored.write("credibility", plain(as_json.document(file))))


MAKERS = {"first": make_first, "credibility": make_credibility, "scoreboard": make_scoreboard}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=MAKERS)
    MAKERS[parser.parse_args().what]()
