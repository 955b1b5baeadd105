"""The registry as tables: flat outcomes, the columns netmeta and RevMan expect, and files of them.

Rows are dictionaries; a table is a tuple of rows with the same keys. Only standing published numbers go out: what was
superseded, recalled, adjusted or derived stays in, unless derived values are asked for and then say so in `origin`.
"""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

from normoxia.errors import InvalidArgument, OutputExists
from normoxia.evidence.studies.registry import Registry
from normoxia.evidence.studies.reported import Arm
from normoxia.evidence.studies.rounding import counts
from normoxia.evidence.studies.study import Study
from normoxia.evidence.synthesis.model.all_pairs import BASIS, all_pairs
from normoxia.evidence.synthesis.model.contrasts import Contrast
from normoxia.outcome import Endpoint, Measure, Outcome
from normoxia.sheets import csv_text
from normoxia.storage import write_whole

Row = Mapping[str, str | float | int]
#: how an arm becomes a node of a network
Node = Callable[[Arm], str]

_ORDER = ("ICI", "bispecific", "VEGF antibody", "VEGFR TKI", "endostatin", "chemotherapy")


def node(arm: Arm) -> str:
    """The arm as a node of a network of components, such as "ICI + VEGF antibody + chemotherapy"; "placebo" for none."""
    parts = sorted(
        arm.components,
        key=lambda part: (_ORDER.index(part) if part in _ORDER else len(_ORDER), part),
    )
    return " + ".join(parts) or "placebo"


def outcome_rows(
    registry: Registry, *, best: bool = False, derived: bool = False
) -> tuple[Row, ...]:
    """Every outcome as a row: study, population, arm, endpoint, measure, value, interval, n, origin, source.

    best     only the best published value of each (see `Study.published`)
    derived  also what was computed from published data, with origin "derived"
    """
    rows = []
    for study in registry:
        for o in study.published() if best else study.outcomes(derived=derived):
            rows.append(
                {
                    "study": o.trial,
                    "population": o.population,
                    "endpoint": o.endpoint.value,
                    "measure": o.measure.value,
                    "arm": o.arm,
                    "comparator": o.comparator,
                    "months": o.months,
                    "value": o.estimate.value,
                    "low": o.estimate.low,
                    "high": o.estimate.high,
                    "level": o.estimate.level,
                    "n": o.n or math.nan,
                    "origin": o.origin,
                    "source": o.source.reference if o.source else "",
                    "place": o.source.place if o.source else "",
                }
            )
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class ContrastTable:
    """A contrast table, and the studies it had to leave out with the reason of each."""

    rows: tuple[Row, ...]
    refused: Mapping[str, str]


def netmeta_contrasts(
    registry: Registry,
    endpoint: Endpoint | str,
    population: Mapping[str, str] | None = None,
    node: Node = node,
) -> tuple[Row, ...]:
    """The rows of `netmeta_table`."""
    return netmeta_table(registry, endpoint, population, node).rows


def netmeta_table(
    registry: Registry,
    endpoint: Endpoint | str,
    population: Mapping[str, str] | None = None,
    node: Node = node,
) -> ContrastTable:
    """Contrasts in the columns of netmeta's `netmeta()`: studlab, treat1, treat2, TE, seTE (log hazard ratio).

    population  set of patients to take per study id; without an entry, the first that has the endpoint
    node        names the node of an arm
    Contrasts without an interval have no standard error and are left out. netmeta wants every pair of a study with several
    arms: pairs that are not printed are derived (see `all_pairs`), with `origin` "derived" and `basis` saying from what; a
    study in which that cannot be done is left out whole and named in `refused`. Where arms of one study fall on one node, such
    as two doses, they are told apart by the arm's name behind it, since a study cannot give one contrast twice; arms pooled
    from others that are there themselves stay out, since their patients would count twice.
    """
    rows: list[Row] = []
    refused: dict[str, str] = {}
    for study in registry:
        chosen = _once(study, _contrasts(study, endpoint, (population or {}).get(study.id)))
        names = _apart(study, dict.fromkeys(n for o in chosen for n in (o.arm, o.comparator)), node)
        printed = [
            Contrast(
                study.id,
                names[o.arm],
                names[o.comparator],
                math.log(o.estimate.value),
                standard_error(o),
            )
            for o in chosen
        ]
        pairs = all_pairs(printed, {name: _patients(study, arm) for arm, name in names.items()})
        if pairs.refused:
            refused[study.id] = pairs.refused
            continue
        for origin, basis, members in (
            ("published", "interval", pairs.published),
            ("derived", BASIS, pairs.derived),
        ):
            rows += [
                {
                    "studlab": c.study,
                    "treat1": c.treatment,
                    "treat2": c.comparator,
                    "TE": c.estimate,
                    "seTE": c.se,
                    "origin": origin,
                    "basis": basis,
                }
                for c in members
            ]
    return ContrastTable(tuple(rows), refused)


