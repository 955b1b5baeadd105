"""The registry and its audit as plain dictionaries (for `--json`) and as lines of text (for a terminal), in two languages.

Words of closed lists are said by the catalogue, the registry's own wording by the list of terms. Quotations, citations, ids of arms
and populations, and identifiers stay as they are.
"""

from __future__ import annotations

import math
from collections import Counter

from normoxia.errors import InvalidArgument
from normoxia.evidence.auditing.auditor import audit
from normoxia.evidence.auditing.discrepancy import describe, of_figure, printed
from normoxia.evidence.auditing.second_reader import NAME as SECOND_READER
from normoxia.evidence.studies import characteristics
from normoxia.evidence.studies.checks import check
from normoxia.evidence.studies.registry import Registry, is_shipped
from normoxia.evidence.studies.reported import REVIEW, Arm, ReportedOutcome
from normoxia.evidence.studies.study import Population, Study
from normoxia.language import Language
from normoxia.language import language as spoken
from normoxia.outcome import Estimate

#: version of the shape of every dictionary made here
SCHEMA = 1
LANGUAGES = ("en", "zh")


def listing(
    registry: Registry, *, language: str = "en", questions: bool = True, **filters: str | None
) -> dict[str, object]:
    """The studies that fit the filters.

    Parameters
    ----------
    registry
        The studies to choose from.
    language
        Of the values that are words or wording; filters, ids and classes stay as the registry writes them.
    questions
        Whether the second reader is asked about shipped studies too, which takes longer than everything else.
    **filters
        As in `Registry.select`.

    Returns
    -------
    dict
        ``{schema, language, filters, studies[]}``.

    Raises
    ------
    UnknownName
        As `Registry.select` does.
    """
    speech = _speech(language)
    chosen = registry.select(**filters)
    counts = Counter(discrepancy.study for discrepancy in audit(chosen))
    return {
        "schema": SCHEMA,
        "language": language,
        "filters": {name: value for name, value in filters.items() if value is not None},
        "studies": [
            _row(study, counts[study.id], speech, asked=questions or not is_shipped(study))
            for study in chosen
        ],
    }


def audit_report(registry: Registry, language: str = "en") -> dict[str, object]:
    """Every discrepancy, as `{schema, language, counts, findings[] {study, item, values, places, consequence, found_by}}`."""
    speech = _speech(language)
    found = audit(registry)
    return {
        "schema": SCHEMA,
        "language": language,
        "counts": dict(sorted(Counter(discrepancy.found_by for discrepancy in found).items())),
        "findings": [
            {
                "study": discrepancy.study,
                "item": speech.term(discrepancy.item),
                "values": [speech.render(value) for value in discrepancy.values],
                "places": [speech.render(place) for place in discrepancy.places],
                "consequence": speech.render(discrepancy.consequence),
                "found_by": discrepancy.found_by,
            }
            for discrepancy in found
        ],
    }


def found_by(name: str, language: str) -> str:
    """Who found a discrepancy, in a language: the rule of a `found_by`, or a reader."""
    speech = _speech(language)
    if language == "en" or not name.startswith("rule:"):
        return speech.word("finder", name)
    return speech.say("registry.rule", name=speech.word("rule", name.removeprefix("rule:")))


def show(study: Study, language: str = "en") -> tuple[str, ...]:
    """A study as lines of text: setting, arms, what was reported, what is derived or unverified, what does not agree."""
    speech = _speech(language)
    own = Registry((study,))
    lines = [f"{study.id}  {speech.term(study.title)}", _headline(study, speech)]
    lines += _section("setting", speech, _setting(study, speech))
    lines += _section("arms", speech, [_arm(arm, speech) for arm in study.arms])
    for population in study.populations:
        if rows := _results(population, speech):
            heading = speech.say("registry.results", population=_population(population, speech))
            lines += [heading, *(f"  {row}" for row in rows)]
    lines += _section("derived", speech, _curves(study, speech))
    lines += _section("over_time", speech, _over_time(study, speech))
    lines += _section("unverified", speech, _unverified(study, speech))
    lines += _section("review", speech, _review(study, speech))
    found = [d for d in audit(own) if d.study == study.id and d.found_by != f"rule:{SECOND_READER}"]
    lines += _section(
        "audit",
        speech,
        [
            f"{speech.term(d.item)}: {' | '.join(map(speech.render, d.values))} -- {speech.render(d.consequence)} "
            f"[{found_by(d.found_by, language)}]"
            for d in found
        ],
    )
    lines += _section(
        "check", speech, [f"{f.place.key}: {speech.render(f.found)}" for f in check(study)]
    )
    lines += _section("sources", speech, [f"{r.key}: {r.shown}" for r in study.sources.values()])
    return tuple(lines)


