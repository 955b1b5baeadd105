"""Forecasts: planned trials run under the calibrated ensemble before their results are known, dated, hashed, stored, and scored later.

A forecast is what `trial.analyse` gives of many possible trials, each under a draw of the ensemble; nothing in it is fitted to the
design. Beside each simulated hazard ratio stands the one combined with the component model (`combined`). The stored document names everything that made it, and its digest stands in docs/method/forecasts.md.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from normoxia import __version__, documents, library
from normoxia.calibration import combined
from normoxia.calibration.fitting.ensemble import Ensemble
from normoxia.calibration.scoring import baselines, choice, components
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidArgument, InvalidDocument, UnknownName
from normoxia.language import Message
from normoxia.outcome import Endpoint, Estimate, Measure, Outcome
from normoxia.progress import Progress, silent
from normoxia.trial import analysis, runner
from normoxia.trial.combined import CombinedRatio
from normoxia.trial.making import borrowed_parameters, designs
from normoxia.trial.making.designs import TrialDesign
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult

SCHEMA = "normoxia.forecasts/2"
#: documents that can be read; the first kind has no combined hazard ratios
READABLE = ("normoxia.forecasts/1", SCHEMA)
#: origin of a hazard ratio that is half simulated, half the component model's
COMBINED = "joined"
#: possible trials a forecast is read from
REPLICATES = 40
#: outcomes that are forecast
_ENDPOINTS = (Endpoint.ORR, Endpoint.PFS, Endpoint.OS, Endpoint.TRAE3)
#: names of stored sets begin so, and end with their day
_STORED = "forecasts-"
#: a number beyond which a median is said not to be reached, months
_FARTHEST = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What was predicted of one design.

    limits           those of the design, and where a combined ratio is not by components
    outcomes         medians in months, rates in percent, hazard ratios, each with its 95 % interval; populations are
                     protocols of the design. The origin distinguishes a `COMBINED` hazard ratio from a simulated one
    protocol_sha256  digests of the protocols, by name
    digest           SHA-256 of the outcomes as stored
    """

    design: str
    outcomes: tuple[Outcome, ...]
    limits: tuple[str, ...]
    protocol_sha256: Mapping[str, str]
    digest: str


@dataclass(frozen=True, slots=True)
class Forecasts:
    """A stored set of forecasts: when and with what they were made."""

    date: str
    ensemble: str
    made_with: Mapping[str, Any]
    forecasts: tuple[Forecast, ...]

    def of(self, design: str) -> Forecast:
        """The forecast of a design, capitals and punctuation aside. Raises UnknownName."""
        wanted = plain_name(design)
        for forecast in self.forecasts:
            if plain_name(forecast.design) == wanted:
                return forecast
        raise UnknownName(
            "forecast",
            design,
            (f.design for f in self.forecasts),
            remedy="normoxia forecast lists them",
        )


def forecast(
    design: TrialDesign,
    calibrated: Ensemble,
    seed: int,
    *,
    replicates: int = REPLICATES,
    workers: int = 1,
    progress: Progress = silent,
) -> Forecast:
    """Run a design's protocols under the ensemble.

    raises  InvalidArgument for a design that is refused, or fewer than eight replicates
    """
    if design.refused:
        raise InvalidArgument(f"{design.id}: {design.refused}")
    if replicates < combined.FEWEST:
        raise InvalidArgument(f"found {replicates} replicates; a forecast needs eight or more")
    cohorts = [designs.read(name) for name in design.protocols]
    results = [
        _run(trial, calibrated, seed + i, replicates, workers, progress)
        for i, trial in enumerate(cohorts)
    ]
    found: list[Outcome] = []
    limits = list(design.limits)
    pairs = list(zip(cohorts, results, strict=True))
    for trial, result in (
        [designs.together(cohorts, results, design.id)] if design.pooled else pairs
    ):
        combined_ratios = (
            combined.of_run(result, trial) if not design.pooled or _alike(cohorts) else ()
        )
        found += _kept(design, trial, result, combined_ratios)
        limits += _stand_ins(combined_ratios)
    digests = {trial.id: hashlib.sha256(trial.text.encode()).hexdigest() for trial in cohorts}
    return Forecast(
        design=design.id,
        outcomes=tuple(found),
        limits=tuple(dict.fromkeys(limits)),
        protocol_sha256=digests,
        digest=_digest(found),
    )


