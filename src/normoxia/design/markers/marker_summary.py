"""What the virtual patients, the registry and the review say of markers: a sentence, and plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from normoxia.design.comparisons import LANGUAGES
from normoxia.design.markers.enrichment import EnrichedPower
from normoxia.design.markers.interaction import MarkerEffect, hazard_ratio_of_groups
from normoxia.design.markers.measured import MeasuredContrast
from normoxia.design.markers.who_gains import MarkerDesign, ReviewFinding
from normoxia.evidence.synthesis.answers import Answer
from normoxia.language import language
from normoxia.outcome import Endpoint, Estimate

SCHEMA = "normoxia.biomarkers/1"
#: what the trials of the registry's meta-regression add
_PUBLISHED_FOR = "ICI"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedInteraction:
    """A ratio of hazard ratios between two levels of a marker, simulated and by the registry's meta-regression.

    Attributes
    ----------
    marker, coefficient
        Id of the marker; name of the coefficient.
    levels
        The hazard ratio in the first over that in the second.
    simulated, published
        Both for progression-free survival.
    """

    marker: str
    coefficient: str
    levels: tuple[str, str]
    simulated: Estimate
    published: Estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarkerFindings:
    """Everything that was found about markers."""

    design: MarkerDesign
    effects: tuple[MarkerEffect, ...]
    power: tuple[EnrichedPower, ...]
    published: tuple[PublishedInteraction, ...]

    @property
    def predictive(self) -> tuple[MarkerEffect, ...]:
        """Markers that predict who gains, adjusted for all that were asked."""
        return tuple(e for e in self.effects if e.predicts)

    def effect(self, marker: str, adds: str) -> MarkerEffect:
        """Return the effect of a marker on an addition."""
        return next(e for e in self.effects if (e.marker, e.adds) == (marker, adds))

    def agrees(self, finding: ReviewFinding) -> bool | None:
        """Whether the simulation agrees with a finding of the review; None when its interval leaves the sign open."""
        ratio = self.effect(finding.marker, finding.adds).ratio
        if not ratio.has_interval or ratio.contains(1.0):
            return None
        return (ratio.value > 1.0) == finding.high_gains


def beside_registry(
    design: MarkerDesign, contrasts: tuple[MeasuredContrast, ...], answer: Answer | None
) -> tuple[PublishedInteraction, ...]:
    """Return each ratio of hazard ratios of the registry's meta-regression beside the simulated one."""
    analysis = None if answer is None else answer.analyses.get(Endpoint.PFS.value)
    regression = None if analysis is None else analysis.regression
    contrast = next((c for c in contrasts if c.adds == _PUBLISHED_FOR), None)
    if regression is None or contrast is None:
        return ()
    known = {c.name: c for c in regression.coefficients}
    found = []
    for marker in design.markers:
        values = contrast.markers[marker.id]
        for name, levels in marker.evidence.items():
            if name not in known:
                continue
            one, other = (values == marker.levels.index(level) for level in levels)
            coefficient = known[name]
            found.append(
                PublishedInteraction(
                    marker=marker.id,
                    coefficient=name,
                    levels=levels,
                    simulated=hazard_ratio_of_groups(contrast, one, other),
                    published=Estimate(
                        math.exp(coefficient.estimate),
                        math.exp(coefficient.low),
                        math.exp(coefficient.high),
                        regression.level,
                    ),
                )
            )
    return tuple(found)


def answer(found: MarkerFindings) -> dict[str, str]:
    """Return the answer in each language."""
    return {code: _sentence(found, code) for code in LANGUAGES}