def _speech(language: str) -> Language:
    if language not in LANGUAGES:
        raise InvalidArgument(
            f'"{language}" is no language of the registry; use {" or ".join(LANGUAGES)}'
        )
    return spoken(language)


def _row(study: Study, discrepancies: int, speech: Language, *, asked: bool) -> dict[str, object]:
    setting = study.setting
    return {
        "id": study.id,
        "title": speech.term(study.title),
        "group": speech.word("group", study.group),
        "phase": study.phase,
        "design": speech.term(study.design),
        "identifiers": [speech.term(name) for name in study.identifiers],
        "line": speech.word("line", setting.line),
        "histology": speech.word("histology", setting.histology),
        "egfr": speech.word("driver", setting.driver),
        "pdl1": speech.word("pdl1", setting.pdl1),
        "selection": setting.selection,
        "masking": speech.word("masking", characteristics.masking(study)),
        "assessment": speech.word("assessment", characteristics.assessment(study)),
        "region": speech.word("region", characteristics.region(study)),
        "year": characteristics.year(study) or None,
        "primary_endpoints": [speech.term(endpoint) for endpoint in study.primary_endpoints],
        "primary_endpoint_met": speech.word("primary_endpoint", study.primary_endpoint_met),
        "n": max((p.n for p in study.populations), default=0) or sum(arm.n for arm in study.arms),
        "arms": [
            {
                "id": arm.id,
                "label": speech.term(arm.label),
                "n": arm.n,
                "regimen": [speech.term(item) for item in arm.regimen],
                "classes": list(arm.classes),
            }
            for arm in study.arms
        ],
        "populations": [population.id for population in study.populations],
        "outcomes": len(study.outcomes()),
        "unverified": len(study.unverified),
        "discrepancies": discrepancies,
        "questions": [
            f"{finding.place.key}: {speech.render(finding.found)}"
            for finding in (check(study) if asked else ())
        ],
        "is_shipped": is_shipped(study),
    }


def _section(key: str, speech: Language, rows: list[str]) -> list[str]:
    return [speech.say(f"registry.{key}"), *(f"  {row}" for row in rows)] if rows else []


def _headline(study: Study, speech: Language) -> str:
    phase = speech.say("registry.phase", phase=study.phase) if study.phase else ""
    names = speech.say("pool.comma").join(speech.term(name) for name in study.identifiers)
    parts = (phase, speech.term(study.design), names)
    return speech.say("pool.semicolon").join(part for part in parts if part)


def _setting(study: Study, speech: Language) -> list[str]:
    rows = []
    for key in ("line", "histology", "driver", "pdl1", "selection"):
        value = getattr(study.setting, key)
        if value:
            stated = study.setting.stated.get(key)
            row = f"{speech.say(f'registry.{key}')}: {speech.word(key, value)}"
            rows.append(row + (f" ({speech.term(stated)})" if stated else ""))
    if study.primary_endpoints:
        ends = speech.say("pool.comma").join(
            speech.term(endpoint) for endpoint in study.primary_endpoints
        )
        met = speech.word("primary_endpoint", study.primary_endpoint_met)
        rows.append(f"{speech.say('registry.primary')}: {ends}: {met}")
    return rows


def _arm(arm: Arm, speech: Language) -> str:
    size = f" (n = {arm.n})" if arm.n else ""
    return f"{arm.id}{size}: {'; '.join(speech.term(item) for item in arm.regimen)}"


def _population(population: Population, speech: Language) -> str:
    size = f"n = {population.n}" if population.n else ""
    told = ", ".join(part for part in (speech.term(population.definition), size) if part)
    return f"{population.id} ({told})"