def netmeta_arms(
    registry: Registry,
    endpoint: Endpoint | str,
    population: Mapping[str, str] | None = None,
    node: Node = node,
) -> tuple[Row, ...]:
    """Arms in the columns of netmeta's `pairwise()`: studlab, treatment, event, n, for endpoints that are rates.

    The event count is the whole number that prints as the published percentage. Where none does, the nearest is taken and
    `exact` is 0; `normoxia evidence audit` lists these. Arms without a known denominator are left out.
    """
    rows: list[Row] = []
    for study in registry:
        chosen = _rates(study, endpoint, (population or {}).get(study.id))
        names = _apart(study, dict.fromkeys(o.arm for o in chosen), node)
        for o in chosen:
            share = o.estimate.value * o.n / 100.0
            exact = counts(o.estimate.value, o.n)
            event = sorted((abs(k - share), k) for k in exact)[0][1] if exact else round(share)
            rows.append(
                {
                    "studlab": study.id,
                    "treatment": names[o.arm],
                    "event": event,
                    "n": o.n,
                    "exact": int(bool(exact)),
                }
            )
    return tuple(rows)


def revman_contrasts(
    registry: Registry, endpoint: Endpoint | str, population: Mapping[str, str] | None = None
) -> tuple[Row, ...]:
    """Contrasts in RevMan's columns for a generic inverse-variance outcome.

    Totals are the arms' only where the contrast is of all who were randomised; of a part of them they are left empty.
    """
    rows: list[Row] = []
    for study in registry:
        everyone = sum(arm.n for arm in study.arms)
        whole = {p.set for p in study.populations if p.n == everyone}
        for o in _contrasts(study, endpoint, (population or {}).get(study.id)):
            sizes = (
                {arm.id: arm.n or math.nan for arm in study.arms} if o.population in whole else {}
            )
            rows.append(
                {
                    "Study": study.id,
                    "Experimental": o.arm,
                    "Control": o.comparator,
                    "log[Hazard Ratio]": math.log(o.estimate.value),
                    "SE": standard_error(o),
                    "Experimental Total": sizes.get(o.arm, math.nan),
                    "Control Total": sizes.get(o.comparator, math.nan),
                }
            )
    return tuple(rows)


def revman_rates(
    registry: Registry, endpoint: Endpoint | str, population: Mapping[str, str] | None = None
) -> tuple[Row, ...]:
    """Pairs of arms in RevMan's columns for a dichotomous outcome; every arm against the last of its study."""
    rows: list[Row] = []
    for study in registry:
        arms = list(netmeta_arms(Registry((study,)), endpoint, population, node=lambda arm: arm.id))
        for arm in arms[:-1]:
            rows.append(
                {
                    "Study": study.id,
                    "Experimental": arm["treatment"],
                    "Control": arms[-1]["treatment"],
                    "Experimental Events": arm["event"],
                    "Experimental Total": arm["n"],
                    "Control Events": arms[-1]["event"],
                    "Control Total": arms[-1]["n"],
                }
            )
    return tuple(rows)


def curve_rows(registry: Registry) -> tuple[Row, ...]:
    """The digitised curves, point by point: study, population, endpoint, arm, n, events, month, survival, at risk."""
    return tuple(
        {
            "study": study.id,
            "population": population.id,
            "of": curve.population,
            "endpoint": curve.endpoint.value,
            "arm": curve.arm,
            "n": curve.n,
            "events": curve.events,
            "month": month,
            "survival_percent": percent,
            "at_risk": at_risk,
            "origin": "derived",
            "source": curve.source,
        }
        for study in registry
        for population in study.populations
        for curve in population.curves
        for month, percent, at_risk in curve.points
    )


