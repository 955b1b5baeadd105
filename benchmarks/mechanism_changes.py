"""What each correction of the mechanism does to seven trials, one correction added after another, uncalibrated.

python -m benchmarks.mechanism_changes --patients 480 > changes.md

Every row runs a copy of the package whose documents have the corrections that come later undone, by replacing the lines named in
`CHANGES`; a line that is no longer there is an error, so the list cannot go stale in silence. Arms have the same patients (twins), with the
same seed in every row, so that differences between rows are more exact than the differences to print.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
Floats = Any
PACKAGE = HERE.parent / "src" / "normoxia"

#: trials, with the sets of patients shown
TRIALS = {
    "impower150": ("ITT-WT",),
    "study:KEYNOTE-024": ("all",),
    "study:KEYNOTE-042": ("all", "1-49%", ">=50%"),
    "study:KEYNOTE-189": ("all",),
    str(HERE / "keynote-407.yaml"): ("all",),
    "study:OAK": ("all",),
    "orient-31": ("ITT",),
}


#: published figures in the columns of the table, from the registry; KEYNOTE-407 from doi:10.1056/NEJMoa1810865
PUBLISHED = {
    "ITT-WT: ABCP / BCP": "64, 48 | 8.3, 6.8 | 19.2, 14.7 | 0.62 | 0.80",
    "ITT-WT: ACP / BCP": "–, 48 | 6.3, 6.8 | 19.0, 14.7 | – | 0.84",
    "ITT-WT: ABCP / ACP": "64, – | 8.3, 6.3 | 19.2, 19.0 | – | –",
    "KEYNOTE-024, all": "45, 28 | 10.3, 6.0 | 26.3, 13.4 | 0.50 | 0.62",
    "KEYNOTE-042, all": "27, 27 | 5.4, 6.5 | 16.7, 12.1 | 1.07 | 0.79",
    "1-49%: pembro / chemo": "– | – | – | – | 0.91",
    ">=50%: pembro / chemo": "40, 32 | 7.1, 6.4 | 20.0, 12.2 | 0.81 | 0.68",
    "KEYNOTE-189, all": "48, 19 | 9.0, 4.9 | 22.0, 10.6 | 0.50 | 0.60",
    "keynote-407, all": "58, 38 | 6.4, 4.8 | 15.9, 11.3 | 0.56 | 0.64",
    "OAK, all": "14, 13 | 2.8, 4.0 | 13.8, 9.6 | 0.95 | 0.75",
    "ITT: A_sinti_bev_chemo / C_chemo": "44, 25 | 7.2, 4.3 | 21.1, 19.2 | 0.51 | –",
    "ITT: B_sinti_chemo / C_chemo": "–, 25 | 5.5, 4.3 | –, 19.2 | 0.72 | –",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A text of a document of the library and what stood there before the correction."""

    document: str
    now: str
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A correction: its title, and what undoes it."""

    title: str
    undo: tuple[Replacement, ...]


def _value(document: str, parameter: str, now: str, before: str) -> Replacement:
    return Replacement(
        document=document,
        now=f"  {parameter}: {{value: {now},",
        before=f"  {parameter}: {{value: {before},",
    )


_IMMUNITY, _VESSELS = "models/immunity.yaml", "models/vessels.yaml"
_PATIENTS = "populations/advanced-nsclc.yaml"


def _effect(now: str, before: str = "") -> Replacement:
    """An effect of the population document, by the beginning of its line; an empty text takes it out of force."""
    return Replacement(
        document=_PATIENTS, now=now, before=before or now.replace("{on: ", "{on: not_")
    )


CHANGES = (
    Change(
        title="mixture of freed and signalling contacts (C29)",
        undo=(
            Replacement(
                document=_IMMUNITY,
                now='"(1 - block)*s0/(1 + block*e_x*s0)"',
                before='"hs(PDL1*(1 - block), K_L)"',
            ),
            Replacement(
                document=_IMMUNITY,
                now='"(1 - block)*dn(s0, a_PD) + block*dn(0, a_PD)"',
                before='"dn(s, a_PD)"',
            ),
        ),
    ),
    Change(
        title="vessels are diluted by growth alone",
        undo=(
            Replacement(
                document=_VESSELS,
                now='"ramp((kg*gf - death_0)*N/(V*(1 - Df_0)), e_dil)"',
                before='"ramp(V_rate/V, e_dil)"',
            ),
        ),
    ),
    Change(
        title="thymus over years, no loss of lymphocytes",
        undo=(
            Replacement(
                document=_IMMUNITY,
                now="k_Tn: {value: 0.00037, unit: 1/day, kind: fixed, range: [0.00029, 0.00046]",
                before="k_Tn: {value: 0.01, unit: 1/day, kind: fixed, range: [0.003, 0.03]",
            ),
            _value(_IMMUNITY, "l_C", "0", "2"),
        ),
    ),
    Change(
        title="new lesions in half of progressions",
        undo=(_value("models/clinic.yaml", "h_nl", "0.005", "0.002"),),
    ),
    Change(
        title="PD-L1 classes, correlations, openness, induction, turnovers",
        undo=(
            _effect(
                '{"<1%": 0.48, "1-49%": 0.30, ">=50%": 0.22}',
                '{"<1%": 0.35, "1-49%": 0.35, ">=50%": 0.30}',
            ),
            _effect("{between: [pd_l1, kI], value: 0.5,", "{between: [pd_l1, kI], value: 0.76,"),
            _effect("{between: [pd_l1, x_inf], value: 0.3,", "{between: [pd_l1, x_inf], value: 0,"),
            Replacement(
                document=_IMMUNITY,
                now="{kind: lognormal, sd: 0.7}",
                before="{kind: lognormal, sd: 0.4}",
            ),
            _value("models/mediators.yaml", "a_PI", "1.25", "0.6"),
            _value(_IMMUNITY, "k_Tr", "0.087", "0.06"),
            _value(_IMMUNITY, "k_DC", "0.33", "0.25"),
        ),
    ),
    Change(
        title="squamous tumours, taxanes and pemetrexed by histology",
        undo=(
            _effect(
                "{on: gnet, when: {histology: squamous}, times: 1.9,",
                "{on: gnet, when: {histology: squamous}, times: 1.3,",
            ),
            _effect("{on: kC, when: {histology: squamous}"),
            _effect("{on: fC, when: {histology: squamous}"),
            _effect("{on: a_VH, when: {histology: squamous}"),
            _effect("{on: nab_paclitaxel_strength, when"),
            _effect("{on: pemetrexed_strength, when"),
        ),
    ),
    Change(
        title="later line, prior inhibitor, EGFR after TKI",
        undo=(
            _effect(
                "{on: kI, when: {egfr: mutant}, times: 0.15,",
                "{on: kI, when: {egfr: mutant}, times: 0.16,",
            ),
            _effect(
                "{on: kI, when: {prior_ici: 1}, times: 0.5,",
                "{on: kI, when: {prior_ici: 1}, times: 0.6,",
            ),
            _effect("{on: fI, when: {progressed_on_ici"),
            _effect("{on: gnet, when: {progressed_on_ici"),
            _effect(
                "{on: kC, when: {egfr: mutant}, times: 1.3,",
                "{on: kC, when: {egfr: mutant}, times: 1.26,",
            ),
            _effect("{on: gnet, when: {egfr: mutant, prior_tki: 1}"),
            _effect("{on: h_nl, when: {egfr: mutant, prior_tki: 1}"),
            _effect(
                "{on: gnet, when: {line: 2}, times: 1.3,",
                "{on: gnet, when: {line: 2}, times: 1.03,",
            ),
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a run gave for one set of patients and contrast.

    Attributes
    ----------
    response
        Percent of the experimental and of the control arm.
    progression_free, survival
        Medians in months, in the same order.
    hazard_ratio, hazard_ratio_error, survival_ratio
        Of progression or death and of death; the error is Cox's standard error of the first on the log scale, and the second's is larger.
    new_lesion
        Percent of first progressions that have a new lesion, over both arms.
    """

    response: tuple[float, float]
    progression_free: tuple[float, float]
    survival: tuple[float, float]
    hazard_ratio: float
    hazard_ratio_error: float
    survival_ratio: float
    new_lesion: float