def _results(population: Population, speech: Language) -> list[str]:
    rows = []
    for r in population.reported:
        value = "" if math.isnan(r.estimate.value) else " " + speech.render(describe(r))
        p = f", p {speech.term(r.p)}" if r.p else ""
        marks = [
            speech.say("registry.grade", grades=speech.term(r.grades)) if r.grades else "",
            speech.say("registry.adjusted", what=speech.term(r.adjusted)) if r.adjusted else "",
            speech.say("registry.derived") if r.derived else "",
            speech.say("registry.superseded", why=speech.term(r.superseded))
            if r.superseded
            else "",
            speech.term(r.note),
        ]
        tail = speech.say("pool.semicolon").join(mark for mark in marks if mark)
        source = speech.say("registry.the_review") if r.source == REVIEW else r.source
        rows.append(f"{_quantity(r, speech)}:{value}{p} [{source}]" + (f" {tail}" if tail else ""))
    return rows


def _quantity(r: ReportedOutcome, speech: Language) -> str:
    """What a reported number is, and of whom."""
    what = speech.word("endpoint", r.endpoint)
    if not r.comparator:
        if not math.isnan(r.months):
            what = speech.say("registry.landmark", what=what, months=f"{r.months:g}")
        return f"{what} {r.arm}"
    what = speech.say("registry.hazard_ratio", endpoint=what)
    if not math.isnan(r.months):
        what = speech.say("registry.landmark", what=what, months=f"{r.months:g}")
    return f"{what} {speech.say('registry.against', one=r.arm, other=r.comparator)}"


def _curves(study: Study, speech: Language) -> list[str]:
    return [
        speech.say(
            "registry.curve",
            endpoint=speech.word("endpoint", curve.endpoint),
            arm=curve.arm,
            population=speech.term(curve.population),
            n=curve.n,
            source=curve.source,
            points=speech.say("pool.comma").join(
                speech.say("registry.point", percent=f"{percent:g}", month=f"{month:g}")
                for month, percent, _ in curve.points
            ),
        )
        for population in study.populations
        for curve in population.curves
    ]


def _over_time(study: Study, speech: Language) -> list[str]:
    """Two arms told by restricted mean, by periods and by one ratio; what to read first stands first."""
    from normoxia.evidence.synthesis.judgement.proportionality import over_time
    from normoxia.survival import DAYS_PER_MONTH

    def months(days: float) -> str:
        return f"{days / DAYS_PER_MONTH:.3g}"

    say, rows = speech.say, []
    for ours, theirs, effect in over_time(study):
        crossing = effect.first == "restricted mean"
        difference = effect.difference.estimate(1.0 / DAYS_PER_MONTH)
        mean = say("registry.mean", months=months(effect.horizon), value=_interval(difference))
        ratio = say("registry.ratio", value=_interval(effect.ratio.estimate()))
        periods = say("pool.comma").join(
            say(
                "registry.period",
                start=months(period.start),
                stop=months(period.stop),
                value=_interval(period.ratio.estimate()) if period.ratio else say("registry.few"),
            )
            for period in effect.periods
        )
        told = [mean, periods, ratio] if crossing else [ratio, periods, mean]
        key = "cross" if effect.crosses else "crossing" if crossing else "constant"
        why = say(f"registry.{key}", p=f"{effect.proportional_p:.2g}")
        who = say("registry.against", one=ours.arm, other=theirs.arm)
        told.append(why)
        rows.append(
            f"{speech.word('endpoint', ours.endpoint)} {who}, {speech.term(ours.population)}: "
            + say("pool.semicolon").join(told)
        )
    return rows


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} ({estimate.low:.2f} – {estimate.high:.2f})"


def _unverified(study: Study, speech: Language) -> list[str]:
    rows = []
    for r in study.unverified:
        interval = "" if math.isnan(r.low) else f" ({r.low:g}-{r.high:g})"
        tail = speech.say("pool.semicolon") + speech.term(r.settled) if r.settled else ""
        value = speech.render(printed(r.value, r.unit))
        rows.append(
            f"{_named(study, r.what, r.arm, r.population, speech)}: {value}{interval}{tail}"
        )
    return rows


def _review(study: Study, speech: Language) -> list[str]:
    rows = []
    for figure in study.review.figures:
        quote = f' "{figure.quote}"' if figure.quote else ""
        value = speech.render(printed(figure.value, figure.unit))
        named = _named(study, figure.what, figure.arm, figure.population, speech)
        rows.append(f"{named}: {value} ({speech.render(of_figure(figure))}){quote}")
    return rows


def _named(study: Study, what: str, arm: str, population: str, speech: Language) -> str:
    """What a figure is of, in words; the id of an arm stays as it is."""
    who = arm if arm in {a.id for a in study.arms} | set(study.pools) else speech.term(arm)
    return " ".join(part for part in (speech.term(what), who, speech.term(population)) if part)