def _sentence(found: MarkerFindings, code: str) -> str:
    text = language(code)
    said = []
    for adds in dict.fromkeys(found.design.adds):
        own = [e for e in found.predictive if e.adds == adds]
        title = added_title(adds, code)
        if not own:
            near = min((e for e in found.effects if e.adds == adds), key=lambda e: e.p)
            said.append(
                text.say(
                    "markers.none",
                    adds=title,
                    n=len(found.design.markers),
                    marker=found.design.marker(near.marker).title(code),
                    ratio=text.interval(near.ratio, 2),
                )
            )
            continue
        listed = text.say("compare.join").join(
            text.say(
                "markers.high" if e.ratio.value > 1.0 else "markers.low",
                marker=found.design.marker(e.marker).title(code),
                cut=cut_text(found.design, e),
                ratio=text.interval(e.ratio, 2),
            )
            for e in sorted(own, key=lambda e: e.p)
        )
        said.append(text.say("markers.some", adds=title, listed=listed))
    if found.predictive:
        best = max(max(e.discrimination, 1.0 - e.discrimination) for e in found.predictive)
        said.append(text.say("markers.discriminates", best=f"{best:.2f}"))
    agreed = [found.agrees(finding) for finding in found.design.findings]
    if agreed:
        said.append(
            text.say(
                "markers.review",
                n=len(agreed),
                agrees=agreed.count(True),
                open=agreed.count(None),
                contradicts=agreed.count(False),
            )
        )
    return "".join(said)


def added_title(adds: str, code: str) -> str:
    """Return what a contrast adds in a language."""
    return language(code).known(f"markers.adds_{adds.lower().replace('-', '_')}", adds)


def cut_text(design: MarkerDesign, effect: MarkerEffect) -> str:
    """Return a cut-off as it is printed: a level, or a number with the interval of what resampled draws give."""
    marker, cut = design.marker(effect.marker), effect.cut
    if math.isnan(cut.value):
        return "–"
    if marker.levels:
        places = [int(v) for v in (cut.value, cut.low, cut.high)]
        names = [marker.levels[p] for p in places]
        return names[0] if places[1] == places[2] else f"{names[0]} ({names[1]}, {names[2]})"
    return f"{_short(cut.value)} ({_short(cut.low)}–{_short(cut.high)})"


def _short(value: float) -> str:
    return f"{value:.3g}"


def summary(found: MarkerFindings) -> dict[str, object]:
    """Return the findings as plain values, without answer and manifest.

    Returns
    -------
    dict
        `biomarkers`, `title`, `asks`, `place`, `effects` (each {marker, title, adds, day, cut, share, ratio, hazard_ratios, prognosis, high, low,
        discrimination, p, adjusted, predicts}), `enrichment`, `published` (each {marker, coefficient, levels, simulated, published}), `review`
        (each {study, place, marker, adds, says, agrees}).
    """
    design = found.design
    return {
        "biomarkers": design.name,
        "title": dict(design.comparison.titles),
        "asks": dict(design.comparison.asks),
        "place": design.comparison.place,
        "effects": [_effect(design, e) for e in found.effects],
        "enrichment": [
            {
                "marker": p.marker,
                "adds": p.adds,
                "patients": p.patients,
                "screened": p.screened,
                "assurance": p.everybody,
                "assurance_enriched": p.enriched,
            }
            for p in found.power
        ],
        "published": [
            {
                "marker": p.marker,
                "coefficient": p.coefficient,
                "levels": list(p.levels),
                "simulated": _estimate(p.simulated),
                "published": _estimate(p.published),
            }
            for p in found.published
        ],
        "review": [
            {
                "study": f.study,
                "place": f.place,
                "marker": f.marker,
                "adds": f.adds,
                "says": dict(f.says),
                "agrees": found.agrees(f),
            }
            for f in design.findings
        ],
    }


def _effect(design: MarkerDesign, e: MarkerEffect) -> Mapping[str, object]:
    marker = design.marker(e.marker)
    return {
        "marker": e.marker,
        "title": dict(marker.titles),
        "adds": e.adds,
        "day": marker.day,
        "under": marker.under if marker.day else None,
        "levels": list(marker.levels) or None,
        "cut": _estimate(e.cut),
        "share": e.share,
        "ratio": _estimate(e.ratio),
        "hazard_ratios": _estimate(e.hazards),
        "prognosis": _estimate(e.prognosis),
        "high": _estimate(e.high),
        "low": _estimate(e.low),
        "discrimination": e.discrimination,
        "p": e.p,
        "adjusted": e.adjusted,
        "predicts": e.predicts,
    }


def _estimate(estimate: Estimate) -> dict[str, object]:
    ends = [estimate.low, estimate.high] if estimate.has_interval else None
    return {"value": estimate.value, "interval": ends, "level": estimate.level}
