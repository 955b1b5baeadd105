"""No document ends in a traceback: every kind that is shipped, broken thousands of times, gives errors of ours alone.

Each broken document goes through what `check`, `run` and `pool` do with it before anything is simulated.
"""

from __future__ import annotations

import random
import shutil
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tests.mutations import TEXTUAL, broken, damaged

from normoxia import evidence, library, mechanism, pharmacology, population, simulation, trial
from normoxia.calibration import forecast, learned_weights
from normoxia.calibration.credibility import wording
from normoxia.calibration.fitting import ensemble, hyperparameters
from normoxia.calibration.fitting.emulated import EmulatedStudies
from normoxia.calibration.scoring import attempts, lock
from normoxia.errors import NormoxiaError
from normoxia.evidence.auditing import auditor
from normoxia.evidence.studies import context
from normoxia.language import language
from normoxia.mechanism import expression
from normoxia.simulation.tables import read_times
from normoxia.trial import preflight
from normoxia.trial.making import borrowed_parameters, designs, from_study
from normoxia.units import convert

SHIPPED = Path(library.__file__).parent
ENGINE = Path(__file__).parent.parent / "benchmarks" / "engine_model.yaml"

#: seconds that a document may take: far more than any needs, far less than a bomb
PATIENCE = 30.0


def model(path: Path) -> None:
    """A model as `check` and `simulate` take it, up to its compiled form."""
    simulation.compile(mechanism.read(path), backend="reference")


def module(path: Path) -> None:
    mechanism.read_module(path)


def drug(path: Path) -> None:
    found = pharmacology.read(path)
    pharmacology.module(found)
    for label in found.labels:
        pharmacology.regimen(f"{path} {label.text}")


def people(path: Path) -> None:
    document = population.read(path)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        population.sample(document, TOY, 2, 1, max_attempts=5)


def protocol(path: Path) -> None:
    preflight.preflight(trial.read(path))


def study(path: Path) -> None:
    found = evidence.read(path)
    evidence.check(found)
    found.published()
    from_study.build(found)


def question(path: Path) -> None:
    evidence.question(path)


TOY = mechanism.parse(ENGINE.read_text(encoding="utf-8"), file="engine_model.yaml")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of one's own, whose documents may be broken; what is kept of the shipped one is forgotten before and after."""
    root = tmp_path / "library"
    shutil.copytree(
        SHIPPED, root, ignore=shutil.ignore_patterns("*.py", "__pycache__", "emulated.npz")
    )
    monkeypatch.setattr(library, "_ROOT", root)
    return root


def fresh(function: Callable[..., object]) -> Callable[..., object]:
    """A function that keeps its results, without what it keeps."""
    return getattr(function, "__wrapped__", function)


#: kind of a document to the folder or file it stands in, and what reads it by path
OWN: dict[str, tuple[str, Callable[[Path], object]]] = {
    "model": (str(ENGINE), model),
    "whole model": ("models/nsclc.yaml", model),
    "module": ("models/tumour.yaml", module),
    "statements": ("models/statements.yaml", module),
    "vessels": ("models/vessels.yaml", module),
    "drug": ("drugs/anlotinib.yaml", drug),
    "drug by infusion": ("drugs/bevacizumab.yaml", drug),
    "drug like another": ("drugs/hlx04.yaml", drug),
    "population": ("populations/advanced-nsclc.yaml", people),
    "trial": ("trials/impower150.yaml", protocol),
    "trial of two arms": ("trials/leap-007.yaml", protocol),
    "forecast": ("forecasts/harmoni-2.yaml", protocol),
    "study": ("studies/contact-01.yaml", study),
    "study with a review": ("studies/leap-008.yaml", study),
    "question": ("questions/egfr-post-tki.yaml", question),
    "components": ("questions/components.yaml", question),
    "forecasts": ("calibrations/forecasts-2026-11-29.yaml", forecast.read),
    "hyperparameters": ("calibrations/hyperparameters.yaml", hyperparameters.read),
    "ensemble": ("calibrations/nsclc.yaml", ensemble.read),
}

#: documents that are read from the library alone
KEPT: dict[str, tuple[str, Callable[[], object]]] = {
    "designs": ("forecasts/shared/designs.yaml", lambda: fresh(designs.forecasts)()),
    "borrowed": (
        "forecasts/shared/borrowed.yaml",
        lambda: fresh(borrowed_parameters.borrowed_drugs)(),
    ),
    "clinic": ("trials/shared/clinic.yaml", lambda: trial.read("leap-007")),
    "assumptions": ("trials/shared/from-study.yaml", lambda: assumptions()),
    "lock": ("calibrations/lock-2.yaml", lambda: lock._read(evidence.registry())),
    "attempts": ("calibrations/attempts.yaml", attempts.read),
    "left out": ("calibrations/left-out.yaml", lambda: fresh(learned_weights.read)()),
    "claims": ("credibility/claims.yaml", lambda: fresh(wording.read)()),
    "questions of credibility": ("credibility/questions.yaml", lambda: fresh(wording.read)()),
    "measured": ("credibility/evidence.yaml", lambda: fresh(wording.read)()),
    "curated": ("review/curated.yaml", lambda: fresh(auditor.curated)()),
    "outline": ("review/outline.yaml", lambda: fresh(auditor._outline)()),
    "context": ("context/tumour-dynamics.yaml", lambda: fresh(context.tumour_dynamics)()),
    "language": ("languages/zh.yaml", lambda: fresh(language)("zh")),
    "terms": ("terms/zh.yaml", lambda: fresh(language)("zh")),
}