def undone(later: tuple[Change, ...], folder: Path) -> Path:
    """A copy of the package with some corrections undone; gives the folder to import from.

    Raises
    ------
    LookupError
        For a text that does not stand in its document exactly once.
    """
    copy = folder / "normoxia"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for change in later:
        for item in change.undo:
            path = copy / "library" / item.document
            text = path.read_text(encoding="utf-8")
            if text.count(item.now) != 1:
                raise LookupError(
                    f'{item.document}: found "{item.now}" {text.count(item.now)} times, expected once; correct CHANGES in {__file__}'
                )
            path.write_text(text.replace(item.now, item.before), encoding="utf-8")
    return folder


def figures(name: str, sets: tuple[str, ...], patients: int, seed: int) -> dict[str, Figures]:
    """Figures of a trial by set and contrast, run with the package that is imported."""
    import numpy as np

    from normoxia import trial
    from normoxia.trial import endpoints
    from normoxia.trial.conduct.recist import Response

    protocol = trial.read(name)
    result = trial.run(protocol, seed=seed, patients=patients, workers=2)
    ends = endpoints.evaluate(result, protocol.criteria)
    arm = np.asarray(result.columns["arm"])
    progressed = (result.overall == Response.PD).any(axis=1) & ends.pfs_observed
    with_new = progressed & (np.asarray(result.columns["new_lesion"]) <= ends.pfs)
    printed = {}
    for analysed in protocol.sets:
        if analysed.id not in sets:
            continue
        inside = analysed.where.holds(result.covariates, result.n_rows)
        for contrast in protocol.contrasts:
            names = (contrast.experimental, contrast.control)
            one, other = (inside & (arm == result.arms.index(name)) for name in names)
            pfs, error = _ratio(ends.pfs, ends.pfs_observed, one, other)
            death, _ = _ratio(ends.os, ends.os_observed, one, other)
            printed[f"{analysed.id}: {names[0]} / {names[1]}"] = Figures(
                response=_pair(100 * float(ends.responded[rows].mean()) for rows in (one, other)),
                progression_free=_pair(
                    _median(ends.pfs[rows], ends.pfs_observed[rows]) for rows in (one, other)
                ),
                survival=_pair(
                    _median(ends.os[rows], ends.os_observed[rows]) for rows in (one, other)
                ),
                hazard_ratio=pfs,
                hazard_ratio_error=error,
                survival_ratio=death,
                new_lesion=100 * float(with_new[(one | other) & progressed].mean()),
            )
    return printed