def write(rows: Sequence[Row], path: str | Path, *, overwrite: bool = False) -> Path:
    """Write a table as CSV or Parquet, by the ending of the path; missing numbers are empty.

    In CSV a name that a spreadsheet would take for a formula has an apostrophe in front, see `sheets.writing`.

    raises  OutputExists for a file that is there, InvalidArgument for no rows or another ending
    """
    target = Path(path)
    if not rows:
        raise InvalidArgument(f"{target}: no rows to write; widen the filters")
    if target.exists() and not overwrite:
        raise OutputExists(f"{target} exists; name another file or move this one away")
    if target.suffix == ".csv":
        columns = list(rows[0])
        text = csv_text(columns, ([row[column] for column in columns] for row in rows), end="\r\n")
        write_whole(target, text.encode())
    elif target.suffix == ".parquet":
        import polars

        told = [
            {key: None if _is_missing(value) else value for key, value in row.items()}
            for row in rows
        ]
        whole = io.BytesIO()
        polars.DataFrame(told, infer_schema_length=None).write_parquet(whole)
        write_whole(target, whole.getvalue())
    else:
        raise InvalidArgument(f'{target}: ends in "{target.suffix}"; use .csv or .parquet')
    return target


def standard_error(outcome: Outcome) -> float:
    """Standard error of a ratio's logarithm, from its interval: (log high - log low) / 2z; nan without an interval.

    source  Higgins et al. (eds), Cochrane Handbook 6.3, section 6.3.2
    """
    e = outcome.estimate
    if not e.has_interval or e.low <= 0.0 or math.isinf(e.high):
        return math.nan
    return (math.log(e.high) - math.log(e.low)) / (2.0 * NormalDist().inv_cdf(0.5 + 0.5 * e.level))


def _contrasts(study: Study, endpoint: Endpoint | str, population: str | None) -> list[Outcome]:
    found = [
        o
        for o in study.published()
        if o.measure is Measure.HAZARD_RATIO
        and o.endpoint == endpoint
        and not math.isnan(standard_error(o))
    ]
    return _of_one_population(found, population)


def _rates(study: Study, endpoint: Endpoint | str, population: str | None) -> list[Outcome]:
    found = [
        o
        for o in study.published()
        if o.measure is Measure.PERCENT and o.endpoint == endpoint and o.n
    ]
    order = [arm.id for arm in study.arms]
    chosen = _of_one_population(found, population)
    return sorted(chosen, key=lambda o: order.index(o.arm) if o.arm in order else len(order))


def _of_one_population(found: list[Outcome], population: str | None) -> list[Outcome]:
    chosen = population or (found[0].population if found else "")
    return [o for o in found if o.population == chosen]


def _apart(study: Study, arms: Iterable[str], node: Node) -> dict[str, str]:
    """The node of each arm; with the arm's name where another arm of the study has the same."""
    nodes = {arm: _node_of(study, arm, node) for arm in arms}
    shared = Counter(nodes.values())
    return {arm: name if shared[name] == 1 else f"{name} ({arm})" for arm, name in nodes.items()}


def _node_of(study: Study, name: str, node: Node) -> str:
    members = study.pools.get(name)
    return node(study.arm(members[0] if members else name))


def _once(study: Study, contrasts: list[Outcome]) -> list[Outcome]:
    """The contrasts without those of an arm pooled from arms that have contrasts of their own."""
    own = {name for o in contrasts for name in (o.arm, o.comparator)}
    twice = {pool for pool, members in study.pools.items() if own.intersection(members)}
    return [o for o in contrasts if not twice.intersection((o.arm, o.comparator))]


def _patients(study: Study, name: str) -> float:
    """Patients randomised to an arm, or to the arms pooled in it; nan where one is not known."""
    sizes = [study.arm(member).n for member in study.pools.get(name) or (name,)]
    return float(sum(sizes)) if all(sizes) else math.nan


def _is_missing(value: str | float | int) -> bool:
    return isinstance(value, float) and math.isnan(value)