#: fewer of documents that take a fifth of a second each to be broken and read
LONG = {"forecasts": 50, "ensemble": 50}


def assumptions() -> None:
    from_study._shared.cache_clear()
    try:
        from_study.build(evidence.registry()["LEAP-008"])
    finally:
        from_study._shared.cache_clear()


def outcome_of(read: Callable[[], object], note: str) -> str:
    """ "well" or "refused"; fails with the seed for any other error, and for a document that takes too long."""
    began = time.process_time()
    try:
        read()
        said = "well"
    except NormoxiaError as error:
        said = "refused" if str(error) else "refused without a word"
    except Exception as error:
        raise AssertionError(f"{note}: {type(error).__name__}: {error}") from error
    assert said in ("well", "refused"), note
    assert time.process_time() - began < PATIENCE, f"{note}: took too long"
    return said


def tried(path: Path, read: Callable[[], object], seeds: range, name: str) -> list[str]:
    """What became of a document that stands at a path, broken in the ways of some seeds."""
    whole = path.read_text(encoding="utf-8")
    found = []
    for seed in seeds:
        text = broken(whole, seed)
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        found.append(outcome_of(read, f"{name}, seed {seed}"))
    path.write_text(whole, encoding="utf-8")
    return found


def placed(name: str, shelf: Path) -> tuple[Path, Callable[[], object]]:
    """Where a kind of document stands in a library of one's own, and what reads it there."""
    if name in KEPT:
        where, kept = KEPT[name]
        return shelf / where, kept
    where, own = OWN[name]
    path = shelf / where
    if Path(where).is_absolute():
        path = shelf / Path(where).name
        shutil.copy(where, path)
    return path, lambda: own(path)


def begin(name: str) -> int:
    """Where the seeds of a kind begin, so that no two kinds are broken alike."""
    return 100_000 * sorted({*OWN, *KEPT}).index(name)


@pytest.mark.parametrize("name", [*OWN, *KEPT])
def test_documents_that_are_whole_are_well(name: str, shelf: Path) -> None:
    path, read = placed(name, shelf)
    assert path.is_file()
    assert outcome_of(read, name) == "well"


@pytest.mark.parametrize("name", [*OWN, *KEPT])
def test_a_few_broken_documents_of_each_kind_are_refused_or_well(name: str, shelf: Path) -> None:
    path, read = placed(name, shelf)
    found = tried(path, read, range(begin(name), begin(name) + 6), name)
    assert "refused" in found


@pytest.mark.slow
@pytest.mark.parametrize("name", [*OWN, *KEPT])
def test_no_broken_document_ends_in_a_traceback(name: str, shelf: Path) -> None:
    """More than five thousand of 33 kinds: each must be refused by an error of ours, or be well."""
    path, read = placed(name, shelf)
    count = LONG.get(name, 165)
    found = tried(path, read, range(begin(name) + 100, begin(name) + 100 + count), name)
    assert found.count("refused") > len(found) / 4


@pytest.fixture(scope="module")
def archive() -> bytes:
    """Emulated trials of a few studies, small enough to be read a thousand times."""
    whole = EmulatedStudies.read(library.path("calibrations", "nsclc").with_name("emulated.npz"))
    some = list(whole.figures)[:2]
    return replace(
        whole,
        figures={s: whole.figures[s] for s in some},
        surfaces={s: whole.surfaces[s] for s in some},
    ).to_bytes()


def damage(archive: bytes, seeds: range, path: Path) -> list[str]:
    found = []
    for seed in seeds:
        path.write_bytes(damaged(archive, seed))
        found.append(outcome_of(lambda: EmulatedStudies.read(path), f"emulated.npz, seed {seed}"))
    return found


def test_a_damaged_archive_is_refused(archive: bytes, tmp_path: Path) -> None:
    path = tmp_path / "emulated.npz"
    path.write_bytes(archive)
    assert outcome_of(lambda: EmulatedStudies.read(path), "whole") == "well"
    assert damage(archive, range(30), path).count("refused") > 20


@pytest.mark.slow
def test_no_damaged_archive_ends_in_a_traceback(archive: bytes, tmp_path: Path) -> None:
    assert damage(archive, range(1000, 1500), tmp_path / "emulated.npz").count("refused") > 300


# --- texts by themselves ---------------------------------------------------------------------------------------------

REGIMENS = (
    "carboplatin AUC 6 q3w x4 + pemetrexed 500 mg/m2 q3w x4 then pemetrexed 500 mg/m2 q3w until progression",
    "(anlotinib 12 mg daily d1-14 q3w x1 then anlotinib 8 mg daily d1-14 q3w x1) x3 delayed 7 days until 100 days paused 14-21",
    "apatinib 250 mg twice daily, 2 weeks on, 1 week off",
    "gemcitabine 1250 mg/m2 on days 1, 8 and 15 of each 28-day cycle for up to 6 cycles",
)


@pytest.mark.parametrize("text", REGIMENS)
def test_no_broken_regimen_or_time_ends_in_a_traceback(text: str) -> None:
    for seed in range(150):
        chance = random.Random(seed)
        mutated = text
        for _ in range(chance.choice((1, 1, 3))):
            mutated = chance.choice(TEXTUAL)(
                mutated.replace(" ", "\n") if chance.random() < 0.3 else mutated, chance
            )
        for read in (pharmacology.regimen, expression.parse, read_times, in_days):
            outcome_of(partial(read, mutated), f"{read.__name__}, seed {seed}: {mutated[:200]!r}")


def in_days(text: str) -> None:
    convert(1.0, text[:20], "day")