def _pair(values: Iterable[float]) -> tuple[float, float]:
    one, other = values
    return one, other


def _ratio(time: Floats, observed: Floats, one: Floats, other: Floats) -> tuple[float, float]:
    """Cox's hazard ratio, and the standard error of its logarithm."""
    import numpy as np

    from normoxia import survival

    groups = [survival.TimeToEvent(time[rows], observed[rows]) for rows in (one, other)]
    ratio = survival.hazard_ratio(*groups)
    return ratio.value, float(np.log(ratio.high / ratio.low) / (2 * 1.959964))


def _median(time: Floats, observed: Floats) -> float:
    """Kaplan and Meier's median in months."""
    from normoxia import survival

    curve = survival.kaplan_meier(survival.TimeToEvent(time, observed))
    return float(curve.median.value) / survival.DAYS_PER_MONTH


def row(folder: Path, patients: int, seed: int) -> dict[str, dict[str, dict[str, object]]]:
    """Figures of all trials with the package in a folder, in an interpreter of its own."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.mechanism_changes",
        "--only",
        str(patients),
        str(seed),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(HERE.parent)])}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout)


def table(rows: Mapping[str, dict[str, dict[str, dict[str, object]]]]) -> str:
    """One table a trial, set and contrast, one line a row of corrections."""
    parts = []
    for name in TRIALS:
        first = next(iter(rows.values()))[name]
        for label in first:
            head = f"{Path(name).stem.removeprefix('study:')}, {label}"
            parts += [f"### {head}", "", _HEAD, _RULE]
            for title, figures_of in rows.items():
                parts.append(_line(title, figures_of[name][label]))
            parts += [
                f"| published | {text} | – |" for key, text in PUBLISHED.items() if key in head
            ]
            parts.append("")
    return "\n".join(parts)


_HEAD = "| with | response, % | PFS, months | OS, months | HR of PFS (error of log) | HR of OS | new lesion, % |"
_RULE = "|---|---|---|---|---|---|---|"


def _line(title: str, f: Mapping[str, Any]) -> str:
    two = (
        f"{f['response'][0]:.0f}, {f['response'][1]:.0f}",
        ", ".join(_months(value) for value in f["progression_free"]),
        ", ".join(_months(value) for value in f["survival"]),
    )
    ratio = f"{f['hazard_ratio']:.2f} ({f['hazard_ratio_error']:.2f})"
    cells = (title, *two, ratio, f"{f['survival_ratio']:.2f}", f"{f['new_lesion']:.0f}")
    return f"| {' | '.join(cells)} |"


def _months(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "not reached"


def main() -> None:
    """Run every row and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=480)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--package", type=Path, help="folder that holds an older normoxia, for a first row"
    )
    parser.add_argument("--only", type=int, nargs=2, metavar=("PATIENTS", "SEED"))
    asked = parser.parse_args()
    if asked.only:
        done = {name: figures(name, sets, *asked.only) for name, sets in TRIALS.items()}
        plain = {name: {k: asdict(v) for k, v in of.items()} for name, of in done.items()}
        sys.stdout.write(json.dumps(plain))
        return
    rows = {}
    if asked.package:
        rows["before, with the drugs before"] = row(asked.package, asked.patients, asked.seed)
    for n in range(len(CHANGES) + 1):
        with tempfile.TemporaryDirectory() as place:
            folder = undone(CHANGES[n:], Path(place))
            title = CHANGES[n - 1].title if n else "before"
            rows[f"+ {title}" if n else title] = row(folder, asked.patients, asked.seed)
    sys.stdout.write(table(rows))


if __name__ == "__main__":
    main()