def _run(
    trial: Trial, calibrated: Ensemble, seed: int, replicates: int, workers: int, progress: Progress
) -> TrialResult:
    settings = calibrated.settings(replicates, seed, single_arm=len(trial.arms) == 1)
    return runner.run(
        trial,
        seed=seed,
        replicates=replicates,
        workers=workers,
        progress=progress,
        settings=[borrowed_parameters.fill_borrowed(setting) for setting in settings],
        ensemble=calibrated.provenance(),
    )


def _alike(cohorts: Sequence[Trial]) -> bool:
    """Whether cohorts give each arm the same components; else no single sum of them is the pooled trial's."""
    return all(
        components.parts(cohort.arm(arm.id)) == components.parts(arm)
        for cohort in cohorts
        for arm in cohorts[0].arms
    )


def _stand_ins(combined_ratios: Sequence[CombinedRatio]) -> list[str]:
    """Where the part that is not mechanism is no sum of components."""
    keys = {baselines.CLASS_MEAN: "forecast.class_mean", baselines.CONSTANT: "forecast.mean_of_all"}
    return [
        Message(keys[one.by], arm=one.mechanism.arm, comparator=one.mechanism.comparator)
        for one in combined_ratios
        if one.by in keys and one.way == choice.COMBINED
    ]


def _kept(
    design: TrialDesign,
    trial: Trial,
    result: TrialResult,
    combined_ratios: Sequence[CombinedRatio] = (),
) -> list[Outcome]:
    """Outcomes worth storing: of everybody, for the endpoints asked; of ratios alone where the design says so.

    combined_ratios  hazard ratios combined with the component model's, which are kept too, each after the simulated one
    """
    everybody = trial.sets[0].id
    both_of = {one.key: one.joined for one in combined_ratios}
    kept = []
    for o in analysis.analyse(result, trial):
        ratio = o.measure is Measure.HAZARD_RATIO
        if (
            o.population != everybody
            or o.endpoint not in _ENDPOINTS
            or (design.ratios_only and not ratio)
        ):
            continue
        simulated = replace(o, trial=design.id, population=trial.id, estimate=_rounded(o.estimate))
        kept.append(simulated)
        both = both_of.get((o.population, o.endpoint, o.arm, o.comparator)) if ratio else None
        if both is not None:
            kept.append(replace(simulated, estimate=_rounded(both), origin=COMBINED))
    return kept


def _rounded(estimate: Estimate) -> Estimate:
    """Three significant digits, and "not reached" for medians beyond any follow-up."""

    def three(value: float) -> float:
        if not math.isfinite(value) or value > _FARTHEST:
            return math.inf if value > 0 else value
        return float(f"{value:.3g}")

    return Estimate(
        three(estimate.value), three(estimate.low), three(estimate.high), estimate.level
    )


# --- the stored document ---------------------------------------------------------------------------------------------


def document(
    forecasts: Iterable[Forecast], calibrated: Ensemble, seed: int, replicates: int, date: str = ""
) -> str:
    """Forecasts as text, with what made them."""
    when = date or datetime.date.today().isoformat()
    head = {
        "forecasts": SCHEMA,
        "date": when,
        "ensemble_sha256": calibrated.digest,
        "made_with": {"normoxia": __version__, "seed": seed, "replicates": replicates},
    }
    body = [
        {
            "design": f.design,
            "protocol_sha256": dict(f.protocol_sha256),
            "limits": list(f.limits),
            "outcomes": [_row(o) for o in f.outcomes],
            "sha256": f.digest,
        }
        for f in forecasts
    ]
    return documents.write({**head, "designs": body})


def stored() -> tuple[str, ...]:
    """Names of the shipped sets of forecasts, the oldest first."""
    return tuple(
        sorted(
            p.stem for p in library.path("calibrations", "nsclc").parent.glob(f"{_STORED}*.yaml")
        )
    )


def of_day(day: str | None) -> Path | None:
    """Where the forecasts stored on a day are, None for no day. Raises UnknownName with the days there are."""
    if day is None:
        return None
    days = [name.removeprefix(_STORED) for name in stored()]
    if day not in days:
        raise UnknownName(
            "day of stored forecasts", day, days, remedy=f"stored are {', '.join(days)}"
        )
    return library.path("calibrations", _STORED + day)


def read(path: str | Path | None = None) -> Forecasts:
    """A stored set of forecasts; the latest shipped one when omitted.

    raises  InvalidDocument for a file that is none, or in which a forecast was changed after it was made
    """
    if path is None:
        names = stored()
        if not names:
            raise InvalidArgument(
                "no forecasts are shipped; make them with `normoxia forecast --make --all --file FILE`"
            )
        path = library.path("calibrations", names[-1])
    findings = Findings()
    root = documents.load(path)
    got = root.fields(findings, ("forecasts", "date", "ensemble_sha256", "made_with", "designs"))
    findings.raise_any(InvalidDocument)
    got["forecasts"].text(findings, READABLE)
    read_all = tuple(_forecast(node, findings) for node in got["designs"].items(findings))
    findings.raise_any(InvalidDocument)
    made: Any = got["made_with"].plain()
    return Forecasts(
        str(got["date"].plain()), got["ensemble_sha256"].text(findings), made, read_all
    )


def _forecast(node: Node, findings: Findings) -> Forecast:
    got = node.fields(findings, ("design", "protocol_sha256", "limits", "outcomes", "sha256"))
    findings.raise_any(InvalidDocument)
    rows: Any = got["outcomes"].plain()
    name = got["design"].text(findings)
    with documents.laid_out(got["outcomes"].place, "outcomes of a forecast"):
        outcomes = tuple(
            Outcome(
                name,
                r["population"],
                Endpoint(r["endpoint"]),
                Measure(r["measure"]),
                Estimate(_number(r["value"]), _number(r["low"]), _number(r["high"])),
                r["arm"],
                r.get("comparator", ""),
                float(r.get("months", math.nan)),
                int(r["n"]),
                r.get("origin", "simulated"),
            )
            for r in rows
        )
    digest = got["sha256"].text(findings)
    if digest != _digest(outcomes):
        findings.note(
            got["sha256"].place,
            f"the forecast of {name} does not match its digest",
            "restore it as it was made",
        )
    protocols: Any = got["protocol_sha256"].plain()
    limits = tuple(entry.text(findings) for entry in got["limits"].items(findings))
    return Forecast(
        design=name, outcomes=outcomes, limits=limits, protocol_sha256=protocols, digest=digest
    )


def _row(o: Outcome) -> dict[str, object]:
    row: dict[str, object] = {
        "population": o.population,
        "endpoint": o.endpoint.value,
        "measure": o.measure.value,
        "arm": o.arm,
    }
    if o.comparator:
        row["comparator"] = o.comparator
    if not math.isnan(o.months):
        row["months"] = o.months
    ends = (o.estimate.value, o.estimate.low, o.estimate.high)
    row |= {key: _said(v) for key, v in zip(("value", "low", "high"), ends, strict=True)}
    row["n"] = o.n
    # simulated ones say nothing of it, as in documents and digests from before there were others
    return row if o.origin == "simulated" else {**row, "origin": o.origin}


def _said(value: float) -> float | str:
    return value if math.isfinite(value) else ("not reached" if value > 0 else "not known")


def _number(value: float | str) -> float:
    if isinstance(value, str):
        return math.inf if value == "not reached" else math.nan
    return float(value)


def _digest(outcomes: Iterable[Outcome]) -> str:
    rows = [_row(o) for o in outcomes]
    return hashlib.sha256(json.dumps(rows, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def all_of(
    calibrated: Ensemble,
    seed: int,
    *,
    replicates: int = REPLICATES,
    workers: int = 1,
    chosen: Sequence[TrialDesign] = (),
    progress: Progress = silent,
) -> tuple[Forecast, ...]:
    """Forecasts of every design that is not refused, or of those chosen; each from a seed of its own."""
    known = designs.forecasts()
    seeds = {d.id: seed + 100 * i for i, d in enumerate(known)}
    return tuple(
        forecast(
            d, calibrated, seeds[d.id], replicates=replicates, workers=workers, progress=progress
        )
        for d in (chosen or known)
        if not d.refused
    )


def plain_name(name: str) -> str:
    """A design's name without capitals and punctuation, as names are compared."""
    return "".join(c for c in name.lower() if c.isalnum())
